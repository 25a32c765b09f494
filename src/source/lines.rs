//! Items that are lines, or end with some other byte: the fast way from a descriptor to blocks.
//!
//! Approach: read into a borrowed buffer, find the last delimiter, count the delimiters, hand the buffer
//! on as a block, and carry the unfinished item over to the next buffer. Single items are looked at only
//! when an option asks for it or when one is too long ([`Screen`]). A block goes out when its buffer is
//! full or when the source pauses, so that a slow source's items do not wait for company, and a fast
//! one's are not sent one by one. Full blocks go out a few together ([`Batch`]).

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::faults::too_long;
use super::inputs::{Got, Inputs};
use super::screen::{Passed, Screen};
use super::{Emit, Reading, double};
use crate::base::buffer::{BUFFER, BufferPool, Loan};
use crate::base::chunk::{Block, Chunking, Content};
use crate::base::failure::Failure;
use crate::base::item::{Attempt, Fields, Seq};

/// How long a source may be silent before what it gave is passed on.
pub(super) const PATIENCE: Duration = Duration::from_millis(1);

/// The longest that an item waits for others while its source trickles.
pub(super) const LATEST: Duration = Duration::from_millis(5);

/// Reads lines until the end of the inputs ([`super::read`]).
pub(super) fn read(
    mut inputs: Inputs,
    reading: Reading,
    chunking: Chunking,
    pool: &Arc<BufferPool>,
    emit: Emit<'_>,
) -> Result<()> {
    let left = reading.first.unwrap_or(u64::MAX);
    let Some(buffer) = (if left > 0 { pool.borrow(BUFFER) } else { None }) else { return Ok(()) };
    let screen = Screen::new(&reading);
    inputs.lists = reading.lists;
    let hold = Hold { buffer, len: 0, whole: 0, items: 0, faults: Vec::new(), since: None };
    let batch = Batch::default();
    Lines { inputs, screen, chunking, next: Seq::FIRST, left, hold, batch, skipping: false }.run(emit)
}

/// The state of the reading.
struct Lines {
    inputs: Inputs,
    screen: Screen,
    chunking: Chunking,
    /// The number of the first item in `hold`.
    next: Seq,
    /// How many items may still be handed on (`--first`).
    left: u64,
    hold: Hold,
    batch: Batch,
    /// In the middle of an item that is too long: drop everything up to its delimiter.
    skipping: bool,
}

/// The buffer being filled: `whole` bytes of `items` whole items, then the beginning of one, up to `len`.
struct Hold {
    buffer: Loan,
    len: usize,
    whole: usize,
    items: usize,
    faults: Vec<(u32, Failure)>,
    /// When the first of the whole items came.
    since: Option<Instant>,
}

/// About how many bytes of full blocks go out together: half of what the pool of a run with two workers lends, so that
/// workers do one half while the other is read.
const BATCH: usize = 4 * BUFFER;

/// Full blocks that go out together. Where items are done faster than they are read, the run loop and the workers sleep
/// whenever blocks come, and to wake them for each block was a tenth of the time of `count`.
#[derive(Default)]
struct Batch {
    blocks: Vec<Block>,
    bytes: usize,
    /// When the first of the items came.
    since: Option<Instant>,
}

impl Batch {
    /// Adds a block whose first item came then; whether that fills the batch.
    fn push(&mut self, block: Block, bytes: usize, since: Option<Instant>) -> bool {
        self.blocks.push(block);
        self.bytes += bytes;
        self.since = self.since.or(since);
        // A full block ends with its last whole item, somewhat before the end of its buffer.
        self.bytes > BATCH - BUFFER / 2
    }

    /// Sends what there is.
    fn send(&mut self, emit: Emit<'_>) -> Go {
        let Batch { blocks, .. } = std::mem::take(self);
        if blocks.is_empty() || emit(blocks) { Go::On } else { Go::Stop }
    }
}

/// Whether there is more to do.
#[derive(PartialEq, Eq)]
enum Go {
    On,
    Stop,
}

