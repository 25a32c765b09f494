//! What stands behind a dollar sign, and what stands in backquotes.
//!
//! Here shells differ most. What is read is what all of them read alike, and the rest is refused.

use crate::Result;

use super::flow::{Evaluator, Source, Sources};
use super::grammar::{Parser, Stop};
use super::shells::Shells;
use super::symbols::{Kind, Place, Symbol, bytes};
use super::words::{Piece, Word, is_name, is_name_byte, texts_around};

impl Parser<'_, '_> {
    /// Reads an expansion, or a dollar sign that is none.
    pub(super) fn dollar(&mut self, place: Place) -> Result<Piece> {
        let at = self.at();
        self.pos += 1;
        let mut piece = Piece::Other(Vec::new());
        let Some(next) = self.peek() else { return Ok(piece) };
        match next.kind {
            Kind::Slot(slot) => self.found.refuse_slot(
                slot,
                "stands right behind $, where a shell would read both together: write \\$ or '$' if a dollar sign is meant",
            )?,
            Kind::Byte(b'(') if self.byte(1) == Some(b'(') => self.arithmetic()?,
            Kind::Byte(b'(') => {
                self.pos += 1;
                piece = self.commands_inside()?;
            }
            Kind::Byte(b'{') => piece = self.braces(place)?,
            Kind::Byte(b'\'') if place == Place::Bare => self.ansi()?,
            Kind::Byte(b'"') if place == Place::Bare => {
                self.found.refuse(at, "shells differ on $\"…\": write \"…\", or '$' if a dollar sign is meant")?;
            }
            Kind::Byte(b'[') => {
                self.found.refuse(at, "shells differ on $[…]: write $((…)), or \\$ if a dollar sign is meant")?;
            }
            Kind::Byte(b'\\') if self.byte(1) == Some(b'\n') => {
                self.found.refuse(at, "a line is continued right behind $")?;
            }
            Kind::Byte(b'~' | b'=' | b'^' | b'+') if self.found.shells.kinds.meets(Shells::ZSH) && self.is_name_at(1) => {
                self.found.refuse(at, "zsh takes this for an expansion of its own: write \\$ if a dollar sign is meant")?;
            }
            Kind::Byte(byte) if byte.is_ascii_digit() => {
                self.found.touches_parameters |= byte != b'0';
                if byte != b'0' || self.found.is_inner {
                    self.taken.insert(Source::Parameters);
                    piece = Piece::Parameters;
                }
                self.pos += 1;
            }
            Kind::Byte(b'@' | b'*') => {
                self.found.touches_parameters = true;
                self.taken.insert(Source::Parameters);
                piece = Piece::Parameters;
                self.pos += 1;
            }
            Kind::Byte(b'#') => {
                self.found.touches_parameters = true;
                self.pos += 1;
            }
            Kind::Byte(b'?' | b'-' | b'$' | b'!') => self.pos += 1,
            Kind::Byte(_) => {
                let from = self.pos;
                if self.name() > 0 {
                    let name = self.text(from);
                    self.taken.insert(Source::Variable(name.clone()));
                    piece = Piece::Variable(name);
                    self.zsh_subscript()?;
                }
            }
        }
        Ok(piece)
    }

    /// Where zsh is meant, `$name[…]` is an element.
    fn zsh_subscript(&mut self) -> Result<()> {
        if self.byte(0) != Some(b'[') || !self.found.shells.kinds.meets(Shells::ZSH) {
            return Ok(());
        }
        let rest = &self.syms[self.pos + 1..];
        let end = rest.iter().position(|symbol| symbol.kind == Kind::Byte(b']')).unwrap_or(rest.len());
        let is_number = |symbol: &Symbol| matches!(symbol.kind, Kind::Byte(byte) if byte.is_ascii_digit());
        if rest[..end].iter().all(is_number) {
            return Ok(());
        }
        self.found.refuse(self.at(), "zsh takes this for a subscript: write ${name}[…] or ${name[…]}")
    }

    fn is_name_at(&self, ahead: usize) -> bool {
        self.byte(ahead).is_some_and(|byte| is_name_byte(&byte) || byte == b'{')
    }

    /// Passes what can be in the name of a variable.
    pub(super) fn name(&mut self) -> usize {
        let from = self.pos;
        while self.byte(0).is_some_and(|byte| is_name_byte(&byte)) {
            self.pos += 1;
        }
        self.pos - from
    }

