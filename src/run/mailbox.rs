//! What the run loop is told, and the box in which it finds it.

use std::sync::mpsc::Receiver;
use std::time::Instant;

use crate::base::chunk::Block;
use crate::engine::{Note, Ring};
use crate::output::Wrote;

/// What the loop is told, by whoever has something to tell.
#[derive(Debug)]
pub enum Message {
    /// Blocks were read.
    Blocks(Vec<Block>),
    /// The source has ended, or could not go on.
    SourceEnded(anyhow::Result<()>),
    /// The engine has something to collect.
    Ring(Ring),
    /// The writer wrote, or could not.
    Wrote(Wrote),
    /// A worker, or who reads the items, has something to say.
    Note(Note),
    /// A signal came.
    Signal(i32),
}

/// Where messages come from, and the time. The loop asks nobody else what time it is, so that its tests
/// need not wait.
pub trait Mailbox {
    /// The time.
    fn now(&self) -> Instant;

    /// The next message; `None` when there is none until then.
    fn next(&mut self, until: Option<Instant>) -> Option<Message>;
}

/// Messages from other threads, in real time.
pub struct Channel(pub Receiver<Message>);

impl Mailbox for Channel {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn next(&mut self, until: Option<Instant>) -> Option<Message> {
        let Some(until) = until else { return self.0.recv().ok() };
        self.0.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
    }
}
