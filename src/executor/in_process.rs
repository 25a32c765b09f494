//! Work in this process: claims chunks, does them, formats their results, keeps a part of a fold.
//!
//! What the operation makes of an item never stops a neighbour: when an operation panics, its chunk is done
//! again item by item, and only the item that panics is charged.

use std::sync::Arc;
use std::time::Instant;

use super::caught::catch;
use super::finish::Finish;
use super::folding::Folding;
use crate::base::chunk::{Block, Pace};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Fields};
use crate::base::result::Results;
use crate::engine::{Done, Executor, Slot};
use crate::op::{AnyFold, Map, Tally};
use crate::output::Format;

/// The work of a run, as each worker needs it.
#[derive(Clone)]
pub struct Task {
    /// What is done to items.
    pub job: Job,
    /// How results look.
    pub format: Arc<dyn Format>,
    /// Number of failures of a chunk that are reported with their items. All are counted.
    pub named: usize,
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

impl Job {
    /// The fold, where there is one.
    pub fn fold(&self) -> Option<&Arc<dyn AnyFold>> {
        match self {
            Job::Map(_) => None,
            Job::Fold(fold) | Job::Reduce(_, fold) => Some(fold),
        }
    }
}

/// One worker.
pub struct ChunkRunner {
    task: Task,
    results: Results,
    /// The results of a map that are to be folded.
    mapped: Results,
    bytes: Vec<u8>,
    fold: Option<Folding>,
}

impl ChunkRunner {
    /// A worker for this work.
    pub fn new(task: &Task) -> ChunkRunner {
        let (fold, results) = (task.job.fold().map(Folding::new), task.format.results());
        ChunkRunner { task: task.clone(), results, mapped: Results::for_fold(), bytes: Vec::new(), fold }
    }

    /// Does a chunk and hands on what became of it.
    fn work(&mut self, block: &Block, chunk: Chunk<'_>, hand_on: impl FnMut(Done<'_>)) {
        self.results.clear();
        self.do_chunk(block, &chunk);
        let format = matches!(self.task.job, Job::Map(_)).then_some(&*self.task.format);
        let finish = Finish { format, named: self.task.named, apart: false };
        finish.hand_on(chunk, &mut self.results, &mut self.bytes, hand_on);
    }

    /// Does what is sound of the chunk; a faulty item fails with its fault.
    fn do_chunk(&mut self, block: &Block, chunk: &Chunk<'_>) {
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

impl Executor for ChunkRunner {
    fn run(mut self: Box<Self>, slot: &Slot) -> Option<Box<dyn Tally>> {
        let mut pace = Pace::default();
        while let Some(block) = slot.next_block() {
            while let Some(chunk) = slot.claim(&block, &pace) {
                let (count, start) = (chunk.count, slot.is_paced().then(Instant::now));
                self.work(&block, chunk, |done| slot.post_done(block.attempt(), done));
                if let Some(start) = start {
                    pace.learn(count, start.elapsed());
                }
            }
            slot.leave_block();
            // What was folded of the block is safe now.
            if let Some(fold) = &mut self.fold {
                fold.settle();
            }
        }
        self.fold.map(|fold| fold.total)
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
