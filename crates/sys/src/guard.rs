//! The guard: a small process that kills all that a run has started, should the runner die.
//!
//! It is forked once per run, before any thread exists, into a session of its own. It holds nothing but one end of
//! a line to the runner, and sleeps until the other end is closed. The kernel closes it however the runner ends, by
//! SIGKILL too. Then the guard kills the process groups that it was told of ([`Slots`]) and whatever carries the
//! run's [`Mark`], those that called `setsid` and were given to another parent too. At a normal end the runner
//! dismisses it first, and deliberate daemons live on.
//!
//! Why not `PR_SET_PDEATHSIG` in each child: it needs code between fork and exec, which takes posix_spawn away; it
//! misses grandchildren; and it fires when a *thread* ends.
//!
//! If the guard dies, its [`Keeper`] starts another, then by a fork of a process with many threads. There the child
//! must not take a lock or allocate, for a thread that is no more may hold the lock. So the guard does neither: it is
//! system calls, a few KiB of stack and a loop, and both forks run the same code. Executing the program's own file anew
//! would lift that limit, but the file may have been replaced or be gone, and it takes milliseconds.
//!
//! What escapes: a process that left its group *and* dropped its environment (`env -i setsid …`) or that made itself
//! unreadable (setuid programs), which the runner would have found by their descent and whose orphans the kernel has given to another
//! parent; and everything when runner and guard are killed in the same instant. Elsewhere
//! than on Linux there is no `/proc` to search: the groups alone are killed.

use std::fmt;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::mark::Mark;
use super::slots::Slots;

/// The present guard's id, 0 where there is none.
static CURRENT: AtomicI32 = AtomicI32::new(0);

/// What keeps watch over a run. Unless it is dismissed, the run's processes are killed when this process has ended,
/// however that came.
#[derive(Debug)]
pub struct Guard(&'static Run);

/// What a guard must know of its run.
#[derive(Debug)]
struct Run {
    mark: Mark,
    slots: Slots,
    /// That of the runner: its jobs' groups are in it. A group elsewhere has only got the same number.
    session: i32,
    /// The guard on duty; none after it was dismissed.
    post: Mutex<Option<Post>>,
}

/// A guard on duty, or one that has died and is to be replaced.
#[derive(Debug)]
struct Post {
    /// Until it has been waited for.
    pid: Option<Pid>,
    /// The runner's end of the line.
    line: Arc<UnixStream>,
}

impl Guard {
    /// Starts one for the run with this mark. To be called once, before there are threads: the fork is cheapest then,
    /// and takes the least memory with it.
    ///
    /// # Errors
    ///
    /// There is no room for a process, a descriptor or a page.
    pub fn start(mark: &Mark) -> io::Result<Guard> {
        let (mark, slots, post) = (mark.clone(), Slots::new()?, Mutex::new(None));
        let run = Run { mark, slots, session: own_session(), post };
        let first = run.start()?;
        *run.post() = Some(first);
        // It stays for the life of the process: a line that was dropped would bring the guard to act before its end.
        Ok(Guard(Box::leak(Box::new(run))))
    }

    /// Where the workers tell which process group is at work.
    pub fn slots(&self) -> Slots {
        self.0.slots
    }

    /// What replaces the guard when it dies.
    pub fn keeper(&self) -> Keeper {
        Keeper { run: self.0, tell: Box::new(|_| {}), wait: Duration::ZERO, failed: false, next: None }
    }

    /// The run has come to its normal end: what still runs was meant to.
    pub fn dismiss(self) -> Dismissed {
        let post = self.0.post().take();
        if let Some(pid) = post.as_ref().and_then(|post| post.pid) {
            // Rather than to ask it to go: this works when it is stopped, and leaves nothing to go wrong between.
            let _ = kill_process(pid, Signal::KILL);
        }
        Dismissed(post)
    }
}

/// A guard that was dismissed. When this is dropped, the guard is gone: the kernel takes a while for it, in which there
/// may be other things to do.
#[derive(Debug)]
pub struct Dismissed(
    /// Its line stays open until it is gone: it would take the end of that for the end of the runner.
    Option<Post>,
);

impl Drop for Dismissed {
    fn drop(&mut self) {
        if let Some(pid) = self.0.as_ref().and_then(|post| post.pid) {
            reap(pid);
        }
    }
}

/// Replaces guards that die, until one is dismissed. A thread that polls anyway owns it: the guard, too, runs on that stack.
pub struct Keeper {
    run: &'static Run,
    tell: Box<dyn Fn(io::Error) + Send>,
    /// Before the next guard that dies is replaced. Where something keeps killing guards, or no process can be had, this is
    /// not to take the processor.
    wait: Duration,
    failed: bool,
    /// One has died and is to be replaced then.
    next: Option<Instant>,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("run", self.run).field("next", &self.next).finish_non_exhaustive()
    }
}

