//! A file that is complete or absent.
//!
//! It is written under no name (`O_TMPFILE`) and gets its name when it is whole, so that not even a kill leaves half of
//! one. Where the file system cannot do that, it is written under a temporary name beside its own and renamed. What takes the
//! place of another file has a temporary name too, between two system calls: only a name can be put in the place of a
//! name. A kill just then leaves it, and no later process removes it: whose it is cannot be told on a disk that several
//! machines or containers share. What replaces a file keeps its mode and its owners ([`keep()`]). This file knows nothing
//! of what is written.

mod keep;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{AtFlags, CWD, RenameFlags, renameat_with};
#[cfg(target_os = "linux")]
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

pub use self::keep::keep;

/// How many names are tried for a temporary file. Nobody has so many left-overs; but a loop should end.
const MOST_TRIES: u32 = 10_000;

/// What becomes of a file that stands at the path already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// It is replaced.
    Goes,
    /// It stays, and the new one cannot be put there: [`io::ErrorKind::AlreadyExists`].
    Stays,
}

/// A file under way to its name.
pub struct Fresh {
    file: File,
    path: PathBuf,
    old: Old,
    temporary: Temporary,
}

impl Fresh {
    /// A file that stands at the path once [`Fresh::name`] is called, and not before. Where it is to replace a file it
    /// has the mode of that from the beginning. A symbolic link is replaced itself; the mode is that of what it leads to.
    ///
    /// # Errors
    ///
    /// The folder cannot be written. Something is to be replaced that is no regular file: [`io::ErrorKind::InvalidInput`].
    pub fn create(path: &Path, old: Old) -> io::Result<Fresh> {
        let before = if old == Old::Goes { std::fs::metadata(path).ok() } else { None };
        if before.as_ref().is_some_and(|before| !before.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
        }
        let fresh = Fresh::new(path, old)?;
        if let Some(before) = before {
            keep(&fresh.file, path, &before)?;
        }
        Ok(fresh)
    }

    fn new(path: &Path, old: Old) -> io::Result<Fresh> {
        let temporary = Temporary::default();
        let file = match open_unnamed(folder(path)) {
            Ok(file) => file,
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => temporary.claim(folder(path), open_named)?,
            Err(error) => return Err(error.into()),
        };
        Ok(Fresh { file, path: path.to_path_buf(), old, temporary })
    }

    /// What is written to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is bound for.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// By what another thread can remove it before it has its name.
    pub fn temporary(&self) -> Temporary {
        self.temporary.clone()
    }

    /// Puts it in place.
    ///
    /// # Errors
    ///
    /// It cannot stand there.
    pub fn name(&self) -> io::Result<()> {
        let old = self.old;
        if self.temporary.name().is_none() {
            let source = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            let link = |name: &Path| {
                rustix::fs::linkat(CWD, &source, CWD, name, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
            };
            match link(&self.path) {
                // A link cannot replace a file; a rename can.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && old == Old::Goes => {
                    self.temporary.claim(folder(&self.path), link)?;
                }
                linked => linked?,
            }
        }
        self.temporary.rename(&self.path, old)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        self.temporary.remove();
    }
}

/// The temporary name of a file that is being written, while it has one. Shared, so that one thread can
/// remove the file while another is stuck writing to it.
#[derive(Clone, Default)]
pub struct Temporary(Arc<Mutex<Option<PathBuf>>>);

impl Temporary {
    /// Makes a file in the folder under a name that nobody has. The name is short, since the file it stands
    /// for may have the longest that there can be. A process of the same number, in another container or
    /// killed long ago, may have left one: then another is tried.
    fn claim<T>(&self, folder: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<T> {
        let mut number = 0;
        loop {
            let name = folder.join(format!(".parjob-{}-{number}", std::process::id()));
            match make(&name) {
                Ok(made) => {
                    *self.name() = Some(name);
                    return Ok(made);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST_TRIES => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Moves the file to its place, if it has a name to be moved from.
    fn rename(&self, path: &Path, old: Old) -> io::Result<()> {
        let mut name = self.name();
        if let Some(from) = &*name {
            match old {
                Old::Goes => std::fs::rename(from, path)?,
                Old::Stays => rename_beside(from, path)?,
            }
        }
        // Only now: what could not be moved is still to be removed.
        *name = None;
        Ok(())
    }

    /// Removes the file, if it has a name.
    pub fn remove(&self) {
        if let Some(name) = self.name().take() {
            // Best effort: the run has something more important to report.
            let _ = std::fs::remove_file(name);
        }
    }

    fn name(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Renames where there is nothing yet.
fn rename_beside(from: &Path, path: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, path, RenameFlags::NOREPLACE) {
        // Not every file system knows that; one that does not may know a second name.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            std::fs::hard_link(from, path)?;
            std::fs::remove_file(from)
        }
        renamed => Ok(renamed?),
    }
}

/// The folder of a file.
pub fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(target_os = "linux")]
fn open_unnamed(folder: &Path) -> Result<File, Errno> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)).map(File::from)
}

/// Only Linux has files without a name.
#[cfg(not(target_os = "linux"))]
fn open_unnamed(_folder: &Path) -> Result<File, Errno> {
    Err(Errno::OPNOTSUPP)
}

fn open_named(name: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o666).open(name)
}

#[cfg(test)]
impl Fresh {
    /// As it is where the file system has no unnamed files; writes to what `instead` makes of the file.
    pub(crate) fn named(path: &Path, old: Old, instead: impl FnOnce(File) -> File) -> io::Result<Fresh> {
        let temporary = Temporary::default();
        let file = instead(temporary.claim(folder(path), open_named)?);
        Ok(Fresh { file, path: path.to_path_buf(), old, temporary })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_file_that_is_to_stay_stays_and_nothing_is_left_beside_it() {
        for make in [Fresh::create, |path: &Path, old| Fresh::named(path, old, |file| file)] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("out");
            let fresh = make(&path, Old::Stays).unwrap();
            std::fs::write(&path, "old").unwrap();
            assert_eq!(fresh.name().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            drop(fresh);
            assert_eq!(std::fs::read(&path).unwrap(), b"old");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
            std::fs::remove_file(&path).unwrap();
            make(&path, Old::Stays).unwrap().name().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }
}
