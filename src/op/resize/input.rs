//! The file of an item, ready to be looked at and then read from its beginning.
//!
//! A picture is read twice: its head, to know what memory it takes, and then all of it. What cannot be read twice
//! (standard input, a FIFO, `<(…)`) is copied into a file without a name first: it waits for its writer while nothing is
//! set aside for it, and two of them that one program writes cannot wait for each other. What does not begin
//! as a picture is not copied, and no more of it is than the memory that pictures may take.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, PoisonError};

use parjob_pictures::{Error, probe};
use rustix::event::{PollFd, PollFlags, poll};

use super::{NO_PICTURE, bad_picture};
use crate::base::failure::Failure;
use crate::op::unreadable::Unreadable;

/// The bytes by which a picture is told from other things.
const HEAD: u64 = 64;

/// The files of items.
pub(super) struct Inputs {
    /// Items come from standard input, so that no item can be it.
    reads_stdin: bool,
    /// Standard input has one reader at a time: the second finds it at its end.
    stdin: Mutex<()>,
}

impl Inputs {
    pub(super) fn new(reads_stdin: bool) -> Inputs {
        Inputs { reads_stdin, stdin: Mutex::default() }
    }

    /// Opens the file of an item; `-` is standard input.
    pub(super) fn open(&self, item: &[u8]) -> Result<File, Failure> {
        if item != b"-" {
            let mut options = File::options();
            options.read(true).custom_flags(libc::O_NOCTTY);
            return options.open(OsStr::from_bytes(item)).map_err(unreadable);
        }
        Unreadable::check_stdin(self.reads_stdin)?;
        rustix::stdio::stdin().try_clone_to_owned().map(File::from).map_err(unreadable)
    }

    /// A file with the same content that can be read twice, and its size. No more than so many bytes are copied.
    pub(super) fn settled(&self, item: &[u8], file: File, most: u64) -> Result<(File, u64), Failure> {
        let meta = file.metadata().map_err(unreadable)?;
        if meta.is_dir() {
            return Err(Unreadable::System(libc::EISDIR).into());
        }
        // Of standard input somebody may have read the beginning.
        if meta.is_file() && item != b"-" {
            return Ok((file, meta.len()));
        }
        let _turn = (item == b"-").then(|| self.stdin.lock().unwrap_or_else(PoisonError::into_inner));
        copy(file, most)
    }
}

fn copy(file: File, most: u64) -> Result<(File, u64), Failure> {
    let mut file = Patient(file);
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head).map_err(unreadable)?;
    if let Err(Error::NoPicture) = probe(Cursor::new(&head)) {
        return Err(NO_PICTURE);
    }
    let no_room = |error: io::Error| bad_picture(format!("it cannot be copied to a temporary file: {error}"));
    let mut copy = tempfile::tempfile().map_err(no_room)?;
    let mut rest = Cursor::new(head).chain(file).take(most.saturating_add(1));
    let size = io::copy(&mut rest, &mut copy).map_err(no_room)?;
    if size > most {
        return Err(bad_picture(format!("it is a stream of more than {most} bytes, which is --memory")));
    }
    copy.seek(SeekFrom::Start(0)).map_err(no_room)?;
    Ok((copy, size))
}

/// A file that whoever shares it may have left non-blocking.
struct Patient(File);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let _ = poll(&mut [PollFd::new(&self.0.as_fd(), PollFlags::IN)], None);
                }
                read => return read,
            }
        }
    }
}

pub(super) fn unreadable(error: io::Error) -> Failure {
    Unreadable::from(error).into()
}
