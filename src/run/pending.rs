//! Blocks that were read and wait to be started, and when the next one may.

use std::collections::VecDeque;

use crate::base::chunk::Block;
use crate::base::event::Counts;

/// The waiting blocks.
#[derive(Debug, Default)]
pub(super) struct Pending {
    blocks: VecDeque<Block>,
    /// The items in them.
    items: u64,
    /// Blocks that came so far.
    came: u64,
}

/// What results take and may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Results {
    /// How many workers there are.
    pub(super) workers: usize,
    /// Bytes of results that wait to be written.
    pub(super) unwritten: usize,
    /// The most that they should come to.
    pub(super) limit: usize,
    /// Bytes of all results so far, written or not.
    pub(super) collected: u64,
}

impl Pending {
    pub(super) fn push(&mut self, block: Block) {
        self.came += 1;
        self.items += block.items();
        self.blocks.push_back(block);
    }

    /// The next block, when its results have room: beside those that wait to be written, and those that the
    /// blocks at work will have if they go on like the ones before. A block for each worker, and one that
    /// waits, are at work in any case, so that no worker idles.
    pub(super) fn pop(&mut self, counts: &Counts, room: Results) -> Option<Block> {
        let at_work = counts.under_way() - self.items;
        let to_come = room.collected / counts.done().max(1) * at_work;
        let blocks = at_work / (counts.read / self.came.max(1)).max(1);
        let few = blocks <= room.workers as u64;
        let fits = room.unwritten as u64 + to_come < room.limit as u64;
        if room.unwritten >= room.limit || !(few || fits) {
            return None;
        }
        let block = self.blocks.pop_front()?;
        self.items -= block.items();
        Some(block)
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Drops them all; the number of their items.
    pub(super) fn clear(&mut self) -> u64 {
        self.blocks.clear();
        std::mem::take(&mut self.items)
    }
}
