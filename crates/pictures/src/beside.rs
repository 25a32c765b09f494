//! What a file holds beside pixels, EXIF, XMP and profile, and that is kept with them: IPTC and the density.
//!
//! IPTC stands among the blocks of Photoshop in a JPEG (APP13) and a TIFF, and in a text of ImageMagick's in a PNG. Of the
//! blocks only those are kept that are not about pixels: others hold thumbnails, guides, paths.

use super::decode::{Fault, How};
use super::exif;
use super::jpeg_parts::segments;
use super::png_parts::{self, chunks};
use super::probe::{Format, info_header};

/// What begins a segment with blocks of Photoshop.
pub(super) const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// The keyword of IPTC in a PNG.
pub(super) const RAW_PROFILE: &str = "Raw profile type iptc";

/// The blocks that are kept: IPTC and its checksum, whether the picture is copyrighted, and an address.
const KEPT: [u16; 4] = [IPTC, 0x0425, 0x040a, 0x040b];
const IPTC: u16 = 0x0404;

/// The tags of a TIFF: the blocks, IPTC alone, and the density.
pub(super) const TIFF_BLOCKS: u16 = 34_377;
pub(super) const TIFF_IPTC: u16 = 33_723;
const TIFF_DENSITY: [u16; 3] = [282, 283, 296];

/// What is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    /// Blocks of Photoshop.
    pub(super) blocks: Option<Vec<u8>>,
    pub(super) density: Option<Density>,
}

/// How many pixels there are in a unit of length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Density {
    pub(super) across: f64,
    pub(super) down: f64,
    /// How many of the unit are a metre; `None`: only the proportion is known.
    pub(super) per_metre: Option<f64>,
}

const INCHES: Option<f64> = Some(1.0 / 0.0254);
const CENTIMETRES: Option<f64> = Some(100.0);

impl Beside {
    /// That of a file; errors if it unpacks to more than it may.
    pub(super) fn of(bytes: &[u8], format: Format, how: How) -> Result<Beside, Fault> {
        Ok(match format {
            Format::Jpeg => of_jpeg(bytes),
            Format::Png => of_png(bytes, how)?,
            Format::Tiff => of_tiff(bytes),
            Format::Bmp => Beside { blocks: None, density: of_bmp(bytes) },
            Format::Webp | Format::Gif => Beside::default(),
        })
    }

    /// How many bytes it holds.
    pub(super) fn size(&self) -> u64 {
        self.blocks.as_ref().map_or(0, |blocks| blocks.len() as u64)
    }

    /// The same of a picture that was turned onto its other side, if it was.
    pub(super) fn turned(mut self, lay: bool) -> Beside {
        if lay && let Some(density) = &mut self.density {
            std::mem::swap(&mut density.across, &mut density.down);
        }
        self
    }
}

impl Density {
    fn new(across: f64, down: f64, per_metre: Option<f64>) -> Option<Density> {
        let is_some = across.is_finite() && down.is_finite() && across > 0.0 && down > 0.0;
        // A proportion of one says nothing.
        let says = per_metre.is_some() || (across - down).abs() > f64::EPSILON;
        (is_some && says).then_some(Density { across, down, per_metre })
    }

    /// In another unit, as whole numbers.
    pub(super) fn per(self, unit: f64) -> (u32, u32) {
        let times = self.per_metre.map_or(1.0, |own| own / unit);
        // A float beyond the range becomes its end.
        let whole = |number: f64| ((number * times).round() as u32).max(1);
        (whole(self.across), whole(self.down))
    }
}

fn of_jpeg(bytes: &[u8]) -> Beside {
    let mut beside = Beside::default();
    let mut blocks = Vec::new();
    for segment in segments(bytes, 0) {
        match (segment.marker, segment.body) {
            (0xe0, [b'J', b'F', b'I', b'F', 0, _, _, unit, x1, x0, y1, y0, ..]) => {
                let side = |pair: [u8; 2]| f64::from(u16::from_be_bytes(pair));
                let per_metre = [None, INCHES, CENTIMETRES].get(usize::from(*unit)).copied().flatten();
                beside.density = Density::new(side([*x1, *x0]), side([*y1, *y0]), per_metre);
            }
            (0xed, body) => blocks.extend_from_slice(body.strip_prefix(PHOTOSHOP).unwrap_or_default()),
            _ => {}
        }
    }
    beside.blocks = kept(&blocks);
    beside
}

fn of_png(bytes: &[u8], how: How) -> Result<Beside, Fault> {
    let dims = chunks(bytes).take_while(|chunk| chunk.name != *b"IDAT").find(|chunk| chunk.name == *b"pHYs");
    let density = dims.and_then(|chunk| {
        let (across, rest) = chunk.body.split_first_chunk::<4>()?;
        let (down, unit) = rest.split_first_chunk::<4>()?;
        let per_metre = (*unit == [1]).then_some(1.0);
        Density::new(u32::from_be_bytes(*across).into(), u32::from_be_bytes(*down).into(), per_metre)
    });
    let text = match png_parts::text(bytes, RAW_PROFILE, how.most_unpacked, "IPTC") {
        Err(_) if how.is_lenient => None,
        found => found?,
    };
    let blocks = text.and_then(|text| unwritten(&text)).and_then(|iptc| {
        // Some write the blocks, others IPTC alone.
        let iptc = iptc.strip_prefix(PHOTOSHOP).unwrap_or(&iptc);
        if iptc.starts_with(b"8BIM") { kept(iptc) } else { Some(block(iptc)) }
    });
    Ok(Beside { blocks, density })
}

