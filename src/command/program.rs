//! Finds the program that a command names, as `execvp` does: in the folders of `PATH`, unless the name has a slash.
//!
//! It is looked for once, before any item is charged, so that a mistyped name is one error and not ten thousand.

use std::ffi::{CString, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::base::item::Quoted;

/// Why there is no program to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoProgram {
    name: Vec<u8>,
    /// The program is there but cannot be executed: 126; or it is not there: 127.
    pub status: i32,
}

/// The program cannot be executed.
const NOT_EXECUTABLE: i32 = 126;

/// The program is not there.
const NOT_FOUND: i32 = 127;

impl fmt::Display for NoProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Quoted(&self.name);
        match self.status {
            NOT_EXECUTABLE => write!(f, "{name} cannot be executed: is it a file with the right to be executed?"),
            _ if self.name.contains(&b'/') => write!(f, "{name} was not found"),
            _ if self.name.contains(&b' ') => {
                write!(f, "{name} was not found; a command goes as several words, or as one after sh")
            }
            _ => write!(f, "{name} was not found in PATH"),
        }
    }
}

impl std::error::Error for NoProgram {}

/// The path of the program that `name` names.
///
/// # Errors
///
/// It is not there, or cannot be executed.
pub fn find(name: &[u8], path: Option<&OsStr>) -> Result<CString, NoProgram> {
    let no_program = |status| NoProgram { name: name.to_vec(), status };
    let found = |path: &Path| CString::new(path.as_os_str().as_bytes()).map_err(|_| no_program(NOT_FOUND));
    let file = Path::new(OsStr::from_bytes(name));
    if name.is_empty() {
        return Err(no_program(NOT_FOUND));
    }
    if name.contains(&b'/') {
        return match state(file) {
            State::Absent => Err(no_program(NOT_FOUND)),
            State::Present => Err(no_program(NOT_EXECUTABLE)),
            State::Executable => found(file),
        };
    }
    let mut status = NOT_FOUND;
    // An empty entry is the working directory, and without PATH these are what the system's libraries take.
    for folder in std::env::split_paths(path.unwrap_or(OsStr::new("/bin:/usr/bin"))) {
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let file = folder.join(file);
        match state(&file) {
            State::Executable => return found(&file),
            State::Present => status = NOT_EXECUTABLE,
            State::Absent => {}
        }
    }
    Err(no_program(status))
}

enum State {
    Absent,
    Present,
    Executable,
}

fn state(file: &Path) -> State {
    match std::fs::metadata(file) {
        Ok(meta) if meta.is_file() && access(file, Access::EXEC_OK).is_ok() => State::Executable,
        Ok(_) => State::Present,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => State::Present,
        Err(_) => State::Absent,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_program_is_looked_for_where_execvp_looks() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("plain"), "").unwrap();
        std::fs::create_dir(dir.path().join("sh")).unwrap();
        let path = std::env::join_paths([dir.path(), Path::new("/bin")]).unwrap();
        assert_eq!(find(b"sh", Some(&path)).unwrap(), CString::from(c"/bin/sh"));
        assert_eq!(find(b"/bin/sh", None).unwrap(), CString::from(c"/bin/sh"));
        assert_eq!(find(b"plain", Some(&path)).unwrap_err().status, 126);
        assert_eq!(find(b"nothing-like-it", Some(&path)).unwrap_err().status, 127);
        assert_eq!(find(b"/nothing/like/it", Some(&path)).unwrap_err().status, 127);
        assert_eq!(find(b"/bin", None).unwrap_err().status, 126);
        assert_eq!(find(b"", None).unwrap_err().status, 127);
    }
}
