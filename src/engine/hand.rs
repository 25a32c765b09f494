//! One worker's hands: does a chunk, formats its results, keeps its part of a fold.
//!
//! What the operation makes of an item never stops a neighbour: when an operation panics, its chunk is done
//! again item by item, and only the item that panics is charged. A fold keeps what it has folded of the
//! current block apart from the rest, so that a panic can undo no more than can be done again.

use std::sync::Arc;

use super::caught::catch;
use crate::base::buffer::empty;
use crate::base::chunk::Block;
use crate::base::failure::{Failed, Failure, Failures};
use crate::base::item::{Chunk, Fields, Seq};
use crate::base::result::Results;
use crate::op::{AnyFold, Map, Tally};
use crate::output::Format;

/// The work of a run, as each worker needs it.
#[derive(Clone)]
pub struct Task {
    /// What is done to items.
    pub job: Job,
    /// How results look.
    pub format: Arc<dyn Format>,
    /// How many failures of a chunk are told of with their items. All are counted.
    pub tell: usize,
    /// Each failed item is a piece of its own, since it may be tried again.
    pub apart: bool,
}

/// What is done to items.
#[derive(Clone)]
pub enum Job {
    /// Each item gets a result.
    Map(Arc<dyn Map>),
    /// All items give one answer.
    Fold(Arc<dyn AnyFold>),
    /// The results of the map give one answer.
    Reduce(Arc<dyn Map>, Arc<dyn AnyFold>),
}

/// What became of a chunk, or of a part of it.
pub(crate) struct Done<'a> {
    pub(crate) chunk: Chunk<'a>,
    /// The items that failed, those that are told of.
    pub(crate) failed: Vec<Failed>,
    /// How many failed.
    pub(crate) failures: usize,
    /// How many had nothing to be done.
    pub(crate) skipped: usize,
    /// The formatted results.
    pub(crate) bytes: &'a mut Vec<u8>,
}

/// The state of one worker.
pub(crate) struct Hand {
    task: Task,
    results: Results,
    /// The results of a map that are to be folded.
    mapped: Results,
    bytes: Vec<u8>,
    fold: Option<Folding>,
}

impl Hand {
    pub(crate) fn new(task: &Task) -> Hand {
        let fold = match &task.job {
            Job::Map(_) => None,
            Job::Fold(fold) | Job::Reduce(_, fold) => Some(Folding::new(fold)),
        };
        let results = if task.apart { Results::with_ends() } else { task.format.results() };
        Hand { task: task.clone(), results, mapped: Results::for_fold(), bytes: Vec::new(), fold }
    }

    /// Does a chunk and hands on what became of it: in one piece, or in several when failures are kept apart.
    pub(crate) fn work(&mut self, block: &Block, chunk: Chunk<'_>, hand_on: impl FnMut(Done<'_>)) {
        self.results.clear();
        self.run(block, &chunk);
        let format = matches!(self.task.job, Job::Map(_)).then_some(&*self.task.format);
        let finish = Finish { format, tell: self.task.tell, apart: self.task.apart };
        finish.hand_on(chunk, &mut self.results, &mut self.bytes, hand_on);
    }

    /// Between blocks: what was folded of the last one is safe now.
    pub(crate) fn settle(&mut self) {
        if let Some(fold) = &mut self.fold {
            fold.settle();
        }
    }

    /// The worker's part of the answer.
    pub(crate) fn into_tally(self) -> Option<Box<dyn Tally>> {
        self.fold.map(|fold| fold.total)
    }

    /// Does what is sound of the chunk; a faulty item fails with its fault.
    fn run(&mut self, block: &Block, chunk: &Chunk<'_>) {
        let (mut rest, mut done) = (*chunk, 0);
        for (place, fault) in block.faults(chunk) {
            let (sound, faulty) = rest.split(place - done);
            self.run_sound(done, &sound);
            self.results.fail_at(place, fault.clone());
            rest = faulty.split(1).1;
            done = place + 1;
        }
        self.run_sound(done, &rest);
    }

    /// Does a part of the chunk, which begins at `place` in it.
    fn run_sound(&mut self, place: usize, part: &Chunk<'_>) {
        if part.count == 0 {
            return;
        }
        match (&self.task.job, &mut self.fold) {
            (Job::Fold(_), Some(fold)) => fold.step(part, |at, cause| self.results.fail_at(place + at, cause)),
            (Job::Reduce(map, _), Some(fold)) => {
                self.mapped.clear();
                run_map(&**map, part, &mut self.mapped);
                self.results.skipped.extend(self.mapped.skipped.iter().map(|at| place + at));
                reduce(fold, part, &self.mapped, |at, cause| self.results.fail_at(place + at, cause));
            }
            (Job::Map(map) | Job::Reduce(map, _), _) => run_map(&**map, part, &mut self.results),
            (Job::Fold(_), None) => {}
        }
    }
}

