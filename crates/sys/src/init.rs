//! This program as the first process of a PID namespace: the entry point of a container, or under `unshare --pid --fork`.
//!
//! The kernel treats process 1 differently in two ways. A signal without a handler does nothing to it, and a process
//! whose parent has ended becomes its child, whether or not the run started it. So a signal must end the program even
//! before a run listens for it, the status stands in for death by a signal ([`super::signals::die_by`]), and every
//! orphan must be waited for ([`super::signals::Besides`]).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

use super::{failed, limits, signals};

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
