//! The state of a run, and the one function through which all of it changes.
//!
//! ```text
//!            read                    ended ok / failed
//!  (source) ------>  under way  ---------------------->  ok, failed
//!                       |    ^ |
//!                       |    +-+ retrying
//!                       | revoked, or still at work when the run stops now
//!                       v
//!                    not run
//!
//!  Running  --- drain: start nothing more --->  Draining  --- stop: wait for nothing --->  Stopped
//! ```

use crate::base::event::{Counts, Stop};

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Items are started as they come.
    Running,
    /// Nothing more is started; what is at work may end.
    Draining,
    /// Nothing is waited for.
    Stopped,
}

/// The state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) counts: Counts,
    pub(super) phase: Phase,
    pub(super) stop: Option<Stop>,
    pub(super) source_open: bool,
    /// What is at work when the run stops is being ended, and will be heard of.
    pub(super) ends: bool,
    /// The counts are final, though the last results may still be on their way out.
    pub(super) is_over: bool,
}

/// A change of the state.
#[derive(Debug)]
pub(super) enum Change {
    /// Items were read.
    Read(u64),
    /// There will be no more items.
    SourceEnded,
    /// Items ended for good.
    Ended { ok: u64, failed: u64 },
    /// An earlier run has done these items, or there was nothing to do.
    Skipped(u64),
    /// Items were taken back before they were started, or ended by parjob.
    Revoked(u64),
    /// Start nothing more. The first reason given is the one that counts, but for those that mean the
    /// run cannot be carried out: they beat the others.
    Drain(Stop),
    /// Wait for nothing.
    Stop(Stop),
    /// The input broke off: everything read so far is still done.
    Unreadable(anyhow::Error),
    /// The run is over: what is still under way was not run.
    Over,
}

impl State {
    pub(super) fn new() -> State {
        State {
            counts: Counts::default(),
            phase: Phase::Running,
            stop: None,
            source_open: true,
            ends: false,
            is_over: false,
        }
    }

    /// Makes the change.
    pub(super) fn apply(&mut self, change: Change) {
        let counts = &mut self.counts;
        match change {
            Change::Read(items) => counts.read += items,
            Change::SourceEnded => self.source_open = false,
            Change::Ended { ok, failed } => {
                counts.ok += ok;
                counts.failed += failed;
            }
            Change::Skipped(items) => counts.skipped += items,
            Change::Revoked(items) => counts.not_run += items,
            Change::Drain(stop) => self.enter(Phase::Draining, stop),
            Change::Stop(stop) => self.enter(Phase::Stopped, stop),
            Change::Unreadable(error) => {
                self.source_open = false;
                self.blame(Stop::Unreadable(error));
            }
            Change::Over => {
                counts.not_run += counts.under_way();
                self.is_over = true;
            }
        }
        let counts = &self.counts;
        debug_assert!(counts.read >= counts.done() + counts.not_run, "{self:?}");
    }

    /// Whether every item that will end has ended.
    pub(super) fn is_idle(&self) -> bool {
        match self.phase {
            Phase::Running => !self.source_open && self.counts.under_way() == 0,
            Phase::Draining => self.counts.under_way() == 0,
            Phase::Stopped => !self.ends || self.counts.under_way() == 0,
        }
    }

    fn enter(&mut self, phase: Phase, stop: Stop) {
        self.phase = self.phase.max(phase);
        self.blame(stop);
    }

    fn blame(&mut self, stop: Stop) {
        let broken = |stop: &Stop| matches!(stop, Stop::Unwritable(_) | Stop::Unreadable(_));
        if self.stop.as_ref().is_none_or(|first| broken(&stop) && !broken(first)) {
            self.stop = Some(stop);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_carried_out_beats_other_reasons_to_stop() {
        let broken = || Stop::Unwritable(anyhow::anyhow!("full"));
        let mut state = State::new();
        state.apply(Change::Drain(Stop::Signal(2)));
        state.apply(Change::Stop(broken()));
        assert!(matches!(state.stop, Some(Stop::Unwritable(_))));
        state.apply(Change::Stop(Stop::Deadline));
        assert!(matches!(state.stop, Some(Stop::Unwritable(_))));
        let mut state = State::new();
        state.apply(Change::Drain(Stop::Signal(2)));
        state.apply(Change::Stop(Stop::Signal(15)));
        assert!(matches!(state.stop, Some(Stop::Signal(2))));
        assert_eq!(state.phase, Phase::Stopped);
    }
}
