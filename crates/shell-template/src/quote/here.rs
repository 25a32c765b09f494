//! Redirections, and here-documents, whose text stands behind the line on which they are named.

use crate::Result;
use bstr::ByteSlice;

use super::commands::Command;
use super::flow::{Evaluator, Source, Sources};
use super::grammar::Parser;
use super::symbols::{Kind, Place, Symbol, bytes};
use super::words::{Word, code_in, texts_around};

/// A here-document that begins behind this line.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// Where it is named.
    pub(super) at: usize,
    delimiter: Vec<u8>,
    /// `<<-`: tabs before its lines are taken away.
    strips_tabs: bool,
    /// Its text is taken as it is.
    is_quoted: bool,
    /// How many `$(…)` were open.
    nested: usize,
}

impl Parser<'_, '_> {
    /// Reads a redirection, or `<(…)`. Behind a block it is that of all commands in it.
    pub(super) fn redirection(&mut self, command: &mut Command, is_behind: bool) -> Result<()> {
        if self.byte(1) == Some(b'(') {
            let word = self.process()?;
            command.words.push(word);
            return Ok(());
        }
        let (at, first) = (self.at(), self.byte(0));
        self.pos += 1;
        let mut is_number = false;
        match (first, self.byte(0), self.byte(1)) {
            (Some(b'<'), Some(b'<'), Some(b'<')) => {
                self.pos += 2;
                self.blanks()?;
                let word = self.target()?;
                self.reads(command, word.takes, is_behind);
                return Ok(());
            }
            (Some(b'<'), Some(b'<'), _) => {
                self.pos += 1;
                let document = self.here_document(at)?;
                self.reads(command, Sources::from([document]), is_behind);
                return Ok(());
            }
            (_, Some(b'&'), _) => {
                self.pos += 1;
                is_number = true;
            }
            (Some(b'<'), Some(b'>'), _) | (Some(b'>'), Some(b'>' | b'|'), _) => self.pos += 1,
            _ => {}
        }
        self.blanks()?;
        if matches!(self.byte(0), Some(b'<' | b'>')) && self.byte(1) == Some(b'(') {
            let word = self.process()?;
            self.reads(command, word.holds, is_behind);
            return Ok(());
        }
        let word = self.target()?;
        match word.slot {
            Some(slot) if is_number => {
                return self.found.refuse_slot(slot, "would be the number of a descriptor: write > and a file's name");
            }
            _ if is_number => {
                self.found.flow.evaluate(Evaluator::Shell(">&".to_owned()), &word.takes);
                let is_file = |text: &[u8]| !text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-');
                if first == Some(b'>') && word.fixed().is_some_and(is_file) {
                    command.writes.push(word.file());
                }
            }
            _ if first == Some(b'<') => self.reads(command, word.content(), is_behind),
            _ if is_behind => command.writes_behind.push(word.file()),
            _ => command.writes.push(word.file()),
        }
        Ok(())
    }

    /// Notes what a command reads.
    fn reads(&mut self, command: &mut Command, from: Sources, is_behind: bool) {
        if is_behind {
            self.found.flow.give(Source::Input, &from);
        } else {
            command.input = Some(from);
        }
    }

    /// Reads what a redirection goes to.
    fn target(&mut self) -> Result<Word> {
        let word = self.word()?;
        if word.span.0 == word.span.1 {
            return self.found.refuse(word.span.0, "here must be what the redirection goes to");
        }
        Ok(word)
    }

    /// Reads `<(…)` or `>(…)`, which is a word.
    fn process(&mut self) -> Result<Word> {
        let start = self.at();
        if self.byte(0) == Some(b'>') {
            self.found.flow.give(Source::Input, &Sources::from([Source::Output]));
        }
        self.pos += 2;
        let outer = std::mem::take(&mut self.taken);
        self.commands_inside()?;
        let holds = std::mem::replace(&mut self.taken, outer);
        Ok(Word { span: (start, self.at()), holds, ..Word::default() })
    }

