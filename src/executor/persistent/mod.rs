//! Processes that stay up: the engine of `pool`.
//!
//! # Approach
//!
//! As with [`super::Local`], workers pull. Each has a thread and, once there is something for it to do, a process of
//! its own, whose start is paid for once. It claims chunks, writes them to the process as far ahead as keeps that
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
mod queue;
mod rest;
mod station;
#[cfg(test)]
mod tests;
mod trouble;
mod voice;
mod worker;

use std::ffi::CString;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use parjob_sys::limits;
use rustix::process::{Pid, Signal};

use crate::engine::hand::Finish;
use crate::engine::outbox::Outbox;
use crate::engine::posts::Posts;

use crate::base::buffer::Spares;
use crate::base::chunk::{Block, Claim};
use crate::base::item::Seq;
use crate::base::result::Answer;
use crate::command::words::Words;
use crate::engine::{Again, Delivery, Engine, GuardSlot, Order, Quota, Ring};
use crate::output::{Format, Room};
use crate::process::child::ending;
use crate::process::clock::Clock;

pub use flight::Flight;
pub use options::{Keep, Language, Refused};
pub use protocol::{Frames, Json, Lines, Mismatch, Protocol, Python};
use queue::Queue;
pub use station::Stations;
use worker::Worker;

/// The stack of a worker's thread. It holds no large values and calls nothing deep.
const STACK: usize = 256 << 10;

/// What a pool needs.
pub struct Team {
    /// The path of the program.
    pub program: CString,
    /// Its words, the name first.
    pub words: Words,
    /// What all processes find in their environment.
    pub environment: Words,
    /// Makes the language of a worker, whose number from 1 it is told.
    pub protocol: Box<MakeProtocol>,
    /// How many workers.
    pub jobs: usize,
    /// Give each process an item at a time, and tell of its end at once: someone counts items as they end.
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
    /// A process does so many items at the most.
    pub recycle: Option<u64>,
    /// A process that holds more memory than this is replaced.
    pub recycle_rss: Option<u64>,
    /// How results look.
    pub format: Arc<dyn Format>,
    /// How many failures of a chunk are told of with their items.
    pub tell: usize,
    /// Which attempts are followed by another.
    pub again: Again,
    /// Stops workers ahead of the run loop.
    pub quota: Option<Quota>,
    /// Room for what processes say on standard error.
    pub room: Arc<Room>,
    /// Buffers to fill.
    pub spares: Arc<Spares>,
    /// The time.
    pub clock: Arc<Clock>,
    /// Who works where.
    pub stations: Arc<Stations>,
    /// Is told which group a worker is at.
    pub guard: Option<Box<GuardSlot>>,
    /// Signals what the process of a worker started and is no longer in its group.
    pub strays: Option<Box<WorkerStrays>>,
    /// Tells the run loop that there is something to collect.
    pub ring: Box<dyn Fn(Ring) + Send + Sync>,
}

/// Makes the language of a worker, from 1. It may need files of its own.
pub type MakeProtocol = dyn Fn(usize) -> std::io::Result<Box<dyn Protocol>> + Send + Sync;

/// Sends a signal to what the process of this worker, from 1, has started and is no longer in its group.
pub type WorkerStrays = dyn Fn(usize, Signal, Pid) + Send + Sync;

/// Workers with a process each.
pub struct Pool {
    shared: Arc<Shared>,
}

/// What the workers and the engine share.
struct Shared {
    team: Team,
    queue: Mutex<Queue>,
    outboxes: Vec<Outbox>,
    posts: Posts<Delivery>,
    /// One of [`ending`].
    ending: AtomicU8,
    /// Nothing more may be claimed.
    stopped: AtomicBool,
    /// There will be no more blocks, but for items that are tried again.
    no_more: AtomicBool,
    /// The processes that are up.
    up: AtomicUsize,
    /// So many processes in a row have ended without an answer.
    failed_starts: AtomicU64,
    /// Warnings about processes so far.
    warnings: AtomicU64,
    /// The item whose result goes out next; 0 where there is no order.
    front: AtomicU64,
}

impl Pool {
    /// An engine without a process yet.
    pub fn new(team: Team) -> Pool {
        let shared = Shared {
            outboxes: (0..team.jobs).map(|_| Outbox::default()).collect(),
            team,
            queue: Mutex::default(),
            posts: Posts::default(),
            ending: AtomicU8::new(ending::NONE),
            stopped: AtomicBool::new(false),
            no_more: AtomicBool::new(false),
            up: AtomicUsize::new(0),
            failed_starts: AtomicU64::new(0),
            warnings: AtomicU64::new(0),
            front: AtomicU64::new(0),
        };
        Pool { shared: Arc::new(shared) }
    }
}

