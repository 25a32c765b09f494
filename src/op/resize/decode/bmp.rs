//! BMP.

use zune_bmp::BmpDecoder;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;

use super::{Fault, Meta, Opened, agrees, whole};
use crate::op::resize::pixels::{Layout, Picture};
use crate::op::resize::probe::Probe;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let told = |error| format!("{error:?}");
    let mut decoder = BmpDecoder::new(ZCursor::new(bytes));
    decoder.decode_headers().map_err(told)?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    let size = (width as u32, height as u32);
    agrees(size, probe)?;
    let data = decoder.decode().map_err(told)?;
    let layout = match decoder.colorspace() {
        Some(ColorSpace::RGB) => Layout::RGB,
        Some(ColorSpace::RGBA) => Layout::RGBA,
        Some(ColorSpace::Luma) => Layout::GREY,
        other => return Err(format!("its colours are of an unknown kind ({other:?})")),
    };
    if data.len() < layout.size(size.0, size.1) {
        return Err("pixels are missing".into());
    }
    let meta = Meta { icc: decoder.icc_profile().cloned(), ..Meta::default() };
    Ok(whole(Picture { width: size.0, height: size.1, layout, data }, meta))
}
