//! The commands of a script: what they are called, what is given to their words, and what they print.
//!
//! Builtins that would evaluate a value in this very shell are refused ([`builtins`]). A further shell or interpreter that
//! is given a value as a part of its program was asked for that, and there is a warning ([`programs`]).

use std::collections::BTreeSet;

use crate::Result;

use super::builtins;
use super::flow::{ANY_FILE, Evaluator, Source, Sources};
use super::programs;
use super::shells::{self, Reads, Shell, Shells};
use super::symbols::Found;
use super::words::{Piece, Word};

/// A command as it is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// What it reads, where that is known: a pipe, a here-document.
    pub(super) input: Option<Sources>,
    /// The files that it writes.
    pub(super) writes: Vec<Vec<u8>>,
    /// The files that the block before it writes.
    pub(super) writes_behind: Vec<Vec<u8>>,
}

impl Command {
    /// What it reads.
    pub(super) fn reads(&self) -> Sources {
        self.input.clone().unwrap_or_else(|| Sources::from([Source::Input]))
    }
}

/// Words with which a script may change its positional parameters.
const TOUCHING: &[&[u8]] = &[b"set", b"shift", b"eval", b"source", b"getopts", b"trap", b"mapfile", b"readarray"];

/// Words before a command that change nothing of it.
const BEFORE: &[&[u8]] = &[b"command", b"builtin", b"exec", b"noglob", b"nocorrect", b"-"];

/// Programs that print nothing of their words but numbers, or the contents of files, unless one of these options is given.
const QUIET: &[(&[u8], &[&[u8]])] = &[
    (b"seq", &[b"-f", b"-s", b"--format", b"--separator"]),
    (b"nproc", &[]),
    (b"date", &[]),
    (b"cat", &[]),
    (b"test", &[]),
    (b"[", &[]),
    (b"true", &[]),
    (b"false", &[]),
    (b":", &[]),
    (b"sleep", &[]),
    (b"mkdir", &[b"-v", b"--verbose"]),
    (b"rm", &[b"-v", b"--verbose"]),
    (b"cd", &[]),
    (b"read", &[]),
];

/// Programs that print only numbers of what they read, when they are given no file.
const COUNTING: &[&[u8]] = &[b"wc", b"nproc", b"seq", b"date"];

/// Notes an assignment before a command, or by itself.
pub(super) fn assign(word: &Word, found: &mut Found) {
    let Some(name) = word.assigns() else { return };
    let variable = Source::Variable(name.to_vec());
    if word.is_array {
        found.flow.arrays.insert(name.to_vec());
        found.flow.lists.entry(variable.clone()).or_default().extend(word.elements.clone());
    }
    found.flow.give(variable.clone(), &word.takes);
    if name == b"argv" {
        found.flow.give(Source::Parameters, &word.takes);
    }
    if let Some(text) = word.constant() {
        found.flow.constant(variable, text);
    } else {
        let start = word.start().len();
        let mut value = word.clone();
        if !value.pieces.is_empty() && start > 0 {
            value.pieces.remove(0);
        }
        constants(variable, &value, found);
    }
}

/// Notes the fixed texts that a word may have.
pub(super) fn constants(of: Source, word: &Word, found: &mut Found) {
    if let Some(text) = word.fixed() {
        return found.flow.constant(of, text);
    }
    for piece in &word.pieces {
        match piece {
            Piece::Variable(name) => {
                for text in found.flow.constants(&Source::Variable(name.clone())) {
                    found.flow.constant(of.clone(), &text);
                }
            }
            Piece::Other(said) => said.iter().for_each(|text| found.flow.constant(of.clone(), text)),
            _ => {}
        }
    }
}

