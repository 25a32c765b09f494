//! The commands of a script: enough of the shell's grammar to know where quotes, comments and here-documents begin
//! and end, and which word belongs to which command.
//!
//! Blocks are not matched with their ends: a script in which they do not match is an error of the shell's, which runs
//! nothing. But what would make a shell see other quotes than this parser does is refused: what the shell of the script
//! lacks (`((`, arrays), and whatever shells are known to read wrongly.

use crate::Result;

use super::commands::{self, Command};
use super::flow::{Source, Sources};
use super::here::Pending;
use super::shells::Shells;
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
    /// The text stands in backquotes or a here-document, inside another one.
    pub(super) is_inside_text: bool,
    /// Here-documents that begin behind this line.
    pub(super) pending: Vec<(Pending, Source)>,
    /// A word is a pattern of `[[`, in which parentheses may stand.
    pub(super) in_pattern: bool,
    /// What the word that is being read is made of.
    pub(super) taken: Sources,
    /// What the commands of the last list print.
    pub(super) printed: Sources,
    /// The fixed words of the commands that were read.
    pub(super) said: Vec<Vec<u8>>,
    /// The variable of the last `for`.
    pub(super) variable: Vec<u8>,
    /// The name behind the last `function`.
    pub(super) defined: Option<Vec<u8>>,
}

