//! Cuts the words of a command off the options before it.
//!
//! `parjob run -j2 grep -c x`: `-c` is grep's. Options are read up to the first word that is none, or `--`; the rest is
//! the command, whatever it looks like. clap never sees it.

use std::ffi::OsString;

use super::args::EXPLAIN;
use super::takers::Takers;
use crate::op::{self, Kind, Operation};

/// The operation whose name stands before all options, and whether `explain` stands before it.
pub(super) fn operation(words: &[OsString]) -> (Option<&'static Operation>, bool) {
    let is_explained = words.get(1).is_some_and(|word| word == EXPLAIN);
    (words.get(1 + usize::from(is_explained)).and_then(|word| op::find(word.to_str()?)), is_explained)
}

/// The words of the command, taken out of `words`, in which the operation's name stands before all options.
pub(super) fn cut(words: &mut Vec<OsString>, takers: &Takers) -> Vec<OsString> {
    let (operation, is_explained) = operation(words);
    let takes_command = operation.is_some_and(|op| !matches!(op.kind, Kind::InProcess { .. }));
    if !takes_command {
        return Vec::new();
    }
    let place = 1 + usize::from(is_explained);
    let mut value = false;
    for at in place + 1..words.len() {
        if std::mem::replace(&mut value, takers.takes_value(&words[at])) {
            continue;
        }
        if words[at] == "--" {
            let tail = words.split_off(at + 1);
            words.truncate(at);
            return tail;
        }
        let bytes = words[at].as_encoded_bytes();
        if !bytes.starts_with(b"-") || bytes == b"-" {
            return words.split_off(at);
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_command_begins_with_the_first_word_that_is_no_option() {
        for (given, options, tail) in [
            ("p run -j 2 echo -n {}", "p run -j 2", "echo -n {}"),
            ("p run --jobs=2 -tI X echo X", "p run --jobs=2 -tI X", "echo X"),
            ("p run -kj2 -n3 echo", "p run -kj2 -n3", "echo"),
            ("p run -- -x --jobs 5", "p run", "-x --jobs 5"),
            ("p explain sh -t x", "p explain sh -t", "x"),
            ("p sh", "p sh", ""),
            ("p run - x", "p run", "- x"),
            ("p square 1 2", "p square 1 2", ""),
        ] {
            let mut words: Vec<OsString> = given.split(' ').map(Into::into).collect();
            let cut = cut(&mut words, &Takers::default());
            let joined = |words: &[OsString]| words.join(OsStr::new(" "));
            assert_eq!((joined(&words), joined(&cut)), (options.into(), tail.into()), "{given}");
        }
    }
}
