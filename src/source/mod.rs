//! Where items come from: standard input, files, arguments, ranges, and combinations of them.
//!
//! [`open()`] makes a source ready, and with `--header` reads the names of the fields. [`Opened::read`] runs on a thread
//! of its own and hands on blocks of items in seq order. It is slowed only by the buffers it must borrow
//! ([`crate::base::buffer`]). One line-wise source takes the fast way ([`lines`]), which never looks at single items;
//! records are cut one by one ([`records`]), and everything else is built item by item ([`build`]). It knows nothing of
//! what is done to the items.

mod build;
mod combine;
mod csv;
mod faults;
mod inputs;
pub mod json;
mod lines;
mod lists;
mod open;
mod range;
mod records;
mod screen;
mod separator;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};

use crate::base::buffer::{BUFFER, BufferPool, Loan};
use crate::base::chunk::{Block, Chunking};
use crate::base::item::Trees;

pub use inputs::{Input, check};
pub use lists::{List, Lists};
pub use open::{Opened, open};
pub use range::Range;
pub use separator::Separator;

/// Where items come from and how they are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The sources; one as a rule. With several an item has a field from each.
    pub columns: Vec<Column>,
    /// How the bytes of standard input and files become items.
    pub reading: Reading,
    /// Values are paths, and each that names a directory becomes those of the files below it. The list of paths is held
    /// in memory whole, the files are not, unless some are left out: such are made while others are read.
    pub walk: Option<Trees>,
}

/// One source of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Where its values are.
    pub origin: Origin,
    /// How it goes with the source before it.
    pub link: Link,
}

/// Where the values of a source are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Given on the command line.
    Words(Vec<OsString>),
    /// In these inputs, read one after the other.
    Inputs(Vec<Input>),
    /// Integers counted off.
    Range(Range),
}

/// How a source goes with the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Every combination (`:::`), this source the faster.
    Cross,
    /// Value by value (`:::+`), to the shorter.
    Pair,
}

/// How bytes become items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The byte that ends an item; a record of CSV ends with a line.
    pub delimiter: u8,
    /// What fields an item has.
    pub records: Records,
    /// The first record of each source is no item, but names the fields of the others.
    pub header: bool,
    /// Strip a carriage return at the end of an item.
    pub strip_cr: bool,
    /// Drop empty items.
    pub drop_empty: bool,
    /// Stop before the item that is exactly this.
    pub stop_at: Option<Vec<u8>>,
    /// Read only so many items.
    pub first: Option<u64>,
    /// A longer item fails.
    pub max_item: usize,
    /// Where to note which lists items come from. One that cannot be read is then noted too, and passed over.
    pub lists: Option<Lists>,
}

/// What fields the items of a source have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Records {
    /// One: the item.
    Plain,
    /// Those between the matches of a regular expression.
    Separated(Separator),
    /// Those of a CSV record, parted by this byte.
    Csv(u8),
    /// One, a line with a JSON object. What stands in that is looked up by name ([`json::lookup`]).
    Json,
}

impl Default for Reading {
    fn default() -> Self {
        let max_item = 1 << 20;
        Reading {
            delimiter: b'\n',
            records: Records::Plain,
            header: false,
            strip_cr: false,
            drop_empty: false,
            stop_at: None,
            first: None,
            max_item,
            lists: None,
        }
    }
}

impl Options {
    /// How many items there will be, where that is known before reading.
    pub fn total(&self) -> Option<u64> {
        let [column] = &self.columns[..] else { return None };
        let reading = &self.reading;
        let all = match &column.origin {
            _ if reading.stop_at.is_some() || self.walk.is_some() => return None,
            // A word may hold several records of CSV, or none.
            Origin::Words(_) if reading.drop_empty || matches!(reading.records, Records::Csv(_)) => return None,
            Origin::Words(words) => (words.len() as u64).saturating_sub(reading.header.into()),
            Origin::Range(range) => u64::try_from(range.len()).ok()?,
            _ => return None,
        };
        Some(reading.first.map_or(all, |first| all.min(first)))
    }

    /// How many fields each item has, where they all have the same number and that is known before reading.
    pub fn fields(&self) -> Option<usize> {
        matches!(self.reading.records, Records::Plain | Records::Json).then_some(self.columns.len())
    }

    /// Whether items are lines of text as they stand, whose ends may be those of another system. Fields are without
    /// the ends of lines, whatever these are.
    pub fn reads_lines(&self) -> bool {
        let inputs = self.columns.iter().any(|column| matches!(column.origin, Origin::Inputs(_)));
        let plain = self.reading.records == Records::Plain;
        inputs && plain && self.reading.delimiter == b'\n' && !self.reading.strip_cr
    }

    /// The words that the items are, where all are given on the command line.
    pub fn words(&self) -> &[OsString] {
        match &self.columns[..] {
            [Column { origin: Origin::Words(words), .. }] => words,
            _ => &[],
        }
    }

    /// Whether all items are in memory and fit into one buffer: to read them waits for nothing, neither for input nor for a
    /// buffer to come back.
    pub fn is_at_hand(&self) -> bool {
        let words = self.words();
        let bytes: usize = words.iter().map(|word| word.len() + 1).sum();
        // Those of fields have the lengths of these beside them.
        !words.is_empty() && self.walk.is_none() && self.reading.lists.is_none() && bytes <= BUFFER / 16
    }

    /// Whether standard input is among the sources.
    pub fn reads_stdin(&self) -> bool {
        self.columns.iter().any(|column| match &column.origin {
            Origin::Inputs(inputs) => inputs.contains(&Input::Stdin),
            _ => false,
        })
    }
}

/// The most bytes that one `--chunk` may take; places in a block are 32 bits wide.
const MAX_CHUNK: usize = 1 << 30;

/// Doubles a buffer that does not hold a chunk yet.
fn double(buffer: &mut Loan, chunking: Chunking) -> Result<()> {
    let size = buffer.len() * 2;
    if size > MAX_CHUNK {
        bail!("a chunk of --chunk {} items takes more than 1 GiB; use a smaller one", chunking.multiple());
    }
    buffer.grow(size);
    Ok(())
}

/// Takes the blocks of a source, as many at a time as the source has; there is at least one. Returns whether it wants more.
pub type Emit<'a> = &'a mut dyn FnMut(Vec<Block>) -> bool;

/// Opens a source and hands on its items ([`Opened::read`]), for whom the names of fields mean nothing.
///
/// # Errors
///
/// Those of [`open()`] and of [`Opened::read`].
pub fn read(options: Options, chunking: Chunking, pool: &Arc<BufferPool>, emit: Emit<'_>) -> Result<()> {
    open(options)?.read(chunking, pool, emit)
}

/// The words of the command line as inputs: `-` is standard input.
pub fn inputs(words: Vec<OsString>) -> Vec<Input> {
    words.into_iter().map(|word| if word == "-" { Input::Stdin } else { Input::File(PathBuf::from(word)) }).collect()
}
