//! Where a path leads on the disk, whatever words and links it takes to get there.
//!
//! A target may name folders that are still to be made; so a place is the deepest folder of it that there is, and the
//! words from there on. It knows nothing of templates nor of who wants the place.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A place on the disk. Two paths with the same place are one file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place {
    device: u64,
    folder: u64,
    /// From the folder on.
    rest: PathBuf,
}

impl Place {
    /// That of a path; `None` where nothing can be found out.
    pub(super) fn of(target: &[u8]) -> Option<Place> {
        let target = path(target);
        folders(target).find_map(|(named, folder)| {
            let meta = folder.metadata().ok()?;
            let rest = target.strip_prefix(named).ok()?.to_path_buf();
            Some(Place { device: meta.dev(), folder: meta.ino(), rest })
        })
    }
}

/// Whether the path leads out of this folder, through links or `..`, as far as its folders are there. Where the folder
/// itself is not there, nothing below it is.
pub(super) fn leaves(folder: &[u8], target: &[u8]) -> bool {
    let start = if folder.is_empty() { Path::new(".") } else { path(folder) };
    let Ok(start) = start.canonicalize() else { return false };
    let deepest = folders(path(target)).find_map(|(_, folder)| folder.canonicalize().ok());
    deepest.is_some_and(|deepest| !deepest.starts_with(start))
}

/// The folders of a path from the deepest up: as the path begins, and as it can be opened.
fn folders(path: &Path) -> impl Iterator<Item = (&Path, &Path)> {
    path.ancestors().skip(1).map(|folder| (folder, if folder.as_os_str().is_empty() { Path::new(".") } else { folder }))
}

/// Bytes as a path.
pub(super) fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn a_place_is_the_same_by_every_way() {
        let dir = tempfile::tempdir().unwrap();
        let inside = |words: &str| dir.path().join(words).into_os_string().into_encoded_bytes();
        std::fs::create_dir_all(dir.path().join("a/b")).unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
        let place = |words: &str| Place::of(&inside(words)).unwrap();
        for same in ["link/x", "a/b/../x", "./link/b/..//x"] {
            assert_eq!(place("a/x"), place(same), "{same}");
        }
        assert_eq!(place("a/new/x"), place("link/new/x"));
        assert_ne!(place("a/x"), place("x"));
        assert_ne!(place("a/new/x"), place("a/x"));
    }

    #[test]
    fn a_link_leads_out() {
        let dir = tempfile::tempdir().unwrap();
        let inside = |words: &str| dir.path().join(words).into_os_string().into_encoded_bytes();
        std::fs::create_dir_all(dir.path().join("base/in")).unwrap();
        std::os::unix::fs::symlink("../..", dir.path().join("base/in/up")).unwrap();
        std::os::unix::fs::symlink("in", dir.path().join("base/same")).unwrap();
        for (target, out) in
            [("base/in/x", false), ("base/same/x", false), ("base/new/x", false), ("base/in/up/new/x", true)]
        {
            assert_eq!(leaves(&inside("base"), &inside(target)), out, "{target}");
        }
        assert!(!leaves(&inside("none"), &inside("none/x")));
    }
}
