//! From a picture to the bytes of a file.

use jpeg_encoder::{Encoder, PixelDensity, PixelDensityUnit, SamplingFactor};

use super::beside::{self, Density};
use super::decode::Meta;
use super::few;
use super::pixels::{Layout, Picture, room};
use super::probe::Format;

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// Baseline JPEG, up to 65,535 pixels on a side.
    Jpeg,
    /// PNG, with a palette or few bits where they hold the picture.
    Png,
    /// WebP, lossless at quality 100, up to 16,383 pixels on a side.
    Webp,
}

/// From here on the colours of a JPEG are kept in full, as libjpeg's tools do.
const FULL_COLOUR: u8 = 90;

/// A WebP of this quality is lossless.
const LOSSLESS: u8 = 100;

/// Why a picture cannot be encoded, in the words of its encoder.
pub(super) type Fault = String;

impl Written {
    /// The format of that name.
    pub fn find(name: &str) -> Option<Written> {
        match name {
            "jpeg" | "jpg" => Some(Written::Jpeg),
            "png" => Some(Written::Png),
            "webp" => Some(Written::Webp),
            _ => None,
        }
    }

    /// The format that the extension of a file's name stands for.
    pub fn of_extension(extension: &[u8]) -> Option<Written> {
        match extension.to_ascii_lowercase().as_slice() {
            b"jpg" | b"jpeg" | b"jpe" | b"jfif" => Some(Written::Jpeg),
            b"png" => Some(Written::Png),
            b"webp" => Some(Written::Webp),
            _ => None,
        }
    }

    /// The format of the original, or PNG where that is one that is only read.
    pub fn same(format: Format) -> Written {
        match format {
            Format::Jpeg => Written::Jpeg,
            Format::Webp => Written::Webp,
            Format::Png | Format::Gif | Format::Bmp | Format::Tiff => Written::Png,
        }
    }

    /// The most pixels on a side.
    pub fn most(self) -> u32 {
        match self {
            Written::Jpeg => 65_535,
            Written::Png => 0x7fff_ffff,
            Written::Webp => 16_383,
        }
    }

    /// Its name, for a person.
    pub fn name(self) -> &'static str {
        match self {
            Written::Jpeg => "JPEG",
            Written::Png => "PNG",
            Written::Webp => "WebP",
        }
    }
}

/// The bytes of a file with this picture.
pub(super) fn encode(
    picture: Picture,
    meta: Meta,
    format: Written,
    quality: u8,
    background: [u8; 3],
) -> Result<Vec<u8>, Fault> {
    let meta = fitting(meta, picture.layout, format);
    // What has a profile for colours stays coloured.
    let picture = if format == Written::Jpeg { picture } else { few::plain(picture, meta.icc.is_none()) };
    match format {
        Written::Jpeg => jpeg(&picture.narrow().flat(background), meta, quality),
        Written::Png => png(picture, meta),
        Written::Webp if quality >= LOSSLESS => lossless_webp(&picture.narrow(), meta),
        Written::Webp => lossy_webp(picture.narrow(), meta, quality),
    }
}

/// Without a profile for other colours than those of the picture: that of inks, say, whose picture is now of light.
fn fitting(mut meta: Meta, layout: Layout, format: Written) -> Meta {
    let colours: &[u8] = if layout.colour || format == Written::Webp { b"RGB " } else { b"GRAY" };
    meta.icc = meta.icc.filter(|icc| icc.get(16..20) == Some(colours));
    meta
}

fn jpeg(picture: &Picture, meta: Meta, quality: u8) -> Result<Vec<u8>, Fault> {
    const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
    /// What fits into a segment.
    const MOST: usize = 65_533;
    let mut out = room(picture.data.len() / 8)?;
    let mut encoder = Encoder::new(&mut out, quality);
    encoder.set_sampling_factor(if quality < FULL_COLOUR { SamplingFactor::R_4_2_0 } else { SamplingFactor::R_4_4_4 });
    // Metadata that does not fit into a segment is left out: its own readers would not find it in several.
    if let Some(exif) = meta.exif.filter(|exif| exif.len() + 6 <= MOST) {
        encoder.add_exif_metadata(&exif).map_err(told)?;
    }
    if let Some(xmp) = meta.xmp.filter(|xmp| XMP.len() + xmp.len() <= MOST) {
        encoder.add_app_segment(1, [XMP, &xmp].concat()).map_err(told)?;
    }
    if let Some(icc) = meta.icc {
        encoder.add_icc_profile(&icc).map_err(told)?;
    }
    for part in meta.beside.blocks.iter().flat_map(|blocks| blocks.chunks(MOST - beside::PHOTOSHOP.len())) {
        encoder.add_app_segment(13, [beside::PHOTOSHOP, part].concat()).map_err(told)?;
    }
    if let Some(density) = meta.beside.density {
        encoder.set_density(of_jpeg(density));
    }
    let side = |side| u16::try_from(side).map_err(|_| "it is too large".to_string());
    let colours = if picture.layout.colour { jpeg_encoder::ColorType::Rgb } else { jpeg_encoder::ColorType::Luma };
    encoder.encode(&picture.data, side(picture.width)?, side(picture.height)?, colours).map_err(told)?;
    Ok(out)
}

