//! TIFF in the many ways in which one may be stored: all show the same.

use fax::maps::{Mode, black, mode, white};
use fax::{BitWriter, Bits, VecWriter};

use super::made::{self, Tiff, Value};
use super::pictures::{Pixels, png, read, scene};
use super::{file, resize};
use crate::harness::shell;

const WIDTH: usize = 37;
const HEIGHT: usize = 29;

/// Resizes all files in one run; what became of each, at its own size.
#[track_caller]
fn all(files: &[(String, Vec<u8>)]) -> Vec<Option<Pixels>> {
    let names = files.iter().enumerate().map(|(n, _)| n.to_string()).collect::<Vec<_>>().join(" ");
    let mut test = resize(&format!("--width 64 --encode png --to {{}}.out {names}"));
    for (n, (_, bytes)) in files.iter().enumerate() {
        test = test.file(&n.to_string(), bytes);
    }
    let done = test.run();
    assert!(matches!(done.exit_code(), Some(0 | 1)), "{}", done.story());
    let result = |n| std::fs::read(done.dir().join(format!("{n}.out"))).ok().map(|bytes| read(&bytes));
    (0..files.len()).map(result).collect()
}

/// The samples of the scene, of so many bits, row by row; each row begins with a byte of its own.
fn packed(samples: &[u16], bits: usize, line: usize, little: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for row in samples.chunks(line) {
        match bits {
            16 if little => out.extend(row.iter().flat_map(|sample| sample.to_le_bytes())),
            16 => out.extend(row.iter().flat_map(|sample| sample.to_be_bytes())),
            _ => {
                let start = out.len();
                out.resize(start + (row.len() * bits).div_ceil(8), 0);
                for (n, bit) in (0..row.len() * bits).enumerate() {
                    let set = row[n / bits] >> (bits - 1 - n % bits) & 1;
                    out[start + bit / 8] |= (set as u8) << (7 - bit % 8);
                }
            }
        }
    }
    out
}

fn lzw(data: &[u8]) -> Vec<u8> {
    weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(data).unwrap()
}

/// As old programs wrote it.
fn old_lzw(data: &[u8]) -> Vec<u8> {
    weezl::encode::Encoder::new(weezl::BitOrder::Lsb, 8).encode(data).unwrap()
}

fn deflate(data: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut out, data).unwrap();
    out.finish().unwrap()
}

/// Runs where there are some, and other bytes as they are.
fn pack_bits(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for run in data.chunk_by(|a, b| a == b) {
        for part in run.chunks(128) {
            match part {
                [one] => out.extend([0, *one]),
                [first, ..] => out.extend([(257 - part.len()) as u8, *first]),
                [] => {}
            }
        }
        out.push(128);
    }
    out
}

fn zstd(data: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(data, ruzstd::encoding::CompressionLevel::Fastest)
}

