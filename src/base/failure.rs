//! Why an item failed.
//!
//! A failure is a sentence about the item, and a kind. Each room writes its own sentences and says whether another attempt
//! could go better; what parjob itself decides by a failure (the exit status, `--retry-on`) it decides by the kind.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::base::item::{Fields, Item, Quoted, Safe, Seq};

/// Why an item failed, as a predicate of the item: the text finishes the sentence `"x" …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    kind: FailureKind,
    is_transient: bool,
    is_of_beginning: bool,
    text: Cow<'static, str>,
    detail: Option<Box<str>>,
}

/// What parjob tells failures apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The item cannot be done: by its operation, by what it names, by what its worker says, or since its output could not
    /// be kept.
    Item,
    /// Its process ended with this status, not 0.
    Exit(i32),
    /// This signal, which parjob did not send, ended its process.
    Signal(i32),
    /// Its process was stopped by this signal, and so was killed.
    Stopped(i32),
    /// It took longer than `--timeout` allows.
    Timeout,
    /// Its process could not be started. The number is the system's (`errno`).
    NotStarted(i32),
    /// The worker that it was given to ended like this, or, with `None`, closed its output or answered what is no answer, and
    /// was ended.
    Lost(Option<ProcessEnd>),
    /// The operation panicked on it.
    Panic,
}

/// How a process ended that parjob did not end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessEnd {
    /// With this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

impl fmt::Display for ProcessEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProcessEnd::Exit(status) => write!(f, "ended with status {status}"),
            ProcessEnd::Signal(signal) => write!(f, "was ended by {}", signal_name(*signal)),
        }
    }
}

impl From<ProcessEnd> for FailureKind {
    fn from(end: ProcessEnd) -> FailureKind {
        match end {
            ProcessEnd::Exit(status) => FailureKind::Exit(status),
            ProcessEnd::Signal(signal) => FailureKind::Signal(signal),
        }
    }
}

impl Failure {
    /// An item holds a NUL byte, which no argument can hold. What is kept of it ends there.
    pub const HOLDS_NUL: Failure =
        Failure::constant("goes on with a NUL byte, which no argument can hold; -0 ends items at NUL").of_beginning();

    /// A failure of the item itself, which stays: [`FailureKind::Item`].
    pub const fn constant(text: &'static str) -> Failure {
        let (kind, text) = (FailureKind::Item, Cow::Borrowed(text));
        Failure { kind, is_transient: false, is_of_beginning: false, text, detail: None }
    }

    /// As [`Failure::constant`], of a text that is made when it happens.
    pub fn item(text: impl Into<Cow<'static, str>>) -> Failure {
        Failure { text: text.into(), ..Failure::constant("") }
    }

    /// A failure of this kind, which stays.
    pub fn new(kind: FailureKind, text: impl Into<Cow<'static, str>>) -> Failure {
        Failure { kind, ..Failure::item(text) }
    }

    /// It took longer than this, which `--timeout` allows.
    pub fn timeout(after: Duration) -> Failure {
        Failure::new(FailureKind::Timeout, format!("was ended after {after:?}: --timeout")).transient()
    }

    /// The operation panicked, with this message.
    pub fn panic(message: &str) -> Failure {
        Failure::new(FailureKind::Panic, format!("made the operation panic: {message}")).transient()
    }

    /// The system refused a call about the item, with this error (`errno`).
    pub fn system(errno: i32, text: impl Into<Cow<'static, str>>) -> Failure {
        Failure::item(text).caused_by(errno)
    }

    /// The same failure, whose cause is this error of the system (`errno`): it says whether another attempt could go better.
    #[must_use]
    pub fn caused_by(self, errno: i32) -> Failure {
        Failure { is_transient: TRANSIENT.contains(&errno), ..self }
    }

    /// The same failure, after which another attempt could go better.
    #[must_use]
    pub fn transient(self) -> Failure {
        Failure { is_transient: true, ..self }
    }

    /// The same failure, of an item of which only the beginning is kept.
    #[must_use]
    pub const fn of_beginning(mut self) -> Failure {
        self.is_of_beginning = true;
        self
    }

    /// The same failure, with where it happened in the program of a worker, in several lines.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<Box<str>>) -> Failure {
        Failure { detail: Some(detail.into()), ..self }
    }

    /// The same failure as a part of a longer sentence.
    #[must_use]
    pub fn within(self, sentence: impl FnOnce(&Failure) -> String) -> Failure {
        Failure { text: sentence(&self).into(), ..self }
    }

    /// What parjob tells it apart by.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Whether another attempt could go better.
    pub fn is_transient(&self) -> bool {
        self.is_transient
    }

    /// Whether only the beginning of the item is kept.
    pub fn is_of_beginning(&self) -> bool {
        self.is_of_beginning
    }

    /// Where it happened in the program of a worker, in several lines; empty where that is not known.
    pub fn detail(&self) -> &str {
        self.detail.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It may hold what others say.
        Safe(self.text.as_bytes()).fmt(f)
    }
}

/// Errors of the system that another try may not meet: too much of something is in use, or a device or a network did not
/// answer.
const TRANSIENT: [i32; 8] =
    [libc::EIO, libc::EAGAIN, libc::EINTR, libc::ENOMEM, libc::EMFILE, libc::ENFILE, libc::ESTALE, libc::ETIMEDOUT];

/// A signal as people call it.
pub fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_string)
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
    if !cause.is_of_beginning() {
        return format!("{} {cause}", Quoted(item));
    }
    let shown = Quoted(item).to_string();
    format!("{} {cause}", shown.rsplit_once("…\" (").map_or(shown.clone(), |(text, _)| format!("{text}…\"")))
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
