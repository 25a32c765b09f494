//! From what was given and what surrounds the process to a plan. Whatever is derived gets its reason.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ArgMatches;
use clap::parser::ValueSource;
use parjob_sys::cpus::{self, Cpus};
use parjob_sys::{entry, limits};

use super::args::ITEMS;
use super::commands::{Workers, backoff, processes, program, report, script, spawn};
use super::negative::unmarked;
use super::pool::pool;
use super::python::python;
use super::show::{output, progress, talk};
use super::{Apart, clash, explain, resume, values};
use crate::base::chunk::Chunking;
use crate::base::exit::Report;
use crate::base::units;
use crate::command::recipe::{Batch, Grouping};
use crate::executor::in_process::Job;
use crate::executor::persistent::Language;
use crate::op::{self, Kind, Operation, Param, Params, REDUCERS, Reducer, Setting, Words};
use crate::plan::{Decision, Plan, Processes, Spawn, Work, parse_jobs};
use crate::progress::Talk;
use crate::run::{Backoff, Halt, Policy};
use crate::source::{self, Column, Input, Link, Origin, Reading, Records};

/// What the environment says.
pub(super) struct Surroundings {
    pub(super) cpus: Cpus,
    pub(super) stdin_is_terminal: bool,
    pub(super) stderr_is_terminal: bool,
    /// Standard output and standard error are one terminal, file or pipe.
    pub(super) one_output: bool,
    pub(super) in_ci: bool,
    pub(super) dumb: bool,
    pub(super) sigpipe_ignored: bool,
}

impl Surroundings {
    /// Looks around.
    pub(super) fn look() -> Surroundings {
        let is_terminal = |fd: std::os::fd::BorrowedFd<'_>| rustix::termios::isatty(fd);
        let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
        let stat = |fd: std::os::fd::BorrowedFd<'_>| rustix::fs::fstat(fd).ok();
        let (out, err) = (stdout.as_fd(), stderr.as_fd());
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let terminals = is_terminal(out) && is_terminal(err);
        Surroundings {
            cpus: cpus::usable(),
            stdin_is_terminal: is_terminal(stdin.as_fd()),
            stderr_is_terminal: is_terminal(err),
            one_output: stat(out).zip(stat(err)).is_some_and(|(out, err)| {
                let is_one = (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino);
                is_one || terminals && out.st_rdev == err.st_rdev
            }),
            in_ci: set("CI"),
            dumb: std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
            sigpipe_ignored: entry::sigpipe_was_ignored(),
        }
    }
}

/// The plan.
pub(super) fn resolve(
    operation: &'static Operation,
    given: &ArgMatches,
    apart: Apart,
    around: &Surroundings,
) -> Result<Plan> {
    let Apart { sources, tail, argv } = apart;
    let mut decisions = Vec::new();
    let mut decide =
        |what: &str, value: String, why: String| decisions.push(Decision { what: what.into(), value, why });
    let params = params(operation, given);
    decide("operation", operation.name.into(), "named on the command line".into());
    let reducer = reducer(given);
    if let Some(reducer) = reducer {
        decide("reduce", reducer.operation.name.into(), "--reduce".into());
    }
    let words = if let Kind::InProcess { words, .. } = operation.kind { Some(words(&params)) } else { None };
    let by_processes = words.is_none();
    let (source, items_given) = source(operation, words, given, sources, &mut decide)?;
    let items_are_typed = !items_given && around.stdin_is_terminal;
    let (jobs, jobs_file) = jobs(given, by_processes, around, &mut decide)?;
    let workers = Workers { jobs, cpus: around.cpus.count };
    let (talk, told, why_told) = talk(given, around);
    let asked = Asked { operation, params: &params, reducer, source: &source, quiet: talk == Talk::Quiet };
    let work = work(asked, given, workers, (tail, &argv), &mut decide)?;
    let policy = policy(given, around, &work)?;
    let chunking = chunking(given, &policy, &work, &mut decide)?;
    decide_order(&policy, given, &mut decide);
    let dry_run = params.flag("dry-run");
    let output = results(given, &work, dry_run, (&source, jobs_file.as_deref()), &mut decide)?;
    decide("report", told.into(), why_told.into());
    let progress = progress(given, &source, &output, talk, around, &mut decide)?;
    decide_ends(&policy, given, &mut decide);
    explain::rest(given, &mut decisions);
    let answering = reducer.map_or(operation, |reducer| reducer.operation);
    let report = if by_processes { report(given) } else { Report::Any };
    let processes = if by_processes { processes(given)? } else { Processes::default() };
    Ok(Plan {
        source,
        items_are_typed,
        operation,
        answering,
        work,
        jobs,
        jobs_file,
        chunking,
        policy,
        processes,
        report,
        output,
        progress,
        talk,
        decisions,
    })
}

