//! Pictures in several scans. In progressive ones each scan makes the coefficients more and finer; in sequential ones each
//! has a plane.
//!
//! Approach: of each block only those coefficients are kept that the transform to fewer points uses. Of the others it
//! must be known which are zero, since later scans are coded by that: a bit each. With those bits a refining scan, in
//! which a decoder spends half of its time, needs no look at each coefficient: how many of them a symbol passes is the
//! number of bits in a mask, and the corrections of those that are not kept are passed over in one step.

use super::bits::{Bits, extend, unstuff};
use super::huffman::Huffman;
use super::sequential::{accept, check_start, next_stretch};
use super::{Fault, Jpeg, Plane, Push, Scan, USED, ZIGZAG, bands};
use crate::jpeg_parts::segments;
use crate::pixels::zeros;

/// The coefficients of a plane.
struct Kept {
    /// Blocks from row to row, in memory.
    stride: usize,
    /// Coefficients that are kept of a block.
    many: usize,
    /// Where a coefficient is kept in its block, by its place in the file; beyond the block where it is not.
    place: [u8; 64],
    /// The coefficients that are kept, a bit each by their place in the file.
    mask: u64,
    values: Vec<i16>,
    /// For each block the coefficients that are not zero, a bit each by their place in the file.
    nonzero: Vec<u64>,
    /// The quanta, as they were when the first scan of the plane came.
    quant: Option<[f32; 64]>,
}

impl Kept {
    fn new(jpeg: &Jpeg<'_>, plane: &Plane, points: usize) -> Result<Kept, Fault> {
        let stride = jpeg.units.0 * plane.across;
        let blocks = stride * jpeg.units.1 * plane.down;
        let (mut place, mut mask) = ([u8::MAX; 64], 0);
        for (at, natural) in ZIGZAG.iter().map(|natural| usize::from(*natural)).enumerate() {
            let (x, y) = (natural % 8, natural / 8);
            if x < points && y < points {
                // Eight by eight at most.
                place[at] = (y * points + x) as u8;
                mask |= 1 << at;
            }
        }
        let many = points * points;
        let (values, nonzero) = (zeros(blocks * many)?, zeros(blocks)?);
        Ok(Kept { stride, many, place, mask, values, nonzero, quant: None })
    }
}

/// Decodes the picture.
pub(super) fn decode(jpeg: &mut Jpeg<'_>, points: &[usize], push: Push<'_>) -> Result<(), Fault> {
    let kept = jpeg.planes.iter().zip(points).map(|(plane, points)| Kept::new(jpeg, plane, *points));
    let mut kept = kept.collect::<Result<Vec<Kept>, Fault>>()?;
    match scans(jpeg, &mut kept) {
        // What the scans before gave is a picture, if a coarse one.
        Err(_) if jpeg.is_lenient && kept.iter().any(|plane| plane.quant.is_some()) => {}
        read => read?,
    }
    hand_over(jpeg, &kept, points, push)
}

/// Reads all scans.
fn scans(jpeg: &mut Jpeg<'_>, kept: &mut [Kept]) -> Result<(), Fault> {
    let (mut scan, mut at) = std::mem::take(&mut jpeg.first);
    let mut stretch = Vec::new();
    let (mut scans, mut work) = (0, 0);
    loop {
        scans += 1;
        work += blocks(jpeg, &scan);
        check_work(jpeg, scans, work)?;
        at = read_scan(jpeg, &scan, at, kept, &mut stretch)?;
        let mut next = None;
        for segment in segments(jpeg.bytes, at) {
            match segment.marker {
                0xd9 => return Ok(()),
                0xda => next = Some((jpeg.scan(&segment)?, segment.end)),
                _ => jpeg.tables_or(&segment)?,
            }
        }
        (scan, at) = next.ok_or("it ends too early")?;
    }
}

