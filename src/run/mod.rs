//! The one loop of a run.
//!
//! # Approach
//!
//! One thread owns the run's state and sleeps until something happens: a block was read, workers have ended
//! some chunks, the writer wrote, a signal came, a time was reached. Each time it passes on what can be
//! passed on: blocks to the engine, results in order to the writer, failures to a later try, events to the
//! observers. It never does an item, never reads and never writes, so nothing that it waits for can keep
//! it from noticing anything else.
//!
//! What is under way is bounded at both ends: the source cannot read while all buffers are lent
//! ([`crate::base::buffer`]), and a block waits here while more than [`Limits::unwritten`] bytes of results wait
//! to be written. The head of the line is never among what waits: blocks are started in order.

mod collect;
mod mailbox;
mod outgoing;
mod pending;
mod policy;
mod reorder;
mod retry;
mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::base::buffer::{BufferPool, Spares};
use crate::base::chunk::Block;
use crate::base::event::{Ended, Event, Observer, Stop};
use crate::base::failure::Failure;
use crate::base::item::Seq;
use crate::base::result::Answer;
use crate::engine::{Engine, Hold, Note, Order, Ring};
use crate::output::{Load, Room, Wrote};

pub use mailbox::{Channel, Mailbox, Message};
use outgoing::Outgoing;
use pending::{Pending, Results};
pub use policy::{Backoff, Halt, Limit, On, Policy};
use reorder::{Ready, Reorder};
use retry::Retries;
use state::{Change, Phase, State};

/// The bounds on what is under way.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// While so many bytes of results are not written, no further block is started.
    pub unwritten: usize,
    /// How many items there will be, where that is known.
    pub total: Option<u64>,
}

/// Makes the bytes of an answer.
pub type Phrase<'a> = dyn Fn(&Answer) -> Vec<u8> + 'a;

/// What a run is connected to.
pub struct Doors<'a> {
    /// Carries chunks to workers.
    pub engine: &'a mut dyn Engine,
    /// Brings messages and the time.
    pub mailbox: &'a mut dyn Mailbox,
    /// Takes results, in their final order.
    pub write: &'a mut dyn FnMut(Load),
    /// Stops this process until it is told to go on.
    pub suspend: &'a mut dyn FnMut(),
    /// Makes the bytes of a fold's answer; `None` when the work is no fold.
    pub answer: Option<&'a Phrase<'a>>,
    /// Are told what happens.
    pub observers: &'a mut [Box<dyn Observer>],
    /// Lends memory for items that are tried again.
    pub pool: &'a Arc<BufferPool>,
    /// Takes buffers that can be filled again.
    pub spares: &'a Arc<Spares>,
    /// Has the output of processes that waits.
    pub room: &'a Room,
    /// What to call the output in a message.
    pub output: &'a str,
}

/// While results that wait for their turn take so much beside their bytes, no further block is started. The one whose
/// turn it is was started before them.
const WAITING: usize = 64 << 20;

/// How long the loop lets a trickle of results gather before it collects them.
const GATHER: Duration = Duration::from_millis(1);

/// How long a run that is to stop waits for what is at work before it says so.
const LINGER: Duration = Duration::from_millis(300);

/// How long beyond the grace what was killed is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long results that are ready may take to be written once the run is to stop, unless the policy gives more.
const GRACE: Duration = Duration::from_millis(200);

