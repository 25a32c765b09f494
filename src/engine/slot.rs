//! A worker's side of the engine: where it gets work, and where it reports.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::local::Shared;
use super::queue::{Next, Queue};
use super::slots::{Place, Wants};
use super::{Config, Done, Fate, Hold, Note, Piece, Ran, RetryPolicy, Ring};
use crate::base::chunk::{Block, Chunking, Claim, Pace};
use crate::base::failure::{Failed, Failure};
use crate::base::item::{Attempt, Chunk, Seq};
use crate::base::stream::Stream;
use crate::output::Output;
use crate::process::clock::{Bell, Clock};
use crate::process::orders::ending;

/// How often workers look around.
const LOOK: Duration = Duration::from_secs(1);

/// How long a worker waits before it tries again what could not be done, if nothing wakes it.
const RETRY: Duration = Duration::from_millis(50);

/// Number of failures that may wait to be told, with their items, of all workers together.
const NAMED: usize = 65_536;

/// How long a worker waits at a time for its outbox to be emptied: a ring may come between its look and its wait.
const UNCOLLECTED: Duration = Duration::from_millis(50);

/// Bytes on their way to a slow reader beyond which no further process is started.
const OUTGOING: usize = 16 << 20;

/// Bytes of a result that is worth a place of its own while it waits for those before it: a file can take it.
const LONG: usize = 4 << 10;

/// How long to wait for what a single process needs and only parjob itself could give back.
const HOPELESS: Duration = Duration::from_secs(1);

/// One worker's side of the engine.
pub struct Slot {
    shared: Arc<Shared>,
    place: Arc<Place>,
    /// The worker ends before the run does, so that its thread takes no place.
    leaves: AtomicBool,
    /// The worker has not looked for work yet.
    is_fresh: AtomicBool,
}

/// What a worker that does not wait may claim.
#[derive(Debug)]
pub enum Claimed {
    /// These items.
    Items(Arc<Block>, Claim),
    /// Nothing may start before that time.
    NotBefore(Instant),
    /// There is nothing to claim.
    Nothing,
}

/// What a worker is to do that could not start a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yielded {
    /// Try again.
    TryAgain,
    /// Give back what it has claimed, and end: its thread takes the place of a process.
    Leave,
}

impl Slot {
    pub(super) fn new(shared: Arc<Shared>, place: Arc<Place>) -> Slot {
        Slot { shared, place, leaves: AtomicBool::new(false), is_fresh: AtomicBool::new(true) }
    }

    /// The worker has looked for work.
    pub(super) fn settle(&self, queue: &mut Queue) {
        queue.fresh -= usize::from(self.is_fresh.swap(false, Ordering::Relaxed));
    }

    /// Whether the worker ends before the run does.
    pub(super) fn leaves(&self) -> bool {
        self.leaves.load(Ordering::Relaxed)
    }

    /// The worker's number, from 1.
    pub fn number(&self) -> usize {
        self.place.number
    }

    /// The run's clock, which stands still while the run is suspended.
    pub fn clock(&self) -> &Clock {
        &self.shared.config.clock
    }

    /// What the workers were given.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    // Work in this process.

    /// The block to claim from. Waits for one; `None` when there will be none.
    pub fn next_block(&self) -> Option<Arc<Block>> {
        self.wait_for(Queue::next_block)
    }

