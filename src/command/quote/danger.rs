//! Commands that look into their words: what quotes cannot protect.
//!
//! A value arrives at a command byte for byte, but some commands read code, names or arithmetic out of what they are
//! given. Builtins that would do so in this very shell are refused. Where a further shell or interpreter is given the
//! value as a part of its program, that is what was asked for, and there is a warning. This is a list of what is
//! commonly written, not a proof: the promise covers one level.

use anyhow::Result;

use super::symbols::Found;
use super::words::Word;

/// Programs that take a script behind a flag: their names, and the letters of the flag.
const BY_FLAG: &[(&[&[u8]], &[u8])] = &[
    (SHELLS, b"c"),
    (&[b"su", b"runuser", b"script", b"flock"], b"c"),
    (&[b"python", b"python2", b"python3", b"pypy3"], b"c"),
    (&[b"perl"], b"eE"),
    (&[b"ruby", b"lua", b"osascript"], b"e"),
    (&[b"node", b"bun", b"deno"], b"ep"),
    (&[b"php"], b"r"),
    (&[b"env"], b"S"),
];

const SHELLS: &[&[u8]] =
    &[b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"mksh", b"fish", b"csh", b"tcsh", b"rbash", b"busybox"];

/// Programs of which the first word that is no flag is a script.
const BY_WORD: &[&[u8]] = &[b"awk", b"gawk", b"mawk", b"nawk", b"sed", b"gsed"];

/// Programs and builtins that take all their words together as a script, now or later.
const BY_ALL: &[&[u8]] = &[b"eval", b"trap", b"ssh", b"rsh", b"watch"];

/// Programs that make words of what they read, for a program that they are given.
const BY_INPUT: &[&[u8]] = &[b"xargs", b"parallel", b"rush", b"parjob"];

/// Builtins that take names, in which bash evaluates subscripts.
const NAMING: &[&[u8]] = &[b"let", b"unset", b"read", b"mapfile", b"readarray", b"getopts", b"wait"];

/// Builtins that give variables what they read.
const READING: &[&[u8]] = &[b"read", b"mapfile", b"readarray", b"getopts"];

/// Variables whose text a shell evaluates: as it traces, or as it starts.
const EVALUATED: &[&[u8]] = &[b"PS0", b"PS1", b"PS2", b"PS4", b"PROMPT_COMMAND", b"BASH_ENV", b"ENV"];

/// Builtins that give variables values.
const DECLARING: &[&[u8]] = &[b"declare", b"typeset", b"local", b"export", b"readonly"];

/// Words with which a script may change its positional parameters.
const TOUCHING: &[&[u8]] = &[b"set", b"shift", b"eval", b"source", b"getopts", b"trap", b"mapfile", b"readarray"];

/// Looks at the words of a command.
pub(super) fn judge(words: &[Word], found: &mut Found) -> Result<()> {
    let Some(first) = words.first() else { return Ok(()) };
    let passes_on = |word: &&Word| matches!(word.fixed(), Some(b"command" | b"builtin" | b"exec"));
    let behind = words.iter().take_while(passes_on).count();
    let touches = |word: &Word| word.fixed().is_some_and(|text| TOUCHING.contains(&text));
    found.touches_parameters |= words.get(behind).is_some_and(|word| matches!(word.fixed(), None | Some(b".")));
    found.touches_parameters |= first.fixed().is_none() || words.iter().any(touches);
    let words = &words[behind..];
    if let Some((name, rest)) = words.split_first()
        && let Some(name) = name.fixed()
    {
        builtin(name, rest, found)?;
        let slot = rest.iter().find_map(|word| word.slot);
        match name {
            b"printf" if rest.first().is_some_and(|word| word.text.starts_with(b"-v")) => {
                found.assigned = found.assigned.or(slot);
            }
            b"echo" | b"printf" | b"cat" => found.written = found.written.or(slot),
            b"set" => found.assigned = found.assigned.or(slot),
            b"." | b"source" => sourced(rest, found),
            _ => {}
        }
    } else {
        // It may be any of these.
        found.spreads |= words.iter().any(|word| word.slot.is_some());
    }
    for (n, word) in words.iter().enumerate() {
        let leads = words[..n].iter().all(|word| word.fixed().is_some_and(is_before));
        interpreter(word, leads, &words[n + 1..], found);
        if word.is_assignment() {
            judge_evaluated(word, found);
        }
    }
    Ok(())
}

/// Whether a word may stand before the name of the program that is run.
fn is_before(word: &[u8]) -> bool {
    let is_runner =
        [&b"sudo"[..], b"env", b"nice", b"nohup", b"time", b"timeout", b"stdbuf", b"setsid"].contains(&word);
    is_runner || word.starts_with(b"-") || word.contains(&b'=') || word.first().is_some_and(u8::is_ascii_digit)
}

/// Looks at an assignment before a command, or by itself.
pub(super) fn judge_assignment(word: &Word, found: &mut Found) {
    found.assigned = found.assigned.or(word.slot);
    judge_evaluated(word, found);
}

