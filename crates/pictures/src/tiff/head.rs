//! What the first picture of a TIFF is: its size, its samples, how it is stored; checked before anything is decoded.

use std::io::{self, SeekFrom};

use super::directory::{Directory, Field, Source};
use super::kinds::{Alpha, Format, Meaning, Packing, Predictor, alpha, meaning};
use super::{Fault, tag};
use crate::pixels::Layout;

/// Maximum number of samples of a pixel.
const MOST_SAMPLES: u64 = 64;

/// A tile may be as large as this, whatever the size of the picture.
const TILE: u64 = 4096;

/// Bytes that a decompressor holds at most, for each plane that is stored apart.
const STATE: u64 = 512 << 10;

/// What is known of a picture before it is decoded.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) directory: Directory,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(super) meaning: Meaning,
    pub(super) bits: u8,
    pub(super) format: Format,
    pub(super) samples: usize,
    /// The alpha behind the colours, if there is one.
    pub(super) alpha: Option<Alpha>,
    /// Samples are stored plane by plane.
    pub(super) planar: bool,
    pub(super) packing: Packing,
    pub(super) predictor: Predictor,
    /// The first bit of a byte is the lowest.
    pub(super) reversed: bool,
    /// Size of a strip or a tile.
    pub(super) block: (u32, u32),
    pub(super) sampling: (usize, usize),
    /// Of a JPEG of the old kind: its sampling, and the rows of its strips.
    pub(super) old_sampling: (usize, usize),
    pub(super) old_rows: u32,
    pub(crate) orientation: Option<u8>,
    offsets: Field,
    counts: Option<Field>,
}

impl Head {
    /// Reads it. An error of the file itself is none of the picture.
    pub(crate) fn read(file: &mut impl Source) -> io::Result<Result<Head, Fault>> {
        let directory = Directory::read(file)?;
        Ok(Head::of(directory, file))
    }

    fn of(directory: Directory, file: &mut impl Source) -> Result<Head, Fault> {
        let mut number = |tag| directory.number(file, tag);
        let (width, height) = (side(number(tag::WIDTH), "width")?, side(number(tag::HEIGHT), "height")?);
        if width == 0 || height == 0 {
            return Err("it has no pixels".into());
        }
        let packing = Packing::of(number(tag::COMPRESSION).unwrap_or(1), number(tag::FAX_OPTIONS).unwrap_or(0))?;
        let is_old = packing == Packing::OldJpeg;
        let said = number(tag::SAMPLES).unwrap_or_else(|| directory.count(tag::BITS).max(1));
        // Some leave it out.
        let samples = if is_old && number(tag::MEANING) == Some(6) { 3 } else { said };
        if !(1..=MOST_SAMPLES).contains(&samples) {
            return Err(format!("a TIFF with {samples} samples for a pixel is not read"));
        }
        let samples = samples as usize;
        let meaning = meaning(number(tag::MEANING), samples, packing)?;
        let bits = same(&directory.numbers(file, tag::BITS, samples), 1, "bits")?;
        let format = match same(&directory.numbers(file, tag::FORMAT, samples), 1, "kinds")? {
            2 => Format::Signed,
            3 => Format::Float,
            5 | 6 => return Err("a TIFF with complex numbers is not read".into()),
            _ => Format::Unsigned,
        };
        let mut number = |tag| directory.number(file, tag);
        let predictor = Predictor::of(number(tag::PREDICTOR).unwrap_or(1), packing)?;
        let Blocks { size: block, old_rows, offsets, counts } = Blocks::of(&directory, file, (width, height), is_old)?;
        let mut number = |tag| directory.number(file, tag);
        let orientation = number(tag::ORIENTATION).and_then(|value| u8::try_from(value).ok());
        let planar = number(tag::PLANAR) == Some(2) && samples > 1 && !is_old;
        let reversed = number(tag::FILL_ORDER) == Some(2);
        let alpha = alpha(number(tag::EXTRA), directory.count(tag::EXTRA), meaning, samples);
        let sampling = if meaning == Meaning::Ycc { sampling(&directory, file)? } else { (1, 1) };
        let (old_sampling, sampling) = (sampling, if packing.is_lossy() { (1, 1) } else { sampling });
        let head = Head {
            width,
            height,
            meaning,
            bits: u8::try_from(bits).unwrap_or(u8::MAX),
            format,
            samples,
            alpha,
            planar,
            packing,
            predictor,
            reversed,
            block,
            sampling,
            old_sampling,
            old_rows,
            orientation: orientation.filter(|value| (1..=8).contains(value)),
            offsets,
            counts,
            directory,
        };
        head.check()?;
        Ok(head)
    }

