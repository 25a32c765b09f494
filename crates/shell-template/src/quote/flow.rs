//! Where values go in a script: from placeholders to variables, parameters, input and files, and from there to the
//! places that evaluate what they are given.
//!
//! The parser notes what is given to what ([`Flow::give`]) and what is evaluated ([`Flow::evaluate`]), in any order. When
//! the script is read, [`judge`] follows the notes until nothing more is reached. The order of commands, conditions and
//! subshells do not count: what is given anywhere may arrive everywhere. So a loop needs no thought, and a variable is
//! safe only where no value is ever given to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;

use super::shells::{self, Reads, Shells};
use super::symbols::Found;
use super::words::Word;

/// Something that text can come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A placeholder, by its number among [`Found::uses`].
    Value(usize),
    Variable(Vec<u8>),
    /// The variable whose name is the text of this source.
    Named(Box<Source>),
    /// `$1`, `$@` and the others.
    Parameters,
    /// Standard input, where more than a single command reads it.
    Input,
    /// A here-document, by its number.
    Document(usize),
    /// What the script itself wrote to a file, by the last part of its name.
    File(Vec<u8>),
    /// What a function prints.
    Function(Vec<u8>),
    /// All that commands print, where that goes to a file or to `>(…)`.
    Output,
    /// A name in a text of the script: arithmetic takes it for a variable, and evaluates the text of that.
    Text(Vec<u8>),
    /// The same inside `[…]`, which is evaluated also where only the name of a variable is expected.
    Subscript(Vec<u8>),
    /// A text of the script that is code for a shell which is given it.
    Code(Vec<u8>),
    /// Texts that are put together, and may be a name only then.
    Joined,
}

pub(super) type Sources = BTreeSet<Source>;

/// The name that stands for files whose name is known only when the script runs.
pub(super) const ANY_FILE: &[u8] = b"*";

/// What evaluates text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evaluator {
    Arithmetic,
    /// What expects the name of a variable, and evaluates its subscript.
    Name,
    /// A variable of that name, to which shells give the result of its text as arithmetic.
    Integer(String),
    /// A shell that reads code, by the name of the program.
    Shell(String),
    /// Another program that reads code.
    Program(String),
    /// A shell that reads its standard input as code.
    ShellInput(String),
    /// Another program that does.
    ProgramInput(String),
    /// A variable of that name, whose text shells or programs evaluate.
    Variable(String),
}

/// What the parser notes.
#[derive(Debug, Default)]
pub(super) struct Flow {
    gives: Vec<(Source, Sources)>,
    /// What is read by the names that variables hold.
    reads: Vec<(Source, Sources)>,
    evaluates: Vec<(Evaluator, Sources)>,
    /// Fixed texts that a variable or a parameter may have.
    constants: Vec<(Source, Vec<u8>)>,
    /// Variables that were declared to be integers.
    integers: BTreeSet<Vec<u8>>,
    /// Variables that are arrays.
    pub(super) arrays: BTreeSet<Vec<u8>>,
    /// What is given to variables by `declare`, which reads `(…)` out of it where the variable is an array.
    declared: Vec<(Vec<u8>, Sources)>,
    /// Variables that stand for others, of which only the script says when it runs.
    pub(super) references: BTreeSet<Vec<u8>>,
    /// The words of arrays, and of the parameters.
    pub(super) lists: BTreeMap<Source, Vec<Word>>,
    /// The functions of the script.
    pub(super) functions: BTreeSet<Vec<u8>>,
    /// What commands are given that may be functions: words and input.
    calls: Vec<(Option<Vec<u8>>, Sources, Sources)>,
    documents: usize,
    /// The shells that read code of the script, beside the one that reads the script.
    pub(super) others: Option<Shells>,
}

impl Flow {
    pub(super) fn give(&mut self, to: Source, from: &Sources) {
        if !from.is_empty() {
            self.gives.push((to, from.clone()));
        }
    }

    pub(super) fn evaluate(&mut self, by: Evaluator, from: &Sources) {
        if !from.is_empty() {
            self.evaluates.push((by, from.clone()));
        }
    }

    pub(super) fn take_evaluated(&mut self) -> Vec<(Evaluator, Sources)> {
        std::mem::take(&mut self.evaluates)
    }

    pub(super) fn constant(&mut self, of: Source, text: &[u8]) {
        self.constants.push((of, text.to_vec()));
    }

    /// The fixed texts that a source may have.
    pub(super) fn constants(&self, of: &Source) -> Vec<Vec<u8>> {
        self.constants.iter().filter(|(source, _)| source == of).map(|(_, text)| text.clone()).collect()
    }

    /// Whether the script itself gives something to this source.
    pub(super) fn is_given(&self, to: &Source) -> bool {
        self.gives.iter().any(|(source, _)| source == to)
    }

