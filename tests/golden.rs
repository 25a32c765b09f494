//! Files that are made by the program and committed: compared exactly, written anew with `PARJOB_BLESS=1`.

use std::path::{Path, PathBuf};

/// The path of a file of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Holds a committed file against what it should be.
// The files are made by a program that has every operation.
#[cfg(all(feature = "hash", feature = "resize"))]
#[track_caller]
pub(crate) fn same(path: &str, expected: &str) {
    let file = project(path);
    if std::env::var_os("PARJOB_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, expected).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    if committed == expected {
        return;
    }
    let line = committed.lines().zip(expected.lines()).take_while(|(old, new)| old == new).count();
    panic!(
        "{path} is not what it should be, from line {}:\n  committed: {}\n  should be: {}\n`PARJOB_BLESS=1 cargo test` writes it anew",
        line + 1,
        committed.lines().nth(line).unwrap_or("(no such line)"),
        expected.lines().nth(line).unwrap_or("(no such line)"),
    );
}
