//! Which of two numbers is less, exactly, and the least and greatest of many.
//!
//! Integers and floats are compared as the numbers that they are, not as floats: 2^53 + 1 is greater than
//! 9007199254740992.0. Among equal numbers the order is fixed, so that no answer depends on which was read
//! first: the integer comes before the float, and -0.0 before 0.0.

use std::cmp::Ordering;

use dashu_int::{IBig, Sign};

use super::dyadic::Dyadic;
use super::number::Number;
use super::reduce::Reduction;
use super::text;
use crate::base::result::Value;

/// The total order of numbers that are not nan.
pub(super) fn compare(a: &Number, b: &Number) -> Ordering {
    let float = |number| matches!(number, &Number::Float(_));
    by_value(a, b).then_with(|| float(a).cmp(&float(b)))
}

/// As [`compare`], but an integer is equal to the float of its value.
fn by_value(a: &Number, b: &Number) -> Ordering {
    match (a, b) {
        (Number::Small(a), Number::Small(b)) => a.cmp(b),
        (Number::Float(a), Number::Float(b)) => a.total_cmp(b),
        (Number::Big(a), Number::Big(b)) => a.cmp(b),
        (Number::Small(a), Number::Big(b)) => IBig::from(*a).cmp(b),
        (Number::Big(a), Number::Small(b)) => a.cmp(&IBig::from(*b)),
        (Number::Small(a), Number::Float(b)) => integer_to_float(&IBig::from(*a), *b),
        (Number::Big(a), Number::Float(b)) => integer_to_float(a, *b),
        (Number::Float(_), _) => by_value(b, a).reverse(),
    }
}

fn integer_to_float(integer: &IBig, float: f64) -> Ordering {
    if float.is_infinite() {
        return 0.0_f64.total_cmp(&float);
    }
    let difference = Dyadic::integer(integer.clone()).minus(Dyadic::float(float)).mantissa;
    match difference.sign() {
        _ if difference.is_zero() => Ordering::Equal,
        Sign::Negative => Ordering::Less,
        Sign::Positive => Ordering::Greater,
    }
}

/// The least and the greatest number so far, of each kind by itself: comparing across kinds waits for the end.
#[derive(Debug)]
pub(super) struct Extremes {
    small: (i64, i64),
    /// Least and greatest in the total order of floats, nan left out.
    float: (f64, f64),
    big: Option<Box<(IBig, IBig)>>,
    any_small: bool,
    any_float: bool,
    nan: bool,
}

impl Default for Extremes {
    fn default() -> Extremes {
        Extremes {
            small: (i64::MAX, i64::MIN),
            float: (f64::INFINITY, f64::NEG_INFINITY),
            big: None,
            any_small: false,
            any_float: false,
            nan: false,
        }
    }
}

impl Extremes {
    #[inline(always)]
    pub(super) fn small(&mut self, value: i64) {
        self.any_small = true;
        self.small = (self.small.0.min(value), self.small.1.max(value));
    }

    #[inline]
    pub(super) fn float(&mut self, value: f64) {
        if value.is_nan() {
            self.nan = true;
            return;
        }
        self.any_float = true;
        let (least, greatest) = self.float;
        self.float = (
            if value.total_cmp(&least).is_lt() { value } else { least },
            if value.total_cmp(&greatest).is_gt() { value } else { greatest },
        );
    }

    pub(super) fn big(&mut self, value: IBig) {
        match self.big.as_deref_mut() {
            None => self.big = Some(Box::new((value.clone(), value))),
            Some((least, _)) if value < *least => *least = value,
            Some((_, greatest)) if value > *greatest => *greatest = value,
            Some(_) => {}
        }
    }

    /// Adds `from` and leaves it as it was before any number.
    pub(super) fn merge(&mut self, from: &mut Extremes) {
        let from = std::mem::take(from);
        self.small = (self.small.0.min(from.small.0), self.small.1.max(from.small.1));
        if from.any_float {
            self.float(from.float.0);
            self.float(from.float.1);
        }
        if let Some(big) = from.big {
            self.big(big.0);
            self.big(big.1);
        }
        self.any_small |= from.any_small;
        self.nan |= from.nan;
    }

