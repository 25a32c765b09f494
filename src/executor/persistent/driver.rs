//! One worker's thread: carries out what its [`Session`] says, and tells it what comes of it. All system calls of a worker
//! stand here and in `process.rs`.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parjob_sys::spawn::Spawner;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::Shared;
use super::look;
use super::port::Port;
use super::prefetch::Waits;
use super::process::{Read, WorkerProcess, process_end};
use super::protocol::Protocol;
use super::session::{Action, Event, Rules, Session, Wants};
use crate::base::buffer::empty;
use crate::base::result::Results;
use crate::base::stream::Stream;
use crate::command::words::Words;
use crate::engine::{self, Executor, Slot};
use crate::executor::reduce::Reduction;
use crate::op::Tally;
use crate::process::clock::Bell;

/// While so much is on its way to a slow reader, what processes say is left to wait.
const SLOW_READER: usize = 8 << 20;

/// How long to wait when the reader of the results is slow, or time stands still.
const PAUSE: Duration = Duration::from_millis(50);

/// How long after its input was closed a process that ends may take to be seen to have ended.
const ENDS_SOON: Duration = Duration::from_millis(20);

/// How often an end is looked for where no descriptor tells of it.
const LOOK_FOR_END: Duration = Duration::from_millis(5);

/// With so many answers to come, and few at a time, they are let come together for a moment: a process that writes them
/// one by one would wake this worker for each. The moment is short beside the work that is written ahead.
const MANY_ANSWERS: usize = 64;

/// That moment. The system makes it about twice as long.
const LET_COME_TOGETHER: Duration = Duration::from_micros(50);

/// A worker that has not begun.
pub(super) struct Persistent {
    shared: Arc<Shared>,
    protocol: Box<dyn Protocol>,
    spawner: Spawner,
    bell: Arc<Bell>,
}

impl Persistent {
    pub(super) fn new(shared: Arc<Shared>, slot: &Slot) -> Result<Persistent, Errno> {
        let made = (shared.config.protocol)(slot.number());
        let mut protocol = made.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let mut spawner = Spawner::new()?;
        protocol.hands_on().into_iter().for_each(|file| spawner.hand_on(file));
        Ok(Persistent { shared, protocol, spawner, bell: slot.bell()? })
    }
}

impl Executor for Persistent {
    fn run(self: Box<Self>, slot: &Slot) -> Option<Box<dyn Tally>> {
        Driver::new(*self, slot).live().map(Reduction::into_tally)
    }
}

/// A worker.
struct Driver<'s> {
    port: Port<'s>,
    bell: Arc<Bell>,
    session: Session,
    process: Option<WorkerProcess>,
    spawner: Spawner,
    words: Words,
    environment: Words,
    said: Vec<u8>,
    /// The time of the session: that of the run, less what its processes waited for the reader of the results.
    now: Duration,
    waited: Duration,
    /// The process was asked to end, or killed.
    was_asked: bool,
}

/// What poll found.
#[derive(Clone, Copy, Default)]
struct Ready {
    out: bool,
    err: bool,
    end: bool,
    bell: bool,
    /// Nobody reads what is written to the process.
    deaf: bool,
}

