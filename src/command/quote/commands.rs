//! What the commands of a script do with their words: which give values to variables, and which evaluate them.
//!
//! Builtins that would evaluate a value in this very shell are refused. A further shell or interpreter that is given a value
//! as a part of its program was asked for that, and there is a warning ([`programs`]). The tables of [`shells`] and of
//! [`programs`] say which.

use anyhow::Result;

use super::flow::{ANY_FILE, Evaluator, Source, Sources, value_in};
use super::grammar::Parser;
use super::programs;
use super::shells::{self, BUILTINS, COMPARISONS, Reads, Shells, Words};
use super::symbols::{Found, Kind, Symbol};
use super::words::{Piece, Word, is_name, names_in};

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

/// Builtins that give values to variables that they are told to make.
pub(super) const DECLARING: &[&[u8]] =
    &[b"declare", b"typeset", b"local", b"export", b"readonly", b"integer", b"float", b"nameref", b"global"];

/// Builtins that give variables what they read.
const READING: &[&[u8]] = &[b"read", b"mapfile", b"readarray"];

/// Builtins that take the names of variables, and no arithmetic.
const NAMING: &[&[u8]] = &[
    b"printf",
    b"print",
    b"unset",
    b"read",
    b"mapfile",
    b"readarray",
    b"getopts",
    b"wait",
    b"array",
    b"declare",
    b"typeset",
    b"local",
    b"export",
    b"readonly",
    b"integer",
    b"float",
    b"nameref",
    b"global",
];

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

const AS_NAME: &str =
    "would be the name of a variable or arithmetic, in which some shells run commands: use name=value";

const IN_CONDITION: &str = "stands in a [[ that evaluates arithmetic or names: write [ … ] for it";