impl Keeper {
    /// As it is, but calls `tell` when a guard cannot be replaced, the first time.
    pub fn telling(self, tell: impl Fn(io::Error) + Send + 'static) -> Keeper {
        Keeper { tell: Box::new(tell), ..self }
    }

    /// What can be read when the guard has died, and how long to wait at most.
    pub(super) fn wait(&self) -> (Option<Arc<UnixStream>>, Option<Duration>) {
        match self.next {
            Some(next) => (None, Some(next.saturating_duration_since(Instant::now()))),
            None => (self.run.line(), None),
        }
    }

    /// Does what is due. `ready`: there is something to read.
    pub(super) fn see_to(&mut self, ready: bool) {
        // It never writes, except for what a bug might make it say: only its end counts.
        if ready && self.run.line().is_some_and(|line| !matches!((&*line).read(&mut [0]), Ok(1..))) {
            self.next = Some(Instant::now() + self.wait);
            self.wait = (self.wait + Duration::from_millis(10)).min(Duration::from_secs(1));
        }
        if self.next.is_some_and(|next| next <= Instant::now()) {
            self.next = None;
            match self.run.replace() {
                Err(error) if !std::mem::replace(&mut self.failed, true) => (self.tell)(error),
                _ => {}
            }
        }
    }
}

/// The id of the guard on duty, which is a child of this process.
pub(super) fn current() -> Option<Pid> {
    Pid::from_raw(CURRENT.load(Ordering::Relaxed))
}

impl Run {
    fn post(&self) -> MutexGuard<'_, Option<Post>> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runner's end of the line, while there is a guard on duty.
    fn line(&self) -> Option<Arc<UnixStream>> {
        self.post().as_ref().map(|post| Arc::clone(&post.line))
    }

    fn replace(&self) -> io::Result<()> {
        let mut post = self.post();
        let Some(dead) = &mut *post else { return Ok(()) };
        if let Some(pid) = dead.pid.take() {
            reap(pid);
        }
        *dead = self.start()?;
        Ok(())
    }

    #[expect(unsafe_code, reason = "forks")]
    fn start(&self) -> io::Result<Post> {
        let (ours, theirs) = UnixStream::pair()?;
        let before = block_signals();
        // SAFETY: the child calls nothing but `serve`, which neither locks nor allocates, and never returns.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            self.serve(theirs.as_raw_fd());
        }
        let failed = io::Error::last_os_error();
        restore_signals(&before);
        // A negative number, of a fork that failed, is none that may be made an id.
        let Some(pid) = Pid::from_raw(pid.max(0)) else { return Err(failed) };
        CURRENT.store(pid.as_raw_nonzero().get(), Ordering::Relaxed);
        Ok(Post { pid: Some(pid), line: Arc::new(ours) })
    }

    /// The life of a guard. All signals are blocked; only KILL and STOP reach it.
    #[expect(unsafe_code, reason = "ends the process without running what belongs to the runner")]
    fn serve(&self, line: RawFd) -> ! {
        // A panic must not unwind into the runner's code.
        let served = catch_unwind(AssertUnwindSafe(|| {
            leave(line);
            wait_for_end();
            self.end();
        }));
        // SAFETY: ends the process at once; there is nothing to tidy up.
        unsafe { libc::_exit(i32::from(served.is_err())) }
    }

    /// Kills everything that belongs to the run.
    #[cfg(target_os = "linux")]
    fn end(&self) {
        use super::{hunt, processes};
        // A process that was just being started when the runner died shows its mark after a moment only.
        const QUIET: Duration = Duration::from_millis(200);
        // What cannot be killed by then is stuck in the kernel.
        const PATIENCE: Duration = Duration::from_secs(5);
        let is_marked = |pid| {
            let mut found = false;
            processes::environment(pid, &mut |variable| found |= self.mark.is_in(variable));
            found
        };
        let is_told = |pid| {
            let of_ours = |stat: processes::Stat| stat.session == self.session && self.slots.hold(stat.group);
            processes::stat(pid).is_some_and(|stat| stat.state != b'Z' && of_ours(stat))
        };
        hunt::kill(&|pid| is_marked(pid) || is_told(pid), QUIET, PATIENCE);
    }

    #[cfg(not(target_os = "linux"))]
    fn end(&self) {
        for group in self.slots.groups() {
            if rustix::process::getsid(Some(group)).is_ok_and(|session| session.as_raw_nonzero().get() == self.session)
            {
                let _ = rustix::process::kill_process_group(group, Signal::KILL);
            }
        }
    }
}

