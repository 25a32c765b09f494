//! What the end of a worker's process means, whether it came in order, by itself, or because the process hangs or answers
//! nonsense: who is charged, and what goes to a fresh one. How it is brought about stands in [`super::farewell`].

use std::fmt::Write;
use std::sync::atomic::Ordering;

use anyhow::anyhow;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::Signal;

use super::ahead::{STUCK, WINDOW};
use super::farewell::Farewell;
use super::mate::{Mate, cause};
use super::protocol::Mismatch;
use super::worker::{AGAIN, Worker};
use crate::command::child::ending;
use crate::item::{Failure, Quoted, Seq};
use crate::output::Stream;

/// After so many processes in a row that end before they do anything, there is no point in another.
const STARTS: u64 = 3;

/// The warnings of one kind that are worth showing.
const WARNINGS: u64 = 3;

impl Worker {
    /// All items of the process are answered and it gets no more: it should end by itself, and say nothing further.
    pub(super) fn retire(&mut self) {
        let (told, status) = self.bid(Farewell::Wait, true);
        self.hear(true);
        if let Err(mismatch) = told.and_then(|()| self.nothing_left()) {
            self.bury();
            return self.extra(&mismatch);
        }
        let failed = status.map(cause).filter(|cause| *cause != Failure::Exited(0));
        self.bury();
        if let Some(cause) = failed.filter(|_| self.shared.ending() == ending::NONE) {
            self.warn(format!("worker {} {cause} while it had no item", self.station.number));
        }
    }

    fn nothing_left(&self) -> Result<(), Mismatch> {
        if self.inbox.is_empty() { Ok(()) } else { Err(Mismatch("gave more than its answers".into())) }
    }

    /// A process said something after its last answer.
    fn extra(&mut self, mismatch: &Mismatch) {
        if self.protocol.names_items() {
            self.warn(format!("worker {} {mismatch}", self.station.number));
        } else {
            self.unsure(&mismatch.0);
        }
    }

    /// The process has ended, or has closed its output.
    pub(super) fn is_gone(&mut self) {
        let Some(mate) = &self.mate else { return };
        let mut told = Ok(());
        let status = match mate.ended() {
            Some(status) => Some(status),
            None if mate.stream(Stream::Out).is_some() => return,
            None => {
                let (read, status) = self.bid(Farewell::Wait, true);
                told = read;
                status
            }
        };
        // What it has said before.
        self.hear(true);
        while told.is_ok() && self.mate.as_ref().is_some_and(|mate| mate.stream(Stream::Out).is_some()) {
            match self.read() {
                Ok(false) if !self.has_output() => break,
                Ok(_) => {}
                Err(mismatch) => told = Err(mismatch),
            }
        }
        if let Err(mismatch) = told {
            return self.mismatched(&mismatch);
        }
        self.lost(status.map_or(Failure::Exited(0), cause));
    }

    /// Whether there is something to read just now.
    fn has_output(&self) -> bool {
        let pipe = self.mate.as_ref().and_then(|mate| mate.stream(Stream::Out));
        pipe.is_some_and(|pipe| rustix::io::ioctl_fionread(pipe).is_ok_and(|bytes| bytes > 0))
    }

