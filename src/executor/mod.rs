//! What workers do: a process for each item or batch, or processes that stay up and are fed items.

pub mod persistent;
pub mod spawn;
