//! Blocks, and how workers claim chunks of them.
//!
//! A source hands on blocks: a buffer with some thousands of items in it. Workers claim the chunks of a
//! block by themselves, in seq order, by moving the block's cursor: no thread hands chunks out, so a chunk
//! of one item costs one compare-and-swap. The block knows nothing of who claims or what is done.
//!
//! How many items make a chunk is [`Chunking`]: a number, or what [`Pace`] measures to be worth a claim.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::buffer::Loan;
use crate::base::failure::Failure;
use crate::base::item::{Attempt, Chunk, Fields, Seq};

/// How many items a worker takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunking {
    /// As many as make about a millisecond of work, by measurement; at most a block.
    Auto,
    /// Exactly this many, so that boundaries lie at multiples of it; fewer only at the end.
    Items(NonZeroU32),
}

impl Chunking {
    /// The number of items of which every block but the last must hold a multiple.
    pub fn multiple(self) -> usize {
        match self {
            Chunking::Auto => 1,
            Chunking::Items(n) => n.get() as usize,
        }
    }
}

/// What a block holds beside its bytes.
#[derive(Clone, Debug)]
pub struct Content {
    /// The number of the first item.
    pub first: Seq,
    /// How many items there are, at least 1.
    pub items: u32,
    /// The bytes that the items take, delimiters included.
    pub len: u32,
    /// The byte that closes each item.
    pub delimiter: u8,
    /// How the items hold their fields.
    pub fields: Fields,
    /// Items that the source found unusable, by their place in the block, ascending.
    pub faults: Vec<(u32, Failure)>,
}

/// Consecutive items in one buffer, of which workers claim chunks.
#[derive(Debug)]
pub struct Block {
    bytes: Loan,
    content: Content,
    chunking: Chunking,
    attempt: Attempt,
    /// The place of the next unclaimed item in the upper half, where it begins in the lower: claimed
    /// together, so that a claim is one compare-and-swap.
    cursor: Cursor,
}

/// The part of a block that a worker has claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    place: u32,
    count: u32,
    start: u32,
    end: u32,
}

impl Claim {
    /// How many items.
    pub fn items(&self) -> usize {
        self.count as usize
    }

    /// The bytes that they take.
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether no item is left of it.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes its first `items` off it, of which `block` is the block.
    pub fn split_off(&mut self, items: usize, block: &Block) -> Claim {
        let bytes = block.chunk(self).split(items).0.bytes.len();
        let first = self.first(items, bytes);
        self.advance(items, bytes);
        first
    }

    /// Its first items alone, which take so many bytes.
    pub fn first(&self, items: usize, bytes: usize) -> Claim {
        Claim { count: items as u32, end: self.start + bytes as u32, ..*self }
    }

    /// Leaves its first items out, which take so many bytes.
    pub fn advance(&mut self, items: usize, bytes: usize) {
        self.place += items as u32;
        self.count -= items as u32;
        self.start += bytes as u32;
    }
}

/// On a cache line of its own: each claim takes the line from the other workers.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Cursor(AtomicU64);

impl Block {
    /// A block of which nothing is claimed yet.
    pub fn new(bytes: Loan, content: Content, chunking: Chunking, attempt: Attempt) -> Block {
        Block { bytes, content, chunking, attempt, cursor: Cursor::default() }
    }

    /// The number of the first item.
    pub fn first(&self) -> Seq {
        self.content.first
    }

    /// How many items there are.
    pub fn items(&self) -> u64 {
        u64::from(self.content.items)
    }

    /// What it holds beside its bytes.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Whether it begins with the first item of the run, and that ends with a carriage return.
    pub fn opens_with_crlf(&self) -> bool {
        let end = memchr::memchr(self.content.delimiter, &self.bytes[..self.content.len as usize]);
        self.content.first == Seq::FIRST && end.is_some_and(|end| self.bytes[..end].ends_with(b"\r"))
    }

