//! The bits of a scan.
//!
//! In a scan a byte 0xff is followed by 0, so that it is no marker. These zeros are taken out of a whole stretch at one
//! time, which the search for a byte does fast; after that bits are read eight bytes at a time, with no look at what they
//! are. A stretch ends at a marker: that of a restart, or the end of the scan.

use super::Fault;

/// Bytes after a stretch, so that eight can always be read.
pub(super) const PAD: usize = 8;

/// Puts the stretch that begins at `at` into `out`, and says where the marker is that ends it.
pub(super) fn unstuff(bytes: &[u8], mut at: usize, out: &mut Vec<u8>) -> usize {
    out.clear();
    while let Some(rest) = bytes.get(at..) {
        let Some(plain) = memchr::memchr(0xff, rest) else {
            out.extend_from_slice(rest);
            at = bytes.len();
            break;
        };
        out.extend_from_slice(&rest[..plain]);
        at += plain;
        match rest.get(plain + 1) {
            Some(0) => {
                out.push(0xff);
                at += 2;
            }
            // Fill before a marker.
            Some(0xff) => at += 1,
            _ => break,
        }
    }
    out.resize(out.len() + PAD, 0);
    at
}

/// Reads the bits of a stretch, the highest of a byte first. Beyond its end there are zeros.
pub(super) struct Bits<'a> {
    /// With the pad.
    bytes: &'a [u8],
    at: usize,
    /// The next bits, from the highest on.
    next: u64,
    /// How many of them there are.
    have: u32,
    /// Something stood there that means nothing.
    is_broken: bool,
}

impl<'a> Bits<'a> {
    /// The bits of a stretch.
    pub(super) fn new(bytes: &'a [u8]) -> Bits<'a> {
        let mut bits = Bits { bytes, at: 0, next: 0, have: 0, is_broken: false };
        bits.fill();
        bits
    }

    /// Makes at least 56 bits ready.
    #[inline(always)]
    pub(super) fn fill(&mut self) {
        let eight = self.bytes.get(self.at..self.at + 8).and_then(|eight| eight.try_into().ok());
        self.next |= eight.map_or(0, u64::from_be_bytes) >> self.have;
        self.at += ((63 - self.have) >> 3) as usize;
        self.have |= 56;
    }

    /// The next bits, without taking them; `count` from 1 to 32.
    #[inline(always)]
    pub(super) fn peek(&self, count: u32) -> usize {
        (self.next >> (64 - count)) as usize
    }

    /// Takes bits that are ready.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.next <<= count;
        self.have = self.have.wrapping_sub(count);
    }

    /// The next bits as a number; `count` from 0 to 16, of bits that are ready.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let number = (self.next >> 1 >> (63 - count)) as u32;
        self.skip(count);
        number
    }

    /// The next `count` bits, up to 64, the last of them the lowest.
    pub(super) fn long(&mut self, count: u32) -> u64 {
        let mut number = 0;
        let mut left = count;
        while left > 0 {
            self.fill();
            let now = left.min(16);
            number = number << now | u64::from(self.take(now));
            left -= now;
        }
        number
    }

    /// What stands here means nothing.
    #[cold]
    pub(super) fn give_up(&mut self) {
        self.is_broken = true;
    }

    /// What is wrong so far: something meant nothing, or more was read than there is.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.is_broken {
            return Err("its coefficients are broken".into());
        }
        if self.is_over() { Err("it ends too early".into()) } else { Ok(()) }
    }

    /// What is wrong at the end of a stretch: more is left than the bits that fill up a byte, so something was read that
    /// was not meant. Zeros are no sign of that; they are filled up with by some.
    pub(super) fn check_end(&self) -> Result<(), Fault> {
        self.check()?;
        let left = &self.bytes[self.read().div_ceil(8)..self.there() / 8];
        if left.iter().all(|byte| *byte == 0) { Ok(()) } else { Err("it has more coefficients than blocks".into()) }
    }

    /// More was read than there is.
    pub(super) fn is_over(&self) -> bool {
        self.read() > self.there()
    }

    /// How many bits were taken.
    fn read(&self) -> usize {
        self.at * 8 - self.have as usize
    }

    /// How many bits the stretch has.
    fn there(&self) -> usize {
        (self.bytes.len() - PAD) * 8
    }
}

/// A value of so many bits as JPEG codes it: the lower half of the numbers are negative.
#[inline(always)]
pub(super) fn extend(number: u32, bits: u32) -> i32 {
    let number = number.cast_signed();
    if bits > 0 && number < 1 << (bits - 1) { number - (1 << bits) + 1 } else { number }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn stuffed_zeros_are_taken_out_up_to_a_marker() {
        let mut out = Vec::new();
        let bytes = [1, 0xff, 0, 2, 0xff, 0xff, 0xd0, 3];
        assert_eq!(unstuff(&bytes, 0, &mut out), 5);
        assert_eq!(out, [1, 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(unstuff(&bytes, 7, &mut out), 8);
        assert_eq!(out[..1], [3]);
        assert_eq!(unstuff(&[0xff], 0, &mut out), 0);
    }

    #[test]
    fn bits_come_in_order_and_their_end_is_noticed() {
        let mut out = Vec::new();
        unstuff(&[0b1010_0000, 0x0f, 0x12, 0x34], 0, &mut out);
        let mut bits = Bits::new(&out);
        assert_eq!((bits.take(3), bits.take(0), bits.take(9)), (5, 0, 0));
        assert_eq!(bits.long(20), 0xf1234);
        bits.check().unwrap();
        bits.fill();
        bits.skip(9);
        assert!(bits.check().is_err());
    }

    #[test]
    fn what_is_left_at_the_end_is_noticed() {
        let mut out = Vec::new();
        let mut check = |bytes: &[u8], taken| {
            unstuff(bytes, 0, &mut out);
            let mut bits = Bits::new(&out);
            bits.long(taken);
            bits.check_end()
        };
        check(&[7, 0x7f], 9).unwrap();
        assert!(check(&[7, 0x01], 8).is_err());
        check(&[7, 0, 0], 8).unwrap();
        assert!(check(&[7], 9).is_err());
    }

    #[test]
    fn values_have_signs() {
        assert_eq!(
            [(0, 0), (0, 1), (1, 1), (0, 3), (3, 3), (4, 3), (7, 3)].map(|(n, bits)| extend(n, bits)),
            [0, -1, 1, -7, -4, 4, 7]
        );
    }
}
