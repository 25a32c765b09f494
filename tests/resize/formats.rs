//! What is read and what is written.

use jpeg_encoder::{ColorType, SamplingFactor};

use super::pictures::{
    Pixels, bmp, cmyk_jpeg, exif, gif, grey_jpeg, jpeg, jpeg_with, png, png_of, png_with, pngs, profile, scene, tiffs,
    webp,
};
use super::{file, resize, result, shows_scene};

/// Makes the picture smaller, under a name that says nothing.
#[track_caller]
fn small(bytes: &[u8], width: u32) -> Pixels {
    let test = resize(&format!("--width {width} --encode png --to {{}}.out picture")).file("picture", bytes);
    let done = test.run().prints("picture.out\n").succeeds();
    // Of an animation it is said that it is one; nothing else is.
    assert!(done.stderr().lines().all(|line| line.contains("animation")), "{}", done.story());
    result(&done, "picture.out")
}

#[test]
fn jpegs_of_every_sampling_are_read() {
    use SamplingFactor as S;
    for sampling in [S::R_4_4_4, S::R_4_2_2, S::R_4_4_0, S::R_4_2_0, S::R_4_1_1, S::R_4_1_0] {
        for (progressive, restart) in [(false, 0), (false, 3), (true, 0), (true, 5)] {
            let bytes = jpeg_with(333, 251, |encoder| {
                encoder.set_sampling_factor(sampling);
                encoder.set_progressive(progressive);
                encoder.set_restart_interval(restart);
            });
            // From nearly the whole size to an eighth of it: blocks are decoded to each number of points.
            for width in [333, 330, 250, 180, 111, 83, 40] {
                let height = (251.0 * f64::from(width) / 333.0_f64).round() as u32;
                let got = small(&bytes, width);
                assert_eq!((got.width, got.height), (width, height));
                let off = got.distance(&scene(width, height));
                assert!(off < 2.0, "{sampling:?}, progressive {progressive}, restart {restart}, {width}: {off}");
            }
        }
    }
}

#[test]
fn jpegs_in_grey_and_of_inks_are_read() {
    for width in [160, 100, 20] {
        let height = width * 3 / 4;
        let got = small(&grey_jpeg(160, 120), width);
        assert_eq!(got.samples, 1);
        assert!(got.distance(&scene(width, height).as_grey()) < 2.0);
        for colours in [ColorType::Cmyk, ColorType::CmykAsYcck] {
            shows_scene(&small(&cmyk_jpeg(160, 120, colours), width), width, height);
        }
    }
}

#[test]
fn pngs_of_every_kind_are_read_and_keep_it() {
    for (name, bytes) in pngs(160, 120) {
        let got = small(&bytes, 80);
        let expected = if name.contains("grey") { scene(80, 60).as_grey() } else { scene(80, 60) };
        // What is opaque needs no alpha.
        let samples = if name.contains("grey") { 1 } else { 3 };
        assert_eq!(got.samples, samples, "{name}");
        assert!(got.distance(&expected) < 1.0, "{name}: {}", got.distance(&expected));
    }
}

#[test]
fn pngs_of_few_bits_and_with_a_palette_are_read() {
    let of_bits = |depth, bits: u32| {
        // The left half black, the right half white.
        let row: Vec<u8> = (0..32 * bits / 8).map(|at| if at < 16 * bits / 8 { 0 } else { 0xff }).collect();
        png_of(32, 8, png::ColorType::Grayscale, depth, &row.repeat(8))
    };
    for (depth, bits) in [(png::BitDepth::One, 1), (png::BitDepth::Two, 2), (png::BitDepth::Four, 4)] {
        let got = small(&of_bits(depth, bits), 16);
        assert_eq!((got.at(0, 0), got.at(15, 3)), ([0, 0, 0, 255], [255; 4]), "{bits} bits");
    }
    let palette = png_with(32, 8, png::ColorType::Indexed, png::BitDepth::One, &[0, 0, 0xff, 0xff].repeat(8), |info| {
        info.palette = Some(vec![200, 100, 50, 0, 0, 255].into());
        info.trns = Some(vec![255, 0].into());
    });
    let got = small(&palette, 16);
    assert_eq!((got.samples, got.at(0, 0), got.at(15, 3)[3]), (4, [200, 100, 50, 255], 0));
}

#[test]
fn other_formats_are_read() {
    shows_scene(&small(&webp(160, 120, false), 80), 80, 60);
    shows_scene(&small(&webp(160, 120, true), 80), 80, 60);
    shows_scene(&small(&gif(160, 120), 80), 80, 60);
    shows_scene(&small(&bmp(161, 120), 80), 80, 60);
    // As the clipboard has it, and `.dib` files of some programs.
    shows_scene(&small(&bmp(161, 120)[14..], 80), 80, 60);
    for (name, bytes) in tiffs(160, 120) {
        let got = small(&bytes, 80);
        let expected = if name.contains("grey") { scene(80, 60).as_grey() } else { scene(80, 60) };
        assert!(got.distance(&expected) < 1.0, "{name}: {}", got.distance(&expected));
    }
}

