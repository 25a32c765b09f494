//! How a file is read: opened, read to its end through the caller's buffer, closed. Nothing is asked about it
//! before: whatever opens and reads, a FIFO or a device too, is hashed.
//!
//! It knows nothing of what the bytes are for. Files are read rather than mapped: one that is cut short while it is
//! mapped would kill the process.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// The bytes of a worker's buffer: large enough that calls cost nothing, small enough for the second-level cache.
pub(super) const BUFFER: usize = 128 * 1024;

/// A file to be read, or standard input.
pub(super) struct File {
    /// `None`: standard input.
    fd: Option<OwnedFd>,
}

impl File {
    /// Opens the file of that name; `-` is standard input.
    pub(super) fn open(path: &[u8]) -> Result<File, Errno> {
        if path == b"-" {
            return Ok(File { fd: None });
        }
        loop {
            match rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY, Mode::empty()) {
                Ok(fd) => return Ok(File { fd: Some(fd) }),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_ref().map_or(rustix::stdio::stdin(), AsFd::as_fd)
    }

    /// Reads it to its end, a buffer at a time.
    pub(super) fn read_all(&self, buffer: &mut [u8], mut take: impl FnMut(&[u8])) -> Result<(), Errno> {
        let mut first = true;
        loop {
            let n = self.read(buffer)?;
            if n == 0 {
                return Ok(());
            }
            take(&buffer[..n]);
            // There is more than one buffer of it, so reading ahead pays.
            #[cfg(target_os = "linux")]
            if first && n == buffer.len() {
                // Only a hint; what is no regular file refuses it.
                let _ = rustix::fs::fadvise(self.fd(), 0, None, rustix::fs::Advice::Sequential);
            }
            first = false;
        }
    }

    /// Reads what comes next: 0 bytes at the end.
    fn read(&self, buffer: &mut [u8]) -> Result<usize, Errno> {
        loop {
            match rustix::io::read(self.fd(), &mut *buffer) {
                Err(Errno::INTR) => {}
                // Whoever shares standard input may have left it non-blocking.
                Err(Errno::AGAIN) => _ = poll(&mut [PollFd::new(&self.fd(), PollFlags::IN)], None),
                other => return other,
            }
        }
    }
}
