//! The memory that a picture takes, against what was set aside for it: for tests and the fuzz target.

use std::io::Cursor;

use parjob_sys::heap::{Counting, most_held};

use super::probe::{self, Probe};
use super::{Budget, Filter, Fit, Resizer, Settings, Side, Wanted, Written};

#[global_allocator]
static COUNTING: Counting = Counting;

/// What was held at most, what was set aside, and whether it could be resized.
struct Weight {
    held: u64,
    aside: u64,
    #[cfg_attr(not(test), expect(dead_code, reason = "any bytes may be no picture"))]
    made: Result<(), String>,
}

/// Resizes a picture to that width, as far as it can be read, keeps what stands beside it, and weighs it.
fn weigh(bytes: &[u8], probe: &Probe, width: u32, linear: bool) -> Option<Weight> {
    let want = Wanted { width: Side::Pixels(width), height: Side::Any, fit: Fit::Inside, enlarge: false };
    let settings = Settings {
        want,
        filter: Filter::Lanczos3,
        linear,
        background: [255; 3],
        keep_metadata: true,
        accepts_damage: true,
        max_pixels: 256_000_000,
    };
    let resizer = Resizer::new(settings, Budget::new(0));
    resizer.check(probe).ok()?;
    let (made, held) = most_held(|| {
        let mut share = resizer.budget().take(0);
        let resized = resizer.resize(bytes, probe, Written::Png, &mut share).map_err(|cause| cause.to_string())?;
        resized.encode(Written::Png, 75, [255; 3]).map(drop).map_err(|cause| cause.to_string())
    });
    // The file is held as well.
    let (file, aside) = (bytes.len() as u64, resizer.needed(probe, bytes.len() as u64, Written::Png));
    Some(Weight { held: held + file, aside, made })
}