fn xz(data: &[u8]) -> Vec<u8> {
    let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    std::io::Write::write_all(&mut out, data).unwrap();
    out.finish().unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;

/// Each compression of any bytes, by its number.
const PACKINGS: [(u64, Pack); 8] = [
    (1, <[u8]>::to_vec),
    (5, lzw),
    (5, old_lzw),
    (8, deflate),
    (32946, deflate),
    (32773, pack_bits),
    (50000, zstd),
    (34925, xz),
];

/// A picture of these samples for each pixel, which are the same as numbers of bytes.
struct Kind {
    name: &'static str,
    meaning: u64,
    bits: usize,
    extra: Option<u64>,
    samples: Vec<Vec<u16>>,
    shows: Vec<[u8; 4]>,
}

/// Each kind of samples, with what it shows.
fn kinds() -> Vec<Kind> {
    let scene = scene(WIDTH as u32, HEIGHT as u32);
    let pixels: Vec<[u8; 4]> = scene.data.clone();
    let opaque: Vec<[u8; 4]> = pixels.iter().map(|p| [p[0], p[1], p[2], 255]).collect();
    let grey = |shade: fn(u8) -> u8| -> Vec<[u8; 4]> {
        opaque.iter().map(|p| [shade(p[1]), shade(p[1]), shade(p[1]), 255]).collect()
    };
    let of = |pixels: &[[u8; 4]], sample: fn(&[u8; 4]) -> Vec<u16>| pixels.iter().map(sample).collect::<Vec<_>>();
    let alpha: Vec<[u8; 4]> = opaque.iter().enumerate().map(|(n, p)| [p[0], p[1], p[2], (n * 7 % 256) as u8]).collect();
    let mut kinds = vec![
        Kind {
            name: "rgb",
            meaning: 2,
            bits: 8,
            extra: None,
            samples: of(&opaque, |p| p[..3].iter().map(|s| u16::from(*s)).collect()),
            shows: opaque.clone(),
        },
        Kind {
            name: "rgb 16",
            meaning: 2,
            bits: 16,
            extra: None,
            samples: of(&opaque, |p| p[..3].iter().map(|s| u16::from(*s) * 257).collect()),
            shows: opaque.clone(),
        },
        Kind {
            name: "rgba",
            meaning: 2,
            bits: 8,
            extra: Some(2),
            samples: of(&alpha, |p| p.iter().map(|s| u16::from(*s)).collect()),
            shows: alpha.clone(),
        },
        Kind {
            name: "rgba 16",
            meaning: 2,
            bits: 16,
            extra: Some(2),
            samples: of(&alpha, |p| p.iter().map(|s| u16::from(*s) * 257).collect()),
            shows: alpha.clone(),
        },
        Kind {
            name: "rgb and something",
            meaning: 2,
            bits: 8,
            extra: Some(0),
            samples: of(&alpha, |p| p.iter().map(|s| u16::from(*s)).collect()),
            shows: opaque.clone(),
        },
        Kind {
            name: "inks",
            meaning: 5,
            bits: 8,
            extra: None,
            samples: of(&opaque, |p| vec![255 - u16::from(p[0]), 255 - u16::from(p[1]), 255 - u16::from(p[2]), 0]),
            shows: opaque.clone(),
        },
        Kind {
            name: "grey 8",
            meaning: 1,
            bits: 8,
            extra: None,
            samples: of(&opaque, |p| vec![p[1].into()]),
            shows: grey(|s| s),
        },
        Kind {
            name: "grey 16",
            meaning: 1,
            bits: 16,
            extra: None,
            samples: of(&opaque, |p| vec![u16::from(p[1]) * 257]),
            shows: grey(|s| s),
        },
        Kind {
            name: "grey 12",
            meaning: 1,
            bits: 12,
            extra: None,
            samples: of(&opaque, |p| vec![u16::from(p[1]) << 4 | u16::from(p[1]) >> 4]),
            shows: grey(|s| s),
        },
        Kind {
            name: "grey 4",
            meaning: 1,
            bits: 4,
            extra: None,
            samples: of(&opaque, |p| vec![u16::from(p[1] >> 4)]),
            shows: grey(|s| (s >> 4) * 17),
        },
        Kind {
            name: "grey 2",
            meaning: 1,
            bits: 2,
            extra: None,
            samples: of(&opaque, |p| vec![u16::from(p[1] >> 6)]),
            shows: grey(|s| (s >> 6) * 85),
        },
        Kind {
            name: "grey 1",
            meaning: 1,
            bits: 1,
            extra: None,
            samples: of(&opaque, |p| vec![u16::from(p[1] >> 7)]),
            shows: grey(|s| (s >> 7) * 255),
        },
        Kind {
            name: "grey alpha",
            meaning: 1,
            bits: 8,
            extra: Some(2),
            samples: of(&alpha, |p| vec![p[1].into(), p[3].into()]),
            shows: alpha.iter().map(|p| [p[1], p[1], p[1], p[3]]).collect(),
        },
    ];
    let white: Vec<Kind> = kinds
        .iter()
        .filter(|kind| kind.meaning == 1 && kind.extra.is_none())
        .map(|kind| {
            let most = u16::MAX >> (16 - kind.bits);
            Kind {
                name: "white is zero",
                meaning: 0,
                bits: kind.bits,
                extra: None,
                samples: kind.samples.iter().map(|p| vec![most - p[0]]).collect(),
                shows: kind.shows.clone(),
            }
        })
        .collect();
    kinds.extend(white);
    kinds
}

/// How a picture is stored.
#[derive(Clone, Copy)]
struct Stored {
    little: bool,
    big: bool,
    planar: bool,
    /// The size of tiles, or the number of rows in a strip.
    tile: Option<(usize, usize)>,
    rows: usize,
    predictor: bool,
    reversed: bool,
    packing: (u64, Pack),
}

const PLAIN: Stored = Stored {
    little: true,
    big: false,
    planar: false,
    tile: None,
    rows: HEIGHT,
    predictor: false,
    reversed: false,
    packing: PACKINGS[0],
};

impl Kind {
    fn stored(&self, how: Stored) -> Vec<u8> {
        let many = self.samples[0].len();
        let (wide, high) = how.tile.unwrap_or((WIDTH, how.rows));
        let planes: Vec<Vec<usize>> =
            if how.planar { (0..many).map(|n| vec![n]).collect() } else { vec![(0..many).collect()] };
        let mut blocks = Vec::new();
        for plane in &planes {
            for top in (0..HEIGHT).step_by(high) {
                for left in (0..WIDTH).step_by(wide) {
                    // Tiles at the edge are as large as the others, the last strip is not.
                    let high = if how.tile.is_some() { high } else { high.min(HEIGHT - top) };
                    let mut samples = Vec::new();
                    for y in top..top + high {
                        for x in left..left + wide {
                            let pixel = (x < WIDTH && y < HEIGHT).then(|| &self.samples[y * WIDTH + x]);
                            samples.extend(plane.iter().map(|n| pixel.map_or(9, |pixel| pixel[*n])));
                        }
                    }
                    let line = wide * plane.len();
                    if how.predictor {
                        for row in samples.chunks_mut(line) {
                            for at in (plane.len()..line).rev() {
                                row[at] = row[at].wrapping_sub(row[at - plane.len()]);
                            }
                        }
                    }
                    let mut bytes = how.packing.1(&packed(&samples, self.bits, line, how.little));
                    if how.reversed {
                        bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
                    }
                    blocks.push(bytes);
                }
            }
        }
        let mut tiff = Tiff::new(how.little, how.big, WIDTH, HEIGHT);
        tiff.short(258, &vec![self.bits as u64; many]).short(259, &[how.packing.0]).short(262, &[self.meaning]);
        tiff.short(277, &[many as u64]).short(284, &[if how.planar { 2 } else { 1 }]);
        if let Some(extra) = self.extra {
            tiff.short(338, &[extra]);
        }
        if how.predictor {
            tiff.short(317, &[2]);
        }
        if how.reversed {
            tiff.short(266, &[2]);
        }
        match how.tile {
            Some((wide, high)) => tiff.short(322, &[wide as u64]).short(323, &[high as u64]),
            None => tiff.short(278, &[how.rows as u64]),
        };
        tiff.bytes(how.tile.is_some(), &blocks)
    }

    fn is_shown_by(&self, got: &Pixels) -> bool {
        (got.width, got.height) == (WIDTH as u32, HEIGHT as u32)
            && (0..WIDTH * HEIGHT).all(|n| {
                let (got, expected) = (got.at((n % WIDTH) as u32, (n / WIDTH) as u32), self.shows[n]);
                expected[3] == got[3]
                    && (expected[3] == 0 || got[..3].iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1))
            })
    }
}

