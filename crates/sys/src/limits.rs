//! How much may be used: open files, the length of a command line, memory, the machine's load.
//!
//! The limit on open files is not raised: children would inherit what this program has set, and to give them back what
//! they had needs code between fork and exec, which takes posix_spawn away. Fewer jobs run at a time instead.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use super::memory;
use rustix::process::{Resource, getpid, getpriority_process, getrlimit, setpriority_process};

/// What stays unused of a command line: POSIX advises to leave 2,048 bytes, so that the command may change its
/// environment before it runs another one.
const HEADROOM: usize = 2048;

/// The first thread cannot do with a smaller stack, nor can the runtime before `main`: [`super::entry`] looks at it.
pub(super) const LEAST_STACK: u64 = 64 << 10;

/// The bytes of stack that arguments and environment must leave free: with 37 KiB `parjob square 3` overflows it, with 41 KiB it runs.
pub(super) const FREE_STACK: u64 = 40 << 10;

/// The program cannot do with less memory: room for its code and a few threads.
const LEAST_MEMORY: u64 = 64 << 20;

/// Looks whether the memory that this process may have is enough to run at all: what lacks later ends it without a word.
/// Where it has a limit, threads share one heap: each would set 64 MiB of addresses aside for its own.
///
/// # Errors
///
/// The limit is below the least that the program can do with; the error names both.
pub(super) fn check() -> io::Result<()> {
    let Some(most) = getrlimit(Resource::As).current else { return Ok(()) };
    if most < LEAST_MEMORY {
        let (most, least) = (most >> 10, LEAST_MEMORY >> 10);
        return Err(io::Error::other(format!("{most} KiB of memory are too little; ulimit -v {least} is the least")));
    }
    memory::share_heap();
    Ok(())
}

/// Whether there is room for one more worker beside so many, where memory has a limit: for its thread, and for what each of
/// them comes to hold. A thread that finds no memory, or a small allocation that does not, ends the whole program.
///
/// # Errors
///
/// `ENOMEM`: that many bytes cannot be had under the limit.
pub fn room_for_worker(workers: usize) -> io::Result<()> {
    const ALL: usize = 16 << 20;
    const EACH: usize = 1 << 20;
    let room = ALL.saturating_add(workers.saturating_mul(EACH));
    if getrlimit(Resource::As).current.is_some() && Vec::<u8>::new().try_reserve_exact(room).is_err() {
        return Err(io::Error::from_raw_os_error(libc::ENOMEM));
    }
    Ok(())
}

/// How many more files may be opened now. Without a limit: `usize::MAX`.
pub fn open_files() -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).current else { return usize::MAX };
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    // One of those listed is the list itself. Where there is none, the standard streams are all that is known.
    let open = std::fs::read_dir(folder).map_or(3, |list| list.count().saturating_sub(1));
    usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(open)
}

/// The descriptors that the program comes to need beside those that are open.
const OWN: usize = 16;

/// The descriptors of one process that is watched: two pipes, both ends of a third while it starts, and a bell.
const EACH: usize = 5;

/// More than these at a time no machine runs.
const MOST: usize = 20_000;

/// How many processes can run at a time as far as open files allow, at least 1.
pub fn processes() -> usize {
    (open_files().saturating_sub(OWN) / EACH).clamp(1, MOST)
}

/// How long a command line may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// All arguments together, the command's name among them, each as [`CommandLine::cost`] says.
    pub total: usize,
    /// A single argument's length.
    pub argument: usize,
    /// The limit of the stack in bytes, where the kernel takes more than the half of it that [`CommandLine::total`] leaves
    /// the program.
    pub small_stack: Option<u64>,
}

impl CommandLine {
    /// For commands that get this environment.
    pub fn with(environment: impl IntoIterator<Item = (OsString, OsString)>) -> CommandLine {
        let cost = |(name, value): (OsString, OsString)| CommandLine::cost(name.len() + 1 + value.len());
        let environment: usize = environment.into_iter().map(cost).sum();
        // Two arrays of pointers end with a null each.
        let used = environment + 2 * size_of::<usize>() + HEADROOM;
        let stack = stack();
        // Arguments lie on the program's stack. What the kernel takes at the least, 128 KiB, would fill a small one, and
        // the program would die of SIGSEGV before it began, or a little later.
        let half = usize::try_from(stack / 2).unwrap_or(usize::MAX);
        let small_stack = (half < arguments()).then_some(stack);
        CommandLine { total: arguments().min(half).saturating_sub(used), argument: longest_argument(), small_stack }
    }