/// How many blocks a scan passes.
fn blocks(jpeg: &Jpeg<'_>, scan: &Scan) -> usize {
    scan.planes.iter().map(|(plane, _)| jpeg.planes[*plane].blocks.0 * jpeg.planes[*plane].blocks.1).sum()
}

/// A scan that adds nothing is short, however large the picture, and still takes a look at each of its blocks: a small
/// file must not be able to ask for any number of them. Encoders make about ten.
fn check_work(jpeg: &Jpeg<'_>, scans: usize, work: usize) -> Result<(), Fault> {
    const MOST_SCANS: usize = 500;
    const MOST_PASSES: usize = 50;
    /// Less than a second's, whatever the number of scans.
    const LITTLE: usize = 1 << 26;
    let all: usize = jpeg.planes.iter().map(|plane| plane.blocks.0 * plane.blocks.1).sum();
    let is_much = scans > MOST_SCANS || work > LITTLE.max(all * MOST_PASSES);
    if is_much { Err("it has too many scans".into()) } else { Ok(()) }
}

/// Reads a scan, and says where the marker is that ends it.
fn read_scan(
    jpeg: &Jpeg<'_>,
    scan: &Scan,
    at: usize,
    kept: &mut [Kept],
    stretch: &mut Vec<u8>,
) -> Result<usize, Fault> {
    if !is_sound(jpeg, scan) {
        return Err("the head of a scan is broken".into());
    }
    let mut end = unstuff(jpeg.bytes, at, stretch);
    check_start(stretch)?;
    for (plane, _) in &scan.planes {
        if kept[*plane].quant.is_none() {
            kept[*plane].quant = Some(*jpeg.quant(&jpeg.planes[*plane])?);
        }
    }
    let mut reader = Reader { scan, jpeg, kept, waiting: 0, means: [0; 4] };
    let mut bits = Bits::new(stretch);
    // A scan of one plane has its blocks alone, without those that fill up an MCU.
    let alone = (scan.planes.len() == 1).then(|| scan.planes[0].0);
    let (across, down) = alone.map_or(jpeg.units, |plane| jpeg.planes[plane].blocks);
    let (mut left, mut restarts) = (jpeg.restart, 0);
    for row in 0..down {
        for unit in 0..across {
            if jpeg.restart > 0 && left == 0 {
                accept(jpeg, bits.check_end())?;
                end = next_stretch(jpeg, end, &mut restarts, stretch)?;
                bits = Bits::new(stretch);
                (reader.waiting, reader.means) = (0, [0; 4]);
                left = jpeg.restart;
            }
            left = left.wrapping_sub(1);
            if jpeg.is_lenient && bits.is_over() {
                continue;
            }
            reader.unit(&mut bits, (unit, row), alone.is_some())?;
        }
        accept(jpeg, bits.check())?;
    }
    accept(jpeg, bits.check_end())?;
    Ok(end)
}

/// Whether a scan holds what one of its kind of picture may hold.
fn is_sound(jpeg: &Jpeg<'_>, scan: &Scan) -> bool {
    let (from, to) = scan.band;
    if !jpeg.is_progressive {
        return (from, to, scan.bits) == (0, 63, (0, 0));
    }
    let is_band = from > 0 && from <= to && to <= 63 && scan.planes.len() == 1;
    ((from, to) == (0, 0) || is_band) && scan.bits.1 <= 13
}

/// Reads the blocks of a scan.
struct Reader<'a, 'b> {
    scan: &'a Scan,
    jpeg: &'a Jpeg<'b>,
    kept: &'a mut [Kept],
    /// Blocks to come that this scan adds nothing to.
    waiting: u32,
    /// The mean of the block before, of each plane.
    means: [i32; 4],
}