fn reap(pid: Pid) {
    // It may be gone: nobody else waits for it, but SIGCHLD may be ignored.
    let _ = retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
    CURRENT.store(0, Ordering::Relaxed);
}

/// Leaves the runner's session, terminal and files; of its descriptors keeps the line, as 0, 1 and 2. So nobody's
/// pipe stays open for the guard's sake, and there need be no /dev/null.
#[expect(unsafe_code, reason = "closes descriptors that other owners have in the process from which this is forked")]
fn leave(line: RawFd) {
    // Each may fail, and the guard is still of use.
    let _ = rustix::process::setsid();
    let _ = rustix::process::chdir("/");
    // SAFETY: nothing in this process uses a descriptor but this module, which reads from 0.
    unsafe {
        for standard in 0..3 {
            libc::dup2(line, standard);
        }
        close_from_3();
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_name(super::hunt::GUARD);
}

/// Closes all descriptors but 0, 1 and 2.
///
/// # Safety
///
/// Nothing in the process uses them any more.
#[expect(unsafe_code, reason = "as its caller")]
unsafe fn close_from_3() {
    #[cfg(target_os = "linux")]
    // SAFETY: the system call takes three numbers; the caller answers for what is closed.
    if unsafe { libc::syscall(libc::SYS_close_range, 3u32, u32::MAX, 0u32) } == 0 {
        return;
    }
    // An older kernel, a sandbox, another system. A limit may be a thousand million.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    for descriptor in 3..limit.min(1 << 16) as RawFd {
        // SAFETY: the caller answers for what is closed; what is not open is an error without effect.
        unsafe { libc::close(descriptor) };
    }
}

/// Returns when the runner's end of the line is closed.
#[expect(unsafe_code, reason = "borrows descriptor 0")]
fn wait_for_end() {
    // SAFETY: `leave` has put the line there, and nobody closes it.
    let line = unsafe { std::os::fd::BorrowedFd::borrow_raw(0) };
    // Nothing is ever sent. Any error means that the line is of no more use.
    while matches!(retry_on_intr(|| rustix::io::read(line, &mut [0; 1])), Ok(1..)) {}
}

/// The session of this process; 0 when it is that of a process outside a container.
#[expect(unsafe_code, reason = "the safe call cannot tell 0")]
fn own_session() -> i32 {
    // SAFETY: takes a number and asks only.
    unsafe { libc::getsid(0) }
}

/// Blocks all signals for this thread, and hands out which were blocked before.
#[expect(unsafe_code, reason = "no safe call does it")]
fn block_signals() -> libc::sigset_t {
    // SAFETY: all bytes zero is a valid set, and both calls are given sets that they may write.
    unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        before
    }
}

#[expect(unsafe_code, reason = "no safe call does it")]
fn restore_signals(before: &libc::sigset_t) {
    // SAFETY: the set is one that was read; a null pointer asks for nothing.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, before, std::ptr::null_mut());
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
