//! Pictures that are damaged, that state more than there is, and that move: rows of the table of faults by their id.

use super::faults::fails_alone;
use super::made::{Stored, interlaced_gif, jpeg_of, moving_webp};
use super::pictures::{
    Pixels, bmp, chunk, gif, jpeg, jpeg_with, pixels_of, png, png_with, read, scene, still_gif, webp,
};
use super::{file, resize};
use crate::harness::{Done, has, shell, skip};

/// A chunk of a PNG: its name and its body.
type Part = ([u8; 4], Vec<u8>);

/// Makes a picture of 160 × 120 half as large.
fn run(options: &str, bytes: &[u8]) -> Done {
    let test = resize(&format!("--width 80 --encode png --to {{}}.out {options} picture"));
    test.file("picture", bytes).run()
}

/// A picture is refused, unless damaged ones are accepted: then it is said to be, and its upper part is seen.
#[track_caller]
fn is_damaged(name: &str, bytes: &[u8], upper: u32) {
    let done = run("", bytes);
    assert!(done.exit_code() == Some(1) && done.stderr().contains("cannot be resized"), "{name}: {}", done.story());
    for options in ["", "--linear"] {
        let done = run(&format!("--damaged accept {options}"), bytes);
        assert_eq!(done.exit_code(), Some(0), "{name}: {}", done.story());
        let done = done.says("item 1: \"picture\" is damaged, and was taken as far as it can be read: ");
        shows(name, &done, upper);
    }
    let done = run("--damaged accept --format jsonl", bytes);
    let line = String::from_utf8_lossy(done.stdout()).into_owned();
    assert!(line.contains("\"ok\":true") && line.contains(",\"damaged\":\""), "{name}: {line}");
    run("--damaged accept --quiet", bytes).is_silent().succeeds();
}

/// A picture is taken without a word.
#[track_caller]
fn is_whole(name: &str, bytes: &[u8]) {
    let done = run("", bytes);
    assert!(done.exit_code() == Some(0) && done.stderr().is_empty(), "{name}: {}", done.story());
    shows(name, &done, 60);
}

/// The rows above this one are those of the scene.
#[track_caller]
fn shows(name: &str, done: &Done, upper: u32) {
    let got = read(&file(done.dir(), "picture.out"));
    assert_eq!((got.width, got.height), (80, 60), "{name}");
    if upper == 0 {
        return;
    }
    let part = |pixels: &Pixels| {
        let all = pixels.rgb();
        pixels_of(80, upper, &all[..80 * 3 * upper as usize])
    };
    let off = part(&got).distance(&part(&scene(80, 60)));
    assert!(off < 4.0, "{name}: {off} off");
}

fn progressive(width: u32, height: u32) -> Vec<u8> {
    jpeg_with(width, height, |encoder| encoder.set_progressive(true))
}

/// A JPEG with a restart after each row of MCUs, and where these stand.
fn restarting() -> (Vec<u8>, Vec<usize>) {
    let planes = [(1, 1); 3];
    let how = Stored { planes: &planes, scans: &[&[0, 1, 2]], restart: 20, adobe: Some(0) };
    let bytes =
        jpeg_of(160, 120, how, |plane, x, y| scene(1000, 1000).at((x * 999.0) as u32, (y * 999.0) as u32)[plane]);
    let places = (0..bytes.len() - 1).filter(|at| bytes[*at] == 0xff && matches!(bytes[at + 1], 0xd0..=0xd7)).collect();
    (bytes, places)
}

