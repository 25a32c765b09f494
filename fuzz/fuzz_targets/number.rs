//! Any bytes as numbers, one a line: each line is answered once, and what is printed reads back as a number.

#![no_main]

use parjob::base::item::{Chunk, Fields, Seq};
use parjob::base::result::Results;
use parjob::op::{Kind, Params, Setting, Work, find};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.to_vec();
    lines.push(b'\n');
    let results = map("double", &lines);
    let answered = results.ends.len();
    assert_eq!(answered, lines.iter().filter(|byte| **byte == b'\n').count());
    assert!(results.failures.iter().all(|(place, _)| *place < answered));
    let again = map("double", if results.bytes.is_empty() { b"1\n" } else { &results.bytes });
    assert!(again.failures.is_empty(), "what was printed is not a number");
});

/// What an operation makes of the lines.
fn map(name: &str, lines: &[u8]) -> Results {
    let operation = find(name).expect("it is in the registry");
    let Kind::InProcess { prepare, .. } = operation.kind else { panic!("{name} is done in this process") };
    let Ok(Work::Map(map)) = prepare(&Params::defaults(operation), &Setting::default()) else { panic!("{name} is a map") };
    let mut results = Results::with_ends();
    let count = lines.iter().filter(|byte| **byte == b'\n').count();
    map.map(&Chunk { bytes: lines, delimiter: b'\n', fields: Fields::One, first: Seq::FIRST, count }, &mut results);
    results
}
