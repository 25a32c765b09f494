//! Which of two plain forms a run's lists have: that of their first plain line, as coreutils has it.
//!
//! A name that begins with a blank could be smuggled in where each line might have a form of its own. Lines are read side
//! by side, so a chunk waits until those before it have been looked through; that is a moment, unless they never come
//! here. Were the wait too short, a list that mixes forms would be read otherwise, and no more.

use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::base::item::Chunk;

/// What stands between the digest and the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A blank, and a second one or `*`.
    Two,
    /// A blank.
    One,
}

/// How long a chunk waits for the one before it.
const PATIENCE: Duration = Duration::from_millis(100);

/// The form of the lists, once it is known.
#[derive(Default)]
pub(super) struct Forms {
    known: OnceLock<Form>,
    /// The number of the last line that has been looked at.
    seen: Mutex<u64>,
    changed: Condvar,
}

impl Forms {
    /// The form for the lines of a chunk; `None` where nothing up to its end has one.
    pub(super) fn of(&self, chunk: &Chunk<'_>, look: impl Fn(&[u8]) -> Option<Form>) -> Option<Form> {
        if let Some(form) = self.known.get() {
            return Some(*form);
        }
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_early = |seen: &mut u64| *seen + 1 < chunk.first.0 && self.known.get().is_none();
        let waited = self.changed.wait_timeout_while(seen, PATIENCE, is_early);
        let (mut seen, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if self.known.get().is_none()
            && let Some(form) = chunk.items().find_map(look)
        {
            // Under the lock nobody else sets it.
            let _ = self.known.set(form);
        }
        *seen = (*seen).max(chunk.first.0 + chunk.count as u64 - 1);
        drop(seen);
        self.changed.notify_all();
        self.known.get().copied()
    }
}
