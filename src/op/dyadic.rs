//! Exact arithmetic on `mantissa · 2^exponent`, and the one rounding at its end.
//!
//! Every f64 and every integer is such a number, and so are their sums and products. A quotient or a square
//! root is not: it is cut after more bits than an f64 holds, with a note of whether anything was cut off
//! (the sticky bit), which is all that rounding to nearest, ties to even, needs to know. So `mean` and `sd`
//! are rounded once from the exact rational, as Python's `statistics` does it (`_float_sqrt_of_frac`,
//! CPython 3.11).
//!
//! Slow and simple: it runs once at the end of a fold, never per item.

use dashu_int::ops::{BitTest, DivRem, SquareRootRem, UnsignedAbs};
use dashu_int::{IBig, Sign, UBig};

/// An exact number.
#[derive(Clone, Debug)]
pub(super) struct Dyadic {
    pub(super) mantissa: IBig,
    pub(super) exponent: isize,
}

/// Bits of a quotient or a root that are kept: an f64's 53, one to round by, and some to spare.
const KEPT_BITS: usize = 64;

impl Dyadic {
    pub(super) fn integer(mantissa: IBig) -> Dyadic {
        Dyadic { mantissa, exponent: 0 }
    }

    /// The exact value of a finite f64.
    pub(super) fn float(value: f64) -> Dyadic {
        let (negative, mantissa, exponent) = parts(value);
        let mantissa = IBig::from(mantissa);
        Dyadic { mantissa: if negative { -mantissa } else { mantissa }, exponent: exponent as isize - 1075 }
    }

    pub(super) fn plus(self, other: Dyadic) -> Dyadic {
        let exponent = self.exponent.min(other.exponent);
        let aligned = |x: Dyadic| x.mantissa << x.exponent.abs_diff(exponent);
        Dyadic { mantissa: aligned(self) + aligned(other), exponent }
    }

    pub(super) fn minus(self, other: Dyadic) -> Dyadic {
        self.plus(Dyadic { mantissa: -other.mantissa, ..other })
    }

    pub(super) fn times(self, factor: &IBig) -> Dyadic {
        Dyadic { mantissa: self.mantissa * factor, ..self }
    }

    pub(super) fn squared(&self) -> Dyadic {
        Dyadic { mantissa: &self.mantissa * &self.mantissa, exponent: 2 * self.exponent }
    }

    /// The nearest f64; 0.0 for zero.
    pub(super) fn to_f64(&self) -> f64 {
        round(self.mantissa.sign(), &(&self.mantissa).unsigned_abs(), false, self.exponent)
    }

    /// The f64 nearest to the quotient; `divisor` is not 0.
    pub(super) fn over(&self, divisor: &UBig) -> f64 {
        let (quotient, rest, exponent) = self.divide(divisor, KEPT_BITS, 1);
        round(self.mantissa.sign(), &quotient, !rest.is_zero(), exponent)
    }

    /// The f64 nearest to the square root of the quotient; neither is negative, `divisor` is not 0.
    pub(super) fn root_over(&self, divisor: &UBig) -> f64 {
        let (quotient, rest, exponent) = self.divide(divisor, 2 * KEPT_BITS, 2);
        let (root, root_rest) = quotient.sqrt_rem();
        round(Sign::Positive, &root, !(rest.is_zero() && root_rest.is_zero()), exponent / 2)
    }

    /// Quotient of at least so many bits, what is left, and the quotient's exponent, a multiple of `step`.
    fn divide(&self, divisor: &UBig, bits: usize, step: isize) -> (UBig, UBig, isize) {
        let dividend = (&self.mantissa).unsigned_abs();
        let missing = (bits + divisor.bit_len()).saturating_sub(dividend.bit_len());
        let shift = missing as isize + (self.exponent - missing as isize).rem_euclid(step);
        let (quotient, rest) = (dividend << shift.unsigned_abs()).div_rem(divisor);
        (quotient, rest, self.exponent - shift)
    }
}

/// Sign, mantissa and biased exponent: the value is `mantissa · 2^(exponent - 1075)`.
#[inline(always)]
pub(super) fn parts(value: f64) -> (bool, u64, u32) {
    let bits = value.to_bits();
    let exponent = (bits >> 52) as u32 & 0x7ff;
    let normal = u64::from(exponent != 0);
    (bits >> 63 != 0, bits & ((1 << 52) - 1) | normal << 52, exponent + u32::from(exponent == 0))
}

