//! `--protocol json`: an object a line, both ways. Each answer tells its item, so answers may come in any order.
//!
//! `{"seq":1,"item":"…"}` goes over and `{"seq":1,"result":…}` or `{"seq":1,"error":"…","traceback":"…"}` comes back.
//! `{"at":1}` says which item the process is at. Bytes that are not UTF-8 are `{"b64":"…"}`, as in `--format jsonl`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::super::in_flight::InFlight;
use super::{Mismatch, Protocol, answered, not_too_long};
use crate::base::item::{Chunk, Seq};
use crate::output::{json_item, json_string};

/// Objects, one a line.
#[derive(Debug, Default)]
pub struct Json {
    init: Option<Vec<u8>>,
    /// Items are JSON already, and go over as they are.
    raw: bool,
    /// In so many bytes of what is left no line ends.
    scanned: usize,
}

impl Json {
    /// With what each process is told first; `raw` items are JSON already.
    pub fn new(init: Option<Vec<u8>>, raw: bool) -> Json {
        Json { init, raw, scanned: 0 }
    }
}

/// What a process writes.
#[derive(Deserialize)]
struct Answer<'a> {
    seq: Option<u64>,
    at: Option<u64>,
    /// `null` is a result.
    #[serde(borrow, default, deserialize_with = "given")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "given")]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    traceback: Option<&'a RawValue>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

impl Protocol for Json {
    fn begin(&mut self, in_flight: &mut InFlight, out: &mut Vec<u8>) {
        self.scanned = 0;
        if let Some(init) = &self.init {
            out.extend_from_slice(b"{\"seq\":0,\"init\":");
            json_string(init, out);
            out.extend_from_slice(b"}\n");
            in_flight.expect_greeting();
        }
    }

    fn encode(&mut self, chunk: &Chunk<'_>, _in_flight: &mut InFlight, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        for (item, seq) in chunk.with_fields().zip(chunk.first.0..) {
            out.extend_from_slice(b"{\"seq\":");
            out.extend_from_slice(digits.format(seq).as_bytes());
            out.extend_from_slice(b",\"item\":");
            if self.raw {
                out.extend_from_slice(item.text());
            } else {
                json_item(&item, out);
            }
            out.extend_from_slice(b"}\n");
        }
    }

    fn decode(&mut self, bytes: &[u8], in_flight: &mut InFlight) -> Result<usize, Mismatch> {
        let mut used = 0;
        let scanned = self.scanned.min(bytes.len());
        for end in memchr::memchr_iter(b'\n', &bytes[scanned..]).map(|end| scanned + end) {
            take(&bytes[used..end], in_flight)?;
            used = end + 1;
        }
        self.scanned = bytes.len() - used;
        not_too_long(self.scanned)?;
        Ok(used)
    }
}

fn take(line: &[u8], in_flight: &mut InFlight) -> Result<(), Mismatch> {
    let no_answer = |why: &dyn std::fmt::Display| {
        let shown = String::from_utf8_lossy(&line[..line.len().min(60)]);
        Mismatch(format!("wrote a line that is no answer ({why}): {shown}"))
    };
    let answer: Answer<'_> = serde_json::from_slice(line).map_err(|error| no_answer(&error))?;
    if let (Some(seq), None) = (answer.at, answer.seq) {
        in_flight.note_at(Seq(seq));
        return Ok(());
    }
    let Some(seq) = answer.seq else { return Err(no_answer(&"it has no seq")) };
    // Beside the one the other may be null: there is none.
    let beside = |this: Option<&'_ RawValue>, other: bool| this.is_some_and(|this| !other || this.get() != "null");
    let is_error = beside(answer.error, answer.result.is_some());
    let is_result = beside(answer.result, answer.error.is_some());
    let outcome = match (answer.result.filter(|_| is_result), answer.error.filter(|_| is_error)) {
        (Some(result), None) => Ok(text(result.get())),
        (None, Some(error)) => {
            let traceback = answer.traceback.map(|traceback| lossy(traceback.get())).unwrap_or_default();
            Err((lossy(error.get()), traceback))
        }
        _ => return Err(no_answer(&"it has neither a result nor an error, or both")),
    };
    if seq == 0 && in_flight.awaits_greeting() {
        if let Err((error, _)) = outcome {
            return Err(Mismatch(format!("could not be initialized: {error}")));
        }
        in_flight.greeted();
        return Ok(());
    }
    match outcome {
        Ok(text) => in_flight.answer(Seq(seq), Ok(&text)),
        Err((error, traceback)) => in_flight.answer(Seq(seq), Err(answered(&error, &traceback))),
    }
}

/// What a value is as a result: a text is its characters, anything else as it is written.
fn text(value: &str) -> Cow<'_, [u8]> {
    match value.as_bytes().first() {
        Some(b'"') if !value.contains('\\') => Cow::Borrowed(&value.as_bytes()[1..value.len() - 1]),
        // Half of a character pair is no character; then it stays as it is written.
        Some(b'"') => serde_json::from_str::<String>(value)
            .map_or(Cow::Borrowed(value.as_bytes()), |text| Cow::Owned(text.into_bytes())),
        Some(b'{') => bytes(value).map_or(Cow::Borrowed(value.as_bytes()), Cow::Owned),
        _ => Cow::Borrowed(value.as_bytes()),
    }
}

/// The bytes of `{"b64":"…"}`.
fn bytes(value: &str) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Encoded<'a> {
        b64: &'a str,
    }
    STANDARD.decode(serde_json::from_str::<Encoded<'_>>(value).ok()?.b64).ok()
}

fn lossy(value: &str) -> Box<str> {
    String::from_utf8_lossy(&text(value)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_results() {
        for (value, expected) in [
            (r#""a b""#, "a b"),
            (r#""a\nb\u00e9""#, "a\nbé"),
            ("16", "16"),
            ("1.50", "1.50"),
            ("null", "null"),
            (r#"[1, "x"]"#, r#"[1, "x"]"#),
            (r#"{"b64":"/wA="}"#, "\u{fffd}\0"),
            (r#"{"b64":"/wA=","n":1}"#, r#"{"b64":"/wA=","n":1}"#),
            (r#""\ud800""#, r#""\ud800""#),
        ] {
            assert_eq!(&*lossy(value), expected);
        }
    }

    #[test]
    fn a_line_may_come_in_parts() {
        let (mut json, mut in_flight) = (Json::default(), InFlight::default());
        let (at, inbox) = ("{\"at\":1}\n", "{\"at\":7}\n{\"at\":1");
        assert_eq!(json.decode(&at.as_bytes()[..4], &mut in_flight), Ok(0));
        assert_eq!(json.scanned, 4);
        assert_eq!(json.decode(at.as_bytes(), &mut in_flight), Ok(at.len()));
        assert_eq!(json.decode(inbox.as_bytes(), &mut in_flight), Ok(at.len()));
        assert_eq!(json.decode(format!("{}}}\n", &inbox[at.len()..]).as_bytes(), &mut in_flight), Ok(at.len()));
        assert_eq!(json.scanned, 0);
    }
}