    /// The bytes from there to here.
    pub(super) fn text(&self, from: usize) -> Vec<u8> {
        bytes(&self.syms[from..self.pos])
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

    /// Reads `$((…))`, of which the first parenthesis is next, or `((…))`.
    pub(super) fn arithmetic(&mut self) -> Result<()> {
        self.pos += 2;
        self.expression(|parser| parser.byte(0) == Some(b')') && parser.byte(1) == Some(b')'), b"")?;
        self.pos += 2;
        Ok(())
    }

    /// Reads arithmetic up to its end. What it is made of is evaluated, and nothing but a number comes out of it.
    pub(super) fn expression(&mut self, is_end: fn(&Self) -> bool, also: &[u8]) -> Result<()> {
        let open = self.at();
        self.deeper()?;
        let outer = std::mem::take(&mut self.taken);
        let forbids = std::mem::replace(&mut self.forbids_values, false);
        let from = self.pos;
        let mut depth = 0_usize;
        while depth > 0 || !is_end(self) {
            let Some(symbol) = self.peek() else { return self.found.refuse(open, "this arithmetic is not closed") };
            match symbol.kind {
                Kind::Slot(slot) if self.found.is_number(slot) => self.place(slot, Place::Double)?,
                Kind::Slot(slot) => {
                    return self.found.refuse_slot(
                        slot,
                        "stands in arithmetic, where a shell evaluates it: test that it is a number, then use a variable",
                    );
                }
                Kind::Byte(b'$') => {
                    self.dollar(Place::Double)?;
                }
                Kind::Byte(b'`') => {
                    self.backquotes(Place::Double)?;
                }
                Kind::Byte(byte) if is_name_byte(&byte) => {
                    let from = self.pos;
                    self.name();
                    let name = self.text(from);
                    if is_name(&name) {
                        self.taken.insert(Source::Variable(name));
                    }
                }
                Kind::Byte(byte) => {
                    let is_bracket = b"[]".contains(&byte) && self.found.shells.kinds.is_in(Shells::ARRAYS);
                    let is_plain = b" \t+-*/%<>=!&|^~?:,#(.".contains(&byte) || byte == b')' && depth > 0;
                    if !is_plain && !is_bracket && !also.contains(&byte) {
                        let why = "this is hard to tell from arithmetic: write $( ( for a command, or only plain arithmetic in $((…))";
                        return self.found.refuse(symbol.at, why);
                    }
                    depth = depth + usize::from(byte == b'(') - usize::from(byte == b')');
                    self.pos += 1;
                }
            }
        }
        let mut inside = std::mem::replace(&mut self.taken, outer);
        inside.extend(texts_around(&self.text(from)).take(&Source::Joined));
        self.forbids_values = forbids;
        self.found.flow.evaluate(Evaluator::Arithmetic, &inside);
        self.depth -= 1;
        Ok(())
    }

    /// Reads `${…}`, of which the brace is next.
    fn braces(&mut self, place: Place) -> Result<Piece> {
        let open = self.at();
        self.deeper()?;
        self.pos += 1;
        let (name, is_length) = self.parameter(open)?;
        if self.byte(0) == Some(b'[') {
            self.index(open)?;
        }
        let next = (self.byte(0), self.byte(1));
        let gives = matches!(next, (Some(b'='), _) | (Some(b':'), Some(b'=')));
        let takes_value =
            !is_length && (matches!(next, (Some(b'-' | b'+'), _) | (Some(b':'), Some(b'-' | b'+'))) || gives);
        if self.byte(0) == Some(b':') && !matches!(self.byte(1), Some(b'-' | b'+' | b'=' | b'?')) {
            self.offsets()?;
        }
        if self.byte(0) == Some(b'@') {
            self.operator();
        }
        let outer = self.forbids_values;
        self.forbids_values |= !takes_value;
        let before = self.taken.clone();
        let from = self.pos;
        while self.byte(0) != Some(b'}') {
            self.brace_word(open, place)?;
        }
        if takes_value {
            self.taken.append(&mut texts_around(&self.text(from)));
        }
        if gives && let Some(name) = &name {
            let given = self.taken.difference(&before).cloned().collect();
            self.found.flow.give(Source::Variable(name.clone()), &given);
        }
        self.forbids_values = outer;
        self.pos += 1;
        self.depth -= 1;
        let is_whole = next.0 == Some(b'}') && !is_length;
        Ok(name.filter(|_| is_whole).map_or(Piece::Other(Vec::new()), Piece::Variable))
    }

    /// Reads the parameter of `${…}`: the variable, if it is one, and whether only its length or name is meant.
    fn parameter(&mut self, open: usize) -> Result<(Option<Vec<u8>>, bool)> {
        let first = match self.peek().map(|symbol| symbol.kind) {
            Some(Kind::Slot(slot)) => {
                return self.found.refuse_slot(slot, "stands where the name of a variable must be");
            }
            Some(Kind::Byte(byte)) => byte,
            None => return self.found.refuse(open, "this ${ is not closed"),
        };
        let from = self.pos;
        if self.name() > 0 {
            let name = self.text(from);
            if first.is_ascii_digit() {
                self.found.touches_parameters |= name != b"0";
                self.taken.insert(Source::Parameters);
                return Ok((None, false));
            }
            self.taken.insert(Source::Variable(name.clone()));
            return Ok((Some(name), false));
        }
        if !b"#@*?!-$".contains(&first) {
            return self.found.refuse(open, "this is not the name of a variable");
        }
        self.found.touches_parameters |= matches!(first, b'@' | b'*' | b'#' | b'!');
        self.pos += 1;
        if matches!(first, b'@' | b'*') {
            self.taken.insert(Source::Parameters);
        }
        let from = self.pos;
        if self.name() > 0 || first == b'!' && matches!(self.byte(0), Some(b'@' | b'*' | b'#')) {
            let name = self.text(from);
            if first == b'!' && !(self.byte(0) == Some(b'[') && matches!(self.byte(1), Some(b'@' | b'*'))) {
                self.indirect(&name);
            }
            return Ok((None, true));
        }
        // `${#}`, `${#@}`.
        if first == b'#' && matches!(self.byte(0), Some(b'@' | b'*')) {
            self.pos += 1;
        }
        Ok((None, !matches!(first, b'@' | b'*')))
    }

    /// Notes `${!name}`, the value of the variable that this one names.
    fn indirect(&mut self, name: &[u8]) {
        // `${!prefix*}` are names.
        if self.byte(0) == Some(b'*') || self.byte(0) == Some(b'@') && self.byte(1) == Some(b'}') {
            return;
        }
        let holder = if is_name(name) { Source::Variable(name.to_vec()) } else { Source::Parameters };
        self.found.flow.evaluate(Evaluator::Name, &Sources::from([holder.clone()]));
        self.taken.insert(Source::Named(Box::new(holder)));
    }

    /// Reads `[…]` behind the parameter of `${…}`.
    fn index(&mut self, open: usize) -> Result<()> {
        self.pos += 1;
        if matches!(self.byte(0), Some(b'@' | b'*')) && self.byte(1) == Some(b']') {
            self.pos += 2;
            return Ok(());
        }
        if matches!(self.byte(0), Some(b'"' | b'\'')) {
            return self.found.refuse(open, "quotes in a subscript are not read alike: give it to a variable first");
        }
        self.expression(|parser| parser.byte(0) == Some(b']'), b"")?;
        self.pos += 1;
        Ok(())
    }

    /// Reads the offset and the length of `${name:…}`.
    fn offsets(&mut self) -> Result<()> {
        self.pos += 1;
        self.expression(|parser| matches!(parser.byte(0), Some(b':' | b'}')), b"")?;
        if self.byte(0) == Some(b':') {
            self.pos += 1;
            self.expression(|parser| parser.byte(0) == Some(b'}'), b"")?;
        }
        Ok(())
    }

    /// Notes `${name@P}`, which expands the text as it does that of a prompt.
    fn operator(&mut self) {
        if self.byte(1) == Some(b'P') || matches!(self.syms.get(self.pos + 1).map(|s| s.kind), Some(Kind::Slot(_))) {
            let taken = self.taken.clone();
            self.found.flow.evaluate(Evaluator::Shell("${…@P}".to_owned()), &taken);
        }
    }

    /// Reads a piece of what follows the parameter in `${…}`.
    fn brace_word(&mut self, open: usize, place: Place) -> Result<()> {
        let Some(symbol) = self.peek() else { return self.found.refuse(open, "this ${ is not closed") };
        let mut word = Word::default();
        match symbol.kind {
            Kind::Slot(slot) => self.place(slot, place),
            Kind::Byte(b'\\') => self.escaped(false).map(drop),
            Kind::Byte(b'$') => self.dollar(place).map(drop),
            Kind::Byte(b'\'') if place == Place::Bare => self.single(&mut word),
            Kind::Byte(b'"') if place == Place::Bare => self.double(&mut word),
            Kind::Byte(b'`') if place == Place::Bare => self.backquotes(place).map(drop),
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
    pub(super) fn backquotes(&mut self, place: Place) -> Result<Piece> {
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
        let mut outer = std::mem::take(&mut self.taken);
        let (mut printed, said) = self.script_inside(&inside, end)?;
        outer.append(&mut printed);
        self.taken = outer;
        Ok(Piece::Other(said))
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

    /// Reads commands up to the closing parenthesis: those of `$(…)`. What they print is text of the word around them.
    pub(super) fn commands_inside(&mut self) -> Result<Piece> {
        let mut outer = std::mem::take(&mut self.taken);
        let forbids = std::mem::replace(&mut self.forbids_values, false);
        let pattern = std::mem::replace(&mut self.in_pattern, false);
        let said = std::mem::take(&mut self.said);
        self.nested += 1;
        self.list(Stop::Parenthesis)?;
        self.nested -= 1;
        (self.forbids_values, self.in_pattern) = (forbids, pattern);
        outer.append(&mut self.printed);
        self.taken = outer;
        Ok(Piece::Other(std::mem::replace(&mut self.said, said)))
    }
}
