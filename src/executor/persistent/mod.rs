//! Processes that stay up and are fed items: `pool` and `py`.
//!
//! # Approach
//!
//! Each worker has a thread and, once there is something for it to do, a process of its own, whose start is paid for once. What it
//! does is a state machine without input or output ([`session`]): it claims
//! items, writes them to the process as far ahead as keeps that busy ([`prefetch`]), and matches the answers to the items
//! ([`in_flight`]) as its [`Protocol`] reads them. The thread ([`driver`]) turns what it says into system calls. Whole
//! chunks are moved: no item costs an allocation or a system call of its own. The results go into the same outboxes as
//! those of work in this process.
//!
//! When a process dies, the item that it was at is charged, and the worker gives the others to a fresh one ([`recovery`]).
//! What was written ahead to a process that is slow is taken back when another worker has nothing to do.

mod concurrency_probe;
mod driver;
mod in_flight;
mod look;
mod options;
mod outgoing;
mod pending;
mod port;
mod prefetch;
mod process;
mod protocol;
mod recovery;
mod session;
mod shutdown;
mod stderr_tail;

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::GuardSlot;
use crate::command::words::Words;
use crate::engine::{Executor, MakeExecutor};
use crate::output::Format;

use driver::Persistent;
pub use in_flight::InFlight;
pub use options::{Keep, Language, Refused};
pub use protocol::{Frames, Json, Lines, Mismatch, Protocol, Python};

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
    config: PersistentConfig,
    /// Number of processes in a row that have ended without an answer.
    failed_starts: Arc<AtomicU64>,
    /// Warnings about processes so far.
    warnings: AtomicU64,
}

/// Makes the workers.
pub fn workers(config: PersistentConfig) -> Box<MakeExecutor> {
    let shared = Arc::new(Shared { config, failed_starts: Arc::default(), warnings: AtomicU64::new(0) });
    Box::new(move |slot| Ok(Box::new(Persistent::new(Arc::clone(&shared), slot)?) as Box<dyn Executor>))
}
