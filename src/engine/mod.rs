//! What carries blocks to workers, and what workers report.
//!
//! The run loop sees an [`Engine`]: it starts blocks and collects [`Report`]s. A worker sees a [`Slot`]: it claims work and posts reports;
//! what it does with the work is an [`Executor`], which `start` puts in. [`Local`] is the engine of this machine: threads, queue,
//! slots, throttle. Tests of the loop put an engine in its place that does as it is told.

mod blocks;
mod full;
mod local;
mod outbox;
mod posts;
mod queue;
mod quota;
mod report;
mod retry;
mod slot;
mod slots;
mod threads;
mod throttle;

use crate::base::chunk::Block;
use crate::base::item::Seq;
use crate::base::result::Answer;
use crate::op::Tally;

pub use full::Full;
pub use local::{Config, JobsNow, Local, ThreadSource};
pub use quota::Quota;
pub use report::{Done, Fate, Parcel, Piece, Ran, Report};
pub use retry::{Kind, RetryPolicy};
pub use slot::{Claimed, Slot, Yielded};
pub use slots::{Slots, Wants};
pub use throttle::Throttle;

/// Carries blocks to workers: what the run loop sees.
pub trait Engine {
    /// Number of workers.
    fn capacity(&self) -> usize;

    /// Queues a block. Its items are claimed in seq order, after those of the blocks before it.
    fn start(&mut self, block: Block);

    /// Queues blocks that came together, so that workers are woken once.
    fn start_all(&mut self, blocks: Vec<Block>) {
        blocks.into_iter().for_each(|block| self.start(block));
    }

    /// Hands over what was reported since the last call, in no particular order. Never waits; a [`Ring`] tells when it is
    /// worth calling.
    fn collect(&mut self) -> Vec<Report>;

    /// Takes back every item that no worker has claimed; their number.
    fn revoke(&mut self) -> u64;

    /// Waits until every claimed item has ended. The answer, where the work was a fold that has one.
    fn close(&mut self) -> Option<Answer>;

    /// There will be no more blocks, but for items that are tried again: processes that stay up may end.
    fn finish(&mut self) {}

    /// Whether no process is kept up. A [`Ring`] tells when that changes.
    fn is_quiet(&self) -> bool {
        true
    }

    /// How results flow. Those of the item `front` go out next, where there is an order: what it has may be handed over before
    /// it has ended.
    fn flow(&mut self, _front: Option<Seq>, _hold: Hold) {}

    /// Gives an order to all that is at work. Whether it can obey: work in this process cannot be ended.
    fn command(&mut self, _order: Order) -> bool {
        false
    }
}

/// What a worker does, from its start to the end of the run.
pub trait Executor {
    /// Claims work from the slot until there is no more, and posts what became of it. Its part of the answer, where the work
    /// is a fold.
    fn run(self: Box<Self>, slot: &Slot) -> Option<Box<dyn Tally>>;
}

/// Makes the executor of a worker, on the worker's own thread.
pub type MakeExecutor = dyn Fn(&Slot) -> anyhow::Result<Box<dyn Executor>> + Send + Sync;

/// What may start, or go on to print, while results wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Hold {
    /// Everything.
    None,
    /// As much waits as may: the item whose results go out next, for which all others wait, and what is tried again.
    BehindFront,
    /// Nothing: the reader of the results does not come along.
    All,
}

/// What can be done to items at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Ask them to end, and kill what has not ended after the grace.
    End,
    /// Kill them.
    Kill,
    /// Let them stand still.
    Pause,
    /// Let them go on.
    Resume,
    /// See how they are: one was stopped by somebody else, or goes on.
    Look,
}

/// Tells the run loop that there is something to collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// A little has ended; more is about to. Collecting within a millisecond or so is soon enough.
    Soon,
    /// Enough has ended, or a worker has nothing more to do.
    Now,
}

/// What a worker has to say beside its reports.
#[derive(Debug)]
pub enum Note {
    /// Something that the user should know: the end of a sentence.
    Warning(String),
    /// A line for standard error.
    Say(Vec<u8>),
    /// The run cannot be carried out, or not be recorded whole.
    Broken(anyhow::Error),
}
