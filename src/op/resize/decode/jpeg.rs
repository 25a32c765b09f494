//! JPEG of kinds that parjob's own decoder ([`crate::op::resize::jpeg`]) leaves, of inks above all, and for `--linear`.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::{Fault, Opened, agrees, jpeg_parts, told, whole};
use crate::op::resize::pixels::{Layout, Picture};
use crate::op::resize::probe::Probe;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let options = DecoderOptions::default().set_strict_mode(true).set_max_width(65535).set_max_height(65535);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(told)?;
    let info = decoder.info().ok_or("it has no frame")?;
    let size = (u32::from(info.width), u32::from(info.height));
    agrees(size, probe)?;
    let (layout, colours) = match info.components {
        1 => (Layout::GREY, ColorSpace::Luma),
        _ => (Layout::RGB, ColorSpace::RGB),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(colours));
    let data = decoder.decode().map_err(told)?;
    if data.len() != layout.size(size.0, size.1) {
        return Err("its pixels are not as many as it says".into());
    }
    Ok(whole(Picture { width: size.0, height: size.1, layout, data }, jpeg_parts::meta(bytes)))
}
