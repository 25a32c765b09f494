//! What a map makes of a chunk: the lines that it prints, and the items that failed; and what a fold comes to.
//!
//! It knows neither the items nor how results are shown.

use std::time::Duration;

use crate::base::buffer::empty;
use crate::base::failure::{Failure, Failures};

/// The results of a chunk: text, one line for each item that went well, and the items that failed.
///
/// The lines are the very bytes that the text format prints, so that plain results need no further copy.
#[derive(Debug, Default)]
pub struct Results {
    /// The results, each closed by a newline. An item that went well may have none ([`Results::pass`]), one that
    /// failed may have one ([`Results::fail_saying`]).
    pub bytes: Vec<u8>,
    /// Where each result ends in `bytes`, its newline included; for an item without
    /// one, where the one before it ends. Empty unless asked for: noting it costs `square` 7 % of its time, and plain text has no use for it.
    pub ends: Vec<usize>,
    /// The items that failed.
    pub failures: Failures,
    /// What else is to be told of items that went well: the place of each in the chunk, ascending. Empty where nobody
    /// noted ends, since plain text has no place for it.
    pub details: Vec<(usize, Vec<Detail>)>,
    /// The items that went well because there was nothing to do: their places in the chunk, ascending.
    pub skipped: Vec<usize>,
    /// What was said on standard error at items that failed, by their place in the chunk.
    pub said: Vec<(usize, Box<[u8]>)>,
    /// How many items have been answered.
    pub(crate) count: usize,
    keep_ends: bool,
    for_fold: bool,
}

impl Results {
    /// Results that note in `ends` where each of them ends.
    pub fn with_ends() -> Results {
        Results { keep_ends: true, ..Results::default() }
    }

    /// Empty results that note what these do.
    pub(crate) fn like(&self) -> Results {
        Results { keep_ends: self.keep_ends, for_fold: self.for_fold, ..Results::default() }
    }

    /// Results for a fold to read: exactly one line for each item that went well, and nothing else.
    pub(crate) fn for_fold() -> Results {
        Results { for_fold: true, ..Results::default() }
    }

