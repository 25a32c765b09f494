//! Takes the sources off the raw arguments, before clap sees the rest.
//!
//! `::: WORD…`, `:::+ WORD…`, `:::: FILE…`, `::::+ FILE…`: from the first of these on, everything belongs to
//! sources, so that no item is ever read as an option.

use std::ffi::OsString;

use anyhow::{Result, bail};

use crate::source::{Column, Link, Origin, inputs};

/// The words for clap, and the sources after them.
///
/// # Errors
///
/// A pairing without a source to pair with.
pub(super) fn split(argv: Vec<OsString>) -> Result<(Vec<OsString>, Vec<Column>)> {
    let (mut words, mut columns) = (Vec::new(), Vec::new());
    let mut open: Option<(Kind, Link, Vec<OsString>)> = None;
    for word in argv {
        match (separator(&word), &mut open) {
            (Some((kind, link)), open) => {
                columns.extend(open.take().map(column));
                *open = Some((kind, link, Vec::new()));
            }
            (None, Some((_, _, given))) => given.push(word),
            (None, None) => words.push(word),
        }
    }
    columns.extend(open.map(column));
    if columns.first().is_some_and(|column| column.link == Link::Pair) {
        bail!(":::+ pairs with the source before it, and there is none; begin with :::");
    }
    Ok((words, columns))
}

#[derive(Clone, Copy)]
enum Kind {
    Words,
    Files,
}

fn separator(word: &OsString) -> Option<(Kind, Link)> {
    match word.to_str()? {
        ":::" => Some((Kind::Words, Link::Cross)),
        ":::+" => Some((Kind::Words, Link::Pair)),
        "::::" => Some((Kind::Files, Link::Cross)),
        "::::+" => Some((Kind::Files, Link::Pair)),
        _ => None,
    }
}

fn column((kind, link, given): (Kind, Link, Vec<OsString>)) -> Column {
    let origin = match kind {
        Kind::Words => Origin::Words(given),
        Kind::Files => Origin::Inputs(inputs(given)),
    };
    Column { origin, link }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::source::Input;

    fn split_text(text: &str) -> (Vec<OsString>, Vec<Column>) {
        split(text.split_whitespace().map(Into::into).collect()).unwrap()
    }

    fn words(words: &[&str]) -> Origin {
        Origin::Words(words.iter().map(Into::into).collect())
    }

    #[test]
    fn everything_after_a_separator_is_an_item() {
        let (head, columns) = split_text("parjob square ::: -1 --jobs :::+ b ::: ");
        assert_eq!(head, ["parjob", "square"]);
        let expected = [
            Column { origin: words(&["-1", "--jobs"]), link: Link::Cross },
            Column { origin: words(&["b"]), link: Link::Pair },
            Column { origin: words(&[]), link: Link::Cross },
        ];
        assert_eq!(columns, expected);
    }

    #[test]
    fn a_pair_needs_a_partner() {
        assert!(split(vec!["parjob".into(), "square".into(), ":::+".into(), "2".into()]).is_err());
    }

    #[test]
    fn files_after_one_separator_are_one_source() {
        let (_, columns) = split_text("parjob square :::: a - :::: b");
        let files = |inputs: &[Input]| Column { origin: Origin::Inputs(inputs.to_vec()), link: Link::Cross };
        let expected = [files(&[Input::File("a".into()), Input::Stdin]), files(&[Input::File("b".into())])];
        assert_eq!(columns, expected);
    }
}
