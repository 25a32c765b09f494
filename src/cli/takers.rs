//! The options whose value may be the next word, of all operations: what those must know who read words before clap does.
//!
//! Each option is described to clap when somebody first asks about a word that only it could be: to describe all of them
//! takes a good part of the start of the program, and most command lines have few options or none.

use std::cell::OnceCell;
use std::ffi::OsStr;

use clap::Arg;

use super::args::{of_every_run, own_args};
use crate::op::OPERATIONS;

/// The options that there are.
#[derive(Default)]
pub(super) struct Takers {
    of_every_run: OnceCell<Vec<Arg>>,
    of_operations: OnceCell<Vec<Arg>>,
}

impl Takers {
    /// Whether the word is an option whose value is the next word.
    pub(super) fn takes_value(&self, word: &OsStr) -> bool {
        let Some(word) = word.to_str().and_then(|word| word.strip_prefix('-')) else { return false };
        match word.strip_prefix('-') {
            // The value stands in the word, or all options are over.
            Some(long) if long.is_empty() || long.contains('=') => false,
            Some(long) => self.any(|arg| arg.get_long() == Some(long)),
            // In a bundle the first that takes a value has the rest of the word for it.
            None => word
                .char_indices()
                .find(|(_, letter)| self.any(|arg| arg.get_short() == Some(*letter)))
                .is_some_and(|(place, letter)| place + letter.len_utf8() == word.len()),
        }
    }

    /// Whether one of these options takes a value.
    fn any(&self, is_it: impl Fn(&Arg) -> bool) -> bool {
        let takes = |arg: &Arg| is_it(arg) && arg.get_action().takes_values();
        let of_operations = || OPERATIONS.iter().flat_map(|operation| own_args(operation)).collect();
        self.of_every_run.get_or_init(of_every_run).iter().any(takes)
            || self.of_operations.get_or_init(of_operations).iter().any(takes)
    }
}
