//! The engine of this machine: threads whose workers pull.
//!
//! # Approach
//!
//! No thread hands work out. A worker claims the next items of the front block by itself, does them, and posts what became of
//! them ([`super::Slot`]). Workers in this process claim by a compare-and-swap and take the queue's lock only for the next
//! block; those of processes claim under that lock, where it is decided whether another may start ([`super::queue`]).

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

use anyhow::Result;
use rayon::ThreadPool;
use rustix::process::Signal;

use super::posts::Posts;
use super::queue::Queue;
use super::quota::Quota;
use super::slots::{Place, Slots};
use super::{Engine, Full, Hold, MakeExecutor, Note, Order, Ran, Report, RetryPolicy, Ring, Throttle};
use crate::base::buffer::Spares;
use crate::base::chunk::{Block, Chunking};
use crate::base::failure::Failure;
use crate::base::item::{Attempt, Seq};
use crate::base::result::Answer;
use crate::op::{AnyFold, Tally};
use crate::output::Room;
use crate::process::clock::Clock;
use crate::process::orders::ending;

/// How the workers of a run are started, and what they are to mind.
pub struct Config {
    /// Number of workers.
    pub jobs: usize,
    /// Number of workers from now on, where that may change.
    pub jobs_now: Option<Box<JobsNow>>,
    /// Where threads come from.
    pub threads: ThreadSource,
    /// How many items a worker in this process claims at a time.
    pub chunking: Chunking,
    /// Items of this number are not parted, and `--chunk` is only the most that is claimed at a time: for workers that claim more while
    /// others are in flight.
    pub unit: Option<NonZeroU32>,
    /// Command lines are filled.
    pub full: Option<Full>,
    /// When a next item may start.
    pub throttle: Throttle,
    /// The fold whose parts the workers have.
    pub fold: Option<Arc<dyn AnyFold>>,
    /// Stops workers ahead of the run loop.
    pub quota: Option<Quota>,
    /// Which attempts are followed by another.
    pub retry: RetryPolicy,
    /// Room for output that waits.
    pub room: Arc<Room>,
    /// Buffers to fill.
    pub spares: Arc<Spares>,
    /// The time, without pauses.
    pub clock: Arc<Clock>,
    /// Tells the run loop that there is something to collect.
    pub ring: Box<dyn Fn(Ring) + Send + Sync>,
    /// Tells the run loop something at once.
    pub tell: Box<dyn Fn(Note) + Send + Sync>,
}

/// Says how many may be active; nothing where that cannot be told.
pub type JobsNow = dyn Fn() -> Option<usize> + Send + Sync;

/// Where the threads of workers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadSource {
    /// All at once, on a private rayon pool: workers that compute.
    Pool,
    /// Plain threads, started when there is something for one more to do: workers that wait for processes. A rayon pool starts in
    /// the square of its threads, 1,000 in 0.6 s and 4,000 in 12 s.
    AsNeeded {
        /// Bytes of stack. These hold no large values and call nothing deep.
        stack: usize,
        /// Whether workers that have nothing to do wait at their bells rather than in [`super::Slot::next_claim`].
        at_bells: bool,
    },
}

/// Workers on threads of this process.
pub struct Local {
    shared: Arc<Shared>,
    /// Kept so that its threads live.
    _pool: Option<ThreadPool>,
}

/// What the workers and the engine share.
pub(super) struct Shared {
    /// Itself, for those that it hires.
    pub(super) own: Weak<Shared>,
    pub(super) config: Config,
    pub(super) make: Box<MakeExecutor>,
    pub(super) slots: Slots,
    queue: Mutex<Queue>,
    /// Number of blocks in the queue, to be looked at without its lock.
    pub(super) waiting: AtomicUsize,
    /// Something in the queue has changed.
    pub(super) changed: Condvar,
    pub(super) all_left: Condvar,
    /// The outboxes were emptied.
    pub(super) collected: Condvar,
    /// Number of workers that wait for that.
    pub(super) uncollected: AtomicUsize,
    /// Too many files were open: a worker that has nothing to do gives back what it has.
    pub(super) few_files: AtomicBool,
    /// Holds a thread that keeps a place free for a process; it ends when this is dropped.
    pub(super) kept_place: Mutex<Option<Sender<()>>>,
    pub(super) posts: Posts<Report>,
    /// The item whose results go out next; 0 where there is no order.
    pub(super) front: AtomicU64,
    /// One of [`Hold`].
    pub(super) hold: AtomicU8,
    /// Without an order: the item whose output goes out as it comes; 0 where there is none.
    pub(super) owner: AtomicU64,
    /// One of [`ending`].
    pub(super) ending: AtomicU8,
    /// Nothing more may be claimed.
    pub(super) stopped: AtomicBool,
    /// There will be no more blocks, but for items that are tried again.
    pub(super) no_more: AtomicBool,
    /// Number of processes that are kept up.
    pub(super) up: AtomicUsize,
}

