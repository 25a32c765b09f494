//! What the planes of a JPEG are, and how they become light.

use super::Fault;
use crate::op::resize::jpeg_parts::segments;

/// What the planes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::op::resize) enum Colours {
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
            _ => return Err("it has no frame".into()),
        })
    }

    /// Whether the planes are amounts of ink. The mean of two mixtures of inks is not what lies between their colours.
    pub(in crate::op::resize) fn are_inks(self) -> bool {
        matches!(self, Colours::Cmyk | Colours::Ycck)
    }

    /// Pixels of samples, of each plane as many: grey, or red, green and blue. Without its profile more cannot be known
    /// of inks. They go into `out`, which has room for them.
    pub(in crate::op::resize) fn pixels(self, planes: &[&[u8]], mut out: Vec<u8>) -> Vec<u8> {
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
    for ((light, blue), red) in light.iter().zip(blue).zip(red) {
        let (y, cb, cr) = (f32::from(*light) + 0.5, f32::from(*blue) - 128.0, f32::from(*red) - 128.0);
        // What lies beyond a byte becomes its end.
        out.extend_from_slice(&[
            (y + 1.402 * cr) as u8,
            (y - 0.344_136 * cb - 0.714_136 * cr) as u8,
            (y + 1.772 * cb) as u8,
        ]);
    }
    out
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
