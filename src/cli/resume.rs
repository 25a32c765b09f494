//! The command that goes on with an interrupted run.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use bstr::ByteSlice;

use crate::command::paste;

/// The command line with `--resume`, unless it goes on already, as it could be typed, with the same standard input
/// where that is a file.
pub(super) fn command(argv: &[OsString], goes_on: bool, reads_stdin: bool) -> String {
    let file = if reads_stdin { stdin_file() } else { None };
    let mut words: Vec<&OsStr> = argv.iter().map(OsString::as_os_str).collect();
    if !goes_on {
        words.insert(1.min(words.len()), OsStr::new("--resume"));
    }
    let mut line = words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
    match file {
        Some(file) => line += &format!(" < {}", quoted(file.as_os_str())),
        None if reads_stdin => line.insert_str(0, "... | "),
        None => {}
    }
    line
}

fn quoted(word: &OsStr) -> String {
    paste::word(word.as_bytes()).to_str_lossy().into_owned()
}

/// The file that standard input is, by a path that leads there now.
fn stdin_file() -> Option<PathBuf> {
    let meta = std::fs::metadata("/dev/stdin").ok().filter(std::fs::Metadata::is_file)?;
    let path = std::fs::read_link("/proc/self/fd/0").ok()?;
    use std::os::unix::fs::MetadataExt;
    let same = std::fs::metadata(&path).is_ok_and(|found| (found.dev(), found.ino()) == (meta.dev(), meta.ino()));
    let path =
        std::env::current_dir().ok().and_then(|here| path.strip_prefix(here).ok().map(Into::into)).unwrap_or(path);
    same.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resumed(line: &str, goes_on: bool) -> String {
        command(&line.split(' ').map(OsString::from).collect::<Vec<_>>(), goes_on, false)
    }

    #[test]
    fn the_option_is_added_once_and_words_are_quoted() {
        assert_eq!(
            resumed("parjob --ledger l run echo {} ::: a b", false),
            "parjob --resume --ledger l run echo '{}' ::: a b"
        );
        assert_eq!(resumed("parjob run --resume x", true), "parjob run --resume x");
        assert_eq!(resumed("parjob run x ::: --resume", false), "parjob --resume run x ::: --resume");
    }
}
