//! Puts results in the order of their items.
//!
//! A result waits until every item before it has gone out. Most never wait at all: a piece that begins where
//! the last one ended goes straight through. It knows nothing of what the bytes are.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::item::Seq;
use crate::output::Output;

/// Results that wait for those before them.
#[derive(Debug)]
pub(super) struct Reorder {
    next: Seq,
    waiting: BTreeMap<Seq, Ready>,
}

/// The results of consecutive items.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) items: u64,
    pub(super) results: Results,
}

/// What is to appear.
#[derive(Debug)]
pub(super) enum Results {
    /// A part of a parcel's bytes.
    Part { bytes: Rc<Vec<u8>>, range: Range<usize> },
    /// What a process printed.
    Output(Output),
}

impl Results {
    /// How many bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Results::Part { range, .. } => range.len(),
            Results::Output(output) => usize::try_from(output.len()).unwrap_or(usize::MAX),
        }
    }
}

impl Reorder {
    pub(super) fn new() -> Reorder {
        Reorder { next: Seq::FIRST, waiting: BTreeMap::new() }
    }

    /// The lowest number that has not gone out.
    pub(super) fn next(&self) -> Seq {
        self.next
    }

    /// What the waiting results take in memory beside their bytes, about: results may be empty.
    pub(super) fn overhead(&self) -> usize {
        self.waiting.len() * 2 * size_of::<(Seq, Ready)>()
    }

    /// Takes the results of the items from `first` on, and passes on what no longer waits.
    pub(super) fn insert(&mut self, first: Seq, ready: Ready, mut pass_on: impl FnMut(Ready)) {
        if first != self.next {
            self.waiting.insert(first, ready);
            return;
        }
        self.next = first.plus(ready.items);
        pass_on(ready);
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() == self.next) {
            let ready = entry.remove();
            self.next = self.next.plus(ready.items);
            pass_on(ready);
        }
    }

    /// When the run is over: passes on what still waits for items that will never come.
    pub(super) fn finish(&mut self, mut pass_on: impl FnMut(Ready)) {
        for (first, ready) in std::mem::take(&mut self.waiting) {
            self.next = first.plus(ready.items);
            pass_on(ready);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ready(items: u64) -> Ready {
        Ready { items, results: Results::Part { bytes: Rc::default(), range: 0..0 } }
    }

    proptest! {
        #[test]
        fn whatever_the_order_of_arrival_all_goes_out_in_order(
            pieces in prop::collection::vec((1u64..5, any::<u32>()), 1..60)
        ) {
            let mut first = Seq::FIRST;
            let mut arriving: Vec<_> = pieces.iter().map(|(items, key)| {
                let piece = (*key, first, *items);
                first = first.plus(*items);
                piece
            }).collect();
            arriving.sort();
            let (mut reorder, mut out) = (Reorder::new(), Vec::new());
            for (_, first, items) in arriving {
                reorder.insert(first, ready(items), |ready| out.push(ready.items));
                prop_assert_eq!(reorder.next().0, 1 + out.iter().sum::<u64>());
            }
            prop_assert_eq!(out, pieces.into_iter().map(|(items, _)| items).collect::<Vec<_>>());
        }
    }

    #[test]
    fn at_the_end_gaps_are_passed_over() {
        let (mut reorder, mut out) = (Reorder::new(), Vec::new());
        reorder.insert(Seq(5), ready(1), |ready| out.push(ready.items));
        reorder.insert(Seq(3), ready(2), |ready| out.push(ready.items));
        assert_eq!(out, [0; 0]);
        reorder.finish(|ready| out.push(ready.items));
        assert_eq!(out, [2, 1]);
    }
}
