//! A file to which whole records are appended, by any thread, each with one write.
//!
//! After the first error nothing more is written: a record that follows half of another would be glued to it. That somebody
//! has removed the file, put another in its place or cut it is such an error: what was recorded is lost.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::item::Quoted;

/// The file, and the error that ended the writing, if there was one.
pub(super) struct Appender {
    file: File,
    /// What it is for, as a message says it.
    what: &'static str,
    path: PathBuf,
    /// The file is as long as this, or longer.
    len: AtomicU64,
    failed: Mutex<Option<Fault>>,
}

/// What ended the writing.
#[derive(Clone, Copy)]
enum Fault {
    /// The system says so (`errno`).
    System(i32),
    /// Somebody did this to the file.
    Done(&'static str),
}

impl Appender {
    pub(super) fn new(file: File, what: &'static str, path: &Path) -> Appender {
        let len = AtomicU64::new(file.metadata().map_or(0, |meta| meta.len()));
        Appender { file, what, path: path.to_path_buf(), len, failed: Mutex::default() }
    }

    /// Appends whole records.
    pub(super) fn append(&self, records: &[u8]) -> io::Result<()> {
        self.attempt(|mut file| {
            file.write_all(records)?;
            self.len.fetch_add(records.len() as u64, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Puts what was appended on the disk, and looks whether it is there. What is not a regular file has nothing to be synced.
    pub(super) fn sync(&self) -> io::Result<()> {
        if let Some(done) = self.lost() {
            self.failed().get_or_insert(Fault::Done(done));
        }
        // Not under the lock: it may take long, and nobody's record should wait for it.
        match self.file.sync_data() {
            Err(error) if !matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOTSUP)) => {
                self.attempt(|_| Err(error))
            }
            _ => self.attempt(|_| Ok(())),
        }
    }

    /// What somebody did to the file, by which records are lost.
    fn lost(&self) -> Option<&'static str> {
        let least = self.len.load(Ordering::Relaxed);
        let own = self.file.metadata().ok().filter(|meta| meta.is_file())?;
        match (own.nlink() == 0, self.path.exists()) {
            (true, false) => Some("it was removed"),
            (true, true) => Some("another file took its place"),
            _ if own.len() < least => Some("it was cut"),
            _ => None,
        }
    }

    /// Does something to the file, unless something before it failed: then that is the answer.
    fn attempt(&self, act: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
        let mut failed = self.failed();
        if failed.is_none() {
            // A write of nothing is the only error without a number.
            let errno = |error: io::Error| error.raw_os_error().unwrap_or(libc::EIO);
            *failed = act(&self.file).err().map(|error| Fault::System(errno(error)));
        }
        failed.map_or(Ok(()), |fault| Err(self.error(fault)))
    }

    fn error(&self, fault: Fault) -> io::Error {
        let cause = match fault {
            Fault::System(errno) => io::Error::from_raw_os_error(errno),
            Fault::Done(what) => io::Error::other(what),
        };
        let name = Quoted(self.path.as_os_str().as_encoded_bytes());
        io::Error::new(cause.kind(), format!("cannot write {} {name}: {cause}", self.what))
    }

    fn failed(&self) -> MutexGuard<'_, Option<Fault>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
