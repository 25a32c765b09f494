//! What workers have told and the run loop has not collected yet, where each thing is told by itself.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What waits to be collected, in the order in which it was told.
#[derive(Debug)]
pub(super) struct Posts<T>(Mutex<Vec<T>>);

impl<T> Default for Posts<T> {
    fn default() -> Posts<T> {
        Posts(Mutex::default())
    }
}

impl<T> Posts<T> {
    /// Adds one; whether nothing else waits, so that the loop does not know of it yet.
    pub(super) fn push(&self, post: T) -> bool {
        let mut posts = self.lock();
        posts.push(post);
        posts.len() == 1
    }

    /// All that waits.
    pub(super) fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.lock())
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
