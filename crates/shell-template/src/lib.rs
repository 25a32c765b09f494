//! Templates: words with placeholders such as `{}`, `{.}`, `{2/}` and `{name}`, and shell scripts with them in which no value
//! can become code ([`quote`]).
//!
//! A template is parsed once, before anything runs, and that
//! is also when a placeholder that can never have a value is found. Expanding it for an item copies bytes into
//! a [`Sink`], which may be used again for the next item: nothing is allocated per item once the buffers have grown.
//! But for [`quote`], nothing here knows of shells: a value is one word, or a part of one, whatever its bytes are.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub mod cost;
pub mod placeholder;
pub mod quote;

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use bstr::ByteSlice;

use self::cost::{Cost, DIGITS, WORD};
use self::placeholder::{Known, Part, parts};

/// Why a template cannot be used: what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The only placeholder is an empty text.
    EmptyToken,
    /// A placeholder has the number of a field that items do not have.
    NoField {
        /// What stands in its braces.
        placeholder: Vec<u8>,
        /// The fields of each item.
        fields: usize,
    },
    /// Values cannot be put into a script.
    Script(String),
}

/// What reading a template gives.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::EmptyToken => write!(f, "the placeholder is empty: name at least one character"),
            Error::NoField { placeholder, fields: 1 } => {
                write!(f, "there is no {{{}}}: an item has one field", placeholder.as_bstr())
            }
            Error::NoField { placeholder, fields } => {
                write!(f, "there is no {{{}}}: an item has {fields} fields", placeholder.as_bstr())
            }
            Error::Script(why) => write!(f, "values cannot be put into this script safely: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// An item that has fields.
pub trait Fields<'a>: Copy {
    /// The fields in order, at least one.
    fn fields(self) -> impl Iterator<Item = &'a [u8]> + Clone;
}

/// An item that is its only field.
impl<'a> Fields<'a> for &'a [u8] {
    fn fields(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        std::iter::once(self)
    }
}

impl<'a> Fields<'a> for &'a [&'a [u8]] {
    fn fields(self) -> impl Iterator<Item = &'a [u8]> + Clone {
        self.iter().copied()
    }
}

/// Where the words of a command go.
pub trait Sink {
    /// Appends the word that `write` appends to the bytes that it is given.
    fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>));

    /// Appends a word.
    fn push(&mut self, word: &[u8]) {
        self.push_with(|out| out.extend_from_slice(word));
    }
}

impl Sink for Vec<Vec<u8>> {
    fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut word = Vec::new();
        write(&mut word);
        Vec::push(self, word);
    }
}

/// The values of one item.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a, F = &'a [u8]> {
    /// The item and its fields.
    pub item: F,
    /// Names and their values, of those that [`Template::names`] asks for. A name that is missing is empty.
    pub names: &'a [(&'a [u8], &'a [u8])],
    /// The item's number, from 1.
    pub seq: u64,
    /// The worker's number, from 1.
    pub worker: usize,
}

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// All fields, joined by a space.
    Item,
    /// The item's number.
    Seq,
    /// The worker's number.
    Worker,
    /// One field, from 1, or from the end where negative.
    Field(i32),
    /// The value of a name that is looked up in each item.
    Name(Vec<u8>),
}

/// Which part of a value is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All of it.
    Whole,
    /// Without its last extension: `.`.
    Stem,
    /// What follows the last slash: `/`.
    Base,
    /// The folder: `//`.
    Folder,
    /// What follows the last slash, without its last extension: `/.`.
    BaseStem,
}

/// A placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it stands for.
    pub value: Value,
    /// The part of it.
    pub form: Form,
}

/// The words of a command, or one word.
#[derive(Clone, Debug)]
pub struct Template {
    words: Vec<Word>,
    /// Items are appended: nothing else says where they belong.
    appends: bool,
}

#[derive(Clone, Debug)]
struct Word {
    parts: Vec<Part>,
    /// It differs from item to item, and so is repeated for each item of a batch.
    varies: bool,
}

impl Template {
    /// Finds the placeholders in `words`.
    ///
    /// # Errors
    /// A field number beyond the known number of fields.
    pub fn parse(words: &[OsString], known: &Known) -> Result<Template> {
        let word = |word: &OsString| {
            let parts = parts(word.as_bytes(), known)?;
            let varies = slots_of(&parts).any(Slot::varies);
            Ok(Word { parts, varies })
        };
        let words: Vec<Word> = words.iter().map(word).collect::<Result<_>>()?;
        let has_placeholder = words.iter().flat_map(|word| slots_of(&word.parts)).next().is_some();
        Ok(Template { words, appends: !has_placeholder && !known.apart })
    }

