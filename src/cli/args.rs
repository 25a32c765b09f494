//! The command line as clap sees it: the options of every run, and a subcommand for each operation of the
//! registry.
//!
//! Help, completions and man pages are made from this. An option that few need is left out of the help on one
//! screen (`hide_short_help`); [`super::help`] decides what is on which page.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgAction, Command, ValueHint, value_parser};
use std::ffi::OsString;
use std::path::PathBuf;

use super::stays;
use crate::op::{Kind, OPERATIONS, Operation, Param, Params, REDUCERS, Words};
use crate::output::FORMATS;

/// The name of the argument that takes an in-process operation's items.
pub(super) const ITEMS: &str = "items";

/// The word before a command line that is to be explained.
pub(super) const EXPLAIN: &str = "explain";

/// The argument that takes that command line.
pub(super) const WORDS: &str = "words";

/// The word before an operation whose help is wanted, and the name of the flag that does the same.
pub(super) const HELP: &str = "help";

/// The flag for help on one screen.
pub(super) const BRIEF: &str = "brief";

/// The argument of `parjob help`.
pub(super) const TOPIC: &str = "topic";

const EXAMPLES: &str = "\
Examples:
  ls *.log | parjob run gzip -9 {}            a command for each line
  parjob sh 'convert {} -resize 50% {.}_small.png' ::: *.png
  parjob --retries 2 --timeout 30s sh < commands.txt
  seq 9 | parjob square                       the squares, in order
  parjob sum :::: january february            the numbers in two files
  parjob --range 1:1000000 square --reduce mean
  parjob --jobs 5 --chunk 3 square < numbers  five workers, three items a time
  parjob --format jsonl len ::: a bc def      results with their items

Items come from standard input, one a line, unless the command line gives them:
  ITEM...  or  ::: ITEM...   these words; after ::: no word is an option
  -a FILE  or  :::: FILE...  the lines of files, one after the other
  --range FIRST:LAST[:STEP]  integers";

