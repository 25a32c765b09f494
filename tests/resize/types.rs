//! The type of a PNG: no more bits, samples or colours than the picture needs.

use png::{BitDepth, ColorType};

use super::pictures::{jpeg, png_of, png_with, profile, scene};
use super::{file, resize};

/// The type and depth of what a picture becomes, and its bytes.
#[track_caller]
fn made(options: &str, picture: &[u8]) -> (ColorType, BitDepth, Vec<u8>) {
    let done = resize(&format!("{options} --to out.png a")).file("a", picture).run().is_silent().succeeds();
    let bytes = file(done.dir(), "out.png");
    let reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    let (colours, depth) = (reader.info().color_type, reader.info().bit_depth);
    (colours, depth, bytes)
}

/// The pixels of a PNG as red, green, blue and alpha.
fn pixels(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    match info.color_type {
        ColorType::GrayscaleAlpha => data.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(),
        _ => data,
    }
}

/// A PNG with a palette of so many colours, of which the first are transparent.
fn palette(width: u32, height: u32, depth: BitDepth, colours: u32, clear: usize) -> Vec<u8> {
    let bits = depth as usize;
    let mut data = Vec::new();
    for y in 0..height {
        let mut row = vec![0; (width as usize * bits).div_ceil(8)];
        for x in 0..width {
            let number = (x / 3 + y / 2) % colours;
            let bit = x as usize * bits;
            row[bit / 8] |= (number << (8 - bits - bit % 8)) as u8;
        }
        data.extend(row);
    }
    png_with(width, height, ColorType::Indexed, depth, &data, |info| {
        info.palette = Some((0..colours).flat_map(|n| [(n * 37) as u8, (n * 101) as u8, 255 - n as u8]).collect());
        if clear > 0 {
            info.trns = Some((0..clear).map(|n| (n * 40) as u8).collect());
        }
    })
}

#[test]
fn v10_a_palette_stays_where_the_colours_do() {
    for (depth, colours, clear) in [
        (BitDepth::One, 2, 0),
        (BitDepth::Two, 4, 1),
        (BitDepth::Four, 16, 0),
        (BitDepth::Four, 9, 3),
        (BitDepth::Eight, 200, 0),
        (BitDepth::Eight, 256, 5),
    ] {
        let from = palette(120, 90, depth, colours, clear);
        let (kind, bits, bytes) = made("--width 200", &from);
        assert_eq!((kind, bits), (ColorType::Indexed, depth), "{colours} colours, {clear} clear");
        assert_eq!(pixels(&bytes), pixels(&from));
        assert!(bytes.len() <= from.len() * 5 / 4, "{colours} colours: {} from {}", bytes.len(), from.len());
    }
    // One colour, made smaller, is one colour.
    let one = palette(120, 90, BitDepth::Eight, 1, 0);
    let (kind, bits, bytes) = made("--width 20", &one);
    assert_eq!((kind, bits), (ColorType::Indexed, BitDepth::One));
    assert!(bytes.len() < one.len());
}

#[test]
fn v10_grey_of_few_bits_stays_so() {
    for depth in [BitDepth::One, BitDepth::Two, BitDepth::Four] {
        let bits = depth as usize;
        let data: Vec<u8> = (0..120 * bits / 8 * 90).map(|n| (n * 7 / 3) as u8).collect();
        let from = png_of(120, 90, ColorType::Grayscale, depth, &data);
        let (kind, got, bytes) = made("--width 200", &from);
        assert_eq!((kind, got, pixels(&bytes)), (ColorType::Grayscale, depth, pixels(&from)));
        // Smaller there are more greys, and colours there are none.
        let (kind, _, _) = made("--width 50", &from);
        assert!(matches!(kind, ColorType::Grayscale | ColorType::Indexed));
    }
}

#[test]
fn v10_what_no_pixel_needs_is_not_written() {
    let (width, height) = (60, 40);
    let all = scene(width, height);
    let grey = |alpha: fn(usize) -> u8| -> Vec<u8> {
        all.data.iter().enumerate().flat_map(|(n, pixel)| [pixel[1], pixel[1], pixel[1], alpha(n)]).collect()
    };
    let rgb: Vec<u8> = all.data.iter().flat_map(|pixel| [pixel[1]; 3]).collect();
    let wide = |data: &[u8]| data.iter().flat_map(|byte| [*byte, *byte]).collect::<Vec<u8>>();
    let opaque = |_| 255;
    let table = [
        ("grey rgba", ColorType::Rgba, BitDepth::Eight, grey(opaque), ColorType::Grayscale),
        ("grey rgb", ColorType::Rgb, BitDepth::Eight, rgb.clone(), ColorType::Grayscale),
        ("rgba", ColorType::Rgba, BitDepth::Eight, all.data.as_flattened().to_vec(), ColorType::Rgb),
        ("clear", ColorType::Rgba, BitDepth::Eight, grey(|n| (n % 256) as u8), ColorType::GrayscaleAlpha),
        ("wide", ColorType::Rgba, BitDepth::Sixteen, wide(all.data.as_flattened()), ColorType::Rgb),
        ("wide grey", ColorType::Rgb, BitDepth::Sixteen, wide(&rgb), ColorType::Grayscale),
    ];
    for (name, kind, depth, data, expected) in table {
        for size in ["--width 30", "--width 60"] {
            let from = png_of(width, height, kind, depth, &data);
            let (got, bits, _) = made(size, &from);
            assert_eq!((got, bits), (expected, depth), "{name} {size}");
        }
    }
    // A profile for colours keeps a picture coloured.
    let from = png_with(width, height, ColorType::Rgb, BitDepth::Eight, &rgb, |info| {
        info.icc_profile = Some(profile(b"RGB ").into());
    });
    assert_eq!(made("--width 30", &from).0, ColorType::Rgb);
}

#[test]
fn v10_more_colours_than_a_palette_has_are_all_kept() {
    assert_eq!(made("--width 40", &palette(120, 90, BitDepth::Eight, 256, 0)).0, ColorType::Rgb);
    assert_eq!(made("--width 40", &jpeg(120, 90)).0, ColorType::Rgb);
}
