//! Items, and how one can fail.
//!
//! An item is bytes; it is never assumed to be UTF-8. In-process work never holds items one by one: a
//! [`Chunk`] is a window on a block's buffer with the items inside it, each closed by the delimiter. Items that
//! have fields hold them as [`fields`] says. This file knows nothing of where items come from or what is done to them.

mod fields;
mod lists;
mod quoted;
mod target;
mod tree;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use quoted::write_safe;

pub use fields::{Fields, Item, push_fields};
pub use lists::{List, Lists};
pub use quoted::{Quoted, Safe, signal_name};
pub use target::BadTarget;
pub use tree::{Trees, walk};

/// The number of an item in its run, from 1, in input order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// The number of the first item of a run.
    pub const FIRST: Seq = Seq(1);

    /// The number that stands `count` items further on.
    pub fn plus(self, count: u64) -> Seq {
        Seq(self.0 + count)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One try at an item, from 1; a retry is a further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(pub u32);

impl Attempt {
    /// The first try.
    pub const FIRST: Attempt = Attempt(1);

    /// The try after this one.
    pub fn next(self) -> Attempt {
        Attempt(self.0 + 1)
    }
}

/// Consecutive items handed to a worker at one time: the unit of scheduling.
///
/// `bytes` holds exactly `count` items, each followed by one `delimiter`, the last one too.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The items, each closed by the delimiter.
    pub bytes: &'a [u8],
    /// The byte that closes each item.
    pub delimiter: u8,
    /// How the items hold their fields.
    pub fields: Fields,
    /// The number of the first item.
    pub first: Seq,
    /// How many items there are, at least 1.
    pub count: usize,
}

impl<'a> Chunk<'a> {
    /// The items in order, as they stand in the block, without their delimiters. Where items have fields,
    /// [`Chunk::with_fields`] reads them.
    pub fn items(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let mut start = 0;
        memchr::memchr_iter(self.delimiter, bytes).map(move |end| {
            let item = &bytes[start..end];
            start = end + 1;
            item
        })
    }

    /// The items in order, read as their fields.
    pub fn with_fields(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let fields = self.fields;
        self.items().map(move |item| Item::new(item, fields))
    }

    /// The first `count` items, of which there must be so many, and the rest. Looks only at the first.
    pub fn split(&self, count: usize) -> (Chunk<'a>, Chunk<'a>) {
        let end = match count {
            0 => 0,
            n => memchr::memchr_iter(self.delimiter, self.bytes).nth(n - 1).map_or(self.bytes.len(), |end| end + 1),
        };
        let (first, rest) = self.bytes.split_at(end);
        (
            Chunk { bytes: first, count, ..*self },
            Chunk { bytes: rest, first: self.first.plus(count as u64), count: self.count - count, ..*self },
        )
    }

    /// Whether this item is one of them.
    pub fn holds(&self, seq: Seq) -> bool {
        (self.first..self.first.plus(self.count as u64)).contains(&seq)
    }

    /// Each item as a chunk of its own.
    pub fn singly(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let mut rest = *self;
        std::iter::from_fn(move || {
            let (first, after) = (rest.count > 0).then(|| rest.split(1))?;
            rest = after;
            Some(first)
        })
    }
}

