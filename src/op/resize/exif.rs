//! The one thing in EXIF that changes a picture: which way it must be turned to stand upright.
//!
//! EXIF is a small TIFF file. Only the tag of the first picture is looked for; whatever is broken is taken as absent.

/// The tag of the orientation.
const ORIENTATION: u16 = 0x0112;

/// The type of a 16-bit number.
const SHORT: u16 = 3;

/// The bytes of an entry: tag, type, count, value.
const ENTRY: usize = 12;

/// From its byte order on: some write the name that it has in a JPEG before it in other formats too.
pub(super) fn bare(mut exif: Vec<u8>) -> Vec<u8> {
    const NAME: &[u8] = b"Exif\0\0";
    if exif.starts_with(NAME) {
        exif.drain(..NAME.len());
    }
    exif
}

/// The orientation, 1 to 8; 1, upright, where nothing is said.
pub(super) fn orientation(exif: &[u8]) -> u8 {
    let value = place(exif).and_then(|(at, endian)| endian.short(exif, at));
    value.and_then(|value| u8::try_from(value).ok()).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

/// Says that the picture stands upright: it has been turned.
pub(super) fn set_upright(exif: &mut [u8]) {
    if let Some((at, endian)) = place(exif) {
        exif[at..at + 2].copy_from_slice(&if endian.little { 1_u16.to_le_bytes() } else { 1_u16.to_be_bytes() });
    }
}

/// Where the value stands, and the order of its bytes.
fn place(exif: &[u8]) -> Option<(usize, Endian)> {
    let endian = Endian {
        little: match exif.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        },
    };
    let directory = usize::try_from(endian.long(exif, 4)?).ok()?;
    let count = usize::from(endian.short(exif, directory)?);
    let first = directory.checked_add(2)?;
    let entries = (0..count).map(|n| first + n * ENTRY).take_while(|at| at + ENTRY <= exif.len());
    let is_it = |at: &usize| endian.short(exif, *at) == Some(ORIENTATION) && endian.short(exif, at + 2) == Some(SHORT);
    entries.into_iter().find(is_it).map(|at| (at + 8, endian))
}

#[derive(Clone, Copy)]
struct Endian {
    little: bool,
}

impl Endian {
    fn short(self, bytes: &[u8], at: usize) -> Option<u16> {
        let pair = bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    }

    fn long(self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: &[u8] =
        b"MM\0*\0\0\0\x08\0\x02\x01\x0f\0\x02\0\0\0\x01x\0\0\0\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    const LITTLE: &[u8] = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0";

    #[test]
    fn the_orientation_is_found_and_set() {
        for (exif, orientation_was) in [(BIG, 6), (LITTLE, 8)] {
            assert_eq!(orientation(exif), orientation_was);
            let mut exif = exif.to_vec();
            set_upright(&mut exif);
            assert_eq!(orientation(&exif), 1);
        }
    }

    #[test]
    fn what_is_cut_short_is_upright() {
        for exif in [BIG, LITTLE] {
            (0..exif.len()).for_each(|end| assert!([1, 6, 8].contains(&orientation(&exif[..end]))));
        }
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff\x01\0"), 1);
        assert_eq!(orientation(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"), 1);
    }
}
