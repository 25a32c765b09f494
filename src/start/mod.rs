//! From a plan to an exit: makes the rooms, connects them, and lets the run loop run.

mod books;
mod crew;
mod team;
mod watch;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

use anyhow::{Context, Result, anyhow};
use parjob_sys::{entry, init, signals};
use signal_hook::consts::SIGUSR1;

use crate::base::buffer::{BUFFER, BufferPool, SPARE, Spares};
use crate::base::event::{Ended, Observer, Stop};
use crate::base::exit::{BROKEN, Exit, FAILED, Misuse, OK, Report, USAGE};
use crate::base::result::Answer;
use crate::command::program::NoProgram;
use crate::command::recipe::Batch;
use crate::engine::{self, Engine, Job, Local, Note, Pool, Quota, Refused, Task};
use crate::op::{self, AnyFold, Blanks, Map, Means, Params};
use crate::output::{self, Format, Sink, Writer};
use crate::plan::{Plan, Processes};
use crate::progress::{self, Talk};
use crate::run::{self, Channel, Doors, Limits, Message, On};
use crate::source::{self, Opened};
use crew::{Closing, Commands, Connections};
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
    let commands = plan.processes.as_ref().filter(|processes| !processes.command.dry_run);
    // Before there is any thread.
    let watch = commands.map(|_| Watch::begin());
    init::reap()?;
    let format = output::format(&plan.output);
    let opened = source::open(plan.source.clone())?;
    let todo = prepare(&plan, &opened, watch)?;
    let shown = progress::show(plan.progress)?;
    let sink = match &plan.output.file {
        Some(path) => Sink::file(path)?,
        None => output::stdout(shown.results),
    };
    let resume = plan.processes.as_ref().and_then(|processes| processes.ledger.as_ref().map(|l| l.resume.clone()));
    let report = Box::new(progress::Report::new(plan.talk, shown.messages, resume)) as Box<dyn Observer>;
    let observers = shown.observer.into_iter().chain([report]).collect();
    run_connected(plan, Work { todo, opened }, format, sink, observers)
}

