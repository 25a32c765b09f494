//! CSV as RFC 4180 has it, cut from bytes as they come.
//!
//! The parser is that of the crate `csv`, and is as lenient: records may have different numbers of fields, a record
//! ends with CRLF, LF or CR, empty lines are passed over, a quote inside an unquoted field is a byte like any other,
//! and what follows a closing quote belongs to the field (`"a"b` is `ab`). One thing is not let pass: a quote that is
//! still open when the input ends. All the rest of the input would be one field; its record fails.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::faults::{UNCLOSED_QUOTE, too_long};
use super::records::Raw;
use super::screen::KEPT;

/// Cuts bytes into records.
pub(super) struct Csv {
    core: Reader,
    /// The record under way: the bytes of its fields one after the other, and where each field ends.
    text: Vec<u8>,
    len: usize,
    ends: Vec<usize>,
    fields: usize,
    max_item: usize,
    too_long: bool,
    unclosed: bool,
}

impl Csv {
    pub(super) fn new(separator: u8, max_item: usize) -> Csv {
        let core = ReaderBuilder::new().delimiter(separator).build();
        let (text, ends) = (vec![0; 4096], vec![0; 512]);
        Csv { core, text, len: 0, ends, fields: 0, max_item, too_long: false, unclosed: false }
    }

    /// Takes bytes from the front of `input`, until a record is whole or they are used up. Whether there is one.
    pub(super) fn take(&mut self, input: &mut &[u8], raw: &mut Raw) -> bool {
        while !input.is_empty() {
            if self.step(input) {
                self.hand_on(raw);
                return true;
            }
        }
        false
    }

    /// At the end of an input: whether there is a last record, which lacks its newline.
    pub(super) fn close(&mut self, raw: &mut Raw) -> bool {
        self.make_room();
        let before = self.len;
        // Outside quotes a newline ends a record, or is passed over where there is none.
        let mut is_record = self.step(&mut &b"\n"[..]);
        if !is_record && self.len > before {
            self.len -= 1;
            self.unclosed = true;
            is_record = self.step(&mut &b""[..]);
        }
        if is_record {
            self.hand_on(raw);
        }
        self.core.reset();
        is_record
    }

    /// One step of the parser; whether a record is whole. Without input it ends what is under way.
    fn step(&mut self, input: &mut &[u8]) -> bool {
        self.make_room();
        let (result, read, written, ended) =
            self.core.read_record(input, &mut self.text[self.len..], &mut self.ends[self.fields..]);
        *input = &input[read..];
        self.len += written;
        self.fields += ended;
        matches!(result, ReadRecordResult::Record)
    }

    /// Room for a byte and an end. Of a record that is too long already only the beginning is kept.
    fn make_room(&mut self) {
        if self.len == self.text.len() {
            if self.len > self.max_item.max(KEPT) {
                self.too_long = true;
                self.len = KEPT;
            } else {
                self.text.resize(self.len * 2, 0);
            }
        }
        if self.fields == self.ends.len() {
            if self.fields > self.max_item.max(KEPT) {
                self.too_long = true;
                self.fields = KEPT;
            } else {
                self.ends.resize(self.fields * 2, 0);
            }
        }
    }