/// In inches, as most programs show it.
fn of_jpeg(density: Density) -> PixelDensity {
    let (across, down) = density.per(1.0 / 0.0254);
    let unit = density.per_metre.map_or(PixelDensityUnit::PixelAspectRatio, |_| PixelDensityUnit::Inches);
    let short = |number| u16::try_from(number).unwrap_or(u16::MAX);
    PixelDensity { density: (short(across), short(down)), unit }
}

fn of_png(density: Density) -> png::PixelDimensions {
    let (xppu, yppu) = density.per(1.0);
    let unit = density.per_metre.map_or(png::Unit::Unspecified, |_| png::Unit::Meter);
    png::PixelDimensions { xppu, yppu, unit }
}

fn png(mut picture: Picture, meta: Meta) -> Result<Vec<u8>, Fault> {
    let Layout { colour, alpha, wide } = picture.layout;
    let mut info = png::Info::with_size(picture.width, picture.height);
    info.color_type = match (colour, alpha) {
        (false, false) => png::ColorType::Grayscale,
        (false, true) => png::ColorType::GrayscaleAlpha,
        (true, false) => png::ColorType::Rgb,
        (true, true) => png::ColorType::Rgba,
    };
    info.bit_depth = if wide { png::BitDepth::Sixteen } else { png::BitDepth::Eight };
    // A palette is of colours, and so is its profile.
    let few = if meta.had_few { few::few(&picture, colour || meta.icc.is_none()) } else { None };
    if let Some(few) = &few {
        (info.color_type, info.bit_depth) = (few.colours, few.depth);
        info.palette = few.palette.as_deref().map(Into::into);
        info.trns = few.alphas.as_deref().map(Into::into);
    }
    info.pixel_dims = meta.beside.density.map(of_png);
    info.icc_profile = meta.icc.map(Into::into);
    info.exif_metadata = meta.exif.map(Into::into);
    let mut out = room(picture.data.len() / 2)?;
    let mut encoder = png::Encoder::with_info(&mut out, info).map_err(told)?;
    if let Some(xmp) = meta.xmp.and_then(|xmp| String::from_utf8(xmp).ok()) {
        encoder.add_itxt_chunk("XML:com.adobe.xmp".into(), xmp).map_err(told)?;
    }
    if let Some(blocks) = meta.beside.blocks {
        encoder.add_ztxt_chunk(beside::RAW_PROFILE.into(), beside::written(&blocks)).map_err(told)?;
    }
    // A twentieth of the time of `Balanced`, for a sixth more bytes; vips writes a quarter more than this.
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::Adaptive);
    if few.is_some() {
        // Numbers of colours follow no slope, and there are few bytes of them.
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
    }
    let mut writer = encoder.write_header().map_err(told)?;
    if wide && cfg!(target_endian = "little") {
        picture.data.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
    }
    writer.write_image_data(few.as_ref().map_or(&picture.data, |few| &few.data)).map_err(told)?;
    writer.finish().map_err(told)?;
    Ok(out)
}

fn lossless_webp(picture: &Picture, meta: Meta) -> Result<Vec<u8>, Fault> {
    use image_webp::{ColorType, WebPEncoder};
    let mut out = Vec::new();
    let mut encoder = WebPEncoder::new(&mut out);
    encoder.set_icc_profile(meta.icc.unwrap_or_default());
    encoder.set_exif_metadata(meta.exif.unwrap_or_default());
    encoder.set_xmp_metadata(meta.xmp.unwrap_or_default());
    let colours = match (picture.layout.colour, picture.layout.alpha) {
        (false, false) => ColorType::L8,
        (false, true) => ColorType::La8,
        (true, false) => ColorType::Rgb8,
        (true, true) => ColorType::Rgba8,
    };
    encoder.encode(&picture.data, picture.width, picture.height, colours).map_err(told)?;
    Ok(out)
}

fn lossy_webp(picture: Picture, meta: Meta, quality: u8) -> Result<Vec<u8>, Fault> {
    use webpx::{Encoder, EncoderConfig, Unstoppable};
    let mut config = EncoderConfig::new().quality(quality.into());
    for (part, with) in [
        (meta.icc, EncoderConfig::icc_profile as fn(_, Vec<u8>) -> _),
        (meta.exif, EncoderConfig::exif),
        (meta.xmp, EncoderConfig::xmp),
    ] {
        config = part.filter(|part| !part.is_empty()).into_iter().fold(config, with);
    }
    // It knows no grey.
    let Picture { width, height, layout, data } = picture.coloured()?;
    let pixels = if layout.alpha { Encoder::new_rgba } else { Encoder::new_rgb }(&data, width, height);
    pixels.config(config).encode(Unstoppable).map_err(told)
}

fn told(error: impl std::fmt::Display) -> Fault {
    error.to_string()
}
