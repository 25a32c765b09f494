//! JSON lines: an item is a line that holds an object, and its fields are looked up by name.
//!
//! The item stays the line, so that results show it. What stands in it is never converted: a number is given as it is
//! written, an object or array as it is written without the blanks. `null` is no value, as if the name were not there.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Error;
use serde_json::value::RawValue;

use crate::base::failure::Failure;

/// Finds out whether an item is a JSON object.
///
/// # Errors
///
/// Why it is none.
pub fn check(item: &[u8]) -> Result<(), Failure> {
    let value: &RawValue = serde_json::from_slice(item).map_err(|error| no_json(&error))?;
    match value.get().as_bytes().first() {
        Some(b'{') => Ok(()),
        _ => Err(Failure::constant("is JSON, but not an object; --jsonl looks fields up by name")),
    }
}

/// The value that a path leads to in an item, as text: `name`, `a.b` for a name in the object of another, `a.0` for an
/// element of an array. A name may hold dots itself; where several could be meant, the longest name counts. Of equal
/// names in one object the last counts. `None` where the path leads nowhere, or to `null`.
///
/// # Errors
///
/// The item is not JSON, or the value is a text with what is no character, or with NUL.
pub fn lookup<'a>(item: &'a [u8], path: &[u8]) -> Result<Option<Cow<'a, [u8]>>, Failure> {
    let mut value: &RawValue = serde_json::from_slice(item).map_err(|error| no_json(&error))?;
    let mut rest = Some(path);
    while let Some(path) = rest {
        let Some((found, left)) = step(value, path).map_err(|error| no_json(&error))? else { return Ok(None) };
        (value, rest) = (found, left);
    }
    text(value.get())
}

/// A value on the way, and what is left of the path.
type Found<'a, 'p> = (&'a RawValue, Option<&'p [u8]>);

/// The value at the beginning of the path.
fn step<'a, 'p>(value: &'a RawValue, path: &'p [u8]) -> Result<Option<Found<'a, 'p>>, Error> {
    let rest = |name: &str| match path.strip_prefix(name.as_bytes())? {
        b"" => Some(None),
        rest => rest.strip_prefix(b".").map(Some),
    };
    match value.get().as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(value.get())?;
            let fitting = members.into_iter().filter_map(|(name, value)| Some((name.len(), value, rest(&name)?)));
            Ok(fitting.max_by_key(|(length, ..)| *length).map(|(_, value, rest)| (value, rest)))
        }
        Some(b'[') => {
            let end = memchr::memchr(b'.', path).unwrap_or(path.len());
            let place = std::str::from_utf8(&path[..end]).ok().and_then(|digits| digits.parse::<usize>().ok());
            let Some(place) = place else { return Ok(None) };
            let elements: Vec<&RawValue> = serde_json::from_str(value.get())?;
            Ok(elements.get(place).map(|value| (*value, path.get(end + 1..))))
        }
        _ => Ok(None),
    }
}

/// A value as text.
fn text(value: &str) -> Result<Option<Cow<'_, [u8]>>, Failure> {
    match value.as_bytes().first() {
        Some(b'"') if !value.contains('\\') => Ok(Some(Cow::Borrowed(&value.as_bytes()[1..value.len() - 1]))),
        Some(b'"') => match serde_json::from_str::<String>(value) {
            Ok(text) if text.contains('\0') => {
                Err(Failure::item(format!("holds {value}, and no argument can hold its NUL")))
            }
            Ok(text) => Ok(Some(Cow::Owned(text.into_bytes()))),
            Err(_) => Err(Failure::item(format!("holds {value}, of which a part is no character"))),
        },
        Some(b'n') => Ok(None),
        Some(b'{' | b'[') => Ok(Some(Cow::Owned(compact(value)))),
        _ => Ok(Some(Cow::Borrowed(value.as_bytes()))),
    }
}

