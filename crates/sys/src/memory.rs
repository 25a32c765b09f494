//! How much memory this process may still take.

/// Bytes that can be had: of the machine, or of the cgroup where that has less. `None` where the system does not say.
pub fn available() -> Option<u64> {
    let group = second_version().or_else(first_version);
    machine().into_iter().chain(group).min()
}

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