    /// Reads the name of a here-document.
    fn here_document(&mut self, at: usize) -> Result<Source> {
        if self.nested > 0 && (self.is_inside_text || self.found.shells.unknown.is_some()) {
            return self.found.refuse(at, "shells misread here-documents inside backquotes: write $(…)");
        }
        let strips_tabs = self.byte(0) == Some(b'-');
        self.pos += usize::from(strips_tabs);
        self.blanks()?;
        let quote = self.byte(0).filter(|byte| matches!(byte, b'\'' | b'"' | b'\\'));
        self.pos += usize::from(quote.is_some());
        let mut delimiter = Vec::new();
        while let Some(byte) = self.byte(0).filter(|byte| byte.is_ascii_alphanumeric() || b"_.-+!%".contains(byte)) {
            delimiter.push(byte);
            self.pos += 1;
        }
        let is_closed = match quote {
            Some(quote @ (b'\'' | b'"')) => {
                self.pos += 1;
                self.syms.get(self.pos - 1).is_some_and(|symbol| symbol.kind == Kind::Byte(quote))
            }
            _ => true,
        };
        let ends = matches!(self.byte(0), Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b')'));
        if delimiter.is_empty() || !is_closed || !ends {
            return self
                .found
                .refuse(at, "the word that ends a here-document must be plain letters, as in <<EOF or <<'EOF'");
        }
        let source = self.found.flow.document();
        let document = Pending { at, delimiter, strips_tabs, is_quoted: quote.is_some(), nested: self.nested };
        self.pending.push((document, source.clone()));
        Ok(source)
    }

    /// Reads the here-documents that were named on the line before.
    pub(super) fn here_documents(&mut self) -> Result<()> {
        if self.pending.iter().any(|(pending, _)| pending.nested != self.nested) {
            return self.found.refuse(self.at(), "a here-document would begin inside $(…): close it on its line");
        }
        for (pending, source) in std::mem::take(&mut self.pending) {
            self.lines(&pending, &source)?;
        }
        Ok(())
    }

    /// Reads the lines of a here-document and its last one.
    fn lines(&mut self, pending: &Pending, source: &Source) -> Result<()> {
        let from = self.pos;
        loop {
            let rest = &self.syms[self.pos..];
            if rest.is_empty() {
                return self.found.refuse(pending.at, "this here-document is not closed");
            }
            let length = rest.iter().position(|symbol| symbol.kind == Kind::Byte(b'\n')).unwrap_or(rest.len());
            let line = &rest[..length];
            let end = rest.get(length).map_or(self.end, |symbol| symbol.at);
            let tabs = line.iter().take_while(|symbol| pending.strips_tabs && symbol.kind == Kind::Byte(b'\t')).count();
            let text = &line[tabs..];
            let begins_so = text.len() >= pending.delimiter.len()
                && text.iter().zip(&pending.delimiter).all(|(symbol, byte)| symbol.kind == Kind::Byte(*byte));
            let begin = self.pos;
            self.pos = self.syms.len().min(begin + length + 1);
            if begins_so && text.len() == pending.delimiter.len() {
                let mut text = bytes(&self.syms[from..begin]);
                if !pending.is_quoted {
                    text = text.replace(br"\$", "$").replace(br"\`", "`");
                }
                self.found.flow.give(source.clone(), &code_in(&text));
                return Ok(());
            }
            if begins_so {
                let why = "shells differ on a line that begins like the end of the here-document: choose another word";
                return self.found.refuse(line[tabs].at, why);
            }
            self.line(line, end, pending, source)?;
        }
    }

    fn line(&mut self, line: &[Symbol], end: usize, pending: &Pending, source: &Source) -> Result<()> {
        let slot = line.iter().find_map(|symbol| if let Kind::Slot(slot) = symbol.kind { Some(slot) } else { None });
        match slot {
            _ if !pending.is_quoted => {
                let mut inside = self.inside(line, end);
                inside.is_here = true;
                inside.here_line()?;
                let mut taken = std::mem::take(&mut inside.taken);
                taken.append(&mut texts_around(&bytes(line)));
                self.found.flow.give(source.clone(), &taken);
                Ok(())
            }
            Some(slot) => self.found.refuse_slot(
                slot,
                "stands in a here-document whose word is quoted, where nothing is expanded: take the quotes off",
            ),
            None => {
                self.found.flow.give(source.clone(), &texts_around(&bytes(line)));
                Ok(())
            }
        }
    }

    /// Reads a line of a here-document in which expansions are made. They must end on it.
    fn here_line(&mut self) -> Result<()> {
        while let Some(symbol) = self.peek() {
            match symbol.kind {
                Kind::Byte(b'\\') => match self.byte(1) {
                    Some(_) => self.pos += 2,
                    None if self.pos + 1 < self.syms.len() => {
                        return self.found.refuse(symbol.at, "a backslash stands before a placeholder");
                    }
                    None => return self.found.refuse(symbol.at, "shells differ on lines continued in here-documents"),
                },
                Kind::Byte(b'$') => {
                    self.dollar(Place::Double)?;
                }
                Kind::Byte(b'`') => {
                    self.backquotes(Place::Double)?;
                }
                Kind::Byte(_) => self.pos += 1,
                Kind::Slot(slot) => self.place(slot, Place::Double)?,
            }
        }
        Ok(())
    }
}
