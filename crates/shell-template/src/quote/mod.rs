//! The script of `sh`: a template in which no value can become code.
//!
//! A value is never pasted into the script. Each placeholder becomes a parameter, quoted for the place where it stands,
//! and the values are the arguments of `sh -c SCRIPT sh VALUE…`, so that the shell never parses them: `"${1}"` outside
//! quotes, `${1}` inside `"…"` and here-documents, `'"${1}"'` inside `'…'`. Which place it is, a parser of the shell's
//! language finds out before the run ([`grammar`], [`blocks`], [`words`],
//! [`expansions`], [`here`]). What it does not understand, or what shells do
//! not agree on, it refuses, as it does a place in which a quoted parameter would still be evaluated.
//!
//! A script that may read or change its positional parameters (`set`, `shift`, `$1`, a function, `eval`) would not find
//! the values any more, or find them where it should find nothing: `awk "{print $1}"` would be given the value as code.
//! There, the first thing that the script does is to move the values to variables of its own and to clear the parameters.
//! Others go without, since it costs time for each item.
//!
//! What is promised here is held for the shells of [`shells`], against which it is tested. This protects one level. What a
//! command does with its words is its own affair; where that is another shell, there is a warning ([`programs`]).

mod arrays;
mod blanks;
mod blocks;
mod builtins;
mod commands;
mod conditions;
mod expansions;
mod flow;
mod grammar;
mod here;
pub mod interpreters;
mod programs;
pub mod shells;
mod symbols;
mod words;

use std::io::Write;

use bstr::ByteSlice;

use self::grammar::{Parser, State};
use self::shells::Shell;
use self::symbols::{Found, Place, Symbol};
use crate::placeholder::{Known, Part, parts};
use crate::{Fields, Form, Result, Sink, Slot, Value, Values};

/// What the variables are called to which a script's values are moved.
const VARIABLE: &str = "_parjob_";

/// A script with parameters in the places of its placeholders.
#[derive(Clone, Debug)]
pub struct Script {
    pieces: Vec<Piece>,
    /// The different values: first those that are the same for all items of a batch.
    slots: Vec<Slot>,
    /// How many are the same for all items.
    shared: usize,
    /// The values are moved to variables first.
    moves: bool,
    /// All fields of the items are appended, however many there are.
    takes_all: bool,
    warnings: Vec<String>,
}

/// A stretch of a script.
#[derive(Clone, Debug)]
enum Piece {
    Text(Vec<u8>),
    /// A value, by its number among the slots.
    Value(usize, Place),
    /// A word or more, repeated for each item of a batch.
    Each(Vec<Piece>),
}

impl Script {
    /// Reads a template.
    ///
    /// # Errors
    /// A placeholder where a value cannot stand safely, or a script that shells may read otherwise than this parser; what,
    /// where and what to do about it.
    pub fn compile(template: &[u8], known: &Known, shell: &Shell) -> Result<Script> {
        let script = Script::parse(template, parts(template, known)?, known, shell);
        let mut script = script?;
        if let Some(name) = &shell.unknown {
            script.warnings.push(format!(
                "{} is not among the shells for which the quoting of values is tested: dash, bash, busybox ash, mksh, zsh, ksh93, yash",
                name.escape_debug()
            ));
        }
        Ok(script)
    }

    fn parse(template: &[u8], mut parts: Vec<Part>, known: &Known, shell: &Shell) -> Result<Script> {
        let (mut found, symbols) = Found::read(template, &parts, shell);
        let state = examine(&mut found, &symbols)?;
        if !found.uses.is_empty() || known.apart {
            return Ok(Script::build(&found));
        }
        if state != State::Words {
            let why = "the item cannot be appended here, where no command's word can stand: write {} where it belongs";
            return found.refuse(template.len(), why);
        }
        if found.touches_parameters && known.fields.is_none() {
            let why = "items with any number of fields cannot be appended to a script with parameters of its own";
            return found.refuse(template.len(), why);
        }
        // As if it had been written there, so that it is judged like any other.
        let (mut longer, start) = (template.to_vec(), template.len() + 1);
        for field in 1..=i32::try_from(known.fields.unwrap_or(1)).unwrap_or(i32::MAX) {
            longer.extend_from_slice(b" {}");
            parts.push(Part::Text(b" ".to_vec()));
            parts.push(Part::Slot(Slot { value: Value::Field(field), form: Form::Whole }, b"{}".to_vec()));
        }
        let (mut found, symbols) = Found::read(&longer, &parts, shell);
        examine(&mut found, &symbols)?;
        found.repeats.push((start.min(longer.len()), longer.len()));
        let mut script = Script::build(&found);
        if known.fields.is_none() {
            script.takes_all = true;
            script.pieces = vec![Piece::Text(template.to_vec()), Piece::Text(b" \"$@\"".to_vec())];
        }
        Ok(script)
    }

