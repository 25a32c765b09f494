//! What others may know of each worker, how they wake it, and how what it has at work is signalled.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use super::outbox::Outbox;
use crate::base::item::{Chunk, Quoted, Seq};
use crate::process::clock::{Bell, Clock};

/// How long after its start a process may hold a copy of parjob's files.
const FRESH: Duration = Duration::from_secs(1);

/// What a worker that waits at its bell could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Wants {
    /// Nothing: it has enough.
    Nothing,
    /// More, to have it at hand.
    More,
    /// Work: it has nothing to do.
    Work,
}

/// One worker, as others see it.
#[derive(Debug)]
pub(super) struct Place {
    /// The worker's number, from 1.
    pub(super) number: usize,
    /// What it has reported.
    pub(super) outbox: Outbox,
    /// The items that it is at.
    pub(super) at: At,
    /// Wakes it while it waits in `poll`. Made when it is needed, and kept.
    bell: Mutex<Option<Arc<Bell>>>,
    /// One of [`Wants`].
    wants: AtomicU8,
    /// Items could be taken back from it.
    spare: AtomicBool,
    /// It has output that could go out, were its item the next.
    pub(super) holds: AtomicBool,
    /// The number of the start of its process; 0 when there is none, or it has ended.
    fresh: AtomicU64,
    /// The process; 0 when there is none.
    pub(super) pid: AtomicI32,
    doing: Mutex<Option<Doing>>,
}

/// The items that a worker is at. On cache lines of its own: a worker writes it for each chunk.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct At {
    first: AtomicU64,
    /// 0: none.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Doing {
    item: Box<[u8]>,
    since: Duration,
}

impl At {
    pub(super) fn enter(&self, chunk: &Chunk<'_>) {
        self.set(chunk.first, chunk.count);
    }

    pub(super) fn set(&self, first: Seq, count: usize) {
        self.first.store(first.0, Ordering::SeqCst);
        self.count.store(count, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.count.store(0, Ordering::Relaxed);
    }

    pub(super) fn first(&self) -> Option<Seq> {
        (self.count.load(Ordering::Relaxed) > 0).then(|| Seq(self.first.load(Ordering::SeqCst)))
    }
}

impl Place {
    fn new(number: usize) -> Place {
        Place {
            number,
            outbox: Outbox::default(),
            at: At::default(),
            bell: Mutex::default(),
            wants: AtomicU8::new(Wants::Nothing as u8),
            spare: AtomicBool::new(false),
            holds: AtomicBool::new(false),
            fresh: AtomicU64::new(0),
            pid: AtomicI32::new(0),
            doing: Mutex::new(None),
        }
    }

    /// The bell.
    ///
    /// # Errors
    ///
    /// There is none yet, and too many files are open.
    pub(super) fn bell(&self) -> Result<Arc<Bell>, Errno> {
        let mut bell = self.own_bell();
        match &*bell {
            Some(bell) => Ok(Arc::clone(bell)),
            None => Ok(Arc::clone(bell.insert(Arc::new(Bell::new()?)))),
        }
    }

    /// Gives the bell's file back, where files are few.
    pub(super) fn drop_bell(&self) {
        *self.own_bell() = None;
    }

    pub(super) fn ring(&self) {
        self.own_bell().iter().for_each(|bell| bell.ring());
    }

    fn own_bell(&self) -> MutexGuard<'_, Option<Arc<Bell>>> {
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_wants(&self, wants: Wants) {
        self.wants.store(wants as u8, Ordering::SeqCst);
    }

    /// Whether items could be taken back from it; whether they could before.
    pub(super) fn set_spare(&self, spare: bool) -> bool {
        self.spare.swap(spare, Ordering::SeqCst)
    }

    /// It has claimed these: before others can see that nothing is left to claim.
    pub(super) fn note_claimed(&self, items: usize) {
        self.spare.fetch_or(items > 1, Ordering::SeqCst);
    }

    fn wants(&self, wants: Wants) -> bool {
        self.wants.load(Ordering::SeqCst) == wants as u8
    }

    /// A process begins here.
    pub(super) fn enter(&self, seq: Seq, item: &[u8], pid: i32, since: Duration) {
        let shown = item.len().min(Quoted::KEPT);
        *self.doing() = Some(Doing { item: item[..shown].into(), since });
        self.holds.store(false, Ordering::Relaxed);
        self.pid.store(pid, Ordering::Relaxed);
        self.at.set(seq, 1);
    }

    /// A process is about to be started here, the start of that number; or, with 0, it has ended or there is none.
    pub(super) fn begin(&self, start: u64) {
        self.fresh.store(start, Ordering::SeqCst);
    }

    /// It has ended.
    pub(super) fn leave(&self) {
        self.at.leave();
        self.pid.store(0, Ordering::Relaxed);
        *self.doing() = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid.load(Ordering::Relaxed)) {
            // It may have ended just now.
            let _ = kill_process_group(pid, signal);
        }
    }

    fn doing(&self) -> MutexGuard<'_, Option<Doing>> {
        self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it is at, in a line; nothing where it is at nothing and has no process.
    fn describe(&self, now: Duration) -> Option<(Duration, String)> {
        let (number, pid) = (self.number, self.pid.load(Ordering::Relaxed));
        let count = self.at.count.load(Ordering::Relaxed) as u64;
        let first = self.at.first.load(Ordering::SeqCst);
        if let Some(Doing { item, since }) = &*self.doing() {
            let age = now.saturating_sub(*since);
            let (item, seconds) = (Quoted(item), age.as_secs_f64());
            return Some((age, format!("item {first} {item}: {seconds:.1} s, process {pid}, worker {number}")));
        }
        let what = match (count, pid) {
            (0, 0) => return None,
            (0, pid) => format!("worker {number}, process {pid}: idle"),
            (_, pid @ 1..) => format!("worker {number}, process {pid}: item {first}"),
            (1, _) => format!("item {first}: worker {number}"),
            (count, _) => format!("items {first} to {}: worker {number}", first + count - 1),
        };
        Some((Duration::ZERO, what))
    }
}

