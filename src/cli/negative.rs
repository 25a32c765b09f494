//! Negative numbers among the words: they are items, where other words that begin with a dash are options.
//!
//! clap can tell them apart too, but takes `-0` for a number, where it is the option for NUL-separated items, and
//! does not take `-.5`, `-1e-3` or `-inf` for numbers. So they get a mark in front: a NUL byte, which no word of
//! a command line can hold, and behind which clap sees no dash.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::args::EXPLAIN;
use super::takers::Takers;
use anyhow::{Result, bail};

const MARK: u8 = 0;

/// Marks the negative numbers up to `--`, but for those that are the value of the option before them.
///
/// # Errors
///
/// `-0` among items: it could be meant as either, and an item must not get lost.
pub(super) fn mark(words: &mut [OsString], takers: &Takers) -> Result<()> {
    let (mut value, mut plain) = (false, 0);
    for word in words.iter_mut().skip(1).take_while(|word| *word != "--") {
        let is_value = std::mem::replace(&mut value, takers.takes_value(word));
        let negative = !is_value && is_negative_number(word.as_bytes());
        // The first plain word is the operation.
        if *word == "-0" && plain > 1 {
            bail!("-0 after an item could be the number or the option; write --null for the option, or items after --");
        }
        plain += usize::from(negative || (!is_value && !word.as_bytes().starts_with(b"-") && *word != EXPLAIN));
        if negative {
            *word = OsString::from_vec([&[MARK], word.as_bytes()].concat());
        }
    }
    Ok(())
}

/// The word without its mark.
pub(super) fn unmarked(word: &OsStr) -> OsString {
    OsString::from_vec(word.as_bytes().strip_prefix(&[MARK]).unwrap_or(word.as_bytes()).to_vec())
}

pub(super) fn is_negative_number(word: &[u8]) -> bool {
    let [b'-', rest @ ..] = word else { return false };
    let special = ["inf", "infinity", "nan"].iter().any(|name| rest.eq_ignore_ascii_case(name.as_bytes()));
    let [first, .., last] = rest else { return matches!(rest, [b'1'..=b'9']) };
    let digits = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-' | b'_');
    // `-0E` is two options, of which the second has its value in the next word.
    special || matches!(first, b'0'..=b'9' | b'.') && rest.iter().all(digits) && !matches!(last, b'e' | b'E')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn what_looks_like_a_negative_number() {
        for word in ["-1", "-10", "-.5", "-5.", "-1e-3", "-1E+5", "-inf", "-Infinity", "-NaN", "-1_0", "-0.0", "-00"] {
            assert!(is_negative_number(word.as_bytes()), "{word}");
        }
        for word in ["", "-", "--", "-0", "-0E", "-0k", "-j2", "-a", "--1x", "1", "-infinite"] {
            assert!(!is_negative_number(word.as_bytes()), "{word}");
        }
    }

    #[test]
    fn the_value_of_an_option_is_left_alone() {
        let mut words: Vec<OsString> =
            "parjob -j -1 square -0 -2 --range -3:-1 --seed -4 --jobs=2 -5 -- -6".split(' ').map(Into::into).collect();
        let before = words.clone();
        mark(&mut words, &Takers::default()).unwrap();
        let marked: Vec<&OsString> =
            before.iter().zip(&words).filter(|(old, new)| old != new).map(|(old, _)| old).collect();
        assert_eq!(marked, ["-2", "-5"]);
        assert_eq!(words.iter().map(|word| unmarked(word)).collect::<Vec<_>>(), before);
    }

    #[test]
    fn minus_zero_among_items_is_refused() {
        let refused = |line: &str| {
            let mut words: Vec<OsString> = line.split(' ').map(Into::into).collect();
            mark(&mut words, &Takers::default()).is_err()
        };
        assert!(refused("parjob square 1 -0 2"));
        assert!(refused("parjob square -1 -0"));
        assert!(!refused("parjob square -0"));
        assert!(!refused("parjob explain square -0"));
        assert!(!refused("parjob square 1 -- -0"));
    }
}
