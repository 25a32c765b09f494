//! What a number is: the grammar, and the text of any one number to its value.
//!
//! A number is `[+-]digits[.digits][e±digits]`, `.5`, `5.`, or `inf`, `infinity`, `nan` in any case with or
//! without a sign, in ASCII. Blanks around it (space, TAB, line feed, vertical tab, form feed, carriage
//! return) are trimmed. Underscores and other scripts' digits are not part of numbers, and an empty item is
//! not one. Digits alone make an integer, exact at any size; anything else is the nearest `f64`.
//!
//! `--max-digits` bounds the time that one item can take, since reading n digits takes more than n steps.
//! Leading zeros are not counted: they cost nothing. It does not hold for numbers that are not integers,
//! which take time proportional to their length.
//!
//! This file knows nothing of chunks; [`super::scan`] finds the items and reads most integers by itself.

use anyhow::{Result, ensure};
use dashu_int::IBig;

use super::{Param, Params};
use crate::base::failure::Failure;

/// The option that bounds the digits of an integer.
pub(super) const MAX_DIGITS: Param = Param::option("max-digits", "N", Some("10000"), "An integer of more digits fails");

/// The value of [`MAX_DIGITS`].
pub(super) fn max_digits(params: &Params) -> Result<usize> {
    let digits = params.number(MAX_DIGITS.name)?;
    ensure!(digits > 0, "--{} must be at least 1", MAX_DIGITS.name);
    Ok(usize::try_from(digits).unwrap_or(usize::MAX))
}

/// The value of an item.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Number {
    /// An integer of a machine word.
    Small(i64),
    /// An integer that does not fit into [`Number::Small`].
    Big(IBig),
    /// Not written as an integer.
    Float(f64),
}

/// docs/operations.md says what is a number.
pub(super) const NOT_A_NUMBER: Failure = Failure::constant("is not a number");

fn too_many_digits(digits: usize, limit: usize) -> Failure {
    Failure::item(format!("has {digits} digits; --max-digits allows {limit}"))
}

/// The number that the item is.
#[inline]
pub(super) fn parse(item: &[u8], max_digits: usize) -> Result<Number, Failure> {
    let text = trim(item);
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    match integer(negative, digits, max_digits) {
        Some(number) => number,
        // Its grammar is ours: it takes a sign, a bare point on either side, and inf and nan in any case.
        None => fast_float2::parse(text).map(Number::Float).map_err(|_| NOT_A_NUMBER),
    }
}

/// The item without the blanks around it.
#[inline]
fn trim(item: &[u8]) -> &[u8] {
    match item {
        [first, .., last] if *first > b' ' && *last > b' ' => item,
        _ => trim_blanks(item),
    }
}

fn trim_blanks(item: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = item.iter().position(|byte| !blank(byte)).unwrap_or(item.len());
    let end = item.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    &item[start..end]
}

/// The integer of these digits; `None` if they are not digits, or none at all.
#[inline]
fn integer(negative: bool, digits: &[u8], max_digits: usize) -> Option<Result<Number, Failure>> {
    match digits.len() {
        _ if !digits.first()?.is_ascii_digit() => None,
        len @ 1..=18 if len <= max_digits => {
            let value = word(digits)?.cast_signed();
            Some(Ok(Number::Small(if negative { -value } else { value })))
        }
        _ => digits.iter().all(u8::is_ascii_digit).then(|| long_integer(negative, digits, max_digits)),
    }
}

fn long_integer(negative: bool, digits: &[u8], max_digits: usize) -> Result<Number, Failure> {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let digits = &digits[zeros..];
    if digits.len() > max_digits {
        return Err(too_many_digits(digits.len(), max_digits));
    }
    let magnitude = match digits.len() {
        ..=19 => word(digits).map(IBig::from),
        20..=38 => {
            let (high, low) = digits.split_at(digits.len() - 19);
            word(high)
                .zip(word(low))
                .map(|(high, low)| IBig::from(u128::from(high) * 10_u128.pow(19) + u128::from(low)))
        }
        _ => str::from_utf8(digits).ok().and_then(|text| IBig::from_str_radix(text, 10).ok()),
    };
    let magnitude = magnitude.ok_or(NOT_A_NUMBER)?;
    let value = if negative { -magnitude } else { magnitude };
    Ok(i64::try_from(&value).map_or(Number::Big(value), Number::Small))
}