/// Warns where what is assigned will be evaluated.
fn judge_evaluated(word: &Word, found: &mut Found) {
    let name = word.head.split(|byte| matches!(byte, b'=' | b'+')).next().unwrap_or_default();
    if !EVALUATED.contains(&name) || word.is_fixed {
        return;
    }
    let name = String::from_utf8_lossy(name).into_owned();
    match word.slot {
        Some(slot) => {
            let slot = found.written_as(slot);
            let warning = format!(
                "the value of {slot} is given to the variable {name}, whose text shells evaluate, which this quoting does \
                 not protect"
            );
            found.warnings.push(warning);
        }
        None => drop(found.composed.get_or_insert(name)),
    }
}

/// What this very shell reads as a script: a value in `<(…)`, or what comes on standard input.
fn sourced(rest: &[Word], found: &mut Found) {
    let Some(file) = rest.first() else { return };
    if file.fixed().is_some_and(|name| name.starts_with(b"/dev/") || name.starts_with(b"/proc/")) {
        found.reader.get_or_insert("source".to_owned());
    }
    from_process(rest, "source", found);
}

/// Warns where a script is what a command inside `<(…)` writes.
fn from_process(rest: &[Word], by: &str, found: &mut Found) {
    let Some(slot) =
        rest.iter().filter(|word| found.template.get(word.span.0) == Some(&b'<')).find_map(|word| word.slot)
    else {
        return;
    };
    let slot = found.written_as(slot);
    let warning =
        format!("the value of {slot} is given to another shell by `{by}`, which this quoting does not protect");
    found.warnings.push(warning);
}

/// Refuses values where a builtin would evaluate them.
fn builtin(name: &[u8], rest: &[Word], found: &mut Found) -> Result<()> {
    let flag = |word: &Word| word.text.starts_with(b"-") || word.text.starts_with(b"+");
    if let Some(word) = rest.first().filter(|_| name == b"alias") {
        return found.refuse(word.span.0, "an alias changes how a shell reads what follows: write a function instead");
    }
    if DECLARING.contains(&name) {
        let evaluates = |word: &&Word| flag(word) && word.text.iter().any(|byte| b"inaA".contains(byte));
        found.evaluates = found.evaluates.or(rest.iter().find(evaluates).map(|word| word.span.0));
    }
    found.spreads |= READING.contains(&name);
    found.calculates |= looks_up(name, rest);
    for (n, word) in rest.iter().enumerate() {
        let Some(slot) = word.slot else { continue };
        let before = n.checked_sub(1).and_then(|n| rest[n].fixed());
        let is_test = matches!(name, b"test" | b"[");
        // Two values in a row may be `-v` and a name.
        let is_second = is_test && before.is_none() && n > 0;
        let names_variable = is_second
            || (is_test || name == b"printf")
                && (matches!(before, Some(b"-v" | b"-R")) || word.head.starts_with(b"-v"));
        if NAMING.contains(&name) || names_variable || DECLARING.contains(&name) && !word.is_assignment() {
            let why =
                "would be the name of a variable or arithmetic, in which some shells run commands: use name=value";
            return found.refuse_slot(slot, why);
        }
        if name == b"printf" && n == 0 && word.text.is_empty() {
            return found
                .refuse_slot(slot, "would be the format or an option of printf: write printf '%s\\n' before it");
        }
        if DECLARING.contains(&name) {
            found.assigned = found.assigned.or(Some(slot));
        }
    }
    Ok(())
}

/// Whether a builtin calculates, or takes a name that a variable may make.
fn looks_up(name: &[u8], rest: &[Word]) -> bool {
    let is_open = |word: &Word| word.fixed().is_none();
    let behind = |flags: &[&[u8]]| {
        rest.windows(2).any(|pair| is_open(&pair[1]) && pair[0].fixed().is_some_and(|flag| flags.contains(&flag)))
    };
    match name {
        b"let" => true,
        // Two in a row may be `-v` and a name.
        b"test" | b"[" => behind(&[b"-v", b"-R"]) || rest.windows(2).any(|pair| pair.iter().all(is_open)),
        b"printf" => behind(&[b"-v"]) || rest.first().is_some_and(|word| is_open(word) && word.head.starts_with(b"-v")),
        name if DECLARING.contains(&name) => rest.iter().any(|word| is_open(word) && !word.is_assignment()),
        name if NAMING.contains(&name) => rest.iter().any(is_open),
        _ => false,
    }
}

