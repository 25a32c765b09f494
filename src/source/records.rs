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
use super::inputs::{Got, Inputs};
use super::lines::{LATEST, PATIENCE};
use super::screen::KEPT;
use super::{Emit, Reading, Records, json};
use crate::buffer::BufferPool;
use crate::chunk::Chunking;
use crate::item::{Failure, Fields};

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
            raw.fault = Some(Failure::TooLong { limit: self.max_item });
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
            anyhow::bail!("the header cannot be used: {}", crate::item::error(&self.raw.text, fault));
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
                *fault = Some(Failure::TooManyFields { fields: fields.len(), names });
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
