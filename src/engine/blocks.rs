//! Blocks that wait to be claimed, in seq order, further attempts in front, and claims that were given back: what the queue begins
//! with.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::base::chunk::{Block, Claim};
use crate::base::item::{Attempt, Seq};

/// Waiting blocks.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// Claims that a worker gave back, in seq order: they go before all blocks.
    returned: VecDeque<(Arc<Block>, Claim)>,
    blocks: VecDeque<Arc<Block>>,
}

impl Blocks {
    /// A retry goes first: in ordered output everything behind it waits for it.
    pub(super) fn push(&mut self, block: Block) {
        let block = Arc::new(block);
        if block.attempt() > Attempt::FIRST { self.blocks.push_front(block) } else { self.blocks.push_back(block) }
    }

    /// Takes a claim back.
    pub(super) fn give_back(&mut self, block: Arc<Block>, claim: Claim) {
        if !claim.is_empty() {
            let first = block.chunk(&claim).first;
            let at = self.returned.partition_point(|(block, claim)| block.chunk(claim).first < first);
            self.returned.insert(at, (block, claim));
        }
    }

    /// Takes of what was given back about `want` items, in whole units, no more than leaves something for each of the `sharers`.
    pub(super) fn take_returned(&mut self, want: u32, unit: u32, sharers: u32) -> Option<(Arc<Block>, Claim)> {
        let (block, claim) = self.returned.front_mut()?;
        let unit = unit as usize;
        let share = (claim.items() / (2 * sharers as usize)).min(want as usize);
        let items = (share / unit * unit).max(unit);
        if items >= claim.items() {
            return self.returned.pop_front();
        }
        let first = claim.split_off(items, block);
        Some((Arc::clone(block), first))
    }

    /// The block to claim from; those of which nothing is left are dropped.
    pub(super) fn front(&mut self) -> Option<&Arc<Block>> {
        while self.blocks.front().is_some_and(|block| block.is_claimed()) {
            self.blocks.pop_front();
        }
        self.blocks.front()
    }

    /// Whether there is something to claim.
    pub(super) fn has_work(&mut self) -> bool {
        !self.returned.is_empty() || self.front().is_some()
    }

    /// The next item to be claimed, and which try at it that is.
    pub(super) fn first(&mut self) -> Option<(Seq, Attempt)> {
        let returned = self.returned.front().map(|(block, claim)| (block.chunk(claim).first, block.attempt()));
        returned.or_else(|| self.front().map(|block| (block.next(), block.attempt())))
    }

    /// Number of blocks.
    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }

    /// Those of which something is left.
    pub(super) fn unclaimed(&self) -> impl Iterator<Item = &Arc<Block>> + Clone {
        self.blocks.iter().filter(|block| !block.is_claimed())
    }

    /// Takes back what nobody has claimed; the number of items.
    pub(super) fn revoke(&mut self) -> u64 {
        let returned: u64 = self.returned.drain(..).map(|(_, claim)| claim.items() as u64).sum();
        returned + self.blocks.iter().map(|block| block.revoke()).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::chunk::{Chunking, Content};
    use crate::base::item::Fields;

    fn block(first: u64, items: u32, attempt: Attempt) -> Block {
        let len = 2 * items;
        let content =
            Content { first: Seq(first), items, len, delimiter: b'\n', fields: Fields::One, faults: Vec::new() };
        Block::new(b"x\n".repeat(items as usize).into(), content, Chunking::Auto, attempt)
    }

    #[test]
    fn a_retry_goes_before_what_waits() {
        let mut blocks = Blocks::default();
        blocks.push(block(5, 1, Attempt::FIRST));
        blocks.push(block(6, 1, Attempt::FIRST));
        blocks.push(block(2, 1, Attempt(2)));
        let firsts: Vec<u64> = blocks.blocks.iter().map(|block| block.first().0).collect();
        assert_eq!(firsts, [2, 5, 6]);
    }

    #[test]
    fn what_is_given_back_goes_first_in_shares() {
        let mut blocks = Blocks::default();
        let (far, near) = (Arc::new(block(50, 4, Attempt::FIRST)), Arc::new(block(1, 20, Attempt::FIRST)));
        blocks.push(block(90, 1, Attempt::FIRST));
        for block in [&far, &near] {
            let all = block.reserve(99, 1).into_iter().next();
            all.into_iter().for_each(|claim| blocks.give_back(Arc::clone(block), claim));
        }
        assert_eq!(blocks.first(), Some((Seq(1), Attempt::FIRST)));
        let mut sizes = Vec::new();
        while let Some((block, claim)) = blocks.take_returned(8, 1, 2) {
            sizes.push((block.chunk(&claim).first.0, claim.items()));
        }
        assert_eq!(sizes[..4], [(1, 5), (6, 3), (9, 3), (12, 2)]);
        assert_eq!(sizes.iter().map(|(_, items)| items).sum::<usize>(), 24);
        assert_eq!(blocks.first(), Some((Seq(90), Attempt::FIRST)));
        assert_eq!(blocks.revoke(), 1);
    }
}
