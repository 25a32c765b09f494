//! How items go to a worker's process and answers come back.
//!
//! A protocol turns chunks into bytes for the process and its bytes into answers; it knows neither processes nor
//! pipes. It tells answers to the [`InFlight`], which knows the items that have none yet. A new protocol is a file here;
//! [`super::PersistentConfig::protocol`] makes one for each worker.

mod frames;
mod json;
mod lines;
mod python;

use std::fmt;
use std::os::fd::OwnedFd;

use super::in_flight::InFlight;
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq};
use crate::command::words::Words;

pub use frames::Frames;
pub use json::Json;
pub use lines::Lines;
pub use python::Python;

/// The language between a worker and its process. Each worker has one of its own.
pub trait Protocol: Send {
    /// A fresh process is there: forgets everything about the one before, and appends what it is to read first.
    /// Where that has an answer of its own, it calls [`InFlight::expect_greeting`]; a process that ends before it has
    /// given that could not start.
    fn begin(&mut self, _in_flight: &mut InFlight, _out: &mut Vec<u8>) {}

    /// Appends what the process is to read for these items. One that cannot be sent is refused
    /// ([`InFlight::refuse`]).
    fn encode(&mut self, chunk: &Chunk<'_>, in_flight: &mut InFlight, out: &mut Vec<u8>);

    /// Takes the answers out of what the process wrote, as far as they are whole; the number of bytes that are used
    /// up. What is left comes again, with more behind it.
    ///
    /// # Errors
    ///
    /// This is no answer, or not to an item in flight. The process is replaced.
    fn decode(&mut self, bytes: &[u8], in_flight: &mut InFlight) -> Result<usize, Mismatch>;

    /// The item that the process was at when it ended, where the protocol knows. Else it is what
    /// [`InFlight::note_at`] was told last, or the first item without an answer.
    fn at(&mut self) -> Option<Seq> {
        None
    }

    /// A file that each process is to inherit, under the number that it has here. Asked for once.
    fn hands_on(&mut self) -> Option<OwnedFd> {
        None
    }

    /// Appends words that stand before those of the command, behind the program's name.
    fn words(&self, _words: &mut Words) {}

    /// How many items the process works on at a time, beginning with [`Protocol::at`]. They are charged together.
    fn at_once(&mut self) -> u64 {
        1
    }

    /// Whether the process may hold answers back until it gets more items. Else silence only means that it works.
    fn holds_back(&self) -> bool {
        true
    }

    /// So many items must be in flight for the process to have enough to do.
    fn wants(&self) -> usize {
        1
    }

    /// Whether what is appended for items is the same whether they come together or one by one.
    fn encodes_singly(&self) -> bool {
        true
    }

    /// Whether the process can be kept from beginning what it has been sent ([`Protocol::stop`]).
    fn can_stop(&self) -> bool {
        false
    }

    /// Keeps the process from beginning another item; the last one that it has begun, 0 where it is at none. It takes no
    /// notice of anything until it comes to what [`Protocol::go_on`] appends, and tells so
    /// ([`InFlight::note_stopped`]). `None` where that cannot be done now.
    fn stop(&mut self) -> Option<Seq> {
        None
    }

    /// Appends what makes a process that was stopped go on.
    fn go_on(&mut self, _out: &mut Vec<u8>) {}

    /// Whether an answer tells its item. If not, one too many or too few makes the answers of a process unsure.
    fn names_items(&self) -> bool {
        true
    }
}

/// No answer is longer.
pub(super) const MOST: usize = 1 << 30;

/// Whether a line that has not ended yet is of a sensible length.
pub(super) fn not_too_long(bytes: usize) -> Result<(), Mismatch> {
    if bytes <= MOST { Ok(()) } else { Err(Mismatch(format!("wrote a line of more than {MOST} bytes"))) }
}

/// What a process wrote is no answer to what it was given: a predicate of the worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch(pub String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a worker says of an item that failed: why, in one line, and where, in several or none.
pub(super) fn answered(error: &str, traceback: &str) -> Failure {
    let failure = Failure::item(format!("failed: {error}")).transient();
    if traceback.is_empty() { failure } else { failure.with_detail(traceback) }
}