/// Folds the results of a map. The failures of both are told of in the order of the items.
fn reduce(fold: &mut Folding, part: &Chunk<'_>, mapped: &Results, mut fail: impl FnMut(usize, Failure)) {
    let count = part.count - mapped.failures.len();
    let results = Chunk { bytes: &mapped.bytes, delimiter: b'\n', fields: Fields::One, first: part.first, count };
    let mut failures = mapped.failures.clone();
    // The places of the items that have a result.
    let failed = |place: &usize| mapped.failures.binary_search_by_key(place, |(failed, _)| *failed).is_ok();
    let mut places = (0..part.count).filter(|place| !failed(place)).enumerate();
    if count > 0 {
        fold.step(&results, |at, cause| {
            let place = places.find(|(nth, _)| *nth == at).map_or(at, |(_, place)| place);
            failures.push((place, cause));
        });
    }
    failures.sort_by_key(|(place, _)| *place);
    failures.into_iter().for_each(|(place, cause)| fail(place, cause));
}

/// How the results of a chunk become what is handed on.
pub(crate) struct Finish<'a> {
    /// How results look; `None` where they do not appear.
    pub(crate) format: Option<&'a dyn Format>,
    /// How many failures of a chunk are told of with their items.
    pub(crate) tell: usize,
    /// Each failed item is a piece of its own.
    pub(crate) apart: bool,
}

impl Finish<'_> {
    /// Hands on what became of a chunk: in one piece, or in several when failures are kept apart. `bytes` is where
    /// the formatted results go.
    pub(crate) fn hand_on(
        &self,
        chunk: Chunk<'_>,
        results: &mut Results,
        bytes: &mut Vec<u8>,
        mut hand_on: impl FnMut(Done<'_>),
    ) {
        if self.apart && !results.failures.is_empty() {
            for (part, mut results) in apart(&chunk, results) {
                hand_on(self.format(part, &mut results, bytes));
            }
        } else {
            hand_on(self.format(chunk, results, bytes));
        }
    }

    fn format<'a>(&self, chunk: Chunk<'a>, results: &mut Results, bytes: &'a mut Vec<u8>) -> Done<'a> {
        empty(bytes);
        if let Some(format) = self.format {
            format.chunk(&chunk, results, bytes);
        }
        let failures = results.failures.len();
        let failed = if failures == 0 { Vec::new() } else { told(&chunk, results, self.tell) };
        Done { chunk, failed, failures, skipped: results.skipped.len(), bytes }
    }
}

/// The failures of a chunk with their items, the first `most`.
fn told(chunk: &Chunk<'_>, results: &Results, most: usize) -> Vec<Failed> {
    let mut items = chunk.items().enumerate();
    let mut item_at = |place| items.find(|(at, _)| *at == place).map_or(&b""[..], |(_, item)| item);
    let failures = results.failures.iter().take(most);
    let tell = |(place, cause): &(usize, Failure)| Failed {
        seq: chunk.first.plus(*place as u64),
        item: item_at(*place).into(),
        fields: chunk.fields,
        cause: cause.clone(),
        said: Box::default(),
    };
    failures.map(tell).collect()
}

/// Does a chunk; when the operation panics, item by item.
fn run_map(map: &dyn Map, chunk: &Chunk<'_>, results: &mut Results) {
    let before = results.mark();
    let Err(message) = catch(|| map.map(chunk, results)) else { return };
    results.rewind(&before);
    if chunk.count == 1 {
        return results.fail(Failure::panic(&message));
    }
    chunk.singly().for_each(|item| run_map(map, &item, results));
}

