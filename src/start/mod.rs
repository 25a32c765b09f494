//! From a plan to an exit: makes the rooms, connects them, and lets the run loop run.

mod books;
mod in_process;
mod persistent;
mod spawn;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::Builder;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use parjob_sys::guard::Dismissed;
use parjob_sys::signals::{self, Besides};
use parjob_sys::{children, cpus, entry, init, places};
use signal_hook::consts::SIGUSR1;

use crate::base::buffer::{BUFFER, BufferPool, SPARE, Spares};
use crate::base::chunk::Block;
use crate::base::event::{Ended, Observer, Stop};
use crate::base::exit::{BROKEN, Exit, FAILED, Misuse, OK, Report, USAGE};
use crate::base::result::Answer;
use crate::command::program::NoProgram;
use crate::engine::{Config, Engine, JobsNow, Local, Note, Quota, ThreadSource};
use crate::executor;
use crate::executor::persistent::Refused;
use crate::ledger::Ledger;
use crate::op::{Blanks, Map, Means};
use crate::output::{self, Format, Room, Sink, Writer};
use crate::plan::{self, Plan, Work};
use crate::process::clock::Clock;
use crate::progress::{self, Talk};
use crate::run::{self, Channel, Doors, Limits, Message, On};
use crate::source::{self, Opened};
use watch::Watch;

/// Carries out the plan.
///
/// # Errors
///
/// The run could not be carried out, or its results not be put in place.
pub fn start(plan: Plan) -> Result<Exit> {
    quiet_operations();
    if plan.talk == Talk::Verbose {
        plan.decisions.iter().for_each(|d| progress::say(&format!("parjob: {}: {} ({})\n", d.what, d.value, d.why)));
    }
    check_streams(&plan)?;
    // Before there is any thread.
    let adopts = init::is_first() || plan.work.starts_processes();
    if adopts {
        children::keep();
    }
    let watch = plan.work.starts_processes().then(Watch::begin);
    let besides = Besides { guard: watch.as_ref().and_then(Watch::keeper), children: adopts };
    let format = output::format(&plan.output);
    let opened = source::open(plan.source.clone())?;
    let ready = match &plan.work {
        Work::InProcess(job) => in_process::ready(&plan, job, &*format),
        Work::Spawn(spawn) => spawn::ready(&plan, spawn, opened.names(), watch, &*format)?,
        Work::Persistent(persistent) => persistent::ready(&plan, persistent, opened.names(), watch, &*format)?,
    };
    let shown = progress::show(plan.progress)?;
    let sink = match &plan.output.file {
        Some(path) => Sink::file(path)?,
        None => output::stdout(shown.results),
    };
    let resume = plan.work.spawn().and_then(|spawn| spawn.ledger.as_ref().map(|ledger| ledger.resume.clone()));
    let report = Box::new(progress::Report::new(plan.talk, shown.messages, resume)) as Box<dyn Observer>;
    let observers = shown.observer.into_iter().chain([report]).collect();
    run_connected(&plan, ready, opened, besides, format, sink, observers)
}

/// Workers that were looked at and are not started: nothing has been read.
struct Ready<'p> {
    /// What stands before the results.
    header: Vec<u8>,
    /// Bytes of items that may wait, beyond those of every run.
    bytes_of_items: usize,
    /// Bytes of results that may wait.
    bytes_of_results: usize,
    start: Box<dyn FnOnce(Connections<'_>) -> Result<Started> + 'p>,
}

/// To whom workers talk, and what they fill.
struct Connections<'a> {
    format: &'a Arc<dyn Format>,
    spares: &'a Arc<Spares>,
    sender: &'a Sender<Message>,
    quota: Option<Quota>,
    room: &'a Arc<Room>,
}

/// Bytes of memory for output that waits for its turn.
const ROOM: usize = 24 << 20;

/// Places of processes and threads that parjob itself takes, about.
const OWN_PLACES: usize = 8;

