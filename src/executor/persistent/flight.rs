//! The items that a worker's process has been given and whose results are not handed on yet.
//!
//! A leg is what is left of a claimed chunk. Answers in the order of the items, which is how most come, are appended
//! to the results of their leg many at a time; one that comes out of turn parts its leg in two, so that nothing that is
//! done waits here for what is not: to put results in order is the run's affair. Items that are not sent at all, since
//! the source or the protocol refuses them, are answers out of turn too.

use std::collections::VecDeque;
use std::sync::Arc;

use super::leg::Leg;
use super::options::Refused;
use super::protocol::Mismatch;
use crate::base::chunk::{Block, Claim};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq};
use crate::base::result::Results;

/// Results that are kept to be filled again.
const SPARES: usize = 8;

/// A part of a chunk that is answered.
pub(super) struct Landed<'a> {
    pub(super) block: &'a Block,
    pub(super) chunk: Chunk<'a>,
    pub(super) results: &'a mut Results,
    pub(super) said: &'a [(Seq, Box<[u8]>)],
}

/// The items in flight, in the order in which they were sent.
#[derive(Default)]
pub struct Flight {
    legs: VecDeque<Leg>,
    /// The leg that takes the next answer in order: all before it are answered.
    filling: usize,
    /// An answer that belongs to no item comes first.
    greeting: bool,
    /// Why the process will never do what it is to do.
    refusal: Option<Refused>,
    /// The item that the process says it is at.
    at: Option<Seq>,
    /// Items without an answer, and the bytes that they take, about.
    items: usize,
    bytes: usize,
    /// The answers so far, of this process; that it is ready is one.
    answers: u64,
    /// It said that it is ready.
    has_greeted: bool,
    /// The items of this process with the lowest and the highest number.
    range: Option<(Seq, Seq)>,
    spare: Vec<Results>,
}

impl Flight {
    /// A claim on a block, of which nothing is sent yet; what of it is to be sent: all but the items that the source
    /// found unusable.
    pub(super) fn add(
        &mut self,
        block: Arc<Block>,
        claim: Claim,
        empty: impl FnOnce() -> Results,
    ) -> Vec<(Arc<Block>, Claim)> {
        let results = self.spare.pop().unwrap_or_else(empty);
        self.items += claim.items();
        self.bytes += claim.len();
        let from = self.legs.len();
        self.legs.push_back(Leg { claim, results, answered: 0, said: Vec::new(), block: Arc::clone(&block) });
        let chunk = block.chunk(&claim);
        for (place, fault) in block.faults(&chunk) {
            self.refuse(chunk.first.plus(place as u64), fault.clone());
        }
        self.to_send(from)
    }

    /// All that has no answer: what a fresh process is to be sent.
    pub(super) fn all_to_send(&self) -> Vec<(Arc<Block>, Claim)> {
        self.to_send(0)
    }

    fn to_send(&self, from: usize) -> Vec<(Arc<Block>, Claim)> {
        self.legs.range(from..).filter(|leg| !leg.is_answered()).map(Leg::to_send).collect()
    }

    /// A process is given these items.
    pub(super) fn note_sent(&mut self, chunk: &Chunk<'_>) {
        let last = chunk.first.plus(chunk.count as u64 - 1);
        self.range = Some(self.range.map_or((chunk.first, last), |(low, high)| (low.min(chunk.first), high.max(last))));
    }

    /// A fresh process is there.
    pub(super) fn begin(&mut self) {
        (self.greeting, self.has_greeted, self.at, self.answers, self.range) = (false, false, None, 0, None);
    }

    /// An answer that belongs to no item comes first.
    pub fn expect_greeting(&mut self) {
        self.greeting = true;
    }

    /// Whether that answer has not come yet.
    pub fn awaits_greeting(&self) -> bool {
        self.greeting
    }

    /// No process will ever do what it is to do: no item is to blame. With parjob's exit status for that, and why.
    pub fn refused(&mut self, status: i32, why: String) {
        self.refusal = Some(Refused { status, why });
    }

    /// That a process said so.
    pub(super) fn refusal(&mut self) -> Option<Refused> {
        self.refusal.take()
    }

