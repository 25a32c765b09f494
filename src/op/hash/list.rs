//! How a line of a list of checksums is read: the plain form and the BSD form, by the rules of coreutils.
//!
//! Each line is read by itself. coreutils also takes the digest and the name parted by a single blank, but only when
//! the first line of a list is so; here any line may be.

use super::algorithm::Algorithm;

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing: it is empty, or a comment.
    Nothing,
    /// Something that is not understood.
    Improper,
    /// A file should have this digest.
    Entry { algorithm: Algorithm, hex: Vec<u8>, name: Vec<u8> },
}

/// Reads a line, without its newline. A plain one says nothing of its algorithm: then it is the one given.
pub(super) fn parse(line: &[u8], given: Algorithm) -> Line {
    let line = if line.starts_with(b"#") { b"" } else { line.strip_suffix(b"\r").unwrap_or(line) };
    if line.is_empty() {
        return Line::Nothing;
    }
    let line = without_blanks(line);
    let (line, escaped) = line.strip_prefix(b"\\").map_or((line, false), |rest| (rest, true));
    let Some((algorithm, hex, name)) = bsd(line).or_else(|| plain(line, given)) else { return Line::Improper };
    let is_digest = hex.len() == algorithm.hex_len() && hex.iter().all(u8::is_ascii_hexdigit);
    match if escaped { unescaped(name) } else { Some(name.to_vec()) } {
        Some(name) if is_digest => Line::Entry { algorithm, hex: hex.to_ascii_lowercase(), name },
        _ => Line::Improper,
    }
}

type Parts<'a> = (Algorithm, &'a [u8], &'a [u8]);

/// `SHA256 (name) = digest`: what `--tag` writes.
fn bsd(line: &[u8]) -> Option<Parts<'_>> {
    let (algorithm, rest) = Algorithm::with_tag(line)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"(")?;
    let end = memchr::memrchr(b')', rest)?;
    let digest = without_blanks(&rest[end + 1..]).strip_prefix(b"=")?;
    Some((algorithm, without_blanks(digest), &rest[..end]))
}

/// `digest  name`, or ` *` between them: a file in binary mode, where a system makes a difference. xxhsum
/// writes `XXH3_` before the digest.
fn plain(line: &[u8], given: Algorithm) -> Option<Parts<'_>> {
    let (algorithm, line) = line.strip_prefix(b"XXH3_").map_or((given, line), |rest| (Algorithm::Xxh3, rest));
    let (hex, rest) = line.split_at_checked(algorithm.hex_len())?;
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t"))?;
    let name = match rest {
        [] => return None,
        [b' ' | b'*', name @ ..] if !name.is_empty() => name,
        name => name,
    };
    Some((algorithm, hex, name))
}

fn without_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &text[blanks..]
}

/// The name that an escaped one stands for; `None` where there is no such.
fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = name.iter();
    let mut plain = Vec::with_capacity(name.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                _ => return None,
            },
            0 => return None,
            byte => *byte,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    fn name_in(line: &str) -> Option<Vec<u8>> {
        match parse(line.replace("MD5", MD5).replace("TAG", "MD5").as_bytes(), Algorithm::Md5) {
            Line::Entry { algorithm: Algorithm::Md5, hex, name } if hex == MD5.as_bytes() => Some(name),
            _ => None,
        }
    }

    #[test]
    fn both_forms_are_read() {
        for (line, name) in [
            ("MD5  a", "a"),
            ("MD5 *a", "a"),
            ("MD5 a", "a"),
            ("MD5\t a", "a"),
            ("MD5   a ", " a "),
            ("  MD5  a\r", "a"),
            ("MD5  -", "-"),
            ("\\MD5  a\\nb\\\\c\\rd", "a\nb\\c\rd"),
            ("MD5  a\\nb", "a\\nb"),
            ("TAG (a) = MD5", "a"),
            ("TAG(a (b)) =MD5", "a (b)"),
            ("\\TAG (a\\nb)  = MD5", "a\nb"),
        ] {
            assert_eq!(name_in(line).as_deref(), Some(name.as_bytes()), "{line}");
        }
        let upper = parse(format!("{}  a", MD5.to_uppercase()).as_bytes(), Algorithm::Md5);
        assert!(matches!(upper, Line::Entry { hex, .. } if hex == MD5.as_bytes()));
    }

    #[test]
    fn the_tag_names_the_algorithm() {
        let line = format!("MD5 (a) = {MD5}");
        let is = |line: &str, expected| matches!(parse(line.as_bytes(), Algorithm::Blake3), Line::Entry { algorithm, .. } if algorithm == expected);
        assert!(is(&line, Algorithm::Md5));
        assert!(is("XXH3 (a) = 2d06800538d394c2", Algorithm::Xxh3));
        assert!(is("XXH3_2d06800538d394c2  a", Algorithm::Xxh3));
    }

    #[test]
    fn what_is_not_understood() {
        for line in ["MD5", "MD5 ", "MD5a", "d41d  a", "x", "\\MD5  a\\x", "\\MD5  a\\", "TAG (a = MD5", "TAG (a) MD5"]
        {
            assert_eq!(name_in(line), None, "{line}");
        }
        assert_eq!(parse(format!("{MD5}0  a").as_bytes(), Algorithm::Md5), Line::Improper);
        assert_eq!(parse(format!("g{}  a", &MD5[1..]).as_bytes(), Algorithm::Md5), Line::Improper);
        assert_eq!(parse(format!("{MD5}  a").as_bytes(), Algorithm::Sha1), Line::Improper);
        for line in ["", "\r", "# a comment"] {
            assert_eq!(parse(line.as_bytes(), Algorithm::Md5), Line::Nothing);
        }
    }
}
