//! What the planes of a JPEG are, and how they become light.

use wide::f32x8;

use super::Fault;
use crate::jpeg_parts::segments;

/// What the planes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    Grey,
    /// Light and two differences of colour (JFIF 1.02).
    Ycc,
    Rgb,
    /// Cyan, magenta, yellow and black; as everybody stores them, 255 where there is no ink.
    Cmyk,
    /// Black as before, the others as light and differences of what they leave of it.
    Ycck,
}

impl Colours {
    /// By the head of a file and the names of its planes, as libjpeg finds them.
    pub(super) fn find(bytes: &[u8], planes: &[u8]) -> Result<Colours, Fault> {
        let is_jfif = segments(bytes, 0).any(|segment| segment.marker == 0xe0 && segment.body.starts_with(b"JFIF\0"));
        let adobe = segments(bytes, 0).filter(|segment| segment.marker == 0xee && segment.body.starts_with(b"Adobe"));
        let transform = adobe.filter_map(|segment| segment.body.get(11).copied()).last();
        Ok(match (planes, transform) {
            ([_], _) => Colours::Grey,
            ([_, _, _], Some(0)) if !is_jfif => Colours::Rgb,
            (b"RGB", None) if !is_jfif => Colours::Rgb,
            ([_, _, _], _) => Colours::Ycc,
            ([_, _, _, _], None | Some(0)) => Colours::Cmyk,
            ([_, _, _, _], _) => Colours::Ycck,
            (&[], _) => return Err("it has no frame".into()),
            _ => return Err(format!("a JPEG of {} planes is not read", planes.len())),
        })
    }

    /// Whether the planes are amounts of ink. The mean of two mixtures of inks is not what lies between their colours.
    pub(crate) fn are_inks(self) -> bool {
        matches!(self, Colours::Cmyk | Colours::Ycck)
    }

    /// Pixels of samples, of each plane as many: grey, or red, green and blue. Without its profile more cannot be known
    /// of inks. They go into `out`, which has room for them.
    pub(crate) fn pixels(self, planes: &[&[u8]], mut out: Vec<u8>) -> Vec<u8> {
        match (self, planes) {
            (Colours::Ycc, [light, blue, red]) => ycc(light, blue, red, out),
            (Colours::Rgb, [red, green, blue]) => {
                for ((red, green), blue) in red.iter().zip(*green).zip(*blue) {
                    out.extend_from_slice(&[*red, *green, *blue]);
                }
                out
            }
            (Colours::Cmyk, [cyan, magenta, yellow, black]) => {
                on_paper(Colours::Rgb.pixels(&[cyan, magenta, yellow], out), black)
            }
            (Colours::Ycck, [light, blue, red, black]) => {
                let mut inks = ycc(light, blue, red, out);
                inks.iter_mut().for_each(|ink| *ink = 255 - *ink);
                on_paper(inks, black)
            }
            _ => {
                out.extend_from_slice(planes.first().copied().unwrap_or_default());
                out
            }
        }
    }
}

/// Red, green and blue of light and two differences of colour.
fn ycc(light: &[u8], blue: &[u8], red: &[u8], mut out: Vec<u8>) -> Vec<u8> {
    const EIGHT: usize = 8;
    let whole = light.len().min(blue.len()).min(red.len()) / EIGHT * EIGHT;
    let (eights, rest) = (light[..whole].chunks_exact(EIGHT), [light, blue, red].map(|plane| &plane[whole..]));
    for ((light, blue), red) in eights.zip(blue.chunks_exact(EIGHT)).zip(red.chunks_exact(EIGHT)) {
        let lit = lit([light, blue, red].map(|plane| std::array::from_fn(|at| plane[at])));
        let mut pixels = [0; 3 * EIGHT];
        for (at, pixel) in pixels.chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(&[lit[0][at] as u8, lit[1][at] as u8, lit[2][at] as u8]);
        }
        out.extend_from_slice(&pixels);
    }
    for ((light, blue), red) in rest[0].iter().zip(rest[1]).zip(rest[2]) {
        let lit = lit([[*light; EIGHT], [*blue; EIGHT], [*red; EIGHT]]);
        out.extend_from_slice(&lit.map(|plane| plane[0] as u8));
    }
    out
}

/// Red, green and blue, each 0 to 255, of eight pixels of light and the differences of blue and red.
fn lit(planes: [[u8; 8]; 3]) -> [[i32; 8]; 3] {
    let [y, blue, red] = planes.map(|plane| f32x8::from(plane.map(f32::from)));
    let (y, blue, red) = (y + f32x8::splat(0.5), blue - f32x8::splat(128.0), red - f32x8::splat(128.0));
    let of = |factor: f32, difference: f32x8| difference * f32x8::splat(factor);
    [y + of(1.402, red), y - of(0.344_136, blue) - of(0.714_136, red), y + of(1.772, blue)].map(|light| {
        // What lies beyond a byte becomes its end.
        light.fast_max(f32x8::splat(0.0)).fast_min(f32x8::splat(255.0)).fast_trunc_int().to_array()
    })
}

/// Less light, by the black of each pixel.
fn on_paper(mut pixels: Vec<u8>, black: &[u8]) -> Vec<u8> {
    for (pixel, black) in pixels.chunks_exact_mut(3).zip(black) {
        for shade in pixel {
            let left = (u16::from(*shade) * u16::from(*black) + 127) / 255;
            *shade = u8::try_from(left).unwrap_or(u8::MAX);
        }
    }
    pixels
}
