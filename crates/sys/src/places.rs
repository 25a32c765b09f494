//! How many more processes and threads may be started.

use std::os::unix::fs::MetadataExt;

use rustix::process::{Resource, geteuid, getrlimit, getuid};

use super::cgroup;

/// A larger limit is none: to count a user's threads up to it takes longer than a run is worth.
const LARGEST: u64 = 4096;

/// How many more processes and threads this user, or the control group, may have. None where there is no limit, or a large
/// one. Others may take some of them.
pub fn processes_left() -> Option<usize> {
    let left = of_user().into_iter().chain(cgroup::processes_left()).min().filter(|left| *left < LARGEST)?;
    usize::try_from(left).ok()
}

fn of_user() -> Option<u64> {
    let limit = getrlimit(Resource::Nproc).current.filter(|limit| *limit < LARGEST)?;
    // The limit does not bind root.
    if geteuid().is_root() {
        return None;
    }
    let user = getuid().as_raw();
    let processes = std::fs::read_dir("/proc").ok()?.flatten().filter(|entry| {
        let is_process = entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        is_process && entry.metadata().is_ok_and(|meta| meta.uid() == user)
    });
    let threads = processes.map(|entry| std::fs::read_dir(entry.path().join("task")).map_or(1, Iterator::count) as u64);
    Some(limit.saturating_sub(threads.sum()))
}
