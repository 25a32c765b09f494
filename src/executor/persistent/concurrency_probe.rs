//! Finds out whether a process does several items side by side, by giving it more and looking what comes of it.
//!
//! A process that reads eagerly looks the same from outside, whether it does its items one after the other or all at a
//! time. But only the latter answers more of them in the same time when it has more. So twice as many are tried: kept if
//! answers come half as fast again at least, else taken back and tried again later. It is never more than a few items
//! that wait behind a slow one for that.

use std::time::Duration;

/// So many answers are measured at least: items are not all alike.
const SAMPLE: usize = 4;

/// So many measures are taken before the next try, after one that failed.
const REST: usize = 15;

/// No more are given for that.
const MOST: usize = 4096;

/// The items that are given to a process, as far as they pay.
#[derive(Debug)]
pub(super) struct ConcurrencyProbe {
    /// So many.
    items: usize,
    /// Answers a second with half of them, while so many are tried.
    before: Option<f64>,
    /// Measures until the next try.
    rest: usize,
    answers: usize,
    spent: Duration,
}

impl ConcurrencyProbe {
    pub(super) fn new() -> ConcurrencyProbe {
        ConcurrencyProbe { items: 1, before: None, rest: 0, answers: 0, spent: Duration::ZERO }
    }

    /// How many items to give it.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// So many answers came, after so long.
    pub(super) fn learn(&mut self, answers: usize, took: Duration) {
        self.answers += answers;
        self.spent += took;
        if self.answers < self.items.max(SAMPLE) {
            return;
        }
        let rate = self.answers as f64 / self.spent.as_secs_f64().max(1e-9);
        (self.answers, self.spent) = (0, Duration::ZERO);
        match self.before {
            Some(before) if rate < 1.5 * before => (self.items, self.before, self.rest) = (self.items / 2, None, REST),
            None if self.rest > 0 => self.rest -= 1,
            _ if self.items >= MOST => (self.before, self.rest) = (None, REST),
            _ => (self.items, self.before) = (self.items * 2, Some(rate)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most and the last number of items, after so many answers.
    fn given(answers: usize, time: impl Fn(usize) -> f64) -> (usize, usize) {
        let (mut probe, mut most) = (ConcurrencyProbe::new(), 1);
        for _ in 0..answers {
            probe.learn(1, Duration::from_secs_f64(time(probe.items())));
            most = most.max(probe.items());
        }
        (most, probe.items())
    }

    #[test]
    fn a_process_that_does_items_side_by_side_gets_them() {
        assert_eq!(given(500, |items| 1.0 / items.min(64) as f64), (128, 64));
        assert!(given(100, |items| 1.0 / items as f64).1 >= 16);
    }

    #[test]
    fn a_process_that_does_one_after_the_other_gets_one_more_now_and_then() {
        let (most, last) = given(1000, |_| 0.05);
        assert!(most == 2 && last <= 2);
    }
}