fn with<T: AsRef<[u8]>>(bytes: &[u8], at: usize, more: T) -> Vec<u8> {
    [&bytes[..at], more.as_ref(), &bytes[at..]].concat()
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

#[test]
fn v9_a_jpeg_that_lacks_its_end_is_taken_as_far_as_it_goes() {
    for (name, bytes) in [("sequential", jpeg(160, 120)), ("progressive", progressive(160, 120))] {
        let end = bytes.len();
        is_damaged(&format!("{name} without its marker"), &bytes[..end - 2], 60);
        is_damaged(&format!("{name} without ten bytes"), &bytes[..end - 12], 40);
        // Of a progressive one what is left is coarse, but of all of it.
        let start = find(&bytes, b"\xff\xda");
        is_damaged(name, &bytes[..start + (end - start) * 7 / 10], if name == "progressive" { 0 } else { 28 });
        // Nothing of it is there at all.
        let start = start + 2 + usize::from(bytes[start + 3]);
        assert_eq!(run("--damaged accept", &bytes[..start]).exit_code(), Some(1), "{name}");
    }
    let of_inks = super::pictures::cmyk_jpeg(160, 120, jpeg_encoder::ColorType::Cmyk);
    is_damaged("inks", &of_inks[..of_inks.len() - 2], 60);
}

#[test]
fn v9_restarts_out_of_step_cost_only_what_they_hold() {
    let (bytes, places) = restarting();
    is_whole("in step", &bytes);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        bytes
    };
    // All is seen up to the ninth row of MCUs, at 72 of 120.
    let (one, next) = (places[8], places[9]);
    is_damaged("renumbered", &changed(&|bytes| bytes[one + 1] = 0xd4), 34);
    is_damaged("lost with what follows", &changed(&|bytes| drop(bytes.drain(one..next))), 34);
    is_damaged("twice", &changed(&|bytes| *bytes = with(bytes, next, &bytes[one..next])), 34);
    is_damaged("lost", &changed(&|bytes| drop(bytes.drain(one..one + 2))), 34);
    // What comes after is in its place again: the last rows are as they should be.
    let lost = changed(&|bytes| drop(bytes.drain(one..next)));
    let got = read(&file(run("--damaged accept", &lost).dir(), "picture.out"));
    let (below, wanted) = (got.at(40, 58), scene(80, 60).at(40, 58));
    assert!((0..3).all(|n| below[n].abs_diff(wanted[n]) < 20), "{below:?} for {wanted:?}");
}

#[test]
fn v9_what_means_nothing_between_the_parts_of_a_jpeg_is_no_damage() {
    for (name, bytes) in [("sequential", jpeg(160, 120)), ("progressive", progressive(160, 120))] {
        for marker in [b"\xff\xdb", b"\xff\xc4", b"\xff\xda"] {
            for junk in [&b"\0\x01junk"[..], b"\0", b"\xff\0\xff\xff\0junk", &[0xff; 9]] {
                is_whole(&format!("{junk:?} in a {name} one"), &with(&bytes, find(&bytes, marker), junk));
            }
        }
        is_whole(name, &[&bytes[..], b"behind"].concat());
    }
    let bytes = jpeg(160, 120);
    is_damaged("before its end", &with(&bytes, bytes.len() - 2, b"junkjunk"), 60);
}

/// The chunks of a PNG: names and bodies.
fn chunks(bytes: &[u8]) -> Vec<([u8; 4], Vec<u8>)> {
    let (mut at, mut out) = (8, Vec::new());
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        out.push((bytes[at + 4..at + 8].try_into().unwrap(), bytes[at + 8..at + 8 + length].to_vec()));
        at += 12 + length;
    }
    out
}

fn png_from(chunks: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let chunks = chunks.iter().flat_map(|(name, body)| chunk(*name, body));
    b"\x89PNG\r\n\x1a\n".iter().copied().chain(chunks).collect()
}

#[test]
fn v9_a_damaged_png_is_taken_as_far_as_it_goes() {
    let bytes = png(160, 120);
    let parts = chunks(&bytes);
    let data = parts.iter().position(|(name, _)| name == b"IDAT").unwrap();
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut parts = parts.clone();
        change(&mut parts[data].1);
        png_from(&parts)
    };
    let mut bad_sum = bytes.clone();
    let at = find(&bytes, b"IDAT") + 4 + parts[data].1.len();
    bad_sum[at] ^= 1;
    is_damaged("a sum", &bad_sum, 60);
    is_damaged("the sum of what was packed", &changed(&|body| *body.last_mut().unwrap() ^= 1), 60);
    is_whole("without that sum", &changed(&|body| body.truncate(body.len() - 4)));
    let bit = changed(&|body| {
        let at = body.len() * 2 / 3;
        body[at] ^= 0x10;
    });
    is_damaged("a bit", &bit, 20);
    is_damaged("half of its data", &changed(&|body| body.truncate(body.len() / 2)), 20);
    is_damaged("half of the file", &bytes[..bytes.len() * 6 / 10], 20);
    let interlaced = interlaced_png();
    is_whole("interlaced", &interlaced);
    is_damaged("interlaced", &interlaced[..interlaced.len() - 20], 20);
    // Nothing of the picture is missing.
    for name in ["IEND", "tEXt"] {
        let mut parts = parts.clone();
        parts.insert(data, (*b"tEXt", b"name\0text".to_vec()));
        let mut bytes = png_from(&parts);
        let at = find(&bytes, name.as_bytes());
        bytes[at + if name == "IEND" { 4 } else { 13 }] ^= 1;
        is_whole(name, &bytes);
    }
    is_whole("without an end", &bytes[..bytes.len() - 12]);
    is_whole("half an end", &bytes[..bytes.len() - 5]);
    is_whole("with more behind it", &[&bytes[..], b"behind it"].concat());
}

