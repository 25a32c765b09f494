//! A decoder of JPEG for pictures that are to be resized.
//!
//! The crates that decode JPEG in Rust do it at full size, or spend as long on a smaller one. Here each plane, of light
//! and of colours, is decoded at the size at which it is needed ([`idct`]), and the planes are resized one by one:
//! colours, of which most files hold a quarter, are never blown up to the size of the light, and only the pixels of the
//! result are converted to red, green and blue. Of a progressive file only the coefficients that are needed are kept
//! ([`progressive`]). docs/benchmarks.md has the gain.
//!
//! It reads 8-bit pictures of one to four planes, sequential or progressive, Huffman-coded, of any sampling and in any
//! number of scans; [`open`] and [`open_part`] refuse everything else. It knows nothing of what becomes of the rows.

mod bits;
mod colours;
mod huffman;
mod idct;
mod progressive;
mod sequential;

pub(super) use self::colours::Colours;
use self::huffman::Huffman;
use self::idct::{Block, Idct};
use super::jpeg_parts::{Segment, is_frame, segments};
use super::pixels::zeros;

/// Why a picture cannot be decoded.
pub(super) type Fault = String;

/// Takes the next rows of a plane, which it may change.
pub(super) type Push<'a> = &'a mut dyn FnMut(usize, &mut [u8]) -> Result<(), Fault>;

/// About so many bytes of rows are handed over at one time.
const STRIP: usize = 2 << 20;

/// A picture about to be decoded.
pub(super) struct Jpeg<'a> {
    bytes: &'a [u8],
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) colours: Colours,
    /// What is broken or missing is passed over; the blocks that lack are grey.
    is_lenient: bool,
    is_progressive: bool,
    /// All is in one scan.
    is_whole: bool,
    planes: Vec<Plane>,
    /// MCUs across and down.
    units: (usize, usize),
    /// The most samples across and down.
    most: (usize, usize),
    /// How many blocks, or MCUs, stand between two restarts; 0: there are none.
    restart: usize,
    quants: [Option<[f32; 64]>; 4],
    dc: [Option<Huffman>; 4],
    ac: [Option<Huffman>; 4],
    /// The first scan, and where its data begin.
    first: (Scan, usize),
}

/// A plane of the picture.
struct Plane {
    id: u8,
    /// Blocks in an MCU, across and down.
    across: usize,
    down: usize,
    quant: usize,
    /// Blocks, those that only fill up the last MCU left out.
    blocks: (usize, usize),
}

/// What is in a scan.
#[derive(Clone, Default)]
struct Scan {
    /// The planes, with their tables.
    planes: Vec<(usize, Tables)>,
    /// The first and the last coefficient.
    band: (usize, usize),
    /// The lowest bit that earlier scans gave, and the lowest of this one.
    bits: (u32, u32),
}

/// Which tables a plane uses.
#[derive(Clone, Copy, Default)]
struct Tables {
    dc: usize,
    ac: usize,
}

/// From the place of a coefficient in the file to its place in a block.
const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
    28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54,
    47, 55, 62, 63,
];

/// For each coefficient in the order of the file how many rows and columns of the block are used up to it.
static USED: [u8; 64] = {
    let mut used = [0; 64];
    let (mut at, mut most) = (0, 0);
    while at < 64 {
        let place = ZIGZAG[at];
        let side = if place / 8 > place % 8 { place / 8 } else { place % 8 };
        if side + 1 > most {
            most = side + 1;
        }
        used[at] = most;
        at += 1;
    }
    used
};

/// Reads the head of a picture. A lenient decoder gives of a damaged one what can be read.
pub(super) fn open(bytes: &[u8], is_lenient: bool) -> Result<Jpeg<'_>, Fault> {
    let mut jpeg = open_part(bytes, is_lenient)?;
    let ids: Vec<u8> = jpeg.planes.iter().map(|plane| plane.id).collect();
    jpeg.colours = Colours::find(bytes, &ids)?;
    Ok(jpeg)
}

/// As [`open`], for a part of a TIFF, which says itself what the planes are: [`Jpeg::colours`] means nothing.
pub(super) fn open_part(bytes: &[u8], is_lenient: bool) -> Result<Jpeg<'_>, Fault> {
    let mut jpeg = Jpeg { is_lenient, ..Jpeg::empty(bytes) };
    for segment in segments(bytes, 0) {
        match segment.marker {
            marker if is_frame(marker) => jpeg.frame(&segment)?,
            0xda => {
                let scan = jpeg.scan(&segment)?;
                jpeg.is_whole = !jpeg.is_progressive && scan.planes.len() == jpeg.planes.len();
                jpeg.first = (scan, segment.end);
                return Ok(jpeg);
            }
            _ => jpeg.tables_or(&segment)?,
        }
    }
    Err("it ends within its head".into())
}

