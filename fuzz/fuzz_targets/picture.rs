//! Any bytes as a picture: probed, decoded in each way there is, resized. Nothing may panic, run away, or hold more memory than
//! was set aside.
//!
//! Beside the changes that libFuzzer makes to bytes, those numbers are changed by which a file says how much there is of
//! something and where: lengths of chunks and segments, counts and offsets of tags, sizes of pictures.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|bytes: &[u8]| parjob_pictures::fuzz_picture(bytes));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let fields = fields(&data[..size]);
    if seed % 3 == 0 || fields.is_empty() {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut random = Random(u64::from(seed) | 1 << 40);
    for _ in 0..1 + random.below(3) {
        let field = fields[random.below(fields.len())];
        field.change(&mut data[..size], &mut random);
    }
    if data.starts_with(b"\x89PNG") {
        mend_sums(&mut data[..size]);
    }
    size
});

/// A number in a file.
#[derive(Clone, Copy)]
struct Field {
    at: usize,
    /// Its bytes: 1, 2, 3, 4 or 8.
    width: usize,
    is_little: bool,
}

impl Field {
    fn read(self, bytes: &[u8]) -> u64 {
        let number = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let field = &bytes[self.at..self.at + self.width];
        if self.is_little { field.iter().rev().fold(0, number) } else { field.iter().fold(0, number) }
    }

    fn change(self, bytes: &mut [u8], random: &mut Random) {
        let (old, all) = (self.read(bytes), u64::MAX >> (64 - 8 * self.width));
        let size = bytes.len() as u64;
        let new = match random.below(12) {
            0 => 0,
            1 => all,
            2 => all >> 1,
            3 => all >> 1 & !0xffff,
            4 => old.wrapping_add(1),
            5 => old.wrapping_sub(1),
            6 => old.wrapping_mul(2),
            7 => size,
            8 => size.wrapping_sub(random.below(64) as u64),
            9 => 1 << random.below(8 * self.width),
            10 => old ^ 1 << random.below(8 * self.width),
            _ => random.next(),
        } & all;
        let (little, big) = (new.to_le_bytes(), new.to_be_bytes());
        let field = &mut bytes[self.at..self.at + self.width];
        field.copy_from_slice(if self.is_little { &little[..self.width] } else { &big[8 - self.width..] });
    }
}

/// Numbers that follow from a seed (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// The numbers by which a file says how much there is of something and where.
fn fields(bytes: &[u8]) -> Vec<Field> {
    let mut found = Found { bytes, fields: Vec::new() };
    match bytes {
        [0xff, 0xd8, ..] => found.jpeg(),
        [0x89, b'P', b'N', b'G', ..] => found.png(),
        [b'R', b'I', b'F', b'F', ..] => found.webp(12, bytes.len()),
        [b'G', b'I', b'F', ..] => found.gif(),
        [b'B', b'M', ..] => found.bmp(),
        [b'I', b'I', ..] => found.tiff(true),
        [b'M', b'M', ..] => found.tiff(false),
        _ => {}
    }
    found.fields
}

struct Found<'a> {
    bytes: &'a [u8],
    fields: Vec<Field>,
}

