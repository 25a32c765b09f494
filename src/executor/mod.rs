//! What workers do: items in this process, a process for each item or batch, or processes that stay up and are fed items.
//!
//! Each is an [`Executor`](crate::engine::Executor): it claims work from its slot and posts what became of it. None knows the run loop, or
//! the others.

mod caught;
mod finish;
mod folding;
pub mod in_process;
pub mod persistent;
mod reduce;
pub mod spawn;

pub use caught::is_caught;

/// Takes a worker, from 0, and the process group at work there, or 0.
pub type GuardSlot = dyn Fn(usize, i32) + Send + Sync;
