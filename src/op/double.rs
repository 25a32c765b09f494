//! `double`: x + x, exact for integers of any size.

use dashu_int::IBig;

use super::each::{self, Formula};
use super::{Blanks, Example, Kind, Operation, Words, number};

/// The operation.
pub(super) static DOUBLE: Operation = Operation {
    name: "double",
    summary: "twice each number",
    about: "Prints x + x for each number x. Twice an integer is exact, however long; twice any other number is \
            a float, in the shortest form that reads back.",
    examples: &[
        Example { command: "seq 3 | parjob double", output: "2\n4\n6\n" },
        Example { command: "parjob double -7 0.1", output: "-14\n0.2\n" },
    ],
    params: &[number::MAX_DIGITS],
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: each::prepare::<Double> },
};

struct Double;

impl Formula for Double {
    #[inline(always)]
    fn small(value: i64) -> Option<(bool, u128)> {
        Some((value < 0, 2 * u128::from(value.unsigned_abs())))
    }

    fn big(value: IBig) -> IBig {
        value << 1
    }

    fn float(value: f64) -> f64 {
        value + value
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::map;

    #[test]
    fn doubles_of_all_kinds() {
        let items = ["0", "-5", "9223372036854775807", "-9223372036854775808", "-99999999999999999999", "0.1", "1e308"];
        let doubles = "0\n-10\n18446744073709551614\n-18446744073709551616\n-199999999999999999998\n0.2\ninf\n";
        assert_eq!(map("double", &items), doubles);
    }
}