/// A list of commands as it is read.
#[derive(Default)]
struct List {
    command: Command,
    /// What each of its commands prints.
    prints: Vec<Sources>,
    /// How many had been read when each open block began.
    blocks: Vec<usize>,
    /// What the block that has just ended prints.
    block: Option<Sources>,
    /// The variable of `for`.
    variable: Vec<u8>,
    /// The function whose body is being read.
    function: Option<Vec<u8>>,
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
            is_inside_text: false,
            pending,
            in_pattern: false,
            taken: Sources::new(),
            printed: Sources::new(),
            said: Vec::new(),
            variable: Vec::new(),
            defined: None,
        }
    }

    /// A parser of another text that stands inside this one.
    pub(super) fn inside<'i>(&'i mut self, syms: &'i [Symbol], end: usize) -> Parser<'i, 't> {
        let (depth, nested) = (self.depth, self.nested + 1);
        Parser { depth, nested, is_inside_text: true, ..Parser::new(syms, end, self.found) }
    }

    /// Reads a whole script, and says where in a command it ends.
    pub(super) fn script(&mut self) -> Result<State> {
        let state = self.list(Stop::End)?;
        if let Some((pending, _)) = self.pending.first() {
            return self.found.refuse(pending.at, "this here-document has no lines");
        }
        Ok(state)
    }

    /// Reads a script inside backquotes: what it prints, and its fixed words.
    pub(super) fn script_inside(&mut self, syms: &[Symbol], end: usize) -> Result<(Sources, Vec<Vec<u8>>)> {
        self.deeper()?;
        let mut inside = self.inside(syms, end);
        inside.script()?;
        let read = (inside.printed, inside.said);
        self.depth -= 1;
        Ok(read)
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
        let (mut list, mut state) = (List::default(), State::Start);
        loop {
            self.blanks()?;
            let Some(byte) = self.peek().map(|_| self.byte(0)) else { break };
            match byte {
                Some(b'\n') => {
                    self.newline()?;
                    state = self.next_command(&mut list, false)?;
                }
                Some(b';') if matches!(self.byte(1), Some(b';' | b'&')) => {
                    return self.arm_ends(stop, list);
                }
                Some(byte @ (b';' | b'&' | b'|')) if !self.is_both() || byte != b'&' => {
                    self.pos += 1;
                    let is_pipe = byte == b'|' && self.byte(0) != Some(b'|');
                    self.pos += usize::from(
                        byte != b';' && self.byte(0) == Some(byte) || is_pipe && self.byte(0) == Some(b'&'),
                    );
                    state = self.next_command(&mut list, is_pipe)?;
                }
                Some(b'(') => state = self.parenthesis(state, &mut list)?,
                Some(b')') if stop == Stop::Parenthesis => {
                    self.pos += 1;
                    return self.list_ends(list, state);
                }
                Some(b')') => return self.found.refuse(self.at(), "this parenthesis closes nothing"),
                Some(b'<' | b'>' | b'&') => {
                    self.pos += usize::from(byte == Some(b'&'));
                    self.redirection(&mut list.command, state == State::After)?;
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
                    let may_end = stop == Stop::Arm && matches!(state, State::Start | State::After);
                    if may_end && word.plain() == Some(b"esac") {
                        return self.list_ends(list, State::After);
                    }
                    state = self.take(word, state, &mut list)?;
                }
            }
        }
        let state = self.list_ends(list, state)?;
        if stop == Stop::End { Ok(state) } else { self.found.refuse(open, "what begins here is not closed") }
    }

    /// Whether `&>` is here, which sends both outputs to a file.
    fn is_both(&self) -> bool {
        let knows = Shells::BASH | Shells::ZSH | Shells::MKSH | Shells::KSH93 | Shells::ASH;
        self.byte(0) == Some(b'&') && self.byte(1) == Some(b'>') && self.found.shells.kinds.is_in(knows)
    }

    /// Looks at the last command of a list.
    fn list_ends(&mut self, mut list: List, state: State) -> Result<State> {
        self.depth -= 1;
        self.next_command(&mut list, false)?;
        self.printed = list.prints.into_iter().flatten().collect();
        Ok(state)
    }

    /// Looks at the command that has been read; the next one may read what it prints.
    fn next_command(&mut self, list: &mut List, is_pipe: bool) -> Result<State> {
        let mut command = std::mem::take(&mut list.command);
        let files = std::mem::take(&mut command.writes_behind);
        self.said.extend(command.words.iter().filter_map(|word| word.fixed().map(<[u8]>::to_vec)));
        let mut prints = commands::judge(&mut command, self.found)?;
        if let Some(mut block) = list.block.take() {
            files.iter().for_each(|file| commands::writes(file, &block, self.found));
            match list.function.take() {
                Some(name) => self.found.flow.give(Source::Function(name), &block),
                None => prints.append(&mut block),
            }
        }
        if is_pipe {
            list.command.input = Some(prints);
        } else {
            list.prints.push(prints);
        }
        Ok(State::Start)
    }

    /// Passes `;;`, `;&` or `;;&`; the state says that the arm did not end with `esac`.
    fn arm_ends(&mut self, stop: Stop, list: List) -> Result<State> {
        if stop != Stop::Arm {
            return self.found.refuse(self.at(), "this belongs to `case`, and stands outside it");
        }
        self.pos += 2;
        self.pos += usize::from(self.byte(0) == Some(b'&'));
        self.list_ends(list, State::Start)
    }

    /// Reads `(…)`, `((…))`, or the `()` of a function.
    fn parenthesis(&mut self, state: State, list: &mut List) -> Result<State> {
        let at = self.at();
        if state == State::Start {
            if self.byte(1) == Some(b'(') {
                if !self.found.shells.kinds.is_in(Shells::EXTENDED) {
                    let why = "not every shell has ((: write ( ( for a subshell, [ … ] for a test, or name a shell that has it, such as bash";
                    return self.found.refuse(at, why);
                }
                self.arithmetic()?;
                return Ok(State::After);
            }
            self.pos += 1;
            self.opens_block(list);
            self.list(Stop::Parenthesis)?;
            let printed = std::mem::take(&mut self.printed);
            list.blocks.pop();
            list.block.get_or_insert_default().extend(printed);
            return Ok(State::After);
        }
        self.pos += 1;
        self.blanks()?;
        let words = &list.command.words;
        if state == State::Words
            && self.byte(0) == Some(b')')
            && let [name] = &words[..]
            && let Some(name) = name.plain()
        {
            self.found.touches_parameters = true;
            self.found.flow.functions.insert(name.to_vec());
            let name = name.to_vec();
            list.function.get_or_insert(name);
            self.pos += 1;
            // The name of a function is no word of the first command in it.
            list.command = Command::default();
            return Ok(State::Start);
        }
        self.found
            .refuse(at, "a parenthesis cannot stand here in every shell (an array, a pattern, a function?): quote it")
    }

    /// What is piped into a block is the input of all that is in it.
    fn opens_block(&mut self, list: &mut List) {
        if let Some(input) = list.command.input.take() {
            self.found.flow.give(Source::Input, &input);
        }
        list.blocks.push(list.prints.len());
    }

    /// What a block prints is what the commands in it print.
    fn closes_block(list: &mut List) {
        let begin = list.blocks.pop().unwrap_or_default().min(list.prints.len());
        list.block.get_or_insert_default().extend(list.prints.drain(begin..).flatten());
    }

    /// Finds out what a word is, and what may follow.
    fn take(&mut self, word: Word, state: State, list: &mut List) -> Result<State> {
        let may_begin = matches!(state, State::Start | State::Prefix);
        if matches!(state, State::Start | State::After)
            && let Some(text) = word.plain()
        {
            match text {
                b"if" | b"while" | b"until" | b"for" | b"case" | b"select" | b"{" => self.opens_block(list),
                b"fi" | b"done" | b"}" => Self::closes_block(list),
                _ => {}
            }
            if let Some(state) = self.keyword(&word)? {
                list.variable = std::mem::take(&mut self.variable);
                list.function = list.function.take().or(self.defined.take());
                if text == b"case" {
                    list.prints.push(std::mem::take(&mut self.printed));
                    Self::closes_block(list);
                }
                return Ok(state);
            }
        }
        if state == State::After {
            return self.found.refuse(word.span.0, "no word can stand behind the end of a block: write ; before it");
        }
        if may_begin && word.plain() == Some(b"[[") && self.found.shells.kinds.meets(Shells::CONDITIONS) {
            self.condition(word.span.0)?;
            return Ok(State::After);
        }
        if may_begin && word.is_assignment() {
            commands::assign(&word, self.found);
            return Ok(State::Prefix);
        }
        if word.plain() == Some(b"}") && self.found.shells.kinds.meets(Shells::ZSH) {
            return self
                .found
                .refuse(word.span.0, "zsh takes this for the end of a block: write ; before it, or quote it");
        }
        if word.has_bare_slot {
            self.found.repeats.push(word.span);
        }
        if state == State::For {
            let variable = Source::Variable(list.variable.clone());
            self.found.flow.give(variable.clone(), &word.takes);
            commands::constants(variable, &word, self.found);
            return Ok(state);
        }
        list.command.words.push(word);
        Ok(State::Words)
    }
}
