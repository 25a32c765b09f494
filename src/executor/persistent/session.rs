//! The life of one worker of `pool` and `py`, as rules without input or output: what happens comes in as an [`Event`] with
//! the time, and what is to be done goes out as [`Action`]s. It knows no descriptor, no process number, no thread and no clock;
//! the driver (`driver.rs`) turns one into the other.
//!
//! What is in flight stands in `in_flight.rs`, how much that may be in `prefetch.rs`, what the end of a process means in
//! `recovery.rs`, how an end is brought about in `shutdown.rs`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::Signal;

use super::in_flight::{Answered, InFlight, Part};
use super::outgoing::Outgoing;
use super::prefetch::{LONG_SILENCE, Prefetch, WINDOW, Waits};
use super::protocol::{Mismatch, Protocol};
use super::shutdown::{Shutdown, Step};
use super::stderr_tail::StderrTail;
use crate::base::buffer::empty;
use crate::base::failure::ProcessEnd;
use crate::base::item::Seq;
use crate::base::result::Results;

/// How soon a process is started again when the system had no room for one.
const RESTART: Duration = Duration::from_millis(50);

/// What a process with a full window has read and not answered for so long it holds back until its input ends.
const STUCK: Duration = Duration::from_secs(1);

/// What a process has been silent about for so long is worth taking back for a worker that has nothing to do.
const TAKE_BACK: Duration = Duration::from_millis(2);

/// What holds for all processes of a worker.
pub(super) struct Rules {
    /// The worker's number, from 1.
    pub(super) number: usize,
    /// Each process gets an item at a time.
    pub(super) one_by_one: bool,
    /// So many items must not be parted.
    pub(super) unit: u64,
    /// How long an item may take.
    pub(super) timeout: Option<Duration>,
    /// How long its process is left alone with it.
    pub(super) patience: Option<Duration>,
    /// How long a process may take to be ready for its first item, where it says when it is.
    pub(super) start_limit: Option<Duration>,
    /// How long a process has between the request to end and its death.
    pub(super) grace: Duration,
    /// A process does so many items at the most.
    pub(super) recycle: Option<u64>,
    /// A process that holds more memory than this is replaced.
    pub(super) recycle_rss: Option<u64>,
    /// Results to be filled.
    pub(super) results: Box<dyn Fn() -> Results + Send>,
    /// So many processes in a row, of all workers, have ended without an answer.
    pub(super) failed_starts: Arc<AtomicU64>,
}

/// What others decide: comes before each wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Queue {
    /// There is something to claim.
    pub(super) work: bool,
    /// There will be nothing more to claim.
    pub(super) over: bool,
    /// Another worker has nothing to do.
    pub(super) others_idle: bool,
    /// The run ends: processes are asked to end, or killed.
    pub(super) ending: Option<Step>,
}

/// What happens.
pub(super) enum Event<'a> {
    /// What others decide, before each wait.
    Queue(Queue),
    /// The process is there.
    Started,
    /// The system did not start one.
    CannotStart(Errno),
    /// These items are this worker's.
    Claimed(Part),
    /// There was nothing to claim.
    NothingToClaim,
    /// The pipe has taken so many bytes.
    Wrote(usize),
    /// Bytes were appended to the inbox.
    Output,
    /// The process said something on standard error.
    Stderr(&'a [u8]),
    /// Nobody reads what is written to the process.
    InputClosed,
    /// The process has closed its output.
    OutputEnded,
    /// The process has ended, like this where the system tells, and had not read so many bytes. What it wrote has come.
    Exited(Option<ProcessEnd>, u64),
    /// What a look came to: bytes that it has not read, what it seems to do, and whether it has a single thread.
    Looked(u64, Waits, bool),
    /// The memory that it holds.
    Memory(Option<u64>),
    /// Something may be due.
    Tick,
}

