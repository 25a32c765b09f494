//! A file to which whole records are appended, by any thread, each with one write.
//!
//! After the first error nothing more is written: a record that follows half of another would be glued to it.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::base::item::Quoted;

/// The file, and the error that ended the writing, if there was one.
pub(super) struct Appender {
    file: File,
    /// What it is for, as a message says it.
    what: &'static str,
    path: PathBuf,
    failed: Mutex<Option<i32>>,
}

impl Appender {
    pub(super) fn new(file: File, what: &'static str, path: &Path) -> Appender {
        Appender { file, what, path: path.to_path_buf(), failed: Mutex::default() }
    }

    /// Appends whole records.
    pub(super) fn append(&self, records: &[u8]) -> io::Result<()> {
        self.attempt(|mut file| file.write_all(records))
    }

    /// Puts what was appended on the disk. What is not a regular file has nothing to be synced.
    pub(super) fn sync(&self) -> io::Result<()> {
        // Not under the lock: it may take long, and nobody's record should wait for it.
        match self.file.sync_data() {
            Err(error) if !matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOTSUP)) => {
                self.attempt(|_| Err(error))
            }
            _ => self.attempt(|_| Ok(())),
        }
    }

    /// Does something to the file, unless something before it failed: then that is the answer.
    fn attempt(&self, act: impl FnOnce(&File) -> io::Result<()>) -> io::Result<()> {
        let mut failed = self.failed();
        if failed.is_none() {
            // A write of nothing is the only error without a number.
            *failed = act(&self.file).err().map(|error| error.raw_os_error().unwrap_or(libc::EIO));
        }
        failed.map_or(Ok(()), |errno| Err(self.error(errno)))
    }

    fn error(&self, errno: i32) -> io::Error {
        let cause = io::Error::from_raw_os_error(errno);
        let name = Quoted(self.path.as_os_str().as_encoded_bytes());
        io::Error::new(cause.kind(), format!("cannot write {} {name}: {cause}", self.what))
    }

    fn failed(&self) -> MutexGuard<'_, Option<i32>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