impl Driver<'_> {
    fn new(persistent: Persistent, slot: &Slot) -> Driver<'_> {
        let Persistent { shared, protocol, spawner, bell } = persistent;
        Driver {
            words: words(&shared.config.words, &*protocol),
            session: Session::new(rules(&shared, slot), protocol),
            port: Port::new(slot, shared),
            bell,
            process: None,
            spawner,
            environment: Words::default(),
            said: Vec::new(),
            now: slot.clock().now(),
            waited: Duration::ZERO,
            was_asked: false,
        }
    }

    /// From its start to the end of the run.
    fn live(mut self) -> Option<Reduction> {
        self.port.be_nice();
        loop {
            let queue = self.port.queue();
            self.tell(Event::Queue(queue));
            self.write();
            self.port.sign_off();
            if self.session.is_over() {
                return self.port.reduction;
            }
            let ready = self.wait();
            self.now = self.time();
            self.listen(ready);
        }
    }

    /// Tells the session what happened, and carries out what it says.
    fn tell(&mut self, event: Event<'_>) {
        self.session.on(event, self.now);
        while let Some(action) = self.session.action() {
            self.carry_out(action);
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Start => self.start(),
            Action::CloseInput => self.process.iter_mut().for_each(WorkerProcess::close_input),
            Action::Signal(signal) => self.signal(signal),
            Action::KillGroup => self.process.iter().for_each(|process| process.signal(Signal::KILL)),
            Action::Reap => self.reap(),
            Action::Look(at_process) => self.look(at_process),
            Action::MeasureMemory => {
                let memory = self.process.as_ref().and_then(|process| look::memory(process.pid));
                self.session.on(Event::Memory(memory), self.now);
            }
            Action::ReadOutput => {
                self.read();
                self.session.on(Event::Tick, self.now);
            }
            Action::Claim(want) => match self.port.claim(want) {
                Some(part) => self.session.on(Event::Claimed(part), self.now),
                None => self.session.on(Event::NothingToClaim, self.now),
            },
            Action::GiveBack(parts) => self.port.slot.give_back(parts),
            Action::NotRun(parts) => self.port.not_run(parts),
            Action::Post(answered) => {
                let results = self.port.post(answered);
                self.session.in_flight.give_results(results);
            }
            Action::Show(text) => self.port.show(&text),
            Action::Warn(text) => self.port.warn(text),
            Action::OutOfProcesses(errno) => self.port.slot.note_shortage(errno),
            Action::BreakOff(error) => self.port.slot.break_off(error),
        }
    }

    fn start(&mut self) {
        let config = &self.port.shared.config;
        self.environment.clear();
        self.environment.push(format!("PARJOB_WORKER={}", self.port.slot.number()).as_bytes());
        let environment = [&config.environment, &self.environment];
        match WorkerProcess::start(&mut self.spawner, &config.program, &self.words, environment) {
            Ok(process) => {
                self.port.process_is_up(process.pid.as_raw_nonzero().get());
                self.process = Some(process);
                self.now = self.time();
                self.session.on(Event::Started, self.now);
            }
            Err(errno) => self.session.on(Event::CannotStart(errno), self.now),
        }
    }

    fn signal(&mut self, signal: Signal) {
        let Some(process) = &self.process else { return };
        // First those that left its group: once it has ended, they have another parent, and nothing tells whose they are.
        if let Some(strays) = &self.port.shared.config.strays {
            strays(self.port.slot.number(), signal, process.pid);
        }
        process.signal(signal);
        // One that is stopped hears of it only when it goes on.
        process.signal(Signal::CONT);
        self.was_asked = true;
    }

    fn reap(&mut self) {
        self.was_asked = false;
        let Some(process) = self.process.take() else { return };
        self.port.process_is_gone();
        if process.ended().is_some() {
            process.reap();
        }
    }

    fn look(&mut self, at_process: bool) {
        let Some(process) = &self.process else { return };
        let unread = process.unread();
        let (mut waits, mut alone) = (Waits::Unknown, false);
        if let Some(input) = process.input().filter(|_| at_process && unread == 0) {
            waits = look::waits(process.pid, input);
            alone = waits == Waits::Yes && look::is_single(process.pid);
        }
        self.session.on(Event::Looked(unread, waits, alone), self.now);
    }

    /// Writes what the pipe takes.
    fn write(&mut self) {
        let Some(process) = self.process.as_mut().filter(|_| !self.session.outgoing.is_empty()) else { return };
        match process.write(self.session.outgoing.unwritten()) {
            Some(bytes) => self.session.on(Event::Wrote(bytes), self.now),
            None => self.input_closed(),
        }
    }

    /// The time of the session.
    fn time(&self) -> Duration {
        self.port.slot.clock().now().saturating_sub(self.waited)
    }

    /// Nobody reads what is written to the process. One that is killed or exits closes its files before its end can be seen: then that
    /// is what happened.
    fn input_closed(&mut self) {
        let pidfd = self.process.as_ref().and_then(|process| process.pidfd.as_ref());
        let ends = pidfd.is_some_and(|pidfd| {
            let wait = Timespec::try_from(ENDS_SOON).ok();
            poll(&mut [PollFd::new(pidfd, PollFlags::IN)], wait.as_ref()).is_ok_and(|ready| ready > 0)
        });
        if ends {
            self.look_for_end(false);
        } else {
            self.tell(Event::InputClosed);
        }
    }

    /// Sleeps until something happens, or is due.
    fn wait(&mut self) -> Ready {
        let wants = self.session.wants(self.now);
        let engine_wants = match wants {
            Wants::Nothing => engine::Wants::Nothing,
            Wants::More => engine::Wants::More,
            Wants::Work => engine::Wants::Work,
        };
        let idle = self.session.in_flight.is_empty();
        if idle {
            self.port.end_turn();
        }
        self.port.slot.publish(engine_wants, self.session.has_spare());
        self.port.slot.set_at(self.session.in_flight.first_open());
        let is_next = idle || !self.session.queue.others_idle;
        let work = wants != Wants::Nothing && is_next && self.port.has_work();
        if idle && !work {
            self.port.slot.flush();
        }
        // What was claimed last may have been refused, or another worker has claimed it: nobody will wake this one for that.
        let is_over = idle && !self.session.queue.over && self.port.slot.is_done();
        let timeout = if work || is_over { Some(Duration::ZERO) } else { self.timeout(wants) };
        let (waits, before) = (!self.port.slot.may_print(), self.port.slot.clock().now());
        let ready = self.poll(timeout, waits);
        if waits {
            self.waited += self.port.slot.clock().now().saturating_sub(before);
        }
        let few_came = self.session.in_flight.items() >= MANY_ANSWERS.max(self.session.came * 8);
        if ready.out && self.session.outgoing.is_empty() && few_came {
            std::thread::sleep(LET_COME_TOGETHER);
        }
        self.port.slot.wake();
        ready
    }

    /// How long the next sleep may be.
    fn timeout(&mut self, wants: Wants) -> Option<Duration> {
        let due = self.session.wake_at(self.now).map(|at| at.saturating_sub(self.now));
        let not_before = self.port.not_before.filter(|_| wants != Wants::Nothing);
        let claim = not_before.map(|at| at.saturating_duration_since(Instant::now()));
        let due = due.into_iter().chain(claim).min();
        let unseen = self.process.as_ref().is_some_and(|process| process.pidfd.is_none());
        let due = if unseen { Some(due.map_or(LOOK_FOR_END, |due| due.min(LOOK_FOR_END))) } else { due };
        // A clock that stands still would make it spin.
        if self.port.slot.clock().is_paused() { due.map(|due| due.max(PAUSE)) } else { due }
    }

    /// `waits`: what the process answers is left to wait, since nothing takes the results.
    fn poll(&self, timeout: Option<Duration>, waits: bool) -> Ready {
        let nothing = self.bell.fd();
        let process = self.process.as_ref();
        let full = self.port.slot.config().room.outgoing() > SLOW_READER;
        let of = |fd, wanted: bool, flags| match fd {
            Some(fd) if wanted => PollFd::from_borrowed_fd(fd, flags),
            // A place without a descriptor asks for nothing of the bell.
            _ => PollFd::from_borrowed_fd(nothing, PollFlags::empty()),
        };
        let hears = self.session.process.as_ref().is_some_and(|process| process.hears());
        let writes = if self.session.outgoing.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
        let mut fds = [
            of(process.and_then(|process| process.stream(Stream::Out)), !waits, PollFlags::IN),
            of(process.and_then(|process| process.stream(Stream::Err)), !full, PollFlags::IN),
            of(process.and_then(|process| process.pidfd.as_ref()).map(AsFd::as_fd), true, PollFlags::IN),
            PollFd::from_borrowed_fd(nothing, PollFlags::IN),
            // Even when nothing is to be written it tells that nobody reads any more.
            of(process.and_then(WorkerProcess::input), hears, writes),
        ];
        let timeout = if full { Some(timeout.map_or(PAUSE, |timeout| timeout.min(PAUSE))) } else { timeout };
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        if poll(&mut fds, timeout.as_ref()).is_err() {
            return Ready::default();
        }
        let deaf = fds[4].revents().contains(PollFlags::ERR);
        let [out, err, end, bell, _] = fds.map(|fd| !fd.revents().is_empty());
        Ready { out, err, end, bell, deaf }
    }

    /// Takes what has come.
    fn listen(&mut self, ready: Ready) {
        if ready.bell {
            self.bell.silence();
        }
        if ready.deaf {
            self.input_closed();
        }
        if ready.err {
            self.hear();
        }
        let closed = ready.out && self.read();
        let unseen = self.process.as_ref().is_some_and(|process| process.pidfd.is_none());
        if closed || ready.end || unseen {
            self.look_for_end(closed);
        }
        self.write();
    }

    /// Whether the process has ended, after all that it wrote has come.
    fn look_for_end(&mut self, closed: bool) {
        let Some(status) = self.process.as_ref().and_then(WorkerProcess::ended) else {
            if closed {
                self.tell(Event::OutputEnded);
            }
            return;
        };
        if std::mem::take(&mut self.was_asked) {
            // What it started and is not to outlive it may not obey.
            self.signal(Signal::KILL);
            self.was_asked = false;
        }
        while self.hear() {}
        while self.process.as_ref().is_some_and(WorkerProcess::has_output) && !self.read() {}
        // What it answered last may have ended the session with it.
        let Some(process) = &self.process else { return };
        let unread = process.unread();
        self.tell(Event::Exited(Some(process_end(status)), unread));
    }

    /// Reads once what the process writes; whether there will be no more.
    fn read(&mut self) -> bool {
        let Some(process) = &mut self.process else { return true };
        let read = process.read(Stream::Out, &mut self.session.inbox);
        if let Read::Some(_) = read {
            self.tell(Event::Output);
        }
        read == Read::End
    }

    /// Reads once what the process says on standard error; whether there was something.
    fn hear(&mut self) -> bool {
        let Some(process) = &mut self.process else { return false };
        let mut said = std::mem::take(&mut self.said);
        let read = process.read(Stream::Err, &mut said);
        let some = matches!(read, Read::Some(_));
        if some {
            self.tell(Event::Stderr(&said));
        }
        empty(&mut said);
        self.said = said;
        some
    }
}

fn rules(shared: &Shared, slot: &Slot) -> Rules {
    let config = &shared.config;
    // Each answer is looked at by itself where its item may be tried again, and where it is folded.
    let (format, needs_ends) = (config.format.clone(), slot.retry().retries > 0 || slot.config().fold.is_some());
    Rules {
        number: slot.number(),
        one_by_one: config.one_by_one,
        unit: slot.config().unit.map_or(1, |unit| u64::from(unit.get())),
        timeout: config.timeout,
        patience: config.patience,
        start_limit: config.start_limit,
        grace: config.grace,
        recycle: config.recycle,
        recycle_rss: config.recycle_rss,
        results: Box::new(move || if needs_ends { Results::with_ends() } else { format.results() }),
        failed_starts: shared.failed_starts.clone(),
    }
}

/// The words of a process: those of the command, and behind its name those of the language.
fn words(command: &Words, protocol: &dyn Protocol) -> Words {
    let (mut words, mut rest) = (Words::default(), command.iter());
    rest.next().into_iter().for_each(|name| words.push(name));
    protocol.words(&mut words);
    rest.for_each(|word| words.push(word));
    words
}
