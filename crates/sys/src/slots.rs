//! The process groups of the jobs that run now, in memory that the guard shares with the runner: telling it costs
//! a store for each job, and no system call.

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::process::Pid;

/// How many workers have a slot; what further ones run, the guard knows by its mark alone.
const COUNT: usize = 4096;

/// A slot for each worker. The memory stays for the life of the process.
#[derive(Clone, Copy, Debug)]
pub struct Slots(&'static [AtomicI32]);

impl Slots {
    /// Empty ones.
    #[expect(unsafe_code, reason = "memory that stays shared after a fork")]
    pub(super) fn new() -> io::Result<Slots> {
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping at an address of the kernel's choice touches nothing that exists.
        let page = unsafe { libc::mmap(std::ptr::null_mut(), COUNT * size_of::<AtomicI32>(), access, flags, -1, 0) };
        if page == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the mapping is aligned to a page, as long as COUNT numbers, filled with zeros, which are numbers,
        // and never unmapped; it is reached through atomics only, in both processes.
        Ok(Slots(unsafe { std::slice::from_raw_parts(page.cast(), COUNT) }))
    }

    /// The worker has started a process that leads a group of its own.
    pub fn set(self, worker: usize, leader: Pid) {
        self.store(worker, leader.as_raw_nonzero().get());
    }

    /// The worker's process has ended. Best said before it is waited for, while its id is still its own.
    pub fn clear(self, worker: usize) {
        self.store(worker, 0);
    }

    fn store(self, worker: usize, group: i32) {
        if let Some(slot) = self.0.get(worker) {
            slot.store(group, Ordering::Relaxed);
        }
    }

    /// Whether this group is one of them.
    #[cfg(any(target_os = "linux", test))]
    pub(super) fn hold(self, group: i32) -> bool {
        group != 0 && self.0.iter().any(|slot| slot.load(Ordering::Relaxed) == group)
    }

    /// The groups.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn groups(self) -> impl Iterator<Item = Pid> {
        self.0.iter().filter_map(|slot| Pid::from_raw(slot.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_held_from_set_to_clear() {
        let slots = Slots::new().unwrap();
        slots.set(1, Pid::from_raw(7).unwrap());
        slots.set(COUNT - 1, Pid::from_raw(8).unwrap());
        slots.set(COUNT, Pid::from_raw(9).unwrap());
        assert_eq!([7, 8, 9].map(|group| slots.hold(group)), [true, true, false]);
        slots.clear(1);
        slots.clear(COUNT);
        assert_eq!([7, 8, 0].map(|group| slots.hold(group)), [false, true, false]);
    }
}
