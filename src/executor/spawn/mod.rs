//! A process for each item or batch, each watched by its worker's thread: `run` and `sh`.
//!
//! # Approach
//!
//! A worker claims items, starts their process, stays with it until it is gone, and posts what became of it. A thread for each
//! process that runs costs 20 µs once and a few KiB, and lets each wait in one plain system call; nothing passes through
//! another thread before the outcome does.

mod attempt;
mod batch;
mod capture;
mod conclude;
mod config;
mod times;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use parjob_sys::cgroup::OomCount;

use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq};
use crate::base::outcome::Record;
use crate::command::recipe::Timeout;
use crate::engine::{Executor, MakeExecutor, Slot};
use crate::output::Output;

use attempt::Worker;
pub use capture::Live;
pub use config::{Journal, Keeper, Kept, Skip, SpawnConfig, Strays, Tag};
use times::Times;

/// Bytes of stack of a worker's thread.
pub const STACK: usize = 128 << 10;

/// What the workers of a run share.
struct Spawn {
    config: SpawnConfig,
    state: State,
}

/// What the workers of a run find out together.
struct State {
    /// It was said that something holds a pipe.
    warned_of_leak: AtomicBool,
    /// How long attempts took that went well.
    times: Mutex<Times>,
    /// How many processes had been killed for want of memory before those of the run. Found out when a second one is started
    /// or the first has run for a while: to look takes part of the time that a run of one short command takes, and such are not
    /// killed for that.
    killed_before: OnceLock<OomCount>,
}

/// What a worker has at hand in all that it does.
struct Context<'a> {
    config: &'a SpawnConfig,
    state: &'a State,
    slot: &'a Slot,
}

/// Makes the workers.
pub fn workers(config: SpawnConfig) -> Box<MakeExecutor> {
    let state =
        State { warned_of_leak: AtomicBool::new(false), times: Mutex::default(), killed_before: OnceLock::new() };
    let spawn = Arc::new(Spawn { config, state });
    Box::new(move |_| Ok(Box::new(Worker::new(Arc::clone(&spawn))?) as Box<dyn Executor>))
}

impl Context<'_> {
    /// How long an attempt may take, as far as is known by now.
    fn timeout(&self) -> Option<Duration> {
        match self.config.command.timeout? {
            Timeout::After(timeout) => Some(timeout),
            Timeout::Percent(percent) => self.times().median().map(|median| median * percent / 100),
        }
    }

    /// Learns how long an attempt took that went well.
    fn learn(&self, took: Duration) {
        if matches!(self.config.command.timeout, Some(Timeout::Percent(_))) {
            self.times().add(took);
        }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.state.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self, write: impl FnOnce(&dyn Journal) -> anyhow::Result<()>) {
        if let Some(journal) = &self.config.journal
            && let Err(error) = write(&**journal)
        {
            self.slot.break_off(error);
        }
    }

    /// Keeps the output of an attempt.
    fn save(&self, batch: &Chunk<'_>, record: &Record, error: Option<&str>, cause: Option<&Failure>, output: &Output) {
        let may_pass = cause.is_some_and(|cause| self.slot.may_follow(record.attempt, cause));
        if let Some(keeper) = &self.config.keeper
            && let Err(error) = keeper.save(&Kept { batch: *batch, record, error, may_pass }, output)
        {
            self.slot.break_off(error);
        }
    }

    fn warn_of_leak(&self, seq: Seq) {
        if !self.state.warned_of_leak.swap(true, Ordering::Relaxed) {
            self.slot.warn(format!(
                "item {seq} has ended, but something that it started still holds its output; what that prints is not \
                 waited for"
            ));
        }
    }

    /// Notes how many had been killed for want of memory before those of this run.
    fn note_killed(&self) {
        self.state.killed_before.get_or_init(OomCount::now);
    }

    /// Whether a process was killed for want of memory since the run began.
    fn ran_out_of_memory(&self) -> bool {
        self.state.killed_before.get().is_some_and(|before| OomCount::now().has_grown_since(*before))
    }
}
