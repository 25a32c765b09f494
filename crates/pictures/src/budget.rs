//! The memory that the pictures at work may take together.
//!
//! A worker takes what its picture needs before it decodes it, and waits while the others hold too much. It takes
//! everything at one time, so nobody waits for who waits for him; and they are served in the order in which they came,
//! so that a huge picture is not passed over for ever. A picture that needs more than there is runs alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes.
pub struct Budget {
    most: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    taken: u64,
    /// The number that the next who comes gets.
    next: u64,
    /// The number whose turn it is.
    turn: u64,
}

/// Bytes that are taken until this is dropped.
pub struct Share<'a> {
    budget: &'a Budget,
    bytes: u64,
}

impl Budget {
    /// With a maximum in bytes. One picture that takes more may be at work alone.
    pub fn new(most: u64) -> Budget {
        Budget { most, state: Mutex::default(), changed: Condvar::new() }
    }

    /// What all may take together.
    pub fn most(&self) -> u64 {
        self.most
    }

    /// Waits for its turn, and until so much is free, or all.
    pub fn take(&self, bytes: u64) -> Share<'_> {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        let must_wait = |state: &mut State| {
            state.turn != number || (state.taken > 0 && state.taken.saturating_add(bytes) > self.most)
        };
        let mut state = self.changed.wait_while(state, must_wait).unwrap_or_else(PoisonError::into_inner);
        state.turn += 1;
        state.taken = state.taken.saturating_add(bytes);
        drop(state);
        self.changed.notify_all();
        Share { budget: self, bytes }
    }

    /// Number of shares that were asked for so far, those that still wait too.
    pub fn requests(&self) -> u64 {
        self.lock().next
    }

    fn give_back(&self, bytes: u64) {
        let mut state = self.lock();
        state.taken = state.taken.saturating_sub(bytes);
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share<'_> {
    /// Gives back what is more than this.
    pub fn keep(&mut self, bytes: u64) {
        let more = self.bytes.saturating_sub(bytes);
        self.bytes -= more;
        self.budget.give_back(more);
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn together_they_hold_no_more_than_there_is_but_one_alone_may() {
        let (budget, held, most) = (Budget::new(10), AtomicU64::new(0), AtomicU64::new(0));
        let (budget, held, most) = (&budget, &held, &most);
        std::thread::scope(|scope| {
            for worker in 0..8 {
                scope.spawn(move || {
                    for n in 0..200 {
                        let bytes = [3, 4, 25, 1, 10][(n + worker) % 5];
                        let share = budget.take(bytes);
                        let now = held.fetch_add(bytes, Ordering::SeqCst) + bytes;
                        most.fetch_max(now, Ordering::SeqCst);
                        assert!(now <= 10 || now == 25, "{now}");
                        held.fetch_sub(bytes, Ordering::SeqCst);
                        drop(share);
                    }
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) == 25 && budget.lock().taken == 0);
    }
}