    /// It has come.
    pub fn greeted(&mut self) {
        self.greeting = false;
        (self.answers, self.has_greeted) = (self.answers + 1, true);
    }

    /// The process says that it is at this item.
    pub fn note_at(&mut self, seq: Seq) {
        self.at = Some(seq);
    }

    /// Answers in the order of the items, a line each; how many bytes are used up. A line that is not whole is left. In the
    /// first `scanned` bytes no line ends.
    ///
    /// # Errors
    ///
    /// There are more answers than items.
    pub fn answer_lines(&mut self, bytes: &[u8], scanned: usize) -> Result<usize, Mismatch> {
        let mut used = 0;
        if self.greeting {
            let Some(end) = memchr::memchr(b'\n', &bytes[scanned..]) else { return Ok(0) };
            used = scanned + end + 1;
            self.greeted();
        }
        let mut lines = memchr::memchr_iter(b'\n', &bytes[used.max(scanned)..]).count();
        loop {
            let rest = &bytes[used..];
            let Some(leg) = self.filling() else {
                return if rest.is_empty() { Ok(used) } else { Err(too_many()) };
            };
            let open = leg.open();
            let (count, len) =
                if lines == 0 { (0, 0) } else { first_lines(rest, lines, (open.end - open.start) as usize) };
            if count == 0 {
                return Ok(used);
            }
            leg.results.push_lines(&rest[..len], count);
            leg.answered += count;
            used += len;
            lines -= count;
            self.note_answers(count);
        }
    }

    /// The answer to one item: its result, or why it failed.
    ///
    /// # Errors
    ///
    /// The item is not in flight, or has its answer.
    pub fn answer(&mut self, seq: Seq, answer: Result<&[u8], Failure>) -> Result<(), Mismatch> {
        self.answer_or_pass(seq, answer.map(Some))
    }

    /// As [`Flight::answer`], for an item that went well and has nothing to show.
    ///
    /// # Errors
    ///
    /// The item is not in flight, or has its answer.
    pub fn pass(&mut self, seq: Seq) -> Result<(), Mismatch> {
        self.answer_or_pass(seq, Ok(None))
    }

    fn answer_or_pass(&mut self, seq: Seq, answer: Result<Option<&[u8]>, Failure>) -> Result<(), Mismatch> {
        if !self.take(seq, answer) {
            return Err(Mismatch(format!("answered item {seq}, which it was not at")));
        }
        self.note_answers(1);
        Ok(())
    }

    /// Puts the answer to the item in its place; whether it has one.
    fn take(&mut self, seq: Seq, answer: Result<Option<&[u8]>, Failure>) -> bool {
        if let Some(leg) = self.filling().filter(|leg| leg.open().start == seq.0) {
            leg.take(answer);
            return true;
        }
        let Some(at) = self.leg_of(seq) else { return false };
        let leg = &mut self.legs[at];
        if leg.open().start == seq.0 {
            leg.take(answer);
            return true;
        }
        let results = self.spare.pop().unwrap_or_else(|| leg.results.like());
        let mut rest = leg.part(seq.0, results);
        rest.take(answer);
        self.legs.insert(at + 1, rest);
        true
    }

    /// The item cannot be sent to a process.
    pub fn refuse(&mut self, seq: Seq, cause: Failure) {
        if self.take(seq, Err(cause)) {
            self.items -= 1;
        }
    }

    /// The answers to `count` items from `first` on, a line each.
    ///
    /// # Errors
    ///
    /// One of them is not in flight, or has its answer; or there are not so many lines.
    pub fn answer_run(&mut self, first: Seq, count: usize, lines: &[u8]) -> Result<(), Mismatch> {
        if let Some(leg) = self.filling()
            && leg.open().start == first.0
            && leg.open().end >= first.0 + count as u64
            && memchr::memchr_iter(b'\n', lines).count() == count
        {
            leg.results.push_lines(lines, count);
            leg.answered += count;
            self.note_answers(count);
            return Ok(());
        }
        let mut lines = lines.split_inclusive(|byte| *byte == b'\n');
        for seq in first.0..first.0 + count as u64 {
            let line = lines.next().and_then(|line| line.strip_suffix(b"\n"));
            let line = line.ok_or_else(|| Mismatch("gave fewer results than it said".into()))?;
            self.answer(Seq(seq), Ok(line))?;
        }
        Ok(())
    }