/// Places that an item takes: its thread, its process, and one that this starts.
const PLACES: usize = 3;

/// Number of workers: fewer than were asked for, where so few processes may be started that theirs could start none.
fn jobs_that_fit(plan: &Plan, sender: &Sender<Message>) -> usize {
    let Some(left) = places::processes_left().filter(|_| plan.work.starts_processes()) else { return plan.jobs };
    let fit = (left.saturating_sub(OWN_PLACES) / PLACES).max(1);
    if fit < plan.jobs {
        let text = format!("only {left} more processes and threads may be started; going on with {fit} at a time");
        warn(sender, &text);
    }
    fit.min(plan.jobs)
}

impl Connections<'_> {
    /// What the engine is given for the workers of any kind.
    fn config(self, plan: &Plan, threads: ThreadSource) -> Config {
        let (ringing, telling) = (self.sender.clone(), self.sender.clone());
        Config {
            jobs: jobs_that_fit(plan, self.sender),
            jobs_now: plan.jobs_file.clone().map(follow),
            threads,
            chunking: plan.chunking,
            unit: None,
            full: None,
            throttle: plan.processes.throttle.clone(),
            fold: None,
            quota: self.quota,
            retry: plan.processes.retry.clone(),
            room: Arc::clone(self.room),
            spares: Arc::clone(self.spares),
            clock: Arc::new(Clock::default()),
            ring: Box::new(move |ring| drop(ringing.send(Message::Ring(ring)))),
            tell: Box::new(move |note| drop(telling.send(Message::Note(note)))),
        }
    }
}

/// Reads a file that says how many may be at work. One that cannot be read, or says nothing, changes nothing: it may be
/// about to be written.
fn follow(file: PathBuf) -> Box<JobsNow> {
    let cpus = cpus::usable().count;
    Box::new(move || plan::parse_jobs(std::fs::read_to_string(&file).ok()?.trim(), cpus).ok())
}

/// Workers at work.
struct Started {
    engine: Box<dyn Engine>,
    describe: Box<Describe>,
    /// Writes down what happens.
    observer: Option<Box<dyn Observer>>,
    closing: Closing,
}

/// Tells what runs now.
type Describe = dyn Fn() -> String + Send + Sync;

impl Started {
    fn of(engine: Local) -> Started {
        let describe = Box::new(engine.describe());
        Started { engine: Box::new(engine), describe, observer: None, closing: Closing::default() }
    }
}

/// What is left to do when the run is over.
#[derive(Default)]
struct Closing {
    watch: Option<Watch>,
    ledger: Option<Arc<Ledger>>,
}

impl Closing {
    /// Lets what was left on purpose live on, and closes the ledger. The guard may still be about to go; an error says that the
    /// ledger is not whole.
    fn close(self, cut_short: bool, grace: Duration) -> (Option<Dismissed>, Result<()>) {
        let dismissed = self.watch.and_then(|watch| watch.end(cut_short, grace));
        (dismissed, self.ledger.map_or(Ok(()), |ledger| Ok(ledger.finish()?)))
    }
}

/// The panic of an operation is the failure of an item, and is told as one.
fn quiet_operations() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !executor::is_caught() {
            default(info);
        }
    }));
}

/// A standard stream that is needed must not have been closed.
fn check_streams(plan: &Plan) -> Result<()> {
    if plan.source.reads_stdin() && entry::was_closed(entry::Stream::Input) {
        anyhow::bail!("standard input is closed; give items as arguments, or name a file with -a");
    }
    if plan.output.file.is_none() && entry::was_closed(entry::Stream::Output) {
        anyhow::bail!("standard output is closed; --output FILE writes results to a file");
    }
    Ok(())
}

