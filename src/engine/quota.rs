//! Stops workers when enough items have ended, ahead of the run loop.

use std::sync::atomic::{AtomicU64, Ordering};

/// Stops the claiming of chunks when enough items have ended, without waiting for the run loop to notice.
///
/// The loop decides on a halt; this only keeps the workers from running far ahead of the decision.
#[derive(Debug)]
pub struct Quota {
    /// Whether items that failed count.
    pub failed: bool,
    /// Whether items that went well count.
    pub ok: bool,
    /// How many are still to come.
    pub left: AtomicU64,
}

impl Quota {
    /// Counts items that have ended.
    pub(super) fn note(&self, ok: u64, failed: u64) {
        let counted = if self.ok { ok } else { 0 } + if self.failed { failed } else { 0 };
        let minus = |left: u64| Some(left.saturating_sub(counted));
        // The closure never refuses, so this never fails.
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, minus);
    }

    /// Whether enough have ended.
    pub(super) fn is_used_up(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}
