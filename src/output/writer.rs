//! The one thread that writes results.
//!
//! It takes buffers in the order in which they are to appear, writes each whole, and tells how many bytes
//! are out. It decides nothing: that output is slow, or gone, is for the run loop to act on.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};

use anyhow::{Context, Result};

use super::body::Body;
use super::sink::Sink;
use crate::base::atomic_file::Temporary;
use crate::base::buffer::Spares;
use crate::base::stream::Stream;

/// What the writer tells.
#[derive(Debug)]
pub enum Wrote {
    /// So many bytes more are out.
    Bytes(usize),
    /// Writing failed; nothing more will be written.
    Failed(io::Error),
}

/// Bytes for the writer.
#[derive(Debug)]
pub struct Load {
    /// Where they are to appear.
    pub stream: Stream,
    /// The bytes.
    pub body: Body,
}

impl From<Vec<u8>> for Load {
    /// Results.
    fn from(bytes: Vec<u8>) -> Load {
        Load { stream: Stream::Out, body: bytes.into() }
    }
}

/// A handle on the writing thread.
pub struct Writer {
    loads: Sender<Load>,
    thread: JoinHandle<Sink>,
    /// By what the file is removed when it is not to be.
    temporary: Temporary,
}

impl Writer {
    /// Starts the thread. `tell` is called from it after each buffer; written buffers go to `spares`.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn start(sink: Sink, spares: Arc<Spares>, tell: impl Fn(Wrote) + Send + 'static) -> Result<Writer> {
        let (loads, receiver) = channel();
        let temporary = sink.temporary();
        let thread = Builder::new()
            .name("parjob-writer".into())
            .spawn(move || run(sink, &receiver, &spares, tell))
            .context("cannot start the thread that writes results")?;
        Ok(Writer { loads, thread, temporary })
    }

    /// Hands on the next bytes. Never waits: the one who calls bounds what is under way.
    pub fn write(&self, load: Load) {
        // It is gone only after it told of a failure.
        let _ = self.loads.send(load);
    }

    /// Ends the thread when all is written, and makes the output complete.
    ///
    /// # Errors
    ///
    /// A file that could not be put in place.
    pub fn complete(self) -> Result<()> {
        drop(self.loads);
        self.thread.join().map_err(|_| anyhow::anyhow!("the thread that writes results panicked"))?.complete()
    }

    /// Gives up: a file stays absent.
    pub fn abandon(self) {
        // Not left to the thread, for which nobody waits: it may be stuck in a write, and the process may end
        // before the thread does. A file without a name goes with the process.
        self.temporary.remove();
    }
}

fn run(sink: Sink, loads: &Receiver<Load>, spares: &Spares, tell: impl Fn(Wrote)) -> Sink {
    let teller = Teller(tell);
    for Load { stream, mut body } in loads {
        // A file can be longer than fits into memory, but never into this.
        let len = usize::try_from(body.len()).unwrap_or(usize::MAX);
        match body.read(|bytes| sink.write(stream, bytes)) {
            Ok(()) => (teller.0)(Wrote::Bytes(len)),
            Err(error) => {
                (teller.0)(Wrote::Failed(error));
                break;
            }
        }
        if let Some(bytes) = body.take_bytes() {
            spares.put(bytes);
        }
    }
    sink
}

/// Tells even of a panic: the run loop would wait for ever.
struct Teller<F: Fn(Wrote)>(F);

impl<F: Fn(Wrote)> Drop for Teller<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)(Wrote::Failed(io::Error::other("the thread that writes results panicked")));
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_panic_of_the_writer_is_told() {
        let sink = super::super::stdout(Some(Box::new(|_, _| std::panic::resume_unwind(Box::new("stuck")))));
        let (tell, told) = channel();
        let writer = Writer::start(sink, Spares::new(0), move |wrote| drop(tell.send(wrote))).unwrap();
        writer.write(vec![b'x'].into());
        assert!(matches!(told.recv().unwrap(), Wrote::Failed(_)));
        assert!(writer.complete().is_err());
    }

    #[test]
    fn what_is_abandoned_is_gone_at_once_though_its_writer_is_stuck() {
        let dir = tempfile::tempdir().unwrap();
        // A pipe in the place of the file: nobody reads it, so the second write does not come back.
        let (reader, pipe) = io::pipe().unwrap();
        let sink = Sink::named(&dir.path().join("out"), |_| std::os::fd::OwnedFd::from(pipe).into());
        assert_eq!(dir.path().read_dir().unwrap().count(), 1);
        let (tell, told) = channel();
        let writer = Writer::start(sink, Spares::new(0), move |wrote| drop(tell.send(wrote))).unwrap();
        writer.write(vec![0; 1].into());
        writer.write(vec![0; 1 << 22].into());
        assert!(matches!(told.recv().unwrap(), Wrote::Bytes(1)));
        writer.abandon();
        assert_eq!(dir.path().read_dir().unwrap().count(), 0);
        drop(reader);
    }
}
