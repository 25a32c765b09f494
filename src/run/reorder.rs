//! Puts results in the order of their items.
//!
//! A result waits until every item before it has gone out. Most never wait at all: a piece that begins where
//! the last one ended goes straight through. Behind a slow item there may be a million that printed next to nothing:
//! neighbours are put together while they wait, so that they take little more than their bytes. It knows nothing of
//! what the bytes are.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use crate::base::item::Seq;
use crate::output::Output;

/// What waits is put together up to so many bytes. The fewer, the less is copied when results come from the back.
const TOGETHER: u64 = 16 << 10;

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

impl Ready {
    /// Takes in the results that follow, or gives them back. Both must be of processes, in memory, and go to the same
    /// stream: a terminal shows all in their order.
    fn take_in(&mut self, mut next: Ready) -> Option<Ready> {
        let joined = match (&mut self.results, &mut next.results) {
            (Results::Output(own), Results::Output(more)) => join(own, more),
            _ => false,
        };
        if !joined {
            return Some(next);
        }
        self.items += next.items;
        None
    }
}

fn join(own: &mut Output, more: &mut Output) -> bool {
    let one_stream = own.err.is_empty() && more.err.is_empty() || own.out.is_empty() && more.out.is_empty();
    if !one_stream || own.len() + more.len() > TOGETHER {
        return false;
    }
    for (own, more) in [(&mut own.out, &mut more.out), (&mut own.err, &mut more.err)] {
        if own.is_empty() {
            std::mem::swap(own, more);
        } else if let Some(bytes) = more.take_bytes() {
            // Without room in memory or in a file they stay in memory: nothing is lost.
            let _ = own.push(&bytes);
        } else {
            return false;
        }
    }
    true
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
            self.keep(first, ready);
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

    /// Puts results where they wait: with their neighbours, where these are small too.
    fn keep(&mut self, first: Seq, mut ready: Ready) {
        let next = first.plus(ready.items);
        if let Some(alone) = self.waiting.remove(&next).and_then(|after| ready.take_in(after)) {
            self.waiting.insert(next, alone);
        }
        let before = self.waiting.range_mut(..first).next_back();
        let alone = match before.filter(|(seq, before)| seq.plus(before.items) == first) {
            Some((_, before)) => before.take_in(ready),
            None => Some(ready),
        };
        if let Some(alone) = alone {
            self.waiting.insert(first, alone);
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

    fn printed(items: u64, out: &[u8], err: &[u8]) -> Ready {
        let output = Output { out: out.to_vec().into(), err: err.to_vec().into() };
        Ready { items, results: Results::Output(output) }
    }

    proptest! {
        #[test]
        fn small_results_that_wait_are_put_together_and_each_stream_keeps_its_order(
            pieces in prop::collection::vec((any::<u32>(), 0usize..3, any::<bool>()), 1..60)
        ) {
            let (mut arriving, mut expected) = (Vec::new(), [Vec::new(), Vec::new()]);
            for ((key, size, is_error), seq) in pieces.iter().zip(2u64..) {
                let text = seq.to_string().repeat(*size).into_bytes();
                expected[usize::from(*is_error)].extend_from_slice(&text);
                arriving.push((*key, seq, if *is_error { [Vec::new(), text] } else { [text, Vec::new()] }));
            }
            arriving.sort();
            let (mut reorder, mut got) = (Reorder::new(), [Vec::new(), Vec::new()]);
            let mut pass_on = |ready: Ready| {
                let Results::Output(mut output) = ready.results else { unreachable!() };
                got[0].extend(output.out.take_bytes().unwrap_or_default());
                got[1].extend(output.err.take_bytes().unwrap_or_default());
            };
            for (_, seq, [out, err]) in &arriving {
                reorder.insert(Seq(*seq), printed(1, out, err), &mut pass_on);
            }
            let changes = pieces.windows(2).filter(|pair| pair[0].2 != pair[1].2).count();
            prop_assert!(reorder.waiting.len() <= changes + 1);
            reorder.insert(Seq::FIRST, printed(1, b"", b""), &mut pass_on);
            prop_assert_eq!(reorder.next().0, 2 + pieces.len() as u64);
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn what_is_put_together_does_not_grow_for_ever() {
        let (mut reorder, text) = (Reorder::new(), [b'x'; 1000]);
        (2..1002).rev().for_each(|seq| reorder.insert(Seq(seq), printed(1, &text, b""), |_| unreachable!()));
        assert!((62..200).contains(&reorder.waiting.len()), "{}", reorder.waiting.len());
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
