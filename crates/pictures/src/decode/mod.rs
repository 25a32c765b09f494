//! From the bytes of a file to rows of pixels, and what is kept of the rest of the file.
//!
//! A file a format, each around the crate that reads it. Where a decoder gives rows as it goes, they are handed on in
//! strips; the whole pictures of the others are cut into strips. What is said of a picture before it is decoded is held
//! against what was probed, so that no file can take more memory than was set aside for it.

mod bmp;
mod gif;
mod jpeg;
mod png;
mod tiff;
mod webp;

use super::beside::Beside;
use super::exif;
use super::jpeg_parts;
use super::pixels::{Layout, Picture};
use super::probe::{Format, Probe};
use super::shrink::STRIP;
use super::xmp;

/// Why a picture cannot be decoded, in the words of its decoder.
pub(super) type Fault = String;

/// Takes the next rows, which it may change.
pub(super) type Push<'a> = &'a mut dyn FnMut(&mut [u8]) -> Result<(), Fault>;

/// How a picture is decoded.
#[derive(Clone, Copy)]
pub(super) struct How {
    /// Of a damaged picture what can be read is handed on.
    pub(super) is_lenient: bool,
    /// XMP is to be kept.
    pub(super) keeps_xmp: bool,
    /// The most bytes to which a profile, XMP or IPTC may unpack.
    pub(super) most_unpacked: usize,
}

/// A picture about to be decoded.
pub(super) struct Opened<'a> {
    /// How its pixels come.
    pub(super) layout: Layout,
    pub(super) meta: Meta,
    /// It is the first picture of several that are shown one after the other.
    pub(super) is_animation: bool,
    /// Decodes it.
    pub(super) rows: Rows<'a>,
}

/// Hands on the rows of a picture from top to bottom; those before a fault, too.
pub(super) type Rows<'a> = Box<dyn FnOnce(Push<'_>) -> Result<(), Fault> + 'a>;

/// What a file holds besides pixels.
#[derive(Clone, Debug, Default)]
pub(super) struct Meta {
    /// The colour profile.
    pub(super) icc: Option<Vec<u8>>,
    /// From its byte order on, without `Exif`.
    pub(super) exif: Option<Vec<u8>>,
    pub(super) xmp: Option<Vec<u8>>,
    /// The orientation, where the format says it elsewhere than in EXIF.
    pub(super) orientation: Option<u8>,
    /// IPTC and density, where they are to be kept.
    pub(super) beside: Beside,
    /// The file has a palette, or few bits a sample.
    pub(super) had_few: bool,
}

impl Meta {
    /// How many bytes it holds.
    pub(super) fn size(&self) -> u64 {
        let parts = [&self.icc, &self.exif, &self.xmp].into_iter().flatten().map(|part| part.len() as u64);
        parts.sum::<u64>() + self.beside.size()
    }

    /// Which way the picture must be turned, as in EXIF; upright where nothing is said. XMP counts where EXIF is silent.
    pub(super) fn orientation(&self) -> u8 {
        let exif = || self.exif.as_deref().and_then(exif::orientation);
        let xmp = || self.xmp.as_deref().and_then(xmp::orientation);
        self.orientation.or_else(exif).or_else(xmp).unwrap_or(1)
    }
}

/// Makes a picture ready.
pub(super) fn open<'a>(bytes: &'a [u8], probe: &Probe, how: How) -> Result<Opened<'a>, Fault> {
    match probe.format {
        Format::Jpeg => jpeg::open(bytes, probe, how),
        Format::Png => png::open(bytes, probe, how),
        Format::Webp => webp::open(bytes, probe, how),
        Format::Gif => gif::open(bytes, probe, how),
        Format::Bmp => bmp::open(bytes, probe, how),
        Format::Tiff => {
            let mut opened = tiff::open(bytes, probe)?;
            // A TIFF is what EXIF is made of: there its orientation is read from every type of number.
            opened.meta.orientation = exif::orientation(bytes).or(opened.meta.orientation);
            Ok(opened)
        }
    }
}

/// The size is the one that was probed.
pub(super) fn agrees(size: (u32, u32), probe: &Probe) -> Result<(), Fault> {
    if size == (probe.width, probe.height) { Ok(()) } else { Err("it changed while it was read".into()) }
}

/// A picture that is decoded already.
fn whole<'a>(picture: Picture, meta: Meta, is_animation: bool) -> Opened<'a> {
    let Picture { layout, mut data, width, .. } = picture;
    Opened { layout, meta, is_animation, rows: Box::new(move |push| in_strips(&mut data, layout.size(width, 1), push)) }
}

/// Hands on rows of that many bytes, a strip at a time: what is done to a strip may need a copy of it.
pub(super) fn in_strips(data: &mut [u8], line: usize, push: Push<'_>) -> Result<(), Fault> {
    data.chunks_mut((STRIP / line).max(1) * line).try_for_each(push)
}

fn told(error: impl std::fmt::Display) -> Fault {
    error.to_string()
}
