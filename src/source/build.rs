//! Blocks built item by item, for the sources that have items one by one: words, ranges, combinations.

use std::sync::Arc;

use anyhow::Result;

use super::{Emit, Reading, double};
use crate::buffer::{BUFFER, BufferPool, Loan};
use crate::chunk::{Block, Chunking, Content};
use crate::item::{Attempt, Failure, Seq};

/// A buffer so full is sent; the rest is for the chunk that is not yet whole.
const RIPE: usize = BUFFER / 4 * 3;

/// Hands on items that come as lists of fields. Words of a command line hold no NUL, so NUL parts them;
/// a value from a file that does hold one fails as an item.
pub(super) fn build(
    items: impl Iterator<Item = Result<Vec<Vec<u8>>>>,
    fields: usize,
    reading: &Reading,
    chunking: Chunking,
    pool: &Arc<BufferPool>,
    emit: Emit<'_>,
) -> Result<()> {
    let Some(mut builder) = Builder::new(0, fields, chunking, pool, emit) else { return Ok(()) };
    let mut left = reading.first.unwrap_or(u64::MAX);
    for item in items {
        let item = item?;
        let is_too_long = item.iter().map(Vec::len).sum::<usize>() > reading.max_item;
        if left == 0 || !is_too_long && reading.stop_at.as_ref().is_some_and(|stop| item[0] == *stop) {
            break;
        }
        if reading.drop_empty && item.iter().all(Vec::is_empty) {
            continue;
        }
        left -= 1;
        if is_too_long {
            builder.fault(Failure::TooLong { limit: reading.max_item });
        } else if item.iter().any(|field| field.contains(&0)) {
            builder.fault(Failure::HoldsNul);
        }
        for field in &item {
            let sound = memchr::memchr(0, field).unwrap_or(field.len());
            if !builder.push(&field[..sound])? {
                return Ok(());
            }
        }
    }
    builder.finish();
    Ok(())
}

/// Fills buffers with items and sends them on as blocks.
pub(super) struct Builder<'a> {
    delimiter: u8,
    fields: usize,
    chunking: Chunking,
    emit: Emit<'a>,
    buffer: Loan,
    len: usize,
    /// Fields, not items, in the buffer.
    pushed: usize,
    faults: Vec<(u32, Failure)>,
    next: Seq,
}

impl<'a> Builder<'a> {
    /// An empty one; `None` when the pool is closed.
    pub(super) fn new(
        delimiter: u8,
        fields: usize,
        chunking: Chunking,
        pool: &Arc<BufferPool>,
        emit: Emit<'a>,
    ) -> Option<Builder<'a>> {
        let buffer = pool.borrow(BUFFER)?;
        let (faults, next) = (Vec::new(), Seq::FIRST);
        Some(Builder { delimiter, fields, chunking, emit, buffer, len: 0, pushed: 0, faults, next })
    }

    /// Adds the next field; whether more is wanted.
    pub(super) fn push(&mut self, field: &[u8]) -> Result<bool> {
        if self.len + field.len() >= self.buffer.len() {
            self.make_room(field.len() + 1)?;
        }
        let end = self.len + field.len();
        self.buffer[self.len..end].copy_from_slice(field);
        self.buffer[end] = self.delimiter;
        self.len = end + 1;
        self.pushed += 1;
        Ok(!self.is_ripe() || self.send())
    }

    /// Marks the item that is pushed next as unusable.
    fn fault(&mut self, cause: Failure) {
        self.faults.push(((self.pushed / self.fields) as u32, cause));
    }

    /// Sends what there is.
    pub(super) fn finish(mut self) {
        if self.pushed > 0 {
            self.send();
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
        self.len > RIPE && self.pushed.is_multiple_of(self.fields * self.chunking.multiple())
    }

    fn send(&mut self) -> bool {
        let Some(next) = self.buffer.borrow_another(BUFFER) else { return false };
        let items = self.pushed / self.fields;
        let content = Content {
            first: self.next,
            items: items as u32,
            len: self.len as u32,
            delimiter: self.delimiter,
            fields: self.fields as u32,
            faults: std::mem::take(&mut self.faults),
        };
        self.next = self.next.plus(items as u64);
        (self.len, self.pushed) = (0, 0);
        let bytes = std::mem::replace(&mut self.buffer, next);
        (self.emit)(Block::new(bytes, content, self.chunking, Attempt::FIRST))
    }
}