/// Notes an assignment before a command, or by itself.
pub(super) fn assign(word: &Word, found: &mut Found) {
    let Some(name) = word.assigns() else { return };
    let variable = Source::Variable(name.to_vec());
    if word.is_array {
        found.flow.arrays.insert(name.to_vec());
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
    for file in std::mem::take(&mut command.writes_behind) {
        writes(&file, &Sources::from([Source::Input]), found);
    }
    let reads = command.reads();
    if command.words.is_empty() {
        return Ok(command.input.clone().unwrap_or_default());
    }
    touches(&command.words, found);
    let taken: Sources = command.words.iter().flat_map(|word| word.takes.clone()).collect();
    found.flow.give(Source::Variable(b"_".to_vec()), &taken);
    let passes_on = |word: &&Word| word.fixed().is_some_and(|text| BEFORE.contains(&text));
    let behind = command.words.iter().take_while(passes_on).count();
    let is_exec = command.words[..behind].iter().any(|word| word.fixed() == Some(b"exec"));
    let words = command.words[behind..].to_vec();
    let Some((name, rest)) = words.split_first() else {
        if is_exec {
            found.flow.give(Source::Input, &reads);
        }
        return Ok(Sources::new());
    };
    match name.fixed() {
        Some(name) => {
            builtin(name, rest, &reads, found)?;
            found.flow.call(Some(name), &taken, &command.input.clone().unwrap_or_default());
        }
        None => {
            // It may declare variables.
            rest.iter().for_each(|word| assign(word, found));
            found.flow.call(None, &taken, &command.input.clone().unwrap_or_default());
            found.deferred.push(Command { words: words.clone(), ..command.clone() });
        }
    }
    for word in &words {
        let name = word.assigns().map(<[u8]>::to_vec).unwrap_or_default();
        if shells::variable(&name, found.shells.kinds) == Some(Reads::Text) {
            found.flow.give(Source::Variable(name), &word.takes);
        }
    }
    programs::judge(&words, &reads, found);
    let prints = prints(&words, command);
    command.writes.iter().for_each(|file| writes(file, &prints, found));
    if name.fixed() == Some(b"tee") {
        rest.iter().for_each(|word| writes(&word.file(), &reads, found));
    }
    Ok(prints)
}

fn writes(file: &[u8], what: &Sources, found: &mut Found) {
    found.flow.give(Source::File(file.to_vec()), what);
    if file != ANY_FILE {
        // Whoever opens a file by a name that is not known may open this one.
        found.flow.give(Source::File(b"**".to_vec()), what);
    }
}

/// Looks at the commands whose name is known only now that all of the script is read.
pub(super) fn judge_deferred(found: &mut Found) -> Result<()> {
    for command in std::mem::take(&mut found.deferred) {
        let Some((name, rest)) = command.words.split_first() else { continue };
        for text in names(name, found) {
            let mut words: Vec<Word> = text
                .split(|byte| byte.is_ascii_whitespace())
                .filter(|part| !part.is_empty())
                .map(|part| Word { span: name.span, ..Word::of(part) })
                .collect();
            words.extend_from_slice(rest);
            let Some((name, rest)) = words.split_first() else { continue };
            let reads = command.reads();
            builtin(&name.text, rest, &reads, found)?;
            programs::judge(&words, &reads, found);
        }
        if is_put_together(name, found) {
            let taken: Sources = rest.iter().flat_map(|word| word.takes.clone()).collect();
            found.flow.evaluate(Evaluator::Shell("a program".to_owned()), &taken);
        }
    }
    Ok(())
}

/// The names that a command may have whose name is made of variables, or of what a command prints.
fn names(name: &Word, found: &Found) -> Vec<Vec<u8>> {
    let mut names = vec![Vec::new()];
    for piece in &name.pieces {
        let texts = match piece {
            Piece::Text(text) => vec![text.clone()],
            Piece::Variable(variable) => found.flow.constants(&Source::Variable(variable.clone())),
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
    let is_fixed_format = name == b"stat"
        && rest.windows(2).any(|pair| {
            matches!(pair[0].fixed(), Some(b"-c" | b"-f" | b"--format"))
                && pair[1].fixed().is_some_and(|format| !format.windows(2).any(|two| two == b"%n" || two == b"%N"))
        });
    let is_quiet = is_fixed_format || QUIET.iter().any(|(quiet, but)| *quiet == name && !has(but));
    let is_count = COUNTING.contains(&name)
        && rest.iter().all(|word| word.start().starts_with(b"-") || word.fixed().is_some() || is_quiet)
        || name == b"grep"
            && has(&[b"-c", b"--count"])
            && rest.iter().filter(|word| !word.start().starts_with(b"-")).count() < 2;
    let mut sources = Sources::new();
    for word in rest {
        if !is_quiet {
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

/// Notes what a builtin gives to variables, and refuses values that it would evaluate.
fn builtin(name: &[u8], rest: &[Word], reads: &Sources, found: &mut Found) -> Result<()> {
    if let Some(word) = rest.first().filter(|_| name == b"alias") {
        return found.refuse(word.span.0, "an alias changes how a shell reads what follows: write a function instead");
    }
    let text = String::from_utf8_lossy(name).into_owned();
    for row in BUILTINS.iter().filter(|row| row.shells.meets(found.shells.kinds) && row.names.contains(&&*text)) {
        for word in evaluated(row.reads, rest) {
            if let Some(slot) = word.slot {
                return found.refuse_slot(slot, if name == b"[[" { IN_CONDITION } else { AS_NAME });
            }
            let names = if NAMING.contains(&name) { Sources::new() } else { names_in(&word.text) };
            found.flow.evaluate(Evaluator::Arithmetic, &word.takes.union(&names).cloned().collect());
        }
    }
    let taken: Sources = rest.iter().flat_map(|word| word.takes.clone()).collect();
    match name {
        b"eval" | b"trap" => code_of_its_own(rest, found),
        b"set" => {
            found.flow.give(Source::Parameters, &taken);
            rest.iter().for_each(|word| constants(Source::Parameters, word, found));
            array_of_set(rest, &taken, found);
        }
        b"getopts" => {
            let from = Sources::from([Source::Parameters]).into_iter().chain(taken).collect();
            rest.get(1).into_iter().for_each(|word| variable(word, &from, found));
            found.flow.give(Source::Variable(b"OPTARG".to_vec()), &from);
        }
        b"printf" | b"print" => {
            format(name, rest, found)?;
            for pair in rest.windows(2).filter(|pair| pair[0].fixed() == Some(b"-v")) {
                variable(&pair[1], &taken, found);
            }
            for word in rest.iter().filter(|word| word.start().starts_with(b"-v")) {
                variable(&Word::of(&word.start()[2..]), &taken, found);
            }
        }
        name if READING.contains(&name) => {
            rest.iter().for_each(|word| variable(word, reads, found));
            for reply in [&b"REPLY"[..], b"MAPFILE"] {
                found.flow.give(Source::Variable(reply.to_vec()), reads);
            }
        }
        name if DECLARING.contains(&name) => declare(name, rest, found)?,
        _ => {}
    }
    Ok(())
}

/// Reads the script of `eval` or `trap`, where it is fixed text. Errors in it are the shell's.
fn code_of_its_own(rest: &[Word], found: &mut Found) {
    let Some(at) = rest.first().map(|word| word.span.0).filter(|_| rest.iter().all(|word| word.is_fixed)) else {
        return;
    };
    let text = rest.iter().map(|word| &word.text[..]).collect::<Vec<_>>().join(&b' ');
    let symbols: Vec<_> = text.iter().map(|byte| Symbol { kind: Kind::Byte(*byte), at }).collect();
    let repeats = found.repeats.len();
    let _ = Parser::new(&symbols, at, found).script();
    found.repeats.truncate(repeats);
}

/// `set -A name value…`.
fn array_of_set(rest: &[Word], taken: &Sources, found: &mut Found) {
    for pair in rest.windows(2).filter(|pair| matches!(pair[0].fixed(), Some(b"-A" | b"+A"))) {
        variable(&pair[1], taken, found);
    }
}

/// Notes that the variable that a word names is given something.
fn variable(word: &Word, from: &Sources, found: &mut Found) {
    match word.fixed() {
        Some(text) => {
            let end = text.iter().position(|byte| matches!(byte, b'?' | b'[')).unwrap_or(text.len());
            if is_name(&text[..end]) {
                found.flow.give(Source::Variable(text[..end].to_vec()), from);
            }
        }
        None => named(word, from, found),
    }
}

/// The same where the name is the text of variables.
fn named(word: &Word, from: &Sources, found: &mut Found) {
    for source in word.takes.iter().filter(|source| matches!(source, Source::Variable(_) | Source::Parameters)) {
        found.flow.give(Source::Named(Box::new(source.clone())), from);
    }
}

/// Refuses a value as the format or an option of `printf`, or as an option of `print`.
fn format(name: &[u8], rest: &[Word], found: &mut Found) -> Result<()> {
    let is_print = name == b"print";
    if is_print && !found.shells.kinds.meets(Shells::ZSH | Shells::KSH93) {
        return Ok(());
    }
    let by = || Evaluator::Program(String::from_utf8_lossy(name).into_owned());
    if is_print && rest.iter().any(|word| word.start().starts_with(b"-") && word.text.contains(&b'P')) {
        rest.iter().for_each(|word| found.flow.evaluate(by(), &word.takes));
    }
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let is_option = word.start().starts_with(b"-") && word.text.len() > 1;
        if is_option || word.start().is_empty() {
            found.flow.evaluate(by(), &word.takes);
        }
        if let Some(slot) = word.slot.filter(|_| is_option || !is_print || word.start().is_empty()) {
            let why = "would be the format or an option of printf: write printf '%s\n' before it";
            return found.refuse_slot(slot, why);
        }
        match word.fixed() {
            Some(b"-v") => drop(words.next()),
            Some(b"--") if !is_print => {}
            _ if is_option && word.text != b"--" => {}
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Those words of a builtin that are evaluated.
fn evaluated(reads: Words, rest: &[Word]) -> Vec<&Word> {
    let is = |word: &Word, texts: &[&str]| {
        word.fixed().is_some_and(|text| texts.iter().any(|known| known.as_bytes() == text))
    };
    let open = |word: &&Word| word.is_open();
    match reads {
        Words::All => rest.iter().collect(),
        Words::First => rest.first().into_iter().collect(),
        Words::Names => rest.iter().filter(open).filter(|word| word.assigns().is_none()).collect(),
        Words::Compared => {
            let beside = |n: usize| {
                n > 0 && is(&rest[n - 1], COMPARISONS) || rest.get(n + 1).is_some_and(|word| is(word, COMPARISONS))
                    // What compares may be a value itself.
                    || n > 0 && may_compare(rest.get(n - 1)) || may_compare(rest.get(n + 1))
            };
            (0..rest.len()).filter(|n| beside(*n)).map(|n| &rest[n]).collect()
        }
        Words::Behind(options) => {
            let mut words: Vec<_> = rest
                .windows(2)
                // Two in a row may be the option and its word.
                .filter(|pair| is(&pair[0], options) || pair[0].is_open() && !pair[0].takes.is_empty())
                .map(|pair| &pair[1])
                .filter(open)
                .collect();
            let joined = |word: &&Word| options.iter().any(|option| word.start().starts_with(option.as_bytes()));
            words.extend(rest.iter().filter(open).filter(joined));
            words
        }
        Words::Formatted => formatted(rest),
    }
}

/// Whether a word is known only when the script runs.
fn may_compare(word: Option<&Word>) -> bool {
    word.is_some_and(|word| word.is_open() && !word.takes.is_empty())
}

/// The words that `printf` reads as numbers. It goes through its format again as long as there are words.
fn formatted(rest: &[Word]) -> Vec<&Word> {
    let at = rest.iter().position(|word| !word.start().starts_with(b"-")).unwrap_or(rest.len());
    let Some((format, words)) = rest[at..].split_first() else { return Vec::new() };
    let mut is_number = Vec::new();
    let mut conversions = format.text.split(|byte| *byte == b'%').skip(1);
    while let Some(text) = conversions.next() {
        let flags = text.iter().take_while(|byte| b"0123456789.*-+ #'".contains(byte));
        is_number.extend(flags.clone().filter(|byte| **byte == b'*').map(|_| true));
        match text.get(flags.count()) {
            // `%%`: what follows the second is no conversion.
            None => drop(conversions.next()),
            Some(conversion) => is_number.push(b"dioxXueEfFgGaA".contains(conversion)),
        }
    }
    if format.is_open() || is_number.is_empty() {
        is_number = vec![format.is_open()];
    }
    let numbers = is_number.iter().cycle();
    words.iter().zip(numbers).filter(|(word, is_number)| **is_number && word.is_open()).map(|(word, _)| word).collect()
}

/// Notes the variables that a command makes, and of what kind they are.
fn declare(name: &[u8], rest: &[Word], found: &mut Found) -> Result<()> {
    let is_flag = |word: &&Word| word.start().starts_with(b"-") || word.start().starts_with(b"+");
    let has =
        |letters: &[u8]| rest.iter().filter(is_flag).any(|word| word.text.iter().any(|byte| letters.contains(byte)));
    let is_export = matches!(name, b"export" | b"readonly");
    let is_integer = matches!(name, b"integer" | b"float") || has(if is_export { b"" } else { b"iFE" });
    let is_array = has(b"aA") && found.shells.kinds.meets(Shells::BASH);
    let is_reference = name == b"nameref" || has(if is_export { b"" } else { b"n" });
    for word in rest.iter().filter(|word| !is_flag(word)) {
        let given = word.assigns().map(<[u8]>::to_vec);
        let Some(variable) = given.as_deref().or(word.fixed()).filter(|name| is_name(name)) else {
            let taken = word.takes.clone();
            named(word, &taken, found);
            continue;
        };
        if is_integer {
            found.flow.declare_integer(variable);
        }
        if word.is_array {
            found.flow.arrays.insert(variable.to_vec());
        }
        if given.is_none() {
            if has(b"aA") {
                found.flow.arrays.insert(variable.to_vec());
            }
            continue;
        }
        match word.slot {
            Some(slot) if is_reference || is_array && !word.is_array => return found.refuse_slot(slot, AS_NAME),
            _ if is_reference => {
                found.flow.evaluate(Evaluator::Arithmetic, &word.takes);
                let target = word.constant().map(<[u8]>::to_vec);
                target.into_iter().for_each(|target| found.flow.alias(variable, &target));
            }
            _ if is_array && !word.is_array => found.flow.evaluate(Evaluator::Arithmetic, &word.takes),
            _ => {}
        }
        if !word.is_array {
            found.flow.declared(variable, &word.takes);
        }
        assign(word, found);
    }
    Ok(())
}

/// A comparison of `[[` as it is read.
#[derive(Default)]
pub(super) struct Condition {
    last: Option<Word>,
    evaluates: bool,
}

impl Condition {
    /// Looks at the next word.
    pub(super) fn take(&mut self, word: Word, found: &mut Found) -> Result<()> {
        let compares = word.fixed().is_some_and(|text| COMPARISONS.iter().any(|known| known.as_bytes() == text));
        let names = matches!(word.fixed(), Some(b"-v" | b"-R" | b"-t"));
        if self.evaluates {
            Self::evaluate(&word, found)?;
        }
        if let Some(last) = self.last.take().filter(|_| compares) {
            Self::evaluate(&last, found)?;
        }
        self.evaluates = compares || names;
        self.last = Some(word);
        Ok(())
    }

    fn evaluate(word: &Word, found: &mut Found) -> Result<()> {
        if let Some(slot) = value_in(&word.takes) {
            return found.refuse_slot(slot, IN_CONDITION);
        }
        let mut taken = word.takes.clone();
        // A name by itself is a variable.
        if let Some(text) = word.fixed().filter(|text| is_name(text)) {
            taken.insert(Source::Variable(text.to_vec()));
        }
        found.flow.evaluate(Evaluator::Arithmetic, &taken);
        Ok(())
    }
}
