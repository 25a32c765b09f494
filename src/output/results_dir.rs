//! `--results DIR`: a folder for each item, with what its process printed and how it ended.
//!
//! ```text
//! DIR/<escaped item>~<hash>/{stdout,stderr,outcome.json}
//! ```
//!
//! The name is for people, the hash of the item's bytes tells items apart that look alike; a further `.2`, `.3` stands
//! after the second and third of equal items, in the order in which they ended. An attempt that another may follow is
//! kept as well, until that has ended: where none comes, since the run is stopped, it was the last. No item can leave DIR: its name has no
//! slash and does not begin with a dot. Links that stand in the place of a folder or a file are not followed.
//!
//! Each file is complete or absent. A folder is filled under another name and gets its own when it is whole. Where one
//! stands already, of an earlier run or attempt, files are replaced one by one, since no call puts a folder in the place of
//! a full one: each gets its name when it is whole, and `outcome.json` is the first to go and the last to come, so where it
//! stands the others belong to it. Nothing is forced to the disk: a power cut may take what was last.
//! To count equal items costs some 20 bytes of memory for each item.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bstr::ByteSlice;
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::jsonl::push_outcome;
use super::{Done, Output};
use crate::base::atomic_file;
use crate::base::item::{Quoted, Seq};

/// The most bytes of a folder's name that show the item.
const SHOWN: usize = 100;

/// What each file and folder has until it is whole is a name that begins so: no item's does.
const TEMPORARY: &str = ".parjob-";

/// The folder in which results are kept. Workers share it.
#[derive(Debug)]
pub struct ResultsDir {
    path: PathBuf,
    folder: OwnedFd,
    seen: Mutex<Seen>,
    /// Stands in the names of what is not whole, so that two runs do not write to the same.
    mark: String,
    /// How many folders were begun.
    begun: AtomicU64,
}

/// The items that have a folder.
#[derive(Debug, Default)]
struct Seen {
    /// How many there were of each hash.
    counts: HashMap<u64, u32>,
    /// The folders of those that may be tried again, by number and hash.
    open: HashMap<(Seq, u64), String>,
}

