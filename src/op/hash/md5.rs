//! MD5, by a kernel of parjob's own: four fifths of the time that the crate `md-5` takes, which the tests hold it to.
//!
//! MD5 is one chain: each of its 64 steps waits for the one before, so its speed is the length of a step. Where a
//! compiler knows the constants of the steps it adds them last, on the chain; so they are kept from it, and join the word
//! of the message while the chain is busy elsewhere. The names are those of RFC 1321.

use std::hint::black_box;

const BLOCK: usize = 64;

/// The constants T of the RFC.
#[rustfmt::skip]
const T: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// MD5 of bytes that come in parts.
pub(super) struct Md5 {
    state: [u32; 4],
    /// How many bytes have come.
    len: u64,
    /// The bytes of the last block that is not full, at its beginning.
    rest: [u8; BLOCK],
}

impl Md5 {
    pub(super) fn new() -> Md5 {
        Md5 { state: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476], len: 0, rest: [0; BLOCK] }
    }

    /// Takes the next bytes.
    pub(super) fn update(&mut self, mut bytes: &[u8]) {
        let held = self.held();
        self.len = self.len.wrapping_add(bytes.len() as u64);
        if held > 0 {
            let (part, others) = bytes.split_at(bytes.len().min(BLOCK - held));
            self.rest[held..held + part.len()].copy_from_slice(part);
            if held + part.len() < BLOCK {
                return;
            }
            compress(&mut self.state, &[self.rest]);
            bytes = others;
        }
        let (blocks, rest) = bytes.as_chunks();
        compress(&mut self.state, blocks);
        self.rest[..rest.len()].copy_from_slice(rest);
    }

    /// The digest of all that has come.
    pub(super) fn finish(mut self) -> [u8; 16] {
        let bits = self.len.wrapping_mul(8);
        let held = self.held();
        self.rest[held] = 0x80;
        self.rest[held + 1..].fill(0);
        // The length takes the last eight bytes of a block.
        if held + 1 > BLOCK - 8 {
            compress(&mut self.state, &[self.rest]);
            self.rest.fill(0);
        }
        self.rest[BLOCK - 8..].copy_from_slice(&bits.to_le_bytes());
        compress(&mut self.state, &[self.rest]);
        let mut digest = [0; 16];
        for (bytes, word) in digest.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_le_bytes();
        }
        digest
    }

    /// How many bytes wait in `rest`.
    fn held(&self) -> usize {
        (self.len % BLOCK as u64) as usize
    }
}

fn compress(state: &mut [u32; 4], blocks: &[[u8; BLOCK]]) {
    // The compiler must not know them; see above.
    let t = black_box(&T);
    for block in blocks {
        let mut words = [0; 16];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let after = rounds(*state, &words, t);
        for (word, more) in state.iter_mut().zip(after) {
            *word = word.wrapping_add(more);
        }
    }
}

/// The four rounds of a block.
#[inline(always)]
fn rounds(state: [u32; 4], words: &[u32; 16], t: &[u32; 64]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = state;
    // Four steps, after which the names stand where they stood. `$word` is the place of the first word; the next is
    // `$stride` further.
    macro_rules! four {
        ($function:ident, $step:expr, $word:expr, $stride:expr, $shifts:expr) => {
            let add = |sum: u32, nth: usize| {
                sum.wrapping_add(words[($word + $stride * nth) % 16].wrapping_add(t[$step + nth]))
            };
            a = $function(add(a, 0), b, c, d).rotate_left($shifts[0]).wrapping_add(b);
            d = $function(add(d, 1), a, b, c).rotate_left($shifts[1]).wrapping_add(a);
            c = $function(add(c, 2), d, a, b).rotate_left($shifts[2]).wrapping_add(d);
            b = $function(add(b, 3), c, d, a).rotate_left($shifts[3]).wrapping_add(c);
        };
    }
    macro_rules! round {
        ($function:ident, $step:expr, $word:expr, $stride:expr, $shifts:expr) => {
            four!($function, $step, $word, $stride, $shifts);
            four!($function, $step + 4, $word + 4 * $stride, $stride, $shifts);
            four!($function, $step + 8, $word + 8 * $stride, $stride, $shifts);
            four!($function, $step + 12, $word + 12 * $stride, $stride, $shifts);
        };
    }
    round!(f, 0, 0, 1, [7, 12, 17, 22]);
    round!(g, 16, 1, 5, [5, 9, 14, 20]);
    round!(h, 32, 5, 3, [4, 11, 16, 23]);
    round!(i, 48, 0, 7, [6, 10, 15, 21]);
    [a, b, c, d]
}

// The functions of the rounds, added to a sum. `x` is the one that the step before gave: what does without it comes first.

#[inline(always)]
fn f(sum: u32, x: u32, y: u32, z: u32) -> u32 {
    sum.wrapping_add(z ^ (x & (y ^ z)))
}

#[inline(always)]
fn g(sum: u32, x: u32, y: u32, z: u32) -> u32 {
    // No bit is in both halves, so a sum does for the RFC's OR, and half of it can be added early.
    sum.wrapping_add(y & !z).wrapping_add(x & z)
}

#[inline(always)]
fn h(sum: u32, x: u32, y: u32, z: u32) -> u32 {
    sum.wrapping_add(x ^ (y ^ z))
}

#[inline(always)]
fn i(sum: u32, x: u32, y: u32, z: u32) -> u32 {
    sum.wrapping_add(y ^ (x | !z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn in_parts(bytes: &[u8], parts: impl IntoIterator<Item = usize>) -> [u8; 16] {
        let (mut hasher, mut left) = (Md5::new(), bytes);
        for part in parts {
            let (now, later) = left.split_at(part.min(left.len()));
            hasher.update(now);
            left = later;
        }
        hasher.update(left);
        hasher.finish()
    }

    fn expected(bytes: &[u8]) -> [u8; 16] {
        <::md5::Md5 as ::md5::Digest>::digest(bytes).into()
    }

    #[test]
    fn every_length_around_a_block_is_padded_as_it_should_be() {
        let bytes: Vec<u8> = (0..=255).collect();
        for len in 0..=bytes.len() {
            assert_eq!(in_parts(&bytes[..len], []), expected(&bytes[..len]), "{len} bytes");
        }
    }

    #[test]
    fn the_examples_of_the_rfc() {
        let hex = |bytes: &[u8]| in_parts(bytes, []).map(|byte| format!("{byte:02x}")).concat();
        assert_eq!(hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        assert_eq!(hex(&b"1234567890".repeat(8)), "57edf4a22be3c955ac49da2e2107b67a");
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_come(
            bytes in prop::collection::vec(any::<u8>(), 0..2000),
            parts in prop::collection::vec(0_usize..300, 0..20),
        ) {
            prop_assert_eq!(in_parts(&bytes, parts), expected(&bytes));
        }
    }
}
