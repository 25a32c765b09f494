//! How many numbers of each size there were: quantiles of at most 1 % relative error in bounded memory.
//!
//! A number is counted by its sign, the exponent of its leading bit, and the seven bits after that: 128 bins
//! between a power of two and the next, each at most 1/128 wide, so that its middle is never more than 0.4 %
//! from what is in it. The bins are fixed, as in HdrHistogram (Tene) and DDSketch (Masson, Rim, Lee, 2019)
//! without its collapsing; so counts of two sketches add up, and the outcome is the same for every schedule.
//! Integers below 256 have a bin each.
//!
//! Bins of one power of two make a page of 1 KiB, there once a number falls into it. Integers beyond the range
//! of f64 go to a map.

use std::collections::BTreeMap;

use dashu_int::ops::{BitTest, UnsignedAbs};
use dashu_int::{IBig, Sign, UBig};

use super::dyadic::{Dyadic, parts};
use super::number::Number;

/// Counts of numbers by bin. There is no nan among them.
#[derive(Debug)]
pub(super) struct Sketch {
    /// For each page of bins, 1 + its place in `pages`, or 0.
    table: Box<[u16; 2 * RANGE]>,
    pages: Vec<[u64; PER_PAGE]>,
    far: BTreeMap<i64, u64>,
    minus_infinities: u64,
    plus_infinities: u64,
}

/// Bits after the leading one that tell bins apart.
const BITS: u32 = 7;
const PER_PAGE: usize = 1 << BITS;
/// What is added to exponents, so that those of all f64s are above zero, and 0 is free for the number zero.
const OFFSET: i64 = 1075;
/// Pages of each sign in the table: enough for the f64s.
const RANGE: usize = 2100;

impl Default for Sketch {
    fn default() -> Sketch {
        let (table, pages, far) = (Box::new([0; 2 * RANGE]), Vec::new(), BTreeMap::new());
        Sketch { table, pages, far, minus_infinities: 0, plus_infinities: 0 }
    }
}

impl Sketch {
    /// Counts an integer of a machine word. It may count as the float next to it, which is close enough.
    #[inline]
    pub(super) fn small(&mut self, value: i64) {
        self.count(float_key(value as f64), 1);
    }

    #[inline]
    pub(super) fn float(&mut self, value: f64) {
        if value.is_finite() {
            self.count(float_key(value), 1);
        } else if value > 0.0 {
            self.plus_infinities += 1;
        } else {
            self.minus_infinities += 1;
        }
    }

    pub(super) fn big(&mut self, value: &IBig) {
        self.count(big_key(value), 1);
    }

    #[inline]
    fn count(&mut self, key: i64, times: u64) {
        let page = (key >> BITS).wrapping_add(RANGE as i64);
        match usize::try_from(page).ok().and_then(|page| self.table.get_mut(page)) {
            Some(slot) => {
                if *slot == 0 {
                    self.pages.push([0; PER_PAGE]);
                    *slot = self.pages.len() as u16;
                }
                if let Some(bins) = self.pages.get_mut(usize::from(*slot - 1)) {
                    bins[key as usize % PER_PAGE] += times;
                }
            }
            None => *self.far.entry(key).or_default() += times,
        }
    }

    /// Adds `from` and leaves it empty, its memory kept.
    pub(super) fn merge(&mut self, from: &mut Sketch) {
        for (page, slot) in from.table.iter().enumerate().filter(|(_, slot)| **slot != 0) {
            let Some(bins) = from.pages.get_mut(usize::from(*slot - 1)) else {
                continue;
            };
            let first = (page as i64 - RANGE as i64) << BITS;
            for (key, bin) in (first..).zip(bins).filter(|(_, bin)| **bin != 0) {
                self.count(key, std::mem::take(bin));
            }
        }
        for (key, times) in std::mem::take(&mut from.far) {
            self.count(key, times);
        }
        self.minus_infinities += std::mem::take(&mut from.minus_infinities);
        self.plus_infinities += std::mem::take(&mut from.plus_infinities);
    }

    /// About the number of this rank, from 1, in ascending order; an integer if `integers`.
    pub(super) fn at_rank(&self, rank: u64, integers: bool) -> Number {
        let mut seen = self.minus_infinities;
        if rank <= seen {
            return Number::Float(f64::NEG_INFINITY);
        }
        let below = self.far.range(..0).map(|(key, times)| (*key, *times));
        let above = self.far.range(0..).map(|(key, times)| (*key, *times));
        for (key, times) in below.chain(self.bins()).chain(above) {
            seen += times;
            if rank <= seen {
                return middle(key, integers);
            }
        }
        Number::Float(f64::INFINITY)
    }

    /// The bins of the table in ascending order.
    fn bins(&self) -> impl Iterator<Item = (i64, u64)> {
        let pages = self.table.iter().enumerate().filter(|(_, slot)| **slot != 0);
        pages.flat_map(|(page, slot)| {
            let first = (page as i64 - RANGE as i64) << BITS;
            let bins = self.pages.get(usize::from(*slot - 1)).into_iter().flatten();
            (first..).zip(bins.copied())
        })
    }
}

/// The bin of a finite float, in the order of numbers: 0 for zero, negative for negative numbers.
#[inline]
fn float_key(value: f64) -> i64 {
    let (negative, mantissa, exponent) = parts(value);
    // Seven bits after the leading one; a number below the normal ones has its leading one further down.
    let lead = 63 - i64::from((mantissa | 1).leading_zeros());
    let fraction = if lead == 52 { mantissa >> (52 - BITS) } else { mantissa << (52 - lead) >> (52 - BITS) };
    let exponent = i64::from(exponent) - 1023 - (52 - lead);
    let key = (exponent + OFFSET) << BITS | (fraction as i64 & (PER_PAGE as i64 - 1));
    let key = if mantissa == 0 { 0 } else { key };
    if negative { -key } else { key }
}

