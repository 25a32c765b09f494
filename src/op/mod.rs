//! Operations: what is done to items, and the registry of it.
//!
//! In this process an operation is a [`Map`] (a result for each item) or a [`Fold`] (one answer for all of them). It sees
//! chunks and what [`Setting`] says, and nothing else: not the run loop, not how results are shown. The others say only that
//! they are done by processes ([`Kind`]). A new operation is a
//! file here and a line in [`OPERATIONS`]; help, completions, man pages and `parjob help NAME` follow from
//! its [`Operation`].

mod count;
mod double;
mod dyadic;
mod each;
mod exact;
#[cfg(feature = "hash")]
mod hash;
mod len;
mod lines;
mod max;
mod mean;
mod min;
mod number;
mod order;
mod pi;
mod pool;
mod python;
mod reduce;
#[cfg(feature = "resize")]
mod resize;
mod run;
mod scan;
mod sh;
mod sketch;
mod square;
mod stats;
mod sum;
#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod testing;
mod text;
#[cfg(any(feature = "hash", feature = "resize"))]
mod unreadable;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;

use crate::base::failure::Failures;
use crate::base::item::{Chunk, Trees};
use crate::base::result::{Answer, Results};
use crate::source;

/// Every operation, in the order in which the help lists them.
pub static OPERATIONS: &[&Operation] = &[
    &run::RUN,
    &sh::SH,
    &pool::POOL,
    &python::PY,
    &square::SQUARE,
    &double::DOUBLE,
    &len::LEN,
    &sum::SUM,
    &mean::MEAN,
    &stats::STATS,
    &count::COUNT,
    &min::MIN,
    &max::MAX,
    &pi::PI,
    #[cfg(feature = "hash")]
    &hash::HASH,
    #[cfg(feature = "resize")]
    &resize::RESIZE,
];

/// What `--reduce` takes. A reducer has no limits of its own: the size of the results is limited already.
pub static REDUCERS: &[Reducer] = &[
    Reducer { operation: &sum::SUM, fold: sum::reducer },
    Reducer { operation: &mean::MEAN, fold: mean::reducer },
    Reducer { operation: &stats::STATS, fold: stats::reducer },
    Reducer { operation: &count::COUNT, fold: count::reducer },
    Reducer { operation: &min::MIN, fold: min::reducer },
    Reducer { operation: &max::MAX, fold: max::reducer },
];

/// An operation that folds the results of another.
pub struct Reducer {
    /// The operation.
    pub operation: &'static Operation,
    /// Makes the fold.
    pub fold: fn() -> Arc<dyn AnyFold>,
}

/// The operation of that name.
pub fn find(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().copied().find(|operation| operation.name == name)
}

/// What is done to items, described: the help, the man pages and the completions are made from this.
pub struct Operation {
    /// The word that is typed.
    pub name: &'static str,
    /// One line for the list of operations: lower case, no full stop.
    pub summary: &'static str,
    /// What it does, in a few sentences.
    pub about: &'static str,
    /// Commands to copy, each with what it prints.
    pub examples: &'static [Example],
    /// Its own options, beside those of every run.
    pub params: &'static [Param],
    /// What blanks around an item are to it.
    pub blanks: Blanks,
    /// How its items are done.
    pub kind: Kind,
}

/// How the items of an operation are done.
#[derive(Clone, Copy)]
pub enum Kind {
    /// In this process.
    InProcess {
        /// What the words after its name are, with these parameters.
        words: fn(&Params) -> Words,
        /// Checks the parameters and makes the work. Its errors are about their values.
        prepare: fn(&Params, &Setting) -> Result<Work>,
    },
    /// By a process for each item or batch: a program with its arguments.
    Run,
    /// The same: a script for a shell.
    Shell,
    /// By processes that stay up and are fed items.
    Pool,
    /// By processes of Python that stay up and call a function with items.
    Python,
}

/// What blanks around an item are to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blanks {
    /// Nothing: they are trimmed.
    Trimmed,
    /// A part of the item, so that a carriage return before the newline matters.
    Kept,
}

