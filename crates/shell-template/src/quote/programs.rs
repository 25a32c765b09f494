//! What the programs that a script starts take as code, by the table of [`interpreters`](super::interpreters).
//!
//! This is a list of what is commonly written, not a proof: the promise covers one level.

use super::commands::assign;
use super::flow::{Evaluator, Source, Sources};
use super::interpreters::{PROGRAMS, Program, Takes};
use super::symbols::Found;
use super::words::Word;

/// How many programs may start each other.
const DEEP: usize = 8;

/// The files that are standard input.
const INPUTS: [&[u8]; 3] = [b"-", b"/dev/stdin", b"/dev/tty"];

/// Notes where the programs of a command take code.
pub(super) fn judge(words: &[Word], input: &Sources, found: &mut Found) {
    command(words, input, 0, found);
}

fn command(words: &[Word], input: &Sources, depth: usize, found: &mut Found) {
    let Some((name, rest)) = words.split_first() else { return };
    match of(name) {
        Some(program) if depth < DEEP => {
            Call { program, name: shown(name), input: input.clone() }.judge(rest, depth, found);
        }
        _ => {
            value_as_name(name, rest, found);
            // It may start a program that it is given: `docker exec box sh -c …`. Only what shows that plainly counts.
            for (n, word) in words.iter().enumerate() {
                // A program whose name is known only when it runs may be a shell.
                let program = if word.is_open() && n == 0 { PROGRAMS.first() } else { of(word) };
                let Some(program) = program else { continue };
                let name = if word.is_open() { "a program".to_owned() } else { shown(word) };
                let call = Call { program, name, input: Sources::new() };
                let parsed = call.parse(&words[n + 1..]);
                let options = parsed.code.iter().map(|(_, takes)| takes.clone()).collect::<Vec<_>>();
                options.iter().for_each(|takes| call.code(takes, found));
            }
        }
    }
}

/// A value names the program, and another one is among its words: `{1} {2}`.
fn value_as_name(name: &Word, rest: &[Word], found: &mut Found) {
    let Some(slot) = name.slot else { return };
    let is_other = |source: &Source| matches!(source, Source::Value(other) if found.uses.get(*other).map(|used| used.slot) != found.uses.get(slot).map(|used| used.slot));
    let others: Sources = rest.iter().flat_map(|word| word.takes.clone()).filter(is_other).collect();
    found.flow.evaluate(Evaluator::Program("a program".to_owned()), &others);
}

fn of(word: &Word) -> Option<&'static Program> {
    let name = base(word)?;
    PROGRAMS.iter().find(|program| program.names.iter().any(|known| known.as_bytes() == name))
}

/// The name of a program without its folders.
fn base(word: &Word) -> Option<&[u8]> {
    let text = if word.is_fixed { &word.text[..] } else { word.end()? };
    let name = text.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    (word.is_fixed || text.contains(&b'/')).then_some(name)
}

fn shown(word: &Word) -> String {
    let name = base(word).unwrap_or_default();
    String::from_utf8_lossy(if name == b"." { b"source" } else { name }).into_owned()
}

/// A program that takes code, as it is called.
struct Call {
    program: &'static Program,
    name: String,
    input: Sources,
}

/// The words of a call.
#[derive(Default)]
struct Parsed<'w> {
    operands: Vec<&'w Word>,
    /// Where the operands are among the words.
    places: Vec<usize>,
    /// The words behind options that take code, and the code in them.
    code: Vec<(Option<&'w Word>, Sources)>,
    /// The words that name files of code.
    files: Vec<&'w Word>,
    /// `-s` of a shell: operands are parameters, and its script is its input.
    reads_input: bool,
    /// What `-I` of xargs names.
    token: Option<&'w [u8]>,
}

