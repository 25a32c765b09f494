//! A reader of TIFF.
//!
//! The crates that read TIFF in Rust refuse much of what other programs show, and believe the counts of a file before
//! they look at its size. Here the crates undo the compressions; the rest is done here. [`directory`] finds the fields
//! of the first picture, [`head`] checks what they say, by the numbers of [`kinds`], and how much memory that takes, [`packed`] and [`fax`] give the
//! bytes of a strip or a tile, [`lossy`] and [`old_jpeg`] those of one that is a JPEG or a WebP, [`samples`] makes numbers of them,
//! [`colours`] makes colours of those, and [`blocks`] hands on rows.

mod blocks;
mod colours;
mod directory;
mod fax;
mod head;
mod kinds;
mod lossy;
mod old_jpeg;
mod packed;
mod samples;

pub(super) use self::blocks::rows;
pub(super) use self::head::Head;

/// Number of pictures in a file; smaller copies of them and masks do not count.
pub(super) fn pictures(file: &[u8]) -> usize {
    let mut file = std::io::Cursor::new(file);
    directory::Directory::read(&mut file).map_or(1, |first| first.pictures(&mut file))
}

/// Why a picture cannot be decoded.
pub(super) type Fault = String;

/// The fields that are read.
pub(super) mod tag {
    pub(crate) const SUBFILE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const MEANING: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const ORIENTATION: u16 = 274;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTES: u16 = 279;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const FAX_OPTIONS: u16 = 292;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const PALETTE: u16 = 320;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTES: u16 = 325;
    pub(crate) const EXTRA: u16 = 338;
    pub(crate) const FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
    pub(crate) const OLD_JPEG: u16 = 513;
    pub(crate) const OLD_RESTART: u16 = 515;
    pub(crate) const OLD_QUANTA: u16 = 519;
    pub(crate) const OLD_DC: u16 = 520;
    pub(crate) const OLD_AC: u16 = 521;
    pub(crate) const YCC_WEIGHTS: u16 = 529;
    pub(crate) const YCC_SAMPLING: u16 = 530;
    pub(crate) const YCC_RANGES: u16 = 532;
    pub(crate) const XMP: u16 = 700;
    pub(crate) const ICC: u16 = 34675;
    pub(crate) const IPTC: u16 = crate::beside::TIFF_IPTC;
    pub(crate) const BLOCKS: u16 = crate::beside::TIFF_BLOCKS;

    const ALL: [u16; 35] = [
        SUBFILE,
        WIDTH,
        HEIGHT,
        BITS,
        COMPRESSION,
        MEANING,
        FILL_ORDER,
        STRIP_OFFSETS,
        ORIENTATION,
        SAMPLES,
        ROWS_PER_STRIP,
        STRIP_BYTES,
        PLANAR,
        FAX_OPTIONS,
        PREDICTOR,
        PALETTE,
        TILE_WIDTH,
        TILE_HEIGHT,
        TILE_OFFSETS,
        TILE_BYTES,
        EXTRA,
        FORMAT,
        JPEG_TABLES,
        OLD_JPEG,
        OLD_RESTART,
        OLD_QUANTA,
        OLD_DC,
        OLD_AC,
        YCC_WEIGHTS,
        YCC_SAMPLING,
        YCC_RANGES,
        XMP,
        ICC,
        IPTC,
        BLOCKS,
    ];

    pub(super) fn is_read(tag: u16) -> bool {
        ALL.contains(&tag)
    }
}
