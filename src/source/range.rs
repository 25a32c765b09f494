//! Integers counted off: `--range FIRST:LAST[:STEP]`.
//!
//! They are written as text, like any other item: an operation sees no difference.

use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::build::Builder;
use super::{Emit, Reading};
use crate::base::buffer::BufferPool;
use crate::base::chunk::Chunking;
use crate::base::item::Fields;

/// The integers from `first` to `last`, both included, in steps of `step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    first: i64,
    last: i64,
    step: i64,
}

impl Range {
    /// How many integers there are.
    pub fn len(&self) -> u128 {
        let span = i128::from(self.last) - i128::from(self.first);
        if span.signum() * i128::from(self.step.signum()) < 0 {
            return 0;
        }
        span.unsigned_abs() / u128::from(self.step.unsigned_abs()) + 1
    }

    /// Whether there are none: the step leads away from the end.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromStr for Range {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Range> {
        let parts: Vec<&str> = text.split(':').collect();
        let (first, last, step) = match parts[..] {
            [first, last] => (first, last, "1"),
            [first, last, step] => (first, last, step),
            _ => bail!("expected FIRST:LAST or FIRST:LAST:STEP"),
        };
        let integer =
            |text: &str| text.parse::<i64>().ok().with_context(|| format!("{text:?} is not an integer of 64 bits"));
        let range = Range { first: integer(first)?, last: integer(last)?, step: integer(step)? };
        if range.step == 0 {
            bail!("the step is 0");
        }
        Ok(range)
    }
}

/// Hands on the integers of the range as decimal text.
pub(super) fn read(
    range: Range,
    reading: &Reading,
    chunking: Chunking,
    pool: &Arc<BufferPool>,
    emit: Emit<'_>,
) -> Result<()> {
    let Some(mut builder) = Builder::new(b'\n', Fields::One, chunking, pool, emit) else { return Ok(()) };
    let count = reading.first.map_or(range.len(), |first| range.len().min(u128::from(first)));
    let mut value = i128::from(range.first);
    let mut digits = itoa::Buffer::new();
    for _ in 0..count {
        let text = digits.format(value as i64).as_bytes();
        if reading.stop_at.as_deref() == Some(text) {
            break;
        }
        if !builder.push(text)? {
            return Ok(());
        }
        value += i128::from(range.step);
    }
    builder.finish();
    Ok(())
}

/// The integers as separate values, for a range that is one source among several.
pub(super) fn values(range: Range) -> impl Iterator<Item = Vec<u8>> {
    (0..range.len()).map(move |n| {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = write!(text, "{}", i128::from(range.first) + n as i128 * i128::from(range.step));
        text
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        values(text.parse().unwrap()).map(|v| String::from_utf8(v).unwrap()).collect()
    }

    #[test]
    fn both_ends_belong_to_it() {
        assert_eq!(texts("1:3"), ["1", "2", "3"]);
        assert_eq!(texts("-1:1"), ["-1", "0", "1"]);
        assert_eq!(texts("5:5"), ["5"]);
    }

    #[test]
    fn steps_stop_before_the_end() {
        assert_eq!(texts("1:10:4"), ["1", "5", "9"]);
        assert_eq!(texts("3:-2:-2"), ["3", "1", "-1"]);
        assert_eq!(texts("3:1"), [""; 0]);
    }

    #[test]
    fn the_widest_range_is_counted() {
        let range: Range = format!("{}:{}", i64::MIN, i64::MAX).parse().unwrap();
        assert_eq!(range.len(), 1 << 64);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "1", "1:2:0", "1:x", "1:2:3:4", "1.5:2"] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }
}
