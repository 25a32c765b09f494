//! GIF: the first picture, in its place on the screen that the file describes.

use gif::{ColorOutput, DecodeOptions, Decoder, MemoryLimit};

use super::{Fault, How, Meta, Opened, Push, agrees, told};
use crate::gif_parts;
use crate::pixels::{Layout, zeros};
use crate::probe::Probe;
use crate::shrink::STRIP;

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

pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe, how: How) -> Result<Opened<'a>, Fault> {
    let mut options = DecodeOptions::new();
    // A byte a pixel, until rows of it are asked for.
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Unlimited);
    options.allow_unknown_blocks(true);
    let mut decoder = options.read_info(bytes).map_err(told)?;
    let screen = gif_parts::screen(bytes, false).map_err(told)?.ok_or("it holds no picture")?;
    agrees(screen.size, probe)?;
    let meta = Meta { icc: decoder.icc_profile().map(<[u8]>::to_vec), ..Meta::default() };
    let shared = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder.next_frame_info().map_err(told)?.ok_or("it holds no picture")?.clone();
    let (left, top, width) = (frame.left.into(), frame.top.into(), frame.width.into());
    let palette = frame.palette.as_ref().or(shared.as_ref()).ok_or("it has no palette")?;
    let mut colours: Vec<[u8; 4]> = palette.chunks_exact(3).map(|c| [c[0], c[1], c[2], u8::MAX]).collect();
    if let Some(clear) = frame.transparent.and_then(|number| colours.get_mut(usize::from(number))) {
        *clear = CLEAR;
    }
    let numbers = numbers(&mut decoder, &frame, how)?;
    let frame = Frame { left, top, width, numbers, colours };
    // Most have no transparent pixel, and need no alpha.
    let covers = frame.numbers.len() == screen.size.0 as usize * screen.size.1 as usize;
    let layout = if covers && frame.is_opaque() { Layout::RGB } else { Layout::RGBA };
    // What is broken behind the first picture does not matter.
    let is_animation = gif_parts::screen(bytes, true).is_ok_and(|screen| screen.is_some_and(|all| all.is_animation));
    Ok(Opened { layout, meta, is_animation, rows: Box::new(move |push| frame.rows(screen.size, layout, push)) })
}

/// The pixels of a frame as numbers of colours, row by row. A lenient decoder gives those that there are.
fn numbers(decoder: &mut Decoder<&[u8]>, frame: &gif::Frame<'_>, how: How) -> Result<Vec<u8>, Fault> {
    let (width, height) = (usize::from(frame.width), usize::from(frame.height));
    if width * height == 0 {
        return Err("its picture has no pixels".into());
    }
    let mut numbers = zeros(width * height)?;
    let mut order = if frame.interlaced { interlaced(height) } else { (0..height).collect() };
    for n in 0..height {
        let row = &mut numbers[order[n] * width..][..width];
        let read = match decoder.fill_buffer(row) {
            Ok(true) => continue,
            Ok(false) => Err("it ends too early".into()),
            Err(error) => Err(told(error)),
        };
        if !how.is_lenient || n == 0 {
            return read.map(|()| numbers);
        }
        order.truncate(n);
        break;
    }
    if order.len() < height && !frame.interlaced {
        numbers.truncate(order.len() * width);
    } else if order.len() < height {
        // As it is shown while it comes: a row stands for those below it that are to come.
        let mut is_read = vec![false; height];
        order.iter().for_each(|row| is_read[*row] = true);
        for row in (1..height).filter(|row| !is_read[*row]) {
            numbers.copy_within((row - 1) * width..row * width, row * width);
        }
    }
    Ok(numbers)
}

/// The order in which rows come.
fn interlaced(height: usize) -> Vec<usize> {
    [(0, 8), (4, 8), (2, 4), (1, 2)].into_iter().flat_map(|(first, step)| (first..height).step_by(step)).collect()
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
