//! Files that are named twice, of which one use would destroy the other.
//!
//! Only looked at, as the other checks of the command line do; nothing is opened.

use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::output::standard_stream;
use crate::plan::Spawn;
use crate::source::{self, Input, Origin};

/// Refuses a job log that is something else as well, and a ledger that is the output.
///
/// # Errors
///
/// The file, and what it is beside.
pub(super) fn check(
    spawn: &Spawn,
    jobs_file: Option<&Path>,
    source: &source::Options,
    output: Option<&Path>,
) -> Result<()> {
    let ledger = spawn.ledger.as_ref().map(|ledger| ledger.file.as_path());
    if let Some(ledger) = ledger.filter(|ledger| is_standard_stream(ledger)) {
        bail!(
            "--ledger {ledger:?} is standard output or standard error as well, where other things are written; name another file"
        );
    }
    if let Some(joblog) = spawn.joblog.as_deref() {
        let others = inputs(source).into_iter().map(|input| ("an input", input));
        let jobs = jobs_file.map(|file| ("the file of --jobs", file.to_path_buf()));
        let ledger = ledger.map(|file| ("the --ledger", file.to_path_buf()));
        let output = output.map(|file| ("the --output", file.to_path_buf()));
        for (what, other) in others.chain(jobs).chain(ledger).chain(output) {
            if are_one(joblog, &other) {
                bail!("--joblog {joblog:?} is {what} as well, which it would replace; name another file");
            }
        }
    }
    if let (Some(ledger), Some(output)) = (ledger, output)
        && are_one(ledger, output)
    {
        bail!("--ledger {ledger:?} is the --output as well, which would replace it; name another file");
    }
    Ok(())
}

/// The paths of what is read.
fn inputs(source: &source::Options) -> Vec<PathBuf> {
    let path = |input: &Input| match input {
        Input::Stdin => PathBuf::from("/dev/stdin"),
        Input::File(path) => path.clone(),
    };
    let of = |column: &source::Column| match &column.origin {
        Origin::Inputs(inputs) => inputs.iter().map(path).collect(),
        Origin::Words(_) | Origin::Range(_) => Vec::new(),
    };
    source.columns.iter().flat_map(of).collect()
}

/// Whether both are the same file, or will be. What is no regular file holds nothing that could be lost.
fn are_one(one: &Path, other: &Path) -> bool {
    let id = |meta: Metadata| meta.is_file().then(|| (meta.dev(), meta.ino()));
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(one), Ok(other)) => id(one).is_some_and(|one| id(other) == Some(one)),
        (Err(_), Err(_)) => place(one).is_some_and(|one| place(other) == Some(one)),
        _ => false,
    }
}

/// Whether standard output or standard error is the file. What nothing is kept of may be both.
fn is_standard_stream(path: &Path) -> bool {
    let null = std::fs::metadata("/dev/null").ok().map(|null| null.rdev());
    let meta =
        std::fs::metadata(path).ok().filter(|meta| !meta.file_type().is_char_device() || Some(meta.rdev()) != null);
    meta.is_some_and(|meta| standard_stream(&meta).is_some())
}

/// Where a file that is not there would be.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}
