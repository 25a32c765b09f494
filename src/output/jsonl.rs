//! `--format jsonl`, version 1: one JSON object a line.
//!
//! For a map `v, seq, item, ok, result | error`, after which an operation may tell more, in numbers and words, and where nothing was to be done `skipped`; for a fold `v, op, n, result`; for a process what [`facts`] names,
//! then what it printed. Results are strings, since JSON's readers round numbers. Bytes that are not UTF-8 become
//! `{"b64": …}`; an item with fields an array, and so do the items of a batch. Written by hand rather than
//! through a serializer: the keys are known, this is the inner loop, and what a process printed may be longer than
//! memory.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::facts::{self, Fact};
use super::long::{Line, is_utf8};
use super::{Body, Done, Format, Output, rows};
use crate::base::item::{Chunk, Fields, Item};
use crate::base::result::{Amount, Answer, Detail, Results, Value};

/// One JSON object a line.
pub(super) struct Jsonl;

impl Format for Jsonl {
    fn begin(&self, _out: &mut Vec<u8>) {}

    fn chunk(&self, chunk: &Chunk<'_>, results: &mut Results, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        out.reserve(results.bytes.len() + chunk.bytes.len() + chunk.count * 56);
        for (seq, row) in (chunk.first.0..).zip(rows(chunk, results)) {
            out.extend_from_slice(b"{\"v\":1,\"seq\":");
            out.extend_from_slice(digits.format(seq).as_bytes());
            out.extend_from_slice(b",\"item\":");
            json_item(&row.item, out);
            match row.result() {
                Ok(result) => {
                    out.extend_from_slice(b",\"ok\":true,\"result\":");
                    json_string(result, out);
                    if row.is_skipped {
                        out.extend_from_slice(b",\"skipped\":true");
                    }
                    row.details.iter().for_each(|detail| push_detail(detail, out));
                }
                Err(error) => {
                    out.extend_from_slice(b",\"ok\":false,\"error\":");
                    json_string(error.as_bytes(), out);
                    if !row.traceback.is_empty() {
                        push_key("traceback", out);
                        json_string(row.traceback.as_bytes(), out);
                    }
                    if !row.said.is_empty() {
                        push_key("stderr", out);
                        json_string(row.said, out);
                    }
                }
            }
            out.extend_from_slice(b"}\n");
        }
    }

    fn process(&self, done: &Done<'_>, output: &mut Output) -> io::Result<()> {
        let mut line = Line::like(&output.out);
        push_facts(done, line.bytes());
        for (name, body) in facts::PRINTED.into_iter().zip([&output.out, &output.err]) {
            push_key(name, line.bytes());
            append_string(body, &mut line)?;
        }
        push_end(done, line.bytes());
        *output = Output { out: line.finish()?, err: output.err.like() };
        Ok(())
    }

    fn answer(&self, operation: &str, answer: &Answer, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"v\":1,\"op\":");
        json_string(operation.as_bytes(), out);
        out.extend_from_slice(format!(",\"n\":{},\"result\":", answer.n).as_bytes());
        match &answer.value {
            Value::One(value) => json_string(value.as_bytes(), out),
            Value::Table(rows) => push_object(rows, out),
        }
        out.extend_from_slice(b"}\n");
    }
}

/// A member: its name, and a text, or a number that every reader of JSON keeps.
fn push_detail(Detail { name, value }: &Detail, out: &mut Vec<u8>) {
    push_key(name, out);
    match value {
        Amount::Count(count) => out.extend_from_slice(count.to_string().as_bytes()),
        Amount::Seconds(seconds) => out.extend_from_slice(format!("{seconds:.6}").as_bytes()),
        Amount::Text(text) => json_string(text.as_bytes(), out),
    }
}

/// The object that stands beside the files in which `--results` keeps what a process printed.
pub(super) fn push_outcome(done: &Done<'_>, output: &Output, out: &mut Vec<u8>) {
    push_facts(done, out);
    out.extend_from_slice(
        format!(",\"stdout_bytes\":{},\"stderr_bytes\":{}", output.out.len(), output.err.len()).as_bytes(),
    );
    push_end(done, out);
}

/// The beginning of an object: all that is known but what the process printed.
fn push_facts(done: &Done<'_>, out: &mut Vec<u8>) {
    for (n, (name, fact)) in facts::NAMES.into_iter().zip(done.facts()).enumerate() {
        if n == 0 {
            out.extend_from_slice(b"{\"v\":");
        } else {
            push_key(name, out);
        }
        match fact {
            Fact::Null => out.extend_from_slice(b"null"),
            Fact::Plain(value) => out.extend_from_slice(value.as_bytes()),
            Fact::Text(text) => json_string(text.as_bytes(), out),
            Fact::Items(chunk) => push_items(&chunk, out),
        }
    }
}