/// Small pictures of each kind, in each compression.
pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (n, kind) in kinds().iter().enumerate() {
        for (m, packing) in PACKINGS.into_iter().enumerate() {
            let tile = (m % 2 == 0).then_some((16, 16));
            let (big, reversed) = (n % 3 == 0, m % 3 == 0);
            let how = Stored { packing, tile, big, reversed, planar: n % 2 == 0, little: n % 4 < 2, ..PLAIN };
            seeds.push((format!("{n}-{m}"), kind.stored(how)));
        }
    }
    seeds
}

/// All show what they are to show.
#[track_caller]
fn are_shown(stored: &[(&Kind, String, Stored)]) {
    let files: Vec<(String, Vec<u8>)> =
        stored.iter().map(|(kind, how, stored)| (format!("{} {how}", kind.name), kind.stored(*stored))).collect();
    for (((name, _), got), (kind, _, _)) in files.iter().zip(all(&files)).zip(stored) {
        let got = got.unwrap_or_else(|| panic!("{name} of {} bits is refused", kind.bits));
        assert!(kind.is_shown_by(&got), "{name} of {} bits is shown otherwise", kind.bits);
    }
}

#[test]
fn samples_of_every_kind_are_read_however_they_are_laid_out() {
    let kinds = kinds();
    let mut stored = Vec::new();
    for kind in &kinds {
        for (little, big) in [(true, false), (false, false), (true, true), (false, true)] {
            let plain = Stored { little, big, ..PLAIN };
            stored.push((kind, format!("{little} {big}"), plain));
            stored.push((kind, format!("strips {little} {big}"), Stored { rows: 7, ..plain }));
            stored.push((kind, format!("tiles {little} {big}"), Stored { tile: Some((16, 16)), ..plain }));
            stored.push((kind, format!("planes {little} {big}"), Stored { planar: true, rows: 10, ..plain }));
            let tiles = Some((32, 16));
            stored.push((
                kind,
                format!("planes of tiles {little} {big}"),
                Stored { planar: true, tile: tiles, ..plain },
            ));
        }
    }
    are_shown(&stored);
}

