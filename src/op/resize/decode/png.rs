//! PNG, row by row; an interlaced one whole.

use std::io::Cursor;

use png::{BitDepth, ColorType, DecodeOptions, Decoder, Reader, Transformations};

use super::{Fault, Meta, Opened, Push, agrees, in_strips, told};
use crate::op::resize::exif;
use crate::op::resize::pixels::Layout;
use crate::op::resize::probe::Probe;
use crate::op::resize::shrink::STRIP;

/// The most bytes of a profile or of metadata.
const MOST_BESIDES: usize = 64 << 20;

/// The keyword of XMP.
const XMP: &str = "XML:com.adobe.xmp";

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(false);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(png::Limits { bytes: MOST_BESIDES });
    // Palettes become colours, fewer bits eight, a transparent colour alpha.
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info().map_err(told)?;
    let info = reader.info();
    let xmp = info.utf8_text.iter().find(|text| text.keyword == XMP);
    let xmp = xmp.and_then(|text| text.get_text().ok()).map(String::into_bytes);
    // Both may stand after the pixels too, where the crate has not come yet.
    let meta = Meta {
        icc: info.icc_profile.as_ref().map(|icc| icc.to_vec()),
        exif: chunks(bytes, *b"eXIf").next().map(|exif| exif::bare(exif.to_vec())),
        xmp: xmp.or_else(|| chunks(bytes, *b"iTXt").find_map(xmp_of)),
        orientation: None,
    };
    agrees((info.width, info.height), probe)?;
    let (colour, depth) = reader.output_color_type();
    let layout = Layout {
        colour: matches!(colour, ColorType::Rgb | ColorType::Rgba),
        alpha: matches!(colour, ColorType::GrayscaleAlpha | ColorType::Rgba),
        wide: depth == BitDepth::Sixteen,
    };
    Ok(Opened { layout, meta, rows: Box::new(move |push| rows(reader, layout, push)) })
}

/// What the chunks of that name hold. Whether their sums are right is found when the rows are read.
fn chunks(bytes: &[u8], name: [u8; 4]) -> impl Iterator<Item = &[u8]> {
    // After the eight bytes that tell a PNG.
    let mut at = 8;
    let next = move || {
        let length: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        let (start, its_name) = (at + 8, bytes.get(at + 4..at + 8)?);
        let end = start.checked_add(u32::from_be_bytes(length) as usize)?;
        at = end.checked_add(4)?;
        Some((its_name, bytes.get(start..end)?))
    };
    std::iter::from_fn(next).filter(move |(its, _)| *its == name).map(|(_, body)| body)
}

/// The XMP in a text that is not compressed.
fn xmp_of(text: &[u8]) -> Option<Vec<u8>> {
    // Two bytes that say how it is compressed, its language, its name in that language.
    let mut parts = text.strip_prefix(XMP.as_bytes())?.strip_prefix(b"\0\0\0")?.splitn(3, |byte| *byte == 0);
    parts.nth(2).map(<[u8]>::to_vec)
}

fn rows(mut reader: Reader<Cursor<&[u8]>>, layout: Layout, push: Push<'_>) -> Result<(), Fault> {
    let (width, height, interlaced) = (reader.info().width, reader.info().height, reader.info().interlaced);
    let line = layout.size(width, 1);
    if interlaced {
        let mut data = vec![0; layout.size(width, height)];
        reader.next_frame(&mut data).map_err(told)?;
        to_native(&mut data, layout);
        return in_strips(&mut data, line, push);
    }
    let count = (STRIP / line).clamp(1, height as usize);
    let mut strip = vec![0; count * line];
    let mut left = height as usize;
    while left > 0 {
        let strip = &mut strip[..count.min(left) * line];
        for row in strip.chunks_exact_mut(line) {
            reader.read_row(row).map_err(told)?;
        }
        to_native(strip, layout);
        push(strip)?;
        left -= count.min(left);
    }
    // To the end of the file: what it holds beyond its rows must be sound too.
    reader.finish().map_err(told)
}

/// The file has the higher byte first.
fn to_native(data: &mut [u8], layout: Layout) {
    if layout.wide && cfg!(target_endian = "little") {
        data.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    }
}
