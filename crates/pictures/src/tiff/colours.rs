//! From samples to grey or to red, green and blue.

use super::directory::Source;
use super::head::Head;
use super::kinds::{Alpha, Format, Meaning};
use super::tag;
use crate::light;
use crate::pixels::Layout;

/// What makes pixels of samples.
pub(super) struct Colours {
    kind: Kind,
    layout: Layout,
    /// Samples of a pixel, and how many of them are colours.
    samples: usize,
    colours: usize,
    alpha: Option<Alpha>,
    /// Most that a sample of alpha can be, as it is given.
    full: u32,
}

enum Kind {
    /// Grey or red, green and blue, of as many bits as those that are handed on.
    Shades {
        inverted: bool,
    },
    Palette(Vec<[u8; 3]>),
    /// Inks of as many bits.
    Cmyk {
        bits: u8,
    },
    Ycc(Box<Ycc>),
    Lab {
        bits: u8,
        signed: bool,
    },
}

impl Colours {
    pub(super) fn new(head: &Head, file: &mut impl Source) -> Colours {
        let is_number = head.format == Format::Unsigned && head.bits <= 16;
        let kind = match head.meaning {
            Meaning::Grey { white_is_zero } => Kind::Shades { inverted: white_is_zero && is_number },
            Meaning::Rgb => Kind::Shades { inverted: false },
            Meaning::Palette => Kind::Palette(palette(head, file)),
            Meaning::Cmyk => Kind::Cmyk { bits: head.bits },
            // The decoder of JPEG and of WebP gives red, green and blue.
            Meaning::Ycc if head.packing.is_lossy() => Kind::Shades { inverted: false },
            Meaning::Ycc => Kind::Ycc(Box::new(Ycc::new(head, file))),
            Meaning::Lab => Kind::Lab { bits: head.bits, signed: true },
            Meaning::IccLab => Kind::Lab { bits: head.bits, signed: false },
        };
        let layout = head.layout();
        let is_wide = match kind {
            Kind::Shades { .. } => layout.wide,
            _ => head.bits > 8,
        };
        let full = match kind {
            // Samples of a palette are as they are.
            Kind::Palette(_) => u32::from(u16::MAX >> (16 - head.bits.clamp(1, 16))),
            _ if is_wide => u16::MAX.into(),
            _ => u8::MAX.into(),
        };
        Colours { kind, layout, samples: head.samples, colours: head.meaning.colours(), alpha: head.alpha, full }
    }

    /// Whether pixels are the samples as they are: nothing is to be done but to hand them on.
    pub(super) fn are_samples(&self) -> bool {
        let Kind::Shades { inverted: false } = self.kind else { return false };
        self.samples == self.layout.samples() && self.alpha != Some(Alpha::Associated)
    }

    /// The pixels of the first samples, as many as there is room for.
    pub(super) fn pixels(&self, samples: &[u16], out: &mut [u8]) {
        let most: u16 = if self.layout.wide { u16::MAX } else { u8::MAX.into() };
        for (pixel, out) in samples.chunks_exact(self.samples).zip(out.chunks_exact_mut(self.layout.bytes())) {
            let mut shades = [0_u16; 4];
            let shades = &mut shades[..self.layout.samples()];
            let (colours, alpha) = shades.split_at_mut(self.layout.colours());
            self.colour(&pixel[..self.colours], most, colours);
            if let (Some(kind), [alpha]) = (self.alpha, alpha) {
                let opaque = u32::from(pixel[self.colours]).min(self.full);
                *alpha = ((opaque * u32::from(most) + self.full / 2) / self.full) as u16;
                if kind == Alpha::Associated {
                    let below = u64::from(*alpha).max(1);
                    let apart = |shade: u16| (u64::from(shade) * u64::from(most) + below / 2) / below;
                    colours.iter_mut().for_each(|shade| *shade = apart(*shade).min(most.into()) as u16);
                }
            }
            if self.layout.wide {
                out.chunks_exact_mut(2).zip(shades).for_each(|(out, shade)| out.copy_from_slice(&shade.to_ne_bytes()));
            } else {
                out.iter_mut().zip(shades).for_each(|(out, shade)| *out = *shade as u8);
            }
        }
    }

    fn colour(&self, pixel: &[u16], most: u16, out: &mut [u16]) {
        match (&self.kind, pixel) {
            (Kind::Shades { inverted }, _) => {
                let shade = |sample: u16| if *inverted { most.saturating_sub(sample) } else { sample };
                out.iter_mut().zip(pixel).for_each(|(out, sample)| *out = shade(*sample));
            }
            (Kind::Palette(colours), [number, ..]) => {
                let colour = colours.get(usize::from(*number)).copied().unwrap_or_default();
                out.copy_from_slice(&colour.map(u16::from));
            }
            (Kind::Cmyk { bits }, [c, m, y, k]) => {
                out.copy_from_slice(&paper([c, m, y, k].map(|ink| u32::from(*ink >> (bits - 8)))));
            }
            (Kind::Ycc(ycc), [y, cb, cr]) => out.copy_from_slice(&ycc.colour([*y, *cb, *cr])),
            (Kind::Lab { bits, signed }, [l, a, b]) => out.copy_from_slice(&lab([*l, *a, *b], *bits, *signed)),
            _ => {}
        }
    }
}

