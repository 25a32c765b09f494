//! What can be wrong with a file that an item should become. It knows nothing of the item, nor of how it is written.

use std::fmt;

use crate::base::failure::Failure;
use crate::base::item::{Quoted, Seq};

/// What is wrong with a file that an item should become, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BadTarget {
    /// The item leads it out of the folder for which the template stands.
    Outside,
    /// It exists.
    Exists,
    /// An item before this one becomes it.
    Taken(Seq),
    /// It is the file of another item.
    Item,
    /// Its name does not say its format.
    NoFormat,
    /// What is there is no regular file, and is not replaced.
    NoFile,
    /// It cannot be written. The number is the system's (`errno`).
    Unwritable(i32),
}

impl BadTarget {
    /// As a failure of the item that should become that file.
    pub(super) fn failure(&self, path: &[u8]) -> Failure {
        let text = format!("is to become {}, {self}", Quoted(path));
        match self {
            BadTarget::Unwritable(errno) => Failure::system(*errno, text),
            _ => Failure::item(text),
        }
    }
}

impl fmt::Display for BadTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadTarget::Outside => write!(f, "to which the item leads out of the folder; --allow-outside permits it"),
            BadTarget::Exists => write!(f, "which exists; see --skip-existing, --newer and --overwrite"),
            BadTarget::Taken(seq) => write!(f, "as item {seq} is already"),
            BadTarget::Item => write!(f, "which is an item itself"),
            BadTarget::NoFormat => write!(f, "whose name says no format that can be written; --encode says it"),
            BadTarget::NoFile => write!(f, "which is no regular file, so that nothing can take its place"),
            BadTarget::Unwritable(errno) => {
                write!(f, "which cannot be written: {}", std::io::Error::from_raw_os_error(*errno))
            }
        }
    }
}