/// How results look and where they go. `dry_run`: nothing is done, as the operation itself has it.
fn results(
    given: &ArgMatches,
    work: &Work,
    dry_run: bool,
    (source, jobs_file): (&source::Options, Option<&Path>),
    decide: Decide<'_>,
) -> Result<crate::output::Options> {
    let shows_commands = work.spawn().is_some_and(|spawn| spawn.command.dry_run);
    let mut output = output(given, work, shows_commands || dry_run, decide)?;
    if let Some(spawn) = work.spawn() {
        clash::check(spawn, jobs_file, source, output.file.as_deref())?;
    }
    if shows_commands {
        // What is printed are commands, whatever their results would look like and wherever they would go.
        (output.format, output.tag, output.file) = ("text", false, None);
    }
    Ok(output)
}

/// Notes a decision: what, its value, why.
pub(super) type Decide<'a> = &'a mut dyn FnMut(&str, String, String);

pub(super) const DEFAULT: &str = "the default";

/// `--reduce`.
fn reducer(given: &ArgMatches) -> Option<&'static Reducer> {
    let name = given.get_one::<String>("reduce")?;
    REDUCERS.iter().find(|reducer| reducer.operation.name == name)
}

fn params(operation: &'static Operation, given: &ArgMatches) -> Params {
    let value = |param: &Param| match param.value {
        Some(_) => given.get_one::<String>(param.name).cloned(),
        None => given.get_flag(param.name).then(String::new),
    };
    Params(operation.params.iter().filter_map(|param| Some((param.name, value(param)?))).collect())
}

/// What is asked for, before it is known how it is done.
struct Asked<'a> {
    operation: &'static Operation,
    params: &'a Params,
    reducer: Option<&'static Reducer>,
    source: &'a source::Options,
    quiet: bool,
}

/// What workers do. `tail` are the words of a command, `argv` all words as they were given.
fn work(
    asked: Asked<'_>,
    given: &ArgMatches,
    workers: Workers,
    (tail, argv): (Vec<OsString>, &[OsString]),
    decide: Decide<'_>,
) -> Result<Work> {
    let Asked { operation, params, reducer, source, quiet } = asked;
    let resume = |goes_on| resume::command(argv, goes_on, source.reads_stdin());
    Ok(match operation.kind {
        Kind::InProcess { prepare, .. } => {
            let setting = Setting { jobs: workers.jobs, quiet, source: source.clone() };
            Work::InProcess(job(operation, prepare(params, &setting)?, reducer)?)
        }
        Kind::Run => Work::Spawn(Box::new(spawn((program(&tail)?, tail), reducer, given, workers, resume, decide)?)),
        Kind::Shell => Work::Spawn(Box::new(spawn((script(given), tail), reducer, given, workers, resume, decide)?)),
        Kind::Pool => Work::Persistent(pool(tail, reducer, given, workers, decide)?),
        Kind::Python => Work::Persistent(python((&tail, source), reducer, given, workers, decide)?),
    })
}

/// What workers do to items in this process.
fn job(operation: &Operation, work: op::Work, reducer: Option<&Reducer>) -> Result<Job> {
    Ok(match (work, reducer) {
        (op::Work::Map(map), None) => Job::Map(map),
        (op::Work::Map(map), Some(reducer)) => Job::Reduce(map, (reducer.fold)()),
        (op::Work::Fold(fold), None) => Job::Fold(fold),
        (op::Work::Fold(_), Some(_)) => {
            bail!("--reduce folds the results of an operation, but {} has a single one already", operation.name)
        }
    })
}

/// Where items come from, and whether the command line says so.
fn source(
    operation: &Operation,
    kind: Option<Words>,
    given: &ArgMatches,
    sources: Vec<Column>,
    decide: Decide<'_>,
) -> Result<(source::Options, bool)> {
    let mut reading = reading(given)?;
    let mut columns = Vec::new();
    let mut add = |origin| columns.push(Column { origin, link: Link::Cross });
    for range in given.get_many::<String>("range").into_iter().flatten() {
        add(Origin::Range(range.parse().with_context(|| format!("--range {range:?}"))?));
    }
    for file in given.get_many::<OsString>("arg-file").into_iter().flatten() {
        add(Origin::Inputs(source::inputs(vec![file.clone()])));
    }
    if let Some(words) = given.try_get_many::<OsString>(ITEMS).ok().flatten() {
        let words = words.map(|word| unmarked(word)).collect();
        add(if kind == Some(Words::Lists) { Origin::Inputs(source::inputs(words)) } else { Origin::Words(words) });
    }
    columns.extend(sources);
    let items_given = !columns.is_empty();
    if !items_given {
        columns.push(Column { origin: Origin::Inputs(vec![Input::Stdin]), link: Link::Cross });
        decide("items", "standard input".into(), "no other source was given".into());
    } else {
        decide("items", described(&columns), "given on the command line".into());
    }
    if kind.is_some() {
        one_field(operation.name, columns.len(), &reading.records)?;
    }
    if kind == Some(Words::Lists) {
        // One that cannot be read is told of at the end, as the programs do whose lists these are.
        reading.lists = Some(Default::default());
    } else {
        check_inputs(&columns)?;
    }
    if reading.header {
        check_header(&columns)?;
        decide("names", "in the first record of each source".into(), "--header".into());
    }
    let walk = if let Some(Words::Trees(trees)) = kind { Some(trees) } else { None };
    Ok((source::Options { columns, reading, walk }, items_given))
}

