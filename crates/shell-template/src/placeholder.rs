//! Placeholders: which stretches of a text stand for a value.
//!
//! Read once. What looks like a placeholder
//! and is none stays text (`awk '{print $1}'`), but a number beyond the fields is an error: `grep 'a{2}'` must not
//! lose its `{2}` in silence.

use bstr::ByteSlice;

use crate::{Error, Form, Result, Slot, Value};

/// What is known of the items before the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The fields of each item: 1 for plain lines, one for each source; `None` where items differ.
    pub fields: Option<usize>,
    /// The names of the fields in their order; empty where there are none.
    pub names: &'a [Vec<u8>],
    /// The only placeholder; braces are then literal.
    pub token: Option<&'a [u8]>,
    /// Every `{word}` and `{a.b}` is a name.
    pub any_name: bool,
    /// Items reach a command in another way, and are not appended to one without a placeholder.
    pub apart: bool,
}

/// A stretch of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes that stay as they are.
    Text(Vec<u8>),
    /// A placeholder, with the text that it was written as.
    Slot(Slot, Vec<u8>),
}

/// The forms by what they end a placeholder with, the longer ones first.
const FORMS: [(&[u8], Form); 5] =
    [(b"//", Form::Folder), (b"/.", Form::BaseStem), (b"/", Form::Base), (b".", Form::Stem), (b"", Form::Whole)];

/// Parts a word into text and placeholders.
///
/// # Errors
/// A field number beyond the known number of fields.
pub fn parts(word: &[u8], known: &Known) -> Result<Vec<Part>> {
    if known.token == Some(b"") {
        return Err(Error::EmptyToken);
    }
    let first = known.token.map_or(b'{', |token| token[0]);
    let (mut parts, mut text) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(skip) = memchr::memchr(first, &word[at..]) {
        at += skip;
        let Some((slot, length)) = placeholder(&word[at..], known)? else {
            at += 1;
            continue;
        };
        if text < at {
            parts.push(Part::Text(word[text..at].to_vec()));
        }
        parts.push(Part::Slot(slot, word[at..at + length].to_vec()));
        at += length;
        text = at;
    }
    if text < word.len() {
        parts.push(Part::Text(word[text..].to_vec()));
    }
    Ok(parts)
}

/// What looks like the name of a field, and names none: it stays as it is, and is likely mistyped. Not `${name}`, which is
/// a shell's.
///
/// # Errors
/// Those of [`parts`].
pub fn unknown_names(word: &[u8], known: &Known) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for part in parts(word, known)? {
        let Part::Text(text) = part else { continue };
        for open in memchr::memchr_iter(b'{', &text).filter(|open| *open == 0 || text[open - 1] != b'$') {
            let Some(length) = text[open..].find_byte(b'}') else { break };
            let inside = &text[open + 1..open + length];
            let stem = FORMS.iter().find_map(|(suffix, _)| inside.strip_suffix(*suffix)).unwrap_or(inside);
            if is_path(stem) && !stem.contains(&b'.') {
                found.push(text[open..=open + length].to_vec());
            }
        }
    }
    Ok(found)
}

/// The placeholder that `text` begins with, and its length.
fn placeholder(text: &[u8], known: &Known) -> Result<Option<(Slot, usize)>> {
    if let Some(token) = known.token {
        let slot = || (Slot { value: Value::Item, form: Form::Whole }, token.len());
        return Ok(text.starts_with(token).then(slot));
    }
    let Some(inside) = text.strip_prefix(b"{") else { return Ok(None) };
    // A name may hold a closing brace, so names are looked for before the end is.
    if let Some((slot, length)) = header_name(inside, known) {
        return Ok(Some((slot, length + 2)));
    }
    let Some(end) = inside.find_byte(b'}') else { return Ok(None) };
    let slot = unnamed(&inside[..end], known)?;
    Ok(slot.map(|slot| (slot, end + 2)))
}

/// A name of the header that `inside` begins with: whole before it is tried with a form, and the longest one. What
/// can be a number of a field, or one of the signs, is that.
fn header_name(inside: &[u8], known: &Known) -> Option<(Slot, usize)> {
    let is_free = |name: &[u8]| !is_sign(name) && !number(name).is_some_and(|n| is_within(n, known.names.len()));
    let with = |suffix: &'static [u8], form| {
        let fits = |name: &[u8]| {
            let rest = inside.strip_prefix(name).and_then(|rest| rest.strip_prefix(suffix));
            rest.is_some_and(|rest| rest.starts_with(b"}"))
        };
        let names = known.names.iter().enumerate().rev();
        let found = names.filter(|(_, name)| fits(name) && is_free(name)).max_by_key(|(_, name)| name.len())?;
        let field = i32::try_from(found.0 + 1).ok()?;
        Some((Slot { value: Value::Field(field), form }, found.1.len() + suffix.len()))
    };
    let whole_first = FORMS.iter().rev();
    whole_first.into_iter().find_map(|(suffix, form)| with(suffix, *form))
}

/// What means the item or a number in any template, whatever the header says.
fn is_sign(name: &[u8]) -> bool {
    matches!(name, b"#" | b"%") || FORMS.iter().any(|(suffix, _)| *suffix == name)
}

/// A placeholder without a name of the header, by what stands in its braces.
fn unnamed(inside: &[u8], known: &Known) -> Result<Option<Slot>> {
    match inside {
        b"#" => return Ok(Some(Slot { value: Value::Seq, form: Form::Whole })),
        b"%" => return Ok(Some(Slot { value: Value::Worker, form: Form::Whole })),
        _ => {}
    }
    for (suffix, form) in FORMS {
        let Some(stem) = inside.strip_suffix(suffix) else { continue };
        let value = if stem.is_empty() {
            Value::Item
        } else if let Some(number) = number(stem) {
            check(number, inside, known)?;
            Value::Field(number)
        } else if known.any_name && is_path(stem) {
            Value::Name(stem.to_vec())
        } else {
            continue;
        };
        return Ok(Some(Slot { value, form }));
    }
    Ok(None)
}

/// A number as it is written: no plus sign, no zero before it. One beyond all numbers is the largest.
fn number(text: &[u8]) -> Option<i32> {
    let (sign, digits) = text.strip_prefix(b"-").map_or((1, text), |digits| (-1, digits));
    let is_number = digits.iter().all(u8::is_ascii_digit) && digits.first().is_some_and(|first| *first != b'0');
    is_number.then(|| sign * digits.to_str().ok().and_then(|digits| digits.parse().ok()).unwrap_or(i32::MAX))
}

fn is_within(number: i32, fields: usize) -> bool {
    usize::try_from(number.unsigned_abs()).is_ok_and(|number| number <= fields)
}

fn check(number: i32, inside: &[u8], known: &Known) -> Result<()> {
    match known.fields.filter(|fields| !is_within(number, *fields)) {
        Some(fields) => Err(Error::NoField { placeholder: inside.to_vec(), fields }),
        None => Ok(()),
    }
}

/// `word` or `a.b`, as values inside values are named.
fn is_path(name: &[u8]) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | 0x80..);
    name.split(|byte| *byte == b'.').all(|word| !word.is_empty() && word.iter().all(is_word))
        && !name.first().is_some_and(|first| first.is_ascii_digit() || *first == b'-')
}
