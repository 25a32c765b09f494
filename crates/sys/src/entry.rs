//! How the process was started: which standard streams were closed, and whether SIGPIPE was ignored.
//!
//! Rust's runtime opens /dev/null in the place of a closed standard stream and ignores SIGPIPE, both
//! before `main`. So this looks before the runtime does, from the list of functions that the loader calls
//! first. Where the platform has no such list, nothing is known and the streams count as open. A stack on which the runtime
//! could not even start is said here too.

use std::sync::atomic::{AtomicU8, Ordering};

/// Bits 0 to 2: that descriptor was closed. Bit 3: SIGPIPE was ignored.
static FOUND: AtomicU8 = AtomicU8::new(0);

const SIGPIPE_IGNORED: u8 = 1 << 3;

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Descriptor 0.
    Input,
    /// Descriptor 1.
    Output,
}

/// Whether the stream was closed when the process started.
pub fn was_closed(stream: Stream) -> bool {
    FOUND.load(Ordering::Relaxed) & 1 << stream as u8 != 0
}

/// Whether SIGPIPE was ignored when the process started: then a closed pipe is an error like any other.
pub fn sigpipe_was_ignored() -> bool {
    FOUND.load(Ordering::Relaxed) & SIGPIPE_IGNORED != 0
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the loader's list is reached by a linker section")]
// SAFETY: `.init_array` holds pointers to C functions that the loader calls once, before `main`, on the only
// thread. `look` is such a function, and needs nothing that is set up later.
#[unsafe(link_section = ".init_array")]
#[used]
static LOOK: extern "C" fn() = look;

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "asks the kernel for what no safe call tells")]
extern "C" fn look() {
    check_stack();
    let mut found = 0;
    for stream in 0..3 {
        // SAFETY: F_GETFD takes no further argument and changes nothing, whether or not the descriptor is open.
        if unsafe { libc::fcntl(stream, libc::F_GETFD) } == -1 {
            found |= 1 << stream;
        }
    }
    if super::signals::is_ignored(libc::SIGPIPE) {
        found |= SIGPIPE_IGNORED;
    }
    FOUND.store(found, Ordering::Relaxed);
}

/// Ends the process, with a word of why, where the runtime would overflow its stack before `main`, or soon after. Arguments
/// and environment lie on the stack as well.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the runtime, which has the safe calls, has not begun")]
fn check_stack() {
    let Some(most) = rustix::process::getrlimit(rustix::process::Resource::Stack).current else { return };
    // SAFETY: takes a number, and reads what the kernel gave the process. It is the address of the program's name, which lies
    // above all else on the stack; 0 where there is none.
    let top = unsafe { libc::getauxval(libc::AT_EXECFN) } as usize;
    let used = top.saturating_sub(&raw const most as usize) as u64;
    let text: &[u8] = if most < super::limits::LEAST_STACK {
        b"the stack is too small to start; ulimit -s 64 is enough\n"
    } else if most.saturating_sub(used) < super::limits::FREE_STACK {
        b"arguments and environment leave too little of the stack to start; shorten them, or raise ulimit -s\n"
    } else {
        return;
    };
    // SAFETY: writes bytes that are there, and ends the process, in which nothing has begun.
    unsafe {
        libc::write(2, text.as_ptr().cast(), text.len());
        libc::_exit(3);
    }
}
