//! Pictures that no encoder at hand makes: JPEGs in several scans and of any planes, TIFFs of any tags, WebPs that move,
//! GIFs whose rows come in another order.

use super::pictures::{scene, webp};

/// How a JPEG is stored.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    /// How each plane is sampled, across and down.
    pub(crate) planes: &'a [(usize, usize)],
    /// The planes in each scan.
    pub(crate) scans: &'a [&'a [usize]],
    /// Blocks or MCUs between restarts.
    pub(crate) restart: usize,
    /// What the marker of Adobe says of the planes.
    pub(crate) adobe: Option<u8>,
}

/// Bits of a scan.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    byte: u8,
    many: u32,
}

impl Bits {
    fn put(&mut self, number: u32, many: u32) {
        for at in (0..many).rev() {
            self.byte = self.byte << 1 | (number >> at & 1) as u8;
            self.many += 1;
            if self.many == 8 {
                self.out.push(self.byte);
                if self.byte == 0xff {
                    self.out.push(0);
                }
                (self.byte, self.many) = (0, 0);
            }
        }
    }

    /// Fills up the last byte.
    fn end(&mut self) {
        while self.many > 0 {
            self.put(1, 1);
        }
    }
}

/// A sequential JPEG of flat blocks; `shade` tells what a plane has at a place, of which both sides go from 0 to 1.
pub(crate) fn jpeg_of(width: usize, height: usize, how: Stored<'_>, shade: impl Fn(usize, f64, f64) -> u8) -> Vec<u8> {
    let most = (how.planes.iter().map(|p| p.0).max().unwrap(), how.planes.iter().map(|p| p.1).max().unwrap());
    let mut out = vec![0xff, 0xd8];
    let mut segment = |marker: u8, body: &[u8]| {
        out.extend_from_slice(&[0xff, marker]);
        out.extend_from_slice(&(body.len() as u16 + 2).to_be_bytes());
        out.extend_from_slice(body);
    };
    if let Some(transform) = how.adobe {
        segment(0xee, &[&b"Adobe\0\x64\0\0\0\0"[..], &[transform]].concat());
    }
    // A mean is eight times as large as its samples.
    segment(0xdb, &[&[0][..], &[8; 64]].concat());
    let size = [(height as u16).to_be_bytes(), (width as u16).to_be_bytes()].concat();
    let planes = (1..).zip(how.planes).flat_map(|(id, (across, down))| [id, (across << 4 | down) as u8, 0]);
    segment(0xc0, &[&[8][..], &size, &[how.planes.len() as u8], &planes.collect::<Vec<u8>>()].concat());
    // Sizes of means in four bits each; of the rest of a block only its end.
    segment(0xc4, &[&[0, 0, 0, 0, 12][..], &[0; 12], &(0..12).collect::<Vec<u8>>()].concat());
    segment(0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
    segment(0xdd, &(how.restart as u16).to_be_bytes());
    for scan in how.scans {
        let tables = scan.iter().flat_map(|plane| [*plane as u8 + 1, 0]);
        out.extend_from_slice(&[0xff, 0xda, 0, 6 + 2 * scan.len() as u8, scan.len() as u8]);
        out.extend(tables.chain([0, 63, 0]));
        out.extend(scan_of((width, height), how, scan, most, &shade));
    }
    out.extend_from_slice(&[0xff, 0xd9]);
    out
}

fn scan_of(
    (width, height): (usize, usize),
    how: Stored<'_>,
    scan: &[usize],
    most: (usize, usize),
    shade: &impl Fn(usize, f64, f64) -> u8,
) -> Vec<u8> {
    let (mut bits, mut before, mut left, mut restarts) = (Bits::default(), [0; 4], how.restart, 0_u8);
    let blocks = |plane: (usize, usize)| {
        ((width * plane.0).div_ceil(most.0).div_ceil(8), (height * plane.1).div_ceil(most.1).div_ceil(8))
    };
    let alone = scan.len() == 1;
    let (across, down) =
        if alone { blocks(how.planes[scan[0]]) } else { (width.div_ceil(8 * most.0), height.div_ceil(8 * most.1)) };
    for unit in 0..across * down {
        if how.restart > 0 && left == 0 {
            bits.end();
            bits.out.extend_from_slice(&[0xff, 0xd0 + restarts % 8]);
            (before, left, restarts) = ([0; 4], how.restart, restarts.wrapping_add(1));
        }
        left = left.wrapping_sub(1);
        for plane in scan {
            let of = how.planes[*plane];
            let many = if alone { (1, 1) } else { of };
            for inner in 0..many.0 * many.1 {
                let x = unit % across * many.0 + inner % many.0;
                let y = unit / across * many.1 + inner / many.0;
                let part = |at: usize, most: usize, mine: usize, length: usize| {
                    ((at * 8 + 4) as f64 * most as f64 / mine as f64 / length as f64).min(1.0)
                };
                let value = shade(*plane, part(x, most.0, of.0, width), part(y, most.1, of.1, height));
                let mean = i32::from(value) - 128;
                let change: i32 = mean - before[*plane];
                before[*plane] = mean;
                let size = 32 - change.unsigned_abs().leading_zeros();
                bits.put(size, 4);
                // The lower half of the numbers of a size are negative.
                bits.put((if change < 0 { change - 1 } else { change }).cast_unsigned(), size);
                bits.put(0, 1);
            }
        }
    }
    bits.end();
    bits.out
}

/// A TIFF with these tags, all of 16-bit numbers, and one strip.
pub(crate) fn tiff_of(width: u16, height: u16, tags: &[(u16, &[u16])], strip: &[u8]) -> Vec<u8> {
    let mut tags: Vec<(u16, Vec<u16>)> = tags.iter().map(|(tag, values)| (*tag, values.to_vec())).collect();
    let size = [(256, width), (257, height), (259, 1), (273, 0), (278, height), (279, strip.len() as u16)];
    tags.extend(size.map(|(tag, value)| (tag, vec![value])));
    tags.sort();
    let head = 8 + 2 + 12 * tags.len() + 4;
    let long: usize = tags.iter().map(|(_, values)| if values.len() > 2 { 2 * values.len() } else { 0 }).sum();
    let mut out = Vec::from(b"II*\0\x08\0\0\0");
    out.extend_from_slice(&(tags.len() as u16).to_le_bytes());
    let mut behind = Vec::new();
    for (tag, values) in &mut tags {
        if *tag == 273 {
            values[0] = (head + long) as u16;
        }
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        out.extend([tag.to_le_bytes(), [3, 0]].as_flattened());
        out.extend_from_slice(&(values.len() as u32).to_le_bytes());
        if bytes.len() > 4 {
            out.extend_from_slice(&((head + behind.len()) as u32).to_le_bytes());
            behind.extend(bytes);
        } else {
            out.extend(bytes.iter().chain(&[0; 4]).take(4));
        }
    }
    [&out, &[0; 4][..], &behind, strip].concat()
}

/// A WebP that shows the scene, and then something black.
pub(crate) fn moving_webp(width: u32, height: u32) -> Vec<u8> {
    let chunk = |name: &[u8], body: &[u8]| {
        let odd = vec![0; body.len() % 2];
        [name, &(body.len() as u32).to_le_bytes(), body, &odd].concat()
    };
    let three = |number: u32| number.to_le_bytes()[..3].to_vec();
    let side = [three(width - 1), three(height - 1)].concat();
    let mut black = Vec::new();
    let data = vec![0; (width * height * 3) as usize];
    image_webp::WebPEncoder::new(&mut black).encode(&data, width, height, image_webp::ColorType::Rgb8).unwrap();
    // A still picture is one chunk after the head of the file.
    let frame = |still: &[u8]| chunk(b"ANMF", &[&[0; 6][..], &side, &three(100), &[2], &still[12..]].concat());
    let body = [
        b"WEBP".to_vec(),
        chunk(b"VP8X", &[&[2, 0, 0, 0][..], &side].concat()),
        chunk(b"ANIM", &[0; 6]),
        frame(&webp(width, height, false)),
        frame(&black),
    ];
    chunk(b"RIFF", &body.concat())
}

/// A GIF of the scene on a larger screen, whose rows come in four passes.
pub(crate) fn interlaced_gif((left, top): (u16, u16), (width, height): (u16, u16), screen: (u16, u16)) -> Vec<u8> {
    let frame = gif::Frame::from_rgb(width, height, &scene(width.into(), height.into()).rgb());
    let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let rows = passes.iter().flat_map(|(first, step)| (*first..usize::from(height)).step_by(*step));
    let line = usize::from(width);
    let buffer: Vec<u8> = rows.flat_map(|row| frame.buffer[row * line..][..line].to_vec()).collect();
    let frame = gif::Frame { left, top, interlaced: true, buffer: buffer.into(), ..frame };
    let mut out = Vec::new();
    gif::Encoder::new(&mut out, screen.0, screen.1, &[]).unwrap().write_frame(&frame).unwrap();
    out
}

/// What a field of a TIFF holds.
pub(crate) enum Value {
    Short(Vec<u64>),
    Long(Vec<u64>),
    Bytes(Vec<u8>),
    /// A kind, a count and a place, none of which need be true.
    Claim(u16, u64, u64),
}

/// A TIFF that is put together field by field.
pub(crate) struct Tiff {
    little: bool,
    big: bool,
    fields: Vec<(u16, Value)>,
}

impl Tiff {
    pub(crate) fn new(little: bool, big: bool, width: usize, height: usize) -> Tiff {
        let mut tiff = Tiff { little, big, fields: Vec::new() };
        tiff.long(256, &[width as u64]).long(257, &[height as u64]);
        tiff
    }

    /// Adds a field, in the place of one with the same tag.
    pub(crate) fn add(&mut self, tag: u16, value: Value) -> &mut Tiff {
        self.fields.retain(|(known, _)| *known != tag);
        self.fields.push((tag, value));
        self
    }

    pub(crate) fn short(&mut self, tag: u16, values: &[u64]) -> &mut Tiff {
        self.add(tag, Value::Short(values.to_vec()))
    }

    pub(crate) fn long(&mut self, tag: u16, values: &[u64]) -> &mut Tiff {
        self.add(tag, Value::Long(values.to_vec()))
    }

    pub(crate) fn claim(&mut self, tag: u16, kind: u16, count: u64, place: u64) -> &mut Tiff {
        self.add(tag, Value::Claim(kind, count, place))
    }

    /// The file, with its strips or tiles behind its head, unless it says itself where they are.
    pub(crate) fn bytes(&mut self, tiled: bool, blocks: &[Vec<u8>]) -> Vec<u8> {
        let (offsets, counts) = if tiled { (324, 325) } else { (273, 279) };
        let start: u64 = if self.big { 16 } else { 8 };
        let places = blocks.iter().scan(start, |at, block| {
            let place = *at;
            *at += block.len() as u64;
            Some(place)
        });
        let places: Vec<u64> = places.collect();
        let has = |tiff: &Tiff, tag| tiff.fields.iter().any(|(known, _)| *known == tag);
        if !has(self, offsets) {
            self.long(offsets, &places);
        }
        if !has(self, counts) {
            self.long(counts, &blocks.iter().map(|block| block.len() as u64).collect::<Vec<_>>());
        }
        self.fields.sort_by_key(|(tag, _)| *tag);
        let pixels = blocks.concat();
        let directory = start + pixels.len() as u64;
        let wide = if self.big { 8 } else { 4 };
        let mut out = if self.little { b"II".to_vec() } else { b"MM".to_vec() };
        out.extend(self.number(if self.big { 43 } else { 42 }, 2));
        if self.big {
            out.extend([self.number(8, 2), self.number(0, 2)].concat());
        }
        out.extend(self.number(directory, wide));
        out.extend(pixels);
        let count = self.fields.len() as u64;
        out.extend(self.number(count, if self.big { 8 } else { 2 }));
        let behind = directory + if self.big { 8 + 20 * count + 8 } else { 2 + 12 * count + 4 };
        let mut values = Vec::new();
        for (tag, value) in &self.fields {
            let all = |numbers: &[u64], bytes| numbers.iter().flat_map(|n| self.number(*n, bytes)).collect::<Vec<u8>>();
            let (kind, count, bytes) = match value {
                Value::Short(numbers) => (3, numbers.len() as u64, all(numbers, 2)),
                Value::Long(numbers) => (4, numbers.len() as u64, all(numbers, 4)),
                Value::Bytes(bytes) => (7, bytes.len() as u64, bytes.clone()),
                Value::Claim(kind, count, place) => (*kind, *count, self.number(*place, wide)),
            };
            out.extend(self.number((*tag).into(), 2));
            out.extend(self.number(kind.into(), 2));
            out.extend(self.number(count, wide));
            if bytes.len() > wide {
                out.extend(self.number(behind + values.len() as u64, wide));
                values.extend(bytes);
            } else {
                let zeros = vec![0; wide - bytes.len()];
                out.extend([bytes, zeros].concat());
            }
        }
        out.extend(self.number(0, wide));
        out.extend(values);
        out
    }

    fn number(&self, number: u64, bytes: usize) -> Vec<u8> {
        if self.little { number.to_le_bytes()[..bytes].to_vec() } else { number.to_be_bytes()[8 - bytes..].to_vec() }
    }
}
