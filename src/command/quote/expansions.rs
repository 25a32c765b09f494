//! What stands behind a dollar sign, and what stands in backquotes.
//!
//! Here shells differ most. What is read is what all of them read alike, and the rest is refused.

use anyhow::Result;

use super::grammar::{Parser, Stop};
use super::symbols::{Kind, Place, Symbol};
use super::words::{Word, is_name_byte};

impl Parser<'_, '_> {
    /// Reads an expansion, or a dollar sign that is none.
    pub(super) fn dollar(&mut self, place: Place) -> Result<()> {
        let at = self.at();
        self.pos += 1;
        let Some(next) = self.peek() else { return Ok(()) };
        match next.kind {
            Kind::Slot(slot) => self.found.refuse_slot(
                slot,
                "stands right behind $, where a shell would read both together: write \\$ or '$' if a dollar sign is meant",
            ),
            Kind::Byte(b'(') if self.byte(1) == Some(b'(') => self.arithmetic(),
            Kind::Byte(b'(') => {
                self.pos += 1;
                self.commands_inside()
            }
            Kind::Byte(b'{') => self.braces(place),
            Kind::Byte(b'\'') if place == Place::Bare => self.ansi(),
            Kind::Byte(b'"') if place == Place::Bare => {
                self.found.refuse(at, "shells differ on $\"…\": write \"…\", or '$' if a dollar sign is meant")
            }
            Kind::Byte(b'[') => self.found.refuse(at, "shells differ on $[…]: write $((…)), or \\$ if a dollar sign is meant"),
            Kind::Byte(b'\\') if self.byte(1) == Some(b'\n') => {
                self.found.refuse(at, "a line is continued right behind $")
            }
            Kind::Byte(byte) if byte.is_ascii_digit() => {
                self.found.touches_parameters |= byte != b'0';
                self.pos += 1;
                Ok(())
            }
            Kind::Byte(b'@' | b'*' | b'#') => {
                self.found.touches_parameters = true;
                self.pos += 1;
                Ok(())
            }
            Kind::Byte(b'?' | b'-' | b'$' | b'!') => {
                self.pos += 1;
                Ok(())
            }
            Kind::Byte(_) => {
                let from = self.pos;
                let length = self.name();
                self.note_name(from, length);
                Ok(())
            }
        }
    }

    /// `$_` is the last word of the command before.
    fn note_name(&mut self, from: usize, length: usize) {
        self.found.spreads |= length == 1 && self.syms[from].kind == Kind::Byte(b'_');
    }

    /// Passes what can be in the name of a variable.
    fn name(&mut self) -> usize {
        let from = self.pos;
        while self.byte(0).is_some_and(|byte| is_name_byte(&byte)) {
            self.pos += 1;
        }
        self.pos - from
    }

    /// Reads `'…'` behind a dollar sign. Shells that know it go on behind `\'`, others end there.
    fn ansi(&mut self) -> Result<()> {
        let open = self.at();
        self.pos += 1;
        loop {
            match self.peek().map(|symbol| symbol.kind) {
                None => return self.found.refuse(open, "this quote is not closed"),
                Some(Kind::Slot(slot)) => {
                    return self.found.refuse_slot(slot, "stands inside $'…', on which shells differ: write '…'");
                }
                Some(Kind::Byte(b'\'')) => break,
                Some(Kind::Byte(b'\n')) => self.newline_inside()?,
                Some(Kind::Byte(b'\\')) if matches!(self.byte(1), Some(b'\'' | b'\\')) => {
                    return self
                        .found
                        .refuse(self.at(), "shells differ on where this $'…' ends: write it without \\' and \\\\");
                }
                Some(Kind::Byte(_)) => self.pos += 1,
            }
        }
        self.pos += 1;
        Ok(())
    }

    /// Reads `$((…))`, of which the first parenthesis is next.
    fn arithmetic(&mut self) -> Result<()> {
        let open = self.at();
        self.pos += 2;
        let mut depth = 0_usize;
        loop {
            let Some(symbol) = self.peek() else { return self.found.refuse(open, "this arithmetic is not closed") };
            self.pos += 1;
            match symbol.kind {
                Kind::Slot(slot) => {
                    return self.found.refuse_slot(
                        slot,
                        "stands in arithmetic, where a shell evaluates it: test that it is a number, then use a variable",
                    );
                }
                Kind::Byte(b'(') => depth += 1,
                Kind::Byte(b')') if depth > 0 => depth -= 1,
                Kind::Byte(b')') if self.byte(0) == Some(b')') => break,
                Kind::Byte(b'$') => {
                    let next = self.byte(usize::from(self.byte(0) == Some(b'{')));
                    let is_variable = next.is_some_and(|byte| is_name_byte(&byte) && !byte.is_ascii_digit());
                    self.found.touches_parameters |= !is_variable;
                    self.found.calculates = true;
                }
                Kind::Byte(byte) if is_name_byte(&byte) => {
                    let from = self.pos - 1;
                    let length = 1 + self.name();
                    self.found.calculates |= !byte.is_ascii_digit();
                    self.note_name(from, length);
                }
                Kind::Byte(byte) if b" \t+-*/%<>=!&|^~?:,#{}".contains(&byte) => {}
                Kind::Byte(_) => {
                    let why = "this is hard to tell from arithmetic: write $( ( for a command, or only plain arithmetic in $((…))";
                    return self.found.refuse(symbol.at, why);
                }
            }
        }
        self.pos += 1;
        Ok(())
    }

