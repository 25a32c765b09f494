//! What connects a worker's session with the engine: the slot that it claims from, and the form in which its results go there.
//!
//! Most results go into the outbox of their worker, as those of work in this process do. A long one that is answered
//! before those in front of it goes by itself, so that a file can take it while it waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use parjob_sys::limits;

use super::Shared;
use super::in_flight::{Answered, Part};
use super::session::Queue;
use super::shutdown::Step;
use crate::base::item::{Attempt, Seq};
use crate::base::result::Results;
use crate::base::stream::Stream;
use crate::engine::{Claimed, Done, Fate, Ran, Ring, Slot};
use crate::executor::finish::Finish;
use crate::executor::reduce::Reduction;
use crate::output::Output;
use crate::process::orders::ending;

/// Maximum number of warnings about processes that are shown.
const WARNINGS: u64 = 3;

/// A worker's connection.
pub(super) struct Port<'s> {
    pub(super) slot: &'s Slot,
    pub(super) shared: Arc<Shared>,
    bytes: Vec<u8>,
    /// Its part of the fold of the answers.
    pub(super) reduction: Option<Reduction>,
    /// Number of processes whose end the others do not know of yet.
    gone: usize,
    /// It counts as active.
    has_turn: bool,
    /// Nothing may be claimed before that time.
    pub(super) not_before: Option<Instant>,
}

impl<'s> Port<'s> {
    pub(super) fn new(slot: &'s Slot, shared: Arc<Shared>) -> Port<'s> {
        let reduction = slot.config().fold.as_ref().map(Reduction::new);
        Port { slot, shared, bytes: Vec::new(), reduction, gone: 0, has_turn: false, not_before: None }
    }

    /// What others decide.
    pub(super) fn queue(&mut self) -> Queue {
        let ending = match self.slot.ending() {
            ending::NONE => self.slot.is_closed().then_some(Step::Term),
            ending::SOON => Some(Step::Term),
            _ => Some(Step::Kill),
        };
        // While its answers are not read nothing is known of what it has begun, and another could not start it either.
        let others_idle = self.slot.others_idle() && self.slot.may_print();
        Queue { work: self.has_work(), over: self.slot.is_done(), others_idle, ending }
    }

    /// Whether something may be claimed now.
    pub(super) fn has_work(&mut self) -> bool {
        self.not_before = self.not_before.filter(|at| *at > Instant::now());
        self.not_before.is_none() && self.slot.has_work(self.has_turn)
    }

    /// Claims up to `want` items.
    pub(super) fn claim(&mut self, want: usize) -> Option<Part> {
        match self.slot.try_claim(want, self.has_turn) {
            Claimed::Items(block, claim) => {
                self.has_turn = true;
                Some((block, claim))
            }
            Claimed::NotBefore(at) => {
                self.not_before = Some(at);
                None
            }
            Claimed::Nothing => None,
        }
    }

    /// Nothing is in flight: another worker may be active in the place of this one.
    pub(super) fn end_turn(&mut self) {
        if std::mem::take(&mut self.has_turn) {
            self.slot.end_turn();
        }
    }

    /// A process is up.
    pub(super) fn process_is_up(&self, pid: i32) {
        if let Some(guard) = &self.shared.config.guard {
            guard(self.slot.number() - 1, pid);
        }
        self.slot.process_started(pid);
    }

    /// It has ended.
    pub(super) fn process_is_gone(&mut self) {
        if let Some(guard) = &self.shared.config.guard {
            guard(self.slot.number() - 1, 0);
        }
        self.slot.leave();
        self.gone += 1;
    }

    /// Lets the run know that processes have ended: once everything that is to be said of that is said.
    pub(super) fn sign_off(&mut self) {
        if self.gone > 0 {
            self.slot.processes_ended(std::mem::take(&mut self.gone));
        }
    }

    /// Warns the user, unless enough was said.
    pub(super) fn warn(&self, text: String) {
        if self.shared.warnings.fetch_add(1, Ordering::Relaxed) < WARNINGS {
            self.slot.warn(text);
        }
    }

    /// Lowers the priority of this thread, from which its processes have it.
    pub(super) fn be_nice(&self) {
        if self.shared.config.nice != 0 {
            // More than may be asked for is as much as there is.
            let _ = limits::be_nice(self.shared.config.nice);
        }
    }

    /// Hands on what became of items. What held the results may be used again.
    pub(super) fn post(&mut self, answered: Answered) -> Results {
        let Answered { block, claim, mut results, said } = answered;
        let (chunk, attempt) = (block.chunk(&claim), block.attempt());
        if let Some(reduction) = &mut self.reduction {
            fold(reduction, chunk.count, &mut results);
        }
        if !results.failures.is_empty() {
            let said = said.iter().filter(|(seq, _)| chunk.holds(*seq));
            results.said.extend(said.map(|(seq, said)| ((seq.0 - chunk.first.0) as usize, said.clone())));
        }
        let config = &self.shared.config;
        let (slot, apart) = (self.slot, self.slot.retry().retries > 0);
        let format = self.reduction.is_none().then_some(&*config.format);
        let finish = Finish { format, named: config.named, apart };
        finish.hand_on(chunk, &mut results, &mut self.bytes, |mut done| {
            for failed in &mut done.failed {
                let said = said.iter().rfind(|(seq, _)| *seq == failed.seq);
                failed.said = match failed.cause.detail() {
                    "" => said.map(|(_, said)| said.clone()).unwrap_or_default(),
                    detail => detail.as_bytes().into(),
                };
            }
            post(slot, attempt, done);
            if config.one_by_one {
                slot.ring(Ring::Now);
            }
        });
        results
    }

    /// Shows what a process said.
    pub(super) fn show(&self, text: &[u8]) {
        let mut output = Output::new(&self.slot.config().room);
        // What cannot be kept is lost, and nothing else with it.
        if output.of(Stream::Err).push(text).is_ok() {
            self.slot.post(Ran::part(Seq::FIRST, Attempt::FIRST, output));
        }
    }

    /// Items end without an answer: parjob ended what did them.
    pub(super) fn not_run(&self, parts: Vec<Part>) {
        for (block, claim) in parts {
            self.slot.post(Ran::of(&block.chunk(&claim), block.attempt(), Fate::NotRun));
        }
    }
}

/// Folds the lines of each answer. An item with a line that cannot be taken has failed.
fn fold(reduction: &mut Reduction, items: usize, results: &mut Results) {
    let has_failed = |results: &Results, place| results.failures.binary_search_by_key(&place, |(at, _)| *at).is_ok();
    let mut found = Vec::new();
    for place in 0..items {
        if !has_failed(results, place)
            && let Some(cause) = reduction.step(results.line(place))
        {
            found.push((place, cause));
        }
    }
    results.failures.append(&mut found);
    results.failures.sort_by_key(|(place, _)| *place);
}

/// Reports items that have ended.
fn post(slot: &Slot, attempt: Attempt, done: Done<'_>) {
    if slot.is_to_wait(done.chunk.first, done.bytes.len()) {
        slot.post_long(attempt, done);
    } else {
        slot.post_done(attempt, done);
    }
}
