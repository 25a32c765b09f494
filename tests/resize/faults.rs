//! What goes wrong with a picture is that picture's failure alone; rows of the table of faults are named by their id.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::pictures::{bmp, crc, gif, jpeg, jpeg_with, png, read, tiffs, webp};
use super::{resize, shows_scene};
use crate::harness::{PATIENCE, shell, skip};

/// A run over a sound picture, the one with the fault, and another sound one.
#[track_caller]
pub(super) fn fails_alone(name: &str, bytes: &[u8], options: &str, says: &str) {
    let test = resize(&format!("--width 20 {options} --encode png --to out/{{/.}}.png a.png faulty b.png"));
    let done = test.file("a.png", png(40, 30)).file("faulty", bytes).file("b.png", png(40, 30)).run();
    let done = done.prints("out/a.png\nout/b.png\n").counts(3, 2, 1, 0).status(1);
    let text = done.stderr();
    assert!(text.contains(&format!("item 2: \"faulty\" {says}")), "{name}: {text}");
    shows_scene(&read(&std::fs::read(done.dir().join("out/b.png")).unwrap()), 20, 15);
    assert!(!done.dir().join("out/faulty.png").exists(), "{name}");
}

/// A picture of each kind that is read.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    let progressive = jpeg_with(160, 120, |encoder| encoder.set_progressive(true));
    let mut all = vec![
        ("jpeg", jpeg(160, 120)),
        ("progressive jpeg", progressive),
        ("png", png(160, 120)),
        ("lossless webp", webp(160, 120, false)),
        ("lossy webp", webp(160, 120, true)),
        ("gif", gif(160, 120)),
        ("bmp", bmp(160, 120)),
    ];
    all.push(("tiff", tiffs(160, 120).swap_remove(0).1));
    all
}

#[test]
fn a_picture_that_is_cut_short_fails_alone() {
    for (name, bytes) in all() {
        for part in [2, 3, 30, 95] {
            let cut = &bytes[..bytes.len() * part / 100];
            // So little of a file may be no picture at all.
            let says = if cut.len() < 26 { "is no picture" } else { "c" };
            let says = if part == 2 { "" } else { says };
            // A GIF has a second picture, which is not looked at.
            if name != "gif" || part < 50 {
                fails_alone(&format!("{part} % of a {name}"), cut, "", says);
            }
        }
    }
    // At its own size a JPEG has another decoder.
    let bytes = jpeg(20, 15);
    fails_alone("a small jpeg", &bytes[..bytes.len() - 60], "", "cannot be resized: ");
}

#[test]
fn a_broken_picture_fails_or_comes_out_but_never_takes_another_with_it() {
    for (name, bytes) in all() {
        for seed in 0..12_usize {
            let mut broken = bytes.clone();
            for n in 0..8 {
                let at = (seed * 7919 + n * 104_729) % broken.len();
                broken[at] ^= (seed * 31 + n * 17 + 1) as u8;
            }
            let test = resize("--width 20 --encode png --to out/{/.}.png a.png faulty b.png");
            let done = test.file("a.png", png(40, 30)).file("faulty", broken).file("b.png", png(40, 30)).run();
            let text = String::from_utf8_lossy(done.stdout()).into_owned();
            assert!(text.starts_with("out/a.png\n") && text.ends_with("out/b.png\n"), "{name}: {}", done.story());
            assert!(matches!(done.exit_code(), Some(0 | 1)), "{name}: {}", done.story());
            done.never_says("panic");
        }
    }
}

#[test]
fn a_changed_byte_is_found_where_the_format_has_sums() {
    let mut bytes = png(160, 120);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fails_alone("png", &bytes, "", "cannot be resized: ");
}

#[test]
fn what_is_no_picture_fails_alone_whatever_its_name() {
    let says = "is no picture that can be read: JPEG, PNG, WebP, GIF, BMP or TIFF";
    for bytes in [&b""[..], b"text", b"BMW is a make of cars, and not a picture", b"%PDF-1.7", &[0; 4096]] {
        fails_alone("not a picture", bytes, "", says);
    }
    let done = resize("--width 20 --to {/.}.jpg a.jpg").file("a.jpg", png(40, 30)).run();
    done.prints("").status(1).says("which exists");
    let done = resize("--width 20 --to {/.}.out.jpg a.jpg").file("a.jpg", png(40, 30)).run().succeeds();
    shows_scene(&read(&std::fs::read(done.dir().join("a.out.jpg")).unwrap()), 20, 15);
}

