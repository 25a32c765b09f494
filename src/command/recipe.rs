//! From items to the words of a process: for `run` a template of words, for `sh` a script and its parameters.
//!
//! A recipe is made once, before anything runs; what is wrong with a command is found there. It is shared by all
//! workers, each of which has its own [`Words`] to fill.

use std::ffi::{CString, OsStr, OsString};
use std::num::NonZeroU32;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use parjob_shell_template::Template;
use parjob_shell_template::cost::{Cost, DIGITS, WORD};
use parjob_shell_template::placeholder::Known;
use parjob_shell_template::quote::Script;
use parjob_shell_template::quote::shells::Shell;

use super::paste;
use super::program;
use super::words::Words;
use crate::base::template::{Filling, Values, unusable};

/// A command, and how its processes are run, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the words are.
    pub way: Way,
    /// The words of the command.
    pub words: Vec<OsString>,
    /// The only placeholder (`-I`).
    pub token: Option<Vec<u8>>,
    /// How many items one process does.
    pub batch: Batch,
    /// What a process reads.
    pub stdin: Stdin,
    /// How the output of several processes goes together.
    pub grouping: Grouping,
    /// Standard error goes into standard output, in the order of time.
    pub merge: bool,
    /// Only print what would be run.
    pub dry_run: bool,
    /// Print each command as it starts.
    pub trace: bool,
    /// How long an attempt may take.
    pub timeout: Option<Timeout>,
    /// How long a process has between the request to end and its death.
    pub grace: Duration,
    /// Added to the niceness of processes.
    pub nice: i32,
    /// The number of threads that a process is asked to use.
    pub threads: Option<usize>,
}

/// What the words of a command are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A program and its arguments.
    Run,
    /// A script for this shell; without one, each item is a script.
    Shell(OsString),
}

/// How many items one process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// So many.
    Items(NonZeroU32),
    /// As many as a command line holds.
    Max,
}

/// The digits that the number of a parameter may have beyond the first.
const LATER_DIGITS: usize = 5;

/// The longest word that Linux takes.
const LONGEST: usize = 128 << 10;

impl Batch {
    /// How many items a process does as a rule; 1 where that is seen only when it starts.
    pub fn items(self) -> usize {
        match self {
            Batch::Items(items) => items.get() as usize,
            Batch::Max => 1,
        }
    }
}

/// What a process reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stdin {
    /// Nothing.
    Null,
    /// The bytes of its item.
    Item,
}

/// How the output of several processes goes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// All of an item together.
    Items,
    /// Whole lines, of whichever item has one.
    Lines,
    /// As the processes write it.
    None,
}

/// How long an attempt may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// So long.
    After(Duration),
    /// So many percent of the median of the attempts that went well.
    Percent(u32),
}

/// The name under which a shell sees its script, as `$0`.
const SHELL_NAME: &[u8] = b"sh";

/// How to make the words of a process.
pub struct Recipe {
    kind: Kind,
    /// Where the program is; `None` where it depends on the item.
    program: Option<CString>,
    path: Option<OsString>,
}

enum Kind {
    Words(Template),
    /// The shell's name, a script whose parameters are the values, and its text for as many items as a process does.
    Script(Vec<u8>, Box<Script>, usize, Vec<u8>),
    /// The shell's name; each item is a script.
    Scripts(Vec<u8>),
}

impl Recipe {
    /// Looks at a command.
    ///
    /// # Errors
    ///
    /// A placeholder that cannot have a value; a program that cannot be run ([`program::NoProgram`]).
    pub fn prepare(options: &Options, known: &Known<'_>, path: Option<OsString>) -> Result<Recipe> {
        let (kind, name) = match &options.way {
            Way::Run => {
                let template = Template::parse(&options.words, known).map_err(unusable)?;
                let name = options.words.first().filter(|_| !template.may_vary_program());
                let name = name.map(|name| name.as_bytes().to_vec());
                (Kind::Words(template), name)
            }
            Way::Shell(shell) => {
                let name = shell.as_bytes().to_vec();
                let kind = match options.words.first() {
                    Some(text) => {
                        let place = program::find(&name, path.as_deref()).ok();
                        let place = place.as_deref().map(|place| Path::new(OsStr::from_bytes(place.to_bytes())));
                        let script = Box::new(
                            Script::compile(text.as_bytes(), known, &Shell::of(&name, place)).map_err(unusable)?,
                        );
                        let batch = options.batch.items();
                        let text = script.text(batch);
                        Kind::Script(name.clone(), script, batch, text)
                    }
                    None => Kind::Scripts(name.clone()),
                };
                (kind, Some(name))
            }
        };
        let program = name.map(|name| program::find(&name, path.as_deref())).transpose()?;
        Ok(Recipe { kind, program, path })
    }

