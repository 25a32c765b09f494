//! What a worker does with the output of its process while that runs: keeps it, or passes it on at once.

use std::io;
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::Context;
use crate::base::failure::signal_name;
use crate::base::item::{Attempt, Quoted, Seq};
use crate::base::stream::Stream;
use crate::command::recipe::Timeout;
use crate::engine::{Fate, Ran};
use crate::output::{Body, LineSplitter, Output, Tagger};
use crate::process::orders::Attendant;

/// How much of standard error is kept for a message.
const SAID: usize = 512;

/// While so much is on its way to a slow reader, processes are left to wait.
const FULL: usize = 8 << 20;

/// Bytes of output that has the stream to itself while it comes, where there is no order.
const LARGE: u64 = 3 << 20;

/// Less than this is copied, so that a large buffer is not given away for it.
const SMALL: usize = 4096;

/// When output goes out before the process has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// Never.
    No,
    /// When its item is the next in order.
    AtFront,
    /// Without an order: once it is more than memory keeps, unless that of another item does so already.
    WhenLarge,
    /// At once.
    Always,
}

/// The output of one attempt.
pub(super) struct Capture<'a> {
    pub(super) cx: &'a Context<'a>,
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

impl Capture<'_> {
    fn goes_out(&self) -> bool {
        match self.live {
            Live::No => false,
            Live::AtFront => self.cx.slot.is_front(self.seq),
            Live::WhenLarge => self.cx.slot.owns_stream(self.seq),
            Live::Always => true,
        }
    }

    /// Takes the stream once there is more than memory keeps: written to a file and read back it would take longer.
    fn take_stream_if_large(&mut self) {
        let is_large = self.live == Live::WhenLarge && self.output.len() > LARGE;
        if is_large && self.cx.slot.take_stream(self.seq) {
            self.post();
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
            let output = std::mem::replace(&mut self.output, Output::new(&self.cx.slot.config().room));
            let part = Ran::part(self.seq, self.attempt, output);
            let owns = self.live == Live::WhenLarge;
            self.cx.slot.post(if owns { Ran { fate: Fate::OwnsStream, ..part } } else { part });
        }
    }

    fn note_said(&mut self, bytes: &[u8]) {
        let end = &bytes[bytes.len().saturating_sub(SAID)..];
        let over = (self.said.len() + end.len()).saturating_sub(SAID);
        self.said.drain(..over.min(self.said.len()));
        self.said.extend_from_slice(end);
    }
}

impl Attendant for Capture<'_> {
    fn take(&mut self, stream: Stream, bytes: &mut Vec<u8>) {
        self.received += bytes.len() as u64;
        if stream == Stream::Err || self.cx.config.command.merge {
            self.note_said(bytes);
        }
        self.shape(stream, bytes);
        if bytes.is_empty() {
            return;
        }
        if !self.goes_out() {
            self.keep(stream, bytes);
            self.cx.slot.hold_output();
            // It may have come to the front meanwhile; then nobody rings.
            if self.goes_out() {
                self.post();
            }
            self.take_stream_if_large();
        } else if bytes.len() < SMALL {
            self.keep(stream, bytes);
            self.post();
        } else {
            self.post();
            let spare = self.cx.slot.config().spares.get();
            *self.output.of(stream) = Body::with(std::mem::replace(bytes, spare), &self.cx.slot.config().room);
            self.post();
        }
    }

    fn woken(&mut self) {
        if self.goes_out() {
            self.post();
        }
    }

    fn is_full(&self) -> bool {
        let outgoing = self.cx.slot.config().room.outgoing() > FULL && self.goes_out();
        // What is kept waits for others: as long as there is room for it.
        outgoing || !self.cx.slot.may_print()
    }

    fn stopped(&mut self, signal: i32) {
        let (seq, item, name) = (self.seq, Quoted(self.item), signal_name(signal));
        let grace = self.cx.config.command.grace;
        let text = format!("item {seq} {item} was stopped by {name}; it is killed in {grace:?} unless it goes on");
        self.cx.slot.warn(text);
    }

    fn ended(&mut self) {
        self.cx.slot.end_start();
    }

    fn others_hold(&self) -> bool {
        self.cx.slot.others_hold(self.start)
    }

    fn meanwhile(&mut self) {
        self.cx.slot.look_around();
        self.cx.note_killed();
    }

    fn look_again(&self) -> Option<Duration> {
        let follows = matches!(self.cx.config.command.timeout, Some(Timeout::Percent(_)));
        self.cx.slot.look_again(follows)
    }

    fn signal_strays(&mut self, signal: Signal, group: Pid) {
        if let Some(strays) = &self.cx.config.strays {
            strays(self.seq, self.attempt, signal, group);
        }
    }
}
