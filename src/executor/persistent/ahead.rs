//! How far a worker writes ahead of the answers.
//!
//! Far enough that its process never waits for the pipe's round trip, and yet not so far that items queue behind a
//! slow one while another worker idles: about [`AIM`] of work by measurement, and at most [`WINDOW`] bytes. A process
//! that holds its answers back until a buffer is full sits there and waits for input; it is given more each time
//! that it is found so.

use std::time::{Duration, Instant};

use super::climb::Climb;
use crate::base::chunk::Pace;

/// The work that is under way to one process: long beside a round trip, short beside what a person notices.
const AIM: Duration = Duration::from_millis(10);

/// The bytes of items that are written ahead of the answers at the most, but for the last chunk.
pub(super) const WINDOW: usize = 64 << 10;

/// How soon a process that says nothing is looked at.
const SOON: Duration = Duration::from_millis(2);

/// And how seldom, in the end.
const SELDOM: Duration = Duration::from_secs(1);

/// A process that reads and says nothing for so long with a full window is stuck.
pub(super) const STUCK: Duration = Duration::from_secs(1);

/// The measure of one worker.
pub(super) struct Ahead {
    pace: Pace,
    /// So many items must be in flight for answers to come.
    held: usize,
    /// So many items must be in flight for the process to have enough to do.
    wants: usize,
    /// So many pay, where the process may do several side by side.
    climb: Option<Climb>,
    /// When something came or was sent last.
    since: Instant,
    /// When answers came last, or the first item was sent after a time without any.
    mark: Instant,
    patience: Duration,
}

impl Ahead {
    /// `free`: the process tells its answers apart, so it may do several items side by side.
    pub(super) fn new(wants: usize, free: bool) -> Ahead {
        let now = Instant::now();
        Ahead {
            pace: Pace::aiming(AIM),
            held: 0,
            wants,
            climb: free.then(Climb::new),
            since: now,
            mark: now,
            patience: SOON,
        }
    }

    /// How many items may be in flight.
    pub(super) fn limit(&self) -> usize {
        let pays = self.climb.as_ref().map_or(1, Climb::items);
        (self.pace.want() as usize).max(self.held).max(self.wants).max(pays)
    }

    /// Items were sent; whether none was in flight before.
    pub(super) fn sent(&mut self, first: bool) {
        self.since = Instant::now();
        if first {
            self.mark = self.since;
        }
    }

    /// So many answers came.
    pub(super) fn answered(&mut self, items: usize) {
        let now = Instant::now();
        self.pace.learn(items, now - self.mark);
        if let Some(climb) = &mut self.climb {
            climb.learn(items, now - self.mark);
        }
        (self.mark, self.since, self.patience) = (now, now, SOON);
    }

    /// The next look at a process that says nothing.
    pub(super) fn look_in(&self) -> Duration {
        self.patience.saturating_sub(self.since.elapsed())
    }

    /// Nothing has come for long enough to look.
    pub(super) fn is_due(&self) -> bool {
        self.since.elapsed() >= self.patience
    }

    /// How long nothing has come from it.
    pub(super) fn silent(&self) -> Duration {
        self.mark.elapsed()
    }

    /// The process has read all `items` in flight and answers none. Whether it waits for more, as far as that can be
    /// told, decides how soon it gets more. One that tells answers apart is not expected to hold them back: it may be busy
    /// and read eagerly, so it gets one more now and then, and only before its first answer.
    pub(super) fn starved(&mut self, items: usize, waits: Option<bool>) {
        self.since = Instant::now();
        let more = match waits {
            Some(true) => items * 2,
            // It may be busy, so that more would only queue.
            None if self.climb.is_none() && self.patience >= 10 * SOON => items * 2,
            None | Some(false) => 0,
        };
        if waits != Some(true) {
            self.patience = (self.patience * 2).min(SELDOM);
        }
        self.held = self.held.max(more);
        if let Some(climb) = self.climb.as_mut().filter(|_| waits.is_none() && self.patience >= SELDOM) {
            climb.wants(items + 1);
        }
    }
}
