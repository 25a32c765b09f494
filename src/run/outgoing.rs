//! Results on their way to the writer: small ones together, large ones as they are.

use std::rc::Rc;
use std::sync::Arc;

use super::reorder::Ready;
use crate::buffer::Spares;

/// Gathers bytes for the writer and counts those that it has not written.
pub(super) struct Outgoing<'a> {
    send: &'a mut dyn FnMut(Vec<u8>),
    spares: Arc<Spares>,
    gathered: Vec<u8>,
    /// Bytes collected from the engine, or made here, and not written yet.
    unwritten: usize,
}

/// So many bytes are worth a write of their own.
const ENOUGH: usize = 64 * 1024;

impl<'a> Outgoing<'a> {
    pub(super) fn new(spares: Arc<Spares>, send: &'a mut dyn FnMut(Vec<u8>)) -> Outgoing<'a> {
        Outgoing { send, spares, gathered: Vec::new(), unwritten: 0 }
    }

    /// So many bytes have come from the engine.
    pub(super) fn collected(&mut self, bytes: usize) {
        self.unwritten += bytes;
    }

    /// So many bytes are written, or will never be.
    pub(super) fn gone(&mut self, bytes: usize) {
        self.unwritten = self.unwritten.saturating_sub(bytes);
    }

    pub(super) fn unwritten(&self) -> usize {
        self.unwritten
    }

    /// Sends a result that was collected, after everything before it.
    pub(super) fn pass_on(&mut self, ready: Ready) {
        let Ready { bytes, range, .. } = ready;
        if range.len() >= ENOUGH && range.len() == bytes.len() {
            self.flush();
            (self.send)(Rc::try_unwrap(bytes).unwrap_or_else(|shared| shared.to_vec()));
            return;
        }
        self.gathered.extend_from_slice(&bytes[range]);
        if self.gathered.len() >= ENOUGH {
            self.flush();
        }
        if let Ok(bytes) = Rc::try_unwrap(bytes) {
            self.spares.put(bytes);
        }
    }

    /// Sends bytes that were made here: a header, an answer.
    pub(super) fn add(&mut self, bytes: Vec<u8>) {
        self.unwritten += bytes.len();
        self.gathered.extend_from_slice(&bytes);
    }

    /// Sends what is gathered. Nothing stays here while the loop waits.
    pub(super) fn flush(&mut self) {
        if !self.gathered.is_empty() {
            (self.send)(std::mem::replace(&mut self.gathered, self.spares.get()));
        }
    }
}
