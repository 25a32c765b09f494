//! Items that processes have done, for the tests of this room.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::{Body, Output, Room};
use crate::base::item::{Attempt, Chunk, Fields, Seq};
use crate::base::outcome::{End, Record};

/// An attempt that went well.
pub(super) const RECORD: Record = Record {
    attempt: Attempt(2),
    worker: 3,
    pid: 4711,
    started: UNIX_EPOCH,
    took: Duration::from_micros(1_250_000),
    end: End::Exited(0),
    leaked: false,
};

/// Items of one field, the seventh and those after it. `bytes` ends with a NUL byte, as each item does.
pub(super) fn chunk(bytes: &[u8]) -> Chunk<'_> {
    let count = bytes.iter().filter(|byte| **byte == 0).count();
    Chunk { bytes, delimiter: 0, fields: Fields::One, first: Seq(7), count }
}

/// Room for so many bytes.
pub(super) fn room(limit: usize) -> Arc<Room> {
    Room::new(limit, u64::MAX, std::env::temp_dir())
}

/// What a process printed, in parts as they might come.
pub(super) fn output(room: &Arc<Room>, out: &[u8], err: &[u8]) -> Output {
    let mut output = Output::new(room);
    out.chunks(1000).for_each(|part| output.out.push(part).unwrap());
    err.chunks(1000).for_each(|part| output.err.push(part).unwrap());
    output
}

/// All bytes of a body.
pub(super) fn all(body: &Body) -> Vec<u8> {
    let mut bytes = Vec::new();
    body.read(|part| {
        bytes.extend_from_slice(part);
        Ok(())
    })
    .unwrap();
    bytes
}
