//! Processes, each watched by a thread: the engine of `run` and `sh`.
//!
//! # Approach
//!
//! As with [`super::Local`], workers pull: each claims the next item by itself, starts its process, stays with it
//! until it is gone, and posts what became of it. A thread for each process that runs costs 20 µs once and a few
//! KiB, and lets each wait in one plain system call; nothing passes through another thread before the outcome does.
//! They are not on a rayon pool, since that starts in the square of its threads (1,000 of them in 0.6 s), and here
//! there are as many as processes run side by side; they are started when there is something for them to do.
//!
//! When the system has no more files or processes, fewer run at a time and nothing fails.

mod batch;
mod conclude;
mod crew;
mod desk;
mod full;
mod place;
mod queue;
mod reduce;
mod staff;
mod times;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use parjob_sys::cgroup::OomCount;
use rustix::process::Signal;

use crate::base::chunk::Block;
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq};
use crate::base::outcome::Record;
use crate::base::result::Answer;
use crate::command::recipe::Timeout;
use crate::engine::posts::Posts;
use crate::engine::{Delivery, Engine, Fate, Note, Order, Ran, Ring};
use crate::output::Output;
use crate::process::orders::ending;

pub use crew::{Crew, JobsNow, Journal, Keeper, Kept, Skip, Strays, Tag};
pub use full::Full;
pub use place::Roster;
use queue::Queue;
use times::Times;

/// How often workers look around.
const LOOK: Duration = Duration::from_secs(1);

/// Workers with processes.
pub struct Processes {
    shared: Arc<Shared>,
}

/// What the workers and the engine share.
struct Shared {
    /// Itself, for those that it hires.
    own: Weak<Shared>,
    crew: Crew,
    queue: Mutex<Queue>,
    /// Something in the queue has changed.
    changed: Condvar,
    all_left: Condvar,
    /// Too many files were open: who has nothing to do gives back what it has.
    few_files: AtomicBool,
    /// Holds a thread that keeps a place free for a process; it ends when this is dropped.
    place: Mutex<Option<Sender<()>>>,
    posts: Posts<Ran>,
    /// The item whose results go out next.
    front: AtomicU64,
    /// One of [`ending`].
    ending: AtomicU8,
    /// Nothing more may be claimed.
    stopped: AtomicBool,
    /// It was said that something holds a pipe.
    warned_of_leak: AtomicBool,
    /// How long attempts took that went well.
    times: Mutex<Times>,
    /// How many processes had been killed for want of memory when the run began.
    killed_before: OomCount,
}

impl Processes {
    /// An engine without a thread yet.
    pub fn new(crew: Crew) -> Processes {
        let queue = Mutex::new(Queue::new(crew.jobs, crew.gate.clone(), crew.full));
        let shared = Arc::new_cyclic(|own| Shared {
            own: Weak::clone(own),
            crew,
            queue,
            changed: Condvar::new(),
            all_left: Condvar::new(),
            few_files: AtomicBool::new(false),
            place: Mutex::default(),
            posts: Posts::default(),
            front: AtomicU64::new(Seq::FIRST.0),
            ending: AtomicU8::new(ending::NONE),
            stopped: AtomicBool::new(false),
            warned_of_leak: AtomicBool::new(false),
            times: Mutex::default(),
            killed_before: OomCount::now(),
        });
        if shared.crew.jobs_now.is_some() {
            Shared::follow(&shared);
        }
        Processes { shared }
    }
}

impl Engine for Processes {
    fn capacity(&self) -> usize {
        self.shared.crew.jobs
    }

    fn start(&mut self, block: Block) {
        let mut queue = self.shared.lock();
        queue.blocks.push(block);
        self.shared.hire(queue);
        self.shared.changed.notify_one();
    }

    fn no_more(&mut self) {
        let mut queue = self.shared.lock();
        queue.complete = true;
        self.shared.hire(queue);
        self.shared.changed.notify_all();
    }

    fn collect(&mut self) -> Vec<Delivery> {
        self.shared.posts.take().into_iter().map(|ran| Delivery::Process(Box::new(ran))).collect()
    }

    fn revoke(&mut self) -> u64 {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let revoked = self.shared.lock().blocks.revoke();
        self.shared.changed.notify_all();
        revoked
    }

