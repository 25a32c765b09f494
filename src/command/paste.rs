//! Words as they can be typed into a shell: any shell, and byte for byte.
//!
//! What is shown may be shown on a terminal, and an item may hold what moves the cursor or sets a colour. Such bytes, and
//! those that are not UTF-8, are therefore shown as a `printf` that makes them. Knows nothing of templates and scripts.

use bstr::ByteSlice;

/// One word.
pub fn word(word: &[u8]) -> Vec<u8> {
    let (mut shown, mut rest) = (Vec::new(), word);
    while !rest.is_empty() {
        let mut kinds = rest.char_indices().map(|(start, end, char)| (start, is_shown(&rest[start..end], char)));
        let as_it_is = kinds.next().is_some_and(|(_, kind)| kind);
        let end = kinds.find(|(_, kind)| *kind != as_it_is).map_or(rest.len(), |(start, _)| start);
        let (run, behind) = rest.split_at(end);
        shown.extend(if as_it_is { plain(run) } else { made(run) });
        rest = behind;
    }
    if word.is_empty() { b"''".to_vec() } else { shown }
}

/// Whether a character can be shown as it is. Newlines can, and must: a shell drops those at the end of a `printf`.
fn is_shown(bytes: &[u8], char: char) -> bool {
    let is_text = char != char::REPLACEMENT_CHARACTER || bytes == "\u{fffd}".as_bytes();
    is_text && (!char.is_control() || matches!(char, '\n' | '\t'))
}

fn plain(run: &[u8]) -> Vec<u8> {
    // Only a NUL byte could not be quoted, and it is not shown as it is.
    shlex::bytes::try_quote(run).map_or_else(|_| run.to_vec(), std::borrow::Cow::into_owned)
}

fn made(run: &[u8]) -> Vec<u8> {
    let octal: String = run.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("\"$(printf '{octal}')\"").into_bytes()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]

    use super::*;

    fn shown(text: &[u8]) -> String {
        String::from_utf8(word(text)).unwrap()
    }

    #[test]
    fn a_word_is_quoted_where_it_must_be() {
        assert_eq!(shown(b"plain"), "plain");
        assert_eq!(shown(b""), "''");
        assert_eq!(shown(b"a b\n"), "'a b\n'");
        assert_eq!(shown("é\u{fffd}".as_bytes()), "'é\u{fffd}'");
    }

    #[test]
    fn what_a_terminal_would_obey_is_made_by_printf() {
        assert_eq!(shown(b"\x1b[1m$x"), r#""$(printf '\033')"'[1m$x'"#);
        assert_eq!(shown(b"a\xff\r"), r#"a"$(printf '\377\015')""#);
        assert_eq!(shown("\u{9b}".as_bytes()), r#""$(printf '\302\233')""#);
    }
}