    fn build(found: &Found) -> Script {
        let mut script = Script {
            pieces: Vec::new(),
            slots: found.slots.clone(),
            shared: found.slots.iter().filter(|slot| !slot.varies()).count(),
            moves: found.touches_parameters,
            takes_all: false,
            warnings: found.warnings.clone(),
        };
        script.slots.sort_by_key(Slot::varies);
        let mut repeats = found.repeats.clone();
        repeats.sort_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
        let mut at = 0;
        for (start, end) in repeats {
            // A word inside one that is repeated is repeated with it.
            if start >= at {
                script.pieces.extend(script.stretch(found, at, start));
                let word = script.stretch(found, start, end);
                let varies = word.iter().any(|piece| matches!(piece, Piece::Value(slot, _) if *slot >= script.shared));
                script.pieces.extend(if varies { vec![Piece::Each(word)] } else { word });
                at = end;
            }
        }
        script.pieces.extend(script.stretch(found, at, found.template.len()));
        script
    }

    /// The pieces of a stretch of the template.
    fn stretch(&self, found: &Found, start: usize, end: usize) -> Vec<Piece> {
        let (mut pieces, mut at) = (Vec::new(), start);
        for used in found.uses.iter().filter(|used| used.span.0 >= start && used.span.0 < end) {
            let slot = self.slots.iter().position(|slot| *slot == found.slots[used.slot]).unwrap_or_default();
            pieces.push(Piece::Text(found.template[at..used.span.0].to_vec()));
            pieces.push(Piece::Value(slot, used.place.unwrap_or(Place::Bare)));
            at = used.span.1;
        }
        pieces.push(Piece::Text(found.template[at..end].to_vec()));
        pieces
    }

    /// The script for so many items at a time, at least one. Words outside quotes that hold a placeholder are
    /// repeated for each of them; elsewhere the values are joined by a space.
    pub fn text(&self, items: usize) -> Vec<u8> {
        let mut out = Vec::new();
        if self.moves {
            for parameter in 1..=self.shared + (self.slots.len() - self.shared) * items {
                // Writing to a vector does not fail.
                let _ = write!(out, "{VARIABLE}{parameter}=${{{parameter}}};");
            }
            // On the script's first line, so that the shell counts lines as the template does.
            out.extend_from_slice(b"set --;");
        }
        let start = out.len();
        self.render(&self.pieces, 0..items, &mut out);
        // Behind `-c` a shell takes further options before the script.
        if start == 0 && matches!(out.first(), Some(b'-' | b'+')) {
            out.insert(0, b' ');
        }
        out
    }

    fn render(&self, pieces: &[Piece], items: std::ops::Range<usize>, out: &mut Vec<u8>) {
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Each(pieces) => {
                    for (n, item) in items.clone().enumerate() {
                        out.extend_from_slice(if n > 0 { b" " } else { b"" });
                        self.render(pieces, item..item + 1, out);
                    }
                }
                Piece::Value(slot, place) => self.value(*slot, *place, items.clone(), out),
            }
        }
    }

    fn value(&self, slot: usize, place: Place, items: std::ops::Range<usize>, out: &mut Vec<u8>) {
        let (open, close) = match place {
            Place::Bare => ("\"", "\""),
            Place::Double => ("", ""),
            Place::Single => ("'\"", "\"'"),
        };
        let name = if self.moves { VARIABLE } else { "" };
        let items = if slot < self.shared { 0..1 } else { items };
        out.extend_from_slice(open.as_bytes());
        for (n, item) in items.enumerate() {
            let parameter = slot + 1 + if slot < self.shared { 0 } else { item * (self.slots.len() - self.shared) };
            let space = if n > 0 { " " } else { "" };
            let _ = write!(out, "{space}${{{name}{parameter}}}");
        }
        out.extend_from_slice(close.as_bytes());
    }

    /// Appends the values of `items`, of which there must be at least one, in the order of the parameters.
    pub fn arguments<'a, F: Fields<'a>>(&self, items: &[Values<'a, F>], words: &mut impl Sink) {
        if self.takes_all {
            items.iter().flat_map(Values::fields).for_each(|field| words.push(field));
            return;
        }
        let (shared, varying) = self.slots.split_at(self.shared);
        for values in items.iter().take(1) {
            shared.iter().for_each(|slot| words.push_with(|out| slot.write(values, out)));
        }
        for values in items {
            varying.iter().for_each(|slot| words.push_with(|out| slot.write(values, out)));
        }
    }

    /// The names that [`Values::names`] must hold.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.slots.iter().filter_map(Slot::name)
    }

    /// How many values a script has for each item, at the most.
    pub fn slots(&self) -> usize {
        self.slots.len().max(1)
    }

    /// What a user should know: where a value is code for somebody else.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Finds out where the placeholders stand, and where in a command the script ends.
fn examine(found: &mut Found, symbols: &[Symbol]) -> Result<State> {
    let template = found.template;
    for (what, why) in [(&b"\0"[..], "a NUL byte cannot be in a script"), (VARIABLE.as_bytes(), "this name is taken")] {
        if let Some(at) = template.find(what) {
            return found.refuse(at, why);
        }
    }
    let state = Parser::new(symbols, template.len(), found).script()?;
    commands::judge_deferred(found)?;
    commands::read_codes(found);
    flow::judge(found)?;
    match found.uses.iter().position(|used| used.place.is_none()) {
        Some(unseen) => found.refuse_slot(unseen, "stands where it is not read"),
        None => Ok(state),
    }
}

#[cfg(test)]
mod tests;
