//! Items that failed and wait for another try.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reorder::Results;
use crate::base::buffer::BufferPool;
use crate::base::chunk::{Block, Chunking, Content};
use crate::base::failure::Failed;
use crate::base::item::{Attempt, Fields, Seq};
use crate::base::outcome::{Account, Record};

/// An item that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The attempt that is to come.
    pub(super) attempt: Attempt,
    /// How the last one went, for the item or each item of the batch.
    pub(super) failed: Vec<Failed>,
    /// What the last one printed: the result if no other attempt is made.
    pub(super) withheld: Results,
    /// What is told of the last one if no other attempt is made, where a process made it.
    pub(super) record: Option<(Record, Option<Box<Account>>)>,
}

impl Waiting {
    /// What it takes in memory, about. What a process printed is counted where it is kept.
    fn bytes(&self) -> usize {
        let failed = self.failed.iter().map(|failed| failed.item.len() + failed.said.len() + size_of::<Failed>());
        let withheld = if let Results::Part { bytes, .. } = &self.withheld { bytes.len() } else { 0 };
        size_of::<Waiting>() + failed.sum::<usize>() + withheld
    }
}

/// The waiting items, by the time at which they are due.
#[derive(Debug, Default)]
pub(super) struct Retries {
    waiting: BTreeMap<(Instant, Seq), Waiting>,
    /// What they take in memory, about.
    bytes: usize,
    /// How the blocks of this run hold their items: alike in all of them.
    delimiter: u8,
    fields: Fields,
}

impl Retries {
    /// Remembers how blocks hold their items, to make blocks of single items later.
    pub(super) fn learn_shape(&mut self, block: &Block) {
        (self.delimiter, self.fields) = (block.content().delimiter, block.content().fields);
    }

    /// An item waits until `at`.
    pub(super) fn add(&mut self, at: Instant, waiting: Waiting) {
        if let Some(first) = waiting.failed.first() {
            self.bytes += waiting.bytes();
            self.waiting.insert((at, first.seq), waiting);
        }
    }

    /// Bytes of memory that those that wait take, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    /// Those that are due, each as a block of its own.
    pub(super) fn due(&mut self, now: Instant, pool: &Arc<BufferPool>) -> Vec<Block> {
        let later = self.waiting.split_off(&(now, Seq(u64::MAX)));
        let due = std::mem::replace(&mut self.waiting, later);
        self.bytes -= due.values().map(Waiting::bytes).sum::<usize>();
        due.into_values().filter_map(|waiting| self.block(waiting.attempt, &waiting.failed, pool)).collect()
    }

    /// Gives up on all.
    pub(super) fn drain(&mut self) -> Vec<Waiting> {
        self.bytes = 0;
        std::mem::take(&mut self.waiting).into_values().collect()
    }

    /// Time stood still for so long.
    pub(super) fn shift(&mut self, by: Duration) {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting = waiting.into_iter().map(|((at, seq), waiting)| ((at + by, seq), waiting)).collect();
    }

    fn block(&self, attempt: Attempt, failed: &[Failed], pool: &Arc<BufferPool>) -> Option<Block> {
        let first = failed.first()?.seq;
        let len: usize = failed.iter().map(|failed| failed.item.len() + 1).sum();
        let mut bytes = pool.borrow_at_once(len)?;
        let mut place = 0;
        for failed in failed {
            bytes[place..place + failed.item.len()].copy_from_slice(&failed.item);
            place += failed.item.len() + 1;
            bytes[place - 1] = self.delimiter;
        }
        let (delimiter, fields, items) = (self.delimiter, self.fields, failed.len() as u32);
        let content = Content { first, items, len: len as u32, delimiter, fields, faults: Vec::new() };
        // All at once, as they were before.
        let chunking = NonZeroU32::new(items).map_or(Chunking::Auto, Chunking::Items);
        Some(Block::new(bytes, content, chunking, attempt))
    }
}
