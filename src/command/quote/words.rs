//! The words of a script: quotes, and the placeholders in them.
//!
//! Each placeholder is met in one state of quoting, and that says how its value is written. Where shells differ, or
//! where the state cannot be known for certain, the script is refused: a wrong guess would be a hole.

use anyhow::Result;

use super::grammar::Parser;
use super::symbols::{Kind, Place};

/// What is known of a word.
#[derive(Debug, Default)]
pub(super) struct Word {
    /// The bytes of the template that it takes.
    pub(super) span: (usize, usize),
    /// Its text without quotes, as far as it is in the script.
    pub(super) text: Vec<u8>,
    /// What stands before the first quote or expansion.
    pub(super) head: Vec<u8>,
    /// Nothing in it is quoted or expanded.
    pub(super) is_plain: bool,
    /// Its text is the whole of it.
    pub(super) is_fixed: bool,
    /// The first placeholder in it, also in a command inside it.
    pub(super) slot: Option<usize>,
    /// A placeholder stands in it outside quotes.
    pub(super) has_bare_slot: bool,
}

impl Word {
    /// Its text, where all of it is known.
    pub(super) fn fixed(&self) -> Option<&[u8]> {
        self.is_fixed.then_some(&self.text)
    }

    /// Its text, where nothing in it is quoted: only then can it be a keyword.
    pub(super) fn plain(&self) -> Option<&[u8]> {
        self.is_plain.then_some(&self.text)
    }

    /// `name=…` or `name+=…`.
    pub(super) fn is_assignment(&self) -> bool {
        let Some(end) = self.head.iter().position(|byte| *byte == b'=') else { return false };
        let name = &self.head[..end];
        is_name(name.strip_suffix(b"+").unwrap_or(name))
    }

    /// `name[…`, of which shells evaluate the rest.
    fn is_subscript(&self) -> bool {
        self.head.iter().position(|byte| *byte == b'[').is_some_and(|end| is_name(&self.head[..end]))
    }

    fn quoted(&mut self) {
        if self.is_plain {
            self.head.clone_from(&self.text);
        }
        self.is_plain = false;
    }

    fn dynamic(&mut self) {
        self.quoted();
        self.is_fixed = false;
    }
}

/// Whether this can be the name of a variable.
pub(super) fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit()) && name.iter().all(is_name_byte)
}

pub(super) fn is_name_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

const BEHIND_BACKSLASH: &str =
    "stands behind a backslash, which would take its quotes away: put the backslash into quotes";