/// The end of an object that [`push_facts`] began.
fn push_end(done: &Done<'_>, out: &mut Vec<u8>) {
    if done.leaked() {
        out.extend_from_slice(b",\"leaked\":true");
    }
    if done.is_partial() {
        out.extend_from_slice(b",\"partial\":true");
    }
    out.extend_from_slice(b"}\n");
}

fn push_key(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn push_object(rows: &[(&str, String)], out: &mut Vec<u8>) {
    for (n, (name, value)) in rows.iter().enumerate() {
        out.push(if n == 0 { b'{' } else { b',' });
        json_string(name.as_bytes(), out);
        out.push(b':');
        json_string(value.as_bytes(), out);
    }
    out.push(b'}');
}

/// The item, or the items of a batch as an array.
fn push_items(chunk: &Chunk<'_>, out: &mut Vec<u8>) {
    for (n, item) in chunk.with_fields().enumerate() {
        match n {
            0 if chunk.count == 1 => {}
            0 => out.push(b'['),
            _ => out.push(b','),
        }
        json_item(&item, out);
    }
    if chunk.count > 1 {
        out.push(b']');
    }
}

/// The item, or its fields as an array: the same for all items of a run, so that one item that happens to have one
/// field is no surprise to a reader.
pub fn json_item(item: &Item<'_>, out: &mut Vec<u8>) {
    if item.kind() == Fields::One {
        return json_string(item.text(), out);
    }
    for (n, field) in item.fields().enumerate() {
        out.push(if n == 0 { b'[' } else { b',' });
        json_string(field, out);
    }
    out.push(b']');
}

/// A JSON string of the bytes, or `{"b64": …}`.
pub fn json_string(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|byte| PLAIN[usize::from(*byte)]) {
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    if std::str::from_utf8(bytes).is_ok() {
        out.push(b'"');
        push_escaped(bytes, out);
        out.push(b'"');
    } else {
        out.extend_from_slice(B64);
        out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
        out.extend_from_slice(B64_END);
    }
}

/// Before and after bytes in base 64.
const B64: &[u8] = b"{\"b64\":\"";
const B64_END: &[u8] = b"\"}";

/// [`json_string`] for what may not fit in memory.
fn append_string(body: &Body, line: &mut Line) -> io::Result<()> {
    if is_utf8(body)? {
        line.bytes().push(b'"');
        line.append(body, push_escaped)?;
        line.bytes().push(b'"');
        return Ok(());
    }
    line.bytes().extend_from_slice(B64);
    // Three bytes make four digits, so what is over waits for the next part.
    let mut over = Vec::new();
    line.append(body, |part, out| {
        over.extend_from_slice(part);
        let rest = over.split_off(over.len() - over.len() % 3);
        out.extend_from_slice(STANDARD.encode(&over).as_bytes());
        over = rest;
    })?;
    line.bytes().extend_from_slice(STANDARD.encode(&over).as_bytes());
    line.bytes().extend_from_slice(B64_END);
    Ok(())
}

/// What stands between the quotes of a JSON string. The bytes may begin and end within a character.
fn push_escaped(mut bytes: &[u8], out: &mut Vec<u8>) {
    let must_be_escaped = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    while let Some(at) = bytes.iter().position(must_be_escaped) {
        out.extend_from_slice(&bytes[..at]);
        match bytes[at] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        bytes = &bytes[at + 1..];
    }
    out.extend_from_slice(bytes);
}

/// The bytes that stand for themselves in a JSON string.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    while byte < 0x7f {
        plain[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    plain
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_with_fields_is_an_array() {
        let shown = |item: &[u8], fields| {
            let mut out = Vec::new();
            json_item(&Item::new(item, fields), &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(shown(b"1;a b", Fields::One), r#""1;a b""#);
        assert_eq!(shown(b"1;a b", Fields::Several), r#"["a","b"]"#);
        assert_eq!(shown(b";a b", Fields::Several), r#"["a b"]"#);
    }

    fn string(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        json_string(bytes, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn strings_are_json() {
        assert_eq!(string(b"12"), r#""12""#);
        assert_eq!(string(b"a\"b\\c\n\x1b"), r#""a\"b\\c\n\u001b""#);
        assert_eq!(string("é".as_bytes()), r#""é""#);
        assert_eq!(string(b"\xff\x00"), r#"{"b64":"/wA="}"#);
        assert_eq!(string(b""), r#""""#);
    }
}
