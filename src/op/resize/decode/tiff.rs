//! TIFF: the first picture of the file, grey, RGB, YCbCr, CMYK or with a palette, of 1 to 16 bits.

use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::{Fault, Meta, Opened, Push, agrees, told};
use crate::op::resize::jpeg::Colours;
use crate::op::resize::pixels::Layout;
use crate::op::resize::probe::Probe;
use crate::op::resize::shrink::STRIP;
use crate::op::resize::tiff_palette::AsGrey;

/// The tags of the profile and of XMP.
const ICC: Tag = Tag::Unknown(34675);
const XMP: Tag = Tag::Unknown(700);

/// Alpha by which the colours have been multiplied, as the tag of extra samples says it.
const ASSOCIATED: u8 = 1;

/// What is known of the samples.
struct Kind {
    colour: ColorType,
    palette: Option<Vec<u16>>,
    /// What the sample after the colours is.
    extra: Option<u8>,
    width: usize,
}

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let file = AsGrey::new(Cursor::new(bytes)).map_err(told)?;
    let has_palette = file.is_changed();
    let mut decoder = Decoder::new(file).map_err(told)?.with_limits(limits());
    let size = decoder.dimensions().map_err(told)?;
    agrees(size, probe)?;
    let colour = decoder.colortype().map_err(told)?;
    let mut number = |tag| decoder.find_tag_unsigned_vec::<u8>(tag).ok().flatten();
    let orientation = number(Tag::Orientation).and_then(|values| values.first().copied());
    let extra = number(Tag::ExtraSamples).and_then(|values| values.first().copied());
    let sampling = number(Tag::ChromaSubsampling).unwrap_or_else(|| vec![2, 2]);
    let is_jpeg = number(Tag::Compression).is_some_and(|values| values == [7]);
    // Where the colours are fewer than the pixels, only the decoder of JPEG makes them as many.
    if matches!(colour, ColorType::YCbCr(_)) && !is_jpeg && sampling != [1, 1] {
        return Err("a TIFF with fewer samples of colour than of light is not read".into());
    }
    let palette = if has_palette { Some(decoder.get_tag_u16_vec(Tag::ColorMap).map_err(told)?) } else { None };
    let meta = Meta {
        icc: decoder.get_tag_u8_vec(ICC).ok(),
        exif: None,
        xmp: decoder.get_tag_u8_vec(XMP).ok(),
        orientation: orientation.filter(|value| (1..=8).contains(value)),
    };
    let kind = Kind { colour, palette, extra, width: size.0 as usize };
    let layout = kind.layout().ok_or_else(|| format!("colours of the kind {colour:?} are not read"))?;
    Ok(Opened {
        layout,
        meta,
        is_animation: false,
        rows: Box::new(move |push| kind.rows(decoder, size.1 as usize, layout, push)),
    })
}

/// The memory was set aside by what the head of the file says.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::MAX;
    limits.intermediate_buffer_size = usize::MAX;
    limits
}

impl Kind {
    /// How the pixels are handed on; `None`: they are of a kind that is not read.
    fn layout(&self) -> Option<Layout> {
        let layout = |colour, alpha, bits| Layout { colour, alpha, wide: bits == 16 };
        Some(match self.colour {
            ColorType::Gray(1 | 2 | 4 | 8) if self.palette.is_some() => Layout::RGB,
            _ if self.palette.is_some() => return None,
            ColorType::Gray(1 | 2 | 4) => Layout::GREY,
            ColorType::Gray(bits @ (8 | 16)) => layout(false, false, bits),
            ColorType::GrayA(bits @ (8 | 16)) => layout(false, true, bits),
            // The crate calls grey and alpha so.
            ColorType::Multiband { bit_depth: bits @ (8 | 16), num_samples: 2 } => {
                layout(false, matches!(self.extra, Some(1 | 2)), bits)
            }
            ColorType::RGB(bits @ (8 | 16)) => layout(true, false, bits),
            ColorType::RGBA(bits @ (8 | 16)) => layout(true, true, bits),
            ColorType::CMYK(8 | 16) | ColorType::YCbCr(8) => Layout::RGB,
            _ => return None,
        })
    }

    fn rows(
        &self,
        mut decoder: Decoder<AsGrey<Cursor<&[u8]>>>,
        height: usize,
        layout: Layout,
        push: Push<'_>,
    ) -> Result<(), Fault> {
        let mut read = decoder.read_image().map_err(told)?;
        if !matches!(read, DecodingResult::U8(_) | DecodingResult::U16(_)) {
            return Err(format!("colours of the kind {:?} are not read", self.colour));
        }
        let buffer = read.as_buffer(0);
        let data = buffer.as_bytes();
        // Each row begins with a byte of its own.
        let bits = usize::from(self.colour.bit_depth()) * usize::from(self.colour.num_samples());
        let line = (self.width * bits).div_ceil(8);
        if data.len() != line * height {
            return Err("its pixels are not as many as it says".into());
        }
        let count = (STRIP / (self.width * layout.bytes())).max(1);
        data.chunks(count * line).try_for_each(|rows| {
            let mut out = self.pixels(rows, line, layout);
            if layout.alpha && self.extra == Some(ASSOCIATED) {
                divide(&mut out, layout);
            }
            push(&mut out)
        })
    }

