//! Whatever the schedule: properties of runs with random items, workers, chunks and delays.
//!
//! These runs go through the library, because their operation is one that dawdles: each item takes its own
//! time, fails, or panics, as its bytes and a seed say. Items come from a file, or from a pipe in fits and
//! starts.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parjob::base::chunk::Chunking;
use parjob::base::exit::{Exit, Report};
use parjob::base::failure::Failure;
use parjob::base::item::Chunk;
use parjob::base::result::Results;
use parjob::executor::in_process::Job;
use parjob::op::{self, Blanks, Kind, Map, Operation, Params, Reducer, Setting, Words};
use parjob::plan::{Plan, Work};
use parjob::progress::{self, Style, Talk};
use parjob::run::Policy;
use parjob::source::{self, Column, Input, Link, Origin, Reading};
use parjob::{output, start};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// What becomes of an item.
enum Fate {
    Ok(Vec<u8>),
    Fails,
    Panics,
}

/// The item backwards; some items fail, and `!` makes it panic.
fn backwards(item: &[u8]) -> Fate {
    match item.first() {
        Some(b'!') => Fate::Panics,
        Some(b'?') => Fate::Fails,
        _ => Fate::Ok(item.iter().rev().copied().collect()),
    }
}

/// The item as it is.
fn unchanged(item: &[u8]) -> Fate {
    Fate::Ok(item.to_vec())
}

static BACKWARDS: Operation = dawdling("backwards", |params, _| Ok(op::Work::Map(Dawdle::new(params, backwards)?)));
static UNCHANGED: Operation = dawdling("unchanged", |params, _| Ok(op::Work::Map(Dawdle::new(params, unchanged)?)));

const fn dawdling(name: &'static str, prepare: fn(&Params, &Setting) -> anyhow::Result<op::Work>) -> Operation {
    let (kind, blanks) = (Kind::InProcess { words: |_| Words::Values, prepare }, Blanks::Trimmed);
    Operation { name, summary: "", about: "", examples: &[], params: &[], blanks, kind }
}

/// A map that takes its time.
struct Dawdle {
    seed: u64,
    fate: fn(&[u8]) -> Fate,
}

impl Dawdle {
    fn new(params: &Params, fate: fn(&[u8]) -> Fate) -> anyhow::Result<Arc<Dawdle>> {
        Ok(Arc::new(Dawdle { seed: params.number("seed")?, fate }))
    }
}

impl Map for Dawdle {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        for item in chunk.items() {
            dawdle(self.seed, item);
            match (self.fate)(item) {
                Fate::Ok(text) => results.push(&text),
                Fate::Fails => results.fail(Failure::constant("is not a number")),
                Fate::Panics => panic!("as the item says"),
            }
        }
    }
}

/// The work of an item, which may take long.
fn dawdle(seed: u64, item: &[u8]) {
    let mut hash = DefaultHasher::new();
    (seed, item).hash(&mut hash);
    match hash.finish() {
        hash if hash % 16 == 0 => std::thread::sleep(Duration::from_micros(hash % 300)),
        hash if hash % 3 == 0 => std::thread::yield_now(),
        _ => {}
    }
}

/// How a run is scheduled.
#[derive(Clone, Debug)]
struct Schedule {
    jobs: usize,
    chunking: Chunking,
    /// Decides how long each item takes, and in what pieces the items come.
    seed: u64,
    /// Items come from a pipe in fits and starts, not from a file.
    piped: bool,
}

const SERIAL: Schedule = Schedule { jobs: 1, chunking: Chunking::Auto, seed: 0, piped: false };

fn schedules() -> impl Strategy<Value = Schedule> {
    let chunk =
        prop_oneof![2 => 1..5_u32, 1 => 5..200_u32].prop_map(|n| NonZeroU32::new(n).map(Chunking::Items).unwrap());
    let chunking = prop_oneof![1 => Just(Chunking::Auto), 2 => chunk];
    let jobs = prop_oneof![4 => 1..9_usize, 1 => 9..40_usize];
    let schedule = |(jobs, chunking, seed, piped)| Schedule { jobs, chunking, seed, piped };
    (jobs, chunking, any::<u64>(), any::<bool>()).prop_map(schedule)
}

