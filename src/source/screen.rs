//! What is looked at item by item, where an option or the length of the items asks for it.

use super::Reading;
use super::faults::too_long;
use crate::base::failure::Failure;

/// What is kept of an item that is too long: enough for a message.
pub(super) const KEPT: usize = 256;

/// Says which items are wanted, and which are too long.
pub(super) struct Screen {
    pub(super) delimiter: u8,
    strip_cr: bool,
    drop_empty: bool,
    stop_at: Option<Vec<u8>>,
    pub(super) max_item: usize,
}

/// What is left of the items that were looked at.
pub(super) struct Passed {
    /// In so many bytes, at the front.
    pub(super) len: usize,
    pub(super) items: usize,
    /// The item that stops the reading was met.
    pub(super) done: bool,
}

impl Screen {
    pub(super) fn new(reading: &Reading) -> Screen {
        Screen {
            delimiter: reading.delimiter,
            strip_cr: reading.strip_cr,
            drop_empty: reading.drop_empty,
            stop_at: reading.stop_at.clone(),
            max_item: reading.max_item,
        }
    }

    /// Whether items among so many bytes must be looked at. Fewer bytes than the limit hold no item
    /// beyond it.
    pub(super) fn is_needed(&self, bytes: usize) -> bool {
        self.strip_cr || self.drop_empty || self.stop_at.is_some() || bytes > self.max_item
    }

    /// Whether an item that begins like this is too long, however it goes on.
    pub(super) fn is_too_long(&self, beginning: &[u8]) -> bool {
        // A carriage return may turn out to be the last byte, and be stripped.
        let stripped = if self.strip_cr { beginning.strip_suffix(b"\r").unwrap_or(beginning) } else { beginning };
        stripped.len() > self.max_item
    }

    /// How much is kept of an item that is too long.
    pub(super) fn kept(&self) -> usize {
        KEPT.min(self.max_item)
    }

    /// Moves those of the items in `bytes`, each with its delimiter, that are wanted together at the front. The
    /// first of them is the item with the number `before` of its block, as faults count them.
    pub(super) fn pass(&self, bytes: &mut [u8], before: usize, faults: &mut Vec<(u32, Failure)>) -> Passed {
        let (mut passed, mut from) = (Passed { len: 0, items: 0, done: false }, 0);
        while let Some(length) = memchr::memchr(self.delimiter, &bytes[from..]) {
            let item = &bytes[from..from + length];
            let item = if self.strip_cr { item.strip_suffix(b"\r").unwrap_or(item) } else { item };
            let is_too_long = item.len() > self.max_item;
            // What is too long may not have been read whole: it is never the item that stops the reading.
            if !is_too_long && self.stop_at.as_deref() == Some(item) {
                passed.done = true;
                break;
            }
            let keep = if is_too_long {
                faults.push(((before + passed.items) as u32, too_long(self.max_item)));
                self.kept()
            } else {
                item.len()
            };
            if !(self.drop_empty && item.is_empty()) {
                bytes.copy_within(from..from + keep, passed.len);
                bytes[passed.len + keep] = self.delimiter;
                passed.len += keep + 1;
                passed.items += 1;
            }
            from += length + 1;
        }
        passed
    }
}
