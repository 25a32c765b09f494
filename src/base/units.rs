//! Sizes and durations as options say them: `64K`, `10MB`, `1h30m`. One form for all, those of operations and those of the run.

use std::time::Duration;

use anyhow::{Context, Result, bail};

/// A size in bytes: `K M G T` are powers of 1024, `kB MB GB TB` of 1000; a bare number is bytes.
///
/// # Errors
///
/// It is no such text, or more than 64 bits hold.
pub fn size(text: &str) -> Result<u64> {
    let form = || format!("{text:?} is not a size such as 64K, 1M, 10MB");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit {
        "" | "B" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => bail!(form()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).with_context(form)
}

/// A duration: `500ms`, `10s`, `2m`, `1h`, `1d`, or several in a row; a bare number is seconds.
///
/// # Errors
///
/// It is no such text.
pub fn duration(text: &str) -> Result<Duration> {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [("0", 0), ("10", 10), ("64K", 65536), ("1kB", 1000), ("2M", 2 << 20), ("1T", 1 << 40)] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for text in ["", "K", "1k", "-1", "1.5M", "99999999999T"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

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
}