impl Parser<'_, '_> {
    /// Reads a word; there must be at least one byte of it.
    pub(super) fn word(&mut self) -> Result<Word> {
        let start = self.at();
        if self.byte(0) == Some(b'#') {
            return self.found.refuse(start, "a comment would begin here, where a word must be");
        }
        let mut word = Word { is_plain: true, is_fixed: true, ..Word::default() };
        while let Some(symbol) = self.peek() {
            match symbol.kind {
                Kind::Byte(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') => break,
                Kind::Byte(b'\\') => {
                    word.quoted();
                    let byte = self.escaped(false)?;
                    word.text.push(byte);
                }
                Kind::Byte(b'\'') => {
                    word.quoted();
                    self.single(&mut word)?;
                }
                Kind::Byte(b'"') => {
                    word.quoted();
                    self.double(&mut word)?;
                }
                Kind::Byte(b'$') => {
                    word.dynamic();
                    self.dollar(Place::Bare)?;
                }
                Kind::Byte(b'`') => {
                    word.dynamic();
                    self.backquotes(Place::Bare)?;
                }
                Kind::Byte(byte) => {
                    word.text.push(byte);
                    self.pos += 1;
                }
                Kind::Slot(slot) => {
                    word.dynamic();
                    word.has_bare_slot = true;
                    self.place(slot, Place::Bare)?;
                }
            }
        }
        if word.is_plain {
            word.head.clone_from(&word.text);
        }
        word.span = (start, self.at());
        word.slot = self.found.first_use(word.span);
        self.found.calculates |= word.is_subscript();
        match word.slot {
            Some(slot) if word.is_subscript() => {
                self.found.refuse_slot(slot, "would be in a subscript, which a shell evaluates, or behind one")
            }
            _ => Ok(word),
        }
    }

    /// Reads what a backslash and the byte behind it stand for.
    pub(super) fn escaped(&mut self, in_double: bool) -> Result<u8> {
        let at = self.at();
        self.pos += 1;
        match self.peek().map(|symbol| symbol.kind) {
            Some(Kind::Slot(slot)) => self.found.refuse_slot(slot, BEHIND_BACKSLASH),
            Some(Kind::Byte(b'\n')) if !in_double => {
                self.found.refuse(at, "a line is continued inside a word: put a space before the backslash")
            }
            Some(Kind::Byte(b'\n')) => {
                self.newline_inside()?;
                Ok(b' ')
            }
            Some(Kind::Byte(byte)) => {
                self.pos += 1;
                Ok(byte)
            }
            None => self.found.refuse(at, "a backslash has nothing behind it"),
        }
    }

    /// Reads `'…'`.
    pub(super) fn single(&mut self, word: &mut Word) -> Result<()> {
        let open = self.at();
        self.pos += 1;
        loop {
            match self.peek().map(|symbol| symbol.kind) {
                None => return self.found.refuse(open, "this quote is not closed"),
                Some(Kind::Byte(b'\'')) => break,
                Some(Kind::Byte(b'\n')) => self.newline_inside()?,
                Some(Kind::Byte(byte)) => {
                    word.text.push(byte);
                    self.pos += 1;
                }
                Some(Kind::Slot(slot)) => {
                    word.is_fixed = false;
                    self.place(slot, Place::Single)?;
                }
            }
        }
        self.pos += 1;
        Ok(())
    }

    /// Reads `"…"`.
    pub(super) fn double(&mut self, word: &mut Word) -> Result<()> {
        let open = self.at();
        self.deeper()?;
        self.pos += 1;
        loop {
            match self.peek().map(|symbol| symbol.kind) {
                None => return self.found.refuse(open, "this quote is not closed"),
                Some(Kind::Byte(b'"')) => break,
                Some(Kind::Byte(b'\n')) => self.newline_inside()?,
                Some(Kind::Byte(b'\\')) => {
                    let byte = self.escaped(true)?;
                    word.text.push(byte);
                }
                Some(Kind::Byte(b'$')) => {
                    word.is_fixed = false;
                    self.dollar(Place::Double)?;
                }
                Some(Kind::Byte(b'`')) => {
                    word.is_fixed = false;
                    self.backquotes(Place::Double)?;
                }
                Some(Kind::Byte(byte)) => {
                    word.text.push(byte);
                    self.pos += 1;
                }
                Some(Kind::Slot(slot)) => {
                    word.is_fixed = false;
                    self.place(slot, Place::Double)?;
                }
            }
        }
        self.pos += 1;
        self.depth -= 1;
        Ok(())
    }

    /// Passes a newline inside quotes.
    pub(super) fn newline_inside(&mut self) -> Result<()> {
        if !self.pending.is_empty() {
            return self.found.refuse(self.at(), "a here-document would begin inside quotes: close them on its line");
        }
        self.pos += 1;
        Ok(())
    }

    /// Settles how the value of a placeholder is written, and passes it.
    pub(super) fn place(&mut self, slot: usize, place: Place) -> Result<()> {
        if self.forbids_values {
            let why = "cannot stand in this kind of ${…}: give it to a variable first, and use that";
            return self.found.refuse_slot(slot, why);
        }
        if let Some(found) = self.found.uses.get_mut(slot) {
            found.place = Some(place);
        }
        self.pos += 1;
        Ok(())
    }
}