    /// Whether items are appended, since there is no placeholder for them.
    pub fn appends(&self) -> bool {
        self.appends
    }

    /// Whether the first word, the program, holds a placeholder.
    pub fn may_vary_program(&self) -> bool {
        self.words.first().is_some_and(|word| slots_of(&word.parts).next().is_some())
    }

    /// The names that [`Values::names`] must hold, in the order in which they are written.
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.slots().filter_map(Slot::name)
    }

    /// Appends the words of a command for `items`, of which there must be at least one. A word that varies is
    /// repeated for each item; without any placeholder each field of each item is a word at the end.
    pub fn expand<'a, F: Fields<'a>>(&self, items: &[Values<'a, F>], words: &mut impl Sink) {
        for word in &self.words {
            let times = if word.varies { items } else { &items[..items.len().min(1)] };
            for values in times {
                words.push_with(|out| write(&word.parts, values, out));
            }
        }
        if self.appends {
            for field in items.iter().flat_map(Values::fields) {
                words.push(field);
            }
        }
    }

    /// Appends the text of a template of one word for one item. Nothing is appended where there is no placeholder.
    pub fn bytes<'a, F: Fields<'a>>(&self, values: &Values<'a, F>, out: &mut Vec<u8>) {
        for word in &self.words {
            write(&word.parts, values, out);
        }
    }

    /// What the words for several items take at the most.
    pub fn cost(&self, fields: Option<usize>) -> Cost {
        let mut cost = Cost { fixed: 0, per_item: 0, per_byte: 0, most: usize::MAX };
        for word in &self.words {
            let text: usize =
                word.parts.iter().map(|part| if let Part::Text(text) = part { text.len() } else { 0 }).sum();
            let slots = slots_of(&word.parts).count();
            // A value has no more bytes than its item; a number is short. A dot stands for no folder.
            let size = text + slots * DIGITS + WORD;
            if word.varies {
                cost.per_item += size;
                cost.per_byte += slots;
            } else {
                cost.fixed += size;
            }
        }
        if self.appends {
            // Where nobody knows how many fields there are, each byte may be one.
            cost.per_item += fields.map_or(WORD, |fields| fields * WORD);
            cost.per_byte += if fields.is_some() { 1 } else { WORD };
        }
        cost
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.words.iter().flat_map(|word| slots_of(&word.parts))
    }
}

fn slots_of(parts: &[Part]) -> impl Iterator<Item = &Slot> {
    parts.iter().filter_map(|part| if let Part::Slot(slot, _) = part { Some(slot) } else { None })
}

fn write<'a, F: Fields<'a>>(parts: &[Part], values: &Values<'a, F>, out: &mut Vec<u8>) {
    for part in parts {
        match part {
            Part::Text(text) => out.extend_from_slice(text),
            Part::Slot(slot, _) => slot.write(values, out),
        }
    }
}

impl<'a, F: Fields<'a>> Values<'a, F> {
    /// The fields in order, at least one.
    pub fn fields(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a, F> {
        self.item.fields()
    }

    /// A field by its number, from 1, or from the end where negative; empty where there is none.
    fn field(&self, number: i32) -> &'a [u8] {
        let back = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
        let before = if number < 0 { self.fields().count().checked_sub(back) } else { back.checked_sub(1) };
        before.and_then(|before| self.fields().nth(before)).unwrap_or_default()
    }

    fn name(&self, name: &[u8]) -> &'a [u8] {
        self.names.iter().find(|(known, _)| *known == name).map_or(&[], |(_, value)| value)
    }
}

impl Slot {
    /// Appends the value for an item.
    pub fn write<'a, F: Fields<'a>>(&self, values: &Values<'a, F>, out: &mut Vec<u8>) {
        match &self.value {
            // A form is taken of each field, as GNU parallel does.
            Value::Item => {
                for (n, field) in values.fields().enumerate() {
                    if n > 0 {
                        out.push(b' ');
                    }
                    out.extend_from_slice(self.form.of(field));
                }
            }
            Value::Seq => out.extend_from_slice(itoa::Buffer::new().format(values.seq).as_bytes()),
            Value::Worker => out.extend_from_slice(itoa::Buffer::new().format(values.worker).as_bytes()),
            Value::Field(number) => out.extend_from_slice(self.form.of(values.field(*number))),
            Value::Name(name) => out.extend_from_slice(self.form.of(values.name(name))),
        }
    }

    /// Whether two items of one command may give different values.
    pub fn varies(&self) -> bool {
        self.value != Value::Worker
    }

