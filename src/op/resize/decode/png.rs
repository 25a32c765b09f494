//! PNG, row by row; an interlaced one whole.

use std::io::Cursor;

use png::{BitDepth, ColorType, DecodeOptions, Decoder, Reader, Transformations};

use super::{Fault, Meta, Opened, Push, agrees, told};
use crate::op::resize::pixels::Layout;
use crate::op::resize::probe::Probe;
use crate::op::resize::shrink::STRIP;

/// The most bytes of a profile or of metadata.
const MOST_BESIDES: usize = 64 << 20;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(false);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_limits(png::Limits { bytes: MOST_BESIDES });
    // Palettes become colours, fewer bits eight, a transparent colour alpha.
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info().map_err(told)?;
    let info = reader.info();
    let xmp = info.utf8_text.iter().find(|text| text.keyword == "XML:com.adobe.xmp");
    let meta = Meta {
        icc: info.icc_profile.as_ref().map(|icc| icc.to_vec()),
        exif: info.exif_metadata.as_ref().map(|exif| exif.to_vec()),
        xmp: xmp.and_then(|text| text.get_text().ok()).map(String::into_bytes),
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

fn rows(mut reader: Reader<Cursor<&[u8]>>, layout: Layout, push: Push<'_>) -> Result<(), Fault> {
    let (width, height, interlaced) = (reader.info().width, reader.info().height, reader.info().interlaced);
    let line = layout.size(width, 1);
    if interlaced {
        let mut data = vec![0; layout.size(width, height)];
        reader.next_frame(&mut data).map_err(told)?;
        to_native(&mut data, layout);
        return push(&mut data);
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