/// Runs until every item has ended, or the run is stopped. `header` is written first.
pub fn run<'a>(doors: Doors<'a>, policy: &'a Policy, limits: Limits, header: Vec<u8>) -> Ended {
    let started = doors.mailbox.now();
    let mut run = Run {
        output: doors.output,
        engine: doors.engine,
        mailbox: doors.mailbox,
        observers: doors.observers,
        pool: doors.pool,
        room: doors.room,
        suspend: doors.suspend,
        policy,
        limits,
        state: State::new(),
        pending: Pending::default(),
        collected: 0,
        is_fold: doors.answer.is_some(),
        reorder: Reorder::new(),
        owner: None,
        behind: Vec::new(),
        retries: Retries::default(),
        out: Outgoing::new(Arc::clone(doors.spares), doors.write),
        collect_at: None,
        deadline: policy.deadline.and_then(|deadline| started.checked_add(deadline)),
        linger_at: None,
        give_up_at: None,
        kill_at: None,
        first_failed: None,
        writable: true,
    };
    run.emit(&Event::Started { workers: run.engine.capacity(), total: limits.total });
    run.out.add(header);
    run.out.flush();
    run.until_idle();
    let no_answer = run.finish(doors.answer);
    run.out.flush();
    run.give_up_if_stopped();
    run.until_written();
    let counts = run.counts();
    let took = run.mailbox.now() - started;
    let first_failed = run.first_failed.take();
    let (stop, all_read, cut_short) = (run.state.stop.take(), !run.state.source_open, run.state.ends);
    let ended = Ended { counts, took, stop, cut_short, all_read, no_answer, first_failed };
    run.emit(&Event::Ended(&ended));
    ended
}

struct Run<'a> {
    engine: &'a mut dyn Engine,
    mailbox: &'a mut dyn Mailbox,
    observers: &'a mut [Box<dyn Observer>],
    pool: &'a Arc<BufferPool>,
    room: &'a Room,
    suspend: &'a mut dyn FnMut(),
    policy: &'a Policy,
    limits: Limits,
    state: State,
    /// Blocks that wait until results are written.
    pending: Pending,
    /// Bytes of results so far, written or not.
    collected: u64,
    /// All items have one answer.
    is_fold: bool,
    reorder: Reorder,
    /// Without an order: the item at work whose output goes out as it comes.
    owner: Option<Seq>,
    /// The results that ended meanwhile.
    behind: Vec<Ready>,
    retries: Retries,
    out: Outgoing<'a>,
    /// When to collect a trickle of results.
    collect_at: Option<Instant>,
    deadline: Option<Instant>,
    /// When to say what is waited for.
    linger_at: Option<Instant>,
    /// When to stop waiting for the writer.
    give_up_at: Option<Instant>,
    /// When what was asked to end is no longer waited for.
    kill_at: Option<Instant>,
    first_failed: Option<(Seq, Failure)>,
    /// Nobody has gone from the other end of the output.
    writable: bool,
    output: &'a str,
}

