//! The ledger: the durable record of a run, which a later run goes on from.
//!
//! [`open()`] reads what earlier runs wrote and locks the file; what it returns tells which items are done, and takes
//! the records of this run, from any thread. An item is known by its bytes, not by its number: a list may grow at its
//! front and be resumed all the same. What was done to the items stands in the header, and must be the same.
//! [`joblog`] writes the table that GNU parallel writes, for tools that read that.
//!
//! This room knows nothing of processes, of retries or of who decides what runs. docs/ledger.md says what a user may
//! rely on.

mod append;
pub mod joblog;
mod line;
mod open;
mod past;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

use bstr::ByteSlice;

use crate::base::item::{Quoted, Seq};

pub use open::{Cause, OpenError, Opened, is_misnamed, look, open};
pub use past::Done;
pub use write::Ledger;

/// How a ledger is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// There must be no ledger yet; an empty file is none.
    New,
    /// Does what no record says is done. Where there is no ledger, that is everything, and one is begun: so the
    /// command that is started again after each interruption may be the same from the first time.
    Resume,
    /// Does only what failed when it was last tried.
    RetryFailed,
}

/// What is done to the items: the operation's name, then whatever else decides what an item means (the command's
/// words, the shell, the batch, what stands on standard input). At least one word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work(pub Vec<Vec<u8>>);

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, word) in self.0.iter().enumerate() {
            let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_=+./:,@%^{}".contains(byte);
            match word.to_str() {
                Ok(text) if !text.is_empty() && word.iter().all(plain) => {
                    write!(f, "{}{text}", if n == 0 { "" } else { " " })?;
                }
                _ => write!(f, "{}{}", if n == 0 { "" } else { " " }, Quoted(word))?,
            }
        }
        Ok(())
    }
}

/// An item that was under way when an earlier run was killed: how far it came is not known. It stands so as a
/// message tells it: `item 12: "photo 1.jpg"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// Its number in that run.
    pub seq: Seq,
    /// Its bytes; of a long one the beginning.
    pub item: Box<[u8]>,
    /// How many bytes it had.
    pub len: u64,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Quoted(&self.item).to_string();
        match shown.rsplit_once("…\" (") {
            Some((text, _)) if self.is_cut() => write!(f, "item {}: {text}…\" ({} bytes)", self.seq, self.len),
            _ => write!(f, "item {}: {shown}", self.seq),
        }
    }
}
