//! Everything observable about a run, as one type.
//!
//! Progress, the closing report, and later the ledger and the job log know nothing else of a run than
//! these events. They come on the run loop's thread: an observer notes and returns.

use std::time::Duration;

use crate::base::failure::{Failed, Failure};
use crate::base::item::{Attempt, Seq};
use crate::base::outcome::{Account, Record};

/// Watches a run.
pub trait Observer {
    /// Something happened. Must not wait.
    fn on(&mut self, event: &Event<'_>);
}

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The run begins.
    Started {
        /// How many workers there are.
        workers: usize,
        /// How many items there will be, where that is known.
        total: Option<u64>,
    },
    /// The counts have changed.
    Counted(Counts),
    /// An item failed for good.
    Failed(&'a Failed),
    /// An item failed and will be tried again.
    Retrying {
        /// The item and the cause.
        failed: &'a Failed,
        /// The attempt that is to come.
        attempt: Attempt,
        /// How long until then.
        delay: Duration,
    },
    /// A process has done an item, or a batch, for the last time.
    Ran {
        /// The number of the first item.
        first: Seq,
        /// The last attempt.
        record: &'a Record,
        /// What a log wants to know beside.
        account: Option<&'a Account>,
    },
    /// A line to be shown as it is.
    Say(&'a [u8]),
    /// Something that the user should know, though the run goes on: the end of a sentence.
    Warning(&'a str),
    /// Nothing more is started.
    Stopping(&'a Stop),
    /// Nothing more is started, and what is at work, or the reader of the results, takes its time.
    Lingering {
        /// How many items are at work; none when only the reader is waited for.
        items: u64,
        /// They are processes, which Ctrl-C kills now.
        killable: bool,
        /// Ctrl-C stopped the run: it would be another one.
        again: bool,
    },
    /// The run is over.
    Ended(&'a Ended),
}

/// The counts of a run. `read = ok + failed + skipped + not_run + under_way`; at the end nothing is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Items read.
    pub read: u64,
    /// Items that went well.
    pub ok: u64,
    /// Items that failed for good.
    pub failed: u64,
    /// Items that an earlier run has done, or of which the result is there already.
    pub skipped: u64,
    /// Items that were read but neither went well nor failed, because the run stopped.
    pub not_run: u64,
    /// Bytes of results that are not written yet.
    pub unwritten: usize,
    /// The lowest number whose result is not on its way out, when results are in order.
    pub head: Option<Seq>,
}

impl Counts {
    /// Items that went well, failed or were skipped.
    pub fn done(&self) -> u64 {
        self.ok + self.failed + self.skipped
    }

    /// Items that wait for a worker, are at work, or wait for another try.
    pub fn under_way(&self) -> u64 {
        self.read - self.done() - self.not_run
    }
}

/// Why a run stopped before its items were all done, or could not be carried out whole.
#[derive(Debug)]
pub enum Stop {
    /// `--halt` found what it waits for; whether that was what the user hoped for.
    Halted {
        /// A number of successes, or of items done, was asked for and reached.
        asked_for: bool,
    },
    /// parjob got this signal.
    Signal(i32),
    /// `--deadline` passed.
    Deadline,
    /// Whoever read the results went away.
    PipeClosed,
    /// Results could not be written.
    Unwritable(anyhow::Error),
    /// Items could not be read to their end.
    Unreadable(anyhow::Error),
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The final counts.
    pub counts: Counts,
    /// From the start to here.
    pub took: Duration,
    /// Why it did not come to its natural end, where it did not.
    pub stop: Option<Stop>,
    /// Processes at work were ended.
    pub cut_short: bool,
    /// The end of the input was found.
    pub all_read: bool,
    /// A fold had nothing to fold and so no answer.
    pub no_answer: bool,
    /// The failed item with the lowest number, and why it failed.
    pub first_failed: Option<(Seq, Failure)>,
}

impl Ended {
    /// Whether the results are all that were asked for.
    pub fn is_whole(&self) -> bool {
        !self.no_answer && matches!(self.stop, None | Some(Stop::Halted { asked_for: true }))
    }
}
