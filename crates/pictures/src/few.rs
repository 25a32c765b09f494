//! The smallest type of PNG that holds a picture as it is: without an alpha that is nowhere used, in grey where all is grey,
//! with a palette or few bits where there are few colours.
//!
//! A photograph is not searched for few colours: only pictures that came with a palette or few bits are, and the search
//! ends at the first colour too many. Alpha and grey are looked through in any picture, up to the first pixel that needs them.

use png::{BitDepth, ColorType};

use super::exif;
use super::pixels::{Layout, Picture};
use super::probe::{Format, info_header};

/// The most colours of a palette.
const MOST: usize = 256;

/// Where a TIFF says how many bits a sample has, and what it means.
const BITS: u16 = 258;
const MEANING: u16 = 262;
const PALETTE: u16 = 3;

/// Whether a file came with a palette or with few bits, so that its colours are few.
pub(super) fn came_with_few(bytes: &[u8], format: Format) -> bool {
    match format {
        // The depth, and the type, of which 3 is a palette.
        Format::Png => matches!(bytes.get(24..26), Some([1..=4, _] | [_, 3])),
        Format::Gif => true,
        Format::Bmp => matches!(info_header(bytes).get(14), Some(1..=8)),
        Format::Tiff => {
            let short = |tag| exif::value(bytes, tag).and_then(|(_, value, order)| order.short(value, 0));
            short(MEANING) == Some(PALETTE) || short(BITS).is_none_or(|bits| bits < 8)
        }
        Format::Jpeg | Format::Webp => false,
    }
}

/// Without alpha where all is opaque, and in grey where that is asked for and all is grey.
pub(super) fn plain(mut picture: Picture, may_be_grey: bool) -> Picture {
    let Layout { colour, alpha, wide } = picture.layout;
    let (size, sample) = (picture.layout.bytes(), 1 << u32::from(wide));
    let is_opaque = |pixel: &[u8]| pixel[size - sample..].iter().all(|byte| *byte == u8::MAX);
    let is_grey =
        |pixel: &[u8]| pixel[..sample] == pixel[sample..2 * sample] && pixel[..sample] == pixel[2 * sample..3 * sample];
    let opaque = alpha && picture.data.chunks_exact(size).all(is_opaque);
    let grey = colour && may_be_grey && picture.data.chunks_exact(size).all(is_grey);
    if !opaque && !grey {
        return picture;
    }
    let layout = Layout { colour: colour && !grey, alpha: alpha && !opaque, wide };
    let (shades, to) = (layout.colours() * sample, layout.bytes());
    for pixel in 0..picture.data.len() / size {
        let (from, at) = (pixel * size, pixel * to);
        picture.data.copy_within(from..from + shades, at);
        if layout.alpha {
            picture.data.copy_within(from + size - sample..from + size, at + shades);
        }
    }
    picture.data.truncate(picture.data.len() / size * to);
    Picture { layout, ..picture }
}

/// A picture of few colours, ready to be written.
pub(super) struct Few {
    pub(super) colours: ColorType,
    pub(super) depth: BitDepth,
    pub(super) palette: Option<Vec<u8>>,
    /// The alpha of the first colours of the palette; the rest is opaque.
    pub(super) alphas: Option<Vec<u8>>,
    pub(super) data: Vec<u8>,
}

