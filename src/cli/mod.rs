//! The command line: the only room that knows clap.
//!
//! [`split`] takes the sources (`:::` and its kin) off the raw arguments, [`tail`] the words of a command; [`ahead`] and
//! [`negative`] set right what clap would misread, with what [`takers`] knows, and [`args`] describes the rest to clap; [`resolve`] turns what was given, with the environment,
//! into a [`Plan`]; [`explain`] prints a plan, [`clash`] finds files that are named twice, [`help`] makes the pages of help. Parsing reads no environment and
//! opens nothing.

mod ahead;
mod args;
mod clash;
mod commands;
mod explain;
mod help;
mod negative;
mod pool;
mod python;
mod resolve;
mod resume;
mod show;
mod split;
mod stays;
mod tail;
mod takers;
mod values;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command};
use parjob_sys::{entry, init};

use crate::base::exit::{self, Exit};
use crate::op;
use crate::plan::Plan;
use crate::progress::say;
use crate::source::Column;
use takers::Takers;

pub use args::command;

/// Does what the command line says.
pub fn main(argv: Vec<OsString>) -> Exit {
    if let Err(error) = init::begin() {
        return crate::start::fail(&error.into());
    }
    match parse(argv) {
        Ok(Request::Run(plan)) => crate::start::start(*plan).unwrap_or_else(|error| crate::start::fail(&error)),
        Ok(Request::Show(text)) => show(&text),
        Err(Refusal(text)) => {
            say(&text);
            Exit::Status(exit::USAGE)
        }
    }
}

/// What the command line asks for.
enum Request {
    /// A run.
    Run(Box<Plan>),
    /// A text on standard output: help, the version, an explained plan.
    Show(String),
}

/// Why the command line was refused: the whole message.
struct Refusal(String);

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Refusal {
        Refusal(format!("parjob: {error:#}\n"))
    }
}

fn parse(argv: Vec<OsString>) -> Result<Request, Refusal> {
    let (mut words, sources) = split::split(argv.clone())?;
    let takers = Takers::default();
    ahead::move_behind(&mut words, &takers);
    let tail = tail::cut(&mut words, &takers);
    negative::mark(&mut words, &takers)?;
    let mut command = match tail::operation(&words) {
        (Some(operation), false) => args::command_of(operation),
        _ => command(),
    };
    match understand(words, Apart { sources, tail, argv }, &mut command)? {
        Request::Run(plan) if plan.items_are_typed => Err(Refusal(help::no_items(plan.operation))),
        request => Ok(request),
    }
}

/// What clap does not see.
struct Apart {
    /// What follows `:::` and the like.
    sources: Vec<Column>,
    /// The words of a command.
    tail: Vec<OsString>,
    /// All words as they were given.
    argv: Vec<OsString>,
}

fn understand(words: Vec<OsString>, apart: Apart, command: &mut Command) -> Result<Request, Refusal> {
    let matches = match command.try_get_matches_from_mut(&words) {
        Ok(matches) => matches,
        Err(error) => return from_clap(&error),
    };
    let Some((name, given)) = matches.subcommand() else { return without_operation(&matches) };
    match name {
        _ if wants_help(given) => page(name, given.get_flag(args::HELP)),
        args::HELP => {
            given.get_one::<String>(args::TOPIC).map_or(Ok(Request::Show(help::full())), |topic| page(topic, true))
        }
        args::EXPLAIN if given.contains_id(args::WORDS) => explained(words, apart, command),
        name => run(name, given, apart),
    }
}

fn run(name: &str, given: &ArgMatches, apart: Apart) -> Result<Request, Refusal> {
    let Some(operation) = op::find(name) else { return Err(Refusal(help::of(name, true).unwrap_or_else(help::brief))) };
    let surroundings = resolve::Surroundings::look();
    Ok(Request::Run(Box::new(resolve::resolve(operation, given, apart, &surroundings)?)))
}

