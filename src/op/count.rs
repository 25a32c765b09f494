//! `count`: how many items there are. It reads none of them.

use std::sync::Arc;

use super::{AnyFold, Blanks, Example, Fold, Kind, Operation, Words, Work};
use crate::base::failure::Failures;
use crate::base::item::Chunk;
use crate::base::result::{Answer, Value};

/// The operation.
pub(super) static COUNT: Operation = Operation {
    name: "count",
    summary: "how many items there are",
    about: "Counts items, whatever they hold.",
    examples: &[
        Example { command: "seq 1000 | parjob count", output: "1000\n" },
        Example { command: "parjob count ::: a b c", output: "3\n" },
    ],
    params: &[],
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: |_, _| Ok(Work::Fold(reducer())) },
};

/// The fold of results.
pub(super) fn reducer() -> Arc<dyn AnyFold> {
    Arc::new(Count)
}

struct Count;

impl Fold for Count {
    type State = u64;

    fn zero(&self) -> u64 {
        0
    }

    fn step(&self, state: &mut u64, chunk: &Chunk<'_>, _: &mut Failures) {
        *state += chunk.count as u64;
    }

    fn merge(&self, into: &mut u64, from: &mut u64) {
        *into += std::mem::take(from);
    }

    fn finish(&self, n: u64) -> Option<Answer> {
        Some(Answer { n, value: Value::One(n.to_string()) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::one;

    #[test]
    fn anything_counts() {
        assert_eq!(one("count", &["", "x", "1", "\u{fffd}"]), "4");
        assert_eq!(one("count", &[""; 0]), "0");
    }
}
