//! The threads of this machine: a private rayon pool whose workers pull.
//!
//! Each worker runs one loop for the whole run: take the front block of the queue, claim its chunks until
//! none is left, take the next block. A rayon task for each chunk was measured at a tenth of the speed
//! for small chunks, and would need a queue of its own to keep seq order.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use parjob_sys::limits;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::blocks::Blocks;
use super::hand::{Done, Hand, Task};
use super::outbox::Outbox;
use super::quota::Quota;
use super::{Delivery, Engine, Piece, Ring};
use crate::base::buffer::Spares;
use crate::base::chunk::{Block, Chunking, Pace};
use crate::base::item::Chunk;
use crate::base::result::Answer;
use crate::op::Tally;

/// The name of the worker threads.
const WORKER: &str = "parjob-worker";

/// Number of failures that may wait to be told, with their items, of all workers together.
const NAMED: usize = 65_536;

/// How long a worker waits at a time for its outbox to be emptied: a ring may come between its look and its wait.
const MOMENT: Duration = Duration::from_millis(50);

/// Workers on threads.
pub struct Local {
    shared: Arc<Shared>,
    workers: usize,
    /// Kept so that the threads live.
    _pool: ThreadPool,
}

/// What the workers and the engine share.
struct Shared {
    task: Task,
    chunking: Chunking,
    quota: Option<Quota>,
    spares: Arc<Spares>,
    ring: Box<dyn Fn(Ring) + Send + Sync>,
    queue: Mutex<Queue>,
    /// How many blocks the queue holds, to be looked at without its lock.
    waiting: AtomicUsize,
    /// Blocks came, or the queue was closed.
    changed: Condvar,
    /// The last worker left.
    all_left: Condvar,
    /// The outboxes were emptied.
    collected: Condvar,
    outboxes: Vec<Outbox>,
    /// What each worker is at.
    at: Vec<At>,
    /// Set once nothing more may be claimed.
    stopped: AtomicBool,
}

#[derive(Default)]
struct Queue {
    blocks: Blocks,
    closed: bool,
    /// Workers that wait for a block: no wake-up is paid for when nobody sleeps.
    idle: usize,
    /// Workers that have left.
    left: usize,
    tallies: Vec<Box<dyn Tally>>,
}

/// The items that a worker is at. On cache lines of its own, as [`Outbox`].
#[derive(Default)]
#[repr(align(128))]
struct At {
    first: AtomicU64,
    /// 0: none.
    count: AtomicUsize,
}

impl At {
    fn enter(&self, chunk: &Chunk<'_>) {
        self.first.store(chunk.first.0, Ordering::Relaxed);
        self.count.store(chunk.count, Ordering::Relaxed);
    }

    fn leave(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    fn describe(&self, worker: usize) -> Option<String> {
        let (first, count) = (self.first.load(Ordering::Relaxed), self.count.load(Ordering::Relaxed) as u64);
        match count {
            0 => None,
            1 => Some(format!("\n  item {first}: worker {worker}")),
            _ => Some(format!("\n  items {first} to {}: worker {worker}", first + count - 1)),
        }
    }
}

impl Local {
    /// Starts `jobs` workers, or as many as the machine gives: [`Engine::capacity`] tells.
    ///
    /// # Errors
    ///
    /// Not one thread can be started.
    pub fn start(
        jobs: usize,
        task: Task,
        chunking: Chunking,
        quota: Option<Quota>,
        spares: Arc<Spares>,
        ring: impl Fn(Ring) + Send + Sync + 'static,
    ) -> Result<Local> {
        let pool = start_pool(jobs)?;
        let workers = pool.current_num_threads();
        let shared = Arc::new(Shared {
            task,
            chunking,
            quota,
            spares,
            ring: Box::new(ring),
            queue: Mutex::default(),
            waiting: AtomicUsize::new(0),
            changed: Condvar::new(),
            all_left: Condvar::new(),
            collected: Condvar::new(),
            outboxes: (0..workers).map(|_| Outbox::default()).collect(),
            at: (0..workers).map(|_| At::default()).collect(),
            stopped: AtomicBool::new(false),
        });
        let worker = Arc::clone(&shared);
        pool.spawn_broadcast(move |context| worker.work(context.index()));
        Ok(Local { shared, workers, _pool: pool })
    }

    /// Says which items are at work, a line for each worker that has some.
    pub fn describe(&self) -> impl Fn() -> String + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            let lines: Vec<String> = (1..).zip(&shared.at).filter_map(|(worker, at)| at.describe(worker)).collect();
            format!("{} of {} workers at work{}", lines.len(), shared.at.len(), lines.concat())
        }
    }
}

/// A pool of `jobs` threads, or of fewer where the machine refuses.
fn start_pool(jobs: usize) -> Result<ThreadPool> {
    let mut threads = jobs;
    loop {
        let mut started = Vec::new();
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .spawn_handler(|thread| {
                limits::room_for_worker(started.len())?;
                started.push(std::thread::Builder::new().name(WORKER.into()).spawn(|| thread.run())?);
                Ok(())
            })
            .build();
        let Err(error) = pool else { return Ok(pool?) };
        if threads == 1 {
            bail!("cannot start a single worker thread: {error}");
        }
        // Half of what went: the rest of the program needs room too.
        threads = (started.len() / 2).clamp(1, threads - 1);
        // The pool that was not made has told its threads to end. Until they have, their stacks take the room.
        for thread in started {
            // None of them has done anything that could have panicked.
            let _ = thread.join();
        }
    }
}

