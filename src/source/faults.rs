//! What can be wrong with an item as it is read.

use crate::base::failure::Failure;

/// A quote of a CSV record is not closed before its input ends.
pub(super) const UNCLOSED_QUOTE: Failure = Failure::constant("has a quote that is never closed");

/// An item of more than `limit` bytes. Only its beginning is kept.
pub(super) fn too_long(limit: usize) -> Failure {
    Failure::item(format!("is longer than {limit} bytes; --max-item raises the limit")).of_beginning()
}

/// A record of more fields than the header has names.
pub(super) fn too_many_fields(fields: usize, names: usize) -> Failure {
    Failure::item(format!("has {fields} fields, but the header names {names}"))
}
