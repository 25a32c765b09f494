//! From the bytes of a row to samples: the predictor undone, the bytes in the order of the machine, numbers of any
//! width brought to one.

use super::head::Head;
use super::kinds::{Format, Meaning, Predictor};
use crate::light;

/// Brings a row of a block, as it is unpacked, to the bytes that its samples would have in memory.
pub(super) fn settle(head: &Head, row: &mut [u8], spare: &mut Vec<u8>) {
    let bytes = usize::from(head.bits / 8);
    if head.predictor == Predictor::Float {
        // The bytes of all samples, the highest first, then the next ones; each as its difference from the one before.
        for at in head.together()..row.len() {
            row[at] = row[at].wrapping_add(row[at - head.together()]);
        }
        spare.clear();
        spare.extend_from_slice(row);
        let many = row.len() / bytes;
        for (n, sample) in row.chunks_exact_mut(bytes).enumerate() {
            for (place, byte) in sample.iter_mut().enumerate() {
                // From the lowest byte on, or from the highest.
                let rank = if cfg!(target_endian = "little") { bytes - 1 - place } else { place };
                *byte = spare[rank * many + n];
            }
        }
        return;
    }
    if matches!(head.bits, 16 | 24 | 32 | 64) && head.directory.is_little() != cfg!(target_endian = "little") {
        row.chunks_exact_mut(bytes).for_each(<[u8]>::reverse);
    }
    if head.predictor == Predictor::Horizontal {
        let step = head.together();
        match bytes {
            1 => (step..row.len()).for_each(|at| row[at] = row[at].wrapping_add(row[at - step])),
            2 => add(row, step, |a, b| u16::from_ne_bytes(a).wrapping_add(u16::from_ne_bytes(b)).to_ne_bytes()),
            4 => add(row, step, |a, b| u32::from_ne_bytes(a).wrapping_add(u32::from_ne_bytes(b)).to_ne_bytes()),
            _ => add(row, step, |a, b| u64::from_ne_bytes(a).wrapping_add(u64::from_ne_bytes(b)).to_ne_bytes()),
        }
    }
}

/// Adds to each sample the one of the pixel before.
fn add<const N: usize>(row: &mut [u8], step: usize, sum: impl Fn([u8; N], [u8; N]) -> [u8; N]) {
    let (samples, _) = row.as_chunks_mut::<N>();
    for at in step..samples.len() {
        samples[at] = sum(samples[at], samples[at - step]);
    }
}

/// The samples of a settled row. Shades are of eight bits, or of 16 where the file has more; places in a palette and
/// samples of other meanings are as they are.
pub(super) fn read(head: &Head, row: &[u8], out: &mut Vec<u16>) {
    out.clear();
    let is_shade = matches!(head.meaning, Meaning::Grey { .. } | Meaning::Rgb);
    match (head.format, head.bits) {
        (Format::Float, bits) => {
            let is_light = head.meaning == Meaning::Rgb;
            out.extend(row.chunks_exact(usize::from(bits / 8)).map(|bytes| of_float(bytes, is_light)));
        }
        // Two meanings give numbers with a sign themselves.
        (Format::Signed, 8) if is_shade => {
            out.extend(row.iter().map(|byte| u16::from(byte.cast_signed().max(0).cast_unsigned())))
        }
        (Format::Signed, 16) if is_shade => {
            out.extend(wide(row).map(|number| number.cast_signed().max(0).cast_unsigned()));
        }
        (_, 8) => out.extend(row.iter().map(|byte| u16::from(*byte))),
        (_, 16) => out.extend(wide(row)),
        (format, 32) => {
            // As others show it: what is no more than a byte is a shade, and all that is more is white.
            let shade = |bytes: &[u8; 4]| match format {
                Format::Signed => i32::from_ne_bytes(*bytes).clamp(0, 255) as u16,
                _ => u32::from_ne_bytes(*bytes).min(255) as u16,
            };
            out.extend(row.as_chunks().0.iter().map(|bytes| shade(bytes) * 257));
        }
        (_, bits) => {
            let most = u32::from(u16::MAX >> (16 - bits.clamp(1, 16)));
            let full = if bits > 8 { u32::from(u16::MAX) } else { u32::from(u8::MAX) };
            let scaled = |number: u32| if is_shade { (number * full + most / 2) / most } else { number };
            let many = row.len() * 8 / usize::from(bits);
            let (mut held, mut valid, mut bytes) = (0_u32, 0, row.iter());
            out.extend((0..many).map(|_| {
                while valid < bits {
                    held = held << 8 | u32::from(bytes.next().copied().unwrap_or_default());
                    valid += 8;
                }
                valid -= bits;
                scaled(held >> valid & most) as u16
            }));
        }
    }
}

fn wide(row: &[u8]) -> impl Iterator<Item = u16> {
    row.as_chunks().0.iter().map(|bytes| u16::from_ne_bytes(*bytes))
}

/// A shade of 16 bits. Colours are light, of which 1 is white; grey is a shade of which 255 is white: so vips and Pillow
/// show them.
fn of_float(bytes: &[u8], is_light: bool) -> u16 {
    let number = match *bytes {
        [a, b] => half(u16::from_ne_bytes([a, b])),
        [a, b, c] => {
            let bits = if cfg!(target_endian = "little") { [a, b, c, 0] } else { [c, b, a, 0] };
            of_24_bits(u32::from_le_bytes(bits))
        }
        [a, b, c, d] => f32::from_ne_bytes([a, b, c, d]).into(),
        [a, b, c, d, e, f, g, h] => f64::from_ne_bytes([a, b, c, d, e, f, g, h]),
        _ => 0.0,
    };
    // What is no number becomes 0.
    let part = if is_light { light::from_light(number.clamp(0.0, 1.0)) } else { number / 255.0 };
    (part * 65535.0 + 0.5) as u16
}

/// One bit of sign, five of the exponent.
fn half(bits: u16) -> f64 {
    small(bits.into(), 5, 10)
}

/// One bit of sign, seven of the exponent.
fn of_24_bits(bits: u32) -> f64 {
    small(bits, 7, 16)
}

/// A floating-point number of so many bits of exponent and of mantissa.
fn small(bits: u32, exponent: u32, mantissa: u32) -> f64 {
    let sign = if bits >> (exponent + mantissa) & 1 == 1 { -1.0 } else { 1.0 };
    let (power, part) = (bits >> mantissa & ((1 << exponent) - 1), bits & ((1 << mantissa) - 1));
    let bias = (1 << (exponent - 1)) - 1;
    let part = f64::from(part) / f64::from(1 << mantissa);
    match power {
        0 => sign * part * f64::from(1 - bias).exp2(),
        power if power == (1 << exponent) - 1 => sign * if part == 0.0 { f64::INFINITY } else { f64::NAN },
        power => sign * (1.0 + part) * (f64::from(power) - f64::from(bias)).exp2(),
    }
}