/// What the words after the name of an operation in this process are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// Items that are values, such as numbers.
    Values,
    /// Items that are paths.
    Paths,
    /// Paths of files whose lines are the items; `-` is standard input.
    Lists,
    /// Paths, of which those of directories stand for the files below them. This goes for items from anywhere.
    Trees(Trees),
}

/// A command to copy and what it prints. Each is run by a test.
pub struct Example {
    /// The command line, for a POSIX shell.
    pub command: &'static str,
    /// Exactly what it writes to standard output.
    pub output: &'static str,
}

/// An option of one operation.
pub struct Param {
    /// The long name, without dashes.
    pub name: &'static str,
    /// The letter for it. An option of every run that has the same goes without it beside this operation.
    pub short: Option<char>,
    /// What stands for its value in the help; `None` for a flag.
    pub value: Option<&'static str>,
    /// The value when the option is not given; without one it then has none.
    pub default: Option<&'static str>,
    /// One line of help: what it means.
    pub help: &'static str,
}

impl Param {
    /// An option without a value.
    pub(crate) const fn flag(name: &'static str, help: &'static str) -> Param {
        Param { name, short: None, value: None, default: None, help }
    }

    /// An option with a value.
    pub(crate) const fn option(
        name: &'static str,
        value: &'static str,
        default: Option<&'static str>,
        help: &'static str,
    ) -> Param {
        Param { name, short: None, value: Some(value), default, help }
    }

    /// The same, with a letter.
    #[cfg(feature = "hash")]
    pub(crate) const fn short(self, letter: char) -> Param {
        Param { short: Some(letter), ..self }
    }
}

/// The values of an operation's parameters, by name. A flag that was given has an empty value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(pub BTreeMap<&'static str, String>);

/// What an operation may know of the run that it is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// How many workers there are, the caller among them.
    pub jobs: usize,
    /// `--quiet`.
    pub quiet: bool,
    /// Where its items come from.
    pub source: source::Options,
}

impl Default for Setting {
    fn default() -> Self {
        Setting { jobs: 1, quiet: false, source: source::Options::default() }
    }
}

impl Params {
    /// The parameters of an operation of which none was given.
    pub fn defaults(operation: &Operation) -> Params {
        let default = |param: &Param| Some((param.name, param.default?.to_string()));
        Params(operation.params.iter().filter_map(default).collect())
    }

    /// Whether a flag was given.
    pub fn flag(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The text of a parameter; empty where it was not given and has no default.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A whole number, or an error that names the option. A parameter of this kind has a default.
    pub fn number(&self, name: &str) -> Result<u64> {
        let text = self.text(name);
        text.parse().map_err(|_| anyhow::anyhow!("--{name} {text:?} is not a whole number"))
    }
}

/// An operation ready to run.
#[derive(Clone)]
pub enum Work {
    /// A result for each item.
    Map(Arc<dyn Map>),
    /// One answer for all items.
    Fold(Arc<dyn AnyFold>),
}

/// Gives each item a result.
pub trait Map: Send + Sync {
    /// Does every item of the chunk, in order: each is answered by exactly one [`Results`] call.
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results);

    /// What is to be said of all items together when they are done.
    fn remarks(&self) -> Vec<Remark> {
        Vec::new()
    }
}

/// Something to be said after a run that was not cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// A line for standard error.
    pub text: String,
    /// What that means for the run.
    pub means: Means,
}

/// What a [`Remark`] means for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    /// Nothing.
    Nothing,
    /// It fails, even if no item did.
    Failed,
    /// It could not be carried out.
    Broken,
}

