//! Sequential pictures: each block is transformed as soon as it is read.

use super::bits::{Bits, PAD, extend, unstuff};
use super::huffman::Huffman;
use super::idct::Block;
use super::{Band, Fault, Jpeg, Push, USED, ZIGZAG, bands};
use crate::jpeg_parts::{next_marker, segments};

/// What a plane needs while its scan is read.
struct Reading<'a> {
    plane: usize,
    across: usize,
    down: usize,
    dc: &'a Huffman,
    ac: &'a Huffman,
    quant: &'a [f32; 64],
    /// The mean of the block before.
    mean: i32,
}

/// Decodes the picture.
pub(super) fn decode(jpeg: &Jpeg<'_>, points: &[usize], push: Push<'_>) -> Result<(), Fault> {
    let mut readings = readings(jpeg)?;
    let (mut bands, at_once) = bands(jpeg, points)?;
    let mut stretch = Vec::new();
    let mut end = unstuff(jpeg.bytes, jpeg.first.1, &mut stretch);
    check_start(&stretch)?;
    let mut bits = Bits::new(&stretch);
    let (mut left, mut restarts) = (jpeg.restart, 0);
    for row in 0..jpeg.units.1 {
        for unit in 0..jpeg.units.0 {
            if jpeg.restart > 0 && left == 0 {
                accept(jpeg, bits.check_end())?;
                end = next_stretch(jpeg, end, &mut restarts, &mut stretch)?;
                bits = Bits::new(&stretch);
                readings.iter_mut().for_each(|reading| reading.mean = 0);
                left = jpeg.restart;
            }
            left = left.wrapping_sub(1);
            if jpeg.is_lenient && bits.is_over() {
                readings.iter().for_each(|reading| grey(reading, &mut bands[reading.plane], (unit, row % at_once)));
                continue;
            }
            for reading in &mut readings {
                unit_of(reading, &mut bits, &mut bands[reading.plane], (unit, row % at_once));
            }
        }
        accept(jpeg, bits.check())?;
        let done = row % at_once + 1;
        if done == at_once || row + 1 == jpeg.units.1 {
            for (plane, band) in bands.iter_mut().enumerate() {
                push(plane, band.rows(done))?;
            }
        }
    }
    accept(jpeg, bits.check_end())?;
    let is_ended = segments(jpeg.bytes, end).any(|segment| segment.marker == 0xd9);
    accept(jpeg, if is_ended { Ok(()) } else { Err("it ends too early".into()) })
}

/// What is wrong, unless the decoder is lenient.
pub(super) fn accept(jpeg: &Jpeg<'_>, found: Result<(), Fault>) -> Result<(), Fault> {
    if jpeg.is_lenient { Ok(()) } else { found }
}

/// Of a picture of which there is nothing at all, a lenient decoder cannot give anything either.
pub(super) fn check_start(stretch: &[u8]) -> Result<(), Fault> {
    if stretch.len() > PAD { Ok(()) } else { Err("it ends before its first pixel".into()) }
}

fn readings<'a>(jpeg: &'a Jpeg<'_>) -> Result<Vec<Reading<'a>>, Fault> {
    let missing = || "a Huffman table is missing".to_string();
    let reading = |(plane, tables): &(usize, super::Tables)| {
        let of = &jpeg.planes[*plane];
        Ok(Reading {
            plane: *plane,
            across: of.across,
            down: of.down,
            dc: jpeg.dc[tables.dc].as_ref().ok_or_else(missing)?,
            ac: jpeg.ac[tables.ac].as_ref().ok_or_else(missing)?,
            quant: jpeg.quant(of)?,
            mean: 0,
        })
    };
    jpeg.first.0.planes.iter().map(reading).collect()
}

/// Reads the stretch after a restart, of which there were so many, and says where it ends.
pub(super) fn next_stretch(
    jpeg: &Jpeg<'_>,
    at: usize,
    restarts: &mut u8,
    stretch: &mut Vec<u8>,
) -> Result<usize, Fault> {
    // Their number shows whether one is lost.
    let number = *restarts % 8;
    *restarts = restarts.wrapping_add(1);
    match jpeg.bytes.get(at..at + 2) {
        Some([0xff, marker]) if *marker == 0xd0 + number => Ok(unstuff(jpeg.bytes, at + 2, stretch)),
        _ if jpeg.is_lenient => Ok(resynced(jpeg.bytes, at, number, stretch)),
        Some([0xff, _]) => Err("a restart is missing".into()),
        _ => Err("it ends too early".into()),
    }
}

/// The stretch after the restart of that number, where another marker stands, and where it ends; an empty one where it is
/// lost. Decided as in libjpeg (`jpeg_resync_to_restart`), so that the same is shown.
fn resynced(bytes: &[u8], mut at: usize, number: u8, stretch: &mut Vec<u8>) -> usize {
    let mut end = bytes.len();
    while let Some((marker, after)) = next_marker(bytes, at) {
        let ahead = marker.wrapping_sub(0xd0).wrapping_sub(number) % 8;
        match marker {
            // An earlier one, or none at all: what follows has no place.
            0..=0xbf => at = after,
            0xd0..=0xd7 if matches!(ahead, 6 | 7) => at = after,
            // It, or one that is taken for it.
            0xd0..=0xd7 if !matches!(ahead, 1 | 2) => return unstuff(bytes, after, stretch),
            // A later one, or the end of the scan: it stays where it is.
            _ => {
                end = after - 2;
                break;
            }
        }
    }
    unstuff(&[], 0, stretch);
    end
}

/// Fills the place of the blocks that a plane has in an MCU.
#[cold]
fn grey(reading: &Reading<'_>, band: &mut Band, (unit, row): (usize, usize)) {
    for inner in 0..reading.across * reading.down {
        let (x, y) = (inner % reading.across, inner / reading.across);
        band.put(&[0.0; 64], 0, (unit * reading.across + x, row * reading.down + y));
    }
}

/// Reads the blocks that a plane has in an MCU.
fn unit_of(reading: &mut Reading<'_>, bits: &mut Bits<'_>, band: &mut Band, (unit, row): (usize, usize)) {
    for down in 0..reading.down {
        for across in 0..reading.across {
            let mut block = [0.0; 64];
            let used = read(reading, bits, &mut block);
            band.put(&block, used, (unit * reading.across + across, row * reading.down + down));
        }
    }
}

/// Reads a block; how many rows and columns of it are used.
#[inline(always)]
fn read(reading: &mut Reading<'_>, bits: &mut Bits<'_>, block: &mut Block) -> u8 {
    bits.fill();
    let size = u32::from(reading.dc.symbol(bits)).min(15);
    reading.mean = reading.mean.wrapping_add(extend(bits.take(size), size));
    block[0] = reading.mean as f32 * reading.quant[0];
    let (mut at, mut last) = (1, 0);
    while at < 64 {
        bits.fill();
        let (run, value) = match reading.ac.run_and_value(bits) {
            Some(both) => both,
            None => {
                let symbol = reading.ac.symbol(bits);
                let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
                if size == 0 {
                    if run < 15 {
                        break;
                    }
                    at += 16;
                    continue;
                }
                (run, extend(bits.take(size), size))
            }
        };
        at += run;
        if at > 63 {
            bits.give_up();
            break;
        }
        block[usize::from(ZIGZAG[at])] = value as f32 * reading.quant[at];
        last = at;
        at += 1;
    }
    USED[last]
}
