//! What the control group of this process, versions 1 and 2, says of memory and processes: how much is left of its limits,
//! and how many processes were killed for want of memory.
//!
//! A group is a folder, and each folder above it may have a limit of its own. Where there is no such group, or it
//! cannot be read, as on other systems than Linux, nothing is known.

use std::path::{Path, PathBuf};

/// How many processes the kernel has killed because memory ran out, so far. Asked before and after: the difference
/// makes it likely that a child which was killed was one of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OomCount(Option<u64>);

impl OomCount {
    /// As of now: of the control group, or else of the whole machine.
    pub fn now() -> OomCount {
        let of_group = Group::of_memory().and_then(|group| group.killed());
        OomCount(of_group.or_else(|| named(&std::fs::read_to_string("/proc/vmstat").ok()?, "oom_kill")))
    }

    /// Whether some process was killed since.
    pub fn has_grown_since(self, before: OomCount) -> bool {
        matches!((before.0, self.0), (Some(before), Some(now)) if now > before)
    }
}

/// How many bytes are left of the narrowest limit on memory; none where there is no limit. What the kernel would
/// drop to make room, files that nobody has touched for a while, counts as free.
pub fn memory_left() -> Option<u64> {
    let group = Group::of_memory()?;
    group.and_above().filter_map(|folder| group.left_in(folder)).min()
}

/// How many more processes and threads the narrowest limit allows; none where there is no limit.
pub fn processes_left() -> Option<u64> {
    let (groups, mounts) = own()?;
    let both = [Version::One, Version::Two].into_iter();
    let groups = both.filter_map(|version| Group::find(version, "pids", &groups, &mounts));
    groups.filter_map(|group| group.and_above().filter_map(processes_left_in).min()).min()
}

fn processes_left_in(folder: &Path) -> Option<u64> {
    // `max` stands for none, and is no number.
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
    Some(read("pids.max")?.saturating_sub(read("pids.current")?))
}

/// The groups of this process, and what is mounted.
fn own() -> Option<(String, String)> {
    let read = |name: &str| std::fs::read_to_string(name).ok();
    Some((read("/proc/self/cgroup")?, read("/proc/self/mountinfo")?))
}

/// The control group that accounts for this process's memory.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    folder: PathBuf,
    /// Where the hierarchy is mounted.
    top: PathBuf,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Group {
    fn of_memory() -> Option<Group> {
        let (groups, mounts) = own()?;
        // Version 1 has memory where both are mounted and it is listed there.
        let both = [Version::One, Version::Two].into_iter();
        both.filter_map(|version| Group::find(version, "memory", &groups, &mounts)).find(|group| group.has_memory())
    }

    /// From the lines of `/proc/self/cgroup`, `ID:CONTROLLERS:PATH`, and of `/proc/self/mountinfo`.
    fn find(version: Version, controller: &str, groups: &str, mounts: &str) -> Option<Group> {
        let path = groups.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, path) = rest.split_once(':')?;
            let is_it = match version {
                Version::One => controllers.split(',').any(|name| name == controller),
                Version::Two => controllers.is_empty(),
            };
            is_it.then_some(path)
        })?;
        let (root, top) = mounts.lines().find_map(|line| mounted(version, controller, line))?;
        // Inside a container the path may lead to a place that is not mounted here: what is mounted is ours then.
        let below = Path::new(path).strip_prefix(root).unwrap_or(Path::new(""));
        let folder = Path::new(top).join(below);
        Some(Group { folder: if folder.is_dir() { folder } else { top.into() }, top: top.into(), version })
    }

    fn has_memory(&self) -> bool {
        self.folder.join(self.usage_file()).exists() || self.folder.join(self.killed_file()).exists()
    }

    fn usage_file(&self) -> &'static str {
        match self.version {
            Version::One => "memory.usage_in_bytes",
            Version::Two => "memory.current",
        }
    }

    fn killed_file(&self) -> &'static str {
        match self.version {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        }
    }

    fn killed(&self) -> Option<u64> {
        named(&std::fs::read_to_string(self.folder.join(self.killed_file())).ok()?, "oom_kill")
    }

    /// This group's folder and those above it.
    fn and_above(&self) -> impl Iterator<Item = &Path> {
        self.folder.ancestors().take_while(|folder| folder.starts_with(&self.top))
    }

    fn left_in(&self, folder: &Path) -> Option<u64> {
        let (limit, reclaimable) = match self.version {
            Version::One => ("memory.limit_in_bytes", "total_inactive_file"),
            Version::Two => ("memory.max", "inactive_file"),
        };
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        // `max` stands for none, and is no number; version 1 has a huge number in its place.
        let limit: u64 = read(limit)?.trim().parse().ok().filter(|limit| *limit < 1 << 60)?;
        let used: u64 = read(self.usage_file())?.trim().parse().ok()?;
        let reclaimable = read("memory.stat").and_then(|lines| named(&lines, reclaimable)).unwrap_or(0);
        Some(limit.saturating_sub(used.saturating_sub(reclaimable)))
    }
}

