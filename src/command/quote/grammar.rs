//! The commands of a script: enough of the shell's grammar to know where quotes, comments and here-documents begin
//! and end, and which word belongs to which command.
//!
//! Blocks are not matched with their ends: a script in which they do not match is an error of the shell's, which runs
//! nothing. But what would make a shell see other quotes than this parser does is refused: `((`, arrays, `case` with a
//! lone parenthesis inside `$(…)`, and whatever older shells are known to read wrongly.

use anyhow::Result;

use super::danger;
use super::here::Pending;
use super::symbols::{Found, Kind, Symbol};
use super::words::Word;

/// How deep quotes and commands may stand in each other.
const DEEP: usize = 32;

/// What ends a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The end of the text.
    End,
    /// A closing parenthesis.
    Parenthesis,
    /// `;;` or `esac`.
    Arm,
}

/// Where in a command the parser is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A command, or a keyword, may begin.
    Start,
    /// Behind an assignment or a redirection, before the command's name.
    Prefix,
    /// Among the words of a command.
    Words,
    /// Among the words of `for`.
    For,
    /// Behind a block: `fi`, `done`, a parenthesis.
    After,
    /// In a comment.
    Comment,
}

/// Reads symbols.
pub(super) struct Parser<'p, 't> {
    pub(super) syms: &'p [Symbol],
    pub(super) pos: usize,
    /// The byte of the template behind the last symbol.
    pub(super) end: usize,
    pub(super) found: &'p mut Found<'t>,
    pub(super) depth: usize,
    /// How many `$(…)`, `<(…)` and backquotes are open.
    pub(super) nested: usize,
    /// A placeholder cannot stand here: in `${x%…}` and its like.
    pub(super) forbids_values: bool,
    /// The text is a line of a here-document.
    pub(super) is_here: bool,
    /// Here-documents that begin behind this line.
    pub(super) pending: Vec<Pending>,
    condition: Option<danger::Condition>,
}

impl<'p, 't> Parser<'p, 't> {
    pub(super) fn new(syms: &'p [Symbol], end: usize, found: &'p mut Found<'t>) -> Parser<'p, 't> {
        let pending = Vec::new();
        Parser {
            syms,
            pos: 0,
            end,
            found,
            depth: 0,
            nested: 0,
            forbids_values: false,
            is_here: false,
            pending,
            condition: None,
        }
    }

