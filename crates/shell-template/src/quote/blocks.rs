//! Keywords, and the heads of the blocks that they begin.

use crate::Result;

use super::flow::{Source, Sources};
use super::grammar::{Parser, State, Stop};
use super::shells::Shells;
use super::words::{Word, is_name};

impl Parser<'_, '_> {
    /// What may follow a keyword, if the word is one.
    pub(super) fn keyword(&mut self, word: &Word) -> Result<Option<State>> {
        let Some(text) = word.plain() else { return Ok(None) };
        Ok(Some(match text {
            b"if" | b"then" | b"else" | b"elif" | b"while" | b"until" | b"do" | b"{" | b"!" | b"time" => State::Start,
            b"fi" | b"done" | b"}" | b"esac" => State::After,
            b"case" => {
                self.case()?;
                State::After
            }
            b"for" => self.for_head()?,
            b"function" => self.function()?,
            b"select" if self.found.shells.kinds.is_in(Shells::EXTENDED) => {
                let state = self.for_head()?;
                let reply = Sources::from([Source::Input]);
                self.found.flow.give(Source::Variable(b"REPLY".to_vec()), &reply);
                state
            }
            b"select" | b"coproc" => {
                let text = String::from_utf8_lossy(text);
                return self.found.refuse(word.span.0, format_args!("not every shell knows `{text}`"));
            }
            _ => return Ok(None),
        }))
    }

    /// Reads the head of a `for`, up to its words.
    fn for_head(&mut self) -> Result<State> {
        self.blanks()?;
        if self.byte(0) == Some(b'(') && self.byte(1) == Some(b'(') && self.found.shells.kinds.is_in(Shells::COUNTING) {
            self.pos += 2;
            self.expression(|parser| parser.byte(0) == Some(b')') && parser.byte(1) == Some(b')'), b";")?;
            self.pos += 2;
            self.blanks_and_newlines()?;
            return Ok(State::After);
        }
        self.variable = self.plain_word(is_name, "here must be the name of a variable")?;
        let variable = Source::Variable(self.variable.clone());
        self.blanks_and_newlines()?;
        match self.byte(0) {
            // Without `in` it goes through the positional parameters.
            Some(b';' | b'd') => {
                self.found.touches_parameters = true;
                self.found.flow.give(variable, &Sources::from([Source::Parameters]));
            }
            Some(b'i') => {}
            _ => return self.found.refuse(self.at(), "here must be `in` or `do`"),
        }
        match self.byte(0) {
            Some(b';') => Ok(State::After),
            _ => match self.plain_word(|word| matches!(word, b"in" | b"do"), "here must be `in` or `do`")?.as_slice() {
                b"in" => Ok(State::For),
                _ => Ok(State::Start),
            },
        }
    }

    /// Reads the head of a function as bash writes it.
    fn function(&mut self) -> Result<State> {
        self.found.touches_parameters = true;
        let name = self.plain_word(|word| !word.is_empty(), "here must be the name of a function")?;
        self.found.flow.functions.insert(name.clone());
        self.defined = Some(name);
        self.blanks()?;
        if self.byte(0) == Some(b'(') && self.byte(1) == Some(b')') {
            self.pos += 2;
        }
        Ok(State::Start)
    }

    /// Reads a word that must be a plain one of a certain kind.
    fn plain_word(&mut self, is_right: impl Fn(&[u8]) -> bool, else_say: &str) -> Result<Vec<u8>> {
        self.blanks()?;
        let word = self.word()?;
        match word.plain() {
            Some(text) if is_right(text) => Ok(text.to_vec()),
            _ => self.found.refuse(word.span.0, else_say),
        }
    }

    /// Reads `case … esac` behind its first word.
    fn case(&mut self) -> Result<()> {
        self.blanks()?;
        let subject = self.word()?;
        if subject.span.0 == subject.span.1 {
            return self.found.refuse(subject.span.0, "here must be the word of `case`");
        }
        self.blanks_and_newlines()?;
        self.plain_word(|word| word == b"in", "here must be `in`")?;
        let mut printed = Sources::new();
        loop {
            self.blanks_and_newlines()?;
            while self.byte(0) == Some(b'\n') {
                self.blanks_and_newlines()?;
            }
            let is_last = self.pattern()? || self.list(Stop::Arm)? == State::After;
            printed.append(&mut self.printed);
            if is_last {
                self.printed = printed;
                return Ok(());
            }
        }
    }

    /// Reads the patterns of an arm up to their parenthesis, or `esac`, and says whether it was that.
    fn pattern(&mut self) -> Result<bool> {
        let (open, is_open) = (self.at(), self.byte(0) == Some(b'('));
        self.pos += usize::from(is_open);
        loop {
            self.blanks()?;
            let word = self.word()?;
            if word.plain() == Some(b"esac") && !is_open {
                return Ok(true);
            }
            self.blanks()?;
            match self.byte(0) {
                _ if word.span.0 == word.span.1 => return self.found.refuse(open, "here must be a pattern of `case`"),
                Some(b'|') => self.pos += 1,
                Some(b')') => break,
                _ => return self.found.refuse(open, "this pattern of `case` has no parenthesis behind it"),
            }
        }
        let is_sure = !self.is_inside_text && self.found.shells.unknown.is_none();
        if self.nested > 0 && !is_open && !is_sure {
            let why = "shells misread this parenthesis inside backquotes: write one before the pattern too, or $(…)";
            return self.found.refuse(open, why);
        }
        self.pos += 1;
        Ok(false)
    }
}
