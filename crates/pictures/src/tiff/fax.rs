//! The codes of fax machines: lines of runs, white and black in turn, each coded by itself or by the line before it.
//!
//! The tables are those of the crate; its decoders know neither lines of two dimensions in Group 3 nor lines without
//! codes between them. A line of Group 3 that is broken ends where it breaks, as in other programs: the next one can be
//! found.

use std::io::{self, BufRead, Read};

use fax::BitReader;
use fax::maps::{Mode, black, mode, white};

use super::kinds::Fax;
use super::packed::Bits;

/// Lines of bits, of which those that are set are black; each begins with a byte of its own.
pub(super) struct Lines<'a> {
    kind: Fax,
    bits: Reader<'a>,
    width: u32,
    /// Where the colour changes in the line before and in this one, white at first.
    before: Vec<u32>,
    now: Vec<u32>,
    line: Vec<u8>,
    /// How much of the line was taken.
    taken: usize,
    /// The code that ends all lines has come: those that it leaves out are white.
    ended: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(kind: Fax, from: Bits<'a>, width: u32) -> Lines<'a> {
        let bits = Reader { from, held: 0, valid: 0, taken: 0, over: false };
        Lines { kind, bits, width, before: Vec::new(), now: Vec::new(), line: Vec::new(), taken: 0, ended: false }
    }

    /// Decodes a line. `None`: there are no more.
    fn next(&mut self) -> io::Result<Option<()>> {
        self.now.clear();
        let is_broken = match self.kind {
            _ if self.ended => false,
            Fax::Runs { pairs } => {
                self.bits.align(if pairs { 16 } else { 8 });
                if self.bits.is_empty() {
                    return Ok(None);
                }
                self.by_itself().is_none()
            }
            Fax::Group3 { two_dimensional } => {
                if !self.bits.pass_end_of_line() {
                    return Ok(None);
                }
                // A line that breaks ends there.
                _ = if two_dimensional && !self.bits.take() { self.by_the_last() } else { self.by_itself() };
                false
            }
            Fax::Group4 => {
                if self.bits.is_empty() {
                    return Ok(None);
                }
                self.by_the_last().is_none()
            }
        };
        if is_broken {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of its fax code is broken"));
        }
        self.paint();
        std::mem::swap(&mut self.now, &mut self.before);
        Ok(Some(()))
    }

    /// Takes a line that is coded by itself.
    fn by_itself(&mut self) -> Option<()> {
        let (mut at, mut is_black) = (0, false);
        while at < self.width {
            at = self.run(at, is_black)?;
            self.now.push(at);
            is_black = !is_black;
        }
        Some(())
    }

    /// Takes a line that is coded by the one before it.
    fn by_the_last(&mut self) -> Option<()> {
        let (mut at, mut is_black, mut near) = (0, false, 0);
        let mut is_start = true;
        while at < self.width {
            // The next change of the line before to the other colour: a change to black has an even number.
            if near % 2 != usize::from(is_black) {
                near = if near > 0 { near - 1 } else { near + 1 };
            }
            let change = |n: usize| self.before.get(n).copied();
            while change(near).is_some_and(|place| place < at || (place == at && !is_start)) {
                near += 2;
            }
            let change = |n: usize| change(n).unwrap_or(self.width);
            // To the table of the crate every twelve bits that begin with seven zeros are that code.
            let is_end = self.bits.peek(12) == Some(1);
            match mode::decode(&mut self.bits)? {
                Mode::Pass => at = change(near + 1),
                Mode::Vertical(by) => {
                    at = change(near).saturating_add_signed(by.into()).clamp(at, self.width);
                    self.now.push(at);
                    is_black = !is_black;
                }
                Mode::Horizontal => {
                    for colour in [is_black, !is_black] {
                        at = self.run(at, colour)?;
                        self.now.push(at);
                    }
                }
                Mode::EOF if is_start && is_end => {
                    self.ended = true;
                    return Some(());
                }
                Mode::EOF | Mode::Extension => return None,
            }
            is_start = false;
        }
        Some(())
    }

    /// Takes a run, and gives where it ends.
    fn run(&mut self, mut at: u32, is_black: bool) -> Option<u32> {
        loop {
            let part = if is_black { black::decode(&mut self.bits) } else { white::decode(&mut self.bits) }?;
            at = at.saturating_add(part.into()).min(self.width);
            if part < 64 {
                return Some(at);
            }
        }
    }

    /// Sets the bits of black runs.
    fn paint(&mut self) {
        self.line.clear();
        self.line.resize(self.width.div_ceil(8) as usize, 0);
        for run in self.now.chunks(2) {
            let (from, to) = (run[0] as usize, run.get(1).map_or(self.width, |to| *to) as usize);
            if from >= to {
                continue;
            }
            let (first, last) = (from / 8, (to - 1) / 8);
            let (head, tail) = (0xff >> (from % 8), 0xff_u8 << (7 - (to - 1) % 8));
            if first == last {
                self.line[first] |= head & tail;
            } else {
                self.line[first] |= head;
                self.line[first + 1..last].fill(0xff);
                self.line[last] |= tail;
            }
        }
        self.taken = 0;
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.line.len() && self.next()?.is_none() {
            return Ok(0);
        }
        let many = (&self.line[self.taken..]).read(out)?;
        self.taken += many;
        Ok(many)
    }
}