    /// A parser of another text that stands inside this one.
    pub(super) fn inside<'i>(&'i mut self, syms: &'i [Symbol], end: usize) -> Parser<'i, 't> {
        let (depth, nested) = (self.depth, self.nested + 1);
        Parser { depth, nested, ..Parser::new(syms, end, self.found) }
    }

    /// Reads a whole script, and says where in a command it ends.
    pub(super) fn script(&mut self) -> Result<State> {
        let state = self.list(Stop::End)?;
        if let Some(pending) = self.pending.first() {
            return self.found.refuse(pending.at, "this here-document has no lines");
        }
        match &self.condition {
            Some(condition) => self.found.refuse(condition.at, "this [[ is not closed"),
            None => Ok(state),
        }
    }

    /// Reads a script inside backquotes.
    pub(super) fn script_inside(&mut self, syms: &[Symbol], end: usize) -> Result<()> {
        self.deeper()?;
        self.inside(syms, end).script()?;
        self.depth -= 1;
        Ok(())
    }

    pub(super) fn peek(&self) -> Option<Symbol> {
        self.syms.get(self.pos).copied()
    }

    /// The byte so many symbols ahead, unless it is a placeholder.
    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        match self.syms.get(self.pos + ahead)?.kind {
            Kind::Byte(byte) => Some(byte),
            Kind::Slot(_) => None,
        }
    }

    /// Where in the template the next symbol begins.
    pub(super) fn at(&self) -> usize {
        self.peek().map_or(self.end, |symbol| symbol.at)
    }

    pub(super) fn deeper(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > DEEP { self.found.refuse(self.at(), "the script is nested too deeply") } else { Ok(()) }
    }

    /// Reads commands up to `stop`, and passes that.
    pub(super) fn list(&mut self, stop: Stop) -> Result<State> {
        let open = self.at();
        self.deeper()?;
        let (mut command, mut state) = (Vec::new(), State::Start);
        loop {
            self.blanks()?;
            let Some(byte) = self.peek().map(|_| self.byte(0)) else { break };
            match byte {
                Some(b'\n') => {
                    self.newline()?;
                    state = self.next_command(&mut command)?;
                }
                Some(b';') if matches!(self.byte(1), Some(b';' | b'&')) => {
                    return self.arm_ends(stop, &command);
                }
                Some(byte @ (b';' | b'&' | b'|')) => {
                    self.pos += 1;
                    state = self.next_command(&mut command)?;
                    // From here on: what stands before it is judged.
                    self.found.pipes |= byte == b'|';
                }
                Some(b'(') => {
                    state = self.parenthesis(state, &command)?;
                    if state == State::Start {
                        // The name of a function is no word of the first command in it.
                        command.clear();
                    }
                }
                Some(b')') if stop == Stop::Parenthesis => {
                    self.pos += 1;
                    self.depth -= 1;
                    danger::judge(&command, self.found)?;
                    return Ok(state);
                }
                Some(b')') => return self.found.refuse(self.at(), "this parenthesis closes nothing"),
                Some(b'<' | b'>') => {
                    self.redirection(&mut command)?;
                    state = if state == State::Start { State::Prefix } else { state };
                }
                Some(b'#') => {
                    self.comment()?;
                    state = State::Comment;
                }
                _ => {
                    let word = self.word()?;
                    let is_number = word.plain().is_some_and(|word| word.iter().all(u8::is_ascii_digit));
                    if is_number && matches!(self.byte(0), Some(b'<' | b'>')) {
                        continue;
                    }
                    if stop == Stop::Arm
                        && word.plain() == Some(b"esac")
                        && matches!(state, State::Start | State::After)
                    {
                        self.depth -= 1;
                        danger::judge(&command, self.found)?;
                        return Ok(State::After);
                    }
                    state = self.take(word, state, &mut command)?;
                }
            }
        }
        self.depth -= 1;
        danger::judge(&command, self.found)?;
        if stop == Stop::End { Ok(state) } else { self.found.refuse(open, "what begins here is not closed") }
    }

    fn next_command(&mut self, command: &mut Vec<Word>) -> Result<State> {
        danger::judge(command, self.found)?;
        command.clear();
        Ok(State::Start)
    }

    /// Passes `;;`, `;&` or `;;&`; the state says that the arm did not end with `esac`.
    fn arm_ends(&mut self, stop: Stop, command: &[Word]) -> Result<State> {
        if stop != Stop::Arm {
            return self.found.refuse(self.at(), "this belongs to `case`, and stands outside it");
        }
        danger::judge(command, self.found)?;
        self.pos += 2;
        self.pos += usize::from(self.byte(0) == Some(b'&'));
        self.depth -= 1;
        Ok(State::Start)
    }

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
    fn newline(&mut self) -> Result<()> {
        self.pos += 1;
        self.here_documents()
    }

    /// Passes a comment, but not the end of its line.
    fn comment(&mut self) -> Result<()> {
        if self.nested > 0 {
            return self
                .found
                .refuse(self.at(), "older shells misread comments inside $(…) and backquotes: take it out");
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

    /// Reads `(…)`, or the `()` of a function.
    fn parenthesis(&mut self, state: State, command: &[Word]) -> Result<State> {
        let at = self.at();
        self.pos += 1;
        if state == State::Start {
            if self.byte(0) == Some(b'(') {
                return self.found.refuse(at, "shells differ on ((: write ( ( for a subshell, or [ … ] for a test");
            }
            self.list(Stop::Parenthesis)?;
            return Ok(State::After);
        }
        self.blanks()?;
        let is_function = state == State::Words && command.len() == 1 && command[0].plain().is_some();
        if is_function && self.byte(0) == Some(b')') {
            self.found.touches_parameters = true;
            self.found.spreads = true;
            self.pos += 1;
            return Ok(State::Start);
        }
        self.found
            .refuse(at, "a parenthesis cannot stand here in every shell (an array, a pattern, a function?): quote it")
    }

    /// Finds out what a word is, and what may follow.
    fn take(&mut self, word: Word, state: State, command: &mut Vec<Word>) -> Result<State> {
        if let Some(condition) = &mut self.condition {
            if condition.take(&word, self.found)? {
                self.condition = None;
            }
        } else if word.plain() == Some(b"[[") && matches!(state, State::Start | State::Prefix) {
            self.condition = Some(danger::Condition::new(word.span.0));
        }
        if matches!(state, State::Start | State::After)
            && let Some(state) = self.keyword(&word)?
        {
            return Ok(state);
        }
        if state == State::After {
            return self.found.refuse(word.span.0, "no word can stand behind the end of a block: write ; before it");
        }
        if matches!(state, State::Start | State::Prefix) && word.is_assignment() {
            danger::judge_assignment(&word, self.found);
            return Ok(State::Prefix);
        }
        if word.has_bare_slot {
            self.found.repeats.push(word.span);
        }
        if state == State::For {
            self.found.assigned = self.found.assigned.or(word.slot);
            return Ok(state);
        }
        command.push(word);
        Ok(State::Words)
    }
}