/// What is to be done.
pub(super) enum Action {
    /// Start a process.
    Start,
    /// Let it see the end of its input.
    CloseInput,
    /// Send it a signal, and all that it has started.
    Signal(Signal),
    /// It has ended: kill what is left of its group.
    KillGroup,
    /// It is over: let go of it.
    Reap,
    /// Look how much it has not read, and, if asked, what it does.
    Look(bool),
    /// Look how much memory it holds.
    MeasureMemory,
    /// Read what it has written, if anything.
    ReadOutput,
    /// Claim up to so many items.
    Claim(usize),
    /// Others may claim these items.
    GiveBack(Vec<Part>),
    /// These items are not run.
    NotRun(Vec<Part>),
    /// Hand results on.
    Post(Answered),
    /// Show what the process said.
    Show(Vec<u8>),
    /// Tell people.
    Warn(String),
    /// The system gives no more processes for now.
    OutOfProcesses(Errno),
    /// The run cannot go on.
    BreakOff(anyhow::Error),
}

/// Why a process is brought to its end.
pub(super) enum Why {
    /// It is to get no more items, and has answered all.
    Retired,
    /// It closed its output.
    OutputEnded,
    /// It reads no more, and is at no item. Whether it had done anything.
    Deaf(bool),
    /// This item has had its time.
    Timeout(Seq),
    /// What it wrote is no answer.
    Mismatch(Mismatch),
    /// It said that it cannot do what it is to do, or was not ready in time.
    NotReady(String),
    /// The run ends.
    Cancelled,
}

/// The process of the moment.
#[derive(Default)]
pub(super) struct Process {
    pub(super) started: Duration,
    /// The items that it was given.
    given: u64,
    /// The bytes written to it.
    pub(super) written: u64,
    /// The bytes that were for it and are not written any more.
    pub(super) unwritten: u64,
    /// Its input is open.
    pub(super) open: bool,
    /// Nobody reads its input.
    pub(super) deaf: bool,
    /// It has seen the end of its input, since there was nothing more for it.
    pub(super) closed: bool,
    /// It gets nothing more.
    last: bool,
    /// A look is under way.
    looking: bool,
    /// How much it has read is to be looked at, once it reads no more.
    look_again: bool,
    /// Its memory was looked at since its last answer.
    measured: bool,
    /// Its long silence was said.
    silence_said: bool,
    /// What could be taken back was, since it was sent something.
    taken_back: bool,
    /// It has been stopped and does not go on yet.
    stopped: bool,
    /// The item that it notes itself.
    at: Option<Seq>,
    /// The item whose time began at `began`, and whether its answer was looked for at the end of it.
    timed: Option<Seq>,
    began: Duration,
    looked_for: bool,
    pub(super) shutdown: Option<(Shutdown, Why)>,
}

/// The state of one worker.
pub(super) struct Session {
    pub(super) rules: Rules,
    pub(super) protocol: Box<dyn Protocol>,
    pub(super) in_flight: InFlight,
    pub(super) prefetch: Prefetch,
    pub(super) outgoing: Outgoing,
    /// What the process wrote and is not read as answers yet.
    pub(super) inbox: Vec<u8>,
    pub(super) stderr: StderrTail,
    pub(super) process: Option<Process>,
    pub(super) queue: Queue,
    /// How many answers came last time.
    pub(super) came: usize,
    actions: VecDeque<Action>,
    /// A start or a claim was asked for.
    asked: bool,
    restart_at: Duration,
    /// The run cannot go on.
    pub(super) broken: bool,
    /// What is in flight was given up, since the run ends.
    cancelled: bool,
}

impl Session {
    pub(super) fn new(rules: Rules, protocol: Box<dyn Protocol>) -> Session {
        Session {
            prefetch: Prefetch::new(protocol.wants(), protocol.names_items() && protocol.holds_back()),
            stderr: StderrTail::new(rules.number),
            rules,
            protocol,
            in_flight: InFlight::default(),
            outgoing: Outgoing::default(),
            inbox: Vec::new(),
            process: None,
            queue: Queue::default(),
            came: 0,
            actions: VecDeque::new(),
            asked: false,
            restart_at: Duration::ZERO,
            broken: false,
            cancelled: false,
        }
    }

