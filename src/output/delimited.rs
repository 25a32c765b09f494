//! `--format csv` and `tsv`: a header, then a row a result, with the columns of jsonl.
//!
//! csv is quoted as RFC 4180 says; tsv escapes TAB, newline, carriage return and backslash with a backslash.
//! An item that went well although it was damaged has in the column of errors what was wrong.
//! A fold gives a header and one row, with a column for each of its values. Bytes stand as they are, UTF-8 or not;
//! what is null in jsonl is empty. Several items or fields in a cell are joined by a space.

use std::io;

use super::facts::{self, Fact, joined};
use super::long::{Line, holds};
use super::{Body, Done, Format, Output, rows};
use crate::base::item::Chunk;
use crate::base::result::{Answer, Results, Value};

/// Rows of cells.
pub(super) struct Delimited {
    separator: u8,
    push_cell: fn(&[u8], &mut Vec<u8>),
    /// The same for what may not fit in memory.
    append_cell: fn(&Body, &mut Line) -> io::Result<()>,
}

pub(super) static CSV: Delimited = Delimited { separator: b',', push_cell: push_csv, append_cell: append_csv };
pub(super) static TSV: Delimited = Delimited { separator: b'\t', push_cell: push_tsv, append_cell: append_tsv };

impl Delimited {
    fn push_row<'a>(&self, cells: impl IntoIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
        for (n, cell) in cells.into_iter().enumerate() {
            if n > 0 {
                out.push(self.separator);
            }
            (self.push_cell)(cell, out);
        }
        out.push(b'\n');
    }
}

impl Format for &'static Delimited {
    fn begin(&self, out: &mut Vec<u8>) {
        self.push_row([&b"v"[..], b"seq", b"item", b"ok", b"result", b"error"], out);
    }

    fn chunk(&self, chunk: &Chunk<'_>, results: &mut Results, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        for (place, row) in rows(chunk, results).enumerate() {
            let seq = digits.format(chunk.first.0 + place as u64).as_bytes();
            let item = row.item.text();
            match row.result() {
                Ok(result) => {
                    let damage = row.damage().unwrap_or_default();
                    self.push_row([b"1", seq, item, b"true", result, damage.as_bytes()], out);
                }
                Err(error) => self.push_row([b"1", seq, item, b"false", b"", error.as_bytes()], out),
            }
        }
    }

    fn begin_processes(&self, out: &mut Vec<u8>) {
        self.push_row(facts::NAMES.into_iter().chain(facts::PRINTED).map(str::as_bytes), out);
    }

    fn process(&self, done: &Done<'_>, output: &mut Output) -> io::Result<()> {
        let mut line = Line::like(&output.out);
        for fact in done.facts() {
            match fact {
                Fact::Null => {}
                Fact::Plain(value) => line.bytes().extend_from_slice(value.as_bytes()),
                Fact::Text(text) => (self.push_cell)(text.as_bytes(), line.bytes()),
                Fact::Items(chunk) => (self.push_cell)(&joined(&chunk), line.bytes()),
            }
            line.bytes().push(self.separator);
        }
        (self.append_cell)(&output.out, &mut line)?;
        line.bytes().push(self.separator);
        (self.append_cell)(&output.err, &mut line)?;
        line.bytes().push(b'\n');
        *output = Output { out: line.finish()?, err: output.err.like() };
        Ok(())
    }

    fn answer(&self, operation: &str, answer: &Answer, out: &mut Vec<u8>) {
        let n = answer.n.to_string();
        let values: Vec<(&str, &str)> = match &answer.value {
            Value::One(value) => vec![("result", value)],
            Value::Table(rows) => {
                rows.iter().filter(|row| row.0 != "n").map(|(name, value)| (*name, &**value)).collect()
            }
        };
        let names = values.iter().map(|(name, _)| name.as_bytes());
        self.push_row([&b"v"[..], b"op", b"n"].into_iter().chain(names), out);
        let values = values.iter().map(|(_, value)| value.as_bytes());
        self.push_row([&b"1"[..], operation.as_bytes(), n.as_bytes()].into_iter().chain(values), out);
    }
}

fn push_csv(cell: &[u8], out: &mut Vec<u8>) {
    if !needs_quotes(cell) {
        out.extend_from_slice(cell);
        return;
    }
    out.push(b'"');
    push_quoted(cell, out);
    out.push(b'"');
}

fn append_csv(body: &Body, line: &mut Line) -> io::Result<()> {
    if !holds(body, needs_quotes)? {
        return line.append(body, |part, out| out.extend_from_slice(part));
    }
    line.bytes().push(b'"');
    line.append(body, push_quoted)?;
    line.bytes().push(b'"');
    Ok(())
}

fn append_tsv(body: &Body, line: &mut Line) -> io::Result<()> {
    line.append(body, push_tsv)
}

fn needs_quotes(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
}

/// What stands between the quotes of a cell.
fn push_quoted(bytes: &[u8], out: &mut Vec<u8>) {
    for part in bytes.split_inclusive(|byte| *byte == b'"') {
        out.extend_from_slice(part);
        if part.ends_with(b"\"") {
            out.push(b'"');
        }
    }
}

fn push_tsv(cell: &[u8], out: &mut Vec<u8>) {
    for byte in cell {
        match byte {
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            byte => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(push: fn(&[u8], &mut Vec<u8>), bytes: &[u8]) -> String {
        let mut out = Vec::new();
        push(bytes, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        assert_eq!(cell(push_csv, b"a b"), "a b");
        assert_eq!(cell(push_csv, b"a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(cell(push_tsv, b"a\tb\\n\n"), "a\\tb\\\\n\\n");
    }
}
