//! How files are stored, in the many ways in which they may be; what is seen is the same.

use jpeg_encoder::{ColorType, SamplingFactor};

use super::faults::fails_alone;
use super::made::{Stored, interlaced_gif, jpeg_of, moving_webp, tiff_of};
use super::pictures::{
    Pixels, chunk, cmyk_jpeg, exif, jpeg, jpeg_with, pixels_of, png, png_with, read, scene, webp_with,
};
use super::{file, resize, result, shows_scene};

/// Makes the picture smaller, by these options, under a name that says nothing.
#[track_caller]
fn small(bytes: &[u8], options: &str) -> Pixels {
    let test = resize(&format!("{options} --encode png --to {{}}.out picture")).file("picture", bytes);
    let done = test.run().prints("picture.out\n").succeeds();
    // Of an animation it is said that it is one; nothing else is.
    assert!(done.stderr().lines().all(|line| line.contains("animation")), "{}", done.story());
    result(&done, "picture.out")
}

/// The colours of the scene as the planes of a JPEG of this kind.
fn plane(kind: &str, plane: usize, x: f64, y: f64) -> u8 {
    let [red, green, blue] = [x, y, x * (1.0 - y)].map(|part| 20.0 + 210.0 * part);
    let black = red.max(green).max(blue);
    let inks = [red, green, blue].map(|shade| shade / black * 255.0);
    let ycc = |[r, g, b]: [f64; 3]| {
        let light = 0.299 * r + 0.587 * g + 0.114 * b;
        [light, 128.0 + (b - light) / 1.772, 128.0 + (r - light) / 1.402]
    };
    let planes = match kind {
        "ycc" => [ycc([red, green, blue]).as_slice(), &[0.0]].concat(),
        "rgb" => vec![red, green, blue],
        "cmyk" => [inks.as_slice(), &[black]].concat(),
        _ => [ycc(inks.map(|ink| 255.0 - ink)).as_slice(), &[black]].concat(),
    };
    planes[plane].round() as u8
}

#[test]
fn jpegs_of_all_planes_are_read_in_any_number_of_scans() {
    let kinds = [("ycc", None, 3), ("rgb", Some(0), 3), ("cmyk", Some(0), 4), ("ycck", Some(2), 4)];
    let samplings = [[(1, 1); 4], [(2, 2), (1, 1), (1, 1), (2, 2)], [(1, 1), (2, 2), (2, 2), (1, 1)]];
    for (kind, adobe, many) in kinds {
        for sampling in samplings {
            let together: &[usize] = &(0..many).collect::<Vec<usize>>();
            let apart: [&[usize]; 4] = [&[0], &[1], &[2], &[3]];
            for (scans, restart) in [(&[together][..], 0), (&[together], 3), (&apart[..many], 0), (&apart[..many], 3)] {
                let how = Stored { planes: &sampling[..many], scans, restart, adobe };
                let bytes = jpeg_of(637, 475, how, |at, x, y| plane(kind, at, x, y));
                for options in ["--width 80", "--width 80 --linear"] {
                    let off = small(&bytes, options).distance(&scene(80, 60));
                    assert!(
                        off < 3.0,
                        "{kind} {sampling:?} {} scans, restart {restart}, {options}: {off}",
                        scans.len()
                    );
                }
            }
        }
    }
}

#[test]
fn another_decoder_of_jpeg_sees_the_same() {
    // Sharp edges and bright colours, of which coefficients of all sizes come.
    let (width, height) = (163, 121);
    let shade = |n: u32| [(n * 73 % 256) as u8, (n * 151 % 256) as u8, (n * 199 % 256) as u8];
    let data: Vec<u8> = (0..width * height).flat_map(|n| shade(n % width / 9 * 31 + n / width / 7)).collect();
    // How samples of colour become more is left to the decoder.
    for (sampling, most) in
        [(SamplingFactor::R_4_4_4, 1.0), (SamplingFactor::R_4_2_2, 5.0), (SamplingFactor::R_4_2_0, 5.0)]
    {
        for (progressive, restart) in [(false, 0), (true, 0), (false, 4), (true, 4)] {
            let mut bytes = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
            encoder.set_sampling_factor(sampling);
            encoder.set_progressive(progressive);
            encoder.set_restart_interval(restart);
            encoder.encode(&data, width as u16, height as u16, ColorType::Rgb).unwrap();
            let other = read(&bytes);
            for options in ["--width 163 --filter bilinear", "--width 163 --linear"] {
                let off = small(&bytes, options).distance(&other);
                assert!(off < most, "{sampling:?}, progressive {progressive}, restart {restart}, {options}: {off}");
            }
        }
    }
}

#[test]
fn a_single_pixel_of_inks_is_read() {
    let mut bytes = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 95);
    encoder.set_progressive(true);
    encoder.encode(&[0, 255, 255, 0], 1, 1, ColorType::CmykAsYcck).unwrap();
    let [red, green, blue, _] = small(&bytes, "--width 20").at(0, 0);
    assert!(red > 240 && green < 15 && blue < 15, "{red} {green} {blue}");
    shows_scene(&small(&cmyk_jpeg(160, 120, ColorType::CmykAsYcck), "--width 80 --linear"), 80, 60);
}

