//! What is particular to processes that stay up, as plain data.

/// How processes are kept up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// How items and answers go over.
    pub language: Language,
    /// What each process is told first.
    pub init: Option<Vec<u8>>,
    /// A process does so many items at the most.
    pub recycle: Option<u64>,
    /// A process that holds more memory than this is replaced, in bytes.
    pub recycle_rss: Option<u64>,
}

/// `--protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// One line in, one line out.
    Lines,
    /// A JSON object a line, both ways.
    Json,
    /// Bytes with their length before them, both ways.
    Frames,
}
