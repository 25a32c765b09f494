//! What workers report: pieces of consecutive items with their results, and attempts by a process.

use crate::base::failure::Failed;
use crate::base::item::{Attempt, Chunk, Seq};
use crate::base::outcome::{Account, Record};
use crate::output::Output;

/// What an engine hands over.
#[derive(Debug)]
pub enum Report {
    /// Items that were done many at a time.
    Pieces(Parcel),
    /// An attempt by a process at an item or a batch, or a part of its output.
    Attempt(Box<Ran>),
}

/// What became of a chunk, or of a part of it, as a worker posts it.
pub struct Done<'a> {
    /// The items.
    pub chunk: Chunk<'a>,
    /// The items that failed: the first ones, those that are named.
    pub failed: Vec<Failed>,
    /// Number of items that failed.
    pub failures: usize,
    /// Number of items that had nothing to be done.
    pub skipped: usize,
    /// The formatted results.
    pub bytes: &'a mut Vec<u8>,
}

/// Pieces of consecutive items, with the bytes of their results.
#[derive(Debug, Default)]
pub struct Parcel {
    /// The formatted results of all pieces, in the order of the pieces.
    pub bytes: Vec<u8>,
    /// The pieces, in seq order.
    pub pieces: Vec<Piece>,
    /// The items that failed, in the order of the pieces; fewer than failed when only the first are asked for.
    pub failed: Vec<Failed>,
}

/// Consecutive items that have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The number of the first item.
    pub first: Seq,
    /// Number of items.
    pub items: u64,
    /// Number of items that failed.
    pub failed: u64,
    /// Number of items that had nothing to be done.
    pub skipped: u64,
    /// Which try this was.
    pub attempt: Attempt,
    /// It is a single item that failed, and another attempt follows unless the run is stopped.
    pub again: bool,
    /// Where its results end in the parcel's bytes; they begin where those of the piece before end.
    pub end: usize,
}

/// One attempt at an item or a batch, or a part of its output.
#[derive(Debug)]
pub struct Ran {
    /// The number of the first item.
    pub first: Seq,
    /// Number of items; none when this is only a part of the output of an item at work.
    pub items: u64,
    /// Which try it was.
    pub attempt: Attempt,
    /// What became of all of the items.
    pub fate: Fate,
    /// It failed, and another attempt follows unless the run is stopped: stamped by the engine.
    pub again: bool,
    /// What is to appear.
    pub output: Output,
    /// The attempt, where one was made.
    pub record: Option<Record>,
    /// The command and the bytes that it was given and gave, where someone wants to know.
    pub account: Option<Box<Account>>,
}

impl Ran {
    /// What became of these items, without output.
    pub fn of(chunk: &Chunk<'_>, attempt: Attempt, fate: Fate) -> Ran {
        Ran {
            first: chunk.first,
            items: chunk.count as u64,
            attempt,
            fate,
            again: false,
            output: Output::default(),
            record: None,
            account: None,
        }
    }

    /// A part of the output of an item that is at work.
    pub fn part(seq: Seq, attempt: Attempt, output: Output) -> Ran {
        let fate = Fate::AtWork;
        Ran { first: seq, items: 0, attempt, fate, again: false, output, record: None, account: None }
    }
}

/// What became of an item.
#[derive(Debug)]
pub enum Fate {
    /// It went well.
    Ok,
    /// It failed; each item of the batch.
    Failed(Vec<Failed>),
    /// Number of items that failed among others, and the first of them.
    Some(u64, Vec<Failed>),
    /// An earlier run has done it.
    Skipped,
    /// parjob ended it, or did not start it.
    NotRun,
    /// parjob ended it, and it had printed something.
    Partial,
    /// It is still at work.
    AtWork,
    /// It is still at work, and all that other items printed goes out behind it: there is no order, and it prints more than memory
    /// keeps.
    OwnsStream,
}
