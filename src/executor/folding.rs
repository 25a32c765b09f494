//! One worker's part of a fold, kept so that a panic in the middle of a change can be undone.

use std::sync::Arc;

use super::caught::catch;
use crate::base::failure::{Failure, Failures};
use crate::base::item::{Chunk, Fields, Seq};
use crate::op::{AnyFold, Tally};

/// One worker's part of a fold.
pub(super) struct Folding {
    fold: Arc<dyn AnyFold>,
    /// What is safe.
    pub(super) total: Box<dyn Tally>,
    /// What was folded since, and would be lost to a panic.
    recent: Box<dyn Tally>,
    /// The items in `recent`, to fold them again after a panic.
    again: Vec<Kept>,
    kept: usize,
}

/// A small chunk, copied.
struct Kept {
    bytes: Vec<u8>,
    delimiter: u8,
    fields: Fields,
    first: Seq,
    count: usize,
}

impl Folding {
    /// Small chunks are merged into the total together, so many bytes of them at a time: a merge costs
    /// microseconds, a chunk may be one item.
    const MERGE: usize = 32 * 1024;

    pub(super) fn new(fold: &Arc<dyn AnyFold>) -> Folding {
        let tally = || Arc::clone(fold).tally();
        Folding { fold: Arc::clone(fold), total: tally(), recent: tally(), again: Vec::new(), kept: 0 }
    }

    pub(super) fn step(&mut self, chunk: &Chunk<'_>, fail: impl FnMut(usize, Failure)) {
        let mut failures = Failures::new();
        if catch(|| self.recent.step(chunk, &mut failures)).is_err() {
            failures = self.recover(chunk);
        } else {
            self.kept += chunk.bytes.len();
            if self.kept > Self::MERGE {
                self.settle();
            } else {
                let Chunk { bytes, delimiter, fields, first, count } = *chunk;
                self.again.push(Kept { bytes: bytes.to_vec(), delimiter, fields, first, count });
            }
        }
        let mut fail = fail;
        failures.into_iter().for_each(|(place, cause)| fail(place, cause));
    }

    pub(super) fn settle(&mut self) {
        self.total.merge(&mut *self.recent);
        self.again.clear();
        self.kept = 0;
    }

    /// After a panic: forgets `recent`, whose state is anyone's guess, and folds its items again one by one.
    /// The failures are those of `chunk`; those of the chunks before it have been told of.
    fn recover(&mut self, chunk: &Chunk<'_>) -> Failures {
        self.recent = Arc::clone(&self.fold).tally();
        for kept in std::mem::take(&mut self.again) {
            let Kept { bytes, delimiter, fields, first, count } = kept;
            self.fold_singly(&Chunk { bytes: &bytes, delimiter, fields, first, count });
        }
        self.kept = 0;
        self.fold_singly(chunk)
    }

    /// Folds each item into a tally of its own, so that one that panics takes nothing with it.
    fn fold_singly(&mut self, chunk: &Chunk<'_>) -> Failures {
        let mut failures = Failures::new();
        for (place, item) in chunk.singly().enumerate() {
            let mut single = Arc::clone(&self.fold).tally();
            let mut failed = Failures::new();
            match catch(|| single.step(&item, &mut failed)) {
                Ok(()) => self.total.merge(&mut *single),
                Err(message) => failed = vec![(0, Failure::panic(&message))],
            }
            failures.extend(failed.into_iter().map(|(_, cause)| (place, cause)));
        }
        failures
    }
}
