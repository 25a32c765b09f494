//! One worker's life: claims chunks, writes them to its process, reads the answers, hands on the results.
//!
//! What is done when a process dies, hangs or answers nonsense stands in [`super::trouble`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parjob_sys::limits;
use parjob_sys::spawn::Spawner;
use rustix::io::Errno;

use super::Shared;
use super::ahead::{Ahead, WINDOW};
use super::flight::Flight;
use super::mate::{Mate, Read};
use super::protocol::{Mismatch, Protocol};
use super::rest::Ready;
use super::voice::Voice;
use crate::base::buffer::empty;
use crate::base::chunk::{Block, Claim};
use crate::base::item::Seq;
use crate::base::result::Results;
use crate::base::stream::Stream;
use crate::command::words::Words;
use crate::engine::{Claimed, Executor, Slot};
use crate::op::Tally;
use crate::process::child::ending;
use crate::process::clock::Bell;

/// How long to wait when the reader of the results is slow, or something has run out.
pub(super) const AGAIN: Duration = Duration::from_millis(50);

/// How often the memory of a process and orphans that have ended are seen to.
pub(super) const NOW_AND_THEN: Duration = Duration::from_millis(200);

/// A worker that has not begun.
pub(super) struct Persistent {
    shared: Arc<Shared>,
    protocol: Box<dyn Protocol>,
    spawner: Spawner,
    bell: Arc<Bell>,
}

impl Persistent {
    pub(super) fn new(shared: Arc<Shared>, slot: &Slot) -> Result<Persistent, Errno> {
        let protocol = (shared.team.protocol)(slot.number());
        let mut protocol = protocol.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let mut spawner = Spawner::new()?;
        protocol.hands_on().into_iter().for_each(|file| spawner.hand_on(file));
        Ok(Persistent { shared, protocol, spawner, bell: slot.bell()? })
    }
}

impl Executor for Persistent {
    fn run(self: Box<Self>, slot: &Slot) -> Option<Box<dyn Tally>> {
        Worker::new(*self, slot).live();
        None
    }
}

/// A worker.
pub(super) struct Worker<'s> {
    pub(super) shared: Arc<Shared>,
    pub(super) slot: &'s Slot,
    pub(super) bell: Arc<Bell>,
    pub(super) protocol: Box<dyn Protocol>,
    pub(super) spawner: Spawner,
    words: Words,
    pub(super) environment: Words,
    pub(super) mate: Option<Mate>,
    pub(super) flight: Flight,
    pub(super) ahead: Ahead,
    /// What is to be written to the process, and how much of it is.
    pub(super) out: Vec<u8>,
    pub(super) written: usize,
    /// What the process wrote and is not read as answers yet.
    pub(super) inbox: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) voice: Voice,
    /// When the process was started, by the run's clock.
    pub(super) started: Duration,
    /// When the item that the process is at began, by the run's clock.
    pub(super) began: Duration,
    /// The item that it notes itself.
    pub(super) at: Option<Seq>,
    /// The item whose time began then.
    pub(super) timed: Option<Seq>,
    /// The items that this process was given.
    given: u64,
    /// This process gets nothing more.
    pub(super) winding: bool,
    /// It has seen the end of its input.
    pub(super) closed: bool,
    /// How many answers came last time.
    pub(super) came: usize,
    looked: Instant,
    /// The processes whose end the others do not know of yet.
    pub(super) buried: usize,
    /// It counts as active.
    has_turn: bool,
    /// It ends before the run does.
    pub(super) leaves: bool,
    /// When the next item may start.
    pub(super) not_before: Option<Instant>,
}

