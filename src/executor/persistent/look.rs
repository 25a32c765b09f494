//! What a process seems to do, as far as the system shows it: whether it waits for input, and how much memory it holds.
//!
//! That is a guess, and nothing hangs on it but how soon a process gets more, and how much.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::PathBuf;

use parjob_sys::tree::sees_processes;
use rustix::process::Pid;

use super::prefetch::Waits;

/// A worker of more processes than these is not looked through.
#[cfg(target_os = "linux")]
const PROCESSES: usize = 64;

/// Its folder, `/proc/PID/`.
fn folder(pid: Pid) -> Option<String> {
    sees_processes().then(|| format!("/proc/{}/", pid.as_raw_nonzero()))
}

/// The memory that it holds, in bytes.
pub(super) fn memory(pid: Pid) -> Option<u64> {
    let text = std::fs::read_to_string(folder(pid)? + "statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Whether it has a single thread, so that it does nothing while that sleeps.
pub(super) fn is_single(pid: Pid) -> bool {
    folder(pid).is_some_and(|process| threads(&process) == Some(1))
}

fn threads(process: &str) -> Option<usize> {
    Some(std::fs::read_dir(format!("{process}task")).ok()?.count())
}

/// Whether it, or one of those that it has started and waits for, sleeps until it can read more of this pipe.
#[cfg(target_os = "linux")]
pub(super) fn waits(pid: Pid, input: BorrowedFd<'_>) -> Waits {
    let pipe = std::fs::read_link(format!("/proc/self/fd/{}", input.as_raw_fd()));
    let (Some(first), Ok(pipe)) = (folder(pid), pipe) else { return Waits::Unknown };
    let (mut processes, mut at, mut all) = (vec![first], 0, Waits::No);
    while let Some(process) = processes.get(at) {
        match Call::of(process, &pipe) {
            Call::Reads => return Waits::Yes,
            Call::Unknown => all = Waits::Unknown,
            Call::Busy => {}
            Call::WaitsForOthers => {
                let children = children(process);
                if children.is_empty() || processes.len() + children.len() > PROCESSES {
                    all = Waits::Unknown;
                } else {
                    processes.extend(children);
                }
            }
        }
        at += 1;
    }
    all
}

/// Elsewhere nothing shows it.
#[cfg(not(target_os = "linux"))]
pub(super) fn waits(_pid: Pid, _input: BorrowedFd<'_>) -> Waits {
    Waits::Unknown
}

/// What a process sleeps in.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// A read from the pipe.
    Reads,
    /// A wait for other processes, for their signals, or for what they write.
    WaitsForOthers,
    /// Something else, or nothing: it runs.
    Busy,
    /// What may be a wait for the pipe, by one of its threads.
    Unknown,
}

#[cfg(target_os = "linux")]
impl Call {
    fn of(process: &str, pipe: &PathBuf) -> Call {
        // The number of the call and its first argument.
        let Ok(text) = std::fs::read_to_string(format!("{process}syscall")) else { return Call::Unknown };
        let mut words = text.split(' ');
        let call = words.next().and_then(|word| word.trim().parse::<i64>().ok());
        if call.is_some_and(|call| [libc::SYS_read, libc::SYS_readv].contains(&call)) {
            let number = words.next().and_then(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok());
            let file = number.and_then(|number| std::fs::read_link(format!("{process}fd/{number}")).ok());
            return match file {
                Some(file) if file == *pipe => Call::Reads,
                Some(_) if threads(process) == Some(1) => Call::WaitsForOthers,
                _ => Call::Unknown,
            };
        }
        if threads(process) != Some(1) {
            return Call::Unknown;
        }
        match call {
            Some(call) if [libc::SYS_wait4, libc::SYS_waitid].contains(&call) => Call::WaitsForOthers,
            Some(call) if BUSY.contains(&call) => Call::Busy,
            Some(_) => Call::Unknown,
            // It runs.
            None => Call::Busy,
        }
    }
}

/// Calls that wait for something else than a pipe.
#[cfg(target_os = "linux")]
const BUSY: [i64; 7] = [
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_connect,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
];

/// The folders of the processes that a process has started.
#[cfg(target_os = "linux")]
fn children(process: &str) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("{process}task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_ascii_whitespace().map(|pid| format!("/proc/{pid}/")).collect::<Vec<_>>())
        .collect()
}