    /// Claims the next chunk of a block by compare-and-swap: about as many items as the pace says, no more than leaves something
    /// for the others.
    pub fn claim<'b>(&self, block: &'b Block, pace: &Pace) -> Option<Chunk<'b>> {
        if self.shared.is_stopped() {
            return None;
        }
        if !self.shared.may_start(block.next(), block.attempt()) {
            return None;
        }
        // As long as another block waits, each worker can have one; and to cut up a block of cheap items would cost more than it saves.
        let alone = pace.is_cheap() || self.shared.waiting.load(Ordering::Relaxed) > 1;
        let chunk = block.claim(pace.want(), if alone { 1 } else { self.shared.config.jobs as u32 })?;
        self.place.at.enter(&chunk);
        Some(chunk)
    }

    /// Nothing is left of the block.
    pub fn leave_block(&self) {
        self.place.at.leave();
    }

    /// Whether the size of chunks goes by the time that they take.
    pub fn is_paced(&self) -> bool {
        self.shared.config.chunking == Chunking::Auto
    }

    // Work by processes.

    /// Items for a worker that has none. Waits for them; `None` when there will be none, or when this worker is to leave.
    pub fn next_claim(&self) -> Option<(Arc<Block>, Claim)> {
        let claimed = self.wait_for(|queue| queue.next_claim(1))?;
        self.shared.hire(self.shared.lock());
        Some(claimed)
    }

    /// About `want` items, without waiting. A worker that `has_turn` has items already; else this takes a turn, which
    /// [`Slot::end_turn`] ends.
    pub fn try_claim(&self, want: usize, has_turn: bool) -> Claimed {
        if self.shared.is_stopped() || self.is_clogged() {
            return Claimed::Nothing;
        }
        let want = u32::try_from(want).unwrap_or(u32::MAX);
        let mut queue = self.shared.lock();
        self.settle(&mut queue);
        if self.is_held(&mut queue) {
            return Claimed::Nothing;
        }
        let next = if has_turn { queue.claim(want) } else { queue.next_claim(want) };
        if let Next::Work((_, claim)) = &next {
            self.place.note_claimed(claim.items());
        }
        drop(queue);
        match next {
            Next::Work((block, claim)) => {
                self.shared.hire(self.shared.lock());
                Claimed::Items(block, claim)
            }
            Next::NotBefore(at) => Claimed::NotBefore(at),
            Next::Nothing => Claimed::Nothing,
        }
    }

    /// Gives back items that were claimed and not begun: another worker takes them.
    pub fn give_back(&self, items: impl IntoIterator<Item = (Arc<Block>, Claim)>) {
        let mut queue = self.shared.lock();
        for (block, claim) in items {
            if self.shared.is_stopped() {
                let ran = Ran::of(&block.chunk(&claim), block.attempt(), Fate::NotRun);
                drop(queue);
                self.post(ran);
                queue = self.shared.lock();
            } else {
                queue.blocks.give_back(block, claim);
            }
        }
        self.shared.work_came(queue, true);
    }

    /// What was claimed has ended.
    pub fn end_turn(&self) {
        let mut queue = self.shared.lock();
        queue.active -= 1;
        let crowded = queue.threads > queue.limit;
        drop(queue);
        self.look_around();
        if crowded {
            self.shared.changed.notify_all();
            self.shared.slots.offer();
        }
    }

    /// Sees whether one more can be active again: all may be at long items.
    pub fn look_around(&self) {
        let mut queue = self.shared.lock();
        if queue.looked.elapsed() > LOOK {
            queue.looked = Instant::now();
            if queue.has_turn() {
                self.shared.hire(queue);
            }
        }
    }

    /// When to look around again while all are at long items: where fewer are active than are wanted, and where the worker
    /// `follows` what others do.
    pub fn look_again(&self, follows: bool) -> Option<Duration> {
        (follows || self.shared.lock().is_lowered()).then_some(LOOK / 2)
    }

    /// There is too little of something for one more process: waits until one has ended, or a moment; or, where this worker
    /// `may_leave` and others are active, has it end. `alone` is since when no other process was at work.
    pub fn yield_turn(&self, errno: Errno, alone: &mut Option<Instant>, may_leave: bool) -> Yielded {
        let shared = &self.shared;
        let mut queue = shared.lock();
        match errno {
            Errno::MFILE | Errno::NFILE => {
                // Workers that have nothing to do have a file each, which one process may need.
                shared.few_files.store(true, Ordering::Relaxed);
                self.place.drop_bell();
                shared.changed.notify_all();
            }
            _ => shared.give_place(&mut queue),
        }
        queue.lower();
        *alone = if queue.active > 0 { None } else { alone.or_else(|| Some(Instant::now())) };
        // Of memory and processes others may give some back; the files that may be open here are parjob's alone.
        if errno == Errno::MFILE && alone.is_some_and(|since| since.elapsed() > HOPELESS) {
            queue.active += 1;
            drop(queue);
            let context = "too few files may be open for a single command; ulimit -n raises the limit";
            shared.break_off(anyhow::Error::new(errno).context(context));
            return Yielded::TryAgain;
        }
        if !std::mem::replace(&mut queue.warned, true) {
            let what = match errno {
                Errno::AGAIN => "no more processes may be started",
                Errno::NOMEM => "there is too little memory for more processes",
                _ => "no more files may be open",
            };
            shared.warn(format!("{what} ({errno}); going on with fewer at a time"));
        }
        if may_leave && queue.active > 0 && queue.threads > queue.limit {
            queue.active += 1;
            self.leaves.store(true, Ordering::Relaxed);
            return Yielded::Leave;
        }
        loop {
            queue = shared.changed.wait_timeout(queue, RETRY).unwrap_or_else(PoisonError::into_inner).0;
            if queue.has_turn() || self.is_stopped() {
                break;
            }
        }
        queue.active += 1;
        Yielded::TryAgain
    }

    /// There is too little of something for one more process that stays up: no further worker is hired for a while.
    pub fn note_shortage(&self, errno: Errno) {
        let (shared, up) = (&self.shared, self.up());
        let mut queue = shared.lock();
        shared.give_place(&mut queue);
        let jobs = shared.config.jobs;
        if up > 0 && !std::mem::replace(&mut queue.warned, true) {
            let errno = std::io::Error::from(errno);
            shared.warn(format!("only {up} of {jobs} workers could be started; going on with them ({errno})"));
        }
    }

    /// Whether there is something that this worker, which `has_turn` where it has items already, may claim now.
    pub fn has_work(&self, has_turn: bool) -> bool {
        if self.shared.is_stopped() || self.is_clogged() {
            return false;
        }
        let mut queue = self.shared.lock();
        queue.blocks.has_work() && !self.is_held(&mut queue) && (has_turn || queue.has_turn())
    }

    /// Whether a process that has no item has seen its last: nothing more comes, and no other worker could give something back.
    pub fn is_done(&self) -> bool {
        if self.shared.is_stopped() {
            return true;
        }
        // In this order: what is given back is in the queue before it is spare no more.
        let no_more = self.shared.no_more.load(Ordering::SeqCst);
        let spare = no_more && self.shared.slots.has_spare(self.number());
        no_more && !spare && !self.shared.lock().blocks.has_work()
    }

    /// Whether the run is over.
    pub fn is_closed(&self) -> bool {
        self.shared.lock().closed
    }

    /// Whether some other worker has nothing to do.
    pub fn others_idle(&self) -> bool {
        self.shared.slots.idles()
    }

    /// What this worker could use while it waits at its bell, and whether items could be taken back from it.
    pub fn publish(&self, wants: Wants, spare: bool) {
        let had = self.place.set_spare(spare);
        self.place.set_wants(wants);
        if had && !spare && self.shared.no_more.load(Ordering::SeqCst) {
            // Those that wait for it may end.
            self.shared.slots.ring_all();
        } else if wants == Wants::Work {
            self.shared.slots.ask_back(self.number());
        }
    }

    /// It waits no more.
    pub fn wake(&self) {
        self.place.set_wants(Wants::Nothing);
    }

    /// Whether nothing more is to be started.
    pub fn is_stopped(&self) -> bool {
        self.shared.is_stopped() || self.ending() != ending::NONE
    }

    /// How what is at work is to end: one of [`ending`].
    pub fn ending(&self) -> u8 {
        self.shared.ending.load(Ordering::Acquire)
    }

    /// Where [`Slot::ending`] stands, for those that wait at their bell.
    pub fn ending_flag(&self) -> &AtomicU8 {
        &self.shared.ending
    }

    /// What wakes this worker while it waits in `poll`.
    ///
    /// # Errors
    ///
    /// There is none yet, and too many files are open.
    pub fn bell(&self) -> Result<Arc<Bell>, Errno> {
        self.place.bell()
    }

    /// A process begins at the item.
    pub fn enter(&self, seq: Seq, item: &[u8], pid: i32, since: Duration) {
        self.place.enter(seq, item, pid, since);
    }

    /// The process that stays up is at this item.
    pub fn set_at(&self, seq: Option<Seq>) {
        match seq {
            Some(seq) => self.place.at.set(seq, 1),
            None => self.place.at.leave(),
        }
    }

    /// A process that stays up is there.
    pub fn process_started(&self, pid: i32) {
        self.place.pid.store(pid, Ordering::Relaxed);
        self.shared.up.fetch_add(1, Ordering::SeqCst);
    }

    /// The process has ended.
    pub fn leave(&self) {
        self.place.leave();
    }

    /// Number of processes that stay up.
    fn up(&self) -> usize {
        self.shared.up.load(Ordering::SeqCst)
    }

    /// Processes that stayed up have ended, and everything that is to be said of that is said.
    pub fn processes_ended(&self, count: usize) {
        self.shared.up.fetch_sub(count, Ordering::SeqCst);
        (self.shared.config.ring)(Ring::Now);
    }

    /// A process is about to be started: what it may hold of others' files is known by the number.
    pub fn begin_start(&self) -> u64 {
        let start = self.shared.slots.next_start();
        self.place.begin(start);
        start
    }

    /// The process that was started has ended, or was not started.
    pub fn end_start(&self) {
        self.place.begin(0);
    }

    /// A number that is higher than those of all starts until now.
    pub fn next_start(&self) -> u64 {
        self.shared.slots.next_start()
    }

    /// Whether the process of another worker may hold the pipes of one that was started before `start`.
    pub fn others_hold(&self, start: u64) -> bool {
        self.shared.slots.others_hold(&self.place, start, self.clock().now())
    }

    /// This worker has output that could go out, were its item the next.
    pub fn hold_output(&self) {
        self.place.holds.store(true, Ordering::SeqCst);
    }

    /// Whether the results of this item go out next.
    pub fn is_front(&self, seq: Seq) -> bool {
        self.shared.front.load(Ordering::SeqCst) == seq.0
    }

    /// Has the output of this item go out as it comes, and all others behind it, unless another item has that already. Whether
    /// it is so. It ends with [`Slot::leave_stream`], after the report of the item's end.
    pub fn take_stream(&self, seq: Seq) -> bool {
        self.shared.owner.compare_exchange(0, seq.0, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Whether the output of this item goes out as it comes.
    pub fn owns_stream(&self, seq: Seq) -> bool {
        self.shared.owner.load(Ordering::SeqCst) == seq.0
    }

    /// Lets another item have the stream.
    pub fn leave_stream(&self, seq: Seq) {
        // Where another has it this changes nothing.
        let _ = self.shared.owner.compare_exchange(seq.0, 0, Ordering::SeqCst, Ordering::SeqCst);
    }

    // Reports.

    /// Which attempts are followed by another.
    pub fn retry(&self) -> &RetryPolicy {
        &self.shared.config.retry
    }

    /// Whether another attempt follows one that failed for this cause.
    pub fn may_follow(&self, attempt: Attempt, cause: &Failure) -> bool {
        self.shared.may_follow(attempt, cause)
    }

    /// Reports an attempt, or a part of its output.
    pub fn post(&self, ran: Ran) {
        self.shared.post(ran);
    }

    /// Reports items that were done many at a time.
    pub fn post_done(&self, attempt: Attempt, done: Done<'_>) {
        let Done { chunk, mut failed, failures, skipped, bytes } = done;
        let (items, failures, skipped) = (chunk.count as u64, failures as u64, skipped as u64);
        let may_follow = |failed: &Failed| self.may_follow(attempt, &failed.cause);
        let again = items == 1 && failed.first().is_some_and(may_follow);
        self.shared.count(items - failures - skipped, if again { 0 } else { failures });
        let has_named = !failed.is_empty();
        let piece = Piece { first: chunk.first, items, failed: failures, skipped, attempt, again, end: 0 };
        let (ring, is_crowded) = self.place.outbox.post(piece, bytes, &mut failed, &self.shared.config.spares);
        if let Some(ring) = ring {
            (self.shared.config.ring)(ring);
        }
        if is_crowded || has_named && self.place.outbox.failures() > NAMED / self.shared.config.jobs {
            self.wait_until_collected();
        }
    }

    /// Whether a result is long and will wait for those before it: by itself it can go to a file meanwhile.
    pub fn is_to_wait(&self, first: Seq, len: usize) -> bool {
        let front = self.shared.front.load(Ordering::Relaxed);
        len >= LONG && front > 0 && first.0 > front
    }

    /// Reports items whose result is long and will wait.
    pub fn post_long(&self, attempt: Attempt, done: Done<'_>) {
        let Done { chunk, failed, failures, bytes, .. } = done;
        let fate = match (failures, chunk.count) {
            (0, _) => Fate::Ok,
            (1, 1) => Fate::Failed(failed),
            (failures, _) => Fate::Some(failures as u64, failed),
        };
        let mut output = Output::new(&self.shared.config.room);
        // What cannot go to a file stays in memory.
        let _ = output.of(Stream::Out).push(bytes);
        self.post(Ran { output, ..Ran::of(&chunk, attempt, fate) });
    }

    /// Has the run loop collect what this worker has reported.
    pub fn ring(&self, ring: Ring) {
        (self.shared.config.ring)(ring);
    }

    /// Has the run loop collect at once, where something waits.
    pub fn flush(&self) {
        if !self.place.outbox.is_empty() || !self.shared.posts.is_empty() {
            self.ring(Ring::Now);
        }
    }

    /// Tells the user something.
    pub fn warn(&self, text: String) {
        self.shared.warn(text);
    }

    /// Prints a line on standard error.
    pub fn say(&self, line: Vec<u8>) {
        (self.shared.config.tell)(Note::Say(line));
    }

    /// The run cannot go on: nothing more is claimed, and the loop is told why.
    pub fn break_off(&self, error: anyhow::Error) {
        self.shared.break_off(error);
    }

    // Waiting.

    /// Whether what stands in front may not start, since as much waits as may.
    fn is_held(&self, queue: &mut Queue) -> bool {
        self.shared.hold.load(Ordering::Relaxed) != Hold::None as u8
            && queue.blocks.first().is_some_and(|(first, attempt)| !self.shared.may_start(first, attempt))
    }

    /// Whether the process of this worker may go on to print: else it waits for the reader of the results.
    pub fn may_print(&self) -> bool {
        let hold = self.shared.hold.load(Ordering::Relaxed);
        let Some(first) = self.place.at.first().filter(|_| hold != Hold::None as u8) else { return true };
        if hold == Hold::All as u8 {
            return false;
        }
        match self.shared.front.load(Ordering::SeqCst) {
            0 if self.owns_stream(first) => true,
            // Without an order the oldest must get on, or none would.
            0 => self.shared.slots.first_at().is_none_or(|oldest| first <= oldest),
            front => first.0 <= front,
        }
    }

    /// Whether nothing takes the results.
    fn is_clogged(&self) -> bool {
        self.shared.config.room.outgoing() > OUTGOING
    }

    /// What there is to do next, which `find` looks for. Waits for it; `None` when there will be nothing.
    fn wait_for<T>(&self, find: impl Fn(&mut Queue) -> Next<T>) -> Option<T> {
        let shared = &self.shared;
        let mut queue = shared.lock();
        loop {
            let waits = self.is_stopped() || self.is_clogged() || self.is_held(&mut queue);
            let next = if waits { Next::Nothing } else { find(&mut queue) };
            self.settle(&mut queue);
            shared.waiting.store(queue.blocks.len(), Ordering::Relaxed);
            let until = match next {
                Next::Work(work) => return Some(work),
                Next::NotBefore(at) => Some(at.saturating_duration_since(Instant::now())),
                Next::Nothing if queue.closed && (self.is_stopped() || !queue.blocks.has_work()) => return None,
                Next::Nothing if queue.is_crowded() => {
                    self.leaves.store(true, Ordering::Relaxed);
                    return None;
                }
                // Not for long: room, or items, may come without a word.
                Next::Nothing => (queue.blocks.has_work() && !shared.is_stopped()).then_some(RETRY),
            };
            if self.is_awaited() && (!self.place.outbox.is_empty() || !shared.posts.is_empty()) {
                drop(queue);
                self.ring(Ring::Now);
                queue = shared.lock();
                // What happened while the queue was free has rung already.
                if until.is_none() && (queue.closed || queue.blocks.has_work() && !self.is_stopped()) {
                    continue;
                }
            }
            if shared.few_files.load(Ordering::Relaxed) {
                self.place.drop_bell();
            }
            queue = self.sleep(queue, until);
        }
    }

    /// Whether the run waits for what a worker has reported when it has nothing more to do: the reader of its results, or the
    /// end of the run. Of a fold there are counts, and for those the loop comes within a millisecond by itself.
    fn is_awaited(&self) -> bool {
        self.shared.config.fold.is_none() || self.shared.no_more.load(Ordering::Relaxed)
    }

    fn sleep<'q>(&'q self, mut queue: MutexGuard<'q, Queue>, most: Option<Duration>) -> MutexGuard<'q, Queue> {
        let idle = usize::from(most.is_none());
        queue.idle += idle;
        queue = match most {
            None => self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            Some(wait) => self.shared.changed.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0,
        };
        queue.idle -= idle;
        queue.woken = queue.woken.saturating_sub(idle);
        queue
    }

    /// Reports must not pile up: the loop may be slow, and so may the reader of failures, which are larger than their items.
    fn wait_until_collected(&self) {
        let mut queue = self.shared.lock();
        self.shared.uncollected.fetch_add(1, Ordering::Relaxed);
        while !queue.closed && !self.shared.is_stopped() && !self.place.outbox.is_empty() {
            let waited = self.shared.collected.wait_timeout(queue, UNCOLLECTED);
            queue = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.shared.uncollected.fetch_sub(1, Ordering::Relaxed);
    }
}
