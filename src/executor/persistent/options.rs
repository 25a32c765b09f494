//! What is particular to processes that stay up, as plain data.

use std::fmt;
use std::num::NonZeroU32;

/// How processes are kept up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// How items and answers go over.
    pub language: Language,
    /// A process does so many items at the most.
    pub recycle: Option<u64>,
    /// A process that holds more memory than this is replaced, in bytes.
    pub recycle_rss: Option<u64>,
}

/// How items and answers go over. What each process is told first is `init`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Language {
    /// One line in, one line out.
    Lines {
        /// A line without its end.
        init: Option<Vec<u8>>,
    },
    /// A JSON object a line, both ways.
    Json {
        /// Any bytes.
        init: Option<Vec<u8>>,
    },
    /// Bytes with their length before them, both ways.
    Frames {
        /// Any bytes.
        init: Option<Vec<u8>>,
    },
    /// That of parjob's own program in Python.
    Python {
        /// Number of items in a list that its function takes as one; 1: it takes items.
        batch: NonZeroU32,
        /// So many items are at work at once in a process, which then sees to their time itself.
        concurrency: Option<NonZeroU32>,
    },
}

/// No process will ever do what it is to do, and no item is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// parjob's exit status for it.
    pub status: i32,
    /// Why.
    pub why: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why.trim_end())
    }
}

impl std::error::Error for Refused {}