    /// Which try at its items this is.
    pub fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// The faults among the items of a chunk of this block, by their place in the chunk.
    pub fn faults(&self, chunk: &Chunk<'_>) -> impl Iterator<Item = (usize, &Failure)> {
        let start = (chunk.first.0 - self.content.first.0) as usize;
        let end = start + chunk.count;
        let faults = &self.content.faults;
        let from = faults.partition_point(|(place, _)| (*place as usize) < start);
        let here = faults[from..].iter().take_while(move |(place, _)| (*place as usize) < end);
        here.map(move |(place, fault)| (*place as usize - start, fault))
    }

    /// Takes the next chunk: of the size that `--chunk` says, else of about `want` items, but no more than
    /// leaves something for each of the `sharers`. `None` when all is claimed.
    pub fn claim(&self, want: u32, sharers: u32) -> Option<Chunk<'_>> {
        self.reserve(want, sharers).map(|claim| self.chunk(&claim))
    }

    /// As [`Block::claim`], for one that keeps the claim with the block.
    pub fn reserve(&self, want: u32, sharers: u32) -> Option<Claim> {
        self.reserve_by(|left| match self.chunking {
            Chunking::Auto if sharers > 1 => want.min(left / (2 * sharers)).max(1),
            Chunking::Auto => want.clamp(1, left),
            Chunking::Items(n) => n.get().min(left),
        })
    }

    /// As [`Block::reserve`], but `--chunk` says only how many are taken at the most. In whole units, unless fewer are left.
    pub fn reserve_up_to(&self, want: u32, unit: u32, sharers: u32) -> Option<Claim> {
        self.reserve_by(|left| {
            let share = if sharers > 1 { left / (2 * sharers) } else { left };
            let most = match self.chunking {
                Chunking::Auto => u32::MAX,
                Chunking::Items(n) => n.get(),
            };
            (want.min(share).min(most) / unit * unit).max(unit).min(left)
        })
    }

    /// Takes as many of the next items as `count` makes of those that are left.
    fn reserve_by(&self, count: impl Fn(u32) -> u32) -> Option<Claim> {
        let mut seen = self.cursor.0.load(Ordering::Relaxed);
        loop {
            let (place, start) = unpack(seen);
            if place >= self.content.items {
                return None;
            }
            let left = self.content.items - place;
            let count = count(left);
            let end = if place + count == self.content.items { self.content.len } else { self.end_of(start, count) };
            // Relaxed is enough: the block's bytes were published to this worker by the queue's lock.
            match self.cursor.0.compare_exchange_weak(
                seen,
                pack(place + count, end),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(Claim { place, count, start, end }),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes as many of the next items as `cost` no more than `budget` together, each by the bytes that it has, but at
    /// least `least` and at most `most`. `None` when that is none, or all is claimed.
    pub fn reserve_within(
        &self,
        budget: usize,
        (least, most): (usize, usize),
        cost: impl Fn(usize) -> usize,
    ) -> Option<Claim> {
        let mut seen = self.cursor.0.load(Ordering::Relaxed);
        loop {
            let (place, start) = unpack(seen);
            if place >= self.content.items {
                return None;
            }
            let (mut count, mut end, mut spent) = (0, start, 0usize);
            let rest = &self.bytes[start as usize..self.content.len as usize];
            for close in memchr::memchr_iter(self.content.delimiter, rest) {
                let next = start + close as u32 + 1;
                spent = spent.saturating_add(cost((next - end) as usize - 1));
                if count as usize >= least && (spent > budget || count as usize >= most) {
                    break;
                }
                (count, end) = (count + 1, next);
            }
            if count == 0 {
                return None;
            }
            let claimed = pack(place + count, end);
            match self.cursor.0.compare_exchange_weak(seen, claimed, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(Claim { place, count, start, end }),
                Err(now) => seen = now,
            }
        }
    }

    /// Takes all that is left.
    pub fn claim_all(&self) -> Claim {
        let all = pack(self.content.items, self.content.len);
        let (place, start) = unpack(self.cursor.0.swap(all, Ordering::Relaxed));
        Claim { place, count: self.content.items - place, start, end: self.content.len }
    }

    /// How many items are not claimed, and their bytes with delimiters.
    pub fn left(&self) -> (u64, usize) {
        let (place, start) = unpack(self.cursor.0.load(Ordering::Relaxed));
        (u64::from(self.content.items - place), (self.content.len - start) as usize)
    }

    /// The number of the next item that nobody has claimed.
    pub fn next(&self) -> Seq {
        self.content.first.plus(u64::from(unpack(self.cursor.0.load(Ordering::Relaxed)).0))
    }

    /// Whether nothing is left to claim.
    pub fn is_claimed(&self) -> bool {
        unpack(self.cursor.0.load(Ordering::Relaxed)).0 >= self.content.items
    }

    /// Takes back what no worker has claimed; the number of items.
    pub fn revoke(&self) -> u64 {
        u64::from(self.claim_all().count)
    }

    /// A claim on the items of a chunk of this block, which were claimed before.
    pub fn claim_of(&self, chunk: &Chunk<'_>) -> Claim {
        let start = chunk.bytes.as_ptr().addr() - self.bytes.as_ptr().addr();
        Claim {
            place: (chunk.first.0 - self.content.first.0) as u32,
            count: chunk.count as u32,
            start: start as u32,
            end: (start + chunk.bytes.len()) as u32,
        }
    }

    /// The items of a claim on this block.
    pub fn chunk(&self, claim: &Claim) -> Chunk<'_> {
        Chunk {
            bytes: &self.bytes[claim.start as usize..claim.end as usize],
            delimiter: self.content.delimiter,
            fields: self.content.fields,
            first: self.content.first.plus(u64::from(claim.place)),
            count: claim.count as usize,
        }
    }

    /// Where the `count` items that begin at `start` end.
    fn end_of(&self, start: u32, count: u32) -> u32 {
        let rest = &self.bytes[start as usize..self.content.len as usize];
        let end = memchr::memchr_iter(self.content.delimiter, rest).nth(count as usize - 1);
        end.map_or(self.content.len, |end| start + end as u32 + 1)
    }
}

fn pack(place: u32, start: u32) -> u64 {
    u64::from(place) << 32 | u64::from(start)
}

fn unpack(cursor: u64) -> (u32, u32) {
    ((cursor >> 32) as u32, cursor as u32)
}

/// How many items one worker should claim so that a claim is worth its cost and yet no worker idles
/// while another has a long one: about a millisecond of work, measured as it goes.
#[derive(Debug)]
pub struct Pace {
    want: u32,
    aim: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace::aiming(Self::AIM)
    }
}

