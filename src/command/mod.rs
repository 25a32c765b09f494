//! Processes: what a command line is made of, and one child from its start to its end.

pub mod child;
pub mod clock;
