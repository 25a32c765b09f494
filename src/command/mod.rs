//! The command line of an item: what it is made of, and how it is shown.
//!
//! [`parjob_shell_template`] expands words without a shell, and makes shell scripts in which a value can never become code.
//! [`recipe`] makes the words of a process of either, and [`paste`] shows them. Nothing here starts anything.

pub mod paste;
pub mod program;
pub mod recipe;

pub use parjob_sys::words;
