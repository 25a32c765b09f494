//! The text of a script as the parser reads it, and what the parser finds out.
//!
//! A placeholder is one symbol among the bytes. Each symbol knows where it stands in the template, also where
//! backquotes have taken backslashes away, so that what is found out inside them is true of the template's own text.

use anyhow::{Result, anyhow};
use bstr::ByteSlice;

use crate::template::Slot;
use crate::template::placeholder::Part;

/// A byte or a placeholder of the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Byte(u8),
    /// By its number among [`Found::uses`].
    Slot(usize),
}

/// One symbol of the script.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol {
    pub(super) kind: Kind,
    /// The byte of the template where it begins.
    pub(super) at: usize,
}

/// How a value must be written where its placeholder stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside quotes: `"${1}"`.
    Bare,
    /// Inside `"…"` or a here-document: `${1}`.
    Double,
    /// Inside `'…'`: `'"${1}"'`.
    Single,
}

/// A placeholder of the template.
#[derive(Debug)]
pub(super) struct Use {
    /// The byte where it begins, and the one behind it.
    pub(super) span: (usize, usize),
    /// Which of the different slots it stands for.
    pub(super) slot: usize,
    /// How its value must be written; `None` until the parser has come to it.
    pub(super) place: Option<Place>,
}

/// What the parser finds out about a script.
#[derive(Debug, Default)]
pub(super) struct Found<'t> {
    pub(super) template: &'t [u8],
    pub(super) slots: Vec<Slot>,
    pub(super) uses: Vec<Use>,
    /// Words with a bare placeholder, which a batch repeats.
    pub(super) repeats: Vec<(usize, usize)>,
    /// The script reads or changes the positional parameters, or might.
    pub(super) touches_parameters: bool,
    pub(super) warnings: Vec<String>,
    /// Where the script declares variables that evaluate what they are given.
    pub(super) evaluates: Option<usize>,
    /// A variable or a parameter is given a value, or may be.
    pub(super) assigned: Option<usize>,
    /// So it may be, in a way that cannot be followed: `read`, a function, `$_`.
    pub(super) spreads: bool,
    /// There is arithmetic with variables or parameters in it, or a name that they make: shells evaluate their text.
    pub(super) calculates: bool,
    /// A value goes where a shell may read it as its script: the standard input of something.
    pub(super) written: Option<usize>,
    /// Something in the script reads what something else writes: a pipe, a here-document.
    pub(super) pipes: bool,
    /// A shell that reads its script, or what it makes of it, from its standard input.
    pub(super) reader: Option<String>,
    /// Who is given code that the script puts together: from a variable, or from what a command prints.
    pub(super) composed: Option<String>,
}

impl<'t> Found<'t> {
    /// The symbols of a template, and its placeholders.
    pub(super) fn read(template: &'t [u8], parts: &[Part]) -> (Found<'t>, Vec<Symbol>) {
        let (mut found, mut symbols) = (Found { template, ..Found::default() }, Vec::with_capacity(template.len()));
        let mut at = 0;
        for part in parts {
            match part {
                Part::Text(text) => {
                    let symbol = |(n, byte): (usize, &u8)| Symbol { kind: Kind::Byte(*byte), at: at + n };
                    symbols.extend(text.iter().enumerate().map(symbol));
                    at += text.len();
                }
                Part::Slot(slot, text) => {
                    symbols.push(Symbol { kind: Kind::Slot(found.uses.len()), at });
                    let slot = found.slot(slot.clone());
                    found.uses.push(Use { span: (at, at + text.len()), slot, place: None });
                    at += text.len();
                }
            }
        }
        (found, symbols)
    }

    /// The number of a slot; equal slots share one.
    fn slot(&mut self, slot: Slot) -> usize {
        let known = self.slots.iter().position(|known| *known == slot);
        known.unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        })
    }

    /// The first placeholder in a stretch of the template.
    pub(super) fn first_use(&self, (start, end): (usize, usize)) -> Option<usize> {
        let first = self.uses.partition_point(|found| found.span.0 < start);
        self.uses.get(first).is_some_and(|found| found.span.0 < end).then_some(first)
    }

    /// A placeholder as it is written.
    pub(super) fn written_as(&self, slot: usize) -> &'t bstr::BStr {
        self.uses.get(slot).map_or(&[][..], |found| &self.template[found.span.0..found.span.1]).as_bstr()
    }

    /// The error that the script cannot be used: where, and why.
    pub(super) fn refuse<T>(&self, at: usize, why: impl std::fmt::Display) -> Result<T> {
        let around = &self.template[at.saturating_sub(16)..self.template.len().min(at + 16)];
        let around = around.to_str_lossy().escape_debug().to_string();
        Err(anyhow!("at column {} of the script, near \"{around}\": {why}", at + 1))
    }

    /// The error that a value cannot stand where its placeholder stands.
    pub(super) fn refuse_slot<T>(&self, slot: usize, why: &str) -> Result<T> {
        let at = self.uses.get(slot).map_or(0, |found| found.span.0);
        self.refuse(at, format_args!("{} {why}", self.written_as(slot)))
    }
}
