//! Operations that give each number a number: `square`, `double`. They differ in a [`Formula`] only.

use std::marker::PhantomData;
use std::sync::Arc;

use anyhow::Result;
use dashu_int::IBig;

use super::lines::Lines;
use super::scan::{Visitor, scan};
use super::{Map, Params, Setting, Work, number};
use crate::base::failure::Failure;
use crate::base::item::Chunk;
use crate::base::result::Results;

/// What becomes of a number: integers exactly, floats as the machine computes them, each step rounded.
pub(super) trait Formula: Send + Sync + 'static {
    /// Of a machine integer: whether it is negative, and its magnitude; `None` where that has more than 128 bits.
    fn small(value: i64) -> Option<(bool, u128)>;
    /// Of a longer integer, and of those that [`Formula::small`] leaves.
    fn big(value: IBig) -> IBig;
    /// Of a float.
    fn float(value: f64) -> f64;
}

/// Prepares the map that applies a formula to each item.
pub(super) fn prepare<F: Formula>(params: &Params, _: &Setting) -> Result<Work> {
    let max_digits = number::max_digits(params)?;
    Ok(Work::Map(Arc::new(Each { max_digits, formula: PhantomData::<F> })))
}

struct Each<F> {
    max_digits: usize,
    formula: PhantomData<F>,
}

impl<F: Formula> Map for Each<F> {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        let mut applied = Applied { lines: Lines::new(results, chunk.count), formula: PhantomData::<F> };
        scan(chunk, self.max_digits, &mut applied);
    }
}

struct Applied<'a, F> {
    lines: Lines<'a>,
    formula: PhantomData<F>,
}

impl<F: Formula> Visitor for Applied<'_, F> {
    #[inline(always)]
    fn small(&mut self, value: i64) {
        match F::small(value) {
            Some((negative, magnitude)) => self.lines.integer(negative, magnitude),
            None => self.big(IBig::from(value)),
        }
    }

    fn big(&mut self, value: IBig) {
        self.lines.big(&F::big(value));
    }

    fn float(&mut self, value: f64) {
        self.lines.float(F::float(value));
    }

    fn failed(&mut self, _place: usize, cause: Failure) {
        self.lines.fail(cause);
    }
}