/// What may stand in the templates of commands.
const PLACEHOLDERS: &str = "\
Placeholders:
  {}   the item               {#}  its number, from 1
  {.}  without its extension  {%}  the number of the worker, from 1
  {/}  after its last slash   {1} {2} {-1}  its fields; {1.} {1/} and so on
  {//} its folder             {name}        a field by name: --header, --jsonl
  {/.} {/} without extension  any other braces stay as they are";

pub(super) const STATUS: &str = "\
Exit status:
  0    every item went well
  1    an item failed, or there was nothing to answer from
  2    the command line was wrong; nothing ran
  3    input could not be read, or results or the ledger not fully written
  124  --deadline passed
  126  the command cannot be executed; nothing ran
  127  the command was not found; nothing ran
  A signal that ends parjob shows as 128 plus its number.";

/// The whole command line.
pub fn command() -> Command {
    frame()
        .args(of_every_run())
        .subcommands(OPERATIONS.iter().map(|operation| subcommand(operation)))
        .subcommands([explain(), help()])
}

/// The command line of one operation, whose name stands before all options: all that clap need know then. To describe the
/// others, to copy the options of every run to each subcommand and their values back takes longer than to start a process.
pub(super) fn command_of(operation: &'static Operation) -> Command {
    let described = subcommand(operation);
    let is_there = |arg: &Arg| described.get_arguments().any(|other| other.get_id() == arg.get_id());
    let others = of_every_run().into_iter().filter(|arg| arg.is_global_set() && !is_there(arg));
    let others: Vec<Arg> = others.map(|arg| arg.global(false)).collect();
    frame().subcommand(described.args(others))
}

/// The command line without its subcommands.
fn frame() -> Command {
    Command::new("parjob")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Does the same thing to every item of a list, on several workers at once")
        .override_usage("parjob [OPTIONS] OPERATION [OPTIONS] [ITEM]... [::: ITEM...] [:::: FILE...]")
        .before_help(EXAMPLES)
        .after_help(STATUS)
        .subcommand_required(false)
        .subcommand_value_name("OPERATION")
        .subcommand_help_heading("Operations")
        .disable_help_subcommand(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .max_term_width(100)
}

fn subcommand(operation: &'static Operation) -> Command {
    let about = Command::new(operation.name).about(operation.summary).long_about(operation.about);
    let command = about.disable_help_flag(true).args(own_args(operation)).args(without_letters_of(operation));
    let of_command = |command: Command, words| {
        command
            .override_usage(format!("parjob {} [OPTIONS] {words} [::: ITEM...]... [:::: FILE...]...", operation.name))
    };
    let words = match operation.kind {
        Kind::InProcess { words, .. } => words(&Params::defaults(operation)),
        Kind::Run => return of_command(command, "COMMAND [WORD]...").after_help(PLACEHOLDERS),
        Kind::Shell => return of_command(command, "[SCRIPT]").after_help(PLACEHOLDERS),
        Kind::Pool => return of_command(command, "COMMAND [WORD]..."),
        Kind::Python => return of_command(command, "EXPRESSION|FILE.py:FUNCTION|MODULE:FUNCTION"),
    };
    let (item, hint) = match words {
        Words::Values => ("ITEM", ValueHint::Other),
        Words::Paths | Words::Lists | Words::Trees(_) => ("FILE", ValueHint::AnyPath),
    };
    let items = Arg::new(ITEMS)
        .value_name(item)
        .num_args(0..)
        .value_parser(value_parser!(OsString))
        .value_hint(hint)
        .help("Items; standard input when there are none. After -- an item may begin with -");
    command
        .override_usage(format!("parjob {} [OPTIONS] [{item}]... [::: {item}...] [:::: FILE...]", operation.name))
        .arg(items)
}

/// The options of every run.
pub(super) fn of_every_run() -> Vec<Arg> {
    let parts = [item_args(), worker_args(), result_args(), talk_args(), help_args()];
    parts.into_iter().flatten().collect()
}

/// The options of an operation, beside those of every run.
pub(super) fn own_args(operation: &'static Operation) -> Vec<Arg> {
    let mut args: Vec<Arg> = operation.params.iter().map(param).collect();
    args.extend(match operation.kind {
        Kind::InProcess { .. } => Vec::new(),
        Kind::Run => command_args(None),
        Kind::Shell => command_args(Some(shell())),
        Kind::Pool => stays::pool_args(),
        Kind::Python => stays::python_args(),
    });
    args
}

/// The options of every run whose letter means something else beside this operation.
fn without_letters_of(operation: &Operation) -> Vec<Arg> {
    if operation.params.iter().all(|param| param.short.is_none()) {
        return Vec::new();
    }
    let taken = |letter| operation.params.iter().any(|param| param.short == Some(letter));
    let met = of_every_run().into_iter().filter(|arg| arg.get_short().is_some_and(taken));
    met.map(|arg| arg.short(None)).collect()
}

fn explain() -> Command {
    let words = Arg::new(WORDS)
        .value_name("WORD")
        .num_args(0..)
        .trailing_var_arg(true)
        .allow_hyphen_values(true)
        .value_parser(value_parser!(OsString))
        .help("The rest of the command line")
        .hide(true);
    Command::new(EXPLAIN)
        .about("what a command line would do, and why, without doing it")
        .before_help(
            "Examples:\n  parjob explain square 3\n  parjob explain --jobs 50% --output squares square < numbers",
        )
        .override_usage("parjob explain [OPTIONS] OPERATION ...")
        .disable_help_flag(true)
        .arg(words)
}

fn help() -> Command {
    let topics = OPERATIONS.iter().map(|operation| operation.name).chain([EXPLAIN, HELP]);
    let topic = Arg::new(TOPIC)
        .value_name("OPERATION")
        .value_parser(PossibleValuesParser::new(topics))
        .hide_possible_values(true)
        .help("The operation; without one, the help of parjob itself");
    Command::new(HELP)
        .about("what an operation does, with examples")
        .override_usage("parjob help [OPERATION]")
        .disable_help_flag(true)
        .arg(topic)
}

fn param(param: &'static Param) -> Arg {
    let arg = Arg::new(param.name)
        .long(param.name)
        .short(param.short)
        .help(param.help)
        .help_heading("Options of this operation");
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

/// Needed by few: left out of the help on one screen.
pub(super) fn rare(arg: Arg) -> Arg {
    arg.hide_short_help(true)
}

fn item_args() -> Vec<Arg> {
    const HEADING: &str = "Items";
    vec![
        option("arg-file", "FILE", HEADING, "Items are the lines of FILE; - means stdin")
            .short('a')
            .value_parser(value_parser!(OsString))
            .value_hint(ValueHint::FilePath)
            .action(ArgAction::Append),
        option("range", "FIRST:LAST[:STEP]", HEADING, "Items are integers, LAST included")
            .allow_hyphen_values(true)
            .action(ArgAction::Append),
        flag("null", HEADING, "Items end with a NUL byte").short('0'),
        rare(option("delimiter", "C", HEADING, "Items end with the byte C, such as , \\t \\x1f"))
            .short('d')
            .conflicts_with("null")
            .allow_hyphen_values(true),
        rare(option("colsep", "RE", HEADING, "Items are lines of fields that RE parts"))
            .conflicts_with_all(["csv", "jsonl"])
            .allow_hyphen_values(true),
        rare(flag("csv", HEADING, "Items are CSV records; -d C parts fields")).conflicts_with_all(["jsonl", "null"]),
        rare(flag("jsonl", HEADING, "Items are JSON objects, one a line")).conflicts_with("header"),
        rare(flag("header", HEADING, "Each source begins with the names of fields")),
        rare(flag("crlf", HEADING, "Strip a carriage return from an item's end")),
        rare(flag("no-empty", HEADING, "Drop empty items")),
        rare(option("eof", "STR", HEADING, "Stop reading at an item that is exactly STR"))
            .short('E')
            .allow_hyphen_values(true)
            .value_parser(value_parser!(OsString)),
        option("first", "N", HEADING, "Only the first N items").value_parser(value_parser!(u64)),
        rare(option("max-item", "SIZE", HEADING, "A longer item fails")).default_value("1M"),
    ]
}

fn worker_args() -> Vec<Arg> {
    const HEADING: &str = "Workers";
    vec![
        option("jobs", "N", HEADING, "How many: 4, 50% of the CPUs, +1 or -1 beside them, @FILE [default: the CPUs]")
            .short('j')
            .allow_hyphen_values(true),
        option("chunk", "N|auto", HEADING, "Items a worker takes at a time; auto: a millisecond's work")
            .short('c')
            .default_value("auto"),
        rare(option(
            "halt",
            "WHEN",
            HEADING,
            "Stop early: now|soon,fail|success|done=N|N%; soon lets what runs finish",
        ))
        .default_value("never"),
        rare(option("deadline", "DUR", HEADING, "Stop the whole run after DUR, such as 90s or 1h30m")),
    ]
}

fn result_args() -> Vec<Arg> {
    const HEADING: &str = "Results";
    let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let formats = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.summary));
    let default = FORMATS.first().map(|format| format.name);
    let reducers: Vec<&str> = REDUCERS.iter().map(|reducer| reducer.operation.name).collect();
    vec![
        rare(flag("ordered", HEADING, "Results in input order; this is the default"))
            .short('k')
            .conflicts_with("unordered"),
        flag("unordered", HEADING, "Results as they finish"),
        option("format", "FORMAT", HEADING, format!("How results look: {}", names.join(", ")))
            .value_parser(PossibleValuesParser::new(formats))
            .hide_possible_values(true)
            .default_value(default),
        flag("tag", HEADING, "Each line of text begins with its item and a TAB"),
        option("reduce", "OP", HEADING, format!("Fold results: {}", reducers.join(", ")))
            .value_parser(PossibleValuesParser::new(reducers))
            .hide_possible_values(true),
        option("output", "FILE", HEADING, "Results to FILE: complete or absent, never half")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::FilePath),
    ]
}

fn talk_args() -> Vec<Arg> {
    const HEADING: &str = "On standard error";
    vec![
        option("progress", "STYLE", HEADING, "bar, lines, json, none; auto: a bar on a terminal, lines in CI")
            .value_parser(["auto", "bar", "lines", "json", "none"])
            .hide_possible_values(true)
            .default_value("auto"),
        rare(option("total", "N", HEADING, "The number of items to come, for the bar"))
            .value_parser(value_parser!(u64)),
        flag("quiet", HEADING, "Only errors").short('q').conflicts_with("verbose"),
        rare(flag("verbose", HEADING, "The decisions taken, and each failure as it happens")).short('v'),
    ]
}

/// The options of the operations that run commands.
fn command_args(shell: Option<Arg>) -> Vec<Arg> {
    let mut args = template_args();
    args.extend(shell);
    args.extend(failure_args());
    args.extend(output_args());
    args.extend(record_args());
    args.extend(pace_args());
    args
}

/// An option of a command: it belongs to the operation, wherever it stands.
pub(super) fn own(name: &'static str, value: &'static str, heading: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).allow_negative_numbers(true).help_heading(heading).help(help)
}

