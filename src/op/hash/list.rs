//! How a line of a list of checksums is read: the plain form and the BSD form, by the rules of coreutils.
//!
//! Each line is read by itself, but for one thing: coreutils also takes the digest and the name parted by a single
//! blank, but only when the first plain line is so. What that one is, the caller knows.

use super::algorithm::Algorithm;
use super::form::Form;

/// What a line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Nothing: it is empty, or a comment.
    Nothing,
    /// Something that is not understood.
    Improper,
    /// The digest of a file by an algorithm that parjob does not have.
    Foreign(String),
    /// A file should have this digest.
    Entry { made_by: MadeBy, hex: Vec<u8>, name: Vec<u8> },
}

/// By which algorithm a digest may have been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MadeBy {
    /// The line or the user says so.
    This(Algorithm),
    /// By the length of the digest it is one of these.
    OneOf(&'static [Algorithm]),
}

impl MadeBy {
    /// All that may be meant.
    pub(super) fn all(self) -> &'static [Algorithm] {
        match self {
            MadeBy::This(algorithm) => algorithm.alone(),
            MadeBy::OneOf(algorithms) => algorithms,
        }
    }
}

/// Reads a line, without its newline. No line may have another algorithm than the one given, where one is. It must have
/// the form of those before it, where there are any.
pub(super) fn parse(line: &[u8], given: Option<Algorithm>, form: Option<Form>) -> Line {
    let Some((line, escaped)) = stripped(line) else { return Line::Nothing };
    let Some((made_by, hex, name)) = bsd(line, given).or_else(|| plain(line, given, form).map(|(parts, _)| parts))
    else {
        return foreign(line).map_or(Line::Improper, Line::Foreign);
    };
    match if escaped { unescaped(name) } else { Some(name.to_vec()) } {
        Some(name) => Line::Entry { made_by, hex: hex.to_ascii_lowercase(), name },
        None => Line::Improper,
    }
}

/// The form of a plain line; `None` of any other.
pub(super) fn form(line: &[u8], given: Option<Algorithm>) -> Option<Form> {
    let (line, _) = stripped(line)?;
    if bsd(line, given).is_some() { None } else { plain(line, given, None).map(|(_, form)| form) }
}

/// What is to be read of a line, and whether the name is escaped; `None` where it says nothing.
fn stripped(line: &[u8]) -> Option<(&[u8], bool)> {
    let line = if line.starts_with(b"#") { b"" } else { line.strip_suffix(b"\r").unwrap_or(line) };
    if line.is_empty() {
        return None;
    }
    let line = without_blanks(line);
    Some(line.strip_prefix(b"\\").map_or((line, false), |rest| (rest, true)))
}

/// How many hexadecimal digits a text begins with.
fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count()
}

/// The algorithm that a line names, in the BSD form or by the length of its digest, where parjob has none such.
fn foreign(line: &[u8]) -> Option<String> {
    const LONGEST: usize = 24;
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/' | b'_');
    let tag = &line[..line.iter().take_while(is_name).count()];
    if let Some((_, digest)) = tagged(&line[tag.len()..]) {
        let is_other = (1..=LONGEST).contains(&tag.len()) && Algorithm::with_tag(line).is_none();
        let is_digest = digest.len() >= 8 && digits(digest) == digest.len();
        return (is_other && is_digest).then(|| String::from_utf8_lossy(tag).into_owned());
    }
    let length = digits(line);
    let is_plain = matches!(&line[length..], [b' ' | b'\t', _, ..]) && Algorithm::of_len(length).is_empty();
    Some(Algorithm::others_of_len(length).to_string()).filter(|name| is_plain && !name.is_empty())
}

/// The name and what should be its digest, behind the tag of a line of the BSD form.
fn tagged(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"(")?;
    let end = memchr::memrchr(b')', rest)?;
    Some((&rest[..end], without_blanks(without_blanks(&rest[end + 1..]).strip_prefix(b"=")?)))
}

type Parts<'a> = (MadeBy, &'a [u8], &'a [u8]);

/// `SHA256 (name) = digest`: what `--tag` writes.
fn bsd(line: &[u8], given: Option<Algorithm>) -> Option<Parts<'_>> {
    let (algorithm, rest) = Algorithm::with_tag(line).filter(|(algorithm, _)| takes(given, *algorithm))?;
    let (name, digest) = tagged(rest)?;
    let is_digest = digest.len() == algorithm.hex_len() && digits(digest) == digest.len();
    is_digest.then_some((MadeBy::This(algorithm), digest, name))
}

/// `digest  name`, or ` *` between them: a file in binary mode, where a system makes a difference. xxhsum
/// writes `XXH3_` before the digest.
fn plain(line: &[u8], given: Option<Algorithm>, form: Option<Form>) -> Option<(Parts<'_>, Form)> {
    let xxh3 = line.strip_prefix(b"XXH3_").filter(|_| takes(given, Algorithm::Xxh3));
    let (given, line) = xxh3.map_or((given, line), |rest| (Some(Algorithm::Xxh3), rest));
    let (hex, rest) = line.split_at(digits(line));
    let made_by = match given {
        Some(algorithm) if hex.len() == algorithm.hex_len() => MadeBy::This(algorithm),
        Some(_) => return None,
        None => MadeBy::OneOf(Some(Algorithm::of_len(hex.len())).filter(|all| !all.is_empty())?),
    };
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"\t"))?;
    match (rest, form) {
        ([], _) => None,
        ([b' ' | b'*', name @ ..], None | Some(Form::Two)) if !name.is_empty() => {
            Some(((made_by, hex, name), Form::Two))
        }
        (_, Some(Form::Two)) => None,
        (name, _) => Some(((made_by, hex, name), Form::One)),
    }
}

