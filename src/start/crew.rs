//! From a plan to the engine of processes: the environment of a command, its memory, its helpers.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use anyhow::{Context, Result};

use super::watch::Watch;
use crate::buffer::Spares;
use crate::command::clock::Clock;
use crate::command::placeholder::Known;
use crate::command::program::NoProgram;
use crate::command::recipe::{Batch, Grouping, Recipe};
use crate::command::words::Words;
use crate::engine::{Crew, Quota, Roster};
use crate::exit::Misuse;
use crate::output::{Format, Room};
use crate::plan::{Plan, Processes};
use crate::run::Message;
use crate::source::Records;
use crate::sys::mark::Mark;

/// The memory for output that waits for its turn.
pub(super) const ROOM: usize = 64 << 20;

/// What libraries and languages look at to know how many threads they should use.
const THREADS: [&str; 8] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "RAYON_NUM_THREADS",
    "GOMAXPROCS",
];

/// The variables that each process gets a value of its own for.
const OWN: [&str; 5] = ["PARJOB_SEQ", "PARJOB_WORKER", "PARJOB_ATTEMPT", "PARJOB_PID", RUNS];

/// The runs to which a process belongs, the outermost first.
const RUNS: &str = "PARJOB_RUNS";

/// What is made for the processes of a run, beside the engine.
pub(super) struct Made {
    pub(super) crew: Crew,
    pub(super) roster: Arc<Roster>,
    pub(super) clock: Arc<Clock>,
}

/// Looks at the command before anything is read or started.
///
/// # Errors
///
/// It is wrong ([`Misuse`]), or its program cannot be run ([`NoProgram`]).
pub(super) fn recipe(plan: &Plan, processes: &Processes, names: &[Vec<u8>]) -> Result<Recipe> {
    let token = processes.command.token.as_deref();
    let any_name = plan.source.reading.records == Records::Json;
    let known = Known { fields: plan.source.fields(), names, token, any_name };
    Recipe::prepare(&processes.command, &known, std::env::var_os("PATH"))
        .map_err(|error| if error.is::<NoProgram>() { error } else { Misuse(error).into() })
}

/// Everything that the engine needs.
pub(super) fn crew(
    plan: &Plan,
    processes: &Processes,
    recipe: Recipe,
    quota: Option<Quota>,
    format: &Arc<dyn Format>,
    spares: &Arc<Spares>,
    mut watch: Option<&mut Watch>,
    sender: &Sender<Message>,
) -> Result<Made> {
    let (roster, clock) = (Arc::new(Roster::default()), Arc::new(Clock::default()));
    if let Some(watch) = &mut watch {
        watch.tell(sender);
    }
    let (ringing, telling) = (sender.clone(), sender.clone());
    let command = processes.command.clone();
    let crew = Crew {
        names: recipe.names(),
        recipe,
        jobs: plan.jobs,
        batch: match command.batch {
            Batch::Items(items) => items.get() as usize,
            Batch::Max => usize::MAX,
        },
        delay: processes.delay,
        format: Arc::clone(format),
        streams: plan.output.format == "text" && plan.policy.ordered && command.grouping == Grouping::Items,
        room: Room::new(ROOM, std::env::temp_dir()),
        spares: Arc::clone(spares),
        quota,
        again: processes.again.clone(),
        clock: Arc::clone(&clock),
        environment: environment(command.threads, watch.as_deref().map(|watch| &*watch.mark)),
        null: File::open("/dev/null").context("cannot open /dev/null, which commands read")?,
        accounts: false,
        roster: Arc::clone(&roster),
        skip: None,
        journal: None,
        keeper: None,
        guard: watch.as_deref().and_then(Watch::slots),
        strays: watch.as_deref().map(Watch::strays),
        ring: Box::new(move |ring| drop(ringing.send(Message::Ring(ring)))),
        tell: Box::new(move |note| drop(telling.send(Message::Note(note)))),
        command,
    };
    Ok(Made { crew, roster, clock })
}

/// What all processes find in their environment.
pub(super) fn environment(threads: Option<usize>, mark: Option<&Mark>) -> Words {
    let threads = threads.map(|threads| OsString::from(threads.to_string()));
    let is_set = |name: &OsString| {
        let ours = OWN.iter().any(|own| name == own);
        ours || threads.is_some() && THREADS.iter().any(|variable| name == variable)
    };
    let inherited = std::env::vars_os().filter(|(name, _)| !is_set(name));
    let asked = THREADS.iter().filter_map(|name| Some((OsString::from(name), threads.clone()?)));
    let own = [(OsString::from("PARJOB_PID"), OsString::from(std::process::id().to_string()))];
    let mark = mark.map(|mark| (OsString::from(RUNS), mark.value().to_owned()));
    let mut words = Words::default();
    for (name, value) in inherited.chain(asked).chain(own).chain(mark) {
        words.push_with(|bytes| {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(b'=');
            bytes.extend_from_slice(value.as_bytes());
        });
    }
    words
}
