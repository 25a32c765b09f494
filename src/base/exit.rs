//! The exit status: what a run tells the shell.

use std::fmt;

use crate::base::event::{Ended, Stop};
use crate::base::failure::FailureKind;

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

/// The command cannot be executed.
pub const NOT_EXECUTABLE: i32 = 126;
/// The command was not found.
pub const NOT_FOUND: i32 = 127;

/// What the status tells of items that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Report {
    /// That some did.
    #[default]
    Any,
    /// Their number, up to 100; 101 for more.
    Count,
    /// The status of the one with the lowest number.
    First,
}

/// The command line is wrong in a way that shows only when the run is set up.
#[derive(Debug)]
pub struct Misuse(pub anyhow::Error);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for Misuse {}

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
    pub fn of(ended: &Ended, report: Report) -> Exit {
        let failed = ended.counts.failed > 0 || ended.no_answer;
        let status = || Exit::Status(of_failures(ended, report));
        match &ended.stop {
            Some(Stop::Unwritable(_) | Stop::Unreadable(_)) => Exit::Status(BROKEN),
            Some(Stop::PipeClosed) => Exit::Pipe,
            Some(Stop::Signal(signal)) => Exit::Signal(*signal),
            Some(Stop::Deadline) => Exit::Status(DEADLINE),
            Some(Stop::Halted { asked_for: true }) => Exit::Status(OK),
            Some(Stop::Halted { asked_for: false }) => status(),
            None if failed => status(),
            None => Exit::Status(OK),
        }
    }

    /// Ends the process.
    pub fn leave(self) -> ! {
        match self {
            Exit::Status(status) => std::process::exit(status),
            Exit::Signal(signal) => parjob_sys::signals::die_by(signal),
            Exit::Pipe => parjob_sys::signals::die_by_pipe(),
        }
    }
}

fn of_failures(ended: &Ended, report: Report) -> i32 {
    match (report, &ended.first_failed) {
        (Report::Any, _) | (_, None) => FAILED,
        (Report::Count, _) => i32::try_from(ended.counts.failed).unwrap_or(i32::MAX).clamp(1, 101),
        (Report::First, Some((_, cause))) => of_failure(cause.kind()),
    }
}

/// The status that a shell would show for this failure.
fn of_failure(kind: FailureKind) -> i32 {
    match kind {
        FailureKind::Exit(status) => status,
        FailureKind::Signal(signal) | FailureKind::Stopped(signal) => 128 + signal,
        FailureKind::Timeout => DEADLINE,
        // It may have ended with 0, and yet without an answer.
        FailureKind::Lost(Some(end)) => of_failure(end.into()).max(FAILED),
        FailureKind::NotStarted(libc::ENOENT) => NOT_FOUND,
        FailureKind::NotStarted(_) => NOT_EXECUTABLE,
        FailureKind::Item | FailureKind::Lost(None) | FailureKind::Panic => FAILED,
    }
}
