//! The processes that jobs have started: groups, orphans, and what can be told of a process.
//!
//! A grandchild that calls `setsid` leaves its job's group; the mark in its environment, or its descent, finds it. A grandchild whose
//! parent ends would go to init; as a subreaper this process gets it instead, and waits for it when it has ended, so that
//! no zombies pile up in a run of a night.

use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};

use super::guard;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{become_subreaper, orphans, process_state, sees_processes};
#[cfg(target_os = "linux")]
pub use linux::{become_subreaper, orphans, process_state, sees_processes};

/// Sends the signal to a whole process group. That the group is gone is no error.
///
/// # Errors
///
/// None of its processes may be signalled.
pub fn signal_group(leader: Pid, signal: Signal) -> io::Result<()> {
    match kill_process_group(leader, signal) {
        // macOS says PERM of a group whose processes have all ended and are not waited for.
        Err(Errno::SRCH) => Ok(()),
        Err(Errno::PERM) if cfg!(target_os = "macos") => Ok(()),
        other => Ok(other?),
    }
}

/// Waits for those orphans that have ended, none of which is in `own`, and tells how many there were.
///
/// `own` are children whose end the caller wants to learn by itself, and that are listed among the orphans: what the
/// main thread has started, and what a thread has started that has ended since.
pub fn reap_orphans(own: &[Pid]) -> usize {
    let reap = |pid: &Pid| matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(Some(_)));
    orphans().into_iter().filter(|pid| !own.contains(pid)).filter(reap).count()
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::process::{getpid, set_child_subreaper};

    use super::*;
    use crate::processes;
    use crate::processes::Stat;

    /// Lets orphans of this process's descendants become its children.
    ///
    /// # Errors
    ///
    /// A sandbox forbids it.
    pub fn become_subreaper() -> io::Result<()> {
        // Any id means "yes".
        Ok(set_child_subreaper(Some(getpid()))?)
    }

    /// The processes that this one has inherited, whether they run or have ended; never the guard.
    ///
    /// The kernel gives orphans to the main thread, and lists the children that another thread has started under that
    /// thread (until it ends: then they are the main thread's too). So what worker threads start and wait for is
    /// not among these.
    pub fn orphans() -> Vec<Pid> {
        if !processes::is_here() {
            return Vec::new();
        }
        let listed = std::fs::read_to_string(format!("/proc/self/task/{}/children", std::process::id()));
        let mut orphans = match listed {
            Ok(list) => list.split(' ').filter_map(|word| Pid::from_raw(word.parse().ok()?)).collect(),
            // The kernel was built without this list.
            Err(_) => searched_orphans(),
        };
        let guard = guard::current();
        orphans.retain(|pid| Some(*pid) != guard);
        orphans
    }

    /// The orphans by their parent's id. Jobs that were started here have that parent as well: they lead a group
    /// in the session of this process, so what does so is left out, an orphan among it too.
    pub(super) fn searched_orphans() -> Vec<Pid> {
        let Some(own) = processes::stat(getpid()) else { return Vec::new() };
        let parent = getpid().as_raw_nonzero().get();
        let is_orphan = |pid: i32, stat: Stat| {
            let may_be_ours = stat.session == own.session && (stat.group == pid || stat.group == own.group);
            stat.parent == parent && !may_be_ours
        };
        let mut found = Vec::new();
        processes::each(&mut |pid| {
            if processes::stat(pid).is_some_and(|stat| is_orphan(pid.as_raw_nonzero().get(), stat)) {
                found.push(pid);
            }
        });
        found
    }

    /// Whether `/proc` is there and numbers processes as this process does, so that they can be looked at.
    pub fn sees_processes() -> bool {
        processes::is_here()
    }

    /// The state of a process, as ps shows it: `R`, `S`, `T` for stopped, `Z` for ended and not waited for. None when
    /// it is gone.
    pub fn process_state(pid: Pid) -> Option<u8> {
        processes::stat(pid).map(|stat| stat.state)
    }
}

/// Without `/proc`, only groups can be reached.
#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::*;

    /// Does nothing: orphans go to init, which waits for them.
    ///
    /// # Errors
    ///
    /// None.
    pub fn become_subreaper() -> io::Result<()> {
        Ok(())
    }

    /// None: they go to init.
    pub fn orphans() -> Vec<Pid> {
        let _ = guard::current();
        Vec::new()
    }

    /// There is no `/proc`.
    pub fn sees_processes() -> bool {
        false
    }

    /// Not known.
    pub fn process_state(_: Pid) -> Option<u8> {
        None
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
