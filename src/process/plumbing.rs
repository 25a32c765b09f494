//! The pipes and the files without a name that connect a process with its worker. What it is not given it never
//! sees: all are close-on-exec.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::process::Pid;

/// A pipe: the end to read, and the end to write.
///
/// # Errors
///
/// Too many open files.
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (reader, writer) = io::pipe().map_err(errno)?;
    Ok((reader.into(), writer.into()))
}

/// A file without a name: in memory, where the system has such files. `label` is how it is listed.
///
/// # Errors
///
/// Too many open files, or no room for a temporary file.
#[cfg(target_os = "linux")]
pub fn unnamed(label: &std::ffi::CStr) -> Result<File, Errno> {
    rustix::fs::memfd_create(label, rustix::fs::MemfdFlags::CLOEXEC).map(Into::into)
}

/// A file without a name: in memory, where the system has such files.
///
/// # Errors
///
/// Too many open files, or no room for a temporary file.
#[cfg(not(target_os = "linux"))]
pub fn unnamed(_label: &std::ffi::CStr) -> Result<File, Errno> {
    tempfile::tempfile().map_err(errno)
}

/// The system's number of an error.
pub fn errno(error: io::Error) -> Errno {
    Errno::from_io_error(&error).unwrap_or(Errno::IO)
}

/// A descriptor that is readable once the process has ended. `None` where the system has none to give.
#[cfg(target_os = "linux")]
pub fn open_pidfd(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
pub fn open_pidfd(_pid: Pid) -> Option<OwnedFd> {
    None
}