/// Why a frame is not read.
fn refused(segment: &Segment<'_>) -> Fault {
    let kind = match (segment.marker, segment.body) {
        (0xc3 | 0xc7 | 0xcb | 0xcf, _) => "lossless",
        (0xc9 | 0xca | 0xcd | 0xce, _) => "with arithmetic coding",
        (0xc5 | 0xc6, _) => "in several frames",
        (_, [8, _, _, _, _, 1..=4, ..]) => return "its frame is broken".into(),
        (_, [8, _, _, _, _, count, ..]) => return format!("a JPEG of {count} planes is not read"),
        (_, [bits, ..]) => return format!("a JPEG of {bits} bits a sample is not read"),
        _ => return "its frame is broken".into(),
    };
    format!("a JPEG {kind} is not read")
}

impl<'a> Jpeg<'a> {
    fn empty(bytes: &'a [u8]) -> Jpeg<'a> {
        Jpeg {
            bytes,
            width: 0,
            height: 0,
            colours: Colours::Grey,
            is_lenient: false,
            is_progressive: false,
            is_whole: false,
            planes: Vec::new(),
            units: (0, 0),
            most: (1, 1),
            restart: 0,
            quants: [None; 4],
            dc: [const { None }; 4],
            ac: [const { None }; 4],
            first: (Scan::default(), 0),
        }
    }

    /// How many planes there are.
    pub(super) fn planes(&self) -> usize {
        self.planes.len()
    }

    /// How many samples of a plane stand for the width and the height of the picture.
    pub(super) fn samples(&self, plane: usize) -> (f64, f64) {
        let part = |length: u32, mine: usize, most: usize| f64::from(length) * mine as f64 / most as f64;
        let Plane { across, down, .. } = self.planes[plane];
        (part(self.width, across, self.most.0), part(self.height, down, self.most.1))
    }

    /// The size in which a plane comes when blocks are decoded to so many points.
    pub(super) fn size(&self, plane: usize, points: usize) -> (u32, u32) {
        let (across, down) = self.samples(plane);
        // The samples that a block has in part are those of its edge again.
        let scaled = |samples: f64| (samples.ceil() * points as f64 / 8.0).ceil() as u32;
        (scaled(across), scaled(down))
    }

    /// Decodes it, each plane to its number of points.
    pub(super) fn decode(mut self, points: &[usize], push: Push<'_>) -> Result<(), Fault> {
        if self.is_whole {
            sequential::decode(&self, points, push)
        } else {
            progressive::decode(&mut self, points, push)
        }
    }

    /// Takes the frame.
    fn frame(&mut self, segment: &Segment<'_>) -> Result<(), Fault> {
        let [8, h1, h0, w1, w0, count @ 1..=4, planes @ ..] = segment.body else { return Err(refused(segment)) };
        (self.is_progressive, self.planes) = (segment.marker == 0xc2, Vec::new());
        (self.width, self.height) = (u16::from_be_bytes([*w1, *w0]).into(), u16::from_be_bytes([*h1, *h0]).into());
        if !matches!(segment.marker, 0xc0..=0xc2)
            || planes.len() != usize::from(*count) * 3
            || self.width * self.height == 0
        {
            return Err(refused(segment));
        }
        for plane in planes.chunks_exact(3) {
            // One plane alone is not sampled by others.
            let sampling = if *count == 1 { 0x11 } else { plane[1] };
            let (across, down) = (usize::from(sampling >> 4), usize::from(sampling & 15));
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) || plane[2] > 3 {
                return Err(refused(segment));
            }
            self.planes.push(Plane { id: plane[0], across, down, quant: plane[2].into(), blocks: (0, 0) });
        }
        let most = |side: fn(&Plane) -> usize| self.planes.iter().map(side).max().unwrap_or(1);
        let most = (most(|plane| plane.across), most(|plane| plane.down));
        let (width, height) = (self.width as usize, self.height as usize);
        self.most = most;
        self.units = (width.div_ceil(8 * most.0), height.div_ceil(8 * most.1));
        for plane in &mut self.planes {
            let blocks = |length: usize, mine: usize, most: usize| (length * mine).div_ceil(most).div_ceil(8);
            plane.blocks = (blocks(width, plane.across, most.0), blocks(height, plane.down, most.1));
        }
        Ok(())
    }