#[test]
fn every_compression_is_read_with_and_without_a_predictor() {
    let kinds = kinds();
    let mut stored = Vec::new();
    for kind in &kinds {
        for packing in PACKINGS {
            let plain = Stored { packing, rows: 11, ..PLAIN };
            stored.push((kind, format!("packed {}", packing.0), plain));
            if kind.bits >= 8 && kind.bits != 12 && !matches!(packing.0, 1 | 32773) {
                for (little, planar) in [(true, false), (false, false), (true, true)] {
                    let how = Stored { predictor: true, little, planar, tile: Some((16, 32)), ..plain };
                    stored.push((kind, format!("predicted {} {little} {planar}", packing.0), how));
                }
            }
        }
    }
    are_shown(&stored);
}

#[test]
fn v3_bits_in_the_other_order_are_read_in_every_compression() {
    let kinds = kinds();
    let mut stored = Vec::new();
    for kind in &kinds {
        for packing in PACKINGS {
            for (tile, planar) in [(None, false), (Some((16, 16)), false), (None, true)] {
                let how = Stored { packing, tile, planar, reversed: true, rows: 9, ..PLAIN };
                stored.push((kind, format!("reversed, packed {} {planar}", packing.0), how));
            }
        }
    }
    are_shown(&stored);
}

/// Lines of black and white, in a code of fax machines.
fn fax(lines: &[Vec<bool>], kind: &str) -> Vec<u8> {
    let mut bits = VecWriter::new();
    let mut before = vec![false; lines[0].len()];
    let mut count = 0_usize;
    let mut out = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let put = |bits: &mut VecWriter, code: Bits| bits.write(code).unwrap();
        match kind {
            "runs" => {}
            "group 4" => {
                by_the_last(line, &before, &mut bits);
                before.clone_from(line);
                continue;
            }
            _ => put(&mut bits, Bits { data: 1, len: 12 }),
        }
        if kind == "group 3, two-dimensional" {
            put(&mut bits, Bits { data: (n % 3 == 0).into(), len: 1 });
            if n % 3 != 0 {
                by_the_last(line, &before, &mut bits);
                before.clone_from(line);
                continue;
            }
        }
        let mut is_black = false;
        let mut at = 0;
        while at < line.len() {
            let run = line[at..].iter().take_while(|pixel| **pixel == is_black).count();
            put_run(run, is_black, &mut bits);
            at += run;
            is_black = !is_black;
        }
        before.clone_from(line);
        if kind == "runs" {
            out.extend(std::mem::replace(&mut bits, VecWriter::new()).finish());
            count += 1;
        }
    }
    if count == 0 { bits.finish() } else { out }
}

fn put_run(mut run: usize, is_black: bool, bits: &mut VecWriter) {
    let code = |part: u16| if is_black { black::encode(part) } else { white::encode(part) }.unwrap();
    while run >= 64 {
        let part = (run / 64 * 64).min(2560);
        bits.write(code(part as u16)).unwrap();
        run -= part;
    }
    bits.write(code(run as u16)).unwrap();
}

