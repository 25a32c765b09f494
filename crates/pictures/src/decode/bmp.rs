//! BMP, of every depth, stored as it is or in runs.
//!
//! The rows of one that is stored as it is have a place that follows from the head, so they are taken from the file from
//! top to bottom, whichever way they stand there; only one in runs is held whole, as numbers of its palette.
//!
//! The file header of 14 bytes may be missing: that is what a `.dib` of the clipboard is. Offsets below count from the
//! info header on, which both have.

use super::{Fault, How, Meta, Opened, Push, agrees};
use crate::pixels::{Layout, room, zeros};
use crate::probe::{Probe, info_header};
use crate::shrink::STRIP;

/// The masks of what has a byte for each colour.
const PLAIN: [u32; 4] = [0x00ff_0000, 0xff00, 0x00ff, 0];

/// What the head of a file says.
struct Head {
    width: usize,
    height: usize,
    /// The first row is the upper one.
    is_down: bool,
    /// Bits of a pixel.
    bits: usize,
    is_in_runs: bool,
    palette: Vec<[u8; 3]>,
    /// Which bits of a pixel of 16 or 32 are red, green, blue and alpha.
    masks: [u32; 4],
    /// Where the pixels begin, from the info header on.
    at: usize,
}

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe, how: How) -> Result<Opened<'a>, Fault> {
    // Where the file header says that the pixels begin.
    let at = long(bytes, 10).filter(|_| bytes.starts_with(b"BM")).unwrap_or(0);
    let bytes = info_header(bytes);
    let head = Head::read(bytes, at).ok_or("it ends within its head")??;
    agrees((head.width as u32, head.height as u32), probe)?;
    let layout = if head.masks[3] == 0 { Layout::RGB } else { Layout::RGBA };
    let meta = Meta { icc: profile(bytes), ..Meta::default() };
    let rows: super::Rows<'a> = Box::new(move |push| head.rows(bytes, layout, how, push));
    Ok(Opened { layout, meta, is_animation: false, rows })
}

fn short(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?)))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// The profile, which only the longest of heads can name.
fn profile(bytes: &[u8]) -> Option<Vec<u8>> {
    if long(bytes, 0)? != 124 || bytes.get(56..60)? != b"DEBM" {
        return None;
    }
    let (at, many) = (long(bytes, 112)? as usize, long(bytes, 116)? as usize);
    Some(bytes.get(at..at.checked_add(many)?)?.to_vec())
}

impl Head {
    /// `at`: where the pixels begin by the file header, 0 if it does not say. `None`: the file ends within the header.
    fn read(bytes: &[u8], at: u32) -> Option<Result<Head, Fault>> {
        let size = long(bytes, 0)? as usize;
        // The oldest has numbers of 16 bits, and colours of three bytes.
        let (width, height, bits, entry) = match size {
            12 => (short(bytes, 4)? as i32, short(bytes, 6)? as i32, short(bytes, 10)?, 3),
            _ => (long(bytes, 4)?.cast_signed(), long(bytes, 8)?.cast_signed(), short(bytes, 14)?, 4),
        };
        let (kind, used) = if size < 40 { (0, 0) } else { (long(bytes, 16)?, long(bytes, 32)? as usize) };
        let is_in_runs = match (kind, bits) {
            (0, 1 | 2 | 4 | 8 | 16 | 24 | 32) => false,
            (3 | 6, 16 | 24 | 32) if size != 64 => false,
            (1, 8) | (2, 4) => true,
            _ => return Some(Err(format!("a BMP of {bits} bits a pixel in the way {kind} is not read"))),
        };
        if width < 0 {
            return Some(Err("its width is negative".into()));
        }
        let masks = match (kind, bits) {
            (3 | 6, _) => {
                let alpha = if size >= 56 || kind == 6 { long(bytes, 52)? } else { 0 };
                [long(bytes, 40)?, long(bytes, 44)?, long(bytes, 48)?, alpha]
            }
            (_, 16) => [0x7c00, 0x03e0, 0x001f, 0],
            _ => PLAIN,
        };
        // Masks follow a head that has no place for them.
        let behind =
            if size == 40 { [(3, 12), (6, 16)].iter().find(|(of, _)| *of == kind).map_or(0, |(_, n)| *n) } else { 0 };
        let (from, at) = (size + behind, (at as usize).saturating_sub(14));
        let most = if bits > 8 { 0 } else { 1 << bits };
        let many = if used == 0 { most } else { used.min(most) };
        // Some say that the pixels begin with the file, and mean behind the palette.
        let at = if at == 0 { from + many * entry } else { at };
        let end = (from + many * entry).min(at.max(from)).min(bytes.len());
        let colours = bytes.get(from..end)?.chunks_exact(entry);
        let palette = colours.map(|colour| [colour[2], colour[1], colour[0]]).collect();
        let (is_down, height) = (height < 0, height.unsigned_abs() as usize);
        Some(Ok(Head { width: width as usize, height, is_down, bits, is_in_runs, palette, masks, at }))
    }