fn takes(given: Option<Algorithm>, algorithm: Algorithm) -> bool {
    given.is_none_or(|given| given == algorithm)
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

    fn read(line: &str, algorithm: Algorithm) -> Line {
        parse(line.as_bytes(), Some(algorithm), None)
    }

    fn name_in(line: &str) -> Option<Vec<u8>> {
        match read(&line.replace("MD5", MD5).replace("TAG", "MD5"), Algorithm::Md5) {
            Line::Entry { made_by: MadeBy::This(Algorithm::Md5), hex, name } if hex == MD5.as_bytes() => Some(name),
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
        let upper = read(&format!("{}  a", MD5.to_uppercase()), Algorithm::Md5);
        assert!(matches!(upper, Line::Entry { hex, .. } if hex == MD5.as_bytes()));
    }

    #[test]
    fn the_tag_names_the_algorithm() {
        let line = format!("MD5 (a) = {MD5}");
        let is = |line: &str, expected| matches!(parse(line.as_bytes(), None, None), Line::Entry { made_by, .. } if made_by == MadeBy::This(expected));
        assert!(is(&line, Algorithm::Md5));
        assert!(is("XXH3 (a) = 2d06800538d394c2", Algorithm::Xxh3));
        assert!(is("XXH3_2d06800538d394c2  a", Algorithm::Xxh3));
        // Where another one was asked for, it is no line of it.
        let only = |algorithm| parse(line.as_bytes(), Some(algorithm), None);
        assert_eq!(only(Algorithm::Sha256), Line::Improper);
        assert!(matches!(only(Algorithm::Md5), Line::Entry { .. }));
        let other = Some(Algorithm::Md5);
        assert_eq!(parse(b"XXH3_2d06800538d394c2  a", other, None), Line::Improper);
    }

    #[test]
    fn n6_the_length_of_a_digest_says_what_may_have_made_it() {
        for (digits, expected) in [
            (16, &[Algorithm::Xxh3][..]),
            (32, &[Algorithm::Md5]),
            (40, &[Algorithm::Sha1]),
            (64, &[Algorithm::Blake3, Algorithm::Sha256]),
            (128, &[Algorithm::Sha512]),
        ] {
            let line = format!("{}  a", &"0aF".repeat(50)[..digits]);
            let got = parse(line.as_bytes(), None, None);
            assert!(matches!(got, Line::Entry { made_by: MadeBy::OneOf(all), .. } if all == expected), "{line}");
        }
        for digits in [0, 8, 31, 33, 55, 63, 65, 97, 127, 129] {
            let line = format!("{}  a", &"0".repeat(digits));
            assert_eq!(parse(line.as_bytes(), None, None), Line::Improper, "{line}");
        }
        for (digits, name) in [(56, "SHA-224"), (96, "SHA-384")] {
            let line = format!("{}  a", &"0".repeat(digits));
            assert_eq!(parse(line.as_bytes(), None, None), Line::Foreign(name.into()), "{line}");
            assert_eq!(parse(line.trim_end_matches(" a").as_bytes(), None, None), Line::Improper);
        }
    }

    #[test]
    fn n6_a_tag_may_name_what_is_not_there() {
        let digest = "0".repeat(64);
        for name in ["BLAKE2b", "BLAKE2b-256", "SHA3-256", "SHA512/256", "SHA2-512/256", "SM3", "HMAC-SHA256", "MD55"] {
            for line in
                [format!("{name} (a) = {digest}"), format!("{name}(a)= {digest}"), format!("\\{name} (a) = {digest}")]
            {
                assert_eq!(parse(line.as_bytes(), None, None), Line::Foreign(name.into()), "{line}");
            }
        }
        for line in ["f(x) = 12", "f(x) = 1234567g", "(a) = 12345678", "MD5 (a) = 12345678", "SHA2-256 (a) = 00000000"]
        {
            assert_eq!(parse(line.as_bytes(), None, None), Line::Improper, "{line}");
        }
        let own = format!("SHA2-256(a)= {digest}");
        assert!(matches!(
            parse(own.as_bytes(), None, None),
            Line::Entry { made_by: MadeBy::This(Algorithm::Sha256), .. }
        ));
    }

    #[test]
    fn forms_do_not_mix() {
        let (one, two) = (format!("{MD5} a"), format!("{MD5}  a"));
        assert_eq!(form(one.as_bytes(), Some(Algorithm::Md5)), Some(Form::One));
        assert_eq!(form(two.as_bytes(), Some(Algorithm::Md5)), Some(Form::Two));
        assert_eq!(form(format!("MD5 (a) = {MD5}").as_bytes(), Some(Algorithm::Md5)), None);
        assert_eq!(parse(one.as_bytes(), Some(Algorithm::Md5), Some(Form::Two)), Line::Improper);
        let led = parse(two.as_bytes(), Some(Algorithm::Md5), Some(Form::One));
        assert!(matches!(led, Line::Entry { name, .. } if name == b" a"));
    }

    #[test]
    fn what_is_not_understood() {
        for line in ["MD5", "MD5 ", "MD5a", "d41d  a", "x", "\\MD5  a\\x", "\\MD5  a\\", "TAG (a = MD5", "TAG (a) MD5"]
        {
            assert_eq!(name_in(line), None, "{line}");
        }
        assert_eq!(read(&format!("{MD5}0  a"), Algorithm::Md5), Line::Improper);
        assert_eq!(read(&format!("g{}  a", &MD5[1..]), Algorithm::Md5), Line::Improper);
        assert_eq!(read(&format!("{MD5}  a"), Algorithm::Sha1), Line::Improper);
        for line in ["", "\r", "# a comment"] {
            assert_eq!(read(line, Algorithm::Md5), Line::Nothing);
        }
    }
}
