//! A worker's process: its pipes, and how it is started, watched and ended.
//!
//! Its ends of the pipes are as a program expects them; ours do not block, so that one thread can write and read
//! whatever the process does. It knows nothing of items.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use parjob_sys::spawn::{Spawner, Start};
use parjob_sys::tree::sees_processes;
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

use crate::base::failure::ProcessEnd;
use crate::base::stream::Stream;
use crate::command::words::Words;
use crate::process::plumbing::pipe;

/// The size of a read.
const READ: usize = 64 << 10;

/// A process.
pub(super) struct Mate {
    pub(super) pid: Pid,
    input: Option<OwnedFd>,
    /// What it had not read when its input was closed.
    left: u64,
    pub(super) pipes: [Option<OwnedFd>; 2],
    pub(super) pidfd: Option<OwnedFd>,
    /// It reads no more.
    deaf: bool,
    /// The bytes written to it.
    written: u64,
    /// The bytes that were for it and are not written any more.
    unwritten: u64,
}

/// What reading from a process came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// So much.
    Some(usize),
    /// Nothing for now.
    Nothing,
    /// Nothing ever.
    End,
}

impl Mate {
    /// Starts it.
    pub(super) fn start(
        spawner: &mut Spawner,
        program: &CStr,
        words: &Words,
        environment: [&Words; 2],
    ) -> Result<Mate, Errno> {
        let (theirs_in, ours_in) = pipe()?;
        let (ours_out, theirs_out) = pipe()?;
        let (ours_err, theirs_err) = pipe()?;
        for end in [&ours_in, &ours_out, &ours_err] {
            fcntl_setfl(end, OFlags::NONBLOCK)?;
        }
        let streams = [&theirs_in, &theirs_out, &theirs_err].map(|end| Some(end.as_fd()));
        let pid = spawner.spawn(&Start { program, words, environment, streams })?;
        // The system gives no process the number 0.
        let pid = Pid::from_raw(pid).ok_or(Errno::SRCH)?;
        Ok(Mate {
            pid,
            input: Some(ours_in),
            pipes: [Some(ours_out), Some(ours_err)],
            pidfd: open_pidfd(pid),
            left: 0,
            deaf: false,
            written: 0,
            unwritten: 0,
        })
    }

    /// Whether it can be given more.
    pub(super) fn hears(&self) -> bool {
        self.input.is_some() && !self.deaf
    }

    /// Writes what the pipe takes; how much that was.
    pub(super) fn write(&mut self, bytes: &[u8]) -> usize {
        let Some(input) = self.input.as_ref().filter(|_| !self.deaf) else { return 0 };
        match rustix::io::write(input, bytes) {
            Ok(len) => {
                self.written += len as u64;
                len
            }
            Err(Errno::AGAIN | Errno::INTR) => 0,
            Err(_) => {
                self.deaf = true;
                0
            }
        }
    }

    /// Appends what there is on a stream.
    pub(super) fn read(&mut self, stream: Stream, into: &mut Vec<u8>) -> Read {
        let pipe = &mut self.pipes[stream as usize];
        let Some(end) = pipe else { return Read::End };
        into.reserve(READ);
        match rustix::io::read(end, rustix::buffer::spare_capacity(into)) {
            Err(Errno::INTR | Errno::AGAIN) => Read::Nothing,
            Ok(0) | Err(_) => {
                *pipe = None;
                Read::End
            }
            Ok(len) => Read::Some(len),
        }
    }