impl Lines {
    fn run(mut self, emit: Emit<'_>) -> Result<()> {
        loop {
            if self.make_room(emit)? == Go::Stop {
                return Ok(());
            }
            // One byte stays free for the delimiter that the last line may lack.
            let free = self.hold.buffer.len() - 1;
            let end = match self.inputs.read(&mut self.hold.buffer[self.hold.len..free]) {
                Ok(Got::Bytes(n)) => self.take(n),
                Ok(Got::InputEnd) => {
                    let end = self.close_last();
                    self.inputs.ended(self.next.plus(self.hold.items as u64));
                    end
                }
                Ok(Got::End) => true,
                Err(error) => {
                    // What is whole was read and is done; half an item is no item.
                    self.send_all(emit);
                    return Err(error);
                }
            };
            if end {
                self.send_all(emit);
                return Ok(());
            }
            if self.has_paused() && self.send_now(emit) == Go::Stop {
                return Ok(());
            }
        }
    }

    /// Takes in `n` more bytes; whether that was the end of what is wanted.
    fn take(&mut self, n: usize) -> bool {
        let start = self.hold.len;
        self.hold.len += n;
        let was_cut = self.skipping;
        if was_cut && !self.skip(start) {
            return false;
        }
        let delimiter = self.screen.delimiter;
        match memchr::memrchr(delimiter, &self.hold.buffer[start..self.hold.len]) {
            Some(end) => self.add_whole(start + end + 1, was_cut),
            None => {
                self.cut_long_tail();
                false
            }
        }
    }

    /// Counts in the whole items that now end at `end`, of which the first may have been cut because it was
    /// too long; whether that was the end of what is wanted.
    fn add_whole(&mut self, end: usize, was_cut: bool) -> bool {
        let hold = &mut self.hold;
        if was_cut {
            // Its fault is noted. What is left of it must not be taken for an item that looks like that.
            hold.whole = hold.start_of_next(self.screen.delimiter);
            hold.items += 1;
        }
        let more = &hold.buffer[hold.whole..end];
        let done = if self.screen.is_needed(more.len()) {
            let Passed { len, items, done } =
                self.screen.pass(&mut hold.buffer[hold.whole..end], hold.items, &mut hold.faults);
            // Behind the item that stops the reading nothing is wanted.
            let rest = if done { hold.len } else { end };
            hold.buffer.copy_within(rest..hold.len, hold.whole + len);
            hold.len -= rest - hold.whole - len;
            hold.whole += len;
            hold.items += items;
            done
        } else {
            hold.items += memchr::memchr_iter(self.screen.delimiter, more).count();
            hold.whole = end;
            false
        };
        if hold.items > 0 && hold.since.is_none() {
            hold.since = Some(Instant::now());
        }
        self.cut_long_tail();
        self.apply_first() || done
    }

    /// The last line of an input may lack its delimiter.
    fn close_last(&mut self) -> bool {
        let was_cut = std::mem::take(&mut self.skipping);
        // Of an item that was cut there may be nothing left, but it is an item.
        if self.hold.len == self.hold.whole && !was_cut {
            return false;
        }
        self.hold.buffer[self.hold.len] = self.screen.delimiter;
        self.hold.len += 1;
        self.add_whole(self.hold.len, was_cut)
    }

    /// Drops the rest of an item that is too long from the bytes that begin at `start`; whether its end
    /// was among them.
    fn skip(&mut self, start: usize) -> bool {
        let hold = &mut self.hold;
        let found = memchr::memchr(self.screen.delimiter, &hold.buffer[start..hold.len]);
        let rest = found.map_or(hold.len, |end| start + end);
        hold.buffer.copy_within(rest..hold.len, start);
        hold.len -= rest - start;
        self.skipping = found.is_none();
        found.is_some()
    }

