//! The chunks of a WebP file: metadata, and what must be known before a decoder believes what the file says.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// What stands before the first chunk: `RIFF`, a length, `WEBP`.
const HEAD: usize = 12;

/// The parts of an animation that stand before the chunks of a picture of it.
const PLACE: usize = 16;

/// The chunks of a file, or of a part of it: their names, their bodies as far as they are there, and whether that is all.
fn chunks(bytes: &[u8], mut at: usize) -> impl Iterator<Item = ([u8; 4], &[u8], bool)> {
    std::iter::from_fn(move || {
        let (name, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        // They fill up two bytes.
        at = at.checked_add(8)?.checked_add(length)?.checked_add(length % 2)?;
        Some((*name, rest.get(..length).unwrap_or(rest), length <= rest.len()))
    })
}

/// What the first chunk of that name holds, if it is there whole.
pub(super) fn chunk<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    let is_extended = bytes.get(HEAD..HEAD + 4) == Some(b"VP8X");
    let mut found = chunks(bytes, HEAD).filter(|(its, _, is_whole)| is_extended && its == name && *is_whole);
    found.next().map(|(_, body, _)| body)
}

/// How many bytes of what the file says to hold are missing.
pub(super) fn missing(bytes: &[u8]) -> u64 {
    let length = bytes.get(4..8).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes);
    (u64::from(length) + 8).saturating_sub(bytes.len() as u64)
}

/// Refuses a file in which a lossy picture is larger than the file is to be: the decoder sets memory aside for it before
/// it sees that.
pub(super) fn check(bytes: &[u8], (width, height): (u32, u32)) -> Result<(), String> {
    let moving = chunks(bytes, HEAD).filter(|(name, ..)| name == b"ANMF").flat_map(|(_, body, _)| chunks(body, PLACE));
    let lossy = chunks(bytes, HEAD).chain(moving).filter(|(name, ..)| name == b"VP8 ");
    let is_larger = |body: &[u8]| {
        let number = |at: usize| Some(u32::from(u16::from_le_bytes(body.get(at..at + 2)?.try_into().ok()?)) & 0x3fff);
        number(6) > Some(width) || number(8) > Some(height)
    };
    let mut bodies = lossy.map(|(_, body, _)| body);
    if bodies.any(is_larger) { Err("a part of it is larger than the whole".into()) } else { Ok(()) }
}

/// A file that lacks its end, with zeros in place of it: of a lossy picture the rest is then what its neighbours foretell.
pub(super) struct Padded<'a> {
    bytes: &'a [u8],
    end: u64,
    at: u64,
}

impl<'a> Padded<'a> {
    /// With so many zeros, but no more than pictures of so many pixels can need.
    pub(super) fn new(bytes: &'a [u8], missing: u64, pixels: u64) -> Padded<'a> {
        Padded { bytes, end: bytes.len() as u64 + missing.min(most_padded(pixels)), at: 0 }
    }
}

/// The most zeros in place of what is missing of a picture of so many pixels.
pub(super) fn most_padded(pixels: u64) -> u64 {
    pixels + 4096
}

impl Read for Padded<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let many = self.fill_buf()?.read(out)?;
        self.consume(many);
        Ok(many)
    }
}

impl BufRead for Padded<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        static ZEROS: [u8; 4096] = [0; 4096];
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        Ok(match self.bytes.get(at..) {
            Some(rest) if !rest.is_empty() => rest,
            _ => &ZEROS[..usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(ZEROS.len()).min(ZEROS.len())],
        })
    }

    fn consume(&mut self, many: usize) {
        self.at = self.at.saturating_add(many as u64);
    }
}

impl Seek for Padded<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
