//! Results: how they look, and the one thread that writes them.
//!
//! A [`Format`] is pure: a chunk and its results go in, bytes come out. Workers call it, so that the bytes
//! of many items are made side by side; the [`Writer`] only writes what it is given, in the order in which
//! it is given. Neither knows of the run. A new format is a file here and a line in [`FORMATS`].

mod body;
mod delimited;
mod facts;
mod jsonl;
mod lines;
mod long;
mod results_dir;
mod sink;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;

use crate::base::item::{Chunk, Item};
use crate::base::outcome::Record;
use crate::base::result::{Amount, Answer, Detail, Results};

pub use body::{Body, Output, Room};
pub use facts::joined;
pub use jsonl::{json_item, json_string};
pub use lines::{LineSplitter, Tagger};
pub use results_dir::ResultsDir;
pub use sink::{Aside, Sink, check, standard_stream, stdout};
pub use writer::{Load, Writer, Wrote};

/// Where results go and how they look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The format's name, one of [`FORMATS`].
    pub format: &'static str,
    /// Each line of text begins with its item and a TAB.
    pub tag: bool,
    /// The file that takes the results; standard output when there is none.
    pub file: Option<PathBuf>,
}

/// Turns results into bytes.
pub trait Format: Send + Sync {
    /// Empty results, which note what this format needs to know.
    fn results(&self) -> Results {
        Results::with_ends()
    }

    /// What stands before the first result of a map: a header, or nothing.
    fn begin(&self, out: &mut Vec<u8>);

    /// Appends the results of a chunk, in order. It may take the bytes out of `results` where they are
    /// what it would write.
    fn chunk(&self, chunk: &Chunk<'_>, results: &mut Results, out: &mut Vec<u8>);

    /// What stands before the first result of work by processes.
    fn begin_processes(&self, _out: &mut Vec<u8>) {}

    /// Turns what a process printed into what is to appear. Of text nothing is asked: its bytes are the result.
    /// The other formats hold both streams in a result on standard output, and leave nothing for standard error.
    ///
    /// # Errors
    ///
    /// What has no room in memory cannot be kept in a file, or not be read from there. `output` is as it was.
    fn process(&self, _done: &Done<'_>, _output: &mut Output) -> std::io::Result<()> {
        Ok(())
    }

    /// Appends the answer of a fold, with a header where the format has one.
    fn answer(&self, operation: &str, answer: &Answer, out: &mut Vec<u8>);
}

/// An item, or a batch, that a process has done.
pub struct Done<'a> {
    /// The item, or the items of the batch.
    pub chunk: Chunk<'a>,
    /// The last attempt, where one was made.
    pub record: Option<&'a Record>,
    /// Why it failed, where it did.
    pub error: Option<&'a str>,
}

/// A format, described.
pub struct Entry {
    /// The word after `--format`.
    pub name: &'static str,
    /// One line of help.
    pub summary: &'static str,
    make: fn(&Options) -> Arc<dyn Format>,
}

/// Every format, the default first.
pub static FORMATS: &[Entry] = &[
    Entry { name: "text", summary: "the result alone, one a line", make: |o| Arc::new(text::Text { tag: o.tag }) },
    Entry { name: "jsonl", summary: "one JSON object a line", make: |_| Arc::new(jsonl::Jsonl) },
    Entry { name: "csv", summary: "comma-separated, with a header", make: |_| Arc::new(&delimited::CSV) },
    Entry { name: "tsv", summary: "TAB-separated, with a header", make: |_| Arc::new(&delimited::TSV) },
];

/// The format that the options name; text where they name none that exists.
pub fn format(options: &Options) -> Arc<dyn Format> {
    let entry = FORMATS.iter().find(|entry| entry.name == options.format).unwrap_or(&FORMATS[0]);
    (entry.make)(options)
}

/// A result among others.
struct Row<'a> {
    item: Item<'a>,
    /// The text that stands among plain results, with its newline; empty where there is none.
    line: &'a [u8],
    /// Why the item failed, where it did.
    error: Option<String>,
    /// There was nothing to do.
    is_skipped: bool,
    /// What else is told of it.
    details: &'a [Detail],
    /// Where that was in the program of a worker, where it says so; else empty.
    traceback: &'a str,
    /// What was said on standard error at an item that failed, where that is known.
    said: &'a [u8],
}

impl Row<'_> {
    /// The result without the newline, or the error.
    fn result(&self) -> Result<&[u8], &str> {
        self.error.as_deref().map_or(Ok(self.line.strip_suffix(b"\n").unwrap_or(self.line)), Err)
    }

    /// What was wrong with an item that went well.
    fn damage(&self) -> Option<String> {
        self.details.iter().find_map(|detail| match (detail.name, &detail.value) {
            ("damaged", Amount::Text(why)) => Some(format!("damaged: {why}")),
            _ => None,
        })
    }
}

/// The items of a chunk with their results, which have noted their ends.
fn rows<'a>(chunk: &Chunk<'a>, results: &'a Results) -> impl Iterator<Item = Row<'a>> {
    let mut failures = results.failures.iter().peekable();
    let mut details = results.details.iter().peekable();
    let mut skipped = results.skipped.iter().peekable();
    chunk.with_fields().take(results.ends.len()).enumerate().map(move |(place, item)| {
        let failure = failures.next_if(|(failed, _)| *failed == place);
        let error = failure.map(|(_, cause)| crate::base::failure::error(item.text(), cause));
        let traceback = failure.map_or("", |(_, cause)| cause.detail());
        let said = failure.and_then(|_| results.said.iter().rfind(|(said_at, _)| *said_at == place));
        let said = said.map_or(&b""[..], |(_, said)| said);
        let told = details.next_if(|(told, _)| *told == place);
        let details = told.map_or(&[][..], |(_, details)| details);
        let is_skipped = skipped.next_if(|skipped| **skipped == place).is_some();
        Row { item, line: results.line(place), error, traceback, said, is_skipped, details }
    })
}
