//! The machine's processes, as `/proc` shows them: their ids, their environments, their state.
//!
//! Nothing here allocates, locks or panics: the guard uses it in a forked copy of a process whose other threads
//! may have held any lock (see `guard`). What cannot be read, because the process has ended or is somebody
//! else's, reads as nothing.

use std::io::Write;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::fs::{CWD, Mode, OFlags, RawDir, open, readlinkat_raw};
use rustix::process::{Pid, getpid};

/// The longest variable of an environment that is looked at; longer ones are passed over.
pub(super) const LONGEST: usize = 4096;

/// What `/proc/PID/stat` says of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stat {
    /// As ps shows it: `R`, `S`, `T` for stopped, `Z` for ended and not yet waited for.
    pub(super) state: u8,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// When it started, in ticks of the system's clock since the boot.
    pub(super) start: u64,
    /// Its name, the first bytes of it, then NUL bytes.
    name: [u8; 16],
}

impl Stat {
    /// Whether the process goes by this name, which is shorter than 16 bytes.
    pub(super) fn is_named(&self, name: &[u8]) -> bool {
        self.name.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&0))
    }
}

/// Visits each process, in the order of their ids, so that a child forked meanwhile is mostly met as well.
pub(super) fn each(visit: &mut dyn FnMut(Pid)) {
    let Some(folder) = opened(b"/proc", OFlags::DIRECTORY).filter(|_| is_here()) else { return };
    let mut buffer = [const { MaybeUninit::<u8>::uninit() }; 4096];
    let mut entries = RawDir::new(folder, &mut buffer);
    while let Some(Ok(entry)) = entries.next() {
        if let Some(pid) = number(entry.file_name().to_bytes()).and_then(Pid::from_raw) {
            visit(pid);
        }
    }
}

