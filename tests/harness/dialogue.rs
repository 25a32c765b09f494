//! A conversation with a parjob that runs: items are given bit by bit, and what it says is read as it comes.
//!
//! ```text
//! parjob("square").start().give("4\n").answers("16").give("5\n").answers("25").ends().succeeds();
//! ```

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use super::{Done, PATIENCE, Test, shown};

/// How long to look out for an answer that must not come. A slow machine may miss a fault, and never makes
/// one up.
const LOOK: Duration = Duration::from_millis(50);

/// A command that runs.
pub(crate) struct Running {
    child: Leash,
    stdin: Option<ChildStdin>,
    out: Lines,
    err: Lines,
    test: Test,
}

impl Test {
    /// Starts it, and keeps its standard input open.
    pub(crate) fn start(self) -> Running {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Leash(command.spawn().unwrap());
        let (out, err) = (Lines::of(child.0.stdout.take().unwrap()), Lines::of(child.0.stderr.take().unwrap()));
        Running { stdin: child.0.stdin.take(), child, out, err, test: self }
    }
}

impl Running {
    /// Writes this to its standard input, which stays open.
    pub(crate) fn give(mut self, text: &str) -> Running {
        self.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
        self
    }

    /// Its next line on standard output is this one, and comes without anything more being given.
    #[track_caller]
    pub(crate) fn answers(mut self, expected: &str) -> Running {
        let line = self.out.next(PATIENCE).expect("an answer");
        assert_eq!(shown(line.trim_ascii_end()), expected);
        self
    }

    /// Its next line on standard output, whatever it is.
    #[track_caller]
    pub(crate) fn next_line(&mut self) -> String {
        shown(self.out.next(PATIENCE).expect("an answer").trim_ascii_end())
    }

    /// Nothing has come on standard output since.
    #[track_caller]
    pub(crate) fn does_not_answer_yet(mut self) -> Running {
        let line = self.out.next(LOOK).map(|line| shown(&line));
        assert_eq!(line, None, "an answer too early");
        self
    }

    /// Sooner or later a line on standard error holds this.
    #[track_caller]
    pub(crate) fn tells(mut self, part: &str) -> Running {
        loop {
            let line = self.err.next(PATIENCE).unwrap_or_else(|| panic!("expected on standard error: {part}"));
            if String::from_utf8_lossy(&line).contains(part) {
                return self;
            }
        }
    }

    /// Sends it a signal.
    pub(crate) fn gets(self, signal: rustix::process::Signal) -> Running {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child.0), signal).unwrap();
        self
    }

    /// Closes its standard input and waits for its end.
    pub(crate) fn ends(mut self) -> Done {
        self.stdin = None;
        self.ends_by_itself()
    }

    /// Waits for its end, though more input could come.
    pub(crate) fn ends_by_itself(mut self) -> Done {
        let (stdout, stderr) = (self.out.rest(), self.err.rest());
        let status = self.child.0.wait().unwrap();
        Done::new(Output { status, stdout, stderr }, self.test)
    }
}

/// A child that does not outlive a test that fails.
struct Leash(Child);

impl Drop for Leash {
    fn drop(&mut self) {
        // It has ended already, as a rule.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines of a stream, read by a thread of its own.
struct Lines {
    coming: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Lines {
        let (sender, coming) = channel();
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            loop {
                let mut line = Vec::new();
                if stream.read_until(b'\n', &mut line).unwrap_or(0) == 0 || sender.send(line).is_err() {
                    return;
                }
            }
        });
        Lines { coming, seen: Vec::new() }
    }

    /// The next line; `None` at the end, or when there is none for so long.
    fn next(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let line = self.coming.recv_timeout(patience).ok()?;
        self.seen.extend_from_slice(&line);
        Some(line)
    }

    /// All of the stream, once it has ended.
    fn rest(&mut self) -> Vec<u8> {
        loop {
            match self.coming.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.extend(line),
                Err(RecvTimeoutError::Disconnected) => return std::mem::take(&mut self.seen),
                Err(RecvTimeoutError::Timeout) => panic!("it hangs; so far it wrote:\n{}", shown(&self.seen)),
            }
        }
    }
}