/// The code of T.6 in the plainest way: where it can, by the line before.
fn by_the_last(line: &[bool], before: &[bool], bits: &mut VecWriter) {
    let change = |line: &[bool], from: isize, colour: bool| {
        let is_change = |at: usize| line[at] != colour && (at == 0 && !colour || at > 0 && line[at - 1] == colour);
        (0..line.len()).find(|at| *at as isize > from && is_change(*at)).unwrap_or(line.len())
    };
    let put = |bits: &mut VecWriter, mode_of: Mode| bits.write(mode::encode(mode_of).unwrap()).unwrap();
    let (mut at, mut colour) = (-1_isize, false);
    while at < line.len() as isize {
        let start = at.max(0) as usize;
        let next = line[start..].iter().position(|pixel| *pixel != colour).map_or(line.len(), |n| start + n);
        let over = change(before, at, colour);
        let under = (over..line.len()).find(|n| before[*n] == colour).unwrap_or(line.len());
        if under < next {
            put(bits, Mode::Pass);
            at = under as isize;
        } else if let by @ -3..=3 = next as isize - over as isize {
            put(bits, Mode::Vertical(by as i8));
            (at, colour) = (next as isize, !colour);
        } else {
            put(bits, Mode::Horizontal);
            let last = line[next..].iter().position(|pixel| *pixel == colour).map_or(line.len(), |n| next + n);
            put_run(next - start, colour, bits);
            put_run(last - next, !colour, bits);
            at = last as isize;
        }
    }
}

#[test]
fn v3_fax_codes_are_read_in_both_orders_of_bits() {
    // Long runs, short ones, none, and changes that move a little from line to line.
    let pixel = |x: usize, y: usize| match y {
        0..4 => false,
        4..6 => true,
        _ => (x + y / 2) / (1 + y % 40) % 2 == 1 || (200..200 + 40 * y).contains(&x),
    };
    let (width, height) = (3001, 60);
    let lines: Vec<Vec<bool>> = (0..height).map(|y| (0..width).map(|x| pixel(x, y)).collect()).collect();
    let expected: Vec<u8> = lines.iter().flatten().map(|is_black| if *is_black { 0 } else { 255 }).collect();
    let codes = [(2, 0, "runs"), (3, 0, "group 3"), (3, 1, "group 3, two-dimensional"), (4, 0, "group 4")];
    let mut files = Vec::new();
    for (packing, options, name) in codes {
        for reversed in [false, true] {
            for rows in [height, 17] {
                let mut blocks: Vec<Vec<u8>> = lines.chunks(rows).map(|lines| fax(lines, name)).collect();
                if reversed {
                    blocks.iter_mut().flatten().for_each(|byte| *byte = byte.reverse_bits());
                }
                let mut tiff = Tiff::new(true, false, width, height);
                tiff.short(259, &[packing]).short(262, &[0]).short(266, &[1 + u64::from(reversed)]);
                tiff.long(278, &[rows as u64]).long(292, &[options]);
                files.push((format!("{name} {reversed} {rows}"), tiff.bytes(false, &blocks)));
            }
        }
    }
    let mut test = resize(&format!(
        "--width 4000 --encode png --to {{}}.out {}",
        (0..files.len()).map(|n| n.to_string()).collect::<Vec<_>>().join(" ")
    ));
    for (n, (_, bytes)) in files.iter().enumerate() {
        test = test.file(&n.to_string(), bytes);
    }
    let done = test.run();
    for (n, (name, _)) in files.iter().enumerate() {
        let got =
            std::fs::read(done.dir().join(format!("{n}.out"))).unwrap_or_else(|_| panic!("{name}: {}", done.stderr()));
        assert!(read(&got).grey() == expected, "{name}");
    }
}

