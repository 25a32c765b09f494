//! Pixels in memory, and what is done to them besides resizing: turned, laid on a background, narrowed.
//!
//! Samples are bytes, or 16-bit numbers in the machine's byte order. Alpha is never premultiplied here.

use fast_image_resize::PixelType;

/// Why there is no picture.
pub(super) type Fault = String;

/// Memory for so many bytes. A picture may be larger than what there is, and must not take the others with it.
pub fn room(bytes: usize) -> Result<Vec<u8>, Fault> {
    let mut data = Vec::new();
    data.try_reserve_exact(bytes).map_err(|_| format!("there is no memory for {bytes} bytes of it"))?;
    Ok(data)
}

/// As many zeros, for which there may be no memory.
pub(super) fn zeros<T: Clone + Default>(many: usize) -> Result<Vec<T>, Fault> {
    let mut data = Vec::new();
    let bytes = many.saturating_mul(size_of::<T>());
    data.try_reserve_exact(many).map_err(|_| format!("there is no memory for {bytes} bytes of it"))?;
    data.resize(many, T::default());
    Ok(data)
}

/// The samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Red, green and blue, rather than grey.
    pub(super) colour: bool,
    /// An alpha follows.
    pub(super) alpha: bool,
    /// 16 bits a sample rather than 8.
    pub(super) wide: bool,
}

impl Layout {
    pub(super) const GREY: Layout = Layout { colour: false, alpha: false, wide: false };
    pub(super) const RGB: Layout = Layout { colour: true, alpha: false, wide: false };
    pub(super) const RGBA: Layout = Layout { colour: true, alpha: true, wide: false };

    /// Samples in a pixel.
    pub(super) fn samples(self) -> usize {
        self.colours() + usize::from(self.alpha)
    }

    /// Samples in a pixel that are not alpha.
    pub(super) fn colours(self) -> usize {
        if self.colour { 3 } else { 1 }
    }

    /// Bytes in a pixel.
    pub(super) fn bytes(self) -> usize {
        self.samples() << u32::from(self.wide)
    }

    /// Bytes in so many pixels.
    pub(super) fn size(self, width: u32, height: u32) -> usize {
        (width as usize).saturating_mul(height as usize).saturating_mul(self.bytes())
    }

    /// What the resizer calls it.
    pub(super) fn kind(self) -> PixelType {
        match (self.samples(), self.wide) {
            (1, false) => PixelType::U8,
            (2, false) => PixelType::U8x2,
            (3, false) => PixelType::U8x3,
            (_, false) => PixelType::U8x4,
            (1, true) => PixelType::U16,
            (2, true) => PixelType::U16x2,
            (3, true) => PixelType::U16x3,
            (_, true) => PixelType::U16x4,
        }
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) layout: Layout,
    /// The rows from top to bottom, without padding.
    pub(super) data: Vec<u8>,
}

impl Picture {
    /// A picture of zeros, for which there may be no memory.
    pub(super) fn try_new(width: u32, height: u32, layout: Layout) -> Result<Picture, Fault> {
        Ok(Picture { width, height, layout, data: zeros(layout.size(width, height))? })
    }

    /// Turned and mirrored as an EXIF orientation says that it must be to stand upright; 1 is upright.
    pub(super) fn upright(self, orientation: u8) -> Result<Picture, Fault> {
        if !(2..=8).contains(&orientation) {
            return Ok(self);
        }
        let (width, height) = (self.width as usize, self.height as usize);
        let (wide, high) = if orientation >= 5 { (height, width) } else { (width, height) };
        let size = self.layout.bytes();
        let mut data = room(self.data.len())?;
        for y in 0..high {
            for x in 0..wide {
                let (from_x, from_y) = match orientation {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    _ => (width - 1 - y, x),
                };
                let at = (from_y * width + from_x) * size;
                data.extend_from_slice(&self.data[at..at + size]);
            }
        }
        let (width, height) = if orientation >= 5 { (self.height, self.width) } else { (self.width, self.height) };
        Ok(Picture { width, height, data, ..self })
    }

    /// With 8 bits a sample.
    pub(super) fn narrow(mut self) -> Picture {
        if !self.layout.wide {
            return self;
        }
        let samples = self.data.len() / 2;
        for at in 0..samples {
            let sample = u32::from(u16::from_ne_bytes([self.data[2 * at], self.data[2 * at + 1]]));
            // Rounded: 65535 is 255 times 257.
            self.data[at] = u8::try_from((sample + 128) / 257).unwrap_or(u8::MAX);
        }
        self.data.truncate(samples);
        Picture { layout: Layout { wide: false, ..self.layout }, ..self }
    }

    /// Laid on a background, without alpha. The picture must be narrow.
    pub(super) fn flat(mut self, background: [u8; 3]) -> Picture {
        if !self.layout.alpha {
            return self;
        }
        let samples = self.layout.samples();
        let under = self.layout.shades(background);
        let mut to = 0;
        for from in (0..self.data.len()).step_by(samples) {
            let alpha = u32::from(self.data[from + samples - 1]);
            for (place, under) in (from..from + samples - 1).zip(under.clone()) {
                let mixed = u32::from(self.data[place]) * alpha + u32::from(under) * (255 - alpha);
                self.data[to] = u8::try_from((mixed + 127) / 255).unwrap_or(u8::MAX);
                to += 1;
            }
        }
        self.data.truncate(to);
        Picture { layout: Layout { alpha: false, ..self.layout }, ..self }
    }

