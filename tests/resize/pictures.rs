//! Pictures for the tests: one scene in every format, and the way back to pixels.

use jpeg_encoder::{Encoder, SamplingFactor};
use png::{BitDepth, ColorType};
use tiff::encoder::{TiffEncoder, colortype};
use zune_core::bytestream::ZCursor;

/// A picture of red, green, blue and alpha, of a byte each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pixels {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// As its file has it, before alpha was added.
    pub(crate) samples: usize,
    pub(crate) data: Vec<[u8; 4]>,
}

impl Pixels {
    fn of(width: u32, height: u32, data: &[u8]) -> Pixels {
        let samples = data.len() / (width * height) as usize;
        let pixel = |pixel: &[u8]| match *pixel {
            [grey] => [grey, grey, grey, 255],
            [grey, alpha] => [grey, grey, grey, alpha],
            [red, green, blue] => [red, green, blue, 255],
            [red, green, blue, alpha, ..] => [red, green, blue, alpha],
            [] => panic!("no samples"),
        };
        Pixels { width, height, samples, data: data.chunks_exact(samples).map(pixel).collect() }
    }

    /// How much the samples differ in the mean.
    pub(crate) fn distance(&self, other: &Pixels) -> f64 {
        assert_eq!((self.width, self.height), (other.width, other.height));
        let off = |(one, two): (&u8, &u8)| f64::from(one.abs_diff(*two));
        let samples = self.data.as_flattened().iter().zip(other.data.as_flattened());
        samples.map(off).sum::<f64>() / (self.data.len() * 4) as f64
    }

    /// A pixel.
    pub(crate) fn at(&self, x: u32, y: u32) -> [u8; 4] {
        self.data[(y * self.width + x) as usize]
    }

    /// Its bytes of red, green and blue.
    pub(crate) fn rgb(&self) -> Vec<u8> {
        self.data.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect()
    }

    pub(crate) fn grey(&self) -> Vec<u8> {
        self.data.iter().map(|pixel| pixel[1]).collect()
    }

    /// The scene in grey: as light as it is green.
    pub(crate) fn as_grey(&self) -> Pixels {
        Pixels::of(self.width, self.height, &self.grey())
    }
}

/// A picture of red, green and blue.
pub(crate) fn pixels_of(width: u32, height: u32, rgb: &[u8]) -> Pixels {
    Pixels::of(width, height, rgb)
}

/// The same scene at any size: soft slopes, so that any good way to make it smaller gives the same.
pub(crate) fn scene(width: u32, height: u32) -> Pixels {
    let mut data = Vec::new();
    for row in 0..height {
        for column in 0..width {
            let x = (f64::from(column) + 0.5) / f64::from(width);
            let y = (f64::from(row) + 0.5) / f64::from(height);
            let byte = |part: f64| (20.0 + 210.0 * part).round() as u8;
            data.extend_from_slice(&[byte(x), byte(y), byte(x * (1.0 - y))]);
        }
    }
    Pixels::of(width, height, &data)
}

/// A JPEG of the scene, as `change` makes the encoder.
pub(crate) fn jpeg_with(width: u32, height: u32, change: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, 92);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    change(&mut encoder);
    let colours = jpeg_encoder::ColorType::Rgb;
    encoder.encode(&scene(width, height).rgb(), width as u16, height as u16, colours).unwrap();
    out
}

/// A JPEG of the scene.
pub(crate) fn jpeg(width: u32, height: u32) -> Vec<u8> {
    jpeg_with(width, height, |_| {})
}

/// A JPEG in grey.
pub(crate) fn grey_jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = Encoder::new(&mut out, 92);
    let grey = scene(width, height).grey();
    encoder.encode(&grey, width as u16, height as u16, jpeg_encoder::ColorType::Luma).unwrap();
    out
}

