//! What stands between the words of a script: blanks, ends of lines, comments.

use crate::Result;

use super::grammar::Parser;
use super::symbols::Kind;

impl Parser<'_, '_> {
    /// Passes blanks and lines that are continued between words.
    pub(super) fn blanks(&mut self) -> Result<()> {
        loop {
            let is_between =
                self.pos == 0 || matches!(self.syms[self.pos - 1].kind, Kind::Byte(b' ' | b'\t' | b'\n' | b'&' | b'|'));
            match (self.byte(0), self.byte(1)) {
                (Some(b' ' | b'\t'), _) => self.pos += 1,
                (Some(b'\\'), Some(b'\n')) if is_between && self.pending.is_empty() => self.pos += 2,
                (Some(b'\\'), Some(b'\n')) => {
                    let why = "a line is continued where shells may differ: put a space before the backslash";
                    return self.found.refuse(self.at(), why);
                }
                _ => return Ok(()),
            }
        }
    }

    pub(super) fn blanks_and_newlines(&mut self) -> Result<()> {
        self.blanks()?;
        while self.byte(0) == Some(b'\n') {
            self.newline()?;
            self.blanks()?;
        }
        if self.byte(0) == Some(b'#') { self.comment() } else { Ok(()) }
    }

    /// Passes the end of a line and the here-documents behind it.
    pub(super) fn newline(&mut self) -> Result<()> {
        self.pos += 1;
        self.here_documents()
    }

    /// Passes a comment, but not the end of its line.
    pub(super) fn comment(&mut self) -> Result<()> {
        if self.nested > 0 && (self.is_inside_text || self.found.shells.unknown.is_some()) {
            return self
                .found
                .refuse(self.at(), "shells misread comments inside backquotes: take it out, or write $(…)");
        }
        while let Some(symbol) = self.peek() {
            match symbol.kind {
                Kind::Byte(b'\n') => break,
                Kind::Byte(_) => self.pos += 1,
                Kind::Slot(slot) => {
                    return self
                        .found
                        .refuse_slot(slot, "stands in a comment, where a newline in a value would end it");
                }
            }
        }
        Ok(())
    }
}
