//! From the end of a process to what becomes of its items.

use std::time::{Duration, SystemTime};

use super::Shared;
use super::batch::given;
use super::worker::{Finished, Worker};
use crate::base::failure::{Failed, Failure, FailureKind, ProcessEnd, error, signal_name};
use crate::base::item::{Attempt, Chunk, Seq};
use crate::base::outcome::{Account, End, Record};
use crate::base::template::Values;
use crate::command::recipe::{Stdin, quoted};
use crate::engine::{Fate, Ran};
use crate::output::{Body, Done, Output};

impl Worker {
    /// The source found the item unusable. Of some it keeps the beginning only, and a ledger goes by the bytes: so that is
    /// not told. Whoever reads the list again finds the fault again.
    pub(super) fn fail(&mut self, shared: &Shared, attempt: Attempt, item: &Chunk<'_>, fault: &Failure) {
        let record = self.not_started(attempt);
        self.conclude_unstarted(shared, item, fault, record);
    }

    /// No command line can hold the item.
    pub(super) fn refuse(&mut self, shared: &Shared, attempt: Attempt, item: &Chunk<'_>, fault: &Failure) {
        let record = self.not_started(attempt);
        shared.journal(|journal| journal.ended(item, &record, false));
        self.conclude_unstarted(shared, item, fault, record);
    }

    /// The record of an item that is found to be unusable before there is a process.
    fn not_started(&self, attempt: Attempt) -> Record {
        let (started, took) = (SystemTime::now(), Duration::ZERO);
        let end = End::NotStarted(libc::EINVAL);
        Record { attempt, worker: self.place.number, pid: 0, started, took, end, leaked: false }
    }

    fn conclude_unstarted(&mut self, shared: &Shared, item: &Chunk<'_>, fault: &Failure, record: Record) {
        let mut output = Output::new(&shared.crew.room);
        let text = item.with_fields().next().map(|item| error(item.text(), fault));
        shared.save(item, &record, text.as_deref(), Some(fault), &output);
        if self.reduction.is_none() {
            shared.format(item, None, text.as_deref(), &mut output);
        }
        let account = shared.crew.accounts.then(|| {
            let (seq, worker) = (item.first.0, self.place.number);
            let values = item.with_fields().next().map(|item| Values { item, names: &[], seq, worker });
            shared.crew.recipe.fill(values.as_slice(), &mut self.words);
            Box::new(Account { command: quoted(&self.words), sent: 0, received: 0 })
        });
        let fate = Fate::Failed(failed(item, fault, &[]));
        let attempt = record.attempt;
        shared.end(Ran { output, record: Some(record), account, ..ran(item, attempt, fate) });
    }

    /// The command instead of the run of it.
    pub(super) fn show(&self, shared: &Shared, attempt: Attempt, batch: &Chunk<'_>) {
        let mut output = Output::new(&shared.crew.room);
        let shown = [&quoted(&self.words)[..], b"\n"].concat();
        let fate = match output.out.push(&shown) {
            Ok(()) => Fate::Ok,
            Err(lost) => Fate::Failed(failed(batch, &not_kept(&lost), &[])),
        };
        shared.end(Ran { output, ..ran(batch, attempt, fate) });
    }

