//! Which item has which target: no two have the same.
//!
//! Of each target 64 bits of its hash and the number of its item are kept, 16 bytes; that two of a million targets
//! share the hash happens once in 30 million runs, and then an item fails that need not. Of two items with one target
//! the second is to fail, whatever the timing; so the items of a chunk are noted at one time, in the order of the
//! chunks. Chunks are claimed in that order, and what is before is only a moment away, unless it holds items that never
//! come here. Hence the wait is a short one; were it too short, the items would fail in another order, and no more.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::item::Seq;

/// How long a chunk waits for the one before it.
const PATIENCE: Duration = Duration::from_millis(100);

/// The targets of all items so far.
#[derive(Default)]
pub(super) struct Claims {
    keys: RandomState,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    owners: HashMap<u64, u64>,
    /// The highest number so far.
    last: u64,
}

impl Claims {
    /// Notes the targets of consecutive items. For each the item that has it already, if there is one. An item may
    /// come twice: its target is its own.
    pub(super) fn claim(&self, first: Seq, targets: &[Vec<u8>]) -> Vec<Option<Seq>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_early = |state: &mut State| state.last + 1 < first.0;
        let waited = self.changed.wait_timeout_while(state, PATIENCE, is_early);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let owners =
            (first.0..).zip(targets).map(|(seq, target)| match state.owners.entry(self.keys.hash_one(tidy(target))) {
                Entry::Vacant(free) => {
                    free.insert(seq);
                    None
                }
                Entry::Occupied(owner) => (*owner.get() != seq).then(|| Seq(*owner.get())),
            });
        let owners = owners.collect();
        state.last = state.last.max(first.0 + targets.len() as u64 - 1);
        drop(state);
        self.changed.notify_all();
        owners
    }
}

/// The same file in the same words: without empty parts and `.`.
fn tidy(path: &[u8]) -> Vec<&[u8]> {
    let root = path.starts_with(b"/").then_some(&b"/"[..]);
    let parts = path.split(|byte| *byte == b'/').filter(|part| !matches!(*part, b"" | b"."));
    root.into_iter().chain(parts).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_item_with_a_target_is_told_of_the_first() {
        let claims = Claims::default();
        let targets = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>();
        assert_eq!(claims.claim(Seq(1), &targets(&["a", "b", "./a"])), [None, None, Some(Seq(1))]);
        assert_eq!(claims.claim(Seq(4), &targets(&["x//b", "b/", "/a"])), [None, Some(Seq(2)), None]);
        // Done again after a panic.
        assert_eq!(claims.claim(Seq(2), &targets(&["b"])), [None]);
    }
}