    pub(super) fn declare_integer(&mut self, name: &[u8]) {
        self.integers.insert(name.to_vec());
    }

    /// Two names for one variable.
    pub(super) fn alias(&mut self, one: &[u8], other: &[u8]) {
        let (one, other) = (Source::Variable(one.to_vec()), Source::Variable(other.to_vec()));
        self.give(one.clone(), &Sources::from([other.clone()]));
        self.give(other, &Sources::from([one]));
    }

    pub(super) fn declared(&mut self, name: &[u8], from: &Sources) {
        self.declared.push((name.to_vec(), from.clone()));
    }

    /// A command that may be a function; the name is `None` where it is known only when the script runs.
    pub(super) fn call(&mut self, name: Option<&[u8]>, words: &Sources, input: &Sources) {
        if !words.is_empty() || !input.is_empty() {
            self.calls.push((name.map(<[u8]>::to_vec), words.clone(), input.clone()));
        }
    }

    pub(super) fn document(&mut self) -> Source {
        self.documents += 1;
        Source::Document(self.documents)
    }

    /// Notes what calls give to functions, and what is given to variables by the names that others hold.
    pub(super) fn finish(&mut self) {
        for (name, words, input) in std::mem::take(&mut self.calls) {
            if name.map_or(!self.functions.is_empty(), |name| self.functions.contains(&name)) {
                self.give(Source::Parameters, &words);
                self.give(Source::Input, &input);
            }
        }
        for (name, from) in std::mem::take(&mut self.declared) {
            if self.arrays.contains(&name) {
                self.evaluate(Evaluator::Program("declare".to_owned()), &from);
            }
        }
        let named = |source: &Source| Source::Named(Box::new(source.clone()));
        for (holder, name) in self.constants.clone() {
            if let Source::Variable(variable) = &holder {
                // A file that is named by a variable.
                let mut last = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
                if last.iter().any(|byte| b"*?[".contains(byte)) {
                    last = b"**".to_vec();
                }
                let (file, by) = (Source::File(last), Source::File([b"$", &variable[..]].concat()));
                self.reads.push((file.clone(), Sources::from([by.clone()])));
                self.reads.push((by, Sources::from([file])));
            }
            let (variable, holder) = (Source::Variable(name), named(&holder));
            let given: Vec<_> =
                self.gives.iter().filter(|(to, _)| *to == holder).map(|(_, from)| from.clone()).collect();
            given.iter().for_each(|from| self.give(variable.clone(), from));
            self.reads.push((holder, Sources::from([variable])));
        }
        self.gives.append(&mut self.reads);
    }

    /// What is given to each source.
    fn given(&self) -> BTreeMap<&Source, Vec<&Sources>> {
        let mut given = BTreeMap::<_, Vec<_>>::new();
        self.gives.iter().for_each(|(to, from)| given.entry(to).or_default().push(from));
        given
    }

    /// The texts of the script that come to a shell as code, and the name of what evaluates them.
    pub(super) fn codes(&self, shells: Shells) -> BTreeMap<Vec<u8>, String> {
        let mut rest = Vec::new();
        for (by, from) in &self.evaluates {
            if let Evaluator::Shell(name) | Evaluator::ShellInput(name) = by {
                rest.extend(from.iter().map(|source| (source, name.as_str())));
            }
        }
        for (to, from) in &self.gives {
            let is_text = |name: &[u8]| shells::variable(name, shells) == Some(Reads::Text);
            if matches!(to, Source::Variable(name) if is_text(name)) {
                rest.extend(from.iter().map(|source| (source, "eval")));
            }
        }
        let (given, mut seen, mut codes) = (self.given(), BTreeSet::new(), BTreeMap::new());
        while let Some((source, name)) = rest.pop() {
            if let Source::Code(text) = source {
                codes.entry(text.clone()).or_insert_with(|| name.to_owned());
            } else if seen.insert(source) {
                rest.extend(given.get(source).into_iter().flatten().copied().flatten().map(|source| (source, name)));
            }
        }
        codes
    }

