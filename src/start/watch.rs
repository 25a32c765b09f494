//! What sees to it that no process of a run outlives it: the guard, the mark, and parjob as the parent of orphans.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use parjob_sys::guard::{Dismissed, Guard, Keeper};
use parjob_sys::mark::Mark;
use parjob_sys::search::Search;
use parjob_sys::tree::{become_subreaper, orphans, sees_processes};

use super::spawn::RUNS;
use super::warn;
use crate::executor::GuardSlot;
use crate::executor::persistent::WorkerStrays;
use crate::executor::spawn::Strays;
use crate::run::Message;

/// How long what is found at the very end has to end by itself: the run had its grace, and waits for nothing long.
const LAST: Duration = Duration::from_millis(500);

/// The watch over a run's processes.
pub(super) struct Watch {
    pub(super) mark: Arc<Mark>,
    guard: Option<Guard>,
    search: Arc<Search>,
    /// There were children before the run: orphans may be theirs.
    has_others: bool,
    /// Why there is no guard, or no orphan comes here.
    trouble: Vec<String>,
}

impl Watch {
    /// Sets it up. To be called before there is any other thread: this forks.
    pub(super) fn begin() -> Watch {
        let has_others = !orphans().is_empty();
        let mark = Mark::new(RUNS);
        let mut trouble = Vec::new();
        let guard = Guard::start(&mark)
            .map_err(|error| {
                trouble.push(format!("cannot start the guard ({error}); if parjob is killed, its commands run on"));
            })
            .ok();
        if let Err(error) = become_subreaper() {
            trouble.push(format!("cannot become the parent of orphans ({error}); some may outlive their item"));
        }
        if cfg!(target_os = "linux") && !sees_processes() {
            trouble.push(
                "/proc shows another PID namespace (mount it anew: unshare --mount-proc); what leaves its process group may outlive its item"
                    .into(),
            );
        }
        let search = Arc::new(Search::new(mark.clone()));
        Watch { mark: Arc::new(mark), guard, search, has_others, trouble }
    }

    /// What replaces the guard when it dies.
    pub(super) fn keeper(&self) -> Option<Keeper> {
        self.guard.as_ref().map(Guard::keeper)
    }

    /// Tells of what is not as it should be.
    pub(super) fn tell(&mut self, sender: &Sender<Message>) {
        self.trouble.drain(..).for_each(|text| warn(sender, &text));
    }

    /// Tells the guard what runs where.
    pub(super) fn slots(&self) -> Option<Box<GuardSlot>> {
        let slots = self.guard.as_ref()?.slots();
        Some(Box::new(move |worker, pid| match rustix::process::Pid::from_raw(pid) {
            Some(pid) => slots.set(worker, pid),
            None => slots.clear(worker),
        }))
    }

    /// Reaches what an attempt at an item started and is no longer in its group.
    pub(super) fn strays(&self) -> Box<Strays> {
        let search = Arc::clone(&self.search);
        Box::new(move |seq, attempt, signal, group| {
            let variables = [format!("PARJOB_SEQ={seq}"), format!("PARJOB_ATTEMPT={}", attempt.0)];
            search.signal(variables.map(String::into_bytes).into(), signal, group);
        })
    }

    /// Reaches what the process of a worker started and is no longer in its group.
    pub(super) fn worker_strays(&self) -> Box<WorkerStrays> {
        let search = Arc::clone(&self.search);
        Box::new(move |worker, signal, group| {
            search.signal(vec![format!("PARJOB_WORKER={worker}").into_bytes()], signal, group);
        })
    }

    /// The run is over: what still runs was meant to, unless it may belong to an item that was ended with the run.
    pub(super) fn end(self, cut_short: bool, grace: Duration) -> Option<Dismissed> {
        if cut_short && !self.has_others {
            self.search.end_rest(grace.min(LAST));
        }
        self.guard.map(Guard::dismiss)
    }
}