/// What the rest of the words would do.
fn explained(mut words: Vec<OsString>, apart: Apart, command: &mut Command) -> Result<Request, Refusal> {
    if let Some(place) = words.iter().position(|word| word == args::EXPLAIN) {
        words.remove(place);
    }
    Ok(match understand(words, apart, command)? {
        Request::Run(plan) => Request::Show(explain::explain(&plan)),
        show => show,
    })
}

fn without_operation(given: &ArgMatches) -> Result<Request, Refusal> {
    match (given.get_flag(args::HELP), given.get_flag(args::BRIEF)) {
        (true, _) => Ok(Request::Show(help::full())),
        (_, true) => Ok(Request::Show(help::brief())),
        _ => Err(Refusal(help::brief())),
    }
}

fn page(name: &str, all: bool) -> Result<Request, Refusal> {
    Ok(Request::Show(help::of(name, all).unwrap_or_else(help::full)))
}

fn wants_help(given: &ArgMatches) -> bool {
    given.get_flag(args::HELP) || given.get_flag(args::BRIEF)
}

/// clap's own texts: the version goes to standard output, errors in our voice to standard error.
fn from_clap(error: &clap::Error) -> Result<Request, Refusal> {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return Ok(Request::Show(text));
    }
    if let Some(ContextValue::String(name)) = error.get(ContextKind::InvalidSubcommand) {
        // clap lists the most similar one last, and finds names similar that begin otherwise.
        let similar = match error.get(ContextKind::SuggestedSubcommand) {
            Some(ContextValue::Strings(names)) => {
                names.last().filter(|similar| similar.chars().next() == name.chars().next())
            }
            _ => None,
        };
        let similar = similar.map(String::as_str);
        return Err(Refusal(help::no_operation(&negative::unmarked(name.as_ref()), similar)));
    }
    if let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && error.kind() == ErrorKind::UnknownArgument
        && let Some(owners) = owners(option)
    {
        return Err(Refusal(format!("parjob: {option} is an option of {owners} alone\n\nMore: parjob --help\n")));
    }
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    Err(Refusal(format!("parjob: {text}\n\nMore: parjob --help\n")))
}

/// The operations that have this option, where there are any.
fn owners(option: &str) -> Option<String> {
    let (command, name) = (command(), option.trim_start_matches('-'));
    let has = |command: &&Command| {
        let mut options = command.get_arguments().filter(|arg| !arg.is_positional());
        options
            .any(|arg| arg.get_long() == Some(name) || arg.get_short().is_some_and(|short| name == short.to_string()))
    };
    let names: Vec<&str> = command.get_subcommands().filter(has).map(Command::get_name).collect();
    let (last, others) = names.split_last()?;
    Some(if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) })
}

/// Prints a text that was asked for.
fn show(text: &str) -> Exit {
    use std::io::Write;
    if entry::was_closed(entry::Stream::Output) {
        return crate::start::fail(&anyhow::anyhow!("standard output is closed"));
    }
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Ok(()) => Exit::Status(exit::OK),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Pipe,
        Err(error) => crate::start::fail(&anyhow::Error::new(error).context("cannot write standard output")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use clap::Arg;

    use super::*;

    /// What there is to write, and what that takes.
    fn options(command: &Command) -> Vec<(String, Option<char>, bool, Vec<String>)> {
        let option = |arg: &Arg| {
            let defaults = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
            (arg.get_id().to_string(), arg.get_short(), arg.get_action().takes_values(), defaults.collect())
        };
        let mut options: Vec<_> = command.get_arguments().map(option).collect();
        options.sort();
        options
    }

    #[test]
    fn alone_an_operation_has_the_options_that_it_has_among_all() {
        let mut all = command();
        all.build();
        for operation in op::OPERATIONS {
            let (mut alone, among) = (args::command_of(operation), all.find_subcommand(operation.name).unwrap());
            alone.build();
            assert_eq!(options(alone.find_subcommand(operation.name).unwrap()), options(among), "{}", operation.name);
        }
    }
}
