//! Records: items looked at one by one as they are read, for `--colsep`, `--csv`, `--jsonl` and `--header`, and for a
//! source that is combined with others.
//!
//! Bytes are read a piece at a time and cut into records: at each delimiter, or as CSV. The record under way is the
//! only one that is copied. What is whole goes into a block, and the block goes out when it is full or when the source
//! pauses, as with lines ([`super::lines`]). With `--header` the first record of the source gives the names, and is read
//! before the run; a further file of the source that begins with the very same record repeats the header, and that is
//! passed over.

use std::ffi::OsString;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::vec::IntoIter;

use anyhow::Result;

use super::build::{Builder, Packer, Row};
use super::csv::Csv;
use super::faults::{too_long, too_many_fields};
use super::inputs::{Got, Inputs};
use super::lines::{LATEST, PATIENCE};
use super::screen::KEPT;
use super::{Emit, Reading, Records, json};
use crate::base::buffer::BufferPool;
use crate::base::chunk::Chunking;
use crate::base::failure::{Failure, error};
use crate::base::item::Fields;

/// How much is read at a time.
const PIECE: usize = 64 * 1024;

/// A record: its text, and where the fields are in it.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) text: Vec<u8>,
    pub(super) fields: Vec<Range<usize>>,
    pub(super) fault: Option<Failure>,
}

impl Raw {
    pub(super) fn fields(&self) -> impl ExactSizeIterator<Item = &[u8]> + Clone {
        self.fields.iter().map(|place| &self.text[place.clone()])
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
        self.fault = None;
    }

    fn row(&self) -> Row {
        Row { fields: self.fields().map(<[u8]>::to_vec).collect(), fault: self.fault.clone() }
    }
}

/// What cuts bytes into records.
enum Cutter {
    Lines(Lines),
    Csv(Box<Csv>),
}

impl Cutter {
    fn take(&mut self, input: &mut &[u8], raw: &mut Raw) -> bool {
        match self {
            Cutter::Lines(lines) => lines.take(input, raw),
            Cutter::Csv(csv) => csv.take(input, raw),
        }
    }

    fn close(&mut self, raw: &mut Raw) -> bool {
        match self {
            Cutter::Lines(lines) => lines.close(raw),
            Cutter::Csv(csv) => csv.close(raw),
        }
    }
}

/// Cuts at each delimiter; what it gives is a text without fields.
struct Lines {
    /// `None`: a word of the command line, which is one record.
    delimiter: Option<u8>,
    strip_cr: bool,
    max_item: usize,
}

impl Lines {
    fn take(&mut self, input: &mut &[u8], raw: &mut Raw) -> bool {
        let end = self.delimiter.and_then(|delimiter| memchr::memchr(delimiter, input));
        let more = &input[..end.unwrap_or(input.len())];
        // Two bytes more than the limit are too long, even if one is a carriage return.
        let room = self.max_item.saturating_add(2).saturating_sub(raw.text.len());
        raw.text.extend_from_slice(&more[..more.len().min(room)]);
        *input = end.map_or(&[][..], |end| &input[end + 1..]);
        end.is_some_and(|_| self.end(raw))
    }

    /// An empty word is an item; behind the last delimiter of a file is none.
    fn close(&mut self, raw: &mut Raw) -> bool {
        (self.delimiter.is_none() || !raw.text.is_empty()) && self.end(raw)
    }

    /// The text of a record is whole.
    fn end(&mut self, raw: &mut Raw) -> bool {
        if self.strip_cr && raw.text.last() == Some(&b'\r') {
            raw.text.pop();
        }
        if raw.text.len() > self.max_item {
            raw.fault = Some(too_long(self.max_item));
            raw.text.truncate(KEPT);
        }
        true
    }
}

/// Where the bytes come from.
pub(super) enum Feed {
    Inputs(Inputs),
    Words(IntoIter<OsString>),
}

/// Reads the records of one source.
pub(super) struct Reader {
    feed: Feed,
    reading: Reading,
    cutter: Cutter,
    /// What was read, and which part of it is still to be cut.
    piece: Vec<u8>,
    uncut: Range<usize>,
    raw: Raw,
    /// The record in `raw` was handed on.
    used: bool,
    /// An input has ended: what is left of it is a record.
    ending: bool,
    /// The next record is the first of a further input.
    fresh: bool,
    /// No more is wanted.
    done: bool,
    header: Option<Vec<Vec<u8>>>,
}

