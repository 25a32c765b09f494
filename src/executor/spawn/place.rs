//! The places at which processes run, one for each worker, and the roster that tells what runs now.

use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::base::item::{Quoted, Seq};
use crate::process::clock::{Bell, Clock};

/// For so long after its start a process may hold a copy of parjob's files.
const FRESH: Duration = Duration::from_secs(1);

/// One worker's place.
#[derive(Debug)]
pub(super) struct Place {
    /// The worker's number, from 1.
    pub(super) number: usize,
    /// Wakes the worker while it waits for its process. Made when there is one, and kept for the next one.
    bell: Mutex<Option<Arc<Bell>>>,
    /// The item at work, the first of a batch; 0 when there is none.
    pub(super) seq: AtomicU64,
    /// It has output that could go out, were its item the next.
    pub(super) holds: AtomicBool,
    /// The number of the start of the process; 0 when there is none, or it has ended.
    fresh: AtomicU64,
    /// The process; 0 when there is none.
    pid: AtomicI32,
    doing: Mutex<Option<Doing>>,
}

#[derive(Debug)]
struct Doing {
    item: Box<[u8]>,
    since: Duration,
}

impl Place {
    fn new(number: usize) -> Place {
        let (seq, holds, pid) = (AtomicU64::new(0), AtomicBool::new(false), AtomicI32::new(0));
        let fresh = AtomicU64::new(0);
        Place { number, bell: Mutex::default(), seq, holds, fresh, pid, doing: Mutex::new(None) }
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
    pub(super) fn give_bell(&self) {
        *self.own_bell() = None;
    }

    fn ring(&self) {
        self.own_bell().iter().for_each(|bell| bell.ring());
    }

    fn own_bell(&self) -> MutexGuard<'_, Option<Arc<Bell>>> {
        self.bell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process begins here.
    pub(super) fn enter(&self, seq: Seq, item: &[u8], pid: i32, since: Duration) {
        let shown = item.len().min(Quoted::KEPT);
        *self.doing() = Some(Doing { item: item[..shown].into(), since });
        self.holds.store(false, Ordering::Relaxed);
        self.pid.store(pid, Ordering::Relaxed);
        self.seq.store(seq.0, Ordering::SeqCst);
    }

    /// A process is about to be started here, the start of that number; or, with 0, it has ended or there is none.
    pub(super) fn begin(&self, start: u64) {
        self.fresh.store(start, Ordering::SeqCst);
    }

    /// It has ended.
    pub(super) fn leave(&self) {
        self.seq.store(0, Ordering::Relaxed);
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
}

/// All places. They are never given back: a worker's number stays its own.
#[derive(Debug, Default)]
pub struct Roster {
    places: Mutex<Vec<Arc<Place>>>,
    /// The number of the last start.
    starts: AtomicU64,
}

impl Roster {
    /// A place for one more worker.
    pub(super) fn add(&self) -> Arc<Place> {
        let mut places = self.lock();
        let place = Arc::new(Place::new(places.len() + 1));
        places.push(Arc::clone(&place));
        place
    }

    /// Takes back a place whose worker could not be started.
    pub(super) fn remove(&self, place: &Arc<Place>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, place));
    }

    /// A number that is higher than those of all starts until now.
    pub(super) fn next_start(&self) -> u64 {
        self.starts.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Whether the process of another place may hold the pipes of one that was started before `start` was taken. From
    /// fork to exec, and on a busy machine for a while after the start counts as done, a process has a copy of all
    /// files of parjob. The kernel lets go of them at a time that cannot be seen from here.
    pub(super) fn others_hold(&self, place: &Place, start: u64, now: Duration) -> bool {
        let may_hold = |other: &Place| {
            let fresh = (1..start).contains(&other.fresh.load(Ordering::SeqCst));
            fresh && other.doing().as_ref().is_none_or(|doing| now.saturating_sub(doing.since) < FRESH)
        };
        self.lock().iter().any(|other| other.number != place.number && may_hold(other))
    }

    /// Wakes everybody.
    pub(super) fn ring_all(&self) {
        self.lock().iter().for_each(|place| place.ring());
    }

    /// Wakes the worker of that item, if it holds something back.
    pub(super) fn ring(&self, seq: Seq) {
        let at = |place: &&Arc<Place>| place.seq.load(Ordering::SeqCst) == seq.0;
        if let Some(place) = self.lock().iter().find(at).filter(|place| place.holds.load(Ordering::SeqCst)) {
            place.ring();
        }
    }

    /// Sends a signal to all processes and their groups.
    pub(super) fn signal(&self, signal: Signal) {
        self.lock().iter().for_each(|place| place.signal(signal));
    }

    /// What runs now and for how long, a line each.
    pub fn describe(&self, clock: &Clock) -> String {
        let now = clock.now();
        let mut text = String::new();
        let places = self.lock();
        let running = places.iter().filter_map(|place| {
            let doing = place.doing();
            let Doing { item, since } = doing.as_ref()?;
            let (seq, pid) = (place.seq.load(Ordering::Relaxed), place.pid.load(Ordering::Relaxed));
            Some((now.saturating_sub(*since), seq, pid, place.number, Quoted(item).to_string()))
        });
        let mut running: Vec<_> = running.collect();
        running.sort_by(|a, b| b.cmp(a));
        // Writing to a string does not fail.
        let _ = write!(text, "{} running", running.len());
        for (age, seq, pid, worker, item) in running {
            let seconds = age.as_secs_f64();
            let _ = write!(text, "\n  item {seq} {item}: {seconds:.1} s, process {pid}, worker {worker}");
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
    fn the_place_that_is_taken_back_is_that_of_the_worker_that_was_not_started() {
        let roster = Roster::default();
        let [one, two, three] = [(); 3].map(|()| roster.add());
        roster.remove(&two);
        let left: Vec<usize> = roster.lock().iter().map(|place| place.number).collect();
        assert_eq!(left, [one.number, three.number]);
    }
}
