//! The kinds of samples and of compressions, by the numbers that fields give them.

use super::Fault;

/// What the samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Grey {
        white_is_zero: bool,
    },
    Rgb,
    Palette,
    Cmyk,
    Ycc,
    /// Lightness and two signed differences.
    Lab,
    /// The same, with differences that are stored with their middle in the middle.
    IccLab,
}

impl Meaning {
    pub(super) fn colours(self) -> usize {
        match self {
            Meaning::Grey { .. } | Meaning::Palette => 1,
            Meaning::Cmyk => 4,
            Meaning::Rgb | Meaning::Ycc | Meaning::Lab | Meaning::IccLab => 3,
        }
    }
}

/// How a sample is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Unsigned,
    Signed,
    Float,
}

/// Whether the colours have been multiplied by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    Associated,
    Apart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Horizontal,
    Float,
}

impl Predictor {
    pub(super) fn of(number: u64, packing: Packing) -> Result<Predictor, Fault> {
        Ok(match number {
            1 => Predictor::None,
            // Libtiff does so, and others write the field whatever the compression.
            _ if !matches!(packing, Packing::Lzw | Packing::Deflate | Packing::Zstd | Packing::Lzma) => Predictor::None,
            2 => Predictor::Horizontal,
            3 => Predictor::Float,
            other => return Err(format!("a TIFF with the predictor {other} is not read")),
        })
    }
}

/// A compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Lzw,
    Deflate,
    PackBits,
    Fax(Fax),
    Zstd,
    Lzma,
    Jpeg,
    OldJpeg,
    Webp,
}

/// A code of fax machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fax {
    /// Lines that begin at a byte, or at a pair of them.
    Runs {
        pairs: bool,
    },
    Group3 {
        two_dimensional: bool,
    },
    Group4,
}

impl Packing {
    pub(super) fn of(number: u64, fax_options: u64) -> Result<Packing, Fault> {
        Ok(match number {
            // Old programs leave it empty.
            0 | 1 => Packing::None,
            2 => Packing::Fax(Fax::Runs { pairs: false }),
            3 => Packing::Fax(Fax::Group3 { two_dimensional: fax_options & 1 == 1 }),
            4 => Packing::Fax(Fax::Group4),
            5 => Packing::Lzw,
            6 => Packing::OldJpeg,
            7 => Packing::Jpeg,
            8 | 32946 => Packing::Deflate,
            32771 => Packing::Fax(Fax::Runs { pairs: true }),
            32773 => Packing::PackBits,
            34925 => Packing::Lzma,
            50000 | 34926 => Packing::Zstd,
            50001 | 34927 => Packing::Webp,
            34661 => return Err("a TIFF with JBIG is not read".into()),
            33003 | 33005 | 34712 => return Err("a TIFF with JPEG 2000 is not read".into()),
            34887 => return Err("a TIFF with LERC is not read".into()),
            _ => return Err(format!("a TIFF with the compression {number} is not read")),
        })
    }

    /// The most bytes to which so many can unpack, where the packing has such a bound.
    pub(super) fn most_from(self, bytes: usize) -> u64 {
        let bytes = bytes as u64;
        match self {
            Packing::None => bytes,
            // Two bytes are a run of up to 128.
            Packing::PackBits => bytes.saturating_mul(64),
            // A code has nine bits or more, and stands for 4096 bytes at most.
            Packing::Lzw => bytes.saturating_mul(8).div_ceil(9).saturating_mul(4096),
            // 258 bytes by two bits, and a head.
            Packing::Deflate => bytes.saturating_mul(1032).saturating_add(1 << 10),
            _ => u64::MAX,
        }
    }

    /// A strip is decoded at once.
    pub(super) fn is_lossy(self) -> bool {
        matches!(self, Packing::Jpeg | Packing::OldJpeg | Packing::Webp)
    }
}

impl Meaning {
    /// As messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Meaning::Grey { .. } => "grey",
            Meaning::Rgb => "RGB",
            Meaning::Palette => "a palette",
            Meaning::Cmyk => "CMYK",
            Meaning::Ycc => "YCbCr",
            Meaning::Lab | Meaning::IccLab => "Lab",
        }
    }
}

/// What the samples mean by the field of that.
pub(super) fn meaning(number: Option<u64>, samples: usize, packing: Packing) -> Result<Meaning, Fault> {
    Ok(match number {
        Some(0) => Meaning::Grey { white_is_zero: true },
        Some(1) => Meaning::Grey { white_is_zero: false },
        Some(2) => Meaning::Rgb,
        Some(3) => Meaning::Palette,
        Some(5) => Meaning::Cmyk,
        Some(6) => Meaning::Ycc,
        Some(8) => Meaning::Lab,
        Some(9) => Meaning::IccLab,
        Some(32844 | 32845) => return Err("a TIFF with LogLuv is not read".into()),
        Some(32803 | 34892) => return Err("a TIFF of a camera's raw samples is not read".into()),
        Some(other) => return Err(format!("a TIFF whose samples mean {other} is not read")),
        // What the samples can be.
        None if samples >= 3 => Meaning::Rgb,
        None => Meaning::Grey { white_is_zero: matches!(packing, Packing::Fax(_)) },
    })
}

/// What the first sample behind the colours is. Where nothing is said of it, it is an alpha, as others take it; where it
/// is said to be of no known kind, it is nothing that is seen.
pub(super) fn alpha(extra: Option<u64>, said: u64, meaning: Meaning, samples: usize) -> Option<Alpha> {
    if samples <= meaning.colours() || matches!(meaning, Meaning::Cmyk | Meaning::Ycc) {
        return None;
    }
    match extra {
        Some(1) => Some(Alpha::Associated),
        Some(2) => Some(Alpha::Apart),
        None if said == 0 && samples == meaning.colours() + 1 => Some(Alpha::Apart),
        _ => None,
    }
}
