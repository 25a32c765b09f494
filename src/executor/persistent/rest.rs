//! How a worker sleeps: until its process answers, takes more, says something or ends, until somebody rings, or until
//! something is due.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::mate::Mate;
use super::worker::{AGAIN, NOW_AND_THEN, Worker};
use crate::base::stream::Stream;
use crate::engine::Wants;

/// While so much is on its way to a slow reader, what processes say is left to wait.
const FULL: usize = 8 << 20;

/// With so many answers to come, and few at a time, they are let come together for a moment: a process that writes them
/// one by one would wake this worker for each. The moment is short beside the work that is written ahead.
const MANY: usize = 64;

/// That moment. The system makes it about twice as long.
const GATHER: Duration = Duration::from_micros(50);

/// What poll found.
#[derive(Clone, Copy, Default)]
pub(super) struct Ready {
    pub(super) out: bool,
    pub(super) err: bool,
    pub(super) end: bool,
    pub(super) bell: bool,
    /// Nobody reads what is written to the process.
    pub(super) deaf: bool,
}

impl Worker<'_> {
    /// Sleeps until something happens.
    pub(super) fn wait(&mut self) -> Ready {
        let want = match (self.winding || self.slot.is_stopped(), self.flight.is_empty(), self.has_room()) {
            (true, ..) | (false, false, false) => Wants::Nothing,
            (false, true, _) => Wants::Work,
            (false, false, true) => Wants::More,
        };
        self.slot.set_wants(want);
        let now = want != Wants::Nothing && self.is_next() && self.slot.has_work();
        let until = self.not_before.filter(|_| now).map(|at| at.saturating_duration_since(Instant::now()));
        if self.flight.is_empty() && !now {
            self.slot.flush();
        }
        let timeout = match (now, until) {
            (true, None) => Some(Duration::ZERO),
            (true, Some(until)) => Some(self.sleep().map_or(until, |sleep| sleep.min(until))),
            _ => self.sleep(),
        };
        let (waits, before) = (!self.slot.may_print(), self.slot.clock().now());
        let ready = self.poll(timeout);
        if waits {
            // It is not the item that takes this time.
            self.began += self.slot.clock().now().saturating_sub(before);
        }
        let dribbles = self.flight.items() >= MANY.max(self.came * 8);
        if ready.out && self.out.is_empty() && dribbles {
            std::thread::sleep(GATHER);
        }
        self.slot.set_wants(Wants::Nothing);
        ready
    }

    /// How long the next sleep may be.
    fn sleep(&self) -> Option<Duration> {
        let team = &self.shared.team;
        let Some(mate) = &self.mate else {
            // What could not be started is tried again.
            let waits = !self.flight.is_empty() || self.slot.has_work();
            return waits.then_some(AGAIN);
        };
        if self.flight.is_empty() {
            return None;
        }
        let timeout = team.patience.filter(|_| !self.flight.awaits_greeting());
        let timeout = timeout.map(|timeout| match self.at {
            // To see when it goes on to its next item.
            Some(_) => (self.began + timeout).saturating_sub(self.slot.clock().now()).min(timeout / 8),
            None => (self.began + timeout).saturating_sub(self.slot.clock().now()),
        });
        let start = team.start_limit.filter(|_| self.flight.awaits_greeting());
        let start = start.map(|limit| (self.started + limit).saturating_sub(self.slot.clock().now()));
        let look = (self.out.is_empty() && mate.hears()).then(|| self.ahead.look_in());
        let memory = team.recycle_rss.map(|_| NOW_AND_THEN);
        let least = [timeout, start, look, memory].into_iter().flatten().min()?;
        // A clock that stands still would make it spin.
        Some(if self.slot.clock().is_paused() { least.max(AGAIN) } else { least })
    }

    fn poll(&self, timeout: Option<Duration>) -> Ready {
        let nothing = self.bell.fd();
        let mate = self.mate.as_ref();
        let full = self.slot.config().room.outgoing() > FULL;
        let of = |fd, wanted: bool, flags| match fd {
            Some(fd) if wanted => PollFd::from_borrowed_fd(fd, flags),
            // A place without a descriptor asks for nothing of the bell.
            _ => PollFd::from_borrowed_fd(nothing, PollFlags::empty()),
        };
        let writes = if self.out.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        let mut fds = [
            of(mate.and_then(|mate| mate.stream(Stream::Out)), self.slot.may_print(), PollFlags::IN),
            of(mate.and_then(|mate| mate.stream(Stream::Err)), !full, PollFlags::IN),
            of(mate.and_then(|mate| mate.pidfd.as_ref()).map(AsFd::as_fd), true, PollFlags::IN),
            PollFd::from_borrowed_fd(nothing, PollFlags::IN),
            // Even when nothing is to be written it tells that nobody reads any more.
            of(mate.filter(|mate| mate.hears()).and_then(Mate::input), true, writes),
        ];
        let timeout = if full { Some(timeout.map_or(AGAIN, |timeout| timeout.min(AGAIN))) } else { timeout };
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return Ready::default();
        }
        let deaf = fds[4].revents().contains(PollFlags::ERR);
        let [out, err, end, bell, _] = fds.map(|fd| !fd.revents().is_empty());
        Ready { out, err, end, bell, deaf }
    }
}