    fn note_answers(&mut self, count: usize) {
        self.answers += count as u64;
        self.bytes -= self.bytes / self.items.max(1) * count;
        self.items -= count;
    }

    /// The first leg that is not answered.
    fn filling(&mut self) -> Option<&mut Leg> {
        while self.legs.get(self.filling).is_some_and(Leg::is_answered) {
            self.filling += 1;
        }
        self.legs.get_mut(self.filling)
    }

    /// Whether the item is in flight and has no answer.
    pub(super) fn is_open(&self, seq: Seq) -> bool {
        self.leg_of(seq).is_some()
    }

    fn leg_of(&self, seq: Seq) -> Option<usize> {
        // They are in order, but for those that are tried again.
        let guess = self.legs.partition_point(|leg| leg.open().end <= seq.0);
        let holds = |leg: &Leg| leg.open().contains(&seq.0);
        if self.legs.get(guess).is_some_and(holds) { Some(guess) } else { self.legs.iter().position(holds) }
    }

    /// The item that a process which has ended was at: the one that it named, or the first without an answer.
    pub(super) fn charged(&mut self, named: Option<Seq>) -> Option<Seq> {
        let named = named.or(self.at).filter(|seq| self.is_open(*seq));
        named.or_else(|| self.filling().map(|leg| Seq(leg.open().start)))
    }

    /// What the process said last, at this item.
    pub(super) fn note_said(&mut self, seq: Seq, said: &[u8]) {
        if let Some(leg) = self.leg_of(seq).filter(|_| !said.is_empty()) {
            self.legs[leg].said.push((seq, said.into()));
        }
    }

    /// Hands on what is answered.
    pub(super) fn land(&mut self, mut hand_on: impl FnMut(Landed<'_>)) {
        for leg in self.legs.iter_mut().filter(|leg| leg.answered > 0) {
            let whole = leg.block.chunk(&leg.claim);
            let chunk = if leg.is_answered() { whole } else { whole.split(leg.answered).0 };
            let (items, bytes) = (chunk.count, chunk.bytes.len());
            hand_on(Landed { block: &leg.block, chunk, results: &mut leg.results, said: &leg.said });
            leg.results.clear();
            leg.claim.advance(items, bytes);
            leg.answered = 0;
            let first = leg.first();
            leg.said.retain(|(seq, _)| seq.0 >= first);
        }
        self.filling = 0;
        let spare = &mut self.spare;
        self.legs.retain_mut(|leg| {
            let done = leg.claim.is_empty();
            if done && spare.len() < SPARES {
                spare.push(std::mem::take(&mut leg.results));
            }
            !done
        });
    }

    /// Gives everything up: what is left, as it was claimed. What was answered must have landed.
    pub(super) fn give_up(&mut self) -> Vec<(Arc<Block>, Claim)> {
        (self.filling, self.items, self.bytes, self.at) = (0, 0, 0, None);
        self.legs.drain(..).map(|leg| (leg.block, leg.claim)).collect()
    }

    /// Whether nothing is in flight.
    pub(super) fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// The items without an answer.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// The bytes that they take, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether this process has answered an item.
    pub(super) fn has_answered_items(&self) -> bool {
        self.answers > u64::from(self.has_greeted)
    }

    /// The answers of this process.
    pub(super) fn answers(&self) -> u64 {
        self.answers
    }

    /// The lowest and the highest number of the items that this process was given.
    pub(super) fn range(&self) -> Option<(Seq, Seq)> {
        self.range
    }
}

fn too_many() -> Mismatch {
    Mismatch("gave more answers than it got items".into())
}

/// Of the `lines` whole lines at the beginning, `most` at the most: how many, and the bytes that they take.
fn first_lines(bytes: &[u8], lines: usize, most: usize) -> (usize, usize) {
    if lines <= most {
        return (lines, memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1));
    }
    let end = memchr::memchr_iter(b'\n', bytes).nth(most - 1);
    (most, end.map_or(bytes.len(), |end| end + 1))
}