/// Looks at a command, and says what it prints.
pub(super) fn judge(command: &mut Command, found: &mut Found) -> Result<Sources> {
    let reads = command.reads();
    if command.words.is_empty() {
        return Ok(command.input.clone().unwrap_or_default());
    }
    touches(&command.words, found);
    let taken: Sources = command.words.iter().flat_map(|word| word.takes.clone()).collect();
    found.flow.give(Source::Variable(b"_".to_vec()), &taken);
    let passes_on = |word: &&Word| word.fixed().is_some_and(|text| BEFORE.contains(&text));
    let mut behind = command.words.iter().take_while(passes_on).count();
    let is_exec = command.words[..behind].iter().any(|word| word.fixed() == Some(b"exec"));
    // Their own options.
    while behind > 0 && command.words.get(behind).is_some_and(|word| word.is_fixed && word.text.starts_with(b"-")) {
        behind += 1 + usize::from(command.words[behind].text == b"-a");
    }
    let words = command.words.get(behind..).unwrap_or_default().to_vec();
    let Some((name, rest)) = words.split_first() else {
        if is_exec {
            found.flow.give(Source::Input, &reads);
            command.writes.iter().for_each(|file| writes(file, &Sources::from([Source::Output]), found));
        }
        return Ok(Sources::new());
    };
    if words.iter().any(|word| word.is_open() && word.slot.is_none()) {
        found.deferred.push(Command { words: words.clone(), ..command.clone() });
    }
    match name.fixed() {
        Some(name) => {
            builtins::judge(name, rest, &reads, found)?;
            found.flow.call(Some(name), &taken, &command.input.clone().unwrap_or_default());
        }
        None => {
            // It may declare variables.
            rest.iter().for_each(|word| assign(word, found));
            found.flow.call(None, &taken, &command.input.clone().unwrap_or_default());
        }
    }
    for word in &words {
        let name = word.assigns().map(<[u8]>::to_vec).unwrap_or_default();
        if shells::variable(&name, found.shells.kinds) == Some(Reads::Text) {
            found.flow.give(Source::Variable(name), &word.takes);
        }
    }
    programs::judge(&words, &reads, found);
    if let Some(path) = name.fixed().filter(|name| name.contains(&b'/')) {
        let path = String::from_utf8_lossy(path).into_owned();
        found.flow.evaluate(Evaluator::Shell(path), &name.content());
        if found.flow.is_given(&Source::File(name.file())) {
            found.flow.give(Source::Parameters, &taken);
        }
    }
    if name.fixed().is_some_and(|name| found.flow.functions.contains(name)) {
        found.flow.lists.entry(Source::Parameters).or_default().extend(rest.iter().cloned());
    }
    let function = name.fixed().filter(|name| found.flow.functions.contains(*name)).map(<[u8]>::to_vec);
    // One that is defined further down may be called by this one.
    let later = name.fixed().map(|name| Source::Function(name.to_vec()));
    let prints = match function {
        Some(name) => Sources::from([Source::Function(name)]),
        None => prints(&words, command).into_iter().chain(later).collect(),
    };
    found.flow.give(Source::Output, &prints);
    copies(name, rest, found);
    command.writes.iter().for_each(|file| writes(file, &prints, found));
    if name.fixed() == Some(b"tee") {
        rest.iter().for_each(|word| writes(&word.file(), &reads, found));
    }
    Ok(prints)
}

/// Programs that copy files to the last one that they are given.
const COPYING: &[&[u8]] = &[b"cp", b"mv", b"ln", b"install", b"rsync", b"scp"];

fn copies(name: &Word, rest: &[Word], found: &mut Found) {
    let files: Vec<_> = rest.iter().filter(|word| !word.start().starts_with(b"-")).collect();
    let Some((last, others)) = files.split_last() else { return };
    if name.fixed().is_some_and(|name| COPYING.contains(&name)) {
        others.iter().for_each(|other| writes(&last.file(), &other.content(), found));
    }
}

pub(super) fn writes(file: &[u8], what: &Sources, found: &mut Found) {
    found.flow.give(Source::File(file.to_vec()), what);
    if file != ANY_FILE {
        // A name that is known only when the script runs may be that of this one.
        found.flow.give(Source::File(b"**".to_vec()), what);
    }
}

