//! One child process: started, listened to, ended when it must be, and reaped.
//!
//! # Approach
//!
//! The thread of a worker sleeps in `poll` on the child's two pipes and a bell. What it reads it hands on at once,
//! so a child never waits for parjob, and no order of its writes can make it stand still. When both pipes are
//! closed the child is as good as gone, and one `waitid` reaps it: three system calls beside those of the start.
//! A descriptor for the process (pidfd) would say when a child ends whose own children hold the pipes, but costs
//! every child a third more; so it is opened only for a child that has run for a while, or has closed its pipes.
//!
//! This file knows nothing of items: it is told what to obey ([`Orders`]) and hands bytes to an [`Attendant`].

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, waitid};

pub use super::orders::{Attendant, Orders, ending};
use crate::base::outcome::End;
use crate::base::stream::Stream;
use crate::process::plumbing::open_pidfd;

/// The usual size of a read.
const READ: usize = 64 << 10;

/// The largest size of a read, and of the pipe, for a child that prints much.
const LARGE_READ: usize = 1 << 20;

/// Maximum number of bytes of the buffers of all workers together, where each reads at least [`READ`] at a time.
const READ_BUFFERS: usize = 8 << 20;

/// After so long a child is worth a descriptor of its own.
const YOUNG: Duration = Duration::from_millis(20);

/// How long the output of a child that has ended may still come, if something holds its pipes.
const LEFTOVER: Duration = Duration::from_millis(50);

/// How long to wait when the reader of the results is slow.
const PRESSURE: Duration = Duration::from_millis(5);

/// How long a killed group has to be gone.
const DYING: Duration = Duration::from_secs(1);

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub end: End,
    /// Something that it started holds its output.
    pub leaked: bool,
    /// It was stopped by this signal, and killed for it.
    pub stopped: Option<i32>,
}

/// A child under watch.
pub struct Child {
    pid: Pid,
    started: Duration,
    pipes: [Option<OwnedFd>; 2],
    pidfd: Option<OwnedFd>,
    stage: Stage,
    read_size: usize,
    /// How long it has waited for the reader of its output: that is not its own time.
    waited: Duration,
}

/// What is being done about the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It runs.
    Running,
    /// It was asked to end, or was stopped, for this reason; at that time it is killed.
    Ending(Why, Duration),
    /// It was killed.
    Killed(Why),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    TimedOut(Duration),
    Cancelled,
    Stopped(i32),
}

/// The size of a read, and of the pipe, for a child that prints much, where `jobs` children may do so: each worker
/// keeps its buffer.
pub fn large_read(jobs: usize) -> usize {
    (READ_BUFFERS / jobs.max(1)).clamp(READ, LARGE_READ)
}

impl Child {
    /// A child that was started at `started` of the clock, and the reading ends of its pipes.
    pub fn new(pid: i32, started: Duration, pipes: [Option<OwnedFd>; 2]) -> Option<Child> {
        let pid = Pid::from_raw(pid)?;
        Some(Child { pid, started, pipes, pidfd: None, stage: Stage::Running, read_size: READ, waited: Duration::ZERO })
    }

    /// Waits until the child is gone, hands on what it prints and ends it when it must end. `buffer` is where
    /// bytes are read to.
    pub fn watch(mut self, orders: &Orders<'_>, attendant: &mut dyn Attendant, buffer: &mut Vec<u8>) -> Ended {
        let mut status = None;
        let mut give_up = None;
        loop {
            if status.is_none() {
                status = self.look(orders, attendant);
                if status.is_some() {
                    attendant.ended();
                }
            }
            if let Some(status) = status {
                let until = give_up.get_or_insert_with(|| Instant::now() + self.leftover(orders));
                let late = Instant::now() >= *until;
                if late && attendant.others_hold() {
                    *until = Instant::now() + PRESSURE;
                } else if late || self.pipes_are_closed() {
                    self.drain(orders, attendant, buffer);
                    return self.bury(status, orders, attendant, buffer);
                }
            }
            self.wait(orders, attendant, give_up, buffer);
            self.act(orders, attendant);
        }
    }

    fn pipes_are_closed(&self) -> bool {
        self.pipes.iter().all(Option::is_none)
    }

    /// Reads what is in the pipes. Where this thread did not get to run for a while, that is all of the output.
    fn drain(&mut self, orders: &Orders<'_>, attendant: &mut dyn Attendant, buffer: &mut Vec<u8>) {
        // Something that never stops writing may hold them.
        let mut reads = 0..64;
        while !self.pipes_are_closed() && self.wait(orders, attendant, Some(Instant::now()), buffer) {
            if reads.next().is_none() {
                return;
            }
        }
    }

    /// How long what holds the pipes of a dead child may go on.
    fn leftover(&self, orders: &Orders<'_>) -> Duration {
        match self.stage {
            // The rest of its group has its grace too.
            Stage::Ending(_, kill_at) => kill_at.saturating_sub(orders.clock.now()),
            _ => LEFTOVER,
        }
    }

