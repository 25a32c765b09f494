//! From a plan to the engine of processes that stay up.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use anyhow::{Result, bail};

use super::crew::{ROOM, environment};
use super::watch::Watch;
use crate::buffer::Spares;
use crate::command::clock::Clock;
use crate::command::program;
use crate::command::recipe::Timeout;
use crate::command::words::Words;
use crate::engine::{Keep, Language, Lines, MakeProtocol, Python, Quota, Stations, Team};
use crate::output::{Format, Room};
use crate::plan::{Plan, Processes};
use crate::progress::Talk;
use crate::run::Message;
use crate::source::Records;

/// A pool that is about to be started.
pub(super) struct Ready {
    program: CString,
    words: Words,
}

/// Looks at the command before anything is read or started.
///
/// # Errors
///
/// Its program cannot be run ([`program::NoProgram`]).
pub(super) fn ready(plan: &Plan, processes: &Processes, keep: &Keep, names: &[Vec<u8>]) -> Result<Ready> {
    let Some(name) = processes.command.words.first() else { bail!("there is no command to run") };
    let program = program::find(name.as_bytes(), std::env::var_os("PATH").as_deref())?;
    let mut words = Words::default();
    processes.command.words.iter().for_each(|word| words.push(word.as_bytes()));
    if let Language::Python { .. } = keep.language {
        python_words(plan, names, &mut words);
    }
    Ok(Ready { program, words })
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

/// Everything that the engine needs.
pub(super) fn team(
    plan: &Plan,
    processes: &Processes,
    keep: &Keep,
    ready: Ready,
    quota: Option<Quota>,
    tell: usize,
    format: &Arc<dyn Format>,
    spares: &Arc<Spares>,
    mut watch: Option<&mut Watch>,
    sender: &Sender<Message>,
) -> Team {
    if let Some(watch) = &mut watch {
        watch.tell(sender);
    }
    let (ringing, telling) = (sender.clone(), sender.clone());
    let command = &processes.command;
    Team {
        program: ready.program,
        words: ready.words,
        environment: environment(command.threads, watch.as_deref().map(|watch| &*watch.mark)),
        protocol: protocol(keep),
        jobs: plan.jobs,
        one_by_one: plan.policy.halt.is_some(),
        timeout: match command.timeout {
            Some(Timeout::After(timeout)) => Some(timeout),
            Some(Timeout::Percent(_)) | None => None,
        },
        grace: command.grace,
        nice: command.nice,
        recycle: keep.recycle,
        recycle_rss: keep.recycle_rss,
        format: Arc::clone(format),
        tell,
        again: processes.again.clone(),
        quota,
        room: Room::new(ROOM, std::env::temp_dir()),
        spares: Arc::clone(spares),
        clock: Arc::new(Clock::default()),
        stations: Arc::new(Stations::default()),
        guard: watch.as_deref().and_then(Watch::slots),
        strays: watch.as_deref().map(Watch::worker_strays),
        ring: Box::new(move |ring| drop(ringing.send(Message::Ring(ring)))),
        tell_note: Box::new(move |note| drop(telling.send(Message::Note(note)))),
    }
}

/// The language of each worker.
fn protocol(keep: &Keep) -> Box<MakeProtocol> {
    let init = keep.init.clone();
    match keep.language {
        Language::Lines | Language::Json | Language::Frames => {
            Box::new(move |_| Ok(Box::new(Lines::new(init.clone()))))
        }
        Language::Python { concurrency } => Box::new(move |_| Ok(Box::new(Python::new(concurrency)?))),
    }
}
