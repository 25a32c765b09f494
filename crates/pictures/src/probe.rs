//! What kind of picture a file holds and how large it is, found in its head before anything is decoded.
//!
//! The content decides; the name of the file is not looked at. Of a file only as much is read as it takes.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::jpeg_parts::{is_bare, is_frame};
use super::shrink::STRIP;
use super::tiff::Head;
use super::{gif_parts, png_parts};

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG (ITU T.81), sequential or progressive.
    Jpeg,
    /// PNG.
    Png,
    /// WebP, of which the first picture counts.
    Webp,
    /// GIF, of which the first picture counts.
    Gif,
    /// Windows and OS/2 bitmaps.
    Bmp,
    /// TIFF and `BigTIFF`.
    Tiff,
}

impl Format {
    /// The ways in which a picture may be stored: upright, or on its side too. Which it is may stand behind the pixels.
    pub(super) fn ways(self) -> &'static [bool] {
        match self {
            Format::Gif | Format::Bmp => &[false],
            Format::Jpeg | Format::Png | Format::Webp | Format::Tiff => &[false, true],
        }
    }
}

/// What the head of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The format of the file.
    pub format: Format,
    /// In pixels, as the file has it.
    pub width: u32,
    /// In pixels, as the file has it.
    pub height: u32,
    /// The most bytes that the decoder takes for a pixel.
    pub bytes_per_pixel: u64,
    /// The most bytes of profile, EXIF, XMP and IPTC, as far as the head tells.
    pub besides: u64,
}

/// What tells the format, and the size of the simpler ones.
const HEAD: usize = 34;

/// What is wrong with the head of a file.
#[derive(Debug)]
pub(super) enum Unknown {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is none of the formats.
    NoPicture,
    /// It is one, but broken or of a kind that is not read.
    Broken(String),
}

impl From<io::Error> for Unknown {
    fn from(error: io::Error) -> Unknown {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Unknown::Broken("it ends within its head".into()),
            _ => Unknown::Unreadable(error),
        }
    }
}