    /// Fills in the words for the items of one process.
    pub fn fill(&self, items: &[Values<'_>], words: &mut Words) {
        words.clear();
        match &self.kind {
            Kind::Words(template) => template.expand(items, &mut Filling(words)),
            Kind::Script(shell, script, batch, text) => {
                words.push(shell);
                words.push(b"-c");
                if items.len() == *batch {
                    words.push(text);
                } else {
                    words.push(&script.text(items.len()));
                }
                words.push(SHELL_NAME);
                script.arguments(items, &mut Filling(words));
            }
            Kind::Scripts(shell) => {
                words.push(shell);
                words.push(b"-c");
                let script = items.first().map_or(&b""[..], |values| values.item.text());
                words.push_with(|word| {
                    // Behind `-c` a shell takes further options before the script.
                    word.extend_from_slice(if script.starts_with(b"-") || script.starts_with(b"+") {
                        b" "
                    } else {
                        b""
                    });
                    word.extend_from_slice(script);
                });
                words.push(SHELL_NAME);
            }
        }
    }

    /// The program for these words.
    ///
    /// # Errors
    ///
    /// It depends on the item, and this one cannot be run; the number of the system's error.
    pub fn program(&self, words: &Words, found: &mut CString) -> Result<(), i32> {
        if let Some(program) = &self.program {
            if found.as_c_str() != program.as_c_str() {
                *found = program.clone();
            }
            return Ok(());
        }
        let name = words.iter().next().unwrap_or_default();
        let error = |no: program::NoProgram| if no.status == 126 { libc::EACCES } else { libc::ENOENT };
        *found = program::find(name, self.path.as_deref()).map_err(error)?;
        Ok(())
    }

    /// What the command line of several items takes at the most. `fields` is the number that an item has, where all
    /// have the same.
    pub fn cost(&self, fields: Option<usize>) -> Cost {
        match &self.kind {
            Kind::Words(template) => template.cost(fields),
            Kind::Script(shell, script, ..) => {
                let (one, two) = (script.text(1).len(), script.text(2).len());
                let values = script.slots();
                // The numbers of later parameters have more digits than that of the second.
                let more = two.saturating_sub(one) + values * LATER_DIGITS;
                Cost {
                    fixed: shell.len() + one + 3 * WORD,
                    per_item: more + values * (WORD + DIGITS),
                    per_byte: values,
                    // The script is one word.
                    most: LONGEST.saturating_sub(one) / more.max(1) + 1,
                }
            }
            Kind::Scripts(_) => Cost { fixed: 0, per_item: 0, per_byte: 1, most: 1 },
        }
    }

    /// The names whose values an item is asked for.
    pub fn names(&self) -> Vec<Vec<u8>> {
        match &self.kind {
            Kind::Words(template) => template.names().map(<[u8]>::to_vec).collect(),
            Kind::Script(_, script, ..) => script.names().map(<[u8]>::to_vec).collect(),
            Kind::Scripts(_) => Vec::new(),
        }
    }

    /// What the user should know of the command.
    pub fn warnings(&self) -> &[String] {
        match &self.kind {
            Kind::Script(_, script, ..) => script.warnings(),
            Kind::Words(_) | Kind::Scripts(_) => &[],
        }
    }
}

/// The words as they could be typed into a shell.
pub fn quoted(words: &Words) -> Vec<u8> {
    let mut line = Vec::new();
    for word in words.iter() {
        if !line.is_empty() {
            line.push(b' ');
        }
        line.extend(paste::word(word));
    }
    line
}
