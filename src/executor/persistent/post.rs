//! What goes to the run loop: results, and what processes say.
//!
//! Most results go into the outbox of their worker, as those of work in this process do. A long one that is answered
//! before those in front of it goes by itself, so that a file can take it while it waits.

use super::mate::Read;
use super::worker::Worker;
use crate::base::item::{Attempt, Seq};
use crate::base::stream::Stream;
use crate::engine::{Done, Ran, Ring, Slot};
use crate::output::Output;

/// Reports items that have ended.
fn post(slot: &Slot, attempt: Attempt, done: Done<'_>) {
    if slot.is_to_wait(done.chunk.first, done.bytes.len()) {
        slot.post_long(attempt, done);
    } else {
        slot.post_done(attempt, done);
    }
}

impl Worker<'_> {
    /// Hands on what is answered.
    pub(super) fn land(&mut self) {
        let (slot, one_by_one) = (self.slot, self.shared.team.one_by_one);
        let finish = self.shared.finish(slot.retry().retries);
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
                post(slot, attempt, done);
                if one_by_one {
                    slot.ring(Ring::Now);
                }
            });
        });
        slot.set_at(self.flight.charged(None));
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
        let mut output = Output::new(&self.slot.config().room);
        // What cannot be kept is lost, and nothing else with it.
        if output.of(Stream::Err).push(&shown).is_ok() {
            self.slot.post(Ran::part(Seq::FIRST, Attempt::FIRST, output));
        }
    }
}