/// Bits, the highest of a byte first. Behind the last one are zeros, which are no code.
struct Reader<'a> {
    from: Bits<'a>,
    held: u64,
    /// Number of bits that are held.
    valid: u8,
    /// Number of bits that were taken.
    taken: u64,
    /// There are no more bytes.
    over: bool,
}

impl Reader<'_> {
    fn fill(&mut self) {
        while self.valid <= 48 && !self.over {
            let mut byte = [0];
            // Bytes in memory can be read.
            if self.from.fill_buf().is_ok_and(<[u8]>::is_empty) || self.from.read(&mut byte).is_err() {
                self.over = true;
                return;
            }
            self.held = self.held << 8 | u64::from(byte[0]);
            self.valid += 8;
        }
    }

    fn is_empty(&mut self) -> bool {
        self.fill();
        self.valid == 0
    }

    fn skip(&mut self, bits: u8) {
        self.fill();
        self.valid = self.valid.saturating_sub(bits);
        self.taken += u64::from(bits);
    }

    fn take(&mut self) -> bool {
        self.fill();
        let bit = self.peek(1) == Some(1);
        self.skip(1);
        bit
    }

    /// Passes over what is left of a byte, or of two.
    fn align(&mut self, bits: u64) {
        self.skip((bits - 1 - (self.taken + bits - 1) % bits) as u8);
    }

    /// Passes over everything up to the code between lines: eleven zeros or more, and a one. `false`: there is none.
    fn pass_end_of_line(&mut self) -> bool {
        let mut zeros = 0;
        while !self.is_empty() {
            if !self.take() {
                zeros += 1;
            } else if zeros >= 11 {
                return true;
            } else {
                zeros = 0;
            }
        }
        false
    }
}

impl BitReader for Reader<'_> {
    type Error = ();

    fn peek(&self, bits: u8) -> Option<u16> {
        let held = self.held & (1_u64.checked_shl(self.valid.into()).unwrap_or(0).wrapping_sub(1));
        let value = if self.valid >= bits { held >> (self.valid - bits) } else { held << (bits - self.valid) };
        Some((value & ((1 << bits) - 1)) as u16)
    }

    fn consume(&mut self, bits: u8) -> Result<(), ()> {
        // What is behind the end is no code.
        if bits > self.valid {
            return Err(());
        }
        self.skip(bits);
        self.fill();
        Ok(())
    }

    fn bits_to_byte_boundary(&self) -> u8 {
        self.valid & 7
    }
}
