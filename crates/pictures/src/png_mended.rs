//! A damaged PNG as a sound one: its data is unpacked as far as it goes, and packed anew without compression.
//!
//! The decoder of the crate keeps back the last 32 KiB that it unpacked, since what follows may refer to them, and
//! forgets them at a fault. Data that is not compressed refers to nothing, and what is missing is zeros here, so the
//! decoder gives every row that can be had. It passes through in pieces: a picture is never held whole.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use flate2::{Decompress, FlushDecompress, Status};

use super::png_parts::{Chunk, chunks};

/// The most that a block without compression holds, rounded down.
const BLOCK: u64 = 32 << 10;

/// The two bytes before packed data: Deflate, in a window of 32 KiB.
const ZLIB: [u8; 2] = [0x78, 0x01];

/// Where the pixels of the passes of an interlaced picture begin, and how far apart they stand, across and down.
const PASSES: [[u32; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// A whole PNG file, to be read once with its checksums left alone.
pub(super) struct Mended<'a> {
    /// The data that is still packed: of the chunk at hand, and the chunks after it.
    packed: &'a [u8],
    rest: Box<dyn Iterator<Item = Chunk<'a>> + 'a>,
    unpack: Decompress,
    is_broken: bool,
    /// The bytes of all rows that have not been given.
    due: u64,
    /// The bytes of the first row: with less there is no picture.
    least: usize,
    is_first: bool,
    /// What is ready, and how much of it was read.
    ready: Vec<u8>,
    read: usize,
}

impl<'a> Mended<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Mended<'a> {
        let mut ready = bytes[..bytes.len().min(8)].to_vec();
        let head = chunks(bytes).take_while(|chunk| chunk.name != *b"IDAT");
        let mut lines = Vec::new();
        for chunk in head.filter(|chunk| matches!(&chunk.name, b"IHDR" | b"PLTE" | b"tRNS")) {
            if chunk.name == *b"IHDR" {
                lines = passes(chunk.body).unwrap_or_default();
            }
            push(&mut ready, chunk.name, chunk.body);
        }
        let due = lines.iter().map(|(line, lines)| line.saturating_mul(*lines)).fold(0, u64::saturating_add);
        let least = lines.first().map_or(1, |(line, _)| usize::try_from(*line).unwrap_or(usize::MAX));
        let rest = Box::new(chunks(bytes).filter(|chunk| chunk.name == *b"IDAT"));
        let (unpack, packed) = (Decompress::new(true), &[][..]);
        Mended { packed, rest, unpack, is_broken: false, due, least, is_first: true, ready, read: 0 }
    }

    /// The next piece of the file; nothing once it has ended.
    fn more(&mut self) -> io::Result<()> {
        self.read = 0;
        self.ready.clear();
        if self.due == 0 {
            return Ok(());
        }
        let count = self.due.min(BLOCK);
        let mut rows = vec![0; count as usize];
        let came = self.unpack_into(&mut rows);
        if self.is_first && came < self.least.min(rows.len()) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "none of its rows can be read"));
        }
        self.due -= count;
        let is_last = self.due == 0;
        let length = (count as u16).to_le_bytes();
        let start = if std::mem::take(&mut self.is_first) { &ZLIB[..] } else { &[] };
        let block = [is_last.into(), length[0], length[1], !length[0], !length[1]];
        let end = if is_last { &[0; 4][..] } else { &[] };
        push(&mut self.ready, *b"IDAT", &[start, &block, &rows, end].concat());
        if is_last {
            push(&mut self.ready, *b"IEND", &[]);
        }
        Ok(())
    }

    /// Fills the buffer from its beginning with what can be unpacked, and tells how much that is.
    fn unpack_into(&mut self, rows: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < rows.len() && !self.is_broken {
            if self.packed.is_empty() {
                match self.rest.next() {
                    Some(chunk) => self.packed = chunk.body,
                    None => self.is_broken = true,
                }
                continue;
            }
            let (taken, given) = (self.unpack.total_in(), self.unpack.total_out());
            let status = self.unpack.decompress(self.packed, &mut rows[filled..], FlushDecompress::None);
            // At a fault, too, it counts what it gave before.
            let (taken, given) = (self.unpack.total_in() - taken, self.unpack.total_out() - given);
            self.packed = self.packed.get(taken as usize..).unwrap_or_default();
            filled += given as usize;
            self.is_broken = !matches!(status, Ok(Status::Ok | Status::BufError)) || taken == 0 && given == 0;
        }
        filled
    }
}

