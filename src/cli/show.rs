//! How results and progress are shown, from the options and from what the terminals are.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::ArgMatches;

use super::resolve::{DEFAULT, Decide, Surroundings, given_by_user};
use crate::output::{self, FORMATS};
use crate::plan::Work;
use crate::progress::{self, Style, Talk};
use crate::source;

/// How much is said, that in words, and why.
pub(super) fn talk(given: &ArgMatches, around: &Surroundings) -> (Talk, &'static str, &'static str) {
    if given.get_flag("quiet") {
        (Talk::Quiet, "errors only", "--quiet")
    } else if given.try_get_one::<bool>("status").ok().flatten() == Some(&true) {
        (Talk::Quiet, "errors only", "--status")
    } else if given.get_flag("verbose") {
        (Talk::Verbose, "everything", "--verbose")
    } else if around.stderr_is_terminal {
        (Talk::Counts, "the counts at the end", "standard error is a terminal")
    } else {
        (Talk::Brief, "the counts if something fails", "standard error is not a terminal")
    }
}

pub(super) fn progress(
    given: &ArgMatches,
    source: &source::Options,
    output: &output::Options,
    talk: Talk,
    around: &Surroundings,
    decide: Decide<'_>,
) -> Result<progress::Options> {
    let can_draw = around.stderr_is_terminal && !around.dumb;
    let (style, why) = match given.get_one::<String>("progress").map_or("auto", String::as_str) {
        "bar" if can_draw => (Style::Bar, "--progress bar"),
        "bar" => (Style::Lines, "--progress bar, but standard error is no terminal to draw on"),
        "lines" => (Style::Lines, "--progress lines"),
        "json" => (Style::Json, "--progress json"),
        "none" => (Style::None, "--progress none"),
        _ if talk == Talk::Quiet => (Style::None, "--quiet"),
        _ if can_draw => (Style::Bar, "standard error is a terminal"),
        _ if around.in_ci => (Style::Lines, "CI is set"),
        _ => (Style::None, "standard error is no terminal, and CI is not set"),
    };
    let name = match style {
        Style::Bar => "bar",
        Style::Lines => "lines",
        Style::Json => "json",
        Style::None => "none",
    };
    decide("progress", name.into(), why.into());
    let known = source.total();
    let total = given.get_one::<u64>("total").copied().or(known);
    if let Some(total) = total {
        let why = if given_by_user(given, "total") { "--total" } else { "counted before the run" };
        decide("total", total.to_string(), why.into());
    }
    Ok(progress::Options { style, total, shares_output: around.one_output && output.file.is_none() })
}

pub(super) fn output(given: &ArgMatches, work: &Work, dry_run: bool, decide: Decide<'_>) -> Result<output::Options> {
    let name = given.get_one::<String>("format").map_or("text", String::as_str);
    let format = FORMATS.iter().find(|format| format.name == name).unwrap_or(&FORMATS[0]).name;
    let tag = given.get_flag("tag");
    if tag && format != "text" {
        bail!("--tag is for text; {format} holds each item already");
    }
    if tag && matches!(work, Work::InProcess(_)) && work.gives_one_answer() {
        bail!("--tag names the item of each line, but this gives one answer for all items");
    }
    let file = given.get_one::<PathBuf>("output").cloned();
    file.as_deref().map_or(Ok(()), output::check)?;
    decide("format", format.into(), if given_by_user(given, "format") { "--format" } else { DEFAULT }.into());
    match &file {
        Some(_) if dry_run => {
            decide("results", "standard output".into(), "--dry-run: --output is not touched".into());
        }
        Some(path) => decide(
            "results",
            path.display().to_string().escape_debug().to_string(),
            "--output: complete or absent".into(),
        ),
        None => decide("results", "standard output".into(), DEFAULT.into()),
    }
    Ok(output::Options { format, tag, file: file.filter(|_| !dry_run) })
}
