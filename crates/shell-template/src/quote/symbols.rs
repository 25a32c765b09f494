//! The text of a script as the parser reads it, and what the parser finds out.
//!
//! A placeholder is one symbol among the bytes. Each symbol knows where it stands in the template, also where
//! backquotes have taken backslashes away, so that what is found out inside them is true of the template's own text.

use bstr::ByteSlice;

use super::commands::Command;
use super::flow::Flow;
use super::shells::Shell;
use crate::placeholder::Part;
use crate::{Error, Form, Result, Slot, Value};

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

/// The bytes of these symbols, without placeholders.
pub(super) fn bytes(symbols: &[Symbol]) -> Vec<u8> {
    let byte = |symbol: &Symbol| if let Kind::Byte(byte) = symbol.kind { Some(byte) } else { None };
    symbols.iter().filter_map(byte).collect()
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
    /// The shell that is to read the script.
    pub(super) shells: Shell,
    /// Where values go.
    pub(super) flow: Flow,
    /// What is read is the script of a further shell, whose `$0` is given too.
    pub(super) is_inner: bool,
    /// Commands whose name is known only when the script runs.
    pub(super) deferred: Vec<Command>,
}

impl<'t> Found<'t> {
    /// The symbols of a template, and its placeholders.
    pub(super) fn read(template: &'t [u8], parts: &[Part], shells: &Shell) -> (Found<'t>, Vec<Symbol>) {
        let found = Found { template, shells: shells.clone(), ..Found::default() };
        let (mut found, mut symbols) = (found, Vec::with_capacity(template.len()));
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

    /// Whether this placeholder stands for a number that the caller makes, which is safe wherever one may stand.
    pub(super) fn is_number(&self, slot: usize) -> bool {
        let slot = self.uses.get(slot).and_then(|used| self.slots.get(used.slot));
        slot.is_some_and(|slot| matches!(slot.value, Value::Seq | Value::Worker) && slot.form == Form::Whole)
    }

    /// A placeholder as it is written.
    pub(super) fn written_as(&self, slot: usize) -> &'t bstr::BStr {
        self.uses.get(slot).map_or(&[][..], |found| &self.template[found.span.0..found.span.1]).as_bstr()
    }

    /// The error that the script cannot be used: where, and why.
    pub(super) fn refuse<T>(&self, at: usize, why: impl std::fmt::Display) -> Result<T> {
        // A text of the script that is read as code may be longer than the template.
        let at = at.min(self.template.len());
        let around = &self.template[at.saturating_sub(16)..self.template.len().min(at + 16)];
        let around = around.to_str_lossy().escape_debug().to_string();
        Err(Error::Script(format!("at column {} of the script, near \"{around}\": {why}", at + 1)))
    }

    /// The error that a value cannot stand where its placeholder stands.
    pub(super) fn refuse_slot<T>(&self, slot: usize, why: &str) -> Result<T> {
        let at = self.uses.get(slot).map_or(0, |found| found.span.0);
        self.refuse(at, format_args!("{} {why}", self.written_as(slot)))
    }
}