impl Pace {
    /// The work that a claim should be: long beside the cost of a claim and of passing results on (a few
    /// microseconds), short beside what a person notices.
    const AIM: Duration = Duration::from_millis(1);

    /// A pace at which a claim is so much work.
    pub fn aiming(aim: Duration) -> Pace {
        Pace { want: 1, aim }
    }

    /// The number of items to claim next.
    pub fn want(&self) -> u32 {
        self.want
    }

    /// Whether an item costs less than a microsecond.
    pub fn is_cheap(&self) -> bool {
        self.want > 1000
    }

    /// Learns from a chunk. Grows at most fourfold at a time, since the first items of a run may not be
    /// like the rest; shrinks at once.
    pub fn learn(&mut self, items: usize, took: Duration) {
        let nanos = took.as_nanos().max(1);
        let ideal = self.aim.as_nanos() * items as u128 / nanos;
        let most = u128::from(self.want) * 4;
        self.want = u32::try_from(ideal.clamp(1, most)).unwrap_or(u32::MAX / 4).min(u32::MAX / 4);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::base::buffer::BufferPool;
    use proptest::prelude::*;

    fn block(items: &[&str], chunking: Chunking) -> Block {
        let text: String = items.iter().map(|item| format!("{item}\n")).collect();
        let mut bytes = BufferPool::new(1 << 20).borrow(text.len()).unwrap();
        bytes.copy_from_slice(text.as_bytes());
        let content = Content {
            first: Seq(11),
            items: items.len() as u32,
            len: text.len() as u32,
            delimiter: b'\n',
            fields: Fields::One,
            faults: vec![(1, Failure::constant("is not a number"))],
        };
        Block::new(bytes, content, chunking, Attempt::FIRST)
    }

    #[test]
    fn chunks_lie_at_multiples() {
        let block = block(&["1", "22", "", "4", "5"], Chunking::Items(NonZeroU32::new(2).unwrap()));
        let claim = || block.claim(100, 1).map(|c| (c.first.0, c.items().map(<[u8]>::to_vec).collect::<Vec<_>>()));
        assert_eq!(claim(), Some((11, vec![b"1".to_vec(), b"22".to_vec()])));
        assert_eq!(claim(), Some((13, vec![b"".to_vec(), b"4".to_vec()])));
        assert!(!block.is_claimed());
        assert_eq!(claim(), Some((15, vec![b"5".to_vec()])));
        assert!(block.is_claimed());
        assert_eq!(claim(), None);
    }

    #[test]
    fn who_shares_a_block_leaves_something() {
        let block = block(&["1"; 9], Chunking::Auto);
        let sizes: Vec<usize> = std::iter::from_fn(|| block.claim(100, 2)).map(|chunk| chunk.count).collect();
        assert_eq!(sizes, [2, 1, 1, 1, 1, 1, 1, 1]);
    }

    #[test]
    fn a_budget_is_kept_but_one_item_always_goes() {
        let block = block(&["aaaa", "b", "cc", "dddd", "e"], Chunking::Auto);
        let claim = |budget, most| block.reserve_within(budget, (1, most), |len| len + 10).map(|claim| claim.items());
        assert_eq!(claim(3, 9), Some(1));
        assert_eq!(block.left(), (4, 12));
        assert_eq!(claim(23, 9), Some(2));
        assert_eq!(claim(1000, 1), Some(1));
        assert_eq!(claim(1000, 9), Some(1));
        assert_eq!(claim(1000, 9), None);
    }

    #[test]
    fn what_is_revoked_cannot_be_claimed() {
        let block = block(&["1", "2", "3"], Chunking::Auto);
        assert_eq!(block.claim(1, 1).unwrap().count, 1);
        assert_eq!(block.revoke(), 2);
        assert!(block.claim(1, 1).is_none());
        assert_eq!(block.revoke(), 0);
    }

    #[test]
    fn faults_are_counted_from_the_chunk() {
        let block = block(&["1", "2", "3"], Chunking::Auto);
        let first = block.claim(1, 1).unwrap();
        assert_eq!(block.faults(&first).count(), 0);
        let rest = block.claim(9, 1).unwrap();
        assert_eq!(block.faults(&rest).map(|(place, _)| place).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn pace_settles_on_a_millisecond() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.learn(pace.want() as usize, Duration::from_nanos(100) * pace.want());
        }
        assert_eq!(pace.want(), 10_000);
        pace.learn(10, Duration::from_secs(1));
        assert_eq!(pace.want(), 1);
    }

    proptest! {
        #[test]
        fn every_item_is_claimed_once_in_order(sizes in prop::collection::vec(1u32..7, 1..40), n in 1usize..60) {
            let items: Vec<String> = (0..n).map(|i| "x".repeat(i % 5)).collect();
            let block = block(&items.iter().map(String::as_str).collect::<Vec<_>>(), Chunking::Auto);
            let mut got = Vec::new();
            for size in sizes.iter().cycle() {
                let Some(chunk) = block.claim(*size, 1) else { break };
                prop_assert_eq!(chunk.first.0, 11 + got.len() as u64);
                prop_assert_eq!(chunk.items().count(), chunk.count);
                got.extend(chunk.items().map(<[u8]>::to_vec));
            }
            prop_assert_eq!(got, items.into_iter().map(String::into_bytes).collect::<Vec<_>>());
        }
    }
}
