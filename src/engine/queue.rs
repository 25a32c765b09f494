//! What waits to be claimed, and when the next claim may be made.
//!
//! Everything that decides about a start stands behind one lock: the blocks, how many workers are active, how many may be,
//! and the time before which none may start. A worker holds it for less than a microsecond.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Config;
use super::blocks::Blocks;
use super::full::{Due, Filling};
use super::throttle::ThrottleState;
use crate::base::chunk::{Block, Claim};
use crate::op::Tally;

/// How long until what ran out may be there again.
const RUN_OUT: Duration = Duration::from_secs(1);

/// What a worker may do next.
pub(super) enum Next<T> {
    /// This.
    Work(T),
    /// Nothing before that time.
    NotBefore(Instant),
    /// Nothing, or there is no room for it.
    Nothing,
}

/// Waiting blocks, and the workers.
pub(super) struct Queue {
    pub(super) blocks: Blocks,
    /// There will be no more blocks.
    pub(super) closed: bool,
    /// There will be no more items, but perhaps another attempt at some.
    pub(super) complete: bool,
    /// Fills command lines, where that is asked for.
    filling: Option<Filling>,
    /// Number of workers that wait for a block.
    pub(super) idle: usize,
    /// Number of those that have been woken and have not come yet.
    pub(super) woken: usize,
    /// Number of workers that have an item, or are about to.
    pub(super) active: usize,
    /// Number of workers that are wanted.
    jobs: usize,
    /// Number of workers that may be active: fewer than are wanted, when something has run out.
    pub(super) limit: usize,
    /// When the limit was last lowered or raised.
    moved: Instant,
    /// Number of threads.
    pub(super) threads: usize,
    /// Number of threads that have not looked for work yet.
    pub(super) fresh: usize,
    /// Number of threads that have ended.
    pub(super) left: usize,
    /// What workers folded that have ended.
    pub(super) tallies: Vec<Box<dyn Tally>>,
    /// It was said that something ran out.
    pub(super) warned: bool,
    /// A thread is being started. One at a time: the one that fails at it knows that no other takes what is left.
    pub(super) hiring: bool,
    /// Work for one more worker was seen while a thread was being started.
    pub(super) missed: bool,
    /// When no more threads or processes could be had.
    pub(super) exhausted: Option<Instant>,
    /// When a worker last looked around.
    pub(super) looked: Instant,
    /// Items of this number are not parted.
    unit: Option<NonZeroU32>,
    /// Decides when the next may start.
    throttle: ThrottleState,
}

impl Queue {
    pub(super) fn new(config: &Config) -> Queue {
        let Config { jobs: limit, full, .. } = *config;
        Queue {
            blocks: Blocks::default(),
            closed: false,
            complete: false,
            filling: full.map(|full| Filling::new(full, limit)),
            idle: 0,
            woken: 0,
            active: 0,
            jobs: limit,
            limit,
            moved: Instant::now(),
            threads: 0,
            fresh: 0,
            left: 0,
            tallies: Vec::new(),
            warned: false,
            hiring: false,
            missed: false,
            exhausted: None,
            looked: Instant::now(),
            unit: config.unit,
            throttle: ThrottleState::new(config.throttle.clone()),
        }
    }

    /// The block that workers claim from by themselves.
    pub(super) fn next_block(&mut self) -> Next<Arc<Block>> {
        self.blocks.front().map_or(Next::Nothing, |block| Next::Work(Arc::clone(block)))
    }

    /// About `want` items for a worker that has none; counts it as active.
    pub(super) fn next_claim(&mut self, want: u32) -> Next<(Arc<Block>, Claim)> {
        if !self.has_turn() {
            return Next::Nothing;
        }
        let next = self.claim(want);
        self.active += usize::from(matches!(next, Next::Work(_)));
        next
    }

    /// About `want` items, but no more than leaves something for every worker.
    pub(super) fn claim(&mut self, want: u32) -> Next<(Arc<Block>, Claim)> {
        if !self.blocks.has_work() {
            return Next::Nothing;
        }
        let due = self.filling.as_mut().map(|filling| filling.due(&self.blocks, self.complete, Instant::now()));
        match due {
            Some(Due::Later) => return Next::Nothing,
            Some(Due::At(at)) => return Next::NotBefore(at),
            Some(Due::Now) | None => {}
        }
        if let Err(until) = self.throttle.ask(self.active) {
            return Next::NotBefore(until);
        }
        self.take(want).map_or(Next::Nothing, Next::Work)
    }

    fn take(&mut self, want: u32) -> Option<(Arc<Block>, Claim)> {
        let workers = self.jobs as u32;
        if let Some(returned) = self.blocks.take_returned(want, self.unit.map_or(1, NonZeroU32::get), workers) {
            return Some(returned);
        }
        if let Some(filling) = &mut self.filling {
            return filling.take(&mut self.blocks, self.complete);
        }
        // As long as another block waits, no worker goes without.
        let sharers = if self.blocks.len() > 1 { 1 } else { workers };
        let block = self.blocks.front()?;
        let claim = match self.unit {
            Some(unit) => block.reserve_up_to(want, unit.get(), sharers),
            None => block.reserve(want, sharers),
        };
        claim.map(|claim| (Arc::clone(block), claim))
    }

    /// Sets how many are wanted from now on.
    pub(super) fn want(&mut self, jobs: usize) {
        if jobs != self.jobs {
            (self.jobs, self.limit) = (jobs, jobs);
        }
    }

    /// Whether there is something to do for one worker more than there are.
    pub(super) fn wants_worker(&mut self) -> bool {
        let may_be_had = self.exhausted.is_none_or(|since| since.elapsed() >= RUN_OUT);
        let wanted = may_be_had && self.idle == 0 && self.threads < self.limit && self.blocks.has_work();
        self.missed |= wanted && self.hiring;
        // A fresh one hires the next when it has work.
        wanted && !self.hiring && self.fresh == 0
    }

    /// Whether a thread that has nothing to do takes a place that a process needs.
    pub(super) fn is_crowded(&self) -> bool {
        let short = self.exhausted.is_some_and(|since| since.elapsed() < RUN_OUT);
        short && self.active > 0 && self.threads > self.limit
    }

    /// Something that a process needs has run out: no more are active than there are without this one.
    pub(super) fn lower(&mut self) {
        self.active -= 1;
        self.lower_to(self.active);
    }

    /// No more are active than these, until it is worth to try again.
    pub(super) fn lower_to(&mut self, most: usize) {
        self.limit = self.limit.min(most).max(1);
        self.moved = Instant::now();
    }

    /// Whether fewer may be active than are wanted.
    pub(super) fn is_lowered(&self) -> bool {
        self.limit < self.jobs
    }

    /// Whether one more may be active. What ran out may be there again: from time to time one more is tried.
    pub(super) fn has_turn(&mut self) -> bool {
        if self.limit < self.jobs && self.moved.elapsed() >= RUN_OUT {
            self.limit += 1;
            self.moved = Instant::now();
        }
        self.active < self.limit
    }
}
