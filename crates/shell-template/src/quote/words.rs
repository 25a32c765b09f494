//! The words of a script: quotes, and the placeholders in them.
//!
//! Each placeholder is met in one state of quoting, and that says how its value is written. Where shells differ, or
//! where the state cannot be known for certain, the script is refused: a wrong guess would be a hole.

use crate::Result;

use super::flow::{ANY_FILE, Evaluator, Source, Sources, value_in};
use super::grammar::Parser;
use super::symbols::{Kind, Place};

/// A stretch of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Its text without quotes.
    Text(Vec<u8>),
    /// `$name`.
    Variable(Vec<u8>),
    Value(usize),
    /// `$1`, `$@` and the others.
    Parameters,
    /// A command or another expansion, with the words that stand in it.
    Other(Vec<Vec<u8>>),
}

/// What is known of a word.
#[derive(Clone, Debug, Default)]
pub(super) struct Word {
    /// The bytes of the template that it takes.
    pub(super) span: (usize, usize),
    /// Its text without quotes, as far as it is in the script.
    pub(super) text: Vec<u8>,
    /// What stands before the first quote or expansion.
    pub(super) head: Vec<u8>,
    pub(super) pieces: Vec<Piece>,
    /// Nothing in it is quoted or expanded.
    pub(super) is_plain: bool,
    /// Its text is the whole of it.
    pub(super) is_fixed: bool,
    /// The first placeholder whose value is in its text.
    pub(super) slot: Option<usize>,
    /// A placeholder stands in it outside quotes.
    pub(super) has_bare_slot: bool,
    /// What its text is made of.
    pub(super) takes: Sources,
    /// What can be read from the file that it names, for `<(…)`.
    pub(super) holds: Sources,
    /// It gives values to an array.
    pub(super) is_array: bool,
    /// The values of the array.
    pub(super) elements: Vec<Word>,
}

impl Word {
    /// A word of fixed text.
    pub(super) fn of(text: &[u8]) -> Word {
        let (takes, pieces) = (texts_in(text), vec![Piece::Text(text.to_vec())]);
        Word { text: text.to_vec(), pieces, is_fixed: true, takes, ..Word::default() }
    }

    /// Adds a placeholder.
    pub(super) fn slot(&mut self, slot: usize, is_number: bool) {
        if is_number {
            // Digits, whichever.
            self.quoted();
            self.push(b'1');
        } else {
            self.dynamic(Piece::Value(slot));
        }
    }

    /// Its text, where all of it is known.
    pub(super) fn fixed(&self) -> Option<&[u8]> {
        self.is_fixed.then_some(&self.text)
    }

    /// Its text, where nothing in it is quoted: only then can it be a keyword.
    pub(super) fn plain(&self) -> Option<&[u8]> {
        self.is_plain.then_some(&self.text)
    }

    /// Its text up to the first expansion.
    pub(super) fn start(&self) -> &[u8] {
        if let Some(Piece::Text(text)) = self.pieces.first() { text } else { b"" }
    }

    /// Its text behind the last expansion.
    pub(super) fn end(&self) -> Option<&[u8]> {
        if let Some(Piece::Text(text)) = self.pieces.last() { Some(text) } else { None }
    }

    /// Whether anything in it is known only when the script runs.
    pub(super) fn is_open(&self) -> bool {
        !self.is_fixed
    }

    /// `name=…` or `name+=…`.
    pub(super) fn is_assignment(&self) -> bool {
        assigned(&self.head).is_some()
    }

    /// The variable of `name=…`, also where it stands in quotes.
    pub(super) fn assigns(&self) -> Option<&[u8]> {
        assigned(self.start())
    }

    /// The names in its text, of `name=text` in the text, and the text as code.
    fn texts(&self) -> Sources {
        let name = assigned(&self.head).map_or(0, <[u8]>::len);
        let mut sources = code_in(self.text[name..].strip_prefix(b"=").unwrap_or(&self.text));
        let mut is_name_before = None;
        for (n, piece) in self.pieces.iter().enumerate() {
            let (begins, ends) = match piece {
                Piece::Text(text) => {
                    sources.extend(texts_in(&text[if n == 0 { name } else { 0 }..]));
                    (text.first().is_some_and(is_name_byte), text.last().is_some_and(is_name_byte))
                }
                _ => (true, true),
            };
            if is_name_before == Some(true) && begins {
                sources.insert(Source::Joined);
            }
            is_name_before = Some(ends);
        }
        sources
    }

    /// What it gives a variable, where it is an assignment of fixed text.
    pub(super) fn constant(&self) -> Option<&[u8]> {
        let value = self.text.iter().position(|byte| *byte == b'=')?;
        self.is_fixed.then(|| &self.text[value + 1..])
    }

