//! EXIF: which way a picture must be turned to stand upright, and what it says of the picture set right afterwards.
//!
//! EXIF is a small TIFF file: directories of entries, which refer to each other and to values by their place. So what
//! is changed is changed in its place, and what other programs have put between stays where it is. Whatever is broken is
//! taken as absent.

use std::ops::Range;

const ORIENTATION: u16 = 0x0112;
const WIDTHS: [u16; 3] = [0x0100, 0xa002, 0x1001];
const HEIGHTS: [u16; 3] = [0x0101, 0xa003, 0x1002];
const RESOLUTIONS: [u16; 2] = [0x011a, 0x011b];

/// The entries that lead to the directory of the camera, and of what goes with other programs.
const BELOW: [u16; 2] = [0x8769, 0xa005];

/// Where a thumbnail begins, and its length.
const THUMBNAIL: [u16; 2] = [0x0201, 0x0202];

/// Types of numbers.
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// The bytes of an entry: tag, type, count, value.
const ENTRY: usize = 12;

/// The picture that metadata now goes with.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) width: u32,
    pub(super) height: u32,
    /// It was stored on its side.
    pub(super) lay: bool,
    /// It shows what the original does, in the same way: neither turned nor cut nor padded nor distorted.
    pub(super) is_same: bool,
}

/// From its byte order on: some write the name that it has in a JPEG before it in other formats too.
pub(super) fn bare(mut exif: Vec<u8>) -> Vec<u8> {
    const NAME: &[u8] = b"Exif\0\0";
    if exif.starts_with(NAME) {
        exif.drain(..NAME.len());
    }
    exif
}

/// The orientation, 1 to 8, in the first directory; `None`: nothing that makes sense.
pub(super) fn orientation(exif: &[u8]) -> Option<u8> {
    let (first, order) = head(exif)?;
    Directory::at(exif, order, first)?.orientation(exif)
}

/// The bytes of a value in the first directory, its type and the order of its bytes.
pub(super) fn value(exif: &[u8], tag: u16) -> Option<(u16, &[u8], Order)> {
    let (first, order) = head(exif)?;
    let at = Directory::at(exif, order, first)?.find(exif, tag)?;
    Some((order.short(exif, at + 2)?, exif.get(place(exif, order, at)?)?, order))
}

/// Says of the new picture what was said of the old one: it stands upright and has another size. A thumbnail goes where
/// it shows something else than the picture does now.
pub(super) fn fitted(mut exif: Vec<u8>, view: View) -> Vec<u8> {
    let Some((first, order)) = head(&exif) else { return exif };
    let Some(directory) = Directory::at(&exif, order, first) else { return exif };
    fit(&mut exif, &directory, view);
    let mut below = directory.below(&exif);
    for _ in 0..BELOW.len() {
        // The second of them hangs on the first as a rule.
        below = below
            .into_iter()
            .flat_map(|directory| {
                fit(&mut exif, &directory, view);
                directory.below(&exif)
            })
            .collect();
    }
    let thumbnail = order.long(&exif, directory.next).and_then(|at| Directory::at(&exif, order, at as usize));
    if let Some(thumbnail) = thumbnail
        && (!view.is_same || thumbnail.orientation(&exif).is_some_and(|turned| turned != 1))
    {
        drop_thumbnail(&mut exif, &directory, &thumbnail);
    }
    exif
}

/// Sets the entries of a directory right.
fn fit(exif: &mut [u8], directory: &Directory, view: View) {
    let order = directory.order;
    for at in directory.entries() {
        let Some(tag) = order.short(exif, at) else { continue };
        match tag {
            ORIENTATION => order.set(exif, at, 1),
            tag if WIDTHS.contains(&tag) => order.set(exif, at, view.width),
            tag if HEIGHTS.contains(&tag) => order.set(exif, at, view.height),
            _ => {}
        }
    }
    let [across, down] = RESOLUTIONS.map(|tag| directory.find(exif, tag));
    if let (true, Some(across), Some(down)) = (view.lay, across, down) {
        // All behind the tag changes places.
        (2..ENTRY).for_each(|n| exif.swap(across + n, down + n));
    }
}