/// Folds all items into one answer: the same for every order, number of workers and size of chunk.
///
/// So `step` and `merge` must commute and be exact; rounding belongs in `finish`.
pub trait Fold: Send + Sync + 'static {
    /// What has been folded so far.
    type State: Send + 'static;

    /// The state before any item.
    fn zero(&self) -> Self::State;

    /// Adds every item of the chunk. An item that cannot be added is left out and listed in `failures`
    /// by its place in the chunk, ascending.
    fn step(&self, state: &mut Self::State, chunk: &Chunk<'_>, failures: &mut Failures);

    /// Adds `from` to `into` and leaves `from` at zero, so that its memory can be used again.
    fn merge(&self, into: &mut Self::State, from: &mut Self::State);

    /// The answer; `None` when there is none because nothing was folded.
    fn finish(&self, state: Self::State) -> Option<Answer>;
}

/// A [`Fold`] whose state's type is hidden, so that the engine can carry any of them.
pub trait AnyFold: Send + Sync {
    /// A new tally at zero.
    fn tally(self: Arc<Self>) -> Box<dyn Tally>;
}

/// A fold under way.
pub trait Tally: Send {
    /// Adds every item of the chunk ([`Fold::step`]).
    fn step(&mut self, chunk: &Chunk<'_>, failures: &mut Failures);

    /// Adds another tally of the same fold and leaves it at zero.
    fn merge(&mut self, other: &mut dyn Tally);

    /// The answer ([`Fold::finish`]).
    fn finish(self: Box<Self>) -> Option<Answer>;

    /// For [`Tally::merge`] to find its own type again.
    fn as_any(&mut self) -> &mut dyn std::any::Any;
}

impl<F: Fold> AnyFold for F {
    fn tally(self: Arc<Self>) -> Box<dyn Tally> {
        let state = self.zero();
        Box::new(Running { fold: self, state })
    }
}

struct Running<F: Fold> {
    fold: Arc<F>,
    state: F::State,
}

impl<F: Fold> Tally for Running<F> {
    fn step(&mut self, chunk: &Chunk<'_>, failures: &mut Failures) {
        self.fold.step(&mut self.state, chunk, failures);
    }

    fn merge(&mut self, other: &mut dyn Tally) {
        // Only tallies that one `AnyFold` made ever meet, so this always finds its own type.
        if let Some(other) = other.as_any().downcast_mut::<Running<F>>() {
            self.fold.merge(&mut self.state, &mut other.state);
        }
    }

    fn finish(self: Box<Self>) -> Option<Answer> {
        self.fold.finish(self.state)
    }

    fn as_any(&mut self) -> &mut dyn std::any::Any {
        self
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn each_operation_is_found_by_its_own_name() {
        for operation in OPERATIONS {
            assert!(std::ptr::eq(find(operation.name).unwrap(), *operation), "{}", operation.name);
        }
        assert!(find("no-such").is_none());
    }

    #[test]
    fn help_can_be_made_of_each_operation() {
        for operation in OPERATIONS {
            let name = operation.name;
            assert!(!operation.summary.ends_with('.') && !operation.summary.contains('\n'), "{name}");
            assert!(operation.about.ends_with('.') && !operation.about.contains("  "), "{name}");
            assert!((2..=4).contains(&operation.examples.len()), "{name}");
            for example in operation.examples {
                assert!(example.command.contains(&format!("parjob {name}")), "{name}");
                assert!(example.output.ends_with('\n'), "{name}: {}", example.command);
            }
            // A flag has no value that it could have by default.
            assert!(operation.params.iter().all(|param| param.value.is_some() || param.default.is_none()), "{name}");
        }
    }

    #[test]
    fn reducers_are_folds_of_the_registry() {
        for reducer in REDUCERS {
            assert!(OPERATIONS.iter().any(|operation| std::ptr::eq(*operation, reducer.operation)));
            assert!(matches!(testing::work(reducer.operation.name), Work::Fold(_)));
        }
    }

    #[test]
    fn a_parameter_that_is_not_a_number_is_named() {
        let given = Params([("max-digits", "many".to_owned())].into());
        let Kind::InProcess { prepare, .. } = find("square").unwrap().kind else { panic!("a process") };
        let error = prepare(&given, &Setting::default()).err().unwrap();
        assert_eq!(error.to_string(), "--max-digits \"many\" is not a whole number");
    }
}
