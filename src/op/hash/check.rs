//! `hash --check`: each item is a line of a list of checksums, and the file that it names is held against it.
//!
//! Texts, counts and what makes the run fail are those of `sha256sum --check`, list by list. A line that is not
//! understood is no failure there, so it is none here: it is counted, and told of at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::algorithm::Algorithm;
use super::form::{Form, Forms};
use super::list::{Line, MadeBy, form, parse};
use super::{Reader, name};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Quoted, Safe, Seq};
use crate::base::result::Results;
use crate::op::unreadable::Unreadable;
use crate::op::{Map, Means, Params, Remark, Setting};

/// How many files that could not be read are named where there is no report that does it.
const NAMED: usize = 1000;

/// The check of lists.
pub(super) struct Check {
    /// The algorithm that was asked for: then no line may have another.
    given: Option<Algorithm>,
    reader: Reader,
    ignore_missing: bool,
    strict: bool,
    warn: bool,
    /// Only the exit status tells.
    status: bool,
    forms: Forms,
    /// By which algorithm the last checksum was made that several could have made: the next one likely is too.
    likely: Mutex<Option<Algorithm>>,
    /// By the place of the list.
    counts: Mutex<BTreeMap<usize, Counts>>,
}

/// How many algorithms that parjob does not have are named.
const NAMED_FOREIGN: usize = 8;

/// What a worker came upon in a list.
#[derive(Default)]
struct Counts {
    improper: u64,
    /// The first of them.
    improper_at: Vec<Seq>,
    unreadable: u64,
    unlike: u64,
    any_proper: bool,
    any_alike: bool,
    /// The algorithms that were found out.
    found: BTreeSet<&'static str>,
    /// Lines of algorithms that parjob does not have, which are improper too, and the names of those.
    foreign: u64,
    foreign_names: BTreeSet<String>,
    /// By the length of the digest, where that alone says what may have made it: files that are unlike, and alike.
    by_digits: BTreeMap<usize, [u64; 2]>,
    /// Files that could not be read, where no report names them.
    named: Vec<(Seq, String)>,
}

impl Counts {
    fn note_improper(&mut self, line: Seq) {
        self.improper += 1;
        if self.improper_at.len() < NAMED {
            self.improper_at.push(line);
        }
    }

    fn note_foreign(&mut self, many: u64, name: String) {
        self.foreign += many;
        if self.foreign_names.len() < NAMED_FOREIGN {
            self.foreign_names.insert(name);
        }
    }

    fn note_by_digits(&mut self, made_by: MadeBy, digits: usize, counts: [u64; 2]) {
        if let MadeBy::OneOf(_) = made_by {
            let all = self.by_digits.entry(digits).or_default();
            *all = [all[0] + counts[0], all[1] + counts[1]];
        }
    }

    fn add(&mut self, more: Counts) {
        self.foreign += more.foreign;
        more.foreign_names.into_iter().for_each(|name| self.note_foreign(0, name));
        for (digits, counts) in more.by_digits {
            self.note_by_digits(MadeBy::OneOf(&[]), digits, counts);
        }
        self.improper += more.improper;
        self.unreadable += more.unreadable;
        self.unlike += more.unlike;
        self.any_proper |= more.any_proper;
        self.any_alike |= more.any_alike;
        self.found.extend(more.found);
        self.improper_at.extend(more.improper_at);
        // Workers come upon them in any order; those of the beginning are kept.
        self.improper_at.sort_unstable();
        self.improper_at.truncate(NAMED);
        let room = NAMED.saturating_sub(self.named.len());
        self.named.extend(more.named.into_iter().take(room));
    }
}

