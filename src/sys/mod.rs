//! What only the operating system knows or does: the state in which the process was started, signals,
//! processors, memory, process trees and the guard over them, limits. The only room where unsafe code may stand, each block
//! with its reason.

pub mod cgroup;
pub mod cpus;
pub mod entry;
pub mod guard;
#[cfg(any(test, fuzzing))]
pub mod heap;
#[cfg(target_os = "linux")]
mod hunt;
pub mod init;
pub mod limits;
pub mod mark;
pub mod memory;
#[cfg(target_os = "linux")]
mod processes;
pub mod search;
pub mod signals;
pub mod slots;
pub mod spawn;
pub mod tree;
pub mod words;