    /// Something has happened.
    pub(super) fn on(&mut self, event: Event<'_>, now: Duration) {
        let may_be_due = matches!(event, Event::Queue(_) | Event::Tick);
        match event {
            Event::Queue(queue) => {
                self.queue = queue;
                self.stderr.mark();
            }
            Event::Started => self.started(now),
            Event::CannotStart(errno) => self.cannot_start(errno, now),
            Event::Claimed(part) => self.send(part, now),
            Event::NothingToClaim => (self.asked, self.queue.work) = (false, false),
            Event::Wrote(bytes) => self.wrote(bytes),
            Event::Output => self.take_output(now),
            Event::Stderr(bytes) => self.hear(bytes),
            Event::InputClosed => self.deafened(),
            Event::OutputEnded => self.end(Step::Wait, Why::OutputEnded, now),
            Event::Exited(end, unread) => self.exited(end, unread),
            Event::Looked(unread, waits, alone) => self.looked(unread, self.believed(waits, alone), now),
            Event::Memory(bytes) => self.measured(bytes),
            Event::Tick => {}
        }
        self.advance(may_be_due, now);
    }

    /// What is to be done next.
    pub(super) fn action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// When something is due, if nothing happens before.
    pub(super) fn wake_at(&mut self, now: Duration) -> Option<Duration> {
        let items = self.in_flight.items();
        let Some(process) = &self.process else {
            let waits = !self.in_flight.is_empty() || self.queue.work && !self.broken;
            return waits.then_some(self.restart_at);
        };
        if let Some((shutdown, _)) = &process.shutdown {
            return Some(shutdown.until);
        }
        if self.in_flight.is_empty() {
            return None;
        }
        let starting = self.in_flight.awaits_greeting();
        let timeout = self.rules.patience.filter(|_| !starting).map(|patience| {
            // Often enough to see when it goes on to its next item.
            let look = process.at.map_or(Duration::MAX, |_| now + patience / 8);
            process.began.saturating_add(patience).min(look)
        });
        let start = self.rules.start_limit.filter(|_| starting).map(|limit| process.started.saturating_add(limit));
        let look = (self.is_silent() && items > 0).then(|| self.prefetch.next_look());
        let spare = (self.queue.others_idle && self.has_spare()).then(|| self.prefetch.silent_since() + TAKE_BACK);
        [timeout, start, look, spare].into_iter().flatten().min()
    }

    /// What the worker could use.
    pub(super) fn wants(&self, now: Duration) -> Wants {
        let may = match &self.process {
            None => !self.broken && !self.cancelled && now >= self.restart_at,
            Some(process) => process.shutdown.is_none() && self.has_room(now),
        };
        match (may, self.in_flight.is_empty()) {
            (false, _) => Wants::Nothing,
            (true, true) => Wants::Work,
            (true, false) => Wants::More,
        }
    }

    /// Whether items could be taken back for another worker.
    pub(super) fn has_spare(&self) -> bool {
        let Some(process) = self.process.as_ref().filter(|process| process.shutdown.is_none()) else { return false };
        let stops = self.protocol.can_stop() && (self.protocol.wants() == 1 || self.in_flight.is_in_order());
        let idle = !process.taken_back && !process.stopped && self.has_units();
        idle && (stops || self.outgoing.has_spare())
    }

    /// Whether more is in flight than what must not be parted: else it would be taken back and sent again for ever.
    fn has_units(&self) -> bool {
        self.in_flight.items() as u64 > self.rules.unit
    }

    /// Whether the run has ended for this worker.
    pub(super) fn is_over(&self) -> bool {
        self.cancelled && self.process.is_none()
    }

    /// Does what follows from what is known.
    fn advance(&mut self, may_be_due: bool, now: Duration) {
        if let Some(step) = self.queue.ending {
            self.cancel(step, now);
        }
        if self.process.as_ref().is_some_and(|process| process.shutdown.is_some()) {
            return self.hasten(now);
        }
        if self.queue.ending.is_some() {
            return;
        }
        self.fill(now);
        self.close_or_retire(now);
        if may_be_due {
            self.check_start(now);
            self.check_timeout(now);
            self.check_silence(now);
            self.check_take_back(now);
        }
    }

    // What is given to the process.