/// The scene in seven passes, of which the encoder of the crate makes none.
fn interlaced_png() -> Vec<u8> {
    let pixels = scene(160, 120);
    let passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];
    let mut raw = Vec::new();
    for (left, top, across, down) in passes {
        for y in (top..120).step_by(down) {
            raw.push(0);
            (left..160).step_by(across).for_each(|x| raw.extend_from_slice(&pixels.at(x, y)[..3]));
        }
    }
    let mut head = [160_u32.to_be_bytes(), 120_u32.to_be_bytes()].concat();
    head.extend_from_slice(&[8, 2, 0, 0, 1]);
    png_from(&[(*b"IHDR", head), (*b"IDAT", stored(&raw)), (*b"IEND", Vec::new())])
}

/// Bytes as zlib stores them, unpacked.
fn stored(raw: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 1];
    let last = raw.chunks(65_535).count();
    for (n, part) in (1..).zip(raw.chunks(65_535)) {
        let length = part.len() as u16;
        out.push(u8::from(n == last));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(part);
    }
    let sums = raw.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    out.extend_from_slice(&(sums.1 << 16 | sums.0).to_be_bytes());
    out
}

#[test]
fn v9_a_png_whose_animation_is_out_of_order_shows_its_first_picture() {
    let parts = chunks(&moving_png());
    let place = |name: &[u8; 4], nth: usize| {
        let found = parts.iter().enumerate().filter(|(_, (its, _))| its == name);
        found.map(|(at, _)| at).nth(nth).unwrap()
    };
    let changed = |change: &dyn Fn(&mut Vec<Part>)| {
        let mut parts = parts.clone();
        change(&mut parts);
        let done = run("", &png_from(&parts)).succeeds();
        shows("an animation", &done, 60);
    };
    let control = place(b"fcTL", 1);
    changed(&|_| {});
    changed(&|parts| parts[control].1[3] = 9);
    changed(&|parts| parts[place(b"fcTL", 0)].1[3] = 5);
    changed(&|parts| parts.swap(control, place(b"fdAT", 0)));
    changed(&|parts| drop(parts.remove(place(b"acTL", 0))));
    changed(&|parts| parts[place(b"acTL", 0)].1.fill(0));
    changed(&|parts| {
        let frame = parts.remove(place(b"fdAT", 0));
        parts.insert(place(b"IDAT", 0), frame);
    });
    let bytes = moving_png();
    shows("cut in the second picture", &run("", &bytes[..bytes.len() - 20]).succeeds(), 60);
}

/// An animation of the scene and of black.
fn moving_png() -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, 160, 120);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&scene(160, 120).rgb()).unwrap();
    writer.write_image_data(&vec![0; 160 * 120 * 3]).unwrap();
    writer.finish().unwrap();
    out
}

#[test]
fn v9_a_damaged_gif_is_taken_as_far_as_it_goes() {
    let bytes = still_gif(160, 120);
    is_damaged("cut", &bytes[..bytes.len() * 6 / 10], 20);
    is_damaged("without its last bytes", &bytes[..bytes.len() - 12], 50);
    let frame = find(&bytes, b"\x2c\0\0\0\0");
    is_whole("with a block that nobody knows", &with(&bytes, frame, b"\x77\x02ab\0"));
    is_whole("with an extension that nobody knows", &with(&bytes, frame, b"\x21\x42\x02ab\0"));
    let passes = interlaced_gif((0, 0), (160, 120), (160, 120));
    is_damaged("interlaced", &passes[..passes.len() * 9 / 10], 0);
    // The end is a byte that holds nothing.
    is_whole("without its end", &bytes[..bytes.len() - 1]);
    is_whole("of a screen that is too small", &[&bytes[..6], &[9, 0, 7, 0], &bytes[10..]].concat());
    is_whole("of no screen", &[&bytes[..6], &[0; 4], &bytes[10..]].concat());
}

