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

mod crew;
mod desk;
mod full;
mod place;
mod queue;
mod reduce;
mod times;
mod worker;

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::Signal;

use super::{Delivery, Engine, Fate, Order, Ran, Ring};
use crate::chunk::Block;
use crate::command::child::ending;
use crate::command::recipe::Timeout;
use crate::item::{Attempt, Chunk, Failure, Seq};
use crate::op::{Answer, Tally};
use crate::outcome::Record;
use crate::output::Output;
use crate::sys::cgroup::OomCount;
use crate::sys::{limits, tree};

pub use crew::{Crew, GuardSlot, JobsNow, Journal, Keeper, Note, Skip, Strays, Tag};
pub use full::Full;
pub use place::Roster;
use queue::{Next, Queue};
use times::Times;
use worker::{AGAIN, Worker};

/// The stack of a worker's thread. It holds no large values and calls nothing deep.
const STACK: usize = 128 << 10;

/// How often the file that says how many may be at work is read.
const FOLLOW: Duration = Duration::from_millis(500);

/// How often orphans that have ended are seen to.
const REAP: Duration = Duration::from_secs(1);

/// How long a single process is tried to be started that would need more files than there may be.
const HOPELESS: Duration = Duration::from_secs(1);

/// While so much is on its way to a slow reader, no further process is started.
const OUTGOING: usize = 16 << 20;

/// Workers with processes.
pub struct Processes {
    shared: Arc<Shared>,
}