/// A JPEG of inks.
pub(crate) fn cmyk_jpeg(width: u32, height: u32, colours: jpeg_encoder::ColorType) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = Encoder::new(&mut out, 92);
    let inks: Vec<u8> =
        scene(width, height).data.iter().flat_map(|[r, g, b, _]| [255 - r, 255 - g, 255 - b, 0]).collect();
    encoder.encode(&inks, width as u16, height as u16, colours).unwrap();
    out
}

/// A PNG of these samples.
pub(crate) fn png_of(width: u32, height: u32, colours: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
    png_with(width, height, colours, depth, data, |_| {})
}

/// A PNG of these samples, as `change` makes the encoder.
pub(crate) fn png_with(
    width: u32,
    height: u32,
    colours: ColorType,
    depth: BitDepth,
    data: &[u8],
    change: impl FnOnce(&mut png::Info<'_>),
) -> Vec<u8> {
    let mut info = png::Info::with_size(width, height);
    (info.color_type, info.bit_depth) = (colours, depth);
    change(&mut info);
    let mut out = Vec::new();
    let mut writer = png::Encoder::with_info(&mut out, info).unwrap().write_header().unwrap();
    writer.write_image_data(data).unwrap();
    writer.finish().unwrap();
    out
}

/// A PNG of the scene.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    png_of(width, height, ColorType::Rgb, BitDepth::Eight, &scene(width, height).rgb())
}

/// The scene as PNG in every kind, with its name; those in grey.
pub(crate) fn pngs(width: u32, height: u32) -> Vec<(&'static str, Vec<u8>)> {
    let pixels = scene(width, height);
    let doubled = |data: &[u8]| data.iter().flat_map(|byte| [*byte, *byte]).collect::<Vec<u8>>();
    let with_alpha: Vec<u8> = pixels.data.as_flattened().to_vec();
    let grey_alpha: Vec<u8> = pixels.grey().iter().flat_map(|grey| [*grey, 255]).collect();
    let make = |colours, depth, data: &[u8]| png_of(width, height, colours, depth, data);
    vec![
        ("rgb", make(ColorType::Rgb, BitDepth::Eight, &pixels.rgb())),
        ("rgba", make(ColorType::Rgba, BitDepth::Eight, &with_alpha)),
        ("rgb-16", make(ColorType::Rgb, BitDepth::Sixteen, &doubled(&pixels.rgb()))),
        ("rgba-16", make(ColorType::Rgba, BitDepth::Sixteen, &doubled(&with_alpha))),
        ("grey", make(ColorType::Grayscale, BitDepth::Eight, &pixels.grey())),
        ("grey-16", make(ColorType::Grayscale, BitDepth::Sixteen, &doubled(&pixels.grey()))),
        ("grey-alpha", make(ColorType::GrayscaleAlpha, BitDepth::Eight, &grey_alpha)),
        ("grey-alpha-16", make(ColorType::GrayscaleAlpha, BitDepth::Sixteen, &doubled(&grey_alpha))),
    ]
}

/// A WebP of the scene.
pub(crate) fn webp(width: u32, height: u32, lossy: bool) -> Vec<u8> {
    let data = scene(width, height).rgb();
    let encoder = webpx::Encoder::new_rgb(&data, width, height).quality(95.0);
    encoder.lossless(!lossy).encode(webpx::Unstoppable).unwrap()
}

/// A WebP of the scene without loss, with this EXIF.
pub(crate) fn webp_with(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut out);
    encoder.set_exif_metadata(exif.to_vec());
    encoder.encode(&scene(width, height).rgb(), width, height, image_webp::ColorType::Rgb8).unwrap();
    out
}

/// A GIF of one frame.
pub(crate) fn still_gif(width: u16, height: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = gif::Encoder::new(&mut out, width, height, &[]).unwrap();
    encoder.write_frame(&gif::Frame::from_rgb(width, height, &scene(width.into(), height.into()).rgb())).unwrap();
    drop(encoder);
    out
}

/// A GIF of the scene, with a second picture that is black.
pub(crate) fn gif(width: u16, height: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = gif::Encoder::new(&mut out, width, height, &[]).unwrap();
    let mut first = scene(width.into(), height.into()).rgb();
    encoder.write_frame(&gif::Frame::from_rgb(width, height, &first)).unwrap();
    first.fill(0);
    encoder.write_frame(&gif::Frame::from_rgb(width, height, &first)).unwrap();
    drop(encoder);
    out
}