    /// Errors if the samples are of a kind that is not read.
    fn check(&self) -> Result<(), Fault> {
        let Head { bits, format, meaning, .. } = *self;
        if self.samples < meaning.colours() {
            return Err(format!("a pixel has {} of {} samples", self.samples, meaning.colours()));
        }
        let is_fine = match (meaning, format) {
            (Meaning::Grey { .. } | Meaning::Rgb, Format::Float) => matches!(bits, 16 | 24 | 32 | 64),
            (Meaning::Grey { .. } | Meaning::Rgb, Format::Unsigned) => matches!(bits, 1..=16 | 32),
            (Meaning::Grey { .. } | Meaning::Rgb, Format::Signed) => matches!(bits, 8 | 16 | 32),
            (Meaning::Palette, Format::Unsigned) => (1..=16).contains(&bits),
            (Meaning::Cmyk, Format::Unsigned) => matches!(bits, 8 | 16),
            (Meaning::Lab | Meaning::IccLab, Format::Unsigned | Format::Signed) => matches!(bits, 8 | 16),
            (Meaning::Ycc, Format::Unsigned) => bits == 8,
            _ => false,
        };
        if !is_fine {
            let kind = match format {
                Format::Unsigned => "",
                Format::Signed => "signed ",
                Format::Float => "floating-point ",
            };
            return Err(format!("{kind}samples of {bits} bits are not read for {}", meaning.name()));
        }
        match self.predictor {
            Predictor::Horizontal if !matches!(bits, 8 | 16 | 32 | 64) => {
                return Err(format!("a predictor for samples of {bits} bits is not read"));
            }
            Predictor::Float if format != Format::Float => {
                return Err("a predictor of floating-point samples, for others, is not read".into());
            }
            _ => {}
        }
        if matches!(self.packing, Packing::Fax(_)) && (bits != 1 || (self.samples > 1 && !self.planar)) {
            return Err("a fax code of more than a bit for each pixel is not read".into());
        }
        let is_strip = u16::try_from(self.width.max(self.height)).is_ok() && matches!(self.samples, 1 | 3 | 4);
        if self.packing == Packing::OldJpeg && !is_strip {
            return Err("a JPEG of the old kind cannot be so large".into());
        }
        if self.packing.is_lossy() && bits != 8 {
            return Err(format!("JPEG and WebP in a TIFF, with samples of {bits} bits, are not read"));
        }
        if self.sampling != (1, 1) && (self.planar || self.samples != 3 || self.predictor != Predictor::None) {
            return Err("planes of different sizes are not read".into());
        }
        Ok(())
    }

    /// How its pixels come.
    pub(crate) fn layout(&self) -> Layout {
        let colour = !matches!(self.meaning, Meaning::Grey { .. });
        let narrow =
            matches!(self.meaning, Meaning::Cmyk | Meaning::Ycc | Meaning::Palette | Meaning::Lab | Meaning::IccLab);
        Layout { colour, alpha: self.alpha.is_some(), wide: self.bits > 8 && !narrow }
    }

    /// Whether a colour profile of the file is one of the pixels that are handed on.
    pub(crate) fn keeps_profile(&self) -> bool {
        !matches!(self.meaning, Meaning::Cmyk | Meaning::Lab | Meaning::IccLab)
    }