    /// From the end of a process to what becomes of its items.
    pub(super) fn conclude(&mut self, shared: &Shared, attempt: Attempt, batch: &Chunk<'_>, finished: Finished) {
        let Finished { record, stopped, mut output, said, lost, received } = finished;
        if record.end == End::Cancelled {
            return shared.post(ran(batch, attempt, Fate::NotRun));
        }
        if record.leaked {
            shared.warn_of_leak(batch.first);
        }
        let (mut cause, mut is_lost) = (cause(shared, &record, stopped), false);
        let mut lose = |error| {
            is_lost = true;
            Some(shared.lose(error))
        };
        if let Some(error) = lost {
            cause = lose(error);
        }
        if cause.is_none()
            && let Some(reduction) = &mut self.reduction
        {
            cause = reduction.add(&output.out).unwrap_or_else(lose);
        }
        let text = cause.as_ref().map(|cause| told(batch, cause));
        shared.save(batch, &record, text.as_deref(), cause.as_ref(), &output);
        if self.reduction.is_some() {
            // Only the answer comes out.
            output.out = Body::default();
        } else {
            shared.format(batch, Some(&record), text.as_deref(), &mut output);
        }
        // What was lost is not done, whatever its process says.
        if !is_lost {
            shared.journal(|journal| journal.ended(batch, &record, cause.is_none()));
        }
        if cause.is_none() {
            shared.learn(record.took);
        }
        let account = shared.crew.accounts.then(|| {
            let sent = if shared.crew.command.stdin == Stdin::Item { given(batch).len() as u64 } else { 0 };
            Box::new(Account { command: quoted(&self.words), sent, received })
        });
        let fate = cause.map_or(Fate::Ok, |cause| Fate::Failed(failed(batch, &cause, &said)));
        shared.end(Ran { output, record: Some(record), account, ..ran(batch, attempt, fate) });
    }
}

impl Shared {
    /// Output could not be kept: the item fails, and the run is not whole.
    fn lose(&self, error: std::io::Error) -> Failure {
        let failure = not_kept(&error);
        self.break_off(anyhow::Error::new(error).context("cannot keep output in a temporary file"));
        failure
    }

    fn format(&self, batch: &Chunk<'_>, record: Option<&Record>, error: Option<&str>, output: &mut Output) {
        if let Err(error) = self.crew.format.process(&Done { chunk: *batch, record, error }, output) {
            self.lose(error);
        }
    }
}

/// An outcome of the items without output.
pub(super) fn ran(batch: &Chunk<'_>, attempt: Attempt, fate: Fate) -> Ran {
    let output = Output::default();
    Ran { first: batch.first, items: batch.count as u64, attempt, fate, output, record: None, account: None }
}

/// Why the items failed: one, or all of a batch.
fn told(batch: &Chunk<'_>, cause: &Failure) -> String {
    let item = batch.with_fields().next().map_or(&b""[..], |item| item.text());
    match batch.count {
        0 | 1 => error(item, cause),
        count => format!("the batch of {count} from {}", error(item, cause)),
    }
}

/// Each item of the batch as failed.
fn failed(batch: &Chunk<'_>, cause: &Failure, said: &[u8]) -> Vec<Failed> {
    let one = |(item, seq): (&[u8], u64)| Failed {
        seq: Seq(seq),
        item: item.into(),
        fields: batch.fields,
        cause: cause.clone(),
        said: said.into(),
    };
    batch.items().zip(batch.first.0..).map(one).collect()
}

/// What its process printed could be kept neither in memory nor in a temporary file.
fn not_kept(error: &std::io::Error) -> Failure {
    Failure::item(format!("printed more than there is room for in a temporary file: {error}"))
}

fn cause(shared: &Shared, record: &Record, stopped: Option<i32>) -> Option<Failure> {
    let ended = |end: ProcessEnd, guess: &str| Failure::new(end.into(), format!("{end}{guess}")).transient();
    Some(match (stopped, record.end) {
        (_, End::Exited(0) | End::Cancelled) => return None,
        (Some(signal), _) => {
            let name = signal_name(signal);
            let text = format!("was stopped by {name}, as a job that wants the terminal is, and killed");
            Failure::new(FailureKind::Stopped(signal), text).transient()
        }
        (None, End::Exited(status)) => ended(ProcessEnd::Exit(status), ""),
        (None, End::Signaled { signal, .. }) => {
            let is_guess = signal == libc::SIGKILL && shared.ran_out_of_memory();
            ended(ProcessEnd::Signal(signal), if is_guess { "; out of memory?" } else { "" })
        }
        (None, End::TimedOut { after }) => Failure::timeout(after),
        (None, End::NotStarted(errno)) => not_started(errno),
    })
}

fn not_started(errno: i32) -> Failure {
    let text = match errno {
        libc::E2BIG => "makes a command line that is too long".to_owned(),
        _ => format!("could not be started: {}", std::io::Error::from_raw_os_error(errno)),
    };
    Failure::new(FailureKind::NotStarted(errno), text).caused_by(errno)
}