#[test]
fn jpegs_that_are_not_read_say_why() {
    let frame = |change: fn(&mut [u8])| {
        let mut bytes = jpeg(40, 30);
        let at = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        change(&mut bytes[at..]);
        bytes
    };
    let says = |bytes: &[u8], why: &str| {
        ["", "--linear"]
            .iter()
            .for_each(|options| fails_alone(why, bytes, options, &format!("cannot be resized: {why}")));
    };
    says(&frame(|frame| frame[1] = 0xc9), "a JPEG with arithmetic coding is not read");
    says(&frame(|frame| frame[1] = 0xc3), "a JPEG lossless is not read");
    says(&frame(|frame| frame[4] = 12), "a JPEG of 12 bits a sample is not read");
}

/// Where the markers of restarts stand.
fn restarts(bytes: &[u8]) -> Vec<usize> {
    let is_restart = |at: &usize| bytes[*at] == 0xff && matches!(bytes[*at + 1], 0xd0..=0xd7);
    let scan = bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    (scan..bytes.len() - 1).filter(is_restart).collect()
}

#[test]
fn a_jpeg_with_bytes_too_many_or_too_few_fails() {
    let fails = |name: &str, bytes: &[u8]| fails_alone(name, bytes, "", "cannot be resized: ");
    for progressive in [false, true] {
        let plain = jpeg_with(320, 240, |encoder| encoder.set_progressive(progressive));
        for part in [55, 70, 85, 95] {
            let (head, tail) = plain.split_at(plain.len() * part / 100);
            fails(&format!("inserted at {part} %"), &[head, &[0x35, 0x9c, 0xe1, 0x07].repeat(10), tail].concat());
        }
        fails("no end", &plain[..plain.len() - 2]);
        let often = jpeg_with(320, 240, |encoder| {
            encoder.set_progressive(progressive);
            encoder.set_restart_interval(5);
        });
        let at = restarts(&often);
        let (from, to) = (at[at.len() / 2], at[at.len() / 2 + 1]);
        fails("a stretch is lost", &[&often[..from], &often[to..]].concat());
        fails("a stretch is empty", &[&often[..from + 2], &often[to..]].concat());
        fails("a stretch comes twice", &[&often[..to], &often[from..]].concat());
    }
}

#[test]
fn a_jpeg_may_be_filled_up_before_its_markers() {
    let bytes = jpeg_with(160, 120, |encoder| encoder.set_restart_interval(5));
    let markers = [restarts(&bytes), vec![bytes.len() - 2]].concat();
    let mut filled = bytes.clone();
    markers.iter().rev().for_each(|at| drop(filled.splice(at..at, [0xff; 3])));
    assert_eq!(small(&filled, "--width 80"), small(&bytes, "--width 80"));
    let (data, end) = bytes.split_at(bytes.len() - 2);
    assert_eq!(small(&[data, &[0; 7], end, b"and more"].concat(), "--width 80"), small(&bytes, "--width 80"));
}

#[test]
fn r7_a_jpeg_cannot_ask_for_any_number_of_scans() {
    let bytes = |many: usize| {
        let scans = [&[0][..], &[1], &[2]].repeat(many);
        let how = Stored { planes: &[(1, 1); 3], scans: &scans, restart: 0, adobe: None };
        jpeg_of(16, 16, how, |_, _, _| 128)
    };
    small(&bytes(30), "--width 8");
    fails_alone("600 scans", &bytes(200), "", "cannot be resized: it has too many scans");
}

#[test]
fn gifs_are_read_in_passes_and_in_their_place() {
    let whole = interlaced_gif((0, 0), (160, 121), (160, 121));
    let got = small(&whole, "--width 80");
    assert_eq!(got.samples, 3);
    shows_scene(&got, 80, 61);
    // Of so few colours that each is in the palette.
    let (got, scene) = (small(&interlaced_gif((3, 5), (16, 12), (30, 21)), "--width 30"), scene(16, 12));
    let clear = [(2, 5), (3, 4), (19, 9), (18, 17)].map(|(x, y)| got.at(x, y));
    assert_eq!((got.samples, clear), (4, [[0; 4]; 4]));
    let corners = [(0, 0), (15, 0), (0, 11), (15, 11)];
    assert_eq!(corners.map(|(x, y)| got.at(x + 3, y + 5)), corners.map(|(x, y)| scene.at(x, y)));
}

#[test]
fn of_a_webp_that_moves_the_first_picture_is_taken() {
    shows_scene(&small(&moving_webp(160, 120), "--width 80"), 80, 60);
}