    /// Samples of a pixel that are stored together.
    pub(super) fn together(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Number of planes that are read: those behind the colours and the alpha are not looked at.
    pub(super) fn planes(&self) -> usize {
        if self.planar { self.used() } else { 1 }
    }

    /// Samples of a pixel that are looked at.
    pub(super) fn used(&self) -> usize {
        self.meaning.colours() + usize::from(self.alpha.is_some())
    }

    /// Number of blocks across and down.
    pub(super) fn blocks(&self) -> (u32, u32) {
        (self.width.div_ceil(self.block.0), self.height.div_ceil(self.block.1))
    }

    /// Bytes of a row of a block, of the samples that are stored together. Of colours with fewer samples than light, of
    /// as many rows as share them.
    pub(super) fn line(&self) -> u64 {
        let (across, down) = (self.sampling.0 as u64, self.sampling.1 as u64);
        if self.sampling != (1, 1) {
            return u64::from(self.block.0).div_ceil(across) * (across * down + 2);
        }
        (u64::from(self.block.0) * u64::from(self.bits) * self.together() as u64).div_ceil(8)
    }

    /// The bytes of a block of a plane. Where the file does not say how many there are, all up to its end.
    pub(super) fn packed<'a>(&self, file: &'a [u8], plane: usize, across: u32, down: u32) -> Result<&'a [u8], Fault> {
        let (wide, high) = self.blocks();
        let row = (plane as u64 * u64::from(high)).saturating_add(down.into());
        let index = match self.packing {
            Packing::OldJpeg => u64::from(down),
            _ => row.saturating_mul(wide.into()).saturating_add(across.into()),
        };
        let missing = || format!("it does not say where part {} of its pixels is", index + 1);
        let from = self.directory.nth(file, self.offsets, index).ok_or_else(missing)?;
        let count = self.counts.and_then(|counts| self.directory.nth(file, counts, index)).filter(|count| *count > 0);
        let rest =
            usize::try_from(from).ok().and_then(|from| file.get(from..)).ok_or("its pixels are behind its end")?;
        let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(rest.len());
        Ok(&rest[..count.min(rest.len())])
    }

    /// Bytes of the profile, of XMP and of IPTC.
    pub(crate) fn besides(&self) -> u64 {
        let sizes = [tag::ICC, tag::XMP, tag::IPTC, tag::BLOCKS].map(|tag| self.directory.size(tag));
        sizes.into_iter().fold(0, u64::saturating_add)
    }

    /// The most bytes that decoding takes.
    pub(crate) fn memory(&self, file: &mut impl Source) -> io::Result<u64> {
        let size = file.seek(SeekFrom::End(0))?;
        let product = |factors: &[u64]| factors.iter().fold(1, |all: u64, factor| all.saturating_mul(*factor));
        let (wide, high) = (u64::from(self.block.0), u64::from(self.block.1));
        let planes = self.planes() as u64;
        let row = product(&[self.line(), planes]).saturating_add(product(&[wide, self.samples as u64, 4]));
        // Tiles are put together in rows of tiles.
        let is_tiled = self.block.0 != self.width;
        let band = if is_tiled { product(&[self.width.into(), high.min(self.height.into()), 8]) } else { 0 };
        let state = match self.packing {
            // The bytes of the block, and it as planes, as coefficients and as samples. A WebP has alpha that is
            // decoded apart, and an own copy of its bytes.
            Packing::Jpeg | Packing::OldJpeg => size.saturating_add(product(&[
                wide.next_multiple_of(32),
                high.next_multiple_of(32),
                5,
                planes,
                self.together() as u64,
            ])),
            Packing::Webp => size.saturating_add(product(&[wide, high, 20, planes])).saturating_add(1 << 24),
            Packing::Lzma => product(&[super::packed::LZMA_MOST_KIB.into(), 1 << 10, planes]),
            Packing::Zstd => product(&[2 * super::packed::ZSTD_WINDOW, planes]),
            _ => 0,
        };
        let tables = if self.meaning == Meaning::Palette { 16 << self.bits } else { 0 };
        Ok([row, band, state, planes * STATE, tables].into_iter().fold(0, u64::saturating_add))
    }
}

fn side(number: Option<u64>, name: &str) -> Result<u32, Fault> {
    number.and_then(|side| u32::try_from(side).ok()).ok_or_else(|| format!("its {name} is missing"))
}

/// Where strips or tiles are, and their size.
struct Blocks {
    size: (u32, u32),
    /// The rows of a strip, where the decoder gives the whole picture at once.
    old_rows: u32,
    offsets: Field,
    counts: Option<Field>,
}

impl Blocks {
    fn of(
        directory: &Directory,
        file: &mut impl Source,
        (width, height): (u32, u32),
        is_old: bool,
    ) -> Result<Blocks, Fault> {
        let mut number = |tag| directory.number(file, tag);
        let strips = directory.field(tag::STRIP_OFFSETS);
        // Some put the offsets of tiles where those of strips are.
        let tiles =
            directory.field(tag::TILE_OFFSETS).or(strips.filter(|_| directory.field(tag::TILE_WIDTH).is_some()));
        let size = match tiles {
            Some(_) => (side(number(tag::TILE_WIDTH), "tile width")?, side(number(tag::TILE_HEIGHT), "tile height")?),
            None => (width, number(tag::ROWS_PER_STRIP).map_or(height, |rows| rows.min(height.into()) as u32).max(1)),
        };
        let is_sound =
            |side: u32, length: u32| (1..=u64::from(length).next_multiple_of(16).max(TILE)).contains(&u64::from(side));
        if !is_sound(size.0, width) || !is_sound(size.1, height) {
            return Err(format!("tiles of {} × {} pixels are too large for its size", size.0, size.1));
        }
        let (size, old_rows) = if is_old { ((width, height), size.1) } else { (size, height) };
        let bytes = directory.field(tag::STRIP_BYTES);
        let counts = if tiles.is_some() { directory.field(tag::TILE_BYTES).or(bytes) } else { bytes };
        let offsets = tiles.or(strips).ok_or("it does not say where its pixels are")?;
        Ok(Blocks { size, old_rows, offsets, counts })
    }
}

/// How many pixels across and down share their colours.
fn sampling(directory: &Directory, file: &mut impl Source) -> Result<(usize, usize), Fault> {
    match *directory.numbers(file, tag::YCC_SAMPLING, 2) {
        [across @ (1 | 2 | 4), down @ (1 | 2 | 4)] => Ok((across as usize, down as usize)),
        [] => Ok((2, 2)),
        _ => Err("its sampling of colours is none of 1, 2 and 4".into()),
    }
}

/// The value that all samples have.
fn same(values: &[u64], unless: u64, name: &str) -> Result<u64, Fault> {
    let first = values.first().copied().unwrap_or(unless);
    if values.iter().all(|value| *value == first) {
        Ok(first)
    } else {
        Err(format!("samples of different {name} are not read"))
    }
}
