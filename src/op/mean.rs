//! `mean`: the exact sum over the number of items, rounded once.

use std::sync::Arc;

use dashu_int::{IBig, UBig};

use super::dyadic::Dyadic;
use super::exact::{Sum, Total};
use super::reduce::{self, Reduction};
use super::{AnyFold, Blanks, Example, Kind, Operation, Words, number, text};
use crate::base::result::Value;

/// The operation.
pub(super) static MEAN: Operation = Operation {
    name: "mean",
    summary: "the mean of all numbers",
    about: "Adds all numbers exactly, divides by how many there are, and rounds once: the float nearest to the \
            exact mean, whatever the order. The mean of nothing is not printed.",
    examples: &[
        Example { command: "seq 4 | parjob mean", output: "2.5\n" },
        Example { command: "parjob mean 0.1 0.2 0.3", output: "0.2\n" },
    ],
    params: &[number::MAX_DIGITS],
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: reduce::prepare::<Mean> },
};

/// The fold of results.
pub(super) fn reducer() -> Arc<dyn AnyFold> {
    reduce::fold::<Mean>(usize::MAX)
}

#[derive(Default)]
struct Mean(Sum);

impl Reduction for Mean {
    #[inline(always)]
    fn small(&mut self, value: i64) {
        self.0.small(value);
    }

    fn big(&mut self, value: IBig) {
        self.0.big(&value);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        self.0.float(value);
    }

    fn merge(&mut self, from: &mut Mean) {
        self.0.merge(&mut from.0);
    }

    fn value(self, n: u64) -> Option<Value> {
        (n > 0).then(|| Value::One(text::float(self.0.total().mean(n))))
    }
}

impl Total {
    /// The float nearest to the sum over `n`, which is not 0.
    pub(super) fn mean(self, n: u64) -> f64 {
        match self {
            Total::Integer(sum) => Dyadic::integer(sum).over(&UBig::from(n)),
            Total::Float(sum) => sum.over(&UBig::from(n)),
            Total::Special(value) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fold, one};

    #[test]
    fn the_mean_is_rounded_once() {
        assert_eq!(one("mean", &["1", "2"]), "1.5");
        assert_eq!(one("mean", &["1e308", "1e308"]), "1e+308");
        assert_eq!(one("mean", &["1", "1", "2"]), "1.3333333333333333");
        assert_eq!(one("mean", &["5e-324", "5e-324", "0"]), "5e-324");
        assert_eq!(one("mean", &["inf", "1"]), "inf");
        assert_eq!(fold("mean", &["x"]), None);
    }
}
