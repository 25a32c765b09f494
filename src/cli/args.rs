//! The command line as clap sees it: the options of every run, and a subcommand for each operation of the
//! registry. Help comes examples first.

use clap::{Arg, ArgAction, Command, value_parser};
use std::ffi::OsString;
use std::path::PathBuf;

use crate::op::{OPERATIONS, Operation, Param, REDUCERS};
use crate::output::FORMATS;

/// The name of the argument that takes an in-process operation's items.
pub(super) const ITEMS: &str = "items";

const EXAMPLES: &str = "\
Examples:
  seq 9 | parjob square                        the squares, in order
  parjob --jobs 5 --chunk 3 square < numbers   five workers, three items at a time
  parjob sum :::: january february             the exact sum of two files
  parjob --range 1:1000000 square --reduce mean
  parjob --format jsonl len ::: a bc def       results with their items

Items come from standard input, one a line, unless the command line gives others:
  ITEM...  or  ::: ITEM...        these words; several ::: make every combination
  :::+ ITEM...                    in pairs with the source before
  :::: FILE...  or  -a FILE       the lines of files; - is standard input
  --range FIRST:LAST[:STEP]       integers";

const STATUS: &str = "\
Exit status:
  0    every item went well
  1    an item failed, or there was nothing to answer from
  2    the command line was wrong; nothing ran
  3    the run could not be carried out: input unreadable, output not fully written
  124  --deadline passed
  A signal that ends parjob shows as 128 plus its number.

`parjob help OPERATION` tells what an operation does. `parjob explain ...` shows what
a command line would do, and why, without doing it.";

/// The whole command line.
pub fn command() -> Command {
    let mut command = Command::new("parjob")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Does the same thing to every item of a list, on several workers at once")
        .override_usage("parjob [OPTIONS] OPERATION [OPTIONS] [ITEM]... [::: ITEM...]... [:::: FILE...]...")
        .before_help(EXAMPLES)
        .after_help(STATUS)
        .help_template(
            "{about}\n\n{before-help}\n\nUsage: {usage}\n\nOperations:\n{subcommands}\n\n{options}\n\n{after-help}\n",
        )
        .subcommand_required(false)
        .subcommand_value_name("OPERATION")
        .disable_help_subcommand(false)
        .max_term_width(100)
        .args(item_args())
        .args(worker_args())
        .args(result_args())
        .args(talk_args());
    for operation in OPERATIONS {
        command = command.subcommand(subcommand(operation));
    }
    command.subcommand(
        Command::new("explain")
            .about("shows what a command line would do, and why, without doing it")
            .override_usage("parjob explain [OPTIONS] OPERATION ...")
            .arg_required_else_help(true),
    )
}

/// What someone sees who gives no items on a terminal.
pub(super) fn short_help(operation: &Operation) -> String {
    let examples: String = operation.examples.iter().map(|example| format!("  {}\n", example.command)).collect();
    format!(
        "parjob: {} needs items: on standard input, or as arguments\n\nFor example:\n{examples}\nMore: parjob help {}\n",
        operation.name, operation.name
    )
}

fn subcommand(operation: &'static Operation) -> Command {
    let mut examples = String::from("Examples:\n");
    for example in operation.examples {
        examples += &format!("  $ {}\n", example.command);
        example.output.lines().for_each(|line| examples += &format!("  {line}\n"));
    }
    let items = Arg::new(ITEMS)
        .value_name("ITEM")
        .num_args(0..)
        .allow_negative_numbers(true)
        .value_parser(value_parser!(OsString))
        .help("Items; standard input when there are none. After -- an item may begin with -");
    Command::new(operation.name)
        .about(operation.summary)
        .long_about(operation.about)
        .before_help(examples)
        .help_template("{about}\n\n{before-help}\nUsage: {usage}\n\n{all-args}\n")
        .args(operation.params.iter().map(param))
        .arg(items)
}

fn param(param: &'static Param) -> Arg {
    let arg = Arg::new(param.name).long(param.name).help(param.help).help_heading("Options of this operation");
    match param.value {
        Some(value) => arg.value_name(value).default_value(param.default).allow_negative_numbers(true),
        None => arg.action(ArgAction::SetTrue),
    }
}

