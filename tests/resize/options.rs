//! The options that say how large a result is and what it looks like.

use super::pictures::{Pixels, jpeg, png, png_of, read, scene};
use super::{file, resize, result};
use crate::harness::parjob;

/// The size of what a picture of 160 × 120 becomes.
#[track_caller]
fn size(options: &str) -> (u32, u32) {
    let done = resize(&format!("{options} --to {{.}}.out.png a.png")).file("a.png", png(160, 120)).run();
    let got = result(&done.is_silent().succeeds(), "a.out.png");
    (got.width, got.height)
}

/// What a picture becomes, as a PNG.
#[track_caller]
fn made(options: &str, picture: Vec<u8>) -> Pixels {
    let done = resize(&format!("{options} --to {{.}}.out.png a")).file("a", picture).run();
    result(&done.is_silent().succeeds(), "a.out.png")
}

#[test]
fn a_picture_is_made_to_fit() {
    assert_eq!(size("--width 80"), (80, 60));
    assert_eq!(size("--height 30"), (40, 30));
    assert_eq!(size("--width 80 --height 30"), (40, 30));
    assert_eq!(size("--width 80 --height 30 --fit inside"), (40, 30));
    assert_eq!(size("--width 80 --height 30 --fit cover"), (80, 30));
    assert_eq!(size("--width 80 --height 30 --fit exact"), (80, 30));
    assert_eq!(size("--width 80 --height 30 --fit pad"), (80, 30));
    assert_eq!(size("--width 1"), (1, 1));
}

#[test]
fn a_small_picture_stays_as_small_as_it_is_unless_it_is_to_be_enlarged() {
    assert_eq!(size("--width 320"), (160, 120));
    assert_eq!(size("--width 320 --no-enlarge"), (160, 120));
    assert_eq!(size("--width 320 --enlarge"), (320, 240));
    assert_eq!(size("--width 320 --height 60 --fit cover"), (160, 60));
    assert_eq!(size("--width 320 --height 60 --fit cover --enlarge"), (320, 60));
    assert_eq!(size("--width 320 --height 60 --fit exact"), (160, 60));
    assert_eq!(size("--width 320 --height 200 --fit pad"), (320, 200));
    let untouched = made("--width 320", png(160, 120));
    assert_eq!(untouched, scene(160, 120), "what is not resized is not changed");
}

#[test]
fn cover_cuts_off_what_stands_over_on_both_sides() {
    for bytes in [png(160, 120), jpeg(160, 120)] {
        let got = made("--width 30 --height 60 --fit cover", bytes);
        // A quarter of the width is in the middle: 60 of 160 columns.
        let whole = scene(80, 60);
        for (x, y) in [(0, 0), (29, 0), (0, 59), (15, 30)] {
            let (now, was) = (got.at(x, y), whole.at(x + 25, y));
            assert!((0..3).all(|n| now[n].abs_diff(was[n]) < 8), "{now:?} {was:?}");
        }
    }
}

#[test]
fn pad_fills_up_with_the_background() {
    let got = made("--width 80 --height 80 --fit pad --background 102030", png(160, 120));
    assert_eq!(
        (got.at(0, 0), got.at(79, 79), got.at(40, 9)),
        ([16, 32, 48, 255], [16, 32, 48, 255], [16, 32, 48, 255])
    );
    assert_ne!(got.at(40, 10), [16, 32, 48, 255]);
    assert_eq!(made("--width 80 --height 80 --fit pad", png(160, 120)).at(0, 0), [255; 4]);
    let clear = png_of(4, 2, png::ColorType::Rgba, png::BitDepth::Eight, &[9, 9, 9, 255].repeat(8));
    assert_eq!(made("--width 4 --height 4 --fit pad", clear).at(0, 0)[3], 0, "what can be transparent is");
}

#[test]
fn each_filter_is_another() {
    // A sharp edge.
    let row: Vec<u8> = (0..96).map(|x| if x < 45 { 0 } else { 200 }).collect();
    let edge = || png_of(96, 8, png::ColorType::Grayscale, png::BitDepth::Eight, &row.repeat(8));
    let filters = ["lanczos3", "catmull-rom", "bilinear", "box"];
    let made: Vec<Pixels> =
        filters.iter().map(|filter| made(&format!("--width 24 --filter {filter}"), edge())).collect();
    for (n, one) in made.iter().enumerate() {
        assert!(made[..n].iter().all(|other| one != other), "{}", filters[n]);
    }
    // The mean of three black columns of four and one that is light.
    assert_eq!(made[3].at(11, 1)[0], 150);
    let over = |pixels: &Pixels| pixels.data.iter().any(|pixel| pixel[0] > 200);
    assert_eq!(made.iter().map(over).collect::<Vec<_>>(), [true, true, false, false]);
}

