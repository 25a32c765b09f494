//! The directory of the first picture in a TIFF: which fields it has and what they hold.
//!
//! Every length that the file states is held against the size of the file before anything is set aside for it, and
//! callers say how many values of a field they take. A field that does not lie within the file counts as absent.

use std::io::{self, Read, Seek, SeekFrom};

/// Maximum number of entries that are looked at.
const MOST_ENTRIES: u64 = 1 << 16;

/// Maximum number of directories that are looked at.
const MOST_DIRECTORIES: usize = 1 << 10;

/// Maximum number of bytes of a profile or of metadata.
const MOST_BESIDES: u64 = 64 << 20;

/// A file whose bytes are taken from any place.
pub(crate) trait Source: Read + Seek {}
impl<R: Read + Seek> Source for R {}

/// The fields of a directory.
#[derive(Debug)]
pub(crate) struct Directory {
    little: bool,
    /// Sorted by their tags, each tag once.
    fields: Vec<(u16, Field)>,
    /// Place of the next directory; 0: there is none.
    next: u64,
}

/// Where the values of a field are. All of them lie within the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    kind: Kind,
    count: u64,
    at: u64,
}

/// What the values are, and how many bytes each takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unsigned(u8),
    Signed(u8),
    Float(u8),
    Ratio { signed: bool },
}

impl Kind {
    fn of(number: u64) -> Option<Kind> {
        Some(match number {
            1 | 2 | 7 => Kind::Unsigned(1),
            3 => Kind::Unsigned(2),
            4 | 13 => Kind::Unsigned(4),
            16 | 18 => Kind::Unsigned(8),
            6 => Kind::Signed(1),
            8 => Kind::Signed(2),
            9 => Kind::Signed(4),
            17 => Kind::Signed(8),
            11 => Kind::Float(4),
            12 => Kind::Float(8),
            5 => Kind::Ratio { signed: false },
            10 => Kind::Ratio { signed: true },
            _ => return None,
        })
    }

    fn bytes(self) -> u8 {
        match self {
            Kind::Unsigned(bytes) | Kind::Signed(bytes) | Kind::Float(bytes) => bytes,
            Kind::Ratio { .. } => 8,
        }
    }
}

/// How the numbers of a file are stored.
#[derive(Clone, Copy)]
struct Layout {
    little: bool,
    /// Bytes of an offset, of the number of entries, and of an entry: a BigTIFF has wider ones.
    offset: u64,
    count: u64,
    entry: u64,
}

impl Directory {
    /// Reads the first directory of a file.
    pub(crate) fn read(file: &mut impl Source) -> io::Result<Directory> {
        let (layout, first) = head(file)?;
        Directory::at(file, layout, first)
    }

    /// Number of pictures in the file, the first included; smaller copies and masks do not count.
    pub(crate) fn pictures(&self, file: &mut impl Source) -> usize {
        let Ok((layout, first)) = head(file) else { return 1 };
        let (mut next, mut seen, mut pictures) = (self.next, vec![first], 1);
        while next != 0 && !seen.contains(&next) && seen.len() < MOST_DIRECTORIES {
            seen.push(next);
            let Ok(directory) = Directory::at(file, layout, next) else { break };
            let is_picture = directory.number(file, super::tag::SUBFILE).unwrap_or(0) & 5 == 0;
            pictures += usize::from(is_picture && directory.field(super::tag::WIDTH).is_some());
            next = directory.next;
        }
        pictures
    }

    fn at(file: &mut impl Source, layout: Layout, at: u64) -> io::Result<Directory> {
        let size = file.seek(SeekFrom::End(0))?;
        let many = number(file, layout.little, at, layout.count)?;
        let mut fields: Vec<(u16, Field)> = Vec::new();
        let mut entry = [0; 20];
        for _ in 0..many.min(MOST_ENTRIES) {
            let start = file.stream_position()?;
            let entry = &mut entry[..layout.entry as usize];
            // What a cut file still has may be enough.
            match file.read_exact(entry) {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                read => read?,
            }
            let part = |from: u64, to: u64| layout.fold(&entry[from as usize..to as usize]);
            let (tag, value) = (part(0, 2) as u16, layout.entry - layout.offset);
            let Some(kind) = Kind::of(part(2, 4)).filter(|_| super::tag::is_read(tag)) else { continue };
            let count = part(4, value);
            let Some(bytes) = count.checked_mul(kind.bytes().into()) else { continue };
            let at = if bytes <= layout.offset { start + value } else { part(value, layout.entry) };
            let is_inside = at.checked_add(bytes).is_some_and(|end| end <= size);
            if is_inside && count > 0 && fields.iter().all(|(known, _)| *known != tag) {
                fields.push((tag, Field { kind, count, at }));
            }
        }
        let after = many.checked_mul(layout.entry).and_then(|bytes| bytes.checked_add(at + layout.count));
        let next = after.map_or(Ok(0), |after| number(file, layout.little, after, layout.offset)).unwrap_or(0);
        fields.sort_by_key(|(tag, _)| *tag);
        Ok(Directory { little: layout.little, fields, next })
    }

