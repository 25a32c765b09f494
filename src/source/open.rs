//! A source made ready: what must be known of it before its items are read, which is the names in its header.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::vec::IntoIter;

use anyhow::{Result, bail};

use super::build::{Row, build};
use super::inputs::{Input, Inputs};
use super::records::{Feed, Reader};
use super::{Column, Emit, Link, Options, Origin, Range, Reading, Records, combine, lines, range};
use crate::base::buffer::BufferPool;
use crate::base::chunk::Chunking;
use crate::base::item::{Fields, Trees, walk};

/// A source of which the headers are read, and nothing else.
pub struct Opened {
    columns: Vec<(Values, Link)>,
    reading: Reading,
    walk: Option<Trees>,
    names: Vec<Vec<u8>>,
}

/// Where the values of one source are, behind its header.
enum Values {
    /// Lines of which nobody needs to look at one.
    Lines(Vec<Input>),
    Words(IntoIter<OsString>),
    Range(Range),
    Records(Box<Reader>),
}

/// Makes a source ready. With `--header` reads the first record of each of its inputs, and waits for it.
///
/// # Errors
///
/// An input that cannot be opened or read, named; a header that cannot be used.
pub fn open(options: Options) -> Result<Opened> {
    let Options { columns, reading, walk } = options;
    let is_plain = reading.records == Records::Plain && !reading.header;
    let is_fast = is_plain && walk.is_none() && columns.len() == 1;
    let (mut opened, mut names) = (Vec::new(), Vec::new());
    for Column { origin, link } in columns {
        let feed = match origin {
            Origin::Range(_) if reading.header => bail!("--header reads names, but a range has none"),
            Origin::Range(range) => {
                opened.push((Values::Range(range), link));
                continue;
            }
            Origin::Inputs(inputs) if is_fast => {
                opened.push((Values::Lines(inputs), link));
                continue;
            }
            Origin::Words(words) if is_plain => {
                opened.push((Values::Words(words.into_iter()), link));
                continue;
            }
            Origin::Inputs(inputs) => Feed::Inputs(Inputs::new(inputs)),
            Origin::Words(words) => Feed::Words(words.into_iter()),
        };
        let reader = Reader::open(feed, &reading)?;
        names.extend_from_slice(reader.names());
        opened.push((Values::Records(Box::new(reader)), link));
    }
    Ok(Opened { columns: opened, reading, walk, names })
}

impl Opened {
    /// The names of the fields by their place, those of the first source first. None without `--header`. A name may be
    /// empty, and several may be equal: a field without a name has only its number, and of equal names the first counts.
    pub fn names(&self) -> &[Vec<u8>] {
        &self.names
    }

    /// Reads the whole source and hands its blocks to `emit`, in seq order, until the end, or until `emit` or
    /// the closed pool says stop.
    ///
    /// # Errors
    ///
    /// An input that cannot be opened or read, named; a chunk too large for memory.
    pub fn read(self, chunking: Chunking, pool: &Arc<BufferPool>, emit: Emit<'_>) -> Result<()> {
        let Opened { mut columns, reading, walk, .. } = self;
        let has_fields = columns.len() > 1 || matches!(reading.records, Records::Separated(_) | Records::Csv(_));
        let fields = if has_fields { Fields::Several } else { Fields::One };
        let only = if columns.len() == 1 { columns.pop() } else { None };
        let Some((values, _)) = only else {
            let values = columns.into_iter().map(|(values, link)| Ok((values.rows(&reading)?.collect(), link)));
            let items = combine::combine(values.collect::<Result<_>>()?);
            return build(items, fields, &reading, chunking, pool, emit);
        };
        if let Some(trees) = walk {
            let rows = values.rows(&reading)?.flat_map(|row| walked(row, &trees));
            if trees == Trees::default() {
                return build(rows, fields, &reading, chunking, pool, emit);
            }
            // What is made meanwhile is not to be found.
            let rows: Vec<Row> = rows.collect();
            return build(rows.into_iter(), fields, &reading, chunking, pool, emit);
        }
        match values {
            Values::Lines(inputs) => lines::read(Inputs::new(inputs), reading, chunking, pool, emit),
            Values::Range(range) if !has_fields => range::read(range, &reading, chunking, pool, emit),
            Values::Records(reader) => reader.read(chunking, pool, emit),
            values => build(values.rows(&reading)?, fields, &reading, chunking, pool, emit),
        }
    }
}

/// What a path leads to. One that cannot be used may be cut, and lead elsewhere.
fn walked<'a>(row: Row, trees: &'a Trees) -> Box<dyn Iterator<Item = Row> + 'a> {
    if row.fault.is_some() {
        return Box::new(std::iter::once(row));
    }
    Box::new(row.fields.into_iter().flat_map(|path| walk(path, trees)).map(Row::from))
}

impl Values {
    /// One by one. Records are read to their end first.
    fn rows(self, reading: &Reading) -> Result<Box<dyn Iterator<Item = Row>>> {
        let stop_at = reading.stop_at.clone();
        let is_wanted = move |value: &Vec<u8>| stop_at.as_ref() != Some(value);
        Ok(match self {
            Values::Words(words) => Box::new(words.map(OsString::into_vec).take_while(is_wanted).map(Row::from)),
            Values::Range(range) => Box::new(range::values(range).take_while(is_wanted).map(Row::from)),
            Values::Records(reader) => Box::new(reader.rows()?.into_iter()),
            Values::Lines(inputs) => {
                Box::new(Reader::open(Feed::Inputs(Inputs::new(inputs)), reading)?.rows()?.into_iter())
            }
        })
    }
}
