//! `square`: x², exact for integers of any size.

use dashu_int::IBig;

use super::each::{self, Formula};
use super::{Blanks, Example, Kind, Operation, Words, number};

/// The operation.
pub(super) static SQUARE: Operation = Operation {
    name: "square",
    summary: "the square of each number",
    about: "Prints x² for each number x. The square of an integer is exact, however long; that of any other \
            number is the nearest float, in the shortest form that reads back.",
    examples: &[
        Example { command: "seq 3 | parjob square", output: "1\n4\n9\n" },
        Example { command: "parjob square 99999999999 -0.5", output: "9999999999800000000001\n0.25\n" },
        Example { command: "parjob square 1e200", output: "inf\n" },
    ],
    params: &[number::MAX_DIGITS],
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: each::prepare::<Square> },
};

struct Square;

impl Formula for Square {
    #[inline(always)]
    fn small(value: i64) -> Option<(bool, u128)> {
        let value = u128::from(value.unsigned_abs());
        Some((false, value * value))
    }

    fn big(value: IBig) -> IBig {
        value.sqr().into()
    }

    fn float(value: f64) -> f64 {
        value * value
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{map, map_with, work};
    use super::*;
    use crate::op::number::NOT_A_NUMBER;

    #[test]
    fn squares_of_all_kinds() {
        assert_eq!(
            map("square", &["0", "-0", "-3", "99999999", "100000000", " 7\r"]),
            "0\n0\n9\n9999999800000001\n10000000000000000\n49\n"
        );
        assert_eq!(map("square", &["-9223372036854775808"]), "85070591730234615865843651857942052864\n");
        assert_eq!(map("square", &["1e-200", "nan", "-inf", "1.1"]), "0.0\nnan\ninf\n1.2100000000000002\n");
    }

    #[test]
    fn failures_have_their_places() {
        let (text, failures) = map_with(&work("square"), &["1", "x", "2", "", "3"], b'\n');
        assert_eq!(text, "1\n4\n9\n");
        assert_eq!(failures, [(1, NOT_A_NUMBER), (3, NOT_A_NUMBER)]);
    }

    proptest! {
        #[test]
        fn integers_are_exact_at_any_size(items in prop::collection::vec("-?[1-9][0-9]{0,50}", 1..100)) {
            let values = items.iter().filter_map(|item| item.parse::<IBig>().ok());
            let (squares, doubles): (String, String) =
                values.map(|n| (format!("{}\n", &n * &n), format!("{}\n", &n + &n))).unzip();
            prop_assert_eq!(map("square", &items), squares);
            prop_assert_eq!(map("double", &items), doubles);
        }
    }
}