/// Reads those texts of the script that shells are given as code, and the texts that these give them in turn.
pub(super) fn read_codes(found: &mut Found) {
    let mut read = BTreeSet::new();
    loop {
        found.flow.finish();
        let codes = found.flow.codes(found.shells.kinds);
        let codes: Vec<_> = codes.into_iter().filter(|(text, _)| read.insert(text.clone())).collect();
        if codes.is_empty() {
            return;
        }
        let (touches, shells) = (found.touches_parameters, found.shells.clone());
        for (text, by) in codes {
            if !matches!(&*by, "eval" | "trap" | "source" | "${…@P}") {
                let kinds = shells::kinds(by.as_bytes()).unwrap_or(Shells::BASH);
                found.flow.others = Some(found.flow.others.map_or(kinds, |others| others | kinds));
                found.shells = Shell { kinds, unknown: None };
                found.is_inner = true;
            }
            builtins::read_code(&text, found);
            // What is wrong there is wrong in any case.
            let _ = judge_deferred(found);
            found.shells.clone_from(&shells);
            found.is_inner = false;
        }
        found.touches_parameters = touches;
    }
}

/// Looks at the commands whose name is known only now that all of the script is read.
pub(super) fn judge_deferred(found: &mut Found) -> Result<()> {
    for command in std::mem::take(&mut found.deferred) {
        let words: Vec<Word> = command.words.iter().flat_map(|word| elements(word, found)).collect();
        let Some((name, rest)) = words.split_first() else { continue };
        if name.is_fixed {
            for words in with_options(&words, found).into_iter().chain([words.clone()]) {
                let Some((name, rest)) = words.split_first() else { continue };
                builtins::judge(&name.text, rest, &command.reads(), found)?;
                programs::judge(&words, &command.reads(), found);
            }
            continue;
        }
        for text in names(name, found) {
            let mut words: Vec<Word> = text
                .split(|byte| byte.is_ascii_whitespace())
                .filter(|part| !part.is_empty())
                .map(|part| Word { span: name.span, ..Word::of(part) })
                .collect();
            words.extend_from_slice(rest);
            let Some((name, rest)) = words.split_first() else { continue };
            let reads = command.reads();
            builtins::judge(&name.text, rest, &reads, found)?;
            programs::judge(&words, &reads, found);
            with_options(&words, found).iter().for_each(|words| programs::judge(words, &reads, found));
        }
        if is_put_together(name, found) {
            let taken: Sources = rest.iter().flat_map(|word| word.takes.clone()).collect();
            found.flow.evaluate(Evaluator::Shell("a program".to_owned()), &taken);
        }
    }
    Ok(())
}

/// The words for which `"${name[@]}"` or `"$@"` stands.
fn elements(word: &Word, found: &Found) -> Vec<Word> {
    let list = match &word.pieces[..] {
        [Piece::Variable(name)] => Source::Variable(name.clone()),
        [Piece::Parameters] => Source::Parameters,
        _ => return vec![word.clone()],
    };
    found.flow.lists.get(&list).cloned().unwrap_or_else(|| vec![word.clone()])
}

/// The words of a command, each time with another one that may be an option as that option.
fn with_options(words: &[Word], found: &Found) -> Vec<Vec<Word>> {
    let mut variants = Vec::new();
    for (n, word) in words.iter().enumerate().skip(1).filter(|(_, word)| word.is_open() && word.slot.is_none()) {
        for option in names(word, found).into_iter().filter(|text| text.starts_with(b"-")) {
            let mut variant = words.to_vec();
            variant[n] = Word { span: word.span, ..Word::of(&option) };
            variants.push(variant);
        }
    }
    variants
}