    /// When the unfinished item is too long already: keeps its beginning, drops the rest as it comes.
    fn cut_long_tail(&mut self) {
        let hold = &mut self.hold;
        if self.screen.is_too_long(&hold.buffer[hold.whole..hold.len]) {
            hold.faults.push((hold.items as u32, too_long(self.screen.max_item)));
            hold.len = hold.whole + self.screen.kept();
            self.skipping = true;
        }
    }

    /// Holds `--first`: whether no more items are wanted.
    fn apply_first(&mut self) -> bool {
        if (self.hold.items as u64) < self.left {
            return false;
        }
        let extra = self.hold.items - self.left as usize;
        self.hold.whole = self.hold.start_of_last(extra, self.screen.delimiter);
        self.hold.items -= extra;
        true
    }

    /// Makes sure that at least a byte can be read: sends what is whole, or grows the buffer.
    fn make_room(&mut self, emit: Emit<'_>) -> Result<Go> {
        while self.hold.len + 1 >= self.hold.buffer.len() {
            if self.has_chunk() {
                if self.send(emit) == Go::Stop {
                    return Ok(Go::Stop);
                }
            } else {
                double(&mut self.hold.buffer, self.chunking)?;
            }
        }
        Ok(Go::On)
    }

    /// Whether the source has paused, or may do so before its next input, so that what is whole should not wait.
    fn has_paused(&self) -> bool {
        let held = self.hold.since.filter(|_| self.has_chunk());
        let Some(since) = self.batch.since.or(held) else { return false };
        since.elapsed() > LATEST || self.inputs.is_idle_for(PATIENCE)
    }

    /// Whether enough items are whole for a chunk.
    fn has_chunk(&self) -> bool {
        self.hold.items >= self.chunking.multiple()
    }

    /// Sends what need not wait for more.
    fn send_now(&mut self, emit: Emit<'_>) -> Go {
        if self.has_chunk() && self.send(emit) == Go::Stop {
            return Go::Stop;
        }
        self.batch.send(emit)
    }

    /// Sends as many whole items as `--chunk` lets go, once a batch is full.
    fn send(&mut self, emit: Emit<'_>) -> Go {
        let extra = self.hold.items % self.chunking.multiple();
        let end = self.hold.start_of_last(extra, self.screen.delimiter);
        self.send_until(end, self.hold.items - extra, emit)
    }

    /// At the end: sends every whole item.
    fn send_all(&mut self, emit: Emit<'_>) {
        if self.hold.items == 0 || self.send_until(self.hold.whole, self.hold.items, emit) == Go::On {
            self.batch.send(emit);
        }
    }

    /// Sends the first `items` items, which end at `end`, and carries the rest over.
    fn send_until(&mut self, end: usize, items: usize, emit: Emit<'_>) -> Go {
        // The buffers in the batch come back only once they are sent.
        if !self.batch.blocks.is_empty() && self.hold.buffer.would_wait(BUFFER) && self.batch.send(emit) == Go::Stop {
            return Go::Stop;
        }
        let Some(bytes) = self.part_with(end) else { return Go::Stop };
        let kept = self.hold.faults.split_off(self.hold.faults.partition_point(|fault| (fault.0 as usize) < items));
        let faults = std::mem::replace(&mut self.hold.faults, kept);
        self.hold.faults.iter_mut().for_each(|fault| fault.0 -= items as u32);
        self.hold.items -= items;
        let since = std::mem::replace(&mut self.hold.since, (self.hold.items > 0).then(Instant::now));
        let first = self.next;
        self.next = first.plus(items as u64);
        self.left -= items as u64;
        let content = Content {
            first,
            items: items as u32,
            len: end as u32,
            delimiter: self.screen.delimiter,
            fields: Fields::One,
            faults,
        };
        let block = Block::new(bytes, content, self.chunking, Attempt::FIRST);
        if self.batch.push(block, end, since) { self.batch.send(emit) } else { Go::On }
    }

