//! The lowest floor: what every room may use, and what knows no other room.
//!
//! - [`item`]: items, their numbers, chunks of them; [`chunk`], [`buffer`]: blocks of items and the memory for them
//! - [`failure`], [`outcome`], [`result`]: why an item failed, how its process ended, what an operation made of it
//! - [`event`]: what a run tells those who watch it; [`exit`]: what it tells the shell
//! - [`atomic_file`], [`stream`], [`template`], [`units`]: files that are complete or absent, the two streams of output,
//!   what items are to templates, sizes and durations as options say them

pub mod atomic_file;
pub mod buffer;
pub mod chunk;
pub mod event;
pub mod exit;
pub mod failure;
pub mod item;
pub mod outcome;
pub mod result;
pub mod stream;
pub mod template;
pub mod units;
