//! Folds what processes print or answer (`--reduce`): one worker's part.

use std::sync::Arc;

use crate::base::failure::{Failure, Failures};
use crate::base::item::{Chunk, Fields, Quoted, Seq};
use crate::op::{AnyFold, Tally};
use crate::output::Body;

/// A worker's part of the fold.
pub(super) struct Reduction(Box<dyn Tally>);

impl Reduction {
    pub(super) fn new(fold: &Arc<dyn AnyFold>) -> Reduction {
        Reduction(Arc::clone(fold).tally())
    }

    pub(super) fn into_tally(self) -> Box<dyn Tally> {
        self.0
    }

    /// Folds the lines of a body. The first line that cannot be taken is why the item fails; the others count.
    ///
    /// # Errors
    ///
    /// The body cannot be read back.
    pub(super) fn add(&mut self, body: &Body) -> std::io::Result<Option<Failure>> {
        let (mut rest, mut failure) = (Vec::new(), None);
        body.read(|piece| {
            rest.extend_from_slice(piece);
            let end = memchr::memrchr(b'\n', &rest).map_or(0, |at| at + 1);
            let found = self.step(&rest[..end]);
            failure = failure.take().or(found);
            rest.drain(..end);
            Ok(())
        })?;
        if !rest.is_empty() {
            rest.push(b'\n');
            let found = self.step(&rest);
            failure = failure.take().or(found);
        }
        Ok(failure)
    }

    /// Folds whole lines. Why the first that cannot be taken cannot; the others count.
    pub(super) fn step(&mut self, lines: &[u8]) -> Option<Failure> {
        let count = memchr::memchr_iter(b'\n', lines).count();
        if count == 0 {
            return None;
        }
        let chunk = Chunk { bytes: lines, delimiter: b'\n', fields: Fields::One, first: Seq::FIRST, count };
        let mut failures = Failures::new();
        self.0.step(&chunk, &mut failures);
        let (place, cause) = failures.into_iter().next()?;
        let line = chunk.items().nth(place).unwrap_or_default();
        Some(cause.within(|cause| format!("printed {}, which {cause}", Quoted(line))))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::base::result::Value;
    use crate::op::REDUCERS;

    #[test]
    fn lines_are_folded_and_one_that_is_no_number_is_told() {
        let sum = REDUCERS.iter().find(|reducer| reducer.operation.name == "sum").unwrap();
        let mut reduction = Reduction::new(&(sum.fold)());
        assert_eq!(reduction.add(&b"1\n2\n".to_vec().into()).unwrap(), None);
        assert_eq!(reduction.add(&b"4".to_vec().into()).unwrap(), None);
        assert_eq!(reduction.add(&Vec::new().into()).unwrap(), None);
        let failure = reduction.add(&b"8\nx\n16\n".to_vec().into()).unwrap().unwrap();
        assert_eq!(failure.to_string(), "printed \"x\", which is not a number");
        let answer = reduction.into_tally().finish().unwrap();
        assert!(matches!(answer.value, Value::One(text) if text == "31"));
    }
}
