//! How long attempts took: the median of them, for `--timeout N%`.

use std::time::Duration;

/// So many attempts must have ended before there is a median to speak of.
const FEW: u64 = 3;

/// The bins of a doubling. A median is told to 2 %.
const FINE: f64 = 32.0;

/// Durations from a microsecond to 36 years, in bins that grow with them: a night's work takes no more memory than
/// ten items.
#[derive(Debug)]
pub(super) struct Times {
    bins: [u32; BINS],
    count: u64,
}

const BINS: usize = 50 * FINE as usize;

impl Default for Times {
    fn default() -> Times {
        Times { bins: [0; BINS], count: 0 }
    }
}

impl Times {
    /// Adds an attempt.
    pub(super) fn add(&mut self, took: Duration) {
        let micros = (took.as_secs_f64() * 1e6).max(1.0);
        // Not negative, and cut off at the last bin.
        let bin = ((micros.log2() * FINE) as usize).min(BINS - 1);
        self.bins[bin] = self.bins[bin].saturating_add(1);
        self.count += 1;
    }

    /// The median; none of a few attempts only.
    pub(super) fn median(&self) -> Option<Duration> {
        if self.count < FEW {
            return None;
        }
        let mut below = 0;
        let bin = self.bins.iter().position(|count| {
            below += u64::from(*count);
            below * 2 >= self.count
        })?;
        // The upper end of the bin: rather a little too long than too short.
        Some(Duration::from_secs_f64(((bin + 1) as f64 / FINE).exp2() / 1e6))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let mut times = Times::default();
        times.add(Duration::from_secs(1));
        times.add(Duration::from_secs(2));
        assert_eq!(times.median(), None);
        for _ in 0..5 {
            times.add(Duration::from_millis(300));
        }
        times.add(Duration::from_secs(100_000_000));
        times.add(Duration::ZERO);
        let median = times.median().unwrap().as_secs_f64();
        assert!((0.3..0.32).contains(&median), "{median}");
    }
}
