//! Why the file of an item cannot be read.

use parjob_sys::entry;

use crate::base::failure::Failure;

/// Why the file that an item names cannot be opened or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is `-`, but the items are read from standard input.
    StdinTaken,
    /// The system says so (`errno`).
    System(i32),
}

impl Unreadable {
    /// Looks whether an item may be `-`, standard input.
    ///
    /// # Errors
    ///
    /// The items are read from it, or it was closed when the program began: what stands in its place would be an empty file.
    pub(super) fn check_stdin(has_items: bool) -> Result<(), Unreadable> {
        if has_items {
            return Err(Unreadable::StdinTaken);
        }
        if entry::was_closed(entry::Stream::Input) {
            return Err(Unreadable::System(libc::EBADF));
        }
        Ok(())
    }
}

impl From<Unreadable> for Failure {
    fn from(why: Unreadable) -> Failure {
        match why {
            Unreadable::StdinTaken => Failure::constant("is standard input, from which the items are read"),
            Unreadable::System(libc::EISDIR) => Failure::constant("is a directory"),
            Unreadable::System(errno) => {
                let error = std::io::Error::from_raw_os_error(errno);
                Failure::system(errno, format!("cannot be read: {error}"))
            }
        }
    }
}

impl From<std::io::Error> for Unreadable {
    fn from(error: std::io::Error) -> Unreadable {
        Unreadable::System(error.raw_os_error().unwrap_or(libc::EIO))
    }
}