/// The bin of an integer.
fn big_key(value: &IBig) -> i64 {
    let magnitude = value.unsigned_abs();
    let len = magnitude.bit_len();
    // The leading one and seven more bits; for the integer zero nothing at all.
    let top = (magnitude << (BITS as usize + 1)) >> len;
    let Ok(top) = i64::try_from(&top) else { return 0 };
    if top == 0 {
        return 0;
    }
    let key = (len as i64 - 1 + OFFSET) << BITS | (top & (PER_PAGE as i64 - 1));
    if value.sign() == Sign::Negative { -key } else { key }
}

/// The middle of a bin.
fn middle(key: i64, integer: bool) -> Number {
    let magnitude = key.abs();
    if magnitude == 0 {
        return if integer { Number::Small(0) } else { Number::Float(0.0) };
    }
    let exponent = (magnitude >> BITS) - OFFSET;
    let first = magnitude & (PER_PAGE as i64 - 1) | PER_PAGE as i64;
    // The bin is [first, first + 1) · 2^(exponent - BITS); its middle has one bit more.
    let unit = (exponent - i64::from(BITS) - 1) as isize;
    let mantissa = IBig::from(2 * first + 1) * IBig::from(key.signum());
    // Beyond the range of f64 only integers have been.
    if !integer && exponent < 1024 {
        return Number::Float(Dyadic { mantissa, exponent: unit }.to_f64());
    }
    let integer = if unit >= 0 { mantissa << unit.unsigned_abs() } else { truncate(mantissa, unit.unsigned_abs()) };
    i64::try_from(&integer).map_or(Number::Big(integer), Number::Small)
}

/// Without the last bits, towards zero.
fn truncate(value: IBig, bits: usize) -> IBig {
    let (sign, magnitude): (Sign, UBig) = value.into_parts();
    IBig::from_parts(sign, magnitude >> bits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn only(count: impl FnOnce(&mut Sketch), integers: bool) -> Number {
        let mut sketch = Sketch::default();
        count(&mut sketch);
        sketch.at_rank(1, integers)
    }

    #[test]
    fn small_integers_have_a_bin_each() {
        for value in -255..256 {
            assert_eq!(only(|sketch| sketch.small(value), true), Number::Small(value));
        }
    }

    #[test]
    fn merging_adds_and_leaves_nothing() {
        let (mut all, mut part) = (Sketch::default(), Sketch::default());
        for value in 0..200 {
            part.small(value);
            part.float(-f64::from(value as i32) / 7.0);
            part.big(&(IBig::ONE << (1100 + value as usize)));
            part.float(f64::INFINITY);
            all.merge(&mut part);
        }
        assert_eq!(part.bins().map(|(_, times)| times).sum::<u64>() + part.far.len() as u64 + part.plus_infinities, 0);
        let counted: u64 = all.bins().map(|(_, times)| times).sum::<u64>() + all.far.values().sum::<u64>();
        assert_eq!((counted, all.plus_infinities), (600, 200));
        assert_eq!(all.at_rank(800, false), Number::Float(f64::INFINITY));
        assert!(matches!(all.at_rank(600, false), Number::Big(_)));
    }

    #[test]
    fn ranks_ascend() {
        let mut sketch = Sketch::default();
        for exponent in 0..400 {
            sketch.big(&(IBig::ONE << (exponent * 5)));
            sketch.big(&(-IBig::ONE << (exponent * 5)));
        }
        let ranks: Vec<Number> = (1..=800).map(|rank| sketch.at_rank(rank, true)).collect();
        assert!(ranks.is_sorted_by(|a, b| super::super::order::compare(a, b).is_lt()));
    }

    proptest! {
        #[test]
        fn floats_are_within_half_a_percent(value in any::<f64>().prop_filter("finite", |x| x.is_finite())) {
            match only(|sketch| sketch.float(value), false) {
                // Among the very smallest numbers the next one is further away than that.
                Number::Float(near) => prop_assert!((near - value).abs() <= value.abs() / 200.0 + 5e-324, "{near}"),
                other => prop_assert!(false, "{other:?}"),
            }
        }

        #[test]
        fn integers_are_within_half_a_percent(value in any::<i128>(), lift in 0_usize..2000, drop in 0..128) {
            let value = IBig::from(value >> drop) << lift;
            let near = match only(|sketch| sketch.big(&value), true) {
                Number::Small(near) => IBig::from(near),
                Number::Big(near) => near,
                Number::Float(_) => return Err(TestCaseError::fail("an integer makes an integer")),
            };
            let error = (&near - &value).unsigned_abs() * UBig::from(200_u8);
            prop_assert!(error <= value.unsigned_abs());
        }

        #[test]
        fn machine_integers_are_within_half_a_percent(value in any::<i64>()) {
            match only(|sketch| sketch.small(value), true) {
                Number::Small(near) => prop_assert!((near - value).unsigned_abs() <= value.unsigned_abs() / 200 + 1),
                Number::Big(near) => prop_assert!((near - value).unsigned_abs() <= UBig::from(value.unsigned_abs() / 200)),
                Number::Float(_) => prop_assert!(false),
            }
        }
    }
}
