//! Processes: what the command line of an item is made of, and one child from its start to its end.
//!
//! [`parjob_shell_template`] expands words without a shell, and makes shell scripts in which a value can never become code.
//! [`recipe`] makes the words of a process of either, and [`paste`] shows them. [`child`] waits for one process, as [`orders`] has it. Nothing here knows where items come from, how many there are, or what becomes of the output.

pub mod child;
pub mod clock;
pub mod orders;
pub mod paste;
pub mod plumbing;
pub mod program;
pub mod recipe;

pub use parjob_sys::words;