#[test]
fn other_meanings_are_read() {
    let one = |bits: u64, format: u64, meaning: u64, many: u64, more: &[(u16, &[u64])], pixel: &[u8]| {
        let mut tiff = Tiff::new(true, false, 4, 4);
        tiff.short(258, &vec![bits; many as usize]).short(262, &[meaning]).short(277, &[many]);
        tiff.short(339, &vec![format; many as usize]);
        more.iter().for_each(|(tag, values)| _ = tiff.short(*tag, values));
        tiff.bytes(false, &[pixel.repeat(16)])
    };
    let float = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let half = |bits: u16| bits.to_le_bytes().to_vec();
    let cases: Vec<(&str, Vec<u8>, [u8; 3])> = vec![
        ("grey floats", one(32, 3, 1, 1, &[], &float(&[100.0])), [100; 3]),
        ("grey floats beyond white", one(32, 3, 1, 1, &[], &float(&[1e9])), [255; 3]),
        ("grey that is no number", one(32, 3, 1, 1, &[], &float(&[f32::NAN])), [0; 3]),
        ("doubles", one(64, 3, 1, 1, &[], &50_f64.to_le_bytes()), [50; 3]),
        ("halves", one(16, 3, 1, 1, &[], &half(0x5640)), [100; 3]),
        ("light", one(32, 3, 2, 3, &[], &float(&[1.0, 0.5, 0.25])), [255, 188, 137]),
        ("32 bits", one(32, 1, 1, 1, &[], &200_u32.to_le_bytes()), [200; 3]),
        ("32 bits and a sign", one(32, 2, 1, 1, &[], &(-5_i32).to_le_bytes()), [0; 3]),
        ("16 bits and a sign", one(16, 2, 1, 1, &[], &25700_i16.to_le_bytes()), [100; 3]),
        ("a byte and a sign", one(8, 2, 1, 1, &[], &[0x80]), [0; 3]),
        ("Lab", one(8, 1, 8, 3, &[], &[255, 0, 0]), [255; 3]),
        ("Lab, half", one(8, 1, 8, 3, &[], &[128, 50, 206]), [158, 87, 206]),
        ("Lab of ICC", one(8, 1, 9, 3, &[], &[128, 178, 78]), [158, 87, 206]),
        ("Lab of 16 bits", one(16, 1, 8, 3, &[], &[0, 0x80, 0, 50, 0, 206]), [158, 86, 205]),
    ];
    let files: Vec<(String, Vec<u8>)> =
        cases.iter().map(|(name, bytes, _)| (name.to_string(), bytes.clone())).collect();
    for (got, (name, _, expected)) in all(&files).into_iter().zip(&cases) {
        let got = got.unwrap_or_else(|| panic!("{name} is refused")).at(3, 3);
        assert!(got.iter().zip(expected).all(|(a, b)| a.abs_diff(*b) <= 4), "{name}: {got:?}");
    }
}

#[test]
fn colours_of_fewer_samples_than_light_are_read() {
    // Red to the left and blue to the right, with light that changes; each pair of colours is shared by a unit.
    let (width, height) = (20_usize, 18_usize);
    let weights = [0.299, 0.587, 0.114];
    for (across, down) in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2), (4, 4)] {
        for packing in PACKINGS {
            let unit = |left: usize, top: usize| {
                let light = (0..across * down).map(|n| (60 + 2 * (left + n % across) + 3 * (top + n / across)) as u8);
                let colours: [u8; 2] = if left < 8 { [110, 160] } else { [160, 110] };
                light.chain(colours).collect::<Vec<u8>>()
            };
            let rows = |top: usize, high: usize| {
                let tops = (top..top + high).step_by(down);
                tops.flat_map(|top| (0..width).step_by(across).flat_map(move |left| unit(left, top)))
                    .collect::<Vec<u8>>()
            };
            let mut tiff = Tiff::new(true, false, width, height);
            tiff.short(258, &[8; 3]).short(259, &[packing.0]).short(262, &[6]).short(277, &[3]).short(278, &[8]);
            tiff.short(530, &[across as u64, down as u64]);
            let strips = [(0, 8), (8, 8), (16, 2)]
                .map(|(top, high): (usize, usize)| packing.1(&rows(top, high.next_multiple_of(down))));
            let got = all(&[("ycc".into(), tiff.bytes(false, &strips))])
                .remove(0)
                .unwrap_or_else(|| panic!("{across} {down}"));
            for (x, y) in (0..width).flat_map(|x| (0..height).map(move |y| (x, y))) {
                let light = (60 + 2 * x + 3 * y) as f64;
                let (blue, red) = if x < 8 { (-18.0, 32.0) } else { (32.0, -18.0) };
                let [r, b] = [light + (2.0 - 2.0 * weights[0]) * red, light + (2.0 - 2.0 * weights[2]) * blue];
                let g = (light - weights[0] * r - weights[2] * b) / weights[1];
                let expected = [r, g, b].map(|shade| shade.round().clamp(0.0, 255.0) as u8);
                let got = got.at(x as u32, y as u32);
                assert!(
                    got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 1),
                    "{across} {down} {x} {y}: {got:?} {expected:?}"
                );
            }
        }
    }
}