#[test]
fn transparent_pixels_do_not_bleed() {
    // Red that is there, and green that is not.
    let row = [[255, 0, 0, 255].repeat(7), [0, 255, 0, 0].repeat(9)].concat();
    let bytes = png_of(16, 4, png::ColorType::Rgba, png::BitDepth::Eight, &row.repeat(4));
    let got = made("--width 8", bytes.clone());
    for pixel in got.data.iter().filter(|pixel| pixel[3] > 8) {
        assert!(pixel[0] > 240 && pixel[1] < 16, "{pixel:?}");
    }
    // On a background it is laid where there is no alpha.
    let done = resize("--width 8 --quality 100 --background 0000ff --to {}.jpg a").file("a", bytes).run().succeeds();
    let flat = result(&done, "a.jpg");
    let near = |pixel: [u8; 4], [r, g, b]: [u8; 3]| {
        pixel[0].abs_diff(r) < 12 && pixel[1].abs_diff(g) < 12 && pixel[2].abs_diff(b) < 12
    };
    assert!(near(flat.at(0, 0), [255, 0, 0]) && near(flat.at(7, 1), [0, 0, 255]), "{flat:?}");
}

#[test]
fn in_linear_light_fine_lines_stay_bright() {
    let lines: Vec<u8> = (0..64 * 64).map(|at| if at % 2 == 0 { 0 } else { 255 }).collect();
    let bytes = || png_of(64, 64, png::ColorType::Grayscale, png::BitDepth::Eight, &lines);
    assert!(made("--width 32 --filter box", bytes()).at(9, 9)[0].abs_diff(128) <= 1);
    assert!(made("--width 32 --filter box --linear", bytes()).at(9, 9)[0].abs_diff(188) <= 1);
    let done = resize("--width 8 --linear --quality 100 --to {}.out.png a").file("a", jpeg(160, 120)).run().succeeds();
    assert!(result(&done, "a.out.png").distance(&scene(8, 6)) < 6.0);
}

#[test]
fn jsonl_tells_sizes_bytes_and_seconds() {
    let done = resize("--format jsonl --width 80 --to {.}.out.png a.png").file("a.png", png(160, 120)).run().succeeds();
    let line = String::from_utf8_lossy(done.stdout()).into_owned();
    let json: serde_json::Value = serde_json::from_str(&line).unwrap();
    let bytes = file(done.dir(), "a.out.png").len();
    assert_eq!((&json["result"], &json["item"]), (&"a.out.png".into(), &"a.png".into()));
    for (key, value) in [
        ("from_width", 160),
        ("from_height", 120),
        ("from_bytes", png(160, 120).len()),
        ("width", 80),
        ("height", 60),
        ("bytes", bytes),
    ] {
        assert_eq!(json[key], value, "{key}");
    }
    assert!(json["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn what_is_wrong_with_an_option_is_said_before_anything_is_done() {
    for (options, says) in [
        ("--to {}.png", "resize needs --width W or --height H, or both"),
        ("--width 3", "resize needs --to TEMPLATE"),
        ("--width 0 --to {}.png", "--width \"0\" is neither a number from 1 to 65535 nor a share such as 50%"),
        ("--width 65536 --to {}.png", "--width \"65536\" is neither"),
        ("--width x --to {}.png", "--width \"x\" is neither"),
        ("--width 0% --to {}.png", "--width \"0%\" is neither"),
        ("--height 150% --to {}.png", "--height 150% is more than the original has; --enlarge permits it"),
        ("--width 3 --fit cover --to {}.png", "--fit cover needs both --width and --height"),
        ("--width 3 --fit tight --to {}.png", "--fit \"tight\" is none of"),
        ("--width 3 --filter best --to {}.png", "--filter \"best\" is none of"),
        ("--width 3 --encode gif --to {}.png", "--encode \"gif\" is none of"),
        ("--width 3 --quality 101 --to {}.png", "--quality is a number from 1 to 100"),
        ("--width 3 --background red --to {}.png", "--background \"red\" is no colour"),
        ("--width 3 --memory lots --to {}.png", "--memory: \"lots\" is not a size such as 64K, 1M, 10MB"),
        ("--width 3 --max-pixels many --to {}.png", "--max-pixels: \"many\" is not a size"),
        ("--width 3 --enlarge --no-enlarge --to {}.png", "--enlarge and --no-enlarge contradict each other"),
        ("--width 3 --newer --overwrite --to {}.png", "--newer and --overwrite contradict each other"),
        ("--width 3 --to small.png a", "--to \"small.png\" gives all items one target"),
        ("--width 3 --to x/small.png b c", "--to \"x/small.png\" gives all items one target"),
        ("--width 3 --recursive --to small.png", "--to \"small.png\" gives all items one target"),
        ("--width 3 --to {%}.png", "{%} is another worker from run to run"),
        ("--width 3 --to {2}.png", "{2}"),
    ] {
        let done = resize(&format!("{options} a")).file("a", png(4, 3)).run().prints("").says(says).status(2);
        done.leaves_only(&["a"]);
    }
}

#[test]
fn paths_come_from_standard_input_too() {
    let test = parjob("-0 resize --width 8 --to {}.png").input("a b\0new\nline\0");
    let done = test.file("a b", png(16, 12)).file("new\nline", png(16, 12)).run();
    let done = done.prints("a b.png\nnew\nline.png\n").is_silent().succeeds();
    assert_eq!(read(&file(done.dir(), "new\nline.png")).width, 8);
}
