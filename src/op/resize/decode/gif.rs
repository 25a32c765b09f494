//! GIF: the first picture, in its place on the screen that the file describes.

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use super::{Fault, Meta, Opened, agrees, told, whole};
use crate::op::resize::pixels::{Layout, Picture};
use crate::op::resize::probe::Probe;

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.check_frame_consistency(true);
    options.set_memory_limit(MemoryLimit::Unlimited);
    let mut decoder = options.read_info(bytes).map_err(told)?;
    let size = (u32::from(decoder.width()), u32::from(decoder.height()));
    agrees(size, probe)?;
    let meta = Meta { icc: decoder.icc_profile().map(<[u8]>::to_vec), ..Meta::default() };
    let frame = decoder.read_next_frame().map_err(told)?.ok_or("it holds no picture")?;
    let (left, top) = (usize::from(frame.left), usize::from(frame.top));
    let line = usize::from(frame.width) * 4;
    let mut screen = Picture::new(size.0, size.1, Layout::RGBA);
    for (y, row) in frame.buffer.chunks_exact(line.max(1)).enumerate() {
        let at = ((top + y) * size.0 as usize + left) * 4;
        screen.data[at..at + line].copy_from_slice(row);
    }
    // Most have no transparent pixel, and need no alpha.
    Ok(whole(opaque(screen), meta))
}

/// Without alpha, where nothing is transparent.
pub(super) fn opaque(picture: Picture) -> Picture {
    let is_opaque = picture.data.chunks_exact(4).all(|pixel| pixel[3] == u8::MAX);
    if is_opaque { picture.flat([0; 3]) } else { picture }
}
