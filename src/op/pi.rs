//! `pi`: the number π by throwing darts, a load to try out a machine with.
//!
//! Each item says how many points to draw in a square; 4 times the share of them inside the circle is π, more
//! or less. A point is two odd 32-bit integers x and y, the middles of the cells of a grid on [0, 2^32)²: then
//! x² + y² is never 2^64 itself, so a point is inside just when the sum does not overflow. No floats, and the
//! same digits on every machine.
//!
//! Each item draws from a stream of its own, made from the seed and the item's seq alone; so the answer is
//! the same for every schedule. The stream is a Weyl sequence with an odd increment of its own (Steele, Lea,
//! Flood, "Fast splittable pseudorandom number generators", 2014), each of its words scrambled by folding
//! the 128 bits of one product (Wang Yi, wyhash). A word does not wait for the one before it, which is what
//! makes this faster than xoshiro256++.

use std::sync::Arc;

use super::number::{self, Number};
use super::{Blanks, Example, Fold, Kind, Operation, Param, Words, Work, text};
use crate::base::failure::{Failure, Failures};
use crate::base::item::Chunk;
use crate::base::result::{Answer, Value};

/// The operation.
pub(super) static PI: Operation = Operation {
    name: "pi",
    summary: "estimates pi with as many random points as each item says",
    about: "Each item is a number of random points. Prints the estimate of pi from all of them, its standard error, \
            and how many points there were. Each item has a stream of random numbers of its own, made from --seed \
            and the item's number: the digits do not depend on --jobs or --chunk.",
    examples: &[
        Example {
            command: "parjob pi 1000000 1000000",
            output: "pi\t3.142638\nse\t0.0011606847980731032\nsamples\t2000000\n",
        },
        Example { command: "parjob pi --seed 7 1e6 | head -n 1", output: "pi\t3.139804\n" },
    ],
    params: &[Param::option("seed", "N", Some("0"), "What the random numbers start from")],
    blanks: Blanks::Trimmed,
    kind: Kind::InProcess {
        words: |_| Words::Values,
        prepare: |params, _| Ok(Work::Fold(Arc::new(Pi { seed: params.number("seed")? }))),
    },
};

struct Pi {
    seed: u64,
}

#[derive(Default)]
struct Points {
    items: u64,
    inside: u128,
    all: u128,
}

impl Fold for Pi {
    type State = Points;

    fn zero(&self) -> Points {
        Points::default()
    }

    fn step(&self, state: &mut Points, chunk: &Chunk<'_>, failures: &mut Failures) {
        for (place, item) in chunk.items().enumerate() {
            match samples(item) {
                Ok(samples) => {
                    let seq = chunk.first.plus(place as u64);
                    state.items += 1;
                    state.inside += u128::from(Stream::new(self.seed, seq.0).inside(samples));
                    state.all += u128::from(samples);
                }
                Err(cause) => failures.push((place, cause)),
            }
        }
    }

    fn merge(&self, into: &mut Points, from: &mut Points) {
        let from = std::mem::take(from);
        into.items += from.items;
        into.inside += from.inside;
        into.all += from.all;
    }

    fn finish(&self, state: Points) -> Option<Answer> {
        // Of no points there is no share, however many items asked for none.
        if state.all == 0 {
            return None;
        }
        let all = state.all as f64;
        let share = state.inside as f64 / all;
        let error = 4.0 * (share * (1.0 - share) / all).sqrt();
        let rows =
            vec![("pi", text::float(4.0 * share)), ("se", text::float(error)), ("samples", state.all.to_string())];
        Some(Answer { n: state.items, value: Value::Table(rows) })
    }
}

const NOT_A_COUNT: Failure = Failure::constant("is not a whole number of samples");