/// The picture with few bits or a palette, where that takes less room. `may_have_palette`: its profile is one for colours.
pub(super) fn few(picture: &Picture, may_have_palette: bool) -> Option<Few> {
    let Layout { colour, alpha, wide } = picture.layout;
    if wide {
        return None;
    }
    let found = colours(picture)?;
    let by_palette = depth_for(found.len());
    let in_grey = if colour || alpha { 16 } else { grey_bits(&found) };
    if in_grey < 8 && (in_grey <= by_palette || !may_have_palette) {
        let number = |pixel: &[u8]| pixel[0] >> (8 - in_grey);
        let data = packed(picture, in_grey, number);
        return Some(Few { colours: ColorType::Grayscale, depth: depth(in_grey), palette: None, alphas: None, data });
    }
    if !may_have_palette {
        return None;
    }
    let mut all = found;
    // Those that are not opaque come first: only for them an alpha is written. Else they stay in the order in which they
    // come, which packs best.
    all.sort_by_key(|colour| colour[3]);
    let clear = all.iter().take_while(|colour| colour[3] < u8::MAX).count();
    let rows = (picture.width as usize * by_palette).div_ceil(8) * picture.height as usize;
    // A chunk has twelve bytes of its own.
    if rows + 3 * all.len() + clear + 24 >= picture.data.len() {
        return None;
    }
    let mut table = Table::new();
    all.iter().zip(0..=u8::MAX).for_each(|(colour, number)| _ = table.add(*colour, number));
    let number = |pixel: &[u8]| table.number(shown(pixel));
    let data = packed(picture, by_palette, number);
    let alphas = (clear > 0).then(|| all[..clear].iter().map(|colour| colour[3]).collect());
    let palette = Some(all.iter().flat_map(|colour| &colour[..3]).copied().collect());
    Some(Few { colours: ColorType::Indexed, depth: depth(by_palette), palette, alphas, data })
}

/// The colours of a picture; `None`: they are too many for a palette.
fn colours(picture: &Picture) -> Option<Vec<[u8; 4]>> {
    let (mut table, mut found) = (Table::new(), Vec::with_capacity(MOST));
    for pixel in picture.data.chunks_exact(picture.layout.bytes()) {
        let colour = shown(pixel);
        if table.add(colour, 0) {
            if found.len() == MOST {
                return None;
            }
            found.push(colour);
        }
    }
    Some(found)
}

/// The numbers of colours, of which there are few. A general map takes several times as long for each pixel.
struct Table(Vec<Option<([u8; 4], u8)>>);

impl Table {
    /// Four times as many places as colours, so that most are where they are looked for first.
    fn new() -> Table {
        Table(vec![None; 4 * MOST])
    }

    /// Where a colour is or belongs.
    fn place(&self, colour: [u8; 4]) -> usize {
        let mut at = (u32::from_ne_bytes(colour).wrapping_mul(0x9e37_79b1) >> 22) as usize;
        while self.0[at].is_some_and(|(other, _)| other != colour) {
            at = (at + 1) % self.0.len();
        }
        at
    }

    /// Whether it was not there.
    fn add(&mut self, colour: [u8; 4], number: u8) -> bool {
        let at = self.place(colour);
        let is_new = self.0[at].is_none();
        self.0[at] = Some((colour, number));
        is_new
    }

    fn number(&self, colour: [u8; 4]) -> u8 {
        self.0[self.place(colour)].map_or(0, |(_, number)| number)
    }
}

/// A pixel as red, green, blue and alpha.
fn shown(pixel: &[u8]) -> [u8; 4] {
    match *pixel {
        [grey] => [grey, grey, grey, u8::MAX],
        [grey, alpha] => [grey, grey, grey, alpha],
        [red, green, blue] => [red, green, blue, u8::MAX],
        [red, green, blue, alpha, ..] => [red, green, blue, alpha],
        [] => [0; 4],
    }
}

/// The bits in which all of these greys can be said.
fn grey_bits(greys: &[[u8; 4]]) -> usize {
    // What each depth has as its steps.
    let steps = [(1, 255), (2, 85), (4, 17)];
    steps.into_iter().find(|(_, step)| greys.iter().all(|grey| grey[0] % step == 0)).map_or(8, |(bits, _)| bits)
}

/// The bits of the numbers of so many colours.
fn depth_for(colours: usize) -> usize {
    match colours {
        0..=2 => 1,
        3..=4 => 2,
        5..=16 => 4,
        _ => 8,
    }
}

fn depth(bits: usize) -> BitDepth {
    match bits {
        1 => BitDepth::One,
        2 => BitDepth::Two,
        4 => BitDepth::Four,
        _ => BitDepth::Eight,
    }
}

