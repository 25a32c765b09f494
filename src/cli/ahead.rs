//! An operation's own options may stand before its name, as those of every run may; clap knows them only
//! behind it. So they are moved there.

use std::ffi::{OsStr, OsString};

use super::args::EXPLAIN;
use super::negative::takes_value;
use crate::op::{self, Operation};
use clap::Command;

/// Moves the options of the operation that stand before its name behind it.
pub(super) fn move_behind(words: &mut Vec<OsString>, command: &Command) {
    let Some((place, operation)) = find_operation(words, command) else { return };
    let mut behind = Vec::new();
    let mut at = 1;
    let mut name = place;
    while at < name {
        let length =
            if is_option_of(operation, &words[at]) { 1 + usize::from(takes_value(&words[at], command)) } else { 0 };
        behind.extend(words.drain(at..at + length));
        name -= length;
        at += usize::from(length == 0);
    }
    words.splice(name + 1..name + 1, behind);
}

/// The first word that is neither an option nor the value of one, where it names an operation.
fn find_operation(words: &[OsString], command: &Command) -> Option<(usize, &'static Operation)> {
    let mut value = false;
    for (place, word) in words.iter().enumerate().skip(1) {
        let is_value = std::mem::replace(&mut value, takes_value(word, command));
        if is_value || word == EXPLAIN {
            continue;
        }
        if !word.as_encoded_bytes().starts_with(b"-") {
            return Some((place, op::find(word.to_str()?)?));
        }
    }
    None
}

fn is_option_of(operation: &Operation, word: &OsStr) -> bool {
    let Some(name) = word.to_str().and_then(|word| word.strip_prefix("--")) else { return false };
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    operation.params.iter().any(|param| param.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_to_the_operation_moves() {
        for (given, expected) in [
            ("p --max-digits 5 square 1", "p square --max-digits 5 1"),
            ("p --max-digits=5 -j 2 square 1", "p -j 2 square --max-digits=5 1"),
            ("p -j square --bytes len --tag a", "p -j square len --bytes --tag a"),
            ("p explain --seed 3 pi", "p explain pi --seed 3"),
            ("p --seed 3 square", "p --seed 3 square"),
            ("p --jobs 2 --max-digits", "p --jobs 2 --max-digits"),
        ] {
            let mut words: Vec<OsString> = given.split(' ').map(Into::into).collect();
            move_behind(&mut words, &super::super::command());
            assert_eq!(words.join(OsStr::new(" ")), OsStr::new(expected));
        }
    }
}
