//! `hash --check`: each item is a line of a list of checksums, and the file that it names is held against it.
//!
//! Texts, counts and what makes the run fail are those of `sha256sum --check`. A line that is not understood is no
//! failure there, so it is none here: it is counted, and told of at the end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::io::Errno;

use super::algorithm::Algorithm;
use super::list::{Line, parse};
use super::{Reader, name};
use crate::item::{Chunk, Failure};
use crate::op::{Map, Params, Remark, Results};

/// The check of lists.
pub(super) struct Check {
    algorithm: Algorithm,
    reader: Reader,
    ignore_missing: bool,
    counts: Counts,
}

/// What the workers came upon.
#[derive(Default)]
struct Counts {
    improper: AtomicU64,
    unreadable: AtomicU64,
    unlike: AtomicU64,
    any_proper: AtomicBool,
    any_alike: AtomicBool,
}

impl Check {
    pub(super) fn new(algorithm: Algorithm, params: &Params) -> Check {
        let ignore_missing = params.flag("ignore-missing");
        Check { algorithm, reader: Reader::new(params.1), ignore_missing, counts: Counts::default() }
    }

    fn check(&self, line: &[u8], buffer: &mut [u8], results: &mut Results) {
        let (algorithm, hex, path) = match parse(line, self.algorithm) {
            Line::Nothing => return results.pass(),
            // `-` in a list that comes from standard input.
            Line::Entry { name, .. } if name == b"-" && self.reader.setting.reads_stdin => {
                return self.improper(results);
            }
            Line::Improper => return self.improper(results),
            Line::Entry { algorithm, hex, name } => (algorithm, hex, name),
        };
        self.counts.any_proper.store(true, Ordering::Relaxed);
        match self.reader.digest(algorithm, &path, buffer) {
            Err(Failure::Unreadable(errno)) if self.ignore_missing && errno == Errno::NOENT.raw_os_error() => {
                results.pass();
            }
            Err(cause) => {
                self.counts.unreadable.fetch_add(1, Ordering::Relaxed);
                let cause = Failure::ListedFile { name: path.as_slice().into(), cause: Box::new(cause) };
                results.fail_saying(&verdict(&path, b"FAILED open or read"), cause);
            }
            Ok(digest) if digest.as_hex().as_bytes() != hex => {
                self.counts.unlike.fetch_add(1, Ordering::Relaxed);
                let cause = Failure::ListedFile { name: path.as_slice().into(), cause: Box::new(Failure::Unlike) };
                results.fail_saying(&verdict(&path, b"FAILED"), cause);
            }
            Ok(_) => {
                self.counts.any_alike.store(true, Ordering::Relaxed);
                if self.reader.setting.quiet { results.pass() } else { results.push(&verdict(&path, b"OK")) }
            }
        }
    }

    fn improper(&self, results: &mut Results) {
        self.counts.improper.fetch_add(1, Ordering::Relaxed);
        results.pass();
    }
}

/// `name: OK`.
fn verdict(path: &[u8], word: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(path.len() + word.len() + 2);
    // coreutils escapes here only where it must: a name with a newline.
    let escaped = path.contains(&b'\n');
    if escaped {
        text.push(b'\\');
    }
    name::push_name(path, escaped, &mut text);
    text.extend_from_slice(b": ");
    text.extend_from_slice(word);
    text
}

impl Map for Check {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        self.reader.with_buffer(|buffer| chunk.items().for_each(|line| self.check(line, buffer, results)));
    }

    fn remarks(&self) -> Vec<Remark> {
        let remark = |text: String, fails| Remark { text, fails };
        if !self.counts.any_proper.load(Ordering::Relaxed) {
            return vec![remark("no properly formatted checksum lines found".into(), true)];
        }
        let counted = |count: &AtomicU64, one: &str, many: &str| {
            let count = count.load(Ordering::Relaxed);
            let text = if count == 1 { format!("WARNING: 1 {one}") } else { format!("WARNING: {count} {many}") };
            (count > 0).then(|| remark(text, false))
        };
        let Counts { improper, unreadable, unlike, .. } = &self.counts;
        let none = self.ignore_missing && !self.counts.any_alike.load(Ordering::Relaxed);
        [
            counted(improper, "line is improperly formatted", "lines are improperly formatted"),
            counted(unreadable, "listed file could not be read", "listed files could not be read"),
            counted(unlike, "computed checksum did NOT match", "computed checksums did NOT match"),
            none.then(|| remark("no file was verified".into(), true)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
