//! Items.
//!
//! An item is bytes; it is never assumed to be UTF-8. In-process work never holds items one by one: a
//! [`Chunk`] is a window on a block's buffer with the items inside it, each closed by the delimiter. Items that
//! have fields hold them as [`fields`] says. This file knows nothing of where items come from or what is done to them.

mod fields;
mod quoted;
mod tree;

use std::fmt;

pub use fields::{Fields, Item, push_fields};
pub use quoted::{Quoted, Safe};
pub use tree::{Trees, walk};

/// The number of an item in its run, from 1, in input order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// The number of the first item of a run.
    pub const FIRST: Seq = Seq(1);

    /// The number that stands `count` items further on.
    pub fn plus(self, count: u64) -> Seq {
        Seq(self.0 + count)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One try at an item, from 1; a retry is a further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(pub u32);

impl Attempt {
    /// The first try.
    pub const FIRST: Attempt = Attempt(1);

    /// The try after this one.
    pub fn next(self) -> Attempt {
        Attempt(self.0 + 1)
    }
}

/// Consecutive items handed to a worker at one time: the unit of scheduling.
///
/// `bytes` holds exactly `count` items, each followed by one `delimiter`, the last one too.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The items, each closed by the delimiter.
    pub bytes: &'a [u8],
    /// The byte that closes each item.
    pub delimiter: u8,
    /// How the items hold their fields.
    pub fields: Fields,
    /// The number of the first item.
    pub first: Seq,
    /// How many items there are, at least 1.
    pub count: usize,
}

impl<'a> Chunk<'a> {
    /// The items in order, as they stand in the block, without their delimiters. Where items have fields,
    /// [`Chunk::with_fields`] reads them.
    pub fn items(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let mut start = 0;
        memchr::memchr_iter(self.delimiter, bytes).map(move |end| {
            let item = &bytes[start..end];
            start = end + 1;
            item
        })
    }

    /// The items in order, read as their fields.
    pub fn with_fields(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let fields = self.fields;
        self.items().map(move |item| Item::new(item, fields))
    }

    /// The first `count` items, of which there must be so many, and the rest. Looks only at the first.
    pub fn split(&self, count: usize) -> (Chunk<'a>, Chunk<'a>) {
        let end = match count {
            0 => 0,
            n => memchr::memchr_iter(self.delimiter, self.bytes).nth(n - 1).map_or(self.bytes.len(), |end| end + 1),
        };
        let (first, rest) = self.bytes.split_at(end);
        (
            Chunk { bytes: first, count, ..*self },
            Chunk { bytes: rest, first: self.first.plus(count as u64), count: self.count - count, ..*self },
        )
    }

    /// Whether this item is one of them.
    pub fn holds(&self, seq: Seq) -> bool {
        (self.first..self.first.plus(self.count as u64)).contains(&seq)
    }

    /// Each item as a chunk of its own.
    pub fn singly(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let mut rest = *self;
        std::iter::from_fn(move || {
            let (first, after) = (rest.count > 0).then(|| rest.split(1))?;
            rest = after;
            Some(first)
        })
    }
}
