//! From a plan to a process for each item or batch: the words and the environment of its command, its memory, its records.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use anyhow::{Context, Result};
use parjob_shell_template::Template;
use parjob_shell_template::placeholder::{Known, unknown_names};
use parjob_sys::limits::CommandLine;
use parjob_sys::mark::Mark;

use super::books::Books;
use super::watch::Watch;
use super::{Closing, Connections, Ready, Started};
use crate::base::exit::Misuse;
use crate::base::item::Safe;
use crate::base::template::unusable;
use crate::command::program::NoProgram;
use crate::command::recipe::{self, Batch, Grouping, Recipe, Stdin};
use crate::command::words::Words;
use crate::engine::{Config, Full, Local, Note, ThreadSource};
use crate::executor::spawn::{self, Live, SpawnConfig, Tag};
use crate::output::Format;
use crate::plan::{self, Plan, Spawn};
use crate::run::Message;
use crate::source::Records;

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
pub(super) const RUNS: &str = "PARJOB_RUNS";

/// A command that was looked at, with what is written beside its results.
struct Commands {
    recipe: Recipe,
    tag: Tag,
    /// The names that the command or the tag asks for.
    names: Vec<Vec<u8>>,
    books: Books,
    /// None where nothing is started.
    watch: Option<Watch>,
}

/// Looks at the command, and opens what is written beside the results, before anything is read or started.
///
/// # Errors
///
/// The command line is wrong ([`Misuse`]), its program cannot be run ([`NoProgram`]), or a file cannot be used.
pub(super) fn ready<'p>(
    plan: &'p Plan,
    spawn: &'p Spawn,
    names: &[Vec<u8>],
    watch: Option<Watch>,
    format: &dyn Format,
) -> Result<Ready<'p>> {
    let commands = Commands::look(plan, spawn, names, watch)?;
    let mut header = Vec::new();
    if spawn.reduce.is_none() {
        format.begin_processes(&mut header);
    }
    Ok(Ready {
        header,
        // A command line that is to be filled must have its items before it starts.
        bytes_of_items: if spawn.command.batch == Batch::Max {
            Full::waiting(command_line().total, plan.jobs)
        } else {
            0
        },
        // What commands print has room of its own, and waits for nothing but its turn.
        bytes_of_results: usize::MAX,
        start: Box::new(move |connections| commands.start(plan, spawn, connections)),
    })
}

impl Commands {
    fn look(plan: &Plan, spawn: &Spawn, names: &[Vec<u8>], watch: Option<Watch>) -> Result<Commands> {
        check_temporary(spawn)?;
        let any_name = plan.source.reading.records == Records::Json;
        // A header says how many there are; a record with more of them fails.
        let fields = plan.source.fields().or((!names.is_empty()).then_some(names.len()));
        let apart = spawn.command.stdin == Stdin::Item;
        let known = Known { fields, names, token: None, any_name, apart };
        let token = spawn.command.token.as_deref();
        let recipe = Recipe::prepare(&spawn.command, &Known { token, ..known }, std::env::var_os("PATH"))
            .map_err(|error| if error.is::<NoProgram>() { error } else { Misuse(error).into() })?;
        let tag = tag(&spawn.tag, &known).map_err(Misuse)?;
        let warning = unknown(plan, spawn, &Known { token, ..known }).map_err(Misuse)?;
        let mut names = recipe.names();
        if let Tag::Template(template) = &tag {
            names.extend(template.names().map(<[u8]>::to_vec));
        }
        let mut books = Books::open(plan, spawn)?;
        books.note(warning);
        Ok(Commands { recipe, tag, names, books, watch })
    }