/// All workers. A number that is free again is given to the next worker.
#[derive(Debug, Default)]
pub struct Slots {
    places: Mutex<Vec<Arc<Place>>>,
    /// The number of the last start.
    starts: AtomicU64,
}

impl Slots {
    /// A place for one more worker: with the lowest number that is free.
    pub(super) fn add(&self) -> Arc<Place> {
        let mut places = self.lock();
        let number = (1..).zip(&*places).find(|(number, place)| place.number != *number);
        let number = number.map_or(places.len() + 1, |(number, _)| number);
        let place = Arc::new(Place::new(number));
        places.insert(number - 1, Arc::clone(&place));
        place
    }

    /// Takes back the place of a worker that could not be started, or has left for others.
    pub(super) fn remove(&self, place: &Arc<Place>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, place));
    }

    /// A number that is higher than those of all starts until now.
    pub(super) fn next_start(&self) -> u64 {
        self.starts.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Whether the process of another worker may hold the pipes of one that was started before `start` was taken. From
    /// fork to exec, and on a busy machine for a while after the start counts as done, a process has a copy of all
    /// files of parjob. The kernel lets go of them at a time that cannot be seen from here.
    pub(super) fn others_hold(&self, place: &Place, start: u64, now: Duration) -> bool {
        let may_hold = |other: &Place| {
            let fresh = (1..start).contains(&other.fresh.load(Ordering::SeqCst));
            fresh && other.doing().as_ref().is_none_or(|doing| now.saturating_sub(doing.since) < FRESH)
        };
        self.lock().iter().any(|other| other.number != place.number && may_hold(other))
    }

    pub(super) fn ring_all(&self) {
        self.lock().iter().for_each(|place| place.ring());
    }

    /// Wakes the worker of that item, if it holds something back.
    pub(super) fn ring(&self, seq: Seq) {
        let at = |place: &&Arc<Place>| place.at.first() == Some(seq);
        if let Some(place) = self.lock().iter().find(at).filter(|place| place.holds.load(Ordering::SeqCst)) {
            place.ring();
        }
    }

    /// There is something to claim: wakes the workers at their bells that have nothing to do, or else those that could have
    /// more. Whether the first.
    pub(super) fn offer(&self) -> bool {
        let places = self.lock();
        let wake = |what: Wants| {
            let taken = |place: &&Arc<Place>| {
                let (wants, nothing) = (what as u8, Wants::Nothing as u8);
                place.wants.compare_exchange(wants, nothing, Ordering::SeqCst, Ordering::SeqCst).is_ok()
            };
            places.iter().filter(taken).map(|place| place.ring()).count() > 0
        };
        let found = wake(Wants::Work);
        if !found {
            wake(Wants::More);
        }
        found
    }

    /// Whether some worker has nothing to do, and waits to be woken.
    pub(super) fn idles(&self) -> bool {
        self.lock().iter().any(|place| place.wants(Wants::Work))
    }

    /// Whether items could be taken back from another worker than this one.
    pub(super) fn has_spare(&self, number: usize) -> bool {
        self.lock().iter().any(|place| place.number != number && place.spare.load(Ordering::SeqCst))
    }

    /// Wakes those from which items could be taken back for this worker.
    pub(super) fn ask_back(&self, number: usize) {
        let places = self.lock();
        let others = places.iter().filter(|place| place.number != number);
        others.filter(|place| place.spare.load(Ordering::SeqCst)).for_each(|place| place.ring());
    }

    /// The first of all items at work.
    pub(super) fn first_at(&self) -> Option<Seq> {
        self.lock().iter().filter_map(|place| place.at.first()).min()
    }

    /// Sends a signal to all processes and their groups.
    pub(super) fn signal(&self, signal: Signal) {
        self.lock().iter().for_each(|place| place.signal(signal));
    }

    /// All reports that wait.
    pub(super) fn take(&self) -> Vec<super::Parcel> {
        self.lock().iter().flat_map(|place| place.outbox.take()).collect()
    }

    /// What is at work and for how long, a line each, the longest first.
    pub(super) fn describe(&self, clock: &Clock, jobs: usize) -> String {
        let (now, places) = (clock.now(), self.lock());
        let mut lines: Vec<_> = places.iter().filter_map(|place| place.describe(now)).collect();
        lines.sort_by_key(|(age, _)| std::cmp::Reverse(*age));
        let mut text = format!("{} of {jobs} workers at work", lines.len());
        for (_, line) in lines {
            // Writing to a string does not fail.
            let _ = write!(text, "\n  {line}");
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_free_is_given_again() {
        let slots = Slots::default();
        let [one, two, three] = [(); 3].map(|()| slots.add());
        slots.remove(&two);
        let numbers = || slots.lock().iter().map(|place| place.number).collect::<Vec<_>>();
        assert_eq!(numbers(), [one.number, three.number]);
        assert_eq!(slots.add().number, 2);
        assert_eq!(slots.add().number, 4);
        assert_eq!(numbers(), [1, 2, 3, 4]);
    }
}
