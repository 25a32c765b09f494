//! The text of a ledger: one line for each record, fields parted by TABs, a check at the end of each line.
//!
//! Bytes that would disturb a line or a screen are escaped, so that a line is a line and can be read by people, `grep`
//! and `cut`. An item is known by its [`Key`], whatever its length; its text stands there for people, and of a long
//! one only the beginning. This file knows nothing of files. docs/ledger.md describes the format.

use std::fmt::Display;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bstr::ByteSlice;
use sha2::{Digest, Sha256};

use super::Work;
use crate::base::item::{Attempt, Seq};
use crate::base::outcome::{End, Record};

/// The version of the format, in the first line.
pub(super) const VERSION: u32 = 1;

/// How each ledger begins, up to the number of its version.
pub(super) const MAGIC: &[u8] = b"parjob-ledger\t";

/// The most bytes of an item that are written down as text.
pub(super) const SHOWN: usize = 240;

/// Stands behind a text that was cut.
const CUT: &[u8] = "…".as_bytes();

/// What an item is known by: the first half of the SHA-256 of its bytes. Nobody can make an item that passes for
/// another, and `printf %s ITEM | sha256sum` tells the key of one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    pub(super) fn of(item: &[u8]) -> Key {
        let mut half = [0; 16];
        half.copy_from_slice(&Sha256::digest(item)[..16]);
        Key(half)
    }

    fn parse(field: &[u8]) -> Option<Key> {
        u128::from_str_radix(field.to_str().ok()?, 16).ok().filter(|_| field.len() == 32).map(|n| Key(n.to_be_bytes()))
    }
}

/// A line being written to the end of a buffer.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Line<'a> {
    fn new(out: &'a mut Vec<u8>, kind: &str) -> Line<'a> {
        let start = out.len();
        out.extend_from_slice(kind.as_bytes());
        Line { out, start }
    }

    /// A field that holds nothing to be escaped.
    fn plain(self, value: impl Display) -> Self {
        // Writing to a vector cannot fail.
        let _ = write!(self.out, "\t{value}");
        self
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        self.out.push(b'\t');
        escape(bytes, self.out);
        self
    }

    fn time(self, since: Duration) -> Self {
        self.plain(format_args!("{}.{:06}", since.as_secs(), since.subsec_micros()))
    }

    fn moment(self, moment: SystemTime) -> Self {
        // A clock that stands before 1970 is wrong by more than this.
        self.time(moment.duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// An item's length and the beginning of its text.
    fn item(self, item: &[u8]) -> Self {
        let line = self.plain(item.len()).bytes(&item[..item.len().min(SHOWN)]);
        if item.len() > SHOWN {
            line.out.extend_from_slice(CUT);
        }
        line
    }

    fn key(self, key: Key) -> Self {
        self.plain(format_args!("{:032x}", u128::from_be_bytes(key.0)))
    }

    fn forget(self) {
        self.out.truncate(self.start);
    }

    fn end(self) {
        let check = crc32fast::hash(&self.out[self.start..]);
        let _ = writeln!(self.out, "\t{check:08x}");
    }
}

/// The first line.
pub(super) fn write_version(out: &mut Vec<u8>) {
    Line::new(out, "parjob-ledger").plain(VERSION).end();
}

/// What is done to the items from here on.
pub(super) fn write_work(out: &mut Vec<u8>, work: &Work) {
    work.0.iter().fold(Line::new(out, "work"), |line, word| line.bytes(word)).end();
}

/// A run begins here.
pub(super) fn write_run(out: &mut Vec<u8>, host: &[u8], now: SystemTime) {
    let line = Line::new(out, "run").plain(env!("CARGO_PKG_VERSION"));
    line.bytes(host).plain(std::process::id()).moment(now).end();
}

/// An attempt at an item begins.
pub(super) fn write_start(out: &mut Vec<u8>, seq: Seq, attempt: Attempt, item: &[u8]) {
    Line::new(out, "start").plain(seq).plain(attempt.0).key(Key::of(item)).item(item).end();
}

/// An attempt at an item is over. One that parjob ended for reasons of its own leaves nothing.
pub(super) fn write_end(out: &mut Vec<u8>, seq: Seq, item: &[u8], record: &Record, ok: bool) {
    let kind = if ok { "ok" } else { "failed" };
    let line = Line::new(out, kind).plain(seq).plain(record.attempt.0).key(Key::of(item));
    let line = match record.end {
        End::Exited(status) => line.plain(format_args!("exit {status}")),
        End::Signaled { signal, core: false } => line.plain(format_args!("signal {signal}")),
        End::Signaled { signal, core: true } => line.plain(format_args!("signal {signal} core")),
        End::TimedOut { after } => line.plain(format_args!("timeout {}", after.as_secs_f64())),
        End::NotStarted(errno) => line.plain(format_args!("errno {errno}")),
        End::Cancelled => return line.forget(),
    };
    let line = line.plain(if record.leaked { "leaked" } else { "-" }).plain(record.worker).plain(record.pid);
    line.moment(record.started).time(record.took).item(item).end();
}

/// What a line of a ledger says.
pub(super) enum Entry<'a> {
    Version,
    Work(Work),
    Run,
    Start { seq: Seq, key: Key, shown: Shown<'a> },
    End { seq: Seq, attempt: Attempt, key: Key, ok: bool },
}

/// The item of a record, as it stands there.
pub(super) struct Shown<'a> {
    pub(super) len: u64,
    text: &'a [u8],
}

impl Shown<'_> {
    /// The item's bytes, or the first of them.
    pub(super) fn bytes(&self) -> Box<[u8]> {
        let text = if self.len > SHOWN as u64 { self.text.strip_suffix(CUT) } else { Some(self.text) };
        text.and_then(unescape).unwrap_or_default().into()
    }
}

