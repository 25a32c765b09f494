//! How the results of processes look, in each format; and that what was printed can be read back, byte by byte.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bstr::ByteSlice;
use proptest::prelude::*;
use serde_json::Value;

use super::testing::{RECORD, all, chunk, output, room};
use super::*;
use crate::base::item::{Attempt, Fields, Seq};
use crate::base::outcome::End;

const PLENTY: usize = 1 << 30;

fn by_name(name: &'static str) -> Arc<dyn Format> {
    format(&Options { format: name, tag: false, file: None })
}

/// What the format makes of an item.
fn made(format: &'static str, done: &Done<'_>, mut output: Output) -> Vec<u8> {
    by_name(format).process(done, &mut output).unwrap();
    if format != "text" {
        assert!(output.err.is_empty(), "{format} leaves something for standard error");
    }
    all(&output.out)
}

fn shown(format: &'static str, done: &Done<'_>, out: &[u8], err: &[u8]) -> String {
    String::from_utf8(made(format, done, output(&room(PLENTY), out, err))).unwrap()
}

fn ok(items: &[u8]) -> Done<'_> {
    Done { chunk: chunk(items), record: Some(&RECORD), error: None }
}

/// The values of an object, without the first three and what was printed.
fn end_of(record: Option<&Record>, error: Option<&str>) -> String {
    let line = shown("jsonl", &Done { chunk: chunk(b"x\0"), record, error }, b"", b"");
    let line = line.strip_prefix("{\"v\":1,\"seq\":7,\"item\":\"x\",").expect(&line);
    line.replace(",\"stdout\":\"\",\"stderr\":\"\"", "")
}

#[test]
fn text_is_what_was_printed() {
    let mut output = output(&room(PLENTY), b"out", b"err");
    by_name("text").process(&ok(b"x\0"), &mut output).unwrap();
    assert_eq!((all(&output.out), all(&output.err)), (b"out".to_vec(), b"err".to_vec()));
}

#[test]
fn jsonl_has_an_object_with_all_keys_in_order() {
    let expected = "{\"v\":1,\"seq\":7,\"item\":\"x\",\"ok\":true,\"exit\":0,\"signal\":null,\"error\":null,\"attempts\":2,\
                    \"worker\":3,\"pid\":4711,\"start\":\"1970-01-01T00:00:00.000Z\",\"seconds\":1.25,\
                    \"stdout\":\"a\\n\",\"stderr\":{\"b64\":\"/w==\"}}\n";
    assert_eq!(shown("jsonl", &ok(b"x\0"), b"a\n", b"\xff"), expected);
}

#[test]
fn each_end_has_its_values() {
    let of = |end| end_of(Some(&Record { end, ..RECORD }), Some("e"));
    let rest = "\"attempts\":2,\"worker\":3,\"pid\":4711,\"start\":\"1970-01-01T00:00:00.000Z\",\"seconds\":1.25}\n";
    let expected =
        |exit: &str, signal: &str| format!("\"ok\":false,\"exit\":{exit},\"signal\":{signal},\"error\":\"e\",{rest}");
    assert_eq!(of(End::Exited(3)), expected("3", "null"));
    assert_eq!(of(End::Signaled { signal: 11, core: true }), expected("null", "11"));
    assert_eq!(of(End::TimedOut { after: RECORD.took }), expected("null", "null"));
    // The process went well, but what it printed could not be kept.
    assert_eq!(of(End::Exited(0)), expected("0", "null"));
}

#[test]
fn without_a_process_or_an_attempt_there_is_less_to_tell() {
    let not_started = Record { end: End::NotStarted(2), pid: 0, ..RECORD };
    assert_eq!(
        end_of(Some(&not_started), Some("no \"x\"")),
        "\"ok\":false,\"exit\":null,\"signal\":null,\"error\":\"no \\\"x\\\"\",\"attempts\":2,\"worker\":3,\"pid\":null,\
         \"start\":\"1970-01-01T00:00:00.000Z\",\"seconds\":1.25}\n"
    );
    assert_eq!(
        end_of(None, Some("e")),
        "\"ok\":false,\"exit\":null,\"signal\":null,\"error\":\"e\",\"attempts\":0,\"worker\":null,\"pid\":null,\
         \"start\":null,\"seconds\":0}\n"
    );
}

#[test]
fn what_leaked_is_said_at_the_end() {
    let leaked = Record { leaked: true, attempt: Attempt::FIRST, ..RECORD };
    assert!(end_of(Some(&leaked), None).ends_with(",\"seconds\":1.25,\"leaked\":true}\n"));
}

