//! A command that runs while the test talks to it: feeds it, leaves it unread, sends it signals, measures it.
//!
//! ```text
//! parjob("square").launch().feed("3\n").gives("9\n").signal(Signal::INT).end().dies_by(2);
//! ```
//!
//! The test waits for what it can see (a result, a message, a pipe that is full), never for time to pass. Reads
//! are plain: one that would hang ends when the command is killed after [`PATIENCE`].

use std::fs::File;
use std::io::{PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::harness::{Done, PATIENCE, Test};

/// A command that has been started.
pub(crate) struct Process {
    child: Child,
    input: Option<PipeWriter>,
    /// Standard output, or a terminal's other end.
    output: Option<File>,
    errors: Option<File>,
    /// What has been read of them.
    seen: Vec<u8>,
    heard: Vec<u8>,
    feeder: Option<JoinHandle<()>>,
    test: Option<Test>,
    /// Dropped when the command has ended.
    watch: Option<Sender<()>>,
}

impl Test {
    /// Starts it and leaves it running, with its standard input open.
    pub(crate) fn launch(self) -> Process {
        let ((input, feed), (ours, theirs)) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
        Process::connected(self, input.into(), Some(feed), ours.into(), theirs.into())
    }

    /// As [`Test::launch`], with this as its standard input.
    pub(crate) fn launch_reading(self, input: OwnedFd) -> Process {
        let (ours, theirs) = std::io::pipe().unwrap();
        Process::connected(self, input, None, ours.into(), theirs.into())
    }

    /// As [`Test::launch`], with standard input and output left non-blocking by whoever shares them.
    pub(crate) fn launch_nonblocking(self) -> Process {
        let ((input, feed), (ours, theirs)) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
        fcntl_setfl(&input, OFlags::NONBLOCK).unwrap();
        fcntl_setfl(&theirs, OFlags::NONBLOCK).unwrap();
        Process::connected(self, input.into(), Some(feed), ours.into(), theirs.into())
    }

    /// As [`Test::launch`], with standard output and standard error on a terminal of 80 columns.
    pub(crate) fn launch_on_terminal(self) -> Process {
        let (input, feed) = std::io::pipe().unwrap();
        let (screen, terminal) = terminal();
        Process::connected(self, input.into(), Some(feed), screen, terminal)
    }
}

impl Process {
    /// Starts it with standard output, and on a terminal standard error, at `theirs`.
    fn connected(test: Test, input: OwnedFd, feed: Option<PipeWriter>, ours: OwnedFd, theirs: OwnedFd) -> Process {
        let mut command = test.command();
        command.stdin(input).stderr(Stdio::piped());
        if rustix::termios::isatty(&theirs) {
            command.stderr(theirs.try_clone().unwrap());
        }
        let mut child = command.stdout(theirs).spawn().unwrap();
        let errors = child.stderr.take().map(|errors| File::from(OwnedFd::from(errors)));
        let watch = Some(watch(pid(&child)));
        let (seen, heard) = (Vec::new(), Vec::new());
        let output = Some(File::from(ours));
        Process { child, input: feed, output, errors, seen, heard, feeder: None, test: Some(test), watch }
    }

    /// Writes to its standard input.
    pub(crate) fn feed(mut self, bytes: impl AsRef<[u8]>) -> Process {
        self.input.as_mut().expect("standard input is open").write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Writes to its standard input so many times, on a thread, so that the test goes on; until the command
    /// reads no more. Standard input stays open after that.
    pub(crate) fn feed_aside(mut self, bytes: impl Into<Vec<u8>>, times: u64) -> Process {
        let mut input = self.input.as_ref().expect("standard input is open").try_clone().unwrap();
        let bytes = bytes.into();
        // An error says that the command reads no more.
        let feed = move || drop((0..times).try_for_each(|_| input.write_all(&bytes)));
        self.feeder = Some(std::thread::spawn(feed));
        self
    }

    /// Waits until it has read all that it was fed.
    pub(crate) fn has_read_all(mut self) -> Process {
        self.feeder.take().expect("it is fed aside").join().unwrap();
        let input = self.input.as_ref().expect("standard input is open");
        wait_until("its input is read", || rustix::io::ioctl_fionread(input.as_fd()).unwrap() == 0);
        self
    }

    /// Waits for exactly this as the next output.
    #[track_caller]
    pub(crate) fn gives(mut self, expected: impl AsRef<[u8]>) -> Process {
        let expected = expected.as_ref();
        let mut got = vec![0; expected.len()];
        self.output.as_mut().expect("output is open").read_exact(&mut got).expect("more output");
        assert!(got == expected, "{:?}", String::from_utf8_lossy(&got[..got.len().min(1000)]));
        self.seen.extend(got);
        self
    }

    /// Reads so many lines of output and keeps none of them.
    #[track_caller]
    pub(crate) fn gives_lines(mut self, lines: usize) -> Process {
        let (mut left, mut buffer) = (lines, vec![0; 1 << 16]);
        while left > 0 {
            let n = read_some(self.output.as_mut().expect("output is open"), &mut buffer);
            assert!(n > 0, "{left} of {lines} lines are missing");
            left = left.saturating_sub(memchr::memchr_iter(b'\n', &buffer[..n]).count());
        }
        self
    }

    /// Waits until its output, the terminal's screen, has shown this.
    #[track_caller]
    pub(crate) fn shows(mut self, part: &str) -> Process {
        read_until(self.output.as_mut().expect("output is open"), &mut self.seen, part);
        self
    }

    /// Waits until it has said this on standard error.
    #[track_caller]
    pub(crate) fn says_while_running(mut self, part: &str) -> Process {
        read_until(self.errors.as_mut().expect("standard error is a pipe"), &mut self.heard, part);
        self
    }

    /// Asks what it is at, again and again, until it says this.
    pub(crate) fn tells_when_asked(self, part: &str) -> Process {
        let (pid, is_told) = (self.id(), Arc::new(AtomicBool::new(false)));
        let tasks = format!("/proc/{}/task", pid.as_raw_nonzero());
        let hears = |task: std::io::Result<std::fs::DirEntry>| {
            let name = std::fs::read_to_string(task.unwrap().path().join("comm"));
            name.is_ok_and(|name| name == "parjob-signals\n")
        };
        wait_until("it listens", || std::fs::read_dir(&tasks).is_ok_and(|mut tasks| tasks.any(hears)));
        let told = Arc::clone(&is_told);
        let asking = std::thread::spawn(move || {
            while !told.load(Ordering::Relaxed) {
                kill_process(pid, Signal::USR1).unwrap();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let run = self.says_while_running(part);
        is_told.store(true, Ordering::Relaxed);
        asking.join().unwrap();
        run
    }

    /// Presses keys at its terminal.
    pub(crate) fn types(mut self, keys: &str) -> Process {
        self.output.as_mut().expect("the terminal is open").write_all(keys.as_bytes()).unwrap();
        self
    }

    /// Waits until it has stopped, as after Ctrl-Z.
    pub(crate) fn is_stopped(self) -> Process {
        let stat = format!("/proc/{}/stat", self.child.id());
        wait_until("it is stopped", || std::fs::read_to_string(&stat).unwrap().contains(") T "));
        self
    }

    /// Its id.
    pub(crate) fn id(&self) -> Pid {
        pid(&self.child)
    }

    /// Waits for its end by the SIGKILL that it was sent.
    #[track_caller]
    pub(crate) fn end_killed(mut self) {
        self.input = None;
        let (seen, heard) = (std::mem::take(&mut self.seen), std::mem::take(&mut self.heard));
        let status: ExitStatus = self.child.wait().unwrap();
        self.watch = None;
        let done = Output { status, stdout: seen, stderr: heard };
        Done::new(done, self.test.take().expect("it ends once")).dies_by(Signal::KILL.as_raw());
    }

    /// Waits until its output is full because nobody reads it.
    pub(crate) fn fills_output(self) -> Process {
        fill(self.output.as_ref().expect("output is open"));
        self
    }

    /// Waits until its standard error is full because nobody reads it.
    pub(crate) fn fills_errors(self) -> Process {
        fill(self.errors.as_ref().expect("standard error is a pipe"));
        self
    }

    /// Writes to the FIFO `go` in its folder, which it holds open by now: what it has printed says so.
    pub(crate) fn hears(self, text: &str) -> Process {
        let fifo = self.test.as_ref().expect("it runs").dir().join("go");
        std::fs::OpenOptions::new().write(true).open(fifo).unwrap().write_all(text.as_bytes()).unwrap();
        self
    }

    /// Stops reading its output, for good.
    pub(crate) fn close_output(mut self) -> Process {
        self.output = None;
        self
    }

    /// Waits until it computes: so much processor time goes by only when something is at work.
    pub(crate) fn gets_to_work(self) -> Process {
        let start = self.ticks();
        wait_until("it computes", || self.ticks() >= start + 5);
        self
    }

    /// The names of its threads.
    pub(crate) fn threads(&self) -> Vec<String> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        tasks.map(|task| name(task.unwrap()).trim().to_string()).collect()
    }

    /// How often its threads have gone to sleep so far, all together.
    pub(crate) fn sleeps(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.id())).unwrap();
        let sleeps = |task: std::fs::DirEntry| {
            let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.map_or(0, |count| count.trim().parse().unwrap())
        };
        tasks.map(|task| sleeps(task.unwrap())).sum()
    }

    /// Sends a signal again and again, as someone does who loses patience, until it has ended. Two that come
    /// together may count as one.
    pub(crate) fn signal_until_it_ends(mut self, signal: Signal) -> Process {
        let id = pid(&self.child);
        wait_until("it has ended", || {
            let ended = self.child.try_wait().unwrap().is_some();
            // Until the child is waited for, its id is its own.
            if !ended {
                kill_process(id, signal).unwrap();
            }
            ended
        });
        self
    }

    /// As [`Process::signal_until_it_ends`], to the processes that it has started.
    pub(crate) fn signal_children_until_it_ends(mut self, signal: Signal) -> Process {
        let path = format!("/proc/{0}/task/{0}/children", self.child.id());
        wait_until("it has ended", || {
            for child in std::fs::read_to_string(&path).unwrap_or_default().split_whitespace() {
                // It may be gone by now.
                let _ = kill_process(Pid::from_raw(child.parse().unwrap()).unwrap(), signal);
            }
            self.child.try_wait().unwrap().is_some()
        });
        self
    }

    pub(crate) fn signal(self, signal: Signal) -> Process {
        kill_process(pid(&self.child), signal).unwrap();
        self
    }

    /// The most memory that it has held, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it is running");
        peak.trim_end_matches("kB").trim().parse().unwrap()
    }

    /// It has never held more than so much memory, in MiB.
    #[track_caller]
    pub(crate) fn stays_under(self, most: u64) -> Process {
        let peak = self.peak_memory() / 1024;
        assert!(peak < most, "{peak} MiB");
        self
    }

    /// Ends its standard input and waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Done {
        self.input = None;
        self.end_with_open_input()
    }

    /// Waits for its end, which must come although its standard input stays open.
    #[track_caller]
    pub(crate) fn end_with_open_input(mut self) -> Done {
        let heard = read_rest(self.errors.take(), std::mem::take(&mut self.heard));
        let seen = read_rest(self.output.take(), std::mem::take(&mut self.seen));
        let (stdout, stderr) = (seen.join().unwrap(), heard.join().unwrap());
        self.finish(stdout, stderr)
    }

    /// Waits for its end, which must come although nobody reads what it writes.
    #[track_caller]
    pub(crate) fn end_unread(mut self) -> Done {
        let (stdout, stderr) = (std::mem::take(&mut self.seen), std::mem::take(&mut self.heard));
        self.finish(stdout, stderr)
    }

    #[track_caller]
    fn finish(&mut self, stdout: Vec<u8>, stderr: Vec<u8>) -> Done {
        let status: ExitStatus = self.child.wait().unwrap();
        self.watch = None;
        let done = Output { status, stdout, stderr };
        let done = Done::new(done, self.test.take().expect("it ends once"));
        assert_ne!(status.signal(), Some(Signal::KILL.as_raw()), "{}it hung and was killed", done.story());
        done
    }

    /// The processor time that it has used, in ticks of 10 ms.
    fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split(' ').collect();
        // Fields 14 and 15 of proc(5), counted from the third: in user mode, and in the kernel.
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A test that failed leaves it running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// A terminal of 80 columns: the side of the screen, and the side of the command.
fn terminal() -> (OwnedFd, OwnedFd) {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    tcsetwinsize(&screen, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name, flags, Mode::empty()).unwrap();
    (screen, terminal)
}

/// An input that gives these bytes and then an error (EIO): a terminal line that hangs up.
pub(crate) fn line_that_breaks(bytes: &str) -> OwnedFd {
    let (screen, terminal) = terminal();
    File::from(terminal).write_all(bytes.as_bytes()).unwrap();
    screen
}

/// Kills the command when it takes too long.
fn watch(pid: Pid) -> Sender<()> {
    let (sender, receiver) = channel::<()>();
    std::thread::spawn(move || {
        if receiver.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    sender
}

/// Reads what there is; 0 at the end.
fn read_some(from: &mut File, buffer: &mut [u8]) -> usize {
    match from.read(buffer) {
        Ok(n) => n,
        // The end of a terminal that the last process has left.
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => 0,
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn read_until(from: &mut File, seen: &mut Vec<u8>, part: &str) {
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(seen).contains(part) {
        let n = read_some(from, &mut buffer);
        assert!(n > 0, "{part:?} never came:\n{}", String::from_utf8_lossy(seen));
        seen.extend(&buffer[..n]);
    }
}

/// Reads to the end, on a thread, since the other stream must be read too.
fn read_rest(from: Option<File>, mut seen: Vec<u8>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let Some(mut from) = from else { return seen };
        let mut buffer = vec![0; 1 << 16];
        loop {
            match read_some(&mut from, &mut buffer) {
                0 => return seen,
                n => seen.extend(&buffer[..n]),
            }
        }
    })
}

/// Waits until the pipe or terminal holds about as much as it can, and no more comes.
fn fill(pipe: &File) {
    let waiting = || rustix::io::ioctl_fionread(pipe.as_fd()).unwrap();
    let mut last = (0, Instant::now());
    wait_until("the output is full", || {
        let now = waiting();
        if now != last.0 {
            last = (now, Instant::now());
        }
        now > 0 && last.1.elapsed() > Duration::from_millis(300)
    });
}

#[track_caller]
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let patient = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < patient, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