    /// Whether the child has ended. Asked only when that is likely: its pipes are closed, or a poll has waited.
    fn look(&mut self, orders: &Orders<'_>, attendant: &mut dyn Attendant) -> Option<WaitIdStatus> {
        let old = orders.clock.now().saturating_sub(self.started) >= YOUNG;
        if !self.pipes_are_closed() && !old {
            return None;
        }
        if old {
            attendant.meanwhile();
        }
        let mut options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        if self.stage != Stage::Running {
            // As long as it is not reaped, nobody else can have its number, and its group can be killed.
            options |= WaitIdOptions::NOWAIT;
        } else if old {
            options |= WaitIdOptions::STOPPED | WaitIdOptions::CONTINUED;
        }
        let status = waitid(WaitId::Pid(self.pid), options).ok().flatten();
        match status {
            Some(status) if status.stopped() => {
                let signal = status.stopping_signal().unwrap_or(0);
                // Suspended with parjob itself.
                if !orders.clock.is_paused() {
                    attendant.stopped(signal);
                    self.stage = Stage::Ending(Why::Stopped(signal), orders.clock.now() + orders.grace);
                }
                None
            }
            Some(status) if status.continued() => None,
            Some(status) => Some(status),
            None => {
                if self.pidfd.is_none() {
                    self.pidfd = open_pidfd(self.pid);
                }
                None
            }
        }
    }