    /// What the script itself may have written to the file that this word names.
    pub(super) fn content(&self) -> Sources {
        let mut sources = self.holds.clone();
        let file = self.file();
        let all = if file == ANY_FILE { b"**".to_vec() } else { ANY_FILE.to_vec() };
        sources.extend([Source::File(file), Source::File(all)]);
        sources
    }

    /// The last part of the name of the file that this word names, variables by their names.
    pub(super) fn file(&self) -> Vec<u8> {
        let mut name = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => name.extend_from_slice(text),
                Piece::Variable(variable) => name.extend([b"$", &variable[..]].concat()),
                Piece::Value(value) => name.extend_from_slice(format!("{{{value}}}").as_bytes()),
                Piece::Other(_) | Piece::Parameters => return ANY_FILE.to_vec(),
            }
        }
        let name = name.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
        let is_pattern = self.is_plain && name.iter().any(|byte| b"*?[".contains(byte));
        if is_pattern { ANY_FILE.to_vec() } else { name }
    }

    pub(super) fn push(&mut self, byte: u8) {
        self.text.push(byte);
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(byte),
            _ => self.pieces.push(Piece::Text(vec![byte])),
        }
    }

    pub(super) fn quoted(&mut self) {
        if self.is_plain {
            self.head.clone_from(&self.text);
        }
        self.is_plain = false;
    }

    pub(super) fn dynamic(&mut self, piece: Piece) {
        self.quoted();
        self.is_fixed = false;
        self.pieces.push(piece);
    }
}

/// The names in a text that arithmetic may come to.
pub(super) fn texts_in(text: &[u8]) -> Sources {
    let (mut sources, mut depth) = (Sources::new(), 0_usize);
    for part in text.split_inclusive(|byte| matches!(byte, b'[' | b']')) {
        for name in part.split(|byte| !is_name_byte(byte)).filter(|name| is_name(name)) {
            sources.insert(Source::Text(name.to_vec()));
            if depth > 0 {
                sources.insert(Source::Subscript(name.to_vec()));
            }
        }
        depth = if part.ends_with(b"[") { depth + 1 } else { depth.saturating_sub(1) };
    }
    sources
}

/// A text that may be more than the name of a command.
pub(super) fn code_in(text: &[u8]) -> Sources {
    let is_code = text.iter().any(|byte| b"$`[(=<| ;\n".contains(byte));
    Sources::from_iter(is_code.then(|| Source::Code(text.to_vec())))
}

/// The same in a text with expansions, which may be put together with it.
pub(super) fn texts_around(text: &[u8]) -> Sources {
    let mut sources = texts_in(text);
    let is_joined = |pair: &[u8]| {
        let is_closed = matches!(pair[0], b'}' | b')' | b'`');
        is_closed && is_name_byte(&pair[1]) || (is_closed || is_name_byte(&pair[0])) && matches!(pair[1], b'$' | b'`')
    };
    if text.windows(2).any(is_joined) {
        sources.insert(Source::Joined);
    }
    sources
}

/// The variable of `name=…`, `name+=…` or `name[…]=…`.
fn assigned(text: &[u8]) -> Option<&[u8]> {
    let name = &text[..text.iter().take_while(|byte| is_name_byte(byte)).count()];
    let mut rest = &text[name.len()..];
    if rest.first() == Some(&b'[') {
        rest = &rest[rest.iter().position(|byte| *byte == b']')? + 1..];
    }
    (is_name(name) && rest.strip_prefix(b"+").unwrap_or(rest).first() == Some(&b'=')).then_some(name)
}

/// Whether this can be the name of a variable.
pub(super) fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|first| !first.is_ascii_digit()) && name.iter().all(is_name_byte)
}

