//! Opens a ledger: locks it, reads it, and begins a run in it.
//!
//! Nothing is changed before it is certain that the file is a ledger, that it is of the same work, and that no other
//! run uses it.
//!
//! Two locks. `flock` decides who may write: it belongs to the open file, and is gone when the last process that has
//! it open is, however that ended. A record lock of `fcntl` beside it only tells the others who that is: the kernel
//! knows its holder's number, so that it is never one of an earlier run; but it is lost when any part of the process
//! opens and closes the file, as `parjob hash` over the folder would, so it cannot decide.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, fcntl_lock, flock};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType, Pid, fcntl_getlk};

use super::append::Appender;
use super::line::{write_run, write_version, write_work};
use super::past::Done;
use super::read::{Story, Unreadable, read};
use super::{Interrupted, Ledger, Mode, Work};
use crate::base::item::Quoted;

/// How long after a run was killed something of it may be there.
const DYING: Duration = Duration::from_secs(2);

/// A ledger that is ready for a run.
pub struct Opened {
    /// Takes the records of this run.
    pub ledger: Ledger,
    /// What is not to be done in it.
    pub done: Done,
    /// What was under way when an earlier run was killed, and was not tried again since.
    pub interrupted: Vec<Interrupted>,
    /// What the user should know though the run goes on.
    pub warnings: Vec<String>,
}

/// Opens the ledger at that path for a run that does `work`. With `anyway` it may have been another work so far;
/// from here on it is this one.
///
/// Starts a thread. Programs that are started do not get the file.
///
/// # Errors
///
/// See [`Cause`]. The file's records are as they were.
pub fn open(path: &Path, mode: Mode, work: &Work, anyway: bool) -> Result<Opened, OpenError> {
    let mut warnings = Vec::new();
    begin(path, mode, work, anyway, &mut |warning| warnings.push(format!("{}: {warning}", name(path))))
        .map(|(ledger, done, interrupted)| Opened { ledger, done, interrupted, warnings })
        .map_err(|cause| OpenError { path: path.to_path_buf(), cause })
}

/// What is not to be done in a run that goes on from the ledger at that path, which is read and left as it is: no lock
/// is taken, and nothing is written. What is torn at its end is passed over.
///
/// # Errors
///
/// See [`Cause`].
pub fn look(path: &Path, mode: Mode, work: &Work, anyway: bool) -> Result<Done, OpenError> {
    glance(path, mode, work, anyway).map_err(|cause| OpenError { path: path.to_path_buf(), cause })
}

fn glance(path: &Path, mode: Mode, work: &Work, anyway: bool) -> Result<Done, Cause> {
    let story = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && mode != Mode::RetryFailed => Story::default(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Cause::Nothing),
        opened => read_story(&opened.map_err(|error| Cause::Io("open", error))?, mode)?,
    };
    story.check(mode, work, anyway)?;
    Ok(story.past.conclude(mode).0)
}

type Begun = (Ledger, Done, Vec<Interrupted>);

fn begin(path: &Path, mode: Mode, work: &Work, anyway: bool, warn: &mut dyn FnMut(String)) -> Result<Begun, Cause> {
    let file = open_file(path, mode)?;
    lock(&file, warn)?;
    let story = read_story(&file, mode)?;
    story.check(mode, work, anyway)?;
    story.go_on_in(&file, work, warn)?;
    sync_folder(path);
    let ledger = Ledger::new(Appender::new(file, "--ledger", path)).map_err(|e| Cause::Io("start a thread for", e))?;
    let (done, interrupted) = story.past.conclude(mode);
    Ok((ledger, done, interrupted))
}

fn open_file(path: &Path, mode: Mode) -> Result<File, Cause> {
    let create = mode != Mode::RetryFailed;
    match OpenOptions::new().read(true).append(true).create(create).open(path) {
        Err(error) if !create && error.kind() == io::ErrorKind::NotFound => Err(Cause::Nothing),
        opened => opened.map_err(|error| Cause::Io("open", error)),
    }
}

fn lock(file: &File, warn: &mut dyn FnMut(String)) -> Result<(), Cause> {
    match patient_flock(file) {
        Ok(()) => {
            // Only for [`holder`]. Where `flock` is made of such locks, as on NFS, this one fails, and is not missed.
            let _ = fcntl_lock(file, FlockOperation::NonBlockingLockExclusive);
        }
        Err(Errno::WOULDBLOCK) => return Err(Cause::Held(holder(file))),
        Err(error) => {
            warn(format!("cannot be locked: {}; make sure that no other run uses it", io::Error::from(error)));
        }
    }
    Ok(())
}

/// Waits for a run that was killed in the middle of a start: what it was starting shares its files until it has become
/// another program, and so holds the lock for a moment longer. Then no process holds the other lock.
fn patient_flock(file: &File) -> Result<(), Errno> {
    let patience = Instant::now() + DYING;
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if holder(file).is_none() && Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(5));
            }
            ended => return ended,
        }
    }
}

/// The process that uses the ledger, unless it stands where its number means nothing here.
fn holder(file: &File) -> Option<i32> {
    let lock = fcntl_getlk(file, &Flock::from(FlockType::WriteLock)).ok()??;
    lock.pid.map(Pid::as_raw_pid).filter(|pid| *pid > 0)
}

