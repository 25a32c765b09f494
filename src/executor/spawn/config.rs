//! What a run of processes is given: plain values, and what it is to tell whom.

use std::fs::File;
use std::sync::Arc;

use parjob_shell_template::Template;
use parjob_sys::limits::CommandLine;
use rustix::process::{Pid, Signal};

use super::capture::Live;
use crate::base::item::{Attempt, Chunk, Seq};
use crate::base::outcome::Record;
use crate::command::recipe::{self, Recipe};
use crate::command::words::Words;
use crate::executor::GuardSlot;
use crate::op::AnyFold;
use crate::output::{Format, Output};

/// What a run of processes needs.
pub struct SpawnConfig {
    /// The words of a process.
    pub recipe: Recipe,
    /// The names whose values are looked up in each item (`--jsonl`).
    pub names: Vec<Vec<u8>>,
    /// How processes are run.
    pub command: recipe::Options,
    /// How many items a process does, at the most.
    pub batch: usize,
    /// How long a command line may be.
    pub line: CommandLine,
    /// The tag of each line, where it is more than the item.
    pub tag: Tag,
    /// How results look.
    pub format: Arc<dyn Format>,
    /// Folds what is printed, in the place of results.
    pub reduce: Option<Arc<dyn AnyFold>>,
    /// When the output of an attempt may go out that no other will replace.
    pub live: Live,
    /// What all processes find in their environment.
    pub environment: Words,
    /// What processes read: nothing.
    pub null: File,
    /// Outcomes carry what a log wants to know.
    pub accounts: bool,
    /// Whether an earlier run has done an item.
    pub skip: Option<Box<Skip>>,
    /// Writes down what starts and ends.
    pub journal: Option<Box<dyn Journal>>,
    /// Keeps the output of each item in files.
    pub keeper: Option<Box<dyn Keeper>>,
    /// Is told which group a worker is at.
    pub guard: Option<Box<GuardSlot>>,
    /// Signals descendants of an attempt that left its group.
    pub strays: Option<Box<Strays>>,
}

/// Whether an earlier run has done the item. Asked once for each.
pub type Skip = dyn Fn(&[u8]) -> bool + Send + Sync;

/// Sends a signal to what an attempt at an item started and is no longer in its group.
pub type Strays = dyn Fn(Seq, Attempt, Signal, Pid) + Send + Sync;

/// Writes down what starts and ends.
pub trait Journal: Send + Sync {
    /// An attempt is about to start.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn started(&self, attempt: Attempt, batch: &Chunk<'_>) -> anyhow::Result<()>;

    /// It has ended by itself, and its items are done or not.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    fn ended(&self, batch: &Chunk<'_>, record: &Record, ok: bool) -> anyhow::Result<()>;
}

/// Keeps the output of each item in files.
pub trait Keeper: Send + Sync {
    /// Keeps an attempt at an item, in place of the attempt before it.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    fn save(&self, kept: &Kept<'_>, output: &Output) -> anyhow::Result<()>;
}

/// An attempt that is kept.
pub struct Kept<'a> {
    /// Its items.
    pub batch: Chunk<'a>,
    /// How it went.
    pub record: &'a Record,
    /// Why it failed, where it did.
    pub error: Option<&'a str>,
    /// Another attempt may follow. Whether one does is not known yet: the run may be stopped while it is waited for.
    pub may_pass: bool,
}

/// What stands before each line of text.
pub enum Tag {
    /// Nothing.
    None,
    /// The item.
    Item,
    /// What this gives for the item.
    Template(Template),
}
