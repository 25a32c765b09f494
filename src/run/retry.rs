//! Items that failed and wait for another try.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use crate::buffer::BufferPool;
use crate::chunk::{Block, Chunking, Content};
use crate::item::{Attempt, Failed, Fields, Seq};

/// An item that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The attempt that is to come.
    pub(super) attempt: Attempt,
    /// How the last one went.
    pub(super) failed: Failed,
    /// What the last one printed: the item's result if no other attempt is made.
    pub(super) withheld: Vec<u8>,
}

/// The waiting items, by the time at which they are due.
#[derive(Debug, Default)]
pub(super) struct Retries {
    waiting: BTreeMap<(Instant, Seq), Waiting>,
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
        self.waiting.insert((at, waiting.failed.seq), waiting);
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    /// Those that are due, each as a block of its own.
    pub(super) fn due(&mut self, now: Instant, pool: &Arc<BufferPool>) -> Vec<Block> {
        let later = self.waiting.split_off(&(now, Seq(u64::MAX)));
        let due = std::mem::replace(&mut self.waiting, later);
        due.into_values().filter_map(|waiting| self.block(waiting.attempt, &waiting.failed, pool)).collect()
    }

    /// Gives up on all.
    pub(super) fn drain(&mut self) -> Vec<Waiting> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }

    fn block(&self, attempt: Attempt, failed: &Failed, pool: &Arc<BufferPool>) -> Option<Block> {
        let len = failed.item.len() + 1;
        let mut bytes = pool.borrow_at_once(len)?;
        bytes[..len - 1].copy_from_slice(&failed.item);
        bytes[len - 1] = self.delimiter;
        let (delimiter, fields) = (self.delimiter, self.fields);
        let content = Content { first: failed.seq, items: 1, len: len as u32, delimiter, fields, faults: Vec::new() };
        Some(Block::new(bytes, content, Chunking::Auto, attempt))
    }
}
