//! The language of `py`: chunks as they stand in their block, and answers by the chunk.
//!
//! The other end is worker.py, which says what goes over the pipes. Its source lies in a file without a name that the
//! process inherits; in front of it is a page in which the process notes the item that it is at. So when it dies, even
//! by KILL, the item to be charged is known exactly.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use parjob_sys::barrier;

use super::super::in_flight::InFlight;
use super::{MOST, Mismatch, Protocol, answered};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Fields, Seq};
use crate::command::words::Words;
use crate::process::plumbing::unnamed;

/// The program.
const SOURCE: &str = include_str!("worker.py");

/// The line in it behind which nothing is needed for the first answer.
const CUT: &str = "\n# -----";

/// Where the source begins in the file: pages are not larger than this.
const PAGE: u64 = 64 << 10;

/// The bytes before an answer.
const HEAD: usize = 24;

/// Numbers in the page, of 8 bytes each: the last item that was begun; how many were begun with it; whether no other is to
/// be; the item whose code runs, where that is another.
const PLACES: usize = 4;

/// The place of the third.
const STOP: u64 = 16;

/// Kinds of answers. Their upper bytes tell an answer from what a program wrote to a file that it did not open.
mod kind {
    pub(super) const MARK: u32 = 0xa95e_c300;
    pub(super) const READY: u32 = MARK;
    pub(super) const REFUSED: u32 = MARK + 1;
    pub(super) const LINES: u32 = MARK + 2;
    pub(super) const SIZES: u32 = MARK + 3;
    pub(super) const STOPPED: u32 = MARK + 4;
}

/// What a text among several is.
mod text {
    pub(super) const RESULT: u8 = 0;
    pub(super) const NOTHING: u8 = 1;
    pub(super) const FAILURE: u8 = 2;
    pub(super) const TIMEOUT: u8 = 3;
}

/// The language of one worker and its processes.
pub struct Python {
    file: File,
    /// The same file, until it is handed on.
    inherited: Option<OwnedFd>,
    number: i32,
    wants: usize,
    timeout: Duration,
    can_stop: bool,
}

impl Python {
    /// With a file for the source and the page. So many items are at work at once in a process, which may end one after
    /// its `timeout` by itself.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub fn new(concurrency: u32, timeout: Duration) -> io::Result<Python> {
        let file = unnamed(c"parjob-worker")?;
        let inherited = OwnedFd::from(file.try_clone()?);
        // One to take the place of each that ends.
        let wants = if concurrency > 1 { 2 * concurrency as usize } else { 1 };
        Ok(Python {
            number: inherited.as_raw_fd(),
            inherited: Some(inherited),
            file,
            wants,
            timeout,
            can_stop: barrier::is_there(),
        })
    }

    /// The words of Python's own: what it is to do at first.
    fn start(&self) -> String {
        let (number, first) = (self.number, SOURCE.find(CUT).map_or(SOURCE.len(), |cut| cut + 1));
        let rest = PAGE + first as u64;
        format!(
            "import os,sys\n\
             if sys.version_info<(3,8):sys.exit('Python %d.%d is too old, 3.8 is needed'%sys.version_info[:2])\n\
             exec(compile(os.pread({number},{first},{PAGE}),'<parjob>','exec'))\n\
             REST=lambda:os.pread({number},1<<20,{rest})\n\
             main(sys.argv[1:])"
        )
    }

    fn page(&self) -> Option<[u64; PLACES]> {
        let mut page = [0; 8 * PLACES];
        self.file.read_exact_at(&mut page, 0).ok()?;
        let number = |place: usize| page[8 * place..][..8].try_into().map(u64::from_ne_bytes).unwrap_or_default();
        Some(std::array::from_fn(number))
    }
}

impl Protocol for Python {
    fn hands_on(&mut self) -> Option<OwnedFd> {
        self.inherited.take()
    }

    fn words(&self, words: &mut Words) {
        words.push(b"-c");
        words.push(self.start().as_bytes());
        words.push(format!("page={}", self.number).as_bytes());
    }

    fn begin(&mut self, in_flight: &mut InFlight, _out: &mut Vec<u8>) {
        // A page that cannot be written cannot be read either. A program that writes to files that it did not open may have
        // written over both.
        let _ = self.file.write_all_at(&[0; 8 * PLACES], 0);
        let _ = self.file.write_all_at(SOURCE.as_bytes(), PAGE);
        in_flight.expect_greeting();
    }

    fn encode(&mut self, chunk: &Chunk<'_>, _in_flight: &mut InFlight, out: &mut Vec<u8>) {
        out.extend_from_slice(&chunk.first.0.to_le_bytes());
        // A block is shorter than 4 GiB, and so is what is claimed of it.
        out.extend_from_slice(&(chunk.count as u32).to_le_bytes());
        out.extend_from_slice(&(chunk.bytes.len() as u32).to_le_bytes());
        out.extend_from_slice(&[chunk.delimiter, u8::from(chunk.fields == Fields::Several), 0, 0]);
        out.extend_from_slice(chunk.bytes);
    }

