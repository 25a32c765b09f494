//! How much memory this process may still take, and giving back what it no longer needs.

/// Bytes that can be had: of the machine, or of the cgroup where that has less. `None` where the system does not say.
pub fn available() -> Option<u64> {
    let group = second_version().or_else(first_version);
    machine().into_iter().chain(group).min()
}

/// Gives freed memory back to the kernel, where the allocator of C would keep it for the thread that had it. Takes as long
/// as there is much of it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator is told by a call of C")]
pub fn trim() {
    // SAFETY: malloc_trim may be called at any time, by any thread.
    unsafe { libc::malloc_trim(0) };
}

/// Lets all threads take memory from one heap.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the allocator is told by a call of C")]
pub(super) fn share_heap() {
    // SAFETY: mallopt takes two numbers, at any time.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) const fn share_heap() {}

/// Other allocators are left as they are.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub const fn trim() {}

/// What the kernel thinks can be had without swapping.
fn machine() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

fn second_version() -> Option<u64> {
    let folder = group("0::")?;
    let most = number(&format!("/sys/fs/cgroup{folder}/memory.max"))?;
    Some(most.saturating_sub(number(&format!("/sys/fs/cgroup{folder}/memory.current"))?))
}

fn first_version() -> Option<u64> {
    let folder = group(":memory:")?;
    let most = number(&format!("/sys/fs/cgroup/memory{folder}/memory.limit_in_bytes"))?;
    Some(most.saturating_sub(number(&format!("/sys/fs/cgroup/memory{folder}/memory.usage_in_bytes"))?))
}

/// The folder of this process's group, in the line that holds this.
fn group(of: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    text.lines().find_map(|line| Some(line.split_once(of)?.1.to_owned()))
}

fn number(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}
