//! `sum`: the sum of the numbers, exact until it is printed.

use std::sync::Arc;

use dashu_int::IBig;

use super::exact::{Sum, Total};
use super::reduce::{self, Reduction};
use super::{AnyFold, Blanks, Example, Kind, Operation, Words, number, text};
use crate::base::result::Value;

/// The operation.
pub(super) static SUM: Operation = Operation {
    name: "sum",
    summary: "the sum of all numbers",
    about: "Adds all numbers exactly. The sum of integers is an integer of any size; with a float among them it \
            is the float nearest to the exact sum, which does not depend on the order. It is infinite only when \
            the exact sum is beyond a float's range or an infinity was read; inf and -inf make nan. The sum of \
            nothing is 0.",
    examples: &[
        Example { command: "seq 100 | parjob sum", output: "5050\n" },
        Example { command: "parjob sum 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1", output: "1.0\n" },
        Example { command: "parjob sum 1e308 1e308 -1e308", output: "1e+308\n" },
    ],
    params: &[number::MAX_DIGITS],
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: reduce::prepare::<Sum> },
};

/// The fold of results.
pub(super) fn reducer() -> Arc<dyn AnyFold> {
    reduce::fold::<Sum>(usize::MAX)
}

impl Reduction for Sum {
    #[inline(always)]
    fn small(&mut self, value: i64) {
        Sum::small(self, value);
    }

    fn big(&mut self, value: IBig) {
        Sum::big(self, &value);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        Sum::float(self, value);
    }

    fn merge(&mut self, from: &mut Sum) {
        Sum::merge(self, from);
    }

    fn value(self, _: u64) -> Option<Value> {
        Some(Value::One(self.total().text()))
    }
}

impl Total {
    /// The sum as text: an integer if only integers were added.
    pub(super) fn text(&self) -> String {
        match self {
            Total::Integer(sum) => sum.to_string(),
            Total::Float(sum) => text::float(sum.to_f64()),
            Total::Special(value) => text::float(*value),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{finite_text, fold_cut, number_text, one, work};

    #[test]
    fn integers_stay_integers_until_a_float_comes() {
        assert_eq!(one("sum", &["9223372036854775807", "9223372036854775807", "-1"]), "18446744073709551613");
        assert_eq!(one("sum", &["1", "1.0"]), "2.0");
        assert_eq!(one("sum", &["99999999999999999999999999999999999999999999", "1"]), format!("1{}", "0".repeat(44)));
        assert_eq!(one("sum", &["x", ""]), "0");
        assert_eq!(one("sum", &[""; 0]), "0");
    }

    #[test]
    fn integers_and_floats_are_rounded_once() {
        // 2^53 + 0.5 + 0.5: each step alone would round to 2^53.
        assert_eq!(one("sum", &["9007199254740992", "0.5", "0.5"]), "9007199254740992.0");
        assert_eq!(one("sum", &["9007199254740992", "0.5", "0.5", "0.5", "0.5"]), "9007199254740994.0");
        assert_eq!(one("sum", &["-0.0"]), "0.0");
    }

    proptest! {
        #[test]
        fn every_schedule_gives_the_same_digits(
            items in prop::collection::vec(prop_oneof![number_text(), finite_text()], 0..100),
            cuts in prop::collection::vec(any::<usize>(), 0..10),
        ) {
            for name in ["sum", "mean", "min", "max", "count", "stats", "pi"] {
                let few = name == "pi";
                let items: Vec<String> = items.iter().filter(|item| !few || item.parse::<u8>().is_ok()).cloned().collect();
                let work = work(name);
                prop_assert_eq!(fold_cut(&work, &items, &cuts), fold_cut(&work, &items, &[]), "{}", name);
            }
        }
    }
}
