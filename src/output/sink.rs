//! Where the written bytes go: standard output, or a file that is complete or absent.
//!
//! A regular file is written under no name (`O_TMPFILE`) and gets its name when the run is over, so that
//! not even a kill leaves half of one. Where the file system cannot do that, it is written under a
//! temporary name beside its own and renamed. A device or a FIFO is simply written to.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{AtFlags, CWD};
#[cfg(target_os = "linux")]
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::item::Quoted;

/// Runs a write while the progress bar is off the screen.
pub type Aside = Box<dyn Fn(&mut dyn FnMut()) + Send>;

/// The end of the way of data.
pub struct Sink {
    target: Target,
    aside: Option<Aside>,
}

enum Target {
    Stdout,
    /// A device or a FIFO.
    Direct(File, PathBuf),
    /// Written unnamed, or under `temporary`; bound for `path`.
    Fresh {
        file: File,
        path: PathBuf,
        temporary: Option<PathBuf>,
    },
}

/// Standard output. `aside` keeps a progress bar on the same terminal out of the way of each write.
pub fn stdout(aside: Option<Aside>) -> Sink {
    Sink { target: Target::Stdout, aside }
}

impl Sink {
    /// A file that appears when [`Sink::complete`] is called, and not before.
    ///
    /// # Errors
    ///
    /// The file, or its folder, cannot be written; named.
    pub fn file(path: &Path) -> Result<Sink> {
        let target = open(path).with_context(|| format!("cannot write --output {}", shown(path)))?;
        Ok(Sink { target, aside: None })
    }

    /// What to call it in a message.
    pub fn name(&self) -> String {
        match &self.target {
            Target::Stdout => "standard output".to_string(),
            Target::Direct(_, path) | Target::Fresh { path, .. } => shown(path),
        }
    }

    /// Writes it all, however slow the reader is.
    pub(super) fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let fd = match &self.target {
            Target::Stdout => rustix::stdio::stdout(),
            Target::Direct(file, _) | Target::Fresh { file, .. } => file.as_fd(),
        };
        let Some(aside) = &self.aside else { return write_all(fd, bytes) };
        let mut result = Ok(());
        aside(&mut || result = write_all(fd, bytes));
        result
    }

    /// Gives the file its name, with everything on disk first. Without this call there is no file.
    pub(super) fn complete(mut self) -> Result<()> {
        let Target::Fresh { file, path, temporary } = &mut self.target else { return Ok(()) };
        name_file(file, path, temporary).with_context(|| format!("cannot write --output {}", shown(path)))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Target::Fresh { temporary: Some(temporary), .. } = &self.target {
            // Best effort: the run has something more important to report.
            let _ = std::fs::remove_file(temporary);
        }
    }
}

/// Finds out before the run starts whether a file can stand at that path.
///
/// # Errors
///
/// It is a folder, or its folder does not exist.
pub fn check(path: &Path) -> Result<()> {
    if path.is_dir() {
        bail!("cannot write --output {}: it is a directory", shown(path));
    }
    if !folder(path).is_dir() {
        bail!("cannot write --output {}: there is no folder {}", shown(path), shown(folder(path)));
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    Quoted(path.as_os_str().as_encoded_bytes()).to_string()
}

fn write_all(fd: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::INTR) => {}
            // Left non-blocking by whoever shares it.
            Err(Errno::AGAIN) => drop(poll(&mut [PollFd::new(&fd, PollFlags::OUT)], None)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<Target> {
    // Through a symbolic link, so that the link stays and its target is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mode = match std::fs::metadata(&path) {
        Ok(meta) if !meta.is_file() => {
            return Ok(Target::Direct(OpenOptions::new().write(true).open(&path)?, path));
        }
        Ok(meta) => Some(meta.permissions().mode() & 0o7777),
        Err(_) => None,
    };
    let mut temporary = None;
    let file = match open_unnamed(folder(&path)) {
        Ok(file) => file,
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => open_beside(temporary.insert(beside(&path)))?,
        Err(error) => return Err(error.into()),
    };
    if let Some(mode) = mode {
        file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    }
    Ok(Target::Fresh { file, path, temporary })
}

fn folder(path: &Path) -> &Path {
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

fn open_beside(temporary: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o666).open(temporary)
}

/// A name beside the file that no other run of parjob uses.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or(OsStr::new("output")));
    name.push(format!(".parjob-{}", std::process::id()));
    path.with_file_name(name)
}

fn name_file(file: &File, path: &Path, temporary: &mut Option<PathBuf>) -> Result<()> {
    file.sync_all()?;
    if temporary.is_none() {
        let source = format!("/proc/self/fd/{}", file.as_raw_fd());
        match rustix::fs::linkat(CWD, &source, CWD, path, AtFlags::SYMLINK_FOLLOW) {
            Ok(()) => {
                sync_folder(path);
                return Ok(());
            }
            // A link cannot replace a file; a rename can.
            Err(Errno::EXIST) => {
                let name = temporary.insert(beside(path));
                rustix::fs::linkat(CWD, &source, CWD, name.as_path(), AtFlags::SYMLINK_FOLLOW)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(name) = temporary.take() {
        std::fs::rename(name, path)?;
    }
    sync_folder(path);
    Ok(())
}

/// So that the name outlives a power cut. Not every file system can; the file is complete either way.
fn sync_folder(path: &Path) {
    let _ = File::open(folder(path)).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn names(dir: &Path) -> Vec<OsString> {
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_absent_until_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let sink = Sink::file(&path).unwrap();
        sink.write(b"whole").unwrap();
        assert_eq!(names(dir.path()), [""; 0]);
        sink.complete().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn an_old_file_stays_until_it_is_replaced_and_keeps_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        drop(Sink::file(&path).unwrap());
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let sink = Sink::file(&path).unwrap();
        sink.write(b"new").unwrap();
        sink.complete().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn without_unnamed_files_a_temporary_name_serves() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let temporary = beside(&path);
        let fresh = |temporary: &Path| Sink {
            target: Target::Fresh {
                file: open_beside(temporary).unwrap(),
                path: path.clone(),
                temporary: Some(temporary.to_path_buf()),
            },
            aside: None,
        };
        drop(fresh(&temporary));
        assert_eq!(names(dir.path()), [""; 0]);
        let sink = fresh(&temporary);
        sink.write(b"x").unwrap();
        sink.complete().unwrap();
        assert_eq!(names(dir.path()), ["out"]);
    }
}
