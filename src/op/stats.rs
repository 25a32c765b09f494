//! `stats`: the named values that describe a list of numbers.
//!
//! Sum, mean and sd come from exact sums of x and x². Quantiles are exact, by nearest rank, as long as there
//! are no more than [`EXACT`] numbers, and come from a [`Sketch`] beyond that. Which of the two depends on
//! how many numbers there are and on nothing else, so the answer is the same for every schedule.

use std::sync::Arc;

use dashu_int::{IBig, UBig};

use super::exact::{Squares, Sum, Total};
use super::number::{self, Number};
use super::order::{Extremes, compare};
use super::reduce::{self, Reduction};
use super::sketch::Sketch;
use super::{AnyFold, Blanks, Example, Kind, Operation, Words, text};
use crate::base::result::Value;

/// The operation.
pub(super) static STATS: Operation = Operation {
    name: "stats",
    summary: "n, sum, mean, sd, min, max and quantiles of all numbers",
    about: "Prints a name and a value on each line: n, sum, mean, sd (of a sample), min, max, p50, p90, p99. Sum, mean \
            and sd are rounded once from exact values. Quantiles are by nearest rank and exact up to 65,536 numbers; \
            beyond that they are within 1 % of the exact ones, and still the same for every --jobs and --chunk. The \
            sd of one number is nan, and so is all but n if a nan is among the numbers.",
    examples: &[
        Example {
            command: "seq 100 | parjob stats",
            output: "n\t100\nsum\t5050\nmean\t50.5\nsd\t29.011491975882016\nmin\t1\nmax\t100\np50\t50\np90\t90\np99\t99\n",
        },
        Example { command: "parjob stats 2 0.5 | grep m", output: "sum\t2.5\nmean\t1.25\nmin\t0.5\nmax\t2\n" },
    ],
    params: &[number::MAX_DIGITS],
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: reduce::prepare::<Stats> },
};

/// The fold of results.
pub(super) fn reducer() -> Arc<dyn AnyFold> {
    reduce::fold::<Stats>(usize::MAX)
}

/// The most numbers that are kept one by one.
const EXACT: usize = 65_536;

#[derive(Default)]
struct Stats {
    sum: Sum,
    squares: Squares,
    extremes: Extremes,
    quantiles: Quantiles,
}

impl Reduction for Stats {
    #[inline(always)]
    fn small(&mut self, value: i64) {
        self.sum.small(value);
        self.squares.small(value);
        self.extremes.small(value);
        self.quantiles.small(value);
    }

    fn big(&mut self, value: IBig) {
        self.sum.big(&value);
        self.squares.big(&value);
        self.extremes.big(value.clone());
        self.quantiles.big(value);
    }

    fn float(&mut self, value: f64) {
        self.sum.float(value);
        self.extremes.float(value);
        if value.is_finite() {
            self.squares.float(value);
        }
        if !value.is_nan() {
            self.quantiles.float(value);
        }
    }

    fn merge(&mut self, from: &mut Stats) {
        self.sum.merge(&mut from.sum);
        self.squares.merge(&mut from.squares);
        self.extremes.merge(&mut from.extremes);
        self.quantiles.merge(&mut from.quantiles);
    }

    fn value(self, n: u64) -> Option<Value> {
        let (least, greatest) = self.extremes.ends()?;
        let total = self.sum.total();
        let sd = deviation(&total, &self.squares, n);
        let mut rows = vec![("n", n.to_string()), ("sum", total.text())];
        rows.extend([("mean", text::float(total.mean(n))), ("sd", text::float(sd))]);
        rows.extend([("min", text::number(&least)), ("max", text::number(&greatest))]);
        let quantiles = self.quantiles.at([50, 90, 99], n, &least, &greatest);
        rows.extend(["p50", "p90", "p99"].into_iter().zip(quantiles.map(|value| text::number(&value))));
        Some(Value::Table(rows))
    }
}

/// The standard deviation of a sample, rounded once: the root of (n Σx² - (Σx)²) / (n (n - 1)).
fn deviation(total: &Total, squares: &Squares, n: u64) -> f64 {
    let sum = match total {
        _ if n < 2 => return f64::NAN,
        Total::Special(_) => return f64::NAN,
        Total::Integer(sum) => super::dyadic::Dyadic::integer(sum.clone()),
        Total::Float(sum) => sum.clone(),
    };
    let n_squares = squares.total().times(&IBig::from(n));
    n_squares.minus(sum.squared()).root_over(&(UBig::from(n) * UBig::from(n - 1)))
}

/// The numbers themselves while they are few, then how many there were of each size.
#[derive(Default)]
struct Quantiles {
    small: Vec<i64>,
    float: Vec<f64>,
    big: Vec<IBig>,
    sketch: Option<Box<Sketch>>,
    fractions: bool,
}

impl Quantiles {
    #[inline]
    fn small(&mut self, value: i64) {
        match &mut self.sketch {
            Some(sketch) => sketch.small(value),
            None => {
                self.small.push(value);
                self.bound();
            }
        }
    }

    #[inline]
    fn float(&mut self, value: f64) {
        self.fractions = true;
        match &mut self.sketch {
            Some(sketch) => sketch.float(value),
            None => {
                self.float.push(value);
                self.bound();
            }
        }
    }

    fn big(&mut self, value: IBig) {
        match &mut self.sketch {
            Some(sketch) => sketch.big(&value),
            None => {
                self.big.push(value);
                self.bound();
            }
        }
    }