pub(super) fn own_flag(name: &'static str, heading: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help_heading(heading).help(help)
}

const THE_COMMAND: &str = "The command";

fn template_args() -> Vec<Arg> {
    const HEADING: &str = THE_COMMAND;
    let bytes = || value_parser!(OsString);
    vec![
        own_flag("dry-run", HEADING, "Print each command instead of running it"),
        own_flag("trace-commands", HEADING, "Print each command on standard error as it starts").short('t'),
        own("batch", "N|max", HEADING, "Items in one command line").short('n').default_value("1"),
        rare(own("stdin", "WHAT", HEADING, "What a command reads: null (nothing), or item"))
            .value_parser(["null", "item"])
            .hide_possible_values(true)
            .default_value("null"),
        rare(own("placeholder", "STR", HEADING, "STR stands for the item, and braces for themselves"))
            .short('I')
            .value_parser(bytes()),
    ]
}

/// The option that `sh` alone has.
fn shell() -> Arg {
    rare(own("shell", "PROGRAM", THE_COMMAND, "The shell")).value_parser(value_parser!(OsString)).default_value("sh")
}

/// What processes take of the machine.
fn share_args(heading: &'static str) -> [Arg; 2] {
    [
        rare(own("nice", "N", heading, "Lower the commands' priority by N"))
            .value_parser(value_parser!(i32).range(-20..=19)),
        rare(own("threads-per-job", "N|auto", heading, "Ask libraries for N threads; auto: CPUs / jobs")),
    ]
}