/// An option of every run: it may stand before or after the operation. A negative number is its value, so
/// that the message about it names the option.
fn option(name: &'static str, value: &'static str, heading: &'static str, help: impl Into<String>) -> Arg {
    let arg = Arg::new(name).long(name).value_name(value).global(true).allow_negative_numbers(true);
    arg.help_heading(heading).help(help.into())
}

fn flag(name: &'static str, heading: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).global(true).help_heading(heading).help(help)
}

fn item_args() -> Vec<Arg> {
    const HEADING: &str = "Items";
    vec![
        option("arg-file", "FILE", HEADING, "Items are the lines of FILE; - is standard input")
            .short('a')
            .value_parser(value_parser!(OsString))
            .action(ArgAction::Append),
        option("range", "FIRST:LAST[:STEP]", HEADING, "Items are the integers from FIRST to LAST, both included")
            .allow_hyphen_values(true)
            .action(ArgAction::Append),
        flag("null", HEADING, "Items end with a NUL byte").short('0'),
        option("delimiter", "C", HEADING, "Items end with the byte C; \\t, \\0 and \\x1f are understood")
            .short('d')
            .conflicts_with("null")
            .allow_hyphen_values(true),
        flag("crlf", HEADING, "Strip a carriage return at the end of an item"),
        flag("no-empty", HEADING, "Drop empty items"),
        option("eof", "STR", HEADING, "Stop reading at an item that is exactly STR")
            .short('E')
            .allow_hyphen_values(true)
            .value_parser(value_parser!(OsString)),
        option("first", "N", HEADING, "Only the first N items").value_parser(value_parser!(u64)),
        option("max-item", "SIZE", HEADING, "A longer item fails; its end is not kept in memory").default_value("1M"),
    ]
}

fn worker_args() -> Vec<Arg> {
    const HEADING: &str = "Workers";
    vec![
        option("jobs", "N", HEADING, "Workers: a number, 50%, +1 or -1 beside the CPUs. Default: the CPUs")
            .short('j')
            .allow_hyphen_values(true),
        option("chunk", "N|auto", HEADING, "Items handed to a worker at a time; auto: a millisecond's work")
            .short('c')
            .default_value("auto"),
        option("halt", "WHEN", HEADING, "Stop early: now|soon,fail|success|done=N|N%. soon lets what runs finish")
            .default_value("never"),
        option("deadline", "DUR", HEADING, "Stop the whole run after DUR, such as 90s or 1h30m"),
    ]
}

fn result_args() -> Vec<Arg> {
    const HEADING: &str = "Results";
    let formats = FORMATS.iter().map(|format| format!("{}: {}", format.name, format.summary)).collect::<Vec<_>>();
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let default = FORMATS.first().map(|format| format.name);
    let reducers: Vec<&str> = REDUCERS.iter().map(|fold| fold.name).collect();
    vec![
        flag("ordered", HEADING, "Results in input order; this is the default").short('k').conflicts_with("unordered"),
        flag("unordered", HEADING, "Results as they finish"),
        option("format", "FORMAT", HEADING, formats.join("; "))
            .value_parser(clap::builder::PossibleValuesParser::new(names))
            .hide_possible_values(true)
            .default_value(default),
        flag("tag", HEADING, "Each line of text begins with its item and a TAB"),
        option("reduce", "OP", HEADING, format!("Fold the results into one: {}", reducers.join(", ")))
            .value_parser(clap::builder::PossibleValuesParser::new(reducers))
            .hide_possible_values(true),
        option("output", "FILE", HEADING, "Results to FILE, which is complete or absent, never half")
            .value_parser(value_parser!(PathBuf)),
    ]
}

fn talk_args() -> Vec<Arg> {
    const HEADING: &str = "On standard error";
    vec![
        option("progress", "STYLE", HEADING, "auto, bar, lines, json, none. auto: a bar on a terminal, lines in CI")
            .value_parser(["auto", "bar", "lines", "json", "none"])
            .hide_possible_values(true)
            .default_value("auto"),
        option("total", "N", HEADING, "The number of items to come, for the bar").value_parser(value_parser!(u64)),
        flag("quiet", HEADING, "Only errors").short('q').conflicts_with("verbose"),
        flag("verbose", HEADING, "The decisions taken, and each failure as it happens").short('v'),
    ]
}
