//! From the options of commands to the part of a plan that is about processes.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use super::resolve::Decide;
use crate::base::exit::Report;
use crate::base::units;
use crate::command::paste;
use crate::command::recipe::{Batch, Grouping, Options, Stdin, Timeout, Way};
use crate::engine::{RetryPolicy, Throttle};
use crate::ledger::Mode;
use crate::op::Reducer;
use crate::plan::{Ledger, Processes, Spawn, Tag};
use crate::run::Backoff;

/// How many workers there are.
pub(super) struct Workers {
    pub(super) jobs: usize,
    pub(super) cpus: usize,
}

/// What is particular to a process for each item or batch.
pub(super) fn spawn(
    (way, words): (Way, Vec<OsString>),
    reducer: Option<&Reducer>,
    given: &ArgMatches,
    workers: Workers,
    resume: impl FnOnce(bool) -> String,
    decide: Decide<'_>,
) -> Result<Spawn> {
    let Workers { jobs, cpus } = workers;
    let batch = batch(given)?;
    if way != Way::Run && words.is_empty() && batch != Batch::Items(NonZeroU32::MIN) {
        bail!("--batch puts several items into one command, but without a script each item is a command by itself");
    }
    if words.len() > 1 && way != Way::Run {
        bail!("sh takes its script as one word; quote it: parjob sh {}", as_one_word(&words));
    }
    let grouping = grouping(given)?;
    let stdin = match given.get_one::<String>("stdin").map(String::as_str) {
        Some("item") => Stdin::Item,
        _ => Stdin::Null,
    };
    let command = Options {
        way,
        words,
        token: given.get_one::<OsString>("placeholder").map(|token| token.clone().into_vec()),
        batch,
        stdin,
        grouping,
        merge: given.get_flag("merge"),
        dry_run: given.get_flag("dry-run"),
        trace: given.get_flag("trace-commands"),
        timeout: text(given, "timeout").map(timeout).transpose()?,
        grace: grace(given)?,
        nice: given.get_one::<i32>("nice").copied().unwrap_or(0),
        threads: text(given, "threads-per-job").map(|text| threads(text, jobs, cpus)).transpose()?,
    };
    decide_command(&command, decide);
    Ok(Spawn {
        // What a dry run prints are commands, not results.
        reduce: reducer.filter(|_| !command.dry_run).map(|reducer| (reducer.fold)()),
        tag: tag(given, &command)?,
        ledger: ledger(given, resume)?,
        options_of_work: options_of_work(&command, given),
        results: given.get_one::<PathBuf>("results").cloned(),
        joblog: given.get_one::<PathBuf>("joblog").cloned(),
        command,
    })
}

pub(super) fn text<'a>(given: &'a ArgMatches, name: &str) -> Option<&'a str> {
    given.get_one::<String>(name).map(String::as_str)
}

pub(super) fn shown(words: &[OsString]) -> String {
    words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ").escape_debug().to_string()
}

/// The words as one that can be typed.
pub(super) fn as_one_word(words: &[OsString]) -> String {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_encoded_bytes()).collect();
    String::from_utf8_lossy(&paste::word(&words.join(&b' '))).into_owned()
}

/// What the words of `run` are.
pub(super) fn program(words: &[OsString]) -> Result<Way> {
    if words.is_empty() {
        bail!("run needs a command, such as: parjob run gzip -9 {{}}; for command lines as items there is parjob sh");
    }
    Ok(Way::Run)
}

/// What the words of `sh` are.
pub(super) fn script(given: &ArgMatches) -> Way {
    Way::Shell(given.get_one::<OsString>("shell").cloned().unwrap_or_else(|| "sh".into()))
}

/// How the output of several items is kept apart. What goes out line by line, or past parjob, can only be text.
fn grouping(given: &ArgMatches) -> Result<Grouping> {
    let (grouping, option) = match (given.get_flag("ungroup"), given.get_flag("line-buffer")) {
        (true, _) => (Grouping::None, "--ungroup"),
        (_, true) => (Grouping::Lines, "--line-buffer"),
        _ => return Ok(Grouping::Items),
    };
    if text(given, "format").is_some_and(|format| format != "text") {
        bail!("{option} is for text; other formats hold all that an item printed");
    }
    for other in ["results", "reduce"] {
        if given.value_source(other).is_some() {
            bail!("--{other} needs all that an item printed, which {option} lets go; leave one of them out");
        }
    }
    if grouping == Grouping::None && given.get_flag("merge") {
        bail!("--ungroup leaves both streams to the commands; 2>&1 in the command merges them");
    }
    if grouping == Grouping::None && given.value_source("output").is_some() {
        bail!("--output takes what commands print, but with --ungroup they write to standard output themselves");
    }
    Ok(grouping)
}

