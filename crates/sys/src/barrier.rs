//! A memory barrier on all processors at once: for memory that is shared with another program, where one side is to pay for
//! the order of both.
//!
//! It takes milliseconds: the kernel waits until each processor has come by.

use std::io;

/// `MEMBARRIER_CMD_QUERY` and `MEMBARRIER_CMD_GLOBAL` of `linux/membarrier.h`.
#[cfg(target_os = "linux")]
const COMMANDS: (libc::c_int, libc::c_int) = (0, 1);

/// Whether the system has it.
#[cfg(target_os = "linux")]
pub fn is_there() -> bool {
    let (query, global) = COMMANDS;
    call(query).is_ok_and(|commands| commands & libc::c_long::from(global) != 0)
}

/// What any thread of any program wrote before this call is seen by all that is read after it, and the other way round.
///
/// # Errors
///
/// The system does not have it.
#[cfg(target_os = "linux")]
pub fn on_all_processors() -> io::Result<()> {
    call(COMMANDS.1).map(drop)
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the C library has no function for it")]
fn call(command: libc::c_int) -> io::Result<libc::c_long> {
    // SAFETY: the call takes three numbers and touches no memory of this program.
    match unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) } {
        -1 => Err(io::Error::last_os_error()),
        result => Ok(result),
    }
}

/// Other systems do not.
#[cfg(not(target_os = "linux"))]
pub const fn is_there() -> bool {
    false
}

/// Other systems do not have it.
///
/// # Errors
///
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn on_all_processors() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn it_does_what_it_says_it_can() {
        assert_eq!(super::on_all_processors().is_ok(), super::is_there());
    }
}
