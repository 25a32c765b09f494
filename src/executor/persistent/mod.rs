//! Processes that stay up and are fed items: `pool` and `py`.
//!
//! # Approach
//!
//! Each worker has a thread and, once there is something for it to do, a process of its own, whose start is paid for once. It
//! claims chunks, writes them to the process as far ahead as keeps that
//! busy ([`ahead`]), and matches the answers to the items ([`flight`]) as its [`Protocol`] reads them. Whole chunks are
//! moved: no item costs an allocation or a system call of its own. The results go into the same outboxes as those of
//! work in this process.
//!
//! When a process dies, the item that it was at is charged, and the worker gives the others to a fresh one.

mod ahead;
mod climb;
mod farewell;
mod flight;
mod leg;
mod mate;
mod options;
mod post;
mod protocol;
mod rest;
mod trouble;
mod voice;
mod worker;

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::GuardSlot;
use super::finish::Finish;
use crate::command::words::Words;
use crate::engine::{Executor, MakeExecutor};
use crate::output::Format;

pub use flight::Flight;
pub use options::{Keep, Language, Refused};
pub use protocol::{Frames, Json, Lines, Mismatch, Protocol, Python};
use worker::Persistent;

/// Bytes of stack of a worker's thread.
pub const STACK: usize = 256 << 10;

/// What processes that stay up need.
pub struct PersistentConfig {
    /// The path of the program.
    pub program: CString,
    /// Its words, the name first.
    pub words: Words,
    /// What all processes find in their environment.
    pub environment: Words,
    /// Makes the language of a worker, whose number from 1 it gets.
    pub protocol: Box<MakeProtocol>,
    /// Each process gets an item at a time, and its end is reported at once: something counts items as they end.
    pub one_by_one: bool,
    /// How long an item may take.
    pub timeout: Option<Duration>,
    /// How long its process is left alone with it: longer where that sees to the time itself.
    pub patience: Option<Duration>,
    /// How long a process may take to be ready for its first item, where it says when it is.
    pub start_limit: Option<Duration>,
    /// How long a process has between the request to end and its death.
    pub grace: Duration,
    /// Added to the niceness of processes.
    pub nice: i32,
    /// Maximum number of items that a process does.
    pub recycle: Option<u64>,
    /// A process that holds more memory than this is replaced, in bytes.
    pub recycle_rss: Option<u64>,
    /// How results look.
    pub format: Arc<dyn Format>,
    /// Number of failures of a chunk that are reported with their items.
    pub named: usize,
    /// Takes the group that a worker is at.
    pub guard: Option<Box<GuardSlot>>,
    /// Signals what the process of a worker started and is no longer in its group.
    pub strays: Option<Box<WorkerStrays>>,
}

/// Makes the language of a worker, from 1. It may need files of its own.
pub type MakeProtocol = dyn Fn(usize) -> std::io::Result<Box<dyn Protocol>> + Send + Sync;

/// Sends a signal to what the process of this worker, from 1, has started and is no longer in its group.
pub type WorkerStrays = dyn Fn(usize, Signal, Pid) + Send + Sync;

/// What the workers of a run share.
struct Shared {
    team: PersistentConfig,
    /// Number of processes in a row that have ended without an answer.
    failed_starts: AtomicU64,
    /// Warnings about processes so far.
    warnings: AtomicU64,
}

/// Makes the workers.
pub fn workers(config: PersistentConfig) -> Box<MakeExecutor> {
    let (failed_starts, warnings) = (AtomicU64::new(0), AtomicU64::new(0));
    let shared = Arc::new(Shared { team: config, failed_starts, warnings });
    Box::new(move |slot| Ok(Box::new(Persistent::new(Arc::clone(&shared), slot)?) as Box<dyn Executor>))
}

impl Shared {
    fn finish(&self, retries: u32) -> Finish<'_> {
        Finish { format: Some(&*self.team.format), named: self.team.named, apart: retries > 0 }
    }
}
