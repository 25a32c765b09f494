//! How many items are given to a worker's process ahead of its answers.
//!
//! As many as make [`AHEAD`] of work by measurement, so that it need not wait for the pipe's round trip, and at most
//! [`WINDOW`] bytes: when an item takes longer than that, it has none queued behind it. A process that holds its answers
//! back until a buffer is full says nothing, and is given more each time that it has read all and stays silent. Whether
//! it waits for input can be seen only of some, so that decides how soon and how much, never whether.

use std::time::Duration;

use super::concurrency_probe::ConcurrencyProbe;
use crate::base::chunk::Pace;

/// The work that is under way to one process: long beside a round trip, short beside what a person notices.
const AHEAD: Duration = Duration::from_millis(1);

/// The bytes of items that are given ahead of the answers at the most, but for the last chunk.
pub(super) const WINDOW: usize = 64 << 10;

/// How soon a silent process is looked at.
const FIRST_LOOK: Duration = Duration::from_millis(2);

/// A process that has read all and says nothing for so long gets more, whether or not it can be seen to wait.
const SILENCE: Duration = Duration::from_millis(10);

/// How seldom one that seems busy is looked at, in the end.
const RARELY: Duration = Duration::from_secs(1);

/// So long a silence is said, and what a process seems to do counts for nothing any more.
pub(super) const LONG_SILENCE: Duration = Duration::from_secs(5);

/// What a process that says nothing seems to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waits {
    /// It sleeps until it can read more.
    Yes,
    /// It is busy.
    No,
    /// That cannot be seen.
    Unknown,
}

/// The measure of one worker.
pub(super) struct Prefetch {
    pace: Pace,
    /// So many items must be in flight for answers to come.
    held: usize,
    /// So many items must be in flight for the process to have enough to do.
    wants: usize,
    /// Where the process may do several side by side: how many pay.
    probe: Option<ConcurrencyProbe>,
    /// It answers each item by itself, as far as was seen: it is busy rather than holding back.
    prompt: bool,
    /// When something came, was sent, or was decided last.
    since: Duration,
    /// When answers came last, or the first item was sent after a time without any.
    mark: Duration,
    /// The next look is so long after that.
    patience: Duration,
}

impl Prefetch {
    /// `concurrent`: the process tells its answers apart, so it may do several items side by side.
    pub(super) fn new(wants: usize, concurrent: bool) -> Prefetch {
        Prefetch {
            pace: Pace::aiming(AHEAD),
            held: 0,
            wants,
            probe: concurrent.then(ConcurrencyProbe::new),
            prompt: false,
            since: Duration::ZERO,
            mark: Duration::ZERO,
            patience: FIRST_LOOK,
        }
    }

    /// How many items may be in flight.
    pub(super) fn limit(&self) -> usize {
        let pays = self.probe.as_ref().map_or(1, ConcurrencyProbe::items);
        (self.pace.want() as usize).max(self.held).max(self.wants).max(pays)
    }

    /// Whether it is worth while to give it more than these.
    pub(super) fn has_room(&self, items: usize) -> bool {
        items <= self.limit() / 2 || self.is_starved(items)
    }

    /// Whether it needs more than these to answer.
    pub(super) fn is_starved(&self, items: usize) -> bool {
        items < self.held
    }

    /// Whether it answers each item by itself, as far as was seen.
    pub(super) fn is_prompt(&self) -> bool {
        self.prompt
    }

    /// Items were sent; whether none was in flight before.
    pub(super) fn sent(&mut self, first: bool, now: Duration) {
        self.since = now;
        if first {
            self.mark = now;
        }
    }

    /// So many answers came, and so many are still to come.
    pub(super) fn answered(&mut self, items: usize, left: usize, now: Duration) {
        let took = now.saturating_sub(self.mark);
        self.pace.learn(items, took);
        if let Some(probe) = &mut self.probe {
            probe.learn(items, took);
        }
        self.prompt = items == 1 || left == 0 && items < self.held;
        if 2 * items < self.held {
            // It was slow, and did not hold back.
            self.held = 0;
        }
        (self.mark, self.since, self.patience) = (now, now, FIRST_LOOK);
    }

    /// When to look at a process that says nothing.
    pub(super) fn next_look(&self) -> Duration {
        self.since + self.patience
    }

    /// Since when it has not answered.
    pub(super) fn silent_since(&self) -> Duration {
        self.mark
    }

    /// How long it has not answered.
    pub(super) fn silent(&self, now: Duration) -> Duration {
        now.saturating_sub(self.mark)
    }

    /// It has not read all yet: it is looked at again.
    pub(super) fn reads_later(&mut self, now: Duration) {
        (self.since, self.patience) = (now, (2 * self.patience).min(RARELY));
    }

    /// The process has read all `items` in flight and answers none.
    pub(super) fn starved(&mut self, items: usize, waits: Waits, now: Duration) {
        let (silent, later) = (self.silent(now), (2 * self.patience).min(RARELY));
        let (more, patience) = match waits {
            Waits::Yes => (2 * items, FIRST_LOOK),
            Waits::Unknown if silent < SILENCE => return self.patience = SILENCE.max(self.patience),
            // One that answers each item, or may be at work on several, is likely to be busy and to read eagerly.
            Waits::Unknown if self.prompt || self.probe.is_some() && silent < LONG_SILENCE => (items + 1, later),
            Waits::Unknown => (2 * items, SILENCE),
            Waits::No if silent >= LONG_SILENCE => (items + 1, RARELY),
            Waits::No => (0, later),
        };
        // Where there was room already, there is nothing to give.
        self.patience = if self.has_room(items) { later } else { patience };
        (self.held, self.since) = (self.held.max(more), now);
    }

    /// As if it had been found out that so many items should be in flight.
    #[cfg(test)]
    pub(super) fn assume(&mut self, items: usize) {
        self.wants = items;
    }
}
