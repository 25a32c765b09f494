//! The bytes of standard input and of files, as one stream that marks where each input ends.
//!
//! Reads straight from the descriptor: the standard library's buffer would cost a copy, and would hide
//! whether more is there to read, which is what decides when a slow source's items are passed on.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;

use super::lists::Lists;
use crate::base::item::Seq;

/// An input: standard input or a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file, a FIFO, or whatever else opens under that name.
    File(PathBuf),
}

impl Input {
    /// What to call it in a message.
    fn name(&self) -> String {
        match self {
            Input::Stdin => "standard input".to_string(),
            Input::File(path) => crate::base::item::Quoted(path.as_os_str().as_encoded_bytes()).to_string(),
        }
    }

    /// As it was given.
    fn plain_name(&self) -> &[u8] {
        match self {
            Input::Stdin => b"standard input",
            Input::File(path) => path.as_os_str().as_encoded_bytes(),
        }
    }
}

/// Finds out before the run starts whether the inputs can be read.
///
/// # Errors
///
/// The first input that cannot be opened or is a directory, named.
pub fn check(inputs: &[Input]) -> Result<()> {
    for input in inputs {
        let Input::File(path) = input else { continue };
        let meta = std::fs::metadata(path).with_context(|| format!("cannot read {}", input.name()))?;
        if meta.is_dir() {
            bail!("cannot read {}: it is a directory", input.name());
        }
        // A FIFO is not opened to try it: its writer would see a reader come and go.
        if meta.is_file() {
            File::open(path).with_context(|| format!("cannot read {}", input.name()))?;
        }
    }
    Ok(())
}

/// What a read gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// So many bytes, at least 1.
    Bytes(usize),
    /// The end of one input; another may follow.
    InputEnd,
    /// The end of them all.
    End,
}

/// Several inputs, read one after the other.
pub(super) struct Inputs {
    rest: std::vec::IntoIter<Input>,
    now: Option<Open>,
    /// Where each is noted, and what cannot be read is passed over.
    pub(super) lists: Option<Lists>,
    /// The most that each of the next reads gives: a test parts the input where it likes.
    #[cfg(test)]
    pub(super) pieces: std::vec::IntoIter<usize>,
}

struct Open {
    input: Input,
    /// `None`: standard input.
    file: Option<File>,
    /// A regular file: always ready.
    regular: bool,
}

impl Open {
    fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_ref().map_or(rustix::stdio::stdin(), AsFd::as_fd)
    }
}

impl Inputs {
    pub(super) fn new(inputs: Vec<Input>) -> Inputs {
        Inputs {
            rest: inputs.into_iter(),
            now: None,
            lists: None,
            #[cfg(test)]
            pieces: Vec::new().into_iter(),
        }
    }

    /// Reads into `buffer`, which is not empty; waits for the first byte.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Got> {
        #[cfg(test)]
        let most = self.pieces.next().map_or(buffer.len(), |most| most.min(buffer.len()));
        #[cfg(test)]
        let buffer = &mut buffer[..most];
        let read = match self.open_next() {
            Ok(None) => return Ok(Got::End),
            Ok(Some(open)) => read_some(open.fd(), buffer).map_err(|error| (error, open.input.name())),
            Err(error) => Err(error),
        };
        match (read, &self.lists) {
            (Ok(0), _) => {}
            (Ok(n), _) => return Ok(Got::Bytes(n)),
            (Err((error, _)), Some(lists)) => lists.fail(error.raw_os_error().unwrap_or(libc::EIO)),
            (Err((error, name)), None) => return Err(error).with_context(|| format!("cannot read {name}")),
        }
        self.now = None;
        Ok(Got::InputEnd)
    }

    /// After the end of an input: the next item will have this number.
    pub(super) fn ended(&self, next: Seq) {
        if let Some(lists) = &self.lists {
            lists.end(next);
        }
    }

    /// Whether nothing more is to be read now, after waiting that long for it. Between two inputs: whether
    /// the next may keep its reader waiting, if only until it is open.
    pub(super) fn is_idle_for(&self, patience: Duration) -> bool {
        let Some(open) = &self.now else { return self.rest.as_slice().first().is_some_and(may_block) };
        if open.regular {
            return false;
        }
        let wait = Timespec { tv_sec: 0, tv_nsec: patience.subsec_nanos().into() };
        let fd = open.fd();
        // An error, a hang-up or an interrupted wait: let the read find out.
        matches!(poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&wait)), Ok(0))
    }

    /// The input at hand, or the next; an error with its name.
    fn open_next(&mut self) -> Result<Option<&Open>, (io::Error, String)> {
        if self.now.is_none() {
            let Some(input) = self.rest.next() else { return Ok(None) };
            if let Some(lists) = &self.lists {
                lists.begin(input.plain_name());
            }
            let name = input.name();
            self.now = Some(open(input).map_err(|error| (error, name))?);
        }
        Ok(self.now.as_ref())
    }
}

fn open(input: Input) -> io::Result<Open> {
    let file = match &input {
        Input::Stdin => None,
        Input::File(path) => Some(File::open(path)?),
    };
    let mut open = Open { input, file, regular: false };
    open.regular = is_regular(rustix::fs::fstat(open.fd()));
    #[cfg(target_os = "linux")]
    if open.regular {
        // Only a hint to read ahead; a file system that does not know it loses nothing.
        let _ = rustix::fs::fadvise(open.fd(), 0, None, rustix::fs::Advice::Sequential);
    }
    Ok(open)
}

/// Whether the input, which is not open yet, is anything but a regular file.
fn may_block(input: &Input) -> bool {
    !is_regular(match input {
        Input::Stdin => rustix::fs::fstat(rustix::stdio::stdin()),
        Input::File(path) => rustix::fs::stat(path),
    })
}

fn is_regular(stat: rustix::io::Result<Stat>) -> bool {
    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile)
}

/// One read that is neither interrupted nor refused because the descriptor was left non-blocking by
/// whoever shares it.
fn read_some(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::io::read(fd, &mut *buffer) {
            Ok(n) => return Ok(n),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::new(&fd, PollFlags::IN)], None);
            }
            Err(error) => return Err(error.into()),
        }
    }
}
