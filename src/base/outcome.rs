//! What is known of one attempt at an item that a process did.
//!
//! Only work by processes has a record for each item; work inside parjob has one for a chunk. This is plain data:
//! the engine fills it in, and output, ledger and joblog tell it, each in its own words. Whether a failed attempt is
//! followed by another is decided elsewhere.

use std::time::{Duration, SystemTime};

use crate::base::item::Attempt;

/// One attempt at an item, from the start of its process to the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Which try it was.
    pub attempt: Attempt,
    /// The worker that did it, from 1.
    pub worker: usize,
    /// The process; 0 where none came to be.
    pub pid: u32,
    /// When it was started, by the wall clock.
    pub started: SystemTime,
    /// How long it took, by a clock that only goes forward.
    pub took: Duration,
    /// How it ended.
    pub end: End,
    /// Whether something that it started still held its output when it was gone.
    pub leaked: bool,
}

impl Record {
    /// Whether the item is done: the process ended by itself, with status 0.
    pub fn is_ok(&self) -> bool {
        self.end.is_ok()
    }
}

/// What a log wants to know of a process beside its outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The command, as it could be typed.
    pub command: Vec<u8>,
    /// The bytes on its standard input.
    pub sent: u64,
    /// The bytes that it printed.
    pub received: u64,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The process ended with this status.
    Exited(i32),
    /// A signal that parjob did not send ended the process.
    Signaled {
        /// The signal's number.
        signal: i32,
        /// Whether it left a core dump.
        core: bool,
    },
    /// It was still running when its `--timeout` was over, and parjob ended it.
    TimedOut {
        /// The time that it had.
        after: Duration,
    },
    /// There was no process: starting it failed with this number of the system's (`errno`).
    NotStarted(i32),
    /// parjob ended the process for a reason of its own (halt, deadline, an interrupt): the item counts as not run.
    Cancelled,
}

impl End {
    /// Whether the item is done.
    pub fn is_ok(&self) -> bool {
        *self == End::Exited(0)
    }
}