/// Numbers of so many bits, of which each row begins with a byte of its own.
fn packed(picture: &Picture, bits: usize, mut number: impl FnMut(&[u8]) -> u8) -> Vec<u8> {
    let size = picture.layout.bytes();
    let mut data = Vec::with_capacity((picture.width as usize * bits).div_ceil(8) * picture.height as usize);
    for row in picture.data.chunks_exact(picture.width as usize * size) {
        for eight in row.chunks(8 / bits * size) {
            let mut byte = 0;
            for (place, pixel) in eight.chunks_exact(size).enumerate() {
                byte |= number(pixel) << (8 - bits * (place + 1));
            }
            data.push(byte);
        }
    }
    data
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn picture(width: u32, layout: Layout, data: &[u8]) -> Picture {
        let height = data.len() as u32 / width / layout.bytes() as u32;
        Picture { width, height, layout, data: data.to_vec() }
    }

    #[test]
    fn v10_what_is_not_needed_goes() {
        let grey_alpha = Layout { alpha: true, ..Layout::GREY };
        let got = plain(picture(2, Layout::RGBA, &[5, 5, 5, 255, 6, 6, 6, 255]), true);
        assert_eq!(got, picture(2, Layout::GREY, &[5, 6]));
        let got = plain(picture(2, Layout::RGBA, &[5, 5, 5, 255, 6, 6, 6, 254]), true);
        assert_eq!(got, picture(2, grey_alpha, &[5, 255, 6, 254]));
        let got = plain(picture(2, Layout::RGBA, &[5, 5, 4, 255, 6, 6, 6, 255]), true);
        assert_eq!(got, picture(2, Layout::RGB, &[5, 5, 4, 6, 6, 6]));
        let got = plain(picture(2, Layout::RGBA, &[5, 5, 5, 255, 6, 6, 6, 255]), false);
        assert_eq!(got, picture(2, Layout::RGB, &[5, 5, 5, 6, 6, 6]));
        let wide = Layout { wide: true, ..Layout::RGBA };
        let got = plain(picture(1, wide, &[1, 2, 1, 2, 1, 2, 255, 255]), true);
        assert_eq!(got, picture(1, Layout { wide: true, ..Layout::GREY }, &[1, 2]));
        let kept = picture(1, wide, &[1, 2, 1, 2, 1, 3, 255, 254]);
        assert_eq!(plain(kept.clone(), true), kept);
    }

    #[test]
    fn v10_few_greys_take_few_bits() {
        for (step, most, depth) in
            [(255, 1, BitDepth::One), (85, 3, BitDepth::Two), (17, 15, BitDepth::Four), (1, 255, BitDepth::Eight)]
        {
            let data: Vec<u8> = (0..4096_u32).map(|n| (n * 7 % (most + 1) * step) as u8).collect();
            let got = few(&picture(64, Layout::GREY, &data), true);
            if depth == BitDepth::Eight {
                assert!(got.is_none(), "nothing is gained");
                continue;
            }
            let got = got.unwrap();
            assert_eq!((got.colours, got.depth), (ColorType::Grayscale, depth));
        }
        // Two greys that no few bits can say have a palette.
        let data: Vec<u8> = (0..4096).map(|n| if n % 3 == 0 { 100 } else { 7 }).collect();
        let got = few(&picture(64, Layout::GREY, &data), true).unwrap();
        assert_eq!(
            (got.colours, got.depth, got.palette.unwrap()),
            (ColorType::Indexed, BitDepth::One, vec![100, 100, 100, 7, 7, 7])
        );
        assert!(few(&picture(64, Layout::GREY, &data), false).is_none(), "a profile for grey goes with grey");
    }

    #[test]
    fn v10_few_colours_have_a_palette_with_what_is_transparent_first() {
        let data: Vec<u8> =
            (0..1000_u32).flat_map(|n| [1, 2, (n % 5) as u8, if n % 5 == 3 { 9 } else { 255 }]).collect();
        let got = few(&picture(100, Layout::RGBA, &data), true).unwrap();
        assert_eq!((got.colours, got.depth, got.alphas.unwrap()), (ColorType::Indexed, BitDepth::Four, vec![9]));
        assert_eq!(got.palette.unwrap()[..6], [1, 2, 3, 1, 2, 0]);
        assert_eq!(got.data[..3], [0x12, 0x30, 0x41]);
        let many: Vec<u8> = (0..257_u32 * 9).flat_map(|n| [(n % 257) as u8, (n % 257 / 256) as u8, 0]).collect();
        assert!(few(&picture(257, Layout::RGB, &many), true).is_none());
    }
}
