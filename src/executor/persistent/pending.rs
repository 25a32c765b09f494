//! What is left of a claimed chunk: its first answers, and the items that have none.

use std::sync::Arc;

use super::in_flight::Answered;
use crate::base::chunk::{Block, Claim};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq};
use crate::base::result::Results;

/// What is left of a claimed chunk.
pub(super) struct Pending {
    pub(super) block: Arc<Block>,
    pub(super) claim: Claim,
    /// The answers to its first items.
    pub(super) results: Results,
    /// How many items those are.
    pub(super) answered: usize,
    /// What the process said on standard error at an item.
    pub(super) said: Vec<(Seq, Box<[u8]>)>,
}

impl Pending {
    pub(super) fn chunk(&self) -> Chunk<'_> {
        self.block.chunk(&self.claim)
    }

    pub(super) fn first(&self) -> u64 {
        self.chunk().first.0
    }

    /// The items that have no answer in `results`.
    pub(super) fn open(&self) -> std::ops::Range<u64> {
        let first = self.first();
        first + self.answered as u64..first + self.claim.items() as u64
    }

    /// The answer to its first open item.
    pub(super) fn take(&mut self, answer: Result<Option<&[u8]>, Failure>) {
        match answer {
            Ok(Some(text)) => self.results.push(text),
            Ok(None) => self.results.pass(),
            Err(cause) => self.results.fail(cause),
        }
        self.answered += 1;
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered == self.claim.items()
    }

    /// Leaves what is before this item, one of the open ones; the rest, with empty results.
    pub(super) fn part(&mut self, seq: u64, results: Results) -> Pending {
        let items = (seq - self.first()) as usize;
        let before = first_of(&self.block, &self.claim, items);
        let mut rest = self.claim;
        rest.advance(items, before.len());
        self.claim = before;
        let said = self.said.extract_if(.., |(said_at, _)| said_at.0 >= seq).collect();
        Pending { block: Arc::clone(&self.block), claim: rest, results, answered: 0, said }
    }

    /// Takes its answers out; `results` take their place.
    pub(super) fn take_answered(&mut self, results: Results) -> Answered {
        let claim = if self.is_answered() { self.claim } else { first_of(&self.block, &self.claim, self.answered) };
        let results = std::mem::replace(&mut self.results, results);
        self.claim.advance(claim.items(), claim.len());
        self.answered = 0;
        let first = self.first();
        let said = self.said.extract_if(.., |(seq, _)| seq.0 < first).collect();
        Answered { block: Arc::clone(&self.block), claim, results, said }
    }

    /// What has no answer.
    pub(super) fn to_send(&self) -> (Arc<Block>, Claim) {
        let mut rest = self.claim;
        if self.answered > 0 {
            rest.advance(self.answered, first_of(&self.block, &self.claim, self.answered).len());
        }
        (Arc::clone(&self.block), rest)
    }
}

/// The claim on the first items of another one.
fn first_of(block: &Block, claim: &Claim, items: usize) -> Claim {
    claim.first(items, block.chunk(claim).split(items).0.bytes.len())
}
