//! The items that a worker's process has been given and whose results are not handed on yet.
//!
//! They are kept by the chunk, as they were claimed ([`Pending`]). Answers in the order of the items, which is how most
//! come, are appended to the results of their chunk many at a time; one that comes out of turn parts its chunk in two, so
//! that nothing that is done waits here for what is not: to put results in order is the run's affair. Items that are not
//! sent at all, since the source or the protocol refuses them, are answers out of turn too.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use super::options::Refused;
use super::pending::Pending;
use super::protocol::Mismatch;
use super::stderr_tail::end_of;
use crate::base::chunk::{Block, Claim};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq};
use crate::base::result::Results;

/// Results that are kept to be filled again.
const SPARES: usize = 8;

/// Items of a block, as they were claimed or a part of that.
pub(super) type Part = (Arc<Block>, Claim);

/// Items that are answered, and what became of them.
pub(super) struct Answered {
    pub(super) block: Arc<Block>,
    pub(super) claim: Claim,
    pub(super) results: Results,
    /// What the process said on standard error at an item.
    pub(super) said: Vec<(Seq, Box<[u8]>)>,
}

/// The items in flight, in the order in which they were sent.
#[derive(Default)]
pub struct InFlight {
    pending: VecDeque<Pending>,
    /// The place of the chunk that takes the next answer in order: all before it are answered.
    filling: usize,
    /// An answer that belongs to no item comes first.
    greeting: bool,
    /// Why the process will never do what it is to do.
    refusal: Option<Refused>,
    /// The item that the process says it is at.
    at: Option<Seq>,
    /// The process has stopped before this item and taken no notice of what was sent behind it.
    stopped: Option<Seq>,
    /// The last item that was sent, and whether each item was sent behind all with lower numbers.
    last_sent: u64,
    out_of_order: bool,
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

impl InFlight {
    /// A claim on a block, of which nothing is sent yet; what of it is to be sent: all but the items that the source
    /// found unusable.
    pub(super) fn add(&mut self, block: Arc<Block>, claim: Claim, empty: impl FnOnce() -> Results) -> Vec<Part> {
        let results = self.spare.pop().unwrap_or_else(empty);
        self.items += claim.items();
        self.bytes += claim.len();
        let from = self.pending.len();
        self.pending.push_back(Pending { claim, results, answered: 0, said: Vec::new(), block: Arc::clone(&block) });
        let chunk = block.chunk(&claim);
        for (place, fault) in block.faults(&chunk) {
            self.refuse(chunk.first.plus(place as u64), fault.clone());
        }
        self.to_send(from)
    }

    /// All that has no answer: what a fresh process is to be sent.
    pub(super) fn all_to_send(&self) -> Vec<Part> {
        self.to_send(0)
    }

    fn to_send(&self, from: usize) -> Vec<Part> {
        self.pending.range(from..).filter(|part| !part.is_answered()).map(Pending::to_send).collect()
    }

    /// What has no answer from this item on.
    pub(super) fn open_from(&self, seq: Seq) -> Vec<Part> {
        self.to_send(0).into_iter().filter(|(block, claim)| block.chunk(claim).first >= seq).collect()
    }

    /// A process is given these items.
    pub(super) fn note_sent(&mut self, chunk: &Chunk<'_>) {
        let last = chunk.first.plus(chunk.count as u64 - 1);
        self.out_of_order = !self.is_first(chunk) && (self.out_of_order || chunk.first.0 <= self.last_sent);
        self.last_sent = last.0;
        self.range = Some(self.range.map_or((chunk.first, last), |(low, high)| (low.min(chunk.first), high.max(last))));
    }

