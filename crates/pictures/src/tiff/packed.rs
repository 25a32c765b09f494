//! The bytes of a strip or a tile, unpacked as they are taken.

use std::io::{self, BufRead, Read};

use flate2::bufread::ZlibDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;
use weezl::decode::{Configuration, Decoder};
use weezl::{BitOrder, LzwStatus};

use super::fax;
use super::head::Head;
use super::kinds::Packing;
use super::{Fault, lossy, old_jpeg};

/// Maximum memory of a decoder of LZMA, in KiB: that of its strongest setting.
pub(super) const LZMA_MOST_KIB: u32 = 66 << 10;

/// The largest window of Zstandard that is read: that which every decoder is to support. Libtiff takes a larger one only
/// from level 20 on.
pub(super) const ZSTD_WINDOW: u64 = 8 << 20;

/// Opens the bytes of a block, of which `rows` rows are to be read.
pub(super) fn open<'a>(
    head: &'a Head,
    file: &'a [u8],
    bytes: &'a [u8],
    rows: u32,
) -> Result<Box<dyn Read + 'a>, Fault> {
    // The bits of a JPEG and a WebP have one order alone.
    let reversed = head.reversed && !head.packing.is_lossy();
    let bits = Bits::new(bytes, reversed);
    Ok(match head.packing {
        Packing::None => Box::new(bits),
        // Strings of up to 4096 bytes come at once.
        Packing::Lzw => Box::new(io::BufReader::with_capacity(64 << 10, Lzw::new(bits))),
        Packing::Deflate => Box::new(ZlibDecoder::new(bits)),
        Packing::PackBits => Box::new(PackBits { from: bits, left: Left::Nothing }),
        Packing::Fax(kind) => Box::new(fax::Lines::new(kind, bits, head.block.0)),
        Packing::Lzma => Box::new(XzReader::new_mem_limit(bits, false, LZMA_MOST_KIB)),
        Packing::Zstd => {
            let decoder = StreamingDecoder::new_with_max_window_size(bits, ZSTD_WINDOW);
            Box::new(decoder.map_err(|error| error.to_string())?)
        }
        Packing::Jpeg => Box::new(io::Cursor::new(lossy::jpeg(head, file, bytes, rows)?)),
        Packing::OldJpeg => {
            let whole = old_jpeg::whole(head, file)?;
            Box::new(io::Cursor::new(lossy::jpeg(head, file, &whole, rows)?))
        }
        Packing::Webp => Box::new(io::Cursor::new(lossy::webp(head, bytes, rows)?)),
    })
}

/// Bytes of the file, whose bits may stand in the other order.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    reversed: bool,
    /// The next bytes with their bits turned, and from where on they are not taken yet.
    turned: Vec<u8>,
    at: usize,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], reversed: bool) -> Bits<'a> {
        Bits { bytes, reversed, turned: Vec::new(), at: 0 }
    }
}

impl BufRead for Bits<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        const MOST: usize = 8 << 10;
        if !self.reversed {
            return Ok(self.bytes);
        }
        if self.at == self.turned.len() {
            let (next, rest) = self.bytes.split_at(self.bytes.len().min(MOST));
            self.turned.clear();
            self.turned.extend(next.iter().map(|byte| byte.reverse_bits()));
            (self.bytes, self.at) = (rest, 0);
        }
        Ok(&self.turned[self.at..])
    }

    fn consume(&mut self, many: usize) {
        if self.reversed {
            self.at += many;
        } else {
            self.bytes = &self.bytes[many..];
        }
    }
}

impl Read for Bits<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let many = self.fill_buf()?.read(out)?;
        self.consume(many);
        Ok(many)
    }
}

/// LZW, in the way of TIFF or of the programs that came before it.
struct Lzw<'a> {
    from: Bits<'a>,
    decoder: Decoder,
    /// Number of zeros that were given behind the end.
    padding: u8,
}

impl<'a> Lzw<'a> {
    fn new(mut from: Bits<'a>) -> Lzw<'a> {
        // The first code of nine bits is 256. Old files have its lowest bit first, and longer codes one code later.
        let is_old = matches!(from.fill_buf(), Ok([0, second, ..]) if second & 1 == 1);
        let kind = if is_old {
            Configuration::new(BitOrder::Lsb, 8)
        } else {
            Configuration::with_tiff_size_switch(BitOrder::Msb, 8)
        };
        Lzw { from, decoder: kind.with_yield_on_full_buffer(true).build(), padding: 0 }
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            let bytes = self.from.fill_buf()?;
            // Codes that the decoder has taken already come out only when more follows.
            let is_over = bytes.is_empty() && self.padding < 8;
            let done = self.decoder.decode_bytes(if is_over { &[0] } else { bytes }, out);
            if is_over {
                self.padding += done.consumed_in as u8;
            } else {
                self.from.consume(done.consumed_in);
            }
            match done.status {
                Ok(LzwStatus::Ok) if done.consumed_out == 0 => {}
                // At the end of the bytes some files lack the code that ends them.
                Ok(_) => return Ok(done.consumed_out),
                // What comes before a wrong code is right.
                Err(_) if done.consumed_out > 0 => return Ok(done.consumed_out),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    }
}

/// Runs of a byte, and bytes as they are.
struct PackBits<'a> {
    from: Bits<'a>,
    left: Left,
}

/// What is left of a run.
enum Left {
    Nothing,
    Same(u8, usize),
    Bytes(usize),
}

impl Read for PackBits<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < out.len() {
            let room = &mut out[done..];
            match self.left {
                Left::Nothing => {
                    let mut pair = [0; 2];
                    if self.from.read(&mut pair[..1])? == 0 {
                        break;
                    }
                    self.left = match pair[0] {
                        many @ 0..128 => Left::Bytes(usize::from(many) + 1),
                        128 => Left::Nothing,
                        many => {
                            self.from.read_exact(&mut pair[1..])?;
                            Left::Same(pair[1], 257 - usize::from(many))
                        }
                    };
                }
                Left::Same(byte, many) => {
                    let now = many.min(room.len());
                    room[..now].fill(byte);
                    done += now;
                    self.left = if now < many { Left::Same(byte, many - now) } else { Left::Nothing };
                }
                Left::Bytes(many) => {
                    let now = many.min(room.len());
                    let now = self.from.read(&mut room[..now])?;
                    if now == 0 {
                        break;
                    }
                    done += now;
                    self.left = if now < many { Left::Bytes(many - now) } else { Left::Nothing };
                }
            }
        }
        Ok(done)
    }
}