#[test]
fn what_cannot_be_read_fails_alone() {
    let test = resize("--width 20 --to {/.}.out.png a.png none folder b.png");
    std::fs::create_dir(test.dir().join("folder")).unwrap();
    let done = test.file("a.png", png(40, 30)).file("b.png", png(40, 30)).run();
    let done = done.prints("a.out.png\nb.out.png\n").says("item 2: \"none\" cannot be read: No such file");
    done.says("item 3: \"folder\" is a directory").status(1);
    let done = resize("--width 20 --to {/.}.png /dev/null /dev/zero").run();
    done.prints("").says("\"/dev/zero\" is no picture").counts(2, 0, 2, 0).status(1);
}

#[test]
fn what_cannot_be_written_fails_alone() {
    let test = resize("--width 20 --overwrite --to x/{//}/{/.}.png a.jpg file/b.jpg c.jpg");
    std::fs::create_dir_all(test.dir().join("file")).unwrap();
    std::fs::create_dir_all(test.dir().join("x")).unwrap();
    let pictures = ["a.jpg", "file/b.jpg", "c.jpg"];
    let test = pictures.iter().fold(test, |test, name| test.file(name, jpeg(40, 30)));
    let done = test.file("x/file", "in the way").run().prints("x/./a.png\nx/./c.png\n").status(1);
    done.says("item 2: \"file/b.jpg\" is to become \"x/file/b.png\", which cannot be written: ");
}