    pub(super) fn field(&self, tag: u16) -> Option<Field> {
        let at = self.fields.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
        Some(self.fields[at].1)
    }

    /// The first values of a field, at most that many; none where it is absent.
    pub(super) fn reals(&self, file: &mut impl Source, tag: u16, most: usize) -> Vec<f64> {
        let Some(field) = self.field(tag) else { return Vec::new() };
        (0..field.count.min(most as u64)).map_while(|n| self.value(file, field, n).ok()).collect()
    }

    /// As [`Directory::reals`], whole numbers only; what is below 0 or no whole number ends them.
    pub(super) fn numbers(&self, file: &mut impl Source, tag: u16, most: usize) -> Vec<u64> {
        let whole = |value: f64| (value >= 0.0 && value.fract() == 0.0).then_some(value as u64);
        self.reals(file, tag, most).into_iter().map_while(whole).collect()
    }

    /// The first value.
    pub(super) fn number(&self, file: &mut impl Source, tag: u16) -> Option<u64> {
        self.numbers(file, tag, 1).first().copied()
    }

    /// Number of values that a field has.
    pub(super) fn count(&self, tag: u16) -> u64 {
        self.field(tag).map_or(0, |field| field.count)
    }

    /// Number of bytes that a field has.
    pub(super) fn size(&self, tag: u16) -> u64 {
        self.field(tag).map_or(0, |field| field.count * u64::from(field.kind.bytes()))
    }

    /// The bytes of a field as they stand in the file; `None`: it is absent, or larger than a profile may be.
    pub(crate) fn bytes<'a>(&self, file: &'a [u8], tag: u16) -> Option<&'a [u8]> {
        let (field, size) = (self.field(tag)?, self.size(tag));
        let at = usize::try_from(field.at).ok()?;
        file.get(at..at + usize::try_from(size).ok().filter(|_| size <= MOST_BESIDES)?)
    }

    /// One value of a field of whole numbers.
    pub(super) fn nth(&self, file: &[u8], field: Field, n: u64) -> Option<u64> {
        let Kind::Unsigned(bytes) = field.kind else { return None };
        if n >= field.count {
            return None;
        }
        let at = usize::try_from(field.at + n * u64::from(bytes)).ok()?;
        Some(fold(self.little, file.get(at..at + usize::from(bytes))?))
    }

    /// The first value of a field of whole numbers.
    pub(super) fn first(&self, file: &[u8], tag: u16) -> Option<u64> {
        self.nth(file, self.field(tag)?, 0)
    }

    pub(super) fn is_little(&self) -> bool {
        self.little
    }

    fn value(&self, file: &mut impl Source, field: Field, n: u64) -> io::Result<f64> {
        let bytes = u64::from(field.kind.bytes());
        let bits = number(file, self.little, field.at + n * bytes, bytes)?;
        // Moves the sign to where that of an i64 is, and back.
        let signed = |bits: u64, bytes: u8| (bits << (64 - 8 * bytes)).cast_signed() >> (64 - 8 * bytes);
        Ok(match field.kind {
            Kind::Unsigned(_) => bits as f64,
            Kind::Signed(bytes) => signed(bits, bytes) as f64,
            Kind::Float(4) => f32::from_bits(bits as u32).into(),
            Kind::Float(_) => f64::from_bits(bits),
            Kind::Ratio { signed: is_signed } => {
                let (low, high) = (bits & 0xffff_ffff, bits >> 32);
                let (above, below) = if self.little { (low, high) } else { (high, low) };
                let real = |part| if is_signed { signed(part, 4) as f64 } else { part as f64 };
                real(above) / real(below)
            }
        })
    }
}

/// How the numbers are stored, and where the first directory is.
fn head(file: &mut impl Source) -> io::Result<(Layout, u64)> {
    let mut head = [0; 4];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut head)?;
    let little = head[0] == b'I';
    let layout = if head.contains(&b'+') {
        Layout { little, offset: 8, count: 8, entry: 20 }
    } else {
        Layout { little, offset: 4, count: 2, entry: 12 }
    };
    let first = number(file, little, layout.offset, layout.offset)?;
    Ok((layout, first))
}

impl Layout {
    fn fold(self, bytes: &[u8]) -> u64 {
        fold(self.little, bytes)
    }
}

fn fold(little: bool, bytes: &[u8]) -> u64 {
    let fold = |number, byte: &u8| number << 8 | u64::from(*byte);
    if little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) }
}

fn number(file: &mut impl Source, little: bool, at: u64, bytes: u64) -> io::Result<u64> {
    let mut number = [0; 8];
    let number = &mut number[..bytes as usize];
    // Farther than that no file reaches, and none can be sought.
    if i64::try_from(at).is_err() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(number)?;
    Ok(fold(little, number))
}