    fn rows(&self, bytes: &[u8], layout: Layout, how: How, push: Push<'_>) -> Result<(), Fault> {
        let stored = bytes.get(self.at..).unwrap_or_default();
        if stored.is_empty() {
            return Err("it ends before its first pixel".into());
        }
        let unpacked;
        // Each row fills up four bytes.
        let (stored, bits, line) = if self.is_in_runs {
            unpacked = self.unpack(stored, how)?;
            (&unpacked[..], 8, self.width)
        } else {
            (stored, self.bits, (self.width * self.bits).div_ceil(32) * 4)
        };
        if stored.len() / line < self.height && !how.is_lenient {
            return Err("it ends too early".into());
        }
        let strip = (STRIP / (self.width * layout.bytes())).max(1);
        let mut out = room(strip.min(self.height) * self.width * layout.bytes())?;
        let mut short;
        for row in 0..self.height {
            let from = if self.is_down { row } else { self.height - 1 - row } * line;
            let row_of = match stored.get(from..from + line) {
                Some(whole) => whole,
                // What is missing is 0, as it is to others.
                None => {
                    short = stored.get(from..).unwrap_or_default().to_vec();
                    short.resize(line, 0);
                    &short
                }
            };
            self.expand(row_of, bits, layout, &mut out);
            if (row + 1) % strip == 0 || row + 1 == self.height {
                push(&mut out)?;
                out.clear();
            }
        }
        Ok(())
    }

    /// The pixels of a row.
    fn expand(&self, row: &[u8], bits: usize, layout: Layout, out: &mut Vec<u8>) {
        match bits {
            24 if self.masks == PLAIN => {
                row.chunks_exact(3).take(self.width).for_each(|p| out.extend_from_slice(&[p[2], p[1], p[0]]))
            }
            16 | 24 | 32 => {
                let samples = &self.masks[..layout.samples()];
                for pixel in row.chunks_exact(bits / 8).take(self.width) {
                    let number = pixel.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte));
                    out.extend(samples.iter().map(|mask| part(number, *mask)));
                }
            }
            _ => {
                for x in 0..self.width {
                    let (bit, mask) = (x * bits, u8::MAX >> (8 - bits));
                    let number = row[bit / 8] >> (8 - bits - bit % 8) & mask;
                    out.extend_from_slice(&self.palette.get(usize::from(number)).copied().unwrap_or_default());
                }
            }
        }
    }

    /// The numbers of colours of what is stored in runs, in the order of the file. What no run names is 0, and what stands
    /// over an edge is left out.
    fn unpack(&self, stored: &[u8], how: How) -> Result<Vec<u8>, Fault> {
        let mut out = zeros(self.width * self.height)?;
        let (mut runs, mut x, mut y) = (stored, 0_usize, 0_usize);
        while let Some(([many, value], rest)) = runs.split_first_chunk::<2>() {
            runs = rest;
            let mut put = |many: usize, number: &dyn Fn(usize) -> u8| {
                let row = if y < self.height { &mut out[y * self.width..][..self.width] } else { &mut [] };
                let places = row.iter_mut().skip(x).take(many);
                places.enumerate().for_each(|(n, place)| *place = number(n));
                x += many;
            };
            // Of numbers of four bits the higher stands first.
            let nibble = |byte: u8, n: usize| if n.is_multiple_of(2) { byte >> 4 } else { byte & 15 };
            match (*many, *value) {
                (0, 0) => (x, y) = (0, y + 1),
                (0, 1) => return Ok(out),
                (0, 2) => {
                    let Some(([right, down], rest)) = runs.split_first_chunk::<2>() else { break };
                    (x, y, runs) = (x + usize::from(*right), y + usize::from(*down), rest);
                }
                (0, many) => {
                    let many = usize::from(many);
                    // They fill up two bytes.
                    let Some((bytes, rest)) = runs.split_at_checked((many * self.bits).div_ceil(16) * 2) else { break };
                    put(many, &|n| if self.bits == 8 { bytes[n] } else { nibble(bytes[n / 2], n) });
                    runs = rest;
                }
                (many, value) => put(many.into(), &|n| if self.bits == 8 { value } else { nibble(value, n) }),
            }
        }
        if how.is_lenient { Ok(out) } else { Err("it ends too early".into()) }
    }
}