    /// The pixels of some rows.
    fn pixels(&self, rows: &[u8], line: usize, layout: Layout) -> Vec<u8> {
        match self.colour {
            ColorType::Gray(bits @ (1 | 2 | 4 | 8)) if self.palette.is_some() => {
                numbers(rows, line, bits, self.width).flat_map(|number| self.of_palette(number)).collect()
            }
            ColorType::Gray(bits @ (1 | 2 | 4)) => {
                // All bits are white: 255 is a multiple of what each depth has at most.
                numbers(rows, line, bits, self.width)
                    .map(|number| number * (u8::MAX / (u8::MAX >> (8 - bits))))
                    .collect()
            }
            ColorType::CMYK(8) => rows.chunks_exact(4).flat_map(|p| paper([p[0], p[1], p[2], p[3]])).collect(),
            ColorType::CMYK(_) => {
                let upper = |pair: &[u8]| u16::from_ne_bytes([pair[0], pair[1]]).to_be_bytes()[0];
                rows.chunks_exact(8).flat_map(|p| paper([0, 2, 4, 6].map(|at| upper(&p[at..at + 2])))).collect()
            }
            ColorType::YCbCr(_) => {
                let plane = |n: usize| rows.iter().skip(n).step_by(3).copied().collect::<Vec<u8>>();
                Colours::Ycc.pixels(&[&plane(0), &plane(1), &plane(2)], Vec::new())
            }
            // An extra sample that is no alpha is nothing to be seen.
            ColorType::Multiband { .. } if !layout.alpha => {
                rows.chunks_exact(2 * layout.bytes()).flat_map(|pixel| &pixel[..layout.bytes()]).copied().collect()
            }
            _ => rows.to_vec(),
        }
    }

    /// A colour of the palette: it holds all reds, all greens, all blues.
    fn of_palette(&self, number: u8) -> [u8; 3] {
        let palette = self.palette.as_deref().unwrap_or_default();
        let (colours, number) = (palette.len() / 3, usize::from(number));
        let shade = |plane: usize| palette.get(plane * colours + number).filter(|_| number < colours);
        [0, 1, 2].map(|plane| shade(plane).map_or(0, |wide| wide.to_be_bytes()[0]))
    }
}

/// Samples of up to eight bits.
fn numbers(rows: &[u8], line: usize, bits: u8, width: usize) -> impl Iterator<Item = u8> {
    let (bits, mask) = (usize::from(bits), u8::MAX >> (8 - bits));
    // A bit's place within its byte is below 8.
    let sample = move |row: &[u8], bit: usize| row[bit / 8] >> (8 - bits - bit % 8) & mask;
    rows.chunks_exact(line).flat_map(move |row| (0..width).map(move |x| sample(row, x * bits)))
}

/// Colours as they were before they were multiplied by alpha.
fn divide(data: &mut [u8], layout: Layout) {
    if layout.wide {
        let wide = |pair: &[u8]| u64::from(u16::from_ne_bytes([pair[0], pair[1]]));
        for pixel in data.chunks_exact_mut(layout.bytes()) {
            let (colours, alpha) = pixel.split_at_mut(layout.colours() * 2);
            let alpha = wide(alpha).max(1);
            for sample in colours.chunks_exact_mut(2) {
                let value = (wide(sample) * 65535 + alpha / 2) / alpha;
                sample.copy_from_slice(&u16::try_from(value).unwrap_or(u16::MAX).to_ne_bytes());
            }
        }
        return;
    }
    for pixel in data.chunks_exact_mut(layout.bytes()) {
        let (colours, alpha) = pixel.split_at_mut(layout.colours());
        let alpha = u32::from(alpha[0]).max(1);
        for sample in colours {
            *sample = u8::try_from((u32::from(*sample) * 255 + alpha / 2) / alpha).unwrap_or(u8::MAX);
        }
    }
}

/// Ink on white paper, as red, green and blue. Without its profile more cannot be known of it.
fn paper([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = 255 - u32::from(black);
    [cyan, magenta, yellow].map(|ink| {
        let shade = ((255 - u32::from(ink)) * light + 127) / 255;
        u8::try_from(shade).unwrap_or(u8::MAX)
    })
}