impl Probe {
    /// Pixels in all.
    pub(super) fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Looks at the head of a file.
pub(super) fn probe<R: BufRead + Seek>(mut file: R) -> Result<Probe, Unknown> {
    let mut magic = Vec::with_capacity(HEAD);
    file.by_ref().take(HEAD as u64).read_to_end(&mut magic)?;
    file.seek(SeekFrom::Start(0))?;
    let format = sniff(&magic).ok_or(Unknown::NoPicture)?;
    // Of these it may be all of the file.
    let all = |(width, height, bytes)| (width, height, bytes, u64::MAX);
    let (width, height, bytes_per_pixel, besides) = match format {
        Format::Jpeg => jpeg(file)?,
        Format::Png => png_parts::probe(file).map_err(headless)?,
        Format::Gif => gif(file)?,
        Format::Bmp => bmp(&magic)?,
        Format::Webp => all(webp(file)?),
        Format::Tiff => tiff(file)?,
    };
    if width == 0 || height == 0 {
        return Err(Unknown::Broken("it has no pixels".into()));
    }
    // Strips are of a row at least, however long it is; of pixels of eight bytes, three at one time.
    let rows = if u64::from(width) * 8 > STRIP as u64 { 24_u64.div_ceil(height.into()) } else { 0 };
    Ok(Probe { format, width, height, bytes_per_pixel: bytes_per_pixel + rows, besides })
}

fn sniff(magic: &[u8]) -> Option<Format> {
    Some(match magic {
        [0xff, 0xd8, 0xff, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Format::Png,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Format::Webp,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
        [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => Format::Tiff,
        // The size of the header that follows tells it from a text that happens to begin with BM.
        [b'B', b'M', _, _, _, _, _, _, _, _, _, _, _, _, 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, ..] => {
            Format::Bmp
        }
        // Without a file header the number of planes and the depth tell it, too.
        [40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0, _, _, _, _, _, _, _, _, 1, 0, depth, 0, ..]
        | [12, 0, 0, 0, _, _, _, _, 1, 0, depth, 0, ..]
            if matches!(depth, 1 | 2 | 4 | 8 | 16 | 24 | 32) =>
        {
            Format::Bmp
        }
        _ => return None,
    })
}

/// The bytes of a BMP from its info header on, before which there may be a file header.
pub(super) fn info_header(bytes: &[u8]) -> &[u8] {
    if bytes.starts_with(b"BM") { bytes.get(14..).unwrap_or_default() } else { bytes }
}

fn short(bytes: &[u8], at: usize) -> Result<u32, Unknown> {
    let pair = bytes.get(at..at + 2).and_then(|pair| pair.try_into().ok());
    pair.map(|pair| u32::from(u16::from_le_bytes(pair)))
        .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
}

fn long(bytes: &[u8], at: usize) -> Result<u32, Unknown> {
    Ok(short(bytes, at)? | short(bytes, at + 2)? << 16)
}

fn jpeg<R: BufRead + Seek>(mut file: R) -> Result<(u32, u32, u64, u64), Unknown> {
    file.seek(SeekFrom::Start(2))?;
    let (mut frame, mut besides) = (None, 0);
    loop {
        let marker = next_marker(&mut file)?;
        if is_bare(marker) {
            continue;
        }
        let mut length = [0; 2];
        file.read_exact(&mut length)?;
        let length = u16::from_be_bytes(length).saturating_sub(2);
        if is_frame(marker) {
            let mut body = vec![0; length.into()];
            file.read_exact(&mut body)?;
            frame = Some((marker, body));
            continue;
        }
        if marker == 0xda {
            let mut planes = [0];
            file.read_exact(&mut planes)?;
            let size = frame.and_then(|(marker, body)| of_frame(marker, &body, planes[0]));
            let (width, height, bytes) = size.ok_or_else(|| Unknown::Broken("it has no frame".into()))?;
            return Ok((width, height, bytes, besides));
        }
        if matches!(marker, 0xe1 | 0xe2 | 0xed) {
            besides += u64::from(length);
        }
        file.seek_relative(length.into())?;
    }
}

/// As [`super::jpeg_parts::next_marker`] finds it in a file that is in memory.
fn next_marker<R: BufRead>(file: &mut R) -> Result<u8, Unknown> {
    let mut byte = [0];
    loop {
        while byte != [0xff] {
            file.read_exact(&mut byte)?;
        }
        while byte == [0xff] {
            file.read_exact(&mut byte)?;
        }
        if byte != [0] {
            return Ok(byte[0]);
        }
    }
}

/// The size of a JPEG by its frame, and what it takes when the first scan has so many planes.
fn of_frame(marker: u8, body: &[u8], scanned: u8) -> Option<(u32, u32, u64)> {
    let [_, h1, h0, w1, w0, count, planes @ ..] = body else { return None };
    let (width, height) = (u16::from_be_bytes([*w1, *w0]), u16::from_be_bytes([*h1, *h0]));
    let sampling = |plane: &[u8]| [u64::from(plane[1] >> 4), u64::from(plane[1] & 15)];
    let each: Vec<[u64; 2]> = planes.chunks_exact(3).map(sampling).collect();
    let most = |side: usize| each.iter().map(|plane| plane[side]).max().unwrap_or(1).max(1);
    let units = |length: u16, side| u64::from(length).div_ceil(8 * most(side));
    let units = units(width, 0) * units(height, 1);
    // All that does not come in one scan is kept as coefficients until the last: of two bytes, and a bit that tells
    // which are zero.
    let is_kept = marker == 0xc2 || scanned < *count;
    let blocks: u64 = each.iter().map(|plane| plane[0] * plane[1]).sum();
    let kept = if is_kept { units * blocks * (64 * 2 + 8) } else { 0 };
    let pixels = u64::from(width) * u64::from(height);
    // Each plane at the full size, and one before it is resized to that.
    let planes = u64::from(*count) + 1;
    Some((width.into(), height.into(), planes + kept.div_ceil(pixels.max(1))))
}

fn headless(error: io::Error) -> Unknown {
    match error.kind() {
        io::ErrorKind::InvalidData => broken(error),
        _ => error.into(),
    }
}

fn gif<R: BufRead + Seek>(file: R) -> Result<(u32, u32, u64, u64), Unknown> {
    let screen = gif_parts::screen(file, false)?.ok_or_else(|| Unknown::Broken("it holds no picture".into()))?;
    // The number of a colour.
    Ok((screen.size.0, screen.size.1, 1, screen.besides))
}

fn bmp(magic: &[u8]) -> Result<(u32, u32, u64, u64), Unknown> {
    let magic = info_header(magic);
    if long(magic, 0)? == 12 {
        return Ok((short(magic, 4)?, short(magic, 6)?, 0, 0));
    }
    // Only the longest head can name a profile.
    let besides = if long(magic, 0)? == 124 { u64::MAX } else { 0 };
    // What is stored in runs is held as numbers of its palette.
    let is_in_runs = long(magic, 0)? >= 40 && matches!(long(magic, 16)?, 1 | 2);
    // One that is stored from top to bottom has a negative height.
    let height = long(magic, 8)?.cast_signed().unsigned_abs();
    Ok((long(magic, 4)?.cast_signed().unsigned_abs(), height, is_in_runs.into(), besides))
}

fn webp<R: BufRead + Seek>(file: R) -> Result<(u32, u32, u64), Unknown> {
    let decoder = image_webp::WebPDecoder::new(file).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    // The planes of a lossy one, or the pixels of a lossless one, and the result; alpha is a picture of its own, and an
    // animation has a canvas.
    let bytes = if decoder.is_animated() { 16 } else { 8 + 4 * u64::from(decoder.has_alpha()) };
    Ok((width, height, bytes))
}

fn tiff<R: BufRead + Seek>(mut file: R) -> Result<(u32, u32, u64, u64), Unknown> {
    let head = Head::read(&mut file)?.map_err(Unknown::Broken)?;
    let memory = head.memory(&mut file)?;
    let pixels = u64::from(head.width) * u64::from(head.height);
    Ok((head.width, head.height, memory.div_ceil(pixels), head.besides()))
}

fn broken(error: impl std::fmt::Display) -> Unknown {
    Unknown::Broken(error.to_string())
}