fn batch(given: &ArgMatches) -> Result<Batch> {
    match text(given, "batch").unwrap_or("1") {
        "max" => Ok(Batch::Max),
        text => {
            let items = text.parse().ok().map(Batch::Items);
            items.with_context(|| format!("--batch {text:?} is neither max nor a number of items from 1 on"))
        }
    }
}

pub(super) fn timeout(text: &str) -> Result<Timeout> {
    let form = || format!("--timeout {text:?} is neither a duration such as 30s nor a share such as 300%");
    match text.strip_suffix('%') {
        Some(percent) => {
            let percent: u32 = percent.parse().ok().with_context(form)?;
            if percent <= 100 {
                bail!("--timeout {text}: a share of the median must be above 100%, or half of the items would fail");
            }
            Ok(Timeout::Percent(percent))
        }
        None => match units::duration(text).with_context(form)? {
            Duration::ZERO => bail!("--timeout 0 would end every command as it starts"),
            timeout => Ok(Timeout::After(timeout)),
        },
    }
}

pub(super) fn threads(text: &str, jobs: usize, cpus: usize) -> Result<usize> {
    match text {
        "auto" => Ok((cpus / jobs).max(1)),
        text => match text.parse() {
            Ok(0) | Err(_) => bail!("--threads-per-job {text:?} is neither auto nor a number from 1 on"),
            Ok(threads) => Ok(threads),
        },
    }
}

fn tag(given: &ArgMatches, command: &Options) -> Result<Tag> {
    let template = given.get_one::<OsString>("tag-template").cloned();
    let tag = match template {
        Some(_) if given.get_flag("tag") => bail!("--tag and --tag-template say two things; give one"),
        Some(template) => Tag::Template(template),
        None if given.get_flag("tag") => Tag::Item,
        None => return Ok(Tag::None),
    };
    if command.grouping == Grouping::None {
        bail!("--ungroup leaves the output to the commands, which know no tag");
    }
    if text(given, "format").is_some_and(|format| format != "text") {
        bail!("a tag is for text; other formats hold each item already");
    }
    if given.get_one::<String>("reduce").is_some() {
        bail!("a tag names the item of each line, but --reduce gives one answer for all of them");
    }
    Ok(tag)
}

fn ledger(given: &ArgMatches, resume: impl FnOnce(bool) -> String) -> Result<Option<Ledger>> {
    let Some(file) = given.get_one::<PathBuf>("ledger").cloned() else { return Ok(None) };
    let mode = match (given.get_flag("resume"), given.get_flag("retry-failed")) {
        (true, _) => Mode::Resume,
        (_, true) => Mode::RetryFailed,
        _ => Mode::New,
    };
    let anyway = given.get_flag("resume-anyway");
    if mode == Mode::New && anyway {
        bail!("--resume-anyway goes with --resume or --retry-failed");
    }
    if mode != Mode::New && given.get_one::<PathBuf>("output").is_some() {
        bail!("--output would replace the results of the run that is resumed; use >> or --results");
    }
    if mode != Mode::New && given.get_one::<String>("reduce").is_some() {
        bail!("--reduce would answer from the items of this run alone, not from those that were done before it");
    }
    Ok(Some(Ledger { file, mode, anyway, resume: resume(mode != Mode::New) }))
}

/// What decides, beside the words of the command, what it means that an item is done.
fn options_of_work(command: &Options, given: &ArgMatches) -> Vec<String> {
    let mut options = options_of_records(given);
    if let Way::Shell(shell) = &command.way
        && shell != "sh"
    {
        options.push(format!("--shell={}", shell.to_string_lossy()));
    }
    if let Some(token) = &command.token {
        options.push(format!("-I={}", String::from_utf8_lossy(token)));
    }
    if command.batch != Batch::Items(NonZeroU32::MIN) {
        options.push(format!("--batch={}", shown_batch(command.batch)));
    }
    if command.stdin == Stdin::Item {
        options.push("--stdin=item".into());
    }
    options
}

/// What says which fields an item has, as it was typed.
fn options_of_records(given: &ArgMatches) -> Vec<String> {
    let mut options: Vec<String> = text(given, "colsep").map(|text| format!("--colsep={text}")).into_iter().collect();
    for name in ["csv", "jsonl", "header"] {
        options.extend(given.get_flag(name).then(|| format!("--{name}")));
    }
    // Elsewhere it parts items, and an item is known by its bytes.
    let separator = text(given, "delimiter").filter(|_| given.get_flag("csv"));
    options.extend(separator.map(|text| format!("--delimiter={text}")));
    options
}

