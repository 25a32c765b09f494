//! Huffman tables, for looking up several bits at a time.

use super::Fault;
use super::bits::{Bits, extend};

/// Codes of up to so many bits are found in one step; they are nearly all.
const LOOK: u32 = 10;

/// A table.
pub(super) struct Huffman {
    /// By the next bits: the length of the code in the upper byte, its symbol in the lower; 0 where it is longer.
    short: Box<[u16; 1 << LOOK]>,
    /// By the next bits, where a code and the value that follows it are all among them: the value in the upper 16 bits,
    /// the length of both, the run of zeros before it. 0 elsewhere.
    whole: Box<[u32; 1 << LOOK]>,
    /// For each length the first 16-bit number that is no code of this length or of a shorter one.
    ends: [u32; 17],
    /// For each length, what leads from a code to the place of its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

impl Huffman {
    /// A table by how many codes of each length there are, and their symbols.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Result<Huffman, Fault> {
        let mut table = Huffman {
            short: Box::new([0; 1 << LOOK]),
            whole: Box::new([0; 1 << LOOK]),
            ends: [0; 17],
            offsets: [0; 17],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, count) in (1..).zip(counts) {
            let count = usize::from(*count);
            table.offsets[length as usize] = place as i32 - code as i32;
            let here = symbols.get(place..place + count).ok_or("a Huffman table lacks symbols")?;
            for symbol in here {
                if length <= LOOK {
                    table.note(code, length, *symbol)?;
                }
                code += 1;
                place += 1;
            }
            if code > 1 << length {
                return Err("a Huffman table has too many codes".into());
            }
            table.ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// Enters a short code wherever the next bits begin with it.
    fn note(&mut self, code: u32, length: u32, symbol: u8) -> Result<(), Fault> {
        let free = LOOK - length;
        for rest in 0..1 << free {
            let at = (code << free | rest) as usize;
            *self.short.get_mut(at).ok_or("a Huffman table has too many codes")? =
                (length as u16) << 8 | u16::from(symbol);
            let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if size > 0 && size <= free {
                let value = extend(rest >> (free - size), size);
                // At most ten bits, so that it fits.
                self.whole[at] = value.cast_unsigned() << 16 | (length + size) << 8 | run;
            }
        }
        Ok(())
    }

    /// The next symbol, of which the bits must be ready.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> u8 {
        let entry = self.short[bits.peek(LOOK)];
        if entry == 0 {
            return self.long_symbol(bits);
        }
        bits.skip(u32::from(entry >> 8));
        entry.to_be_bytes()[1]
    }

    /// The next run of zeros and value, where both are short: run, value.
    #[inline(always)]
    pub(super) fn run_and_value(&self, bits: &mut Bits<'_>) -> Option<(usize, i32)> {
        let entry = self.whole[bits.peek(LOOK)];
        if entry == 0 {
            return None;
        }
        bits.skip(entry >> 8 & 0xff);
        Some(((entry & 0xff) as usize, entry.cast_signed() >> 16))
    }

    #[cold]
    fn long_symbol(&self, bits: &mut Bits<'_>) -> u8 {
        let next = bits.peek(16) as u32;
        let length = (1..=16).find(|length| next < self.ends[*length as usize]);
        let Some(length) = length else {
            bits.give_up();
            return 0;
        };
        bits.skip(length);
        let code = (next >> (16 - length)).cast_signed();
        let place = usize::try_from(code + self.offsets[length as usize]).unwrap_or(usize::MAX);
        self.symbols.get(place).copied().unwrap_or(0)
    }
}
