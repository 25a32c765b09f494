//! What carries chunks to workers.
//!
//! The run loop starts blocks and collects what has ended; in between, workers pull. [`Local`] does chunks on threads
//! of this process, [`Processes`] has a process do each item or batch, [`Pool`] keeps processes up and feeds them. Tests of the loop put an engine in their place
//! that does as it is told.

mod again;
pub(crate) mod blocks;
mod caught;
pub(crate) mod gate;
pub(crate) mod hand;
mod local;
pub(crate) mod outbox;
pub(crate) mod posts;
mod quota;
mod ran;

use crate::base::chunk::Block;
use crate::base::failure::Failed;
use crate::base::item::{Attempt, Seq};
use crate::base::result::Answer;

pub use again::{Again, Kind};
pub use caught::is_caught;
pub use gate::Gate;
pub use hand::{Job, Task};
pub use local::Local;
pub use quota::Quota;
pub use ran::{Fate, Ran};

/// Carries chunks to workers.
pub trait Engine {
    /// How many workers there are.
    fn capacity(&self) -> usize;

    /// Queues a block. Its chunks are claimed in seq order, after those of the blocks before it.
    fn start(&mut self, block: Block);

    /// No more items will come, though some may be tried again.
    fn no_more(&mut self) {}

    /// Hands over what has ended since the last call, in no particular order. Never waits; a [`Ring`] has
    /// told when it is worth calling.
    fn collect(&mut self) -> Vec<Delivery>;

    /// Takes back every item that no worker has claimed; their number.
    fn revoke(&mut self) -> u64;

    /// Waits until every claimed item has ended. The answer, where the work was a fold that has one.
    fn close(&mut self) -> Option<Answer>;

    /// There will be no more blocks, but for items that are tried again: whatever is kept up for more may end.
    fn finish(&mut self) {}

    /// Whether nothing is kept up any more. A [`Ring`] tells when that changes.
    fn is_quiet(&self) -> bool {
        true
    }

    /// Tells which item's results go out next: what it has may be handed over before it has ended.
    fn front(&mut self, _seq: Seq) {}

    /// Does something to all that is at work. Whether that will end for it: work in this process cannot be ended.
    fn command(&mut self, _order: Order) -> bool {
        false
    }
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
}

/// What an engine hands over.
#[derive(Debug)]
pub enum Delivery {
    /// Chunks that were done in this process.
    Chunks(Parcel),
    /// What a process did.
    Process(Box<Ran>),
    /// Something that the user should know: the end of a sentence.
    Warning(String),
    /// The run cannot be carried out.
    Broken(anyhow::Error),
}

/// Tells the run loop that there is something to collect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// A little has ended; more is about to. Collecting within a millisecond or so is soon enough.
    Soon,
    /// Enough has ended, or a worker has nothing more to do.
    Now,
}

/// What a worker did: pieces of consecutive items, with the bytes of their results.
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
    /// How many items.
    pub items: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many of them had nothing to be done.
    pub skipped: u64,
    /// Which try this was.
    pub attempt: Attempt,
    /// Where its results end in the parcel's bytes; they begin where those of the piece before end.
    pub end: usize,
}

/// Takes the place of a worker, from 0, and the group at work there, or 0.
pub type GuardSlot = dyn Fn(usize, i32) + Send + Sync;

/// What someone has to say while the run goes on.
#[derive(Debug)]
pub enum Note {
    /// Something that the user should know: the end of a sentence.
    Warning(String),
    /// A line for standard error.
    Say(Vec<u8>),
    /// The run cannot be recorded whole.
    Broken(anyhow::Error),
}
