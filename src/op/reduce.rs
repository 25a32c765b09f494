//! Operations that fold numbers: what they share, which is everything but a [`Reduction`].

use std::marker::PhantomData;
use std::sync::Arc;

use anyhow::Result;
use dashu_int::IBig;

use super::scan::{Visitor, scan};
use super::{AnyFold, Fold, Params, Setting, Work, number};
use crate::base::failure::{Failure, Failures};
use crate::base::item::Chunk;
use crate::base::result::{Answer, Value};

/// What a fold keeps of the numbers. Its default is the fold of none; the order of calls does not matter.
pub(super) trait Reduction: Default + Send + 'static {
    /// Adds an integer of a machine word.
    fn small(&mut self, value: i64);
    /// Adds a longer integer.
    fn big(&mut self, value: IBig);
    /// Adds a float.
    fn float(&mut self, value: f64);
    /// Adds `from` and leaves it as it was before any number.
    fn merge(&mut self, from: &mut Self);
    /// What `n` numbers came to.
    fn value(self, n: u64) -> Option<Value>;
}

/// Prepares a fold of numbers.
pub(super) fn prepare<R: Reduction>(params: &Params, _: &Setting) -> Result<Work> {
    Ok(Work::Fold(fold::<R>(number::max_digits(params)?)))
}

/// A fold of numbers of so many digits at the most.
pub(super) fn fold<R: Reduction>(max_digits: usize) -> Arc<dyn AnyFold> {
    Arc::new(Reduce { max_digits, reduction: PhantomData::<fn() -> R> })
}

struct Reduce<R> {
    max_digits: usize,
    reduction: PhantomData<fn() -> R>,
}

#[derive(Default)]
struct State<R> {
    n: u64,
    kept: R,
}

impl<R: Reduction> Fold for Reduce<R> {
    type State = State<R>;

    fn zero(&self) -> State<R> {
        State::default()
    }

    fn step(&self, state: &mut State<R>, chunk: &Chunk<'_>, failures: &mut Failures) {
        let failed_before = failures.len();
        scan(chunk, self.max_digits, &mut Step { kept: &mut state.kept, failures });
        state.n += (chunk.count - (failures.len() - failed_before)) as u64;
    }

    fn merge(&self, into: &mut State<R>, from: &mut State<R>) {
        into.n += std::mem::take(&mut from.n);
        into.kept.merge(&mut from.kept);
    }

    fn finish(&self, state: State<R>) -> Option<Answer> {
        let n = state.n;
        state.kept.value(n).map(|value| Answer { n, value })
    }
}

struct Step<'a, R> {
    kept: &'a mut R,
    failures: &'a mut Failures,
}

impl<R: Reduction> Visitor for Step<'_, R> {
    #[inline(always)]
    fn small(&mut self, value: i64) {
        self.kept.small(value);
    }

    fn big(&mut self, value: IBig) {
        self.kept.big(value);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        self.kept.float(value);
    }

    fn failed(&mut self, place: usize, cause: Failure) {
        self.failures.push((place, cause));
    }
}
