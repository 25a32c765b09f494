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
    pub(in crate::op::resize) const SUBFILE: u16 = 254;
    pub(in crate::op::resize) const WIDTH: u16 = 256;
    pub(in crate::op::resize) const HEIGHT: u16 = 257;
    pub(in crate::op::resize) const BITS: u16 = 258;
    pub(in crate::op::resize) const COMPRESSION: u16 = 259;
    pub(in crate::op::resize) const MEANING: u16 = 262;
    pub(in crate::op::resize) const FILL_ORDER: u16 = 266;
    pub(in crate::op::resize) const STRIP_OFFSETS: u16 = 273;
    pub(in crate::op::resize) const ORIENTATION: u16 = 274;
    pub(in crate::op::resize) const SAMPLES: u16 = 277;
    pub(in crate::op::resize) const ROWS_PER_STRIP: u16 = 278;
    pub(in crate::op::resize) const STRIP_BYTES: u16 = 279;
    pub(in crate::op::resize) const PLANAR: u16 = 284;
    pub(in crate::op::resize) const FAX_OPTIONS: u16 = 292;
    pub(in crate::op::resize) const PREDICTOR: u16 = 317;
    pub(in crate::op::resize) const PALETTE: u16 = 320;
    pub(in crate::op::resize) const TILE_WIDTH: u16 = 322;
    pub(in crate::op::resize) const TILE_HEIGHT: u16 = 323;
    pub(in crate::op::resize) const TILE_OFFSETS: u16 = 324;
    pub(in crate::op::resize) const TILE_BYTES: u16 = 325;
    pub(in crate::op::resize) const EXTRA: u16 = 338;
    pub(in crate::op::resize) const FORMAT: u16 = 339;
    pub(in crate::op::resize) const JPEG_TABLES: u16 = 347;
    pub(in crate::op::resize) const OLD_JPEG: u16 = 513;
    pub(in crate::op::resize) const OLD_RESTART: u16 = 515;
    pub(in crate::op::resize) const OLD_QUANTA: u16 = 519;
    pub(in crate::op::resize) const OLD_DC: u16 = 520;
    pub(in crate::op::resize) const OLD_AC: u16 = 521;
    pub(in crate::op::resize) const YCC_WEIGHTS: u16 = 529;
    pub(in crate::op::resize) const YCC_SAMPLING: u16 = 530;
    pub(in crate::op::resize) const YCC_RANGES: u16 = 532;
    pub(in crate::op::resize) const XMP: u16 = 700;
    pub(in crate::op::resize) const ICC: u16 = 34675;
    pub(in crate::op::resize) const IPTC: u16 = crate::op::resize::beside::TIFF_IPTC;
    pub(in crate::op::resize) const BLOCKS: u16 = crate::op::resize::beside::TIFF_BLOCKS;

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
