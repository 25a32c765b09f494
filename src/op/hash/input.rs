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
    pub(super) fn read_all(&self, buffer: &mut [u8], take: impl FnMut(&[u8])) -> Result<(), Errno> {
        let n = self.read(buffer)?;
        self.read_on(n, buffer, take)
    }

    /// Reads it to its end, when the first `n` bytes are in the buffer already.
    pub(super) fn read_on(&self, n: usize, buffer: &mut [u8], mut take: impl FnMut(&[u8])) -> Result<(), Errno> {
        if n == buffer.len() {
            self.read_ahead();
        }
        let mut n = n;
        while n > 0 {
            take(&buffer[..n]);
            n = self.read(buffer)?;
        }
        Ok(())
    }

    /// Tells the system that there is more than a buffer of it and all will be read.
    pub(super) fn read_ahead(&self) {
        // Only a hint; what is no regular file refuses it.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(self.fd(), 0, None, rustix::fs::Advice::Sequential);
    }

    /// How many bytes there are, where that is sure: in a regular file that was opened here, so that nobody else
    /// has moved its place.
    pub(super) fn size(&self) -> Option<u64> {
        let stat = rustix::fs::fstat(self.fd.as_ref()?).ok()?;
        let regular = rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::RegularFile;
        regular.then(|| u64::try_from(stat.st_size).ok()).flatten()
    }

    /// Goes back to its beginning.
    pub(super) fn rewind(&self) -> Result<(), Errno> {
        rustix::fs::seek(self.fd(), rustix::fs::SeekFrom::Start(0)).map(drop)
    }

    /// Fills the buffer from this place on: fewer bytes only at the end of the file.
    pub(super) fn read_at(&self, buffer: &mut [u8], start: u64) -> Result<usize, Errno> {
        let mut got = 0;
        while got < buffer.len() {
            match rustix::io::pread(self.fd(), &mut buffer[got..], start + got as u64) {
                Ok(0) => break,
                Ok(n) => got += n,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(got)
    }

    /// Reads what comes next: 0 bytes at the end.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Result<usize, Errno> {
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
