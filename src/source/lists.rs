//! The lists from which a run reads items, in their order, and with which item each begins.
//!
//! Who reads them fills this in, and who must tell them apart looks here: an item says nothing of where it comes from.
//! The beginning of a list is noted before any item of it is handed on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::base::item::Seq;

/// The lists of a run, so far. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Lists(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    lists: Vec<List>,
    /// The items of all lists that have ended.
    ended: u64,
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Its name, for a message.
    pub name: Box<[u8]>,
    /// The number that its first item has, if it has any.
    pub first: Seq,
    /// Why it could not be read to its end. The number is the system's (`errno`).
    pub fault: Option<i32>,
}

impl Lists {
    /// The next list begins.
    pub fn begin(&self, name: &[u8]) {
        let mut state = self.lock();
        let first = Seq(state.ended + 1);
        state.lists.push(List { name: name.into(), first, fault: None });
    }

    /// The last one cannot be read, or not further.
    pub fn fail(&self, errno: i32) {
        if let Some(list) = self.lock().lists.last_mut() {
            list.fault = Some(errno);
        }
    }

    /// The last one has ended; the next item, if there is one, has this number.
    pub fn end(&self, next: Seq) {
        self.lock().ended = next.0 - 1;
    }

    /// The place of the list to which an item belongs, and the number with which the next list begins.
    pub fn of(&self, item: Seq) -> (usize, Seq) {
        let state = self.lock();
        let behind = state.lists.partition_point(|list| list.first <= item);
        (behind.saturating_sub(1), state.lists.get(behind).map_or(Seq(u64::MAX), |next| next.first))
    }

    /// All of them.
    pub fn all(&self) -> Vec<List> {
        self.lock().lists.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// They are equal if they are the same.
impl PartialEq for Lists {
    fn eq(&self, other: &Lists) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Lists {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_belongs_to_the_last_list_that_had_begun() {
        let lists = Lists::default();
        assert_eq!(lists.of(Seq(1)), (0, Seq(u64::MAX)));
        for (name, next) in [("a", 3), ("none", 3), ("b", 4)] {
            lists.begin(name.as_bytes());
            lists.end(Seq(next));
        }
        assert_eq!((lists.of(Seq(1)), lists.of(Seq(2))), ((0, Seq(3)), (0, Seq(3))));
        assert_eq!(lists.of(Seq(3)), (2, Seq(u64::MAX)));
    }
}