/// The bytes of a row, with the one that tells its filter, and the number of rows: of each pass of an interlaced picture,
/// by the body of its head.
fn passes(head: &[u8]) -> Option<Vec<(u64, u64)>> {
    let side = |at: usize| head.get(at..)?.first_chunk::<4>().map(|side| u32::from_be_bytes(*side));
    let (width, height) = (side(0)?, side(4)?);
    let samples = match head.get(9)? {
        2 => 3,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let bits = u64::from(*head.get(8)?) * samples;
    let whole = [[0, 0, 1, 1]];
    let passes = if *head.get(12)? == 0 { &whole[..] } else { &PASSES[..] };
    let sizes = passes.iter().map(|[left, top, across, down]| {
        let count = |side: u32, start: &u32, apart: &u32| u64::from(side.saturating_sub(*start).div_ceil(*apart));
        (count(width, left, across), count(height, top, down))
    });
    let some = sizes.filter(|(width, height)| *width > 0 && *height > 0);
    Some(some.map(|(width, height)| (1 + (width * bits).div_ceil(8), height)).collect())
}

/// A chunk, with no sum that anybody looks at.
fn push(out: &mut Vec<u8>, name: [u8; 4], body: &[u8]) {
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(&name);
    out.extend_from_slice(body);
    out.extend_from_slice(&[0; 4]);
}

impl Read for Mended<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let many = self.fill_buf()?.read(out)?;
        self.consume(many);
        Ok(many)
    }
}

impl BufRead for Mended<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.read == self.ready.len() {
            self.more()?;
        }
        Ok(&self.ready[self.read..])
    }

    fn consume(&mut self, many: usize) {
        self.read += many;
    }
}

/// The crate asks for it and never uses it.
impl Seek for Mended<'_> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn decoded(source: impl BufRead + Seek) -> Vec<u8> {
        let mut options = png::DecodeOptions::default();
        options.set_ignore_checksums(true);
        let mut reader = png::Decoder::new_with_options(source, options).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    }

    #[test]
    fn a_sound_picture_stays_as_it_is_and_a_cut_one_has_all_rows_before_the_cut() {
        let (width, height) = (300, 200);
        let rows: Vec<u8> = (0..width * height * 3).map(|n: u32| (n.wrapping_mul(n) / 7 % 251) as u8).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&rows).unwrap();
        assert_eq!(decoded(Mended::new(&bytes)), rows);
        let cut = decoded(Mended::new(&bytes[..bytes.len() / 2]));
        let same = cut.iter().zip(&rows).take_while(|(cut, whole)| cut == whole).count();
        // About half of the data is half of the rows.
        assert!(same > rows.len() / 3 && cut[rows.len() * 3 / 4..].iter().all(|byte| *byte == 0), "{same}");
    }

    #[test]
    fn the_rows_of_every_pass_are_counted() {
        let head = |width: u32, height: u32, depth: u8, colour: u8, interlaced: u8| {
            [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, interlaced]].concat()
        };
        assert_eq!(passes(&head(10, 3, 8, 2, 0)), Some(vec![(31, 3)]));
        assert_eq!(passes(&head(9, 2, 1, 3, 0)), Some(vec![(3, 2)]));
        assert_eq!(passes(&head(1, 1, 16, 6, 1)), Some(vec![(9, 1)]));
        assert_eq!(passes(&head(8, 8, 8, 0, 1)), Some(vec![(2, 1), (2, 1), (3, 1), (3, 2), (5, 2), (5, 4), (9, 4)]));
        assert_eq!(passes(b"short"), None);
    }
}
