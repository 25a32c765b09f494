//! `--protocol lines`: an item is a line, and so is its answer; which belongs to which is known by counting.
//!
//! Items whose delimiter is the newline go over as they stand in their block.

use super::super::in_flight::InFlight;
use super::{Mismatch, Protocol, not_too_long};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Fields, Seq};

/// One line in, one line out.
#[derive(Debug, Default)]
pub struct Lines {
    init: Option<Vec<u8>>,
    /// In so many bytes of what is left no line ends.
    scanned: usize,
}

impl Lines {
    /// With a first line for each process, whose answer is dropped.
    pub fn new(init: Option<Vec<u8>>) -> Lines {
        Lines { init, scanned: 0 }
    }
}

impl Protocol for Lines {
    fn begin(&mut self, in_flight: &mut InFlight, out: &mut Vec<u8>) {
        self.scanned = 0;
        if let Some(init) = &self.init {
            out.extend_from_slice(init);
            out.push(b'\n');
            in_flight.expect_greeting();
        }
    }

    fn encode(&mut self, chunk: &Chunk<'_>, in_flight: &mut InFlight, out: &mut Vec<u8>) {
        if chunk.delimiter == b'\n' && chunk.fields == Fields::One {
            return out.extend_from_slice(chunk.bytes);
        }
        for (item, seq) in chunk.with_fields().zip(chunk.first.0..) {
            if memchr::memchr(b'\n', item.text()).is_some() {
                in_flight.refuse(
                    Seq(seq),
                    Failure::constant("holds a newline, which ends a line; --protocol frames takes it"),
                );
            } else {
                out.extend_from_slice(item.text());
                out.push(b'\n');
            }
        }
    }

    fn decode(&mut self, bytes: &[u8], in_flight: &mut InFlight) -> Result<usize, Mismatch> {
        let used = in_flight.answer_lines(bytes, self.scanned.min(bytes.len()))?;
        self.scanned = bytes.len() - used;
        not_too_long(self.scanned)?;
        Ok(used)
    }

    fn names_items(&self) -> bool {
        false
    }
}
