//! GIF: the first picture, in its place on the screen that the file describes.

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use super::{Fault, Meta, Opened, Push, agrees, told};
use crate::op::resize::pixels::Layout;
use crate::op::resize::probe::Probe;
use crate::op::resize::shrink::STRIP;

/// What is not covered.
const CLEAR: [u8; 4] = [0; 4];

/// The picture, as numbers of colours.
struct Frame {
    left: usize,
    top: usize,
    width: usize,
    numbers: Vec<u8>,
    colours: Vec<[u8; 4]>,
}

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe) -> Result<Opened<'a>, Fault> {
    let mut options = DecodeOptions::new();
    // A byte a pixel, until rows of it are asked for.
    options.set_color_output(ColorOutput::Indexed);
    options.check_frame_consistency(true);
    options.set_memory_limit(MemoryLimit::Unlimited);
    let mut decoder = options.read_info(bytes).map_err(told)?;
    let size = (u32::from(decoder.width()), u32::from(decoder.height()));
    agrees(size, probe)?;
    let meta = Meta { icc: decoder.icc_profile().map(<[u8]>::to_vec), ..Meta::default() };
    let shared = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder.read_next_frame().map_err(told)?.ok_or("it holds no picture")?;
    let palette = frame.palette.as_ref().or(shared.as_ref()).ok_or("it has no palette")?;
    let mut colours: Vec<[u8; 4]> = palette.chunks_exact(3).map(|c| [c[0], c[1], c[2], u8::MAX]).collect();
    if let Some(clear) = frame.transparent.and_then(|number| colours.get_mut(usize::from(number))) {
        *clear = CLEAR;
    }
    let (left, top, width) = (frame.left.into(), frame.top.into(), frame.width.into());
    let frame = Frame { left, top, width, numbers: frame.buffer.to_vec(), colours };
    // Most have no transparent pixel, and need no alpha.
    let covers = frame.numbers.len() == size.0 as usize * size.1 as usize;
    let layout = if covers && frame.is_opaque() { Layout::RGB } else { Layout::RGBA };
    Ok(Opened { layout, meta, rows: Box::new(move |push| frame.rows(size, layout, push)) })
}

impl Frame {
    fn colour(&self, number: u8) -> [u8; 4] {
        self.colours.get(usize::from(number)).copied().unwrap_or(CLEAR)
    }

    fn is_opaque(&self) -> bool {
        self.numbers.iter().all(|number| self.colour(*number)[3] == u8::MAX)
    }

    fn rows(&self, (width, height): (u32, u32), layout: Layout, push: Push<'_>) -> Result<(), Fault> {
        let (width, height) = (width as usize, height as usize);
        let strip = (STRIP / (width * layout.bytes())).max(1);
        let mut out = Vec::with_capacity(strip.min(height) * width * layout.bytes());
        for y in 0..height {
            let at = y.checked_sub(self.top).map_or(usize::MAX, |row| row * self.width);
            let row = self.numbers.get(at..at.saturating_add(self.width)).unwrap_or_default();
            for x in 0..width {
                let number = x.checked_sub(self.left).and_then(|x| row.get(x));
                let colour = number.map_or(CLEAR, |number| self.colour(*number));
                out.extend_from_slice(&colour[..layout.bytes()]);
            }
            if (y + 1) % strip == 0 || y + 1 == height {
                push(&mut out)?;
                out.clear();
            }
        }
        Ok(())
    }
}