    fn kept(&self) -> usize {
        self.small.len() + self.float.len() + self.big.len()
    }

    #[inline]
    fn bound(&mut self) {
        if self.kept() > EXACT {
            self.count_all();
        }
    }

    /// From now on numbers are counted; those kept so far too.
    #[cold]
    fn count_all(&mut self) {
        let mut sketch = self.sketch.take().unwrap_or_default();
        self.small.drain(..).for_each(|value| sketch.small(value));
        self.float.drain(..).for_each(|value| sketch.float(value));
        self.big.drain(..).for_each(|value| sketch.big(&value));
        self.sketch = Some(sketch);
    }

    fn merge(&mut self, from: &mut Quantiles) {
        self.fractions |= std::mem::take(&mut from.fractions);
        self.small.append(&mut from.small);
        self.float.append(&mut from.float);
        self.big.append(&mut from.big);
        if self.sketch.is_some() || from.sketch.is_some() || self.kept() > EXACT {
            self.count_all();
        }
        if let (Some(into), Some(mut from)) = (&mut self.sketch, from.sketch.take()) {
            into.merge(&mut from);
        }
    }

    /// Nearest rank: the number with rank ⌈n · percent / 100⌉; nan if the extremes are.
    fn at<const N: usize>(self, percents: [u64; N], n: u64, least: &Number, greatest: &Number) -> [Number; N] {
        if let Number::Float(nan) = least
            && nan.is_nan()
        {
            return [const { Number::Float(f64::NAN) }; N];
        }
        let rank = |percent| u64::try_from((u128::from(n) * u128::from(percent)).div_ceil(100)).unwrap_or(n).max(1);
        let mut kept: Vec<Number> = self.small.into_iter().map(Number::Small).collect();
        kept.extend(self.float.into_iter().map(Number::Float));
        kept.extend(self.big.into_iter().map(Number::Big));
        percents.map(|percent| match &self.sketch {
            Some(sketch) => clamp(sketch.at_rank(rank(percent), !self.fractions), least, greatest),
            None => kept.select_nth_unstable_by(rank(percent) as usize - 1, compare).1.clone(),
        })
    }
}

fn clamp(value: Number, least: &Number, greatest: &Number) -> Number {
    if compare(&value, least).is_lt() {
        least.clone()
    } else if compare(&value, greatest).is_gt() {
        greatest.clone()
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fold, fold_cut, work};
    use super::*;

    fn rows(items: &[impl AsRef<[u8]>]) -> Vec<String> {
        match fold("stats", items) {
            Some(Value::Table(rows)) => rows.into_iter().map(|(_, value)| value).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn the_named_values() {
        let items = ["3", "1", "2", "10"];
        assert_eq!(rows(&items), ["4", "16", "4.0", "4.08248290463863", "1", "10", "2", "10", "10"]);
        assert_eq!(rows(&["7"]), ["1", "7", "7.0", "nan", "7", "7", "7", "7", "7"]);
        assert_eq!(rows(&["5", "5", "5"])[3], "0.0");
        assert!(rows(&["x"]).is_empty());
    }

    #[test]
    fn nan_and_infinities() {
        assert_eq!(rows(&["1", "nan"]), ["2", "nan", "nan", "nan", "nan", "nan", "nan", "nan", "nan"]);
        assert_eq!(rows(&["1", "inf", "2"]), ["3", "inf", "inf", "nan", "1", "inf", "2", "inf", "inf"]);
        assert_eq!(rows(&["-inf", "inf"]), ["2", "nan", "nan", "nan", "-inf", "inf", "-inf", "inf", "inf"]);
    }

    #[test]
    fn sd_does_not_cancel() {
        assert_eq!(rows(&["1000000000000001", "1000000000000002", "1000000000000003"])[3], "1.0");
        assert_eq!(rows(&["1e200", "3e200"])[3], "1.414213562373095e+200");
    }

    /// Integers in an order that is not ascending.
    fn many(count: usize) -> Vec<String> {
        (0..count).map(|n| (n * 7_919 % count * 1_000 + 1).to_string()).collect()
    }

    #[test]
    fn quantiles_are_exact_up_to_the_limit_and_near_beyond_it() {
        let at_limit = rows(&many(EXACT));
        assert_eq!(at_limit[6..], ["32767001", "58982001", "64880001"]);
        let beyond = rows(&many(EXACT + 1));
        for (exact, near) in at_limit[6..].iter().zip(&beyond[6..]) {
            let (exact, near): (f64, f64) = (exact.parse().unwrap_or(0.0), near.parse().unwrap_or(0.0));
            assert!((exact - near).abs() < exact / 100.0, "{exact} {near}");
        }
    }

    #[test]
    fn beyond_the_limit_every_schedule_gives_the_same() {
        let items = many(EXACT + 1_000);
        let whole = fold_cut(&work("stats"), &items, &[]);
        for cuts in [vec![1, 2, 3], vec![60_000, 65_000, 66_000], (0..200).map(|n| n * 331).collect()] {
            assert_eq!(fold_cut(&work("stats"), &items, &cuts), whole);
        }
    }

    #[test]
    fn the_sketch_stays_within_the_extremes() {
        let same = vec!["1000003"; EXACT + 1];
        assert_eq!(rows(&same)[4..], ["1000003"; 5]);
    }
}
