//! The builtins of a script: which of their words a shell evaluates, and what they give to variables.
//!
//! The table of [`shells`](super::shells) says which shells evaluate what. A value there is refused, and variables there
//! are followed to what gives them values.

use crate::Result;

use super::commands::{assign, constants};
use super::conditions::IN_CONDITION;
use super::flow::{Evaluator, Source, Sources};
use super::grammar::Parser;
use super::shells::{BUILTINS, COMPARISONS, Shells, Words};
use super::symbols::{Found, Kind, Symbol};
use super::words::{Word, is_name};

/// Builtins that give values to variables that they are told to make.
const DECLARING: &[&[u8]] =
    &[b"declare", b"typeset", b"local", b"export", b"readonly", b"integer", b"float", b"nameref", b"global"];

/// Builtins that give variables what they read.
const READING: &[&[u8]] = &[b"read", b"mapfile", b"readarray"];

/// Builtins that take the names of variables, and no arithmetic.
const NAMING: &[&[u8]] = &[
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

/// Refuses values that a builtin would evaluate, and notes what it gives to variables.
pub(super) fn judge(name: &[u8], rest: &[Word], reads: &Sources, found: &mut Found) -> Result<()> {
    if let Some(word) = rest.first().filter(|_| name == b"alias") {
        return found.refuse(word.span.0, "an alias changes how a shell reads what follows: write a function instead");
    }
    let text = String::from_utf8_lossy(name).into_owned();
    for row in BUILTINS.iter().filter(|row| row.shells.meets(found.shells.kinds) && row.names.contains(&&*text)) {
        for word in evaluated(row.reads, rest) {
            if let Some(slot) = word.slot {
                return if name == b"[[" { found.refuse_slot(slot, IN_CONDITION) } else { as_name(&text, slot, found) };
            }
            let is_name = match row.reads {
                Words::Behind(options) | Words::Leading(options) => options.contains(&"-v"),
                _ => NAMING.contains(&name),
            };
            found.flow.evaluate(if is_name { Evaluator::Name } else { Evaluator::Arithmetic }, &word.takes);
        }
    }
    gives(name, rest, reads, found)
}

/// Notes what a builtin gives to variables.
fn gives(name: &[u8], rest: &[Word], reads: &Sources, found: &mut Found) -> Result<()> {
    let taken: Sources = rest.iter().flat_map(|word| word.takes.clone()).collect();
    match name {
        b"eval" | b"trap" => code_of_its_own(rest, found),
        b"set" => {
            found.flow.give(Source::Parameters, &taken);
            let words = rest.iter().skip_while(|word| word.fixed() == Some(b"--")).cloned();
            found.flow.lists.entry(Source::Parameters).or_default().extend(words);
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

/// The error that a builtin would evaluate a value.
fn as_name(builtin: &str, slot: usize, found: &Found) -> Result<()> {
    found.refuse_slot(
        slot,
        &format!(
            "would be the name of a variable or arithmetic for `{builtin}`, in which some shells run commands: use name=value"
        ),
    )
}

/// Reads the script of `eval` or `trap`, where it is fixed text.
fn code_of_its_own(rest: &[Word], found: &mut Found) {
    if rest.is_empty() || !rest.iter().all(|word| word.is_fixed) {
        return;
    }
    let text = rest.iter().map(|word| &word.text[..]).collect::<Vec<_>>().join(&b' ');
    read_code(&text, found);
}

/// Reads a text of the script as code. Errors in it are the shell's.
pub(super) fn read_code(text: &[u8], found: &mut Found) {
    let symbols: Vec<_> = text.iter().enumerate().map(|(at, byte)| Symbol { kind: Kind::Byte(*byte), at }).collect();
    let repeats = found.repeats.len();
    let _ = Parser::new(&symbols, text.len(), found).script();
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
    match reads {
        Words::All => rest.iter().collect(),
        Words::First => rest.first().into_iter().collect(),
        // The subscript of fixed text, too.
        Words::Names => rest.iter().filter(|word| word.is_fixed || word.assigns().is_none()).collect(),
        Words::Compared => {
            let beside = |n: usize| {
                n > 0 && is(&rest[n - 1], COMPARISONS) || rest.get(n + 1).is_some_and(|word| is(word, COMPARISONS))
                    // What compares may be a value itself.
                    || n > 0 && may_compare(rest.get(n - 1)) || may_compare(rest.get(n + 1))
            };
            (0..rest.len()).filter(|n| beside(*n)).map(|n| &rest[n]).collect()
        }
        Words::Behind(options) => behind(options, rest),
        Words::Leading(options) => behind(options, &rest[..leading(options, rest)]),
        Words::Formatted => formatted(rest),
        Words::FormattedBy(options) => {
            let has =
                |word: &Word| word.start().starts_with(b"-") && word.text.contains(&b'f') || may_be(options, word);
            let is_formatted = rest[..leading(options, rest)].iter().any(has);
            rest.iter().filter(|_| is_formatted).collect()
        }
    }
}

fn is(word: &Word, texts: &[&str]) -> bool {
    word.fixed().is_some_and(|text| texts.iter().any(|known| known.as_bytes() == text))
}

/// The words behind one of these options, or joined to it.
fn behind<'w>(options: &[&str], rest: &'w [Word]) -> Vec<&'w Word> {
    let joined = |word: &&Word| options.iter().any(|option| word.start().starts_with(option.as_bytes()));
    // Two in a row that are not known may be the option and its word.
    let pairs = rest.windows(2).filter(|pair| is(&pair[0], options) || may_be(options, &pair[0]));
    pairs.map(|pair| &pair[1]).chain(rest.iter().filter(joined)).collect()
}

/// Whether a word may turn out to be one of these options.
fn may_be(options: &[&str], word: &Word) -> bool {
    may_compare(Some(word)) && options.iter().any(|option| option.as_bytes().starts_with(word.start()))
}

/// How many words there are up to the first that is surely no option, and that one.
fn leading(options: &[&str], rest: &[Word]) -> usize {
    let mut count = 0;
    while let Some(word) = rest.get(count) {
        count += 1;
        if is(word, options) {
            count += 1;
        } else if word.fixed() == Some(b"--") || !word.start().starts_with(b"-") && !may_be(options, word) {
            break;
        }
    }
    count.min(rest.len())
}

/// Whether a word is known only when the script runs.
fn may_compare(word: Option<&Word>) -> bool {
    let is_text = |source: &Source| matches!(source, Source::Text(_) | Source::Subscript(_) | Source::Joined);
    word.is_some_and(|word| word.is_open() && !word.takes.iter().all(is_text))
}

/// The words that `printf` reads as numbers. It goes through its format again as long as there are words.
fn formatted(rest: &[Word]) -> Vec<&Word> {
    let at = rest.iter().position(|word| !word.start().starts_with(b"-")).unwrap_or(rest.len());
    let Some((format, words)) = rest[at..].split_first() else { return Vec::new() };
    let mut is_number = Vec::new();
    let mut conversions = format.text.split(|byte| *byte == b'%').skip(1);
    while let Some(text) = conversions.next() {
        // Flags, width and precision, the length of a number, and which word is meant.
        let flags = text.iter().take_while(|byte| b"0123456789.*-+ #',hlLjztI$".contains(byte)).count();
        let (flags, conversion) = (&text[..flags], text.get(flags));
        if flags.contains(&b'$') {
            // Which word is which number is not followed.
            return words.iter().collect();
        }
        is_number.extend(flags.iter().filter(|byte| **byte == b'*').map(|_| true));
        match conversion {
            // `%%`: what follows the second is no conversion.
            None => drop(conversions.next()),
            Some(conversion) => is_number.push(!b"sbcq".contains(conversion)),
        }
    }
    if format.is_open() || is_number.is_empty() {
        is_number = vec![format.is_open()];
    }
    let numbers = is_number.iter().cycle();
    words.iter().zip(numbers).filter(|(_, is_number)| **is_number).map(|(word, _)| word).collect()
}

/// Notes the variables that a command makes, and of what kind they are.
fn declare(name: &[u8], rest: &[Word], found: &mut Found) -> Result<()> {
    let is_flag = |word: &&Word| word.start().starts_with(b"-") || word.start().starts_with(b"+");
    let has =
        |letters: &[u8]| rest.iter().filter(is_flag).any(|word| word.text.iter().any(|byte| letters.contains(byte)));
    let is_export = matches!(name, b"export" | b"readonly");
    let is_integer = matches!(name, b"integer" | b"float") || has(if is_export { b"" } else { b"iFEX" });
    let is_array = has(b"aA") && found.shells.kinds.meets(Shells::BASH);
    let is_reference = name == b"nameref" || has(if is_export { b"" } else { b"nm" });
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
            if is_reference {
                found.flow.references.insert(variable.to_vec());
            }
            if has(b"aA") {
                found.flow.arrays.insert(variable.to_vec());
            }
            continue;
        }
        match word.slot {
            Some(slot) if is_reference || is_array && !word.is_array => {
                return as_name(&String::from_utf8_lossy(name), slot, found);
            }
            _ if is_reference => {
                found.flow.evaluate(Evaluator::Name, &word.takes);
                let target = word.constant().map(<[u8]>::to_vec);
                target.into_iter().for_each(|target| found.flow.alias(variable, &target));
            }
            _ if is_array && !word.is_array => found.flow.evaluate(Evaluator::Name, &word.takes),
            _ => {}
        }
        if !word.is_array {
            found.flow.declared(variable, &word.takes);
        }
        assign(word, found);
    }
    Ok(())
}
