//! What a worker does with the output of its process while that runs: keeps it, or passes it on at once.

use std::io;
use std::sync::atomic::Ordering;

use rustix::process::{Pid, Signal};

use super::Shared;
use super::place::Place;
use crate::base::failure::signal_name;
use crate::base::item::{Attempt, Quoted, Seq};
use crate::base::stream::Stream;
use crate::engine::Note;
use crate::engine::{Fate, Ran};
use crate::output::{Body, LineSplitter, Output, Tagger};
use crate::process::orders::Attendant;

/// How much of standard error is kept for a message.
const SAID: usize = 512;

/// While so much is on its way to a slow reader, processes are left to wait.
const FULL: usize = 8 << 20;

/// Less than this is copied, so that a large buffer is not given away for it.
const SMALL: usize = 4096;

/// When output goes out before the process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Live {
    /// Never.
    No,
    /// When its item is the next in order.
    AtFront,
    /// At once.
    Always,
}

/// The output of one attempt.
pub(super) struct Desk<'a> {
    pub(super) shared: &'a Shared,
    pub(super) place: &'a Place,
    pub(super) seq: Seq,
    pub(super) attempt: Attempt,
    pub(super) item: &'a [u8],
    pub(super) live: Live,
    /// Holds back what is not a whole line yet.
    pub(super) lines: Option<LineSplitter>,
    /// Puts the tag before each line.
    pub(super) tagger: Option<Tagger>,
    pub(super) output: Output,
    /// The bytes printed.
    pub(super) received: u64,
    /// The end of standard error.
    pub(super) said: Vec<u8>,
    /// What could not be kept.
    pub(super) lost: Option<io::Error>,
    /// Starts with lower numbers may have copied the ends of the pipes.
    pub(super) start: u64,
}

impl Desk<'_> {
    fn goes_out(&self) -> bool {
        match self.live {
            Live::No => false,
            Live::AtFront => self.shared.front.load(Ordering::SeqCst) == self.seq.0,
            Live::Always => true,
        }
    }

    fn keep(&mut self, stream: Stream, bytes: &[u8]) {
        if self.lost.is_none() {
            self.lost = self.output.of(stream).push(bytes).err();
        }
    }

    /// Makes whole lines and tags of what was read, where that is asked for.
    fn shape(&mut self, stream: Stream, bytes: &mut Vec<u8>) {
        if let Some(lines) = &mut self.lines {
            let mut whole = Vec::new();
            lines.push(stream, bytes, &mut whole);
            *bytes = whole;
        }
        if let Some(tagger) = &mut self.tagger {
            let mut tagged = Vec::new();
            tagger.push(stream, bytes, &mut tagged);
            *bytes = tagged;
        }
    }

    /// The process is gone: what was held back as part of a line goes on.
    pub(super) fn finish(&mut self) {
        let Some(mut lines) = self.lines.take() else { return };
        for stream in [Stream::Out, Stream::Err] {
            let mut rest = Vec::new();
            lines.finish(stream, &mut rest);
            self.shape(stream, &mut rest);
            self.keep(stream, &rest);
        }
    }

    /// Passes on what there is.
    fn post(&mut self) {
        if !self.output.is_empty() {
            let output = std::mem::replace(&mut self.output, Output::new(&self.shared.crew.room));
            self.shared.post(Ran {
                first: self.seq,
                items: 0,
                attempt: self.attempt,
                fate: Fate::AtWork,
                output,
                record: None,
                account: None,
            });
        }
    }

    fn note_said(&mut self, bytes: &[u8]) {
        let end = &bytes[bytes.len().saturating_sub(SAID)..];
        let over = (self.said.len() + end.len()).saturating_sub(SAID);
        self.said.drain(..over.min(self.said.len()));
        self.said.extend_from_slice(end);
    }
}

impl Attendant for Desk<'_> {
    fn take(&mut self, stream: Stream, bytes: &mut Vec<u8>) {
        self.received += bytes.len() as u64;
        if stream == Stream::Err {
            self.note_said(bytes);
        }
        self.shape(stream, bytes);
        if bytes.is_empty() {
            return;
        }
        if !self.goes_out() {
            self.keep(stream, bytes);
            self.place.holds.store(true, Ordering::SeqCst);
            // It may have come to the front meanwhile; then nobody rings.
            if self.goes_out() {
                self.post();
            }
        } else if bytes.len() < SMALL {
            self.keep(stream, bytes);
            self.post();
        } else {
            self.post();
            let spare = self.shared.crew.spares.get();
            *self.output.of(stream) = Body::with(std::mem::replace(bytes, spare), &self.shared.crew.room);
            self.post();
        }
    }

    fn woken(&mut self) {
        if self.goes_out() {
            self.post();
        }
    }

    fn is_full(&self) -> bool {
        // What is kept waits for others, not for the reader.
        self.shared.crew.room.outgoing() > FULL && self.goes_out()
    }

    fn stopped(&mut self, signal: i32) {
        let (seq, item, name) = (self.seq, Quoted(self.item), signal_name(signal));
        let grace = self.shared.crew.command.grace;
        let text = format!("item {seq} {item} was stopped by {name}; it is killed in {grace:?} unless it goes on");
        (self.shared.crew.tell)(Note::Warning(text));
    }

    fn ended(&mut self) {
        self.place.begin(0);
    }

    fn others_hold(&self) -> bool {
        self.shared.crew.roster.others_hold(self.place, self.start, self.shared.crew.clock.now())
    }

    fn meanwhile(&mut self) {
        self.shared.look_around();
    }

    fn signal_strays(&mut self, signal: Signal, group: Pid) {
        if let Some(strays) = &self.shared.crew.strays {
            strays(self.seq, self.attempt, signal, group);
        }
    }
}
