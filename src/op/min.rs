//! `min`: the least of the numbers.

use std::sync::Arc;

use super::order::End;
use super::{AnyFold, Blanks, Example, Kind, Operation, Words, number, reduce};

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
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: reduce::prepare::<End<false>> },
};

/// The fold of results.
pub(super) fn reducer() -> Arc<dyn AnyFold> {
    reduce::fold::<End<false>>(usize::MAX)
}