impl Run<'_> {
    /// The loop: what happened, what is due, what can go on; until all has ended that will.
    fn until_idle(&mut self) {
        while !(self.state.is_idle() && self.engine.is_quiet()) && self.kill_at.is_none_or(|at| self.mailbox.now() < at)
        {
            self.step();
        }
    }

    /// Once all is done: until everything is out, or there is no point in waiting.
    fn until_written(&mut self) {
        while self.writable && self.out.unwritten() > 0 && self.give_up_at.is_none_or(|at| self.mailbox.now() < at) {
            self.step();
            self.give_up_if_stopped();
        }
    }

    fn step(&mut self) {
        if let Some(message) = self.mailbox.next(self.next_due()) {
            self.handle(message);
        }
        self.do_what_is_due();
        self.start_pending();
        if !self.state.source_open && self.pending.is_empty() {
            self.engine.finish();
        }
        self.out.flush();
        self.engine.flow(self.policy.ordered.then(|| self.reorder.next()), self.hold());
        let counts = self.counts();
        self.emit(&Event::Counted(counts));
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Blocks(blocks) => blocks.into_iter().for_each(|block| self.take_block(block)),
            Message::SourceEnded(ended) => {
                self.state.apply(ended.map_or_else(Change::Unreadable, |()| Change::SourceEnded));
                self.start_pending();
            }
            Message::Ring(Ring::Now) => self.collect(),
            Message::Ring(Ring::Soon) => {
                let soon = self.mailbox.now() + GATHER;
                self.collect_at = Some(self.collect_at.map_or(soon, |at| at.min(soon)));
            }
            Message::Wrote(Wrote::Bytes(bytes)) => self.out.written(bytes),
            Message::Wrote(Wrote::Failed(error)) => self.output_is_gone(error),
            Message::Note(Note::Warning(warning)) => self.emit(&Event::Warning(&warning)),
            Message::Note(Note::Say(line)) => self.emit(&Event::Say(&line)),
            Message::Note(Note::Broken(error)) => self.stop(Change::Drain(Stop::Unwritable(error))),
            Message::Signal(signal_hook::consts::SIGTSTP) => self.pause(),
            Message::Signal(signal_hook::consts::SIGCHLD) => _ = self.engine.command(Order::Look),
            Message::Signal(signal) => self.take_signal(signal),
        }
    }

    fn take_block(&mut self, block: Block) {
        self.state.apply(Change::Read(block.items()));
        match self.state.phase {
            Phase::Running => {
                self.retries.learn_shape(&block);
                self.pending.push(block);
            }
            _ => self.state.apply(Change::Revoked(block.items())),
        }
    }

    /// Whether as many bytes wait as may: results in memory, what else is kept for items that wait, output in the file.
    fn hold(&self) -> Hold {
        // Where the reader is slow it does not help that the item whose turn it is gets on.
        if self.out.on_the_way() >= self.limits.unwritten {
            return Hold::All;
        }
        let kept = self.reorder.overhead() + self.retries.bytes() + self.behind.len() * size_of::<Ready>();
        let results = self.out.unwritten().saturating_sub(self.room.bytes());
        let is_full = kept > WAITING || results.saturating_add(kept) >= self.limits.unwritten || self.room.is_full();
        if is_full { Hold::BehindFront } else { Hold::None }
    }

    /// Starts blocks while there is room for their results.
    fn start_pending(&mut self) {
        if self.hold() != Hold::None {
            return;
        }
        let room = Results {
            workers: self.engine.capacity(),
            unwritten: self.out.unwritten() + self.reorder.overhead(),
            limit: self.limits.unwritten,
            collected: self.collected,
        };
        let blocks: Vec<Block> = std::iter::from_fn(|| self.pending.pop(&self.state.counts, room)).collect();
        if !blocks.is_empty() {
            self.engine.start_all(blocks);
        }
    }

    /// Stands still with everything that is at work, until somebody lets this process go on.
    fn pause(&mut self) {
        let since = self.mailbox.now();
        self.engine.command(Order::Pause);
        (self.suspend)();
        self.engine.command(Order::Resume);
        let lost = self.mailbox.now() - since;
        self.retries.shift(lost);
        for at in [&mut self.deadline, &mut self.linger_at, &mut self.give_up_at, &mut self.kill_at] {
            *at = at.map(|at| at + lost);
        }
    }

    fn halt_if_due(&mut self) {
        let Some(halt) = self.policy.halt.filter(|_| self.state.phase == Phase::Running) else { return };
        let counts = self.state.counts;
        // Once the source has ended, the total is known after all.
        let total = if self.state.source_open { self.limits.total } else { Some(counts.read) };
        if halt.is_due(counts.ok, counts.failed, total) {
            let stop = Stop::Halted { asked_for: halt.on != On::Fail };
            // The answer of a fold is that of whole items: even now, those at work are waited for.
            let now = halt.now && !self.is_fold;
            self.stop(if now { Change::Stop(stop) } else { Change::Drain(stop) });
        }
    }

    fn take_signal(&mut self, signal: i32) {
        let again = self.state.phase > Phase::Running;
        // What is killed may still have results to be written: only the next signal lets go of them.
        let lets_go = self.state.phase == Phase::Stopped || self.policy.patience <= GRACE;
        let stop = Stop::Signal(signal);
        let interrupted = signal == signal_hook::consts::SIGINT && !again;
        self.stop(if interrupted { Change::Drain(stop) } else { Change::Stop(stop) });
        if again {
            self.give_up_at = lets_go.then(|| self.mailbox.now()).or(self.give_up_at);
            self.engine.command(Order::Kill);
        }
    }

    fn output_is_gone(&mut self, error: std::io::Error) {
        self.writable = false;
        let gone = error.kind() == std::io::ErrorKind::BrokenPipe;
        let error = anyhow::Error::new(error).context(format!("cannot write {}", self.output));
        let stop = if gone && !self.policy.sigpipe_ignored { Stop::PipeClosed } else { Stop::Unwritable(error) };
        self.stop(Change::Stop(stop));
    }

    /// Takes back what is not started, and says why.
    fn stop(&mut self, change: Change) {
        self.state.apply(change);
        self.pool.close();
        let revoked = self.engine.revoke() + self.pending.clear();
        self.state.apply(Change::Revoked(revoked));
        self.give_up_on_retries();
        if self.state.phase == Phase::Stopped && !self.state.ends {
            self.state.ends = self.engine.command(Order::End);
            let patience = self.policy.grace + PATIENCE;
            self.kill_at = self.state.ends.then(|| self.mailbox.now() + patience);
        }
        if let Some(stop) = self.state.stop.take() {
            self.emit(&Event::Stopping(&stop));
            self.state.stop = Some(stop);
        }
        self.linger_at = Some(self.mailbox.now() + LINGER);
    }

    fn next_due(&self) -> Option<Instant> {
        let deadline = self.deadline.filter(|_| self.state.phase == Phase::Running);
        [self.collect_at, deadline, self.retries.next_due(), self.linger_at, self.give_up_at, self.kill_at]
            .into_iter()
            .flatten()
            .min()
    }

    fn do_what_is_due(&mut self) {
        let now = self.mailbox.now();
        if self.collect_at.is_some_and(|at| at <= now) {
            self.collect();
        }
        for block in self.retries.due(now, self.pool) {
            self.engine.start(block);
        }
        let waits = !self.state.is_idle() || self.out.unwritten() > 0;
        if self.linger_at.take_if(|at| *at <= now).is_some() && waits {
            let items = self.state.counts.under_way();
            let again = matches!(self.state.stop, Some(Stop::Signal(signal_hook::consts::SIGINT)));
            self.emit(&Event::Lingering { items, killable: self.policy.killable, again });
        }
        if self.state.phase == Phase::Running && self.deadline.is_some_and(|at| at <= now) {
            self.stop(Change::Stop(Stop::Deadline));
        }
    }

    /// Everything that will end has ended: the rest of the results, and the answer. Whether an answer was
    /// due and there is none.
    fn finish(&mut self, answer: Option<&Phrase<'_>>) -> bool {
        self.collect();
        self.reorder.finish(|ready| self.out.pass_on(ready));
        self.behind.drain(..).for_each(|ready| self.out.pass_on(ready));
        self.state.apply(Change::Over);
        // A fold that was cut short has no answer that anyone asked for.
        let whole = matches!(self.state.stop, None | Some(Stop::Halted { asked_for: true }));
        let Some(answer) = answer.filter(|_| whole) else { return false };
        let Some(found) = self.engine.close() else { return true };
        self.out.add(answer(&found));
        false
    }

    fn give_up_if_stopped(&mut self) {
        if self.state.phase == Phase::Stopped && self.give_up_at.is_none() {
            self.give_up_at = Some(self.mailbox.now() + self.policy.patience.max(GRACE));
        }
    }

    fn counts(&self) -> crate::base::event::Counts {
        let head = self.policy.ordered.then(|| self.reorder.next());
        crate::base::event::Counts { unwritten: self.out.unwritten(), head, ..self.state.counts }
    }

    fn emit(&mut self, event: &Event<'_>) {
        self.observers.iter_mut().for_each(|observer| observer.on(event));
    }
}

#[cfg(test)]
mod tests;