/// The panic of an operation is the failure of an item, and is told as one.
fn quiet_operations() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !engine::is_caught() {
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

/// What is to be done, with what.
struct Work {
    todo: Todo,
    opened: Opened,
}

/// What workers are to do.
enum Todo {
    Chunks(Job),
    Commands(Box<Commands>),
    Pool(team::Ready),
}

/// The operation, and the fold of its results.
fn prepare(plan: &Plan, opened: &Opened, watch: Option<Watch>) -> Result<Todo> {
    if let Some(processes) = &plan.processes {
        if let Some(keep) = &processes.keep {
            return Ok(Todo::Pool(team::ready(plan, processes, keep, opened.names(), watch)?));
        }
        let commands = Commands::prepare(plan, processes, opened.names(), watch)?;
        return Ok(Todo::Commands(Box::new(commands)));
    }
    let work = (plan.work.operation.prepare)(&plan.work.params)?;
    match (work, reducer(plan)?) {
        (op::Work::Map(map), None) => Ok(Todo::Chunks(Job::Map(map))),
        (op::Work::Fold(fold), None) => Ok(Todo::Chunks(Job::Fold(fold))),
        (op::Work::Map(map), Some(fold)) => Ok(Todo::Chunks(Job::Reduce(map, fold))),
        _ => anyhow::bail!("{} has no results to reduce", plan.work.operation.name),
    }
}

/// The fold of the results, where there is to be one.
fn reducer(plan: &Plan) -> Result<Option<Arc<dyn AnyFold>>> {
    let Some(reduce) = plan.work.reduce else { return Ok(None) };
    match (reduce.prepare)(&Params::defaults(reduce).without_limits())? {
        op::Work::Fold(fold) => Ok(Some(fold)),
        _ => anyhow::bail!("--reduce {} is no fold", reduce.name),
    }
}

fn run_connected(
    plan: Plan,
    work: Work,
    format: Arc<dyn Format>,
    sink: Sink,
    mut observers: Vec<Box<dyn Observer>>,
) -> Result<Exit> {
    let Work { todo: mut work, opened } = work;
    let (sender, receiver) = channel();
    if let Todo::Commands(commands) = &mut work {
        observers.extend(commands.logger(&sender));
    }
    let (pool, limits) = bounds(&plan);
    let spares = Spares::new(limits.unwritten.min(SPARE));
    let name = sink.name();
    let is_fold = plan.work.reduce.is_some() || matches!(work, Todo::Chunks(Job::Fold(_)));
    let map = match &work {
        Todo::Chunks(Job::Map(map) | Job::Reduce(map, _)) => Some(Arc::clone(map)),
        Todo::Chunks(Job::Fold(_)) | Todo::Commands(_) | Todo::Pool(_) => None,
    };
    let mut header = Vec::new();
    match &work {
        Todo::Chunks(Job::Map(_)) | Todo::Pool(_) => format.begin(&mut header),
        Todo::Chunks(_) => {}
        Todo::Commands(_) if is_fold => {}
        Todo::Commands(_) => format.begin_processes(&mut header),
    }

    let wrote = sender.clone();
    let tell = move |wrote_so| drop(wrote.send(Message::Wrote(wrote_so)));
    let writer = Writer::start(sink, Arc::clone(&spares), tell)?;
    let (mut engine, closing) = start_engine(&plan, work, &format, &spares, &sender)?;
    start_source(&plan, opened, &pool, sender)?;

    let operation = plan.work.reduce.map_or(plan.work.operation.name, |reduce| reduce.name);
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
        answer: is_fold.then_some(&answer),
        observers: &mut observers,
        pool: &pool,
        spares: &spares,
        output: &name,
    };
    let ended = run::run(doors, &plan.policy, limits, header);
    let closed = closing.close();
    let report = plan.processes.as_ref().map(|processes| processes.report).unwrap_or_default();
    let exit = finish(writer, &ended, report)?;
    // Where it ended the run, it has been told.
    let told = matches!(&ended.stop, Some(Stop::Unwritable(stop)) if closed.as_ref().is_err_and(|e| same(e, stop)));
    if !told {
        closed?;
    }
    Ok(map.filter(|_| ended.stop.is_none()).map_or(exit, |map| remark(&*map, exit)))
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

/// How much may be under way: buffers for each worker to have one at work and one waiting, and a few for
/// the source; results in proportion.
fn bounds(plan: &Plan) -> (Arc<BufferPool>, Limits) {
    let fills = plan.processes.as_ref().is_some_and(|processes| processes.command.batch == Batch::Max);
    // A command line that is to be filled must have its items before it starts.
    let lines = if fills { 2 * crew::command_line() } else { 0 };
    let pool = BufferPool::new((2 * plan.jobs + 4) * (BUFFER + 4096) + lines);
    // What commands print has room of its own, and waits for nothing but its turn.
    let by_item = plan.processes.as_ref().is_some_and(|processes| processes.keep.is_none());
    let unwritten = if by_item { usize::MAX } else { (plan.jobs + 2) * 4 * BUFFER };
    (pool, Limits { unwritten, total: plan.source.total().or(plan.progress.total) })
}

/// Tells what runs now.
type Describe = dyn Fn() -> String + Send;

/// Hears signals and tells the loop. SIGUSR1 asks what runs now.
fn listen(plan: &Plan, describe: Option<Box<Describe>>, sender: &Sender<Message>) -> Result<()> {
    let sender = sender.clone();
    let grace = plan.processes.as_ref().map(|processes| processes.command.grace);
    let heard = signals::listen(grace, plan.policy.patience, move |signal| {
        let message = match &describe {
            Some(describe) if signal == SIGUSR1 => Message::Note(Note::Warning(describe())),
            _ => Message::Signal(signal),
        };
        drop(sender.send(message));
    });
    Ok(heard?)
}

fn start_engine(
    plan: &Plan,
    work: Todo,
    format: &Arc<dyn Format>,
    spares: &Arc<Spares>,
    sender: &Sender<Message>,
) -> Result<(Box<dyn Engine>, Closing)> {
    // Only of a total that is certain can a share be taken here.
    let quota = plan.policy.halt.and_then(|halt| {
        let left = AtomicU64::new(halt.items(plan.source.total())?);
        Some(Quota { failed: halt.on != On::Success, ok: halt.on != On::Fail, left })
    });
    match (work, &plan.processes) {
        (Todo::Pool(ready), Some(processes @ Processes { keep: Some(keep), .. })) => {
            let connections = Connections { format, spares, sender, quota };
            let (team, closing) = ready.into_team(plan, processes, keep, connections);
            let stations = Arc::clone(&team.stations);
            listen(plan, Some(Box::new(move || stations.describe())), sender)?;
            Ok((Box::new(Pool::new(team)), closing))
        }
        (Todo::Commands(commands), Some(processes)) => {
            let connections = Connections { format, spares, sender, quota };
            let (crew, closing) = commands.into_crew(plan, processes, connections)?;
            let (roster, clock) = (Arc::clone(&crew.roster), Arc::clone(&crew.clock));
            listen(plan, Some(Box::new(move || roster.describe(&clock))), sender)?;
            Ok((Box::new(engine::Processes::new(crew)), closing))
        }
        (Todo::Chunks(job), _) => {
            listen(plan, None, sender)?;
            let apart = plan.policy.again.retries > 0;
            let task = Task { job, format: Arc::clone(format), tell: told(plan), apart };
            Ok((Box::new(start_local(plan, task, quota, spares, sender)?), Closing::default()))
        }
        (Todo::Commands(_) | Todo::Pool(_), _) => anyhow::bail!("there is no command"),
    }
}

/// How many failures of a chunk are told of with their items.
fn told(plan: &Plan) -> usize {
    if plan.talk == Talk::Verbose { usize::MAX } else { progress::NAMED }
}

fn start_local(
    plan: &Plan,
    task: Task,
    quota: Option<Quota>,
    spares: &Arc<Spares>,
    sender: &Sender<Message>,
) -> Result<Local> {
    let ringing = sender.clone();
    let ring = move |ring| drop(ringing.send(Message::Ring(ring)));
    let engine = Local::start(plan.jobs, task, plan.chunking, quota, Arc::clone(spares), ring)?;
    if engine.capacity() < plan.jobs {
        let got = engine.capacity();
        warn(sender, &format!("only {got} of {} workers could be started; going on with them", plan.jobs));
    }
    Ok(engine)
}

/// Has the loop tell of something, so that it does not run into a bar.
fn warn(sender: &Sender<Message>, warning: &str) {
    // Nobody is left to hear it when the run is over already.
    let _ = sender.send(Message::Note(Note::Warning(warning.into())));
}

const CRLF: &str = "the items end with a carriage return, which is taken as a part of them; --crlf strips it";

fn start_source(plan: &Plan, opened: Opened, pool: &Arc<BufferPool>, sender: Sender<Message>) -> Result<()> {
    let (chunking, pool) = (plan.chunking, Arc::clone(pool));
    let kept = plan.work.operation.blanks == Blanks::Kept;
    // Who reads lists of checksums takes lines of either kind.
    let warns = kept && plan.source.reads_lines() && plan.source.reading.lists.is_none();
    let body = move || {
        let read = AssertUnwindSafe(|| {
            opened.read(chunking, &pool, &mut |block| {
                if warns && block.opens_with_crlf() {
                    warn(&sender, CRLF);
                }
                sender.send(Message::Block(Box::new(block))).is_ok()
            })
        });
        // Even after a fault of its own the reader says that it has ended: the loop would wait for ever.
        let ended = catch_unwind(read).unwrap_or_else(|_| Err(anyhow!("the thread that reads items panicked")));
        // Nobody is left to tell when the run is over already.
        let _ = sender.send(Message::SourceEnded(ended));
    };
    Builder::new().name("parjob-source".into()).spawn(body).context("cannot start the thread that reads items")?;
    Ok(())
}

/// Says what kept parjob itself from doing its work, and the status for it.
pub fn fail(error: &anyhow::Error) -> Exit {
    progress::say(&format!("parjob: {error:#}\n"));
    let no_program = error.downcast_ref::<NoProgram>().map(|no_program| no_program.status);
    Exit::Status(no_program.unwrap_or(if error.is::<Misuse>() { USAGE } else { BROKEN }))
}
