//! TIFF: the first picture of the file, grey, RGB, CMYK or with a palette, of 1 to 16 bits.

use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::{Fault, Meta, Opened, agrees, told, whole};
use crate::op::resize::pixels::{Layout, Picture};
use crate::op::resize::probe::Probe;

/// The tags of the profile and of XMP.
const ICC: Tag = Tag::Unknown(34675);
const XMP: Tag = Tag::Unknown(700);

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    // The memory was set aside by what the head of the file says.
    let decoder = Decoder::new(Cursor::new(bytes)).map_err(told)?;
    let mut decoder = decoder.with_limits(limits());
    let size = decoder.dimensions().map_err(told)?;
    agrees(size, probe)?;
    let colour = decoder.colortype().map_err(told)?;
    let orientation = decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
    let meta = Meta {
        icc: decoder.get_tag_u8_vec(ICC).ok(),
        exif: None,
        xmp: decoder.get_tag_u8_vec(XMP).ok(),
        orientation: orientation.filter(|value| (1..=8).contains(value)),
    };
    let palette = match colour {
        ColorType::Palette(_) => Some(decoder.get_tag_u16_vec(Tag::ColorMap).map_err(told)?),
        _ => None,
    };
    let (layout, data) = match decoder.read_image().map_err(told)? {
        DecodingResult::U8(data) => bytes_of(colour, data, palette.as_deref(), size)?,
        DecodingResult::U16(data) => words_of(colour, &data)?,
        _ => return Err(unread(colour)),
    };
    if data.len() != layout.size(size.0, size.1) {
        return Err("its pixels are not as many as it says".into());
    }
    Ok(whole(Picture { width: size.0, height: size.1, layout, data }, meta))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::MAX;
    limits.intermediate_buffer_size = usize::MAX;
    limits
}

fn unread(colour: ColorType) -> Fault {
    format!("colours of the kind {colour:?} are not read")
}

type Pixels = (Layout, Vec<u8>);

/// Pixels of samples of up to 8 bits.
fn bytes_of(colour: ColorType, data: Vec<u8>, palette: Option<&[u16]>, size: (u32, u32)) -> Result<Pixels, Fault> {
    let grey_alpha = Layout { alpha: true, ..Layout::GREY };
    Ok(match (colour, palette) {
        (ColorType::Gray(8), _) => (Layout::GREY, data),
        (ColorType::GrayA(8), _) => (grey_alpha, data),
        (ColorType::RGB(8), _) => (Layout::RGB, data),
        (ColorType::RGBA(8), _) => (Layout::RGBA, data),
        (ColorType::CMYK(8), _) => {
            (Layout::RGB, data.chunks_exact(4).flat_map(|ink| paper([ink[0], ink[1], ink[2], ink[3]])).collect())
        }
        (ColorType::Gray(bits @ (1 | 2 | 4)), _) => {
            let most = (1_u16 << bits) - 1;
            let shade = |value: u8| u8::try_from(u16::from(value) * 255 / most).unwrap_or(u8::MAX);
            (Layout::GREY, unpack(&data, bits, size).map(shade).collect())
        }
        (ColorType::Palette(bits @ (1 | 2 | 4 | 8)), Some(palette)) => {
            // All reds, all greens, all blues.
            let colours = palette.len() / 3;
            let shade = |plane: usize, value: u8| {
                let wide = palette.get(plane * colours + usize::from(value)).filter(|_| usize::from(value) < colours);
                wide.map_or(0, |wide| wide.to_be_bytes()[0])
            };
            let pixels = unpack(&data, bits, size);
            (Layout::RGB, pixels.flat_map(|value| [0, 1, 2].map(|plane| shade(plane, value))).collect())
        }
        _ => return Err(unread(colour)),
    })
}

/// Pixels of samples of 16 bits.
fn words_of(colour: ColorType, data: &[u16]) -> Result<Pixels, Fault> {
    let wide = |colour, alpha| Layout { colour, alpha, wide: true };
    let layout = match colour {
        ColorType::Gray(16) => wide(false, false),
        ColorType::GrayA(16) => wide(false, true),
        ColorType::RGB(16) => wide(true, false),
        ColorType::RGBA(16) => wide(true, true),
        _ => return Err(unread(colour)),
    };
    Ok((layout, data.iter().flat_map(|sample| sample.to_ne_bytes()).collect()))
}

/// Samples of fewer than eight bits, of which each row begins with a byte of its own.
fn unpack(data: &[u8], bits: u8, (width, height): (u32, u32)) -> impl Iterator<Item = u8> {
    let line = (width as usize * usize::from(bits)).div_ceil(8);
    let mask = u8::MAX >> (8 - bits);
    let sample = move |row: &[u8], x: usize| {
        let bit = x * usize::from(bits);
        // A bit's place within its byte is below 8.
        row[bit / 8] >> (8 - bits as usize - bit % 8) & mask
    };
    let rows = data.chunks_exact(line.max(1)).take(height as usize);
    rows.flat_map(move |row| (0..width as usize).map(move |x| sample(row, x)))
}

/// Ink on white paper, as red, green and blue. Without its profile more cannot be known of it.
fn paper([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let light = 255 - u32::from(black);
    [cyan, magenta, yellow].map(|ink| {
        let shade = ((255 - u32::from(ink)) * light + 127) / 255;
        u8::try_from(shade).unwrap_or(u8::MAX)
    })
}
