//! What only the operating system knows or does, for programs that run many others: starting a process, trees of them and the
//! guard over them, signals, processors, memory, limits, and the state in which the program itself was started.
//!
//! The only crate of its workspace in which unsafe code stands, each block with its reason. It knows nothing of runs, items
//! or results.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub mod barrier;
pub mod cgroup;
pub mod children;
pub mod cpus;
#[cfg(target_os = "linux")]
mod descent;
pub mod entry;
pub mod guard;
#[cfg(feature = "heap")]
pub mod heap;
#[cfg(target_os = "linux")]
mod hunt;
pub mod init;
pub mod limits;
pub mod mark;
pub mod memory;
pub mod places;
#[cfg(target_os = "linux")]
mod processes;
pub mod search;
pub mod signals;
pub mod slots;
pub mod spawn;
pub mod tree;
pub mod words;

use std::io;

/// Says what could not be done, before the system's own words for it.
fn failed(what: &'static str) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{what}: {error}"))
}