/// Lines of any bytes, some that fail, some that panic, some so long that a block holds few of them.
fn items() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let byte = any::<u8>().prop_map(|byte| if byte == b'\n' { b' ' } else { byte });
    let any_bytes = prop::collection::vec(byte, 0..12);
    let item = prop_oneof![
        30 => any_bytes,
        30 => "[a-z]{0,6}".prop_map(String::into_bytes),
        4 => "\\?[a-z]{0,3}".prop_map(String::into_bytes),
        2 => "![a-z]{0,3}".prop_map(String::into_bytes),
        1 => (1_000..30_000_usize).prop_map(|len| vec![b'x'; len]),
    ];
    prop_oneof![prop::collection::vec(item.clone(), 0..20), prop::collection::vec(item, 20..600)]
}

/// Numbers of all kinds, and a few words.
fn numbers() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let number = prop_oneof![
        8 => any::<i64>().prop_map(|n| n.to_string()),
        8 => (-1000..1000_i32).prop_map(|n| n.to_string()),
        8 => any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:?}")),
        4 => "-?[1-9][0-9]{20,60}",
        4 => "-?[0-9]{1,6}\\.[0-9]{1,9}",
        1 => "[a-z]{0,3}",
    ];
    prop::collection::vec(number.prop_map(String::into_bytes), 0..500)
}

/// A run whose results go to a file.
struct Run<'a> {
    operation: &'static Operation,
    reduce: Option<&'static Reducer>,
    format: &'static str,
    ordered: bool,
    schedule: &'a Schedule,
}

impl Run<'_> {
    /// Runs it; its exit and what it left in the file.
    fn on(&self, items: &[Vec<u8>]) -> (Exit, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let (input, file) = (dir.path().join("items"), dir.path().join("results"));
        let text: Vec<u8> = items.iter().flat_map(|item| item.iter().chain(b"\n")).copied().collect();
        if self.schedule.piped {
            pipe(&input, text, self.schedule.seed);
        } else {
            std::fs::write(&input, text).unwrap();
        }
        let exit = start::start(self.plan(input, file.clone())).unwrap();
        (exit, std::fs::read(file).unwrap())
    }

    fn job(&self) -> Job {
        let mut params = Params::defaults(self.operation);
        params.0.insert("seed", self.schedule.seed.to_string());
        let Kind::InProcess { prepare, .. } = self.operation.kind else { panic!("an operation in this process") };
        match (prepare(&params, &Setting::default()).unwrap(), self.reduce) {
            (op::Work::Map(map), None) => Job::Map(map),
            (op::Work::Map(map), Some(reducer)) => Job::Reduce(map, (reducer.fold)()),
            (op::Work::Fold(fold), _) => Job::Fold(fold),
        }
    }

    fn plan(&self, input: PathBuf, file: PathBuf) -> Plan {
        let origin = Origin::Inputs(vec![Input::File(input)]);
        Plan {
            source: source::Options {
                columns: vec![Column { origin, link: Link::Cross }],
                reading: Reading::default(),
                walk: None,
            },
            operation: self.operation,
            answering: self.reduce.map_or(self.operation, |reducer| reducer.operation),
            work: Work::InProcess(self.job()),
            report: Report::Any,
            jobs: self.schedule.jobs,
            chunking: self.schedule.chunking,
            policy: Policy { ordered: self.ordered, ..Policy::default() },
            processes: parjob::plan::Processes::default(),
            jobs_file: None,
            output: output::Options { format: self.format, tag: false, file: Some(file) },
            progress: progress::Options { style: Style::None, total: None, shares_output: false },
            talk: Talk::Quiet,
            items_are_typed: false,
            decisions: Vec::new(),
        }
    }
}

/// A pipe with that name into which the text comes in pieces, some of them late.
fn pipe(path: &Path, text: Vec<u8>, seed: u64) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let path = path.to_path_buf();
    std::thread::spawn(move || {
        let mut pipe = OpenOptions::new().write(true).open(path).unwrap();
        let mut rest = &text[..];
        while !rest.is_empty() {
            let piece = rest.len().min(1 + (seed ^ rest.len() as u64) as usize % 2_000);
            // A run that has failed reads no more.
            let Ok(()) = pipe.write_all(&rest[..piece]) else { return };
            rest = &rest[piece..];
            dawdle(seed, &rest[..rest.len().min(8)]);
        }
    });
}

