//! `--colsep`: what parts the fields of a line.

use std::ops::Range;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use regex::bytes::Regex;

/// A regular expression that matches what stands between two fields.
#[derive(Clone, Debug)]
pub struct Separator(Regex);

impl Separator {
    /// Finds the fields of a line, without the blanks around them. There is always one more than separators.
    pub(super) fn split(&self, line: &[u8], fields: &mut Vec<Range<usize>>) {
        let mut start = 0;
        for found in self.0.find_iter(line) {
            fields.push(trimmed(line, start..found.start()));
            start = found.end();
        }
        fields.push(trimmed(line, start..line.len()));
    }
}

impl FromStr for Separator {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Separator> {
        let regex = Regex::new(text).with_context(|| format!("{text:?} is not a regular expression"))?;
        if regex.is_match(b"") {
            bail!("{text:?} matches the empty text, which stands between any two bytes");
        }
        Ok(Separator(regex))
    }
}

impl PartialEq for Separator {
    fn eq(&self, other: &Separator) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Separator {}

fn trimmed(line: &[u8], place: Range<usize>) -> Range<usize> {
    let field = &line[place.clone()];
    let start = place.start + (field.len() - field.trim_ascii_start().len());
    start..start + field.trim_ascii().len()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn fields(separator: &str, line: &[u8]) -> Vec<Vec<u8>> {
        let mut places = Vec::new();
        separator.parse::<Separator>().unwrap().split(line, &mut places);
        places.into_iter().map(|place| line[place].to_vec()).collect()
    }

    #[test]
    fn fields_stand_between_matches_and_are_trimmed() {
        assert_eq!(fields(",", b"a, b c ,\td\r"), [&b"a"[..], b"b c", b"d"]);
        assert_eq!(fields("[,;]+", b"a,;b;c"), [b"a", b"b", b"c"]);
        assert_eq!(fields("\t", b"\xff\t\xfe"), [b"\xff", b"\xfe"]);
        assert_eq!(fields(",", b",a,"), [&b""[..], b"a", b""]);
        assert_eq!(fields(",", b""), [b""]);
        assert_eq!(fields(",", b" , "), [b"", b""]);
        assert_eq!(fields("x", b"a b"), [b"a b"]);
    }

    #[test]
    fn what_separates_nothing_is_refused() {
        for text in ["(", "", "x*", "^"] {
            assert!(text.parse::<Separator>().is_err(), "{text}");
        }
    }
}
