//! What one worker does: from a chunk to processes, and from the end of a process to an outcome.

use std::ffi::CString;
use std::io::{Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use parjob_sys::spawn::{Spawner, Start};
use rustix::io::Errno;

use super::batch::given;
use super::conclude::ran;
use super::desk::{Desk, Live};
use super::place::Place;
use super::reduce::Reduction;
use super::{Crew, Shared};
use crate::base::chunk::Block;
use crate::base::item::{Attempt, Chunk};
use crate::base::outcome::{End, Record};
use crate::command::recipe::{Grouping, Stdin};
use crate::command::words::Words;
use crate::engine::Fate;
use crate::op::Tally;
use crate::output::{LineSplitter, Output, Tagger};
use crate::process::child::{Child, Ended, Orders, ending, large_read};
use crate::process::clock::Bell;
use crate::process::plumbing::{errno, pipe, unnamed};

/// A worker, with the memory that it uses for one process after the other.
pub(super) struct Worker {
    pub(super) place: Arc<Place>,
    spawner: Spawner,
    pub(super) words: Words,
    environment: Words,
    program: CString,
    /// The tag of the batch at work, where lines have tags.
    pub(super) tag: Option<Vec<u8>>,
    /// Its part of the fold of the results.
    pub(super) reduction: Option<Reduction>,
    buffer: Vec<u8>,
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

impl Worker {
    pub(super) fn new(place: Arc<Place>, crew: &Crew) -> Result<Worker, Errno> {
        let reduction = crew.reduce.as_ref().map(Reduction::new);
        let (words, environment) = (Words::default(), Words::default());
        let (program, buffer) = (CString::default(), Vec::new());
        Ok(Worker { place, spawner: Spawner::new()?, words, environment, program, tag: None, reduction, buffer })
    }

    /// Its part of the answer.
    pub(super) fn into_tally(self) -> Option<Box<dyn Tally>> {
        self.reduction.map(Reduction::into_tally)
    }

    /// Does the items of a chunk, in batches. One that the source found faulty fails with its fault.
    pub(super) fn work(&mut self, shared: &Shared, block: &Block, chunk: Chunk<'_>) {
        let (mut rest, mut done) = (chunk, 0);
        for (place, fault) in block.faults(&chunk) {
            let (sound, faulty) = rest.split(place - done);
            self.do_sound(shared, block.attempt(), sound);
            let (item, after) = faulty.split(1);
            self.fail(shared, block.attempt(), &item, fault);
            (rest, done) = (after, place + 1);
        }
        self.do_sound(shared, block.attempt(), rest);
    }

    /// Does the items of a chunk, of which none is faulty, in batches.
    pub(super) fn do_sound(&mut self, shared: &Shared, attempt: Attempt, part: Chunk<'_>) {
        let mut rest = part;
        while rest.count > 0 {
            if shared.is_stopped() {
                return shared.post(ran(&rest, attempt, Fate::NotRun));
            }
            let (batch, after) = rest.split(shared.crew.batch.min(rest.count));
            rest = after;
            if attempt == Attempt::FIRST && shared.crew.skip.is_some() {
                self.do_unless_done(shared, attempt, batch);
            } else {
                self.attempt(shared, attempt, batch);
            }
        }
    }

    /// Does what an earlier run has not done: each item is asked about once, since equal ones are counted.
    fn do_unless_done(&mut self, shared: &Shared, attempt: Attempt, batch: Chunk<'_>) {
        let is_done = |item| shared.crew.skip.as_ref().is_some_and(|skip| skip(item));
        let done: Vec<bool> = batch.items().map(is_done).collect();
        let mut rest = batch;
        for alike in done.chunk_by(|a, b| a == b) {
            let (part, after) = rest.split(alike.len());
            if alike.first() == Some(&true) {
                shared.post(ran(&part, attempt, Fate::Skipped));
            } else {
                self.attempt(shared, attempt, part);
            }
            rest = after;
        }
    }

    /// Starts the process and stays with it to its end. `None` when the run was stopped before it could start.
    pub(super) fn run(&mut self, shared: &Shared, attempt: Attempt, batch: &Chunk<'_>) -> Option<Finished> {
        let item = batch.with_fields().next().map_or(&b""[..], |item| item.text());
        shared.journal(|journal| journal.started(attempt, batch));
        let (mut started, mut begun);
        let mut alone = None;
        let launched = loop {
            if shared.is_stopped() {
                return None;
            }
            (started, begun) = (SystemTime::now(), shared.crew.clock.now());
            match self.launch(shared, attempt, batch) {
                Err(errno) if runs_out(errno) => shared.yield_turn(&self.place, errno, &mut alone),
                launched => break launched,
            }
        };
        let mut desk = Desk {
            shared,
            place: &self.place,
            seq: batch.first,
            attempt,
            item,
            live: shared.live(attempt),
            lines: (shared.crew.command.grouping == Grouping::Lines).then(LineSplitter::default),
            tagger: self.tag.take().map(Tagger::new),
            output: Output::new(&shared.crew.room),
            received: 0,
            said: Vec::new(),
            lost: None,
            start: shared.crew.roster.next_start(),
        };
        let record = |pid: i32, end, leaked| Record {
            attempt,
            worker: self.place.number,
            pid: pid.unsigned_abs(),
            started,
            took: shared.crew.clock.now().saturating_sub(begun),
            end,
            leaked,
        };
        let timeout = || shared.timeout();
        let (record, stopped) = match launched {
            Err(errno) => (record(0, End::NotStarted(errno.raw_os_error()), false), None),
            Ok((pid, pipes, bell)) => {
                self.place.enter(batch.first, item, pid, begun);
                if let Some(guard) = &shared.crew.guard {
                    guard(self.place.number - 1, pid);
                }
                let ended = match Child::new(pid, begun, pipes) {
                    Some(child) => child.watch(&shared.orders(&bell, &timeout), &mut desk, &mut self.buffer),
                    // The system gives no process the number 0.
                    None => Ended { end: End::NotStarted(libc::ESRCH), leaked: false, stopped: None },
                };
                if let Some(guard) = &shared.crew.guard {
                    guard(self.place.number - 1, 0);
                }
                self.place.leave();
                (record(pid, ended.end, ended.leaked), ended.stopped)
            }
        };
        desk.finish();
        let Desk { output, said, lost, received, .. } = desk;
        Some(Finished { record, stopped, output, said, lost, received })
    }

    /// Starts the process: its number, the pipes to read from, and what wakes this thread.
    fn launch(&mut self, shared: &Shared, attempt: Attempt, batch: &Chunk<'_>) -> Result<Launched, Errno> {
        let crew = &shared.crew;
        let bell = self.place.bell()?;
        crew.recipe.program(&self.words, &mut self.program).map_err(Errno::from_raw_os_error)?;
        self.environment.clear();
        let mut digits = itoa::Buffer::new();
        for (name, value) in [
            (&b"PARJOB_SEQ="[..], batch.first.0),
            (b"PARJOB_WORKER=", self.place.number as u64),
            (b"PARJOB_ATTEMPT=", u64::from(attempt.0)),
        ] {
            self.environment.push_with(|bytes| {
                bytes.extend_from_slice(name);
                bytes.extend_from_slice(digits.format(value).as_bytes());
            });
        }
        let input = match crew.command.stdin {
            Stdin::Null => None,
            Stdin::Item => Some(input(batch)?),
        };
        let ends = match crew.command.grouping {
            Grouping::None => None,
            Grouping::Items | Grouping::Lines => Some((pipe()?, pipe()?)),
        };
        let streams = ends.as_ref().map(|((_, out), (_, err))| (out.as_fd(), err.as_fd()));
        let start = Start {
            program: &self.program,
            words: &self.words,
            environment: [&crew.environment, &self.environment],
            streams: [
                Some(input.as_ref().map_or(crew.null.as_fd(), |input| input.as_fd())),
                streams.map(|streams| streams.0),
                streams.map(|streams| streams.1),
            ],
        };
        self.place.begin(crew.roster.next_start());
        let pid = self.spawner.spawn(&start).inspect_err(|_| self.place.begin(0))?;
        Ok((pid, ends.map_or([None, None], |(out, err)| [Some(out.0), Some(err.0)]), bell))
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

/// How long a worker whose process could not start waits before it tries again, if nobody wakes it.
pub(super) const AGAIN: Duration = Duration::from_millis(50);

impl Shared {
    /// Whether the output of this attempt may go out before its end: never while another attempt may replace it.
    fn live(&self, attempt: Attempt) -> Live {
        let crew = &self.crew;
        match crew.command.grouping {
            Grouping::Lines => Live::Always,
            _ if crew.streams && attempt.0 > crew.again.retries => Live::AtFront,
            _ => Live::No,
        }
    }

    fn orders<'a>(&'a self, bell: &'a Bell, timeout: &'a dyn Fn() -> Option<Duration>) -> Orders<'a> {
        let crew = &self.crew;
        let (grace, large_read) = (crew.command.grace, large_read(crew.jobs));
        Orders { bell, clock: &crew.clock, ending: &self.ending, timeout, grace, large_read }
    }

    /// Whether the run is to start nothing more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed) || self.ending.load(Ordering::Acquire) != ending::NONE
    }
}
