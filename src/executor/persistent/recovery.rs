//! What the end of a worker's process means, whether it came in order, by itself, or because the process hangs or answers
//! nonsense: who is charged, and what goes to a fresh one. How it is brought about stands in [`super::shutdown`].

use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::anyhow;
use rustix::io::Errno;

use super::options::Refused;
use super::protocol::Mismatch;
use super::session::{Action, Session, Why};
use super::shutdown::{Shutdown, Step};
use crate::base::buffer::empty;
use crate::base::failure::{Failure, FailureKind, ProcessEnd};
use crate::base::item::{Quoted, Seq};

/// After so many processes in a row that end before they do anything, there is no point in another.
const STARTS: u64 = 3;

/// The status for a wrong command line.
const USAGE: i32 = 2;

impl Session {
    /// The process has ended, and what it wrote has come.
    pub(super) fn exited(&mut self, end: Option<ProcessEnd>, unread: u64) {
        self.show(b"", true);
        self.write_no_more();
        let Some(process) = &mut self.process else { return };
        let shutdown = process.shutdown.take();
        let asked = shutdown.as_ref().is_some_and(|(shutdown, _)| shutdown.was_asked());
        if self.is_cancelled() {
            return self.bury();
        }
        match shutdown.map(|(_, why)| why) {
            None => self.lost(end, unread),
            // One that did not end by itself was ended for what it had done before.
            Some(Why::OutputEnded) => self.lost(end.filter(|end| !asked || *end == ProcessEnd::Exit(0)), unread),
            Some(Why::Retired) => self.retired(end, asked),
            Some(Why::Deaf(started)) => self.deaf_ended(end, started),
            Some(Why::Timeout(item)) => {
                self.bury();
                let timeout = self.rules.timeout.or(self.rules.patience).unwrap_or_default();
                self.charge(Some(item), &Failure::timeout(timeout));
            }
            Some(Why::Mismatch(mismatch)) => self.mismatch_ended(&mismatch),
            Some(Why::NotReady(how)) => {
                self.bury();
                self.failed_to_start(&how);
            }
            Some(Why::Cancelled) => self.bury(),
        }
        self.stderr.clear();
    }

    /// Lets go of the process.
    fn bury(&mut self) {
        self.write_no_more();
        self.process = None;
        empty(&mut self.inbox);
        self.act(Action::Reap);
    }

    /// All its items were answered and it got no more: it should have ended by itself, and said nothing further.
    fn retired(&mut self, end: Option<ProcessEnd>, asked: bool) {
        let number = self.rules.number;
        let more = !self.inbox.is_empty();
        self.bury();
        if more {
            return self.extra("gave more than its answers");
        }
        match end.filter(|end| *end != ProcessEnd::Exit(0)) {
            Some(_) if asked => self.warn(format!("worker {number} did not end within --grace and was ended")),
            Some(end) => self.warn(format!("worker {number} {end} while it had no item")),
            None => {}
        }
    }

    /// A process said something after its last answer.
    fn extra(&mut self, what: &str) {
        if self.protocol.names_items() {
            self.warn(format!("worker {} {what}", self.rules.number));
        } else {
            self.unsure(what);
        }
    }

    /// The process has ended, like this or after it had closed its output.
    fn lost(&mut self, end: Option<ProcessEnd>, unread: u64) {
        let Some(process) = &self.process else { return };
        let (started, closed) = (self.has_started(unread), process.closed);
        let idle = self.is_at_no_item(unread);
        let how = end.map_or("closed its output".to_owned(), |end| end.to_string());
        let in_order = closed && end == Some(ProcessEnd::Exit(0));
        if !in_order {
            // What it has left behind was to help it.
            self.act(Action::KillGroup);
        }
        self.bury();
        if idle && (started || in_order) {
            if !in_order {
                self.warn(format!("worker {} {how} while it had no item", self.rules.number));
            }
        } else if in_order && !self.protocol.names_items() {
            self.unsure("ended with fewer answers than it got items");
        } else if !started {
            self.failed_to_start(&how);
        } else {
            self.charge(None, &lost(end, &how));
        }
    }

    /// Whether the process, which has not read so many bytes, has done anything.
    fn has_started(&self, unread: u64) -> bool {
        let read = self.process.as_ref().is_some_and(|process| process.written > unread);
        !self.in_flight.awaits_greeting() && (read || self.in_flight.answers() > 0)
    }

    /// Whether the process, which reads no more and has not read so many bytes, has read nothing of what has no answer.
    fn is_at_no_item(&mut self, unread: u64) -> bool {
        let never_read = unread + self.process.as_ref().map_or(0, |process| process.unwritten);
        if self.in_flight.is_empty() || never_read == 0 {
            return self.in_flight.is_empty();
        }
        let mut unanswered = Vec::new();
        for (block, claim) in self.in_flight.all_to_send() {
            self.protocol.encode(&block.chunk(&claim), &mut self.in_flight, &mut unanswered);
        }
        unanswered.len() as u64 <= never_read
    }

    /// A process that reads no more will not do what it has not read. Once it is at no item its place is free for a
    /// fresh one: there is nothing to wait for.
    pub(super) fn check_deaf(&mut self, unread: u64, now: Duration) {
        if self.is_at_no_item(unread) {
            let started = self.has_started(unread);
            self.end(Step::Term, Why::Deaf(started), now);
        }
    }