    /// Moves the record to `raw`.
    fn hand_on(&mut self, raw: &mut Raw) {
        // The fields and the spaces that join them.
        let is_too_long = self.too_long || self.len + self.fields - 1 > self.max_item;
        let most = if is_too_long { KEPT } else { usize::MAX };
        let len = self.len.min(most);
        raw.text.extend_from_slice(&self.text[..len]);
        let mut start = 0;
        for end in &self.ends[..self.fields.min(most)] {
            let end = (*end).clamp(start, len);
            raw.fields.push(start..end);
            start = end;
        }
        raw.fault = match (is_too_long, self.unclosed) {
            (true, _) => Some(too_long(self.max_item)),
            (_, true) => Some(UNCLOSED_QUOTE),
            _ => None,
        };
        (self.len, self.fields, self.too_long, self.unclosed) = (0, 0, false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::failure::Failure;
    use proptest::prelude::*;

    /// The records of a text that comes in pieces of so many bytes, each with its fault.
    fn cut(text: &[u8], piece: usize, max_item: usize) -> Vec<(Vec<Vec<u8>>, Option<Failure>)> {
        let (mut csv, mut raw, mut records) = (Csv::new(b',', max_item), Raw::default(), Vec::new());
        let mut note = |raw: &mut Raw| {
            records.push((raw.fields().map(<[u8]>::to_vec).collect(), raw.fault.clone()));
            raw.clear();
        };
        for mut input in text.chunks(piece) {
            while csv.take(&mut input, &mut raw) {
                note(&mut raw);
            }
        }
        if csv.close(&mut raw) {
            note(&mut raw);
        }
        assert!(!csv.close(&mut raw), "there is only one last record");
        records
    }

    #[track_caller]
    fn fields(text: &str, expected: &[&[&str]]) {
        for piece in [1, 2, 3, 1000] {
            let got: Vec<Vec<String>> = cut(text.as_bytes(), piece, 1000)
                .into_iter()
                .map(|(fields, fault)| {
                    assert_eq!(fault, None);
                    fields.into_iter().map(|field| String::from_utf8_lossy(&field).into_owned()).collect()
                })
                .collect();
            assert_eq!(got, expected);
        }
    }

    #[test]
    fn records_are_those_of_rfc_4180() {
        fields("a,b\r\nc,d\r\n", &[&["a", "b"], &["c", "d"]]);
        fields("a,b\nc", &[&["a", "b"], &["c"]]);
        fields("\"a \"\"b\"\"\",\"c,\nd\"\n", &[&["a \"b\"", "c,\nd"]]);
        fields(",\n\"\"\n", &[&["", ""], &[""]]);
        fields("\n\na\n\n", &[&["a"]]);
        fields("", &[]);
    }

    #[test]
    fn what_the_standard_does_not_know_is_taken_as_it_comes() {
        fields("a\"b,\"c\"d\n", &[&["a\"b", "cd"]]);
        fields("a\rb", &[&["a"], &["b"]]);
    }

    #[test]
    fn a_quote_that_stays_open_is_a_fault() {
        for text in ["a\n\"b,c\nd", "a\n\"b,c\nd\n", "a\nx,\""] {
            for piece in [1, 1000] {
                let records = cut(text.as_bytes(), piece, 1000);
                assert_eq!(records.len(), 2, "{text}");
                assert_eq!(records[0].1, None);
                assert_eq!(records[1].1, Some(UNCLOSED_QUOTE));
                assert_eq!(records[1].0.join(&b','), text.as_bytes()[2..].replace_quotes());
            }
        }
    }

    trait Unquoted {
        fn replace_quotes(&self) -> Vec<u8>;
    }

    impl Unquoted for [u8] {
        fn replace_quotes(&self) -> Vec<u8> {
            self.iter().copied().filter(|byte| *byte != b'"').collect()
        }
    }

    #[test]
    fn a_record_beyond_the_limit_is_a_fault_and_takes_no_memory() {
        let long = [&b"a,\""[..], &vec![b'x'; 1 << 20], b"\"\nb,c\n", &vec![b','; 1 << 20], b"\nd"].concat();
        let records = cut(&long, 1000, 600);
        let faults: Vec<bool> = records.iter().map(|record| record.1.is_some()).collect();
        assert_eq!(faults, [true, false, true, false]);
        assert_eq!(records[0].0[0], b"a");
        assert_eq!(records[0].0[1], vec![b'x'; KEPT - 1]);
        assert_eq!(records[1].0, [b"b", b"c"]);
        let exact = cut(b"abc,d\nabc,de\n", 1000, 5);
        assert_eq!(exact.iter().map(|record| record.1.is_some()).collect::<Vec<_>>(), [false, true]);
    }

    proptest! {
        #[test]
        fn what_is_written_as_csv_comes_back(
            records in prop::collection::vec(prop::collection::vec("[a,\"\n\r ]{0,6}", 1..5), 0..8),
            piece in 1usize..40,
        ) {
            let mut text = String::new();
            for record in &records {
                let quoted: Vec<String> = record.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
                text.push_str(&quoted.join(","));
                text.push_str("\r\n");
            }
            let got: Vec<Vec<Vec<u8>>> = cut(text.as_bytes(), piece, 1000).into_iter().map(|record| record.0).collect();
            let expected: Vec<Vec<Vec<u8>>> =
                records.iter().map(|record| record.iter().map(|field| field.clone().into_bytes()).collect()).collect();
            prop_assert_eq!(got, expected);
        }

        #[test]
        fn records_do_not_depend_on_how_they_are_read(
            text in "[ab,\"\n\r]{0,60}", piece in 1usize..20, max_item in 0usize..12,
        ) {
            prop_assert_eq!(cut(text.as_bytes(), piece, max_item), cut(text.as_bytes(), 1000, max_item));
        }
    }
}
