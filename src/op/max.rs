//! `max`: the greatest of the numbers.

use std::sync::Arc;

use super::order::End;
use super::{AnyFold, Blanks, Example, Kind, Operation, Words, number, reduce};

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
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: reduce::prepare::<End<true>> },
};

/// The fold of results.
pub(super) fn reducer() -> Arc<dyn AnyFold> {
    reduce::fold::<End<true>>(usize::MAX)
}
