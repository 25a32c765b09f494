//! Sizes as options say them: `64K`, `10MB`. One form for all, those of operations and those of the run.

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
}