/// The names that a command may have whose name is made of variables, or of what a command prints.
fn names(name: &Word, found: &Found) -> Vec<Vec<u8>> {
    let mut names = vec![Vec::new()];
    for piece in &name.pieces {
        let texts = match piece {
            Piece::Text(text) => vec![text.clone()],
            Piece::Variable(variable) => {
                let variable = Source::Variable(variable.clone());
                let mut texts = found.flow.constants(&variable);
                if !found.flow.is_given(&variable) {
                    // Nothing is given to it.
                    texts.push(Vec::new());
                }
                texts
            }
            Piece::Parameters => found.flow.constants(&Source::Parameters),
            Piece::Other(said) => said.clone(),
            Piece::Value(_) => Vec::new(),
        };
        names = names.iter().flat_map(|name| texts.iter().map(|text| [&name[..], text].concat())).take(64).collect();
    }
    names
}

/// Whether the name of a program is a value, or is made by the script in a way that cannot be followed, so that another
/// value among its words may be code.
fn is_put_together(name: &Word, found: &Found) -> bool {
    let by_script = |piece: &Piece| match piece {
        Piece::Variable(variable) => {
            let variable = Source::Variable(variable.clone());
            found.flow.is_given(&variable) && found.flow.constants(&variable).is_empty()
        }
        Piece::Other(said) => !said.iter().any(|word| [&b"command"[..], b"which", b"type"].contains(&&word[..])),
        _ => false,
    };
    let is_path = matches!(name.pieces.last(), Some(Piece::Text(text)) if text.contains(&b'/'));
    !is_path && name.pieces.iter().any(by_script)
}

fn touches(words: &[Word], found: &mut Found) {
    let passes_on = |word: &&Word| matches!(word.fixed(), Some(b"command" | b"builtin" | b"exec"));
    let behind = words.iter().take_while(passes_on).count();
    let touches = |word: &Word| word.fixed().is_some_and(|text| TOUCHING.contains(&text));
    found.touches_parameters |= words.get(behind).is_some_and(|word| matches!(word.fixed(), None | Some(b".")));
    found.touches_parameters |= words[0].fixed().is_none() || words.iter().any(touches);
}

/// What a command prints: its words and its input, unless it is known for less.
fn prints(words: &[Word], command: &Command) -> Sources {
    let (name, rest) = (words[0].fixed().unwrap_or_default(), &words[1..]);
    let has = |options: &[&[u8]]| rest.iter().any(|word| options.iter().any(|option| word.start().starts_with(option)));
    let prints_no_name = |format: &[u8]| !format.windows(2).any(|two| two == b"%n" || two == b"%N");
    let joined = |word: &Word| {
        let formats = [&b"-c"[..], b"-f", b"--format=", b"--printf="].map(|option| word.text.strip_prefix(option));
        word.is_fixed && formats.iter().flatten().any(|format| !format.is_empty() && prints_no_name(format))
    };
    let is_fixed_format = name == b"stat"
        && (rest.iter().any(joined)
            || rest.windows(2).any(|pair| {
                matches!(pair[0].fixed(), Some(b"-c" | b"-f" | b"--format" | b"--printf"))
                    && pair[1].fixed().is_some_and(prints_no_name)
            }));
    let is_quiet = is_fixed_format || QUIET.iter().any(|(quiet, but)| *quiet == name && !has(but));
    let is_count = COUNTING.contains(&name)
        && rest.iter().all(|word| word.start().starts_with(b"-") || word.fixed().is_some() || is_quiet)
        || name == b"grep"
            && has(&[b"-c", b"--count"])
            && !has(&[b"-r", b"-R", b"-H", b"--recursive", b"--with-filename"])
            // A pattern and one file, whose name is not printed.
            && rest.iter().filter(|word| !word.start().starts_with(b"-")).count() <= 2;
    let mut sources = Sources::new();
    for word in rest {
        if !(is_quiet || is_count && name == b"grep") {
            sources.extend(word.takes.clone());
        }
        if !is_count {
            sources.extend(word.content());
        }
    }
    if !is_count && !matches!(name, b"echo" | b"printf" | b"print") {
        sources.extend(command.reads());
    }
    sources
}
