//! From the results of a chunk to what is posted: formatted, in one piece or with each failed item apart.

use crate::base::buffer::empty;
use crate::base::failure::{Failed, Failure};
use crate::base::item::Chunk;
use crate::base::result::Results;
use crate::engine::Done;
use crate::output::Format;

/// How the results of a chunk become what is handed on.
pub(super) struct Finish<'a> {
    /// How results look; `None` where they do not appear.
    pub(super) format: Option<&'a dyn Format>,
    /// Number of failures of a chunk that are reported with their items.
    pub(super) named: usize,
    /// Each failed item is a piece of its own.
    pub(super) apart: bool,
}

impl Finish<'_> {
    /// Hands on what became of a chunk: in one piece, or in several when failures are kept apart. `bytes` is where
    /// the formatted results go.
    pub(super) fn hand_on(
        &self,
        chunk: Chunk<'_>,
        results: &mut Results,
        bytes: &mut Vec<u8>,
        mut hand_on: impl FnMut(Done<'_>),
    ) {
        if self.apart && !results.failures.is_empty() {
            for (part, mut results) in apart(&chunk, results) {
                hand_on(self.format(part, &mut results, bytes));
            }
        } else {
            hand_on(self.format(chunk, results, bytes));
        }
    }

    fn format<'a>(&self, chunk: Chunk<'a>, results: &mut Results, bytes: &'a mut Vec<u8>) -> Done<'a> {
        empty(bytes);
        if let Some(format) = self.format {
            format.chunk(&chunk, results, bytes);
        }
        let failures = results.failures.len();
        let failed = if failures == 0 { Vec::new() } else { named(&chunk, results, self.named) };
        Done { chunk, failed, failures, skipped: results.skipped.len(), bytes }
    }
}

/// The failures of a chunk with their items, the first `most`.
fn named(chunk: &Chunk<'_>, results: &Results, most: usize) -> Vec<Failed> {
    let mut items = chunk.items().enumerate();
    let mut item_at = |place| items.find(|(at, _)| *at == place).map_or(&b""[..], |(_, item)| item);
    let failures = results.failures.iter().take(most);
    let name = |(place, cause): &(usize, Failure)| Failed {
        seq: chunk.first.plus(*place as u64),
        item: item_at(*place).into(),
        fields: chunk.fields,
        cause: cause.clone(),
        said: Box::default(),
    };
    failures.map(name).collect()
}

/// A chunk's results in parts: runs of items that went well, and each failed item alone.
fn apart<'a>(chunk: &'a Chunk<'a>, results: &'a Results) -> Vec<(Chunk<'a>, Results)> {
    let (mut parts, mut rest, mut done) = (Vec::new(), *chunk, 0);
    for (place, cause) in &results.failures {
        let (well, after) = rest.split(place - done);
        if well.count > 0 {
            parts.push((well, results.part(done, *place)));
        }
        let (item, after) = after.split(1);
        let mut failed = Results::with_ends();
        match results.line(*place).strip_suffix(b"\n") {
            Some(text) => failed.fail_saying(text, cause.clone()),
            None => failed.fail(cause.clone()),
        }
        let said = results.said.iter().filter(|(said_at, _)| said_at == place);
        failed.said.extend(said.map(|(_, said)| (0, said.clone())));
        parts.push((item, failed));
        (rest, done) = (after, place + 1);
    }
    if rest.count > 0 {
        parts.push((rest, results.part(done, chunk.count)));
    }
    parts
}