    /// The least and the greatest; of equal ones the integer. Both are nan if any number was. Nothing if
    /// there was no number.
    pub(super) fn ends(&self) -> Option<(Number, Number)> {
        if self.nan {
            return Some((Number::Float(f64::NAN), Number::Float(f64::NAN)));
        }
        let small = self.any_small.then_some((Number::Small(self.small.0), Number::Small(self.small.1)));
        let big = self.big.as_deref().cloned().map(|(least, greatest)| (Number::Big(least), Number::Big(greatest)));
        let float = self.any_float.then_some((Number::Float(self.float.0), Number::Float(self.float.1)));
        [small, big, float].into_iter().flatten().reduce(|(least, greatest), (low, high)| {
            let less = by_value(&low, &least).is_lt();
            let greater = by_value(&high, &greatest).is_gt();
            (if less { low } else { least }, if greater { high } else { greatest })
        })
    }
}

/// The fold to one end of the numbers: the greatest, or the least.
#[derive(Default)]
pub(super) struct End<const GREATEST: bool>(Extremes);

impl<const GREATEST: bool> Reduction for End<GREATEST> {
    #[inline(always)]
    fn small(&mut self, value: i64) {
        self.0.small(value);
    }

    fn big(&mut self, value: IBig) {
        self.0.big(value);
    }

    #[inline]
    fn float(&mut self, value: f64) {
        self.0.float(value);
    }

    fn merge(&mut self, from: &mut Self) {
        self.0.merge(&mut from.0);
    }

    fn value(self, _: u64) -> Option<Value> {
        let (least, greatest) = self.0.ends()?;
        Some(Value::One(text::number(if GREATEST { &greatest } else { &least })))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{fold, one};
    use super::*;

    #[test]
    fn integers_and_floats_are_compared_exactly() {
        let items = ["9007199254740993", "9007199254740992.0", "9007199254740994.0"];
        assert_eq!(one("min", &items), "9007199254740992.0");
        assert_eq!(one("max", &items), "9007199254740994.0");
        assert_eq!(one("max", &items[..2]), "9007199254740993");
        let huge = format!("1{}", "0".repeat(400));
        assert_eq!(one("max", &[huge.as_str(), "1e308"]), huge);
        assert_eq!(one("max", &[huge.as_str(), "inf"]), "inf");
        assert_eq!(one("min", &[huge.as_str(), "-inf"]), "-inf");
    }

    #[test]
    fn of_equal_numbers_it_does_not_matter_which_was_first() {
        for (items, least, greatest) in [
            (["2", "2.0"], "2", "2"),
            (["0.0", "-0.0"], "-0.0", "0.0"),
            (["0", "-0.0"], "0", "0"),
            (["18446744073709551616", "18446744073709551616.0"], "18446744073709551616", "18446744073709551616"),
        ] {
            for items in [items, [items[1], items[0]]] {
                assert_eq!((one("min", &items), one("max", &items)), (least.to_owned(), greatest.to_owned()));
            }
        }
    }

    #[test]
    fn nan_wins_and_nothing_is_nothing() {
        assert_eq!(one("min", &["1", "nan", "-inf"]), "nan");
        assert_eq!(one("max", &["nan"]), "nan");
        assert_eq!(fold("max", &["x"]), None);
    }

    fn number() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i64>().prop_map(Number::Small),
            (-3_i64..3).prop_map(Number::Small),
            (-3_i8..3).prop_map(|n| Number::Float(f64::from(n))),
            any::<i64>().prop_map(|n| Number::Float(n as f64)),
            (any::<i64>(), 1_usize..1100).prop_map(|(n, lift)| Number::Big(IBig::from(n.max(1)) << (lift + 63))),
            any::<f64>().prop_filter("a number", |x| !x.is_nan()).prop_map(Number::Float),
            Just(Number::Float(-0.0)),
        ]
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in number(), b in number(), c in number()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &a), Ordering::Equal);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le());
            }
        }
    }
}
