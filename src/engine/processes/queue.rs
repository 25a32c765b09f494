//! What waits to be claimed, and when the next process may start.
//!
//! Everything that decides about a start stands behind one lock: the blocks, how many are at work, how many may be,
//! and the time before which none may start. A worker holds it for less than a microsecond.

use std::sync::Arc;
use std::time::Instant;

use super::full::{self, Batch, Found, Full, Share};
use crate::chunk::Block;
use crate::engine::blocks::Blocks;
use crate::engine::gate::{Doorman, Gate};
use crate::op::Tally;

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
    /// How many may be active.
    pub(super) limit: usize,
    /// The threads there are.
    pub(super) threads: usize,
    /// The threads that have ended.
    pub(super) left: usize,
    /// What workers folded that have ended.
    pub(super) tallies: Vec<Box<dyn Tally>>,
    /// It was said that something ran out.
    pub(super) warned: bool,
    /// No more threads can be had.
    pub(super) exhausted: bool,
    /// When orphans were last seen to.
    pub(super) reaped: Instant,
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
            limit,
            threads: 0,
            left: 0,
            tallies: Vec::new(),
            warned: false,
            exhausted: false,
            reaped: Instant::now(),
            doorman: Doorman::new(gate),
        }
    }

    /// What to do next; counts the worker as active where it is a block.
    pub(super) fn next(&mut self) -> Next {
        if !self.blocks.has_work() || self.active >= self.limit || self.is_filling() {
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

    /// Something that a process needs has run out: no more at work than there are without this one.
    pub(super) fn lower(&mut self) {
        self.active -= 1;
        self.limit = self.limit.min(self.active).max(1);
    }
}