fn read_story(file: &File, mode: Mode) -> Result<Story, Cause> {
    let meta = file.metadata().map_err(|error| Cause::Io("read", error))?;
    match mode {
        // A device or a pipe may be written to.
        Mode::New if meta.is_file() && meta.len() > 0 => Err(Cause::Exists),
        Mode::New => Ok(Story::default()),
        _ if !meta.is_file() => Err(Cause::NoFile),
        _ => Ok(read(file)?),
    }
}

impl Story {
    /// Whether a run that does `work` may go on from it.
    fn check(&self, mode: Mode, work: &Work, anyway: bool) -> Result<(), Cause> {
        match &self.work {
            None if mode == Mode::RetryFailed => Err(Cause::Nothing),
            Some(then) if then != work && !anyway => Err(Cause::OtherWork { then: then.clone(), now: work.clone() }),
            _ => Ok(()),
        }
    }

    /// Cuts off what is torn, and begins a run.
    fn go_on_in(&self, file: &File, work: &Work, warn: &mut dyn FnMut(String)) -> Result<(), Cause> {
        let unwritable = |error| Cause::Io("write", error);
        let mut lines = Vec::new();
        // Half of a header is no header.
        let whole = if self.work.is_none() { 0 } else { self.whole };
        if whole == 0 {
            write_version(&mut lines);
        }
        if self.work.as_ref() != Some(work) {
            write_work(&mut lines, work);
        }
        if self.torn > 0 {
            file.set_len(whole).map_err(unwritable)?;
            warn(format!("its last record was torn, and was cut off ({} bytes)", self.torn));
        } else if whole < self.whole {
            file.set_len(whole).map_err(unwritable)?;
        }
        write_run(&mut lines, rustix::system::uname().nodename().to_bytes(), SystemTime::now());
        let mut to = file;
        to.write_all(&lines).map_err(|error| {
            // So that no more than an empty file is left where there was nothing before. Best effort.
            let _ = file.set_len(whole);
            unwritable(error)
        })
    }
}

/// So that the name outlives a power cut. Not every file system can.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

fn name(path: &Path) -> String {
    format!("--ledger {}", Quoted(path.as_os_str().as_encoded_bytes()))
}

/// A ledger that cannot be used for this run.
#[derive(Debug)]
pub struct OpenError {
    /// The ledger.
    pub path: PathBuf,
    /// Why not.
    pub cause: Cause,
}

/// Why a ledger cannot be used for a run.
#[derive(Debug)]
pub enum Cause {
    /// There is something already, and the run is a new one.
    Exists,
    /// There is nothing, and what failed is to be tried again.
    Nothing,
    /// It is a device or a pipe, which cannot be read as a ledger.
    NoFile,
    /// The file is something else.
    NoLedger,
    /// This line of it was altered, and is not the last.
    Damaged(u64),
    /// It was written by a parjob that is newer, in this version of the format.
    Newer(u64),
    /// It is about something else that was done to the items.
    OtherWork {
        /// What it is about.
        then: Work,
        /// What this run does.
        now: Work,
    },
    /// A run is using it: this process, if it can be told.
    Held(Option<i32>),
    /// It could not be opened, read or written (the word says which).
    Io(&'static str, io::Error),
}

/// Whether a file could not be opened because of the name that it was given.
pub fn is_misnamed(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(error.kind(), Kind::NotFound | Kind::NotADirectory | Kind::IsADirectory | Kind::PermissionDenied)
}

impl OpenError {
    /// Whether the command line is wrong, and not the run broken: exit status 2, and not 3.
    pub fn is_usage(&self) -> bool {
        match &self.cause {
            Cause::Io("open", error) => is_misnamed(error),
            Cause::Held(_) | Cause::Io(..) => false,
            _ => true,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = name(&self.path);
        match &self.cause {
            Cause::Exists => {
                write!(f, "{name} exists already; --resume goes on with it, --retry-failed tries again what failed")
            }
            Cause::Nothing => write!(f, "{name} records no run, so nothing has failed; check its name"),
            Cause::NoFile => write!(f, "{name} is not a regular file, so no run can be resumed from it"),
            Cause::NoLedger => write!(f, "{name} is not a ledger; give another file"),
            Cause::Damaged(line) => {
                write!(f, "{name} is damaged: line {line} is not as it was written")?;
                match line - 1 {
                    0 => write!(f, "; begin a new one"),
                    before => write!(f, "; `head -n {before}` into another file keeps what stands before it"),
                }
            }
            Cause::Newer(version) => {
                write!(f, "{name} is of version {version}, which this parjob does not know; use a newer parjob")
            }
            Cause::OtherWork { then, now } => write!(
                f,
                "{name} is a record of other work: it did `{then}`, this run would do `{now}`; \
                 --resume-anyway goes on with it all the same"
            ),
            Cause::Held(Some(pid)) => write!(f, "{name} is in use by process {pid}; wait for it, or give another file"),
            Cause::Held(None) => write!(f, "{name} is in use by another run; wait for it, or give another file"),
            Cause::Io(doing, error) => write!(f, "cannot {doing} {name}: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<Unreadable> for Cause {
    fn from(unreadable: Unreadable) -> Cause {
        match unreadable {
            Unreadable::Io(error) => Cause::Io("read", error),
            Unreadable::NoLedger => Cause::NoLedger,
            Unreadable::Newer(version) => Cause::Newer(version),
            Unreadable::Damaged(line) => Cause::Damaged(line),
        }
    }
}