impl Engine for Pool {
    fn capacity(&self) -> usize {
        self.shared.team.jobs
    }

    fn start(&mut self, block: Block) {
        self.shared.lock().blocks.push(block);
        if !self.shared.team.stations.offer() {
            self.shared.hire();
        }
    }

    fn collect(&mut self) -> Vec<Delivery> {
        let parcels = self.shared.outboxes.iter().flat_map(Outbox::take).map(Delivery::Chunks);
        let mut all: Vec<Delivery> = parcels.collect();
        all.append(&mut self.shared.posts.take());
        all
    }

    fn revoke(&mut self) -> u64 {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let revoked = self.shared.lock().blocks.revoke();
        self.shared.team.stations.ring_all();
        revoked
    }

    fn close(&mut self) -> Option<Answer> {
        None
    }

    fn finish(&mut self) {
        if !self.shared.no_more.swap(true, Ordering::SeqCst) {
            self.shared.team.stations.ring_all();
        }
    }

    fn is_quiet(&self) -> bool {
        self.shared.up.load(Ordering::SeqCst) == 0
    }

    fn front(&mut self, seq: Seq) {
        self.shared.front.store(seq.0, Ordering::Relaxed);
    }

    fn command(&mut self, order: Order) -> bool {
        let team = &self.shared.team;
        match order {
            Order::End => drop(self.shared.ending.fetch_max(ending::SOON, Ordering::AcqRel)),
            Order::Kill => self.shared.ending.store(ending::NOW, Ordering::Release),
            Order::Pause => {
                team.clock.pause();
                team.stations.signal(Signal::STOP);
            }
            Order::Resume => {
                team.stations.signal(Signal::CONT);
                team.clock.resume();
            }
        }
        team.stations.ring_all();
        true
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.team.stations.ring_all();
    }
}

impl Shared {
    /// Starts a thread, if there is something for one more to do.
    fn hire(self: &Arc<Self>) {
        let mut queue = self.lock();
        if queue.threads >= self.team.jobs || queue.exhausted || !queue.blocks.has_work() || self.is_stopped() {
            return;
        }
        queue.threads += 1;
        drop(queue);
        let Err(error) = self.spawn_worker() else { return };
        let mut queue = self.lock();
        queue.threads -= 1;
        queue.exhausted = true;
        let threads = queue.threads;
        drop(queue);
        match threads {
            0 => self.break_off(anyhow::Error::new(error).context("cannot start a single worker")),
            _ => self.warn_of_few(threads, &error),
        }
    }

    fn spawn_worker(self: &Arc<Self>) -> std::io::Result<()> {
        let station = self.team.stations.add()?;
        let shared = Arc::clone(self);
        let body = move || match Worker::new(Arc::clone(&shared), station) {
            Ok(worker) => worker.live(),
            Err(error) => shared.break_off(anyhow::Error::new(error).context("cannot set up a worker")),
        };
        let start = || Builder::new().name("parjob-worker".into()).stack_size(STACK).spawn(body);
        let started = limits::room_for_worker(self.lock().threads).and_then(|()| start());
        if started.is_err() {
            self.team.stations.remove();
        }
        started.map(drop)
    }

    fn warn_of_few(&self, some: usize, error: &dyn std::fmt::Display) {
        let jobs = self.team.jobs;
        self.warn(format!("only {some} of {jobs} workers could be started; going on with them ({error})"));
    }

    /// The next chunk, of about so many items.
    fn claim(&self, want: usize) -> Option<(Arc<Block>, Claim)> {
        let mut queue = self.lock();
        while !self.is_stopped() && queue.blocks.has_work() {
            let block = Arc::clone(queue.blocks.front()?);
            // As long as another block waits, nobody goes without.
            let sharers = if queue.blocks.len() > 1 { 1 } else { self.team.jobs as u32 };
            if let Some(claim) = block.reserve(u32::try_from(want).unwrap_or(u32::MAX), sharers) {
                return Some((block, claim));
            }
        }
        None
    }

    /// Whether there is something to claim.
    fn has_work(&self) -> bool {
        !self.is_stopped() && self.lock().blocks.has_work()
    }

    /// Whether a process whose items are answered has seen its last.
    fn is_done(&self) -> bool {
        self.is_stopped() || self.no_more.load(Ordering::SeqCst) && !self.lock().blocks.has_work()
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn ending(&self) -> u8 {
        self.ending.load(Ordering::Acquire)
    }

    fn finish(&self) -> Finish<'_> {
        let team = &self.team;
        Finish { format: Some(&*team.format), tell: team.tell, apart: team.again.retries > 0 }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