/// The root and the folder of a mounted hierarchy, when this line of mountinfo is about the one that is looked for:
/// `ID PARENT DEVICE ROOT FOLDER OPTIONS… - TYPE SOURCE SUPEROPTIONS`.
fn mounted<'a>(version: Version, controller: &str, line: &'a str) -> Option<(&'a str, &'a str)> {
    let (mount, system) = line.split_once(" - ")?;
    let mut words = system.split(' ');
    let is_it = match (version, words.next()?) {
        (Version::One, "cgroup") => words.nth(1)?.split(',').any(|option| option == controller),
        (Version::Two, "cgroup2") => true,
        _ => false,
    };
    let mut fields = mount.split(' ').skip(3);
    is_it.then_some((fields.next()?, fields.next()?))
}

/// The number on the line `NAME NUMBER`.
fn named(lines: &str, name: &str) -> Option<u64> {
    lines.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    #[test]
    fn a_hierarchy_is_found_where_it_is_mounted() {
        let one = "35 31 0:32 /outer /cg/memory rw,relatime shared:9 - cgroup cgroup rw,memory";
        let two = "41 31 0:38 / /cg/unified rw,relatime - cgroup2 cgroup2 rw";
        let mounted = |version, line| mounted(version, "memory", line);
        assert_eq!(mounted(Version::One, one), Some(("/outer", "/cg/memory")));
        assert_eq!(mounted(Version::Two, two), Some(("/", "/cg/unified")));
        assert_eq!((mounted(Version::Two, one), mounted(Version::One, two)), (None, None));
        assert_eq!(mounted(Version::One, "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct"), None);
    }

    /// A mounted hierarchy of folders, with these files.
    fn group(version: Version, path: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Group) {
        let top = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let file = top.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, content).unwrap();
        }
        let (groups, system) = match version {
            Version::One => (format!("2:cpu:/\n4:memory,hugetlb:{path}\n0::/\n"), "cgroup cgroup rw,memory"),
            Version::Two => (format!("0::{path}\n"), "cgroup2 cgroup2 rw"),
        };
        let mounts = format!("1 0 0:1 / / rw - ext4 x rw\n3 1 0:2 / {} rw - {system}\n", top.path().display());
        let group = Group::find(version, "memory", &groups, &mounts).unwrap();
        (top, group)
    }

    fn least(group: &Group) -> Option<u64> {
        group.and_above().filter_map(|folder| group.left_in(folder)).min()
    }

    #[test]
    fn the_narrowest_limit_on_the_way_up_counts() {
        let files = [
            ("a/b/memory.max", "max\n"),
            ("a/b/memory.current", "70\n"),
            ("a/b/memory.events", "low 1\noom 2\noom_kill 3\noom_group_kill 0\n"),
            ("a/memory.max", "1000\n"),
            ("a/memory.current", "400\n"),
            ("a/memory.stat", "anon 1\ninactive_file 100\n"),
        ];
        let (_top, group) = group(Version::Two, "/a/b", &files);
        assert!(group.has_memory());
        assert_eq!((least(&group), group.killed()), (Some(700), Some(3)));
    }

    #[test]
    fn version_1_says_the_same_in_other_words() {
        let files = [
            ("a/memory.limit_in_bytes", "1000\n"),
            ("a/memory.usage_in_bytes", "1100\n"),
            ("a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"),
            ("memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory.usage_in_bytes", "5\n"),
        ];
        let (_top, group) = group(Version::One, "/a", &files);
        assert_eq!((least(&group), group.killed()), (Some(0), Some(5)));
        assert_eq!(group.and_above().count(), 2);
    }

    #[test]
    fn the_processes_that_are_left_are_those_of_the_folder() {
        let files = [("a/pids.max", "30\n"), ("a/pids.current", "8\n"), ("pids.max", "max\n"), ("pids.current", "9\n")];
        let (top, _) = group(Version::Two, "/a", &files);
        assert_eq!(processes_left_in(&top.path().join("a")), Some(22));
        assert_eq!(processes_left_in(top.path()), None);
    }

    #[test]
    fn a_path_that_is_not_mounted_here_leads_to_what_is() {
        let (top, group) = group(Version::Two, "/elsewhere", &[("memory.events", "oom_kill 1\n")]);
        assert_eq!((group.folder.as_path(), group.killed()), (top.path(), Some(1)));
        assert_eq!(least(&group), None);
    }

    #[test]
    fn only_a_count_that_grew_tells_something() {
        let [unknown, one, two] = [None, Some(1), Some(2)].map(OomCount);
        assert!(two.has_grown_since(one));
        assert!(!one.has_grown_since(one) && !two.has_grown_since(unknown) && !unknown.has_grown_since(one));
        assert!(!OomCount::now().has_grown_since(OomCount(Some(u64::MAX))));
    }
}