    /// Starts the workers.
    ///
    /// # Errors
    ///
    /// There is no /dev/null.
    fn start(self, plan: &Plan, spawn: &Spawn, connections: Connections<'_>) -> Result<Started> {
        let Commands { recipe, tag, names, mut books, mut watch } = self;
        let sender = connections.sender;
        if let Some(watch) = &mut watch {
            watch.tell(sender);
        }
        // Even under -q: somebody may be about to run what another has written.
        let loud = |warning: &String| Message::Note(Note::Say(format!("parjob: {warning}\n").into_bytes()));
        recipe.warnings().iter().for_each(|warning| drop(sender.send(loud(warning))));
        books.tell(sender);
        let (command, format) = (spawn.command.clone(), Arc::clone(connections.format));
        let full = full(plan, &command, &recipe);
        let threads = ThreadSource::AsNeeded { stack: spawn::STACK, at_bells: false };
        let config = Config { full, fold: spawn.reduce.clone(), ..connections.config(plan, threads) };
        let workers = spawn::workers(SpawnConfig {
            recipe,
            names,
            batch: if full.is_some() { usize::MAX } else { command.batch.items() },
            line: command_line(),
            tag,
            format,
            live: live(plan, spawn),
            reduce: spawn.reduce.clone(),
            environment: environment(command.threads, watch.as_ref().map(|watch| &*watch.mark)),
            null: File::open("/dev/null").context("cannot open /dev/null, which commands read")?,
            accounts: spawn.joblog.is_some(),
            skip: books.skip(),
            journal: books.journal(),
            keeper: books.keeper(),
            guard: watch.as_ref().and_then(Watch::slots),
            strays: watch.as_ref().map(Watch::strays),
            command,
        });
        let observer = books.logger(sender);
        Ok(Started {
            observer,
            closing: Closing { watch, ledger: books.ledger() },
            ..Started::of(Local::start(config, workers)?)
        })
    }
}

/// When output may go out before its process has ended: what went out already could be kept no more.
fn live(plan: &Plan, spawn: &Spawn) -> Live {
    let is_kept = spawn.reduce.is_some() || spawn.results.is_some() || plan.output.format != "text";
    match (is_kept || spawn.command.grouping != Grouping::Items, plan.policy.ordered) {
        (true, _) => Live::No,
        (false, true) => Live::AtFront,
        (false, false) => Live::WhenLarge,
    }
}

/// Warns of what looks like the name of a field and is none, where items have fields with names, or might.
fn unknown(plan: &Plan, spawn: &Spawn, known: &Known<'_>) -> Result<Option<String>> {
    let reading = &plan.source.reading;
    let may_have = reading.header || matches!(reading.records, Records::Csv(_) | Records::Json);
    // A source without a header has no items either.
    let is_empty = reading.header && known.names.is_empty();
    if !may_have || is_empty || known.token.is_some() {
        return Ok(None);
    }
    let mut found = Vec::new();
    for word in &spawn.command.words {
        found.extend(unknown_names(word.as_bytes(), known).map_err(unusable)?);
    }
    found.dedup();
    if found.is_empty() {
        return Ok(None);
    }
    let shown = |names: &[Vec<u8>]| names.iter().map(|name| Safe(name).to_string()).collect::<Vec<_>>().join(", ");
    let why = match known.names {
        [] => "without --header fields have numbers".to_owned(),
        names => format!("the header has {}", shown(names)),
    };
    Ok(Some(format!("no field is called {}, and it stays as it is: {why}", shown(&found))))
}

/// How much a command line holds, where it is to be filled.
fn full(plan: &Plan, command: &recipe::Options, recipe: &Recipe) -> Option<Full> {
    if command.batch != Batch::Max {
        return None;
    }
    let cost = recipe.cost(plan.source.fields());
    let budget = command_line().total.saturating_sub(cost.fixed);
    Some(Full { budget, cost })
}

/// The room for words on a command line, beside the environment.
fn command_line() -> CommandLine {
    let line = CommandLine::with(std::env::vars_os());
    CommandLine { total: line.total.saturating_sub(OWN_VARIABLES), ..line }
}

/// What is added to the environment takes no more than this.
const OWN_VARIABLES: usize = 2048;

/// What stands before each line.
fn tag(tag: &plan::Tag, known: &Known<'_>) -> Result<Tag> {
    Ok(match tag {
        plan::Tag::None => Tag::None,
        plan::Tag::Item => Tag::Item,
        plan::Tag::Template(template) => {
            let template = std::slice::from_ref(template);
            Tag::Template(Template::parse(template, known).map_err(unusable).context("--tag-template")?)
        }
    })
}

/// A folder for temporary files that somebody chose must be there, before it is needed in the middle of the run.
fn check_temporary(spawn: &Spawn) -> Result<()> {
    let Some(folder) = std::env::var_os("TMPDIR").filter(|folder| !folder.is_empty()) else { return Ok(()) };
    let needed = spawn.command.grouping != Grouping::None && !spawn.command.dry_run;
    if needed && !std::path::Path::new(&folder).is_dir() {
        anyhow::bail!("TMPDIR {folder:?} is no folder; output that waits for its turn may need one");
    }
    Ok(())
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