    fn close(&mut self) -> Option<Answer> {
        let mut queue = self.shared.lock();
        queue.closed = true;
        self.shared.changed.notify_all();
        while queue.left < queue.threads {
            queue = self.shared.all_left.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let fold = self.shared.crew.reduce.as_ref()?;
        // There may have been nobody, where there was nothing to do.
        let mut total = Arc::clone(fold).tally();
        queue.tallies.drain(..).for_each(|mut tally| total.merge(&mut *tally));
        total.finish()
    }

    fn front(&mut self, seq: Seq) {
        if self.shared.front.swap(seq.0, Ordering::SeqCst) != seq.0 {
            self.shared.crew.roster.ring(seq);
        }
    }

    fn command(&mut self, order: Order) -> bool {
        let crew = &self.shared.crew;
        match order {
            Order::End => drop(self.shared.ending.fetch_max(ending::SOON, Ordering::AcqRel)),
            Order::Kill => self.shared.ending.store(ending::NOW, Ordering::Release),
            Order::Pause => {
                crew.clock.pause();
                crew.roster.signal(Signal::STOP);
            }
            Order::Resume => {
                crew.roster.signal(Signal::CONT);
                crew.clock.resume();
            }
        }
        crew.roster.ring_all();
        self.shared.changed.notify_all();
        true
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// What is to be done from time to time, and all may be at long items: sees whether one more can be at work again.
    fn look_around(&self) {
        let mut queue = self.lock();
        if queue.looked.elapsed() > LOOK {
            queue.looked = Instant::now();
            if queue.has_turn()
                && let Some(own) = self.own.upgrade()
            {
                own.hire(queue);
            }
        }
    }

    /// An attempt has ended.
    fn end(&self, ran: Ran) {
        if let Some(quota) = &self.crew.quota {
            let (ok, failed) = match &ran.fate {
                Fate::Ok => (ran.items, 0),
                Fate::Failed(failed) if !failed.iter().any(|f| self.crew.again.may_follow(ran.attempt, &f.cause)) => {
                    (0, ran.items)
                }
                _ => (0, 0),
            };
            quota.note(ok, failed);
            if quota.is_used_up() {
                self.stopped.store(true, Ordering::Relaxed);
            }
        }
        self.post(ran);
    }

    fn post(&self, ran: Ran) {
        if self.posts.push(ran) {
            (self.crew.ring)(Ring::Soon);
        }
    }

    /// How long an attempt may take, as far as is known by now.
    fn timeout(&self) -> Option<Duration> {
        match self.crew.command.timeout? {
            Timeout::After(timeout) => Some(timeout),
            Timeout::Percent(percent) => self.times().median().map(|median| median * percent / 100),
        }
    }

    /// Learns how long an attempt took that went well.
    fn learn(&self, took: Duration) {
        if matches!(self.crew.command.timeout, Some(Timeout::Percent(_))) {
            self.times().add(took);
        }
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn journal(&self, write: impl FnOnce(&dyn Journal) -> anyhow::Result<()>) {
        if let Some(journal) = &self.crew.journal
            && let Err(error) = write(&**journal)
        {
            self.break_off(error);
        }
    }

    /// Keeps the output of an attempt.
    fn save(&self, batch: &Chunk<'_>, record: &Record, error: Option<&str>, cause: Option<&Failure>, output: &Output) {
        let may_pass = cause.is_some_and(|cause| self.crew.again.may_follow(record.attempt, cause));
        if let Some(keeper) = &self.crew.keeper
            && let Err(error) = keeper.save(&Kept { batch: *batch, record, error, may_pass }, output)
        {
            self.break_off(error);
        }
    }

    fn warn_of_leak(&self, seq: Seq) {
        if !self.warned_of_leak.swap(true, Ordering::Relaxed) {
            self.warn(format!(
                "item {seq} has ended, but something that it started still holds its output; what that prints is not \
                 waited for"
            ));
        }
    }

    /// Whether a process was killed for want of memory since the run began.
    fn ran_out_of_memory(&self) -> bool {
        OomCount::now().has_grown_since(self.killed_before)
    }

    fn warn(&self, text: String) {
        (self.crew.tell)(Note::Warning(text));
    }

    /// The run cannot go on: nothing more is claimed, and the loop is told why.
    fn break_off(&self, error: anyhow::Error) {
        self.stopped.store(true, Ordering::Relaxed);
        (self.crew.tell)(Note::Broken(error));
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
