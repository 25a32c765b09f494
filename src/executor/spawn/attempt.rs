//! What one worker does: from items that it claimed to processes, and from the end of a process to an outcome.

use std::ffi::CString;
use std::io::{Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parjob_sys::limits;
use parjob_sys::spawn::{Spawner, Start};
use rustix::io::Errno;

use super::batch::given;
use super::capture::{Capture, Live};
use super::{Context, Spawn};
use crate::base::chunk::{Block, Claim};
use crate::base::item::{Attempt, Chunk, Seq};
use crate::base::outcome::{End, Record};
use crate::command::recipe::{Grouping, Stdin};
use crate::command::words::Words;
use crate::engine::{Executor, Fate, Ran, Slot, Yielded};
use crate::executor::reduce::Reduction;
use crate::op::Tally;
use crate::output::{LineSplitter, Output, Tagger};
use crate::process::child::{Child, Ended, Orders, large_read};
use crate::process::clock::Bell;
use crate::process::plumbing::{errno, pipe, unnamed};

/// A worker, with the memory that it uses for one process after the other.
pub(super) struct Worker {
    spawn: Arc<Spawn>,
    spawner: Spawner,
    pub(super) words: Words,
    environment: Words,
    program: CString,
    /// The tag of the batch at work, where lines have tags.
    pub(super) tag: Option<Vec<u8>>,
    /// Its part of the fold of the results.
    pub(super) reduction: Option<Reduction>,
    buffer: Vec<u8>,
    /// The block of the items at work.
    block: Option<Arc<Block>>,
    /// It gives back what it has claimed, and ends.
    pub(super) leaves: bool,
}

/// What there is once a process is started.
type Launched = (i32, [Option<OwnedFd>; 2], Arc<Bell>);

/// A process that has ended.
pub(super) struct Finished {
    pub(super) record: Record,
    pub(super) stopped: Option<i32>,
    pub(super) output: Output,
    pub(super) said: Vec<u8>,
    pub(super) lost: Option<std::io::Error>,
    pub(super) received: u64,
}

/// How an attempt to start a process came out.
pub(super) enum Outcome {
    /// The process has ended, or could not be started.
    Finished(Box<Finished>),
    /// The run was stopped before it could start.
    NotRun,
    /// There was no room for it: its items were given back.
    GivenBack,
}

impl Executor for Worker {
    fn run(mut self: Box<Self>, slot: &Slot) -> Option<Box<dyn Tally>> {
        let spawn = Arc::clone(&self.spawn);
        let cx = Context { config: &spawn.config, state: &spawn.state, slot };
        if cx.config.command.nice != 0 {
            // Its processes inherit it from this thread. More than may be asked for is as much as there is.
            let _ = limits::be_nice(cx.config.command.nice);
        }
        while !self.leaves
            && let Some((block, claim)) = slot.next_claim()
        {
            self.work(&cx, block, claim);
            slot.end_turn();
        }
        self.reduction.map(Reduction::into_tally)
    }
}

impl Worker {
    pub(super) fn new(spawn: Arc<Spawn>) -> Result<Worker, Errno> {
        let reduction = spawn.config.reduce.as_ref().map(Reduction::new);
        let (words, environment) = (Words::default(), Words::default());
        let (program, buffer) = (CString::default(), Vec::new());
        let spawner = Spawner::new()?;
        let (block, leaves) = (None, false);
        Ok(Worker { spawn, spawner, words, environment, program, tag: None, reduction, buffer, block, leaves })
    }

    /// Does the items of a claim, in batches. One that the source found faulty fails with its fault.
    fn work(&mut self, cx: &Context<'_>, block: Arc<Block>, claim: Claim) {
        let chunk = block.chunk(&claim);
        self.block = Some(Arc::clone(&block));
        let (mut rest, mut done) = (chunk, 0);
        for (place, fault) in block.faults(&chunk) {
            let (sound, faulty) = rest.split(place - done);
            self.do_sound(cx, block.attempt(), sound);
            let (item, after) = faulty.split(1);
            self.fail(cx, block.attempt(), &item, fault);
            (rest, done) = (after, place + 1);
        }
        self.do_sound(cx, block.attempt(), rest);
        self.block = None;
    }

    /// Does the items of a chunk, of which none is faulty, in batches.
    fn do_sound(&mut self, cx: &Context<'_>, attempt: Attempt, part: Chunk<'_>) {
        let mut rest = part;
        while rest.count > 0 {
            if cx.slot.is_stopped() {
                return cx.slot.post(Ran::of(&rest, attempt, Fate::NotRun));
            }
            if self.leaves {
                return self.give_back(cx, &rest);
            }
            let (batch, after) = rest.split(cx.config.batch.min(rest.count));
            rest = after;
            if attempt == Attempt::FIRST && cx.config.skip.is_some() {
                self.do_unless_done(cx, attempt, batch);
            } else {
                self.attempt(cx, attempt, batch);
            }
        }
    }

    /// Does what an earlier run has not done: each item is asked about once, since equal ones are counted.
    fn do_unless_done(&mut self, cx: &Context<'_>, attempt: Attempt, batch: Chunk<'_>) {
        let is_done = |item| cx.config.skip.as_ref().is_some_and(|skip| skip(item));
        let done: Vec<bool> = batch.items().map(is_done).collect();
        let mut rest = batch;
        for alike in done.chunk_by(|a, b| a == b) {
            let (part, after) = rest.split(alike.len());
            if alike.first() == Some(&true) {
                cx.slot.post(Ran::of(&part, attempt, Fate::Skipped));
            } else {
                self.attempt(cx, attempt, part);
            }
            rest = after;
        }
    }

    /// Another worker is to do these items.
    pub(super) fn give_back(&self, cx: &Context<'_>, items: &Chunk<'_>) {
        if let Some(block) = &self.block {
            cx.slot.give_back([(Arc::clone(block), block.claim_of(items))]);
        }
    }

    /// Starts the process and stays with it to its end.
    pub(super) fn start(&mut self, cx: &Context<'_>, attempt: Attempt, batch: &Chunk<'_>) -> Outcome {
        let item = batch.with_fields().next().map_or(&b""[..], |item| item.text());
        cx.journal(|journal| journal.started(attempt, batch));
        let (mut started, mut begun);
        let mut alone = None;
        let launched = loop {
            if cx.slot.is_stopped() {
                return Outcome::NotRun;
            }
            (started, begun) = (SystemTime::now(), cx.slot.clock().now());
            match self.launch(cx, attempt, batch) {
                Err(errno) if runs_out(errno) => {
                    // Whether an earlier run has done an item may be asked once only.
                    let may_leave = cx.config.skip.is_none();
                    if cx.slot.yield_turn(errno, &mut alone, may_leave) == Yielded::Leave {
                        self.leaves = true;
                        self.give_back(cx, batch);
                        return Outcome::GivenBack;
                    }
                }
                launched => break launched,
            }
        };
        let mut capture = Capture {
            cx,
            seq: batch.first,
            attempt,
            item,
            live: cx.live(attempt),
            lines: (cx.config.command.grouping == Grouping::Lines).then(LineSplitter::default),
            tagger: self.tag.take().map(|tag| Tagger::new(&tag)),
            output: Output::new(&cx.slot.config().room),
            received: 0,
            said: Vec::new(),
            lost: None,
            start: cx.slot.next_start(),
        };
        let record = |pid: i32, end, leaked| Record {
            attempt,
            worker: cx.slot.number(),
            pid: pid.unsigned_abs(),
            started,
            took: cx.slot.clock().now().saturating_sub(begun),
            end,
            leaked,
        };
        let timeout = || cx.timeout();
        let (record, stopped) = match launched {
            Err(errno) => (record(0, End::NotStarted(errno.raw_os_error()), false), None),
            Ok((pid, pipes, bell)) => {
                cx.slot.enter(batch.first, item, pid, begun);
                if let Some(guard) = &cx.config.guard {
                    guard(cx.slot.number() - 1, pid);
                }
                if batch.first > Seq::FIRST {
                    cx.note_killed();
                }
                let ended = match Child::new(pid, begun, pipes) {
                    Some(child) => child.watch(&cx.orders(&bell, &timeout), &mut capture, &mut self.buffer),
                    // The system gives no process the number 0.
                    None => Ended { end: End::NotStarted(libc::ESRCH), leaked: false, stopped: None },
                };
                if let Some(guard) = &cx.config.guard {
                    guard(cx.slot.number() - 1, 0);
                }
                cx.slot.leave();
                (record(pid, ended.end, ended.leaked), ended.stopped)
            }
        };
        capture.finish();
        let Capture { output, said, lost, received, .. } = capture;
        Outcome::Finished(Box::new(Finished { record, stopped, output, said, lost, received }))
    }

    /// Starts the process: its number, the pipes to read from, and what wakes this thread.
    fn launch(&mut self, cx: &Context<'_>, attempt: Attempt, batch: &Chunk<'_>) -> Result<Launched, Errno> {
        let config = cx.config;
        let bell = cx.slot.bell()?;
        config.recipe.program(&self.words, &mut self.program).map_err(Errno::from_raw_os_error)?;
        self.environment.clear();
        let mut digits = itoa::Buffer::new();
        for (name, value) in [
            (&b"PARJOB_SEQ="[..], batch.first.0),
            (b"PARJOB_WORKER=", cx.slot.number() as u64),
            (b"PARJOB_ATTEMPT=", u64::from(attempt.0)),
        ] {
            self.environment.push_with(|bytes| {
                bytes.extend_from_slice(name);
                bytes.extend_from_slice(digits.format(value).as_bytes());
            });
        }
        let input = match config.command.stdin {
            Stdin::Null => None,
            Stdin::Item => Some(input(batch)?),
        };
        let ends = match (config.command.grouping, config.command.merge) {
            (Grouping::None, _) => [None, None],
            (Grouping::Items | Grouping::Lines, true) => [Some(pipe()?), None],
            (Grouping::Items | Grouping::Lines, false) => [Some(pipe()?), Some(pipe()?)],
        };
        let [out, err] = ends.each_ref().map(|ends| ends.as_ref().map(|(_, theirs)| theirs.as_fd()));
        let start = Start {
            program: &self.program,
            words: &self.words,
            environment: [&config.environment, &self.environment],
            streams: [Some(input.as_ref().map_or(config.null.as_fd(), |input| input.as_fd())), out, err.or(out)],
        };
        cx.slot.begin_start();
        let pid = self.spawner.spawn(&start).inspect_err(|_| cx.slot.end_start())?;
        Ok((pid, ends.map(|ends| ends.map(|(ours, _)| ours)), bell))
    }
}

/// Whether the error means that there is too little of something just now.
fn runs_out(errno: Errno) -> bool {
    matches!(errno, Errno::MFILE | Errno::NFILE | Errno::AGAIN | Errno::NOMEM)
}

/// The bytes of the items as a file without a name, which a process can also seek in.
fn input(batch: &Chunk<'_>) -> Result<OwnedFd, Errno> {
    let mut file = unnamed(c"parjob-item")?;
    file.write_all(&given(batch)).and_then(|()| file.rewind()).map_err(errno)?;
    Ok(file.into())
}

impl Context<'_> {
    /// Whether the output of this attempt may go out before its end: never while another attempt may replace it.
    fn live(&self, attempt: Attempt) -> Live {
        match self.config.command.grouping {
            Grouping::Lines => Live::Always,
            _ if attempt.0 > self.slot.retry().retries => self.config.live,
            _ => Live::No,
        }
    }

    fn orders<'a>(&'a self, bell: &'a Bell, timeout: &'a dyn Fn() -> Option<Duration>) -> Orders<'a> {
        let (grace, large_read) = (self.config.command.grace, large_read(self.slot.config().jobs));
        let (clock, ending) = (self.slot.clock(), self.slot.ending_flag());
        Orders { bell, clock, ending, timeout, grace, large_read }
    }
}
