//! From the numbers in a picture to amounts of light and back, by the curve of sRGB (IEC 61966-2-1).
//!
//! The numbers of a picture are not proportional to light, so their mean is darker than the mean of the light: fine
//! bright lines fade when a picture is made smaller. With `--linear` the convolution is done on light.

use super::pixels::{Layout, Picture};

/// The curve in tables. Alpha is no light; it only changes its width.
pub(super) struct Light {
    /// Light, as a 16-bit number, of each byte.
    of_byte: Vec<u16>,
    /// Light of each 16-bit number.
    of_wide: Vec<u16>,
    /// The 16-bit number of each light.
    back: Vec<u16>,
}

impl Light {
    pub(super) fn new() -> Light {
        let wide = |f: fn(f64) -> f64| (0..=u16::MAX).map(|n| number(f(f64::from(n) / 65535.0))).collect();
        Light {
            of_byte: (0..=u8::MAX).map(|n| number(to_light(f64::from(n) / 255.0))).collect(),
            of_wide: wide(to_light),
            back: wide(from_light),
        }
    }

    /// Rows in linear light, wide.
    pub(super) fn linear(&self, rows: &[u8], layout: Layout) -> Vec<u8> {
        let samples = layout.samples();
        let is_alpha = |n: usize| layout.alpha && n % samples == samples - 1;
        let mut out = Vec::with_capacity(rows.len() << u32::from(!layout.wide));
        if layout.wide {
            for (n, pair) in rows.chunks_exact(2).enumerate() {
                let sample = u16::from_ne_bytes([pair[0], pair[1]]);
                let light = if is_alpha(n) { sample } else { self.of_wide[usize::from(sample)] };
                out.extend_from_slice(&light.to_ne_bytes());
            }
        } else {
            for (n, sample) in rows.iter().enumerate() {
                let light = if is_alpha(n) { u16::from(*sample) * 257 } else { self.of_byte[usize::from(*sample)] };
                out.extend_from_slice(&light.to_ne_bytes());
            }
        }
        out
    }

    /// The picture as it is stored, in the layout that it had.
    pub(super) fn shown(&self, picture: &Picture, layout: Layout) -> Picture {
        let samples = layout.samples();
        let mut data = Vec::with_capacity(picture.data.len());
        for (n, pair) in picture.data.chunks_exact(2).enumerate() {
            let sample = u16::from_ne_bytes([pair[0], pair[1]]);
            let is_alpha = layout.alpha && n % samples == samples - 1;
            let number = if is_alpha { sample } else { self.back[usize::from(sample)] };
            data.extend_from_slice(&number.to_ne_bytes());
        }
        let wide = Picture { width: picture.width, height: picture.height, layout: picture.layout, data };
        if layout.wide { wide } else { wide.narrow() }
    }
}

fn to_light(number: f64) -> f64 {
    if number <= 0.04045 { number / 12.92 } else { ((number + 0.055) / 1.055).powf(2.4) }
}

/// The number that stands for an amount of light, both from 0 to 1.
pub(super) fn from_light(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// The nearest 16-bit number of what lies between 0 and 1.
fn number(part: f64) -> u16 {
    (part * 65535.0).round() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_and_back_is_the_same_shade() {
        let light = Light::new();
        let data: Vec<u8> = (0..=255).collect();
        let linear = light.linear(&data, Layout::GREY);
        let layout = Layout { wide: true, ..Layout::GREY };
        let picture = Picture { width: 256, height: 1, layout, data: linear };
        assert_eq!(light.shown(&picture, Layout::GREY).data, data);
        // Half the light is nearer to white than to black.
        assert_eq!(light.back[32768] / 257, 187);
    }
}