#[test]
fn a_format_is_written_as_the_name_of_the_result_or_encode_says() {
    let magic = |bytes: &[u8]| match bytes {
        [0xff, 0xd8, ..] => "jpeg",
        [0x89, b'P', ..] => "png",
        [b'R', b'I', b'F', b'F', ..] => "webp",
        _ => "nothing",
    };
    let all =
        [("a.jpg", jpeg(40, 30)), ("a.png", png(40, 30)), ("a.webp", webp(40, 30, false)), ("a.gif", gif(40, 30))];
    for (name, bytes) in &all {
        for (options, expected) in [
            ("--to out.{/}.jpg", "jpeg"),
            ("--to out.{/}.JPEG", "jpeg"),
            ("--to out.{/}.png", "png"),
            ("--to out.{/}.webp", "webp"),
            ("--to out.{/}.png --encode jpeg", "jpeg"),
            ("--to out.{/}.jpg --encode same", if *name == "a.gif" { "png" } else { &name[2..] }),
        ] {
            let expected = if expected == "jpg" { "jpeg" } else { expected };
            let done = resize(&format!("--width 20 {options} {name}")).file(name, bytes).run().succeeds();
            let written = String::from_utf8_lossy(done.stdout()).trim().to_owned();
            assert_eq!(magic(&file(done.dir(), &written)), expected, "{name} {options}");
            let off = result(&done, &written).distance(&scene(20, 15));
            // Lossy twice, and of so few pixels.
            assert!(off < 12.0, "{name} {options}: {off}");
        }
    }
    let done = resize("--width 20 --to {/.}.gif a.jpg").file("a.jpg", jpeg(40, 30)).run().status(1);
    done.says("\"a.jpg\" is to become \"a.gif\", whose name says no format that can be written; --encode says it");
}

#[test]
fn a_jpeg_of_higher_quality_is_larger_and_nearer() {
    let run = |quality: u32, format: &str| {
        let options = format!("--width 150 --quality {quality} --to out.{format} --encode {format} {{}}");
        let done =
            resize(&options.replace("out.", "{.}.out.").replace(" {}", " a.png")).file("a.png", png(160, 120)).run();
        let bytes = file(done.succeeds().dir(), &format!("a.out.{format}"));
        (bytes.len(), super::read(&bytes).distance(&scene(150, 113)))
    };
    for format in ["jpeg", "webp"] {
        let (low, high) = (run(20, format), run(95, format));
        assert!(low.0 < high.0 && low.1 > high.1, "{format}: {low:?} {high:?}");
    }
    let lossless = run(100, "webp");
    assert!(lossless.1 < 0.5, "{lossless:?}");
}

#[test]
fn pictures_stand_upright_afterwards_and_say_so() {
    // A picture that lies on its side: what is shown is 60 wide and 80 high.
    let turned = |orientation| jpeg_with(80, 60, |encoder| encoder.add_exif_metadata(&exif(orientation)).unwrap());
    for width in [60, 30] {
        let done =
            resize(&format!("--width {width} --keep-metadata --to {{.}}.out.jpg a.jpg")).file("a.jpg", turned(6)).run();
        let done = done.is_silent().succeeds();
        let got = result(&done, "a.out.jpg");
        assert_eq!((got.width, got.height), (width, width * 4 / 3));
        // A quarter turn to the right: what was at the lower left is at the upper left.
        let scene = scene(80, 60);
        for (place, was) in [((0, 0), (0, 59)), ((width - 1, 0), (0, 0)), ((0, got.height - 1), (79, 59))] {
            let (now, was) = (got.at(place.0, place.1), scene.at(was.0, was.1));
            assert!((0..3).all(|n| now[n].abs_diff(was[n]) < 16), "{place:?}: {now:?} {was:?}");
        }
        let bytes = file(done.dir(), "a.out.jpg");
        assert!(!contains(&bytes, &exif(6)) && contains(&bytes, &exif(1)));
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn profiles_are_kept_and_metadata_only_where_it_is_asked_for() {
    const XMP: &[u8] = b"<x:xmpmeta>a rose</x:xmpmeta>";
    let (colour, ink) = (profile(b"RGB "), profile(b"CMYK"));
    let source = |icc: &[u8]| {
        jpeg_with(40, 30, |encoder| {
            encoder.add_icc_profile(icc).unwrap();
            encoder.add_exif_metadata(&exif(1)).unwrap();
            encoder.add_app_segment(1, [b"http://ns.adobe.com/xap/1.0/\0", XMP].concat()).unwrap();
        })
    };
    for format in ["jpeg", "png", "webp"] {
        for (options, kept) in [("", false), ("--keep-metadata", true)] {
            let options = format!("--width 20 --encode {format} {options} --to {{.}}.1 a.jpg");
            let done = resize(&options).file("a.jpg", source(&colour)).run().succeeds();
            let bytes = file(done.dir(), "a.1");
            let profile = match format {
                // It is compressed there.
                "png" => contains(&bytes, b"iCCP"),
                _ => contains(&bytes, &colour),
            };
            assert!(profile, "{format}: the profile");
            assert_eq!((contains(&bytes, &exif(1)), contains(&bytes, XMP)), (kept, kept), "{format} {options}");
            // And from there on.
            let again = resize("--width 10 --keep-metadata --to {.}.png a.1").file("a.1", &bytes).run().succeeds();
            let again = file(again.dir(), "a.png");
            assert_eq!((contains(&again, b"iCCP"), contains(&again, XMP)), (true, kept), "{format}, again");
        }
    }
    let done = resize("--width 20 --to {.}.1.jpg a.jpg").file("a.jpg", source(&ink)).run().succeeds();
    assert!(!contains(&file(done.dir(), "a.1.jpg"), &ink), "a profile of inks is not that of light");
}