pub(super) fn failure_args() -> Vec<Arg> {
    const HEADING: &str = "Failures";
    vec![
        own("retries", "N", HEADING, "Up to N further attempts at an item that fails")
            .value_parser(value_parser!(u32))
            .default_value("0"),
        own("timeout", "DUR|N%", HEADING, "End an attempt after 30s, 5m, or N% of the median time"),
        rare(own("backoff", "FIRST[..MAX]", HEADING, "Wait so long before a further attempt; doubled each time")),
        rare(own("retry-on", "LIST", HEADING, "Only after these: exit, exit=75, signal, timeout, start")),
        rare(own("grace", "DUR", HEADING, "Between asking a command to end and killing it")).default_value("2s"),
        rare(own("exit-status", "WHAT", HEADING, "any: 1 if an item failed; count: how many; first: its status"))
            .value_parser(["any", "count", "first"])
            .hide_possible_values(true)
            .default_value("any"),
    ]
}

fn output_args() -> Vec<Arg> {
    const HEADING: &str = "Output";
    vec![
        own("results", "DIR", HEADING, "Keep each item's output in a folder of DIR, too")
            .value_parser(value_parser!(PathBuf))
            .value_hint(ValueHint::DirPath),
        own_flag("line-buffer", HEADING, "Lines as they come, of several items among each other, and of all attempts"),
        rare(own_flag("ungroup", HEADING, "Commands write directly, in whatever order, in all attempts"))
            .short('u')
            .conflicts_with("line-buffer"),
        own_flag("merge", HEADING, "Standard error goes into standard output, in the order in which both were written"),
        rare(own("tag-template", "T", HEADING, "Each line begins with T, such as '{#} {}', and a TAB"))
            .value_parser(value_parser!(OsString)),
        spill_arg(HEADING),
    ]
}

/// The bound on output that waits in a temporary file.
pub(super) fn spill_arg(heading: &'static str) -> Arg {
    rare(own("spill-max", "SIZE", heading, "Bytes of output that may wait in a temporary file")).default_value("1G")
}

fn record_args() -> Vec<Arg> {
    const HEADING: &str = "Records of the run";
    let file = |arg: Arg| arg.value_parser(value_parser!(PathBuf)).value_hint(ValueHint::FilePath);
    vec![
        file(own("ledger", "FILE", HEADING, "Record what starts and ends, so that the run can go on later")),
        own_flag("resume", HEADING, "Go on: do what the ledger does not call done").requires("ledger"),
        own_flag("retry-failed", HEADING, "Do only what failed last time").requires("ledger").conflicts_with("resume"),
        rare(own_flag("resume-anyway", HEADING, "Even if the ledger is of another command")).requires("ledger"),
        file(own("joblog", "FILE", HEADING, "A table of what ran, as GNU parallel writes it")),
    ]
}

/// What is looked at before an item starts, and what processes take of the machine.
pub(super) fn pace_args() -> Vec<Arg> {
    const HEADING: &str = "Load on the machine";
    let mut args = vec![
        rare(own("delay", "DUR", HEADING, "Start each so long after the one before")).conflicts_with("rate"),
        rare(own("rate", "N/s", HEADING, "Start so many a second, a minute (/m) or an hour (/h)")),
        rare(own("load", "N", HEADING, "Start none while the machine's load is N or more"))
            .value_parser(value_parser!(f64)),
        rare(own("memfree", "SIZE", HEADING, "Start none while less memory than SIZE is free")),
    ];
    args.extend(share_args(HEADING));
    args
}

fn help_args() -> Vec<Arg> {
    const HEADING: &str = "Help";
    let version = Arg::new("version").long("version").short('V').action(ArgAction::Version).help_heading(HEADING);
    vec![
        rare(Arg::new(BRIEF).short('h').action(ArgAction::SetTrue).global(true).help_heading(HEADING))
            .help("The most used options"),
        rare(flag(HELP, HEADING, "All options, and the exit status")),
        rare(version.help("The version")),
    ]
}
