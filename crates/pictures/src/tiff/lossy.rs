//! Strips and tiles that are a JPEG or a WebP.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::head::Head;
use super::kinds::Meaning;
use super::{Fault, tag};
use crate::jpeg::{self, Colours};
use crate::pixels::room;
use crate::planes;

/// The samples of a JPEG, by rows of the block's width. Light and differences of colour become red, green and blue.
pub(super) fn jpeg(head: &Head, file: &[u8], bytes: &[u8], rows: u32) -> Result<Vec<u8>, Fault> {
    let jpeg = with_tables(head.directory.bytes(file, tag::JPEG_TABLES), bytes);
    let jpeg = jpeg::open_part(&jpeg, false)?;
    fits(head, (jpeg.width, jpeg.height), rows)?;
    if jpeg.planes() != head.together() {
        return Err(format!("a part of it has {} samples for a pixel, not {}", jpeg.planes(), head.together()));
    }
    let line = jpeg.width as usize;
    let planes = planes::whole(jpeg)?;
    let data: Vec<&[u8]> = planes.iter().map(|plane| &plane.data[..]).collect();
    let out = room(data.iter().map(|plane| plane.len()).sum())?;
    let out = match *data {
        [one] => [out.as_slice(), one].concat(),
        [_, _, _] if head.meaning == Meaning::Ycc => Colours::Ycc.pixels(&data, out),
        [_, _, _] => Colours::Rgb.pixels(&data, out),
        _ => interleaved(&data, out),
    };
    Ok(cropped(out, line * head.together(), head.line() as usize))
}

/// The bytes of a JPEG with the tables that all of them share put in front.
fn with_tables(tables: Option<&[u8]>, bytes: &[u8]) -> Vec<u8> {
    let tables = tables.unwrap_or_default();
    // Both begin with a code for that, and the tables end with one.
    let tables = tables.strip_suffix(&[0xff, 0xd9]).unwrap_or(tables);
    match bytes.strip_prefix(&[0xff, 0xd8]) {
        Some(rest) if tables.starts_with(&[0xff, 0xd8]) => [tables, rest].concat(),
        _ => bytes.to_vec(),
    }
}

/// The samples of a WebP.
pub(super) fn webp(head: &Head, bytes: &[u8], rows: u32) -> Result<Vec<u8>, Fault> {
    let told = |error: image_webp::DecodingError| error.to_string();
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(told)?;
    let (width, height) = decoder.dimensions();
    fits(head, (width, height), rows)?;
    let (has, wants) = (if decoder.has_alpha() { 4 } else { 3 }, head.together());
    let pixels = width as usize * height as usize;
    let mut data = room(pixels * has)?;
    data.resize(pixels * has, 0);
    decoder.read_image(&mut data).map_err(told)?;
    let data = match (has, wants) {
        (3, 3) | (4, 4) => data,
        (3, 4) => data.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], u8::MAX]).collect(),
        (4, 3) => data.chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect(),
        _ => return Err(format!("a WebP in it has {has} samples for a pixel, not {wants}")),
    };
    Ok(cropped(data, width as usize * wants, head.line() as usize))
}

/// It is no smaller than the rows that it is for, and no larger than a block, for which there is memory.
fn fits(head: &Head, (width, height): (u32, u32), rows: u32) -> Result<(), Fault> {
    // The last strip may be as high as the others.
    if width >= head.block.0.min(head.width) && width <= head.block.0 && height >= rows && height <= head.block.1 {
        return Ok(());
    }
    Err(format!("a part of it has {width} × {height} pixels, not {} × {rows}", head.block.0))
}

fn interleaved(planes: &[&[u8]], mut out: Vec<u8>) -> Vec<u8> {
    for at in 0..planes.first().map_or(0, |plane| plane.len()) {
        out.extend(planes.iter().filter_map(|plane| plane.get(at)));
    }
    out
}

/// With lines of another length: what is missing is behind the edge of the picture.
fn cropped(data: Vec<u8>, from: usize, to: usize) -> Vec<u8> {
    if from == to {
        return data;
    }
    let mut out = vec![0; data.len() / from * to];
    out.chunks_exact_mut(to).zip(data.chunks_exact(from)).for_each(|(out, line)| out[..from].copy_from_slice(line));
    out
}
