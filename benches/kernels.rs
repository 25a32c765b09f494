//! What an operation takes for each item of a 256 KiB chunk, on one thread, without the run around it.
//!
//! `cargo bench --bench kernels`. Elements are items; for `pi` they are samples.

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parjob::base::failure::Failures;
use parjob::base::item::{Chunk, Fields, Seq};
use parjob::base::result::Results;
use parjob::op::{Kind, OPERATIONS, Operation, Params, Setting, Work};

/// Items, each closed by a newline, and how many there are.
struct Items {
    name: &'static str,
    bytes: Vec<u8>,
    count: usize,
}

impl Items {
    fn new(name: &'static str, mut item: impl FnMut(&mut Random) -> String) -> Items {
        let (mut random, mut text, mut count) = (Random(1), String::new(), 0);
        while text.len() < 256 * 1024 {
            let _ = writeln!(text, "{}", item(&mut random));
            count += 1;
        }
        Items { name, bytes: text.into_bytes(), count }
    }

    fn chunk(&self) -> Chunk<'_> {
        Chunk { bytes: &self.bytes, delimiter: b'\n', fields: Fields::One, first: Seq::FIRST, count: self.count }
    }
}

/// SplitMix64: the same items in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// An integer of so many digits.
    fn digits(&mut self, count: u32) -> u64 {
        let least = 10_u64.pow(count - 1);
        least + self.next() % (9 * least)
    }

    /// A float in [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn lists() -> Vec<Items> {
    let digits = |random: &mut Random, most: u64| {
        let count = 1 + (random.next() % most) as u32;
        random.digits(count)
    };
    vec![
        Items::new("integers of 1 to 8 digits", |random| digits(random, 8).to_string()),
        Items::new("signed integers", |random| {
            let sign = if random.next().is_multiple_of(2) { "-" } else { "" };
            format!("{sign}{}", digits(random, 8))
        }),
        Items::new("integers of 30 digits", |random| format!("{}{}", random.digits(15), random.digits(15))),
        Items::new("floats of 17 digits", |random| random.unit().to_string()),
        Items::new("floats of 2 decimals", |random| format!("{:.2}", random.unit() * 10_000.0)),
    ]
}

fn prepared(operation: &Operation) -> Option<Work> {
    let defaults = operation.params.iter().filter_map(|param| Some((param.name, param.default?.to_owned())));
    let Kind::InProcess { prepare, .. } = operation.kind else { return None };
    prepare(&Params(defaults.collect()), &Setting::default()).ok()
}

fn kernels(criterion: &mut Criterion) {
    // A sample count is no list of numbers, and a number no file; the work of other programs is measured by the
    // comparison with other tools.
    for operation in OPERATIONS.iter().filter(|operation| !["pi", "hash"].contains(&operation.name)) {
        let Some(work) = prepared(operation) else { continue };
        let mut group = criterion.benchmark_group(operation.name);
        for items in lists() {
            group.throughput(Throughput::Elements(items.count as u64));
            group.bench_with_input(BenchmarkId::from_parameter(items.name), &items, |bencher, items| match &work {
                Work::Map(map) => {
                    let mut results = Results::default();
                    bencher.iter(|| {
                        results.clear();
                        map.map(&items.chunk(), &mut results);
                        black_box(&results.bytes);
                    });
                }
                Work::Fold(fold) => {
                    // As a worker does it: each chunk into a scratch, which is then merged.
                    let (mut whole, mut scratch) = (Arc::clone(fold).tally(), Arc::clone(fold).tally());
                    bencher.iter(|| {
                        scratch.step(&items.chunk(), &mut Failures::new());
                        whole.merge(&mut *scratch);
                    });
                }
            });
        }
    }
}

fn pi(criterion: &mut Criterion) {
    let Some(Work::Fold(fold)) = parjob::op::find("pi").and_then(prepared) else { return };
    let chunk = Chunk { bytes: b"1000000\n", delimiter: b'\n', fields: Fields::One, first: Seq::FIRST, count: 1 };
    let mut group = criterion.benchmark_group("pi");
    group.throughput(Throughput::Elements(1_000_000));
    group.bench_function("samples", |bencher| {
        let mut tally = Arc::clone(&fold).tally();
        bencher.iter(|| tally.step(&chunk, &mut Failures::new()));
    });
}

criterion_group!(benches, kernels, pi);
criterion_main!(benches);