/// Takes the second directory out, and the small picture that it tells of.
fn drop_thumbnail(exif: &mut Vec<u8>, first: &Directory, thumbnail: &Directory) {
    let number = |tag| thumbnail.find(exif, tag).and_then(|at| thumbnail.order.number(exif, at));
    let picture = THUMBNAIL.map(number);
    exif[first.next..first.next + 4].fill(0);
    let [Some(start), Some(length)] = picture.map(|number| number.and_then(|number| usize::try_from(number).ok()))
    else {
        return;
    };
    let end = start.saturating_add(length);
    // Whatever else may be there is no picture, and stays.
    if !exif.get(start..end).is_some_and(|bytes| bytes.starts_with(&[0xff, 0xd8])) {
        return;
    }
    exif[start..end].fill(0);
    if end + 1 >= exif.len() {
        exif.truncate(start);
    }
}

/// Where the first directory is, and the order of bytes.
fn head(exif: &[u8]) -> Option<(usize, Order)> {
    let order = match exif.get(..4)? {
        b"II*\0" => Order { little: true },
        b"MM\0*" => Order { little: false },
        _ => return None,
    };
    Some((usize::try_from(order.long(exif, 4)?).ok()?, order))
}

/// A directory.
struct Directory {
    order: Order,
    /// Where its first entry is, and how many there are.
    first: usize,
    count: usize,
    /// Where the place of the next directory stands.
    next: usize,
}

impl Directory {
    /// That at this place. Of one that is cut short, the entries that are there.
    fn at(exif: &[u8], order: Order, at: usize) -> Option<Directory> {
        let said = usize::from(order.short(exif, at)?);
        let first = at.checked_add(2)?;
        let count = said.min((exif.len() - first.min(exif.len())) / ENTRY);
        Some(Directory { order, first, count, next: first.saturating_add(said * ENTRY) })
    }

    fn entries(&self) -> impl Iterator<Item = usize> + use<> {
        let first = self.first;
        (0..self.count).map(move |n| first + n * ENTRY)
    }

    /// Where the first entry of that tag is.
    fn find(&self, exif: &[u8], tag: u16) -> Option<usize> {
        self.entries().find(|at| self.order.short(exif, *at) == Some(tag))
    }

    fn orientation(&self, exif: &[u8]) -> Option<u8> {
        let its = self.entries().filter(|at| self.order.short(exif, *at) == Some(ORIENTATION));
        let numbers = its.filter_map(|at| self.order.number(exif, at));
        numbers.filter_map(|number| u8::try_from(number).ok()).find(|number| (1..=8).contains(number))
    }

    /// The directories to which its entries lead.
    fn below(&self, exif: &[u8]) -> Vec<Directory> {
        let places = BELOW.iter().filter_map(|tag| self.order.number(exif, self.find(exif, *tag)?));
        places.filter_map(|at| Directory::at(exif, self.order, usize::try_from(at).ok()?)).collect()
    }
}

/// Where the value of an entry stands: in it where it fits there.
fn place(exif: &[u8], order: Order, at: usize) -> Option<Range<usize>> {
    let size = match order.short(exif, at + 2)? {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => return None,
    };
    let size = usize::try_from(order.long(exif, at + 4)?).ok()?.checked_mul(size)?;
    let start = if size <= 4 { at + 8 } else { order.long(exif, at + 8)? as usize };
    Some(start..start.checked_add(size)?)
}

/// The order of the bytes of a number.
#[derive(Clone, Copy)]
pub(super) struct Order {
    pub(super) little: bool,
}

