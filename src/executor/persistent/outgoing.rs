//! What is to be written to a worker's process, and which items those bytes are: what the pipe has not taken yet can be
//! taken back.

use super::in_flight::{InFlight, Part};
use super::protocol::Protocol;
use crate::base::buffer::empty;

/// Bytes on their way to a process.
#[derive(Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
    chunks: Vec<Encoded>,
}

/// The items of some of the bytes.
struct Encoded {
    part: Part,
    start: usize,
    end: usize,
}

impl Outgoing {
    /// Appends what is no item.
    pub(super) fn push_with(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        append(&mut self.bytes);
    }

    /// Appends items.
    pub(super) fn push(&mut self, part: Part, protocol: &mut dyn Protocol, in_flight: &mut InFlight) {
        let start = self.bytes.len();
        protocol.encode(&part.0.chunk(&part.1), in_flight, &mut self.bytes);
        self.chunks.push(Encoded { part, start, end: self.bytes.len() });
    }

    /// What the pipe has not taken.
    pub(super) fn unwritten(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.written == self.bytes.len()
    }

    /// The pipe has taken so many bytes.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        if self.is_empty() {
            self.clear();
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        empty(&mut self.bytes);
        self.chunks.clear();
        self.written = 0;
    }

    /// Whether there are items of which the pipe has taken nothing, behind the one that it is at.
    pub(super) fn has_spare(&self) -> bool {
        !self.is_empty() && self.chunks.last().is_some_and(|last| last.start >= self.written || last.part.1.items() > 1)
    }

    /// Takes back the items of which the pipe has taken nothing, but for the first item of all where it has taken none.
    pub(super) fn take_back(&mut self, protocol: &mut dyn Protocol, in_flight: &mut InFlight) -> Vec<Part> {
        let mut back = Vec::new();
        while let Some(last) = self.chunks.pop_if(|last| last.end > self.written) {
            let whole = last.start >= self.written && (last.start > 0 || self.written > 0);
            let keep = if whole { 0 } else { self.begun(&last, protocol, in_flight) };
            let (block, claim) = last.part;
            let chunk = block.chunk(&claim);
            let before = chunk.split(keep).0;
            let kept = claim.first(keep, before.bytes.len());
            self.bytes.truncate(last.start);
            if keep > 0 {
                protocol.encode(&block.chunk(&kept), in_flight, &mut self.bytes);
                self.chunks.push(Encoded { part: (block.clone(), kept), start: last.start, end: self.bytes.len() });
            }
            let mut rest = claim;
            rest.advance(keep, kept.len());
            if !rest.is_empty() {
                back.push((block, rest));
            }
            if keep > 0 {
                break;
            }
        }
        back.reverse();
        back
    }

    /// How many items of a chunk must stay, since the pipe has taken a part of them.
    fn begun(&self, chunk: &Encoded, protocol: &mut dyn Protocol, in_flight: &mut InFlight) -> usize {
        let (block, claim) = &chunk.part;
        if !protocol.encodes_singly() {
            return claim.items();
        }
        let mut bytes = Vec::new();
        for (place, item) in block.chunk(claim).singly().enumerate() {
            protocol.encode(&item, in_flight, &mut bytes);
            if chunk.start + bytes.len() >= self.written.max(chunk.start + 1) {
                return place + 1;
            }
        }
        claim.items()
    }
}
