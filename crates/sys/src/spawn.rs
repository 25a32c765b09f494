//! Starts a process: `posix_spawn`, which neither copies the memory of this program nor runs its code in the child.
//!
//! The child leads a process group of its own, so that all of it can be signalled. It has the signal mask with
//! which this program was started, of which threads here change SIGCHLD alone, and the dispositions: handlers are reset by
//! the kernel, and SIGPIPE, which Rust's runtime ignores, is set back unless it was ignored at the start. Of the
//! open files it gets those that this program inherited; whatever it opens is close-on-exec, but for one that a spawner
//! was told to hand on ([`Spawner::hand_on`]).
//!
//! The standard library's `Command` would do, but empties the signal mask, and builds the environment and all
//! words anew for each process.

use std::ffi::{CStr, c_char, c_int};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;

use rustix::io::Errno;

use super::words::Words;
use super::{children, entry};

/// What to start.
pub struct Start<'a> {
    /// The path of the program.
    pub program: &'a CStr,
    /// Its words, the name first.
    pub words: &'a Words,
    /// The environment: what all children of the run have in common, then what this one has alone.
    pub environment: [&'a Words; 2],
    /// Standard input, output and error; that of this process where there is none.
    pub streams: [Option<BorrowedFd<'a>>; 3],
}

/// Starts processes, one after the other; keeps what can be used again.
pub struct Spawner {
    attributes: libc::posix_spawnattr_t,
    words: Vec<*const c_char>,
    environment: Vec<*const c_char>,
    handed_on: Option<OwnedFd>,
}

/// The shell for a script that does not say what interprets it, as `execvp` has it.
const INTERPRETER: &CStr = c"/bin/sh";

impl Spawner {
    /// A spawner for this thread.
    ///
    /// # Errors
    ///
    /// No memory.
    #[expect(unsafe_code, reason = "sets up what posix_spawn takes")]
    pub fn new() -> Result<Spawner, Errno> {
        // SAFETY: all bytes zero is a valid value to be initialized; each call gets a pointer to a live value of
        // the type that it wants, and the attributes were initialized before they are changed.
        unsafe {
            let mut attributes: libc::posix_spawnattr_t = std::mem::zeroed();
            check(libc::posix_spawnattr_init(&mut attributes))?;
            let mut defaults: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut defaults);
            if !entry::sigpipe_was_ignored() {
                libc::sigaddset(&mut defaults, libc::SIGPIPE);
            }
            check(libc::posix_spawnattr_setsigdefault(&mut attributes, &defaults))?;
            check(libc::posix_spawnattr_setpgroup(&mut attributes, 0))?;
            let mut flags = libc::POSIX_SPAWN_SETPGROUP | libc::POSIX_SPAWN_SETSIGDEF;
            if children::unblocked_in_commands() {
                let mut mask: libc::sigset_t = std::mem::zeroed();
                check(libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut mask))?;
                libc::sigdelset(&mut mask, libc::SIGCHLD);
                check(libc::posix_spawnattr_setsigmask(&mut attributes, &mask))?;
                flags |= libc::POSIX_SPAWN_SETSIGMASK;
            }
            // All flags fit into the type that the call takes.
            check(libc::posix_spawnattr_setflags(&mut attributes, flags as libc::c_short))?;
            Ok(Spawner { attributes, words: Vec::new(), environment: Vec::new(), handed_on: None })
        }
    }

    /// All processes from now on get this file too, under its number.
    pub fn hand_on(&mut self, file: OwnedFd) {
        self.handed_on = Some(file);
    }

    /// Starts a process; its id, which is also that of its group.
    ///
    /// # Errors
    ///
    /// What the kernel says: the program is not there, the words are too many, there are too many processes.
    pub fn spawn(&mut self, start: &Start<'_>) -> Result<i32, Errno> {
        let actions = Actions::new(start.streams, self.handed_on.as_ref())?;
        self.environment.clear();
        self.environment.extend(start.environment.iter().flat_map(|strings| strings.pointers()));
        self.environment.push(ptr::null());
        self.words.clear();
        self.words.extend(start.words.pointers());
        self.words.push(ptr::null());
        match self.call(start.program, &actions) {
            Err(Errno::NOEXEC) => {
                // A script without a first line that names its interpreter.
                self.words[0] = start.program.as_ptr();
                self.words.insert(0, INTERPRETER.as_ptr());
                self.call(INTERPRETER, &actions)
            }
            started => started,
        }
    }

    #[expect(unsafe_code, reason = "posix_spawn has no safe face that leaves the signal mask alone")]
    fn call(&self, program: &CStr, actions: &Actions) -> Result<i32, Errno> {
        let mut pid = 0;
        // SAFETY: the program ends with NUL; both lists end with a null pointer and hold pointers to strings that
        // end with NUL and outlive the call, since `spawn` borrows them; attributes and actions were initialized.
        check(unsafe {
            libc::posix_spawn(
                &mut pid,
                program.as_ptr(),
                &actions.0,
                &self.attributes,
                self.words.as_ptr().cast(),
                self.environment.as_ptr().cast(),
            )
        })?;
        Ok(pid)
    }
}