impl Local {
    /// Starts the engine. Where threads are started at once, there may be fewer than were asked for: [`Engine::capacity`] tells.
    ///
    /// # Errors
    ///
    /// Not one thread can be started.
    pub fn start(config: Config, make: Box<MakeExecutor>) -> Result<Local> {
        let (threads, queue) = (config.threads, Queue::new(&config));
        let shared = Arc::new_cyclic(|own| Shared {
            own: Weak::clone(own),
            config,
            make,
            slots: Slots::default(),
            queue: Mutex::new(queue),
            waiting: AtomicUsize::new(0),
            changed: Condvar::new(),
            all_left: Condvar::new(),
            collected: Condvar::new(),
            uncollected: AtomicUsize::new(0),
            few_files: AtomicBool::new(false),
            kept_place: Mutex::default(),
            posts: Posts::default(),
            front: AtomicU64::new(0),
            hold: AtomicU8::new(Hold::None as u8),
            owner: AtomicU64::new(0),
            ending: AtomicU8::new(ending::NONE),
            stopped: AtomicBool::new(false),
            no_more: AtomicBool::new(false),
            up: AtomicUsize::new(0),
        });
        let pool = (threads == ThreadSource::Pool).then(|| shared.start_pool()).transpose()?;
        if shared.config.jobs_now.is_some() {
            Shared::follow(&shared);
        }
        Ok(Local { shared, _pool: pool })
    }

    /// Says what is at work, a line for each worker that has something.
    pub fn describe(&self) -> impl Fn() -> String + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.slots.describe(&shared.config.clock, shared.config.jobs)
    }
}

impl Engine for Local {
    fn capacity(&self) -> usize {
        match self.shared.config.threads {
            ThreadSource::Pool => self.shared.lock().threads,
            ThreadSource::AsNeeded { .. } => self.shared.config.jobs,
        }
    }

    fn start(&mut self, block: Block) {
        self.start_all(vec![block]);
    }

    fn start_all(&mut self, blocks: Vec<Block>) {
        let mut queue = self.shared.lock();
        let alone = blocks.iter().map(Block::items).sum::<u64>() == 1;
        blocks.into_iter().for_each(|block| queue.blocks.push(block));
        self.shared.waiting.store(queue.blocks.len(), Ordering::Relaxed);
        self.shared.work_came(queue, !alone);
    }

    fn collect(&mut self) -> Vec<Report> {
        let mut all: Vec<Report> = self.shared.slots.take().into_iter().map(Report::Pieces).collect();
        all.append(&mut self.shared.posts.take());
        if self.shared.uncollected.load(Ordering::Relaxed) > 0 {
            self.shared.collected.notify_all();
        }
        all
    }

    fn revoke(&mut self) -> u64 {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let revoked = self.shared.lock().blocks.revoke();
        self.shared.wake_all();
        revoked
    }

