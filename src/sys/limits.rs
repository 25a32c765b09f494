//! How much of what the system limits may still be used.

use rustix::process::{Resource, getrlimit};

/// The descriptors that parjob itself keeps open, with some to spare.
const OWN: u64 = 24;

/// The descriptors of one process that is watched: two pipes, both ends of a third while it starts, and a bell.
const EACH: u64 = 5;

/// More than these at a time no machine runs.
const MOST: u64 = 20_000;

/// How many processes can run at a time as far as open files allow, at least 1.
pub fn processes() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // It is at most MOST, which fits.
    (files.saturating_sub(OWN) / EACH).clamp(1, MOST) as usize
}