    /// A fresh process is there.
    pub(super) fn begin(&mut self) {
        (self.greeting, self.has_greeted, self.at, self.answers, self.range) = (false, false, None, 0, None);
        (self.stopped, self.last_sent, self.out_of_order) = (None, 0, false);
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

    /// The process has stopped before this item, or at the end of what it was given (0), and goes on with what is sent
    /// from now on.
    pub fn note_stopped(&mut self, before: Seq) {
        self.stopped = Some(before);
    }

    /// That it said so.
    pub(super) fn stopped(&mut self) -> Option<Seq> {
        self.stopped.take()
    }

    /// Whether each item was sent behind all with lower numbers.
    pub(super) fn is_in_order(&self) -> bool {
        !self.out_of_order
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
            let Some(part) = self.filling() else {
                return if rest.is_empty() { Ok(used) } else { Err(too_many()) };
            };
            let open = part.open();
            let (count, len) =
                if lines == 0 { (0, 0) } else { first_lines(rest, lines, (open.end - open.start) as usize) };
            if count == 0 {
                return Ok(used);
            }
            part.results.push_lines(&rest[..len], count);
            part.answered += count;
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

    /// As [`InFlight::answer`], for an item that went well and has nothing to show.
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
        if let Some(part) = self.filling().filter(|part| part.open().start == seq.0) {
            part.take(answer);
            return true;
        }
        let Some(at) = self.find(seq) else { return false };
        let part = &mut self.pending[at];
        if part.open().start == seq.0 {
            part.take(answer);
            return true;
        }
        let results = self.spare.pop().unwrap_or_else(|| part.results.like());
        let mut rest = part.part(seq.0, results);
        rest.take(answer);
        self.pending.insert(at + 1, rest);
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
        if let Some(part) = self.filling()
            && part.open().start == first.0
            && part.open().end >= first.0 + count as u64
            && memchr::memchr_iter(b'\n', lines).count() == count
        {
            part.results.push_lines(lines, count);
            part.answered += count;
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

    /// The first chunk that is not answered wholly.
    fn filling(&mut self) -> Option<&mut Pending> {
        while self.pending.get(self.filling).is_some_and(Pending::is_answered) {
            self.filling += 1;
        }
        self.pending.get_mut(self.filling)
    }

    /// Whether the item is in flight and has no answer.
    pub(super) fn is_open(&self, seq: Seq) -> bool {
        self.find(seq).is_some()
    }

    fn find(&self, seq: Seq) -> Option<usize> {
        // They are in order, but for those that are tried again.
        let guess = self.pending.partition_point(|part| part.open().end <= seq.0);
        let holds = |part: &Pending| part.open().contains(&seq.0);
        if self.pending.get(guess).is_some_and(holds) { Some(guess) } else { self.pending.iter().position(holds) }
    }

    /// The item that a process which has ended was at: the one that it named, or the first without an answer.
    pub(super) fn charged(&mut self, named: Option<Seq>) -> Option<Seq> {
        let named = named.or(self.at).filter(|seq| self.is_open(*seq));
        named.or_else(|| self.filling().map(|part| Seq(part.open().start)))
    }

    /// What the process said last, at this item.
    pub(super) fn note_said(&mut self, seq: Seq, said: &[u8]) {
        if let Some(at) = self.find(seq).filter(|_| !said.is_empty()) {
            self.pending[at].said.push((seq, said.into()));
        }
    }

    /// The process said more at this item.
    pub(super) fn add_said(&mut self, seq: Seq, bytes: &[u8]) {
        let Some(at) = self.find(seq) else { return };
        let said = &mut self.pending[at].said;
        let before = said.pop_if(|(last, _)| *last == seq).map(|(_, text)| text).unwrap_or_default();
        said.push((seq, end_of(&[&before[..], bytes].concat()).into()));
    }

    /// Takes out what is answered.
    pub(super) fn take_answered(&mut self, mut take: impl FnMut(Answered)) {
        let InFlight { pending, spare, .. } = self;
        for part in pending.iter_mut().filter(|part| part.answered > 0) {
            let is_over = part.is_answered();
            let results = if is_over { Results::default() } else { spare.pop().unwrap_or_else(|| part.results.like()) };
            take(part.take_answered(results));
        }
        pending.retain(|part| !part.claim.is_empty());
        self.filling = 0;
    }

    /// Results that may be filled again.
    pub(super) fn give_results(&mut self, mut results: Results) {
        if self.spare.len() < SPARES {
            results.clear();
            self.spare.push(results);
        }
    }

    /// The items without an answer that were sent behind this one, the last that was begun: it has its answer where it was
    /// the last of its chunk, and is none where none was begun. Then the first `unit` items stay.
    pub(super) fn behind(&self, begun: Seq, unit: u64) -> Vec<Range<u64>> {
        let at = self.find(begun);
        let parts = self.pending.range(at.unwrap_or(0)..).map(Pending::open);
        let mut ranges: Vec<Range<u64>> = parts.filter(|open| !open.is_empty()).collect();
        if let Some(first) = ranges.first_mut() {
            // Whole units are begun, whatever was noted of them.
            let begun = if at.is_some() { begun.0 + 1 - first.start } else { unit };
            first.start += begun.next_multiple_of(unit);
        }
        if at.is_none() && !self.out_of_order {
            ranges.iter_mut().for_each(|range| range.start = range.start.max(begun.0.saturating_add(1)));
        }
        ranges
    }

    /// Takes back the items without an answer whose number is in the range. What is answered must have been taken out.
    pub(super) fn take_back(&mut self, range: &Range<u64>) -> Vec<Part> {
        let (mut back, mut kept) = (Vec::new(), VecDeque::new());
        for mut part in self.pending.drain(..) {
            let open = part.open();
            let (from, to) = (open.start.max(range.start), open.end.min(range.end));
            if from >= to {
                kept.push_back(part);
                continue;
            }
            let after = (to < open.end).then(|| part.part(to, part.results.like()));
            if from > open.start {
                let middle = part.part(from, part.results.like());
                kept.push_back(std::mem::replace(&mut part, middle));
            }
            self.items -= part.claim.items();
            self.bytes = self.bytes.saturating_sub(part.claim.len());
            back.push((part.block, part.claim));
            kept.extend(after);
        }
        (self.pending, self.filling) = (kept, 0);
        // Those that were sent last are taken back.
        self.last_sent = self.last_sent.min(range.start.saturating_sub(1));
        back
    }

    /// Gives everything up: what is left, as it was claimed. What was answered must have landed.
    pub(super) fn give_up(&mut self) -> Vec<Part> {
        (self.filling, self.items, self.bytes, self.at) = (0, 0, 0, None);
        self.pending.drain(..).map(|part| (part.block, part.claim)).collect()
    }

    /// Whether these are the only items that are in flight.
    fn is_first(&self, chunk: &Chunk<'_>) -> bool {
        self.pending.iter().all(|part| chunk.holds(Seq(part.first())))
    }

    /// The first item without an answer.
    pub(super) fn first_open(&mut self) -> Option<Seq> {
        self.filling().map(|part| Seq(part.open().start))
    }

    /// Whether nothing is in flight.
    pub(super) fn is_empty(&self) -> bool {
        self.pending.is_empty()
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