    /// All that a value reaches, each with the first such value.
    fn reached(&self) -> BTreeMap<Source, usize> {
        let mut reached = BTreeMap::new();
        loop {
            let before = reached.len();
            for (to, from) in &self.gives {
                if !reached.contains_key(to)
                    && let Some(value) = first(from, &reached)
                {
                    reached.insert(to.clone(), value);
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }
}

/// The first placeholder that stands in the text itself.
pub(super) fn value_in(sources: &Sources) -> Option<usize> {
    sources.iter().find_map(|source| if let Source::Value(value) = source { Some(*value) } else { None })
}

/// The first value that comes to one of these sources, in whatever way.
fn first(from: &Sources, reached: &BTreeMap<Source, usize>) -> Option<usize> {
    from.iter().find_map(|source| match source {
        Source::Value(value) => Some(*value),
        other => reached.get(other).copied(),
    })
}

/// The first value to which one of these sources leads what evaluates it.
fn evaluated(
    by: &Evaluator,
    from: &Sources,
    given: &BTreeMap<&Source, Vec<&Sources>>,
    reached: &BTreeMap<Source, usize>,
) -> Option<usize> {
    let is_name = match by {
        Evaluator::Arithmetic | Evaluator::Integer(_) => false,
        Evaluator::Name => true,
        _ => return first(from, reached),
    };
    let mut seen = from.clone();
    let mut rest: Vec<_> = from.iter().cloned().collect();
    while let Some(source) = rest.pop() {
        if let Some(value) = first(&Sources::from([source.clone()]), reached) {
            return Some(value);
        }
        let mut leads = |source: &Source| {
            if seen.insert(source.clone()) {
                rest.push(source.clone());
            }
        };
        match &source {
            Source::Text(name) if !is_name => leads(&Source::Variable(name.clone())),
            Source::Subscript(name) => leads(&Source::Variable(name.clone())),
            _ => given.get(&source).into_iter().flatten().copied().flatten().for_each(leads),
        }
    }
    let is_variable = |(source, value): (&Source, &usize)| matches!(source, Source::Variable(_)).then_some(*value);
    let may_name =
        !is_name && seen.contains(&Source::Joined) && seen.iter().any(|from| matches!(from, Source::Text(_)));
    may_name.then(|| reached.iter().find_map(is_variable)).flatten()
}

/// Refuses or warns of what a value comes to, once all of the script is read.
pub(super) fn judge(found: &mut Found) -> Result<()> {
    let reached = found.flow.reached();
    let kinds = found.flow.others.map_or(found.shells.kinds, |others| others | found.shells.kinds);
    let variables: Vec<_> =
        found.flow.gives.iter().filter(|(to, _)| matches!(to, Source::Variable(_))).cloned().collect();
    for (to, from) in variables {
        let Source::Variable(name) = to else { continue };
        if found.flow.references.contains(&name) {
            found.flow.evaluate(Evaluator::Name, &from);
        }
        let reads =
            if found.flow.integers.contains(&name) { Some(Reads::Integer) } else { shells::variable(&name, kinds) };
        let Some(reads) = reads else { continue };
        if let (Reads::Integer, Some(value)) = (reads, value_in(&from)) {
            let name = String::from_utf8_lossy(&name).into_owned();
            let why =
                format!("is given to {name}, a variable in which shells evaluate arithmetic: use another variable");
            return found.refuse_slot(value, &why);
        }
        let name = String::from_utf8_lossy(&name).into_owned();
        let by = if reads == Reads::Integer { Evaluator::Integer(name) } else { Evaluator::Variable(name) };
        found.flow.evaluate(by, &from);
    }
    let evaluates = std::mem::take(&mut found.flow.evaluates);
    let given = found.flow.given();
    for (by, from) in evaluates {
        let Some(value) = evaluated(&by, &from, &given, &reached) else { continue };
        let warning = warning(&by, &found.written_as(value).to_string(), value_in(&from).is_some());
        if !found.warnings.contains(&warning) {
            found.warnings.push(warning);
        }
    }
    Ok(())
}

/// What is said of a value that is evaluated: where it stands itself, or where it arrives by a variable.
fn warning(by: &Evaluator, value: &str, is_direct: bool) -> String {
    let to = match (by, is_direct) {
        (Evaluator::ShellInput(by), _) => format!("is given to another shell by the input of `{by}`"),
        (Evaluator::ProgramInput(by), _) => format!("is given as code by the input of `{by}`"),
        (Evaluator::Shell(by), true) => format!("is given to another shell by `{by}`"),
        (Evaluator::Program(by), true) => format!("is given as code to `{by}`"),
        (Evaluator::Variable(by) | Evaluator::Integer(by), true) => {
            format!("is given to the variable {by}, whose text is evaluated")
        }
        (Evaluator::Arithmetic | Evaluator::Name, true) => {
            "is given to arithmetic, in which some shells evaluate its text".to_owned()
        }
        (Evaluator::Arithmetic | Evaluator::Name, false) => {
            return format!(
                "the value of {value} is given to a variable or parameter, or may be, and there is arithmetic, or a \
                 name that one of them makes: some shells evaluate its text there, which this quoting does not protect"
            );
        }
        (Evaluator::Shell(by) | Evaluator::Program(by) | Evaluator::Variable(by) | Evaluator::Integer(by), false) => {
            format!("is given to a variable or parameter, or may be, and `{by}` evaluates what they make")
        }
    };
    format!("the value of {value} {to}, which this quoting does not protect")
}
