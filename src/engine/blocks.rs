//! Blocks that wait to be claimed, in seq order, further attempts in front: what every engine's queue begins with.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::chunk::Block;
use crate::base::item::Attempt;

/// Waiting blocks.
#[derive(Debug, Default)]
pub(crate) struct Blocks(VecDeque<Arc<Block>>);

impl Blocks {
    /// A retry goes first: in ordered output everything behind it waits for it.
    pub(crate) fn push(&mut self, block: Block) {
        let block = Arc::new(block);
        if block.attempt() > Attempt::FIRST { self.0.push_front(block) } else { self.0.push_back(block) }
    }

    /// The block to claim from; those of which nothing is left are dropped.
    pub(crate) fn front(&mut self) -> Option<&Arc<Block>> {
        while self.0.front().is_some_and(|block| block.is_claimed()) {
            self.0.pop_front();
        }
        self.0.front()
    }

    /// Whether there is something to claim.
    pub(crate) fn has_work(&mut self) -> bool {
        self.front().is_some()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those of which something is left.
    pub(crate) fn unclaimed(&self) -> impl Iterator<Item = &Block> + Clone {
        self.0.iter().map(|block| &**block).filter(|block| !block.is_claimed())
    }

    /// Takes back what nobody has claimed; the number of items.
    pub(crate) fn revoke(&self) -> u64 {
        self.0.iter().map(|block| block.revoke()).sum()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::base::buffer::BufferPool;
    use crate::base::chunk::{Chunking, Content};
    use crate::base::item::{Fields, Seq};

    #[test]
    fn a_retry_goes_before_what_waits() {
        let pool = BufferPool::new(1 << 20);
        let block = |first, attempt| {
            let content = Content {
                first: Seq(first),
                items: 1,
                len: 1,
                delimiter: b'\n',
                fields: Fields::One,
                faults: Vec::new(),
            };
            Block::new(pool.borrow(1).unwrap(), content, Chunking::Auto, attempt)
        };
        let mut blocks = Blocks::default();
        blocks.push(block(5, Attempt::FIRST));
        blocks.push(block(6, Attempt::FIRST));
        blocks.push(block(2, Attempt(2)));
        let firsts: Vec<u64> = blocks.0.iter().map(|block| block.first().0).collect();
        assert_eq!(firsts, [2, 5, 6]);
    }
}
