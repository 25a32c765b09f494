//! parjob: a parallel job runner for the shell.

pub mod item;
pub mod op;