/// A chunk's results in parts: runs of items that went well, and each failed item alone.
fn apart<'a>(chunk: &'a Chunk<'a>, results: &'a Results) -> Vec<(Chunk<'a>, Results)> {
    let (mut parts, mut rest, mut done) = (Vec::new(), *chunk, 0);
    for (place, cause) in &results.failures {
        let (well, after) = rest.split(place - done);
        if well.count > 0 {
            parts.push((well, results.part(done, *place)));
        }
        let (item, after) = after.split(1);
        let mut failed = Results::with_ends();
        match results.line(*place).strip_suffix(b"\n") {
            Some(text) => failed.fail_saying(text, cause.clone()),
            None => failed.fail(cause.clone()),
        }
        let said = results.said.iter().filter(|(said_at, _)| said_at == place);
        failed.said.extend(said.map(|(_, said)| (0, said.clone())));
        parts.push((item, failed));
        (rest, done) = (after, place + 1);
    }
    if rest.count > 0 {
        parts.push((rest, results.part(done, chunk.count)));
    }
    parts
}

/// One worker's part of a fold.
struct Folding {
    fold: Arc<dyn AnyFold>,
    /// What is safe.
    total: Box<dyn Tally>,
    /// What was folded since, and would be lost to a panic.
    recent: Box<dyn Tally>,
    /// The items in `recent`, to fold them again after a panic.
    again: Vec<Kept>,
    kept: usize,
}

/// A small chunk, copied.
struct Kept {
    bytes: Vec<u8>,
    delimiter: u8,
    fields: Fields,
    first: Seq,
    count: usize,
}

impl Folding {
    /// Small chunks are merged into the total together, so many bytes of them at a time: a merge costs
    /// microseconds, a chunk may be one item.
    const MERGE: usize = 32 * 1024;

    fn new(fold: &Arc<dyn AnyFold>) -> Folding {
        let tally = || Arc::clone(fold).tally();
        Folding { fold: Arc::clone(fold), total: tally(), recent: tally(), again: Vec::new(), kept: 0 }
    }

    fn step(&mut self, chunk: &Chunk<'_>, fail: impl FnMut(usize, Failure)) {
        let mut failures = Failures::new();
        if catch(|| self.recent.step(chunk, &mut failures)).is_err() {
            failures = self.recover(chunk);
        } else {
            self.kept += chunk.bytes.len();
            if self.kept > Self::MERGE {
                self.settle();
            } else {
                let Chunk { bytes, delimiter, fields, first, count } = *chunk;
                self.again.push(Kept { bytes: bytes.to_vec(), delimiter, fields, first, count });
            }
        }
        let mut fail = fail;
        failures.into_iter().for_each(|(place, cause)| fail(place, cause));
    }

    fn settle(&mut self) {
        self.total.merge(&mut *self.recent);
        self.again.clear();
        self.kept = 0;
    }

    /// After a panic: forgets `recent`, whose state is anyone's guess, and folds its items again one by one.
    /// The failures are those of `chunk`; those of the chunks before it have been told of.
    fn recover(&mut self, chunk: &Chunk<'_>) -> Failures {
        self.recent = Arc::clone(&self.fold).tally();
        for kept in std::mem::take(&mut self.again) {
            let Kept { bytes, delimiter, fields, first, count } = kept;
            self.fold_singly(&Chunk { bytes: &bytes, delimiter, fields, first, count });
        }
        self.kept = 0;
        self.fold_singly(chunk)
    }

    /// Folds each item into a tally of its own, so that one that panics takes nothing with it.
    fn fold_singly(&mut self, chunk: &Chunk<'_>) -> Failures {
        let mut failures = Failures::new();
        for (place, item) in chunk.singly().enumerate() {
            let mut single = Arc::clone(&self.fold).tally();
            let mut failed = Failures::new();
            match catch(|| single.step(&item, &mut failed)) {
                Ok(()) => self.total.merge(&mut *single),
                Err(message) => failed = vec![(0, Failure::panic(&message))],
            }
            failures.extend(failed.into_iter().map(|(_, cause)| (place, cause)));
        }
        failures
    }
}