impl Worker<'_> {
    fn new(persistent: Persistent, slot: &Slot) -> Worker<'_> {
        let Persistent { shared, protocol, spawner, bell } = persistent;
        Worker {
            words: words(&shared.team.words, &*protocol),
            ahead: Ahead::new(protocol.wants(), protocol.names_items() && protocol.holds_back()),
            protocol,
            spawner,
            environment: Words::default(),
            mate: None,
            flight: Flight::default(),
            out: Vec::new(),
            written: 0,
            inbox: Vec::new(),
            bytes: Vec::new(),
            voice: Voice::new(slot.number()),
            started: Duration::ZERO,
            began: Duration::ZERO,
            at: None,
            timed: None,
            given: 0,
            winding: false,
            closed: false,
            came: 0,
            looked: Instant::now(),
            buried: 0,
            has_turn: false,
            leaves: false,
            not_before: None,
            shared,
            slot,
            bell,
        }
    }

    /// From its start to the end of the run.
    pub(super) fn live(mut self) {
        if self.shared.team.nice != 0 {
            // Its processes inherit it from this thread. More than may be asked for is as much as there is.
            let _ = limits::be_nice(self.shared.team.nice);
        }
        while !self.slot.is_closed() && !self.leaves {
            if self.slot.ending() != ending::NONE {
                break;
            }
            self.fill();
            if self.see_to_deafness() {
                continue;
            }
            self.wind_up();
            self.sign_off();
            let ready = self.wait();
            self.listen(ready);
            self.look_after();
        }
        self.cancel();
        self.sign_off();
    }

    /// Lets the run know that processes have ended: once everything that is to be said of that is said.
    fn sign_off(&mut self) {
        if self.buried > 0 {
            self.slot.processes_ended(std::mem::take(&mut self.buried));
        }
    }

    /// Claims what there is room for, and writes it.
    fn fill(&mut self) {
        if self.mate.is_none() && !self.flight.is_empty() && !self.start() {
            return;
        }
        self.not_before = None;
        while self.has_room() && self.is_next() && self.slot.has_work() {
            if self.mate.is_none() && !self.start() {
                return;
            }
            match self.slot.try_claim(self.room(), self.has_turn) {
                Claimed::Items(block, claim) => {
                    self.has_turn = true;
                    self.send(block, claim);
                }
                Claimed::NotBefore(at) => {
                    self.not_before = Some(at);
                    break;
                }
                Claimed::Nothing => break,
            }
        }
        if self.has_turn && self.flight.is_empty() {
            self.has_turn = false;
            self.slot.end_turn();
        }
        self.push();
    }

    /// Whether this process can be given more.
    pub(super) fn has_room(&self) -> bool {
        if self.winding || self.mate.as_ref().is_some_and(|mate| !mate.hears()) {
            return false;
        }
        let items = self.flight.items();
        let few = items <= self.ahead.limit() / 2 && self.flight.bytes() <= WINDOW / 2;
        items == 0 || few && !self.shared.team.one_by_one
    }

    /// Whether what is to be claimed is for this worker: nothing is to queue behind an item while another worker idles.
    pub(super) fn is_next(&self) -> bool {
        self.flight.is_empty() || !self.slot.others_idle()
    }

    /// How many items it can be given now.
    fn room(&self) -> usize {
        if self.shared.team.one_by_one {
            return 1;
        }
        let items = self.flight.items();
        let each = self.flight.bytes().checked_div(items).unwrap_or(16);
        let window = WINDOW.saturating_sub(self.flight.bytes()) / each.max(1);
        let left = self.shared.team.recycle.map_or(u64::MAX, |most| most.saturating_sub(self.given));
        let limit = self.ahead.limit().saturating_sub(items).min(window);
        limit.min(usize::try_from(left).unwrap_or(usize::MAX)).max(1)
    }

    fn send(&mut self, block: Arc<Block>, claim: Claim) {
        let first = self.flight.items() == 0;
        let team = &self.shared.team;
        let empty = || if self.slot.retry().retries > 0 { Results::with_ends() } else { team.format.results() };
        let parts = self.flight.add(block, claim, empty);
        self.encode(parts);
        self.ahead.sent(first);
        self.land();
        if self.shared.team.recycle.is_some_and(|most| self.given >= most) {
            self.winding = true;
        }
    }

    pub(super) fn encode(&mut self, parts: impl IntoIterator<Item = (Arc<Block>, Claim)>) {
        for (block, claim) in parts {
            let chunk = block.chunk(&claim);
            self.flight.note_sent(&chunk);
            self.given += chunk.count as u64;
            self.protocol.encode(&chunk, &mut self.flight, &mut self.out);
        }
    }

    /// Starts a process, and gives it again what has no answer.
    fn start(&mut self) -> bool {
        let team = &self.shared.team;
        self.environment.clear();
        self.environment.push(format!("PARJOB_WORKER={}", self.slot.number()).as_bytes());
        let environment = [&team.environment, &self.environment];
        let mate = match Mate::start(&mut self.spawner, &team.program, &self.words, environment) {
            Ok(mate) => mate,
            Err(errno) => {
                self.cannot_start(errno);
                return false;
            }
        };
        let pid = mate.pid.as_raw_nonzero().get();
        if let Some(guard) = &team.guard {
            guard(self.slot.number() - 1, pid);
        }
        self.slot.process_started(pid);
        self.started = self.slot.clock().now();
        (self.began, self.at, self.timed) = (self.started, None, None);
        self.mate = Some(mate);
        (self.given, self.winding) = (0, false);
        self.flight.begin();
        self.protocol.begin(&mut self.flight, &mut self.out);
        let parts = self.flight.all_to_send();
        self.encode(parts);
        self.ahead.sent(true);
        true
    }

    /// Writes what the pipe takes.
    fn push(&mut self) {
        let Some(mate) = self.mate.as_mut().filter(|_| !self.out.is_empty()) else { return };
        self.written += mate.write(&self.out[self.written..]);
        // Nobody reads it any more: its end will be heard of.
        if self.written == self.out.len() || !mate.hears() {
            self.write_no_more();
        }
    }

    /// Forgets what is not written yet.
    pub(super) fn write_no_more(&mut self) {
        if let Some(mate) = &mut self.mate {
            mate.is_spared(self.out.len() - self.written);
        }
        empty(&mut self.out);
        self.written = 0;
    }

    /// Closes the input of a process that gets nothing more. What it holds back comes out then, and it ends.
    fn wind_up(&mut self) {
        let Some(mate) = &mut self.mate else { return };
        let idle = self.flight.is_empty() && self.out.is_empty();
        self.winding |= self.slot.is_done();
        if self.winding && self.out.is_empty() && mate.hears() && mate.unread() == 0 {
            mate.close_input();
            self.closed = true;
        }
        if self.winding && idle {
            self.retire();
        }
    }

    /// Takes what has come.
    fn listen(&mut self, ready: Ready) {
        self.voice.mark();
        if ready.bell {
            self.bell.silence();
        }
        if let Some(mate) = self.mate.as_mut().filter(|_| ready.deaf) {
            mate.hears_no_more();
        }
        if ready.err {
            self.hear(false);
        }
        if ready.out {
            match self.read() {
                Ok(false) => {}
                Ok(true) => return self.is_gone(),
                Err(mismatch) => return self.mismatched(&mismatch),
            }
        }
        if ready.end {
            self.is_gone();
        }
        self.push();
    }

    /// Reads answers; whether there will be no more.
    pub(super) fn read(&mut self) -> Result<bool, Mismatch> {
        let Some(mate) = &mut self.mate else { return Ok(true) };
        let read = mate.read(Stream::Out, &mut self.inbox);
        if let Read::Some(_) = read {
            self.take()?;
        }
        Ok(read == Read::End)
    }

    /// Makes answers of what was read.
    fn take(&mut self) -> Result<(), Mismatch> {
        let before = (self.flight.answers(), self.flight.items());
        if !self.voice.said().is_empty()
            && let Some(seq) = self.flight.charged(None)
        {
            self.flight.note_said(seq, self.voice.said());
        }
        let used = self.protocol.decode(&self.inbox, &mut self.flight);
        if let Some(refused) = self.flight.refusal() {
            self.refused(refused);
            return Ok(());
        }
        let items = before.1 - self.flight.items();
        if self.flight.answers() > before.0 {
            self.voice.forget();
            self.shared.failed_starts.store(0, Ordering::Relaxed);
        }
        if items > 0 {
            self.ahead.answered(items);
            self.came = items;
        }
        self.land();
        self.inbox.drain(..used?);
        if self.inbox.is_empty() {
            empty(&mut self.inbox);
        }
        Ok(())
    }

    /// Does what is due.
    fn look_after(&mut self) {
        if self.looked.elapsed() >= NOW_AND_THEN {
            self.looked = Instant::now();
            let most = self.shared.team.recycle_rss;
            let memory = self.mate.as_ref().filter(|_| most.is_some()).and_then(Mate::memory);
            if memory.zip(most).is_some_and(|(memory, most)| memory > most) {
                self.winding = true;
            }
        }
        self.see_to_start();
        self.see_to_timeout();
        self.see_to_silence();
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