/// The number of samples that the item asks for: a whole number, written as an integer or as 1e9.
fn samples(item: &[u8]) -> Result<u64, Failure> {
    let count = match number::parse(item, usize::MAX).map_err(|_| NOT_A_COUNT)? {
        Number::Small(count) => u64::try_from(count).ok(),
        Number::Big(count) => u64::try_from(&count).ok(),
        // Below 2^64 this is exact.
        Number::Float(count) => {
            (count >= 0.0 && count < 2_f64.powi(64) && count.fract() == 0.0).then_some(count as u64)
        }
    };
    count.ok_or(NOT_A_COUNT)
}

/// The random numbers of one item.
struct Stream {
    state: u64,
    step: u64,
}

impl Stream {
    fn new(seed: u64, seq: u64) -> Stream {
        let mut words = SplitMix(seed);
        words.0 = words.next() ^ seq;
        let state = words.next();
        Stream { state, step: words.next() | 1 }
    }

    /// How many of so many points are inside the circle.
    fn inside(&mut self, points: u64) -> u64 {
        (0..points).map(|_| u64::from(self.point())).sum()
    }

    #[inline(always)]
    fn point(&mut self) -> bool {
        self.state = self.state.wrapping_add(self.step);
        let product = u128::from(self.state) * u128::from(self.state ^ 0xe703_7ed1_a0b4_28db);
        let word = (product >> 64) as u64 ^ product as u64;
        let x = word & 0xffff_ffff | 1;
        let y = word >> 32 | 1;
        !(x * x).overflowing_add(y * y).1
    }
}

/// A generator for seeds: every word of 64 bits occurs once (Steele, Lea, Flood, 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fold, fold_cut, work, work_with};
    use super::*;

    #[test]
    fn what_is_a_number_of_samples() {
        assert_eq!(samples(b" 1000 "), Ok(1000));
        assert_eq!(samples(b"1e3"), Ok(1000));
        assert_eq!(samples(b"0"), Ok(0));
        assert_eq!(samples(b"18446744073709551615"), Ok(u64::MAX));
        for item in ["", "-1", "1.5", "x", "nan", "inf", "18446744073709551616", "2e19"] {
            assert_eq!(samples(item.as_bytes()), Err(NOT_A_COUNT), "{item}");
        }
    }

    #[test]
    fn the_digits_do_not_depend_on_the_schedule_but_on_the_seed() {
        let items = ["1000", "10", "x", "2000", "0", "3"];
        let whole = fold_cut(&work("pi"), &items, &[]);
        assert_eq!(whole.as_ref().map(|answer| answer.n), Some(5));
        for cuts in [vec![1, 2, 3, 4, 5], vec![3], vec![5, 1]] {
            assert_eq!(fold_cut(&work("pi"), &items, &cuts), whole);
        }
        assert_ne!(fold_cut(&work_with("pi", &[("seed", "1")]), &items, &[]), whole);
        assert_eq!(fold("pi", &["x"]), None);
    }

    #[test]
    fn no_points_give_no_answer() {
        assert_eq!(fold("pi", &["0"]), None);
        assert_eq!(fold("pi", &["0", "0e5"]), None);
        assert_eq!(fold_cut(&work("pi"), &["0", "1"], &[]).map(|answer| answer.n), Some(2));
    }

    #[test]
    fn streams_are_fair() {
        // The share inside, over many short streams, is π/4 with the variance of independent points.
        let (streams, points) = (2_000_u64, 1_000);
        let quarter = std::f64::consts::FRAC_PI_4;
        let deviation = (points as f64 * quarter * (1.0 - quarter)).sqrt();
        let scores: Vec<f64> = (1..=streams)
            .map(|seq| (Stream::new(0, seq).inside(points) as f64 - points as f64 * quarter) / deviation)
            .collect();
        let mean = scores.iter().sum::<f64>() / streams as f64;
        let variance = scores.iter().map(|score| score * score).sum::<f64>() / streams as f64;
        assert!(mean.abs() < 4.0 / (streams as f64).sqrt(), "{mean}");
        assert!((variance - 1.0).abs() < 4.0 * (2.0 / streams as f64).sqrt(), "{variance}");
    }
}
