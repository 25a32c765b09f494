//! A worker's process: its pipes, and how it is started, watched and ended.
//!
//! Its ends of the pipes are as a program expects them; ours do not block, so that one thread can write and read
//! whatever the process does. It knows nothing of items. What it seems to do is seen by `look.rs`.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use parjob_sys::spawn::{Spawner, Start};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

use crate::base::failure::ProcessEnd;
use crate::base::stream::Stream;
use crate::command::words::Words;
use crate::process::plumbing::{open_pidfd, pipe};

/// The size of a read.
const READ: usize = 64 << 10;

/// A process.
pub(super) struct WorkerProcess {
    pub(super) pid: Pid,
    input: Option<OwnedFd>,
    /// What it had not read when its input was closed.
    left: u64,
    pipes: [Option<OwnedFd>; 2],
    pub(super) pidfd: Option<OwnedFd>,
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

impl WorkerProcess {
    /// Starts it.
    pub(super) fn start(
        spawner: &mut Spawner,
        program: &CStr,
        words: &Words,
        environment: [&Words; 2],
    ) -> Result<WorkerProcess, Errno> {
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
        Ok(WorkerProcess {
            pid,
            input: Some(ours_in),
            pipes: [Some(ours_out), Some(ours_err)],
            pidfd: open_pidfd(pid),
            left: 0,
        })
    }

    /// Writes what the pipe takes; how much that was. `None`: nobody reads it any more.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Option<usize> {
        match rustix::io::write(self.input.as_ref()?, bytes) {
            Ok(len) => Some(len),
            Err(Errno::AGAIN | Errno::INTR) => Some(0),
            Err(_) => None,
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

    /// Closes its input.
    pub(super) fn close_input(&mut self) {
        self.left = self.unread();
        self.input = None;
    }

    /// Its input, as long as that is open.
    pub(super) fn input(&self) -> Option<BorrowedFd<'_>> {
        self.input.as_ref().map(AsFd::as_fd)
    }

    /// What was written and it has not read, or had not when its input was closed.
    pub(super) fn unread(&self) -> u64 {
        self.input.as_ref().map_or(self.left, |input| rustix::io::ioctl_fionread(input).unwrap_or(0))
    }

    /// Whether there is something to read just now.
    pub(super) fn has_output(&self) -> bool {
        self.stream(Stream::Out).is_some_and(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|bytes| bytes > 0))
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
}

pub(super) fn process_end(status: WaitIdStatus) -> ProcessEnd {
    match (status.exit_status(), status.terminating_signal()) {
        (_, Some(signal)) => ProcessEnd::Signal(signal),
        (code, None) => ProcessEnd::Exit(code.unwrap_or(0)),
    }
}