#[test]
fn jpeg_and_webp_inside_are_read() {
    let (width, height) = (80, 64);
    let scene = scene(width, height);
    let strip =
        |top: u32, high: u32| scene.rgb()[(top * width * 3) as usize..((top + high) * width * 3) as usize].to_vec();
    let jpeg = |top: u32, high: u32, colours| {
        let mut out = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut out, 95);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
        encoder.encode(&strip(top, high), width as u16, high as u16, colours).unwrap();
        out
    };
    let webp = |top: u32, high: u32| {
        let mut out = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut out);
        encoder.encode(&strip(top, high), width, high, image_webp::ColorType::Rgb8).unwrap();
        out
    };
    // The tables of the first strip stand in their own field, and in no strip.
    let shared = |bytes: &[u8]| {
        let frame = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
        let size = usize::from(u16::from_be_bytes([bytes[frame + 2], bytes[frame + 3]])) + 2;
        let tables = [&bytes[..frame], &bytes[frame + size..scan], &[0xff, 0xd9]].concat();
        (tables, [&[0xff, 0xd8], &bytes[frame..frame + size], &bytes[scan..]].concat())
    };
    let heads = [(0, 24), (24, 24), (48, 16)];
    let whole: Vec<Vec<u8>> = heads.iter().map(|(top, high)| jpeg(*top, *high, jpeg_encoder::ColorType::Rgb)).collect();
    let parts: Vec<(Vec<u8>, Vec<u8>)> = whole.iter().map(|bytes| shared(bytes)).collect();
    let webps: Vec<Vec<u8>> = heads.iter().map(|(top, high)| webp(*top, *high)).collect();
    let tiff = |packing: u64, meaning: u64| {
        let mut tiff = Tiff::new(false, false, width as usize, height as usize);
        tiff.short(258, &[8; 3]).short(259, &[packing]).short(262, &[meaning]).short(277, &[3]).short(278, &[24]);
        tiff
    };
    let mut with_tables = tiff(7, 6);
    with_tables.add(347, Value::Bytes(parts[0].0.clone()));
    let rest: Vec<Vec<u8>> = parts.into_iter().map(|(_, rest)| rest).collect();
    let files = [
        ("jpeg".to_string(), tiff(7, 6).bytes(false, &whole)),
        ("jpeg with common tables".to_string(), with_tables.bytes(false, &rest)),
        ("webp".to_string(), tiff(50001, 2).bytes(false, &webps)),
    ];
    for (got, (name, _)) in all(&files).into_iter().zip(&files) {
        // The longer side becomes 64.
        let got = got.unwrap_or_else(|| panic!("{name} is refused"));
        let off = got.distance(&super::pictures::scene(got.width, got.height));
        assert!(off < 3.0, "{name}: {off}");
    }
}

#[test]
fn grey_and_alpha_by_jpeg_are_read() {
    // Grey rises to the right, alpha to the bottom.
    let shade = |plane: usize, x: f64, y: f64| (if plane == 0 { x } else { y } * 255.0) as u8;
    let how = made::Stored { planes: &[(1, 1); 2], scans: &[&[0, 1]], restart: 0, adobe: None };
    let jpeg = made::jpeg_of(64, 64, how, shade);
    let mut tiff = Tiff::new(true, false, 64, 64);
    tiff.short(258, &[8; 2]).short(259, &[7]).short(262, &[1]).short(277, &[2]).short(278, &[64]).short(338, &[2]);
    let file = tiff.bytes(false, std::slice::from_ref(&jpeg));
    let got = all(&[("grey".into(), file)]).remove(0).expect("a picture");
    assert_eq!(got.samples, 2);
    for (x, y) in [(0, 0), (60, 4), (4, 60), (63, 63), (33, 41)] {
        let place = |at: u32| f64::from(at / 8 * 8 + 4) / 64.0;
        let [grey, .., alpha] = got.at(x, y);
        assert_eq!([grey, alpha], [shade(0, place(x), 0.0), shade(1, 0.0, place(y))], "{x} {y}");
    }
    // Alone nothing says what the second plane is.
    let done = resize("--width 20 --encode png --to out two.jpg").file("two.jpg", jpeg).run();
    done.status(1).says("a JPEG of 2 planes is not read");
}