    /// The process has ended in this way; its last answers are taken.
    fn lost(&mut self, cause: Failure) {
        let (started, idle) = (self.has_started(), self.is_at_no_item());
        let Some(mate) = &self.mate else { return };
        let in_order = self.closed && cause == Failure::Exited(0);
        let missing = in_order && !self.protocol.names_items() && !idle;
        if !in_order {
            // What it has left behind was to help it.
            mate.signal(Signal::KILL);
        }
        self.bury();
        if idle && (started || in_order) {
            if !in_order {
                self.warn(format!("worker {} {cause} while it had no item", self.station.number));
            }
        } else if missing {
            self.unsure("ended with fewer answers than it got items");
        } else if !started {
            self.failed_to_start(&cause.to_string());
        } else {
            self.charge(Failure::LostWorker(Box::new(cause)));
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
        let over = self.flight.is_empty() && self.shared.is_done();
        if over || !self.mate.as_ref().is_some_and(Mate::is_deaf) || !self.is_at_no_item() {
            return false;
        }
        let started = self.has_started();
        let (told, _) = self.bid(Farewell::Wait, true);
        if let Err(mismatch) = told {
            self.mismatched(&mismatch);
            return true;
        }
        self.hear(true);
        self.bury();
        if started {
            self.warn(format!("worker {} reads no more; a fresh one takes its place", self.station.number));
        } else {
            self.failed_to_start("reads nothing");
        }
        self.voice.mark();
        self.voice.forget();
        true
    }

    /// The item that the process was at has failed. The others go to a fresh one.
    fn charge(&mut self, cause: Failure) {
        let named = self.protocol.at();
        let together = if named.is_some() { self.protocol.at_once() } else { 1 };
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
        let (charged, starting) = (self.flight.answers() == 0, self.flight.awaits_greeting());
        let number = self.station.number;
        self.put_down(Farewell::Kill);
        if starting {
            self.failed_to_start(&mismatch.0);
        } else if charged {
            self.charge(Failure::BadAnswer(mismatch.0.as_str().into()));
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
        let number = self.station.number;
        self.shared.break_off(anyhow!(
            "worker {number} {why}{which}; with --protocol lines each line must be answered by one line"
        ));
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
        self.shared.break_off(anyhow!(text));
    }

    /// The system could not start one.
    pub(super) fn cannot_start(&mut self, errno: Errno) {
        if !matches!(errno, Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM) {
            let error = std::io::Error::from(errno);
            return self.failed_to_start(&format!("could not be started: {error}"));
        }
        let up = self.shared.up.load(Ordering::SeqCst);
        let first = !std::mem::replace(&mut self.shared.lock().exhausted, true);
        if first && up > 0 {
            self.shared.warn_of_few(up, &std::io::Error::from(errno));
        }
        // Until another process has ended, or for a moment.
        let moment = Timespec::try_from(AGAIN).ok();
        let mut bell = [PollFd::from_borrowed_fd(self.station.bell.fd(), PollFlags::IN)];
        let _ = poll(&mut bell, moment.as_ref());
        self.station.bell.silence();
    }

    /// The item at work has had its time.
    pub(super) fn see_to_timeout(&mut self) {
        let Some(timeout) = self.shared.team.patience.filter(|_| self.mate.is_some() && self.flight.items() > 0) else {
            return;
        };
        let (at, now) = (self.protocol.at(), self.shared.team.clock.now());
        // To start is no item's time.
        if self.flight.awaits_greeting() {
            self.began = now;
        }
        if at.is_some() && std::mem::replace(&mut self.at, at) != at {
            self.began = now;
        }
        if now < self.began + timeout {
            return;
        }
        // It may be on its way here.
        match self.read() {
            Err(mismatch) => return self.mismatched(&mismatch),
            Ok(_) if self.shared.team.clock.now() < self.began + timeout => return,
            Ok(_) => {}
        }
        self.put_down(Farewell::Term);
        if self.shared.ending() == ending::NONE {
            self.charge(Failure::TimedOut(self.shared.team.timeout.unwrap_or(timeout)));
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
        if !self.protocol.holds_back() {
            return self.ahead.starved(0, Some(false));
        }
        let waits = if mate.unread() > 0 { Some(false) } else { mate.waits_for_input() };
        let full = self.flight.bytes() >= WINDOW / 2;
        if full && waits != Some(false) && self.ahead.silent() >= STUCK && !self.winding {
            return self.stuck();
        }
        self.ahead.starved(self.flight.items(), waits);
    }

    /// It has read as much as is written ahead and answered nothing. At the end of its input it will say what it holds.
    fn stuck(&mut self) {
        let (number, items, answers) = (self.station.number, self.flight.items() as u64, self.flight.answers());
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
            let how = if self.shared.ending() == ending::NOW { Farewell::Kill } else { Farewell::Term };
            self.put_down(how);
        }
    }

    /// What is in flight is not run.
    pub(super) fn give_up(&mut self) {
        self.shared.give_back(self.flight.give_up());
    }

    fn warn(&self, text: String) {
        if self.shared.warnings.fetch_add(1, Ordering::Relaxed) < WARNINGS {
            self.shared.warn(text);
        }
    }
}
