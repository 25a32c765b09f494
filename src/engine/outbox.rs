//! What a worker has done and the run loop has not collected yet.
//!
//! A message for each chunk is what makes such runners slow, so a worker only appends to its outbox, and
//! the loop takes all of it at once. The lock is the worker's own but for that moment. Nothing waits in
//! the outbox for a slow next item: the loop collects it without the worker's help.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Parcel, Piece, Ring};
use crate::base::buffer::Spares;
use crate::base::failure::Failed;

/// A parcel of so many bytes is full: worth collecting at once, and not worth copying into another.
const FULL: usize = 64 * 1024;

/// Bytes that may wait in an outbox.
const CROWDED: usize = 1 << 20;

/// As many pieces or failures make a parcel full too.
const MANY: usize = 4096;

/// Parcels that wait to be collected. On cache lines of its own: with chunks of one item, neighbours that
/// share a line cost the workers half of their speed.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Outbox(Mutex<Vec<Parcel>>);

impl Outbox {
    /// Adds a piece, whose results are taken out of `bytes`, and its failures out of `failed`. Returns whether
    /// the loop should be told, and whether more than [`CROWDED`] bytes wait.
    pub(super) fn post(
        &self,
        mut piece: Piece,
        bytes: &mut Vec<u8>,
        failed: &mut Vec<Failed>,
        spares: &Spares,
    ) -> (Option<Ring>, bool) {
        let mut parcels = self.lock();
        let was_empty = parcels.is_empty();
        let mut is_crowded = false;
        match parcels.last_mut().filter(|last| last.has_room_for(bytes.len())) {
            Some(last) => {
                last.bytes.extend_from_slice(bytes);
                last.failed.append(failed);
                bytes.clear();
                piece.end = last.bytes.len();
                last.add(piece);
            }
            None => {
                piece.end = bytes.len();
                let bytes = std::mem::replace(bytes, spares.get());
                let waiting: usize = parcels.iter().map(|parcel| parcel.bytes.len()).sum();
                is_crowded = waiting + bytes.len() > CROWDED;
                parcels.push(Parcel { bytes, pieces: vec![piece], failed: std::mem::take(failed) });
            }
        }
        let ring = match &parcels[..] {
            [only] if only.has_room_for(0) => was_empty.then_some(Ring::Soon),
            [_] => Some(Ring::Now),
            // The one before is full, so the loop has been told.
            _ => None,
        };
        (ring, is_crowded)
    }

    /// Number of failed items that wait.
    pub(super) fn failures(&self) -> usize {
        self.lock().iter().map(|parcel| parcel.failed.len()).sum()
    }

    /// Takes everything.
    pub(super) fn take(&self) -> Vec<Parcel> {
        std::mem::take(&mut *self.lock())
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Parcel>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parcel {
    fn has_room_for(&self, bytes: usize) -> bool {
        self.bytes.len() + bytes < FULL && self.pieces.len() < MANY && self.failed.len() < MANY
    }

    /// Appends a piece, as a part of the last one where it goes on from there. A single item that failed
    /// stays a piece of its own, since it may be tried again.
    fn add(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last)
                if last.first.plus(last.items) == piece.first
                    && last.attempt == piece.attempt
                    && last.failed == 0
                    && piece.failed == 0 =>
            {
                last.items += piece.items;
                last.skipped += piece.skipped;
                last.end = piece.end;
            }
            _ => self.pieces.push(piece),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::item::{Attempt, Seq};

    fn piece(first: u64, items: u64, failed: u64) -> Piece {
        Piece { first: Seq(first), items, failed, skipped: 0, attempt: Attempt::FIRST, again: false, end: 0 }
    }

    fn post(outbox: &Outbox, piece: Piece, size: usize) -> Option<Ring> {
        outbox.post(piece, &mut vec![b'x'; size], &mut Vec::new(), &Spares::new(1 << 20)).0
    }

    #[test]
    fn adjacent_pieces_become_one_and_the_loop_is_told_once() {
        let outbox = Outbox::default();
        assert_eq!(post(&outbox, piece(1, 2, 0), 3), Some(Ring::Soon));
        assert_eq!(post(&outbox, piece(3, 1, 0), 2), None);
        assert_eq!(post(&outbox, piece(9, 1, 0), 2), None);
        assert_eq!(post(&outbox, piece(10, 1, 1), 0), None);
        let parcels = outbox.take();
        let got: Vec<_> = parcels[0].pieces.iter().map(|p| (p.first.0, p.items, p.end)).collect();
        assert_eq!(got, [(1, 3, 5), (9, 1, 7), (10, 1, 7)]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_full_parcel_is_worth_collecting_now_and_nothing_is_added_to_it() {
        let outbox = Outbox::default();
        assert_eq!(post(&outbox, piece(1, 2, 0), FULL), Some(Ring::Now));
        assert_eq!(post(&outbox, piece(3, 1, 0), 2), None);
        assert_eq!(outbox.take().len(), 2);
    }
}