    fn fill(&mut self, now: Duration) {
        if self.asked || self.broken || now < self.restart_at {
            return;
        }
        // It is started once there is something for it.
        if self.process.is_none() && !self.in_flight.is_empty() {
            self.asked = true;
            return self.act(Action::Start);
        }
        if let Some(process) = &mut self.process
            && self.rules.recycle.is_some_and(|most| process.given >= most)
        {
            process.gets_no_more();
        }
        let next = self.in_flight.is_empty() || !self.queue.others_idle;
        if !self.queue.work || !next || !self.has_room(now) {
            return;
        }
        self.asked = true;
        let measured = self.process.as_ref().is_none_or(|process| process.measured || process.given == 0);
        self.act(match self.rules.recycle_rss {
            Some(_) if !measured => Action::MeasureMemory,
            _ => Action::Claim(self.room()),
        });
    }

    /// Whether the process can be given more.
    fn has_room(&self, now: Duration) -> bool {
        if self.process.as_ref().is_some_and(|process| process.last || process.stopped || !process.hears()) {
            return false;
        }
        let items = self.in_flight.items();
        let starved = self.prefetch.is_starved(items);
        // An item that takes longer than what is written ahead has nothing more queued behind it.
        let slow = self.prefetch.silent(now) >= TAKE_BACK;
        let few = starved || self.prefetch.has_room(items) && !slow && !self.rules.one_by_one;
        items == 0 || few && self.in_flight.bytes() <= WINDOW / 2
    }

    /// How many items it can be given.
    fn room(&self) -> usize {
        if self.rules.one_by_one {
            return 1;
        }
        let items = self.in_flight.items();
        let each = self.in_flight.bytes().checked_div(items).unwrap_or(16);
        let window = WINDOW.saturating_sub(self.in_flight.bytes()) / each.max(1);
        let given = self.process.as_ref().map_or(0, |process| process.given);
        let left = self.rules.recycle.map_or(u64::MAX, |most| most.saturating_sub(given));
        let limit = self.prefetch.limit().saturating_sub(items).min(window);
        limit.min(usize::try_from(left).unwrap_or(usize::MAX)).max(1)
    }

    fn measured(&mut self, memory: Option<u64>) {
        self.asked = false;
        let Some(process) = &mut self.process else { return };
        process.measured = true;
        if memory.zip(self.rules.recycle_rss).is_some_and(|(memory, most)| memory > most) {
            process.gets_no_more();
        }
    }

    fn send(&mut self, (block, claim): Part, now: Duration) {
        self.asked = false;
        let first = self.in_flight.items() == 0;
        let parts = self.in_flight.add(block, claim, || (self.rules.results)());
        if self.process.is_some() {
            self.encode(parts);
        }
        self.prefetch.sent(first, now);
        self.post();
    }

    fn encode(&mut self, parts: Vec<Part>) {
        for part in parts {
            let chunk = part.0.chunk(&part.1);
            self.in_flight.note_sent(&chunk);
            if let Some(process) = &mut self.process {
                process.given += chunk.count as u64;
                process.taken_back = false;
            }
            self.outgoing.push(part, &mut *self.protocol, &mut self.in_flight);
        }
    }

    /// A fresh process is there: it is given again what has no answer.
    fn started(&mut self, now: Duration) {
        self.asked = false;
        self.process = Some(Process { started: now, began: now, open: true, ..Process::default() });
        self.in_flight.begin();
        let (protocol, in_flight) = (&mut self.protocol, &mut self.in_flight);
        self.outgoing.push_with(|out| protocol.begin(in_flight, out));
        self.encode(self.in_flight.all_to_send());
        self.prefetch.sent(true, now);
        self.post();
    }

    fn wrote(&mut self, bytes: usize) {
        if let Some(process) = &mut self.process {
            process.written += bytes as u64;
        }
        self.outgoing.wrote(bytes);
    }

    fn deafened(&mut self) {
        if let Some(process) = &mut self.process {
            (process.deaf, process.look_again) = (true, true);
        }
        self.write_no_more();
    }

    /// Forgets what is not written yet.
    pub(super) fn write_no_more(&mut self) {
        if let Some(process) = &mut self.process {
            process.unwritten += self.outgoing.unwritten().len() as u64;
        }
        self.outgoing.clear();
    }

