//! The one thread that writes results.
//!
//! It takes buffers in the order in which they are to appear, writes each whole, and tells how many bytes
//! are out. It decides nothing: that output is slow, or gone, is for the run loop to act on.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use anyhow::{Context, Result};

use super::Sink;
use crate::buffer::Spares;

/// What the writer tells.
#[derive(Debug)]
pub enum Wrote {
    /// So many bytes more are out.
    Bytes(usize),
    /// Writing failed; nothing more will be written.
    Failed(io::Error),
}

/// A handle on the writing thread.
pub struct Writer {
    buffers: Sender<Vec<u8>>,
    thread: JoinHandle<Sink>,
}

impl Writer {
    /// Starts the thread. `tell` is called from it after each buffer; written buffers go to `spares`.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn start(sink: Sink, spares: Arc<Spares>, tell: impl Fn(Wrote) + Send + 'static) -> Result<Writer> {
        let (buffers, receiver) = channel();
        let thread = Builder::new()
            .name("parjob-writer".into())
            .spawn(move || run(sink, &receiver, &spares, tell))
            .context("cannot start the thread that writes results")?;
        Ok(Writer { buffers, thread })
    }

    /// Hands on the next bytes. Never waits: the one who calls bounds what is under way.
    pub fn write(&self, bytes: Vec<u8>) {
        // It is gone only after it told of a failure.
        let _ = self.buffers.send(bytes);
    }

    /// Ends the thread when all is written, and makes the output complete.
    ///
    /// # Errors
    ///
    /// A file that could not be put in place.
    pub fn complete(self) -> Result<()> {
        drop(self.buffers);
        self.thread.join().map_err(|_| anyhow::anyhow!("the thread that writes results panicked"))?.complete()
    }

    /// Gives up: a file stays absent.
    pub fn abandon(self) {
        drop(self.buffers);
        // The sink's end removes what there is of the file. If the thread is stuck in a write, the sink's
        // file has no name, and goes with the process.
        if self.thread.is_finished() {
            drop(self.thread.join());
        }
    }
}

fn run(sink: Sink, buffers: &Receiver<Vec<u8>>, spares: &Spares, tell: impl Fn(Wrote)) -> Sink {
    for bytes in buffers {
        match sink.write(&bytes) {
            Ok(()) => tell(Wrote::Bytes(bytes.len())),
            Err(error) => {
                tell(Wrote::Failed(error));
                break;
            }
        }
        spares.put(bytes);
    }
    sink
}
