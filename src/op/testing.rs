//! For tests of operations: any operation over a list of items, cut into chunks in any way.

use proptest::prelude::*;

use super::{Kind, Params, Setting, Work, find};
use crate::base::failure::Failures;
use crate::base::item::{Chunk, Fields, Seq};
use crate::base::result::{Answer, Results, Value};

/// The operation's work with all parameters at their defaults.
pub(super) fn work(name: &str) -> Work {
    work_with(name, &[])
}

/// The operation's work with these parameters, the others at their defaults.
pub(super) fn work_with(name: &str, given: &[(&'static str, &str)]) -> Work {
    let operation = find(name).unwrap();
    let defaults = operation.params.iter().filter_map(|param| Some((param.name, param.default?.to_owned())));
    let mut params: Params = Params(defaults.collect());
    params.0.extend(given.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let Kind::InProcess { prepare, .. } = operation.kind else { panic!("{name} is done by processes") };
    prepare(&params, &Setting::default()).unwrap()
}

/// Each item followed by the delimiter.
pub(super) fn joined(items: &[impl AsRef<[u8]>], delimiter: u8) -> Vec<u8> {
    items.iter().flat_map(|item| item.as_ref().iter().copied().chain([delimiter])).collect()
}

/// What a map prints for these items, in one chunk, and what failed.
pub(super) fn map_with(work: &Work, items: &[impl AsRef<[u8]>], delimiter: u8) -> (String, Failures) {
    let Work::Map(map) = work else { panic!("a fold") };
    let mut results = Results::with_ends();
    let bytes = joined(items, delimiter);
    map.map(
        &Chunk { bytes: &bytes, delimiter, fields: Fields::One, first: Seq::FIRST, count: items.len() },
        &mut results,
    );
    assert_eq!(results.ends.len(), items.len());
    assert_eq!(results.ends.last().copied().unwrap_or(0), results.bytes.len());
    (String::from_utf8(results.bytes).unwrap(), results.failures)
}

/// What a map prints for these items.
pub(super) fn map(name: &str, items: &[impl AsRef<[u8]>]) -> String {
    let (text, failures) = map_with(&work(name), items, b'\n');
    assert_eq!(failures, []);
    text
}

/// What a fold of these items comes to. Chunks end at the cuts; each goes to the tally that `cut % 3` names,
/// by way of a scratch tally as in a run.
pub(super) fn fold_cut(work: &Work, items: &[impl AsRef<[u8]>], cuts: &[usize]) -> Option<Answer> {
    let Work::Fold(fold) = work else { panic!("a map") };
    let mut tallies = [(); 3].map(|()| fold.clone().tally());
    let mut scratch = fold.clone().tally();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (items.len() + 1)).chain([items.len()]).collect();
    ends.sort_unstable();
    let mut start = 0;
    for (at, end) in ends.into_iter().enumerate().filter(|(_, end)| *end > 0) {
        let bytes = joined(&items[start..end], b'\n');
        let first = Seq::FIRST.plus(start as u64);
        if end > start {
            let chunk = Chunk { bytes: &bytes, delimiter: b'\n', fields: Fields::One, first, count: end - start };
            scratch.step(&chunk, &mut Failures::new());
        }
        tallies[cuts.get(at).unwrap_or(&0) % 3].merge(&mut *scratch);
        start = end;
    }
    let [mut whole, mut second, mut third] = tallies;
    third.merge(&mut *second);
    whole.merge(&mut *third);
    whole.finish()
}

/// The value of a fold of these items.
pub(super) fn fold(name: &str, items: &[impl AsRef<[u8]>]) -> Option<Value> {
    fold_cut(&work(name), items, &[]).map(|answer| answer.value)
}

/// The single value of a fold of these items.
pub(super) fn one(name: &str, items: &[impl AsRef<[u8]>]) -> String {
    match fold(name, items) {
        Some(Value::One(text)) => text,
        other => panic!("not a single value: {other:?}"),
    }
}

/// Items that are numbers, or look nearly like them.
pub(super) fn number_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i16>().prop_map(|n| n.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        "[+-]?[0-9]{1,45}",
        any::<f64>().prop_map(|x| format!("{x:e}")),
        any::<f32>().prop_map(|x| x.to_string()),
        "[+-]?[0-9]{0,9}\\.[0-9]{0,12}",
        "[+-]?[0-9]{1,20}(\\.[0-9]{0,20})?(e[+-]?[0-9]{1,3})?",
        "[ \r\t]?-?[0-9]{1,8}[ \r\t]?",
    ]
}

/// Finite numbers of moderate size, so that sums stay finite.
pub(super) fn finite_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,30}",
        (any::<i64>(), -300..200).prop_map(|(digits, exponent)| format!("{digits}e{exponent}")),
        (-1e3..1e3).prop_map(|x: f64| x.to_string()),
    ]
}
