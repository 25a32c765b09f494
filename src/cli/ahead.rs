//! Options may stand before the name of the operation or behind it. clap knows those of the operation only
//! behind it, and of an option on both sides it silently forgets one. So all of them are moved behind.

use std::ffi::OsString;

use super::args::EXPLAIN;
use super::negative::is_negative_number;
use super::takers::Takers;
use crate::op;

/// Moves the options that stand before the operation's name behind it.
pub(super) fn move_behind(words: &mut Vec<OsString>, takers: &Takers) {
    let Some(place) = find_operation(words, takers) else { return };
    let name = words.remove(place);
    let explain = words[..place].iter().position(|word| word == EXPLAIN);
    let front = explain.map_or(1, |at| {
        words[1..=at].rotate_right(1);
        2
    });
    words.insert(front, name);
}

/// The first word that is neither an option nor the value of one, where it names an operation.
fn find_operation(words: &[OsString], takers: &Takers) -> Option<usize> {
    let mut value = false;
    for (place, word) in words.iter().enumerate().skip(1) {
        let is_value = std::mem::replace(&mut value, takers.takes_value(word));
        if is_value || word == EXPLAIN {
            continue;
        }
        let word_bytes = word.as_encoded_bytes();
        if !word_bytes.starts_with(b"-") || is_negative_number(word_bytes) {
            return op::find(word.to_str()?).map(|_| place);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn what_stands_before_the_operation_comes_behind_it() {
        for (given, expected) in [
            ("p --max-digits 5 square 1", "p square --max-digits 5 1"),
            ("p --max-digits=5 -j 2 square 1 -k", "p square --max-digits=5 -j 2 1 -k"),
            ("p -j square --bytes len --tag a", "p len -j square --bytes --tag a"),
            ("p explain --seed 3 pi", "p explain pi --seed 3"),
            ("p --seed 3 explain -q pi 1", "p explain pi --seed 3 -q 1"),
            ("p square 1 square", "p square 1 square"),
            ("p --jobs 2 --max-digits", "p --jobs 2 --max-digits"),
            ("p -5 square", "p -5 square"),
            ("p --jobs 2 triple square", "p --jobs 2 triple square"),
        ] {
            let mut words: Vec<OsString> = given.split(' ').map(Into::into).collect();
            move_behind(&mut words, &Takers::default());
            assert_eq!(words.join(OsStr::new(" ")), OsStr::new(expected));
        }
    }
}