#[test]
fn v9_a_fax_code_of_nothing_but_zeros_is_damage() {
    for (packing, options) in [(2, 0), (3, 0), (3, 1), (4, 0)] {
        let mut tiff = Tiff::new(true, false, 60, 40);
        tiff.short(259, &[packing]).short(262, &[0]).long(278, &[40]).long(292, &[options]);
        let bytes = tiff.bytes(false, &[vec![0; 200]]);
        let done = resize("--width 20 --encode png --to out code.tif").file("code.tif", bytes).run();
        done.status(1).says("\"code.tif\"");
    }
}

/// What each field may be said to have.
const HOSTILE: [u64; 6] = [0x7f00_0000, 0xffff_ffff, 0x1000_0000, 1 << 40, u64::MAX / 8, 70_000];

#[test]
fn v1_no_count_and_no_place_of_a_tiff_is_believed() {
    let tags = [
        254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 317, 320, 322, 323, 324, 325, 338, 339,
        347, 513, 529, 530, 532, 700, 33723, 34377, 34665, 34675, 330, 65000,
    ];
    let mut files = Vec::new();
    for big in [false, true] {
        for tag in tags {
            for kind in [1, 2, 3, 4, 5, 7, 12, 13, 16] {
                for count in HOSTILE {
                    for meaning in [2, 3] {
                        let many = if meaning == 2 { 3 } else { 1 };
                        let mut tiff = Tiff::new(tag % 2 == 0, big, 8, 8);
                        tiff.short(258, &vec![8; many]).short(262, &[meaning]).short(277, &[many as u64]);
                        tiff.claim(tag, kind, count, 8);
                        files.push(tiff.bytes(false, &[vec![7; 8 * 8 * 3]]));
                    }
                }
            }
        }
    }
    // A part of them in each run of the tests, another one in the next picture of each.
    let files: Vec<&Vec<u8>> = files.iter().step_by(3).collect();
    let script = "ulimit -v 1500000; ls | grep tif | parjob --jobs 2 -q resize --width 4 --encode png --to 'out/{/}'";
    let mut test = shell(script).file("sound.tif.png", png(40, 30));
    for (n, bytes) in files.iter().enumerate() {
        test = test.file(&format!("{n}.tif"), bytes);
    }
    let done = test.run();
    assert!(matches!(done.exit_code(), Some(0 | 1)), "{}", done.story());
    assert_eq!(read(&file(done.dir(), "out/sound.tif.png")).width, 4);
}

#[test]
fn v1_values_that_ask_for_much_fail_alone() {
    let mut files = Vec::new();
    for value in [0, 1, 9, 0xffff, 0x7fff_ffff, 0xffff_ffff] {
        for tag in [256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 322, 323, 338, 339, 530] {
            for packing in [1, 2, 3, 4, 5, 7, 8, 32773, 34925, 50000, 50001] {
                let mut tiff = Tiff::new(true, false, 8, 8);
                tiff.short(258, &[8; 3]).short(262, &[2]).short(277, &[3]).short(259, &[packing]);
                tiff.long(tag, &[value]);
                files.push(tiff.bytes(false, &[vec![7; 8 * 8 * 3]]));
            }
        }
    }
    let script = "ulimit -v 2500000; ls | grep tif | parjob --jobs 2 -q resize --width 4 --max-pixels 1M --encode png --to 'out/{/}'";
    let mut test = shell(script).file("sound.tif.png", png(40, 30));
    for (n, bytes) in files.iter().enumerate() {
        test = test.file(&format!("{n}.tif"), bytes);
    }
    let done = test.run();
    assert!(matches!(done.exit_code(), Some(0 | 1)), "{}", done.story());
    assert_eq!(read(&file(done.dir(), "out/sound.tif.png")).width, 4);
}