/// A BMP of the scene, from its last row to its first.
pub(crate) fn bmp(width: u32, height: u32) -> Vec<u8> {
    let pixels = scene(width, height);
    let line = (width * 3).next_multiple_of(4);
    let mut out = Vec::from(b"BM");
    let words = [54 + line * height, 0, 54, 40, width, height, 1 | 24 << 16, 0, line * height, 2835, 2835, 0, 0];
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    for y in (0..height).rev() {
        for x in 0..width {
            let [red, green, blue, _] = pixels.at(x, y);
            out.extend_from_slice(&[blue, green, red]);
        }
        out.resize(54 + ((height - y) * line) as usize, 0);
    }
    out
}

/// The scene as TIFF in several kinds, with the name of each.
pub(crate) fn tiffs(width: u32, height: u32) -> Vec<(&'static str, Vec<u8>)> {
    let pixels = scene(width, height);
    let (rgb, grey) = (pixels.rgb(), pixels.grey());
    let wide = |data: &[u8]| data.iter().map(|byte| u16::from(*byte) * 257).collect::<Vec<u16>>();
    let inks: Vec<u8> = rgb.chunks_exact(3).flat_map(|p| [255 - p[0], 255 - p[1], 255 - p[2], 0]).collect();
    fn make<C: colortype::ColorType>(width: u32, height: u32, data: &[C::Inner]) -> Vec<u8>
    where
        [C::Inner]: tiff::encoder::TiffValue,
    {
        let mut out = std::io::Cursor::new(Vec::new());
        TiffEncoder::new(&mut out).unwrap().write_image::<C>(width, height, data).unwrap();
        out.into_inner()
    }
    vec![
        ("rgb", make::<colortype::RGB8>(width, height, &rgb)),
        ("rgb-16", make::<colortype::RGB16>(width, height, &wide(&rgb))),
        ("rgba", make::<colortype::RGBA8>(width, height, pixels.data.as_flattened())),
        ("cmyk", make::<colortype::CMYK8>(width, height, &inks)),
        ("grey", make::<colortype::Gray8>(width, height, &grey)),
        ("grey-16", make::<colortype::Gray16>(width, height, &wide(&grey))),
    ]
}

/// The pixels of a JPEG, PNG or WebP.
#[track_caller]
pub(crate) fn read(bytes: &[u8]) -> Pixels {
    if bytes.starts_with(b"RIFF") {
        let mut decoder = image_webp::WebPDecoder::new(std::io::Cursor::new(bytes)).unwrap();
        let (width, height) = decoder.dimensions();
        let mut data = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.read_image(&mut data).unwrap();
        return Pixels::of(width, height, &data);
    }
    if bytes.starts_with(&[0xff, 0xd8]) {
        let mut decoder = zune_jpeg::JpegDecoder::new(ZCursor::new(bytes));
        let data = decoder.decode().unwrap();
        let info = decoder.info().unwrap();
        return Pixels::of(info.width.into(), info.height.into(), &data);
    }
    let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    Pixels::of(info.width, info.height, &data)
}

/// EXIF that says nothing but an orientation.
pub(crate) fn exif(orientation: u8) -> Vec<u8> {
    let mut exif = Vec::from(b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0");
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif
}

/// What stands for a colour profile: only the kind of its colours is looked at.
pub(crate) fn profile(colours: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![7; 200];
    profile[16..20].copy_from_slice(colours);
    profile
}

/// The checksum of a chunk of a PNG.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 })
    }) ^ !0
}

/// A chunk of a PNG.
pub(crate) fn chunk(name: [u8; 4], body: &[u8]) -> Vec<u8> {
    let named = [&name, body].concat();
    [&(body.len() as u32).to_be_bytes(), &named[..], &crc(&named).to_be_bytes()].concat()
}