impl Found<'_> {
    /// Notes a number, and says what it is; `None`: the file ends before it.
    fn note(&mut self, at: usize, width: usize, is_little: bool) -> Option<usize> {
        let field = Field { at, width, is_little };
        (at.checked_add(width)? <= self.bytes.len() && self.fields.len() < 4096).then(|| {
            self.fields.push(field);
            field.read(self.bytes) as usize
        })
    }

    /// Notes several numbers: their places from `at` on, and their widths.
    fn notes(&mut self, at: usize, places: &[(usize, usize)], is_little: bool) {
        for (by, width) in places {
            self.note(at + by, *width, is_little);
        }
    }

    /// Notes every byte of a stretch.
    fn bytes(&mut self, stretch: std::ops::Range<usize>) {
        for at in stretch.take(400) {
            self.note(at, 1, true);
        }
    }

    fn jpeg(&mut self) {
        let mut at = 2;
        while at + 4 < self.bytes.len() {
            if self.bytes[at] != 0xff || matches!(self.bytes[at + 1], 0 | 0xd0..=0xd9 | 0xff) {
                at += 1;
                continue;
            }
            let marker = self.bytes[at + 1];
            let Some(length) = self.note(at + 2, 2, false) else { return };
            match marker {
                // Depth, height, width, planes; of each its name, sampling and table.
                0xc0..=0xc2 => {
                    self.notes(at, &[(4, 1), (5, 2), (7, 2), (9, 1)], false);
                    self.bytes(at + 10..at + 2 + length);
                }
                0xc4 => self.bytes(at + 4..at + 21),
                0xda => self.bytes(at + 4..at + 2 + length),
                0xdd => self.notes(at, &[(4, 2)], false),
                _ => {}
            }
            at += 2 + length;
        }
    }

    fn png(&mut self) {
        let mut at = 8;
        while let Some(length) = self.note(at, 4, false) {
            if self.bytes[at..].get(4..8) == Some(b"IHDR") {
                self.notes(at, &[(8, 4), (12, 4), (16, 1), (17, 1), (20, 1)], false);
            }
            if matches!(self.bytes[at..].get(4..8), Some(b"acTL" | b"fcTL")) {
                (0..length.min(26) / 4).for_each(|n| self.notes(at + 8, &[(4 * n, 4)], false));
            }
            at = at.saturating_add(length).saturating_add(12);
        }
    }

    fn webp(&mut self, mut at: usize, end: usize) {
        self.note(4, 4, true);
        while at + 8 <= end.min(self.bytes.len()) {
            let Some(length) = self.note(at + 4, 4, true) else { return };
            match &self.bytes[at..at + 4] {
                b"VP8X" => self.notes(at, &[(8, 1), (12, 3), (15, 3)], true),
                // First part, size.
                b"VP8 " => self.notes(at, &[(8, 3), (14, 2), (16, 2)], true),
                b"VP8L" => self.notes(at, &[(9, 4)], true),
                b"ANMF" => {
                    self.notes(at + 8, &[(0, 3), (3, 3), (6, 3), (9, 3), (12, 3)], true);
                    self.webp(at + 24, (at + 8).saturating_add(length));
                }
                _ => {}
            }
            at = at.saturating_add(8).saturating_add(length).saturating_add(length % 2);
        }
    }

    fn gif(&mut self) {
        self.notes(0, &[(6, 2), (8, 2), (10, 1), (11, 1)], true);
        for at in 13..self.bytes.len() {
            if self.bytes[at] == 0x2c {
                // Place and size; flags, width of codes, length of a block.
                self.notes(at, &[(1, 2), (3, 2), (5, 2), (7, 2), (9, 1), (10, 1), (11, 1)], true);
            }
            if self.bytes[at] == 0x21 {
                self.note(at + 2, 1, true);
            }
        }
    }

    fn bmp(&mut self) {
        let words = [2, 10, 14, 18, 22, 30, 34, 46, 54, 58, 62, 66, 126, 130];
        words.iter().for_each(|at| self.notes(*at, &[(0, 4)], true));
        self.note(28, 2, true);
    }

    fn tiff(&mut self, is_little: bool) {
        let is_big = self.bytes.get(2..4).is_some_and(|two| two.contains(&43));
        let (wide, entry) = if is_big { (8, 20) } else { (4, 12) };
        let mut next = self.note(wide, wide, is_little);
        for _ in 0..4 {
            let Some(at) = next.filter(|at| *at > 0) else { return };
            let many = if is_big { 8 } else { 2 };
            let Some(count) = self.note(at, many, is_little) else { return };
            for n in 0..count.min(200) {
                let at = at + many + n * entry;
                // Tag, type, count, value or place.
                self.note(at, 2, is_little);
                let kind = self.note(at + 2, 2, is_little);
                let count = self.note(at + 4, wide, is_little);
                let place = self.note(at + 4 + wide, wide, is_little);
                // What stands elsewhere may be places and lengths again.
                if let (Some(3 | 4 | 16), Some(count), Some(place)) = (kind, count, place) {
                    let width = if kind == Some(3) { 2 } else { wide };
                    (0..count.min(8)).for_each(|n| self.notes(place.min(1 << 40), &[(n * width, width)], is_little));
                }
            }
            next = self.note(at.saturating_add(many).saturating_add(count.min(1 << 20) * entry), wide, is_little);
        }
    }
}

/// Makes the sums of a PNG right, so that what stands in it is looked at.
fn mend_sums(bytes: &mut [u8]) {
    let mut at = 8_usize;
    while let Some(head) = bytes.get(at..at.saturating_add(8)) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let end = at.saturating_add(8).saturating_add(length);
        let Some(sum) = bytes.get(at + 4..end).map(crc32fast::hash) else { return };
        match bytes.get_mut(end..end.saturating_add(4)) {
            Some(place) => place.copy_from_slice(&sum.to_be_bytes()),
            None => return,
        }
        at = end + 4;
    }
}
