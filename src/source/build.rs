//! Blocks built item by item, for the sources that have items one by one: words, ranges, records, combinations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::faults::too_long;
use super::screen::KEPT;
use super::{Emit, Reading, double};
use crate::base::buffer::{BUFFER, BufferPool, Loan};
use crate::base::chunk::{Block, Chunking, Content};
use crate::base::failure::Failure;
use crate::base::item::{Attempt, Fields, Seq, push_fields};

/// A buffer so full is sent; the rest is for the chunk that is not yet whole.
const RIPE: usize = BUFFER / 4 * 3;

/// An item as its fields, and why it cannot be used, where it cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) fields: Vec<Vec<u8>>,
    pub(super) fault: Option<Failure>,
}

impl From<Vec<u8>> for Row {
    fn from(field: Vec<u8>) -> Row {
        Row { fields: vec![field], fault: None }
    }
}

/// Hands on items that come one by one. Words of a command line hold no NUL, so NUL closes them; a value from a file
/// that does hold one fails as an item.
pub(super) fn build(
    items: impl Iterator<Item = Row>,
    fields: Fields,
    reading: &Reading,
    chunking: Chunking,
    pool: &Arc<BufferPool>,
    emit: Emit<'_>,
) -> Result<()> {
    let Some(builder) = Builder::new(0, fields, chunking, pool, emit) else { return Ok(()) };
    let mut packer = Packer::new(builder, reading);
    for item in items {
        if packer.is_full() || !packer.add(item.fields.iter().map(Vec::as_slice), item.fault)? {
            break;
        }
    }
    packer.builder.finish();
    Ok(())
}

/// Packs items with fields into blocks: drops empty ones, holds `--first`, finds those that cannot be used.
pub(super) struct Packer<'a> {
    pub(super) builder: Builder<'a>,
    drop_empty: bool,
    max_item: usize,
    /// How many items may still come.
    left: u64,
    item: Vec<u8>,
}

impl<'a> Packer<'a> {
    pub(super) fn new(builder: Builder<'a>, reading: &Reading) -> Packer<'a> {
        let left = reading.first.unwrap_or(u64::MAX);
        Packer { builder, drop_empty: reading.drop_empty, max_item: reading.max_item, left, item: Vec::new() }
    }

    /// Whether no more items are wanted.
    pub(super) fn is_full(&self) -> bool {
        self.left == 0
    }

    /// Adds an item; whether more can come.
    pub(super) fn add<'f>(
        &mut self,
        fields: impl Iterator<Item = &'f [u8]> + Clone,
        fault: Option<Failure>,
    ) -> Result<bool> {
        if self.drop_empty && fault.is_none() && fields.clone().all(<[u8]>::is_empty) {
            return Ok(true);
        }
        self.left -= 1;
        let given = fault.map(|fault| {
            let most = if fault.is_of_beginning() { KEPT.min(self.max_item) } else { usize::MAX };
            (fault, most)
        });
        match given.or_else(|| self.fault(fields.clone())) {
            None => self.pack(fields),
            Some((fault, most)) => {
                self.pack(sound(fields, self.builder.delimiter, most).iter().copied());
                self.builder.fault(fault);
            }
        }
        self.builder.push(&self.item)
    }

    /// What is wrong with an item of these fields, and how many bytes of it are kept.
    fn fault<'f>(&self, mut fields: impl Iterator<Item = &'f [u8]> + Clone) -> Option<(Failure, usize)> {
        let spaces = fields.clone().count().saturating_sub(1);
        if fields.clone().map(<[u8]>::len).sum::<usize>() + spaces > self.max_item {
            return Some((too_long(self.max_item), KEPT.min(self.max_item)));
        }
        let closes = self.builder.delimiter;
        fields.any(|field| memchr::memchr(closes, field).is_some()).then_some((Failure::HOLDS_NUL, usize::MAX))
    }

    /// Makes the item of its fields.
    fn pack<'f>(&mut self, mut fields: impl Iterator<Item = &'f [u8]> + Clone) {
        self.item.clear();
        match self.builder.fields {
            Fields::One => self.item.extend_from_slice(fields.next().unwrap_or_default()),
            Fields::Several => push_fields(fields, &mut self.item),
        }
    }
}

/// What can be kept of an item that cannot be used: its beginning, up to the byte that would close it, of so many
/// bytes at the most.
fn sound<'f>(fields: impl Iterator<Item = &'f [u8]>, closes: u8, most: usize) -> Vec<&'f [u8]> {
    let (mut kept, mut left) = (Vec::new(), most);
    for field in fields {
        let end = memchr::memchr(closes, field).unwrap_or(field.len()).min(left);
        kept.push(&field[..end]);
        left -= end;
        if end < field.len() || left == 0 {
            break;
        }
        left -= 1;
    }
    kept
}