impl Drop for Spawner {
    #[expect(unsafe_code, reason = "gives back what was initialized")]
    fn drop(&mut self) {
        // SAFETY: they were initialized in `new` and are used no more.
        unsafe { libc::posix_spawnattr_destroy(&mut self.attributes) };
    }
}

/// What the child does with its descriptors before it runs the program.
struct Actions(libc::posix_spawn_file_actions_t);

impl Actions {
    #[expect(unsafe_code, reason = "sets up what posix_spawn takes")]
    fn new(streams: [Option<BorrowedFd<'_>>; 3], handed_on: Option<&OwnedFd>) -> Result<Actions, Errno> {
        // SAFETY: all bytes zero is a valid value to be initialized.
        let mut actions = Actions(unsafe { std::mem::zeroed() });
        // SAFETY: a pointer to a live value of that type.
        check(unsafe { libc::posix_spawn_file_actions_init(&mut actions.0) })?;
        for (target, stream) in (0..).zip(streams) {
            let Some(stream) = stream else { continue };
            // SAFETY: the actions are initialized, and the descriptor is open as long as it is borrowed.
            check(unsafe { libc::posix_spawn_file_actions_adddup2(&mut actions.0, stream.as_raw_fd(), target) })?;
        }
        if let Some(file) = handed_on.map(AsRawFd::as_raw_fd) {
            // To itself: that takes close-on-exec away.
            // SAFETY: the actions are initialized, and the descriptor is open as long as it is borrowed.
            check(unsafe { libc::posix_spawn_file_actions_adddup2(&mut actions.0, file, file) })?;
        }
        Ok(actions)
    }
}

impl Drop for Actions {
    #[expect(unsafe_code, reason = "gives back what was initialized")]
    fn drop(&mut self) {
        // SAFETY: initialized in `new`; an initialization that failed has left all bytes zero, which is empty.
        unsafe { libc::posix_spawn_file_actions_destroy(&mut self.0) };
    }
}

/// These calls give the error instead of setting `errno`.
fn check(error: c_int) -> Result<(), Errno> {
    if error == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(error)) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use rustix::process::{Pid, WaitOptions, waitpid};
    use std::io::Read;
    use std::os::fd::AsFd;

    fn words(words: &[&str]) -> Words {
        let mut all = Words::default();
        words.iter().for_each(|word| all.push(word.as_bytes()));
        all
    }

    /// What the command prints, and its status.
    fn run(program: &CStr, given: &[&str]) -> (String, Option<i32>) {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let start = Start {
            program,
            words: &words(given),
            environment: [&words(&["A=1"]), &words(&["B=2"])],
            streams: [None, Some(writer.as_fd()), None],
        };
        let pid = Spawner::new().unwrap().spawn(&start).unwrap();
        drop(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let (_, status) = waitpid(Pid::from_raw(pid), WaitOptions::empty()).unwrap().unwrap();
        (text, status.exit_status())
    }

    #[test]
    fn a_process_gets_its_words_its_environment_and_its_streams() {
        let (text, status) = run(c"/bin/sh", &["sh", "-c", "echo \"$1 $A$B\"; exit 3", "sh", "a b"]);
        assert_eq!((&*text, status), ("a b 12\n", Some(3)));
    }

    #[test]
    fn it_leads_a_group_of_its_own() {
        let (text, _) = run(c"/bin/sh", &["sh", "-c", "echo $$; cut -d ' ' -f 5 /proc/$$/stat"]);
        let [pid, group] = text.lines().collect::<Vec<_>>()[..] else { unreachable!("{text}") };
        assert_eq!(pid, group);
    }

    #[test]
    fn a_script_without_an_interpreter_is_one_for_the_shell() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("script");
        std::fs::write(&script, "echo \"$0 $1\"\n").unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let path = std::ffi::CString::new(script.to_str().unwrap()).unwrap();
        let (text, _) = run(&path, &["script", "x"]);
        assert_eq!(text, format!("{} x\n", script.display()));
    }

    #[test]
    fn a_file_that_is_handed_on_is_open_in_the_process_alone() {
        let mut spawner = Spawner::new().unwrap();
        let (mut reader, writer) = std::io::pipe().unwrap();
        let number = writer.as_raw_fd();
        spawner.hand_on(writer.into());
        let none = Words::default();
        let script = format!("echo here >&{number}");
        let words = words(&["sh", "-c", &script]);
        let start = Start { program: c"/bin/sh", words: &words, environment: [&none; 2], streams: [None; 3] };
        let pid = spawner.spawn(&start).unwrap();
        waitpid(Pid::from_raw(pid), WaitOptions::empty()).unwrap();
        drop(spawner);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "here\n");
    }

    #[test]
    fn what_cannot_be_started_says_why() {
        let streams = [None; 3];
        let none = Words::default();
        let start = Start { program: c"/nonexistent", words: &words(&["x"]), environment: [&none; 2], streams };
        assert_eq!(Spawner::new().unwrap().spawn(&start), Err(Errno::NOENT));
        let long = "x".repeat(200_000);
        let start = Start { program: c"/bin/true", words: &words(&["true", &long]), ..start };
        assert_eq!(Spawner::new().unwrap().spawn(&start), Err(Errno::TOOBIG));
    }
}