    /// Takes back what the process has not begun, since another worker has nothing to do and this one has been silent for
    /// longer than what it was given should take.
    fn check_take_back(&mut self, now: Duration) {
        if !self.queue.others_idle || !self.has_spare() || self.prefetch.silent(now) < TAKE_BACK {
            return;
        }
        let mut back = Vec::new();
        for (block, claim) in self.outgoing.take_back(&mut *self.protocol, &mut self.in_flight) {
            let chunk = block.chunk(&claim);
            back.append(&mut self.in_flight.take_back(&(chunk.first.0..chunk.first.0 + chunk.count as u64)));
        }
        let begun = if self.has_units() { self.protocol.stop() } else { None };
        if let Some(begun) = begun {
            for range in self.in_flight.behind(begun, self.rules.unit) {
                back.append(&mut self.in_flight.take_back(&range));
            }
            let protocol = &mut self.protocol;
            self.outgoing.push_with(|out| protocol.go_on(out));
        }
        let Some(process) = &mut self.process else { return };
        (process.taken_back, process.stopped) = (true, begun.is_some());
        process.given -= back.iter().map(|(_, claim)| claim.items() as u64).sum::<u64>().min(process.given);
        if !back.is_empty() {
            self.act(Action::GiveBack(back));
        }
    }

    /// The process goes on: what it stopped before, and parjob thought that it had begun, is sent again.
    fn goes_on(&mut self, before: Seq) {
        if let Some(process) = &mut self.process {
            process.stopped = false;
        }
        if before > Seq(0) {
            // Of several at work those before it go on.
            let from = if self.protocol.wants() > 1 { before } else { Seq(0) };
            self.encode(self.in_flight.open_from(from));
        }
    }

    // What comes from the process.

    fn take_output(&mut self, now: Duration) {
        if self.cancelled || self.process.as_ref().is_none_or(Process::is_dropped) {
            return empty(&mut self.inbox);
        }
        if let Some(process) = &mut self.process {
            process.look_again = true;
        }
        if let Err(mismatch) = self.take_answers(now) {
            self.mismatched(mismatch, now);
        }
    }

    /// Makes answers of what was read.
    fn take_answers(&mut self, now: Duration) -> Result<(), Mismatch> {
        let before = (self.in_flight.answers(), self.in_flight.items());
        if !self.stderr.said().is_empty()
            && let Some(seq) = self.in_flight.charged(None)
        {
            self.in_flight.note_said(seq, self.stderr.said());
        }
        let used = self.protocol.decode(&self.inbox, &mut self.in_flight);
        if let Some(refused) = self.in_flight.refusal() {
            self.refused(refused, now);
            return Ok(());
        }
        if self.in_flight.answers() > before.0 {
            self.stderr.forget();
            self.rules.failed_starts.store(0, Ordering::Relaxed);
        }
        let left = self.in_flight.items();
        if before.1 == left && self.in_flight.answers() > before.0 {
            // It is ready only now.
            self.prefetch.sent(true, now);
        }
        if before.1 > left {
            self.came = before.1 - left;
            self.prefetch.answered(self.came, left, now);
            if let Some(process) = &mut self.process {
                process.measured = false;
            }
        }
        self.post();
        if let Some(before) = self.in_flight.stopped() {
            self.goes_on(before);
        }
        self.inbox.drain(..used?);
        if self.inbox.is_empty() {
            empty(&mut self.inbox);
        }
        Ok(())
    }

    /// Hands on what is answered.
    pub(super) fn post(&mut self) {
        let actions = &mut self.actions;
        self.in_flight.take_answered(|answered| actions.push_back(Action::Post(answered)));
    }

    /// What was said belongs to the item that the process says it is at; else it is kept for the first without an answer.
    fn hear(&mut self, bytes: &[u8]) {
        let at = self.protocol.at().filter(|seq| self.in_flight.is_open(*seq));
        match at {
            Some(seq) => self.in_flight.add_said(seq, bytes),
            None => self.stderr.keep(bytes),
        }
        self.show(bytes, false);
    }