    /// In the middle of a canvas of that size, which is nowhere smaller, on a background; where the picture has alpha
    /// the background is transparent.
    pub(super) fn on_canvas(self, (width, height): (u32, u32), background: [u8; 3]) -> Result<Picture, Fault> {
        if (width, height) == (self.width, self.height) {
            return Ok(self);
        }
        // A grey picture on a coloured background is a coloured one.
        let grey = background[0] == background[1] && background[1] == background[2];
        let from = if grey || self.layout.alpha { self } else { self.coloured()? };
        let layout = from.layout;
        let mut pixel = Vec::with_capacity(layout.bytes());
        let alpha = layout.alpha.then_some(0);
        for sample in layout.shades(background).take(layout.colours()).chain(alpha) {
            // A byte twice is the same shade in 16 bits.
            pixel.resize(pixel.len() + 1 + usize::from(layout.wide), sample);
        }
        let mut data = room(layout.size(width, height))?;
        data.extend(pixel.iter().cycle().take(layout.size(width, height)));
        let mut canvas = Picture { width, height, layout, data };
        let size = layout.bytes();
        let (left, top) = ((width - from.width) as usize / 2, (height - from.height) as usize / 2);
        let line = from.width as usize * size;
        for (y, row) in from.data.chunks_exact(line).enumerate() {
            let at = ((top + y) * width as usize + left) * size;
            canvas.data[at..at + line].copy_from_slice(row);
        }
        Ok(canvas)
    }

    /// With red, green and blue, where it was grey.
    pub(super) fn coloured(self) -> Result<Picture, Fault> {
        if self.layout.colour {
            return Ok(self);
        }
        let (sample, samples) = (1 << u32::from(self.layout.wide), self.layout.samples());
        let mut data = room(self.data.len() * 3)?;
        for pixel in self.data.chunks_exact(sample * samples) {
            let (shade, alpha) = pixel.split_at(sample);
            [shade, shade, shade, alpha].iter().for_each(|part| data.extend_from_slice(part));
        }
        Ok(Picture { data, layout: Layout { colour: true, ..self.layout }, ..self })
    }
}

impl Layout {
    /// A colour in the samples of this layout, without alpha.
    fn shades(self, [red, green, blue]: [u8; 3]) -> impl Iterator<Item = u8> + Clone {
        let grey = (u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114 + 500) / 1000;
        let grey = u8::try_from(grey).unwrap_or(u8::MAX);
        if self.colour { [red, green, blue].into_iter().take(3) } else { [grey; 3].into_iter().take(1) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn grey(width: u32, data: &[u8]) -> Picture {
        Picture { width, height: data.len() as u32 / width, layout: Layout::GREY, data: data.to_vec() }
    }

    #[test]
    fn each_orientation_is_undone() {
        // As a picture of 3 × 2 is stored when it is to be shown as 1 2 3 / 4 5 6.
        let stored: [(u32, &[u8]); 8] = [
            (3, &[1, 2, 3, 4, 5, 6]),
            (3, &[3, 2, 1, 6, 5, 4]),
            (3, &[6, 5, 4, 3, 2, 1]),
            (3, &[4, 5, 6, 1, 2, 3]),
            (2, &[1, 4, 2, 5, 3, 6]),
            (2, &[3, 6, 2, 5, 1, 4]),
            (2, &[6, 3, 5, 2, 4, 1]),
            (2, &[4, 1, 5, 2, 6, 3]),
        ];
        for (orientation, (width, data)) in (1..).zip(stored) {
            let shown = grey(width, data).upright(orientation);
            assert_eq!(shown.unwrap(), grey(3, &[1, 2, 3, 4, 5, 6]), "orientation {orientation}");
        }
    }

    #[test]
    fn wide_samples_are_rounded() {
        let samples = [0_u16, 128, 129, 257, 32768, 65535];
        let layout = Layout { wide: true, ..Layout::GREY };
        let data = samples.iter().flat_map(|sample| sample.to_ne_bytes()).collect();
        let wide = Picture { width: 6, height: 1, layout, data };
        assert_eq!(wide.narrow(), grey(6, &[0, 0, 1, 1, 128, 255]));
    }

    #[test]
    fn a_picture_is_laid_on_a_background() {
        let layout = Layout::RGBA;
        let data = vec![10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 51];
        let flat = Picture { width: 3, height: 1, layout, data }.flat([255, 0, 100]);
        assert_eq!(flat.data, [10, 20, 30, 255, 0, 100, 204, 0, 80]);
        let padded = grey(1, &[7]).on_canvas((3, 2), [9, 9, 9]).unwrap();
        assert_eq!((padded.width, &padded.data[..]), (3, &[9, 7, 9, 9, 9, 9][..]));
        let coloured = grey(1, &[7]).on_canvas((2, 1), [1, 2, 3]).unwrap();
        assert_eq!(coloured.data, [7, 7, 7, 1, 2, 3]);
    }
}
