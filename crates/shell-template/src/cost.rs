//! What words take of a command line.

/// What a command line takes, in bytes, the pointers to its words among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Whatever the items are.
    pub fixed: usize,
    /// For each item.
    pub per_item: usize,
    /// For each byte of an item.
    pub per_byte: usize,
    /// So many items at the most.
    pub most: usize,
}

/// What a word takes beside its bytes: a NUL byte and a pointer.
pub const WORD: usize = 1 + size_of::<usize>();

/// The digits of the largest number.
pub const DIGITS: usize = 20;