impl Entry<'_> {
    /// Reads a line without its newline; `None` if it is not whole.
    pub(super) fn parse(line: &[u8]) -> Option<Entry<'_>> {
        let (text, check) = line.rsplit_once_str("\t")?;
        if check != format!("{:08x}", crc32fast::hash(text)).as_bytes() {
            return None;
        }
        let mut fields = text.split(|byte| *byte == b'\t');
        let kind = fields.next()?;
        let mut field = || fields.next();
        match kind {
            b"parjob-ledger" => Some(Entry::Version),
            b"work" => Some(Entry::Work(Work(fields.map(unescape).collect::<Option<_>>()?))),
            b"run" => Some(Entry::Run),
            b"start" => {
                let (seq, _, key) = (number(field()?)?, field()?, Key::parse(field()?)?);
                Some(Entry::Start { seq: Seq(seq), key, shown: Shown { len: number(field()?)?, text: field()? } })
            }
            b"ok" | b"failed" => {
                let (seq, attempt, key) = (number(field()?)?, number(field()?)?, Key::parse(field()?)?);
                Some(Entry::End { seq: Seq(seq), attempt: Attempt(attempt), key, ok: kind == b"ok" })
            }
            _ => None,
        }
    }
}

fn number<N: std::str::FromStr>(field: &[u8]) -> Option<N> {
    field.to_str().ok()?.parse().ok()
}

/// Text stays readable; what is not text, and what a terminal would obey, becomes `\xHH`.
pub(super) fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for (start, end, c) in bytes.char_indices() {
        let raw = &bytes[start..end];
        match c {
            '\\' => out.extend_from_slice(br"\\"),
            '\t' => out.extend_from_slice(br"\t"),
            '\n' => out.extend_from_slice(br"\n"),
            c if c.is_control() || c == char::REPLACEMENT_CHARACTER => {
                raw.iter().for_each(|byte| drop(write!(out, "\\x{byte:02x}")));
            }
            _ => out.extend_from_slice(raw),
        }
    }
}

/// Undoes [`escape`]; `None` for what it does not write.
pub(super) fn unescape(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    while let Some(at) = text.find_byte(b'\\') {
        bytes.extend_from_slice(&text[..at]);
        let (byte, length) = match text.get(at + 1)? {
            b'\\' => (b'\\', 2),
            b't' => (b'\t', 2),
            b'n' => (b'\n', 2),
            b'x' => (u8::from_str_radix(text.get(at + 2..at + 4)?.to_str().ok()?, 16).ok()?, 4),
            _ => return None,
        };
        bytes.push(byte);
        text = &text[at + length..];
    }
    bytes.extend_from_slice(text);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_what_sha256sum_prints() {
        // printf %s 'photo 1.jpg' | sha256sum | cut -c1-32
        let line = String::from_utf8(started(b"photo 1.jpg")).unwrap();
        assert_eq!(line.split('\t').nth(3).unwrap(), "17a0d546402920baddf0bf4abc1c33b5");
    }

    fn started(item: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_start(&mut out, Seq(7), Attempt(1), item);
        out
    }

    #[test]
    fn an_item_is_shown_so_that_people_can_read_it() {
        for (item, text) in [
            (&b"a b"[..], "3\ta b"),
            ("grün".as_bytes(), "5\tgrün"),
            (b"a\tb\nc\\d", r"7	a\tb\nc\\d"),
            (b"\xff\x1b[2J\r\0", r"7	\xff\x1b[2J\x0d\x00"),
            (b"", "0\t"),
        ] {
            let line = String::from_utf8(started(item)).unwrap();
            let fields: Vec<_> = line.trim_end().split('\t').collect();
            assert_eq!(fields[4..fields.len() - 1].join("\t"), text);
        }
    }

    #[test]
    fn a_line_that_was_altered_anywhere_is_not_whole() {
        let line = started(b"item");
        let line = line.strip_suffix(b"\n").unwrap();
        assert!(Entry::parse(line).is_some());
        for at in 0..line.len() {
            let mut altered = line.to_vec();
            altered[at] ^= 1;
            assert!(Entry::parse(&altered).is_none(), "at {at}");
            assert!(Entry::parse(&line[..at]).is_none(), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn any_item_comes_back_and_stays_in_its_line(item in proptest::collection::vec(any::<u8>(), 0..300)) {
            let line = started(&item);
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let Some(Entry::Start { seq, key, shown }) = Entry::parse(line.strip_suffix(b"\n").unwrap()) else {
                return Err(TestCaseError::fail("not whole"));
            };
            prop_assert!(seq == Seq(7) && key == Key::of(&item));
            prop_assert_eq!(shown.len, item.len() as u64);
            prop_assert_eq!(&*shown.bytes(), &item[..item.len().min(SHOWN)]);
        }

        #[test]
        fn words_come_back(words in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 1..5)) {
            let (mut line, work) = (Vec::new(), Work(words));
            write_work(&mut line, &work);
            let Some(Entry::Work(read)) = Entry::parse(line.strip_suffix(b"\n").unwrap()) else {
                return Err(TestCaseError::fail("not whole"));
            };
            prop_assert_eq!(read, work);
        }
    }
}