impl ResultsDir {
    /// Opens the folder. It is made where there is none, with the folders above it.
    ///
    /// # Errors
    ///
    /// It cannot be made, or is no folder; named.
    pub fn open(path: &Path) -> Result<ResultsDir> {
        let shown = || format!("cannot use --results {}", Quoted(path.as_os_str().as_encoded_bytes()));
        std::fs::create_dir_all(path).with_context(shown)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from).with_context(shown)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mark = format!("{}-{:x}", std::process::id(), now.as_nanos());
        Ok(ResultsDir { path: path.to_path_buf(), folder, seen: Mutex::default(), mark, begun: AtomicU64::default() })
    }

    /// Keeps what the process of an item printed, and how it ended, in place of what an earlier run, or
    /// an attempt before this one, kept. `item` is what the folder is named after; of a batch, its items joined. With
    /// `may_pass` another attempt may follow. Returns the folder.
    ///
    /// # Errors
    ///
    /// A file or folder cannot be made or written; named. Files that are there are complete.
    pub fn save(&self, item: &[u8], done: &Done<'_>, output: &Output, may_pass: bool) -> io::Result<PathBuf> {
        let name = self.name(item, done.chunk.first, may_pass);
        let path = self.path.join(&name);
        let mut outcome = Vec::new();
        push_outcome(done, output, &mut outcome);
        let new = if self.stands(&name) { Ok(false) } else { self.add(&name, output, &outcome) };
        let kept = new.and_then(|new| if new { Ok(()) } else { self.replace(&name, output, &outcome) });
        kept.map_err(|error| {
            let shown = Quoted(path.as_os_str().as_encoded_bytes());
            io::Error::new(error.kind(), format!("cannot write --results {shown}: {error}"))
        })?;
        Ok(path)
    }

    /// The name of the item's folder, and of no other's in this run.
    fn name(&self, item: &[u8], seq: Seq, may_pass: bool) -> String {
        let hash = hash(item);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let name = seen.open.remove(&(seq, hash)).unwrap_or_else(|| {
            let count = seen.counts.entry(hash).or_default();
            *count += 1;
            let name = format!("{}~{hash:016x}", escaped(item));
            if *count == 1 { name } else { format!("{name}.{count}") }
        });
        if may_pass {
            seen.open.insert((seq, hash), name.clone());
        }
        name
    }

    /// Whether there is anything of that name.
    fn stands(&self, name: &str) -> bool {
        statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Opens the folder of that name, and no link to one.
    fn folder(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.folder, name, flags, Mode::empty())?)
    }

    /// Makes the folder, and gives it its name when it is whole. `false`: another run has made one of that name
    /// meanwhile.
    fn add(&self, name: &str, output: &Output, outcome: &[u8]) -> io::Result<bool> {
        let temporary = format!("{TEMPORARY}{}-{}", self.mark, self.begun.fetch_add(1, Ordering::Relaxed));
        mkdirat(&self.folder, &temporary, Mode::from_raw_mode(0o777))?;
        let added = self
            .folder(&temporary)
            .and_then(|folder| fill(&folder, output, outcome))
            .and_then(|()| Ok(renameat(&self.folder, &temporary, &self.folder, name)?));
        if added.is_err() {
            // Best effort: there is something more important to report.
            let _ = self.folder(&temporary).map(|folder| clear(&folder));
            let _ = unlinkat(&self.folder, &temporary, AtFlags::REMOVEDIR);
        }
        match added {
            Ok(()) => Ok(true),
            Err(_) if self.stands(name) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts new files into the folder that has that name.
    fn replace(&self, name: &str, output: &Output, outcome: &[u8]) -> io::Result<()> {
        let folder = self.folder(name)?;
        let outcome_was = Was::of(&folder, "outcome.json");
        match unlinkat(&folder, "outcome.json", AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        for (name, body) in [("stdout", &output.out), ("stderr", &output.err)] {
            self.put(&folder, name, Was::of(&folder, name), |file| body.read(|part| file.write_all(part)))?;
        }
        self.put(&folder, "outcome.json", outcome_was, |file| file.write_all(outcome))
    }

    /// Writes a file, and gives it its name when it is whole. It keeps the mode of the one that was there.
    fn put(
        &self,
        folder: &OwnedFd,
        name: &str,
        was: Option<Was>,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let temporary = format!("{TEMPORARY}{}-{name}", self.mark);
        let mut file = create(folder, &temporary)?;
        let kept = was.map_or(Ok(()), |was| atomic_file::keep(&file, &was.path, &was.meta));
        let written =
            kept.and_then(|()| write(&mut file)).and_then(|()| Ok(renameat(folder, &temporary, folder, name)?));
        if written.is_err() {
            // Best effort: there is something more important to report.
            let _ = unlinkat(folder, &temporary, AtFlags::empty());
        }
        written
    }
}

/// Writes the files of a folder that has none.
fn fill(folder: &OwnedFd, output: &Output, outcome: &[u8]) -> io::Result<()> {
    for (name, body) in [("stdout", &output.out), ("stderr", &output.err)] {
        let mut file = create(folder, name)?;
        body.read(|part| file.write_all(part))?;
    }
    create(folder, "outcome.json")?.write_all(outcome)
}

/// Removes what [`fill`] has written.
fn clear(folder: &OwnedFd) {
    for name in ["stdout", "stderr", "outcome.json"] {
        // Best effort: there is something more important to report.
        let _ = unlinkat(folder, name, AtFlags::empty());
    }
}

/// Makes a file where there is none.
fn create(folder: &OwnedFd, name: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(openat(folder, name, flags, Mode::from_raw_mode(0o666))?))
}

/// A file that is to be replaced.
struct Was {
    path: PathBuf,
    meta: Metadata,
}

impl Was {
    /// The regular file of that name in the folder.
    fn of(folder: &OwnedFd, name: &str) -> Option<Was> {
        let path = PathBuf::from(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd()));
        let meta = path.symlink_metadata().ok()?;
        meta.is_file().then_some(Was { path, meta })
    }
}

