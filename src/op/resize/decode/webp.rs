//! WebP, lossy and lossless; of an animation the first picture.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::{Fault, Meta, Opened, agrees, told, whole};
use crate::op::resize::exif;
use crate::op::resize::pixels::{Layout, Picture};
use crate::op::resize::probe::Probe;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(told)?;
    let size = decoder.dimensions();
    agrees(size, probe)?;
    let meta = Meta {
        icc: decoder.icc_profile().map_err(told)?,
        exif: decoder.exif_metadata().map_err(told)?.map(exif::bare),
        xmp: decoder.xmp_metadata().map_err(told)?,
        orientation: None,
    };
    let layout = if decoder.has_alpha() { Layout::RGBA } else { Layout::RGB };
    let mut picture = Picture::new(size.0, size.1, layout);
    if decoder.is_animated() {
        decoder.read_frame(&mut picture.data).map_err(told)?;
    } else {
        decoder.read_image(&mut picture.data).map_err(told)?;
    }
    Ok(whole(picture, meta))
}