    /// Whether words that take so much leave the program less than half of its stack.
    pub fn crowds(&self, size: usize) -> bool {
        self.small_stack.is_some() && size > self.total
    }

    /// What an argument of so many bytes takes: the kernel counts its final NUL and the pointer to it, too.
    pub const fn cost(length: usize) -> usize {
        length + 1 + size_of::<usize>()
    }

    /// Whether it may be an argument at all: not too long, and without a NUL.
    pub fn takes(&self, argument: &OsStr) -> bool {
        argument.len() <= self.argument && !argument.as_bytes().contains(&0)
    }
}

/// The limit of the stack in bytes.
fn stack() -> u64 {
    getrlimit(Resource::Stack).current.unwrap_or(u64::MAX)
}

/// The kernel's bound on arguments and environment: a quarter of the stack's limit, at least 128 KiB, at most 6 MiB.
/// sysconf does not tell: glibc leaves out the 6 MiB, and musl answers 128 KiB always.
#[cfg(target_os = "linux")]
fn arguments() -> usize {
    usize::try_from(stack() / 4).unwrap_or(usize::MAX).clamp(128 << 10, 6 << 20)
}

/// 32 pages (MAX_ARG_STRLEN), the final NUL among them.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no safe call tells")]
fn longest_argument() -> usize {
    // SAFETY: takes a number and asks only.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    32 * usize::try_from(page).unwrap_or(4096) - 1
}

/// What the system says, or what POSIX promises.
#[cfg(not(target_os = "linux"))]
#[expect(unsafe_code, reason = "no safe call tells")]
fn arguments() -> usize {
    // SAFETY: takes a number and asks only.
    let said = unsafe { libc::sysconf(libc::_SC_ARG_MAX) };
    usize::try_from(said).unwrap_or(4096)
}

#[cfg(not(target_os = "linux"))]
fn longest_argument() -> usize {
    arguments()
}

/// How busy the machine is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// The mean number of processes that ran or waited for a processor in the last minute. It follows slowly: jobs
    /// that have just been started are hardly in it.
    pub average: f64,
    /// How many threads run or wait for a processor at this moment, the one that asks left out. Not known
    /// everywhere.
    pub running: Option<u64>,
}

/// The load now; none where the system does not tell.
#[cfg(target_os = "linux")]
pub fn load() -> Option<Load> {
    parse_load(&std::fs::read_to_string("/proc/loadavg").ok()?)
}

/// `0.20 0.18 0.12 RUNNING/ALL LAST`.
#[cfg(target_os = "linux")]
fn parse_load(line: &str) -> Option<Load> {
    let mut words = line.split(' ');
    let average = words.next()?.parse().ok()?;
    let running = words.nth(2).and_then(|counts| counts.split('/').next()?.parse::<u64>().ok());
    Some(Load { average, running: running.map(|running| running.saturating_sub(1)) })
}

/// The load now; none where the system does not tell.
#[cfg(not(target_os = "linux"))]
#[expect(unsafe_code, reason = "no safe call tells")]
pub fn load() -> Option<Load> {
    let mut average = [0.0];
    // SAFETY: it writes as many numbers as it is told there is room for.
    let got = unsafe { libc::getloadavg(average.as_mut_ptr(), 1) };
    (got == 1).then_some(Load { average: average[0], running: None })
}

/// How many bytes of memory can be had without swapping: of the machine's, or of what the control group allows, the
/// smaller. None where the system does not tell.
pub fn memory_free() -> Option<u64> {
    let lines = std::fs::read_to_string("/proc/meminfo").ok();
    let machine = lines.and_then(|lines| available(&lines));
    machine.into_iter().chain(super::cgroup::memory_left()).min()
}

/// The line `MemAvailable:   NUMBER kB`.
fn available(lines: &str) -> Option<u64> {
    let rest = lines.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    rest.trim().strip_suffix(" kB")?.parse().ok().map(|kib: u64| kib << 10)
}

/// Lets others go first: raises the niceness of this thread, and of what it starts, to so many steps above that of
/// the process. A thread that another nice one has started is no nicer than that. (On other systems than Linux it is
/// the whole process's.)
///
/// # Errors
///
/// A negative number needs a privilege.
pub fn be_nice(steps: i32) -> io::Result<()> {
    static OWN: OnceLock<i32> = OnceLock::new();
    // That of the main thread: an error tells of no process, which this one is not.
    let own = *OWN.get_or_init(|| getpriority_process(Some(getpid())).unwrap_or(0));
    Ok(setpriority_process(None, own.saturating_add(steps))?)
}

