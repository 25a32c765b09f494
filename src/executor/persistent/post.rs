//! What goes to the run loop: results, what processes say, warnings, and why the run cannot go on.
//!
//! Most results go into the outbox of their worker, as those of work in this process do. A long one that is answered
//! before those in front of it goes by itself, so that a file can take it while it waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Shared;
use super::mate::Read;
use super::worker::Worker;
use crate::base::chunk::{Block, Claim};
use crate::base::item::{Attempt, Seq};
use crate::base::stream::Stream;
use crate::engine::hand::Done;
use crate::engine::{Delivery, Fate, Piece, Ran, Ring};
use crate::output::Output;

/// A result of so many bytes is worth a place of its own while it waits for those before it.
const LONG: usize = 4 << 10;

impl Shared {
    /// Items have ended.
    pub(super) fn post(&self, worker: usize, attempt: Attempt, done: Done<'_>) {
        let Done { chunk, mut failed, failures, bytes, .. } = done;
        let (items, failures) = (chunk.count as u64, failures as u64);
        if let Some(quota) = &self.team.quota {
            let again = failed.iter().filter(|failed| self.team.again.may_follow(attempt, &failed.cause)).count();
            quota.note(items - failures, failures - again as u64);
            if quota.is_used_up() {
                self.stopped.store(true, Ordering::SeqCst);
            }
        }
        let now = self.team.one_by_one.then_some(Ring::Now);
        if self.is_to_wait(chunk.first, bytes.len()) {
            let fate = match failures {
                0 => Fate::Ok,
                1 if items == 1 => Fate::Failed(failed),
                failures => Fate::Some(failures, failed),
            };
            let mut output = Output::new(&self.team.room);
            // What cannot go to a file stays in memory.
            let _ = output.of(Stream::Out).push(bytes);
            let (record, account) = (None, None);
            self.deliver(Delivery::Process(Box::new(Ran {
                first: chunk.first,
                items,
                attempt,
                fate,
                output,
                record,
                account,
            })));
            return now.into_iter().for_each(|ring| (self.team.ring)(ring));
        }
        let piece = Piece { first: chunk.first, items, failed: failures, skipped: 0, attempt, end: 0 };
        let ring = self.outboxes[worker - 1].post(piece, bytes, &mut failed, &self.team.spares);
        if let Some(ring) = now.or(ring) {
            (self.team.ring)(ring);
        }
    }

    /// Whether a result is long and will wait for those before it: where many do, a file takes them.
    fn is_to_wait(&self, first: Seq, len: usize) -> bool {
        let front = self.front.load(Ordering::Relaxed);
        len >= LONG && front > 0 && first.0 > front
    }

    /// Items are given back without an answer: parjob ended what did them.
    pub(super) fn give_back(&self, items: Vec<(Arc<Block>, Claim)>) {
        for (block, claim) in items {
            let chunk = block.chunk(&claim);
            self.deliver(Delivery::Process(Box::new(Ran {
                first: chunk.first,
                items: chunk.count as u64,
                attempt: block.attempt(),
                fate: Fate::NotRun,
                output: Output::default(),
                record: None,
                account: None,
            })));
        }
    }

    pub(super) fn deliver(&self, delivery: Delivery) {
        if self.posts.push(delivery) {
            (self.team.ring)(Ring::Soon);
        }
    }

    pub(super) fn warn(&self, text: String) {
        self.deliver(Delivery::Warning(text));
    }

    /// The run cannot go on: nothing more is claimed, and the loop is told why.
    pub(super) fn break_off(&self, error: anyhow::Error) {
        self.stopped.store(true, Ordering::SeqCst);
        self.posts.push(Delivery::Broken(error));
        (self.team.ring)(Ring::Now);
        self.team.stations.ring_all();
    }
}

impl Worker {
    /// Hands on what is answered.
    pub(super) fn land(&mut self) {
        let (shared, number) = (&self.shared, self.station.number);
        let finish = shared.finish();
        self.flight.land(|landed| {
            let attempt: Attempt = landed.block.attempt();
            if !landed.results.failures.is_empty() {
                let first = landed.chunk.first.0;
                let said = landed.said.iter().filter(|(seq, _)| landed.chunk.holds(*seq));
                landed.results.said.extend(said.map(|(seq, said)| ((seq.0 - first) as usize, said.clone())));
            }
            finish.hand_on(landed.chunk, landed.results, &mut self.bytes, |mut done| {
                for failed in &mut done.failed {
                    let said = landed.said.iter().rfind(|(seq, _)| *seq == failed.seq);
                    failed.said = match failed.cause.detail() {
                        "" => said.map(|(_, said)| said.clone()).unwrap_or_default(),
                        detail => detail.as_bytes().into(),
                    };
                }
                shared.post(number, attempt, done);
            });
        });
        let head = self.flight.charged(None).map_or(0, |seq| seq.0);
        self.station.seq.store(head, Ordering::Relaxed);
    }

    /// Shows what the process says on standard error.
    pub(super) fn hear(&mut self, at_end: bool) {
        let Some(mate) = &mut self.mate else { return };
        let mut read = mate.read(Stream::Err, &mut self.voice.heard);
        while let (Read::Some(_), true) = (read, at_end) {
            read = mate.read(Stream::Err, &mut self.voice.heard);
        }
        let shown = self.voice.take(at_end || read == Read::End);
        if shown.is_empty() {
            return;
        }
        let mut output = Output::new(&self.shared.team.room);
        // What cannot be kept is lost, and nothing else with it.
        if output.of(Stream::Err).push(&shown).is_ok() {
            let (first, attempt) = (Seq::FIRST, Attempt::FIRST);
            let ran = Ran { first, items: 0, attempt, fate: Fate::AtWork, output, record: None, account: None };
            self.shared.deliver(Delivery::Process(Box::new(ran)));
        }
    }
}
