//! The threads of the workers: where they come from, and when.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use parjob_sys::limits;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::local::{Shared, ThreadSource};
use super::queue::Queue;
use super::slot::Slot;
use super::slots::Place;

/// The name of the worker threads.
const WORKER: &str = "parjob-worker";

/// The stack of a thread that only waits.
const SMALL_STACK: usize = 128 << 10;

/// How often the file that says how many may be active is read.
const FOLLOW: Duration = Duration::from_millis(500);

/// How long to wait for room for the first worker: what writes the items may be about to end.
const FIRST_WORKER: Duration = Duration::from_secs(1);

/// How long until a thread that could not be started is tried again.
const RETRY: Duration = Duration::from_millis(50);

impl Shared {
    /// A worker's life.
    fn live(self: &Arc<Shared>, place: &Arc<Place>) {
        let slot = Slot::new(Arc::clone(self), Arc::clone(place));
        let tally = match (self.make)(&slot) {
            Ok(executor) => executor.run(&slot),
            Err(error) => {
                self.break_off(error.context("cannot set up a worker"));
                None
            }
        };
        slot.settle(&mut self.lock());
        if slot.leaves() { self.retire(place, tally) } else { self.leave(place, tally) }
    }

    /// Starts all workers at once.
    ///
    /// # Errors
    ///
    /// Not one thread can be started.
    pub(super) fn start_pool(self: &Arc<Shared>) -> Result<ThreadPool> {
        let pool = pool(self.config.jobs)?;
        let workers = pool.current_num_threads();
        let mut queue = self.lock();
        (queue.threads, queue.fresh) = (workers, workers);
        drop(queue);
        let places: Vec<_> = (0..workers).map(|_| self.slots.add()).collect();
        let shared = Arc::clone(self);
        pool.spawn_broadcast(move |context| shared.live(&places[context.index()]));
        Ok(pool)
    }

    /// Starts a thread, if there is something for one more to do; and another, if a worker saw work for one meanwhile.
    pub(super) fn hire<'q>(&'q self, mut queue: MutexGuard<'q, Queue>) {
        let ThreadSource::AsNeeded { stack, .. } = self.config.threads else { return };
        while !self.is_stopped() && queue.wants_worker() {
            (queue.hiring, queue.missed) = (true, false);
            queue.threads += 1;
            queue.fresh += 1;
            let patience = if queue.threads == 1 { FIRST_WORKER } else { Duration::ZERO };
            drop(queue);
            let hired = self.hire_one(stack, patience);
            queue = self.lock();
            queue.hiring = false;
            match hired {
                Ok(()) if queue.missed => {}
                Ok(()) => return,
                Err(error) => return self.go_on_with_fewer(queue, error),
            }
        }
    }

    /// A worker could not be hired.
    fn go_on_with_fewer(&self, mut queue: MutexGuard<'_, Queue>, error: std::io::Error) {
        queue.threads -= 1;
        queue.fresh -= 1;
        // Something may wait until all that there are have left.
        self.all_left.notify_all();
        let (threads, jobs) = (queue.threads, self.config.jobs);
        queue.lower_to(threads);
        self.give_place(&mut queue);
        let warned = threads > 0 && std::mem::replace(&mut queue.warned, true);
        drop(queue);
        // From now on those at long items look around.
        self.slots.ring_all();
        if warned {
            // One warning is enough, whatever runs out first.
        } else if threads > 0 {
            self.warn(format!("only {threads} of {jobs} workers could be started; going on with them ({error})"));
        } else {
            self.break_off(anyhow::Error::new(error).context("cannot start a single worker"));
        }
    }

    /// Starts a thread for a worker, while the place of a process is kept.
    fn hire_one(&self, stack: usize, patience: Duration) -> std::io::Result<()> {
        let since = Instant::now();
        loop {
            match self.keep_place().and_then(|()| self.start_thread(stack)) {
                Err(_) if since.elapsed() < patience => std::thread::sleep(RETRY),
                started => return started,
            }
        }
    }

    fn start_thread(&self, stack: usize) -> std::io::Result<()> {
        // It is there as long as its engine is, which asks for this.
        let Some(shared) = self.own.upgrade() else { return Ok(()) };
        let place = self.slots.add();
        let own = Arc::clone(&place);
        let body = move || shared.live(&own);
        let start = || Builder::new().name(WORKER.into()).stack_size(stack).spawn(body);
        let started = limits::room_for_worker(self.lock().threads).and_then(|()| start());
        if started.is_err() {
            self.slots.remove(&place);
        }
        started.map(drop)
    }

    /// Starts a thread that does nothing but take the place of a process, unless there is one. Where only so many
    /// processes and threads may be, workers could take all the places, the first of them the last, and each would wait
    /// for one to be free. So no worker is hired but while a place is kept.
    fn keep_place(&self) -> std::io::Result<()> {
        let mut place = self.kept_place();
        if place.is_none() {
            let (keep, kept) = channel::<()>();
            Builder::new().name("parjob-place".into()).stack_size(SMALL_STACK).spawn(move || _ = kept.recv())?;
            *place = Some(keep);
        }
        Ok(())
    }

    /// Ends it: there is room for one process now. No worker may take it, neither one that is being hired nor, for a
    /// while, another one.
    pub(super) fn give_place(&self, queue: &mut Queue) {
        queue.exhausted = Some(Instant::now());
        if !queue.hiring {
            *self.kept_place() = None;
        }
    }

    fn kept_place(&self) -> MutexGuard<'_, Option<Sender<()>>> {
        self.kept_place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks again and again how many may be active.
    pub(super) fn follow(shared: &Arc<Shared>) {
        let followed = Arc::downgrade(shared);
        let body = move || {
            while let Some(shared) = followed.upgrade() {
                let wanted = shared.config.jobs_now.as_ref().and_then(|read| read());
                let mut queue = shared.lock();
                if queue.closed {
                    break;
                }
                wanted.into_iter().for_each(|jobs| queue.want(jobs));
                shared.changed.notify_all();
                shared.hire(queue);
                drop(shared);
                std::thread::sleep(FOLLOW);
            }
        };
        // Without a thread the number stays what it is.
        let _ = Builder::new().name("parjob-jobs".into()).stack_size(SMALL_STACK).spawn(body);
    }
}

/// A pool of `jobs` threads, or of fewer where the machine refuses.
fn pool(jobs: usize) -> Result<ThreadPool> {
    let mut threads = jobs;
    loop {
        let mut started = Vec::new();
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .spawn_handler(|thread| {
                limits::room_for_worker(started.len())?;
                started.push(Builder::new().name(WORKER.into()).spawn(|| thread.run())?);
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