#[test]
fn v9_the_screen_of_a_gif_holds_the_picture_that_stands_over_its_edge() {
    let bytes = interlaced_gif((50, 60), (160, 120), (100, 80));
    let done = resize("--width 210 --encode png --to {}.out a").file("a", bytes).run().is_silent().succeeds();
    let got = read(&file(done.dir(), "a.out"));
    assert_eq!((got.width, got.height, got.at(49, 60)[3]), (210, 180, 0));
    let (inside, wanted) = (got.at(50 + 80, 60 + 60), scene(160, 120).at(80, 60));
    assert!((0..3).all(|n| inside[n].abs_diff(wanted[n]) < 16), "{inside:?} for {wanted:?}");
}

#[test]
fn v9_a_bmp_and_a_webp_that_are_cut_are_taken_as_far_as_they_go() {
    // Its rows come from the last to the first.
    let bytes = bmp(160, 120);
    let cut = &bytes[..bytes.len() * 2 / 3];
    is_damaged("bmp", cut, 0);
    let got = read(&file(run("--damaged accept", cut).dir(), "picture.out"));
    let (below, wanted) = (got.at(40, 50), scene(80, 60).at(40, 50));
    assert!((0..3).all(|n| below[n].abs_diff(wanted[n]) < 20), "{below:?} for {wanted:?}");
    assert_eq!(got.at(40, 2)[..3], [0; 3]);
    assert_eq!(run("--damaged accept", &bytes[..54]).exit_code(), Some(1));
    let bytes = webp(160, 120, true);
    is_damaged("webp", &bytes[..bytes.len() * 8 / 10], 20);
    is_damaged("webp without its last byte", &bytes[..bytes.len() - 1], 55);
    // What is missing of a lossless one is read as codes of zeros, which may be longer than what was there.
    let bytes = webp(160, 120, false);
    let done = run("--damaged accept", &bytes[..bytes.len() * 8 / 10]);
    done.status(1).says("cannot be resized: it ends too early");
}

#[test]
fn v9_each_damaged_item_is_named_and_a_sound_one_is_not() {
    let bytes = jpeg(160, 120);
    let mut test = resize("--damaged accept --width 20 --to out/{}.png").file("sound", &bytes).arg("sound");
    for n in 0..12 {
        test = test.file(&format!("{n:02}"), &bytes[..bytes.len() - 2]).arg(format!("{n:02}"));
    }
    let done = test.run().succeeds().never_says("\"sound\"").says("item 2: \"00\" is damaged");
    let done = done.says("item 11: \"09\" is damaged").never_says("item 12: ");
    done.says("2 more damaged pictures were taken");
    let done = resize("--damaged accept --format csv --width 20 --to out/{}.png cut sound").file("sound", &bytes);
    let done = done.file("cut", &bytes[..bytes.len() - 2]).run().succeeds();
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    assert!(text.contains("1,cut,true,out/cut.png,damaged: it ends too early\n"), "{text}");
    assert!(text.contains("2,sound,true,out/sound.png,\n"), "{text}");
    resize("--damaged perhaps --width 20 --to {}.png a").run().status(2).says("none of accept, fail");
}

#[test]
fn v11_that_an_animation_is_one_is_said_once() {
    let still = still_gif(160, 120);
    let pictures = [
        ("gif", gif(160, 120), true),
        ("webp", moving_webp(160, 120), true),
        ("png", moving_png(), true),
        ("still.gif", still, false),
        ("still.webp", webp(160, 120, false), false),
        ("still.png", png(160, 120), false),
    ];
    for (name, bytes, moves) in &pictures {
        let done = resize("--width 20 --format jsonl --to out/{}.png").arg(name).file(name, bytes).run().succeeds();
        let told = String::from_utf8_lossy(done.stdout()).contains(",\"used\":\"the first picture of an animation\"");
        assert_eq!(told, *moves, "{name}");
        let says = format!("parjob: warning: item 1: \"{name}\" is an animation: only its first picture was used\n");
        assert_eq!(done.stderr(), if *moves { says } else { String::new() });
    }
    let test = (0..60).fold(resize("--chunk 1 --jobs 3 --width 20 --to out/{#}.png"), |test, n| {
        let (name, ..) = &pictures[n % pictures.len()];
        test.arg(name)
    });
    let done = pictures.iter().fold(test, |test, (name, bytes, _)| test.file(name, bytes)).run().succeeds();
    let says = "warning: 30 items are animations, such as item 1, \"gif\": only the first picture of each was used\n";
    assert_eq!(done.stderr(), format!("parjob: {says}"));
}