/// Operations in process take items as they are.
fn one_field(operation: &str, sources: usize, records: &Records) -> Result<()> {
    let option = match records {
        Records::Separated(_) => "--colsep",
        Records::Csv(_) => "--csv",
        Records::Json => {
            bail!("{operation} takes items as they are; --jsonl is for commands, which name what they use")
        }
        Records::Plain if sources > 1 => bail!(
            "{operation} takes items of one field, but {sources} sources make several; give one source (:::: A B reads \
             A, then B)"
        ),
        Records::Plain => return Ok(()),
    };
    bail!("{operation} takes items of one field, but {option} gives them several")
}

fn check_header(columns: &[Column]) -> Result<()> {
    if columns.iter().any(|column| matches!(column.origin, Origin::Range(_))) {
        bail!("--header reads the names of fields, but --range has none");
    }
    Ok(())
}

fn described(columns: &[Column]) -> String {
    let many = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let one = |column: &Column| match &column.origin {
        Origin::Words(words) => many(words.len(), "word"),
        Origin::Inputs(inputs) => many(inputs.len(), "input"),
        Origin::Range(range) => format!("a range of {}", range.len()),
    };
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn check_inputs(columns: &[Column]) -> Result<()> {
    columns.iter().try_for_each(|column| match &column.origin {
        Origin::Inputs(inputs) => source::check(inputs),
        _ => Ok(()),
    })
}

/// The fields of items, and the byte that `--delimiter` leaves to end an item.
fn records(given: &ArgMatches) -> Result<(Records, u8)> {
    let delimiter = given.get_one::<String>("delimiter").map(|text| values::byte(text).context("--delimiter"));
    let delimiter = delimiter.transpose()?;
    if given.get_flag("csv") {
        return match delimiter {
            Some(byte @ (b'"' | b'\n' | b'\r')) => {
                bail!("--delimiter {:?}: no fields of CSV are parted by that", char::from(byte))
            }
            separator => Ok((Records::Csv(separator.unwrap_or(b',')), b'\n')),
        };
    }
    let delimiter = delimiter.unwrap_or(if given.get_flag("null") { 0 } else { b'\n' });
    let records = match given.get_one::<String>("colsep") {
        Some(text) => Records::Separated(text.parse().context("--colsep")?),
        None if given.get_flag("jsonl") => Records::Json,
        None => Records::Plain,
    };
    Ok((records, delimiter))
}

fn reading(given: &ArgMatches) -> Result<Reading> {
    let (records, delimiter) = records(given)?;
    let max_item = given.get_one::<String>("max-item").map_or(Ok(1 << 20), |text| units::size(text));
    Ok(Reading {
        delimiter,
        records,
        header: given.get_flag("header"),
        strip_cr: given.get_flag("crlf"),
        drop_empty: given.get_flag("no-empty"),
        stop_at: given.get_one::<OsString>("eof").map(|text| text.clone().into_vec()),
        first: given.get_one::<u64>("first").copied(),
        max_item: usize::try_from(max_item.context("--max-item")?).unwrap_or(usize::MAX),
        lists: None,
    })
}

/// Starting a pool takes time in the square of its threads: 0.6 s for so many, 12 s for four times as many.
const MOST_JOBS: usize = 1024;

fn jobs(
    given: &ArgMatches,
    by_processes: bool,
    around: &Surroundings,
    decide: Decide<'_>,
) -> Result<(usize, Option<PathBuf>)> {
    let Cpus { count, why } = around.cpus;
    let Some(text) = given.get_one::<String>("jobs") else {
        decide("jobs", count.to_string(), format!("the default: {why}"));
        return Ok((count, None));
    };
    if let Some(file) = text.strip_prefix('@') {
        if !by_processes {
            bail!("--jobs {text}: only workers that run commands can become more or fewer");
        }
        let jobs = jobs_in_file(Path::new(file), count)?;
        decide("jobs", jobs.to_string(), format!("--jobs {text}: read again while running"));
        return Ok((jobs, Some(file.into())));
    }
    if text == "0" && by_processes {
        let jobs = limits::processes();
        decide("jobs", jobs.to_string(), "--jobs 0: as many as open files allow".into());
        return Ok((jobs, None));
    }
    let jobs = parse_jobs(text, count).context("--jobs")?;
    if jobs > MOST_JOBS && !by_processes {
        bail!("--jobs {text}: at most {MOST_JOBS} workers");
    }
    let relative = text.contains(['%', '+', '-']);
    let why = if relative { format!("--jobs {text} of {count}: {why}") } else { format!("--jobs {text}") };
    decide("jobs", jobs.to_string(), why);
    Ok((jobs, None))
}

fn jobs_in_file(file: &Path, cpus: usize) -> Result<usize> {
    let text = std::fs::read_to_string(file).with_context(|| format!("--jobs @{}", file.display()))?;
    parse_jobs(text.trim(), cpus).with_context(|| format!("--jobs @{}", file.display()))
}

fn policy(given: &ArgMatches, around: &Surroundings, work: &Work) -> Result<Policy> {
    let halt = match given.get_one::<String>("halt").map(String::as_str) {
        None | Some("never") => None,
        Some(text) => Some(text.parse::<Halt>().with_context(|| format!("--halt {text:?}"))?),
    };
    let deadline = given.get_one::<String>("deadline").map(|text| units::duration(text).context("--deadline"));
    let by_processes = !matches!(work, Work::InProcess(_));
    let interleaves = work.spawn().is_some_and(|spawn| spawn.command.grouping != Grouping::Items);
    Ok(Policy {
        sigpipe_ignored: around.sigpipe_ignored,
        ordered: !given.get_flag("unordered") && !interleaves,
        halt,
        deadline: deadline.transpose()?,
        backoff: if by_processes { backoff(given)? } else { Backoff::default() },
        killable: by_processes,
        grace: work.grace().unwrap_or_default(),
        patience: work.spawn().map(Spawn::patience).unwrap_or_default(),
    })
}

fn chunking(given: &ArgMatches, policy: &Policy, work: &Work, decide: Decide<'_>) -> Result<Chunking> {
    let batch = match work {
        Work::InProcess(_) => None,
        Work::Spawn(spawn) => Some(match spawn.command.batch {
            Batch::Items(items) => items,
            Batch::Max => NonZeroU32::MIN,
        }),
        // What stays up takes as many items as it likes, unless it is to have lists of them.
        Work::Persistent(persistent) => match persistent.keep.language {
            Language::Python { batch, .. } => Some(batch).filter(|batch| *batch > NonZeroU32::MIN),
            Language::Lines { .. } | Language::Json { .. } | Language::Frames { .. } => None,
        },
    };
    let text = given.get_one::<String>("chunk").map_or("auto", String::as_str);
    if text != "auto" {
        let items = text.parse::<NonZeroU32>().ok();
        let items =
            items.with_context(|| format!("--chunk {text:?} is neither auto nor a number of items from 1 on"))?;
        decide("chunk", text.into(), format!("--chunk {text}"));
        return Ok(Chunking::Items(items.saturating_mul(batch.unwrap_or(NonZeroU32::MIN))));
    }
    if let Some(batch) = batch {
        return Ok(Chunking::Items(batch));
    }
    if policy.halt.is_some() {
        decide("chunk", "1".into(), "--halt counts items one by one".into());
        return Ok(Chunking::Items(NonZeroU32::MIN));
    }
    decide("chunk", "auto".into(), "the default: about a millisecond of work, by measurement".into());
    Ok(Chunking::Auto)
}

fn decide_order(policy: &Policy, given: &ArgMatches, decide: Decide<'_>) {
    let value = if policy.ordered { "input order" } else { "as they finish" };
    let why = match (policy.ordered, given.get_flag("ordered")) {
        (true, false) => DEFAULT,
        (true, true) => "--ordered",
        (false, _) => "--unordered",
    };
    decide("order", value.into(), why.into());
}

fn decide_ends(policy: &Policy, given: &ArgMatches, decide: Decide<'_>) {
    if let Some(halt) = given.get_one::<String>("halt").filter(|_| policy.halt.is_some()) {
        decide("halt", halt.clone(), "--halt".into());
    }
    if let Some(deadline) = policy.deadline {
        decide("deadline", format!("{deadline:?}"), "--deadline".into());
    }
}

pub(super) fn given_by_user(given: &ArgMatches, name: &str) -> bool {
    given.value_source(name) == Some(ValueSource::CommandLine)
}