/// The colours of a palette: it holds all reds, all greens, all blues, of 16 bits; some write bytes.
fn palette(head: &Head, file: &mut impl Source) -> Vec<[u8; 3]> {
    let most = 3 << head.bits.min(16);
    let values = head.directory.numbers(file, tag::PALETTE, most);
    let many = values.len() / 3;
    let shift = if values.iter().all(|value| *value < 256) { 0 } else { 8 };
    let shade = |at: usize| u8::try_from(values[at] >> shift).unwrap_or(u8::MAX);
    (0..many).map(|n| [shade(n), shade(many + n), shade(2 * many + n)]).collect()
}

/// Ink on white paper, as red, green and blue. Without its profile more cannot be known of it.
fn paper([cyan, magenta, yellow, black]: [u32; 4]) -> [u16; 3] {
    [cyan, magenta, yellow].map(|ink| (((255 - ink) * (255 - black) + 127) / 255) as u16)
}

/// Light and two differences of colour, by the weights and the ranges that the file states.
struct Ycc {
    light: [f32; 256],
    blue: [f32; 256],
    red: [f32; 256],
    /// Weights of red, green and blue in the light.
    weights: [f32; 3],
}

impl Ycc {
    fn new(head: &Head, file: &mut impl Source) -> Ycc {
        let directory = &head.directory;
        let is_sound = |values: &[f64]| values.iter().all(|value| value.is_finite());
        let weights = match *directory.reals(file, tag::YCC_WEIGHTS, 3) {
            [r, g, b] if is_sound(&[r, g, b]) && g > 0.0 => [r as f32, g as f32, b as f32],
            _ => [0.299, 0.587, 0.114],
        };
        let ranges = match *directory.reals(file, tag::YCC_RANGES, 6) {
            [a, b, c, d, e, f] if is_sound(&[a, b, c, d, e, f]) && a != b && c != d && e != f => [a, b, c, d, e, f],
            _ => [0.0, 255.0, 128.0, 255.0, 128.0, 255.0],
        };
        let table = |from: f64, to: f64, most: f64| {
            std::array::from_fn(|code| ((code as f64 - from) * most / (to - from)) as f32)
        };
        let [a, b, c, d, e, f] = ranges;
        Ycc { light: table(a, b, 255.0), blue: table(c, d, 127.0), red: table(e, f, 127.0), weights }
    }

    fn colour(&self, pixel: [u16; 3]) -> [u16; 3] {
        let [y, cb, cr] = pixel.map(|sample| usize::from(sample.min(255)));
        let [of_red, of_green, of_blue] = self.weights;
        let light = self.light[y];
        let red = light + (2.0 - 2.0 * of_red) * self.red[cr];
        let blue = light + (2.0 - 2.0 * of_blue) * self.blue[cb];
        let green = (light - of_red * red - of_blue * blue) / of_green;
        [red, green, blue].map(|shade| (shade + 0.5).clamp(0.0, 255.0) as u16)
    }
}

/// CIE L*a*b*, whose white is taken as that of sRGB, in sRGB.
fn lab(samples: [u16; 3], bits: u8, signed: bool) -> [u16; 3] {
    let full = f64::from(u16::MAX >> (16 - bits));
    // A step of a and b is 1 where they have eight bits.
    let unit = f64::from(1_u16 << (bits - 8));
    let [l, a, b] = samples;
    let lightness = f64::from(l) / full * 100.0;
    let difference = |sample: u16| {
        if !signed {
            return f64::from(sample) / unit - 128.0;
        }
        let sample = if bits == 8 { f64::from((sample as u8).cast_signed()) } else { f64::from(sample.cast_signed()) };
        sample / unit
    };
    let middle = (lightness + 16.0) / 116.0;
    let back = |part: f64| if part > 6.0 / 29.0 { part.powi(3) } else { (part - 4.0 / 29.0) * 108.0 / 841.0 };
    let x = 0.950_47 * back(middle + difference(a) / 500.0);
    let y = back(middle);
    let z = 1.088_83 * back(middle - difference(b) / 200.0);
    let lights = [
        3.240_454_2 * x - 1.537_138_5 * y - 0.498_531_4 * z,
        -0.969_266 * x + 1.876_010_8 * y + 0.041_556 * z,
        0.055_643_4 * x - 0.204_025_9 * y + 1.057_225_2 * z,
    ];
    lights.map(|part| (light::from_light(part.clamp(0.0, 1.0)) * 255.0 + 0.5) as u16)
}