impl Call {
    fn judge(&self, rest: &[Word], depth: usize, found: &mut Found) {
        let parsed = self.parse(rest);
        for (_, takes) in &parsed.code {
            self.code(takes, found);
        }
        parsed.files.iter().for_each(|file| self.file(file, found));
        let has_code = !parsed.code.is_empty() || !parsed.files.is_empty();
        if self.program.is_shell {
            let words = parsed.operands.iter().flat_map(|word| word.takes.clone()).collect();
            found.flow.give(Source::Parameters, &words);
        }
        let operand = |n: usize| parsed.operands.get(n).copied();
        for takes in self.program.takes {
            match takes {
                Takes::Operand(n) if !has_code => {
                    operand(*n).into_iter().for_each(|word| self.code(&word.takes, found))
                }
                Takes::From(n) => parsed.operands.iter().skip(*n).for_each(|word| self.code(&word.takes, found)),
                Takes::Beginning(with) => {
                    for word in &parsed.operands {
                        let begins = with.iter().any(|with| word.start().starts_with(with.as_bytes()));
                        if begins || with.is_empty() && word.assigns().is_some() {
                            self.code(&word.takes, found);
                        }
                    }
                }
                Takes::Script(n) if !has_code => operand(*n).into_iter().for_each(|word| self.file(word, found)),
                Takes::Input(most) if !has_code && (parsed.operands.len() <= *most || parsed.reads_input) => {
                    self.reads(found)
                }
                Takes::Input(_) if has_code && self.program.is_shell => self.may_read(&parsed, found),
                Takes::Runs(n) => {
                    let skip = |word: &&&Word| word.assigns().is_some();
                    let assigned = parsed.operands.iter().skip(*n).take_while(skip).count();
                    // The program that is run sees these variables.
                    parsed.operands.iter().skip(*n).take(assigned).for_each(|word| assign(word, found));
                    if let Some(place) = parsed.places.get(n + assigned) {
                        command(&rest[*place..], &self.input, depth + 1, found);
                    }
                }
                Takes::RunsBehind(options) => {
                    for (n, word) in rest.iter().enumerate() {
                        if word.fixed().is_some_and(|text| options.iter().any(|option| option.as_bytes() == text)) {
                            command(&rest[n + 1..], &Sources::new(), depth + 1, found);
                        }
                    }
                }
                Takes::Fills => self.fill(&parsed, rest, depth, found),
                _ => {}
            }
        }
    }

    /// Notes a word that is code.
    fn code(&self, takes: &Sources, found: &mut Found) {
        let name = self.name.clone();
        found
            .flow
            .evaluate(if self.program.is_shell { Evaluator::Shell(name) } else { Evaluator::Program(name) }, takes);
    }

    /// Notes that standard input is code.
    fn reads(&self, found: &mut Found) {
        let name = self.name.clone();
        let by = if self.program.is_shell { Evaluator::ShellInput(name) } else { Evaluator::ProgramInput(name) };
        found.flow.evaluate(by, &self.input);
    }

    /// A script of its own may make code of what it reads.
    fn may_read(&self, parsed: &Parsed, found: &mut Found) {
        let makes = |text: &[u8]| {
            [&b"eval"[..], b"source", b"| sh", b"|sh", b"xargs", b"((", b". /"]
                .iter()
                .any(|part| text.windows(part.len()).any(|window| window == *part))
        };
        if parsed.code.iter().any(|(word, _)| word.is_none_or(|word| word.is_open() || makes(&word.text))) {
            self.reads(found);
        }
    }

    /// Notes that a file is code. That a value names it is what was asked for; what the script writes to it is code.
    fn file(&self, word: &Word, found: &mut Found) {
        let is_descriptor = |text: &[u8]| text.starts_with(b"/dev/fd/") || text.starts_with(b"/proc/self/fd/");
        if word.fixed().is_some_and(|text| INPUTS.contains(&text) || is_descriptor(text)) {
            self.reads(found);
        } else {
            self.code(&word.content(), found);
        }
    }

    /// A command whose words come from standard input, too.
    fn fill(&self, parsed: &Parsed, rest: &[Word], depth: usize, found: &mut Found) {
        let place = parsed.places.first().copied().unwrap_or(rest.len());
        let end = rest.iter().position(|word| word.text.starts_with(b":::")).unwrap_or(rest.len());
        let named = end.max(place);
        if self.name == "parjob" {
            // `run` and the others take words.
            if parsed.operands.first().is_some_and(|word| word.text == b"sh") && parsed.operands.len() < 2 {
                self.reads(found);
            }
            return;
        }
        if !self.name.ends_with("xargs") {
            rest[place.min(named)..named].iter().for_each(|word| self.code(&word.takes, found));
            if named == rest.len() && parsed.files.is_empty() {
                self.reads(found);
            }
            return;
        }
        let mut words: Vec<Word> = rest[place..].to_vec();
        let is_token = |word: &Word, token: &[u8]| word.text.windows(token.len().max(1)).any(|window| window == token);
        match parsed.token {
            Some(token) => {
                for word in words.iter_mut().filter(|word| is_token(word, token)) {
                    word.takes.extend(self.input.clone());
                    word.is_fixed = false;
                }
            }
            None => words.push(Word { takes: self.input.clone(), ..Word::default() }),
        }
        // What it reads is said to come by its input.
        let mut inner = Found { shells: found.shells.clone(), ..Found::default() };
        command(&words, &Sources::new(), depth + 1, &mut inner);
        for (by, from) in inner.flow.take_evaluated() {
            let input: Sources = from.intersection(&self.input).cloned().collect();
            found.flow.evaluate(Evaluator::ShellInput(self.name.clone()), &input);
            found.flow.evaluate(by, &from.difference(&self.input).cloned().collect());
        }
    }

