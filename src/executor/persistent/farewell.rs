//! How the process of a worker is brought to its end: by itself, asked to, or killed.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, WaitIdStatus};

use super::mate::Read;
use super::protocol::Mismatch;
use super::worker::{AGAIN, Worker};
use crate::base::buffer::empty;
use crate::base::stream::Stream;
use crate::process::child::ending;

/// How long a killed process has to be gone.
const DYING: Duration = Duration::from_secs(1);

/// How a process is brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Farewell {
    /// It has seen the end of its input.
    Wait,
    /// It was asked to end.
    Term,
    /// It was killed.
    Kill,
}

/// How a process has ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gone {
    /// What the system says; `None` when it would not even be killed.
    pub(super) status: Option<WaitIdStatus>,
    /// It did not end by itself in time.
    pub(super) asked: bool,
}

impl Worker<'_> {
    /// Ends the process; what it still writes is dropped.
    pub(super) fn put_down(&mut self, how: Farewell) {
        // Answers are not asked for, so none can be wrong.
        let _ = self.bid(how, false);
        self.hear(true);
        self.bury();
    }

    /// Brings the process to its end, step by step, a grace for each; how it ended. `answers`: what it writes meanwhile
    /// are answers, which are taken; else they are dropped.
    pub(super) fn bid(&mut self, first: Farewell, answers: bool) -> (Result<(), Mismatch>, Gone) {
        let (clock, grace) = (self.slot.clock(), self.shared.team.grace);
        let (mut told, mut step) = (Ok(()), first);
        self.write_no_more();
        self.enter(step);
        let mut until = clock.now() + if step == Farewell::Kill { DYING } else { grace };
        loop {
            let Some(mate) = &self.mate else { return (told, Gone::default()) };
            if let Some(status) = mate.ended() {
                if answers && told.is_ok() {
                    // What it wrote before it ended.
                    told = self.read_rest();
                }
                return (told, Gone { status: Some(status), asked: step > Farewell::Wait });
            }
            let asked = match self.slot.ending() {
                ending::NONE => Farewell::Wait,
                ending::SOON => Farewell::Term,
                _ => Farewell::Kill,
            };
            let late = clock.now() >= until;
            let next = match step {
                Farewell::Kill if late => return (told, Gone { status: None, asked: true }),
                Farewell::Wait if late => Farewell::Term,
                Farewell::Term if late => Farewell::Kill,
                step => step.max(asked),
            };
            if next > step {
                (step, until) = (next, clock.now() + if next == Farewell::Kill { DYING } else { grace });
                self.enter(step);
            }
            self.attend(until.saturating_sub(clock.now()));
            self.hear(false);
            if answers && told.is_ok() {
                told = self.read().map(drop);
            } else if let Some(mate) = &mut self.mate {
                empty(&mut self.inbox);
                while let Read::Some(_) = mate.read(Stream::Out, &mut self.inbox) {
                    empty(&mut self.inbox);
                }
            }
        }
    }

    fn enter(&mut self, step: Farewell) {
        let Some(mate) = &mut self.mate else { return };
        if mate.input().is_some() {
            mate.close_input();
        }
        let signal = match step {
            Farewell::Wait => return,
            Farewell::Term => Signal::TERM,
            Farewell::Kill => Signal::KILL,
        };
        let group = mate.pid;
        mate.signal(signal);
        // One that is stopped hears of it only when it goes on.
        mate.signal(Signal::CONT);
        if let Some(strays) = &self.shared.team.strays {
            strays(self.slot.number(), signal, group);
        }
    }

    /// Sleeps until the process ends or says something, or the bell rings.
    fn attend(&self, most: Duration) {
        use std::os::fd::AsFd;
        let Some(mate) = &self.mate else { return };
        let fds = [mate.stream(Stream::Out), mate.stream(Stream::Err), mate.pidfd.as_ref().map(AsFd::as_fd)];
        let bell = Some(self.bell.fd());
        let polled = fds.into_iter().chain([bell]).flatten();
        let mut polled: Vec<_> = polled.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        // Without a descriptor for the process only looking tells of its end.
        let most = if mate.pidfd.is_some() { most } else { most.min(AGAIN / 10) };
        let most = if self.slot.clock().is_paused() { most.max(AGAIN) } else { most };
        let _ = poll(&mut polled, Timespec::try_from(most).ok().as_ref());
        self.bell.silence();
    }

    /// The process has ended.
    pub(super) fn bury(&mut self) {
        let Some(mate) = self.mate.take() else { return };
        if let Some(guard) = &self.shared.team.guard {
            guard(self.slot.number() - 1, 0);
        }
        self.slot.leave();
        if mate.ended().is_some() {
            mate.reap();
        }
        empty(&mut self.inbox);
        empty(&mut self.out);
        (self.written, self.winding, self.closed) = (0, false, false);
        self.buried += 1;
    }
}
