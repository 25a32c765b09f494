//! `--format jsonl`, version 1: one JSON object a line.
//!
//! For a map `v, seq, item, ok, result | error`; for a fold `v, op, n, result`. Numbers are strings, since
//! JSON's readers round them. Bytes that are not UTF-8 become `{"b64": …}`; an item with fields an
//! array. Written by hand rather than through a serializer: the keys are known, and this is the inner loop.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Format, rows};
use crate::item::{Chunk, Fields, Item};
use crate::op::{Answer, Results, Value};

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
            push_item(&row.item, out);
            match row.result() {
                Ok(result) => {
                    out.extend_from_slice(b",\"ok\":true,\"result\":");
                    push_string(result, out);
                }
                Err(error) => {
                    out.extend_from_slice(b",\"ok\":false,\"error\":");
                    push_string(error.as_bytes(), out);
                }
            }
            out.extend_from_slice(b"}\n");
        }
    }

    fn answer(&self, operation: &str, answer: &Answer, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"v\":1,\"op\":");
        push_string(operation.as_bytes(), out);
        out.extend_from_slice(format!(",\"n\":{},\"result\":", answer.n).as_bytes());
        match &answer.value {
            Value::One(value) => push_string(value.as_bytes(), out),
            Value::Table(rows) => push_object(rows, out),
        }
        out.extend_from_slice(b"}\n");
    }
}

fn push_object(rows: &[(&str, String)], out: &mut Vec<u8>) {
    for (n, (name, value)) in rows.iter().enumerate() {
        out.push(if n == 0 { b'{' } else { b',' });
        push_string(name.as_bytes(), out);
        out.push(b':');
        push_string(value.as_bytes(), out);
    }
    out.push(b'}');
}

/// The item, or its fields as an array: the same for all items of a run, so that one item that happens to have one
/// field is no surprise to a reader.
fn push_item(item: &Item<'_>, out: &mut Vec<u8>) {
    if item.kind() == Fields::One {
        return push_string(item.text(), out);
    }
    for (n, field) in item.fields().enumerate() {
        out.push(if n == 0 { b'[' } else { b',' });
        push_string(field, out);
    }
    out.push(b']');
}

/// A JSON string of the bytes, or `{"b64": …}`.
fn push_string(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|byte| PLAIN[usize::from(*byte)]) {
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    match std::str::from_utf8(bytes) {
        // Neither serializing a string nor writing to memory fails.
        Ok(text) => drop(serde_json::to_writer(out, text)),
        Err(_) => {
            out.extend_from_slice(b"{\"b64\":\"");
            out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
            out.extend_from_slice(b"\"}");
        }
    }
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
            push_item(&Item::new(item, fields), &mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        assert_eq!(shown(b"1;a b", Fields::One), r#""1;a b""#);
        assert_eq!(shown(b"1;a b", Fields::Several), r#"["a","b"]"#);
        assert_eq!(shown(b";a b", Fields::Several), r#"["a b"]"#);
    }

    fn string(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        push_string(bytes, &mut out);
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
