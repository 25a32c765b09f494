//! The blocks that wait to be claimed, and the threads that claim them.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::chunk::Block;
use crate::item::Attempt;

/// Waiting blocks.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) blocks: VecDeque<Arc<Block>>,
    /// The run is over.
    pub(super) closed: bool,
    /// The threads there are.
    pub(super) threads: usize,
    /// No more threads, or processes, can be had.
    pub(super) exhausted: bool,
}

impl Queue {
    /// A retry goes first: in ordered output everything behind it waits for it.
    pub(super) fn push(&mut self, block: Block) {
        let block = Arc::new(block);
        if block.attempt() > Attempt::FIRST { self.blocks.push_front(block) } else { self.blocks.push_back(block) }
    }

    /// Whether there is something to claim.
    pub(super) fn has_work(&mut self) -> bool {
        while self.blocks.front().is_some_and(|block| block.is_claimed()) {
            self.blocks.pop_front();
        }
        !self.blocks.is_empty()
    }
}
