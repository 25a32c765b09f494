//! From the options of `pool` to the part of a plan that is about processes.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::os::unix::ffi::OsStringExt;

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use super::commands::{Workers, grace, shown, text, threads, timeout};
use super::resolve::Decide;
use crate::base::units;
use crate::command::recipe::Timeout;
use crate::executor::persistent::{Keep, Language};
use crate::op::Reducer;
use crate::plan::Persistent;

/// What is particular to processes that stay up.
pub(super) fn pool(
    words: Vec<OsString>,
    reducer: Option<&Reducer>,
    given: &ArgMatches,
    workers: Workers,
    decide: Decide<'_>,
) -> Result<Persistent> {
    let Some((program, arguments)) = words.split_first() else {
        bail!(
            "pool needs a command that stays up and answers each line with a line, such as: parjob pool sed -u s/a/b/"
        );
    };
    let keep = keep(given)?;
    decide("command", shown(&words), "given on the command line; it stays up".into());
    stay_up(program.clone(), arguments.to_vec(), keep, reducer, given, workers)
}

/// `--recycle` and `--recycle-rss`.
pub(super) fn recycling(given: &ArgMatches) -> Result<(Option<u64>, Option<u64>)> {
    let size = text(given, "recycle-rss").map(|text| units::size(text).context("--recycle-rss")).transpose()?;
    Ok((given.get_one::<NonZeroU64>("recycle").map(|items| items.get()), size.map(|size| size.max(1))))
}

/// What all processes that stay up have in common.
pub(super) fn stay_up(
    program: OsString,
    arguments: Vec<OsString>,
    keep: Keep,
    reducer: Option<&Reducer>,
    given: &ArgMatches,
    workers: Workers,
) -> Result<Persistent> {
    let Workers { jobs, cpus } = workers;
    if reducer.is_some() && given.get_flag("tag") {
        bail!("a tag names the item of each line, but --reduce gives one answer for all of them");
    }
    let timeout = match text(given, "timeout").map(timeout).transpose()? {
        Some(Timeout::Percent(_)) => bail!("--timeout of a pool is a duration, such as 30s"),
        Some(Timeout::After(timeout)) => Some(timeout),
        None => None,
    };
    Ok(Persistent {
        program,
        arguments,
        keep,
        reduce: reducer.map(|reducer| (reducer.fold)()),
        timeout,
        grace: grace(given)?,
        nice: given.get_one::<i32>("nice").copied().unwrap_or(0),
        threads: text(given, "threads-per-job").map(|text| threads(text, jobs, cpus)).transpose()?,
    })
}

/// How they stay up.
fn keep(given: &ArgMatches) -> Result<Keep> {
    let (recycle, recycle_rss) = recycling(given)?;
    let init = given.get_one::<OsString>("init").map(|text| text.clone().into_vec());
    let language = match text(given, "protocol") {
        Some("json") => Language::Json { init },
        Some("frames") => Language::Frames { init },
        _ if init.as_ref().is_some_and(|init| init.contains(&b'\n')) => {
            bail!("--init holds a newline, which ends a line; --protocol json or frames takes it")
        }
        _ => Language::Lines { init },
    };
    Ok(Keep { language, recycle, recycle_rss })
}
