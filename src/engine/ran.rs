//! What a process did: the outcome of an item, or of a batch, as the engine hands it over.

use crate::base::failure::Failed;
use crate::base::item::{Attempt, Seq};
use crate::base::outcome::{Account, Record};
use crate::output::Output;

/// One attempt at an item or a batch, or a part of its output.
#[derive(Debug)]
pub struct Ran {
    /// The number of the first item.
    pub first: Seq,
    /// How many items; none when this is only a part of the output of an item at work.
    pub items: u64,
    /// Which try it was.
    pub attempt: Attempt,
    /// What became of all of the items.
    pub fate: Fate,
    /// What is to appear.
    pub output: Output,
    /// The attempt, where one was made.
    pub record: Option<Record>,
    /// The command and the bytes that it was given and gave, where someone wants to know.
    pub account: Option<Box<Account>>,
}

/// What became of an item.
#[derive(Debug)]
pub enum Fate {
    /// It went well.
    Ok,
    /// It failed; each item of the batch.
    Failed(Vec<Failed>),
    /// So many of them failed, of which these are told of.
    Some(u64, Vec<Failed>),
    /// An earlier run has done it.
    Skipped,
    /// parjob ended it, or did not start it.
    NotRun,
    /// It is still at work.
    AtWork,
}
