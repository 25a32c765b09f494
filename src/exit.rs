//! The exit status: what a run tells the shell.

use crate::event::{Ended, Stop};
use crate::sys;

/// Every item went well, or what `--halt` asked for was reached.
pub const OK: i32 = 0;
/// Some item failed, or a fold had no answer.
pub const FAILED: i32 = 1;
/// The command line was wrong; nothing ran.
pub const USAGE: i32 = 2;
/// The run could not be carried out or recorded whole. Beats 1.
pub const BROKEN: i32 = 3;
/// `--deadline` passed.
pub const DEADLINE: i32 = 124;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal(i32),
    /// By SIGPIPE.
    Pipe,
}

impl Exit {
    /// What the end of a run comes to.
    pub fn of(ended: &Ended) -> Exit {
        let failed = ended.counts.failed > 0 || ended.no_answer;
        match &ended.stop {
            Some(Stop::Unwritable(_) | Stop::Unreadable(_)) => Exit::Status(BROKEN),
            Some(Stop::PipeClosed) => Exit::Pipe,
            Some(Stop::Signal(signal)) => Exit::Signal(*signal),
            Some(Stop::Deadline) => Exit::Status(DEADLINE),
            Some(Stop::Halted { asked_for: true }) => Exit::Status(OK),
            Some(Stop::Halted { asked_for: false }) => Exit::Status(FAILED),
            None => Exit::Status(if failed { FAILED } else { OK }),
        }
    }

    /// Ends the process.
    pub fn leave(self) -> ! {
        match self {
            Exit::Status(status) => std::process::exit(status),
            Exit::Signal(signal) => sys::signals::die_by(signal),
            Exit::Pipe => sys::signals::die_by_pipe(),
        }
    }
}
