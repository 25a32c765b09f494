//! The words of a command as the system takes them: bytes, each word closed by a NUL byte.
//!
//! One buffer holds them all and is used again for the next item, so that a command costs no allocation. It knows
//! nothing of what the words mean.

use std::ffi::c_char;

/// The words of a command, one after another, each closed by a NUL byte: what a process is started with. It is
/// filled, used, cleared and filled again.
#[derive(Clone, Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
    starts: Vec<usize>,
}

impl Words {
    /// Appends a word. It should not hold a NUL byte, which no argument can: the program would see what comes before.
    pub fn push(&mut self, word: &[u8]) {
        self.push_with(|bytes| bytes.extend_from_slice(word));
    }

    /// Appends the word that `write` appends to the bytes before it.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.starts.push(self.bytes.len());
        write(&mut self.bytes);
        self.bytes.push(0);
    }

    /// The words in order, without their NUL bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.starts.len()).map(|n| {
            let end = self.starts.get(n + 1).copied().unwrap_or(self.bytes.len());
            &self.bytes[self.starts[n]..end - 1]
        })
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Keeps the first `count` words.
    pub fn truncate(&mut self, count: usize) {
        if let Some(end) = self.starts.get(count) {
            self.bytes.truncate(*end);
            self.starts.truncate(count);
        }
    }

    /// Takes all words out and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
    }

    /// Whether a word holds a NUL byte, which no argument can.
    pub fn hold_nul(&self) -> bool {
        memchr::memchr_iter(0, &self.bytes).count() > self.starts.len()
    }

    /// What they take of a command line: their bytes, and a pointer each.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.starts.len() * size_of::<usize>()
    }

    /// A pointer to each word, good for as long as the words are borrowed.
    pub(super) fn pointers(&self) -> impl Iterator<Item = *const c_char> {
        self.starts.iter().map(|start| self.bytes[*start..].as_ptr().cast())
    }
}
