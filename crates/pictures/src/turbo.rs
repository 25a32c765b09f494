//! Sequential JPEGs by way of libjpeg-turbo, with the feature `turbojpeg`.
//!
//! It decodes blocks to fewer points too, in assembly. Progressive ones are read faster by [`super::jpeg`], which keeps
//! of them only what is needed.

use fast_image_resize::FilterType;
use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, ScalingFactor};

use super::jpeg_parts::{is_frame, segments};
use super::pixels::{Layout, Picture};
use super::planes::ENOUGH;
use super::shape::Shape;
use super::shrink::Shrink;

/// Why a picture cannot be decoded.
type Fault = String;

/// What a picture becomes; `None`: it is of a kind that is left to another decoder.
pub(super) fn resized(bytes: &[u8], shape: &Shape, filter: FilterType) -> Option<Result<Picture, Fault>> {
    let frame = segments(bytes, 0).find(|segment| is_frame(segment.marker))?;
    if !matches!(frame.marker, 0xc0 | 0xc1) {
        return None;
    }
    let mut decoder = Decompressor::new().ok()?;
    let header = decoder.read_header(bytes).ok()?;
    let (layout, format) = match header.colorspace {
        Colorspace::Gray => (Layout::GREY, PixelFormat::GRAY),
        Colorspace::YCbCr => (Layout::RGB, PixelFormat::RGB),
        _ => return None,
    };
    let mut eighths = ((8.0 * ENOUGH / shape.shrinks()).ceil() as usize).clamp(1, 8);
    if eighths == 7 {
        // A full transform is quicker than one of seven points.
        eighths = 8;
    }
    let factor = ScalingFactor::new(eighths, 8);
    Some(decode(&mut decoder, bytes, &header.scaled(factor), factor, layout, format).and_then(|mut whole| {
        let scale = eighths as f64 / 8.0;
        let size = (whole.width, whole.height);
        let mut shrink = Shrink::new(size, layout, shape.scaled((scale, scale), size), filter, None)?;
        shrink.push(&mut whole.data)?;
        shrink.finish()
    }))
}

fn decode(
    decoder: &mut Decompressor,
    bytes: &[u8],
    header: &turbojpeg::DecompressHeader,
    factor: ScalingFactor,
    layout: Layout,
    format: PixelFormat,
) -> Result<Picture, Fault> {
    decoder.set_scaling_factor(factor).map_err(|error| error.to_string())?;
    let (width, height) = (header.width, header.height);
    let mut whole = Picture::try_new(width as u32, height as u32, layout)?;
    let pitch = width * layout.bytes();
    let image = Image { pixels: &mut whole.data[..], width, pitch, height, format };
    decoder.decompress(bytes, image).map_err(|error| error.to_string())?;
    Ok(whole)
}
