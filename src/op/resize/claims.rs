//! Which item has which target: no two have the same.
//!
//! Paths of other words may lead to one file, and what they lead to is known for certain only when their folders are made.
//! So a target is noted by its words and by its place, and by its place once more before it is written. Of each 64 bits of
//! a hash and the number of the item are kept, 16 bytes; that two of a million
//! share the hash happens once in 10 million runs, and then an item fails that need not. Of two items with one target
//! the second is to fail, whatever the timing; so the items of a chunk are noted at one time, in the order of the
//! chunks. Chunks are claimed in that order, and what is before is only a moment away, unless it holds items that never
//! come here. Hence the wait is a short one; were it too short, the items would fail in another order, and no more.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::place::Place;
use crate::base::item::Seq;

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
        let keys: Vec<(u64, Option<u64>)> = targets.iter().map(|target| self.keys(target)).collect();
        let state = self.lock();
        let is_early = |state: &mut State| state.last + 1 < first.0;
        let waited = self.changed.wait_timeout_while(state, PATIENCE, is_early);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let owners = (first.0..).zip(keys).map(|(seq, (words, place))| {
            let keys = || [Some(words), place].into_iter().flatten();
            let owner = keys().find_map(|key| state.other(key, seq));
            if owner.is_none() {
                keys().for_each(|key| _ = state.owners.insert(key, seq));
            }
            owner
        });
        let owners = owners.collect();
        state.last = state.last.max(first.0 + targets.len() as u64 - 1);
        drop(state);
        self.changed.notify_all();
        owners
    }

    /// Notes the place of a target whose folder is there now. The item that has it already, if there is one.
    pub(super) fn settle(&self, seq: Seq, target: &[u8]) -> Option<Seq> {
        let (_, place) = self.keys(target);
        let (place, mut state) = (place?, self.lock());
        let owner = state.other(place, seq.0);
        if owner.is_none() {
            state.owners.insert(place, seq.0);
        }
        owner
    }

    /// The hash of the words, and of the place.
    fn keys(&self, target: &[u8]) -> (u64, Option<u64>) {
        let place = Place::of(target).map(|place| self.keys.hash_one(place));
        (self.keys.hash_one(tidy(target)), place)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The item that has this, if it is another one.
    fn other(&self, key: u64, seq: u64) -> Option<Seq> {
        self.owners.get(&key).filter(|owner| **owner != seq).map(|owner| Seq(*owner))
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
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
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

    #[test]
    fn a_folder_that_turns_out_to_be_another_is_noticed_before_anything_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let target = |words: &str| dir.path().join(words).into_os_string().into_encoded_bytes();
        let claims = Claims::default();
        assert_eq!(claims.claim(Seq(1), &[target("one/x"), target("two/x")]), [None, None]);
        std::fs::create_dir(dir.path().join("one")).unwrap();
        std::os::unix::fs::symlink("one", dir.path().join("two")).unwrap();
        assert_eq!(claims.settle(Seq(2), &target("two/x")), None);
        assert_eq!(claims.settle(Seq(1), &target("one/x")), Some(Seq(2)));
        assert_eq!(claims.claim(Seq(3), &[target("two/x"), target("one/x")]), [Some(Seq(2)), Some(Seq(1))]);
    }
}
