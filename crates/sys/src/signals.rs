//! Signals to this program itself: heard on a thread of their own, and raised again at the end.
//!
//! The same thread does what else begins with an event of the system and takes a moment ([`Besides`]): it replaces a guard
//! that has died and waits for orphans. It sleeps in one `poll` until there is something.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Builder;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGXFSZ};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::children::Children;
use super::guard::Keeper;
use super::{failed, init};

/// How long a run may take to end once it was told to end at once, beyond the grace of its processes.
const PATIENCE: Duration = Duration::from_secs(2);

/// A SIGUSR1 came before a run listened.
static EARLY: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Counts SIGTSTP and SIGCONT together; the others are the numbers of the last of each.
static STOPS_AND_GOES: AtomicU64 = AtomicU64::new(0);
static LAST_STOP: AtomicU64 = AtomicU64::new(0);
static LAST_GO: AtomicU64 = AtomicU64::new(0);

/// Lets a SIGUSR1 wait that comes before a run listens: it asks what runs, and must not kill. To be called once, first.
///
/// # Errors
///
/// The handler cannot be set up.
pub(super) fn begin() -> io::Result<()> {
    if !is_ignored(SIGUSR1) {
        let came = EARLY.get_or_init(Arc::default);
        signal_hook::flag::register(SIGUSR1, Arc::clone(came)).map_err(failed("cannot handle SIGUSR1"))?;
    }
    Ok(())
}

/// What the thread that hears signals does beside.
#[derive(Debug, Default)]
pub struct Besides {
    /// Keeps a guard on duty.
    pub guard: Option<Keeper>,
    /// Waits for orphans that have ended, which come to the first process of a namespace and to a subreaper
    /// ([`super::tree::become_subreaper`]), and tells SIGCHLD when a child was stopped or went on. Needs
    /// [`super::children::keep`].
    pub children: bool,
}

/// Calls `tell` for each signal that asks the program to stop, and for SIGUSR1. A signal that was ignored at the start, as
/// SIGHUP is under nohup, stays ignored; one that was blocked is heard, and stays blocked for commands.
///
/// With a `grace`, that of processes, it calls it for SIGTSTP too.
///
/// Any signal but a first SIGINT means: at once. If the process lives on, because whoever it tells is stuck
/// in a write to a terminal or a pipe that nobody reads, it ends here; `drain` later where results are worth so much.
///
/// A file that reaches its size limit is an error of the write, as a full disk is; SIGXFSZ is not to kill.
///
/// # Errors
///
/// The handlers, or the thread, cannot be set up.
pub fn listen(
    grace: Option<Duration>,
    drain: Duration,
    besides: Besides,
    tell: impl Fn(i32) + Send + 'static,
) -> io::Result<()> {
    let more: &[i32] = if grace.is_some() { &[SIGUSR1, SIGTSTP] } else { &[SIGUSR1] };
    let stopping = [SIGINT, SIGTERM, SIGQUIT, SIGHUP];
    let wanted: Vec<i32> = stopping.iter().chain(more).copied().filter(|signal| !is_ignored(*signal)).collect();
    if wanted.contains(&SIGTSTP) {
        note_order().map_err(failed("cannot handle SIGCONT"))?;
    }
    let delivered = UnixStream::pair().and_then(|(read, write)| Delivery::with_pipe(read, write, SignalOnly, &wanted));
    let mut ears = Ears::new(delivered.map_err(failed("cannot listen for signals"))?, besides);
    init::hand_over();
    if !is_ignored(SIGXFSZ) {
        // A handler, unlike "ignore", is not passed on to commands.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))
            .map_err(failed("cannot handle SIGXFSZ"))?;
    }
    let body = move || {
        // Threads that start commands keep the mask that these are to have.
        unblock(&wanted);
        let mut first = None;
        if EARLY.get().is_some_and(|came| came.swap(false, Ordering::SeqCst)) {
            tell(SIGUSR1);
        }
        loop {
            if ears.wait() {
                tell(SIGCHLD);
            }
            for signal in ears.signals.pending() {
                tell(signal);
                if !stopping.contains(&signal) {
                    continue;
                }
                // A second signal kills processes at once.
                let grace = if first.is_some() { Duration::ZERO } else { grace.unwrap_or_default() };
                let wait = PATIENCE + grace + drain;
                if signal != SIGINT || first.is_some() {
                    end_after(wait, first.unwrap_or(signal));
                }
                first.get_or_insert(signal);
            }
        }
    };
    let thread = Builder::new().name("parjob-signals".into()).spawn(body);
    thread.map_err(failed("cannot start the thread that listens for signals"))?;
    Ok(())
}

type Delivery = SignalDelivery<UnixStream, SignalOnly>;

/// What the thread listens to.
struct Ears {
    signals: Delivery,
    guard: Option<Keeper>,
    children: Option<Children>,
}

