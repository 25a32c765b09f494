//! Full command lines (`--batch max`): as many items as one holds, taken from as many blocks as that needs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parjob_shell_template::cost::Cost;

use super::blocks::Blocks;
use crate::base::chunk::{Block, Chunking, Claim, Content};
use crate::base::item::Attempt;

/// How long a full command line waits for the items of the next ones: those of a list that ends with them are shared out
/// evenly, which can be done only before the first is taken.
const LOOKAHEAD: Duration = Duration::from_millis(50);

/// Maximum number of command lines that are waited for.
const LINES: usize = 4;

/// How much a command line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// The bytes that there are for items.
    pub budget: usize,
    /// What items take of it.
    pub cost: Cost,
}

impl Full {
    /// Bytes of items that must have room to wait, where a command line has room for `line` bytes.
    pub fn waiting(line: usize, workers: usize) -> usize {
        line * (lines(workers) + 1)
    }

    fn of(&self, len: usize) -> usize {
        self.cost.per_item + self.cost.per_byte * len
    }
}

/// Number of command lines that must wait before one is taken, while more items may come.
fn lines(workers: usize) -> usize {
    workers.min(LINES) + 1
}

/// Fills command lines.
#[derive(Debug)]
pub(super) struct Filling {
    full: Full,
    workers: usize,
    /// Maximum number of items for each, once no more will come.
    share: Option<usize>,
    /// Since when a command line could be filled.
    since: Option<Instant>,
}

/// Whether a command line can be filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Now,
    /// At that time, if nothing else happens.
    At(Instant),
    /// When more items have come.
    Later,
}

impl Filling {
    pub(super) fn new(full: Full, workers: usize) -> Filling {
        Filling { full, workers, share: None, since: None }
    }

    /// Whether a command line is to be filled now. `complete`: no more items will come.
    pub(super) fn due(&mut self, blocks: &Blocks, complete: bool, now: Instant) -> Due {
        let all = blocks.unclaimed();
        // What stands behind a block of another kind cannot go with those before it.
        if complete || plain(all.clone()).count() < all.clone().count() {
            return Due::Now;
        }
        let (items, size) = self.extent(all);
        let holds =
            |lines: usize| size >= lines * self.full.budget || items >= lines.saturating_mul(self.full.cost.most);
        if !holds(1) {
            return Due::Later;
        }
        let at = *self.since.get_or_insert(now) + LOOKAHEAD;
        if holds(lines(self.workers)) || at <= now { Due::Now } else { Due::At(at) }
    }

    /// Takes the items of one command line from the blocks, which stand in seq order.
    pub(super) fn take(&mut self, blocks: &mut Blocks, complete: bool) -> Option<(Arc<Block>, Claim)> {
        self.since = None;
        let front = Arc::clone(blocks.front()?);
        if front.attempt() > Attempt::FIRST {
            return front.reserve(1, 1).map(|claim| (front, claim));
        }
        if complete && self.share.is_none() {
            self.share = Some(self.share_of(blocks));
        }
        let most = self.full.cost.most.min(self.share.unwrap_or(usize::MAX));
        let claim = front.reserve_within(self.full.budget, (1, most), |len| self.full.of(len))?;
        if !front.is_claimed() || !front.content().faults.is_empty() || claim.items() >= most {
            return Some((front, claim));
        }
        Some(self.extend(&front, claim, blocks, most))
    }

    /// Adds to the last items of a block those of the blocks behind it, as far as they have room.
    fn extend(&self, front: &Arc<Block>, claim: Claim, blocks: &Blocks, most: usize) -> (Arc<Block>, Claim) {
        let chunk = front.chunk(&claim);
        let (mut bytes, mut items) = (chunk.bytes.to_vec(), chunk.count);
        let taken = |items, bytes| items * self.full.cost.per_item + (bytes - items) * self.full.cost.per_byte;
        for block in plain(blocks.unclaimed()) {
            let budget = self.full.budget.saturating_sub(taken(items, bytes.len()));
            let found = block.reserve_within(budget, (0, most - items), |len| self.full.of(len));
            let Some(more) = found else { break };
            let more = block.chunk(&more);
            bytes.extend_from_slice(more.bytes);
            items += more.count;
            if !block.is_claimed() || items >= most {
                break;
            }
        }
        let content = Content {
            first: chunk.first,
            items: items as u32,
            len: bytes.len() as u32,
            delimiter: chunk.delimiter,
            fields: chunk.fields,
            faults: Vec::new(),
        };
        let block = Block::new(bytes.into(), content, Chunking::Auto, front.attempt());
        let all = block.claim_all();
        (Arc::new(block), all)
    }

