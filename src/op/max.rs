//! `max`: the greatest of the numbers.

use dashu_int::IBig;

use super::order::Extremes;
use super::reduce::{self, Reduction};
use super::{Example, Operation, Value, number, text};

/// The operation.
pub(super) static MAX: Operation = Operation {
    name: "max",
    summary: "the greatest number",
    about: "Prints the greatest of all numbers, an integer as an integer. Integers and floats are compared exactly. Of \
            equal numbers the integer is printed, and -0.0 is less than 0.0. With a nan among the numbers the \
            answer is nan.",
    examples: &[
        Example { command: "parjob max 3 -2 10", output: "10\n" },
        Example { command: "parjob max 2 2.0 1.5", output: "2\n" },
    ],
    params: &[number::MAX_DIGITS],
    prepare: reduce::prepare::<Max>,
};

#[derive(Default)]
struct Max(Extremes);

impl Reduction for Max {
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

    fn merge(&mut self, from: &mut Max) {
        self.0.merge(&mut from.0);
    }

    fn value(self, _: u64) -> Option<Value> {
        self.0.ends().map(|(_, greatest)| Value::One(text::number(&greatest)))
    }
}