/// The f64 nearest to `(mantissa + cut) · 2^exponent`, ties to even, where `cut` is 0, or between 0 and 1 if
/// `sticky` (the mantissa then has more bits than an f64).
fn round(sign: Sign, mantissa: &UBig, sticky: bool, exponent: isize) -> f64 {
    if mantissa.is_zero() {
        return 0.0;
    }
    // The place of the last bit that an f64 of this size has, normal or not.
    let last = (exponent + mantissa.bit_len() as isize - 53).max(-1074);
    let kept = if last <= exponent {
        mantissa << last.abs_diff(exponent)
    } else {
        let dropped = last.abs_diff(exponent);
        let kept = mantissa >> dropped;
        let half = mantissa.bit(dropped - 1);
        let above_half = sticky || mantissa.trailing_zeros() != Some(dropped - 1);
        let up = half && (above_half || kept.bit(0));
        kept + UBig::from(up)
    };
    let magnitude = match u64::try_from(&kept) {
        // The mantissa's leading one, or the carry of the rounding, adds itself to the exponent's field.
        Ok(kept) if last < 972 => (((last + 1074).unsigned_abs() as u64) << 52) + kept,
        _ => f64::INFINITY.to_bits(),
    };
    let magnitude = f64::from_bits(magnitude.min(f64::INFINITY.to_bits()));
    if sign == Sign::Negative { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether `value` is the float nearest to `numerator / denominator`, ties to even: the distance to the
    /// middles between it and its neighbours says so, in whole numbers.
    fn is_nearest(value: f64, numerator: &IBig, denominator: &UBig) -> bool {
        let magnitude = value.abs();
        let middle = |a: f64, b: f64| Dyadic::float(a).plus(Dyadic::float(b));
        let twice = Dyadic::integer(IBig::from((numerator).unsigned_abs()) * IBig::from(2));
        let scaled = |x: Dyadic| x.times(&IBig::from(denominator.clone()));
        let above = scaled(middle(magnitude, magnitude.next_up())).minus(twice.clone()).mantissa;
        let even = magnitude.to_bits().is_multiple_of(2);
        let low_enough = above > IBig::ZERO || above.is_zero() && even;
        let high_enough = magnitude == 0.0 || {
            let below = twice.minus(scaled(middle(magnitude.next_down(), magnitude))).mantissa;
            below > IBig::ZERO || below.is_zero() && even
        };
        low_enough && high_enough && (value < 0.0) == (numerator.sign() == Sign::Negative && value != 0.0)
    }

    #[test]
    fn ties_go_to_even_and_the_range_ends_where_it_should() {
        let integer = |n: i128| Dyadic::integer(IBig::from(n)).to_f64();
        assert_eq!(integer((1 << 53) + 1), 9007199254740992.0);
        assert_eq!(integer((1 << 53) + 3), 9007199254740996.0);
        assert_eq!(integer(-(1 << 53) - 1), -9007199254740992.0);
        let power = |exponent| Dyadic { mantissa: IBig::ONE, exponent };
        assert_eq!(power(-1074).to_f64(), 5e-324);
        assert_eq!(power(-1075).to_f64(), 0.0);
        assert_eq!(power(-1075).plus(power(-1200)).to_f64(), 5e-324);
        assert_eq!(power(1024).minus(power(970)).to_f64(), f64::INFINITY);
        assert_eq!(power(1024).minus(power(970)).minus(power(-1074)).to_f64(), f64::MAX);
        assert_eq!(power(1_000_000).to_f64(), f64::INFINITY);
        assert_eq!(power(-1_000_000).to_f64(), 0.0);
    }

    #[test]
    fn the_largest_subnormal_rounds_up_to_the_least_normal() {
        let tiny = Dyadic::float(f64::MIN_POSITIVE.next_down()).plus(Dyadic { mantissa: IBig::ONE, exponent: -1075 });
        assert_eq!(tiny.to_f64(), f64::MIN_POSITIVE);
    }

    proptest! {
        #[test]
        fn a_float_is_itself(value in any::<f64>().prop_filter("finite", |x| x.is_finite())) {
            prop_assert_eq!(Dyadic::float(value).to_f64(), value);
        }

        #[test]
        fn quotients_are_the_nearest(numerator in any::<i128>(), lift in 0_usize..300, divisor in 1..u64::MAX) {
            let numerator = IBig::from(numerator) << lift;
            let value = Dyadic::integer(numerator.clone()).over(&UBig::from(divisor));
            prop_assert!(is_nearest(value, &numerator, &UBig::from(divisor)));
        }

        #[test]
        fn quotients_of_halfway_cases_are_the_nearest(mantissa in 1_u64 << 52..1 << 53, off in -1_i8..=1, divisor in 1_u32..) {
            let numerator: IBig = (IBig::from(mantissa) * 2 + 1) * IBig::from(divisor) + IBig::from(off);
            let value = Dyadic::integer(numerator.clone()).over(&UBig::from(divisor));
            prop_assert!(is_nearest(value, &numerator, &UBig::from(divisor)));
        }

        #[test]
        fn a_root_is_between_its_neighbours(numerator in any::<u128>(), divisor in 1..u64::MAX) {
            let numerator = IBig::from(numerator);
            let root = Dyadic::integer(numerator.clone()).root_over(&UBig::from(divisor));
            // (root ± half a step)² stand on either side of the quotient.
            let middle = |a: f64, b: f64| Dyadic::float(a).plus(Dyadic::float(b)).squared();
            let target = Dyadic::integer(numerator * 4);
            let scale = |x: Dyadic| x.times(&IBig::from(divisor));
            prop_assert!(scale(middle(root, root.next_up())).minus(target.clone()).mantissa >= IBig::ZERO);
            if root > 0.0 {
                prop_assert!(scale(middle(root.next_down(), root)).minus(target).mantissa <= IBig::ZERO);
            }
        }
    }

    #[test]
    fn roots_of_squares_are_exact() {
        for root in [0.0, 1.0, 3.0, 0.1, 1e150, 1e-150, 5e-324, f64::MAX] {
            assert_eq!(Dyadic::float(root).squared().root_over(&UBig::ONE), root);
            assert_eq!(Dyadic::float(root).squared().times(&IBig::from(7)).root_over(&UBig::from(7_u8)), root);
        }
        assert_eq!(Dyadic::integer(IBig::from(2)).root_over(&UBig::ONE), 2_f64.sqrt());
    }
}
