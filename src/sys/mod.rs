//! What only the operating system knows or does: the state in which the process was started, signals,
//! processors. The only room where unsafe code may stand, each block with its reason.

pub mod cpus;
pub mod entry;
pub mod limits;
pub mod signals;
pub mod spawn;
pub mod words;
