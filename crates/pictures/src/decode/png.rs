//! PNG, row by row; an interlaced one whole.

use std::io::{BufRead, Seek};

use png::{BitDepth, ColorType, DecodeOptions, Decoder, Reader, Transformations};

use super::{Fault, How, Meta, Opened, Push, agrees, in_strips};
use crate::exif;
use crate::pixels::{Layout, zeros};
use crate::png_mended::Mended;
use crate::png_parts::{self, Picture, chunks};
use crate::probe::Probe;
use crate::shrink::STRIP;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe, how: How) -> Result<Opened<'a>, Fault> {
    if how.is_lenient {
        opened(bytes, Mended::new(bytes), probe, how)
    } else {
        opened(bytes, Picture::new(bytes), probe, how)
    }
}

fn opened<'a, R: BufRead + Seek + 'a>(bytes: &'a [u8], file: R, probe: &Probe, how: How) -> Result<Opened<'a>, Fault> {
    let mut options = DecodeOptions::default();
    options.set_ignore_checksums(how.is_lenient);
    let mut decoder = Decoder::new_with_options(file, options);
    // The palette, in bytes, is the largest of what is left to the crate besides pixels.
    decoder.set_limits(png::Limits { bytes: STRIP });
    // Palettes become colours, fewer bits eight, a transparent colour alpha.
    decoder.set_transformations(Transformations::EXPAND);
    let reader = decoder.read_info().map_err(told)?;
    let info = reader.info();
    let besides = |found: Result<Option<Vec<u8>>, Fault>| match found {
        Err(_) if how.is_lenient => Ok(None),
        found => found,
    };
    let meta = Meta {
        icc: besides(png_parts::profile(bytes, how.most_unpacked))?,
        exif: chunks(bytes).find(|chunk| chunk.name == *b"eXIf").map(|chunk| exif::bare(chunk.body.to_vec())),
        xmp: match png_parts::xmp(bytes, how.most_unpacked) {
            // Where it is not to be kept, it only tells which way the picture lies.
            Err(_) if !how.keeps_xmp => None,
            found => besides(found)?,
        },
        ..Meta::default()
    };
    agrees((info.width, info.height), probe)?;
    let (colour, depth) = reader.output_color_type();
    let layout = Layout {
        colour: matches!(colour, ColorType::Rgb | ColorType::Rgba),
        alpha: matches!(colour, ColorType::GrayscaleAlpha | ColorType::Rgba),
        wide: depth == BitDepth::Sixteen,
    };
    let is_animation = png_parts::is_animation(bytes);
    Ok(Opened { layout, meta, is_animation, rows: Box::new(move |push| rows(reader, layout, push)) })
}

/// Where the file is damaged, what was read before is handed on first.
fn rows<R: BufRead + Seek>(mut reader: Reader<R>, layout: Layout, push: Push<'_>) -> Result<(), Fault> {
    let (width, height, interlaced) = (reader.info().width, reader.info().height, reader.info().interlaced);
    let line = layout.size(width, 1);
    if interlaced {
        let mut data = zeros(layout.size(width, height))?;
        let read = reader.next_frame(&mut data).map_err(told);
        if read.is_err() && data.iter().all(|byte| *byte == 0) {
            return read.map(drop);
        }
        to_native(&mut data, layout);
        in_strips(&mut data, line, push)?;
        return read.map(drop);
    }
    let count = (STRIP / line).clamp(1, height as usize);
    let mut strip = zeros(count * line)?;
    let mut left = height as usize;
    while left > 0 {
        let strip = &mut strip[..count.min(left) * line];
        let (mut read, mut fault) = (0, None);
        for row in strip.chunks_exact_mut(line) {
            fault = reader.read_row(row).err();
            if fault.is_some() {
                break;
            }
            read += 1;
        }
        let strip = &mut strip[..read * line];
        to_native(strip, layout);
        push(strip)?;
        fault.map_or(Ok(()), |fault| Err(told(fault)))?;
        left -= read;
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

/// What the crate says, without the inside of its types.
fn told(error: png::DecodingError) -> Fault {
    let text = error.to_string();
    if text.starts_with("CRC error") { "the checksum of a chunk is wrong".into() } else { text }
}
