//! The threads of the workers: hired when there is something for them to do, and what each does all its life.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use parjob_sys::limits;
use rustix::io::Errno;

use super::Shared;
use super::place::Place;
use super::queue::{Next, Queue};
use super::worker::{AGAIN, Worker};
use crate::base::item::Attempt;
use crate::engine::Ring;
use crate::op::Tally;

/// The stack of a worker's thread. It holds no large values and calls nothing deep.
const STACK: usize = 128 << 10;

/// How often the file that says how many may be at work is read.
const FOLLOW: Duration = Duration::from_millis(500);

/// While so much is on its way to a slow reader, no further process is started.
const OUTGOING: usize = 16 << 20;

/// How long to wait for what a single process needs and only parjob itself could give back.
const HOPELESS: Duration = Duration::from_secs(1);

impl Shared {
    /// Starts a thread, if there is something for one more to do; and another, if somebody saw work for one meanwhile.
    pub(super) fn hire<'a>(self: &'a Arc<Self>, mut queue: MutexGuard<'a, Queue>) {
        while !self.is_stopped() && queue.wants_worker() {
            (queue.hiring, queue.missed) = (true, false);
            queue.threads += 1;
            // What writes the items may be about to end.
            let patience = if queue.threads == 1 { HOPELESS } else { Duration::ZERO };
            drop(queue);
            let hired = self.staff_one(patience);
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
        // Somebody may wait until all that there are have left.
        self.all_left.notify_all();
        let (threads, jobs) = (queue.threads, self.crew.jobs);
        queue.lower_to(threads);
        self.give_place(&mut queue);
        let warned = threads > 0 && std::mem::replace(&mut queue.warned, true);
        drop(queue);
        if warned {
            // One warning is enough, whatever runs out first.
        } else if threads > 0 {
            self.warn(format!("only {threads} of {jobs} workers could be started; going on with them ({error})"));
        } else {
            self.break_off(anyhow::Error::new(error).context("cannot start a single worker"));
        }
    }

    /// Starts a thread for a worker, while the place of a process is kept.
    fn staff_one(self: &Arc<Self>, patience: Duration) -> std::io::Result<()> {
        let since = Instant::now();
        loop {
            match self.keep_place().and_then(|()| self.spawn_worker()) {
                Err(_) if since.elapsed() < patience => std::thread::sleep(AGAIN),
                staffed => return staffed,
            }
        }
    }

    /// Starts a thread that does nothing but take the place of a process, unless there is one. Where only so many
    /// processes and threads may be, workers could take all the places, the first of them the last, and each would wait
    /// for one to be free. So no worker is hired but while a place is kept.
    fn keep_place(&self) -> std::io::Result<()> {
        let mut place = self.kept_place();
        if place.is_none() {
            let (keep, kept) = channel::<()>();
            Builder::new().name("parjob-place".into()).stack_size(STACK).spawn(move || _ = kept.recv())?;
            *place = Some(keep);
        }
        Ok(())
    }

    /// Ends it: there is room for one process now. No worker may take it, neither one that is being hired nor, for a
    /// while, another one.
    fn give_place(&self, queue: &mut Queue) {
        queue.exhausted = Some(Instant::now());
        if !queue.hiring {
            *self.kept_place() = None;
        }
    }

