//! Reads a ledger from its beginning, a line at a time.
//!
//! A run that was killed, or whose disk was full, may leave its last record torn: then the ledger is whole up to
//! there. Anything else that is not as it was written is refused, so that no file is mistaken for a ledger and no
//! damaged one for a whole one.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use bstr::ByteSlice;

use super::Work;
use super::line::{Entry, MAGIC, VERSION};
use super::past::Past;

/// The longest line: a command of the longest argument list that there can be, each byte escaped.
const LONGEST: u64 = 32 << 20;

/// What a ledger says.
#[derive(Default)]
pub(super) struct Story {
    /// What was done to the items, by the latest record of that; `None` where even the header was not written whole.
    pub(super) work: Option<Work>,
    pub(super) past: Past,
    /// The bytes of the whole records.
    pub(super) whole: u64,
    /// The bytes of the torn one that follows them.
    pub(super) torn: u64,
}

/// Why a file cannot be read as a ledger.
pub(super) enum Unreadable {
    Io(io::Error),
    NoLedger,
    Newer(u64),
    /// This line is not as it was written, and it is not the last.
    Damaged(u64),
}

pub(super) fn read(file: &File) -> Result<Story, Unreadable> {
    let mut lines = BufReader::with_capacity(1 << 16, file);
    let (mut story, mut line) = (Story::default(), Vec::new());
    for number in 1.. {
        line.clear();
        let length = (&mut lines).take(LONGEST).read_until(b'\n', &mut line).map_err(Unreadable::Io)? as u64;
        if length == 0 {
            break;
        }
        if number == 1 {
            check_beginning(&line)?;
        }
        let entry = line.strip_suffix(b"\n").and_then(Entry::parse).filter(|entry| story.may_go_on(entry));
        let Some(entry) = entry else {
            if length == LONGEST || !lines.fill_buf().map_err(Unreadable::Io)?.is_empty() {
                return Err(Unreadable::Damaged(number));
            }
            story.torn = length;
            break;
        };
        story.whole += length;
        story.go_on(entry);
    }
    Ok(story)
}

/// The first line need not be whole, but it must be the beginning of one that this program understands.
fn check_beginning(line: &[u8]) -> Result<(), Unreadable> {
    let Some(rest) = line.strip_prefix(MAGIC) else {
        return if MAGIC.starts_with(line) { Ok(()) } else { Err(Unreadable::NoLedger) };
    };
    // In a version to come the rest of the line may be anything.
    let Some((version, _)) = rest.split_once_str("\t") else { return Ok(()) };
    match version.to_str().ok().and_then(|text| text.parse().ok()) {
        None | Some(0) => Err(Unreadable::NoLedger),
        Some(version) if version > u64::from(VERSION) => Err(Unreadable::Newer(version)),
        Some(_) => Ok(()),
    }
}

impl Story {
    /// The version first, then the work and a run, then the rest.
    fn may_go_on(&self, entry: &Entry<'_>) -> bool {
        match entry {
            Entry::Version => self.whole == 0,
            Entry::Work(_) => self.whole > 0,
            _ => self.work.is_some(),
        }
    }

    fn go_on(&mut self, entry: Entry<'_>) {
        match entry {
            Entry::Work(work) => self.work = Some(work),
            entry => self.past.add(entry),
        }
    }
}
