//! What waits to be claimed, and when the next process may start.
//!
//! Everything that decides about a start stands behind one lock: the blocks, how many are at work, how many may be,
//! and the time before which none may start. A worker holds it for less than a microsecond.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::full::{self, Batch, Found, Full, Share};
use crate::base::chunk::Block;
use crate::engine::blocks::Blocks;
use crate::engine::gate::{Doorman, Gate};
use crate::op::Tally;

/// After so long what ran out may be there again.
const PATIENCE: Duration = Duration::from_secs(1);

/// What [`Queue::next`] found.
pub(super) enum Next {
    /// A block to claim from.
    Block(Arc<Block>),
    /// The items of a full command line.
    Batch(Batch),
    /// Nothing may start until then.
    NotBefore(Instant),
    /// Nothing to start, or no room for it.
    Nothing,
}

/// Waiting blocks.
pub(super) struct Queue {
    pub(super) blocks: Blocks,
    /// There will be no more blocks.
    pub(super) closed: bool,
    /// There will be no more items, but perhaps another attempt at some.
    pub(super) complete: bool,
    /// Command lines are filled.
    full: Option<Full>,
    /// What each worker gets of the last items.
    share: Option<Share>,
    /// Workers that wait for a block.
    pub(super) idle: usize,
    /// Workers that have an item, or are about to.
    pub(super) active: usize,
    /// How many are wanted.
    jobs: usize,
    /// How many may be active: fewer than are wanted, when something has run out.
    pub(super) limit: usize,
    /// When the limit was last lowered or raised.
    moved: Instant,
    /// The threads there are.
    pub(super) threads: usize,
    /// The threads that have ended.
    pub(super) left: usize,
    /// What workers folded that have ended.
    pub(super) tallies: Vec<Box<dyn Tally>>,
    /// It was said that something ran out.
    pub(super) warned: bool,
    /// A thread is being started. One at a time: who fails at it knows that nobody else takes what is left.
    pub(super) hiring: bool,
    /// Somebody saw work for one more meanwhile.
    pub(super) missed: bool,
    /// When no more threads or processes could be had.
    pub(super) exhausted: Option<Instant>,
    /// When somebody last looked around.
    pub(super) looked: Instant,
    /// Decides when the next may start.
    pub(super) doorman: Doorman,
}

impl Queue {
    pub(super) fn new(limit: usize, gate: Gate, full: Option<Full>) -> Queue {
        Queue {
            blocks: Blocks::default(),
            closed: false,
            complete: false,
            full,
            share: None,
            idle: 0,
            active: 0,
            jobs: limit,
            limit,
            moved: Instant::now(),
            threads: 0,
            left: 0,
            tallies: Vec::new(),
            warned: false,
            hiring: false,
            missed: false,
            exhausted: None,
            looked: Instant::now(),
            doorman: Doorman::new(gate),
        }
    }

    /// What to do next; counts the worker as active where it is a block.
    pub(super) fn next(&mut self) -> Next {
        if !self.blocks.has_work() || !self.has_turn() || self.is_filling() {
            return Next::Nothing;
        }
        if let Err(until) = self.doorman.ask(self.active) {
            return Next::NotBefore(until);
        }
        self.active += 1;
        if let Some(Found::Batch(batch)) = self.take() {
            return Next::Batch(batch);
        }
        self.blocks.front().map_or(Next::Nothing, |block| Next::Block(Arc::clone(block)))
    }

    /// Whether there are too few items yet for a full command line.
    fn is_filling(&self) -> bool {
        self.full.is_some_and(|full| {
            let blocks = self.blocks.unclaimed();
            full::has_too_few(blocks, &full) && !self.complete
        })
    }

    fn take(&mut self) -> Option<Found> {
        let full = self.full?;
        let blocks = self.blocks.unclaimed();
        if self.complete && self.share.is_none() {
            self.share = Some(Share::of(blocks.clone(), &full, self.limit));
        }
        Some(full::take(blocks, &full, self.share))
    }

    /// So many are wanted from now on.
    pub(super) fn want(&mut self, jobs: usize) {
        if jobs != self.jobs {
            (self.jobs, self.limit) = (jobs, jobs);
        }
    }

    /// Whether there is something to do for one worker more than there are.
    pub(super) fn wants_worker(&mut self) -> bool {
        let may_be_had = self.exhausted.is_none_or(|since| since.elapsed() >= PATIENCE);
        let wanted = may_be_had && self.idle == 0 && self.threads < self.limit && self.blocks.has_work();
        self.missed |= wanted && self.hiring;
        wanted && !self.hiring
    }

    /// Something that a process needs has run out: no more at work than there are without this one.
    pub(super) fn lower(&mut self) {
        self.active -= 1;
        self.lower_to(self.active);
    }

    /// No more at work than these, until it is worth to try again.
    pub(super) fn lower_to(&mut self, most: usize) {
        self.limit = self.limit.min(most).max(1);
        self.moved = Instant::now();
    }

    /// Whether one more may be at work. What ran out may be there again: from time to time one more is tried.
    pub(super) fn has_turn(&mut self) -> bool {
        if self.limit < self.jobs && self.moved.elapsed() >= PATIENCE {
            self.limit += 1;
            self.moved = Instant::now();
        }
        self.active < self.limit
    }
}
