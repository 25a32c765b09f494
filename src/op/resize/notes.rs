//! What is to be said of pictures that went well and are not quite what they seem: damaged ones, and animations, of which
//! only the first picture was used, as of files of several pages.

use std::sync::{Mutex, PoisonError};

use crate::base::item::{Quoted, Seq};
use crate::op::{Means, Remark};

/// Damaged pictures that are named; of the others there is a number.
const NAMED: usize = 10;

/// What was found while pictures were done.
#[derive(Default)]
pub(super) struct Notes(Mutex<Found>);

/// What was found in some pictures.
#[derive(Default)]
pub(super) struct Found {
    damaged: u64,
    /// The first of them: numbers, items, and what is wrong.
    named: Vec<(Seq, Vec<u8>, String)>,
    animations: u64,
    /// The first of them.
    example: Option<(Seq, Vec<u8>)>,
    /// The same of files with several pages.
    books: u64,
    book: Option<(Seq, Vec<u8>)>,
}

impl Found {
    /// Notes a damaged picture.
    pub(super) fn damage(&mut self, seq: Seq, item: &[u8], why: &str) {
        self.damaged += 1;
        self.named.push((seq, item.to_vec(), why.to_string()));
        self.named.sort();
        self.named.truncate(NAMED);
    }

    /// Notes an animation.
    pub(super) fn animation(&mut self, seq: Seq, item: &[u8]) {
        self.animations += 1;
        if self.example.as_ref().is_none_or(|(first, _)| *first > seq) {
            self.example = Some((seq, item.to_vec()));
        }
    }

    /// Notes a file with several pages.
    pub(super) fn pages(&mut self, seq: Seq, item: &[u8]) {
        self.books += 1;
        if self.book.as_ref().is_none_or(|(first, _)| *first > seq) {
            self.book = Some((seq, item.to_vec()));
        }
    }
}

impl Notes {
    /// Adds what was found.
    pub(super) fn add(&self, more: Found) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let damaged = all.damaged + more.damaged;
        more.named.iter().for_each(|(seq, item, why)| all.damage(*seq, item, why));
        all.damaged = damaged;
        let animations = all.animations + more.animations;
        more.example.iter().for_each(|(seq, item)| all.animation(*seq, item));
        all.animations = animations;
        let books = all.books + more.books;
        more.book.iter().for_each(|(seq, item)| all.pages(*seq, item));
        all.books = books;
    }

    /// Lines for the end of the run.
    pub(super) fn remarks(&self) -> Vec<Remark> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let damaged = all.named.iter().map(|(Seq(n), item, why)| {
            format!("item {n}: {} is damaged, and was taken as far as it can be read: {why}", Quoted(item))
        });
        let more = all.damaged.saturating_sub(NAMED as u64);
        let more = (more > 0).then(|| format!("{more} more damaged pictures were taken; --format jsonl names each"));
        let animated = all.example.as_ref().map(|(Seq(n), item)| match all.animations {
            1 => format!("warning: item {n}: {} is an animation: only its first picture was used", Quoted(item)),
            many => format!(
                "warning: {many} items are animations, such as item {n}, {}: only the first picture of each was used",
                Quoted(item)
            ),
        });
        let books = all.book.as_ref().map(|(Seq(n), item)| match all.books {
            1 => format!("warning: item {n}: {} holds several pictures: only the first was used", Quoted(item)),
            many => format!(
                "warning: {many} items hold several pictures, such as item {n}, {}: only the first of each was used",
                Quoted(item)
            ),
        });
        damaged.chain(more).chain(animated).chain(books).map(|text| Remark { text, means: Means::Nothing }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_named_and_the_others_counted_in_any_order() {
        let notes = Notes::default();
        for n in (1..=25_u64).map(|n| n * 7 % 25 + 1) {
            let mut found = Found::default();
            found.damage(Seq(n), b"a.jpg", "why");
            found.animation(Seq(n), b"a.gif");
            notes.add(found);
        }
        let lines: Vec<String> = notes.remarks().into_iter().map(|remark| remark.text).collect();
        assert_eq!(lines.len(), 12);
        assert!(lines[0].starts_with("item 1: \"a.jpg\" is damaged") && lines[9].starts_with("item 10: "));
        assert!(lines[10].starts_with("15 more damaged pictures"));
        assert!(lines[11].starts_with("warning: 25 items are animations, such as item 1, \"a.gif\""));
    }
}