impl Reader<'_, '_> {
    fn unit(&mut self, bits: &mut Bits<'_>, (x, y): (usize, usize), alone: bool) -> Result<(), Fault> {
        for (plane, tables) in &self.scan.planes {
            let of = &self.jpeg.planes[*plane];
            let (across, down) = if alone { (1, 1) } else { (of.across, of.down) };
            for inner in 0..across * down {
                let (x, y) = (x * across + inner % across, y * down + inner / across);
                let block = y * self.kept[*plane].stride + x;
                let (first, low) = (self.scan.bits.0 == 0, self.scan.bits.1);
                let (jpeg, missing) = (self.jpeg, || "a Huffman table is missing".to_string());
                let dc = || jpeg.dc[tables.dc].as_ref().ok_or_else(missing);
                let ac = || jpeg.ac[tables.ac].as_ref().ok_or_else(missing);
                match (self.scan.band.0, first) {
                    _ if !jpeg.is_progressive => {
                        self.mean(bits, dc()?, *plane, block);
                        self.rest(bits, ac()?, *plane, block, (1, 63));
                    }
                    (0, true) => self.mean(bits, dc()?, *plane, block),
                    (0, false) => {
                        let kept = &mut self.kept[*plane];
                        bits.fill();
                        kept.values[block * kept.many] |= (bits.take(1) << low) as i16;
                    }
                    (_, true) => self.rest(bits, ac()?, *plane, block, self.scan.band),
                    (_, false) => self.refine(bits, ac()?, *plane, block),
                }
            }
        }
        Ok(())
    }

    /// The upper bits of a mean.
    fn mean(&mut self, bits: &mut Bits<'_>, table: &Huffman, plane: usize, block: usize) {
        bits.fill();
        let size = u32::from(table.symbol(bits)).min(15);
        let mean = self.means[plane].wrapping_add(extend(bits.take(size), size));
        self.means[plane] = mean;
        let kept = &mut self.kept[plane];
        kept.values[block * kept.many] = (mean << self.scan.bits.1) as i16;
    }

    /// The upper bits of coefficients, or all of them.
    fn rest(&mut self, bits: &mut Bits<'_>, table: &Huffman, plane: usize, block: usize, band: (usize, usize)) {
        if self.waiting > 0 {
            self.waiting -= 1;
            return;
        }
        let kept = &mut self.kept[plane];
        let values = &mut kept.values[block * kept.many..][..kept.many];
        let mut nonzero = kept.nonzero[block];
        let (mut at, to) = band;
        while at <= to {
            bits.fill();
            let (run, value) = match table.run_and_value(bits) {
                Some(both) => both,
                None => {
                    let symbol = table.symbol(bits);
                    let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                    if size == 0 && run < 15 {
                        self.waiting = (1 << run) - 1 + bits.take(run);
                        break;
                    }
                    (run as usize, extend(bits.take(size), size))
                }
            };
            at += run;
            if at > to {
                bits.give_up();
                break;
            }
            if value != 0 {
                nonzero |= 1 << at;
                if let Some(place) = values.get_mut(usize::from(kept.place[at])) {
                    *place = (value << self.scan.bits.1) as i16;
                }
            }
            at += 1;
        }
        kept.nonzero[block] = nonzero;
    }

    /// A further bit of coefficients that are not zero, and new ones.
    fn refine(&mut self, bits: &mut Bits<'_>, table: &Huffman, plane: usize, block: usize) {
        let low = self.scan.bits.1;
        let kept = &mut self.kept[plane];
        let mut nonzero = kept.nonzero[block];
        let (mut at, to) = self.scan.band;
        // Places from `at` on, and up to the last of the band.
        let from = |at: usize| u64::MAX.checked_shl(at as u32).unwrap_or(0);
        let band = !from(to + 1);
        while self.waiting == 0 && at <= to {
            bits.fill();
            let symbol = table.symbol(bits);
            let (run, size) = (u32::from(symbol >> 4), symbol & 15);
            if size == 0 && run < 15 {
                // This block is among them.
                self.waiting = (1 << run) + bits.take(run);
                break;
            }
            let is_positive = size > 0 && bits.take(1) == 1;
            // So many zeros are passed; the value stands in the place of the next.
            let mut zeros = !nonzero & from(at) & band;
            (0..run).for_each(|_| zeros &= zeros.wrapping_sub(1));
            if zeros == 0 || size > 1 {
                bits.give_up();
                break;
            }
            let place = zeros.trailing_zeros() as usize;
            correct(kept, block, nonzero & from(at) & !from(place), bits, low);
            if size > 0 {
                nonzero |= 1 << place;
                let inner = usize::from(kept.place[place]);
                if inner < kept.many {
                    kept.values[block * kept.many + inner] = if is_positive { 1 << low } else { -1 << low };
                }
            }
            at = place + 1;
        }
        if self.waiting > 0 {
            correct(kept, block, nonzero & from(at) & band, bits, low);
            self.waiting -= 1;
        }
        kept.nonzero[block] = nonzero;
    }
}