/// Why an item failed, as a predicate of the item: the text finishes the sentence `"x" …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The item is not a number (docs/operations.md says what is one).
    NotANumber,
    /// The item is an integer of more digits than `--max-digits` allows.
    TooManyDigits {
        /// The digits that it has.
        digits: usize,
        /// The digits that it may have.
        limit: usize,
    },
    /// The item is not a whole number of samples, 0 or more.
    NotACount,
    /// The item is longer than `--max-item` bytes. What is kept of it is only its beginning.
    TooLong {
        /// The bytes that it may have.
        limit: usize,
    },
    /// A field holds a NUL byte, which no argument can hold. What is kept of it ends there.
    HoldsNul,
    /// The record has more fields than the header has names.
    TooManyFields {
        /// The fields that it has.
        fields: usize,
        /// The names that there are.
        names: usize,
    },
    /// A quote of a CSV record is not closed before its input ends.
    UnclosedQuote,
    /// The item is no JSON object, or does not have what was asked of it. The text says so, as a predicate.
    Json(Box<str>),
    /// The item names a file that cannot be opened or read. The number is the system's (`errno`).
    Unreadable(i32),
    /// The item is `-`, but the list of items is read from standard input.
    StdinTaken,
    /// A file does not have the checksum that was written down for it, by these algorithms, where they are not given.
    Unlike(String),
    /// The item names a file among other things, and that file fails.
    ListedFile {
        /// The file's name.
        name: Box<[u8]>,
        /// Why it fails.
        cause: Box<Failure>,
    },
    /// The item names a file that holds no picture of a known format.
    NoPicture,
    /// The item names a picture that is broken, or of a kind that is not read or written. The text is of its reader.
    BadPicture(String),
    /// The item names a picture of more pixels than `--max-pixels` allows, or would become one.
    TooManyPixels {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The pixels that it may have.
        limit: u64,
    },
    /// The result of the item cannot be put where it should be.
    BadTarget {
        /// The file that it should become.
        path: Box<[u8]>,
        /// What is wrong with it.
        why: BadTarget,
    },
    /// The operation panicked on this item. The text is the panic's message.
    Panicked(String),
    /// Its process ended with this status, not 0.
    Exited(i32),
    /// A signal ended its process.
    Signaled {
        /// The signal's number.
        signal: i32,
        /// The cgroup says that a process was killed for want of memory meanwhile.
        out_of_memory: bool,
    },
    /// Its process was stopped by this signal, and so was killed.
    Stopped(i32),
    /// Its process took longer than `--timeout` allows.
    TimedOut(Duration),
    /// The worker's process ended while the item was at work. The cause says how.
    LostWorker(Box<Failure>),
    /// The worker's process answered something that is no answer. The text finishes the sentence "its worker …".
    BadAnswer(Box<str>),
    /// The worker says that the item failed.
    Answered {
        /// Why, in one line.
        error: Box<str>,
        /// Where in the worker's program, in several lines; empty where that is not known.
        traceback: Box<str>,
    },
    /// The item holds a newline, and goes to its worker as a line.
    HoldsNewline,
    /// Its process could not be started. The number is the system's (`errno`).
    NotStarted(i32),
    /// Its process printed a line that the fold of the results does not take.
    Printed {
        /// The line.
        line: Box<[u8]>,
        /// Why not.
        cause: Box<Failure>,
    },
    /// What its process printed could not be kept in a temporary file. The number is the system's (`errno`).
    NotKept(i32),
}

/// Errors of the system that another try may not meet: too much of something is in use, or a device or a
/// network did not answer.
const PASSING: [i32; 8] =
    [libc::EIO, libc::EAGAIN, libc::EINTR, libc::ENOMEM, libc::EMFILE, libc::ENFILE, libc::ESTALE, libc::ETIMEDOUT];

impl Failure {
    /// Whether another try could go better. What is wrong with the item itself stays wrong.
    pub fn may_pass(&self) -> bool {
        match self {
            Failure::Panicked(_) => true,
            Failure::Unreadable(errno) | Failure::BadTarget { why: BadTarget::Unwritable(errno), .. } => {
                PASSING.contains(errno)
            }
            Failure::ListedFile { cause, .. } => cause.may_pass(),
            Failure::NotStarted(errno) => PASSING.contains(errno),
            Failure::Exited(_) | Failure::Signaled { .. } | Failure::Stopped(_) | Failure::TimedOut(_) => true,
            Failure::LostWorker(_) | Failure::BadAnswer(_) | Failure::Answered { .. } => true,
            _ => false,
        }
    }
}

