//! Arrays and their subscripts, which shells evaluate as arithmetic.

use crate::Result;

use super::flow::{Evaluator, Source, Sources, value_in};
use super::grammar::Parser;
use super::shells::Shells;
use super::symbols::{Kind, Place};
use super::words::{Piece, Word, is_name, is_name_byte, texts_in};

impl Parser<'_, '_> {
    /// Reads `[…]` behind a name. Shells evaluate it if the word gives a value to an element of an array.
    pub(super) fn subscript(&mut self, word: &mut Word) -> Result<()> {
        let outer = std::mem::take(&mut self.taken);
        loop {
            match self.peek().map(|symbol| symbol.kind) {
                None | Some(Kind::Byte(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')) => break,
                Some(Kind::Byte(byte)) if self.piece(byte, word)? => {}
                Some(Kind::Byte(byte)) => {
                    let from = self.pos;
                    if is_name_byte(&byte) && self.name() > 0 {
                        let name = self.text(from);
                        name.iter().for_each(|byte| word.push(*byte));
                        if is_name(&name) {
                            self.taken.insert(Source::Variable(name));
                        }
                        continue;
                    }
                    word.push(byte);
                    self.pos += 1;
                    if byte == b']' {
                        break;
                    }
                }
                Some(Kind::Slot(slot)) => {
                    word.slot(slot, self.found.is_number(slot));
                    word.has_bare_slot = true;
                    self.place(slot, Place::Bare)?;
                }
            }
        }
        let mut inside = std::mem::replace(&mut self.taken, outer);
        let gives = self.byte(0) == Some(b'=') || self.byte(0) == Some(b'+') && self.byte(1) == Some(b'=');
        if gives && let Some(slot) = value_in(&inside) {
            return self.found.refuse_slot(slot, "would be in a subscript, which a shell evaluates");
        }
        if gives {
            self.found.flow.evaluate(Evaluator::Arithmetic, &inside);
        } else {
            // A pattern, most likely.
            let is_expansion = |source: &Source| {
                word.pieces.iter().any(|piece| match (piece, source) {
                    (Piece::Variable(name), Source::Variable(source)) => name == source,
                    _ => !matches!(source, Source::Variable(_)),
                })
            };
            inside.retain(is_expansion);
            self.taken.append(&mut inside);
        }
        Ok(())
    }

    /// Reads `(…)` behind `name=`.
    pub(super) fn array(&mut self, word: &mut Word) -> Result<()> {
        let open = self.at();
        if !self.found.shells.kinds.is_in(Shells::ARRAYS) {
            let why = "not every shell has arrays: name one that does, such as bash, or quote the parenthesis";
            return self.found.refuse(open, why);
        }
        self.pos += 1;
        self.deeper()?;
        word.is_array = true;
        loop {
            self.blanks_and_newlines()?;
            match self.byte(0) {
                None if self.peek().is_none() => return self.found.refuse(open, "this parenthesis is not closed"),
                Some(b')') => break,
                Some(b'\n' | b'#') => continue,
                Some(b';' | b'&' | b'|' | b'<' | b'>' | b'(') => {
                    return self.found.refuse(self.at(), "this cannot stand among the values of an array: quote it");
                }
                _ => {}
            }
            let element = self.element()?;
            if element.has_bare_slot {
                self.found.repeats.push(element.span);
            }
            self.taken.extend(element.takes.clone());
            word.elements.push(element);
        }
        self.pos += 1;
        self.depth -= 1;
        word.is_fixed = false;
        word.quoted();
        Ok(())
    }

    /// Reads a value of an array, which may begin with `[…]=`.
    fn element(&mut self) -> Result<Word> {
        let is_named = self.byte(0) == Some(b'[');
        let element = self.word()?;
        let mut evaluated = if is_named { element.takes.clone() } else { Sources::new() };
        let name = element.text.strip_prefix(b"[").filter(|_| is_named).unwrap_or_default();
        let name = name.split(|byte| *byte == b']').next().unwrap_or_default();
        if element.start().contains(&b']') && name.iter().all(u8::is_ascii_digit) {
            return Ok(element);
        }
        evaluated.extend(texts_in(name));
        if let Some(slot) = value_in(&evaluated) {
            return self.found.refuse_slot(slot, "would be in a subscript, which a shell evaluates, or behind one");
        }
        self.found.flow.evaluate(Evaluator::Arithmetic, &evaluated);
        if element.is_open() && element.is_assignment() && self.found.shells.kinds.meets(Shells::KSH93) {
            return self.found.refuse(element.span.0, "ksh93 takes this for a variable inside a variable: quote it");
        }
        Ok(element)
    }
}