/// Reads a bit for each of these coefficients, and makes those whose bit is set larger.
#[inline]
fn correct(kept: &mut Kept, block: usize, these: u64, bits: &mut Bits<'_>, low: u32) {
    if these == 0 {
        return;
    }
    let many = these.count_ones();
    let read = bits.long(many);
    let values = &mut kept.values[block * kept.many..][..kept.many];
    let mut mine = these & kept.mask;
    while mine != 0 {
        let at = mine.trailing_zeros();
        mine &= mine - 1;
        // The bit of the first coefficient is the highest.
        let before = (these & ((1 << at) - 1)).count_ones();
        if read >> (many - 1 - before) & 1 == 1
            && let Some(value) = values.get_mut(usize::from(kept.place[at as usize]))
        {
            let step = 1_i16 << low;
            *value = if *value < 0 { value.wrapping_sub(step) } else { value.wrapping_add(step) };
        }
    }
}

/// Transforms all blocks, and hands over the rows.
fn hand_over(jpeg: &Jpeg<'_>, kept: &[Kept], points: &[usize], push: Push<'_>) -> Result<(), Fault> {
    let (mut bands, at_once) = bands(jpeg, points)?;
    for start in (0..jpeg.units.1).step_by(at_once) {
        let units = at_once.min(jpeg.units.1 - start);
        for (plane, band) in bands.iter_mut().enumerate() {
            let (of, kept) = (&jpeg.planes[plane], &kept[plane]);
            let quant = match &kept.quant {
                Some(quant) => quant,
                // All its coefficients are 0.
                None if jpeg.is_lenient => &[0.0; 64],
                None => return Err("a plane is missing".into()),
            };
            for y in 0..units * of.down {
                for x in 0..kept.stride {
                    let block = (start * of.down + y) * kept.stride + x;
                    let values = &kept.values[block * kept.many..][..kept.many];
                    let mut there = kept.nonzero[block] & kept.mask | 1;
                    let used = USED[63 - there.leading_zeros() as usize];
                    let mut coefficients = [0.0; 64];
                    while there != 0 {
                        let at = there.trailing_zeros() as usize;
                        there &= there - 1;
                        let value = values[usize::from(kept.place[at])];
                        coefficients[usize::from(ZIGZAG[at])] = f32::from(value) * quant[at];
                    }
                    band.put(&coefficients, used, (x, y));
                }
            }
            push(plane, band.rows(units))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_cannot_ask_for_any_amount_of_work() {
        let mut jpeg = Jpeg::empty(&[]);
        // 16000 by 16000.
        jpeg.planes.push(Plane { id: 1, across: 1, down: 1, quant: 0, blocks: (2000, 2000) });
        let all = 4_000_000;
        assert!(check_work(&jpeg, 50, 50 * all).is_ok());
        assert!(check_work(&jpeg, 51, 51 * all).is_err());
        jpeg.planes[0].blocks = (1, 1);
        assert!(check_work(&jpeg, 500, 500).is_ok());
        assert!(check_work(&jpeg, 501, 501).is_err());
    }
}