#[test]
fn a_full_disk_leaves_no_half_picture() {
    // A limit on the size of files is met as a full disk is.
    let script = "trap '' XFSZ; ulimit -f 1; parjob resize --width 200 --enlarge --encode png --to out/{/.}.png a.png";
    let picture: Vec<u8> = (0..120 * 90 * 3_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let bytes = super::pictures::png_of(120, 90, png::ColorType::Rgb, png::BitDepth::Eight, &picture);
    let done = shell(script).file("a.png", bytes).run().prints("").says("cannot be written: File too large").status(1);
    assert_eq!(std::fs::read_dir(done.dir().join("out")).unwrap().count(), 0);
}

#[test]
fn r7_a_picture_that_declares_more_than_it_may_is_not_decoded() {
    let mut header = Vec::from(*b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    header.extend_from_slice(&100_000_u32.to_be_bytes().repeat(2));
    header.extend_from_slice(&[8, 2, 0, 0, 0]);
    let sum = crc(&header[12..]);
    header.extend_from_slice(&sum.to_be_bytes());
    header.extend_from_slice(b"\0\0\0\0IEND\xae\x42\x60\x82\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let says = "has 100000 × 100000 pixels; --max-pixels allows 256000000";
    fails_alone("png", &header, "", says);
    // Each format says its size somewhere else.
    for (name, bytes) in all() {
        fails_alone(name, &bytes, "--max-pixels 19199", "has 160 × 120 pixels; --max-pixels allows 19199");
    }
    let done = resize("--width 60000 --height 60000 --enlarge --to {}.png a").file("a", jpeg(40, 40)).run();
    done.prints("").says("has 60000 × 60000 pixels; --max-pixels allows 256000000").status(1);
}

#[test]
fn r7_pictures_that_together_need_more_memory_than_there_is_wait_for_each_other() {
    // Each takes some megabytes; of the budget there is one alone. That they wait is shown beside the operation.
    let mut test = resize("--jobs 8 --chunk 1 --memory 1M --width 20 --to out/{/.}.png");
    for n in 0..16 {
        test = test.file(&format!("{n}.jpg"), jpeg(400, 300)).arg(format!("{n}.jpg"));
    }
    let expected: String = (0..16).map(|n| format!("out/{n}.png\n")).collect();
    test.run().prints(expected).is_silent().succeeds();
}

#[test]
fn x4_an_item_cannot_lead_its_result_out_of_the_folder() {
    let test = |options: &str| {
        let test = resize(options);
        for folder in ["in/deep", "x"] {
            std::fs::create_dir_all(test.dir().join(folder)).unwrap();
        }
        test.file("x/a.png", png(40, 30))
    };
    let outside = |item: &str| {
        let says = "to which the item leads out of the folder; --allow-outside permits it";
        let done = test(&format!("--width 20 --to in/{{}}.png {item}")).run().prints("").says(says).status(1);
        assert!(!done.dir().join("x/a.png.png").exists());
    };
    outside("../x/a.png");
    outside("./deep/../../x/a.png");
    let done = test("--width 20 --allow-outside --to in/{}.png in/../x/a.png").run();
    done.prints("in/in/../x/a.png.png\n").succeeds();
    let absolute = test("--width 20 --to {.}_small.png");
    let item = absolute.dir().join("x/a.png");
    let done = absolute.arg(&item).run().prints("").says("--allow-outside permits it").status(1);
    assert!(!done.dir().join("x/a_small.png").exists());
    let permitted = test("--width 20 --allow-outside --to {.}_small.png");
    let item = permitted.dir().join("x/a.png");
    let done = permitted.arg(&item).run().is_silent().succeeds();
    assert!(done.dir().join("x/a_small.png").exists());
}

#[test]
fn o1_where_results_cannot_be_printed_it_says_so() {
    let done = shell("parjob resize --width 20 --to {/.}.out.png a.png > /dev/full").file("a.png", png(40, 30)).run();
    done.says("No space left on device").status(3);
}

#[test]
fn a_kill_in_the_middle_leaves_no_half_picture() {
    // Of many moments some are in the middle of a write.
    for (kept, replaces) in [(1, false), (2, true), (5, false), (9, true)] {
        let mut test = resize("--jobs 2 --chunk 1 --width 300 --encode png --overwrite --to out/{#}.png");
        std::fs::create_dir(test.dir().join("out")).unwrap();
        let old = png(30, 20);
        for n in 0..60 {
            test = if replaces { test.file(&format!("out/{}.png", n + 1), &old) } else { test };
            test = test.file(&format!("{n}.jpg"), jpeg(640, 480)).arg(format!("{n}.jpg"));
        }
        let mut command = test.command();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let out = test.dir().join("out");
        let since = Instant::now();
        while written(&out, old.len()) < kept && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        if status.signal() != Some(9) {
            skip("it had ended before it was killed");
            continue;
        }
        let (temporary, names): (Vec<_>, Vec<_>) = names(&out).into_iter().partition(|name| name.starts_with('.'));
        assert!(written(&out, old.len()) >= kept && (!replaces || names.len() == 60));
        // What is on its way over an old file has a name for a moment, one for a worker.
        assert!(temporary.len() <= if replaces { 2 } else { 0 }, "{temporary:?}");
        for name in names {
            let bytes = std::fs::read(out.join(&name)).unwrap();
            let picture = read(&bytes);
            assert!((picture.width, picture.height) == (300, 225) || (replaces && bytes == old), "{name}");
        }
    }
}

/// How many results there are that are not the old ones.
fn written(folder: &Path, old: usize) -> usize {
    let size = |name: &String| std::fs::metadata(folder.join(name)).map_or(old, |meta| meta.len() as usize);
    names(folder).iter().filter(|name| !name.starts_with('.') && size(name) != old).count()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn r6_a_file_that_grows_or_shrinks_meanwhile_is_a_failure_at_most() {
    let test = resize("--jobs 2 --chunk 1 --width 20 --to out/{#}.png");
    let name = test.dir().join("a.jpg");
    let bytes = jpeg(320, 240);
    std::fs::write(&name, &bytes).unwrap();
    let test = (0..200).fold(test, |test, _| test.arg("a.jpg"));
    let mut child = test.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        let mut file = std::fs::File::create(&name).unwrap();
        file.write_all(&bytes[..bytes.len() / 2]).unwrap();
        file.write_all(&bytes[bytes.len() / 2..]).unwrap();
    }
    assert!(matches!(child.wait().unwrap().code(), Some(0 | 1)));
}
