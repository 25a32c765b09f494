//! Runs parjob as a real process and says what is expected of it, in words.
//!
//! ```text
//! parjob("--jobs 5 --chunk 3 square").input("1\n2\n").run().prints("1\n4\n").succeeds();
//! shell("seq 3 | parjob square > /dev/full").run().says("No space left").status(3);
//! ```
//!
//! After every run, whatever it was about: the counts that it told add up, no process of it is alive, and no
//! temporary file is left.

mod after;
mod dialogue;

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A run that takes longer than this hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A command to be run.
pub(crate) struct Test {
    argv: Vec<OsString>,
    input: Vec<u8>,
    env: Vec<(OsString, OsString)>,
    dir: PathBuf,
    mark: String,
    // Live as long as the test, so that their files do.
    temporary: tempfile::TempDir,
    _own_dir: tempfile::TempDir,
}

/// parjob with these arguments, parted at blanks, in an empty folder of its own.
pub(crate) fn parjob(arguments: &str) -> Test {
    let words = arguments.split_whitespace().map(OsString::from);
    Test::new([program().into_os_string()].into_iter().chain(words).collect())
}

/// A script for `sh`, which finds parjob on its PATH, in an empty folder of its own.
pub(crate) fn shell(script: &str) -> Test {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folder = program().parent().expect("a program is in a folder").to_path_buf();
    let path = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path))).unwrap();
    Test::new(vec!["sh".into(), "-c".into(), script.into()]).env("PATH", path)
}

/// One of the tests of this very program, in a process of its own.
pub(crate) fn itself(test: &str) -> Test {
    let program = std::env::current_exe().unwrap();
    Test::new(vec![program.into(), "--exact".into(), test.into(), "--ignored".into(), "--nocapture".into()])
}

/// The parjob under test.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_parjob"))
}

/// Whether the machine has this program. If not, says aloud that a test is skipped; `PARJOB_SKIP_NOTHING`, which
/// CI sets, makes that a failure.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        assert!(std::env::var_os("PARJOB_SKIP_NOTHING").is_none(), "this test needs {program}");
        skip(&format!("no {program}"));
    }
    found
}

/// Says that a test, or a part of it, is skipped: past the capture of the test runner.
pub(crate) fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_string();
    // Nobody to tell, nothing to tell.
    let _ = writeln!(std::io::stderr(), "skipped: {why} ({test})");
}