    /// It may have been about to end.
    fn deaf_ended(&mut self, end: Option<ProcessEnd>, started: bool) {
        let number = self.rules.number;
        self.bury();
        match (started, end.filter(|end| matches!(end, ProcessEnd::Exit(_)))) {
            (true, Some(end)) => self.warn(format!("worker {number} {end} while it had no item")),
            (true, None) => self.warn(format!("worker {number} reads no more; a fresh one takes its place")),
            (false, Some(end)) => self.failed_to_start(&end.to_string()),
            (false, None) => self.failed_to_start("reads nothing"),
        }
    }

    /// The item that the process was at has failed: this one, or the one that it named, or the first without an answer.
    /// The others go to a fresh process.
    fn charge(&mut self, item: Option<Seq>, cause: &Failure) {
        let named = self.protocol.at();
        let is_named = named.is_some() && item.is_none_or(|item| named == Some(item));
        // Whatever it says, it had no more items than it was given.
        let together = if is_named { self.protocol.at_once().min(self.in_flight.items() as u64).max(1) } else { 1 };
        let Some(first) = self.in_flight.charged(item.or(named)) else { return };
        for seq in (first.0..first.0 + together).map(Seq) {
            if self.in_flight.is_open(seq) {
                self.in_flight.note_said(seq, self.stderr.said());
                let _ = self.in_flight.answer(seq, Err(cause.clone()));
            }
        }
        self.post();
    }

    /// The process answers nonsense: a fresh one goes on.
    pub(super) fn mismatched(&mut self, mismatch: Mismatch, now: Duration) {
        empty(&mut self.inbox);
        match self.process.as_mut().and_then(|process| process.shutdown.take()) {
            // It said something after its last answer, or after it had closed its input.
            Some((shutdown, Why::Retired)) => {
                self.put_back(shutdown, Why::Retired);
                self.extra(&mismatch.0);
            }
            Some((shutdown, _)) => self.put_back(shutdown, Why::Mismatch(mismatch)),
            None => self.end(Step::Kill, Why::Mismatch(mismatch), now),
        }
    }

    fn put_back(&mut self, shutdown: Shutdown, why: Why) {
        if let Some(process) = &mut self.process {
            process.shutdown = Some((shutdown, why));
        }
    }

    /// An item is charged only if the process gave no sound answer, since it might be the item's fault; else every process
    /// could do that for ever.
    fn mismatch_ended(&mut self, mismatch: &Mismatch) {
        let (charged, starting) = (!self.in_flight.has_answered_items(), self.in_flight.awaits_greeting());
        self.bury();
        if !self.protocol.names_items() {
            self.unsure(&mismatch.0);
        } else if starting {
            self.failed_to_start(&mismatch.0);
        } else if charged {
            self.charge(None, &lost(None, &mismatch.0));
        } else {
            self.warn(format!("worker {} {mismatch}; a fresh one takes its place", self.rules.number));
        }
    }

    /// Which answer belongs to which item is not known: the results are not to be trusted.
    fn unsure(&mut self, why: &str) {
        let range = self.in_flight.range();
        let which = range.map_or(String::new(), |(low, high)| match low == high {
            true => format!("; the result of item {low} is unsure"),
            false => format!("; the results of items {low} to {high} are unsure"),
        });
        let number = self.rules.number;
        self.break_off(anyhow!(
            "worker {number} {why}{which}; with --protocol lines each line must be answered by one line"
        ));
    }

    /// The process says that it will never do what it is to do. What is wrong with the command line stays so; what failed
    /// otherwise may go well in a fresh one.
    pub(super) fn refused(&mut self, refused: Refused, now: Duration) {
        empty(&mut self.inbox);
        if refused.status != USAGE {
            return self.end(Step::Term, Why::NotReady(format!("said:\n{}", refused.why)), now);
        }
        self.break_off(refused.into());
        if let Some(process) = &mut self.process {
            process.gets_no_more();
        }
    }

    /// A process could not be started, or ended before it did anything.
    fn failed_to_start(&mut self, how: &str) {
        if self.rules.failed_starts.fetch_add(1, Ordering::Relaxed) + 1 < STARTS {
            return;
        }
        let said = String::from_utf8_lossy(self.stderr.said()).into_owned();
        let mut text = format!("workers cannot start: {STARTS} in a row ended before their first answer; the last");
        // Writing to a string does not fail.
        let _ = write!(text, " {how}");
        if let Some(last) = said.lines().last() {
            let _ = write!(text, " and said {}", Quoted(last.as_bytes()));
        }
        self.break_off(anyhow!(text));
    }

    /// The system could not start one.
    pub(super) fn cannot_start(&mut self, errno: Errno, now: Duration) {
        self.restart_later(now);
        if matches!(errno, Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM) {
            self.post();
            // Those that have a process do them.
            let left = self.in_flight.give_up();
            self.act(Action::GiveBack(left));
            return self.act(Action::OutOfProcesses(errno));
        }
        let error = std::io::Error::from(errno);
        self.failed_to_start(&format!("could not be started: {error}"));
    }

    fn break_off(&mut self, error: anyhow::Error) {
        self.give_up();
        self.broken = true;
        self.act(Action::BreakOff(error));
    }

    fn warn(&mut self, text: String) {
        self.act(Action::Warn(text));
    }
}

/// An item whose worker is gone.
fn lost(end: Option<ProcessEnd>, how: &str) -> Failure {
    Failure::new(FailureKind::Lost(end), format!("was at work when its worker {how}")).transient()
}
