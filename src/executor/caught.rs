//! Panics of operations, which are the failures of items and are told as such.
//!
//! Any other panic is a fault of parjob itself, and is reported as Rust does. The panic hook cannot see
//! which of the two it has before it, so the one who catches says so beforehand.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::base::failure::panic_message;

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread, now, will be the failure of an item.
pub fn is_caught() -> bool {
    CATCHING.get()
}

/// Does the work; a panic becomes its message.
pub(super) fn catch(work: impl FnOnce()) -> Result<(), String> {
    CATCHING.set(true);
    let ended = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(false);
    ended.map_err(|panic| panic_message(&*panic).into_owned())
}