#[test]
fn v11_that_a_tiff_has_several_pages_is_said_once() {
    let book = |pages: u32| {
        let mut out = std::io::Cursor::new(Vec::new());
        let mut encoder = tiff::encoder::TiffEncoder::new(&mut out).unwrap();
        for page in 0..pages {
            let grey = vec![page as u8 * 80; 40 * 30];
            encoder.write_image::<tiff::encoder::colortype::Gray8>(40, 30, &grey).unwrap();
        }
        out.into_inner()
    };
    let one = resize("--width 20 --to out.png one").file("one", book(1));
    one.run().is_silent().succeeds();
    let several = resize("--width 20 --format jsonl --to out.png book").file("book", book(3)).run().succeeds();
    let line = String::from_utf8_lossy(several.stdout()).into_owned();
    assert!(line.contains(",\"used\":\"the first of 3 pictures\""), "{line}");
    assert!(read(&file(several.dir(), "out.png")).grey().iter().all(|grey| *grey == 0), "not the first page");
    several.says("warning: item 1: \"book\" holds several pictures: only the first was used");
    let many = resize("--width 20 --to {}.png a b one").file("a", book(2)).file("b", book(3)).file("one", book(1));
    many.run().succeeds().says("2 items hold several pictures, such as item 1, \"a\": only the first of each was used");
}

/// Zeros, of so many megabytes, as zlib packs them: 258 of them in thirteen bits.
fn packed_zeros(megabytes: usize) -> Vec<u8> {
    // A block of fixed codes: a zero, then "258 bytes, from one byte ago" over and over. Codes begin with their highest bit.
    let (mut out, mut byte, mut many) = (vec![0x78, 1], 0_u8, 0);
    let mut put = |out: &mut Vec<u8>, bit: u8| {
        byte |= bit << many;
        many += 1;
        if many == 8 {
            out.push(byte);
            (byte, many) = (0, 0);
        }
    };
    [1, 1, 0].into_iter().chain([0, 0, 1, 1, 0, 0, 0, 0]).for_each(|bit| put(&mut out, bit));
    let again = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0];
    let start = out.len();
    (0..8).for_each(|_| again.iter().for_each(|bit| put(&mut out, *bit)));
    let eight = out[start..].to_vec();
    (1..megabytes * 1_000_000 / 2064).for_each(|_| out.extend_from_slice(&eight));
    [0; 7].iter().for_each(|bit| put(&mut out, *bit));
    out
}

