//! What earlier runs did, counted by what the items are, and what that leaves to do.
//!
//! Equal items cannot be told apart, and need not be: of five copies three are done. A failed attempt is undone by
//! the next one at the same copy, in the same run by a retry, in a later run by whichever copy comes first. About 40
//! bytes are kept for each different item that is done, a little more for one that failed.

use std::collections::HashMap;

use super::line::{Entry, Key, SHOWN, Shown};
use super::{Interrupted, Mode};
use crate::base::item::{Attempt, Seq};

/// What the records of a ledger add up to.
#[derive(Default)]
pub(super) struct Past {
    /// The number of the run that is being read.
    run: u32,
    ok: HashMap<Key, u32>,
    failed: HashMap<Key, Failures>,
    /// Attempts that began and did not end. Never more than there were workers, for each run that was killed.
    open: HashMap<Key, Vec<Start>>,
}

/// The copies of an item of which the last attempt failed.
#[derive(Default)]
struct Failures {
    earlier: u32,
    /// Those that failed in `run`.
    latest: u32,
    run: u32,
}

struct Start {
    run: u32,
    item: Interrupted,
}

impl Past {
    pub(super) fn add(&mut self, entry: Entry<'_>) {
        match entry {
            Entry::Version | Entry::Work(_) => {}
            Entry::Run => self.run += 1,
            Entry::Start { seq, key, shown } => self.start(seq, key, &shown),
            Entry::End { seq, attempt, key, ok } => self.end(seq, attempt, key, ok),
        }
    }

    fn start(&mut self, seq: Seq, key: Key, shown: &Shown<'_>) {
        let open = self.open.entry(key).or_default();
        // A copy that was interrupted in an earlier run gets its further try.
        if let Some(earlier) = open.iter().position(|start| start.run < self.run) {
            open.remove(earlier);
        }
        open.push(Start { run: self.run, item: Interrupted { seq, item: shown.bytes(), len: shown.len } });
    }

    fn end(&mut self, seq: Seq, attempt: Attempt, key: Key, ok: bool) {
        if let Some(open) = self.open.get_mut(&key) {
            open.retain(|start| (start.run, start.item.seq) != (self.run, seq));
            if open.is_empty() {
                self.open.remove(&key);
            }
        }
        if let Some(failures) = self.failed.get_mut(&key) {
            failures.tried_again(attempt, self.run);
            if failures.total() == 0 {
                self.failed.remove(&key);
            }
        }
        if ok {
            *self.ok.entry(key).or_default() += 1;
        } else {
            self.failed.entry(key).or_default().one_more(self.run);
        }
    }

    /// What is left to do, and what was under way when a run was killed, the latest run last.
    pub(super) fn conclude(self, mode: Mode) -> (Done, Vec<Interrupted>) {
        let mut open: Vec<Start> = self.open.into_values().flatten().collect();
        open.sort_by_key(|start| (start.run, start.item.seq));
        let done = match mode {
            Mode::New => Skip::These(Copies::new()),
            Mode::Resume => Skip::These(self.ok),
            Mode::RetryFailed => {
                Skip::AllBut(self.failed.into_iter().map(|(key, failures)| (key, failures.total())).collect())
            }
        };
        (Done(done), open.into_iter().map(|start| start.item).collect())
    }
}

impl Failures {
    fn enter(&mut self, run: u32) {
        if self.run != run {
            self.earlier += self.latest;
            (self.latest, self.run) = (0, run);
        }
    }

    /// A copy was tried again: where it is the first try of this run, one that failed before this run.
    fn tried_again(&mut self, attempt: Attempt, run: u32) {
        self.enter(run);
        let which = if attempt == Attempt::FIRST { &mut self.earlier } else { &mut self.latest };
        *which = which.saturating_sub(1);
    }

    fn one_more(&mut self, run: u32) {
        self.enter(run);
        self.latest += 1;
    }

    fn total(&self) -> u32 {
        self.earlier + self.latest
    }
}

/// The items that are not to be done in this run.
pub struct Done(Skip);

enum Skip {
    /// So many copies of these.
    These(Copies),
    /// All items but so many copies of these.
    AllBut(Copies),
}

type Copies = HashMap<Key, u32>;

impl Done {
    /// Whether this copy of the item is to be skipped. Each item of the run must be asked for exactly once.
    pub fn take(&mut self, item: &[u8]) -> bool {
        match &mut self.0 {
            Skip::These(done) => take(done, item),
            Skip::AllBut(failed) => !take(failed, item),
        }
    }
}

/// Takes one copy out, if there is one.
fn take(copies: &mut Copies, item: &[u8]) -> bool {
    if copies.is_empty() {
        return false;
    }
    let left = copies.get_mut(&Key::of(item)).filter(|left| **left > 0);
    left.map(|left| *left -= 1).is_some()
}

impl Interrupted {
    /// Whether `item` is only the beginning.
    pub(super) fn is_cut(&self) -> bool {
        self.len > SHOWN as u64
    }
}