    /// Answers the next item with this text.
    #[inline]
    pub fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.end();
    }

    /// Closes the result of the next item, whose text the caller has appended to `bytes`.
    #[inline]
    pub fn end(&mut self) {
        self.bytes.push(b'\n');
        self.answered(self.bytes.len());
    }

    /// Tells more of the item that was answered last.
    pub fn tell(&mut self, details: &[Detail]) {
        if let (true, Some(place)) = (self.keep_ends, self.count.checked_sub(1)) {
            self.details.push((place, details.to_vec()));
        }
    }

    /// Answers the next `count` items with a line each: `lines` holds so many newlines, the last at its end.
    pub fn push_lines(&mut self, lines: &[u8], count: usize) {
        if self.keep_ends {
            let before = self.bytes.len();
            self.ends.extend(memchr::memchr_iter(b'\n', lines).map(|end| before + end + 1));
        }
        self.bytes.extend_from_slice(lines);
        self.count += count;
    }

    /// Answers the next item with nothing: it went well, and there is nothing to print.
    pub fn pass(&mut self) {
        if self.for_fold {
            self.bytes.push(b'\n');
        }
        self.answered(self.bytes.len());
    }

    /// Answers the next item with nothing: there was nothing to do.
    pub fn skip(&mut self) {
        self.skipped.push(self.count);
        self.pass();
    }

    /// Answers the next item with a failure that also has a text among the results: one line without its newline.
    #[cold]
    pub fn fail_saying(&mut self, text: &[u8], cause: Failure) {
        if !self.for_fold {
            self.bytes.extend_from_slice(text);
            self.bytes.push(b'\n');
        }
        self.fail(cause);
    }

    /// The text of an item, with its newline where it has one. The ends must have been noted; for a fold,
    /// which has none, it is empty.
    pub(crate) fn line(&self, place: usize) -> &[u8] {
        let Some(end) = self.ends.get(place) else { return b"" };
        &self.bytes[self.start(place)..*end]
    }

    /// Where the text of an item begins.
    fn start(&self, place: usize) -> usize {
        place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    /// Answers the next item with a failure.
    #[cold]
    pub fn fail(&mut self, cause: Failure) {
        self.failures.push((self.count, cause));
        self.answered(self.bytes.len());
    }

    /// Notes that the next item is answered by the bytes up to `end`.
    #[inline(always)]
    pub(crate) fn answered(&mut self, end: usize) {
        self.count += 1;
        if self.keep_ends {
            self.ends.push(end);
        }
    }

    /// Notes that the item at `place` in the chunk failed, after everything before it.
    #[cold]
    pub(crate) fn fail_at(&mut self, place: usize, cause: Failure) {
        self.failures.push((place, cause));
        self.answered(self.bytes.len());
    }

    /// How far the results have come, to come back to.
    pub(crate) fn mark(&self) -> Mark {
        let (failures, details) = (self.failures.len(), self.details.len());
        Mark { bytes: self.bytes.len(), failures, details, skipped: self.skipped.len(), count: self.count }
    }

    /// Forgets everything since the mark.
    pub(crate) fn rewind(&mut self, mark: &Mark) {
        self.bytes.truncate(mark.bytes);
        self.failures.truncate(mark.failures);
        self.details.truncate(mark.details);
        self.skipped.truncate(mark.skipped);
        self.count = mark.count;
        if self.keep_ends {
            self.ends.truncate(mark.count);
        }
    }

    /// The results of the items from `start` to `end`, none of which may have failed; empty for a fold, which
    /// has none.
    pub(crate) fn part(&self, start: usize, end: usize) -> Results {
        let Some(ends) = self.ends.get(start..end) else { return Results::with_ends() };
        let from = self.start(start);
        let told = self.details.iter().filter(|(place, _)| (start..end).contains(place));
        let details = told.map(|(place, details)| (place - start, details.clone())).collect();
        let skipped = self.skipped.iter().filter(|place| (start..end).contains(place));
        let skipped = skipped.map(|place| place - start).collect();
        let ends: Vec<usize> = ends.iter().map(|end| end - from).collect();
        let bytes = self.bytes[from..from + ends.last().copied().unwrap_or(0)].to_vec();
        Results { bytes, count: ends.len(), ends, details, skipped, keep_ends: true, ..Results::default() }
    }

    /// Forgets everything but keeps the memory, as far as it is not much.
    pub fn clear(&mut self) {
        empty(&mut self.bytes);
        empty(&mut self.ends);
        self.failures.clear();
        empty(&mut self.details);
        empty(&mut self.skipped);
        empty(&mut self.said);
        self.count = 0;
    }
}

/// Something more about a result, with a name: a number or a text, for a format that has a place for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// What it is.
    pub name: &'static str,
    /// How much it is.
    pub value: Amount,
}

/// A number or a text in a [`Detail`].
#[derive(Clone, Debug, PartialEq)]
pub enum Amount {
    /// So many.
    Count(u64),
    /// So long.
    Seconds(f64),
    /// Words.
    Text(Box<str>),
}

impl Detail {
    /// So many.
    pub fn count(name: &'static str, count: u64) -> Detail {
        Detail { name, value: Amount::Count(count) }
    }

    /// Words.
    pub fn text(name: &'static str, text: &str) -> Detail {
        Detail { name, value: Amount::Text(text.into()) }
    }

    /// So long.
    pub fn seconds(name: &'static str, time: Duration) -> Detail {
        Detail { name, value: Amount::Seconds(time.as_secs_f64()) }
    }
}

/// A place in some [`Results`].
#[derive(Debug)]
pub(crate) struct Mark {
    bytes: usize,
    failures: usize,
    details: usize,
    skipped: usize,
    count: usize,
}
/// What a fold came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How many items were folded.
    pub n: u64,
    /// The value or values, as text that reads back.
    pub value: Value,
}

/// One value, or several with names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A single value, printed alone on its line.
    One(String),
    /// Named values, printed one a line: the name, a TAB, the value.
    Table(Vec<(&'static str, String)>),
}
