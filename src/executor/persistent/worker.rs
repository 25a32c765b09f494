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
use super::station::Station;
use super::voice::Voice;
use crate::base::buffer::empty;
use crate::base::chunk::{Block, Claim};
use crate::base::item::Seq;
use crate::base::result::Results;
use crate::base::stream::Stream;
use crate::command::words::Words;
use crate::engine::Ring;
use crate::process::child::ending;

/// How long to wait when the reader of the results is slow, or something has run out.
pub(super) const AGAIN: Duration = Duration::from_millis(50);

/// How often the memory of a process and orphans that have ended are seen to.
pub(super) const NOW_AND_THEN: Duration = Duration::from_millis(200);

/// A worker.
pub(super) struct Worker {
    pub(super) shared: Arc<Shared>,
    pub(super) station: Arc<Station>,
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
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, station: Arc<Station>) -> Result<Worker, Errno> {
        let number = station.number;
        let mut protocol =
            (shared.team.protocol)(number).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let mut spawner = Spawner::new()?;
        protocol.hands_on().into_iter().for_each(|file| spawner.hand_on(file));
        Ok(Worker {
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
            voice: Voice::new(number),
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
            shared,
            station,
        })
    }

    /// From its start to the end of the run.
    pub(super) fn live(mut self) {
        if self.shared.team.nice != 0 {
            // Its processes inherit it from this thread. More than may be asked for is as much as there is.
            let _ = limits::be_nice(self.shared.team.nice);
        }
        while !self.shared.lock().closed {
            if self.shared.ending() != ending::NONE {
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
            self.shared.up.fetch_sub(std::mem::take(&mut self.buried), Ordering::SeqCst);
            (self.shared.team.ring)(Ring::Now);
        }
    }

    /// Claims what there is room for, and writes it.
    fn fill(&mut self) {
        if self.mate.is_none() && !self.flight.is_empty() && !self.start() {
            return;
        }
        while self.has_room() && self.is_next() && self.shared.has_work() {
            if self.mate.is_none() && !self.start() {
                return;
            }
            let Some((block, claim)) = self.shared.claim(self.room()) else { break };
            self.shared.hire();
            self.send(block, claim);
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
        self.flight.is_empty() || !self.shared.team.stations.idles()
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
        let empty = || if team.again.retries > 0 { Results::with_ends() } else { team.format.results() };
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
        self.environment.push(format!("PARJOB_WORKER={}", self.station.number).as_bytes());
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
            guard(self.station.number - 1, pid);
        }
        self.station.pid.store(pid, Ordering::Relaxed);
        self.shared.up.fetch_add(1, Ordering::SeqCst);
        self.started = team.clock.now();
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
        self.winding |= self.shared.is_done();
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
            self.station.bell.silence();
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
