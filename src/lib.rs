//! parjob: a parallel job runner for the shell.

pub mod buffer;
pub mod chunk;
pub mod item;
pub mod op;
pub mod output;
pub mod source;