/// What the workers and the engine share.
struct Shared {
    crew: Crew,
    queue: Mutex<Queue>,
    /// Something in the queue has changed.
    changed: Condvar,
    all_left: Condvar,
    posted: Mutex<Vec<Ran>>,
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
        let shared = Shared {
            crew,
            queue,
            changed: Condvar::new(),
            all_left: Condvar::new(),
            posted: Mutex::default(),
            front: AtomicU64::new(Seq::FIRST.0),
            ending: AtomicU8::new(ending::NONE),
            stopped: AtomicBool::new(false),
            warned_of_leak: AtomicBool::new(false),
            times: Mutex::default(),
            killed_before: OomCount::now(),
        };
        let shared = Arc::new(shared);
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
        queue.push(block);
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
        let posted = std::mem::take(&mut *self.shared.posts());
        posted.into_iter().map(|ran| Delivery::Process(Box::new(ran))).collect()
    }

    fn revoke(&mut self) -> u64 {
        self.shared.stopped.store(true, Ordering::Relaxed);
        let revoked = self.shared.lock().blocks.iter().map(|block| block.revoke()).sum();
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
    /// Starts a thread, if there is something for one more to do.
    fn hire(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue>) {
        let wanted = queue.idle == 0 && queue.threads < queue.limit && !queue.exhausted && queue.has_work();
        if !wanted || self.is_stopped() {
            return;
        }
        queue.threads += 1;
        drop(queue);
        let Err(error) = self.spawn_worker() else { return };
        let mut queue = self.lock();
        queue.threads -= 1;
        queue.exhausted = queue.threads > 0;
        queue.limit = queue.limit.min(queue.threads).max(1);
        let (threads, jobs) = (queue.threads, self.crew.jobs);
        drop(queue);
        if threads > 0 {
            self.warn(format!("only {threads} of {jobs} workers could be started; going on with them ({error})"));
        } else {
            self.break_off(anyhow::Error::new(error).context("cannot start a single worker"));
        }
    }

    /// Looks again and again how many may be at work.
    fn follow(shared: &Arc<Shared>) {
        let followed = Arc::downgrade(shared);
        let body = move || {
            while let Some(shared) = followed.upgrade() {
                let wanted = shared.crew.jobs_now.as_ref().and_then(|read| read());
                let mut queue = shared.lock();
                if queue.closed {
                    break;
                }
                queue.limit = wanted.unwrap_or(queue.limit);
                shared.changed.notify_all();
                shared.hire(queue);
                drop(shared);
                std::thread::sleep(FOLLOW);
            }
        };
        // Without a thread the number stays what it is.
        let _ = Builder::new().name("parjob-jobs".into()).stack_size(STACK).spawn(body);
    }

    fn spawn_worker(self: &Arc<Self>) -> std::io::Result<()> {
        let place = self.crew.roster.add()?;
        let shared = Arc::clone(self);
        let body = move || {
            let tally = match Worker::new(place, &shared.crew) {
                Ok(mut worker) => {
                    shared.work(&mut worker);
                    worker.into_tally()
                }
                Err(error) => {
                    shared.break_off(anyhow::Error::new(error).context("cannot set up a worker"));
                    None
                }
            };
            shared.leave(tally);
        };
        let started = Builder::new().name("parjob-worker".into()).stack_size(STACK).spawn(body);
        if started.is_err() {
            self.crew.roster.remove();
        }
        started.map(drop)
    }

    /// A worker's life.
    fn work(self: &Arc<Self>, worker: &mut Worker) {
        if self.crew.command.nice != 0 {
            // Its processes inherit it from this thread. More than may be asked for is as much as there is.
            let _ = limits::be_nice(self.crew.command.nice);
        }
        while let Some(next) = self.next() {
            self.hire(self.lock());
            self.do_next(worker, next);
            let mut queue = self.lock();
            queue.active -= 1;
            let crowded = queue.threads > queue.limit;
            drop(queue);
            self.see_to_orphans();
            if crowded {
                self.changed.notify_all();
            }
        }
    }

    /// Waits for orphans that have ended, which come to this process: they must not pile up in a long run.
    fn see_to_orphans(&self) {
        let mut queue = self.lock();
        if queue.reaped.elapsed() > REAP {
            queue.reaped = Instant::now();
            drop(queue);
            tree::reap_orphans(&[]);
        }
    }

    fn do_next(&self, worker: &mut Worker, next: Next) {
        match next {
            Next::Block(block) => {
                let chunk = match &self.crew.full {
                    Some(full) if block.attempt() == Attempt::FIRST => full.claim(&block),
                    _ => block.claim(1, 1),
                };
                if let Some(chunk) = chunk {
                    worker.work(self, &block, chunk);
                }
            }
            Next::Batch(batch) => worker.do_sound(self, Attempt::FIRST, batch.chunk()),
            Next::NotBefore(_) | Next::Nothing => {}
        }
    }

    /// What to do next; counts this worker as active. Waits for it; `None` when there will be nothing.
    fn next(&self) -> Option<Next> {
        let mut queue = self.lock();
        loop {
            let next = if self.is_stopped() || self.is_clogged() { Next::Nothing } else { queue.next() };
            let until = match next {
                Next::Block(_) | Next::Batch(_) => return Some(next),
                Next::NotBefore(at) => Some(at.saturating_duration_since(Instant::now())),
                Next::Nothing if queue.closed && (self.is_stopped() || !queue.has_work()) => return None,
                // Not for long: room, or items, may come without a word.
                Next::Nothing => queue.has_work().then_some(AGAIN),
            };
            if !self.posts().is_empty() {
                drop(queue);
                (self.crew.ring)(Ring::Now);
                queue = self.lock();
                if queue.has_work() && !self.is_stopped() && until.is_none() {
                    continue;
                }
            }
            let idle = usize::from(until.is_none());
            queue.idle += idle;
            queue = match until {
                None => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(wait) => self.changed.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0,
            };
            queue.idle -= idle;
        }
    }

    /// Whether nobody takes the results.
    fn is_clogged(&self) -> bool {
        self.crew.room.outgoing() > OUTGOING
    }

    /// There is too little of something for one more process: waits until one has ended, or a moment. `alone` is
    /// since when no other process was at work.
    fn yield_turn(&self, errno: Errno, alone: &mut Option<Instant>) {
        let mut queue = self.lock();
        queue.lower();
        *alone = if queue.active > 0 { None } else { alone.or_else(|| Some(Instant::now())) };
        // Of memory and processes others may give some back; the files that may be open here are parjob's alone.
        if errno == Errno::MFILE && alone.is_some_and(|since| since.elapsed() > HOPELESS) {
            queue.active += 1;
            drop(queue);
            let context = "too few files may be open for a single command; ulimit -n raises the limit";
            return self.break_off(anyhow::Error::new(errno).context(context));
        }
        let (limit, first) = (queue.limit, !std::mem::replace(&mut queue.warned, true));
        if first {
            drop(queue);
            let what = match errno {
                Errno::AGAIN => "no more processes may be started",
                Errno::NOMEM => "there is too little memory for more processes",
                _ => "no more files may be open",
            };
            self.warn(format!("{what} ({errno}); going on with about {limit} at a time"));
            queue = self.lock();
        }
        loop {
            queue = self.changed.wait_timeout(queue, AGAIN).unwrap_or_else(PoisonError::into_inner).0;
            if queue.active < queue.limit || self.is_stopped() {
                break;
            }
        }
        queue.active += 1;
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
        let mut posts = self.posts();
        posts.push(ran);
        let first = posts.len() == 1;
        drop(posts);
        if first {
            (self.crew.ring)(Ring::Soon);
        }
    }

    /// How long an attempt that starts now may take.
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

    /// Keeps the output of the last attempt.
    fn save(&self, batch: &Chunk<'_>, record: &Record, error: Option<&str>, cause: Option<&Failure>, output: &Output) {
        let last = !cause.is_some_and(|cause| self.crew.again.may_follow(record.attempt, cause)) || self.is_stopped();
        if let Some(keeper) = self.crew.keeper.as_ref().filter(|_| last)
            && let Err(error) = keeper.save(batch, record, error, output)
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

    fn leave(&self, tally: Option<Box<dyn Tally>>) {
        let mut queue = self.lock();
        queue.left += 1;
        queue.tallies.extend(tally);
        if queue.left == queue.threads {
            self.all_left.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn posts(&self) -> MutexGuard<'_, Vec<Ran>> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