    pub(super) fn show(&mut self, bytes: &[u8], at_end: bool) {
        let shown = self.stderr.take(bytes, at_end);
        if !shown.is_empty() {
            self.act(Action::Show(shown));
        }
    }

    // What is due.

    /// Closes the input of a process that gets nothing more: what it holds back comes out then. When all is answered it is
    /// to end.
    fn close_or_retire(&mut self, now: Duration) {
        let Some(process) = &mut self.process else { return };
        if self.queue.over {
            process.gets_no_more();
        }
        if process.last && self.in_flight.is_empty() && self.outgoing.is_empty() {
            return self.end(Step::Wait, Why::Retired, now);
        }
        let done = self.in_flight.is_empty() && self.queue.over;
        let look = if process.deaf { !done } else { process.last && self.protocol.holds_back() };
        if process.open && look && process.look_again && !process.looking && self.outgoing.is_empty() {
            (process.looking, process.look_again) = (true, false);
            self.act(Action::Look(false));
        }
    }

    /// A process that is not ready in time could not start.
    fn check_start(&mut self, now: Duration) {
        let (Some(limit), Some(process)) = (self.rules.start_limit, &self.process) else { return };
        if self.in_flight.awaits_greeting() && now >= process.started.saturating_add(limit) {
            self.end(Step::Term, Why::NotReady(format!("was not ready within {limit:?}")), now);
        }
    }

    /// The item at work has had its time.
    fn check_timeout(&mut self, now: Duration) {
        let (Some(patience), Some(process)) = (self.rules.patience, &mut self.process) else { return };
        // Of many at work the one that is noted changes all the time.
        process.at = if self.protocol.wants() > 1 { None } else { self.protocol.at().or(process.at) };
        let item = self.in_flight.charged(process.at);
        // To start is no item's time.
        if self.in_flight.awaits_greeting() || process.timed != item {
            (process.timed, process.began, process.looked_for) = (item, now, false);
        }
        let Some(item) = item.filter(|_| now >= process.began.saturating_add(patience)) else { return };
        if std::mem::replace(&mut process.looked_for, true) {
            self.end(Step::Term, Why::Timeout(item), now);
        } else {
            // It may be on its way here.
            self.act(Action::ReadOutput);
        }
    }

    /// Whether the process has been written all that there is for it, and may hold its answers back.
    fn is_silent(&self) -> bool {
        let hears = self.process.as_ref().is_some_and(|process| process.hears() && !process.looking);
        hears && self.outgoing.is_empty() && self.protocol.holds_back()
    }

    /// It says nothing: it is busy, or wants more, or holds its answers back.
    fn check_silence(&mut self, now: Duration) {
        if !self.is_silent() || self.in_flight.items() == 0 || now < self.prefetch.next_look() {
            return;
        }
        if let Some(process) = &mut self.process {
            process.looking = true;
            let what = !process.last;
            self.act(Action::Look(what));
        }
    }

    fn looked(&mut self, unread: u64, waits: Waits, now: Duration) {
        let Some(process) = &mut self.process else { return };
        process.looking = false;
        let items = self.in_flight.items();
        if process.shutdown.is_some() || !process.open {
            return;
        }
        if process.deaf {
            return self.check_deaf(unread, now);
        }
        if unread > 0 || !self.outgoing.is_empty() {
            return self.prefetch.reads_later(now);
        }
        if process.last {
            return self.close_input();
        }
        if items > 0 && !self.check_stuck(waits, now) {
            self.prefetch.starved(items, waits, now);
        }
    }

    /// Another thread of a process that tells its answers apart may be at work, and answer in its own time.
    fn believed(&self, waits: Waits, alone: bool) -> Waits {
        if waits == Waits::Yes && !alone && self.protocol.names_items() { Waits::Unknown } else { waits }
    }

