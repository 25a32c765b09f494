//! From a plan to processes that stay up.

use std::ffi::CString;
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;

use super::spawn::environment;
use super::watch::Watch;
use super::{Closing, Connections, Ready, Started, bytes_of_results};
use crate::command::program;
use crate::command::words::Words;
use crate::engine::{Config, Local, ThreadSource, Throttle};
use crate::executor::persistent::{self, Frames, Json, Keep, Language, Lines, MakeProtocol, PersistentConfig, Python};
use crate::output::Format;
use crate::plan::{Persistent, Plan};
use crate::progress::Talk;
use crate::source::Records;

/// So long may a process take to be ready, where items have a time: it may have much to load.
const START: Duration = Duration::from_secs(60);

/// Looks at the command before anything is read or started.
///
/// # Errors
///
/// Its program cannot be run ([`program::NoProgram`]).
pub(super) fn ready<'p>(
    plan: &'p Plan,
    persistent: &'p Persistent,
    names: &[Vec<u8>],
    watch: Option<Watch>,
    format: &dyn Format,
) -> Result<Ready<'p>> {
    let path = program::find(persistent.program.as_bytes(), std::env::var_os("PATH").as_deref())?;
    let mut words = Words::default();
    words.push(persistent.program.as_bytes());
    persistent.arguments.iter().for_each(|word| words.push(word.as_bytes()));
    if let Language::Python { .. } = persistent.keep.language {
        python_words(plan, names, &mut words);
    }
    let mut header = Vec::new();
    if persistent.reduce.is_none() {
        format.begin(&mut header);
    }
    Ok(Ready {
        header,
        bytes_of_items: 0,
        bytes_of_results: bytes_of_results(plan),
        start: Box::new(move |connections| start(plan, persistent, (path, words), watch, connections)),
    })
}

/// What the program in Python is to know of items, and of how much to tell of failures.
fn python_words(plan: &Plan, names: &[Vec<u8>], words: &mut Words) {
    if plan.source.reading.records == Records::Json {
        words.push(b"fields=json");
    } else if plan.source.fields() != Some(1) {
        words.push(b"fields=list");
        names.iter().for_each(|name| words.push(&[b"name=", &name[..]].concat()));
    }
    if plan.talk == Talk::Verbose {
        words.push(b"tracebacks=1000000000");
    }
}

fn start(
    plan: &Plan,
    persistent: &Persistent,
    (program, words): (CString, Words),
    mut watch: Option<Watch>,
    connections: Connections<'_>,
) -> Result<Started> {
    let format = Arc::clone(connections.format);
    if let Some(watch) = &mut watch {
        watch.tell(connections.sender);
    }
    let Persistent { ref keep, timeout, grace, nice, threads, .. } = *persistent;
    let workers = persistent::workers(PersistentConfig {
        program,
        words,
        environment: environment(threads, watch.as_ref().map(|watch| &*watch.mark)),
        protocol: protocol(keep, plan.source.reading.records == Records::Json, timeout),
        one_by_one: plan.policy.halt.is_some() || plan.processes.throttle != Throttle::default(),
        timeout,
        start_limit: timeout.map(|timeout| timeout.max(START)),
        patience: patience(keep, timeout, grace),
        grace,
        nice,
        recycle: keep.recycle,
        recycle_rss: keep.recycle_rss,
        format,
        named: super::named(plan),
        guard: watch.as_ref().and_then(Watch::slots),
        strays: watch.as_ref().map(Watch::worker_strays),
    });
    let threads = ThreadSource::AsNeeded { stack: persistent::STACK, at_bells: true };
    let fold = persistent.reduce.clone();
    let config = Config { unit: Some(unit(keep)), fold, ..connections.config(plan, threads) };
    let engine = Local::start(config, workers)?;
    Ok(Started { closing: Closing { watch, ledger: None }, ..Started::of(engine) })
}

/// Items that must not be parted: those of a list that a function takes as one.
fn unit(keep: &Keep) -> NonZeroU32 {
    match keep.language {
        Language::Python { batch, .. } => batch,
        Language::Lines { .. } | Language::Json { .. } | Language::Frames { .. } => NonZeroU32::MIN,
    }
}

/// How long parjob waits for an item. Where a process sees to the time of its items itself, it is ended only when it does
/// not even do that any more.
fn patience(keep: &Keep, timeout: Option<Duration>, grace: Duration) -> Option<Duration> {
    match keep.language {
        Language::Python { concurrency: Some(_), .. } => {
            timeout.map(|timeout| timeout.saturating_mul(2).saturating_add(grace))
        }
        _ => timeout,
    }
}

/// The language of each worker. `raw` items are JSON already.
fn protocol(keep: &Keep, raw: bool, timeout: Option<Duration>) -> Box<MakeProtocol> {
    match keep.language.clone() {
        Language::Lines { init } => Box::new(move |_| Ok(Box::new(Lines::new(init.clone())))),
        Language::Json { init } => Box::new(move |_| Ok(Box::new(Json::new(init.clone(), raw)))),
        Language::Frames { init } => Box::new(move |_| Ok(Box::new(Frames::new(init.clone())))),
        Language::Python { concurrency, .. } => {
            let (concurrency, timeout) = (concurrency.map_or(1, NonZeroU32::get), timeout.unwrap_or_default());
            Box::new(move |_| Ok(Box::new(Python::new(concurrency, timeout)?)))
        }
    }
}