    /// Parts with the first `end` bytes. A few bytes are copied to a small buffer, so that a trickle of
    /// lines does not use up the large ones.
    fn part_with(&mut self, end: usize) -> Option<Loan> {
        let hold = &mut self.hold;
        let rest = hold.len - end;
        let bytes = if end < BUFFER / 8 {
            let mut small = hold.buffer.borrow_another(end)?;
            small.copy_from_slice(&hold.buffer[..end]);
            hold.buffer.copy_within(end..hold.len, 0);
            small
        } else {
            let mut next = hold.buffer.borrow_another(BUFFER)?;
            if rest >= BUFFER {
                next.grow(hold.buffer.len());
            }
            next[..rest].copy_from_slice(&hold.buffer[end..hold.len]);
            std::mem::replace(&mut hold.buffer, next)
        };
        hold.len = rest;
        hold.whole -= end;
        Some(bytes)
    }
}

impl Hold {
    /// Where the item after the first of those that are not yet counted in begins.
    fn start_of_next(&self, delimiter: u8) -> usize {
        let rest = &self.buffer[self.whole..self.len];
        memchr::memchr(delimiter, rest).map_or(self.len, |end| self.whole + end + 1)
    }

    /// Where the last `count` whole items begin.
    fn start_of_last(&self, count: usize, delimiter: u8) -> usize {
        if count == 0 {
            return self.whole;
        }
        let whole = &self.buffer[..self.whole];
        // The delimiter before the items: one further back than the items have.
        memchr::memrchr_iter(delimiter, whole).nth(count).map_or(0, |before| before + 1)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::super::Input;
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    /// The items, each with whether it came as a fault, and the sizes of the blocks.
    fn read_files(files: &[&[u8]], reading: Reading, chunking: Chunking) -> (Vec<(Vec<u8>, bool)>, Vec<u64>) {
        read_in_pieces(files, reading, chunking, &[])
    }

    /// The same, where the first reads are given so many bytes and no more.
    fn read_in_pieces(
        files: &[&[u8]],
        reading: Reading,
        chunking: Chunking,
        pieces: &[usize],
    ) -> (Vec<(Vec<u8>, bool)>, Vec<u64>) {
        let dir = tempfile::tempdir().unwrap();
        let write = |(n, bytes): (usize, &&[u8])| {
            let path = dir.path().join(n.to_string());
            std::fs::write(&path, bytes).unwrap();
            Input::File(path)
        };
        let inputs = files.iter().enumerate().map(write).collect();
        let pool = BufferPool::new(1 << 22);
        let (mut items, mut sizes) = (Vec::new(), Vec::new());
        let mut inputs = Inputs::new(inputs);
        inputs.pieces = Vec::from(pieces).into_iter();
        read(inputs, reading, chunking, &pool, &mut |blocks| {
            for block in blocks {
                assert_eq!(block.first().0, items.len() as u64 + 1);
                sizes.push(block.items());
                while let Some(chunk) = block.claim(u32::MAX, 1) {
                    let faults: Vec<usize> = block.faults(&chunk).map(|(place, _)| place).collect();
                    items.extend(chunk.items().enumerate().map(|(n, item)| (item.to_vec(), faults.contains(&n))));
                }
            }
            true
        })
        .unwrap();
        (items, sizes)
    }

    fn texts(file: &[u8], reading: Reading) -> Vec<String> {
        let (items, _) = read_files(&[file], reading, Chunking::Auto);
        items.into_iter().map(|(item, _)| String::from_utf8(item).unwrap()).collect()
    }

    #[test]
    fn an_empty_line_is_an_item_and_the_last_newline_is_not() {
        let all = Reading::default;
        assert_eq!(texts(b"a\n\nb\n", all()), ["a", "", "b"]);
        assert_eq!(texts(b"a\nb", all()), ["a", "b"]);
        assert_eq!(texts(b"", all()), [""; 0]);
        assert_eq!(texts(b"\n", all()), [""]);
    }

    #[test]
    fn items_can_be_screened() {
        assert_eq!(texts(b"a\r\n\r\nb\rc\r\n", Reading { strip_cr: true, ..Reading::default() }), ["a", "", "b\rc"]);
        assert_eq!(texts(b"\n\na\n\nb", Reading { drop_empty: true, ..Reading::default() }), ["a", "b"]);
        assert_eq!(texts(b"a\nEND\nb\n", Reading { stop_at: Some(b"END".to_vec()), ..Reading::default() }), ["a"]);
        assert_eq!(texts(b"a\nb\nc\n", Reading { first: Some(2), ..Reading::default() }), ["a", "b"]);
        assert_eq!(texts(b"a\nb\n", Reading { first: Some(0), ..Reading::default() }), [""; 0]);
        assert_eq!(texts(b"a\0b\0", Reading { delimiter: 0, ..Reading::default() }), ["a", "b"]);
    }

    #[test]
    fn each_file_ends_its_last_item() {
        let (items, _) = read_files(&[b"a\nb", b"", b"c\n", b"d"], Reading::default(), Chunking::Auto);
        assert_eq!(items.iter().map(|(item, _)| &item[..]).collect::<Vec<_>>(), [b"a", b"b", b"c", b"d"]);
    }

    #[test]
    fn small_files_share_blocks() {
        let files = vec![&b"a\nb\n"[..]; 100];
        let (items, sizes) = read_files(&files, Reading::default(), Chunking::Auto);
        assert_eq!(items.len(), 200);
        // One block, unless the machine is so slow that items get old.
        assert!(sizes.len() < 50, "{sizes:?}");
    }

    /// A file of so many bytes, and how many blocks were handed on each time by a reader who may hold `buffers` of them.
    fn batches(bytes: usize, buffers: usize) -> Vec<usize> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("items");
        std::fs::write(&path, b"1234567\n".repeat(bytes / 8)).unwrap();
        let pool = BufferPool::new(buffers * (BUFFER + 4096));
        let (mut sizes, mut items) = (Vec::new(), 0);
        read(Inputs::new(vec![Input::File(path)]), Reading::default(), Chunking::Auto, &pool, &mut |blocks| {
            items += blocks.iter().map(Block::items).sum::<u64>();
            sizes.push(blocks.len());
            true
        })
        .unwrap();
        assert_eq!(items, bytes as u64 / 8);
        sizes
    }