fn of_tiff(bytes: &[u8]) -> Beside {
    let rational = |tag| {
        let (_, value, order) = exif::value(bytes, tag)?;
        Some(f64::from(order.long(value, 0)?) / f64::from(order.long(value, 4)?))
    };
    let [across, down, unit] = TIFF_DENSITY;
    let unit = exif::value(bytes, unit).and_then(|(_, value, order)| order.short(value, 0)).unwrap_or(2);
    let per_metre = [None, INCHES, CENTIMETRES].get(usize::from(unit).wrapping_sub(1)).copied().flatten();
    let density = rational(across).zip(rational(down)).and_then(|(x, y)| Density::new(x, y, per_metre));
    let of_blocks = exif::value(bytes, TIFF_BLOCKS).and_then(|(_, value, _)| kept(value));
    let blocks = of_blocks.or_else(|| {
        let (kind, value, order) = exif::value(bytes, TIFF_IPTC)?;
        let mut iptc = value.to_vec();
        // Some call its bytes numbers, and turn them.
        if kind == 4 && order.little && iptc.first() != Some(&0x1c) {
            iptc.chunks_exact_mut(4).for_each(<[u8]>::reverse);
        }
        Some(block(&iptc))
    });
    Beside { blocks, density }
}

fn of_bmp(bytes: &[u8]) -> Option<Density> {
    let (order, bytes) = (exif::Order { little: true }, info_header(bytes));
    if order.long(bytes, 0)? < 40 {
        return None;
    }
    Density::new(order.long(bytes, 24)?.into(), order.long(bytes, 28)?.into(), Some(1.0))
}

/// Of blocks those that are kept, unless there are none.
fn kept(mut blocks: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let even = |length: usize| length.next_multiple_of(2);
    while let Some((number, size, whole)) = next_block(blocks) {
        if size > 0 && KEPT.contains(&number) {
            all.extend_from_slice(&blocks[..whole.min(blocks.len())]);
            all.resize(even(all.len()), 0);
        }
        blocks = &blocks[whole.min(blocks.len())..];
    }
    (!all.is_empty()).then_some(all)
}

/// The number of the first block, the size of what it holds, and of the whole.
fn next_block(blocks: &[u8]) -> Option<(u16, usize, usize)> {
    let number = u16::from_be_bytes(blocks.strip_prefix(b"8BIM")?.get(..2)?.try_into().ok()?);
    // Its name begins with its length; both together, and what it holds, fill up two bytes.
    let name = (usize::from(*blocks.get(6)?) + 1).next_multiple_of(2);
    let size = blocks.get(6 + name..10 + name)?.try_into().ok()?;
    let size = u32::from_be_bytes(size) as usize;
    let end = (10 + name).checked_add(size)?;
    (end <= blocks.len()).then(|| (number, size, end.next_multiple_of(2)))
}

/// IPTC as a block.
fn block(iptc: &[u8]) -> Vec<u8> {
    let mut block = [b"8BIM".as_slice(), &IPTC.to_be_bytes(), &[0, 0]].concat();
    block.extend_from_slice(&u32::try_from(iptc.len()).unwrap_or(0).to_be_bytes());
    block.extend_from_slice(iptc);
    block.resize(block.len().next_multiple_of(2), 0);
    block
}

/// Blocks as the text of a PNG: a name, the length, and digits in lines.
pub(super) fn written(blocks: &[u8]) -> String {
    let mut text = String::with_capacity(2 * blocks.len() + blocks.len() / 36 + 40);
    text.push_str(&format!("\niptc\n{:8}", blocks.len()));
    for line in blocks.chunks(36) {
        text.push('\n');
        line.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
    }
    text.push('\n');
    text
}

/// What such a text stands for.
fn unwritten(text: &[u8]) -> Option<Vec<u8>> {
    let rest = text.trim_ascii_start().strip_prefix(b"iptc")?.trim_ascii_start();
    let length = rest.iter().position(u8::is_ascii_whitespace)?;
    let mut digits = rest[length..].iter().filter(|byte| !byte.is_ascii_whitespace());
    let value = |digit: u8| char::from(digit).to_digit(16);
    let mut out = Vec::with_capacity(rest.len() / 2);
    while let (Some(high), Some(low)) = (digits.next(), digits.next()) {
        out.push(u8::try_from(value(*high)? * 16 + value(*low)?).ok()?);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v6_only_blocks_that_say_nothing_of_pixels_are_kept() {
        let other = |number: u8, size: usize| {
            let size = [&[0, 0, 0, size as u8][..], &vec![7; size.next_multiple_of(2)]].concat();
            [b"8BIM\x04".as_slice(), &[number], b"\x03abc", &size].concat()
        };
        let iptc = block(b"\x1c\x02\x05\0\x01x");
        let blocks = [other(0x0c, 5), iptc.clone(), other(0x22, 2), other(0x25, 16)].concat();
        assert_eq!(kept(&blocks), Some([iptc.clone(), other(0x25, 16)].concat()));
        assert_eq!(unwritten(written(&blocks).as_bytes()), Some(blocks.clone()));
        assert_eq!(kept(&other(0x0c, 5)), None);
        (0..blocks.len()).for_each(|end| _ = kept(&blocks[..end]));
    }

    #[test]
    fn v6_a_density_is_the_same_in_another_unit() {
        let dpi = Density::new(300.0, 150.0, INCHES).map(|density| density.per(1.0));
        assert_eq!(dpi, Some((11_811, 5_906)));
        let back = Density::new(11_811.0, 5_906.0, Some(1.0)).map(|density| density.per(1.0 / 0.0254));
        assert_eq!(back, Some((300, 150)));
        assert_eq!(Density::new(1.0, 1.0, None), None);
        assert_eq!(Density::new(0.0, 1.0, INCHES), None);
        assert_eq!(Density::new(2.0, 1.0, None).map(|density| density.per(1.0)), Some((2, 1)));
    }
}