#[cfg(all(test, target_os = "linux"))]
#[expect(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use std::process::Command;

    use super::*;

    /// Whether a command of one argument a word can be started in this environment.
    fn starts(words: impl IntoIterator<Item = Vec<u8>>) -> bool {
        let words = words.into_iter().map(std::os::unix::ffi::OsStringExt::from_vec);
        let mut command = Command::new("/bin/true");
        command.args(words.map(|word: OsString| word)).status().is_ok_and(|status| status.success())
    }

    #[test]
    fn a_command_line_that_is_full_starts_and_a_little_more_does_not() {
        let line = CommandLine::with(std::env::vars_os());
        let name = CommandLine::cost("/bin/true".len());
        let words = |length: usize, total: usize| {
            let count = (total - name) / CommandLine::cost(length);
            let rest = (total - name) % CommandLine::cost(length);
            let last = rest.checked_sub(CommandLine::cost(0)).map(|length| vec![b'x'; length]);
            std::iter::repeat_n(vec![b'x'; length], count).chain(last)
        };
        for length in [1, 7, 1000, line.argument] {
            assert!(starts(words(length, line.total)), "{length}");
            assert!(!starts(words(length, line.total + 2 * HEADROOM)), "{length}");
        }
    }

    #[test]
    fn only_words_on_a_small_stack_crowd_it() {
        let line = CommandLine { total: 1000, argument: 1000, small_stack: Some(2000) };
        assert!(line.crowds(1001) && !line.crowds(1000));
        assert!(!CommandLine { small_stack: None, ..line }.crowds(usize::MAX));
    }

    #[test]
    fn the_longest_argument_starts_and_one_byte_more_does_not() {
        let line = CommandLine::with(std::env::vars_os());
        let (longest, longer) = (vec![b'x'; line.argument], vec![b'x'; line.argument + 1]);
        assert!(line.takes(OsStr::from_bytes(&longest)) && !line.takes(OsStr::from_bytes(&longer)));
        assert!(!line.takes(OsStr::new("a\0b")));
        assert!(starts([longest]));
        assert!(!starts([longer]));
    }

    #[test]
    fn files_that_are_opened_are_missing_from_those_that_may_be() {
        // Other tests open files too; of a shell nobody does.
        let shell = |limit: u32| {
            let exe = std::env::current_exe().unwrap();
            let test = "limits::tests::a_process_with_few_files";
            let script =
                format!("ulimit -n {limit}; exec 9</dev/null; exec \"$0\" --exact {test} --ignored --nocapture");
            let output = Command::new("sh").arg("-c").arg(script).arg(exe).output().unwrap();
            let said = String::from_utf8(output.stdout).unwrap();
            said.split_once("left: ").unwrap().1.lines().next().unwrap().parse::<u32>().unwrap()
        };
        let (few, more) = (shell(20), shell(25));
        assert_eq!(more, few + 5);
        assert!((10..=16).contains(&few), "{few}");
    }

    #[test]
    #[ignore = "a process that the test of open files starts"]
    fn a_process_with_few_files() {
        let left = open_files();
        println!("left: {left}");
        let opened: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).take(1000).collect();
        assert_eq!((opened.len(), open_files()), (left, 0));
    }

    #[test]
    fn load_and_memory_are_read() {
        let expected = Load { average: 1.64, running: Some(1) };
        assert_eq!(parse_load("1.64 1.20 3.36 2/89 27607\n"), Some(expected));
        assert_eq!(parse_load("x"), None);
        assert!(load().unwrap().average >= 0.0);
        assert_eq!(available("MemTotal:       9 kB\nMemAvailable:    7 kB\n"), Some(7 << 10));
        assert!(memory_free().unwrap() > 1 << 20);
    }

    #[test]
    fn niceness_is_of_a_thread_and_what_it_starts() {
        let niceness = || {
            let output = Command::new("nice").output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().parse::<i32>().unwrap()
        };
        let before = niceness();
        let raised = std::thread::spawn(move || be_nice(3).map(|()| niceness())).join().unwrap().unwrap();
        assert_eq!((raised, niceness()), ((before + 3).min(19), before));
    }
}