#[test]
fn a_batch_is_one_result() {
    let items = |done: &Done<'_>| {
        let object: Value = serde_json::from_str(&shown("jsonl", done, b"", b"")).unwrap();
        object["item"].to_string()
    };
    assert_eq!(items(&ok(b"a\0b c\0\0")), r#"["a","b c",""]"#);
    let fields = |bytes: &'static [u8], count| {
        let chunk = Chunk { fields: Fields::Several, count, ..chunk(bytes) };
        Done { chunk, record: Some(&RECORD), error: None }
    };
    assert_eq!(items(&fields(b"1;a b\0", 1)), r#"["a","b"]"#);
    assert_eq!(items(&fields(b"1;a b\x001;c d\0", 2)), r#"[["a","b"],["c","d"]]"#);
    assert!(shown("tsv", &fields(b"1;a b\x001;c d\0", 2), b"", b"").starts_with("1\t7\ta b c d\ttrue\t"));
}

#[test]
fn csv_and_tsv_have_the_columns_of_jsonl() {
    let mut header = Vec::new();
    by_name("csv").begin_processes(&mut header);
    assert_eq!(header.as_bstr(), "v,seq,item,ok,exit,signal,error,attempts,worker,pid,start,seconds,stdout,stderr\n");
    let failed = Record { end: End::Signaled { signal: 9, core: false }, ..RECORD };
    let done = Done { chunk: chunk(b"a,\tb\0"), record: Some(&failed), error: Some("was \"killed\"") };
    assert_eq!(
        shown("csv", &done, b"1\n", b"x"),
        "1,7,\"a,\tb\",false,,9,\"was \"\"killed\"\"\",2,3,4711,1970-01-01T00:00:00.000Z,1.25,\"1\n\",x\n"
    );
    assert_eq!(
        shown("tsv", &done, b"1\n", b"\\"),
        "1\t7\ta,\\tb\tfalse\t\t9\twas \"killed\"\t2\t3\t4711\t1970-01-01T00:00:00.000Z\t1.25\t1\\n\t\\\\\n"
    );
    let mut header = Vec::new();
    by_name("jsonl").begin_processes(&mut header);
    assert!(header.is_empty());
}

#[test]
fn what_cannot_be_kept_is_an_error_and_nothing_is_lost() {
    let room = Room::new(3000, u64::MAX, "/nonexistent".into());
    for format in ["jsonl", "csv", "tsv"] {
        let mut output = output(&room, &[b'a'; 1500], b"err");
        assert!(by_name(format).process(&ok(b"x\0"), &mut output).is_err(), "{format}");
        assert_eq!((output.out.len(), output.err.len()), (1500, 3));
    }
}

/// The bytes that a JSON value stands for.
fn read_json(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.clone().into_bytes(),
        value => STANDARD.decode(value["b64"].as_str().expect("text or b64")).unwrap(),
    }
}

fn read_tsv(cell: &[u8]) -> Vec<u8> {
    let (mut bytes, mut cell) = (Vec::new(), cell.iter());
    while let Some(byte) = cell.next() {
        bytes.push(match byte {
            b'\\' => match cell.next().expect("something after a backslash") {
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                other => *other,
            },
            byte => *byte,
        });
    }
    bytes
}

/// The item, stdout and stderr that a reader of the format finds.
fn read_back(format: &str, line: &[u8]) -> [Vec<u8>; 3] {
    match format {
        "jsonl" => {
            assert_eq!(line.find_iter(b"\n").collect::<Vec<_>>(), [line.len() - 1]);
            let object: Value = serde_json::from_slice(line).unwrap();
            ["item", "stdout", "stderr"].map(|key| read_json(&object[key]))
        }
        "csv" => {
            let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(line).into_byte_records();
            let row = rows.next().expect("a row").unwrap();
            assert!(row.len() == 14 && rows.next().is_none());
            [2, 12, 13].map(|column| row[column].to_vec())
        }
        _ => {
            let line = line.strip_suffix(b"\n").expect("a newline");
            assert!(line.find_byteset(b"\n\r").is_none());
            let row: Vec<&[u8]> = line.split_str(b"\t").collect();
            assert_eq!(row.len(), 14);
            [2, 12, 13].map(|column| read_tsv(row[column]))
        }
    }
}

/// What a process might print: text or not, with all that is special to a format, and sometimes a lot of it.
fn printed() -> impl Strategy<Value = Vec<u8>> {
    let special = prop_oneof![Just("\""), Just("\\"), Just(","), Just("\t"), Just("\r"), Just("\n"), Just("\u{1}")];
    let text = prop_oneof![special.prop_map(str::to_owned), any::<String>(), Just("日本é😀".to_owned())];
    let text = prop::collection::vec(text, 0..6).prop_map(|parts| parts.concat().into_bytes());
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    (prop_oneof![4 => text, 1 => bytes], prop_oneof![3 => Just(1), 1 => 1usize..3000])
        .prop_map(|(bytes, times)| bytes.repeat(times))
}

proptest! {
    #[test]
    fn what_was_printed_comes_back(
        item in prop::collection::vec(1u8.., 0..20),
        out in printed(),
        err in printed(),
        limit in prop_oneof![Just(PLENTY), 0usize..2000],
    ) {
        let closed = [&item[..], b"\0"].concat();
        for format in ["jsonl", "csv", "tsv"] {
            let line = made(format, &ok(&closed), output(&room(limit), &out, &err));
            let [read_item, read_out, read_err] = read_back(format, &line);
            prop_assert!(read_item == item, "{}: the item", format);
            prop_assert!(read_out == out && read_err == err, "{}: what was printed", format);
        }
    }
}

#[test]
fn characters_that_pieces_cut_in_two_stay_whole() {
    // Pieces of files and of cells have an even length; characters of three bytes lie across their ends.
    for tail in [&b""[..], b"\xe2\x82"] {
        let out = ["€".repeat(400_000).as_bytes(), tail].concat();
        let line = made("jsonl", &ok(b"x\0"), output(&room(100), &out, b""));
        let object: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(object["stdout"].is_string(), tail.is_empty());
        assert!(read_json(&object["stdout"]) == out);
    }
}

#[test]
fn what_had_no_room_in_memory_makes_a_result_that_has_none_either() {
    for format in ["jsonl", "csv", "tsv"] {
        let mut output = output(&room(1000), &[b'a'; 1 << 20], &[0xff; 1 << 20]);
        by_name(format).process(&ok(b"x\0"), &mut output).unwrap();
        assert!(output.out.take_bytes().is_none() && output.out.len() > 2 << 20, "{format}");
    }
}

#[test]
fn a_seq_is_that_of_the_first() {
    let done = Done { chunk: Chunk { first: Seq(u64::MAX), ..chunk(b"a\0b\0") }, record: None, error: Some("e") };
    assert!(shown("csv", &done, b"", b"").starts_with("1,18446744073709551615,a b,false,"));
}
