//! The chunks of a PNG file: what it takes to find metadata, and to hand a decoder nothing but the picture.
//!
//! What unpacks to more than it is has a bound here, so that a small file cannot take any amount of memory. Nothing but
//! the picture itself is given to the decoder of the crate: neither texts, which it would keep, nor the parts of an
//! animation, whose order may be wrong while the picture is whole.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::beside::RAW_PROFILE;

/// What tells a PNG.
const MAGIC: usize = 8;

/// What stands around the body of a chunk: length, name, and sum.
const AROUND: usize = 12;

/// The most that a byte of Deflate can become.
const MOST_UNPACKED: u64 = 1032;

/// The keyword of XMP.
const XMP: &[u8] = b"XML:com.adobe.xmp\0";

/// A chunk.
pub(super) struct Chunk<'a> {
    pub(super) name: [u8; 4],
    pub(super) body: &'a [u8],
    /// As it stands in the file, from its length to its sum; less where the file ends within it.
    whole: &'a [u8],
}

impl Chunk<'_> {
    /// The decoder needs it for the pixels.
    fn is_picture(&self) -> bool {
        matches!(&self.name, b"IHDR" | b"PLTE" | b"tRNS" | b"IDAT" | b"IEND")
    }
}

/// The chunks of a file, the last of which may lack its end.
pub(super) fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    let mut at = MAGIC;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..)?;
        let (length, rest) = (rest.first_chunk::<4>()?, rest.get(4..)?);
        let name = *rest.first_chunk::<4>()?;
        let end = at.saturating_add(AROUND).saturating_add(u32::from_be_bytes(*length) as usize);
        let whole = &bytes[at..end.min(bytes.len())];
        let body = &whole[8..(end - 4 - at).min(whole.len())];
        at = end;
        Some(Chunk { name, body, whole })
    })
}

/// The first picture of a file alone, as a file. Where the file ends within a chunk so does this; where it ends before
/// its last one, which holds nothing, this has it.
pub(super) struct Picture<'a> {
    bytes: &'a [u8],
    /// The next chunk to come.
    at: usize,
    /// What is left of the one at hand.
    left: &'a [u8],
    is_cut: bool,
    is_ended: bool,
}

impl<'a> Picture<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Picture<'a> {
        let left = &bytes[..MAGIC.min(bytes.len())];
        Picture { bytes, at: left.len(), left, is_cut: false, is_ended: false }
    }

    /// Goes to the next chunk, once the one at hand is read.
    fn next(&mut self) {
        const END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";
        while self.left.is_empty() && !self.is_ended && !self.is_cut {
            // `chunks` skips what stands where the magic does in a file.
            let start = self.at.saturating_sub(MAGIC);
            let Some(chunk) = chunks(&self.bytes[start..]).next() else {
                (self.left, self.is_ended) = (END, true);
                break;
            };
            self.at += chunk.whole.len();
            if chunk.name == *b"IEND" {
                // Nothing is in it, so its sum does not matter.
                (self.left, self.is_ended) = (END, true);
            } else if chunk.is_picture() {
                self.left = chunk.whole;
                self.is_cut = chunk.whole.len() < chunk.body.len() + AROUND;
            }
        }
    }
}

impl Read for Picture<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let many = self.fill_buf()?.read(out)?;
        self.consume(many);
        Ok(many)
    }
}

impl BufRead for Picture<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.next();
        Ok(self.left)
    }

    fn consume(&mut self, many: usize) {
        self.left = self.left.get(many..).unwrap_or_default();
    }
}

/// The crate asks for it and never uses it.
impl Seek for Picture<'_> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Whether it is an animation of several pictures.
pub(super) fn is_animation(bytes: &[u8]) -> bool {
    let mut head = chunks(bytes).take_while(|chunk| chunk.name != *b"IDAT");
    let control = head.find(|chunk| chunk.name == *b"acTL");
    control.and_then(|chunk| chunk.body.first_chunk::<4>().copied()).is_some_and(|many| u32::from_be_bytes(many) > 1)
}

/// The colour profile; errors if it unpacks to more than `most` bytes. A broken one counts as none.
pub(super) fn profile(bytes: &[u8], most: usize) -> Result<Option<Vec<u8>>, String> {
    let packed = chunks(bytes).take_while(|chunk| chunk.name != *b"IDAT").find(|chunk| chunk.name == *b"iCCP");
    let packed = packed.and_then(|chunk| {
        let name = memchr::memchr(0, chunk.body)?;
        // After the name the way in which it is packed, of which there is one.
        chunk.body.get(name + 1..)?.strip_prefix(&[0])
    });
    packed.map_or(Ok(None), |packed| unpacked(packed, most, "colour profile"))
}

/// The XMP; errors if it unpacks to more than `most` bytes.
pub(super) fn xmp(bytes: &[u8], most: usize) -> Result<Option<Vec<u8>>, String> {
    let texts = chunks(bytes).filter(|chunk| chunk.name == *b"iTXt");
    let Some(text) = texts.filter_map(|chunk| chunk.body.strip_prefix(XMP)).next() else { return Ok(None) };
    // Whether and how it is packed, its language, its name in that language.
    let [packed, _, rest @ ..] = text else { return Ok(None) };
    let Some(text) = rest.splitn(3, |byte| *byte == 0).nth(2) else { return Ok(None) };
    if *packed == 0 { Ok(Some(text.to_vec())) } else { unpacked(text, most, "XMP") }
}