    /// Where a stream can be polled.
    pub(super) fn stream(&self, stream: Stream) -> Option<BorrowedFd<'_>> {
        self.pipes[stream as usize].as_ref().map(AsFd::as_fd)
    }

    /// Nobody reads what is written to it.
    pub(super) fn hears_no_more(&mut self) {
        self.deaf = true;
    }

    /// So many bytes that are for it are not written any more.
    pub(super) fn is_spared(&mut self, bytes: usize) {
        self.unwritten += bytes as u64;
    }

    /// What was for it and it will never read, once it reads no more.
    pub(super) fn never_read(&self) -> u64 {
        self.unread() + self.unwritten
    }

    /// Closes its input.
    pub(super) fn close_input(&mut self) {
        self.left = self.unread();
        self.input = None;
    }

    /// Whether nobody reads the input that is still open.
    pub(super) fn is_deaf(&self) -> bool {
        self.input.is_some() && self.deaf
    }

    /// Its input, as long as that is open.
    pub(super) fn input(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().map(AsFd::as_fd)
    }

    /// What was written and it has not read, or had not when its input was closed.
    pub(super) fn unread(&self) -> u64 {
        self.input.as_ref().map_or(self.left, |input| rustix::io::ioctl_fionread(input).unwrap_or(0))
    }

    /// Whether it has read anything.
    pub(super) fn has_read(&self) -> bool {
        self.written > self.unread()
    }

    /// What `/proc` says of it.
    fn proc(&self, name: &str) -> Option<String> {
        sees_processes().then(|| format!("/proc/{}/{name}", self.pid.as_raw_nonzero()))
    }

    /// Whether it has a single thread, so that it does nothing while that sleeps.
    pub(super) fn is_single(&self) -> bool {
        self.proc("task").and_then(|folder| std::fs::read_dir(folder).ok()).is_some_and(|tasks| tasks.count() == 1)
    }

    /// Whether it sleeps until it can read more; `None` where that cannot be told. Of one that waits for others, as a shell,
    /// `timeout` and `setsid` do, whether one of those does so on the same pipe.
    #[cfg(target_os = "linux")]
    pub(super) fn waits_for_input(&self) -> Option<bool> {
        match Call::of(&self.proc("")?)? {
            Call::Read(number) => Some(number == 0),
            Call::Poll => None,
            Call::Wait => self.offspring_waits(),
            Call::Other => Some(false),
        }
    }

    #[cfg(target_os = "linux")]
    fn offspring_waits(&self) -> Option<bool> {
        /// A worker of more processes than these is not looked through.
        const MOST: usize = 64;
        let pipe = std::fs::read_link(format!("/proc/self/fd/{}", self.input.as_ref()?.as_raw_fd())).ok()?;
        let (mut processes, mut at, mut may) = (vec![self.proc("")?], 0, false);
        while let Some(process) = processes.get(at).filter(|_| at < MOST) {
            let children = children(process);
            for child in &children {
                match Call::of(child) {
                    Some(Call::Read(number)) if std::fs::read_link(format!("{child}fd/{number}")).ok()? == pipe => {
                        return Some(true);
                    }
                    Some(Call::Poll) => may = true,
                    _ => {}
                }
            }
            processes.extend(children);
            at += 1;
        }
        if may { None } else { Some(false) }
    }

    /// Whether it sleeps until it can read more; `None` where that cannot be told.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn waits_for_input(&self) -> Option<bool> {
        None
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self) -> Option<WaitIdStatus> {
        // Not reaped yet: as long as it is there, its number is its own.
        waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
            .ok()
            .flatten()
    }

    /// Waits for it.
    pub(super) fn reap(&self) {
        let _ = waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED);
    }

    /// Sends its group a signal. The group may be gone.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.pid, signal);
    }

    /// The memory that it holds, in bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        let text = std::fs::read_to_string(self.proc("statm")?).ok()?;
        let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }
}

pub(super) fn process_end(status: WaitIdStatus) -> ProcessEnd {
    match (status.exit_status(), status.terminating_signal()) {
        (_, Some(signal)) => ProcessEnd::Signal(signal),
        (code, None) => ProcessEnd::Exit(code.unwrap_or(0)),
    }
}

/// What a process sleeps in.
#[cfg(target_os = "linux")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// A read from this descriptor.
    Read(u64),
    /// A wait for files, perhaps for its input, perhaps for something else.
    Poll,
    /// A wait for other processes or their signals.
    Wait,
    /// Something else, or nothing: it runs.
    Other,
}

#[cfg(target_os = "linux")]
impl Call {
    /// Of a process by its folder, `/proc/PID/`. `None`: the system does not tell.
    fn of(process: &str) -> Option<Call> {
        // The number of the call and its first argument.
        let text = std::fs::read_to_string(format!("{process}syscall")).ok()?;
        let mut words = text.split(' ');
        let Some(call) = words.next()?.trim().parse::<i64>().ok() else { return Some(Call::Other) };
        let polls = [libc::SYS_ppoll, libc::SYS_pselect6, libc::SYS_epoll_pwait];
        let waits = [libc::SYS_wait4, libc::SYS_waitid, libc::SYS_rt_sigsuspend, libc::SYS_rt_sigtimedwait];
        if call == libc::SYS_read {
            let number = words.next().and_then(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok());
            return Some(number.map_or(Call::Other, Call::Read));
        }
        Some(match call {
            call if polls.contains(&call) || old_polls().contains(&call) => Call::Poll,
            call if waits.contains(&call) => Call::Wait,
            _ => Call::Other,
        })
    }
}

/// The folders of the processes that a process has started.
#[cfg(target_os = "linux")]
fn children(process: &str) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("{process}task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_ascii_whitespace().map(|pid| format!("/proc/{pid}/")).collect::<Vec<_>>())
        .collect()
}

/// Calls that newer machines do not have.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn old_polls() -> [i64; 3] {
    [libc::SYS_poll, libc::SYS_select, libc::SYS_epoll_wait]
}

#[cfg(all(target_os = "linux", not(target_arch = "x86_64")))]
fn old_polls() -> [i64; 0] {
    []
}

#[cfg(target_os = "linux")]
fn open_pidfd(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_pidfd(_pid: Pid) -> Option<OwnedFd> {
    None
}
