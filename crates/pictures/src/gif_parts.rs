//! The blocks of a GIF file: its screen, and where its pictures stand on it.

use std::io::{self, BufRead, Read};

/// What the file says up to one of its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Screen {
    /// As large as the file says, or as the first picture needs where it stands over, as everybody shows it.
    pub(super) size: (u32, u32),
    /// The bytes in extensions: profile, XMP, texts.
    pub(super) besides: u64,
    /// There are several pictures.
    pub(super) is_animation: bool,
}

/// Reads up to the first picture, or with `all` until it is known whether there are several. `None`: there is no picture.
pub(super) fn screen<R: BufRead>(mut file: R, all: bool) -> io::Result<Option<Screen>> {
    let mut head = [0; 13];
    file.read_exact(&mut head)?;
    skip_colours(&mut file, head[10])?;
    let mut screen = Screen { size: pair(&head[6..]), besides: 0, is_animation: false };
    let mut has_picture = false;
    loop {
        match byte(&mut file) {
            Ok(0x21) => {
                byte(&mut file)?;
                screen.besides += skip_blocks(&mut file)?;
            }
            Ok(0x2c) => {
                if has_picture {
                    screen.is_animation = true;
                    return Ok(Some(screen));
                }
                has_picture = true;
                let mut place = [0; 9];
                file.read_exact(&mut place)?;
                let ((left, top), (width, height)) = (pair(&place), pair(&place[4..]));
                screen.size = (screen.size.0.max(left + width), screen.size.1.max(top + height));
                if !all {
                    return Ok(Some(screen));
                }
                skip_colours(&mut file, place[8])?;
                byte(&mut file)?;
                skip_blocks(&mut file)?;
            }
            Ok(0x3b) | Err(_) => return Ok(has_picture.then_some(screen)),
            // A block that nobody knows is taken to be stored as the others, as the decoder takes it.
            Ok(_) => screen.besides += skip_blocks(&mut file)?,
        }
    }
}

fn byte<R: BufRead>(file: &mut R) -> io::Result<u8> {
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// Two numbers of 16 bits.
fn pair(bytes: &[u8]) -> (u32, u32) {
    let number = |at: usize| u32::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    (number(0), number(2))
}

/// Passes a palette, if these flags say that there is one.
fn skip_colours<R: BufRead>(file: &mut R, flags: u8) -> io::Result<()> {
    if flags & 0x80 == 0 { Ok(()) } else { skip(file, 3 * (2 << (flags & 7))) }
}

/// Passes blocks up to an empty one, and says how many bytes they have.
fn skip_blocks<R: BufRead>(file: &mut R) -> io::Result<u64> {
    let mut bytes = 0;
    loop {
        let length = u64::from(byte(file)?);
        if length == 0 {
            return Ok(bytes);
        }
        skip(file, length)?;
        bytes += length + 1;
    }
}

fn skip<R: BufRead>(file: &mut R, bytes: u64) -> io::Result<()> {
    let skipped = io::copy(&mut file.take(bytes), &mut io::sink())?;
    if skipped == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
