//! This program as the first process of a PID namespace: the entry point of a container, or under `unshare --pid --fork`.
//!
//! The kernel treats process 1 differently in two ways. A signal without a handler does nothing to it, and a process
//! whose parent has ended becomes its child, whether or not the run started it. So a signal must end the program even
//! before a run listens for it, the status stands in for death by a signal ([`super::signals::die_by`]), and every
//! orphan must be waited for.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Builder;
use std::time::Duration;

use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

use super::{failed, limits, signals, tree};

/// The pause between two looks at orphans: the shortest while some have ended, then twice as long each time. A job may leave
/// hundreds of them in a second, and a user may have only so many processes; a look takes some 20 µs.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(100));

/// Set as long as signals end the process at once.
static AT_ONCE: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Whether this process is the first of its namespace.
pub fn is_first() -> bool {
    std::process::id() == 1
}

/// To be called first: looks at the limits, lets an early SIGUSR1 wait, and makes the signals that end other processes end
/// process 1 too, with the status that a shell would show, until a run listens for them.
///
/// # Errors
///
/// The stack or the memory that this process may have is too little, or a handler cannot be set up.
pub fn begin() -> io::Result<()> {
    limits::check()?;
    signals::begin()?;
    if !is_first() {
        return Ok(());
    }
    let at_once = AT_ONCE.get_or_init(|| Arc::new(AtomicBool::new(true)));
    for signal in [SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM] {
        if !signals::is_ignored(signal) {
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(at_once))
                .map_err(failed("cannot handle signals"))?;
        }
    }
    Ok(())
}

/// A run listens for signals from now on.
pub(super) fn hand_over() {
    if let Some(at_once) = AT_ONCE.get() {
        at_once.store(false, Ordering::SeqCst);
    }
}

/// Starts a thread that waits for every orphan that has ended, as long as this process lives. Orphans come to the first
/// process of a namespace, and to a subreaper ([`tree::become_subreaper`]).
///
/// # Errors
///
/// The thread cannot be started.
pub fn reap() -> io::Result<()> {
    let body = || {
        let mut pause = PAUSE.0;
        loop {
            pause = if tree::reap_orphans(&[]) > 0 { PAUSE.0 } else { PAUSE.1.min(2 * pause) };
            std::thread::sleep(pause);
        }
    };
    // It calls nothing deep.
    let thread = Builder::new().name("parjob-reaper".into()).stack_size(64 << 10).spawn(body);
    thread.map_err(failed("cannot start the thread that reaps orphans"))?;
    Ok(())
}