impl Check {
    pub(super) fn new(given: Option<Algorithm>, params: &Params, setting: &Setting) -> Check {
        Check {
            given,
            reader: Reader::new(setting.clone()),
            ignore_missing: params.flag("ignore-missing"),
            strict: params.flag("strict"),
            warn: params.flag("warn"),
            status: params.flag("status"),
            forms: Forms::default(),
            likely: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// Checks a line.
    fn check(&self, line: &Numbered<'_>, counts: &mut Counts, buffer: &mut [u8], results: &mut Results) {
        let (made_by, hex, path) = match parse(line.text, self.given, line.form) {
            Line::Nothing => return results.pass(),
            // `-` in a list that comes from standard input.
            Line::Entry { name, .. } if name == b"-" && self.reader.setting.source.reads_stdin() => {
                counts.note_improper(line.seq);
                return results.pass();
            }
            Line::Improper => {
                counts.note_improper(line.seq);
                return results.pass();
            }
            Line::Foreign(name) => {
                counts.note_improper(line.seq);
                counts.note_foreign(1, name);
                return results.pass();
            }
            Line::Entry { made_by, hex, name } => (made_by, hex, name),
        };
        counts.any_proper = true;
        let likely = *self.likely.lock().unwrap_or_else(PoisonError::into_inner);
        match self.reader.verify(made_by, likely, &hex, (&path, buffer)) {
            Err(Unreadable::System(libc::ENOENT)) if self.ignore_missing => results.pass(),
            Err(why) => {
                let cause = Failure::from(why);
                counts.unreadable += 1;
                if self.reader.setting.quiet {
                    counts.named.push((line.seq, format!("{} {cause}", Quoted(&path))));
                }
                self.fail(&path, b"FAILED open or read", cause, results);
            }
            Ok(None) => {
                counts.unlike += 1;
                counts.note_by_digits(made_by, hex.len(), [1, 0]);
                self.fail(&path, b"FAILED", unlike(made_by), results);
            }
            Ok(Some(algorithm)) => {
                counts.any_alike = true;
                counts.note_by_digits(made_by, hex.len(), [0, 1]);
                if let MadeBy::OneOf(all) = made_by {
                    counts.found.insert(algorithm.name());
                    if all.len() > 1 && likely != Some(algorithm) {
                        *self.likely.lock().unwrap_or_else(PoisonError::into_inner) = Some(algorithm);
                    }
                }
                if self.reader.setting.quiet { results.pass() } else { results.push(&verdict(&path, b"OK")) }
            }
        }
    }

    fn fail(&self, path: &[u8], word: &[u8], cause: Failure, results: &mut Results) {
        let cause = cause.within(|cause| format!("names {}, which {cause}", Quoted(path)));
        if self.status { results.fail(cause) } else { results.fail_saying(&verdict(path, word), cause) }
    }

    /// What is to be said of one list, whose first line has that number.
    fn remarks_of(&self, name: &str, first: Seq, counts: &Counts) -> Vec<Remark> {
        let named = if name.is_empty() { String::new() } else { format!("{name}: ") };
        let remark = |text: String, means| Remark { text, means };
        let lines = self.lines(&named, first, counts);
        if !counts.any_proper {
            return lines
                .into_iter()
                .chain([remark(format!("{named}no properly formatted checksum lines found"), Means::Failed)])
                .chain(self.of_others(&named, counts))
                .collect();
        }
        let counted = |count: u64, one: &str, many: &str, means| {
            let text = if count == 1 { format!("WARNING: 1 {one}") } else { format!("WARNING: {count} {many}") };
            (count > 0 && (!self.status || means != Means::Nothing)).then(|| remark(text, means))
        };
        let Counts { improper, unreadable, unlike, .. } = *counts;
        let if_strict = if self.strict { Means::Failed } else { Means::Nothing };
        let none = self.ignore_missing && !counts.any_alike;
        let mut unread = counts.named.clone();
        unread.sort();
        let unread = unread.into_iter().map(|(_, text)| Some(remark(text, Means::Nothing)));
        let rest = [
            counted(improper, "line is improperly formatted", "lines are improperly formatted", if_strict),
            counted(unreadable, "listed file could not be read", "listed files could not be read", Means::Nothing),
            counted(unlike, "computed checksum did NOT match", "computed checksums did NOT match", Means::Nothing),
            none.then(|| remark(format!("{named}no file was verified"), Means::Failed)),
        ];
        lines
            .into_iter()
            .map(Some)
            .chain(unread)
            .chain(rest)
            .chain([self.found(&named, counts)])
            .flatten()
            .chain(self.of_others(&named, counts))
            .collect()
    }
}

impl Check {
    /// Each line that is not understood, where that was asked for.
    fn lines(&self, named: &str, first: Seq, counts: &Counts) -> Vec<Remark> {
        let number = |seq: &Seq| seq.0.saturating_sub(first.0) + 1;
        let text = |seq| format!("{named}{}: improperly formatted checksum line", number(seq));
        let wanted = counts.improper_at.iter().filter(|_| self.warn);
        wanted.map(|seq| Remark { text: text(seq), means: Means::Nothing }).collect()
    }

    /// What may be of algorithms that parjob does not have: such files are not damaged for it.
    fn of_others(&self, named: &str, counts: &Counts) -> Vec<Remark> {
        let names: Vec<&str> = counts.foreign_names.iter().map(String::as_str).collect();
        let (names, own) = (names.join(" and "), Algorithm::names().join(", "));
        let lines = if counts.foreign == 1 { "line is" } else { "lines are" };
        let count = counts.foreign;
        let said = format!("warning: {named}{count} {lines} of {names}, which is not supported; parjob has {own}");
        let none_alike = counts.by_digits.iter().filter(|(_, [unlike, alike])| *unlike > 0 && *alike == 0);
        let guessed = none_alike.map(|(digits, [unlike, _])| {
            let own = Algorithm::of_len(*digits).iter().map(|one| one.name()).collect::<Vec<_>>().join(" or ");
            let others = Algorithm::others_of_len(*digits);
            let of = format!(
                "{unlike} of {unlike} checksums of {digits} digits match by none of parjob's algorithms ({own})"
            );
            format!(
                "warning: {named}{of}; if the list is of {others}: parjob does not have that, and the files may be well"
            )
        });
        let all = (count > 0).then_some(said).into_iter().chain(guessed).filter(|_| !self.status);
        all.map(|text| Remark { text, means: Means::Nothing }).collect()
    }

    /// By which algorithms, where neither the user nor the list says so and it is another than the usual one.
    fn found(&self, named: &str, counts: &Counts) -> Option<Remark> {
        let all: Vec<&str> = counts.found.iter().copied().collect();
        let is_usual = all == [Algorithm::Blake3.name()];
        let text = format!("{named}the checksums are of {}", all.join(" and "));
        (!all.is_empty() && !is_usual && !self.reader.setting.quiet).then_some(Remark { text, means: Means::Nothing })
    }
}

/// Why a file fails that has another digest: by what that was found.
fn unlike(made_by: MadeBy) -> Failure {
    match made_by {
        MadeBy::This(_) => Failure::constant("has another checksum"),
        MadeBy::OneOf(all) => {
            let names: Vec<&str> = all.iter().map(|algorithm| algorithm.name()).collect();
            Failure::item(format!("has another checksum, by {}", names.join(" and ")))
        }
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
        let lists = self.reader.setting.source.reading.lists.clone().unwrap_or_default();
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
        let lists = self.reader.setting.source.reading.lists.as_ref().map(|lists| lists.all()).unwrap_or_default();
        let mut remarks = self.reader.remarks();
        if lists.is_empty() {
            remarks.extend(self.remarks_of("", Seq::FIRST, &counts.remove(&0).unwrap_or_default()));
        }
        for (place, list) in lists.into_iter().enumerate() {
            let name = Safe(&list.name).to_string();
            let counts = counts.remove(&place).unwrap_or_default();
            match list.fault {
                Some(errno) => {
                    let text = format!("{name}: {}", std::io::Error::from_raw_os_error(errno));
                    remarks.push(Remark { text, means: Means::Failed });
                }
                None => remarks.extend(self.remarks_of(&name, list.first, &counts)),
            }
        }
        remarks
    }
}
