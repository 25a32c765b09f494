//! `[[ … ]]`, where the shell has it in its grammar: words, and what is compared with them.

use crate::Result;

use super::flow::{Evaluator, value_in};
use super::grammar::Parser;
use super::shells::{COMPARISONS, Shells};
use super::symbols::Found;
use super::words::Word;

pub(super) const IN_CONDITION: &str = "stands in a [[ that evaluates arithmetic or names: write [ … ] for it";

impl Parser<'_, '_> {
    /// Reads `[[ … ]]` behind its first word.
    pub(super) fn condition(&mut self, open: usize) -> Result<()> {
        let mut condition = Condition::default();
        let mut is_pattern = false;
        loop {
            self.blanks_and_newlines()?;
            let Some(byte) = self.peek().map(|_| self.byte(0)) else {
                return self.found.refuse(open, "this [[ is not closed");
            };
            match byte {
                Some(b'\n') => continue,
                Some(b'(' | b')' | b'<' | b'>') if !self.found.shells.kinds.is_in(Shells::CONDITIONS) => {
                    return self
                        .found
                        .refuse(self.at(), "not every shell reads this in [[: name one that does, such as bash");
                }
                Some(b'(' | b')' | b'<' | b'>') if !is_pattern || byte != Some(b'(') => self.pos += 1,
                Some(byte @ (b'&' | b'|')) if self.byte(1) == Some(byte) => self.pos += 2,
                Some(b'&' | b'|' | b';' | b'#') => {
                    return self.found.refuse(self.at(), "this cannot stand in [[: quote it");
                }
                _ => {
                    let outer = std::mem::replace(&mut self.in_pattern, is_pattern);
                    let word = self.word();
                    self.in_pattern = outer;
                    let word = word?;
                    if word.plain() == Some(b"]]") {
                        return Ok(());
                    }
                    is_pattern = matches!(word.plain(), Some(b"=~" | b"==" | b"=" | b"!="));
                    condition.take(word, self.found)?;
                }
            }
        }
    }
}

/// A comparison of `[[` as it is read.
#[derive(Default)]
struct Condition {
    last: Option<Word>,
    /// What evaluates the next word.
    evaluator: Option<Evaluator>,
}

impl Condition {
    /// Looks at the next word.
    fn take(&mut self, word: Word, found: &mut Found) -> Result<()> {
        let compares = word.fixed().is_some_and(|text| COMPARISONS.iter().any(|known| known.as_bytes() == text));
        if let Some(by) = self.evaluator.take() {
            Self::evaluate(by, &word, found)?;
        }
        if let Some(last) = self.last.take().filter(|_| compares) {
            Self::evaluate(Evaluator::Arithmetic, &last, found)?;
        }
        self.evaluator = match word.fixed() {
            Some(b"-v" | b"-R") => Some(Evaluator::Name),
            Some(b"-t") => Some(Evaluator::Arithmetic),
            _ => compares.then_some(Evaluator::Arithmetic),
        };
        self.last = Some(word);
        Ok(())
    }

    fn evaluate(by: Evaluator, word: &Word, found: &mut Found) -> Result<()> {
        if let Some(slot) = value_in(&word.takes) {
            return found.refuse_slot(slot, IN_CONDITION);
        }
        found.flow.evaluate(by, &word.takes);
        Ok(())
    }
}