    fn decode(&mut self, bytes: &[u8], in_flight: &mut InFlight) -> Result<usize, Mismatch> {
        let mut used = 0;
        // Most come many at a time.
        while let Some((answer, len)) = Answer::read(&bytes[used..])? {
            answer.tell(in_flight, self.timeout)?;
            used += len;
        }
        Ok(used)
    }

    fn at(&mut self) -> Option<Seq> {
        // Of several at work the last one that was begun is not the one to blame.
        let at = self.page().map(|[begun, count, _, at]| match (begun, count) {
            _ if at > 0 || self.wants > 1 => at,
            (_, 0) => 0,
            (begun, _) => begun,
        });
        at.filter(|at| *at > 0).map(Seq)
    }

    fn at_once(&mut self) -> u64 {
        self.page().map_or(1, |[_, count, ..]| count.max(1))
    }

    fn encodes_singly(&self) -> bool {
        false
    }

    fn can_stop(&self) -> bool {
        self.can_stop
    }

    fn stop(&mut self) -> Option<Seq> {
        let [.., stop, _] = self.page().filter(|_| self.can_stop)?;
        if stop != 0 {
            return None;
        }
        self.file.write_all_at(&1u64.to_ne_bytes(), STOP).ok()?;
        // The process notes an item before it looks at the flag. So, once each processor has passed a barrier, either it has
        // seen the flag or the item is seen here. Without one nothing is known to be taken back.
        let seen = barrier::on_all_processors().ok().and_then(|()| self.page());
        Some(seen.map_or(Seq(u64::MAX), |[begun, count, ..]| match begun {
            0 => Seq(0),
            begun => Seq(begun.saturating_add(count.max(1) - 1)),
        }))
    }

    fn go_on(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[0; 20]);
    }

    fn holds_back(&self) -> bool {
        false
    }

    fn wants(&self) -> usize {
        self.wants
    }
}

/// What the process wrote at one time.
struct Answer<'a> {
    first: Seq,
    count: usize,
    kind: u32,
    data: &'a [u8],
}

impl<'a> Answer<'a> {
    /// The answer at the beginning of the bytes and its length, if it is whole. What is none is found by its head: its length
    /// would be waited for, for ever.
    fn read(bytes: &'a [u8]) -> Result<Option<(Answer<'a>, usize)>, Mismatch> {
        let Some(head) = bytes.first_chunk::<HEAD>() else { return Ok(None) };
        let long = |at: usize| head[at..at + 8].try_into().map(u64::from_le_bytes).unwrap_or_default();
        let short = |at: usize| head[at..at + 4].try_into().map(u32::from_le_bytes).unwrap_or_default();
        let (kind, length) = (short(12), usize::try_from(long(16)).unwrap_or(usize::MAX));
        if kind & !0xff != kind::MARK || length > MOST {
            return Err(garbled());
        }
        let end = HEAD + length;
        let answer = |data| Answer { first: Seq(long(0)), count: short(8) as usize, kind, data };
        Ok(bytes.get(HEAD..end).map(|data| (answer(data), end)))
    }

    fn tell(&self, in_flight: &mut InFlight, timeout: Duration) -> Result<(), Mismatch> {
        match self.kind {
            kind::READY if in_flight.awaits_greeting() => in_flight.greeted(),
            kind::REFUSED if in_flight.awaits_greeting() => {
                in_flight.refused(self.count as i32, text_of(self.data));
            }
            kind::LINES => in_flight.answer_run(self.first, self.count, self.data)?,
            kind::STOPPED => in_flight.note_stopped(self.first),
            kind::SIZES => self.tell_each(in_flight, timeout).ok_or_else(garbled)??,
            _ => return Err(garbled()),
        }
        Ok(())
    }

    /// Answers of which each says how long it is. `None` where they do not hold together.
    fn tell_each(&self, in_flight: &mut InFlight, timeout: Duration) -> Option<Result<(), Mismatch>> {
        let (lengths, rest) = self.data.split_at_checked(4 * self.count)?;
        let (kinds, mut texts) = rest.split_at_checked(self.count)?;
        for ((length, kind), seq) in lengths.chunks_exact(4).zip(kinds).zip(self.first.0..) {
            let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
            let (bytes, after) = texts.split_at_checked(length)?;
            let told = match *kind {
                text::RESULT => in_flight.answer(Seq(seq), Ok(bytes)),
                text::NOTHING => in_flight.pass(Seq(seq)),
                text::FAILURE => in_flight.answer(Seq(seq), Err(failure(bytes))),
                text::TIMEOUT => in_flight.answer(Seq(seq), Err(Failure::timeout(timeout))),
                _ => return None,
            };
            if told.is_err() {
                return Some(told);
            }
            texts = after;
        }
        texts.is_empty().then_some(Ok(()))
    }
}

