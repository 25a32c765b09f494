//! How much a picture may take: checked for what it is, for what it becomes, and against what there is.

use super::pictures::{exif, jpeg_with, png, png_of, read};
use super::{file, resize, result};
use crate::harness::shell;

const MILLION: &str = "--jobs 1 --max-pixels 1000000 --to out/{/.}.png";

/// A picture of that size as it is stored, which is to be turned as the orientation says.
fn lying(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    jpeg_with(width, height, |encoder| encoder.add_exif_metadata(&exif(orientation)).unwrap())
}

#[test]
fn r7_what_a_picture_becomes_when_it_is_turned_counts() {
    for orientation in 5..=8 {
        let test = resize(&format!("{MILLION} --enlarge --width 2000 a.jpg b.png"));
        let done = test.file("a.jpg", lying(100, 2, orientation)).file("b.png", png(40, 2)).run();
        let done = done.prints("out/b.png\n").counts(2, 1, 1, 0).status(1);
        done.says("item 1: \"a.jpg\" has 2000 \u{d7} 100000 pixels; --max-pixels allows 1000000");
    }
    // As it is stored it would become too large, but it is not stored as it is.
    let done = resize(&format!("{MILLION} --enlarge --width 2000 a.jpg")).file("a.jpg", lying(2, 100, 6)).run();
    let turned = result(&done.is_silent().succeeds(), "out/a.png");
    assert_eq!((turned.width, turned.height), (2000, 40));
}

#[test]
fn r7_a_canvas_counts() {
    let test = resize(&format!("{MILLION} --fit pad --width 1001 --height 1000 a.png")).file("a.png", png(40, 30));
    test.run().prints("").says("\"a.png\" has 1001 \u{d7} 1000 pixels; --max-pixels allows 1000000").status(1);
    let test = resize(&format!("{MILLION} --fit pad --width 1000 --height 1000 a.png")).file("a.png", png(40, 30));
    assert_eq!(result(&test.run().is_silent().succeeds(), "out/a.png").width, 1000);
}

#[test]
fn memory_that_is_not_there_is_the_failure_of_one_picture() {
    // 900 MB of pixels where all of the process may take 800.
    let script = "ulimit -v 800000; parjob --jobs 1 resize --enlarge --height 15000 --max-pixels 400M \
                  --encode png --to out/{/.}.png a.png b.png";
    let done = shell(script).file("a.png", png(40, 30)).file("b.png", png(2, 60)).run();
    let done = done.prints("out/b.png\n").counts(2, 1, 1, 0).status(1);
    let done = done.says("item 1: \"a.png\" cannot be resized: there is no memory for 900000000 bytes of it");
    assert_eq!(read(&file(done.dir(), "out/b.png")).height, 15000);
}

#[test]
fn sizes_are_said_as_everywhere() {
    for options in ["--memory 500MB", "--memory 1T", "--max-pixels 10M"] {
        let test =
            resize(&format!("--width 8 {options} --encode jpg --to out/{{/.}} a.png")).file("a.png", png(16, 12));
        let done = test.run().prints("out/a\n").is_silent().succeeds();
        assert!(file(done.dir(), "out/a").starts_with(b"\xff\xd8"));
    }
    let done = resize("--width 8 --max-pixels 1K --to out/{/} a.png").file("a.png", png(40, 30)).run();
    done.prints("").says("--max-pixels allows 1024").status(1);
}

/// A PNG of noise, which no encoder makes smaller.
fn noise(side: u32) -> Vec<u8> {
    let mut state = 1_u32;
    let samples = (0..4 * side * side).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    png_of(side, side, png::ColorType::Rgba, png::BitDepth::Eight, &samples.collect::<Vec<u8>>())
}

#[test]
fn pictures_keep_within_memory_whatever_they_are_written_as() {
    const PEAK: &str = "import resource, subprocess, sys
assert subprocess.run(sys.argv[1:]).returncode == 0
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=open(3, 'w'))";
    let noise = noise(1500);
    for name in ["jpg", "png", "webp"] {
        let options =
            format!("--jobs 3 --quiet resize --memory 160M --width 1499 --quality 99 --to 'out/{{/.}}.{name}'");
        let test = shell(&format!("python3 -c \"$PEAK\" parjob {options} a.png b.png c.png 3>peak >list"));
        let test = test.env("PEAK", PEAK).file("a.png", &noise).file("b.png", &noise).file("c.png", &noise);
        let done = test.run().succeeds();
        let peak = String::from_utf8(file(done.dir(), "peak")).unwrap().trim().parse::<u64>().unwrap();
        assert!(peak < (160 + 24) << 10, "{name}: {peak} KiB");
    }
}
