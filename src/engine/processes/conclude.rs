//! From the end of a process to what becomes of its items.

use std::time::{Duration, SystemTime};

use super::Shared;
use super::batch::given;
use super::worker::{Finished, Worker};
use crate::command::recipe::{Stdin, quoted};
use crate::engine::{Fate, Ran};
use crate::item::{Attempt, Chunk, Failed, Failure, Seq, error};
use crate::outcome::{Account, End, Record};
use crate::output::{Body, Done, Output};
use crate::template::Values;

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
            Err(lost) => Fate::Failed(failed(batch, &Failure::NotKept(lost.raw_os_error().unwrap_or(0)), &[])),
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
        let mut cause = cause(shared, &record, stopped);
        if let Some(error) = lost {
            cause = Some(shared.lose(error));
        }
        if cause.is_none()
            && let Some(reduction) = &mut self.reduction
        {
            cause = reduction.add(&output.out).unwrap_or_else(|error| Some(shared.lose(error)));
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
        if !matches!(cause, Some(Failure::NotKept(_))) {
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
        let errno = error.raw_os_error().unwrap_or(libc::EIO);
        self.break_off(anyhow::Error::new(error).context("cannot keep output in a temporary file"));
        Failure::NotKept(errno)
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

fn cause(shared: &Shared, record: &Record, stopped: Option<i32>) -> Option<Failure> {
    Some(match (stopped, record.end) {
        (_, End::Exited(0) | End::Cancelled) => return None,
        (Some(signal), _) => Failure::Stopped(signal),
        (None, End::Exited(status)) => Failure::Exited(status),
        (None, End::Signaled { signal, .. }) => {
            Failure::Signaled { signal, out_of_memory: signal == libc::SIGKILL && shared.ran_out_of_memory() }
        }
        (None, End::TimedOut { after }) => Failure::TimedOut(after),
        (None, End::NotStarted(errno)) => Failure::NotStarted(errno),
    })
}
