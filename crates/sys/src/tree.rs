//! The processes that jobs have started: groups, orphans, and what can be told of a process.
//!
//! A grandchild that calls `setsid` leaves its job's group; the mark in its environment finds it. A grandchild whose
//! parent ends would go to init; as a subreaper this process gets it instead, and waits for it when it has ended, so that
//! no zombies pile up in a run of a night.

use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};

use super::guard;
use super::mark::Mark;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{become_subreaper, kill_marked, orphans, process_state, sees_processes, signal_marked};
#[cfg(target_os = "linux")]
pub use linux::{become_subreaper, kill_marked, orphans, process_state, sees_processes, signal_marked};

/// The environment of a job that is looked for: the run's mark, and variables, as `NAME=value`, that tell the job.
///
/// A runner inside the job gives its own children other variables of these names, but its guard ends with it and
/// sees to them.
#[derive(Clone, Copy, Debug)]
pub struct Marked<'a> {
    /// The run's.
    pub mark: &'a Mark,
    /// All of them must be there, a few different ones. None: every job of the run.
    pub variables: &'a [&'a [u8]],
}

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
    use std::collections::HashSet;
    use std::time::Duration;

    use rustix::process::{getpid, set_child_subreaper};

    use super::*;
    use crate::processes::Stat;
    use crate::{hunt, processes};

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

    fn carries(pid: Pid, marked: &Marked<'_>) -> bool {
        let (mut is_of_run, mut found) = (false, 0_u32);
        processes::environment(pid, &mut |variable| {
            is_of_run |= marked.mark.is_in(variable);
            let which = marked.variables.iter().position(|wanted| *wanted == variable);
            found |= which.map_or(0, |which| 1 << which);
        });
        is_of_run && found.count_ones() as usize == marked.variables.len()
    }

    /// Looks once at each process: one that belongs to some of these jobs, and is not in the group that got the signal
    /// already, is sent their signals. Counts them. A nested runner's guard is spared.
    pub fn signal_marked(jobs: &[(Marked<'_>, Signal, Option<Pid>)]) -> usize {
        let wanted: HashSet<&[u8]> = jobs.iter().flat_map(|(job, ..)| job.variables.iter().copied()).collect();
        let (own, mut found) = (getpid(), 0);
        processes::each(&mut |pid| {
            if pid == own {
                return;
            }
            let (mut runs, mut carried) = (Vec::new(), HashSet::new());
            processes::environment(pid, &mut |variable| {
                if jobs.iter().any(|(job, ..)| job.mark.runs(variable).is_some()) {
                    runs = variable.to_vec();
                } else if let Some(variable) = wanted.get(variable) {
                    carried.insert(*variable);
                }
            });
            let is_of =
                |job: &Marked<'_>| job.mark.is_in(&runs) && job.variables.iter().all(|wanted| carried.contains(wanted));
            let has_it = |group: Option<Pid>| {
                let group = group.map(|group| group.as_raw_nonzero().get());
                group.is_some() && processes::stat(pid).map(|stat| stat.group) == group
            };
            for (job, signal, group) in jobs.iter().filter(|(job, _, group)| is_of(job) && !has_it(*group)) {
                found += 1;
                if !processes::is_named(pid, hunt::GUARD.to_bytes()) {
                    hunt::send(pid, &|pid| carries(pid, job) && !has_it(*group), *signal);
                }
            }
        });
        found
    }

    /// Kills each process that carries these in its environment, until none is found. Tells whether all are gone:
    /// one may be stuck in the kernel, which is waited for only so long.
    pub fn kill_marked(marked: &Marked<'_>) -> bool {
        // A process that is just replacing its program shows no environment.
        const QUIET: Duration = Duration::from_millis(20);
        const PATIENCE: Duration = Duration::from_secs(2);
        hunt::kill(&|pid| carries(pid, marked), QUIET, PATIENCE)
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

    /// Finds nobody: the environment of another process cannot be read.
    pub fn signal_marked(_: &[(Marked<'_>, Signal, Option<Pid>)]) -> usize {
        0
    }

    /// Finds nobody, and does not claim that all are gone.
    pub fn kill_marked(_: &Marked<'_>) -> bool {
        false
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