    /// Parts options and operands.
    fn parse<'w>(&self, rest: &'w [Word]) -> Parsed<'w> {
        let mut parsed = Parsed::default();
        let (mut n, mut is_over) = (0, false);
        while let Some(word) = rest.get(n) {
            let is_option = !is_over && word.start().len() > 1 && matches!(word.start()[0], b'-' | b'+');
            if is_option && word.text == b"--" {
                is_over = true;
            } else if is_option {
                n += self.option(word, &rest[n + 1..], parsed.operands.is_empty(), &mut parsed);
            } else {
                parsed.operands.push(word);
                parsed.places.push(n);
            }
            n += 1;
        }
        parsed
    }

    /// Reads an option, and says how many words behind it belong to it.
    fn option<'w>(&self, word: &'w Word, behind: &'w [Word], leads: bool, parsed: &mut Parsed<'w>) -> usize {
        let options = |wanted: fn(&Takes) -> Option<&'static [&'static str]>| {
            self.program.takes.iter().filter_map(wanted).flatten().copied().collect::<Vec<&str>>()
        };
        let mut code = options(|takes| if let Takes::Option(options) = takes { Some(options) } else { None });
        if leads {
            code.extend(options(|takes| if let Takes::Leading(options) = takes { Some(options) } else { None }));
        }
        let files = options(|takes| if let Takes::File(options) = takes { Some(options) } else { None });
        let is_in = |options: &[&str], option: &[u8]| options.iter().any(|known| known.as_bytes() == option);
        let mut give = |option: &[u8], argument: Option<&'w Word>, joined: bool| -> bool {
            if matches!(option, b"-I" | b"-J" | b"-i" | b"--replace") {
                parsed.token =
                    argument.map(|word| if joined { &word.text[2.min(word.text.len())..] } else { &word.text[..] });
            }
            if is_in(&code, option) {
                parsed
                    .code
                    .push((argument.filter(|_| !joined), argument.map(|word| word.takes.clone()).unwrap_or_default()));
            } else if is_in(&files, option) {
                parsed.files.extend(argument);
            } else {
                return is_in(self.program.valued, option);
            }
            true
        };
        let takes_rest = |letter: &u8| self.program.joined.contains(letter);
        // Options may stand between an option and its argument, as in `sh -c -e SCRIPT`.
        let skips = |n: &usize| {
            self.program.is_shell && self.program.names.contains(&"bash") && behind[*n].start().starts_with(b"-")
        };
        let next = (0..behind.len()).find(|n| !skips(n)).unwrap_or_default();
        let long = word.start().split(|byte| *byte == b'=').next().unwrap_or_default();
        if long.len() > 2
            && give(long, if long == word.text { behind.get(next) } else { Some(word) }, long != word.text)
        {
            return usize::from(long == word.text) * (next + 1);
        }
        if word.start().starts_with(b"--") || word.start().starts_with(b"+") {
            return 0;
        }
        for (at, letter) in word.start().iter().enumerate().skip(1) {
            let is_last = word.is_fixed && at + 1 == word.text.len();
            if takes_rest(letter) {
                return 0;
            }
            parsed.reads_input |= *letter == b's' && self.program.names.contains(&"bash");
            // A shell takes its script behind all letters.
            let takes_next = is_last || self.program.names.contains(&"bash") && word.is_fixed;
            if give(&[b'-', *letter], if takes_next { behind.get(next) } else { Some(word) }, !takes_next) {
                return usize::from(takes_next) * (next + 1);
            }
        }
        // The letters may be a value.
        if word.is_open() {
            parsed.code.push((None, word.takes.clone()));
        }
        0
    }
}