#[test]
fn v5_what_unpacks_to_a_gigabyte_is_not_unpacked() {
    let zeros = packed_zeros(1500);
    let parts = chunks(&png(160, 120));
    let beside = |name: [u8; 4], head: &[u8]| {
        let mut parts = parts.clone();
        parts.insert(1, (name, [head, &zeros].concat()));
        png_from(&parts)
    };
    let xmp = beside(*b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0");
    let pictures = [
        ("iccp.png", beside(*b"iCCP", b"name\0\0")),
        ("xmp.png", xmp),
        ("text.png", beside(*b"zTXt", b"name\0\0")),
        ("itxt.png", beside(*b"iTXt", b"name\0\x01\0\0\0")),
        ("iptc.png", beside(*b"zTXt", b"Raw profile type iptc\0\0")),
    ];
    // Memory that is not there is an abort where nobody asks for it.
    let script = "ulimit -v 700000; parjob --jobs 1 resize --memory 100M --keep-metadata --width 20 --to out/{} *.png";
    let test = pictures.iter().fold(shell(script), |test, (name, bytes)| test.file(name, bytes));
    let done = test.file("z.png", png(160, 120)).run().status(1).counts(6, 3, 3, 0).never_says("panic");
    let done = done.prints("out/itxt.png\nout/text.png\nout/z.png\n");
    let done = done.says("\"iccp.png\" cannot be resized: its colour profile unpacks to more than 16777216 bytes");
    let done = done.says("\"iptc.png\" cannot be resized: its IPTC unpacks to more than 16777216 bytes");
    done.says("\"xmp.png\" cannot be resized: its XMP unpacks to more than 16777216 bytes");
    let few = "ulimit -v 700000; parjob --jobs 1 resize --memory 2M --keep-metadata --width 20 --to {/.}.webp iptc.png";
    let done = shell(few).file("iptc.png", &pictures[4].1).run().status(1);
    done.says("\"iptc.png\" cannot be resized: its IPTC unpacks to more than 2097152 bytes");
    for options in ["", "--keep-metadata --damaged accept"] {
        let script = format!("ulimit -v 700000; parjob --jobs 1 resize {options} --width 20 --to out/{{}} iptc.png");
        shell(&script).file("iptc.png", &pictures[4].1).run().prints("out/iptc.png\n").succeeds();
    }
    // Nobody asked for the text.
    let test = resize("--width 20 --to out/{} xmp.png").file("xmp.png", &pictures[1].1);
    test.run().is_silent().succeeds();
}

#[test]
fn v1_what_a_file_states_is_held_against_its_size() {
    let png_parts = chunks(&png(160, 120));
    let huge = |name: &[u8; 4]| {
        let bytes = png_from(&png_parts);
        let length = [0x7f, 0xff, 0xff, 0xff];
        with(&bytes, 33, [&length[..], name, b"name\0\0\0\0\0\0"].concat())
    };
    let riff = |parts: &[(&[u8], u32, &[u8])]| {
        let parts = parts.iter().flat_map(|(name, length, body)| [*name, &length.to_le_bytes(), *body].concat());
        let body: Vec<u8> = b"WEBP".iter().copied().chain(parts).collect();
        [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
    };
    let still = &webp(160, 120, false)[12..];
    let side = [159, 0, 0, 119, 0, 0];
    let extended = |flags: u8| [&[flags, 0, 0, 0][..], &side].concat();
    // A lossy picture of 16383 × 16383 in one of 160 × 120.
    let lossy = [&b"\x10\x02\0\x9d\x01\x2a\xff\x3f\xff\x3f"[..], &[0; 100]].concat();
    let moving = [&[0; 6][..], &side, &[0; 4], b"VP8 ", &110_u32.to_le_bytes(), &lossy].concat();
    let mut bmp_palette = bmp(160, 120);
    bmp_palette[46..50].copy_from_slice(&[0xff; 4]);
    let mut bmp_profile = bmp(160, 120);
    bmp_profile[14] = 124;
    bmp_profile[10] = 138;
    bmp_profile.splice(
        54..54,
        [&[0; 16][..], b"DEBM", &[0; 52], &[0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f], &[0; 4]].concat(),
    );
    let mut screen = still_gif(160, 120);
    let frame = find(&screen, b"\x2c\0\0\0\0");
    screen[frame + 5..frame + 9].fill(0xff);
    let mut segment = jpeg(160, 120);
    segment.splice(2..2, b"\xff\xe1\xff\xffExif\0\0".iter().copied());
    // What it is, its bytes, and whether the picture itself is there.
    let files = [
        ("chunk.png", huge(b"tEXt"), false),
        ("profile.png", huge(b"iCCP"), false),
        ("palette.png", huge(b"PLTE"), false),
        (
            "exif.webp",
            riff(&[
                (b"VP8X", 10, &extended(8)),
                (&still[..4], still.len() as u32 - 8, &still[8..]),
                (b"EXIF", 0xffff_fff0, b"II*\0"),
            ]),
            true,
        ),
        ("profile.webp", riff(&[(b"VP8X", 10, &extended(32)), (b"ICCP", 0x7fff_fff0, b"x")]), false),
        ("inside.webp", riff(&[(b"VP8X", 10, &extended(0)), (b"VP8 ", 110, &lossy)]), false),
        (
            "moving.webp",
            riff(&[(b"VP8X", 10, &extended(2)), (b"ANIM", 6, &[0; 6]), (b"ANMF", moving.len() as u32, &moving)]),
            false,
        ),
        ("palette.bmp", bmp_palette, true),
        ("profile.bmp", bmp_profile, true),
        ("frame.gif", screen, false),
        ("segment.jpg", segment, false),
    ];
    let script = "ulimit -v 700000; parjob --jobs 1 resize --memory 100M --keep-metadata --width 20 --encode png --to out/{}.png *.*";
    let test = files.iter().fold(shell(script), |test, (name, bytes, _)| test.file(name, bytes));
    let whole = files.iter().filter(|(_, _, is_whole)| *is_whole).count() as u64 + 1;
    let done = test.file("z.png", png(160, 120)).run().status(1).never_says("panic");
    let done = done.counts(files.len() as u64 + 1, whole, files.len() as u64 + 1 - whole, 0);
    for (name, _, is_whole) in &files {
        assert_eq!(done.dir().join(format!("out/{name}.png")).exists(), *is_whole, "{name}: {}", done.story());
    }
}

#[test]
fn v2_bmps_in_runs_are_read_as_pillow_reads_them() {
    if !has("python3")
        || !std::process::Command::new("python3").args(["-c", "import PIL"]).output().is_ok_and(|o| o.status.success())
    {
        return skip("there is no Pillow");
    }
    let mut seed = 20_u32;
    let mut random = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % below
    };
    let mut test = shell(
        "parjob resize --width 1000 --format text --encode png --to '{}.png' *.bmp > list || exit 1; python3 check.py",
    );
    test = test.file("check.py", CHECK);
    for n in 0..120 {
        let (width, height) = (1 + random(700), 1 + random(6));
        test = test.file(&format!("{n}.bmp"), runs(width, height, if n % 2 == 0 { 8 } else { 4 }, &mut random));
    }
    test.run().prints("120 alike\n").succeeds();
}

const CHECK: &str = "
import glob
from PIL import Image
names = glob.glob('*.bmp')
for name in names:
    ours, theirs = (Image.open(path).convert('RGB') for path in (name + '.png', name))
    if ours.tobytes() != theirs.tobytes():
        raise SystemExit(name + ' is read otherwise')
print(len(names), 'alike')
";

/// A BMP in runs of every kind: of one colour, of numbers as they are, jumps to the right and down, ends of rows.
fn runs(width: u32, height: u32, bits: u16, random: &mut impl FnMut(u32) -> u32) -> Vec<u8> {
    let mut data = Vec::new();
    for row in 0..height {
        let mut x = 0;
        while x < width {
            let left = width - x;
            match random(4) {
                0 | 1 => {
                    // One that would stand over the edge is cut there by everybody.
                    let many = 1 + random(255);
                    data.extend_from_slice(&[many as u8, random(256) as u8]);
                    x += many.min(left);
                }
                2 if left >= 3 => {
                    let many = 3 + random(left.min(255) - 2);
                    data.extend_from_slice(&[0, many as u8]);
                    let bytes = (many * u32::from(bits)).div_ceil(16) * 2;
                    (0..bytes).for_each(|_| data.push(random(256) as u8));
                    x += many;
                }
                3 if left > 1 => {
                    let right = 1 + random(left.min(255) - 1);
                    data.extend_from_slice(&[0, 2, right as u8, 0]);
                    x += right;
                }
                _ => {}
            }
        }
        data.extend_from_slice(if row + 1 == height { &[0, 1] } else { &[0, 0] });
    }
    let colours = 1 << bits;
    let start = 54 + 4 * colours;
    let mut out = Vec::from(b"BM");
    let kind = if bits == 8 { 1 } else { 2 };
    let size = data.len() as u32;
    let words = [start + size, 0, start, 40, width, height, 1 | u32::from(bits) << 16, kind, size, 0, 0, colours, 0];
    words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
    (0..colours).for_each(|n| out.extend_from_slice(&[(n * 37) as u8, (n * 101) as u8, (n * 211) as u8, 0]));
    [out, data].concat()
}

#[test]
fn v2_a_run_of_any_length_is_read() {
    for many in [1, 127, 128, 129, 200, 254, 255] {
        let mut numbers = move |below: u32| if below == 4 { 0 } else { many - 1 };
        let bytes = runs(255, 2, 8, &mut numbers);
        let done = resize("--width 255 --encode png --to {}.out a").file("a", bytes).run().is_silent().succeeds();
        assert_eq!(read(&file(done.dir(), "a.out")).width, 255, "{many}");
    }
}

#[test]
fn a_picture_of_which_there_is_nothing_fails_even_if_damage_is_accepted() {
    for (name, bytes) in [("png", png(160, 120)), ("gif", still_gif(160, 120)), ("webp", webp(160, 120, false))] {
        fails_alone(name, &bytes[..60.min(bytes.len())], "--damaged accept", "cannot be resized");
    }
    let palette = png_with(160, 120, png::ColorType::Grayscale, png::BitDepth::Eight, &[7; 160 * 120], |_| {});
    fails_alone("png", &palette[..45], "--damaged accept", "cannot be resized");
}