impl Ears {
    fn new(signals: Delivery, besides: Besides) -> Ears {
        Ears { signals, guard: besides.guard, children: besides.children.then(Children::new) }
    }

    /// Sleeps until something happens, and does what is to be done beside signals. Whether a child was stopped or went on.
    fn wait(&mut self) -> bool {
        let (line, replace) = self.guard.as_ref().map_or((None, None), Keeper::wait);
        let (children, look) = self.children.as_ref().map_or((None, None), Children::wait);
        let signals = self.signals.get_read().as_fd();
        let mut fds = [Some(signals), line.as_ref().map(AsFd::as_fd), children].map(|fd| match fd {
            Some(fd) => PollFd::from_borrowed_fd(fd, PollFlags::IN),
            // A place without a descriptor asks for nothing of another.
            None => PollFd::from_borrowed_fd(signals, PollFlags::empty()),
        });
        let timeout = [replace, look].into_iter().flatten().min().and_then(|wait| Timespec::try_from(wait).ok());
        // An error finds nothing: what is there is there the next time too.
        let [_, line, children] = match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => fds.map(|fd| !fd.revents().is_empty()),
            Err(_) => [false; 3],
        };
        if let Some(guard) = &mut self.guard {
            guard.see_to(line);
        }
        self.children.as_mut().is_some_and(|own| own.look(children))
    }
}

/// Ends the process by the signal if it lives on for so long. Signals that come meanwhile are heard.
fn end_after(wait: Duration, signal: i32) {
    let body = move || {
        std::thread::sleep(wait);
        die_by(signal);
    };
    // Without a thread it has to be trusted to end.
    let _ = Builder::new().name("parjob-end".into()).spawn(body);
}

/// Ends the process by the signal, without a core dump, so that whoever waits for it sees the truth.
pub fn die_by(signal: i32) -> ! {
    let no_core = Rlimit { current: Some(0), maximum: getrlimit(Resource::Core).maximum };
    // Without it the worst is a core file.
    let _ = setrlimit(Resource::Core, no_core);
    // To the first process of a namespace a signal that it does not handle does nothing.
    if !init::is_first() {
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    // The status that a shell would show.
    std::process::exit(128 + signal)
}

/// Notes in which order SIGTSTP and SIGCONT come.
#[expect(unsafe_code, reason = "an action that runs inside a signal handler")]
fn note_order() -> io::Result<()> {
    for (signal, last) in [(SIGTSTP, &LAST_STOP), (SIGCONT, &LAST_GO)] {
        let action = || last.store(STOPS_AND_GOES.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // SAFETY: the action only touches atomics.
        unsafe { signal_hook::low_level::register(signal, action)? };
    }
    Ok(())
}

/// Lets the calling thread get these signals: a program may have been started with them blocked.
#[expect(unsafe_code, reason = "no safe call changes the mask of a thread")]
fn unblock(signals: &[i32]) {
    // SAFETY: all bytes zero is a valid `sigset_t`, which is made empty before it is used; a null pointer in place of the
    // old mask asks for nothing.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        signals.iter().for_each(|signal| _ = libc::sigaddset(&mut set, *signal));
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &set, std::ptr::null_mut());
    }
}

/// What tells a process to stop and at once to go on does so within this. A SIGCONT that came between the look at it and the
/// stop would be lost, and the process stopped for ever.
const MOMENT: Duration = Duration::from_millis(5);

/// Stops the process until it is told to go on, as the shell expects of one that got SIGTSTP; unless it was told to go on
/// since then.
pub fn suspend() {
    std::thread::sleep(MOMENT);
    if LAST_GO.load(Ordering::SeqCst) > LAST_STOP.load(Ordering::SeqCst) {
        return;
    }
    // Stopping oneself cannot be refused.
    let _ = signal_hook::low_level::raise(signal_hook::consts::SIGSTOP);
}

/// Ends the process quietly because nobody reads its output.
pub fn die_by_pipe() -> ! {
    die_by(SIGPIPE)
}

/// Whether the process ignores the signal.
#[expect(unsafe_code, reason = "asks the kernel for what no safe call tells")]
pub(super) fn is_ignored(signal: i32) -> bool {
    // SAFETY: all bytes zero is a valid `sigaction`; a null pointer in place of the new action only asks.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use signal_hook::low_level::raise;

    use super::*;

    #[test]
    #[ignore = "a process that the test below starts"]
    fn a_process_that_is_told_to_stop_and_at_once_to_go_on() {
        note_order().unwrap();
        for _ in 0..3 {
            raise(SIGTSTP).unwrap();
            raise(SIGCONT).unwrap();
            suspend();
        }
    }

    #[test]
    fn z9_who_was_told_to_go_on_since_does_not_stop() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "signals::tests::a_process_that_is_told_to_stop_and_at_once_to_go_on"]);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let patience = Instant::now() + Duration::from_secs(30);
        while child.try_wait().unwrap().is_none() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
        // One that has stopped is still there.
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    }
}