fn shown_batch(batch: Batch) -> String {
    match batch {
        Batch::Items(items) => items.to_string(),
        Batch::Max => "max".into(),
    }
}

/// What holds for all work by processes.
pub(super) fn processes(given: &ArgMatches) -> Result<Processes> {
    Ok(Processes { retry: retry(given)?, throttle: throttle(given)?, spill_max: spill_max(given)? })
}

fn spill_max(given: &ArgMatches) -> Result<u64> {
    text(given, "spill-max").map_or(Ok(1 << 30), |text| units::size(text).context("--spill-max"))
}

/// When a next item may start.
fn throttle(given: &ArgMatches) -> Result<Throttle> {
    let load = given.get_one::<f64>("load").copied();
    if load.is_some_and(|load| load.is_nan() || load <= 0.0) {
        bail!("--load: no machine has so little to do; the load counts the processes that run");
    }
    let memory = text(given, "memfree").map(|text| units::size(text).context("--memfree")).transpose()?;
    Ok(Throttle { delay: delay(given)?, load, memory })
}

fn delay(given: &ArgMatches) -> Result<Duration> {
    if let Some(text) = text(given, "delay") {
        return units::duration(text).context("--delay");
    }
    text(given, "rate").map_or(Ok(Duration::ZERO), |text| {
        let form = || format!("--rate {text:?} is not a rate such as 10/s, 90/m or 5/h");
        let (number, unit) = text.split_once('/').unwrap_or((text, "s"));
        let seconds = match unit {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => bail!(form()),
        };
        let number = number.parse::<f64>().ok().filter(|n| n.is_finite() && *n > 0.0).with_context(form)?;
        Duration::try_from_secs_f64(seconds / number).ok().with_context(form)
    })
}

/// `--backoff`.
pub(super) fn backoff(given: &ArgMatches) -> Result<Backoff> {
    let Some(text) = text(given, "backoff") else { return Ok(Backoff::default()) };
    let (first, most) = text.split_once("..").unwrap_or((text, text));
    let duration = |text| units::duration(text).with_context(|| format!("--backoff {text:?}"));
    let (first, most) = (duration(first)?, if text.contains("..") { Some(duration(most)?) } else { None });
    if most.is_some_and(|most| most < first) {
        bail!("--backoff {text}: the longest wait is shorter than the first");
    }
    // Without a bound it doubles for an hour.
    Ok(Backoff { first, most: most.unwrap_or(Duration::from_secs(3600)) })
}

/// Which attempts are followed by another.
fn retry(given: &ArgMatches) -> Result<RetryPolicy> {
    Ok(RetryPolicy { retries: given.get_one::<u32>("retries").copied().unwrap_or(0), ..retry_on(given)? })
}

/// `--exit-status`.
pub(super) fn report(given: &ArgMatches) -> Report {
    match text(given, "exit-status") {
        Some("count") => Report::Count,
        Some("first") => Report::First,
        _ => Report::Any,
    }
}

/// `--grace`.
pub(super) fn grace(given: &ArgMatches) -> Result<Duration> {
    text(given, "grace").map_or(Ok(Duration::from_secs(2)), |text| units::duration(text).context("--grace"))
}

fn retry_on(given: &ArgMatches) -> Result<RetryPolicy> {
    let Some(text) = text(given, "retry-on") else { return Ok(RetryPolicy::default()) };
    if given.get_one::<u32>("retries").is_none_or(|retries| *retries == 0) {
        bail!("--retry-on {text}: how often? --retries N says so");
    }
    let mut on = Vec::new();
    for word in text.split(',') {
        on.push(word.parse().with_context(|| format!("--retry-on {text:?}"))?);
    }
    Ok(RetryPolicy { on, ..RetryPolicy::default() })
}

fn decide_command(command: &Options, decide: Decide<'_>) {
    if !command.words.is_empty() {
        decide("command", shown(&command.words), "given on the command line".into());
    } else {
        decide("command", "each item".into(), "sh was given no script".into());
    }
    if let Some(threads) = command.threads {
        decide("threads", threads.to_string(), "--threads-per-job".into());
    }
    if command.dry_run {
        decide("dry run", "yes".into(), "--dry-run: nothing is started".into());
    }
}
