//! `[[ … ]]`, where the shell has it in its grammar: words, and what is compared with them.

use anyhow::Result;

use super::commands::Condition;
use super::grammar::Parser;
use super::shells::Shells;

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
                    return self.found.refuse(self.at(), "not every shell reads this in [[: use --shell bash");
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