fn run_connected(
    plan: &Plan,
    ready: Ready<'_>,
    opened: Opened,
    besides: Besides,
    format: Arc<dyn Format>,
    sink: Sink,
    mut observers: Vec<Box<dyn Observer>>,
) -> Result<Exit> {
    let (sender, receiver) = channel();
    // Buffers for each worker to have one at work and one waiting, and a few for the source.
    let pool = BufferPool::new((2 * plan.jobs + 4) * (BUFFER + 4096) + ready.bytes_of_items);
    let total = plan.source.total().or(plan.progress.total);
    let limits = Limits { unwritten: ready.bytes_of_results, total };
    let spares = Spares::new(limits.unwritten.min(SPARE));
    let name = sink.name();

    let wrote = sender.clone();
    let tell = move |wrote_so| drop(wrote.send(Message::Wrote(wrote_so)));
    let writer = Writer::start(sink, Arc::clone(&spares), tell)?;
    let room = Room::new(ROOM, plan.processes.spill_max, std::env::temp_dir());
    let connections =
        Connections { format: &format, spares: &spares, sender: &sender, quota: quota(plan), room: &room };
    let describe = Arc::new(OnceLock::new());
    listen(plan, Arc::clone(&describe), besides, &sender)?;
    let Started { mut engine, describe: says, observer, closing } = (ready.start)(connections)?;
    // It is set once.
    let _ = describe.set(says);
    observers.extend(observer);
    start_source(plan, opened, &pool, sender)?;

    let operation = plan.answering.name;
    let answer = |answer: &Answer| {
        let mut bytes = Vec::new();
        format.answer(operation, answer, &mut bytes);
        bytes
    };
    let doors = Doors {
        engine: &mut *engine,
        mailbox: &mut Channel(receiver),
        write: &mut |load| writer.write(load),
        suspend: &mut signals::suspend,
        answer: plan.work.gives_one_answer().then_some(&answer),
        observers: &mut observers,
        pool: &pool,
        spares: &spares,
        room: &room,
        output: &name,
    };
    let ended = run::run(doors, &plan.policy, limits, ready.header);
    conclude(plan, &ended, writer, closing)
}

/// The run is over: closes what is open, and says how it went.
fn conclude(plan: &Plan, ended: &Ended, writer: Writer, closing: Closing) -> Result<Exit> {
    // The guard is waited for at the end of this: it goes while the rest is closed.
    let (_dismissed, closed) = closing.close(ended.cut_short, plan.work.grace().unwrap_or_default());
    let exit = finish(writer, ended, plan.report)?;
    // Where it ended the run, it has been told.
    let told = matches!(&ended.stop, Some(Stop::Unwritable(stop)) if closed.as_ref().is_err_and(|e| same(e, stop)));
    if !told {
        closed?;
    }
    match &plan.work {
        Work::InProcess(job) if ended.stop.is_none() => Ok(in_process::map(job).map_or(exit, |map| remark(map, exit))),
        _ => Ok(exit),
    }
}

fn same(one: &anyhow::Error, other: &anyhow::Error) -> bool {
    format!("{one:#}") == format!("{other:#}")
}

/// Says what the operation has to say of all items together, and what that makes of the exit.
fn remark(map: &dyn Map, exit: Exit) -> Exit {
    let remarks = map.remarks();
    remarks.iter().for_each(|remark| progress::say(&format!("parjob: {}\n", remark.text)));
    match (exit, remarks.iter().map(|remark| remark.means).max()) {
        (Exit::Status(OK), Some(Means::Failed)) => Exit::Status(FAILED),
        (Exit::Status(_), Some(Means::Broken)) => Exit::Status(BROKEN),
        _ => exit,
    }
}

/// Puts a result file in place, when there is a whole one.
fn finish(writer: Writer, ended: &Ended, report: Report) -> Result<Exit> {
    let refused = match &ended.stop {
        Some(Stop::Unwritable(error)) => error.downcast_ref::<Refused>(),
        _ => None,
    };
    let exit = refused.map_or_else(|| Exit::of(ended, report), |refused| Exit::Status(refused.status));
    if ended.is_whole() {
        writer.complete()?;
    } else {
        writer.abandon();
    }
    Ok(exit)
}