/// Warns where a program takes a value as a part of a script.
fn interpreter(program: &Word, leads: bool, rest: &[Word], found: &mut Found) {
    let text = program.fixed().unwrap_or_default();
    let name = text.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let shown = String::from_utf8_lossy(name).into_owned();
    let is_any = |names: &[&[u8]]| names.contains(&name);
    let code = if is_any(BY_ALL) {
        rest.iter().find(|word| word.slot.is_some()).or(rest.iter().find(|word| word.fixed().is_none()))
    } else if is_any(BY_WORD) {
        script_word(name, rest)
    } else {
        // A program whose name is known only when it runs may be a shell.
        let flags = BY_FLAG.iter().find(|(names, _)| is_any(names)).map(|(_, flags)| *flags);
        flags.or(program.fixed().is_none().then_some(b"c")).and_then(|flags| behind_flag(flags, rest))
    };
    let given = code.and_then(|word| word.slot);
    let is_other = is_any(BY_WORD) || BY_FLAG[2..].iter().any(|(names, _)| is_any(names)) && name != b"env";
    if let Some(slot) = given {
        let by = if shown.is_empty() { "a program".to_owned() } else { format!("`{shown}`") };
        let to = if is_other { "as code to" } else { "to another shell by" };
        let slot = found.written_as(slot);
        found.warnings.push(format!("the value of {slot} is given {to} {by}, which this quoting does not protect"));
    } else if code.is_some_and(|word| word.fixed().is_none()) && !shown.is_empty() {
        found.composed.get_or_insert(shown.clone());
    }
    if is_any(SHELLS) {
        from_process(rest, &shown, found);
    }
    let reads_input = is_any(SHELLS) && rest.iter().all(|word| word.text.starts_with(b"-") && word.is_fixed);
    // A script of its own may make code of what it reads.
    let may = found.pipes && is_any(SHELLS) && code.is_some();
    let is_code = |word: &Word| {
        let name = word.text.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        BY_ALL.contains(&name) || BY_FLAG.iter().any(|(names, _)| names.contains(&name)) || word.fixed().is_none()
    };
    let passes = leads && is_any(BY_INPUT) && (name != b"xargs" || rest.iter().any(is_code));
    if reads_input || may || passes || matches!(name, b"ssh" | b"su") {
        found.reader.get_or_insert(shown);
    }
}

/// The word behind a flag like `-c`, or the flag itself where it holds a placeholder.
fn behind_flag<'a>(flags: &[u8], rest: &'a [Word]) -> Option<&'a Word> {
    let is_flag = |word: &Word| {
        word.text.starts_with(b"-")
            && !word.text.starts_with(b"--")
            && word.text.iter().any(|byte| flags.contains(byte))
    };
    let at = rest.iter().position(is_flag)?;
    let script = rest[at + 1..].iter().find(|word| !(word.is_fixed && word.text.starts_with(b"-")));
    if rest[at].slot.is_some() { Some(&rest[at]) } else { script }
}

/// The script of `awk` or `sed`.
fn script_word<'a>(name: &[u8], rest: &'a [Word]) -> Option<&'a Word> {
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.fixed() {
            Some(b"-v" | b"-F" | b"-f") if !name.ends_with(b"sed") => drop(words.next()),
            Some(b"-e" | b"--expression") => return words.next(),
            Some(flag) if flag.starts_with(b"-") => {}
            _ => return Some(word),
        }
    }
    None
}

/// What stands between `[[` and `]]`.
#[derive(Debug)]
pub(super) struct Condition {
    /// Where it begins.
    pub(super) at: usize,
    slot: Option<usize>,
    evaluates: bool,
}

impl Condition {
    pub(super) fn new(at: usize) -> Condition {
        Condition { at, slot: None, evaluates: false }
    }

    /// Looks at the next word, and says whether it was the last.
    pub(super) fn take(&mut self, word: &Word, found: &mut Found) -> Result<bool> {
        const EVALUATING: [&[u8]; 8] = [b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-v", b"-R"];
        self.slot = self.slot.or(word.slot);
        self.evaluates |= word.fixed().is_some_and(|text| EVALUATING.contains(&text));
        found.calculates |= self.evaluates;
        match self.slot {
            Some(slot) if self.evaluates => {
                found.refuse_slot(slot, "stands in a [[ that evaluates arithmetic or names: write [ … ] for it")
            }
            _ => Ok(word.plain() == Some(b"]]")),
        }
    }
}

/// What can be said only of the whole script.
pub(super) fn judge_whole(found: &mut Found) -> Result<()> {
    if let Some(at) = found.evaluates.filter(|_| !found.uses.is_empty()) {
        return found
            .refuse(at, "variables of this kind evaluate what they are given: values cannot be kept out of them");
    }
    if found.uses.is_empty() {
        return Ok(());
    }
    let spreads = found.assigned.or(found.spreads.then_some(0));
    if let Some(slot) = spreads.filter(|_| found.calculates) {
        let slot = found.written_as(slot);
        found.warnings.push(format!(
            "the value of {slot} is given to a variable or parameter, or may be, and there is arithmetic, or a name that \
             one of them makes: some shells evaluate its text there, which this quoting does not protect"
        ));
    }
    if let (Some(slot), Some(by)) = (spreads, &found.composed) {
        let slot = found.written_as(slot);
        found.warnings.push(format!(
            "the value of {slot} is given to a variable or parameter, or may be, and `{by}` evaluates what they make, \
             which this quoting does not protect"
        ));
    }
    if let (Some(slot), Some(reader)) = (found.written.or(spreads), &found.reader) {
        let slot = found.written_as(slot);
        let warning = format!(
            "the value of {slot} is given to another shell by the input of `{reader}`, which this quoting does not protect"
        );
        found.warnings.push(warning);
    }
    found.warnings.dedup();
    Ok(())
}