pub(super) fn is_name_byte(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// How deep parentheses may stand in a pattern.
const DEEP_PATTERN: usize = 32;

const BEHIND_BACKSLASH: &str =
    "stands behind a backslash, which would take its quotes away: put the backslash into quotes";

impl Parser<'_, '_> {
    /// Reads a word; there must be at least one byte of it.
    pub(super) fn word(&mut self) -> Result<Word> {
        let start = self.at();
        if self.byte(0) == Some(b'#') {
            return self.found.refuse(start, "a comment would begin here, where a word must be");
        }
        let outer = std::mem::take(&mut self.taken);
        let mut word = Word { is_plain: true, is_fixed: true, ..Word::default() };
        while let Some(symbol) = self.peek() {
            match symbol.kind {
                Kind::Byte(b'(' | b')' | b'|') if self.in_pattern => self.pattern_parenthesis(&mut word)?,
                Kind::Byte(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') => break,
                Kind::Byte(b'[') if word.is_plain && is_name(&word.text) => self.subscript(&mut word)?,
                Kind::Byte(byte) if self.piece(byte, &mut word)? => {}
                Kind::Byte(byte) => {
                    word.push(byte);
                    self.pos += 1;
                    if byte == b'=' && self.byte(0) == Some(b'(') && word.is_plain && assigned(&word.text).is_some() {
                        self.array(&mut word)?;
                    }
                }
                Kind::Slot(slot) => {
                    word.slot(slot, self.found.is_number(slot));
                    word.has_bare_slot = true;
                    self.place(slot, Place::Bare)?;
                }
            }
        }
        if word.is_plain {
            word.head.clone_from(&word.text);
        }
        word.span = (start, self.at());
        word.takes = std::mem::replace(&mut self.taken, outer);
        word.takes.append(&mut word.texts());
        word.slot = value_in(&word.takes);
        if word.text.starts_with(b"{") && word.text.ends_with(b"]}") && matches!(self.byte(0), Some(b'<' | b'>')) {
            // A descriptor is given to a variable.
            self.found.flow.evaluate(Evaluator::Name, &word.takes);
        }
        Ok(word)
    }

    /// Reads a quote or an expansion outside quotes, if one begins with this byte.
    pub(super) fn piece(&mut self, byte: u8, word: &mut Word) -> Result<bool> {
        match byte {
            b'\\' => {
                word.quoted();
                let byte = self.escaped(false)?;
                word.push(byte);
            }
            b'\'' => {
                word.quoted();
                self.single(word)?;
            }
            b'"' => {
                word.quoted();
                self.double(word)?;
            }
            b'$' => {
                let piece = self.dollar(Place::Bare)?;
                word.dynamic(piece);
            }
            b'`' => {
                let piece = self.backquotes(Place::Bare)?;
                word.dynamic(piece);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Passes `(`, `|` or `)` in a pattern of `[[`, or the blank that would end it too early.
    fn pattern_parenthesis(&mut self, word: &mut Word) -> Result<()> {
        let open = self.at();
        let mut depth = 0_usize;
        loop {
            match self.peek().map(|symbol| symbol.kind) {
                Some(Kind::Byte(byte @ (b'(' | b')' | b'|'))) => {
                    if byte == b'(' {
                        depth += 1
                    } else if byte == b')' {
                        depth = depth.wrapping_sub(1)
                    }
                    if depth > DEEP_PATTERN {
                        return self.found.refuse(open, "the parentheses of this pattern do not match");
                    }
                    word.push(byte);
                    self.pos += 1;
                    if byte == b'|' && depth == 0 {
                        return self.found.refuse(open, "write parentheses around the choices of this pattern");
                    }
                }
                _ if depth == 0 => return Ok(()),
                None | Some(Kind::Byte(b' ' | b'\t' | b'\n' | b';' | b'&' | b'<' | b'>')) => {
                    return self
                        .found
                        .refuse(open, "shells differ on blanks and signs in this pattern: use a variable");
                }
                Some(Kind::Byte(byte)) if self.piece(byte, word)? => {}
                Some(Kind::Byte(byte)) => {
                    word.push(byte);
                    self.pos += 1;
                }
                Some(Kind::Slot(slot)) => {
                    word.slot(slot, self.found.is_number(slot));
                    self.place(slot, Place::Bare)?;
                }
            }
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
                    word.push(byte);
                    self.pos += 1;
                }
                Some(Kind::Slot(slot)) => {
                    word.slot(slot, self.found.is_number(slot));
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
                    word.push(byte);
                }
                Some(Kind::Byte(b'$')) => {
                    let piece = self.dollar(Place::Double)?;
                    word.dynamic(piece);
                }
                Some(Kind::Byte(b'`')) => {
                    let piece = self.backquotes(Place::Double)?;
                    word.dynamic(piece);
                }
                Some(Kind::Byte(byte)) => {
                    word.push(byte);
                    self.pos += 1;
                }
                Some(Kind::Slot(slot)) => {
                    word.slot(slot, self.found.is_number(slot));
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
        let is_number = self.found.is_number(slot);
        if self.forbids_values && !is_number {
            let why = "cannot stand in this kind of ${…}: give it to a variable first, and use that";
            return self.found.refuse_slot(slot, why);
        }
        if !is_number {
            self.taken.insert(Source::Value(slot));
        }
        if let Some(found) = self.found.uses.get_mut(slot) {
            found.place = Some(place);
        }
        self.pos += 1;
        Ok(())
    }
}