impl Engine for Local {
    fn capacity(&self) -> usize {
        self.workers
    }

    fn start(&mut self, block: Block) {
        let mut queue = self.shared.lock();
        let alone = block.items() == 1;
        queue.blocks.push(block);
        let idle = queue.idle;
        self.shared.waiting.store(queue.blocks.len(), Ordering::Relaxed);
        drop(queue);
        match (idle, alone) {
            (0, _) => {}
            (_, true) => self.shared.changed.notify_one(),
            _ => self.shared.changed.notify_all(),
        }
    }

    fn collect(&mut self) -> Vec<Delivery> {
        let taken = self.shared.outboxes.iter().flat_map(Outbox::take).map(Delivery::Chunks).collect();
        self.shared.collected.notify_all();
        taken
    }

    fn revoke(&mut self) -> u64 {
        self.shared.stopped.store(true, Ordering::Relaxed);
        self.shared.lock().blocks.revoke()
    }

    fn close(&mut self) -> Option<Answer> {
        let mut queue = self.shared.lock();
        queue.closed = true;
        self.shared.changed.notify_all();
        self.shared.collected.notify_all();
        while queue.left < self.workers {
            queue = self.shared.all_left.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let mut tallies = queue.tallies.drain(..);
        let mut total = tallies.next()?;
        tallies.for_each(|mut tally| total.merge(&mut *tally));
        total.finish()
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// A worker's life.
    fn work(&self, index: usize) {
        let mut hand = Hand::new(&self.task);
        let mut pace = Pace::default();
        while let Some(block) = self.next_block(index) {
            while !self.is_stopped()
                && let Some(chunk) = block.claim(pace.want(), self.sharers(&pace))
            {
                let (count, start) = (chunk.count, self.paced().then(Instant::now));
                self.at[index].enter(&chunk);
                hand.work(&block, chunk, |done| self.post(index, &block, done));
                if let Some(start) = start {
                    pace.learn(count, start.elapsed());
                }
            }
            self.at[index].leave();
            hand.settle();
        }
        self.leave(hand);
    }

    /// How many workers the current block must do for: all, when no other block waits. Else each worker can
    /// have a block of its own; and to cut up a block of cheap items would cost more than it saves.
    fn sharers(&self, pace: &Pace) -> u32 {
        let alone = pace.is_cheap() || self.waiting.load(Ordering::Relaxed) > 1;
        if alone { 1 } else { self.outboxes.len() as u32 }
    }

    fn paced(&self) -> bool {
        self.chunking == Chunking::Auto
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// The block to claim from. Waits for one; `None` when there will be none.
    fn next_block(&self, index: usize) -> Option<Arc<Block>> {
        let mut queue = self.lock();
        loop {
            let front = queue.blocks.front().map(Arc::clone);
            self.waiting.store(queue.blocks.len(), Ordering::Relaxed);
            if let Some(block) = front.filter(|_| !self.is_stopped()) {
                return Some(block);
            }
            if !self.outboxes[index].is_empty() {
                drop(queue);
                (self.ring)(Ring::Now);
                queue = self.lock();
                if queue.blocks.len() > 0 && !self.is_stopped() {
                    continue;
                }
            }
            if queue.closed {
                return None;
            }
            queue.idle += 1;
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }

    fn post(&self, index: usize, block: &Block, done: Done<'_>) {
        let Done { chunk, mut failed, failures, skipped, bytes } = done;
        let (items, failures, skipped) = (chunk.count as u64, failures as u64, skipped as u64);
        let has_named = !failed.is_empty();
        if let Some(quota) = &self.quota {
            quota.note(items - failures - skipped, failures);
            if quota.is_used_up() {
                self.stopped.store(true, Ordering::Relaxed);
            }
        }
        let piece = Piece { first: chunk.first, items, failed: failures, skipped, attempt: block.attempt(), end: 0 };
        if let Some(ring) = self.outboxes[index].post(piece, bytes, &mut failed, &self.spares) {
            (self.ring)(ring);
        }
        if has_named && self.outboxes[index].failures() > NAMED / self.outboxes.len() {
            self.wait_until_collected(index);
        }
    }

    /// Where each failure is printed and the reader of that is slow, failures must not pile up: they are larger than their
    /// items.
    fn wait_until_collected(&self, index: usize) {
        let mut queue = self.lock();
        while !queue.closed && !self.is_stopped() && !self.outboxes[index].is_empty() {
            let waited = self.collected.wait_timeout(queue, MOMENT).unwrap_or_else(PoisonError::into_inner);
            queue = waited.0;
        }
    }

    fn leave(&self, hand: Hand) {
        let mut queue = self.lock();
        queue.left += 1;
        queue.tallies.extend(hand.into_tally());
        if queue.left == self.outboxes.len() {
            self.all_left.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