/// Fills buffers with items and sends them on as blocks.
pub(super) struct Builder<'a> {
    delimiter: u8,
    fields: Fields,
    chunking: Chunking,
    emit: Emit<'a>,
    buffer: Loan,
    len: usize,
    items: usize,
    faults: Vec<(u32, Failure)>,
    next: Seq,
    /// When the last block went out.
    sent: Instant,
}

impl<'a> Builder<'a> {
    /// An empty one; `None` when the pool is closed.
    pub(super) fn new(
        delimiter: u8,
        fields: Fields,
        chunking: Chunking,
        pool: &Arc<BufferPool>,
        emit: Emit<'a>,
    ) -> Option<Builder<'a>> {
        let (buffer, sent) = (pool.borrow(BUFFER)?, Instant::now());
        let (faults, next) = (Vec::new(), Seq::FIRST);
        Some(Builder { delimiter, fields, chunking, emit, buffer, len: 0, items: 0, faults, next, sent })
    }

    /// Adds the next item; whether more is wanted.
    pub(super) fn push(&mut self, item: &[u8]) -> Result<bool> {
        if self.len + item.len() >= self.buffer.len() {
            self.make_room(item.len() + 1)?;
        }
        let end = self.len + item.len();
        self.buffer[self.len..end].copy_from_slice(item);
        self.buffer[end] = self.delimiter;
        self.len = end + 1;
        self.items += 1;
        Ok(!self.is_ripe() || self.send(self.len, self.items))
    }

    /// Marks the item that is pushed next as unusable.
    fn fault(&mut self, cause: Failure) {
        self.faults.push((self.items as u32, cause));
    }

    /// Whether there is something to send, and for how long nothing was sent.
    pub(super) fn waits(&self) -> Option<Duration> {
        (self.items >= self.chunking.multiple()).then(|| self.sent.elapsed())
    }

    /// Sends as many items as `--chunk` lets go; whether more is wanted.
    pub(super) fn flush(&mut self) -> bool {
        let extra = self.items % self.chunking.multiple();
        let end = match extra {
            0 => self.len,
            // The delimiter before the items that stay: one further back than they have.
            _ => memchr::memrchr_iter(self.delimiter, &self.buffer[..self.len]).nth(extra).map_or(0, |at| at + 1),
        };
        self.send(end, self.items - extra)
    }

    /// Sends what there is.
    pub(super) fn finish(mut self) {
        if self.items > 0 {
            self.send(self.len, self.items);
        }
    }

    /// Room for `size` more bytes.
    fn make_room(&mut self, size: usize) -> Result<()> {
        while self.len + size > self.buffer.len() {
            double(&mut self.buffer, self.chunking)?;
        }
        Ok(())
    }

    /// Whether the buffer is about full and ends where a block may end.
    fn is_ripe(&self) -> bool {
        self.len > RIPE && self.items.is_multiple_of(self.chunking.multiple())
    }

    /// Sends the first `items` items, which end at `end`, and carries the rest over.
    fn send(&mut self, end: usize, items: usize) -> bool {
        if items == 0 {
            return true;
        }
        let Some(bytes) = self.part_with(end) else { return false };
        let later = self.faults.partition_point(|fault| (fault.0 as usize) < items);
        let kept = self.faults.split_off(later);
        let faults = std::mem::replace(&mut self.faults, kept);
        self.faults.iter_mut().for_each(|fault| fault.0 -= items as u32);
        let (first, delimiter, fields) = (self.next, self.delimiter, self.fields);
        let content = Content { first, items: items as u32, len: end as u32, delimiter, fields, faults };
        self.next = first.plus(items as u64);
        self.items -= items;
        self.sent = Instant::now();
        (self.emit)(vec![Block::new(bytes, content, self.chunking, Attempt::FIRST)])
    }

    /// Parts with the first `end` bytes. A few bytes are copied to a small buffer, so that a trickle of items does not
    /// use up the large ones.
    fn part_with(&mut self, end: usize) -> Option<Loan> {
        let rest = self.len - end;
        let bytes = if end < BUFFER / 8 {
            let mut small = self.buffer.borrow_another(end)?;
            small.copy_from_slice(&self.buffer[..end]);
            self.buffer.copy_within(end..self.len, 0);
            small
        } else {
            let mut next = self.buffer.borrow_another(BUFFER)?;
            if rest > next.len() {
                next.grow(self.buffer.len());
            }
            next[..rest].copy_from_slice(&self.buffer[end..self.len]);
            std::mem::replace(&mut self.buffer, next)
        };
        self.len = rest;
        Some(bytes)
    }
}