    /// Reads `${…}`, of which the brace is next.
    fn braces(&mut self, place: Place) -> Result<()> {
        let open = self.at();
        self.deeper()?;
        self.pos += 1;
        let takes_value = self.parameter(open)?
            && (matches!(self.byte(0), Some(b'-' | b'+'))
                || self.byte(0) == Some(b':') && matches!(self.byte(1), Some(b'-' | b'+')));
        // What follows is an offset or a subscript.
        self.found.calculates |= !takes_value
            && (self.byte(0) == Some(b'[') || self.byte(0) == Some(b':') && !matches!(self.byte(1), Some(b'=' | b'?')));
        let outer = self.forbids_values;
        self.forbids_values |= !takes_value;
        while self.byte(0) != Some(b'}') {
            self.brace_word(open, place)?;
        }
        self.forbids_values = outer;
        self.pos += 1;
        self.depth -= 1;
        Ok(())
    }

    /// Reads the parameter of `${…}`, and says whether a word can follow it.
    fn parameter(&mut self, open: usize) -> Result<bool> {
        let first = match self.peek().map(|symbol| symbol.kind) {
            Some(Kind::Slot(slot)) => {
                return self.found.refuse_slot(slot, "stands where the name of a variable must be");
            }
            Some(Kind::Byte(byte)) => byte,
            None => return self.found.refuse(open, "this ${ is not closed"),
        };
        self.found.touches_parameters |= matches!(first, b'1'..=b'9' | b'@' | b'*' | b'#' | b'!');
        let from = self.pos;
        let length = self.name();
        if length > 0 {
            self.note_name(from, length);
            return Ok(true);
        }
        if !b"#@*?!-$".contains(&first) {
            return self.found.refuse(open, "this is not the name of a variable");
        }
        self.pos += 1;
        let from = self.pos;
        let length = self.name();
        self.note_name(from, length);
        // `${!name}` is the value of the variable that this one names.
        self.found.calculates |= first == b'!' && (length > 0 || self.byte(0) != Some(b'}'));
        Ok(false)
    }

    /// Reads a piece of what follows the parameter in `${…}`.
    fn brace_word(&mut self, open: usize, place: Place) -> Result<()> {
        let Some(symbol) = self.peek() else { return self.found.refuse(open, "this ${ is not closed") };
        let mut word = Word::default();
        match symbol.kind {
            Kind::Slot(slot) => self.place(slot, place),
            Kind::Byte(b'\\') => self.escaped(false).map(drop),
            Kind::Byte(b'$') => self.dollar(place),
            Kind::Byte(b'\'') if place == Place::Bare => self.single(&mut word),
            Kind::Byte(b'"') if place == Place::Bare => self.double(&mut word),
            Kind::Byte(b'`') if place == Place::Bare => self.backquotes(place),
            Kind::Byte(b'\'' | b'"' | b'`' | b'{' | b'\n') => {
                self.found.refuse(symbol.at, "shells differ on this inside ${…}: use a variable for it")
            }
            Kind::Byte(_) => {
                self.pos += 1;
                Ok(())
            }
        }
    }

    /// Reads `` `…` ``. What is inside is a script once its backslashes are taken away. What is written for a
    /// placeholder has no backslash and no backquote, so it is the same at each level.
    pub(super) fn backquotes(&mut self, place: Place) -> Result<()> {
        let open = self.at();
        self.pos += 1;
        let mut inside = Vec::new();
        loop {
            let Some(symbol) = self.peek() else { return self.found.refuse(open, "this backquote is not closed") };
            self.pos += 1;
            match symbol.kind {
                Kind::Byte(b'`') => break,
                Kind::Byte(b'\n') if !self.pending.is_empty() => {
                    return self.found.refuse(symbol.at, "a here-document would begin inside backquotes");
                }
                Kind::Byte(b'\\') => inside.push(self.behind_backslash(symbol, place)?),
                _ => inside.push(symbol),
            }
        }
        let end = self.syms.get(self.pos - 1).map_or(self.end, |close| close.at);
        self.script_inside(&inside, end)
    }

    /// What a backslash inside backquotes leaves behind: itself, or the byte behind it.
    fn behind_backslash(&mut self, backslash: Symbol, place: Place) -> Result<Symbol> {
        let takes = |byte| matches!(byte, b'$' | b'`' | b'\\') || byte == b'"' && place == Place::Double;
        match self.byte(0) {
            Some(b'\n') => self.found.refuse(backslash.at, "a line is continued inside backquotes: write $(…)"),
            Some(_) if self.is_here => self.found.refuse(backslash.at, "shells differ on backslashes here: write $(…)"),
            Some(byte) if takes(byte) => {
                self.pos += 1;
                Ok(Symbol { kind: Kind::Byte(byte), at: backslash.at })
            }
            _ => Ok(backslash),
        }
    }

    /// Reads commands up to the closing parenthesis: those of `$(…)` and `<(…)`.
    pub(super) fn commands_inside(&mut self) -> Result<()> {
        let outer = std::mem::replace(&mut self.forbids_values, false);
        self.nested += 1;
        self.list(Stop::Parenthesis)?;
        self.nested -= 1;
        self.forbids_values = outer;
        Ok(())
    }
}