impl Reader {
    /// Begins to read: with `--header` until the first record, else nothing yet.
    pub(super) fn open(feed: Feed, reading: &Reading) -> Result<Reader> {
        let of_words = matches!(feed, Feed::Words(_));
        let (delimiter, strip_cr) = ((!of_words).then_some(reading.delimiter), reading.strip_cr && !of_words);
        let cutter = match reading.records {
            Records::Csv(separator) => Cutter::Csv(Box::new(Csv::new(separator, reading.max_item))),
            _ => Cutter::Lines(Lines { delimiter, strip_cr, max_item: reading.max_item }),
        };
        let (piece, raw, uncut) = (vec![0; if of_words { 0 } else { PIECE }], Raw::default(), 0..0);
        let mut reader = Reader {
            feed,
            reading: reading.clone(),
            cutter,
            piece,
            uncut,
            raw,
            used: false,
            ending: false,
            fresh: false,
            done: false,
            header: None,
        };
        if reading.header {
            reader.read_header()?;
        }
        Ok(reader)
    }

    /// The names of the fields; none where there is no header, or nothing at all.
    pub(super) fn names(&self) -> &[Vec<u8>] {
        self.header.as_deref().unwrap_or_default()
    }

    fn read_header(&mut self) -> Result<()> {
        while !self.cut() {
            if !self.fill()? {
                return Ok(());
            }
        }
        if let Some(fault) = &self.raw.fault {
            anyhow::bail!("the header cannot be used: {}", error(&self.raw.text, fault));
        }
        self.header = Some(self.header_of_record());
        Ok(())
    }

