//! A TIFF with a palette, shown as one in grey.
//!
//! The crate that reads TIFF refuses palettes, though the numbers in such a picture are stored as shades of grey are. So
//! the one byte that tells them apart is changed on its way to the crate; what the numbers mean is then found in the tag
//! of the palette, which is left as it is.

use std::io::{self, Read, Seek, SeekFrom};

/// The tag that says what the samples mean, and what it says of those of a palette and of shades from black to white.
const MEANING: u64 = 262;
const PALETTE: u64 = 3;
const GREY: u8 = 1;

/// A file, maybe with a byte changed.
pub(super) struct AsGrey<R> {
    file: R,
    /// Where the byte is.
    changed: Option<u64>,
    at: u64,
}

impl<R: Read + Seek> AsGrey<R> {
    /// The file from its beginning on. It is changed if its first picture has a palette; whether it is sound otherwise
    /// is left to who reads it.
    pub(super) fn new(mut file: R) -> io::Result<AsGrey<R>> {
        let changed = match find(&mut file) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
            found => found.ok().flatten(),
        };
        file.seek(SeekFrom::Start(0))?;
        Ok(AsGrey { file, changed, at: 0 })
    }

    /// Whether it has a palette.
    pub(super) fn is_changed(&self) -> bool {
        self.changed.is_some()
    }
}

/// Where the byte is that says that there is a palette.
fn find<R: Read + Seek>(file: &mut R) -> io::Result<Option<u64>> {
    let mut head = [0; 4];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut head)?;
    let is_little = head[0] == b'I';
    let number = |file: &mut R, at: u64, many: usize| -> io::Result<u64> {
        let mut bytes = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut bytes[..many])?;
        let fold = |number, byte: &u8| number << 8 | u64::from(*byte);
        let bytes = &bytes[..many];
        Ok(if is_little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
    };
    // The wider kind of file has wider numbers. An entry: tag, type, count, value.
    let is_wide = head.contains(&b'+');
    let (first, bytes, count, entry) = if is_wide { (8, 8, 8, 20) } else { (4, 4, 2, 12) };
    let directory = number(file, first, bytes)?;
    let many = number(file, directory, count)?.min(u64::from(u16::MAX));
    for n in 0..many {
        let at = directory.saturating_add(count as u64 + n * entry);
        if number(file, at, 2)? == MEANING {
            let value = at + entry - bytes as u64;
            let is_palette = number(file, value, 2)? == PALETTE;
            return Ok(is_palette.then_some(if is_little { value } else { value + 1 }));
        }
    }
    Ok(None)
}

impl<R: Read> Read for AsGrey<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let many = self.file.read(out)?;
        let place = self.changed.and_then(|changed| changed.checked_sub(self.at)).and_then(|n| usize::try_from(n).ok());
        if let Some(byte) = place.and_then(|place| out[..many].get_mut(place)) {
            *byte = GREY;
        }
        self.at += many as u64;
        Ok(many)
    }
}

impl<R: Seek> Seek for AsGrey<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}