    /// The name that must be looked up.
    pub fn name(&self) -> Option<&[u8]> {
        if let Value::Name(name) = &self.value { Some(name) } else { None }
    }
}

impl Form {
    /// That part of a value.
    pub fn of(self, value: &[u8]) -> &[u8] {
        match self {
            Form::Whole => value,
            Form::Stem => stem(value),
            Form::Base => base(value),
            Form::Folder => folder(value),
            Form::BaseStem => stem(base(value)),
        }
    }
}

/// Without the last extension. What begins with its only dots has none: `.bashrc`, and also `..x`, which must
/// not become the folder `.`.
fn stem(value: &[u8]) -> &[u8] {
    let base = base(value);
    let Some(dot) = memchr::memrchr(b'.', base) else { return value };
    let is_extension = dot + 1 < base.len() && base[..dot].iter().any(|byte| *byte != b'.');
    if is_extension { &value[..value.len() - base.len() + dot] } else { value }
}

fn base(value: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', value).map_or(value, |slash| &value[slash + 1..])
}

fn folder(value: &[u8]) -> &[u8] {
    let path = value.trim_end_with(|c| c == '/');
    let folder = path[..path.len() - base(path).len()].trim_end_with(|c| c == '/');
    match folder {
        [] if value.first() == Some(&b'/') => b"/",
        [] => b".",
        folder => folder,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    const LINES: Known = Known { fields: Some(1), names: &[], token: None, any_name: false, apart: false };

    type Item = Values<'static, &'static [&'static [u8]]>;

    /// Fields are separated by newlines.
    fn item(fields: &str) -> Item {
        let fields: Vec<&[u8]> = fields.split('\n').map(|field| &*field.as_bytes().to_vec().leak()).collect();
        Values { item: fields.leak(), names: &[], seq: 7, worker: 2 }
    }

    fn bytes(item: &'static [u8]) -> Item {
        Values { item: vec![item].leak(), names: &[], seq: 7, worker: 2 }
    }

    fn parsed(words: &[&str], known: &Known) -> Template {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        Template::parse(&words, known).unwrap()
    }

    fn expanded(words: &[&str], known: &Known, items: &[Item]) -> Vec<String> {
        let mut out = Vec::new();
        parsed(words, known).expand(items, &mut out);
        out.into_iter().map(|word| String::from_utf8(word).unwrap()).collect()
    }

    /// One word for one item.
    fn word(word: &str, known: &Known, values: &Item) -> String {
        let mut out = Vec::new();
        parsed(&[word], known).bytes(values, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_item_has_forms() {
        let table = [
            // item, {.}, {/}, {//}, {/.}
            ("a/b.c", "a/b", "b.c", "a", "b"),
            ("dir.d/bar", "dir.d/bar", "bar", "dir.d", "bar"),
            ("x.tar.gz", "x.tar", "x.tar.gz", ".", "x.tar"),
            (".bashrc", ".bashrc", ".bashrc", ".", ".bashrc"),
            ("a/.bashrc", "a/.bashrc", ".bashrc", "a", ".bashrc"),
            (".bashrc.old", ".bashrc", ".bashrc.old", ".", ".bashrc"),
            ("x.", "x.", "x.", ".", "x."),
            ("..x", "..x", "..x", ".", "..x"),
            ("..", "..", "..", ".", ".."),
            ("foo", "foo", "foo", ".", "foo"),
            ("/foo", "/foo", "foo", "/", "foo"),
            ("//foo", "//foo", "foo", "/", "foo"),
            ("a/", "a/", "", ".", ""),
            ("a/b/", "a/b/", "", "a", ""),
            ("a//b", "a//b", "b", "a", "b"),
            ("/", "/", "", "/", ""),
            ("", "", "", ".", ""),
        ];
        for (value, stem, base, folder, base_stem) in table {
            let all = word("{}|{.}|{/}|{//}|{/.}", &LINES, &item(value));
            assert_eq!(all, format!("{value}|{stem}|{base}|{folder}|{base_stem}"), "of {value:?}");
        }
    }

    #[test]
    fn fields_have_forms_too() {
        let known = Known { fields: Some(2), ..LINES };
        let values = item("a/b.c\nd");
        assert_eq!(word("{1} {1.} {1/} {1//} {1/.}", &known, &values), "a/b.c a/b b.c a b");
        assert_eq!(word("{2} {-1} {-2}", &known, &values), "d d a/b.c");
    }

    #[test]
    fn an_item_of_several_fields_is_joined_by_spaces() {
        let known = Known { fields: Some(2), ..LINES };
        assert_eq!(expanded(&["echo", "{}", "{.}"], &known, &[item("a.b\nc.d")]), ["echo", "a.b c.d", "a c"]);
    }

    #[test]
    fn a_field_that_a_record_lacks_is_empty() {
        let known = Known { fields: None, ..LINES };
        assert_eq!(word("<{3}|{-3}|{2147483648}|{-99999999999}>", &known, &item("a\nb")), "<|||>");
    }

    #[test]
    fn names_are_tried_whole_before_their_forms() {
        let names = ["a", "a.", "x/", "x", "b}c", "2", "2020", "#", ""].map(|name| name.as_bytes().to_vec());
        let known = Known { fields: Some(9), names: &names, ..LINES };
        let values = item("1.z\n2.z\n3.z\n4.z\n5.z\n6.z\n7.z\n8.z\n9.z");
        assert_eq!(word("{a} {a/} {a.} {a..} {x/} {x/.} {x//}", &known, &values), "1.z 1.z 2.z 2 3.z 3 3.z");
        assert_eq!(word("{b}c} {b} {2} {2020.} {#}", &known, &values), "5.z {b} 2.z 7 7");
    }

    #[test]
    fn any_name_may_be_asked_for() {
        let known = Known { fields: None, any_name: true, ..LINES };
        let values = Values { names: &[(b"a", b"x.y"), (b"a.b", b"z.w")], ..item("") };
        assert_eq!(word("{a} {a.} {a.b} {a.b.} <{c}> {a b} {a..b}", &known, &values), "x.y x z.w z <> {a b} {a..b}");
        let asked: Vec<Vec<u8>> = parsed(&["{b.c.}", "{a}"], &known).names().map(<[u8]>::to_vec).collect();
        assert_eq!(asked, [b"b.c".to_vec(), b"a".to_vec()]);
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        for text in ["{print $1}", "{0}", "{-0}", "{01}", "{+1}", "{name}", "{", "}", "{a", "{1,2}", "{#.}", "{///}"] {
            assert_eq!(word(text, &LINES, &item("x")), text);
        }
        assert_eq!(word("{{}} {{} ${}}", &LINES, &item("x")), "{x} {x $x}");
    }

    #[test]
    fn a_number_beyond_the_fields_is_an_error() {
        for (text, fields, complaint) in [
            ("a{2}", 1, "there is no {2}: an item has one field"),
            ("{-2}", 1, "there is no {-2}: an item has one field"),
            ("{3/.}", 2, "there is no {3/.}: an item has 2 fields"),
            ("{99999999999}", 2, "there is no {99999999999}: an item has 2 fields"),
        ] {
            let error =
                Template::parse(&[text.into()], &Known { fields: Some(fields), ..LINES }).unwrap_err().to_string();
            assert_eq!(error, complaint);
        }
    }

    #[test]
    fn another_placeholder_leaves_braces_alone() {
        let known = Known { token: Some(b"@@"), ..LINES };
        assert_eq!(expanded(&["x@@y@@", "{}", "{2}", "@"], &known, &[item("i")]), ["xiyi", "{}", "{2}", "@"]);
        assert!(Template::parse(&[], &LINES).is_ok());
        assert!(Template::parse(&["x".into()], &Known { token: Some(b""), ..LINES }).is_err());
    }

    #[test]
    fn without_a_placeholder_the_fields_are_appended() {
        let known = Known { fields: Some(2), ..LINES };
        assert!(parsed(&["echo"], &known).appends());
        assert_eq!(expanded(&["echo"], &known, &[item("a b\nc"), item("\nd")]), ["echo", "a b", "c", "", "d"]);
        assert_eq!(expanded(&["echo", "{#}"], &known, &[item("a\nb")]), ["echo", "7"]);
    }

    #[test]
    fn words_that_vary_are_repeated_for_each_item_of_a_batch() {
        let items = [item("1"), Values { seq: 8, ..item("2") }];
        assert_eq!(
            expanded(&["c", "x{}y", "{#}", "{%}", "{%}{/}"], &LINES, &items),
            ["c", "x1y", "x2y", "7", "8", "2", "21", "22"]
        );
    }

    #[test]
    fn the_program_may_be_a_placeholder() {
        assert!(parsed(&["./{}", "x"], &LINES).may_vary_program());
        assert!(!parsed(&["x", "{}"], &LINES).may_vary_program());
    }

    #[test]
    fn values_are_bytes() {
        let every: Vec<u8> = (1..=255).filter(|byte| *byte != b'\n').collect();
        let mut out = Vec::new();
        parsed(&["a{}", "{}"], &LINES).expand(&[bytes(every.clone().leak())], &mut out);
        assert_eq!(out, [[b"a", &every[..]].concat(), every]);
    }
}