/// The bits of a pixel under a mask, as a byte.
fn part(pixel: u32, mask: u32) -> u8 {
    if mask == 0 {
        return 0;
    }
    let shift = mask.trailing_zeros();
    let (value, most) = (u64::from((pixel & mask) >> shift), u64::from(mask >> shift));
    u8::try_from((value * 255 + most / 2) / most).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::probe;

    const HOW: How = How { is_lenient: false, keeps_xmp: true, most_unpacked: 0 };

    /// A file of this head, whose pixels are to come.
    fn head(width: i32, height: i32, bits: u16, kind: u32, masks: &[u32], colours: u32) -> Vec<u8> {
        let masks = if kind == 3 { masks } else { &[] };
        let size = 40 + 4 * masks.len() as u32;
        let mut out = Vec::from(b"BM\0\0\0\0\0\0\0\0");
        // Masks that are part of the head are counted in its size.
        let inside = if masks.len() > 3 { size } else { 40 };
        let words = [14 + size + colours * 4, inside, width.cast_unsigned(), height.cast_unsigned()];
        words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        out.extend_from_slice(&[1, 0, bits.to_le_bytes()[0], 0]);
        [kind, 0, 0, 0, colours, 0].iter().chain(masks).for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        (0..colours).for_each(|n| out.extend_from_slice(&colour(n)));
        out
    }

    /// A colour of the palette, as it is stored.
    fn colour(n: u32) -> [u8; 4] {
        [n.wrapping_mul(37) as u8, n.wrapping_mul(101) as u8, n.wrapping_mul(211) as u8, 0]
    }

    fn decode(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let probe = probe::probe(std::io::Cursor::new(bytes)).map_err(|unknown| format!("{unknown:?}"))?;
        let mut out = Vec::new();
        (open(bytes, &probe, HOW)?.rows)(&mut |rows| {
            out.extend_from_slice(rows);
            Ok(())
        })?;
        Ok(out)
    }

    /// A pixel of the test's picture: its bits, and its red, green, blue and alpha.
    fn pixel(x: u32, y: u32, bits: u16, masks: &[u32]) -> (u32, Vec<u8>) {
        let number = (x * 7919 + y * 104_729 + x * y * 31).wrapping_mul(2_654_435_761) >> 3;
        let number = if bits == 32 { number } else { number & ((1 << bits) - 1) };
        let shade = |mask: &u32| {
            let (value, most) = ((number & mask) >> mask.trailing_zeros(), mask >> mask.trailing_zeros());
            (f64::from(value) * 255.0 / f64::from(most)).round() as u8
        };
        let shown = match bits {
            1..=8 => [2, 1, 0].map(|at| colour(number)[at]).to_vec(),
            _ => masks.iter().map(shade).collect(),
        };
        (number, shown)
    }

    #[test]
    fn every_depth_and_width_is_read_and_no_truncation_is() {
        const PLAIN: &[u32] = &[0x00ff_0000, 0xff00, 0xff];
        let kinds: [(u16, u32, &[u32]); 9] = [
            (1, 0, PLAIN),
            (2, 0, PLAIN),
            (4, 0, PLAIN),
            (8, 0, PLAIN),
            (16, 0, &[0x7c00, 0x03e0, 0x001f]),
            (16, 3, &[0xf800, 0x07e0, 0x001f]),
            (24, 0, PLAIN),
            (32, 0, PLAIN),
            (32, 3, &[0xff, 0xff00, 0x00ff_0000, 0xff00_0000]),
        ];
        for (bits, kind, masks) in kinds {
            for width in 1..=40_u32 {
                let height = if width % 2 == 0 { 3 } else { -3 };
                let colours = if bits > 8 { 0 } else { 1 << bits };
                let mut file = head(width.cast_signed(), height, bits, kind, masks, colours);
                let mut expected = vec![Vec::new(); 3];
                for stored in 0..3_u32 {
                    let y = if height < 0 { stored } else { 2 - stored };
                    let line = (width as usize * usize::from(bits)).div_ceil(32) * 4;
                    let start = file.len();
                    file.resize(start + line, 0);
                    for x in 0..width {
                        let (number, shown) = pixel(x, y, bits, masks);
                        expected[y as usize].extend(shown);
                        let bit = (x * u32::from(bits)) as usize;
                        if bits < 8 {
                            file[start + bit / 8] |= (number << (8 - usize::from(bits) - bit % 8)) as u8;
                        } else {
                            let bytes = &number.to_le_bytes()[..usize::from(bits / 8)];
                            file[start + bit / 8..][..bytes.len()].copy_from_slice(bytes);
                        }
                    }
                }
                assert_eq!(decode(&file).unwrap(), expected.concat(), "{bits} bits, {width} wide");
                assert_eq!(decode(&file[14..]).unwrap(), expected.concat(), "{bits} bits, {width} wide, no header");
                if width % 13 == 1 {
                    (0..file.len()).for_each(|end| assert!(decode(&file[..end]).is_err(), "{bits} bits, {end} bytes"));
                }
            }
        }
    }

    #[test]
    fn runs_are_read_and_no_truncation_is() {
        // A run, numbers as they are, a row that is left at its end, a jump, and the end.
        let eight = [5, 7, 0, 3, 1, 2, 3, 0, 0, 0, 2, 9, 0, 2, 1, 1, 8, 4, 0, 1];
        let of_eight = [[7, 7, 7, 7, 7, 1, 2, 3], [9, 9, 0, 0, 0, 0, 0, 0], [0, 0, 0, 4, 4, 4, 4, 4]];
        let four = [5, 0x78, 0, 3, 0x12, 0x30, 0, 0, 2, 0x99, 0, 2, 1, 1, 8, 0x45, 0, 1];
        let of_four = [[7, 8, 7, 8, 7, 1, 2, 3], [9, 9, 0, 0, 0, 0, 0, 0], [0, 0, 0, 4, 5, 4, 5, 4]];
        for (bits, kind, runs, numbers) in [(8, 1, &eight[..], of_eight), (4, 2, &four[..], of_four)] {
            let file = [head(8, 3, bits, kind, &[], 1 << bits), runs.to_vec()].concat();
            let numbers = numbers.iter().rev().flatten();
            let expected: Vec<u8> = numbers.flat_map(|n| [2, 1, 0].map(|at| colour(*n)[at])).collect();
            assert_eq!(decode(&file).unwrap(), expected, "{bits} bits");
            assert_eq!(decode(&file[14..]).unwrap(), expected, "{bits} bits, no header");
            (0..file.len()).for_each(|end| assert!(decode(&file[..end]).is_err(), "{bits} bits, {end} bytes"));
        }
    }

    #[test]
    fn the_oldest_head_is_read() {
        let mut file = Vec::from(b"BM\0\0\0\0\0\0\0\0\x20\0\0\0\x0c\0\0\0\x02\0\x01\0\x01\0\x01\0");
        file.extend_from_slice(&[1, 2, 3, 4, 5, 6, 0x40, 0, 0, 0]);
        assert_eq!(decode(&file).unwrap(), [3, 2, 1, 6, 5, 4]);
        assert_eq!(decode(&file[14..]).unwrap(), [3, 2, 1, 6, 5, 4]);
    }
}