    #[test]
    fn full_blocks_go_out_together() {
        for blocks in [2, 4, 7, 40] {
            let sizes = batches(blocks * BUFFER, 8);
            assert!(sizes.iter().all(|size| (1..=4).contains(size)), "{sizes:?}");
            // Fewer times than there are blocks, unless the machine is so slow that items get old each time.
            assert!(sizes.len() < blocks, "{sizes:?}");
        }
    }

    #[test]
    fn a_batch_does_not_wait_for_its_own_buffers() {
        for buffers in 1..=5 {
            let sizes = batches(30 * BUFFER, buffers);
            // One more is being filled.
            assert!(sizes.iter().all(|size| *size < buffers.max(2)), "{buffers}: {sizes:?}");
        }
    }

    #[test]
    fn an_item_beyond_the_limit_is_a_fault_and_the_rest_goes_on() {
        for long in [4, 11, 1000, BUFFER * 3] {
            let file = [&b"a\n"[..], &vec![b'x'; long], b"\nb\n", &vec![b'y'; long]].concat();
            let reading = Reading { max_item: 10, ..Reading::default() };
            let (items, _) = read_files(&[&file, b"c"], reading, Chunking::Auto);
            let firsts: Vec<u8> = items.iter().map(|(item, _)| item[0]).collect();
            assert_eq!(firsts, b"axbyc", "{long}");
            let faults: Vec<bool> = items.iter().map(|(_, fault)| *fault).collect();
            assert_eq!(faults, [false, long > 10, false, long > 10, false], "{long}");
        }
    }

    #[test]
    fn an_item_longer_than_a_buffer_is_whole() {
        let long = vec![b'x'; BUFFER * 3];
        let (items, _) = read_files(&[&[&long[..], b"\nb\n"].concat()], Reading::default(), Chunking::Auto);
        assert_eq!(items, [(long, false), (b"b".to_vec(), false)]);
    }

