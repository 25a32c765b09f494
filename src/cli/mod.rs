//! The command line: the only room that knows clap.
//!
//! [`split`] takes the sources (`:::` and its kin) off the raw arguments; [`args`] describes the rest to clap;
//! [`resolve`] turns what was given, with the environment, into a [`Plan`]; [`explain`] prints a plan. Parsing
//! reads no environment and opens nothing.

mod args;
mod explain;
mod resolve;
mod split;
mod values;

use std::ffi::OsString;

use crate::exit::{self, Exit};
use crate::plan::Plan;
use crate::progress::say;

pub use args::command;

/// Does what the command line says.
pub fn main(argv: Vec<OsString>) -> Exit {
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

fn parse(mut argv: Vec<OsString>) -> Result<Request, Refusal> {
    let explain = argv.get(1).is_some_and(|word| word == "explain") && argv.len() > 2;
    if explain {
        argv.remove(1);
    }
    let (words, sources) = split::split(argv);
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => return from_clap(&error),
    };
    let Some((name, given)) = matches.subcommand() else { return Err(nothing_asked()) };
    let Some(operation) = crate::op::find(name) else { return Err(nothing_asked()) };
    let surroundings = resolve::Surroundings::look();
    let plan = resolve::resolve(operation, given, sources, &surroundings)?;
    let Some(plan) = plan else { return Err(Refusal(args::short_help(operation))) };
    Ok(if explain { Request::Show(explain::explain(&plan)) } else { Request::Run(Box::new(plan)) })
}

/// clap's own texts: help and version go to standard output, errors in our voice to standard error.
fn from_clap(error: &clap::Error) -> Result<Request, Refusal> {
    let text = error.render().to_string();
    if !error.use_stderr() {
        return Ok(Request::Show(text));
    }
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    Err(Refusal(format!("parjob: {text}")))
}

fn nothing_asked() -> Refusal {
    Refusal(command().render_help().to_string())
}

/// Prints a text that was asked for.
fn show(text: &str) -> Exit {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()) {
        Ok(()) => Exit::Status(exit::OK),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Pipe,
        Err(error) => crate::start::fail(&anyhow::Error::new(error).context("cannot write standard output")),
    }
}