/// Bytes of results that may wait: some for each worker, and for those on their way out.
fn bytes_of_results(plan: &Plan) -> usize {
    (plan.jobs + 2) * 4 * BUFFER
}

/// Hears signals and tells the loop. SIGUSR1 asks what runs now.
fn listen(
    plan: &Plan,
    describe: Arc<OnceLock<Box<Describe>>>,
    besides: Besides,
    sender: &Sender<Message>,
) -> Result<()> {
    let (sender, telling) = (sender.clone(), sender.clone());
    let lost = move |error| {
        let lost = format!("the guard died and cannot be replaced ({error}); if parjob is killed, its commands run on");
        warn(&telling, &lost);
    };
    let besides = Besides { guard: besides.guard.map(|keeper| keeper.telling(lost)), ..besides };
    let heard = signals::listen(plan.work.grace(), plan.policy.patience, besides, move |signal| {
        let message = match signal {
            SIGUSR1 => {
                let runs = describe.get().map_or("nothing runs yet".to_owned(), |describe| describe());
                Message::Note(Note::Warning(runs))
            }
            signal => Message::Signal(signal),
        };
        drop(sender.send(message));
    });
    Ok(heard?)
}

/// Items that may still end before `--halt` is reached: only of a total that is certain can a share be taken here.
fn quota(plan: &Plan) -> Option<Quota> {
    let halt = plan.policy.halt?;
    let left = AtomicU64::new(halt.items(plan.source.total())?);
    Some(Quota { failed: halt.on != On::Success, ok: halt.on != On::Fail, left })
}

/// Number of failures of a chunk that are reported with their items.
fn named(plan: &Plan) -> usize {
    if plan.talk == Talk::Verbose { usize::MAX } else { progress::NAMED }
}

/// Has the loop tell of something, so that it does not run into a bar.
fn warn(sender: &Sender<Message>, warning: &str) {
    // Nobody is left to hear it when the run is over already.
    let _ = sender.send(Message::Note(Note::Warning(warning.into())));
}

const CRLF: &str = "the items end with a carriage return, which is taken as a part of them; --crlf strips it";

fn start_source(plan: &Plan, opened: Opened, pool: &Arc<BufferPool>, sender: Sender<Message>) -> Result<()> {
    let (chunking, pool) = (plan.chunking, Arc::clone(pool));
    let kept = plan.operation.blanks == Blanks::Kept;
    // Who reads lists of checksums takes lines of either kind.
    let warns = kept && plan.source.reads_lines() && plan.source.reading.lists.is_none();
    let is_at_hand = plan.source.is_at_hand();
    let body = move || {
        let read = AssertUnwindSafe(|| {
            opened.read(chunking, &pool, &mut |blocks| {
                if warns && blocks.first().is_some_and(Block::opens_with_crlf) {
                    warn(&sender, CRLF);
                }
                sender.send(Message::Blocks(blocks)).is_ok()
            })
        });
        // Even after a fault of its own the reader says that it has ended: the loop would wait for ever.
        let ended = catch_unwind(read).unwrap_or_else(|_| Err(anyhow!("the thread that reads items panicked")));
        // Nobody is left to tell when the run is over already.
        let _ = sender.send(Message::SourceEnded(ended));
    };
    if is_at_hand {
        body();
    } else {
        Builder::new().name("parjob-source".into()).spawn(body).context("cannot start the thread that reads items")?;
    }
    Ok(())
}

/// Says what kept parjob itself from doing its work, and the status for it.
pub fn fail(error: &anyhow::Error) -> Exit {
    progress::say(&format!("parjob: {error:#}\n"));
    let no_program = error.downcast_ref::<NoProgram>().map(|no_program| no_program.status);
    Exit::Status(no_program.unwrap_or(if error.is::<Misuse>() { USAGE } else { BROKEN }))
}
