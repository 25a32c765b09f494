//! How many processors this process may use, and what sets the number.

/// A number of processors and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpus {
    /// At least 1.
    pub count: usize,
    /// What sets the number, as the end of a sentence.
    pub why: &'static str,
}

/// The processors that this process may use: by its affinity and by its cgroup's quota.
pub fn usable() -> Cpus {
    // The standard library takes affinity and cgroup quota, v1 and v2, into account.
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let (allowed, online) = allowed_and_online().unwrap_or((count, count));
    let why = if count < allowed {
        "the cgroup's CPU quota"
    } else if count < online {
        "the CPUs that this process may run on"
    } else {
        "the machine's CPUs"
    };
    Cpus { count, why }
}

/// The processors that the scheduler may use for this process, and all of them.
#[cfg(target_os = "linux")]
fn allowed_and_online() -> Option<(usize, usize)> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let allowed = sched_getaffinity(None).ok()?.count() as usize;
    Some((allowed, (0..CpuSet::MAX_CPU).take_while(|cpu| is_present(*cpu)).count()))
}

#[cfg(not(target_os = "linux"))]
fn allowed_and_online() -> Option<(usize, usize)> {
    None
}

#[cfg(target_os = "linux")]
fn is_present(cpu: usize) -> bool {
    std::path::Path::new(&format!("/sys/devices/system/cpu/cpu{cpu}")).exists()
}
