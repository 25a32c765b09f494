//! One child process from its start to its end: its pipes, its output, its time, its death.
//!
//! [`child`] waits for it, as [`orders`] has it. Nothing here knows what a command line is made of, what items are, or what
//! becomes of the output.

pub mod child;
pub mod clock;
pub mod orders;
pub mod plumbing;
