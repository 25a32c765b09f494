//! Results on their way to the writer: small ones together, large ones as they are.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use super::reorder::{Ready, Results};
use crate::base::buffer::Spares;
use crate::base::stream::Stream;
use crate::output::{Body, Load, Output};

/// Gathers bytes for the writer and counts those that it has not written.
pub(super) struct Outgoing<'a> {
    send: &'a mut dyn FnMut(Load),
    spares: Arc<Spares>,
    /// Where the gathered bytes are to appear.
    stream: Stream,
    gathered: Vec<u8>,
    /// An empty body that counts as those do whose bytes are gathered.
    like: Body,
    /// Bytes collected from the engine, or made here, and not written yet.
    unwritten: usize,
    /// Those of them that the writer has.
    sent: usize,
}

/// So many bytes are worth a write of their own.
const ENOUGH: usize = 64 * 1024;

impl<'a> Outgoing<'a> {
    pub(super) fn new(spares: Arc<Spares>, send: &'a mut dyn FnMut(Load)) -> Outgoing<'a> {
        Outgoing {
            send,
            spares,
            stream: Stream::Out,
            gathered: Vec::new(),
            like: Body::default(),
            unwritten: 0,
            sent: 0,
        }
    }

    /// So many bytes have come from the engine.
    pub(super) fn collected(&mut self, bytes: usize) {
        self.unwritten += bytes;
    }

    /// Bytes were written.
    pub(super) fn written(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_sub(bytes);
        self.unwritten = self.unwritten.saturating_sub(bytes);
    }

    /// Bytes will not be written now, or never.
    pub(super) fn withheld(&mut self, bytes: usize) {
        self.unwritten = self.unwritten.saturating_sub(bytes);
    }

    /// Bytes that the writer has and has not written, or that are about to be sent.
    pub(super) fn on_the_way(&self) -> usize {
        self.sent + self.gathered.len()
    }

    pub(super) fn unwritten(&self) -> usize {
        self.unwritten
    }

    /// Sends a result that was collected, after everything before it.
    pub(super) fn pass_on(&mut self, ready: Ready) {
        match ready.results {
            Results::Part { bytes, range } => self.pass_on_part(bytes, range),
            Results::Output(Output { out, err }) => {
                self.pass_on_body(Stream::Out, out);
                self.pass_on_body(Stream::Err, err);
            }
        }
    }

    fn send(&mut self, load: Load) {
        self.sent += usize::try_from(load.body.len()).unwrap_or(usize::MAX);
        (self.send)(load);
    }

    fn pass_on_part(&mut self, bytes: Rc<Vec<u8>>, range: Range<usize>) {
        if range.len() >= ENOUGH && range.len() == bytes.len() {
            self.flush();
            self.send(Rc::try_unwrap(bytes).unwrap_or_else(|shared| shared.to_vec()).into());
            return;
        }
        self.gather(Stream::Out, &bytes[range]);
        if let Ok(bytes) = Rc::try_unwrap(bytes) {
            self.spares.put(bytes);
        }
    }

    fn pass_on_body(&mut self, stream: Stream, mut body: Body) {
        let small = body.len() < ENOUGH as u64;
        match small.then(|| body.take_bytes()).flatten() {
            Some(bytes) => {
                self.gather(stream, &bytes);
                self.like = body;
            }
            // Even little may be in the file: when there was no room.
            None => {
                self.flush();
                body.leave();
                self.send(Load { stream, body });
            }
        }
    }

    /// Adds bytes to those that go out together: as long as they go to the same stream, so that a terminal shows both
    /// in their order.
    fn gather(&mut self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if stream != self.stream {
            self.flush();
            self.stream = stream;
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= ENOUGH {
            self.flush();
        }
    }

    /// Sends bytes that were made here: a header, an answer.
    pub(super) fn add(&mut self, bytes: Vec<u8>) {
        self.unwritten += bytes.len();
        self.gather(Stream::Out, &bytes);
    }

    /// Sends what is gathered. Nothing stays here while the loop waits.
    pub(super) fn flush(&mut self) {
        if !self.gathered.is_empty() {
            let mut body = self.like.like();
            body.fill(std::mem::replace(&mut self.gathered, self.spares.get()));
            body.leave();
            self.send(Load { stream: self.stream, body });
        }
    }
}
