//! The forms of option values: durations, sizes, bytes, numbers of workers.

use std::time::Duration;

use anyhow::{Context, Result, bail};

pub(super) use crate::op::size;

/// A duration: `500ms`, `10s`, `2m`, `1h`, `1d`, or several in a row; a bare number is seconds.
pub(super) fn duration(text: &str) -> Result<Duration> {
    let form = || format!("{text:?} is not a duration such as 500ms, 10s, 2m, 1h30m");
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).with_context(form);
    }
    if text.is_empty() {
        bail!(form());
    }
    let (mut rest, mut total) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').with_context(form)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => bail!(form()),
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().with_context(form)? * unit).with_context(form)?;
        total = total.checked_add(part).with_context(form)?;
        rest = tail;
    }
    Ok(total)
}

/// One byte: itself, or `\n \t \r \0 \\`, or `\xHH`.
pub(super) fn byte(text: &str) -> Result<u8> {
    match text.as_bytes() {
        [byte] => Ok(*byte),
        b"\\n" => Ok(b'\n'),
        b"\\t" => Ok(b'\t'),
        b"\\r" => Ok(b'\r'),
        b"\\0" => Ok(0),
        b"\\\\" => Ok(b'\\'),
        [b'\\', b'x', hex @ ..] if hex.len() == 2 => {
            u8::from_str_radix(&text[2..], 16).with_context(|| format!("{text:?} is not a byte such as \\x1f"))
        }
        _ => bail!("{text:?} is not one byte; write it as itself, or as \\t, \\0 or \\x1f"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in
            [("500ms", 500), ("10s", 10_000), ("2", 2000), ("0.5", 500), ("1h30m", 5_400_000), ("1d", 86_400_000)]
        {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in ["", "-1", "x", "1x", "s", "1s2", "inf", "nan"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes() {
        for (text, expected) in
            [(",", b','), ("\\t", b'\t'), ("\\0", 0), ("\\x1f", 0x1f), ("\\\\", b'\\'), ("\\", b'\\')]
        {
            assert_eq!(byte(text).unwrap(), expected, "{text}");
        }
        for text in ["", "ab", "é", "\\q", "\\x1", "\\xzz"] {
            assert!(byte(text).is_err(), "{text}");
        }
    }
}
