//! Where the written bytes go: standard output, or a file that is complete or absent.
//!
//! A regular file gets its name when the run is over ([`crate::base::atomic_file`]). A device or a FIFO is simply written to, and so
//! is the file to which standard output or standard error was redirected: others write to that too.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;

use crate::base::atomic_file::{Fresh, Old, Temporary, folder};
use crate::base::item::Quoted;
use crate::base::stream::Stream;

/// Runs a write while the progress bar is off the screen. Whether it leaves a line open: then the bar stays away until
/// that has ended, since it would be drawn over it.
pub type Aside = Box<dyn Fn(&mut dyn FnMut(), bool) + Send>;

/// The end of the way of data.
pub struct Sink {
    target: Target,
    aside: Option<Aside>,
}

enum Target {
    Stdout,
    /// A device, a FIFO, or what standard output or standard error writes to as well.
    Direct(File, PathBuf),
    Fresh(Fresh),
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
            Target::Direct(_, path) => shown(path),
            Target::Fresh(fresh) => shown(fresh.path()),
        }
    }

    /// Writes it all, however slow the reader is. That standard error may be closed is nobody's fault.
    pub(super) fn write(&self, stream: Stream, bytes: &[u8]) -> io::Result<()> {
        if stream == Stream::Err {
            let _ = self.write_to(rustix::stdio::stderr(), bytes);
            return Ok(());
        }
        let fd = match &self.target {
            Target::Stdout => rustix::stdio::stdout(),
            Target::Direct(file, _) => file.as_fd(),
            Target::Fresh(fresh) => fresh.file().as_fd(),
        };
        self.write_to(fd, bytes)
    }

    fn write_to(&self, fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
        let Some(aside) = &self.aside else { return write_all(fd, bytes) };
        let mut result = Ok(());
        let leaves_open = bytes.last().is_some_and(|byte| *byte != b'\n');
        aside(&mut || result = write_all(fd, bytes), leaves_open);
        result
    }

    /// By what the file can be removed before it is complete.
    pub(super) fn temporary(&self) -> Temporary {
        match &self.target {
            Target::Fresh(fresh) => fresh.temporary(),
            Target::Stdout | Target::Direct(..) => Temporary::default(),
        }
    }

    /// Gives the file its name, with everything on disk first. Without this call there is no file.
    pub(super) fn complete(self) -> Result<()> {
        let Target::Fresh(fresh) = &self.target else { return Ok(()) };
        settle(fresh).with_context(|| format!("cannot write --output {}", shown(fresh.path())))
    }
}

/// Finds out before the run starts whether a file can stand at that path.
///
/// # Errors
///
/// It is a folder, its folder does not exist, or there can be no such file.
pub fn check(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => bail!("cannot write --output {}: it is a directory", shown(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let file = follow(path);
            if !folder(&file).is_dir() {
                bail!("cannot write --output {}: there is no folder {}", shown(path), shown(folder(&file)));
            }
            Ok(())
        }
        other => other.map(drop).with_context(|| format!("cannot write --output {}", shown(path))),
    }
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
    match std::fs::metadata(path) {
        Ok(meta) => {
            if let Some(stream) = standard_stream(&meta) {
                return Ok(Target::Direct(stream, path.to_path_buf()));
            }
            // A file that was deleted but is open somewhere, as /dev/fd/3 may be, has no name to be replaced.
            if !meta.is_file() || meta.nlink() == 0 {
                return Ok(Target::Direct(OpenOptions::new().write(true).open(path)?, path.to_path_buf()));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    Ok(Target::Fresh(Fresh::create(&follow(path), Old::Goes)?))
}

/// A duplicate of standard output or standard error, if one of them writes to that very file. It shares the
/// place in the file with those who wrote before and will write after; a new file would take it from them.
pub fn standard_stream(meta: &Metadata) -> Option<File> {
    [rustix::stdio::stdout(), rustix::stdio::stderr()].into_iter().find_map(|stream| {
        let stream = File::from(stream.try_clone_to_owned().ok()?);
        let own = stream.metadata().ok()?;
        let writes = fcntl_getfl(&stream).ok()? & OFlags::ACCMODE != OFlags::RDONLY;
        (writes && (own.dev(), own.ino()) == (meta.dev(), meta.ino())).then_some(stream)
    })
}

/// The file to which symbolic links lead, there or not: the links stay, and it is made or replaced.
fn follow(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let mut path = path.to_path_buf();
        // It is not there, so each link is followed by hand: as many as the kernel follows.
        for _ in 0..40 {
            let Ok(to) = std::fs::read_link(&path) else { break };
            path = folder(&path).join(to);
        }
        path
    })
}

/// Puts the file in place, with everything on disk first.
fn settle(fresh: &Fresh) -> io::Result<()> {
    fresh.file().sync_all()?;
    fresh.name()?;
    sync_folder(fresh.path());
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
    use std::ffi::OsString;
    use std::os::unix::fs::PermissionsExt;

    fn names(dir: &Path) -> Vec<OsString> {
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_is_absent_until_it_is_complete() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        let sink = Sink::file(&path).unwrap();
        sink.write(Stream::Out, b"whole").unwrap();
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
        sink.write(Stream::Out, b"new").unwrap();
        sink.complete().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(names(dir.path()), ["out"]);
    }

    impl Sink {
        /// As it is where the file system has no unnamed files; writes to what `instead` makes of the file.
        pub(in crate::output) fn named(path: &Path, instead: impl FnOnce(File) -> File) -> Sink {
            Sink { target: Target::Fresh(Fresh::named(path, Old::Goes, instead).unwrap()), aside: None }
        }
    }

    fn named(path: &Path) -> Sink {
        Sink::named(path, |file| file)
    }

    #[test]
    fn without_unnamed_files_a_temporary_name_serves() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out");
        drop(named(&path));
        assert_eq!(names(dir.path()), [""; 0]);
        let sink = named(&path);
        sink.write(Stream::Out, b"x").unwrap();
        sink.complete().unwrap();
        assert_eq!(names(dir.path()), ["out"]);
    }

    #[test]
    fn the_longest_name_can_be_replaced_and_left_overs_are_in_nobodys_way() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x".repeat(255));
        let left_over = dir.path().join(format!(".parjob-{}-0", std::process::id()));
        for sink in [Sink::file, |path: &Path| Ok(named(path))] {
            std::fs::write(&path, "old").unwrap();
            std::fs::write(&left_over, "of another").unwrap();
            let sink = sink(&path).unwrap();
            sink.write(Stream::Out, b"new").unwrap();
            sink.complete().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
            assert_eq!(std::fs::read(&left_over).unwrap(), b"of another");
            assert_eq!(names(dir.path()).len(), 2);
        }
    }

    #[test]
    fn what_cannot_be_put_in_place_is_removed() {
        for sink in [Sink::file, |path: &Path| Ok(named(path))] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("out");
            let sink = sink(&path).unwrap();
            std::fs::create_dir(&path).unwrap();
            sink.complete().unwrap_err();
            assert_eq!(names(dir.path()), ["out"]);
        }
    }
}