/// Takes any bytes as a picture, in each way there is. Nothing may take more than was set aside.
#[cfg(fuzzing)]
pub fn fuzz_picture(bytes: &[u8]) {
    const MOST: u64 = 1_000_000;
    let Ok(probe) = probe::probe(Cursor::new(bytes)) else { return };
    if probe.pixels() > MOST {
        return;
    }
    for linear in [false, true] {
        if let Some(Weight { held, aside, .. }) = weigh(bytes, &probe, 50, linear) {
            assert!(held <= aside, "{held} bytes were held, {aside} set aside");
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::decode::{self, How};

    const WIDTH: u32 = 2000;
    const HEIGHT: u32 = 1500;

    /// Samples of which no two rows are the same, and which still pack.
    fn samples(many: usize) -> Vec<u8> {
        (0..WIDTH as usize * HEIGHT as usize * many).map(|n| (n / 97 * 31 + n / 4001) as u8).collect()
    }

    fn jpeg(colours: jpeg_encoder::ColorType, many: usize, progressive: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut out, 80);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_4_4);
        encoder.set_progressive(progressive);
        encoder.encode(&samples(many), WIDTH as u16, HEIGHT as u16, colours).unwrap();
        out
    }

    fn gif() -> Vec<u8> {
        let mut out = Vec::new();
        let palette: Vec<u8> = (0..=255).flat_map(|n| [n, n, 255 - n]).collect();
        let mut encoder = gif::Encoder::new(&mut out, WIDTH as u16, HEIGHT as u16, &palette).unwrap();
        let frame = gif::Frame::from_indexed_pixels(WIDTH as u16, HEIGHT as u16, samples(1), Some(3));
        encoder.write_frame(&frame).unwrap();
        drop(encoder);
        out
    }

    fn tiff() -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let wide: Vec<u16> = samples(3).iter().map(|byte| u16::from(*byte) * 257).collect();
        let mut encoder = tiff::encoder::TiffEncoder::new(&mut out).unwrap();
        encoder.write_image::<tiff::encoder::colortype::RGB16>(WIDTH, HEIGHT, &wide).unwrap();
        out.into_inner()
    }

    /// A TIFF of one strip, packed in that way.
    fn packed_tiff(packing: u32, meaning: u32, planar: u32, strips: &[Vec<u8>]) -> Vec<u8> {
        let mut places = vec![8];
        strips.iter().for_each(|strip| places.push(places[places.len() - 1] + strip.len() as u32));
        let directory = places.pop().unwrap();
        let many = strips.len() as u32;
        // Arrays stand behind the directory.
        let behind = directory + 2 + 12 * 11 + 4;
        let array = |at: u32, values: &[u32]| if many == 1 { values[0] } else { at };
        let sizes: Vec<u32> = strips.iter().map(|strip| strip.len() as u32).collect();
        let fields = [
            (256, 1, WIDTH),
            (257, 1, HEIGHT),
            (258, 1, 8),
            (259, 1, packing),
            (262, 1, meaning),
            (273, many, array(behind, &places)),
            (277, 1, 3),
            (278, 1, HEIGHT),
            (279, many, array(behind + 4 * many, &sizes)),
            (284, 1, planar),
            (317, 1, 2),
        ];
        let mut out = [b"II*\0", &directory.to_le_bytes()[..], &strips.concat(), &11_u16.to_le_bytes()].concat();
        for (tag, count, value) in fields {
            out.extend([tag, 4_u16].map(u16::to_le_bytes).as_flattened());
            out.extend([count, value].map(u32::to_le_bytes).as_flattened());
        }
        out.extend([0; 4]);
        places.iter().chain(&sizes).for_each(|number| out.extend(number.to_le_bytes()));
        out
    }

    fn deflate(data: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut out, data).unwrap();
        out.finish().unwrap()
    }

    fn xz(data: &[u8]) -> Vec<u8> {
        let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(6)).unwrap();
        std::io::Write::write_all(&mut out, data).unwrap();
        out.finish().unwrap()
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn webp(lossy: bool, alpha: bool) -> Vec<u8> {
        let samples = samples(if alpha { 4 } else { 3 });
        let encoder = if alpha { webpx::Encoder::new_rgba } else { webpx::Encoder::new_rgb };
        encoder(&samples, WIDTH, HEIGHT).quality(80.0).lossless(!lossy).encode(webpx::Unstoppable).unwrap()
    }

    fn bmp() -> Vec<u8> {
        let mut out = Vec::from(b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0");
        [WIDTH, HEIGHT, 1 | 24 << 16, 0, 0, 0, 0, 0, 0].iter().for_each(|word| out.extend(word.to_le_bytes()));
        out.extend(samples(3));
        out
    }

    /// A long line of pixels, on a screen that is smaller than where it stands.
    fn long_gif(width: u16, height: u16) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = gif::Encoder::new(&mut out, 8, 8, &[0, 0, 0, 255, 255, 255]).unwrap();
        let mut frame = gif::Frame::from_indexed_pixels(8, height, vec![1; 8 * usize::from(height)], None);
        frame.left = width - 8;
        encoder.write_frame(&frame).unwrap();
        drop(encoder);
        out
    }

    fn long_png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_depth(png::BitDepth::Sixteen);
        encoder.set_color(png::ColorType::Rgba);
        let row = width as usize * height as usize * 8;
        encoder.write_header().unwrap().write_image_data(&vec![7; row]).unwrap();
        out
    }

    #[test]
    fn v1_lines_of_many_pixels_take_no_more_memory_than_was_set_aside() {
        let pictures = [
            ("wide gif", long_gif(61_530, 16)),
            ("widest gif", long_gif(65_535, 1)),
            ("wide png", long_png(900_000, 1)),
            ("high png", long_png(1, 900_000)),
        ];
        for (name, bytes) in pictures {
            let probe = probe::probe(Cursor::new(&bytes)).unwrap();
            for (width, linear) in [(1, false), (50, false), (50, true), (20_000, false)] {
                let Some(Weight { held, aside, .. }) = weigh(&bytes, &probe, width, linear) else { continue };
                assert!(held <= aside, "{name} to {width}, linear {linear}: {held} held, {aside} set aside");
            }
        }
    }

    /// A block of IPTC of that size, which hardly packs.
    fn iptc(size: u32) -> Vec<u8> {
        let iptc = (0..size).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8);
        b"8BIM\x04\x04\0\0".iter().copied().chain(size.to_be_bytes()).chain(iptc).collect()
    }

    fn png_with_iptc(size: u32, packed: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, 8, 8);
        let (keyword, text) = (super::super::beside::RAW_PROFILE.into(), super::super::beside::written(&iptc(size)));
        if packed { encoder.add_ztxt_chunk(keyword, text) } else { encoder.add_text_chunk(keyword, text) }.unwrap();
        encoder.write_header().unwrap().write_image_data(&[7; 64]).unwrap();
        out
    }

    fn jpeg_with_iptc(size: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut out, 80);
        for part in iptc(size).chunks(60_000) {
            encoder.add_app_segment(13, [b"Photoshop 3.0\0", part].concat()).unwrap();
        }
        encoder.encode(&[7; 64], 8, 8, jpeg_encoder::ColorType::Luma).unwrap();
        out
    }

    fn tiff_with_iptc(size: u32) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let mut encoder = tiff::encoder::TiffEncoder::new(&mut out).unwrap();
        let mut image = encoder.new_image::<tiff::encoder::colortype::Gray8>(8, 8).unwrap();
        image.encoder().write_tag(tiff::tags::Tag::Unknown(34_377), &iptc(size)[..]).unwrap();
        image.write_data(&[7; 64]).unwrap();
        out.into_inner()
    }

    #[test]
    fn v1_iptc_takes_no_more_memory_than_was_set_aside() {
        for size in [1000, 500_000, 5_000_000] {
            let pictures = [
                ("packed png", png_with_iptc(size, true)),
                ("plain png", png_with_iptc(size, false)),
                ("jpeg", jpeg_with_iptc(size)),
                ("tiff", tiff_with_iptc(size)),
            ];
            for (name, bytes) in pictures {
                let probe = probe::probe(Cursor::new(&bytes)).unwrap();
                let Weight { held, aside, made } = weigh(&bytes, &probe, 4, false).unwrap();
                assert!(held <= aside, "{name} with {size}: {held} held, {aside} set aside");
                made.unwrap();
                assert!(probe.besides >= u64::from(size), "{name}");
            }
        }
    }

    /// A TIFF of one line of that many grey pixels, of which it holds three bytes.
    fn empty_tiff(packing: u32, width: u32) -> Vec<u8> {
        let fields =
            [(256, width), (257, 1), (258, 8), (259, packing), (262, 1), (273, 8), (277, 1), (278, 1), (279, 3)];
        let mut out = [b"II*\0", &12_u32.to_le_bytes()[..], b"\x80\x01\x02\0", &9_u16.to_le_bytes()].concat();
        for (tag, value) in fields {
            out.extend([tag, 4_u16].map(u16::to_le_bytes).as_flattened());
            out.extend([1, value].map(u32::to_le_bytes).as_flattened());
        }
        out.extend([0; 4]);
        out
    }

    #[test]
    fn v1_for_lines_that_no_file_of_that_size_can_hold_nothing_is_set_aside() {
        for (name, packing) in [("none", 1), ("lzw", 5), ("deflate", 8), ("packbits", 32773)] {
            let bytes = empty_tiff(packing, 200_000_000);
            let probe = probe::probe(Cursor::new(&bytes)).unwrap();
            let how = How { is_lenient: true, keeps_xmp: false, most_unpacked: 1 << 20 };
            let (read, held) =
                most_held(|| decode::open(&bytes, &probe, how).and_then(|opened| (opened.rows)(&mut |_| Ok(()))));
            assert!(read.is_err(), "{name}");
            assert!(held < 8 << 20, "{name}: {held} bytes");
        }
    }

    #[test]
    fn no_picture_takes_more_memory_than_was_set_aside() {
        use jpeg_encoder::ColorType::{Cmyk, CmykAsYcck, Rgb};
        let pictures = [
            ("jpeg", jpeg(Rgb, 3, false)),
            ("progressive jpeg", jpeg(Rgb, 3, true)),
            ("jpeg of inks", jpeg(Cmyk, 4, false)),
            ("progressive jpeg of inks", jpeg(CmykAsYcck, 4, true)),
            ("gif", gif()),
            ("tiff", tiff()),
            ("tiff of deflate", packed_tiff(8, 2, 1, &[deflate(&samples(3))])),
            ("tiff of planes", packed_tiff(8, 2, 2, &[(); 3].map(|()| deflate(&samples(1))))),
            ("tiff of planes of xz", packed_tiff(34925, 2, 2, &[(); 3].map(|()| xz(&samples(1))))),
            ("tiff of zstd", packed_tiff(50000, 2, 1, &[zstd(&samples(3))])),
            ("tiff of jpeg", packed_tiff(7, 6, 1, &[jpeg(Rgb, 3, false)])),
            ("tiff of progressive jpeg", packed_tiff(7, 6, 1, &[jpeg(Rgb, 3, true)])),
            ("tiff of old jpeg", packed_tiff(6, 6, 1, &[jpeg(Rgb, 3, false)])),
            ("tiff of lossy webp", packed_tiff(50001, 2, 1, &[webp(true, false)])),
            ("tiff of webp with alpha", packed_tiff(50001, 2, 1, &[webp(false, true)])),
            ("lossless webp", webp(false, true)),
            ("lossy webp", webp(true, false)),
            ("lossy webp with alpha", webp(true, true)),
            ("bmp", bmp()),
        ];
        for (name, bytes) in pictures {
            let probe = probe::probe(Cursor::new(&bytes)).unwrap();
            for (width, linear) in [(100, false), (100, true), (1900, false), (1900, true), (2000, true)] {
                let Weight { held, aside, made } = weigh(&bytes, &probe, width, linear).unwrap();
                made.unwrap();
                assert!(held <= aside, "{name} to {width}, linear {linear}: {held} held, {aside} set aside");
            }
        }
    }
}