/// The first text of that keyword, in Latin-1; errors if it unpacks to more than `most` bytes.
pub(super) fn text(bytes: &[u8], keyword: &str, most: usize, name: &str) -> Result<Option<Vec<u8>>, String> {
    let text = chunks(bytes).find_map(|chunk| {
        let text = chunk.body.strip_prefix(keyword.as_bytes())?.strip_prefix(&[0])?;
        match &chunk.name {
            b"tEXt" => Some((false, text)),
            // The way in which it is packed, of which there is one.
            b"zTXt" => Some((true, text.strip_prefix(&[0])?)),
            _ => None,
        }
    });
    match text {
        Some((true, packed)) => unpacked(packed, most, name),
        Some((false, text)) => Ok(Some(text.to_vec())),
        None => Ok(None),
    }
}

/// What was packed by Deflate; `None`: it is broken.
fn unpacked(packed: &[u8], most: usize, name: &str) -> Result<Option<Vec<u8>>, String> {
    match fdeflate::decompress_to_vec_bounded(packed, most) {
        Ok(body) => Ok(Some(body)),
        Err(fdeflate::BoundedDecompressionError::DecompressionError { .. }) => Ok(None),
        Err(fdeflate::BoundedDecompressionError::OutputTooLarge { .. }) => {
            Err(format!("its {name} unpacks to more than {most} bytes"))
        }
    }
}

/// The size, the bytes that a pixel takes while it is decoded, and those that metadata may become; by what the head of
/// a file says, and the lengths of its chunks.
pub(super) fn probe<R: BufRead + Seek>(mut file: R) -> io::Result<(u32, u32, u64, u64)> {
    let mut head = [0; MAGIC + 8 + 13];
    file.read_exact(&mut head)?;
    if head[12..16] != *b"IHDR" {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not begin with its head"));
    }
    let long = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (width, height, wide, interlaced) = (long(16), long(20), head[24] == 16, head[28] != 0);
    file.seek_relative(4)?;
    let mut besides = 0_u64;
    let mut start = [0; 8];
    while file.read_exact(&mut start).is_ok() && start[4..] != *b"IEND" {
        let length = u32::from_be_bytes([start[0], start[1], start[2], start[3]]);
        // Of a text its keyword, and whether it is packed.
        const IPTC: &[u8] = RAW_PROFILE.as_bytes();
        let mut keyword = [0; IPTC.len() + 1];
        let looked = match &start[4..] {
            b"iTXt" | b"tEXt" | b"zTXt" => keyword.len().min(length as usize),
            _ => 0,
        };
        file.read_exact(&mut keyword[..looked])?;
        let is_iptc = keyword.starts_with(IPTC);
        let factor = match &start[4..] {
            b"iCCP" => MOST_UNPACKED,
            b"iTXt" if keyword.starts_with(XMP) => {
                if keyword[XMP.len()] == 0 {
                    1
                } else {
                    MOST_UNPACKED
                }
            }
            b"zTXt" if is_iptc => MOST_UNPACKED,
            b"tEXt" if is_iptc => 1,
            b"eXIf" => 1,
            _ => 0,
        };
        besides = besides.saturating_add(u64::from(length) * factor);
        file.seek_relative(i64::from(length) + 4 - looked as i64)?;
    }
    // Rows are resized as they come, but for those of an interlaced one.
    let bytes = if interlaced { 4 << u32::from(wide) } else { 0 };
    Ok((width, height, bytes, besides))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32).to_be_bytes()[..], name, body, b"sum!"].concat()
    }

    #[test]
    fn only_the_picture_is_handed_on() {
        let file = |parts: &[(&[u8; 4], &[u8])]| {
            let parts = parts.iter().flat_map(|(name, body)| chunk(name, body));
            b"magic is".iter().copied().chain(parts).collect::<Vec<u8>>()
        };
        let picture = |bytes: &[u8]| {
            let mut out = Vec::new();
            Picture::new(bytes).read_to_end(&mut out).unwrap();
            out
        };
        let bytes = file(&[(b"IHDR", b"1"), (b"tEXt", b"22"), (b"acTL", b""), (b"IDAT", b"3"), (b"fdAT", b"4")]);
        let end = b"\0\0\0\0IEND\xae\x42\x60\x82";
        let wanted = [&file(&[(b"IHDR", b"1"), (b"IDAT", b"3")])[..], end].concat();
        assert_eq!(picture(&bytes), wanted);
        assert_eq!(picture(&[&bytes, &chunk(b"IEND", b"")[..], &chunk(b"IDAT", b"5")].concat()), wanted);
        assert_eq!(picture(&[&bytes, &b"\0\0"[..]].concat()), wanted);
        // What is cut within the picture stays so.
        let cut = [&bytes[..], &chunk(b"IDAT", b"6789")[..10]].concat();
        assert_eq!(picture(&cut), [&wanted[..wanted.len() - end.len()], &chunk(b"IDAT", b"6789")[..10]].concat());
        for end in 0..bytes.len() {
            picture(&bytes[..end]);
        }
    }

    #[test]
    fn what_unpacks_has_a_bound() {
        let mut encoder = Vec::new();
        let mut deflate = fdeflate::Compressor::new(&mut encoder).unwrap();
        deflate.write_data(&[7; 5000]).unwrap();
        deflate.finish().unwrap();
        let head = [&[0; 8][..], &chunk(b"iCCP", &[b"name\0\0", &encoder[..]].concat())].concat();
        assert_eq!(profile(&head, 5000).unwrap(), Some(vec![7; 5000]));
        assert!(profile(&head, 4999).unwrap_err().contains("4999"));
        let text = [XMP, &[1, 0, 0, 0], &encoder[..]].concat();
        let head = [&[0; 8][..], &chunk(b"iTXt", &text)].concat();
        assert_eq!(xmp(&head, 5000).unwrap(), Some(vec![7; 5000]));
        assert!(xmp(&head, 4999).is_err());
        assert_eq!(profile(&[&[0; 8][..], &chunk(b"iCCP", b"name\0\0junk")].concat(), 9).unwrap(), None);
    }
}