/// Visits each variable of the environment with which the process was started, as `NAME=value`.
pub(super) fn environment(pid: Pid, visit: &mut dyn FnMut(&[u8])) {
    let Some(file) = of(pid, "environ") else { return };
    let mut buffer = [0; LONGEST];
    // How much of the buffer is filled, and whether it is the rest of a variable that is too long.
    let (mut filled, mut skips) = (0, false);
    loop {
        let Ok(read @ 1..) = rustix::io::read(&file, &mut buffer[filled..]) else { return };
        filled += read;
        let mut start = 0;
        while let Some(length) = memchr::memchr(0, &buffer[start..filled]) {
            if !std::mem::take(&mut skips) {
                visit(&buffer[start..start + length]);
            }
            start += length + 1;
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
        if filled == buffer.len() {
            (filled, skips) = (0, true);
        }
    }
}

/// The state of a process, unless it is gone.
pub(super) fn stat(pid: Pid) -> Option<Stat> {
    let mut buffer = [0; 1024];
    let read = rustix::io::read(of(pid, "stat")?, &mut buffer).ok()?;
    parse(buffer.get(..read)?)
}

/// `PID (NAME) STATE PARENT GROUP SESSION …`; the name may hold anything, a parenthesis too.
fn parse(line: &[u8]) -> Option<Stat> {
    let after = memchr::memrchr(b')', line)? + 2;
    let mut fields = line.get(after..)?.split(|byte| *byte == b' ');
    let state = *fields.next()?.first()?;
    let mut next = || number(fields.next()?);
    let (parent, group, session) = (next()?, next()?, next()?);
    // Field 22 of the line.
    let start = std::str::from_utf8(fields.nth(15)?).ok()?.parse().ok()?;
    let (mut name, open) = ([0; 16], memchr::memchr(b'(', line)? + 1);
    let shown = line.get(open..after - 2)?;
    name.iter_mut().zip(shown).for_each(|(to, from)| *to = *from);
    Some(Stat { state, parent, group, session, start, name })
}

/// Whether `/proc` numbers processes as this process does. After `unshare --pid --fork` without `--mount-proc` it shows
/// those of another namespace, and a number read there means another process here.
pub(super) fn is_here() -> bool {
    /// 0 until it is known.
    static FOUND: AtomicU8 = AtomicU8::new(0);
    if FOUND.load(Ordering::Relaxed) == 0 {
        let mut buffer = [const { MaybeUninit::uninit() }; 16];
        let own = readlinkat_raw(CWD, c"/proc/self", &mut buffer).ok().and_then(|(link, _)| number(link));
        let is_here = own == Some(getpid().as_raw_nonzero().get());
        FOUND.store(if is_here { 1 } else { 2 }, Ordering::Relaxed);
    }
    FOUND.load(Ordering::Relaxed) == 1
}

/// A file of the process, opened.
fn of(pid: Pid, file: &str) -> Option<OwnedFd> {
    if !is_here() {
        return None;
    }
    let mut path = [0; 32];
    write!(&mut path[..], "/proc/{}/{file}", pid.as_raw_nonzero()).ok()?;
    opened(path.split(|byte| *byte == 0).next()?, OFlags::empty())
}

fn opened(path: &[u8], flags: OFlags) -> Option<OwnedFd> {
    open(path, OFlags::RDONLY | OFlags::CLOEXEC | flags, Mode::empty()).ok()
}

fn number(digits: &[u8]) -> Option<i32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A process with just this environment, that ends when its input is closed.
    fn cat(environment: &[(&str, String)]) -> Child {
        let mut command = Command::new("/bin/cat");
        command.env_clear().envs(environment.iter().cloned()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.process_group(0).spawn().unwrap();
        // It may count as started before it has its environment.
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        child
    }

    fn end(mut child: Child) {
        drop(child.stdin.take());
        child.wait().unwrap();
    }

    #[test]
    fn this_process_and_a_child_are_among_all() {
        let child = cat(&[]);
        let mut found = Vec::new();
        each(&mut |pid| found.push(pid));
        assert!(found.contains(&Pid::from_child(&child)) && found.contains(&getpid()));
        end(child);
    }

    #[test]
    fn variables_are_read_whole_wherever_they_stand() {
        let pad = |n: usize| "x".repeat(n);
        // Around the end of the buffer, and far beyond it.
        for n in [0, 1, 4000, 4080, 4090, 4091, 4092, 4093, 4094, 4095, 4096, 4097, 8190, 100_000] {
            let child = cat(&[("A", pad(n)), ("B", "1".into()), ("C", pad(5000)), ("D", pad(4093)), ("E", "2".into())]);
            let mut found = Vec::new();
            environment(Pid::from_child(&child), &mut |variable| found.push(variable.to_vec()));
            let mut expected = vec![format!("A={}", pad(n)), "B=1".into(), format!("D={}", pad(4093)), "E=2".into()];
            expected.retain(|variable| variable.len() < LONGEST);
            assert!(found == expected.iter().map(|v| v.clone().into_bytes()).collect::<Vec<_>>(), "{n}");
            end(child);
        }
    }

    #[test]
    fn a_process_that_is_gone_reads_as_nothing() {
        let child = cat(&[("A", "1".into())]);
        let pid = Pid::from_child(&child);
        assert_eq!(stat(pid).unwrap().group, pid.as_raw_nonzero().get());
        assert_eq!(stat(pid).unwrap().parent, std::process::id() as i32);
        end(child);
        assert_eq!(stat(pid), None);
        environment(pid, &mut |_| unreachable!());
    }

    #[test]
    fn a_name_may_look_like_the_rest_of_the_line() {
        let line = b"7 (a) S 1 (b) Z) T 1 2 3 0 -1 4194304 106 0 0 0 1 2 3 4 20 0 1 0 987 226 1";
        let stat = parse(line).unwrap();
        assert_eq!((stat.state, stat.parent, stat.group, stat.session, stat.start), (b'T', 1, 2, 3, 987));
        assert!(stat.is_named(b"a) S 1 (b) Z") && !stat.is_named(b"a") && !stat.is_named(b"a) S 1 (b) Z "));
        assert_eq!(parse(&line[..60]), None);
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"7 (a)"), None);
        assert_eq!(parse(b"7 )a( S 1 2 3 0 -1 4194304 106 0 0 0 1 2 3 4 20 0 1 0 987 226 1"), None);
    }
}