impl Failure {
    /// Where it happened in the program of a worker, in several lines; empty where that is not known.
    pub fn traceback(&self) -> &str {
        match self {
            Failure::Answered { traceback, .. } => traceback,
            _ => "",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotANumber => write!(f, "is not a number"),
            Failure::TooManyDigits { digits, limit } => {
                write!(f, "has {digits} digits; --max-digits allows {limit}")
            }
            Failure::NotACount => write!(f, "is not a whole number of samples"),
            Failure::TooLong { limit } => write!(f, "is longer than {limit} bytes; --max-item raises the limit"),
            Failure::HoldsNul => write!(f, "goes on with a NUL byte, which no argument can hold; -0 ends items at NUL"),
            Failure::TooManyFields { fields, names } => write!(f, "has {fields} fields, but the header names {names}"),
            Failure::UnclosedQuote => write!(f, "has a quote that is never closed"),
            Failure::Json(text) => text.chars().try_for_each(|c| write_safe(f, c)),
            Failure::Unreadable(libc::EISDIR) => write!(f, "is a directory"),
            Failure::Unreadable(errno) => write!(f, "cannot be read: {}", std::io::Error::from_raw_os_error(*errno)),
            Failure::Unlike(by) if by.is_empty() => write!(f, "has another checksum"),
            Failure::Unlike(by) => write!(f, "has another checksum, by {by}"),
            Failure::ListedFile { name, cause } => write!(f, "names {}, which {cause}", Quoted(name)),
            Failure::StdinTaken => write!(f, "is standard input, from which the items are read"),
            Failure::NoPicture => write!(f, "is no picture that can be read: JPEG, PNG, WebP, GIF, BMP or TIFF"),
            Failure::BadPicture(text) => {
                write!(f, "cannot be resized: ")?;
                text.chars().try_for_each(|c| write_safe(f, c))
            }
            Failure::TooManyPixels { width, height, limit } => {
                write!(f, "has {width} \u{d7} {height} pixels; --max-pixels allows {limit}")
            }
            Failure::BadTarget { path, why } => write!(f, "is to become {}, {why}", Quoted(path)),
            Failure::Exited(status) => write!(f, "ended with status {status}"),
            Failure::Signaled { signal, out_of_memory } => {
                let guess = if *out_of_memory { "; out of memory?" } else { "" };
                write!(f, "was ended by {}{guess}", signal_name(*signal))
            }
            Failure::Stopped(signal) => {
                write!(f, "was stopped by {}, as a job that wants the terminal is, and killed", signal_name(*signal))
            }
            Failure::TimedOut(after) => write!(f, "was ended after {after:?}: --timeout"),
            Failure::LostWorker(cause) => write!(f, "was at work when its worker {cause}"),
            Failure::BadAnswer(text) => {
                write!(f, "was at work when its worker ")?;
                text.chars().try_for_each(|c| write_safe(f, c))
            }
            Failure::Answered { error, .. } => {
                write!(f, "failed: ")?;
                error.chars().try_for_each(|c| write_safe(f, c))
            }
            Failure::HoldsNewline => write!(f, "holds a newline, which ends a line; --protocol frames takes it"),
            Failure::NotStarted(libc::E2BIG) => write!(f, "makes a command line that is too long"),
            Failure::NotStarted(errno) => {
                write!(f, "could not be started: {}", std::io::Error::from_raw_os_error(*errno))
            }
            Failure::Printed { line, cause } => write!(f, "printed {}, which {cause}", Quoted(line)),
            Failure::NotKept(errno) => {
                let error = std::io::Error::from_raw_os_error(*errno);
                write!(f, "printed more than there is room for in a temporary file: {error}")
            }
            Failure::Panicked(message) => {
                write!(f, "made the operation panic: ")?;
                // It may well hold the item.
                message.chars().try_for_each(|c| write_safe(f, c))
            }
        }
    }
}

/// The failures of a chunk: the place of the item in its chunk (from 0, ascending) and its cause.
pub type Failures = Vec<(usize, Failure)>;

/// An item that failed, with what a message or a retry needs of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// The number of the item.
    pub seq: Seq,
    /// The item, as it stands in its block.
    pub item: Box<[u8]>,
    /// How it holds its fields.
    pub fields: Fields,
    /// Why it failed.
    pub cause: Failure,
    /// The last that its process said on standard error.
    pub said: Box<[u8]>,
}

impl Failed {
    /// The error without the item's number: `"x" is not a number`.
    pub fn error(&self) -> String {
        error(Item::new(&self.item, self.fields).text(), &self.cause)
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item {}: {}", self.seq, self.error())
    }
}

/// What an item's failure says: `"x" is not a number`. Of some items only the beginning is kept; how long that
/// is means nothing to anybody.
pub fn error(item: &[u8], cause: &Failure) -> String {
    match cause {
        Failure::TooLong { .. } | Failure::HoldsNul => {
            let shown = Quoted(item).to_string();
            format!("{} {cause}", shown.rsplit_once("…\" (").map_or(shown.clone(), |(text, _)| format!("{text}…\"")))
        }
        _ => format!("{} {cause}", Quoted(item)),
    }
}

/// The message of a caught panic.
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> Cow<'static, str> {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Cow::Borrowed(text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Cow::Owned(text.clone())
    } else {
        Cow::Borrowed("no message")
    }
}
