//! Sums without rounding: of f64s and of integers of any size, and of their squares.
//!
//! A float's mantissa is added to a bin chosen by its exponent (Neal, "Fast exact summation using small and
//! large superaccumulators", arXiv:1505.05571; Demmel and Hida, 2004). A bin is 128 bits wide and takes
//! eight neighbouring exponents, so that a shifted mantissa has 60 bits and 2^67 of them fit: no bin ever
//! overflows, nothing has to be carried, and the bins of two sums are added one by one. So the sum is the
//! same for every order. Machine integers go to one 128-bit word, which takes 2^64 of them, and longer ones
//! to a big integer. Only the end brings all of this together, and rounds once.
//!
//! A square has 106 bits, too many for a bin: its halves of 64 bits go to bins of their own.

use dashu_int::{IBig, UBig};

use super::dyadic::{Dyadic, parts};

/// Exponents of an f64 are 0 to 2047; eight to a bin.
const BINS: usize = 256;
/// The bits of the exponent that choose the place within a bin.
const PER_BIN: u32 = 8;
/// The power of two that a one in the first bin stands for.
const FIRST_BIN: isize = -1075;

/// The sum of numbers, exact.
#[derive(Debug)]
pub(super) struct Sum {
    small: i128,
    big: IBig,
    bins: Box<[i128; BINS]>,
    floats: bool,
    special: Special,
}

/// What was read that is not finite.
#[derive(Clone, Copy, Debug, Default)]
struct Special {
    nan: bool,
    plus: bool,
    minus: bool,
}

/// What a sum comes to.
#[derive(Debug)]
pub(super) enum Total {
    /// Only integers were added.
    Integer(IBig),
    /// A float was among them; the sum is finite.
    Float(Dyadic),
    /// An infinity or a nan was among them.
    Special(f64),
}

impl Default for Sum {
    fn default() -> Sum {
        let bins = Box::new([0; BINS]);
        Sum { small: 0, big: IBig::ZERO, bins, floats: false, special: Special::default() }
    }
}

impl Sum {
    #[inline(always)]
    pub(super) fn small(&mut self, value: i64) {
        self.small += i128::from(value);
    }

    pub(super) fn big(&mut self, value: &IBig) {
        self.big += value;
    }

    #[inline]
    pub(super) fn float(&mut self, value: f64) {
        self.floats = true;
        if !value.is_finite() {
            return self.special.add(value);
        }
        let (negative, mantissa, exponent) = parts(value);
        let shifted = (mantissa << (exponent % PER_BIN)).cast_signed();
        let signed = if negative { -shifted } else { shifted };
        self.bins[(exponent / PER_BIN) as usize % BINS] += i128::from(signed);
    }

    /// Adds `from` and leaves it at zero.
    pub(super) fn merge(&mut self, from: &mut Sum) {
        self.small += std::mem::take(&mut from.small);
        if !from.big.is_zero() {
            self.big += std::mem::take(&mut from.big);
        }
        if std::mem::take(&mut from.floats) {
            self.floats = true;
            add_and_clear(&mut self.bins, &mut from.bins);
            self.special.merge(std::mem::take(&mut from.special));
        }
    }

    pub(super) fn total(&self) -> Total {
        let integers = &self.big + IBig::from(self.small);
        if let Some(value) = self.special.value() {
            Total::Special(value)
        } else if self.floats {
            let floats = unite(&self.bins, FIRST_BIN, PER_BIN);
            Total::Float(floats.plus(Dyadic::integer(integers)))
        } else {
            Total::Integer(integers)
        }
    }
}

impl Special {
    #[cold]
    fn add(&mut self, value: f64) {
        self.nan |= value.is_nan();
        self.plus |= value == f64::INFINITY;
        self.minus |= value == f64::NEG_INFINITY;
    }

    fn merge(&mut self, from: Special) {
        self.nan |= from.nan;
        self.plus |= from.plus;
        self.minus |= from.minus;
    }

    /// What any sum with these among its terms is, if there are any.
    fn value(self) -> Option<f64> {
        match self {
            Special { nan: true, .. } | Special { plus: true, minus: true, .. } => Some(f64::NAN),
            Special { plus: true, .. } => Some(f64::INFINITY),
            Special { minus: true, .. } => Some(f64::NEG_INFINITY),
            _ => None,
        }
    }
}

/// The sum of the squares of finite numbers, exact.
#[derive(Debug)]
pub(super) struct Squares {
    /// Lower and upper halves of the squares of machine integers.
    small: [u128; 2],
    big: UBig,
    low: Box<[u128; BINS]>,
    high: Box<[u128; BINS]>,
    floats: bool,
}

impl Default for Squares {
    fn default() -> Squares {
        let bins = || Box::new([0; BINS]);
        Squares { small: [0; 2], big: UBig::ZERO, low: bins(), high: bins(), floats: false }
    }
}

impl Squares {
    #[inline(always)]
    pub(super) fn small(&mut self, value: i64) {
        let value = u128::from(value.unsigned_abs());
        let [low, high] = halves(value * value);
        self.small[0] += low;
        self.small[1] += high;
    }

    pub(super) fn big(&mut self, value: &IBig) {
        self.big += value.sqr();
    }

    /// Adds the square of a finite float.
    #[inline]
    pub(super) fn float(&mut self, value: f64) {
        self.floats = true;
        let (_, mantissa, exponent) = parts(value);
        let mantissa = u128::from(mantissa) << (exponent % PER_BIN);
        let [low, high] = halves(mantissa * mantissa);
        let bin = (exponent / PER_BIN) as usize % BINS;
        self.low[bin] += low;
        self.high[bin] += high;
    }

