//! WebP, lossy and lossless; of an animation the first picture.

use image_webp::WebPDecoder;

use super::{Fault, How, Meta, Opened, agrees, told, whole};
use crate::exif;
use crate::pixels::{Layout, Picture};
use crate::probe::Probe;
use crate::webp_parts::{self, Padded};

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe, how: How) -> Result<Opened<'a>, Fault> {
    webp_parts::check(bytes, (probe.width, probe.height))?;
    let missing = webp_parts::missing(bytes);
    if missing > 0 && !how.is_lenient {
        return Err("it ends too early".into());
    }
    let mut decoder = WebPDecoder::new(Padded::new(bytes, missing, probe.pixels())).map_err(told)?;
    let size = decoder.dimensions();
    agrees(size, probe)?;
    let part = |name| webp_parts::chunk(bytes, name).map(<[u8]>::to_vec);
    let meta = Meta { icc: part(b"ICCP"), exif: part(b"EXIF").map(exif::bare), xmp: part(b"XMP "), ..Meta::default() };
    let layout = if decoder.has_alpha() { Layout::RGBA } else { Layout::RGB };
    let mut picture = Picture::try_new(size.0, size.1, layout)?;
    let is_animation = decoder.is_animated() && decoder.num_frames() > 1;
    if decoder.is_animated() {
        decoder.read_frame(&mut picture.data).map_err(told)?;
    } else {
        decoder.read_image(&mut picture.data).map_err(told)?;
    }
    Ok(whole(picture, meta, is_animation))
}