    /// Sleeps until there is something to do, and reads what there is to read. Tells whether there was anything.
    fn wait(
        &mut self,
        orders: &Orders<'_>,
        attendant: &mut dyn Attendant,
        give_up: Option<Instant>,
        buffer: &mut Vec<u8>,
    ) -> bool {
        let full = attendant.is_full() && give_up.is_none();
        let timeout = self.timeout(orders, attendant.look_again(), full, give_up);
        let before = full.then(|| orders.clock.now());
        let ready = {
            let nothing = orders.bell.fd();
            let mut fds: [PollFd<'_>; 4] = std::array::from_fn(|n| {
                let (fd, wanted): (Option<BorrowedFd<'_>>, bool) = match n {
                    0 | 1 => (self.pipes[n].as_ref().map(AsFd::as_fd), !full),
                    2 => (self.pidfd.as_ref().map(AsFd::as_fd), give_up.is_none()),
                    _ => (Some(nothing), true),
                };
                // A place without a descriptor asks for nothing of the bell.
                let flags = if fd.is_some() && wanted { PollFlags::IN } else { PollFlags::empty() };
                PollFd::from_borrowed_fd(if wanted { fd.unwrap_or(nothing) } else { nothing }, flags)
            });
            let polled = poll(&mut fds, timeout.as_ref());
            if let Some(before) = before {
                self.waited += orders.clock.now().saturating_sub(before);
            }
            match polled {
                Ok(0) => return false,
                Err(Errno::INTR) => return true,
                _ => {}
            }
            fds.map(|fd| !fd.revents().is_empty())
        };
        for (n, stream) in [Stream::Out, Stream::Err].into_iter().enumerate() {
            if ready[n] && !full {
                self.read(n, stream, orders.large_read, attendant, buffer);
            }
        }
        if ready[3] {
            orders.bell.silence();
            attendant.woken();
        }
        true
    }

    /// Reads once from a pipe that has something.
    fn read(&mut self, n: usize, stream: Stream, large: usize, attendant: &mut dyn Attendant, buffer: &mut Vec<u8>) {
        let Some(pipe) = &self.pipes[n] else { return };
        buffer.clear();
        buffer.reserve(self.read_size);
        match rustix::io::read(pipe, rustix::buffer::spare_capacity(buffer)) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(0) | Err(_) => self.pipes[n] = None,
            Ok(_) => {
                if buffer.len() >= READ && self.read_size < large {
                    self.read_size = large;
                    enlarge(pipe, large);
                }
                attendant.take(stream, buffer);
            }
        }
    }

    /// How long the next sleep may be; `again`: when there is time to see to other things.
    fn timeout(
        &self,
        orders: &Orders<'_>,
        again: Option<Duration>,
        full: bool,
        give_up: Option<Instant>,
    ) -> Option<Timespec> {
        let now = orders.clock.now();
        let age = now.saturating_sub(self.started);
        let stage = match self.stage {
            Stage::Running => (orders.timeout)().map(|timeout| timeout.saturating_sub(self.own_time(now))),
            Stage::Ending(_, kill_at) => Some(kill_at.saturating_sub(now)),
            Stage::Killed(_) => Some(LEFTOVER),
        };
        let look = match age < YOUNG {
            true => Some(YOUNG - age),
            // Without a descriptor only looking tells that it has ended.
            false if self.pidfd.is_none() => Some(YOUNG),
            false => again,
        };
        let leftover = give_up.map(|at| at.saturating_duration_since(Instant::now()));
        let pressure = full.then_some(PRESSURE);
        let least = [stage, look, leftover, pressure].into_iter().flatten().min()?;
        // A clock that stands still would make it spin.
        let least = if orders.clock.is_paused() { least.max(YOUNG) } else { least };
        Timespec::try_from(least).ok()
    }

    /// How long it has run, less what it waited for its reader.
    fn own_time(&self, now: Duration) -> Duration {
        now.saturating_sub(self.started).saturating_sub(self.waited)
    }

    /// Does what is due: the timeout, a request to end, the end of the grace.
    fn act(&mut self, orders: &Orders<'_>, attendant: &mut dyn Attendant) {
        let now = orders.clock.now();
        let asked = orders.ending.load(Ordering::Acquire);
        if matches!(self.stage, Stage::Ending(Why::Stopped(_), _)) && self.went_on() {
            self.stage = Stage::Running;
        }
        match self.stage {
            Stage::Killed(_) => {}
            _ if asked == ending::NOW => self.kill(Why::Cancelled, attendant),
            Stage::Ending(why, kill_at) if now >= kill_at => self.kill(why, attendant),
            // It was asked to end, and may be cleaning up.
            Stage::Ending(Why::Cancelled | Why::TimedOut(_), _) => {}
            _ if asked == ending::SOON => self.end(Why::Cancelled, now + orders.grace, attendant),
            Stage::Running => {
                let late = (orders.timeout)().filter(|timeout| self.own_time(now) >= *timeout);
                if let Some(after) = late {
                    self.end(Why::TimedOut(after), now + orders.grace, attendant);
                }
            }
            Stage::Ending(Why::Stopped(_), _) => {}
        }
    }

    /// Whether it was stopped and somebody let it go on.
    fn went_on(&self) -> bool {
        let status = waitid(WaitId::Pid(self.pid), WaitIdOptions::CONTINUED | WaitIdOptions::NOHANG);
        status.ok().flatten().is_some_and(|status| status.continued())
    }

    /// Asks the group to end.
    fn end(&mut self, why: Why, kill_at: Duration, attendant: &mut dyn Attendant) {
        self.signal(Signal::TERM, attendant);
        // One that is stopped hears of it only when it goes on.
        let _ = kill_process_group(self.pid, Signal::CONT);
        self.stage = Stage::Ending(why, kill_at);
    }

    fn kill(&mut self, why: Why, attendant: &mut dyn Attendant) {
        self.signal(Signal::KILL, attendant);
        self.stage = Stage::Killed(why);
    }

    fn signal(&mut self, signal: Signal, attendant: &mut dyn Attendant) {
        // First those: once the child has ended, they have another parent, and nobody knows whose they are.
        attendant.signal_strays(signal, self.pid);
        // The group may be gone already.
        let _ = kill_process_group(self.pid, signal);
    }

    /// The child has ended: kills what is left of a group that was to end, reads what is left in the pipes.
    fn bury(
        mut self,
        status: WaitIdStatus,
        orders: &Orders<'_>,
        attendant: &mut dyn Attendant,
        buffer: &mut Vec<u8>,
    ) -> Ended {
        let why = match self.stage {
            Stage::Running => None,
            // It went on, and ended by itself.
            Stage::Ending(Why::Stopped(_), _) => {
                let _ = waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED);
                None
            }
            Stage::Ending(why, _) | Stage::Killed(why) => {
                self.signal(Signal::KILL, attendant);
                let gone = Instant::now() + DYING;
                while !self.pipes_are_closed() && Instant::now() < gone {
                    self.wait(orders, attendant, Some(gone), buffer);
                }
                // It was only looked at so far.
                let _ = waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED);
                Some(why)
            }
        };
        let leaked = !self.pipes_are_closed();
        let (end, stopped) = match why {
            Some(Why::TimedOut(after)) => (End::TimedOut { after }, None),
            Some(Why::Cancelled) => (End::Cancelled, None),
            Some(Why::Stopped(signal)) => (end_of(status), Some(signal)),
            None => (end_of(status), None),
        };
        Ended { end, leaked, stopped }
    }
}

fn end_of(status: WaitIdStatus) -> End {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => End::Exited(code),
        (None, Some(signal)) => End::Signaled { signal, core: status.dumped() },
        (None, None) => End::Exited(0),
    }
}

/// Lets a child write much at a time. It is a wish.
#[cfg(target_os = "linux")]
fn enlarge(pipe: &OwnedFd, size: usize) {
    let _ = rustix::pipe::fcntl_setpipe_size(pipe, size);
}

#[cfg(not(target_os = "linux"))]
fn enlarge(_pipe: &OwnedFd, _size: usize) {}
