//! `min`: the least of the numbers.

use dashu_int::IBig;

use super::order::Extremes;
use super::reduce::{self, Reduction};
use super::{Example, Operation, Value, number, text};

/// The operation.
pub(super) static MIN: Operation = Operation {
    name: "min",
    summary: "the least number",
    about: "Prints the least of all numbers, an integer as an integer. Integers and floats are compared exactly. Of \
            equal numbers the integer is printed, and -0.0 is less than 0.0. With a nan among the numbers the \
            answer is nan.",
    examples: &[
        Example { command: "parjob min 3 -2 10", output: "-2\n" },
        Example { command: "parjob min 2.5 2 2.0", output: "2\n" },
    ],
    params: &[number::MAX_DIGITS],
    prepare: reduce::prepare::<Min>,
};

#[derive(Default)]
struct Min(Extremes);

impl Reduction for Min {
    #[inline(always)]
    fn small(&mut self, value: i64) {
        self.0.small(value);
    }

    fn big(&mut self, value: IBig) {
        self.0.big(value);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        self.0.float(value);
    }

    fn merge(&mut self, from: &mut Min) {
        self.0.merge(&mut from.0);
    }

    fn value(self, _: u64) -> Option<Value> {
        self.0.ends().map(|(least, _)| Value::One(text::number(&least)))
    }
}