    /// It has read all, and answered nothing for long. At the end of its input it will say what it holds, if it cannot be
    /// given more; whether it has been closed for that.
    fn check_stuck(&mut self, waits: Waits, now: Duration) -> bool {
        let silent = self.prefetch.silent(now);
        let after = match waits {
            Waits::Yes => STUCK,
            Waits::Unknown if !self.protocol.names_items() => STUCK,
            Waits::Unknown => LONG_SILENCE,
            Waits::No => 12 * LONG_SILENCE,
        };
        // A single item that takes long is no reason to start all over.
        let holds = waits == Waits::Yes || self.in_flight.items() > 1 && !self.prefetch.is_prompt();
        let stuck = holds && silent >= after && self.in_flight.bytes() >= WINDOW / 2;
        if stuck || holds && silent >= LONG_SILENCE && waits != Waits::No {
            self.say_silence();
        }
        if stuck && let Some(process) = &mut self.process {
            process.gets_no_more();
            self.close_input();
        }
        stuck
    }

    /// Tells people once that a process reads and does not answer.
    fn say_silence(&mut self) {
        let Some(process) = &mut self.process else { return };
        if std::mem::replace(&mut process.silence_said, true) {
            return;
        }
        let (number, answers) = (self.rules.number, self.in_flight.answers());
        let answered = if answers == 0 { "none".to_owned() } else { answers.to_string() };
        let read = self.in_flight.items() as u64 + answers;
        let text = format!("worker {number} read {read} items, answered {answered}: does it flush its output?");
        self.act(Action::Warn(text));
    }

    /// There is nothing more for it.
    fn close_input(&mut self) {
        if let Some(process) = &mut self.process {
            (process.open, process.closed) = (false, true);
            self.act(Action::CloseInput);
        }
    }

    // The end of the process.

    /// Begins to bring the process to its end, unless that is under way.
    pub(super) fn end(&mut self, step: Step, why: Why, now: Duration) {
        self.write_no_more();
        let grace = self.rules.grace;
        let Some(process) = self.process.as_mut().filter(|process| process.shutdown.is_none()) else { return };
        process.shutdown = Some((Shutdown::begin(step, grace, now), why));
        self.enter(step);
    }

    fn enter(&mut self, step: Step) {
        if let Some(process) = self.process.as_mut().filter(|process| process.open) {
            process.open = false;
            self.act(Action::CloseInput);
        }
        match step {
            Step::Wait => {}
            Step::Term => self.act(Action::Signal(Signal::TERM)),
            Step::Kill => self.act(Action::Signal(Signal::KILL)),
        }
    }

    /// Takes the next step of an end that is under way.
    fn hasten(&mut self, now: Duration) {
        let least = self.queue.ending.unwrap_or(Step::Wait);
        let Some((shutdown, _)) = self.process.as_mut().and_then(|process| process.shutdown.as_mut()) else { return };
        if shutdown.is_hopeless(now) {
            return self.exited(None, 0);
        }
        if let Some(step) = shutdown.next(least, now) {
            self.enter(step);
        }
    }

    /// The run ends: what is in flight is not run, but for what has its answer.
    fn cancel(&mut self, step: Step, now: Duration) {
        if !std::mem::replace(&mut self.cancelled, true) {
            self.give_up();
        }
        self.end(step, Why::Cancelled, now);
    }

    /// What is in flight is not run, but for what has its answer.
    pub(super) fn give_up(&mut self) {
        self.post();
        let left = self.in_flight.give_up();
        if !left.is_empty() {
            self.act(Action::NotRun(left));
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    pub(super) fn restart_later(&mut self, now: Duration) {
        (self.asked, self.restart_at) = (false, now + RESTART);
    }
}

/// What a worker could use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// It has enough.
    Nothing,
    /// It could write ahead.
    More,
    /// It has nothing to do.
    Work,
}

impl Process {
    /// Whether it can be given more.
    pub(super) fn hears(&self) -> bool {
        self.open && !self.deaf
    }

    /// It gets nothing more.
    pub(super) fn gets_no_more(&mut self) {
        self.look_again |= !self.last;
        self.last = true;
    }

    /// Whether what it writes is of no interest any more.
    fn is_dropped(&self) -> bool {
        use Why::{Cancelled, Mismatch, NotReady, Timeout};
        matches!(self.shutdown, Some((_, Cancelled | Mismatch(_) | NotReady(_) | Timeout(_))))
    }
}

#[cfg(test)]
mod tests;
