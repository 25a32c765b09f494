//! From the items of a batch to the words of its process.
//!
//! An item that no command line can hold fails alone. The others of its batch go on together, in as many processes as
//! their words need: that they are too many or too long is the kernel's to say, which knows its limits best, unless they
//! would leave the program no stack; then halves are tried. What is still to be done stands in a list, so that any number of bad items takes the same stack.

use std::borrow::Cow;

use super::attempt::{Outcome, Worker};
use super::{Context, Tag};
use crate::base::failure::Failure;
use crate::base::item::{Attempt, Chunk, Fields};
use crate::base::outcome::End;
use crate::base::template::Values;
use crate::command::recipe::quoted;
use crate::engine::{Fate, Ran};
use crate::source::json;

/// Items of a batch that cannot be used, by their places in it.
type Faults = Vec<(usize, Failure)>;

/// A part of a batch that is still to be done.
enum Part<'a> {
    /// Goes into one process, for all that is known.
    Sound(Chunk<'a>),
    /// One item, and why it cannot be used.
    Faulty(Chunk<'a>, Failure),
}

impl Worker {
    /// The items of a batch: one process for all of them, if that can be.
    pub(super) fn attempt(&mut self, cx: &Context<'_>, attempt: Attempt, batch: Chunk<'_>) {
        let mut parts = vec![Part::Sound(batch)];
        while let Some(part) = parts.pop() {
            match part {
                Part::Faulty(item, fault) => self.refuse(cx, attempt, &item, &fault),
                Part::Sound(sound) if self.leaves => self.give_back(cx, &sound),
                Part::Sound(sound) => match self.fill(cx, &sound) {
                    Err(faults) => parts.extend(around(sound, faults).into_iter().rev()),
                    Ok(()) if self.attempt_filled(cx, attempt, &sound) => {}
                    Ok(()) => {
                        let (first, second) = sound.split(sound.count / 2);
                        parts.extend([Part::Sound(second), Part::Sound(first)]);
                    }
                },
            }
        }
    }

    /// One process for the items whose words are made. Not done if there are too many for one.
    fn attempt_filled(&mut self, cx: &Context<'_>, attempt: Attempt, batch: &Chunk<'_>) -> bool {
        if batch.count > 1 && cx.config.line.crowds(self.words.size()) {
            return false;
        }
        if cx.config.command.dry_run {
            self.show(cx, attempt, batch);
            return true;
        }
        if cx.config.command.trace {
            cx.slot.say([&quoted(&self.words)[..], b"\n"].concat());
        }
        match self.start(cx, attempt, batch) {
            Outcome::GivenBack => {}
            Outcome::NotRun => cx.slot.post(Ran::of(batch, attempt, Fate::NotRun)),
            Outcome::Finished(finished) if finished.record.end == End::NotStarted(libc::E2BIG) && batch.count > 1 => {
                return false;
            }
            Outcome::Finished(finished) => {
                self.conclude(cx, attempt, batch, *finished);
                cx.slot.leave_stream(batch.first);
            }
        }
        true
    }

    /// Makes the words for the items, or tells at least one that cannot be used.
    fn fill(&mut self, cx: &Context<'_>, batch: &Chunk<'_>) -> Result<(), Faults> {
        let config = cx.config;
        let (seq, worker) = (batch.first.0, cx.slot.number());
        let values = |item| Values { item, names: &[], seq, worker };
        if batch.count == 1 && config.names.is_empty() {
            let Some(item) = batch.with_fields().next() else { return Ok(()) };
            return self.make(cx, &[values(item)]);
        }
        let (mut found, mut faults) = (Vec::with_capacity(batch.count), Vec::new());
        for (place, item) in batch.with_fields().enumerate() {
            let value = |name: &Vec<u8>| json::lookup(item.text(), name).map(Option::unwrap_or_default);
            match config.names.iter().map(value).collect::<Result<Vec<Cow<'_, [u8]>>, _>>() {
                Ok(values) => found.push(values),
                Err(fault) => faults.push((place, fault)),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let named: Vec<_> = found.iter().map(|values| pairs(&config.names, values)).collect();
        let items = batch.with_fields().zip(&named).zip(seq..);
        let all: Vec<_> = items.map(|((item, names), seq)| Values { seq, names, ..values(item) }).collect();
        self.make(cx, &all)
    }

    /// The words, and the tag: that of a batch has all its items. No argument can hold a NUL byte.
    fn make(&mut self, cx: &Context<'_>, items: &[Values<'_>]) -> Result<(), Faults> {
        cx.config.recipe.fill(items, &mut self.words);
        if self.words.hold_nul() {
            return Err(self.with_nul(cx, items));
        }
        let mut tag = Vec::new();
        for values in items {
            if !tag.is_empty() {
                tag.push(b' ');
            }
            match &cx.config.tag {
                Tag::None => {
                    self.tag = None;
                    return Ok(());
                }
                Tag::Item => tag.extend_from_slice(values.item.text()),
                Tag::Template(template) => template.bytes(values, &mut tag),
            }
        }
        self.tag = Some(tag);
        Ok(())
    }

    /// The items that bring a NUL byte into the words; one may also have it where the words do not ask for it.
    fn with_nul(&mut self, cx: &Context<'_>, items: &[Values<'_>]) -> Faults {
        let mut brings = |values: &Values<'_>| {
            let holds = values.item.text().contains(&0) || values.names.iter().any(|(_, value)| value.contains(&0));
            holds && {
                cx.config.recipe.fill(std::slice::from_ref(values), &mut self.words);
                self.words.hold_nul()
            }
        };
        let places = items.iter().enumerate().filter(|(_, values)| brings(values)).map(|(place, _)| place);
        let faults: Faults = places.map(|place| (place, Failure::HOLDS_NUL)).collect();
        // Nothing else can bring one; but were it so, this must come to an end.
        if faults.is_empty() { vec![(0, Failure::HOLDS_NUL)] } else { faults }
    }
}

/// The parts of a batch: the items at fault, and what is between them.
fn around(batch: Chunk<'_>, faults: Faults) -> Vec<Part<'_>> {
    let (mut parts, mut rest, mut done) = (Vec::with_capacity(2 * faults.len() + 1), batch, 0);
    for (place, fault) in faults {
        let (sound, faulty) = rest.split(place - done);
        let (item, after) = faulty.split(1);
        parts.extend((sound.count > 0).then_some(Part::Sound(sound)));
        parts.push(Part::Faulty(item, fault));
        (rest, done) = (after, place + 1);
    }
    parts.extend((rest.count > 0).then_some(Part::Sound(rest)));
    parts
}

/// Names with their values.
fn pairs<'a>(names: &'a [Vec<u8>], values: &'a [Cow<'a, [u8]>]) -> Vec<(&'a [u8], &'a [u8])> {
    names.iter().map(Vec::as_slice).zip(values.iter().map(|value| &**value)).collect()
}

/// What stands on the standard input of a process that reads its items.
pub(super) fn given<'a>(batch: &Chunk<'a>) -> Cow<'a, [u8]> {
    match batch.fields {
        Fields::One => Cow::Borrowed(batch.bytes.strip_suffix(&[batch.delimiter]).unwrap_or(batch.bytes)),
        Fields::Several => Cow::Owned(batch.with_fields().map(|item| item.text()).collect::<Vec<_>>().join(&b'\n')),
    }
}
