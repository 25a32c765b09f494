//! Time that stands still while the run is suspended, and a bell that wakes who waits for a child.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::Errno;

/// A clock that can be stopped: for Ctrl-Z, which must not use up the time that a job has.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    pauses: Mutex<Pauses>,
}

#[derive(Debug, Default)]
struct Pauses {
    /// The time of all pauses that are over.
    past: Duration,
    /// When the present one began, by the wall.
    since: Option<Instant>,
}

impl Default for Clock {
    fn default() -> Clock {
        Clock { started: Instant::now(), pauses: Mutex::default() }
    }
}

impl Clock {
    /// The time since the clock was made, less all pauses.
    pub fn now(&self) -> Duration {
        let pauses = self.lock();
        let now = pauses.since.unwrap_or_else(Instant::now);
        (now - self.started).saturating_sub(pauses.past)
    }

    /// Whether it stands still.
    pub fn is_paused(&self) -> bool {
        self.lock().since.is_some()
    }

    /// Stops it.
    pub fn pause(&self) {
        self.lock().since.get_or_insert_with(Instant::now);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        let mut pauses = self.lock();
        if let Some(since) = pauses.since.take() {
            pauses.past += since.elapsed();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes a thread that waits in `poll`.
#[derive(Debug)]
pub struct Bell {
    #[cfg(target_os = "linux")]
    event: OwnedFd,
    #[cfg(not(target_os = "linux"))]
    pipe: (OwnedFd, OwnedFd),
}

#[cfg(target_os = "linux")]
impl Bell {
    /// A silent one.
    ///
    /// # Errors
    ///
    /// Too many open files.
    pub fn new() -> Result<Bell, Errno> {
        use rustix::event::{EventfdFlags, eventfd};
        Ok(Bell { event: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
    }

    /// What to poll for reading.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }

    /// Rings it: it stays rung until it is silenced.
    pub fn ring(&self) {
        // The counter cannot be full.
        let _ = rustix::io::write(&self.event, &1u64.to_ne_bytes());
    }

    /// Silences it.
    pub fn silence(&self) {
        let _ = rustix::io::read(&self.event, &mut [0u8; 8]);
    }
}

#[cfg(not(target_os = "linux"))]
impl Bell {
    /// A silent one.
    ///
    /// # Errors
    ///
    /// Too many open files.
    pub fn new() -> Result<Bell, Errno> {
        use rustix::fs::{OFlags, fcntl_setfl};
        use rustix::io::{FdFlags, fcntl_setfd};
        let pipe = rustix::pipe::pipe()?;
        for end in [&pipe.0, &pipe.1] {
            fcntl_setfd(end, FdFlags::CLOEXEC)?;
            fcntl_setfl(end, OFlags::NONBLOCK)?;
        }
        Ok(Bell { pipe })
    }

    /// What to poll for reading.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.pipe.0.as_fd()
    }

    /// Rings it: it stays rung until it is silenced.
    pub fn ring(&self) {
        // A full pipe rings already.
        let _ = rustix::io::write(&self.pipe.1, &[1]);
    }

    /// Silences it.
    pub fn silence(&self) {
        let mut buffer = [0; 64];
        while rustix::io::read(&self.pipe.0, &mut buffer) == Ok(buffer.len()) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paused_clock_stands_still() {
        let clock = Clock::default();
        clock.pause();
        let then = clock.now();
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(clock.now(), then);
        clock.resume();
        assert!(clock.now() < then + Duration::from_millis(15));
    }
}