    fn kept_place(&self) -> MutexGuard<'_, Option<Sender<()>>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks again and again how many may be at work.
    pub(super) fn follow(shared: &Arc<Shared>) {
        let followed = Arc::downgrade(shared);
        let body = move || {
            while let Some(shared) = followed.upgrade() {
                let wanted = shared.crew.jobs_now.as_ref().and_then(|read| read());
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
        let _ = Builder::new().name("parjob-jobs".into()).stack_size(STACK).spawn(body);
    }

    pub(super) fn spawn_worker(self: &Arc<Self>) -> std::io::Result<()> {
        let place = self.crew.roster.add();
        let (shared, own) = (Arc::clone(self), Arc::clone(&place));
        let body = move || {
            let tally = match Worker::new(own, &shared.crew) {
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
        let start = || Builder::new().name("parjob-worker".into()).stack_size(STACK).spawn(body);
        let started = limits::room_for_worker(self.lock().threads).and_then(|()| start());
        if started.is_err() {
            self.crew.roster.remove(&place);
        }
        started.map(drop)
    }

    /// A worker's life.
    pub(super) fn work(self: &Arc<Self>, worker: &mut Worker) {
        if self.crew.command.nice != 0 {
            // Its processes inherit it from this thread. More than may be asked for is as much as there is.
            let _ = limits::be_nice(self.crew.command.nice);
        }
        while let Some(next) = self.next(&worker.place) {
            self.hire(self.lock());
            self.do_next(worker, next);
            let mut queue = self.lock();
            queue.active -= 1;
            let crowded = queue.threads > queue.limit;
            drop(queue);
            self.look_around();
            if crowded {
                self.changed.notify_all();
            }
        }
    }

    pub(super) fn do_next(&self, worker: &mut Worker, next: Next) {
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
    pub(super) fn next(&self, place: &Place) -> Option<Next> {
        let mut queue = self.lock();
        loop {
            let next = if self.is_stopped() || self.is_clogged() { Next::Nothing } else { queue.next() };
            let until = match next {
                Next::Block(_) | Next::Batch(_) => return Some(next),
                Next::NotBefore(at) => Some(at.saturating_duration_since(Instant::now())),
                Next::Nothing if queue.closed && (self.is_stopped() || !queue.blocks.has_work()) => return None,
                // Not for long: room, or items, may come without a word.
                Next::Nothing => queue.blocks.has_work().then_some(AGAIN),
            };
            if !self.posts.is_empty() {
                drop(queue);
                (self.crew.ring)(Ring::Now);
                queue = self.lock();
                // What happened while the queue was free has rung already.
                if until.is_none() && (queue.closed || queue.blocks.has_work() && !self.is_stopped()) {
                    continue;
                }
            }
            if self.few_files.load(Ordering::Relaxed) {
                place.give_bell();
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
    pub(super) fn is_clogged(&self) -> bool {
        self.crew.room.outgoing() > OUTGOING
    }

    /// There is too little of something for one more process: waits until one has ended, or a moment. `alone` is
    /// since when no other process was at work.
    pub(super) fn yield_turn(&self, place: &Place, errno: Errno, alone: &mut Option<Instant>) {
        let mut queue = self.lock();
        match errno {
            Errno::MFILE | Errno::NFILE => {
                // Those who have nothing to do have a file each, which one process may need.
                self.few_files.store(true, Ordering::Relaxed);
                place.give_bell();
                self.changed.notify_all();
            }
            _ => self.give_place(&mut queue),
        }
        queue.lower();
        *alone = if queue.active > 0 { None } else { alone.or_else(|| Some(Instant::now())) };
        // Of memory and processes others may give some back; the files that may be open here are parjob's alone.
        if errno == Errno::MFILE && alone.is_some_and(|since| since.elapsed() > HOPELESS) {
            queue.active += 1;
            drop(queue);
            let context = "too few files may be open for a single command; ulimit -n raises the limit";
            return self.break_off(anyhow::Error::new(errno).context(context));
        }
        if !std::mem::replace(&mut queue.warned, true) {
            drop(queue);
            let what = match errno {
                Errno::AGAIN => "no more processes may be started",
                Errno::NOMEM => "there is too little memory for more processes",
                _ => "no more files may be open",
            };
            self.warn(format!("{what} ({errno}); going on with fewer at a time"));
            queue = self.lock();
        }
        loop {
            queue = self.changed.wait_timeout(queue, AGAIN).unwrap_or_else(PoisonError::into_inner).0;
            if queue.has_turn() || self.is_stopped() {
                break;
            }
        }
        queue.active += 1;
    }

    pub(super) fn leave(&self, tally: Option<Box<dyn Tally>>) {
        let mut queue = self.lock();
        queue.left += 1;
        queue.tallies.extend(tally);
        if queue.left == queue.threads {
            self.all_left.notify_all();
        }
    }
}