    /// Takes tables and the distance of restarts, if that is what the segment holds.
    fn tables(&mut self, segment: &Segment<'_>) -> Result<(), Fault> {
        match (segment.marker, segment.body) {
            (0xdb, body) => self.quants(body),
            (0xc4, body) => self.huffmans(body),
            (0xdd, [high, low]) => {
                self.restart = u16::from_be_bytes([*high, *low]).into();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The same, of which a lenient decoder takes what can be read.
    fn tables_or(&mut self, segment: &Segment<'_>) -> Result<(), Fault> {
        self.tables(segment).or_else(|fault| if self.is_lenient { Ok(()) } else { Err(fault) })
    }

    fn quants(&mut self, mut body: &[u8]) -> Result<(), Fault> {
        while let Some((kind, rest)) = body.split_first() {
            let (wide, slot) = (usize::from(kind >> 4), usize::from(kind & 15));
            let size = 64 << wide.min(1);
            let (Some(values), Some(slot)) = (rest.get(..size), self.quants.get_mut(slot)) else {
                return Err("a table of quanta is broken".into());
            };
            *slot = Some(std::array::from_fn(|at| match wide {
                0 => values[at].into(),
                _ => u16::from_be_bytes([values[2 * at], values[2 * at + 1]]).into(),
            }));
            body = &rest[size..];
        }
        Ok(())
    }

    fn huffmans(&mut self, mut body: &[u8]) -> Result<(), Fault> {
        while let Some((kind, rest)) = body.split_first() {
            let broken = || "a Huffman table is broken".to_string();
            let (counts, rest) = rest.split_first_chunk::<16>().ok_or_else(broken)?;
            let many = counts.iter().map(|count| usize::from(*count)).sum();
            let symbols = rest.get(..many).ok_or_else(broken)?;
            let tables = if kind >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            *tables.get_mut(usize::from(kind & 15)).ok_or_else(broken)? = Some(Huffman::new(counts, symbols)?);
            body = &rest[many..];
        }
        Ok(())
    }

    /// What a scan holds, by its head.
    fn scan(&self, segment: &Segment<'_>) -> Result<Scan, Fault> {
        let broken = || "the head of a scan is broken".to_string();
        let (count, rest) = segment.body.split_first().ok_or_else(broken)?;
        let many = usize::from(*count);
        let [from, to, bits] = *rest.get(2 * many..).ok_or_else(broken)? else { return Err(broken()) };
        let mut scan =
            Scan { planes: Vec::new(), band: (from.into(), to.into()), bits: ((bits >> 4).into(), (bits & 15).into()) };
        for pair in rest[..2 * many].chunks_exact(2) {
            let plane = self.planes.iter().position(|plane| plane.id == pair[0]).ok_or_else(broken)?;
            let tables = Tables { dc: (pair[1] >> 4).into(), ac: (pair[1] & 15).into() };
            if scan.planes.iter().any(|(known, _)| *known == plane) || tables.dc.max(tables.ac) > 3 {
                return Err(broken());
            }
            scan.planes.push((plane, tables));
        }
        if scan.planes.is_empty() { Err(broken()) } else { Ok(scan) }
    }

    /// The quanta of a plane.
    fn quant(&self, plane: &Plane) -> Result<&[f32; 64], Fault> {
        self.quants[plane.quant].as_ref().ok_or_else(|| "a table of quanta is missing".into())
    }
}

/// Rows of a plane, as blocks are decoded into them, until they are handed over.
struct Band {
    idct: Idct,
    points: usize,
    /// Samples from row to row, and how many of them belong to the picture.
    stride: usize,
    width: usize,
    /// Rows that an MCU has.
    high: usize,
    samples: Vec<u8>,
}

impl Band {
    /// For so many rows of MCUs of a plane.
    fn new(jpeg: &Jpeg<'_>, plane: usize, points: usize, units: usize) -> Result<Band, Fault> {
        let Plane { across, down, .. } = jpeg.planes[plane];
        let stride = jpeg.units.0 * across * points;
        let high = down * points;
        let width = jpeg.size(plane, points).0 as usize;
        Ok(Band { idct: Idct::new(points), points, stride, width, high, samples: zeros(stride * high * units)? })
    }

    /// Puts a block of coefficients in its place, across and down, counted in blocks. Those from `used` on are 0.
    #[inline]
    fn put(&mut self, block: &Block, used: u8, (x, y): (usize, usize)) {
        let at = (y * self.stride + x) * self.points;
        let out = &mut self.samples[at..];
        if used <= 1 {
            self.idct.flat(block[0], out, self.stride)
        } else {
            self.idct.block(block, used.into(), out, self.stride)
        }
    }

    /// The first `units` rows of MCUs, without what fills up the last block.
    fn rows(&mut self, units: usize) -> &mut [u8] {
        let rows = self.high * units;
        for row in 1..rows {
            let from = row * self.stride;
            self.samples.copy_within(from..from + self.width, row * self.width);
        }
        &mut self.samples[..rows * self.width]
    }
}

/// A band for each plane, and how many rows of MCUs each is for.
fn bands(jpeg: &Jpeg<'_>, points: &[usize]) -> Result<(Vec<Band>, usize), Fault> {
    let line = |(plane, points): (&Plane, &usize)| jpeg.units.0 * plane.across * plane.down * points * points;
    let line: usize = jpeg.planes.iter().zip(points).map(line).sum();
    let units = (STRIP / line.max(1)).clamp(1, jpeg.units.1);
    let bands = (0..jpeg.planes.len()).map(|plane| Band::new(jpeg, plane, points[plane], units));
    Ok((bands.collect::<Result<_, Fault>>()?, units))
}
