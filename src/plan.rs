//! A run as plain data: the command line and the environment, resolved before anything starts.
//!
//! Each room has options of its own; this puts them together and keeps, for each decision that was
//! derived rather than given, the reason. Nothing here opens or starts anything.

use std::time::Duration;

use anyhow::Result;

use crate::chunk::Chunking;
use crate::command::recipe;
use crate::engine::{Again, Keep};
use crate::exit::Report;
use crate::op::{self, Operation, Params};
use crate::progress::{self, Talk};
use crate::run::{Backoff, Policy};
use crate::{output, source};

/// What is to be run, and how.
#[derive(Clone)]
pub struct Plan {
    /// Where items come from.
    pub source: source::Options,
    /// Items come from a terminal only because nothing else was said: nobody means to type them.
    pub items_are_typed: bool,
    /// What is done to them.
    pub work: Chosen,
    /// How processes do it, where they do.
    pub processes: Option<Processes>,
    /// How many workers.
    pub jobs: usize,
    /// How many items a worker takes at a time.
    pub chunking: Chunking,
    /// Order, retries, halts.
    pub policy: Policy,
    /// How results look and where they go.
    pub output: output::Options,
    /// How progress is shown.
    pub progress: progress::Options,
    /// How much is said on standard error.
    pub talk: Talk,
    /// What was decided, and why: what `parjob explain` prints and `-v` logs.
    pub decisions: Vec<Decision>,
}

/// An operation with its parameters, and the fold that takes its results.
#[derive(Clone)]
pub struct Chosen {
    /// The operation.
    pub operation: &'static Operation,
    /// Its parameters.
    pub params: Params,
    /// `--reduce`.
    pub reduce: Option<&'static Operation>,
}

impl Chosen {
    /// The way in which processes do it, where they do.
    ///
    /// # Errors
    ///
    /// A parameter of the operation is wrong.
    pub fn process(&self) -> Result<Option<op::Process>> {
        Ok(match (self.operation.prepare)(&self.params)? {
            op::Work::Process(process) => Some(process),
            op::Work::Map(_) | op::Work::Fold(_) => None,
        })
    }

    /// Whether all items have one answer, rather than a result each.
    ///
    /// # Errors
    ///
    /// A parameter of the operation is wrong.
    pub fn gives_one_answer(&self) -> Result<bool> {
        Ok(self.reduce.is_some() || matches!((self.operation.prepare)(&self.params)?, op::Work::Fold(_)))
    }
}

/// What is particular to work by processes.
#[derive(Clone)]
pub struct Processes {
    /// The command, and how it is run.
    pub command: recipe::Options,
    /// They stay up, in this way; else each does one item or batch.
    pub keep: Option<Keep>,
    /// Between two starts.
    pub delay: Duration,
    /// Which attempts are followed by another.
    pub again: Again,
    /// The wait before it.
    pub backoff: Backoff,
    /// What the exit status tells of failed items.
    pub report: Report,
}

/// Something decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The word for it.
    pub what: &'static str,
    /// What was decided.
    pub value: String,
    /// Why.
    pub why: String,
}
