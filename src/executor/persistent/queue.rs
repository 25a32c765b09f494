//! The blocks that wait to be claimed, and the threads that claim them.

use crate::engine::blocks::Blocks;

/// Waiting blocks.
#[derive(Default)]
pub(super) struct Queue {
    pub(super) blocks: Blocks,
    /// The run is over.
    pub(super) closed: bool,
    /// The threads there are.
    pub(super) threads: usize,
    /// No more threads, or processes, can be had.
    pub(super) exhausted: bool,
}