fn failure(bytes: &[u8]) -> Failure {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    let traceback = bytes.get(end + 1..).unwrap_or_default();
    answered(&text_of(&bytes[..end]), &text_of(traceback))
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn garbled() -> Mismatch {
    Mismatch("wrote what is no answer; did its program write to a file that it did not open?".into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use proptest::prelude::*;

    fn python() -> Python {
        Python::new(1, Duration::from_secs(7)).unwrap()
    }

    fn answer(first: u64, count: u32, kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = first.to_le_bytes().to_vec();
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&kind.to_le_bytes());
        bytes.extend_from_slice(&(data.len() as u64).to_le_bytes());
        bytes.extend_from_slice(data);
        bytes
    }

    #[test]
    fn the_first_part_of_the_program_is_the_smaller() {
        let cut = SOURCE.find(CUT).unwrap();
        assert!(SOURCE[..cut].contains("\ndef main(") && cut < SOURCE.len() / 2, "{cut} of {}", SOURCE.len());
        assert!(!SOURCE[..cut].contains("async def"));
    }

    #[test]
    fn a_chunk_goes_over_as_it_stands() {
        let mut python = python();
        let mut out = Vec::new();
        let fields = Fields::Several;
        let chunk = Chunk { bytes: b"1;a b\0;c\0", delimiter: 0, fields, first: Seq(258), count: 2 };
        python.encode(&chunk, &mut InFlight::default(), &mut out);
        assert_eq!(out, b"\x02\x01\0\0\0\0\0\0\x02\0\0\0\x09\0\0\0\0\x01\0\x001;a b\0;c\0");
    }

    #[test]
    fn an_answer_is_taken_when_it_is_whole() {
        let mut python = python();
        let mut in_flight = InFlight::default();
        python.begin(&mut in_flight, &mut Vec::new());
        let ready = answer(0, 0, kind::READY, b"");
        for len in 0..ready.len() {
            assert_eq!(python.decode(&ready[..len], &mut in_flight), Ok(0));
        }
        assert!(in_flight.awaits_greeting());
        assert_eq!(python.decode(&[&ready[..], b"more"].concat(), &mut in_flight), Ok(24));
        assert!(!in_flight.awaits_greeting());
    }

    #[test]
    fn nonsense_is_told() {
        let told = |bytes: &[u8]| python().decode(bytes, &mut InFlight::default());
        for (bytes, says) in [
            (answer(0, 0, kind::READY, b""), "no answer"),
            (answer(1, 1, kind::MARK + 9, b""), "no answer"),
            (answer(1, 1, 2, b""), "no answer"),
            (b"what a program wrote to a file".to_vec(), "no answer"),
            ([b"x", &answer(1, 1, kind::LINES, b"1\n")[..]].concat(), "no answer"),
            ([b"four", &answer(1, 2, kind::LINES, b"1\n")[..]].concat(), "no answer"),
            (answer(1, 1, kind::LINES, b"")[..16].iter().copied().chain([0xff; 8]).collect(), "no answer"),
            (answer(1, 1, kind::SIZES, b"\x01\0\0\0\0"), "no answer"),
            (answer(1, 1, kind::SIZES, b"\0\0\0\0\x07"), "no answer"),
            (answer(1, u32::MAX, kind::SIZES, b""), "no answer"),
            (answer(1, 1, kind::SIZES, b"\x01\0\0\0\0x"), "item 1, which it was not at"),
            (answer(1, 1, kind::LINES, b"x\n"), "item 1, which it was not at"),
        ] {
            assert!(told(&bytes).unwrap_err().0.contains(says), "{bytes:?}");
        }
    }

    #[test]
    fn the_item_at_work_stands_in_the_page() {
        let mut python = python();
        assert_eq!(python.at(), None);
        python.begin(&mut InFlight::default(), &mut Vec::new());
        python.file.write_all_at(&[7u64.to_ne_bytes(), 3u64.to_ne_bytes()].concat(), 0).unwrap();
        assert_eq!((python.at(), python.at_once()), (Some(Seq(7)), 3));
        python.file.write_all_at(&5u64.to_ne_bytes(), 24).unwrap();
        assert_eq!(python.at(), Some(Seq(5)));
        python.begin(&mut InFlight::default(), &mut Vec::new());
        assert_eq!(python.at(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(kind in prop_oneof![0u32..6, kind::MARK..kind::MARK + 6], count in 0u32..4, data in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = python().decode(&answer(1, count, kind, &data), &mut InFlight::default());
            let _ = python().decode(&data, &mut InFlight::default());
        }
    }
}
