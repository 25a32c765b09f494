//! What a run writes down beside its results: the ledger, the job log, the output of each item in files.

use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;

use crate::base::event::{Event, Observer};
use crate::base::exit::Misuse;
use crate::base::item::{Attempt, Chunk, Seq};
use crate::base::outcome::{Account, Record};
use crate::engine::Note;
use crate::executor::spawn::{Journal, Keeper, Kept, Skip};
use crate::ledger::joblog::{Joblog, Row};
use crate::ledger::{self, Ledger, Mode, Work};
use crate::output::{Done, Output, ResultsDir, joined, standard_stream};
use crate::plan::{Plan, Spawn};
use crate::run::Message;

/// Everything that is written down.
#[derive(Default)]
pub(super) struct Books {
    ledger: Option<Arc<Ledger>>,
    done: Option<ledger::Done>,
    results: Option<ResultsDir>,
    joblog: Option<Joblog>,
    /// What the user should know of an earlier run.
    warnings: Vec<String>,
}

impl Books {
    /// Opens them.
    ///
    /// # Errors
    ///
    /// One of them cannot be used; the ledger is of other work.
    pub(super) fn open(plan: &Plan, spawn: &Spawn) -> Result<Books> {
        let mut books = Books::default();
        if spawn.command.dry_run {
            // Nothing is written, but what an earlier run has done would not be done.
            if let Some(options) = spawn.ledger.as_ref().filter(|options| options.mode != Mode::New) {
                let seen = ledger::look(&options.file, options.mode, &work(plan, spawn), options.anyway);
                books.done = Some(seen.map_err(unusable)?);
            }
            return Ok(books);
        }
        if let Some(options) = &spawn.ledger {
            let opened = ledger::open(&options.file, options.mode, &work(plan, spawn), options.anyway);
            let opened = opened.map_err(unusable)?;
            books.warnings = opened.warnings;
            books.warnings.extend(interrupted(&opened.interrupted));
            books.ledger = Some(Arc::new(opened.ledger));
            books.done = Some(opened.done);
        }
        if let Some(path) = &spawn.results {
            books.results = Some(ResultsDir::open(path)?);
        }
        if let Some(path) = &spawn.joblog {
            let goes_on = spawn.ledger.as_ref().is_some_and(|ledger| ledger.mode != Mode::New);
            books.joblog = Some(joblog(path, goes_on).map_err(|error| match ledger::is_misnamed(&error) {
                true => Misuse(error.into()).into(),
                false => anyhow::Error::new(error),
            })?);
        }
        Ok(books)
    }

    /// Adds what is to be known before the first item.
    pub(super) fn note(&mut self, warning: Option<String>) {
        self.warnings.extend(warning);
    }

    /// Says what is to be known before the first item.
    pub(super) fn tell(&mut self, sender: &Sender<Message>) {
        self.warnings.drain(..).for_each(|warning| super::warn(sender, &warning));
    }

    /// Whether an earlier run has done an item.
    pub(super) fn skip(&mut self) -> Option<Box<Skip>> {
        let done = Mutex::new(self.done.take()?);
        Some(Box::new(move |item| done.lock().unwrap_or_else(PoisonError::into_inner).take(item)))
    }

    pub(super) fn journal(&self) -> Option<Box<dyn Journal>> {
        let ledger = Arc::clone(self.ledger.as_ref()?);
        Some(Box::new(Book(ledger)))
    }

    pub(super) fn keeper(&mut self) -> Option<Box<dyn Keeper>> {
        Some(Box::new(Shelf(self.results.take()?)))
    }

    /// Writes the job log, if one is wanted.
    pub(super) fn logger(&mut self, sender: &Sender<Message>) -> Option<Box<dyn Observer>> {
        Some(Box::new(Logger { joblog: self.joblog.take()?, sender: sender.clone() }))
    }

    /// What is to be closed when the run is over.
    pub(super) fn ledger(&self) -> Option<Arc<Ledger>> {
        self.ledger.clone()
    }
}

/// The job log: a new one, or with the rows of the runs that this one goes on with. A standard stream is never emptied,
/// under whatever name.
fn joblog(path: &Path, goes_on: bool) -> std::io::Result<Joblog> {
    let meta = std::fs::metadata(path).ok();
    match meta.as_ref().and_then(standard_stream) {
        Some(stream) => Joblog::on(stream, path),
        None if goes_on && meta.is_some_and(|meta| meta.is_file()) => Joblog::go_on(path),
        None => Joblog::create(path),
    }
}

/// A ledger that cannot be used: the command line is wrong, or the run is broken.
fn unusable(error: ledger::OpenError) -> anyhow::Error {
    if error.is_usage() { Misuse(error.into()).into() } else { error.into() }
}

/// What a ledger is about: whatever changes what it means that an item is done.
fn work(plan: &Plan, spawn: &Spawn) -> Work {
    let command = &spawn.command;
    let mut words = vec![plan.operation.name.as_bytes().to_vec()];
    words.extend(spawn.options_of_work.iter().map(|word| word.as_bytes().to_vec()));
    words.extend(command.words.iter().map(|word| word.as_encoded_bytes().to_vec()));
    Work(words)
}

/// How many interrupted items are named.
const NAMED: usize = 10;

fn interrupted(items: &[ledger::Interrupted]) -> Option<String> {
    if items.is_empty() {
        return None;
    }
    let names: Vec<String> = items.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if items.len() > NAMED { format!(" and {} more", items.len() - NAMED) } else { String::new() };
    let were = if items.len() == 1 { "item was" } else { "items were" };
    Some(format!(
        "{} {were} at work when an earlier run ended, and may have done a part of the work: {}{more}",
        items.len(),
        names.join(", ")
    ))
}

struct Book(Arc<Ledger>);

impl Journal for Book {
    fn started(&self, attempt: Attempt, batch: &Chunk<'_>) -> Result<()> {
        Ok(self.0.started(attempt, items(batch))?)
    }

    fn ended(&self, batch: &Chunk<'_>, record: &Record, ok: bool) -> Result<()> {
        Ok(self.0.ended(items(batch), record, ok)?)
    }
}

fn items<'a>(batch: &Chunk<'a>) -> impl Iterator<Item = (Seq, &'a [u8])> + use<'a> {
    (batch.first.0..).map(Seq).zip(batch.items())
}

struct Shelf(ResultsDir);

impl Keeper for Shelf {
    fn save(&self, kept: &Kept<'_>, output: &Output) -> Result<()> {
        let Kept { batch, record, error, may_pass } = *kept;
        self.0.save(&joined(&batch), &Done { chunk: batch, record: Some(record), error }, output, may_pass)?;
        Ok(())
    }
}

/// Writes GNU parallel's job log.
struct Logger {
    joblog: Joblog,
    sender: Sender<Message>,
}

impl Observer for Logger {
    fn on(&mut self, event: &Event<'_>) {
        let Event::Ran { first, record, account: Some(account) } = event else { return };
        let Account { command, sent, received } = account;
        let row = Row {
            seq: *first,
            started: record.started,
            took: record.took,
            sent: *sent,
            received: *received,
            end: record.end,
            command,
        };
        if let Err(error) = self.joblog.row(&row) {
            // Nobody is left to hear it when the run is over already.
            let _ = self.sender.send(Message::Note(Note::Broken(error.into())));
        }
    }
}