impl Order {
    pub(super) fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        let pair = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    }

    pub(super) fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }

    /// The first number of an entry, of whichever type of whole numbers.
    fn number(self, exif: &[u8], at: usize) -> Option<i64> {
        let start = place(exif, self, at)?.start;
        Some(match self.short(exif, at + 2)? {
            1 | 7 => i64::from(*exif.get(start)?),
            6 => i64::from(exif.get(start)?.cast_signed()),
            3 => i64::from(self.short(exif, start)?),
            8 => i64::from(self.short(exif, start)?.cast_signed()),
            4 | 13 => i64::from(self.long(exif, start)?),
            9 => i64::from(self.long(exif, start)?.cast_signed()),
            _ => return None,
        })
    }

    /// Makes an entry say that number: as a short one if it can be.
    fn set(self, exif: &mut [u8], at: usize, number: u32) {
        let short = u16::try_from(number).ok();
        self.put_short(exif, at + 2, if short.is_some() { SHORT } else { LONG });
        self.put_long(exif, at + 4, 1);
        self.put_long(exif, at + 8, 0);
        match short {
            Some(short) => self.put_short(exif, at + 8, short),
            None => self.put_long(exif, at + 8, number),
        }
    }

    fn put_short(self, exif: &mut [u8], at: usize, number: u16) {
        exif[at..at + 2].copy_from_slice(&if self.little { number.to_le_bytes() } else { number.to_be_bytes() });
    }

    fn put_long(self, exif: &mut [u8], at: usize, number: u32) {
        exif[at..at + 4].copy_from_slice(&if self.little { number.to_le_bytes() } else { number.to_be_bytes() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: &[u8] =
        b"MM\0*\0\0\0\x08\0\x02\x01\x0f\0\x02\0\0\0\x01x\0\0\0\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    const LITTLE: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0";
    const VIEW: View = View { width: 70_000, height: 30, lay: true, is_same: false };

    #[test]
    fn the_orientation_is_found_and_set() {
        for (exif, orientation_was) in [(BIG, 6), (LITTLE, 8)] {
            assert_eq!(orientation(exif), Some(orientation_was));
            assert_eq!(orientation(&fitted(exif.to_vec(), VIEW)), Some(1));
        }
    }

    #[test]
    fn v4_every_type_of_integer_is_read_in_both_orders() {
        let values: [(u16, [&[u8]; 2]); 6] = [
            (1, [b"\x06\0\0\0", b"\x06\0\0\0"]),
            (3, [b"\x06\0\0\0", b"\0\x06\0\0"]),
            (4, [b"\x06\0\0\0", b"\0\0\0\x06"]),
            (6, [b"\x06\0\0\0", b"\x06\0\0\0"]),
            (8, [b"\x06\0\0\0", b"\0\x06\0\0"]),
            (9, [b"\x06\0\0\0", b"\0\0\0\x06"]),
        ];
        for (kind, [little, big]) in values {
            let one = [&b"II*\0\x08\0\0\0\x01\0\x12\x01"[..], &kind.to_le_bytes(), b"\x01\0\0\0", little, &[0; 4]];
            let other = [&b"MM\0*\0\0\0\x08\0\x01\x01\x12"[..], &kind.to_be_bytes(), b"\0\0\0\x01", big, &[0; 4]];
            for exif in [one.concat(), other.concat()] {
                assert_eq!(orientation(&exif), Some(6), "type {kind}: {exif:?}");
                assert_eq!(orientation(&fitted(exif, VIEW)), Some(1), "type {kind}");
            }
        }
    }

    #[test]
    fn what_is_cut_short_is_upright() {
        for exif in [BIG, LITTLE] {
            for end in 0..exif.len() {
                assert!([None, Some(6), Some(8)].contains(&orientation(&exif[..end])));
                fitted(exif[..end].to_vec(), VIEW);
            }
        }
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff\x01\0"), None);
        assert_eq!(orientation(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"), None);
    }

    #[test]
    fn any_bytes_are_taken() {
        let mut state = 1_u32;
        for _ in 0..20_000 {
            let mut exif = b"II*\0\x08\0\0\0\x03\0".to_vec();
            for n in 0..60 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let tags: [u8; 12] = [0x12, 1, 0x69, 0x87, 5, 0xa0, 1, 2, 2, 2, 0, 0];
                let at = state as usize >> 24;
                exif.push(if n % 3 == 0 { tags[at % 12] } else { (at % 70) as u8 });
            }
            orientation(&exif);
            fitted(exif, VIEW);
        }
    }
}
