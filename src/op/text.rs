//! Numbers to text: integers of any size, and floats exactly as Python's `repr` writes them.
//!
//! An integer below 10^16 takes no branch on its number of digits, which in real lists cannot be guessed:
//! its groups of four digits come from a table, leading zeros are shifted out, and two stores of eight bytes
//! cover whatever length it has. With squares of one to eight digits, reading and printing takes 7.5 ns an
//! item in this way; 9.7 with digits computed in a word instead of looked up, 19 with `itoa`. The table's
//! 40 KB do not hurt: what else runs in the loop needs no cache.

use dashu_int::IBig;
use std::io::Write;

use super::number::{Number, ZEROS};

/// Integers below this are written by [`sixteen`].
pub(super) const SIXTEEN_DIGITS: u64 = 10_u64.pow(16);

/// The digits of 0 to 9999.
static QUADS: [[u8; 4]; 10_000] = {
    let mut quads = [[b'0'; 4]; 10_000];
    let mut n = 0;
    while n < quads.len() {
        let (mut rest, mut place) = (n, 4);
        while place > 0 {
            place -= 1;
            quads[n][place] += (rest % 10) as u8;
            rest /= 10;
        }
        n += 1;
    }
    quads
};

/// Writes an integer below [`SIXTEEN_DIGITS`] and a newline, and says how long both are. What stands behind
/// them in `room` is overwritten.
#[inline(always)]
pub(super) fn sixteen(room: &mut [u8; 24], value: u64) -> usize {
    let high = value / 100_000_000;
    let low_text = eight(value % 100_000_000);
    let long = high != 0;
    let high_text = eight(high);
    let text = if long { high_text } else { low_text };
    // The last digit stays even when it is a zero.
    let zeros = (text ^ ZEROS | 1 << 56).trailing_zeros() / 8;
    let head = 8 - zeros as usize;
    room[..8].copy_from_slice(&(text >> (8 * zeros)).to_le_bytes());
    room[head..head + 8].copy_from_slice(&low_text.to_le_bytes());
    let len = head + if long { 8 } else { 0 };
    room[len] = b'\n';
    len + 1
}

/// Eight digits, the first in the lowest byte.
#[inline(always)]
fn eight(value: u64) -> u64 {
    let quad = |value: u64| QUADS.get(value as usize).map_or(0, |text| u64::from(u32::from_le_bytes(*text)));
    // Multiplying by 2^40 / 10^4, rounded up, is exact below 10^8, and cheaper than what the compiler does
    // for all 64 bits.
    let high = (value * 109_951_163) >> 40;
    quad(high) | quad(value - high * 10_000) << 32
}

/// Appends an integer of up to 128 bits.
pub(super) fn push_wide(out: &mut Vec<u8>, negative: bool, magnitude: u128) {
    if negative {
        out.push(b'-');
    }
    out.extend_from_slice(itoa::Buffer::new().format(magnitude).as_bytes());
}

/// Appends an integer of any size.
pub(super) fn push_big(out: &mut Vec<u8>, value: &IBig) {
    match i128::try_from(value) {
        Ok(value) => push_wide(out, value < 0, value.unsigned_abs()),
        // Writing to a Vec does not fail.
        Err(_) => drop(write!(out, "{value}")),
    }
}

/// Appends a float as `repr` writes it: the shortest digits that read back, with an exponent of at least two
/// digits below 1e-4 and from 1e16 on.
pub(super) fn push_float(out: &mut Vec<u8>, value: f64) {
    let mut buffer = zmij::Buffer::new();
    match usual_float(&mut buffer, value) {
        Some(text) => out.extend_from_slice(text),
        None if value.is_nan() => out.extend_from_slice(b"nan"),
        None if value.is_infinite() => out.extend_from_slice(if value > 0.0 { b"inf" } else { b"-inf" }),
        None => push_tiny(out, buffer.format_finite(value).as_bytes()),
    }
}

/// The text of a float, where `repr` and the shortest text by itself agree.
#[inline]
pub(super) fn usual_float(buffer: &mut zmij::Buffer, value: f64) -> Option<&[u8]> {
    let magnitude = value.abs();
    let usual = magnitude >= 1e-4 && magnitude != f64::INFINITY || magnitude == 0.0;
    usual.then(|| buffer.format_finite(value).as_bytes())
}

/// Where Python has an exponent of two digits or more, the other style has none yet (0.00001), or one digit.
#[cold]
fn push_tiny(out: &mut Vec<u8>, text: &[u8]) {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    out.extend_from_slice(&text[..text.len() - unsigned.len()]);
    match (unsigned.strip_prefix(b"0.0000"), unsigned) {
        (Some([first, rest @ ..]), _) => {
            out.push(*first);
            out.extend_from_slice(if rest.is_empty() { b"" } else { b"." });
            out.extend_from_slice(rest);
            out.extend_from_slice(b"e-05");
        }
        (None, [digits @ .., b'-', last]) => {
            out.extend_from_slice(digits);
            out.extend_from_slice(&[b'-', b'0', *last]);
        }
        _ => out.extend_from_slice(unsigned),
    }
}

/// A float as text.
pub(super) fn float(value: f64) -> String {
    string(|out| push_float(out, value))
}

/// A number as text: an integer as an integer, a float as a float.
pub(super) fn number(value: &Number) -> String {
    match value {
        Number::Small(value) => value.to_string(),
        Number::Big(value) => value.to_string(),
        Number::Float(value) => float(*value),
    }
}

fn string(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    // Digits, signs, points and letters.
    String::from_utf8(out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for text in [
            "0.0",
            "-0.0",
            "0.1",
            "100.0",
            "1e+16",
            "1e-05",
            "9.999e-05",
            "0.0001",
            "1.5e-07",
            "-1e-06",
            "5e-324",
            "1e-10",
            "1.7976931348623157e+308",
            "2.2250738585072014e-308",
            "9999999999999998.0",
            "123456789012345.6",
            "-1e-05",
            "1e+22",
            "1e+100",
            "inf",
            "-inf",
            "nan",
            "1.2345e-05",
            "1000000000000000.0",
            "-1.25e+17",
        ] {
            assert_eq!(float(text.parse().unwrap()), text);
        }
    }

    #[test]
    fn sixteen_digits_and_fewer() {
        let powers = (0..16).map(|exponent| 10_u64.pow(exponent));
        for value in
            powers.flat_map(|power| [power - 1, power, power + 1, power * 2 - 1]).filter(|n| *n < SIXTEEN_DIGITS)
        {
            let mut room = [b'x'; 24];
            let len = sixteen(&mut room, value);
            assert_eq!(str::from_utf8(&room[..len]).unwrap(), format!("{value}\n"));
        }
    }

    proptest! {
        #[test]
        fn integers_are_written_exactly(value in 0..SIXTEEN_DIGITS, shift in 0..54) {
            let value = value >> shift;
            let mut room = [0; 24];
            let len = sixteen(&mut room, value);
            prop_assert_eq!(str::from_utf8(&room[..len]).unwrap(), format!("{value}\n"));
        }

        #[test]
        fn floats_read_back(value in any::<f64>()) {
            prop_assert_eq!(float(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
