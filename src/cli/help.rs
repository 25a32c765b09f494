//! The pages of help: one screen (`-h`), everything (`--help`), one operation (`parjob help square`).
//!
//! clap lays the pages out; what is on which page is decided here. The page of an operation leaves out the
//! options of every run, thirty lines among which its own would be lost.

use std::ffi::OsStr;

use clap::Command;

use super::args::{EXPLAIN, HELP, ITEMS, STATUS, command};
use crate::op::{self, OPERATIONS, Operation};

const TEMPLATE: &str = "{about}\n\n{before-help}Usage: {usage}\n\n{all-args}{after-help}\n";

const FEW_EXAMPLES: &str = "\
Examples:
  ls *.log | parjob run gzip -9 {}            a command for each line
  parjob sh 'convert {} -resize 50% {.}_small.png' ::: *.png
  parjob --retries 2 --timeout 30s sh < commands.txt
  seq 9 | parjob --jobs 5 square              five workers; results in order";

/// The options of every run that are on the one screen.
const FEW_OPTIONS: [&str; 8] = ["arg-file", "null", "jobs", "unordered", "format", "reduce", "output", "quiet"];

const MORE: &str = "\
More: parjob run -h (for commands), parjob help OPERATION, parjob explain ...
All options, and the exit status: parjob --help";

const MORE_THAN_ALL: &str = "\
More:
  parjob help OPERATION  what an operation does, with examples
  parjob explain ...     what a command line would do, and why, without doing it";

const EVERY_RUN: &str = "\
The options of every run go here too, such as --jobs, --range, --format, --output.
Without items, standard input is read, a line an item. All of that: parjob --help";

const EVERY_COMMAND: &str = "\
The options of every run go here too, before the command: --jobs, --tag, --halt,
--unordered, --format, --csv and others. Without items, standard input is read,
a line an item. All of that: parjob --help";

/// The most used options, on one screen.
pub(super) fn brief() -> String {
    let few = |arg: clap::Arg| match FEW_OPTIONS.contains(&arg.get_id().as_str()) {
        true if arg.get_id() == "jobs" => arg.help("How many: 4, 50%, +1, -1 [default: the CPUs]"),
        is_among => arg.hide_short_help(!is_among),
    };
    let command = operations_only().before_help(FEW_EXAMPLES).after_help(MORE);
    page(command.mut_args(|arg| few(arg).help_heading("Options")))
}

/// Everything.
pub(super) fn full() -> String {
    page(
        operations_only().after_help(format!("{STATUS}\n\n{MORE_THAN_ALL}")).mut_args(|arg| arg.hide_short_help(false)),
    )
}

/// The page of an operation, or of another word that stands in its place; `all` of it, or on one screen.
pub(super) fn of(name: &str, all: bool) -> Option<String> {
    let command = command().find_subcommand(name)?.clone().bin_name(format!("parjob {name}"));
    let command = if all { command.mut_args(|arg| arg.hide_short_help(false)) } else { command };
    let Some(operation) = op::find(name) else { return Some(page(command)) };
    let placeholders = command.get_after_help().map(|text| format!("\n\n{text}"));
    let (about, last) = match placeholders {
        Some(_) if all => (operation.about, EVERY_COMMAND.to_owned()),
        Some(_) => (first_paragraph(operation.about), format!("All options: parjob help {name}\n\n{EVERY_COMMAND}")),
        None => (operation.about, EVERY_RUN.to_owned()),
    };
    let before = examples(operation) + &placeholders.unwrap_or_default();
    let command = command.mut_args(|arg| if arg.get_id() == ITEMS { arg.hide(true) } else { arg });
    Some(page(command.about(about).before_help(before).after_help("")) + "\n" + &last + "\n")
}

fn first_paragraph(text: &'static str) -> &'static str {
    text.split("\n\n").next().unwrap_or(text)
}

/// What someone sees who gives no items on a terminal.
pub(super) fn no_items(operation: &Operation) -> String {
    let examples: String = operation.examples.iter().map(|example| format!("  {}\n", example.command)).collect();
    format!(
        "parjob: {} needs items: on standard input, or as arguments\n\nFor example:\n{examples}\nMore: parjob help {}\n",
        operation.name, operation.name
    )
}

/// What someone sees who names an operation that does not exist.
pub(super) fn no_operation(name: &OsStr, similar: Option<&str>) -> String {
    let names: Vec<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    let similar = similar.map(|similar| format!("; did you mean {similar}?")).unwrap_or_default();
    let name = name.to_string_lossy();
    format!(
        "parjob: no operation is called '{}'{similar}\n\nOperations: {}\nMore: parjob --help\n",
        name.escape_debug(),
        names.join(", ")
    )
}

/// The list of subcommands holds the operations and nothing else.
fn operations_only() -> Command {
    command().mut_subcommand(EXPLAIN, |word| word.hide(true)).mut_subcommand(HELP, |word| word.hide(true))
}

fn page(command: Command) -> String {
    // A list that is empty leaves blank lines.
    command.help_template(TEMPLATE).render_help().to_string().trim_end().to_owned() + "\n"
}

fn examples(operation: &Operation) -> String {
    let mut text = String::from("Examples:");
    for example in operation.examples {
        text += &format!("\n  $ {}", example.command);
        example.output.lines().for_each(|line| text += &format!("\n  {line}"));
    }
    text
}
