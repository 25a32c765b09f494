//! From the end of a process to what becomes of its items.

use std::time::{Duration, SystemTime};

use super::Context;
use super::attempt::{Finished, Worker};
use super::batch::given;
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
    pub(super) fn fail(&mut self, cx: &Context<'_>, attempt: Attempt, item: &Chunk<'_>, fault: &Failure) {
        let record = Worker::not_started(cx, attempt);
        self.conclude_unstarted(cx, item, fault, record);
    }

    /// No command line can hold the item.
    pub(super) fn refuse(&mut self, cx: &Context<'_>, attempt: Attempt, item: &Chunk<'_>, fault: &Failure) {
        let record = Worker::not_started(cx, attempt);
        cx.journal(|journal| journal.ended(item, &record, false));
        self.conclude_unstarted(cx, item, fault, record);
    }

    /// The record of an item that is found to be unusable before there is a process.
    fn not_started(cx: &Context<'_>, attempt: Attempt) -> Record {
        let (started, took) = (SystemTime::now(), Duration::ZERO);
        let end = End::NotStarted(libc::EINVAL);
        Record { attempt, worker: cx.slot.number(), pid: 0, started, took, end, leaked: false }
    }

    fn conclude_unstarted(&mut self, cx: &Context<'_>, item: &Chunk<'_>, fault: &Failure, record: Record) {
        let mut output = Output::new(&cx.slot.config().room);
        let text = item.with_fields().next().map(|item| error(item.text(), fault));
        cx.save(item, &record, text.as_deref(), Some(fault), &output);
        if self.reduction.is_none() {
            cx.format(item, None, text.as_deref(), &mut output);
        }
        let account = cx.config.accounts.then(|| {
            let (seq, worker) = (item.first.0, cx.slot.number());
            let values = item.with_fields().next().map(|item| Values { item, names: &[], seq, worker });
            cx.config.recipe.fill(values.as_slice(), &mut self.words);
            Box::new(Account { command: quoted(&self.words), sent: 0, received: 0 })
        });
        let fate = Fate::Failed(failed(item, fault, &[]));
        let attempt = record.attempt;
        cx.slot.post(Ran { output, record: Some(record), account, ..Ran::of(item, attempt, fate) });
    }

    /// The command instead of the run of it.
    pub(super) fn show(&self, cx: &Context<'_>, attempt: Attempt, batch: &Chunk<'_>) {
        let mut output = Output::new(&cx.slot.config().room);
        let shown = [&quoted(&self.words)[..], b"\n"].concat();
        let fate = match output.out.push(&shown) {
            Ok(()) => Fate::Ok,
            Err(lost) => Fate::Failed(failed(batch, &not_kept(&lost), &[])),
        };
        cx.slot.post(Ran { output, ..Ran::of(batch, attempt, fate) });
    }

    /// parjob ended the process: its items are not run, and what it printed is kept as a part.
    fn conclude_cancelled(
        &self,
        cx: &Context<'_>,
        batch: &Chunk<'_>,
        record: Record,
        mut output: Output,
        received: u64,
    ) {
        let (attempt, mut fate) = (record.attempt, Fate::NotRun);
        if self.reduction.is_some() {
            output = Output::default();
        } else if received > 0 {
            if !output.is_empty() {
                cx.save(batch, &record, None, None, &output);
                cx.format(batch, Some(&record), None, &mut output);
            }
            // A part of it may be out already.
            fate = Fate::Partial;
        }
        cx.slot.post(Ran { output, ..Ran::of(batch, attempt, fate) });
    }

    /// From the end of a process to what becomes of its items.
    pub(super) fn conclude(&mut self, cx: &Context<'_>, attempt: Attempt, batch: &Chunk<'_>, finished: Finished) {
        let Finished { record, stopped, mut output, said, lost, received } = finished;
        if record.end == End::Cancelled {
            return self.conclude_cancelled(cx, batch, record, output, received);
        }
        if record.leaked {
            cx.warn_of_leak(batch.first);
        }
        let (mut cause, mut is_lost) = (cause(cx, &record, stopped, self.words.size()), false);
        let mut lose = |error| {
            is_lost = true;
            Some(cx.lose(error))
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
        cx.save(batch, &record, text.as_deref(), cause.as_ref(), &output);
        if self.reduction.is_some() {
            // Only the answer comes out.
            output.out = Body::default();
        } else {
            cx.format(batch, Some(&record), text.as_deref(), &mut output);
        }
        // What was lost is not done, whatever its process says.
        if !is_lost {
            cx.journal(|journal| journal.ended(batch, &record, cause.is_none()));
        }
        if cause.is_none() {
            cx.learn(record.took);
        }
        let account = cx.config.accounts.then(|| {
            let sent = if cx.config.command.stdin == Stdin::Item { given(batch).len() as u64 } else { 0 };
            Box::new(Account { command: quoted(&self.words), sent, received })
        });
        let fate = cause.map_or(Fate::Ok, |cause| Fate::Failed(failed(batch, &cause, &said)));
        cx.slot.post(Ran { output, record: Some(record), account, ..Ran::of(batch, attempt, fate) });
    }
}

impl Context<'_> {
    /// Output could not be kept: the item fails, and the run is not whole.
    fn lose(&self, error: std::io::Error) -> Failure {
        let failure = not_kept(&error);
        self.slot.break_off(anyhow::Error::new(error).context("cannot keep output in a temporary file"));
        failure
    }

    fn format(&self, batch: &Chunk<'_>, record: Option<&Record>, error: Option<&str>, output: &mut Output) {
        if let Err(error) = self.config.format.process(&Done { chunk: *batch, record, error }, output) {
            self.lose(error);
        }
    }
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

/// Why a process failed whose words took so much, if it did.
fn cause(cx: &Context<'_>, record: &Record, stopped: Option<i32>, size: usize) -> Option<Failure> {
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
            let end = ProcessEnd::Signal(signal);
            match cx.config.line.small_stack {
                Some(stack) if signal == libc::SIGSEGV && cx.config.line.crowds(size) => {
                    let stack = stack >> 10;
                    ended(end, &format!("; its arguments may be too long for a stack of {stack} KiB: ulimit -s"))
                }
                _ if signal == libc::SIGKILL && cx.ran_out_of_memory() => ended(end, "; out of memory?"),
                _ => ended(end, ""),
            }
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