    /// The record as names: blanks around them, and the mark that some systems begin a text with, are no part of them.
    fn header_of_record(&self) -> Vec<Vec<u8>> {
        let names = self.raw.fields().enumerate();
        names
            .map(|(n, name)| if n == 0 { name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name) } else { name })
            .map(|name| name.trim_ascii().to_vec())
            .collect()
    }

    /// The next record of those that have been read, if it is wanted and whole.
    fn next(&mut self) -> Option<&Raw> {
        while !self.done {
            let is_first = std::mem::take(&mut self.fresh);
            if !self.cut() {
                self.fresh |= is_first;
                return None;
            }
            let repeats = is_first && self.header.as_ref().is_some_and(|names| self.header_of_record() == *names);
            if self.is_last() {
                self.done = true;
            } else if !repeats && !self.is_dropped() {
                self.check();
                return Some(&self.raw);
            }
        }
        None
    }

    /// Cuts the next record off and finds its fields; false when more must be read.
    fn cut(&mut self) -> bool {
        if std::mem::take(&mut self.used) {
            self.raw.clear();
        }
        let mut rest = &self.piece[self.uncut.clone()];
        let mut whole = self.cutter.take(&mut rest, &mut self.raw);
        self.uncut.start = self.uncut.end - rest.len();
        if !whole && std::mem::take(&mut self.ending) {
            whole = self.cutter.close(&mut self.raw);
            self.fresh = matches!(self.feed, Feed::Inputs(_));
        }
        if whole {
            self.used = true;
            let Raw { text, fields, .. } = &mut self.raw;
            match &self.reading.records {
                Records::Csv(_) => {}
                Records::Separated(separator) => separator.split(text, fields),
                Records::Plain | Records::Json => fields.push(0..text.len()),
            }
        }
        whole
    }

    /// Whether this is the item that stops the reading (`--eof`).
    fn is_last(&self) -> bool {
        let Raw { text, fields, fault } = &self.raw;
        // The text of a CSV record is the item only where that has one field.
        let is_item = !matches!(self.cutter, Cutter::Csv(_)) || fields.len() == 1;
        // What is too long may not have been read whole.
        is_item && fault.is_none() && self.reading.stop_at.as_deref() == Some(text)
    }

    fn is_dropped(&self) -> bool {
        self.reading.drop_empty && self.raw.fault.is_none() && self.raw.fields.iter().all(Range::is_empty)
    }

    /// Finds out whether the record can be used, and gives it the fields that it lacks of those with names: the fields
    /// of a further source stand behind them.
    fn check(&mut self) {
        let Raw { text, fields, fault } = &mut self.raw;
        if fault.is_none() && self.reading.records == Records::Json {
            *fault = json::check(text).err();
        }
        if let Some(names) = self.header.as_ref().map(Vec::len) {
            if fault.is_none() && fields.len() > names {
                *fault = Some(too_many_fields(fields.len(), names));
            }
            fields.resize(fields.len().max(names), 0..0);
        }
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> Result<bool> {
        match &mut self.feed {
            Feed::Inputs(inputs) => match inputs.read(&mut self.piece)? {
                Got::Bytes(n) => self.uncut = 0..n,
                Got::InputEnd => self.ending = true,
                Got::End => return Ok(false),
            },
            Feed::Words(words) => {
                let Some(word) = words.next() else { return Ok(false) };
                self.piece = word.into_vec();
                self.uncut = 0..self.piece.len();
                self.ending = true;
            }
        }
        Ok(true)
    }

    /// Whether items that were read so long ago should not wait for others.
    fn has_paused(&self, waiting: std::time::Duration) -> bool {
        let is_idle = || matches!(&self.feed, Feed::Inputs(inputs) if inputs.is_idle_for(PATIENCE));
        waiting > LATEST || is_idle()
    }

    /// All the records that are left.
    pub(super) fn rows(mut self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        loop {
            while let Some(raw) = self.next() {
                rows.push(raw.row());
            }
            if self.done || !self.fill()? {
                return Ok(rows);
            }
        }
    }

    /// Hands on the records that are left, as blocks ([`super::read`]).
    pub(super) fn read(mut self, chunking: Chunking, pool: &Arc<BufferPool>, emit: Emit<'_>) -> Result<()> {
        let of_words = matches!(self.feed, Feed::Words(_));
        let (delimiter, fields) = match self.reading.records {
            Records::Plain | Records::Json if !of_words => (self.reading.delimiter, Fields::One),
            Records::Plain | Records::Json => (0, Fields::One),
            Records::Separated(_) | Records::Csv(_) => (0, Fields::Several),
        };
        let Some(builder) = Builder::new(delimiter, fields, chunking, pool, emit) else { return Ok(()) };
        let mut packer = Packer::new(builder, &self.reading);
        let ended = loop {
            while !packer.is_full() {
                let Some(raw) = self.next() else { break };
                if !packer.add(raw.fields(), raw.fault.clone())? {
                    return Ok(());
                }
            }
            if self.done || packer.is_full() {
                break Ok(());
            }
            if packer.builder.waits().is_some_and(|waiting| self.has_paused(waiting)) && !packer.builder.flush() {
                return Ok(());
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        // What was read before a fault is done.
        packer.builder.finish();
        ended
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::super::{Column, Input, Link, Options, Origin, open};
    use super::*;
    use crate::base::chunk::Block;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    /// The fields of an item, and what is wrong with it.
    type Item = (Vec<String>, Option<Failure>);

    /// Takes the items out of blocks, and notes the sizes of these.
    #[derive(Default)]
    struct Taker {
        items: Vec<Item>,
        sizes: Vec<u64>,
    }

    impl Taker {
        fn take(&mut self, block: &Block) -> bool {
            assert_eq!(block.first().0, self.items.len() as u64 + 1);
            self.sizes.push(block.items());
            while let Some(chunk) = block.claim(2, 1) {
                let mut faults = block.faults(&chunk).peekable();
                for (place, record) in chunk.with_fields().enumerate() {
                    let fields = record.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
                    let fault = faults.next_if(|(faulty, _)| *faulty == place).map(|(_, fault)| fault.clone());
                    self.items.push((fields, fault));
                }
            }
            true
        }
    }

    fn csv() -> Reading {
        Reading { records: Records::Csv(b','), ..Reading::default() }
    }

    fn colsep(separator: &str) -> Reading {
        Reading { records: Records::Separated(separator.parse().unwrap()), ..Reading::default() }
    }

    fn json() -> Reading {
        Reading { records: Records::Json, ..Reading::default() }
    }

    fn words(words: &[&str]) -> Origin {
        Origin::Words(words.iter().map(Into::into).collect())
    }

    /// The names and the items of several sources.
    fn read_all(origins: Vec<Origin>, reading: Reading) -> (Vec<String>, Vec<Item>) {
        let columns = origins.into_iter().map(|origin| Column { origin, link: Link::Cross }).collect();
        let opened = open(Options { columns, reading, walk: None }).unwrap();
        let names = opened.names().iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let mut taker = Taker::default();
        opened
            .read(Chunking::Auto, &BufferPool::new(1 << 22), &mut |blocks| blocks.iter().all(|block| taker.take(block)))
            .unwrap();
        (names, taker.items)
    }

    /// Those of files with these contents, as one source.
    fn read_files(files: &[&str], reading: Reading) -> (Vec<String>, Vec<Item>) {
        let dir = tempfile::tempdir().unwrap();
        read_all(vec![Origin::Inputs(written(&dir, files))], reading)
    }

    fn written(dir: &tempfile::TempDir, files: &[&str]) -> Vec<Input> {
        let write = |(n, text): (usize, &&str)| {
            let path = dir.path().join(n.to_string());
            std::fs::write(&path, text).unwrap();
            Input::File(path)
        };
        files.iter().enumerate().map(write).collect()
    }

    /// The items of a file, each as its fields, of which none has a fault.
    #[track_caller]
    fn fields(file: &str, reading: Reading) -> Vec<Vec<String>> {
        let (_, items) = read_files(&[file], reading);
        items.into_iter().inspect(|(_, fault)| assert_eq!(*fault, None)).map(|(fields, _)| fields).collect()
    }

    #[test]
    fn records_have_the_fields_that_they_have() {
        assert_eq!(fields("a,b\n\"c\n,\"\n\nd,,", csv()), [vec!["a", "b"], vec!["c\n,"], vec!["d", "", ""]]);
        assert_eq!(fields("a;b\n1;,\n", Reading { records: Records::Csv(b';'), ..csv() }), [["a", "b"], ["1", ","]]);
        assert_eq!(fields("a  b\n\nc", colsep(" +")), [vec!["a", "b"], vec![""], vec!["c"]]);
        assert_eq!(fields("a,b\0c,d", Reading { delimiter: 0, ..colsep(",") }), [["a", "b"], ["c", "d"]]);
        assert_eq!(fields("", csv()), [[""; 0]; 0]);
    }

    #[test]
    fn the_first_record_names_the_fields() {
        let with_header = |reading| Reading { header: true, ..reading };
        let (names, items) = read_files(&["\u{feff}id, name \r\n1,Ada\r\n"], with_header(csv()));
        assert_eq!(names, ["id", "name"]);
        assert_eq!(items, [(vec!["1".into(), "Ada".into()], None)]);
        let (names, items) = read_files(&["id\r\n1\n2"], with_header(Reading::default()));
        assert_eq!(names, ["id"]);
        assert_eq!(items, [(vec!["1".into()], None), (vec!["2".into()], None)]);
        let (names, items) = read_files(&["a;b;a;\n"], with_header(colsep(";")));
        assert_eq!((names, items), (["a", "b", "a", ""].map(String::from).to_vec(), vec![]));
        assert_eq!(read_files(&[""], with_header(csv())), (vec![], vec![]));
    }

    #[test]
    fn a_header_that_is_repeated_is_no_item() {
        let reading = Reading { header: true, ..csv() };
        let (names, items) = read_files(&["id,n\n1,2\nid,n", "", "id,n\r\n3,4\n", "5,6\nid,n\n"], reading);
        assert_eq!(names, ["id", "n"]);
        let ids: Vec<&str> = items.iter().map(|(fields, _)| &*fields[0]).collect();
        assert_eq!(ids, ["1", "id", "3", "5", "id"]);
    }

    #[test]
    fn a_record_is_as_wide_as_the_header() {
        let (_, items) = read_files(&["a,b\n1\n1,2\n1,2,3\n"], Reading { header: true, ..csv() });
        let (fields, faults): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        assert_eq!(fields, [vec!["1", ""], vec!["1", "2"], vec!["1", "2", "3"]]);
        assert_eq!(faults, [None, None, Some(too_many_fields(3, 2))]);
    }

    #[test]
    fn a_header_that_cannot_be_used_is_an_error() {
        let reading = Reading { header: true, max_item: 3, ..csv() };
        let dir = tempfile::tempdir().unwrap();
        let columns = vec![Column { origin: Origin::Inputs(written(&dir, &["long,er\n1\n"])), link: Link::Cross }];
        let error = open(Options { columns, reading, walk: None }).map(drop).unwrap_err().to_string();
        assert_eq!(error, "the header cannot be used: \"longer\" is longer than 3 bytes; --max-item raises the limit");
    }

    #[test]
    fn words_are_records_too() {
        let (_, items) = read_all(vec![words(&["a,b", "c\n,d", ""])], colsep(","));
        let got: Vec<Vec<String>> = items.into_iter().map(|(fields, _)| fields).collect();
        assert_eq!(got, [vec!["a", "b"], vec!["c", "d"], vec![""]]);
        let (names, items) = read_all(vec![words(&["n", "\"1,\n2\"", "n", "3\n4"])], Reading { header: true, ..csv() });
        assert_eq!(names, ["n"]);
        let got: Vec<String> = items.into_iter().flat_map(|(fields, _)| fields).collect();
        assert_eq!(got, ["1,\n2", "n", "3", "4"]);
    }

    #[test]
    fn several_sources_append_their_fields() {
        let dir = tempfile::tempdir().unwrap();
        let file = Origin::Inputs(written(&dir, &["x,y\n1,2\n3\n"]));
        let (names, items) = read_all(vec![file, words(&["z", "a", "b"])], Reading { header: true, ..csv() });
        assert_eq!(names, ["x", "y", "z"]);
        let got: Vec<Vec<String>> = items.into_iter().map(|(fields, _)| fields).collect();
        assert_eq!(got, [["1", "2", "a"], ["1", "2", "b"], ["3", "", "a"], ["3", "", "b"]]);
        let range = Origin::Range("1:2".parse().unwrap());
        let (_, items) = read_all(vec![words(&["a b"]), range], colsep(" "));
        let got: Vec<Vec<String>> = items.into_iter().map(|(fields, _)| fields).collect();
        assert_eq!(got, [["a", "b", "1"], ["a", "b", "2"]]);
    }

    #[test]
    fn a_record_can_be_screened() {
        assert_eq!(fields(",\na,\n\"\"\n", Reading { drop_empty: true, ..csv() }), [["a", ""]]);
        assert_eq!(fields("a,b\nEND,\nEND\nc\n", Reading { stop_at: Some(b"END".into()), ..csv() }).len(), 2);
        assert_eq!(fields("a,b\n,\nc", Reading { stop_at: Some(b",".into()), ..colsep(",") }), [["a", "b"]]);
        assert_eq!(fields("a\nb\nc\n", Reading { first: Some(2), ..csv() }), [["a"], ["b"]]);
        assert_eq!(fields("a\nb\n", Reading { first: Some(0), ..csv() }).len(), 0);
        let named = Reading { header: true, strip_cr: true, drop_empty: true, ..Reading::default() };
        assert_eq!(fields("n\r\na\r\n\r\nb", named), [["a"], ["b"]]);
    }

    #[test]
    fn what_cannot_be_used_fails_and_keeps_its_place() {
        let (_, items) = read_files(&["a\0b,c\nd,e\0\nf"], csv());
        let of = |fields: &[&str], fault| (fields.iter().map(|field| field.to_string()).collect::<Vec<_>>(), fault);
        let nul = Some(Failure::HOLDS_NUL);
        assert_eq!(items, [of(&["a"], nul.clone()), of(&["d", "e"], nul), of(&["f"], None)]);
        let (_, items) = read_files(&["abc,d\na , b\nx"], Reading { max_item: 4, ..colsep(",") });
        let long = Some(too_long(4));
        assert_eq!(items, [of(&["abc", ""], long.clone()), of(&["a", "b"], long), of(&["x"], None)]);
        let (_, items) = read_files(&["{\"a\":1}\n[2]\n{\n"], json());
        let faults: Vec<bool> = items.iter().map(|(_, fault)| fault.is_some()).collect();
        assert_eq!(faults, [false, true, true]);
        assert_eq!(items[0].0, ["{\"a\":1}"]);
    }

    #[test]
    fn an_item_is_handed_on_when_its_source_pauses() {
        use std::io::Write;
        use std::os::fd::AsRawFd;
        for (reading, lines) in [(csv(), ["1,2\n", "3,4\n"]), (json(), ["{}\n", "{}\n"]), (colsep(","), ["a\n", "b\n"])]
        {
            let (end, mut writer) = std::io::pipe().unwrap();
            let input = Input::File(format!("/dev/fd/{}", end.as_raw_fd()).into());
            let (taken, took) = std::sync::mpsc::channel();
            writer.write_all(lines[0].as_bytes()).unwrap();
            let thread = std::thread::spawn(move || {
                let reader = Reader::open(Feed::Inputs(Inputs::new(vec![input])), &reading).unwrap();
                let pool = BufferPool::new(1 << 22);
                let ended = reader.read(Chunking::Auto, &pool, &mut |blocks| taken.send(blocks[0].items()).is_ok());
                drop(end);
                ended
            });
            // It would wait for ever if the first needed the second.
            assert_eq!(took.recv_timeout(std::time::Duration::from_secs(30)), Ok(1));
            writer.write_all(lines[1].as_bytes()).unwrap();
            drop(writer);
            assert_eq!(took.iter().sum::<u64>(), 1);
            thread.join().unwrap().unwrap();
        }
    }

    #[test]
    fn it_may_be_opened_on_one_thread_and_read_on_another() {
        fn moves<T: Send>(_: &T) {}
        let columns = vec![Column { origin: words(&["a,b"]), link: Link::Cross }];
        moves(&open(Options { columns, reading: csv(), walk: None }).unwrap());
    }

    #[test]
    fn the_total_leaves_the_header_out() {
        let total = |reading| {
            let columns = vec![Column { origin: words(&["a", "b", "c"]), link: Link::Cross }];
            Options { columns, reading, walk: None }.total()
        };
        assert_eq!(total(colsep(",")), Some(3));
        assert_eq!(total(json()), Some(3));
        assert_eq!(total(csv()), None);
        assert_eq!(total(Reading { header: true, first: Some(5), ..colsep(",") }), Some(2));
    }

    /// The names, the items and the sizes of the blocks of files of which the first reads get so many bytes.
    fn in_pieces(files: &[&str], reading: &Reading, multiple: u32, pieces: &[usize]) -> (Vec<Vec<u8>>, Taker) {
        let dir = tempfile::tempdir().unwrap();
        let mut inputs = Inputs::new(written(&dir, files));
        inputs.pieces = Vec::from(pieces).into_iter();
        let Ok(reader) = Reader::open(Feed::Inputs(inputs), reading) else { return (vec![], Taker::default()) };
        let (names, mut taker) = (reader.names().to_vec(), Taker::default());
        let chunking = Chunking::Items(NonZeroU32::new(multiple).unwrap());
        reader
            .read(chunking, &BufferPool::new(1 << 22), &mut |blocks| blocks.iter().all(|block| taker.take(block)))
            .unwrap();
        (names, taker)
    }

    proptest! {
        #[test]
        fn records_do_not_depend_on_how_they_are_read(
            files in prop::collection::vec("[ab, \"\r\n\0]{0,40}", 1..3),
            pieces in prop::collection::vec(1usize..8, 0..60),
            (strip_cr, drop_empty, header) in any::<(bool, bool, bool)>(),
            stop_at in prop::option::of("[ab\r]{0,3}"),
            first in prop::option::of(0u64..9),
            max_item in 0usize..12,
            multiple in 1u32..4,
            kind in 0usize..4,
        ) {
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let records = [Records::Plain, Records::Json, csv().records, colsep("[, ]").records][kind].clone();
            let stop_at = stop_at.map(String::into_bytes);
            let reading =
                Reading { records, strip_cr, drop_empty, header, stop_at, first, max_item, ..Reading::default() };
            let (names, one) = in_pieces(&files, &reading, multiple, &pieces);
            let (same, other) = in_pieces(&files, &reading, 1, &[]);
            prop_assert_eq!(names, same);
            prop_assert_eq!(one.items, other.items);
            let last = one.sizes.len().saturating_sub(1);
            prop_assert!(one.sizes[..last].iter().all(|size| size % u64::from(multiple) == 0), "{:?}", one.sizes);
        }

        /// `--header` on plain lines takes the first away, and changes nothing else of what the fast way gives.
        #[test]
        fn lines_are_the_same_in_both_ways(
            files in prop::collection::vec("[ab\r\n]{0,30}", 1..3),
            (strip_cr, drop_empty) in any::<(bool, bool)>(),
            stop_at in prop::option::of("[ab]{0,2}"),
            max_item in 0usize..8,
        ) {
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let stop_at = stop_at.map(String::into_bytes);
            let reading = Reading { strip_cr, drop_empty, stop_at, max_item, ..Reading::default() };
            let slow = in_pieces(&files, &reading, 1, &[]).1.items;
            prop_assert_eq!(slow, read_files(&files, reading).1);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn many_records_are_cut_into_blocks_of_whole_chunks(
            lengths in prop::collection::vec(prop_oneof![0usize..20, 0usize..5000], 1..1500),
            multiple in prop_oneof![Just(1u32), 2u32..9, 300u32..2000],
        ) {
            let lines: Vec<String> = lengths.iter().map(|n| format!("{n},{}", "x".repeat(*n))).collect();
            let (_, taker) = in_pieces(&[&lines.join("\n")], &csv(), multiple, &[]);
            let got: Vec<String> = taker.items.iter().map(|(fields, _)| fields.join(",")).collect();
            prop_assert_eq!(got, lines);
            let last = taker.sizes.len() - 1;
            prop_assert!(taker.sizes[..last].iter().all(|size| size % u64::from(multiple) == 0));
        }
    }
}
