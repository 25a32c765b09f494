//! Finds processes among all of the machine's and kills them, until none is found.
//!
//! A pass over the processes may miss one: it forks while it is looked for, or it is just replacing its program
//! and shows no environment for a moment. So passes are repeated until they have found nothing for a while. As
//! `processes`, it neither allocates nor locks, so that the guard can use it.

use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process, pidfd_open, pidfd_send_signal};

use super::processes;

/// The name of a guard.
pub(super) const GUARD: &std::ffi::CStr = c"parjob-guard";

/// The time between two passes.
const PAUSE: Duration = Duration::from_millis(10);

/// How long the guard of a runner that is itself among the hunted may do its own work before it is killed too.
const RESPECT: Duration = Duration::from_secs(1);

/// Kills what is prey until nothing was found for as long as `quiet`, or `patience` is over. Tells whether
/// all are gone.
pub(super) fn kill(is_prey: &dyn Fn(Pid) -> bool, quiet: Duration, patience: Duration) -> bool {
    let start = Instant::now();
    let mut last = start;
    loop {
        let spare = start.elapsed() < RESPECT;
        if pass(is_prey, spare) > 0 {
            last = Instant::now();
        }
        if last.elapsed() >= quiet {
            return true;
        }
        if start.elapsed() >= patience {
            return false;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Kills each process that is prey now, and counts them. A guard is counted and spared: it knows groups that nobody
/// else knows, and ends by itself.
fn pass(is_prey: &dyn Fn(Pid) -> bool, spares_guards: bool) -> usize {
    let (own, mut found) = (getpid(), 0);
    processes::each(&mut |pid| {
        if pid != own && is_prey(pid) {
            found += 1;
            let is_guard = || processes::stat(pid).is_some_and(|stat| stat.is_named(GUARD.to_bytes()));
            if !(spares_guards && is_guard()) {
                send(pid, is_prey, Signal::KILL);
            }
        }
    });
    found
}

/// Signals the process that has this id, when it is prey still: the id may have gone to another one meanwhile.
pub(super) fn send(pid: Pid, is_prey: &dyn Fn(Pid) -> bool, signal: Signal) {
    // Whatever fails here: the process is gone, or it is not ours to signal; the next pass sees.
    let _ = match pidfd_open(pid, PidfdFlags::empty()) {
        // What is looked at now is what was opened, or else that has ended and the signal goes nowhere.
        Ok(process) if is_prey(pid) => pidfd_send_signal(&process, signal),
        // Some sandboxes know no pidfd.
        Err(Errno::NOSYS | Errno::PERM) if is_prey(pid) => kill_process(pid, signal),
        _ => Ok(()),
    };
}