#[test]
fn tiffs_with_a_palette_are_read() {
    for bits in [1_u16, 2, 4, 8] {
        let colours = 1_usize << bits;
        // All reds, all greens, all blues.
        let shade = |n: usize, times: usize| (n * times % 256) as u16 * 257;
        let palette: Vec<u16> =
            [85, 41, 7].iter().flat_map(|times| (0..colours).map(|n| shade(n + 1, *times))).collect();
        let (width, height) = (13, 5_usize);
        let mut strip = Vec::new();
        let mut expected = Vec::new();
        for y in 0..height {
            let mut row = vec![0; (width * usize::from(bits)).div_ceil(8)];
            for x in 0..width {
                let (number, bit) = ((x * 5 + y * 3) % colours, x * usize::from(bits));
                row[bit / 8] |= (number << (8 - usize::from(bits) - bit % 8)) as u8;
                expected.extend([85, 41, 7].map(|times| shade(number + 1, times).to_be_bytes()[0]));
            }
            strip.extend(row);
        }
        let tags: &[(u16, &[u16])] = &[(258, &[bits]), (262, &[3]), (277, &[1]), (320, &palette)];
        let got = small(&tiff_of(13, 5, tags, &strip), "--width 20");
        assert_eq!(got.rgb(), expected, "{bits} bits");
    }
}

#[test]
fn tiffs_with_alpha_and_of_wide_inks_are_read() {
    let one = |tags: &[(u16, &[u16])], pixel: &[u8]| {
        let got = small(&tiff_of(4, 2, tags, &pixel.repeat(8)), "--width 20");
        (got.samples, got.at(3, 1))
    };
    let grey = |extra: u16| one(&[(258, &[8, 8]), (262, &[1]), (277, &[2]), (338, &[extra])], &[50, 100]);
    // As it is; multiplied by alpha; something that is no alpha.
    assert_eq!(
        [grey(2), grey(1), grey(0)],
        [(2, [50, 50, 50, 100]), (2, [128, 128, 128, 100]), (1, [50, 50, 50, 255])]
    );
    let rgb = |extra: u16| one(&[(258, &[8; 4]), (262, &[2]), (277, &[4]), (338, &[extra])], &[50, 100, 20, 100]);
    assert_eq!([rgb(2), rgb(1)], [(4, [50, 100, 20, 100]), (4, [128, 255, 51, 100])]);
    let wide = |extra: u16| {
        let pixel: Vec<u8> = [5000_u16, 10_000, 0, 20_000].iter().flat_map(|sample| sample.to_le_bytes()).collect();
        one(&[(258, &[16; 4]), (262, &[2]), (277, &[4]), (338, &[extra])], &pixel).1
    };
    assert_eq!([wide(2), wide(1)], [[19, 39, 0, 78], [64, 128, 0, 78]]);
    let inks: Vec<u8> = [0_u16, 65535, 65535, 0].iter().flat_map(|ink| ink.to_le_bytes()).collect();
    assert_eq!(one(&[(258, &[16; 4]), (262, &[5]), (277, &[4])], &inks), (3, [255, 0, 0, 255]));
    let ycc: &[(u16, &[u16])] = &[(258, &[8; 3]), (262, &[6]), (277, &[3]), (530, &[1, 1])];
    assert_eq!(one(ycc, &[76, 85, 255]).1, [254, 0, 0, 255]);
}

#[test]
fn every_format_says_which_way_it_is_to_be_turned() {
    let scene_of = scene(80, 60);
    let late = {
        let png = png(80, 60);
        let (pixels, end) = png.split_at(png.len() - 12);
        [pixels, &chunk(*b"eXIf", &exif(6)), end].concat()
    };
    let early = png_with(80, 60, png::ColorType::Rgb, png::BitDepth::Eight, &scene_of.rgb(), |info| {
        info.exif_metadata = Some(exif(6).into());
    });
    let tags: &[(u16, &[u16])] = &[(258, &[8; 3]), (262, &[2]), (277, &[3]), (274, &[6])];
    let files = [
        ("png", early),
        ("png, after its pixels", late),
        ("webp", webp_with(80, 60, &exif(6))),
        ("webp, as in a jpeg", webp_with(80, 60, &[b"Exif\0\0", &exif(6)[..]].concat())),
        ("tiff", tiff_of(80, 60, tags, &scene_of.rgb())),
    ];
    for (name, bytes) in files {
        let got = small(&bytes, "--width 200");
        let turned: Vec<u8> = (0..80 * 60).flat_map(|n| scene_of.at(n / 60, 59 - n % 60)[..3].to_vec()).collect();
        assert_eq!(got, pixels_of(60, 80, &turned), "{name}");
    }
}

#[test]
fn xmp_after_the_pixels_of_a_png_is_kept() {
    let png = png(40, 30);
    let (pixels, end) = png.split_at(png.len() - 12);
    let xmp = chunk(*b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>a rose</x:xmpmeta>");
    let bytes = [pixels, &xmp, end].concat();
    let done = resize("--width 20 --keep-metadata --to {/.}.webp a.png").file("a.png", bytes).run().succeeds();
    let bytes = file(done.dir(), "a.webp");
    assert!(bytes.windows(6).any(|part| part == b"a rose"));
}