/// The first 64 bits of the SHA-256 of the bytes.
fn hash(item: &[u8]) -> u64 {
    Sha256::digest(item).iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// The item as a part of a file's name that can be read, printed and pasted: text stays, and each byte of anything
/// else becomes `%` and two digits, as in the address of a page. Only the beginning of what is long.
fn escaped(item: &[u8]) -> String {
    let mut name = String::new();
    for (start, end, c) in item.char_indices() {
        let before = name.len();
        // What is not UTF-8 comes as the replacement character, and is shown by its bytes.
        if is_plain(c) || start > 0 && (c == '.' || c == '-') {
            name.push(c);
        } else {
            item[start..end].iter().for_each(|byte| name.push_str(&format!("%{byte:02X}")));
        }
        if name.len() > SHOWN {
            name.truncate(before);
            break;
        }
    }
    name
}

/// Whether a character can stand anywhere in a name. A dot at the beginning would hide it or lead out of the folder, a
/// dash would make it an option.
fn is_plain(c: char) -> bool {
    match c {
        ' ' | '_' | ',' | '+' | '=' | '@' | ':' => true,
        c => c.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::base::outcome::Record;
    use crate::output::testing::{RECORD, chunk, output, room};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;
    use std::fs::{create_dir, read, read_dir, read_to_string, write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn save_as(results: &ResultsDir, item: &[u8], record: &Record, out: &[u8], err: &[u8]) -> io::Result<PathBuf> {
        let closed = [item, b"\0"].concat();
        let error = (!record.is_ok()).then_some("e");
        let done = Done { chunk: chunk(&closed), record: Some(record), error };
        results.save(item, &done, &output(&room(1000), out, err), false)
    }

    fn save(results: &ResultsDir, item: &[u8], out: &[u8]) -> PathBuf {
        save_as(results, item, &RECORD, out, b"").unwrap()
    }

    fn names(dir: &Path) -> BTreeSet<String> {
        read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_item_has_a_folder_with_three_files() {
        let dir = tempfile::tempdir().unwrap();
        let results = ResultsDir::open(&dir.path().join("a/b")).unwrap();
        let folder = save_as(&results, b"x y", &RECORD, b"out\n", &[b'e'; 5000]).unwrap();
        assert_eq!(folder, dir.path().join("a/b/x y~887fcea6a80333c6"));
        assert_eq!(names(&folder), ["outcome.json", "stderr", "stdout"].map(str::to_owned).into());
        assert_eq!(read(folder.join("stdout")).unwrap(), b"out\n");
        assert_eq!(read(folder.join("stderr")).unwrap(), [b'e'; 5000]);
        let outcome: Value = serde_json::from_slice(&read(folder.join("outcome.json")).unwrap()).unwrap();
        let expected = json!({
            "v": 1, "seq": 7, "item": "x y", "ok": true, "exit": 0, "signal": null, "error": null, "attempts": 2,
            "worker": 3, "pid": 4711, "start": "1970-01-01T00:00:00.000Z", "seconds": 1.25,
            "stdout_bytes": 4, "stderr_bytes": 5000,
        });
        assert_eq!(outcome, expected);
    }

    #[test]
    fn no_item_leaves_the_folder_and_none_shares_anothers() {
        let dir = tempfile::tempdir().unwrap();
        let results = ResultsDir::open(&dir.path().join("results")).unwrap();
        let (long, longer) = ([b'x'; 300], [b'x'; 301]);
        let items: [&[u8]; 20] = [
            b"",
            b".",
            b"..",
            b"../..",
            b"/",
            b"a/b",
            b"a%2Fb",
            b"/etc/passwd",
            b"-rf",
            b"~root",
            b".hidden",
            &long,
            &longer,
            b"\x1b[2J",
            b"a\nb",
            b"\xff\xfe",
            "é".as_bytes(),
            b"outcome.json",
            b"a~b.2",
            "\u{202e}gpj".as_bytes(),
        ];
        for item in items {
            save(&results, item, item);
        }
        assert_eq!(names(dir.path()), ["results".to_owned()].into());
        let folders = names(&dir.path().join("results"));
        let kept: BTreeSet<Vec<u8>> =
            folders.iter().map(|name| read(dir.path().join("results").join(name).join("stdout")).unwrap()).collect();
        assert_eq!(kept, items.map(<[u8]>::to_vec).into());
    }

    #[test]
    fn names_can_be_read_printed_and_pasted() {
        let shown = |item: &[u8]| escaped(item);
        assert_eq!(shown(b"photo-1.jpg"), "photo-1.jpg");
        assert_eq!(shown("día 1".as_bytes()), "día 1");
        assert_eq!(shown(b"a/b"), "a%2Fb");
        assert_eq!([shown(b""), shown(b"."), shown(b"..")], ["", "%2E", "%2E."]);
        assert_eq!(shown(b"-x~%\n\x1b\xff*'$"), "%2Dx%7E%25%0A%1B%FF%2A%27%24");
        assert_eq!(shown("\u{202e}\u{fffd}".as_bytes()), "%E2%80%AE%EF%BF%BD");
        assert_eq!(shown(&[b'/'; 300]), "%2F".repeat(33));
        assert_eq!(shown("é".repeat(300).as_bytes()), "é".repeat(50));
    }

    #[test]
    fn equal_items_are_numbered_anew_in_each_run() {
        let dir = tempfile::tempdir().unwrap();
        for run in ["first", "second"] {
            let results = ResultsDir::open(dir.path()).unwrap();
            for (nth, end) in ["c6", "c6.2", "c6.3"].into_iter().enumerate() {
                let printed = format!("{run} {nth}");
                let folder = save(&results, b"x y", printed.as_bytes());
                assert_eq!(folder, dir.path().join(format!("x y~887fcea6a80333{end}")));
                assert_eq!(read_to_string(folder.join("stdout")).unwrap(), printed);
            }
        }
        assert_eq!(names(dir.path()).len(), 3);
    }

    #[test]
    fn an_attempt_takes_the_folder_of_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let results = ResultsDir::open(dir.path()).unwrap();
        for (out, may_pass) in [("first", true), ("second", true), ("third", false)] {
            let done = Done { chunk: chunk(b"x\0"), record: Some(&RECORD), error: None };
            results.save(b"x", &done, &output(&room(1000), out.as_bytes(), b""), may_pass).unwrap();
            let folders = names(dir.path());
            assert_eq!(folders.len(), 1);
            let kept = dir.path().join(folders.first().unwrap()).join("stdout");
            assert_eq!(read_to_string(kept).unwrap(), out);
        }
        save(&results, b"x", b"an equal item");
        assert_eq!(names(dir.path()).len(), 2);
    }

    #[test]
    fn workers_share_it() {
        let dir = tempfile::tempdir().unwrap();
        let results = ResultsDir::open(dir.path()).unwrap();
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let results = &results;
                scope.spawn(move || {
                    (0..20).for_each(|n| drop(save(results, b"same", format!("{worker} {n}").as_bytes())))
                });
            }
        });
        let kept: BTreeSet<_> =
            names(dir.path()).iter().map(|name| read(dir.path().join(name).join("stdout")).unwrap()).collect();
        assert_eq!(kept.len(), 80);
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (elsewhere, secret) = (dir.path().join("elsewhere"), dir.path().join("secret"));
        create_dir(&elsewhere).unwrap();
        write(&secret, "secret").unwrap();
        let path = dir.path().join("results");
        let results = ResultsDir::open(&path).unwrap();
        symlink(&elsewhere, path.join("x y~887fcea6a80333c6")).unwrap();
        let error = save_as(&results, b"x y", &RECORD, b"", b"").unwrap_err().to_string();
        assert!(error.starts_with("cannot write --results ") && error.ends_with(")"), "{error}");
        assert!(names(&elsewhere).is_empty());

        let folder = save(&results, b"y", b"");
        for name in ["stdout", "outcome.json"] {
            std::fs::remove_file(folder.join(name)).unwrap();
            symlink(&secret, folder.join(name)).unwrap();
        }
        save(&ResultsDir::open(&path).unwrap(), b"y", b"new");
        assert_eq!(read_to_string(&secret).unwrap(), "secret");
        assert_eq!(read_to_string(folder.join("stdout")).unwrap(), "new");
    }

    #[test]
    fn what_is_not_whole_does_not_appear() {
        let dir = tempfile::tempdir().unwrap();
        let folder = save(&ResultsDir::open(dir.path()).unwrap(), b"x", b"old");
        std::fs::remove_file(folder.join("stderr")).unwrap();
        create_dir(folder.join("stderr")).unwrap();
        assert!(save_as(&ResultsDir::open(dir.path()).unwrap(), b"x", &RECORD, b"new", b"").is_err());
        assert_eq!(names(&folder), ["stderr", "stdout"].map(str::to_owned).into(), "no outcome, nothing temporary");
    }

    #[test]
    fn others_may_read_it_as_the_umask_says() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path().join("as-usual"), "").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let folder = save(&ResultsDir::open(&dir.path().join("results")).unwrap(), b"x", b"");
        assert_eq!(mode(&folder.join("stdout")), mode(&dir.path().join("as-usual")));
        assert_eq!(mode(&folder), mode(&dir.path().join("results")));
    }

    #[test]
    fn what_is_no_folder_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path().join("file"), "").unwrap();
        let error = ResultsDir::open(&dir.path().join("file")).unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot use --results "), "{error:#}");
    }

    proptest! {
        #[test]
        fn every_name_is_safe(item in prop_oneof![prop::collection::vec(any::<u8>(), 0..300), any::<String>().prop_map(String::into_bytes)]) {
            let name = escaped(&item);
            prop_assert!(name.len() <= SHOWN && !name.starts_with(['.', '-', '~']));
            prop_assert!(!name.contains(|c: char| c == '/' || c == '~' || c.is_control()));
        }
    }
}