    fn close(&mut self) -> Option<Answer> {
        let mut queue = self.shared.lock();
        queue.closed = true;
        drop(queue);
        self.shared.wake_all();
        self.shared.collected.notify_all();
        queue = self.shared.lock();
        while queue.left < queue.threads {
            queue = self.shared.all_left.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        // There may have been no worker, where there was nothing to do.
        let mut total = Arc::clone(self.shared.config.fold.as_ref()?).tally();
        queue.tallies.drain(..).for_each(|mut tally| total.merge(&mut *tally));
        total.finish()
    }

    fn finish(&mut self) {
        if !self.shared.no_more.swap(true, Ordering::SeqCst) {
            let mut queue = self.shared.lock();
            queue.complete = true;
            self.shared.hire(queue);
            self.shared.wake_all();
            // For the workers of a fold that have looked already: one that posts later sees it, since the outbox is locked in between.
            (self.shared.config.ring)(Ring::Now);
        }
    }

    fn is_quiet(&self) -> bool {
        self.shared.up.load(Ordering::SeqCst) == 0
    }

    fn flow(&mut self, front: Option<Seq>, hold: Hold) {
        let shared = &self.shared;
        let seq = front.unwrap_or(Seq(0));
        let moved = shared.front.swap(seq.0, Ordering::SeqCst) != seq.0;
        let before = shared.hold.swap(hold as u8, Ordering::SeqCst);
        if before != hold as u8 || hold != Hold::None && moved {
            // Whether they may go on has changed, or for which item they may.
            shared.wake_all();
        } else if moved {
            shared.slots.ring(seq);
        }
    }

    fn command(&mut self, order: Order) -> bool {
        let Shared { config, slots, ending, .. } = &*self.shared;
        if config.threads == ThreadSource::Pool {
            return false;
        }
        match order {
            Order::End => drop(ending.fetch_max(ending::SOON, Ordering::AcqRel)),
            Order::Kill => ending.store(ending::NOW, Ordering::Release),
            Order::Pause => {
                config.clock.pause();
                slots.signal(Signal::STOP);
            }
            Order::Resume => {
                slots.signal(Signal::CONT);
                config.clock.resume();
            }
            // A worker that is rung looks.
            Order::Look => {}
        }
        self.shared.wake_all();
        true
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake_all();
    }
}

impl Shared {
    /// There is something to claim: wakes those that wait for it, all of them where `all`, and hires one more.
    pub(super) fn work_came(&self, mut queue: MutexGuard<'_, Queue>, all: bool) {
        let at_bells = matches!(self.config.threads, ThreadSource::AsNeeded { at_bells: true, .. });
        if at_bells {
            drop(queue);
            if self.slots.offer() {
                return;
            }
            return self.hire(self.lock());
        }
        // One that has been woken is not asleep while it comes: no wake-up is paid for twice.
        let asleep = queue.idle.saturating_sub(queue.woken);
        queue.woken += if all { asleep } else { asleep.min(1) };
        self.hire(queue);
        match (asleep, all) {
            (0, _) => {}
            (_, true) => self.changed.notify_all(),
            (_, false) => self.changed.notify_one(),
        }
    }

    /// Wakes every worker, wherever it waits.
    pub(super) fn wake_all(&self) {
        self.changed.notify_all();
        self.slots.ring_all();
    }

    pub(super) fn post(&self, mut ran: Ran) {
        let failed = match &ran.fate {
            super::Fate::Failed(failed) => failed.first(),
            _ => None,
        };
        ran.again = failed.is_some_and(|failed| self.may_follow(ran.attempt, &failed.cause));
        let (ok, failed) = match &ran.fate {
            super::Fate::Ok => (ran.items, 0),
            super::Fate::Failed(_) if !ran.again => (0, ran.items),
            super::Fate::Some(failed, _) => (ran.items - failed, *failed),
            _ => (0, 0),
        };
        self.count(ok, failed);
        if self.posts.push(Report::Attempt(Box::new(ran))) {
            (self.config.ring)(Ring::Soon);
        }
    }

    /// Whether another attempt follows one that failed for this cause.
    pub(super) fn may_follow(&self, attempt: Attempt, cause: &Failure) -> bool {
        self.config.retry.may_follow(attempt, cause)
    }

    /// Items have ended for good: enough may have.
    pub(super) fn count(&self, ok: u64, failed: u64) {
        if let Some(quota) = &self.config.quota {
            quota.note(ok, failed);
            if quota.is_used_up() {
                self.stopped.store(true, Ordering::SeqCst);
            }
        }
    }

    /// Whether an item may start although as much waits as may: for the one whose results go out next all others wait, and
    /// what is tried again waits already.
    pub(super) fn may_start(&self, first: Seq, attempt: Attempt) -> bool {
        match self.hold.load(Ordering::Relaxed) {
            hold if hold == Hold::None as u8 => true,
            hold if hold == Hold::All as u8 => false,
            _ => attempt > Attempt::FIRST || first.0 <= self.front.load(Ordering::Relaxed),
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub(super) fn warn(&self, text: String) {
        (self.config.tell)(Note::Warning(text));
    }

    /// The run cannot go on: nothing more is claimed, and the loop is told why.
    pub(super) fn break_off(&self, error: anyhow::Error) {
        self.stopped.store(true, Ordering::SeqCst);
        (self.config.tell)(Note::Broken(error));
        self.wake_all();
    }

    /// A worker has ended for good.
    pub(super) fn leave(&self, place: &Arc<Place>, tally: Option<Box<dyn Tally>>) {
        let mut queue = self.lock();
        queue.left += 1;
        queue.tallies.extend(tally);
        drop(queue);
        place.leave();
        self.all_left.notify_all();
    }

    /// A worker ends before the run does: another takes its place when there is room again.
    pub(super) fn retire(&self, place: &Arc<Place>, tally: Option<Box<dyn Tally>>) {
        self.slots.remove(place);
        let mut queue = self.lock();
        queue.threads -= 1;
        queue.tallies.extend(tally);
        drop(queue);
        self.all_left.notify_all();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
