//! What the end of a worker's process means, whether it came in order, by itself, or because the process hangs or answers
//! nonsense: who is charged, and what goes to a fresh one. How it is brought about stands in [`super::farewell`].

use std::fmt::Write;
use std::sync::atomic::Ordering;

use anyhow::anyhow;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::ahead::{STUCK, WINDOW};
use super::farewell::{Farewell, Gone};
use super::mate::{Mate, process_end};
use super::options::Refused;
use super::protocol::Mismatch;
use super::worker::{AGAIN, Worker};
use crate::base::buffer::empty;
use crate::base::failure::{Failure, FailureKind, ProcessEnd};
use crate::base::item::{Quoted, Seq};
use crate::base::stream::Stream;
use crate::engine::{Fate, Ran};
use crate::process::child::ending;

/// After so many processes in a row that end before they do anything, there is no point in another.
const STARTS: u64 = 3;

/// The status for a wrong command line.
const USAGE: i32 = 2;

/// The warnings of one kind that are worth showing.
const WARNINGS: u64 = 3;

impl Worker<'_> {
    /// All items of the process are answered and it gets no more: it should end by itself, and say nothing further.
    pub(super) fn retire(&mut self) {
        let (told, gone) = self.bid(Farewell::Wait, true);
        self.hear(true);
        if let Err(mismatch) = told.and_then(|()| self.nothing_left()) {
            self.bury();
            return self.extra(&mismatch);
        }
        let failed = gone.status.map(process_end).filter(|end| *end != ProcessEnd::Exit(0));
        self.bury();
        let number = self.slot.number();
        match failed.filter(|_| self.slot.ending() == ending::NONE) {
            Some(_) if gone.asked => self.warn(format!("worker {number} did not end within --grace and was ended")),
            Some(end) => self.warn(format!("worker {number} {end} while it had no item")),
            None => {}
        }
    }

    fn nothing_left(&self) -> Result<(), Mismatch> {
        if self.inbox.is_empty() { Ok(()) } else { Err(Mismatch("gave more than its answers".into())) }
    }

    /// A process said something after its last answer.
    fn extra(&mut self, mismatch: &Mismatch) {
        if self.protocol.names_items() {
            self.warn(format!("worker {} {mismatch}", self.slot.number()));
        } else {
            self.unsure(&mismatch.0);
        }
    }

    /// The process has ended, or has closed its output.
    pub(super) fn is_gone(&mut self) {
        let Some(mate) = &self.mate else { return };
        let mut told = Ok(());
        let gone = match mate.ended() {
            Some(status) => Gone { status: Some(status), asked: false },
            None if mate.stream(Stream::Out).is_some() => return,
            None => {
                let (read, gone) = self.bid(Farewell::Wait, true);
                told = read;
                gone
            }
        };
        // What it has said before.
        self.hear(true);
        if let Err(mismatch) = told.and_then(|()| self.read_rest()) {
            return self.mismatched(&mismatch);
        }
        if gone.asked && self.slot.ending() != ending::NONE {
            // The run ends: what it was at is not run.
            return self.bury();
        }
        let end = gone.status.map_or(ProcessEnd::Exit(0), process_end);
        // One that did not end was ended by parjob for what it had done before.
        self.lost(Some(end).filter(|end| !gone.asked || *end == ProcessEnd::Exit(0)));
    }

    /// Reads what the process wrote before it ended.
    pub(super) fn read_rest(&mut self) -> Result<(), Mismatch> {
        while self.mate.as_ref().is_some_and(|mate| mate.stream(Stream::Out).is_some()) {
            if !self.read()? && !self.has_output() {
                break;
            }
        }
        Ok(())
    }

    /// Whether there is something to read just now.
    fn has_output(&self) -> bool {
        let pipe = self.mate.as_ref().and_then(|mate| mate.stream(Stream::Out));
        pipe.is_some_and(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|bytes| bytes > 0))
    }

    /// The process has ended, like this or after it had closed its output; its last answers are taken.
    fn lost(&mut self, end: Option<ProcessEnd>) {
        let (started, idle) = (self.has_started(), self.is_at_no_item());
        let Some(mate) = &self.mate else { return };
        let how = end.map_or("closed its output".to_owned(), |end| end.to_string());
        let in_order = self.closed && end == Some(ProcessEnd::Exit(0));
        let missing = in_order && !self.protocol.names_items() && !idle;
        if !in_order {
            // What it has left behind was to help it.
            mate.signal(Signal::KILL);
        }
        self.bury();
        if idle && (started || in_order) {
            if !in_order {
                self.warn(format!("worker {} {how} while it had no item", self.slot.number()));
            }
        } else if missing {
            self.unsure("ended with fewer answers than it got items");
        } else if !started {
            self.failed_to_start(&how);
        } else {
            self.charge(&lost(end, &how));
        }
        self.voice.mark();
        self.voice.forget();
    }

    /// Whether the process has done anything.
    fn has_started(&self) -> bool {
        let read = self.mate.as_ref().is_some_and(Mate::has_read);
        !self.flight.awaits_greeting() && (read || self.flight.answers() > 0)
    }

    /// Whether the process, which reads no more, has read nothing of what has no answer.
    fn is_at_no_item(&mut self) -> bool {
        let never_read = self.mate.as_ref().map_or(0, Mate::never_read);
        if self.flight.is_empty() || never_read == 0 {
            return self.flight.is_empty();
        }
        let mut unanswered = Vec::new();
        for (block, claim) in self.flight.all_to_send() {
            self.protocol.encode(&block.chunk(&claim), &mut self.flight, &mut unanswered);
        }
        unanswered.len() as u64 <= never_read
    }

    /// A process that reads no more will not do what it has not read. Once it is at no item its place is free for a
    /// fresh one; whether that is so.
    pub(super) fn see_to_deafness(&mut self) -> bool {
        let over = self.flight.is_empty() && self.slot.is_done();
        if over || !self.mate.as_ref().is_some_and(Mate::is_deaf) || !self.is_at_no_item() {
            return false;
        }
        let started = self.has_started();
        // It is at nothing, so there is nothing to wait for.
        let (told, gone) = self.bid(Farewell::Term, true);
        if let Err(mismatch) = told {
            self.mismatched(&mismatch);
            return true;
        }
        if self.mate.is_none() {
            return true;
        }
        self.hear(true);
        self.bury();
        // It may have been about to end.
        let ended = gone.status.map(process_end).filter(|end| matches!(end, ProcessEnd::Exit(_)));
        let number = self.slot.number();
        match (started, ended) {
            (true, Some(end)) => self.warn(format!("worker {number} {end} while it had no item")),
            (true, None) => self.warn(format!("worker {number} reads no more; a fresh one takes its place")),
            (false, Some(end)) => self.failed_to_start(&end.to_string()),
            (false, None) => self.failed_to_start("reads nothing"),
        }
        self.voice.mark();
        self.voice.forget();
        true
    }

    /// The item that the process was at has failed. The others go to a fresh one.
    fn charge(&mut self, cause: &Failure) {
        let named = self.protocol.at();
        // Whatever it says, it had no more items than it was given.
        let together = if named.is_some() { self.protocol.at_once().min(self.flight.items() as u64).max(1) } else { 1 };
        let Some(first) = self.flight.charged(named) else { return };
        for seq in (first.0..first.0 + together).map(Seq) {
            if self.flight.is_open(seq) {
                self.flight.note_said(seq, self.voice.said());
                let _ = self.flight.answer(seq, Err(cause.clone()));
            }
        }
        self.land();
    }

    /// The process answers nonsense: a fresh one goes on. An item is charged only if it gave no sound answer, since it
    /// might be the item's fault; else every process could do that for ever.
    pub(super) fn mismatched(&mut self, mismatch: &Mismatch) {
        if !self.protocol.names_items() {
            self.put_down(Farewell::Kill);
            return self.unsure(&mismatch.0);
        }
        let (charged, starting) = (!self.flight.has_answered_items(), self.flight.awaits_greeting());
        let number = self.slot.number();
        self.put_down(Farewell::Kill);
        if starting {
            self.failed_to_start(&mismatch.0);
        } else if charged {
            self.charge(&lost(None, &mismatch.0));
        } else {
            self.warn(format!("worker {number} {mismatch}; a fresh one takes its place"));
        }
        self.voice.mark();
        self.voice.forget();
    }

    /// Which answer belongs to which item is not known: the results are not to be trusted.
    fn unsure(&mut self, why: &str) {
        let range = self.flight.range();
        self.give_up();
        let which = range.map_or(String::new(), |(low, high)| match low == high {
            true => format!("; the result of item {low} is unsure"),
            false => format!("; the results of items {low} to {high} are unsure"),
        });
        let number = self.slot.number();
        self.slot.break_off(anyhow!(
            "worker {number} {why}{which}; with --protocol lines each line must be answered by one line"
        ));
    }

    /// The process says that it will never do what it is to do. What is wrong with the command line stays so; what failed
    /// otherwise may go well in a fresh one.
    pub(super) fn refused(&mut self, refused: Refused) {
        if refused.status != USAGE {
            self.put_down(Farewell::Term);
            return self.failed_to_start(&format!("said:\n{}", refused.why));
        }
        self.give_up();
        self.slot.break_off(refused.into());
        empty(&mut self.inbox);
        self.winding = true;
    }

    /// A process that is not ready in time could not start.
    pub(super) fn see_to_start(&mut self) {
        let Some(limit) = self.shared.team.start_limit.filter(|_| self.flight.awaits_greeting()) else { return };
        if self.mate.is_none() || self.slot.clock().now() < self.started + limit {
            return;
        }
        self.put_down(Farewell::Term);
        if self.slot.ending() == ending::NONE {
            self.failed_to_start(&format!("was not ready within {limit:?}"));
        }
        self.voice.mark();
        self.voice.forget();
    }

    /// A process could not be started, or ended before it did anything.
    fn failed_to_start(&mut self, how: &str) {
        if self.shared.failed_starts.fetch_add(1, Ordering::Relaxed) + 1 < STARTS {
            return;
        }
        let said = String::from_utf8_lossy(self.voice.said()).into_owned();
        let mut text = format!("workers cannot start: {STARTS} in a row ended before their first answer; the last");
        // Writing to a string does not fail.
        let _ = write!(text, " {how}");
        if let Some(last) = said.lines().last() {
            let _ = write!(text, " and said {}", Quoted(last.as_bytes()));
        }
        self.give_up();
        self.slot.break_off(anyhow!(text));
    }

    /// The system could not start one.
    pub(super) fn cannot_start(&mut self, errno: Errno) {
        if !matches!(errno, Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM) {
            let error = std::io::Error::from(errno);
            return self.failed_to_start(&format!("could not be started: {error}"));
        }
        self.land();
        self.slot.give_back(self.flight.give_up());
        self.leaves = self.slot.short_of(errno);
        if self.leaves {
            return;
        }
        // Until another process has ended, or for a moment.
        let moment = Timespec::try_from(AGAIN).ok();
        let mut bell = [PollFd::from_borrowed_fd(self.bell.fd(), PollFlags::IN)];
        let _ = poll(&mut bell, moment.as_ref());
        self.bell.silence();
    }

    /// The item at work has had its time.
    pub(super) fn see_to_timeout(&mut self) {
        let Some(timeout) = self.shared.team.patience.filter(|_| self.mate.is_some()) else { return };
        let now = self.slot.clock().now();
        // Of many at work the one that is noted changes all the time.
        let at = if self.protocol.wants() > 1 { None } else { self.protocol.at().or(self.at) };
        self.at = at;
        let item = self.flight.charged(at);
        // To start is no item's time.
        if self.flight.awaits_greeting() || std::mem::replace(&mut self.timed, item) != item {
            self.began = now;
        }
        if item.is_none() || now < self.began + timeout {
            return;
        }
        // It may be on its way here.
        match self.read() {
            Err(mismatch) => return self.mismatched(&mismatch),
            Ok(_) if self.slot.clock().now() < self.began + timeout => return,
            Ok(_) => {}
        }
        self.put_down(Farewell::Term);
        if self.slot.ending() == ending::NONE {
            self.charge(&Failure::timeout(self.shared.team.timeout.unwrap_or(timeout)));
        }
        self.voice.mark();
        self.voice.forget();
    }

    /// The process has all that was written to it and says nothing: it is busy, or wants more, or is stuck.
    pub(super) fn see_to_silence(&mut self) {
        let Some(mate) = self.mate.as_ref().filter(|mate| mate.hears()) else { return };
        if self.flight.items() == 0 || !self.out.is_empty() || !self.ahead.is_due() {
            return;
        }
        let free = self.protocol.names_items();
        if !self.protocol.holds_back() {
            return self.ahead.starved(0, Some(false));
        }
        let waits = match mate.waits_for_input() {
            _ if mate.unread() > 0 => Some(false),
            // Another thread may be at work, and answer in its own time.
            Some(true) if free && !mate.is_single() => None,
            waits => waits,
        };
        let idle = if free { waits == Some(true) } else { waits != Some(false) };
        let full = self.flight.bytes() >= WINDOW / 2;
        if full && idle && self.ahead.silent() >= STUCK && !self.winding {
            return self.stuck();
        }
        self.ahead.starved(self.flight.items(), waits);
    }

    /// It has read as much as is written ahead and answered nothing. At the end of its input it will say what it holds.
    fn stuck(&mut self) {
        let (number, items, answers) = (self.slot.number(), self.flight.items() as u64, self.flight.answers());
        let answered = if answers == 0 { "none".to_owned() } else { answers.to_string() };
        let read = items + answers;
        self.warn(format!("worker {number} read {read} items, answered {answered}: does it flush its output?"));
        (self.winding, self.closed) = (true, true);
        if let Some(mate) = &mut self.mate {
            mate.close_input();
        }
    }

    /// The run is to end at once, or is over.
    pub(super) fn cancel(&mut self) {
        self.give_up();
        if self.mate.is_some() {
            let how = if self.slot.ending() == ending::NOW { Farewell::Kill } else { Farewell::Term };
            self.put_down(how);
        }
    }

    /// What is in flight is not run, but for what has its answer.
    pub(super) fn give_up(&mut self) {
        self.land();
        for (block, claim) in self.flight.give_up() {
            self.slot.post(Ran::of(&block.chunk(&claim), block.attempt(), Fate::NotRun));
        }
    }

    fn warn(&self, text: String) {
        if self.shared.warnings.fetch_add(1, Ordering::Relaxed) < WARNINGS {
            self.slot.warn(text);
        }
    }
}

/// An item whose worker is gone.
fn lost(end: Option<ProcessEnd>, how: &str) -> Failure {
    Failure::new(FailureKind::Lost(end), format!("was at work when its worker {how}")).transient()
}
