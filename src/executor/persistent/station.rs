//! The places of a pool's workers: what others may know of a worker, and how they wake it.

use std::fmt::Write;
use std::sync::atomic::{AtomicI32, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::process::clock::Bell;

/// What a worker could use.
pub(super) mod wants {
    /// It has enough.
    pub(crate) const NOTHING: u8 = 0;
    /// It could write ahead.
    pub(crate) const MORE: u8 = 1;
    /// It has nothing to do.
    pub(crate) const WORK: u8 = 2;
}

/// One worker's place.
#[derive(Debug)]
pub(super) struct Station {
    /// The worker's number, from 1.
    pub(super) number: usize,
    /// Wakes it.
    pub(super) bell: Bell,
    /// One of [`wants`].
    pub(super) wants: AtomicU8,
    /// Its process; 0 when there is none.
    pub(super) pid: AtomicI32,
    /// The first item without an answer; 0 when there is none.
    pub(super) seq: AtomicU64,
}

/// All places. They are never given back: a worker's number stays its own.
#[derive(Debug, Default)]
pub struct Stations(Mutex<Vec<Arc<Station>>>);

impl Stations {
    /// A place for one more worker.
    pub(super) fn add(&self) -> Result<Arc<Station>, Errno> {
        let mut stations = self.lock();
        let (wants, pid, seq) = (AtomicU8::new(wants::NOTHING), AtomicI32::new(0), AtomicU64::new(0));
        let station = Arc::new(Station { number: stations.len() + 1, bell: Bell::new()?, wants, pid, seq });
        stations.push(Arc::clone(&station));
        Ok(station)
    }

    /// Takes back the newest place, whose worker could not be started.
    pub(super) fn remove(&self) {
        self.lock().pop();
    }

    /// Wakes everybody.
    pub(super) fn ring_all(&self) {
        self.lock().iter().for_each(|station| station.bell.ring());
    }

    /// There is something to claim: wakes those who have nothing to do, or else those who could have more. Whether
    /// the first.
    pub(super) fn offer(&self) -> bool {
        let stations = self.lock();
        let wake = |what: u8| {
            let taken = |station: &&Arc<Station>| {
                let swap = station.wants.compare_exchange(what, wants::NOTHING, Ordering::SeqCst, Ordering::SeqCst);
                swap.is_ok()
            };
            stations.iter().filter(taken).map(|station| station.bell.ring()).count() > 0
        };
        let found = wake(wants::WORK);
        if !found {
            wake(wants::MORE);
        }
        found
    }

    /// Whether some worker has nothing to do, and waits to be woken.
    pub(super) fn idles(&self) -> bool {
        self.lock().iter().any(|station| station.wants.load(Ordering::SeqCst) == wants::WORK)
    }

    /// Sends a signal to all processes and their groups.
    pub(super) fn signal(&self, signal: Signal) {
        for station in self.lock().iter() {
            if let Some(pid) = Pid::from_raw(station.pid.load(Ordering::Relaxed)) {
                // It may have ended just now.
                let _ = kill_process_group(pid, signal);
            }
        }
    }

    /// Which processes are up and what they are at, a line each.
    pub fn describe(&self) -> String {
        let stations = self.lock();
        let up = stations.iter().filter(|station| station.pid.load(Ordering::Relaxed) != 0);
        let mut text = format!("{} workers are up", up.clone().count());
        for station in up {
            let (number, pid) = (station.number, station.pid.load(Ordering::Relaxed));
            // Writing to a string does not fail.
            let _ = match station.seq.load(Ordering::Relaxed) {
                0 => write!(text, "\n  worker {number}, process {pid}: idle"),
                seq => write!(text, "\n  worker {number}, process {pid}: item {seq}"),
            };
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Station>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