    /// An even share of what is left for each worker, in as many rounds as it takes.
    fn share_of(&self, blocks: &Blocks) -> usize {
        let (items, size) = self.extent(blocks.unclaimed());
        let rounds = size.div_ceil(self.full.budget.saturating_mul(self.workers).max(1)).max(1);
        items.div_ceil(rounds * self.workers).max(1)
    }

    /// Number of items, and what they take. Delimiters are no part of items, so this is a little too much.
    fn extent<'a>(&self, blocks: impl Iterator<Item = &'a Arc<Block>>) -> (usize, usize) {
        let left = blocks.map(|block| block.left()).fold((0, 0), |all, left| (all.0 + left.0, all.1 + left.1));
        let items = usize::try_from(left.0).unwrap_or(usize::MAX);
        let cost = self.full.cost;
        (items, items.saturating_mul(cost.per_item).saturating_add(left.1.saturating_mul(cost.per_byte)))
    }
}

/// The blocks whose items go together with those of others, as they stand in front.
fn plain<'a>(blocks: impl Iterator<Item = &'a Arc<Block>>) -> impl Iterator<Item = &'a Arc<Block>> {
    blocks.take_while(|block| block.content().faults.is_empty() && block.attempt() == Attempt::FIRST)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use proptest::prelude::*;

    use super::*;
    use crate::base::failure::Failure;
    use crate::base::item::{Fields, Seq};

    fn block(first: u64, items: usize, faulty: bool) -> Block {
        let bytes = b"xxxx\n".repeat(items);
        let faults = if faulty { vec![(0, Failure::constant("is not a number"))] } else { Vec::new() };
        let (len, items) = (bytes.len() as u32, items as u32);
        let content = Content { first: Seq(first), items, len, delimiter: b'\n', fields: Fields::One, faults };
        Block::new(bytes.into(), content, Chunking::Auto, Attempt::FIRST)
    }

    /// A hundred items a command line.
    fn filling(workers: usize) -> Filling {
        let cost = Cost { fixed: 0, per_item: 6, per_byte: 1, most: usize::MAX };
        Filling::new(Full { budget: 1000, cost }, workers)
    }

    fn sizes(filling: &mut Filling, blocks: &mut Blocks) -> Vec<usize> {
        std::iter::from_fn(|| filling.take(blocks, true).map(|(_, claim)| claim.items())).collect()
    }

    #[test]
    fn the_items_of_a_list_that_ends_are_shared_evenly() {
        for (items, workers, expected) in [
            (150, 2, vec![75, 75]),
            (200, 2, vec![91, 91, 18]),
            (7, 4, vec![2, 2, 2, 1]),
            (3, 8, vec![1, 1, 1]),
            (100, 1, vec![91, 9]),
        ] {
            let mut blocks = Blocks::default();
            (0..items).for_each(|n| blocks.push(block(n + 1, 1, false)));
            let got = sizes(&mut filling(workers), &mut blocks);
            assert_eq!(got.iter().sum::<usize>(), items as usize);
            assert!(got.iter().max().unwrap() - got.iter().min().unwrap() <= 91, "{got:?} {expected:?}");
            if got.len() <= workers {
                assert_eq!(got, expected);
            }
        }
    }

    #[test]
    fn a_full_line_waits_for_the_next_ones_and_not_for_long() {
        let (mut filling, mut blocks, now) = (filling(2), Blocks::default(), Instant::now());
        assert_eq!(filling.due(&blocks, false, now), Due::Later);
        blocks.push(block(1, 150, false));
        assert_eq!(filling.due(&blocks, false, now), Due::At(now + LOOKAHEAD));
        assert_eq!(filling.due(&blocks, true, now), Due::Now);
        assert_eq!(filling.due(&blocks, false, now + LOOKAHEAD), Due::Now);
        filling.since = None;
        blocks.push(block(151, 200, false));
        assert_eq!(filling.due(&blocks, false, now), Due::Now);
    }

    proptest! {
        #[test]
        fn every_item_is_taken_once_in_order(
            blocks_of in prop::collection::vec((1usize..120, prop::bool::weighted(0.2)), 1..12),
            workers in 1usize..5,
        ) {
            let (mut blocks, mut first) = (Blocks::default(), 1);
            for (items, faulty) in blocks_of {
                blocks.push(block(first, items, faulty));
                first += items as u64;
            }
            let (mut filling, mut next) = (filling(workers), 1);
            while let Some((block, claim)) = filling.take(&mut blocks, true) {
                let chunk = block.chunk(&claim);
                prop_assert_eq!(chunk.first.0, next);
                prop_assert!(chunk.count == 1 || chunk.count * 11 <= 1011);
                prop_assert_eq!(chunk.items().count(), chunk.count);
                next += chunk.count as u64;
            }
            prop_assert_eq!(next, first);
        }
    }
}