impl Test {
    fn new(argv: Vec<OsString>) -> Test {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        let own_dir = tempfile::tempdir().unwrap();
        Test {
            argv,
            input: Vec::new(),
            env: Vec::new(),
            dir: own_dir.path().to_path_buf(),
            mark: format!("{}-{}.", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed)),
            temporary: tempfile::tempdir().unwrap(),
            _own_dir: own_dir,
        }
    }

    /// One more argument, exactly as it is.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Test {
        self.argv.push(arg.as_ref().into());
        self
    }

    /// More arguments, exactly as they are.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Test {
        self.argv.extend(args.into_iter().map(|arg| arg.as_ref().into()));
        self
    }

    /// What comes on standard input.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Test {
        self.input = input.into();
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Test {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Writes a file into the folder in which the command runs.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Test {
        std::fs::write(self.dir.join(name), content).unwrap();
        self
    }

    /// Copies the photographs of docs/images.md into the folder in which the command runs.
    pub(crate) fn photos(self) -> Test {
        let (from, to) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/photos"), self.dir.join("photos"));
        std::fs::create_dir(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap().flatten() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        self
    }

    /// The folder in which the command runs.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs it to its end.
    #[track_caller]
    pub(crate) fn run(self) -> Done {
        let mut command = assert_cmd::Command::from_std(self.command());
        let output = command.write_stdin(self.input.clone()).output().unwrap();
        Done::new(output, self)
    }

    /// The command, ready to be started.
    pub(crate) fn command(&self) -> Command {
        after::begin(&self.mark, PATIENCE);
        let mut command = Command::new("env");
        // A shell lets what it runs in the background ignore Ctrl-C, and the tests may be among that.
        command.arg("--default-signal=INT,QUIT,HUP").args(&self.argv).current_dir(&self.dir);
        // Neither the machine nor CI may change what a test sees.
        command.env_remove("CI").env_remove("TERM");
        command.env(after::MARK, &self.mark).env("TMPDIR", self.temporary.path());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        after::over(&self.mark);
    }
}

/// A command that has ended.
pub(crate) struct Done {
    output: Output,
    test: Test,
}

impl Done {
    /// Looks at what holds after every run.
    #[track_caller]
    pub(crate) fn new(output: Output, test: Test) -> Done {
        let done = Done { output, test };
        if let Some(wrong) = after::wrong(&done.test, &done.stderr()) {
            panic!("{}{wrong}", done.story());
        }
        done
    }

    /// Exactly this came on standard output.
    #[track_caller]
    pub(crate) fn prints(self, expected: impl AsRef<[u8]>) -> Done {
        let (got, expected) = (self.stdout(), expected.as_ref());
        if got != expected {
            panic!("{}expected on standard output:\n{}", self.story(), shown(expected));
        }
        self
    }

    /// Standard error holds this.
    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Done {
        if !self.stderr().contains(part) {
            panic!("{}expected on standard error: {part}", self.story());
        }
        self
    }

    /// Standard error does not hold this.
    #[track_caller]
    pub(crate) fn never_says(self, part: &str) -> Done {
        if self.stderr().contains(part) {
            panic!("{}not expected on standard error: {part}", self.story());
        }
        self
    }

    /// Nothing came on standard error.
    #[track_caller]
    pub(crate) fn is_silent(self) -> Done {
        if !self.output.stderr.is_empty() {
            panic!("{}expected nothing on standard error", self.story());
        }
        self
    }

    /// It ended with this status.
    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Done {
        if self.output.status.code() != Some(expected) {
            panic!("{}expected status {expected}", self.story());
        }
        self
    }

    /// It ended with status 0.
    #[track_caller]
    pub(crate) fn succeeds(self) -> Done {
        self.status(0)
    }

    /// It was ended by this signal.
    #[track_caller]
    pub(crate) fn dies_by(self, signal: i32) -> Done {
        if self.output.status.signal() != Some(signal) {
            panic!("{}expected signal {signal}", self.story());
        }
        self
    }

    /// The closing line's counts add up to these: read, ok, failed, not run.
    #[track_caller]
    pub(crate) fn counts(self, read: u64, ok: u64, failed: u64, not_run: u64) -> Done {
        assert_eq!(read, ok + failed + not_run, "the expectation itself adds up");
        self.says(&format!("{read} read: {ok} ok, {failed} failed, 0 skipped, {not_run} not run"))
    }

    /// That file in the folder in which it ran holds exactly this.
    #[track_caller]
    pub(crate) fn leaves(self, name: &str, expected: impl AsRef<[u8]>) -> Done {
        let (got, expected) = (std::fs::read(self.dir().join(name)), expected.as_ref());
        if got.as_deref().ok() != Some(expected) {
            panic!("{}expected in {name}:\n{}\ngot {got:?}", self.story(), shown(expected));
        }
        self
    }

    /// The folder in which it ran holds these files, and no others, hidden ones included.
    #[track_caller]
    pub(crate) fn leaves_only(self, expected: &[&str]) -> Done {
        let entries = std::fs::read_dir(self.dir()).unwrap();
        let mut names: Vec<OsString> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        if names != expected {
            panic!("{}expected the files {expected:?}, got {names:?}", self.story());
        }
        self
    }

    /// The closing line's counts: read, ok, failed, skipped, not run. That they add up is known.
    #[track_caller]
    pub(crate) fn told_counts(&self) -> [u64; 5] {
        let counts = self.stderr().lines().find_map(after::told_counts);
        counts.unwrap_or_else(|| panic!("{}expected a closing line with counts", self.story()))
    }

    /// Its status, unless it was ended by a signal.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// It left no core file.
    #[track_caller]
    pub(crate) fn without_a_core(self) -> Done {
        if self.output.status.core_dumped() {
            panic!("{}a core was dumped", self.story());
        }
        self
    }

    /// What came on standard output.
    pub(crate) fn stdout(&self) -> &[u8] {
        &self.output.stdout
    }

    /// What came on standard error, as text.
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// The folder in which it ran.
    pub(crate) fn dir(&self) -> &Path {
        self.test.dir()
    }

    /// Everything that helps to understand a failure.
    pub(crate) fn story(&self) -> String {
        format!(
            "{:?}\n{}\nstandard output:\n{}\nstandard error:\n{}\n",
            self.test.argv,
            self.output.status,
            shown(self.stdout()),
            shown(&self.output.stderr)
        )
    }
}

fn shown(bytes: &[u8]) -> String {
    let cut = &bytes[..bytes.len().min(2000)];
    let more = if cut.len() < bytes.len() { format!("… ({} bytes)", bytes.len()) } else { String::new() };
    format!("{}{more}", String::from_utf8_lossy(cut))
}
