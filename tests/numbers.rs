//! Numbers against Python: the same digits, whatever the schedule.
//!
//! Python reads a line as an integer if it looks like one and as a float otherwise, prints what it computes
//! with `str`, and adds with integers that no float can overflow or be lost in.

use std::path::{Path, PathBuf};

use crate::harness::{has, parjob, shell};

/// What every oracle begins with: `texts` and `numbers`, and a number as a whole number of the smallest float.
const PRELUDE: &str = "
import re, sys
from fractions import Fraction
from math import isqrt

texts = open(sys.argv[1]).read().split('\\n')[:-1]
whole = re.compile('[+-]?[0-9]+').fullmatch
numbers = [int(text) if whole(text) else float(text) for text in texts]

def scaled(x):
    if isinstance(x, int):
        return x << 1074
    n, d = x.as_integer_ratio()
    return n << (1075 - d.bit_length())
";

/// Squares and doubles, into files.
const MAPS: &str = "
open('squares', 'w').write(''.join(f'{x * x}\\n' for x in numbers))
open('doubles', 'w').write(''.join(f'{x * 2}\\n' for x in numbers))
";

/// What `sum`, `mean` and `stats` print.
const FOLDS: &str = "
def root(fraction):
    'The float nearest to the square root: enough bits, and one that tells whether others follow.'
    n, d = fraction.numerator, fraction.denominator
    shift = max(0, 140 - n.bit_length() + d.bit_length())
    shift += shift % 2
    q, rest = divmod(n << shift, d)
    r = isqrt(q)
    return float(Fraction(2 * r + (rest > 0 or r * r < q), 1 << (shift // 2 + 1)))

n = len(numbers)
exact = [scaled(x) for x in numbers]
total = sum(exact)
mean = float(Fraction(total, n << 1074))
squares = sum(x * x for x in exact)
sd = root(Fraction(n * squares - total * total, n * (n - 1) << 2148))
all_whole = all(isinstance(x, int) for x in numbers)
total = total >> 1074 if all_whole else float(Fraction(total, 1 << 1074))
order = [x for _, x in sorted(zip(exact, numbers), key=lambda pair: pair[0])]
rank = lambda percent: order[-(-n * percent // 100) - 1]
print(total)
print(mean)
for name, value in zip('n sum mean sd min max p50 p90 p99'.split(),
                       [n, total, mean, sd, order[0], order[-1], rank(50), rank(90), rank(99)]):
    print(name, value, sep='\\t')
";

/// The sum and the mean as one would write them down, which takes long.
const FRACTIONS: &str = "
exact = sum(map(Fraction, numbers))
print(float(exact), float(exact / len(numbers)), sep='\\n')
";

/// Every schedule of these tests.
const SCHEDULES: [(&str, &str); 12] = {
    let (jobs, chunks) = (["1", "2", "7"], ["1", "3", "1000", "auto"]);
    let mut all = [("", ""); 12];
    let mut n = 0;
    while n < all.len() {
        all[n] = (jobs[n / 4], chunks[n % 4]);
        n += 1;
    }
    all
};

/// A file of numbers, a line each.
struct Numbers {
    dir: tempfile::TempDir,
}

impl Numbers {
    /// So many numbers, each made by one of these.
    fn of(count: usize, kinds: &[Kind]) -> Numbers {
        let mut random = Random(count as u64);
        let mut text = String::new();
        for _ in 0..count {
            let kind = kinds[random.below(kinds.len() as u64) as usize];
            kind(&mut random, &mut text);
            text.push('\n');
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("numbers"), text).unwrap();
        Numbers { dir }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("numbers")
    }

    /// What Python makes of them. Files that it writes go to their folder.
    fn python(&self, script: &str) -> String {
        let run = shell("cd \"$FOLDER\" && exec python3 -c \"$SCRIPT\" numbers").env("FOLDER", self.dir.path());
        let done = run.env("SCRIPT", format!("{PRELUDE}{script}")).run().is_silent().succeeds();
        String::from_utf8_lossy(done.stdout()).into_owned()
    }

    /// What parjob makes of them, on one schedule.
    fn parjob(&self, operation: &str, (jobs, chunk): (&str, &str)) -> Vec<u8> {
        let test = parjob(&format!("--jobs {jobs} --chunk {chunk} {operation} ::::")).arg(self.path());
        test.run().is_silent().succeeds().stdout().to_vec()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(Path::new(self.dir.path()).join(name)).unwrap()
    }
}

/// Appends the text of a number.
type Kind = fn(&mut Random, &mut String);

const EVERY_KIND: &[Kind] = &[small, small, wide, long, decimal, decimal, exponent, odd];

fn small(random: &mut Random, text: &mut String) {
    *text += &(random.below(20_001) as i64 - 10_000).to_string();
}

fn wide(random: &mut Random, text: &mut String) {
    *text += &(random.next().cast_signed()).to_string();
}

/// Forty digits.
fn long(random: &mut Random, text: &mut String) {
    *text += random.sign();
    *text += &format!("{}{:019}{:019}", 10 + random.below(90), random.digits(19), random.digits(19));
}

fn decimal(random: &mut Random, text: &mut String) {
    let places = 1 + random.below(17) as usize;
    *text += random.sign();
    *text += &format!("{}.{:0places$}", random.below(1_000_000), random.digits(places as u32));
}

fn exponent(random: &mut Random, text: &mut String) {
    *text += random.sign();
    let most = if random.below(20) == 0 { 300 } else { 20 };
    *text += &format!("{}.{}e{}", 1 + random.below(9), random.digits(16), random.below(2 * most) as i64 - most as i64);
}

/// Forms that are seldom seen.
fn odd(random: &mut Random, text: &mut String) {
    let digits = 1 + random.digits(6);
    *text += &match random.below(5) {
        0 => format!("+{digits}"),
        1 => format!("000{digits}"),
        2 => format!(".{digits}"),
        3 => format!("-{digits}."),
        _ => format!("{digits}E+05"),
    };
}

/// A generator of its own, so that the lines are the same for ever (SplitMix64; Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn digits(&mut self, count: u32) -> u64 {
        self.below(10_u64.pow(count))
    }

    fn sign(&mut self) -> &'static str {
        if self.below(2) == 0 { "-" } else { "" }
    }
}

/// Fails with the first line that differs, not with a million of them.
#[track_caller]
fn same(numbers: &Numbers, got: &[u8], expected: &[u8], what: &str) {
    if got == expected {
        return;
    }
    let (items, line) =
        (numbers.file("numbers"), |bytes: &[u8], n| bytes.split(|b| *b == b'\n').nth(n).map(<[u8]>::to_vec));
    let first = (0..).find(|n| line(got, *n) != line(expected, *n)).unwrap();
    let text = |bytes| String::from_utf8_lossy(&line(bytes, first).unwrap_or_default()).into_owned();
    panic!("{what} of item {}, {}: {} instead of {}", first + 1, text(&items), text(got), text(expected));
}

#[test]
fn a_million_squares_and_doubles() {
    if !has("python3") {
        return;
    }
    let numbers = Numbers::of(1_000_000, EVERY_KIND);
    numbers.python(MAPS);
    let (squares, doubles) = (numbers.file("squares"), numbers.file("doubles"));
    for schedule in SCHEDULES {
        same(&numbers, &numbers.parjob("square", schedule), &squares, &format!("the square with {schedule:?}"));
        same(&numbers, &numbers.parjob("double", schedule), &doubles, &format!("the double with {schedule:?}"));
    }
}

/// The answers of `sum`, `mean` and `stats`, in this order.
fn folds(numbers: &Numbers, schedule: (&str, &str)) -> String {
    let answers = ["sum", "mean", "stats"].map(|operation| numbers.parjob(operation, schedule));
    String::from_utf8_lossy(&answers.concat()).into_owned()
}

#[test]
fn the_folds_of_a_million_numbers() {
    if !has("python3") {
        return;
    }
    let numbers = Numbers::of(1_000_000, EVERY_KIND);
    let expected = numbers.python(FOLDS);
    let (exact, quantiles) = expected.split_at(expected.find("p50").unwrap());
    let first = folds(&numbers, SCHEDULES[0]);
    assert_eq!(first[..first.find("p50").unwrap()], *exact);
    for (near, exact) in first.lines().rev().zip(quantiles.lines().rev()) {
        let ((name, near), (same_name, exact)) = (near.split_once('\t').unwrap(), exact.split_once('\t').unwrap());
        let (near, exact): (f64, f64) = (near.parse().unwrap(), exact.parse().unwrap());
        assert_eq!(name, same_name);
        assert!((near - exact).abs() <= exact.abs() / 100.0, "{name}: {near} is not near {exact}");
    }
    for schedule in SCHEDULES {
        assert_eq!(folds(&numbers, schedule), first, "{schedule:?}");
    }
}

#[test]
fn the_folds_of_as_many_numbers_as_are_kept() {
    if !has("python3") {
        return;
    }
    for kinds in [EVERY_KIND, &[small, wide, long], &[decimal, exponent], &[small]] {
        let numbers = Numbers::of(65_536, kinds);
        let expected = numbers.python(FOLDS);
        for schedule in SCHEDULES {
            assert_eq!(folds(&numbers, schedule), expected, "{schedule:?}");
        }
    }
}

#[test]
fn the_sum_and_the_mean_of_fractions() {
    if !has("python3") {
        return;
    }
    for count in [1, 2, 10, 3_000] {
        let numbers = Numbers::of(count, &[decimal, exponent]);
        let expected = numbers.python(FRACTIONS);
        for schedule in SCHEDULES {
            let answers = ["sum", "mean"].map(|operation| numbers.parjob(operation, schedule)).concat();
            assert_eq!(String::from_utf8_lossy(&answers), expected, "{count} numbers, {schedule:?}");
        }
    }
}