/// The same value without the blanks outside its strings.
fn compact(value: &str) -> Vec<u8> {
    let (mut within, mut escaped) = (false, false);
    let keep = |byte: &u8| {
        let kept = within || !byte.is_ascii_whitespace();
        if *byte == b'"' && !escaped {
            within = !within;
        }
        escaped = within && *byte == b'\\' && !escaped;
        kept
    };
    value.bytes().filter(keep).collect()
}

fn no_json(error: &Error) -> Failure {
    Failure::item(format!("is not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    const ITEM: &str = r#" {"name": "Ada \u00e9\n", "n": 1.50e+07, "big": 123456789012345678901234567890, "no": null,
        "yes": true, "list": [10, {"x": "deep"}, [ 1 , " a \" b " ]], "a": {"b": 1, "b.c": 2}, "a.b": 3, "": 4,
        "twice": 1, "twice": 2, "zero": -0.0} "#;

    fn at(path: &str) -> Option<String> {
        lookup(ITEM.as_bytes(), path.as_bytes()).unwrap().map(|text| String::from_utf8(text.into_owned()).unwrap())
    }

    #[test]
    fn values_are_as_they_are_written() {
        for (path, expected) in [
            ("name", "Ada é\n"),
            ("n", "1.50e+07"),
            ("big", "123456789012345678901234567890"),
            ("zero", "-0.0"),
            ("yes", "true"),
            ("twice", "2"),
            ("", "4"),
            ("list.0", "10"),
            ("list.1.x", "deep"),
            ("list.2", r#"[1," a \" b "]"#),
            ("a", r#"{"b":1,"b.c":2}"#),
        ] {
            assert_eq!(at(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn the_longest_name_counts() {
        assert_eq!(at("a.b").as_deref(), Some("3"));
        assert_eq!(at("a.b.c"), None);
        assert_eq!(lookup(br#"{"a":{"b.c":2,"b":{"c":1}}}"#, b"a.b.c").unwrap().unwrap(), &b"2"[..]);
    }

    #[test]
    fn what_is_not_there_is_none() {
        for path in ["no", "No", "name.x", "list.3", "list.-1", "list.x", "list.1.y", "n.0", "a.", "a..b", "list."] {
            assert_eq!(at(path), None, "{path}");
        }
    }

    #[test]
    fn what_is_no_object_is_told() {
        check(ITEM.as_bytes()).unwrap();
        check(b"{}\r").unwrap();
        for (item, cause) in [
            (&b"[1]"[..], "is JSON, but not an object; --jsonl looks fields up by name"),
            (b"{a:1}", "is not JSON: key must be a string at line 1 column 2"),
            (b"", "is not JSON: EOF while parsing a value at line 1 column 0"),
            (b"{} {}", "is not JSON: trailing characters at line 1 column 4"),
        ] {
            assert_eq!(check(item).unwrap_err().to_string(), cause);
        }
        assert!(check(b"{\"a\":\"\xff\"}").is_err());
        assert!(lookup(br#"{"a":"\u0000"}"#, b"a").unwrap_err().to_string().contains("NUL"));
        assert!(lookup(br#"{"a":"\ud800"}"#, b"a").unwrap_err().to_string().contains("no character"));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(name in "\\PC{0,8}", text in "[^\0]{0,12}") {
            let item = serde_json::to_vec(&serde_json::json!({ name.clone(): text.clone(), "other": 1 })).unwrap();
            prop_assert_eq!(lookup(&item, name.as_bytes()).unwrap().unwrap(), text.as_bytes());
        }

        #[test]
        fn without_blanks_it_is_the_same_value(text in "[ \"\\\\a\n]{0,12}", n in any::<i32>()) {
            let value = serde_json::json!({ "a": [text, { "b c": n }] });
            let item = serde_json::to_string_pretty(&value).unwrap();
            let compact = compact(&item);
            prop_assert_eq!(&compact, &value.to_string().into_bytes());
            prop_assert_eq!(serde_json::from_slice::<Value>(&compact).unwrap(), value);
        }

        #[test]
        fn no_bytes_make_it_panic(item in prop::collection::vec(any::<u8>(), 0..40), path in "[a.0]{0,6}") {
            let _ = lookup(&item, path.as_bytes());
        }
    }
}
