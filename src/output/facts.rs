//! What is told of an item that a process did, the same in every format: names, and values as text.
//!
//! What the process printed comes after these and is not here: it may be large. How a value is quoted is for the
//! format to say. Where no attempt was made nothing ran: `attempts` and `seconds` are 0, and the rest is null.

use std::borrow::Cow;
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Done;
use crate::base::item::Chunk;
use crate::base::outcome::End;

/// The names of the facts, in order.
pub(super) const NAMES: [&str; 12] =
    ["v", "seq", "item", "ok", "exit", "signal", "error", "attempts", "worker", "pid", "start", "seconds"];

/// The names of what a process printed, which stands after them.
pub(super) const PRINTED: [&str; 2] = ["stdout", "stderr"];

/// The value of a fact.
pub(super) enum Fact<'a> {
    /// There is none.
    Null,
    /// A number, or true or false.
    Plain(String),
    /// Text.
    Text(Cow<'a, str>),
    /// The item, or the items, of this chunk.
    Items(Chunk<'a>),
}

impl Fact<'_> {
    fn plain(value: Option<impl ToString>) -> Self {
        value.map_or(Fact::Null, |value| Fact::Plain(value.to_string()))
    }
}

impl<'a> Done<'a> {
    /// Whether the item is done.
    pub fn is_ok(&self) -> bool {
        self.error.is_none() && self.record.is_some_and(|record| record.is_ok())
    }

    /// Whether something that the process started still held its output when it was gone.
    pub(super) fn leaked(&self) -> bool {
        self.record.is_some_and(|record| record.leaked)
    }

    /// Whether parjob ended the process, so that what it printed is a part.
    pub(super) fn is_partial(&self) -> bool {
        self.record.is_some_and(|record| record.end == End::Cancelled)
    }

    /// The facts, in the order of [`NAMES`].
    pub(super) fn facts(&self) -> [Fact<'a>; 12] {
        let record = self.record;
        let (exit, signal) = match record.map(|record| record.end) {
            Some(End::Exited(status)) => (Some(status), None),
            Some(End::Signaled { signal, .. }) => (None, Some(signal)),
            _ => (None, None),
        };
        let start = record.and_then(|record| rfc3339(record.started));
        [
            Fact::Plain("1".to_owned()),
            Fact::plain(Some(self.chunk.first)),
            Fact::Items(self.chunk),
            Fact::plain(Some(self.is_ok())),
            Fact::plain(exit),
            Fact::plain(signal),
            self.error.map_or(Fact::Null, |error| Fact::Text(error.into())),
            Fact::plain(Some(record.map_or(0, |record| record.attempt.0))),
            Fact::plain(record.map(|record| record.worker)),
            Fact::plain(record.map(|record| record.pid).filter(|pid| *pid != 0)),
            start.map_or(Fact::Null, |start| Fact::Text(start.into())),
            Fact::Plain(seconds(record.map_or(Duration::ZERO, |record| record.took))),
        ]
    }
}

/// The items of a chunk as one text: they, and the fields of each, joined by one space.
pub fn joined<'a>(chunk: &Chunk<'a>) -> Cow<'a, [u8]> {
    let mut items = chunk.with_fields();
    if chunk.count == 1 {
        return Cow::Borrowed(items.next().map_or(&[], |item| item.text()));
    }
    Cow::Owned(items.map(|item| item.text()).collect::<Vec<_>>().join(&b' '))
}

/// A point in time, to the millisecond; none where a clock is so wrong that there is no year for it.
fn rfc3339(time: SystemTime) -> Option<String> {
    let mut text = String::new();
    write!(text, "{}", humantime::format_rfc3339_millis(time.max(UNIX_EPOCH))).ok()?;
    Some(text)
}

/// Seconds with as many decimals as it takes, six at the most.
fn seconds(took: Duration) -> String {
    let text = format!("{}.{:06}", took.as_secs(), took.subsec_micros());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::item::{Fields, Seq};

    #[test]
    fn seconds_have_the_decimals_that_they_need() {
        let text = |micros| seconds(Duration::from_micros(micros));
        assert_eq!([0, 1, 500_000, 10_000_000, 61_000_010].map(text), ["0", "0.000001", "0.5", "10", "61.00001"]);
    }

    #[test]
    fn a_moment_has_milliseconds_and_a_zone() {
        let moment = UNIX_EPOCH + Duration::from_millis(1_586_815_193_757);
        assert_eq!(rfc3339(moment).as_deref(), Some("2020-04-13T21:59:53.757Z"));
        assert_eq!(rfc3339(UNIX_EPOCH - Duration::from_secs(1)).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(1 << 40)), None);
    }

    #[test]
    fn items_and_fields_are_joined_by_a_space() {
        let text = |bytes, fields, count| {
            joined(&Chunk { bytes, delimiter: b'\n', fields, first: Seq::FIRST, count }).into_owned()
        };
        assert_eq!(text(b"a b\n", Fields::One, 1), b"a b");
        assert_eq!(text(b"1;a b\n1;c d\n", Fields::Several, 2), b"a b c d");
        assert_eq!(text(b"\n", Fields::One, 1), b"");
    }
}
