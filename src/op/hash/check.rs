//! `hash --check`: each item is a line of a list of checksums, and the file that it names is held against it.
//!
//! Texts, counts and what makes the run fail are those of `sha256sum --check`, list by list. A line that is not
//! understood is no failure there, so it is none here: it is counted, and told of at the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;

use super::form::{Form, Forms};
use super::list::{Given, Line, form, parse};
use super::{Reader, name};
use crate::item::{Chunk, Failure, Quoted, Safe, Seq};
use crate::op::{Map, Means, Params, Remark, Results};

/// How many files that could not be read are named where there is no report that does it.
const NAMED: usize = 1000;

/// The check of lists.
pub(super) struct Check {
    given: Given,
    reader: Reader,
    ignore_missing: bool,
    forms: Forms,
    /// By the place of the list.
    counts: Mutex<BTreeMap<usize, Counts>>,
}

/// What a worker came upon in a list.
#[derive(Default)]
struct Counts {
    improper: u64,
    unreadable: u64,
    unlike: u64,
    any_proper: bool,
    any_alike: bool,
    /// Files that could not be read, where no report names them.
    named: Vec<(Seq, String)>,
}

impl Counts {
    fn add(&mut self, more: Counts) {
        self.improper += more.improper;
        self.unreadable += more.unreadable;
        self.unlike += more.unlike;
        self.any_proper |= more.any_proper;
        self.any_alike |= more.any_alike;
        let room = NAMED.saturating_sub(self.named.len());
        self.named.extend(more.named.into_iter().take(room));
    }
}

impl Check {
    pub(super) fn new(given: Given, params: &Params) -> Check {
        let ignore_missing = params.flag("ignore-missing");
        let reader = Reader::new(params.1.clone());
        Check { given, reader, ignore_missing, forms: Forms::default(), counts: Mutex::default() }
    }

    /// Checks a line.
    fn check(&self, line: &Numbered<'_>, counts: &mut Counts, buffer: &mut [u8], results: &mut Results) {
        let (algorithm, hex, path) = match parse(line.text, self.given, line.form) {
            Line::Nothing => return results.pass(),
            // `-` in a list that comes from standard input.
            Line::Entry { name, .. } if name == b"-" && self.reader.setting.reads_stdin => {
                counts.improper += 1;
                return results.pass();
            }
            Line::Improper => {
                counts.improper += 1;
                return results.pass();
            }
            Line::Entry { algorithm, hex, name } => (algorithm, hex, name),
        };
        counts.any_proper = true;
        match self.reader.digest(algorithm, &path, buffer) {
            Err(Failure::Unreadable(errno)) if self.ignore_missing && errno == Errno::NOENT.raw_os_error() => {
                results.pass();
            }
            Err(cause) => {
                counts.unreadable += 1;
                if self.reader.setting.quiet {
                    counts.named.push((line.seq, format!("{} {cause}", Quoted(&path))));
                }
                let cause = Failure::ListedFile { name: path.as_slice().into(), cause: Box::new(cause) };
                results.fail_saying(&verdict(&path, b"FAILED open or read"), cause);
            }
            Ok(digest) if digest.as_hex().as_bytes() != hex => {
                counts.unlike += 1;
                let cause = Failure::ListedFile { name: path.as_slice().into(), cause: Box::new(Failure::Unlike) };
                results.fail_saying(&verdict(&path, b"FAILED"), cause);
            }
            Ok(_) => {
                counts.any_alike = true;
                if self.reader.setting.quiet { results.pass() } else { results.push(&verdict(&path, b"OK")) }
            }
        }
    }

    /// What is to be said of one list.
    fn remarks_of(&self, name: &str, counts: &Counts) -> Vec<Remark> {
        let named = if name.is_empty() { String::new() } else { format!("{name}: ") };
        let remark = |text: String, means| Remark { text, means };
        if !counts.any_proper {
            return vec![remark(format!("{named}no properly formatted checksum lines found"), Means::Failed)];
        }
        let counted = |count: u64, one: &str, many: &str| {
            let text = if count == 1 { format!("WARNING: 1 {one}") } else { format!("WARNING: {count} {many}") };
            (count > 0).then(|| remark(text, Means::Nothing))
        };
        let Counts { improper, unreadable, unlike, .. } = *counts;
        let none = self.ignore_missing && !counts.any_alike;
        let mut unread = counts.named.clone();
        unread.sort();
        let unread = unread.into_iter().map(|(_, text)| Some(remark(text, Means::Nothing)));
        let rest = [
            counted(improper, "line is improperly formatted", "lines are improperly formatted"),
            counted(unreadable, "listed file could not be read", "listed files could not be read"),
            counted(unlike, "computed checksum did NOT match", "computed checksums did NOT match"),
            none.then(|| remark(format!("{named}no file was verified"), Means::Failed)),
        ];
        unread.chain(rest).flatten().collect()
    }
}

/// A line with what must be known of it.
struct Numbered<'a> {
    seq: Seq,
    text: &'a [u8],
    form: Option<Form>,
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
        let form = self.forms.of(chunk, |line| form(line, self.given));
        let lists = self.reader.setting.lists.clone().unwrap_or_default();
        let mut found: BTreeMap<usize, Counts> = BTreeMap::new();
        let (mut list, mut next) = lists.of(chunk.first);
        self.reader.with_buffer(|buffer| {
            for (seq, text) in (chunk.first.0..).map(Seq).zip(chunk.items()) {
                if seq >= next {
                    (list, next) = lists.of(seq);
                }
                self.check(&Numbered { seq, text, form }, found.entry(list).or_default(), buffer, results);
            }
        });
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        found.into_iter().for_each(|(list, more)| counts.entry(list).or_default().add(more));
    }

    fn remarks(&self) -> Vec<Remark> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let lists = self.reader.setting.lists.as_ref().map(|lists| lists.all()).unwrap_or_default();
        let mut remarks = self.reader.remarks();
        if lists.is_empty() {
            remarks.extend(self.remarks_of("", &counts.remove(&0).unwrap_or_default()));
        }
        for (place, list) in lists.into_iter().enumerate() {
            let name = Safe(&list.name).to_string();
            let counts = counts.remove(&place).unwrap_or_default();
            match list.fault {
                Some(errno) => {
                    let text = format!("{name}: {}", std::io::Error::from_raw_os_error(errno));
                    remarks.push(Remark { text, means: Means::Failed });
                }
                None => remarks.extend(self.remarks_of(&name, &counts)),
            }
        }
        remarks
    }
}