/// The value of at most 19 digits; `None` if they are not digits.
#[inline]
fn word(digits: &[u8]) -> Option<u64> {
    let (head, eights) = digits.split_at(digits.len() % 8);
    let head =
        head.iter().try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + u64::from(digit - b'0')))?;
    eights
        .as_chunks::<8>()
        .0
        .iter()
        .try_fold(head, |value, digits| Some(value * 100_000_000 + eight_digits(u64::from_le_bytes(*digits) ^ ZEROS)?))
}

/// Eight times `'0'`.
pub(super) const ZEROS: u64 = u64::from_le_bytes(*b"00000000");

/// The number that eight digits make, less `'0'` each, the first in the lowest byte; `None` if a byte is not a
/// digit (Lemire, "Quickly parsing eight digits", 2018).
#[inline(always)]
pub(super) fn eight_digits(digits: u64) -> Option<u64> {
    const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);
    const TO_HIGH_BIT: u64 = u64::from_le_bytes([0x80 - 10; 8]);
    const FIRST_PAIRS: u64 = 0x0000_00ff_0000_00ff;
    if (digits.wrapping_add(TO_HIGH_BIT) | digits) & HIGH_BITS != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let first = (pairs & FIRST_PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let second = (pairs >> 16 & FIRST_PAIRS).wrapping_mul(1 + (10_000 << 32));
    Some(first.wrapping_add(second) >> 32)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Option<Number> {
        parse(text.as_bytes(), 10_000).ok()
    }

    #[test]
    fn what_is_a_number() {
        for (text, value) in
            [("0", 0), ("-0", 0), ("+7", 7), ("007", 7), (" \t12\r", 12), ("-9223372036854775808", i64::MIN)]
        {
            assert_eq!(parsed(text), Some(Number::Small(value)), "{text:?}");
        }
        for (text, value) in [(".5", 0.5), ("5.", 5.0), ("1e3", 1e3), ("1E-3", 1e-3), ("-iNf", f64::NEG_INFINITY)] {
            assert_eq!(parsed(text), Some(Number::Float(value)), "{text:?}");
        }
        assert_eq!(parsed("+Infinity"), Some(Number::Float(f64::INFINITY)));
        assert!(matches!(parsed("-nan"), Some(Number::Float(value)) if value.is_nan()));
        for text in [
            "", " ", "+", "-", ".", "e5", "1e", "1e+", "1_000", "0x10", "1 2", "--1", "+-1", "infinit", "nano", "١",
            "1.2.3",
        ] {
            assert_eq!(parse(text.as_bytes(), 10_000), Err(NOT_A_NUMBER), "{text:?}");
        }
    }

    #[test]
    fn the_digits_of_an_integer_are_bounded_and_leading_zeros_are_free() {
        let long = "9".repeat(10_001);
        assert_eq!(parse(long.as_bytes(), 10_000), Err(too_many_digits(10_001, 10_000)));
        assert!(matches!(parse(&long.as_bytes()[1..], 10_000), Ok(Number::Big(_))));
        assert_eq!(parse(b"-1000", 3), Err(too_many_digits(4, 3)));
        assert_eq!(parse(b"-000999", 3), Ok(Number::Small(-999)));
        assert!(matches!(parse(b"1000.0", 3), Ok(Number::Float(_))));
    }

    proptest! {
        #[test]
        fn integers_of_any_length_are_read_exactly(text in "-?[0-9]{1,60}") {
            let value: IBig = text.parse().unwrap();
            let expected = i64::try_from(&value).map_or(Number::Big(value), Number::Small);
            prop_assert_eq!(parsed(&text), Some(expected));
        }

        #[test]
        fn floats_are_the_nearest(text in "[+-]?[0-9]{0,25}\\.[0-9]{1,25}(e[+-]?[0-9]{1,3})?") {
            prop_assert_eq!(parsed(&text), Some(Number::Float(text.parse().unwrap())));
        }
    }
}