/// What one worker would print that does one item after the other.
fn serial(items: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let results = items.iter().filter_map(|item| match backwards(item) {
        Fate::Ok(mut text) => {
            text.push(b'\n');
            Some(text)
        }
        Fate::Fails | Fate::Panics => None,
    });
    results.collect()
}

fn exit_of(items: &[Vec<u8>]) -> Exit {
    Exit::Status(i32::from(serial(items).len() < items.len()))
}

/// The bytes of a JSON string, or of what stands in its place.
fn bytes(value: &serde_json::Value) -> Vec<u8> {
    match value.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => STANDARD.decode(value["b64"].as_str().unwrap()).unwrap(),
    }
}

fn ordered_output_is_serial(items: &[Vec<u8>], schedule: &Schedule) -> TestCaseResult {
    let run = Run { operation: &BACKWARDS, reduce: None, format: "text", ordered: true, schedule };
    let (exit, output) = run.on(items);
    prop_assert_eq!(exit, exit_of(items));
    prop_assert_eq!(output, serial(items).concat());
    Ok(())
}

fn unordered_output_is_a_permutation(items: &[Vec<u8>], schedule: &Schedule) -> TestCaseResult {
    let run = Run { operation: &BACKWARDS, reduce: None, format: "text", ordered: false, schedule };
    let (exit, output) = run.on(items);
    prop_assert_eq!(exit, exit_of(items));
    let mut lines: Vec<Vec<u8>> = output.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let mut expected = serial(items);
    lines.sort();
    expected.sort();
    prop_assert_eq!(lines, expected);
    Ok(())
}

fn jsonl_has_each_item_once(items: &[Vec<u8>], schedule: &Schedule, ordered: bool) -> TestCaseResult {
    let run = Run { operation: &BACKWARDS, reduce: None, format: "jsonl", ordered, schedule };
    let (exit, output) = run.on(items);
    prop_assert_eq!(exit, exit_of(items));
    let mut objects = BTreeMap::new();
    for line in output.split_inclusive(|byte| *byte == b'\n') {
        let object: serde_json::Value = serde_json::from_slice(line).unwrap();
        let seq = object["seq"].as_u64().unwrap();
        prop_assert!(!ordered || seq == objects.len() as u64 + 1, "{seq} is out of order");
        prop_assert!(objects.insert(seq, object).is_none(), "{seq} comes twice");
    }
    prop_assert!(objects.keys().copied().eq(1..=items.len() as u64));
    for (object, item) in objects.values().zip(items) {
        prop_assert_eq!(&bytes(&object["item"]), item);
        match backwards(item) {
            Fate::Ok(text) => prop_assert_eq!(bytes(&object["result"]), text),
            Fate::Fails => prop_assert!(object["error"].as_str().unwrap().ends_with("is not a number")),
            Fate::Panics => prop_assert!(object["error"].as_str().unwrap().ends_with("panic: as the item says")),
        }
    }
    Ok(())
}

fn folds_are_the_same(items: &[Vec<u8>], schedule: &Schedule, ordered: bool) -> TestCaseResult {
    for fold in op::REDUCERS {
        let operation = fold.operation;
        let run = |schedule| Run { operation, reduce: None, format: "text", ordered, schedule }.on(items);
        let expected = run(&SERIAL);
        prop_assert_eq!(&run(schedule), &expected, "{}", operation.name);
        let reduced = Run { operation: &UNCHANGED, reduce: Some(fold), format: "text", ordered, schedule }.on(items);
        prop_assert_eq!(&reduced, &expected, "--reduce {}", operation.name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn ordered_output_is_that_of_a_serial_run(items in items(), schedule in schedules()) {
        ordered_output_is_serial(&items, &schedule)?;
    }

    #[test]
    fn unordered_output_is_a_permutation_of_it(items in items(), schedule in schedules()) {
        unordered_output_is_a_permutation(&items, &schedule)?;
    }

    #[test]
    fn jsonl_holds_each_item_exactly_once(items in items(), schedule in schedules(), ordered: bool) {
        jsonl_has_each_item_once(&items, &schedule, ordered)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(15))]

    #[test]
    fn a_fold_is_the_same_on_any_schedule(items in numbers(), schedule in schedules(), ordered: bool) {
        folds_are_the_same(&items, &schedule, ordered)?;
    }
}
