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

/// Builtins that take names, in which bash evaluates subscripts.
const NAMING: &[&[u8]] = &[b"let", b"unset", b"read", b"mapfile", b"readarray", b"getopts", b"wait"];

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
        if matches!(name, b"echo" | b"printf" | b"cat") {
            found.written = found.written.or(rest.iter().find_map(|word| word.slot));
        }
    }
    for (n, word) in words.iter().enumerate() {
        interpreter(word, &words[n + 1..], found);
    }
    Ok(())
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

/// Warns where a program takes a value as a part of a script.
fn interpreter(program: &Word, rest: &[Word], found: &mut Found) {
    let text = program.fixed().unwrap_or_default();
    let name = text.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let shown = String::from_utf8_lossy(name).into_owned();
    let is_any = |names: &[&[u8]]| names.contains(&name);
    let given = if is_any(BY_ALL) {
        rest.iter().find_map(|word| word.slot)
    } else if is_any(BY_WORD) {
        script_word(name, rest)
    } else {
        // A program whose name is known only when it runs may be a shell.
        let flags = BY_FLAG.iter().find(|(names, _)| is_any(names)).map(|(_, flags)| *flags);
        flags.or(program.fixed().is_none().then_some(b"c")).and_then(|flags| behind_flag(flags, rest))
    };
    let is_other = is_any(BY_WORD) || BY_FLAG[2..].iter().any(|(names, _)| is_any(names)) && name != b"env";
    if let Some(slot) = given {
        let by = if shown.is_empty() { "a program".to_owned() } else { format!("`{shown}`") };
        let to = if is_other { "as code to" } else { "to another shell by" };
        let slot = found.written_as(slot);
        found.warnings.push(format!("the value of {slot} is given {to} {by}, which this quoting does not protect"));
    }
    let reads_input = is_any(SHELLS) && rest.iter().all(|word| word.text.starts_with(b"-") && word.is_fixed);
    if reads_input || matches!(name, b"ssh" | b"su") {
        found.reader.get_or_insert(shown);
    }
}

/// The placeholder in the word behind a flag like `-c`, or in one that begins with it.
fn behind_flag(flags: &[u8], rest: &[Word]) -> Option<usize> {
    let is_flag = |word: &Word| {
        word.text.starts_with(b"-")
            && !word.text.starts_with(b"--")
            && word.text.iter().any(|byte| flags.contains(byte))
    };
    let at = rest.iter().position(is_flag)?;
    let script = rest[at + 1..].iter().find(|word| !(word.is_fixed && word.text.starts_with(b"-")));
    rest[at].slot.or(script.and_then(|word| word.slot))
}

/// The placeholder in the script of `awk` or `sed`.
fn script_word(name: &[u8], rest: &[Word]) -> Option<usize> {
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match word.fixed() {
            Some(b"-v" | b"-F" | b"-f") if !name.ends_with(b"sed") => drop(words.next()),
            Some(b"-e" | b"--expression") => return words.next().and_then(|word| word.slot),
            Some(flag) if flag.starts_with(b"-") => {}
            _ => return word.slot,
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
    if let Some(slot) = found.assigned.filter(|_| found.calculates) {
        let slot = found.written_as(slot);
        found.warnings.push(format!(
            "the value of {slot} is given to a variable, and there is arithmetic: some shells evaluate a variable's \
             text there, which this quoting does not protect"
        ));
    }
    if let (Some(slot), Some(reader)) = (found.written, &found.reader) {
        let slot = found.written_as(slot);
        let warning = format!(
            "the value of {slot} is given to another shell by the input of `{reader}`, which this quoting does not protect"
        );
        found.warnings.push(warning);
    }
    found.warnings.dedup();
    Ok(())
}