    /// Adds `from` and leaves it at zero.
    pub(super) fn merge(&mut self, from: &mut Squares) {
        for (into, from) in self.small.iter_mut().zip(&mut from.small) {
            *into += std::mem::take(from);
        }
        if !from.big.is_zero() {
            self.big += std::mem::take(&mut from.big);
        }
        if std::mem::take(&mut from.floats) {
            self.floats = true;
            add_and_clear(&mut self.low, &mut from.low);
            add_and_clear(&mut self.high, &mut from.high);
        }
    }

    pub(super) fn total(&self) -> Dyadic {
        let [low, high] = self.small.map(IBig::from);
        let integers = IBig::from(self.big.clone()) + low + (high << 64);
        let bins = |bins, lift| unite(bins, 2 * FIRST_BIN + lift, 2 * PER_BIN);
        Dyadic::integer(integers).plus(bins(&self.low, 0)).plus(bins(&self.high, 64))
    }
}

fn halves(value: u128) -> [u128; 2] {
    [value & u128::from(u64::MAX), value >> 64]
}

fn add_and_clear<T: Copy + Default + std::ops::AddAssign>(into: &mut [T; BINS], from: &mut [T; BINS]) {
    for (into, from) in into.iter_mut().zip(from) {
        *into += std::mem::take(from);
    }
}

/// The sum of all bins: the first has this exponent, the others follow in steps.
fn unite<T: Copy + Default + PartialEq>(bins: &[T; BINS], exponent: isize, step: u32) -> Dyadic
where
    IBig: From<T>,
{
    let used = |bin: &&T| **bin != T::default();
    let first = bins.iter().position(|bin| used(&bin)).unwrap_or(0);
    let mantissa = bins
        .iter()
        .enumerate()
        .filter(|(_, bin)| used(bin))
        .fold(IBig::ZERO, |sum, (at, bin)| sum + (IBig::from(*bin) << ((at - first) * step as usize)));
    Dyadic { mantissa, exponent: exponent + (first * step as usize).cast_signed() }
}

#[cfg(test)]
#[expect(clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The exact sum by plain big-number addition.
    fn slow_sum(values: &[f64], integers: &[i64]) -> Dyadic {
        let floats = values.iter().map(|value| Dyadic::float(*value));
        let integers = integers.iter().map(|value| Dyadic::integer(IBig::from(*value)));
        floats.chain(integers).fold(Dyadic::integer(IBig::ZERO), Dyadic::plus)
    }

    fn equal(a: &Dyadic, b: &Dyadic) -> bool {
        a.clone().minus(b.clone()).mantissa.is_zero()
    }

    fn finite() -> impl Strategy<Value = f64> {
        any::<f64>().prop_filter("finite", |value| value.is_finite())
    }

    #[test]
    fn nothing_cancels_wrongly() {
        let mut sum = Sum::default();
        [1e308, 1e308, -1e308, -1e308, 5e-324].into_iter().for_each(|value| sum.float(value));
        assert!(matches!(sum.total(), Total::Float(sum) if sum.to_f64() == 5e-324));
    }

    #[test]
    fn infinities_and_nans_win() {
        let total = |values: &[f64]| {
            let mut sum = Sum::default();
            values.iter().for_each(|value| sum.float(*value));
            match sum.total() {
                Total::Special(value) => value,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(total(&[1.0, f64::INFINITY]), f64::INFINITY);
        assert_eq!(total(&[f64::NEG_INFINITY, 1.0]), f64::NEG_INFINITY);
        assert!(total(&[f64::NEG_INFINITY, f64::INFINITY]).is_nan());
        assert!(total(&[f64::NEG_INFINITY, f64::NAN]).is_nan());
    }

    proptest! {
        #[test]
        fn sums_and_squares_are_exact(
            values in prop::collection::vec(finite(), 0..60),
            integers in prop::collection::vec(any::<i64>(), 0..60),
            cut in 0_usize..60,
        ) {
            // Two halves, merged: the scratch is used again to see that it was left at zero.
            let (mut sum, mut squares) = (Sum::default(), Squares::default());
            let (mut part, mut part_squares) = (Sum::default(), Squares::default());
            let halves = [(true, cut), (false, cut)];
            for (first, cut) in halves {
                let chosen = |at: usize| (at < cut) == first;
                for value in values.iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, value)| *value) {
                    part.float(value);
                    part_squares.float(value);
                }
                for value in integers.iter().enumerate().filter(|(at, _)| chosen(*at)).map(|(_, value)| *value) {
                    part.small(value);
                    part_squares.small(value);
                }
                sum.merge(&mut part);
                squares.merge(&mut part_squares);
            }
            let expected = slow_sum(&values, &integers);
            match sum.total() {
                Total::Float(total) => prop_assert!(equal(&total, &expected)),
                Total::Integer(total) => prop_assert!(values.is_empty() && equal(&Dyadic::integer(total), &expected)),
                Total::Special(_) => prop_assert!(false),
            }
            let square = |x: Dyadic| x.squared();
            let expected = values.iter().map(|value| square(Dyadic::float(*value)))
                .chain(integers.iter().map(|value| square(Dyadic::integer(IBig::from(*value)))))
                .fold(Dyadic::integer(IBig::ZERO), Dyadic::plus);
            prop_assert!(equal(&squares.total(), &expected));
        }
    }
}
