//! Full command lines (`--batch max`): as many items as one holds, taken from as many blocks as that needs.

use parjob_shell_template::cost::Cost;

use crate::base::chunk::Block;
use crate::base::item::{Attempt, Chunk, Fields, Seq};

/// How much a command line holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// The bytes that there are for items.
    pub budget: usize,
    /// What items take of it.
    pub cost: Cost,
}

impl Full {
    fn of(&self, len: usize) -> usize {
        self.cost.per_item + self.cost.per_byte * len
    }

    /// The next items of a block that go on one command line.
    pub(super) fn claim<'a>(&self, block: &'a Block) -> Option<Chunk<'a>> {
        block.claim_within(self.budget, (1, self.cost.most), |len| self.of(len))
    }
}

/// Items out of several blocks.
#[derive(Debug)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    delimiter: u8,
    fields: Fields,
    first: Seq,
    count: usize,
}

impl Batch {
    pub(super) fn chunk(&self) -> Chunk<'_> {
        let Batch { bytes, delimiter, fields, first, count } = self;
        Chunk { bytes, delimiter: *delimiter, fields: *fields, first: *first, count: *count }
    }
}

/// What there is for a full command line among the blocks.
pub(super) enum Found {
    /// These items.
    Batch(Batch),
    /// The first block needs care of its own: an item in it is faulty, or it is another attempt.
    Alone,
}

/// The blocks whose items go together with those of others, as they stand in front.
fn plain<'a>(blocks: impl Iterator<Item = &'a Block>) -> impl Iterator<Item = &'a Block> {
    blocks.take_while(|block| block.content().faults.is_empty() && block.attempt() == Attempt::FIRST)
}

/// How many items there are, and what they take. Delimiters are no part of items, so this is a little too much.
fn extent<'a>(blocks: impl Iterator<Item = &'a Block>, full: &Full) -> (usize, usize) {
    let (items, bytes) = blocks.map(Block::left).fold((0, 0), |all, left| (all.0 + left.0, all.1 + left.1));
    let items = usize::try_from(items).unwrap_or(usize::MAX);
    (items, items.saturating_mul(full.cost.per_item).saturating_add(bytes.saturating_mul(full.cost.per_byte)))
}

/// Whether the items in front do not fill a command line, so that it is worth to wait for more.
pub(super) fn has_too_few<'a>(blocks: impl Iterator<Item = &'a Block> + Clone, full: &Full) -> bool {
    let all = blocks.clone().count();
    let front = plain(blocks.clone()).count();
    // What stands behind them cannot go with them.
    if front < all {
        return false;
    }
    let (items, size) = extent(blocks, full);
    size < full.budget && items < full.cost.most
}

/// What a worker gets of what is left at the end of the list, so that each of them has something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    items: usize,
}

impl Share {
    /// What these blocks have for each of so many workers.
    pub(super) fn of<'a>(blocks: impl Iterator<Item = &'a Block>, full: &Full, workers: usize) -> Share {
        Share { items: extent(blocks, full).0.div_ceil(workers).max(1) }
    }
}

/// Takes the items of one command line from the blocks, which stand in seq order.
pub(super) fn take<'a>(blocks: impl Iterator<Item = &'a Block>, full: &Full, share: Option<Share>) -> Found {
    let mut budget = full.budget;
    let mut most = full.cost.most.min(share.map_or(usize::MAX, |share| share.items));
    let mut batch: Option<Batch> = None;
    for block in plain(blocks) {
        // One goes in any case: that it is too long is the kernel's to say.
        let least = usize::from(batch.is_none());
        let Some(chunk) = block.claim_within(budget, (least, most), |len| full.of(len)) else { break };
        let (delimiter, fields, first) = (chunk.delimiter, chunk.fields, chunk.first);
        let batch = batch.get_or_insert(Batch { bytes: Vec::new(), delimiter, fields, first, count: 0 });
        batch.bytes.extend_from_slice(chunk.bytes);
        batch.count += chunk.count;
        let taken = chunk.count * full.cost.per_item + (chunk.bytes.len() - chunk.count) * full.cost.per_byte;
        budget = budget.saturating_sub(taken);
        most = most.saturating_sub(chunk.count);
        if !block.is_claimed() || most == 0 {
            break;
        }
    }
    batch.map_or(Found::Alone, Found::Batch)
}