    /// The items with whether they are faults, as text; read at once, then with a read for each byte.
    #[track_caller]
    fn however_read(file: &[u8], reading: &Reading, expected: &[(&str, bool)]) {
        for pieces in [vec![], vec![1; file.len()]] {
            let (items, _) = read_in_pieces(&[file], reading.clone(), Chunking::Auto, &pieces);
            let items: Vec<_> =
                items.iter().map(|(item, fault)| (std::str::from_utf8(item).unwrap(), *fault)).collect();
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn a_carriage_return_that_is_stripped_does_not_count() {
        let reading = Reading { strip_cr: true, max_item: 3, ..Reading::default() };
        however_read(b"123\r\n1234\n4\r", &reading, &[("123", false), ("123", true), ("4", false)]);
        however_read(b"123\r\r\n123\r4\n123\r", &reading, &[("123", true), ("123", true), ("123", false)]);
    }

    #[test]
    fn an_item_that_is_too_long_is_not_what_is_left_of_it() {
        let stop_at = Some(b"abc".to_vec());
        let reading = Reading { stop_at, max_item: 3, ..Reading::default() };
        however_read(b"abcdefgh\nx\nabc\ny\n", &reading, &[("abc", true), ("x", false)]);
        let reading = Reading { stop_at: Some(b"abcdefgh".to_vec()), max_item: 3, ..Reading::default() };
        however_read(b"abcdefgh\nx\n", &reading, &[("abc", true), ("x", false)]);
        let reading = Reading { drop_empty: true, max_item: 0, ..Reading::default() };
        however_read(b"a\n\nbc\n\nd", &reading, &[("", true), ("", true), ("", true)]);
        let reading = Reading { strip_cr: true, max_item: 3, ..Reading::default() };
        however_read(b"12\r45\n", &reading, &[("12\r", true)]);
    }

    proptest! {
        #[test]
        fn items_do_not_depend_on_how_they_are_read(
            files in prop::collection::vec("[ab\r\n]{0,40}", 1..3),
            pieces in prop::collection::vec(1usize..8, 0..60),
            (strip_cr, drop_empty) in any::<(bool, bool)>(),
            stop_at in prop::option::of("[ab\r]{0,5}"),
            first in prop::option::of(0u64..9),
            max_item in 0usize..8,
            multiple in 1u32..4,
        ) {
            let files: Vec<&[u8]> = files.iter().map(String::as_bytes).collect();
            let stop_at = stop_at.map(String::into_bytes);
            let reading = Reading { strip_cr, drop_empty, stop_at, first, max_item, ..Reading::default() };
            let chunking = Chunking::Items(NonZeroU32::new(multiple).unwrap());
            let (items, _) = read_in_pieces(&files, reading.clone(), chunking, &pieces);
            prop_assert_eq!(items, read_files(&files, reading, chunking).0);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn nothing_is_lost_and_blocks_hold_multiples(
            lengths in prop::collection::vec(prop_oneof![0usize..20, 0usize..5000], 1..2000),
            multiple in prop_oneof![Just(1u32), 2u32..9, 500u32..3000],
            newline in any::<bool>(),
        ) {
            let items: Vec<Vec<u8>> = lengths.iter().map(|n| vec![b'a' + (n % 26) as u8; *n]).collect();
            let mut file = items.join(&b'\n');
            if newline || items.last().is_some_and(Vec::is_empty) {
                file.push(b'\n');
            }
            let chunking = Chunking::Items(NonZeroU32::new(multiple).unwrap());
            let (got, sizes) = read_files(&[&file], Reading::default(), chunking);
            prop_assert_eq!(got.into_iter().map(|(item, _)| item).collect::<Vec<_>>(), items);
            prop_assert!(sizes[..sizes.len() - 1].iter().all(|size| size % u64::from(multiple) == 0));
        }
    }
}
