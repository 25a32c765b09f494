//! Directories walked: each path that names one is replaced by the files below it.
//!
//! The order is that of the bytes of the whole path, on every machine and in every run, so a directory sorts as if
//! its name ended with a slash. One directory at a time is read and sorted; what is held in memory are the entries
//! that are still to come of those on the way down. Symbolic links to directories are not followed, but for one that
//! is given itself. FIFOs, sockets and devices are passed over: nobody who names a directory means to wait for a FIFO.
//! An operation may want only files with certain extensions, and none below the folder of its results.
//! What becomes of the paths is not known here: a directory that cannot be read stays as it is, for the operation to
//! find out why.

use std::ffi::OsStr;
use std::fs::{DirEntry, FileType, read_dir};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Which files below a directory are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trees {
    /// Those with one of these extensions, in lower case; all where there are none.
    pub extensions: &'static [&'static str],
    /// Not those below this folder, where it lies within the directory: results go there.
    pub except: Option<Vec<u8>>,
}

/// The files below the path where it is a directory; else the path itself.
pub fn walk(path: Vec<u8>, trees: &Trees) -> impl Iterator<Item = Vec<u8>> + '_ {
    let except = trees.except.as_deref().and_then(place);
    let root = place(&path);
    let is_folder = std::fs::metadata(OsStr::from_bytes(&path)).is_ok_and(|meta| meta.is_dir());
    let mut to_come = vec![Entry { path, is_folder }];
    std::iter::from_fn(move || {
        loop {
            let entry = to_come.pop()?;
            if !entry.is_folder {
                return Some(entry.path);
            }
            // A folder that is given is walked, even if results go there too.
            if except.is_some() && place(&entry.path) == except && except != root {
                continue;
            }
            let Ok(mut below) = entries(&entry.path) else { return Some(entry.path) };
            below.retain(|entry| entry.is_folder || is_wanted(&entry.path, trees));
            below.sort_unstable_by(|a, b| b.path.cmp(&a.path));
            to_come.append(&mut below);
        }
    })
}

/// Where a folder is on the disk.
fn place(path: &[u8]) -> Option<(u64, u64)> {
    let meta = std::fs::metadata(OsStr::from_bytes(path)).ok()?;
    Some((meta.dev(), meta.ino()))
}

/// Whether the extension of a file is one of those that are asked for.
fn is_wanted(path: &[u8], trees: &Trees) -> bool {
    let extension = Path::new(OsStr::from_bytes(path)).extension().unwrap_or_default().to_ascii_lowercase();
    trees.extensions.is_empty() || trees.extensions.iter().any(|wanted| extension == *wanted)
}

/// Something to come. The path of a folder ends with a slash, which gives it its place in the order.
struct Entry {
    path: Vec<u8>,
    is_folder: bool,
}

fn entries(folder: &[u8]) -> std::io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in read_dir(OsStr::from_bytes(folder))? {
        let entry = entry?;
        let Some(is_folder) = is_folder(&entry, entry.file_type()?) else { continue };
        let mut path = folder.strip_suffix(b"/").unwrap_or(folder).to_vec();
        path.push(b'/');
        path.append(&mut entry.file_name().into_vec());
        if is_folder {
            path.push(b'/');
        }
        entries.push(Entry { path, is_folder });
    }
    Ok(entries)
}

/// Whether it is a directory to walk, rather than a file; `None` when it is neither.
fn is_folder(entry: &DirEntry, kind: FileType) -> Option<bool> {
    if !kind.is_symlink() {
        return (kind.is_dir() || kind.is_file()).then_some(kind.is_dir());
    }
    // One that leads nowhere is an item: it fails, and that is what its owner wants to know.
    let leads_to_file = std::fs::metadata(Path::new(&entry.path())).map_or(true, |meta| meta.is_file());
    leads_to_file.then_some(false)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn the_order_is_that_of_the_bytes_of_the_path() {
        let root = tempfile::tempdir().unwrap();
        let names = ["a-b", "a/x", "a/b/c", "a.b", "a0", ".hidden", "z/empty/", "B/1", "\u{e9}"];
        for name in names {
            let path = root.path().join(name);
            std::fs::create_dir_all(if name.ends_with('/') { &path } else { path.parent().unwrap() }).unwrap();
            if !name.ends_with('/') {
                std::fs::write(path, "").unwrap();
            }
        }
        std::os::unix::fs::symlink("a", root.path().join("folder-link")).unwrap();
        std::os::unix::fs::symlink("a0", root.path().join("file-link")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.path().join("dead-link")).unwrap();
        let root = root.path().as_os_str().as_bytes();
        let got: Vec<Vec<u8>> = walk(root.to_vec(), &Trees::default()).collect();
        let mut expected: Vec<Vec<u8>> = ["dead-link", "file-link"]
            .iter()
            .chain(names.iter().filter(|name| !name.ends_with('/')))
            .map(|name| [root, b"/", name.as_bytes()].concat())
            .collect();
        expected.sort();
        assert_eq!(got, expected);
        let slash = [root, b"/"].concat();
        assert_eq!(walk(slash, &Trees::default()).collect::<Vec<_>>(), expected);
        let link = [root, b"/folder-link"].concat();
        assert_eq!(walk(link.clone(), &Trees::default()).next().unwrap(), [&link[..], b"/b/c"].concat());
    }

    #[test]
    fn what_is_no_directory_is_itself() {
        for path in [&b"/dev/null"[..], b"no-such", b"-", b"", b"a\0b"] {
            assert_eq!(walk(path.to_vec(), &Trees::default()).collect::<Vec<_>>(), [path]);
        }
    }
}
