//! From a plan to an exit: makes the rooms, connects them, and lets the run loop run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Sender, channel};
use std::thread::Builder;

use anyhow::{Context, Result, anyhow};

use crate::buffer::{BUFFER, BufferPool, Spares};
use crate::engine::{self, Engine, Job, Local, Quota, Task};
use crate::event::{Ended, Observer};
use crate::exit::{BROKEN, Exit, FAILED, OK};
use crate::op::{Answer, Blanks, Map, Params, Work};
use crate::output::{self, Format, Sink, Writer};
use crate::plan::Plan;
use crate::progress::{self, Report, Talk};
use crate::run::{self, Channel, Doors, Limits, Message, On};
use crate::source;
use crate::sys::{entry, signals};

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
    let format = output::format(&plan.output);
    let job = prepare(&plan)?;
    let shown = progress::show(plan.progress)?;
    let sink = match &plan.output.file {
        Some(path) => Sink::file(path)?,
        None => output::stdout(shown.results),
    };
    let report = Box::new(Report::new(plan.talk, shown.messages)) as Box<dyn Observer>;
    let observers = shown.observer.into_iter().chain([report]).collect();
    run_connected(plan, job, format, sink, observers)
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

/// The operation, and the fold of its results.
fn prepare(plan: &Plan) -> Result<Job> {
    let work = (plan.work.operation.prepare)(&plan.work.params)?;
    let Some(reduce) = plan.work.reduce else {
        return Ok(match work {
            Work::Map(map) => Job::Map(map),
            Work::Fold(fold) => Job::Fold(fold),
        });
    };
    match (work, (reduce.prepare)(&Params::defaults(reduce).without_limits())?) {
        (Work::Map(map), Work::Fold(fold)) => Ok(Job::Reduce(map, fold)),
        _ => anyhow::bail!("--reduce {} cannot take the result of {}", reduce.name, plan.work.operation.name),
    }
}

fn run_connected(
    plan: Plan,
    job: Job,
    format: Arc<dyn Format>,
    sink: Sink,
    mut observers: Vec<Box<dyn Observer>>,
) -> Result<Exit> {
    let (sender, receiver) = channel();
    let (pool, limits) = bounds(&plan);
    // As much as may wait to be written is worth keeping.
    let spares = Spares::new(limits.unwritten);
    let name = sink.name();
    let is_map = matches!(job, Job::Map(_));
    let map = match &job {
        Job::Map(map) | Job::Reduce(map, _) => Some(Arc::clone(map)),
        Job::Fold(_) => None,
    };

    listen(&sender)?;
    let wrote = sender.clone();
    let tell = move |wrote_so| drop(wrote.send(Message::Wrote(wrote_so)));
    let writer = Writer::start(sink, Arc::clone(&spares), tell)?;
    let mut engine = start_engine(&plan, job, &format, &spares, &sender)?;
    start_source(&plan, &pool, sender)?;

    let mut header = Vec::new();
    if is_map {
        format.begin(&mut header);
    }
    let operation = plan.work.reduce.map_or(plan.work.operation.name, |reduce| reduce.name);
    let answer = |answer: &Answer| {
        let mut bytes = Vec::new();
        format.answer(operation, answer, &mut bytes);
        bytes
    };
    let doors = Doors {
        engine: &mut engine,
        mailbox: &mut Channel(receiver),
        write: &mut |bytes| writer.write(bytes),
        answer: if is_map { None } else { Some(&answer) },
        observers: &mut observers,
        pool: &pool,
        spares: &spares,
        output: &name,
    };
    let ended = run::run(doors, &plan.policy, limits, header);
    let exit = finish(writer, &ended)?;
    Ok(map.filter(|_| ended.stop.is_none()).map_or(exit, |map| remark(&*map, exit)))
}

/// Says what the operation has to say of all items together, and what that makes of the exit.
fn remark(map: &dyn Map, exit: Exit) -> Exit {
    let remarks = map.remarks();
    remarks.iter().for_each(|remark| progress::say(&format!("parjob: {}\n", remark.text)));
    let fails = remarks.iter().any(|remark| remark.fails);
    if fails && exit == Exit::Status(OK) { Exit::Status(FAILED) } else { exit }
}

/// Puts a result file in place, when there is a whole one.
fn finish(writer: Writer, ended: &Ended) -> Result<Exit> {
    let exit = Exit::of(ended);
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
    let pool = BufferPool::new((2 * plan.jobs + 4) * (BUFFER + 4096));
    (pool, Limits { unwritten: (plan.jobs + 2) * 4 * BUFFER, total: plan.source.total().or(plan.progress.total) })
}

fn listen(sender: &Sender<Message>) -> Result<()> {
    let sender = sender.clone();
    signals::listen(move |signal| drop(sender.send(Message::Signal(signal))))
}

fn start_engine(
    plan: &Plan,
    job: Job,
    format: &Arc<dyn Format>,
    spares: &Arc<Spares>,
    sender: &Sender<Message>,
) -> Result<Local> {
    let apart = plan.policy.retries > 0;
    let tell = if apart || plan.talk == Talk::Verbose { usize::MAX } else { progress::NAMED };
    let task = Task { job, format: Arc::clone(format), tell, apart };
    // Only of a total that is certain can a share be taken here; and what will be tried again has not failed yet.
    let quota = plan.policy.halt.filter(|_| !apart).and_then(|halt| {
        let left = AtomicU64::new(halt.items(plan.source.total())?);
        Some(Quota { failed: halt.on != On::Success, ok: halt.on != On::Fail, left })
    });
    let (ringing, sender) = (sender.clone(), sender);
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
    let _ = sender.send(Message::Warning(warning.into()));
}

const CRLF: &str = "the items end with a carriage return, which is taken as a part of them; --crlf strips it";

fn start_source(plan: &Plan, pool: &Arc<BufferPool>, sender: Sender<Message>) -> Result<()> {
    let (options, chunking, pool) = (plan.source.clone(), plan.chunking, Arc::clone(pool));
    let kept = plan.work.operation.blanks == Blanks::Kept;
    let warns = kept && plan.source.reads_lines();
    let body = move || {
        let read = AssertUnwindSafe(|| {
            source::read(options, chunking, &pool, &mut |block| {
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
    Exit::Status(BROKEN)
}
