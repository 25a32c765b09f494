//! SIGCHLD as an event: an orphan has ended, or a child was stopped or went on.
//!
//! The signal is blocked in all threads and read from a descriptor. So no handler runs and nobody's system call is
//! interrupted; and while nobody polls the descriptor, further children that end wake nobody: the signal is pending
//! already. That is why a look is followed by a pause, and why a run of a thousand short processes a second costs ten looks.
//!
//! Where there is no such descriptor, a look now and then takes its place.

use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{WaitId, WaitIdOptions, waitid};

use super::tree;

/// The pause after a look: the shortest while orphans end, then twice as long each time. A job may leave hundreds of them
/// in a second, and a user may have only so many processes; a look takes some 20 µs. A run that is over before the first
/// look has none.
const PAUSE: (Duration, Duration) = (Duration::from_millis(3), Duration::from_millis(100));

/// SIGCHLD is blocked because this program wants it so.
static BLOCKED: AtomicBool = AtomicBool::new(false);

/// Lets this process wait for those that it starts, and hear of them. To be called before there are threads, which inherit the mask.
///
/// Who started it may have ignored SIGCHLD: then the kernel throws away how a child ended. It is the one disposition
/// that commands do not inherit as it was, since none can be set to "ignored" for them.
#[expect(unsafe_code, reason = "no safe call sets a default disposition or a mask")]
pub fn keep() {
    // SAFETY: the default disposition runs no code; the set is made empty before it is used, and the other is written by
    // the call.
    unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
        let (mut set, mut before): (libc::sigset_t, libc::sigset_t) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        let blocked = libc::pthread_sigmask(libc::SIG_BLOCK, &set, &mut before) == 0;
        if blocked && libc::sigismember(&before, libc::SIGCHLD) == 0 {
            BLOCKED.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether commands are to have SIGCHLD unblocked, which is blocked here.
pub(super) fn unblocked_in_commands() -> bool {
    BLOCKED.load(Ordering::Relaxed)
}

/// Reaps the children that no other code waits for.
#[derive(Debug)]
pub(super) struct Children {
    #[cfg(target_os = "linux")]
    signals: Option<std::os::fd::OwnedFd>,
    /// No look before that.
    next: Instant,
    /// What ended before the signal was blocked is no event: the first look needs none.
    is_first: bool,
    pause: Duration,
}

impl Children {
    pub(super) fn new() -> Children {
        let pause = 2 * PAUSE.0;
        Children {
            #[cfg(target_os = "linux")]
            signals: descriptor(),
            next: Instant::now() + pause,
            is_first: true,
            pause,
        }
    }

    /// What to poll for reading, and how long to wait at most.
    pub(super) fn wait(&self) -> (Option<BorrowedFd<'_>>, Option<Duration>) {
        let pause = self.next.saturating_duration_since(Instant::now());
        match self.signals() {
            Some(signals) if pause.is_zero() && !self.is_first => (Some(signals), None),
            _ => (None, Some(pause)),
        }
    }

    #[cfg(target_os = "linux")]
    fn signals(&self) -> Option<BorrowedFd<'_>> {
        self.signals.as_ref().map(std::os::fd::AsFd::as_fd)
    }

    #[cfg(not(target_os = "linux"))]
    fn signals(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Waits for orphans that have ended; whether some child was stopped or went on, and is not looked at since. `ready`:
    /// there is something to read.
    pub(super) fn look(&mut self, ready: bool) -> bool {
        let waits_for_event = self.signals().is_some() && !self.is_first;
        if !ready && (waits_for_event || Instant::now() < self.next) {
            return false;
        }
        self.is_first = false;
        // Before the look: what happens meanwhile is a further event.
        if let Some(signals) = self.signals() {
            let _ = rustix::io::read(signals, &mut [0; 128]);
        }
        let rested = self.next + PAUSE.1 < Instant::now();
        let reaped = tree::reap_orphans(&[]) > 0;
        self.pause = if reaped || rested { PAUSE.0 } else { PAUSE.1.min(2 * self.pause) };
        self.next = Instant::now() + self.pause;
        let kinds = WaitIdOptions::STOPPED | WaitIdOptions::CONTINUED;
        matches!(waitid(WaitId::All, kinds | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT), Ok(Some(_)))
    }
}

/// A descriptor from which SIGCHLD can be read.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe call makes it")]
fn descriptor() -> Option<std::os::fd::OwnedFd> {
    use std::os::fd::FromRawFd;
    // SAFETY: the set is made empty before it is used; a descriptor that the call gives belongs to nobody else.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        let descriptor = libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        (descriptor >= 0).then(|| std::os::fd::OwnedFd::from_raw_fd(descriptor))
    }
}
