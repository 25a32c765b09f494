//! What is to be run, and how: the command line and the environment, resolved before anything starts.
//!
//! Each room has options of its own; this puts them together and keeps, for each decision that was
//! derived rather than given, the reason. Nothing here opens or starts anything.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::base::chunk::Chunking;
use crate::base::exit::Report;
use crate::command::recipe;
use crate::engine::{RetryPolicy, Throttle};
use crate::executor::in_process::Job;
use crate::executor::persistent::Keep;
use crate::ledger;
use crate::op::{AnyFold, Operation};
use crate::progress::{self, Talk};
use crate::run::Policy;
use crate::{output, source};

/// What is to be run, and how.
#[derive(Clone)]
pub struct Plan {
    /// Where items come from.
    pub source: source::Options,
    /// Items come from a terminal only because nothing else was said: nobody means to type them.
    pub items_are_typed: bool,
    /// The operation that was named.
    pub operation: &'static Operation,
    /// The operation whose answer is printed, where there is one: this, or that of `--reduce`.
    pub answering: &'static Operation,
    /// What workers do.
    pub work: Work,
    /// How many workers.
    pub jobs: usize,
    /// Says how many workers may be active, and may change.
    pub jobs_file: Option<PathBuf>,
    /// How many items a worker takes at a time.
    pub chunking: Chunking,
    /// Order, halts, the time between attempts.
    pub policy: Policy,
    /// What holds for all work by processes.
    pub processes: Processes,
    /// What the exit status tells of failed items.
    pub report: Report,
    /// How results look and where they go.
    pub output: output::Options,
    /// How progress is shown.
    pub progress: progress::Options,
    /// How much is said on standard error.
    pub talk: Talk,
    /// What was decided, and why: what `parjob explain` prints and `-v` logs.
    pub decisions: Vec<Decision>,
}

/// What holds for all work by processes.
#[derive(Clone, Debug, PartialEq)]
pub struct Processes {
    /// Which attempts are followed by another.
    pub retry: RetryPolicy,
    /// When a next item may start.
    pub throttle: Throttle,
    /// Bytes of output that may wait in a temporary file, beyond which work waits.
    pub spill_max: u64,
}

impl Default for Processes {
    /// Those of work in this process, which has none.
    fn default() -> Processes {
        Processes { retry: RetryPolicy::default(), throttle: Throttle::default(), spill_max: u64::MAX }
    }
}

/// What workers do, checked and ready.
#[derive(Clone)]
pub enum Work {
    /// They do items in this process.
    InProcess(Job),
    /// They start a process for each item or batch.
    Spawn(Box<Spawn>),
    /// They feed items to processes that stay up.
    Persistent(Persistent),
}

/// What is particular to a process for each item or batch.
#[derive(Clone)]
pub struct Spawn {
    /// The command, and how it is run.
    pub command: recipe::Options,
    /// The fold of what commands print.
    pub reduce: Option<Arc<dyn AnyFold>>,
    /// What stands before each line of text.
    pub tag: Tag,
    /// The ledger.
    pub ledger: Option<Ledger>,
    /// What decides, beside the operation and the words of the command, what it means that an item is done.
    pub options_of_work: Vec<String>,
    /// The folder that keeps the output of each item.
    pub results: Option<PathBuf>,
    /// GNU parallel's job log.
    pub joblog: Option<PathBuf>,
}

/// What is particular to processes that stay up.
#[derive(Clone)]
pub struct Persistent {
    /// The program.
    pub program: OsString,
    /// The words after its name.
    pub arguments: Vec<OsString>,
    /// How it stays up.
    pub keep: Keep,
    /// The fold of what it answers.
    pub reduce: Option<Arc<dyn AnyFold>>,
    /// How long an item may take.
    pub timeout: Option<Duration>,
    /// How long a process has between the request to end and its death.
    pub grace: Duration,
    /// Added to the niceness of processes.
    pub nice: i32,
    /// The number of threads that a process is asked to use.
    pub threads: Option<usize>,
}

impl Work {
    /// How long a process has between the request to end and its death; `None`: there are no processes.
    pub fn grace(&self) -> Option<Duration> {
        match self {
            Work::InProcess(_) => None,
            Work::Spawn(spawn) => Some(spawn.command.grace),
            Work::Persistent(persistent) => Some(persistent.grace),
        }
    }

    /// Whether there will be processes.
    pub fn starts_processes(&self) -> bool {
        match self {
            Work::InProcess(_) => false,
            Work::Spawn(spawn) => !spawn.command.dry_run,
            Work::Persistent(_) => true,
        }
    }

    /// Whether all items have one answer, rather than a result each.
    pub fn gives_one_answer(&self) -> bool {
        match self {
            Work::InProcess(job) => !matches!(job, Job::Map(_)),
            Work::Spawn(spawn) => spawn.reduce.is_some(),
            Work::Persistent(persistent) => persistent.reduce.is_some(),
        }
    }

    /// How it starts processes for items, where it does.
    pub fn spawn(&self) -> Option<&Spawn> {
        if let Work::Spawn(spawn) = self { Some(spawn) } else { None }
    }
}

impl Spawn {
    /// How long results that are ready may take to be written once the run is to stop: with a ledger so long that a
    /// reader who pauses gets them, since what it calls done is not done again.
    pub fn patience(&self) -> Duration {
        const LEAST: Duration = Duration::from_secs(5);
        if self.ledger.is_some() { self.command.grace.max(LEAST) } else { Duration::ZERO }
    }
}

/// What stands before each line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Nothing.
    None,
    /// The item and a TAB.
    Item,
    /// What this template gives, and a TAB.
    Template(OsString),
}

/// Where a run is recorded so that it can go on later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The file.
    pub file: PathBuf,
    /// What is done of what it says.
    pub mode: ledger::Mode,
    /// Even if it is about other work.
    pub anyway: bool,
    /// The command that goes on with it.
    pub resume: String,
}

/// Something decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The word for it.
    pub what: String,
    /// What was decided.
    pub value: String,
    /// Why.
    pub why: String,
}

/// A number of workers: `4`, `50%` of the CPUs, `+1` or `-1` beside them; at least 1.
///
/// # Errors
///
/// It is none of these.
pub fn parse_jobs(text: &str, cpus: usize) -> Result<usize> {
    let form = || format!("{text:?} is not a number of workers such as 4, 50%, +1, -1");
    let parse = |digits: &str| digits.parse::<u32>().map(|n| n as usize).with_context(form);
    if let Some(percent) = text.strip_suffix('%') {
        return Ok((cpus.saturating_mul(parse(percent)?) / 100).max(1));
    }
    if let Some(more) = text.strip_prefix('+') {
        return Ok(cpus.saturating_add(parse(more)?));
    }
    if let Some(fewer) = text.strip_prefix('-') {
        return Ok(cpus.saturating_sub(parse(fewer)?).max(1));
    }
    match parse(text)? {
        0 => bail!("0 workers do nothing; a run needs at least 1"),
        jobs => Ok(jobs),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn workers() {
        for (text, expected) in [("3", 3), ("50%", 4), ("1%", 1), ("+1", 9), ("-1", 7), ("-100", 1), ("200%", 16)] {
            assert_eq!(parse_jobs(text, 8).unwrap(), expected, "{text}");
        }
        for text in ["", "0", "x", "%", "1.5", "--1"] {
            assert!(parse_jobs(text, 8).is_err(), "{text}");
        }
    }
}
