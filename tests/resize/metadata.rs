//! What is said beside the pixels: which way a picture lies, and what `--keep-metadata` makes of the rest.

use super::pictures::{Pixels, chunk, jpeg_with, png, read, webp_with};
use super::{file, resize, result, shows_scene};

/// A directory of EXIF: entries of tag, type, count and the four bytes of the value, and where the next one is.
fn directory(little: bool, entries: &[(u16, u16, u32, [u8; 4])], next: u32) -> Vec<u8> {
    let short = |number: u16| if little { number.to_le_bytes() } else { number.to_be_bytes() };
    let long = |number: u32| if little { number.to_le_bytes() } else { number.to_be_bytes() };
    let mut out = short(entries.len() as u16).to_vec();
    for (tag, kind, count, value) in entries {
        out.extend([&short(*tag)[..], &short(*kind), &long(*count), value].concat());
    }
    out.extend(long(next));
    out
}

fn head(little: bool) -> &'static [u8] {
    if little { b"II*\0\x08\0\0\0" } else { b"MM\0*\0\0\0\x08" }
}

/// EXIF with an orientation of this type: BYTE 1, SHORT 3, LONG 4, SBYTE 6, SSHORT 8, SLONG 9.
fn oriented(little: bool, kind: u16, orientation: u8) -> Vec<u8> {
    let mut value = [0; 4];
    let size = match kind {
        1 | 6 => 1,
        3 | 8 => 2,
        _ => 4,
    };
    value[if little { 0 } else { size - 1 }] = orientation;
    [head(little), &directory(little, &[(0x0112, kind, 1, value)], 0)].concat()
}

/// The scene as a PNG with this EXIF, before or behind the pixels.
fn png_with_exif(width: u32, height: u32, exif: &[u8]) -> Vec<u8> {
    let png = png(width, height);
    let (pixels, end) = png.split_at(png.len() - 12);
    [pixels, &chunk(*b"eXIf", exif), end].concat()
}

/// A grey TIFF of the scene with an orientation of this type.
fn tiff(little: bool, width: u32, height: u32, kind: u16, orientation: u8) -> Vec<u8> {
    let grey: Vec<u8> = super::pictures::scene(width, height).data.iter().map(|pixel| pixel[1]).collect();
    let exif = oriented(little, kind, orientation);
    let value: [u8; 4] = exif[18..22].try_into().unwrap();
    let long = |number: u32| if little { number.to_le_bytes() } else { number.to_be_bytes() };
    let short = |number: u16| {
        let pair = if little { number.to_le_bytes() } else { number.to_be_bytes() };
        [pair[0], pair[1], 0, 0]
    };
    let entries = [
        (256, 4, 1, long(width)),
        (257, 4, 1, long(height)),
        (258, 3, 1, short(8)),
        (259, 3, 1, short(1)),
        (262, 3, 1, short(1)),
        (273, 4, 1, long(8 + 2 + 10 * 12 + 4)),
        (0x0112, kind, 1, value),
        (277, 3, 1, short(1)),
        (278, 4, 1, long(height)),
        (279, 4, 1, long(width * height)),
    ];
    [head(little), &directory(little, &entries, 0), &grey].concat()
}

#[test]
fn v4_the_orientation_is_read_as_each_type_of_integer() {
    for little in [true, false] {
        for kind in [1, 3, 4, 6, 8, 9] {
            for orientation in [6, 8, 3] {
                let exif = oriented(little, kind, orientation);
                let pictures = [
                    ("jpeg", jpeg_with(80, 60, |encoder| encoder.add_exif_metadata(&exif).unwrap())),
                    ("png", png_with_exif(80, 60, &exif)),
                    ("webp", webp_with(80, 60, &exif)),
                    ("tiff", tiff(little, 80, 60, kind, orientation)),
                ];
                for (name, picture) in pictures {
                    let done = resize("--width 30 --to out.png a").file("a", picture).run().is_silent().succeeds();
                    let got = result(&done, "out.png");
                    let what = format!("{name}, type {kind}, little {little}, orientation {orientation}");
                    let size = if orientation == 3 { (30, 23) } else { (30, 40) };
                    assert_eq!((got.width, got.height), size, "{what}");
                    // The corner that is dark in the scene has gone to another place.
                    let light = |pixel: [u8; 4]| u32::from(pixel[1]);
                    let (top, bottom) = (light(got.at(1, 1)), light(got.at(1, got.height - 2)));
                    let (left, right) = (light(got.at(1, 1)), light(got.at(28, 1)));
                    let right_way = match orientation {
                        6 => left > right,
                        8 => right > left,
                        _ => top > bottom,
                    };
                    assert!(right_way, "{what}");
                }
            }
        }
    }
}

#[test]
fn v4_what_makes_no_sense_is_upright() {
    for (kind, value) in [(3, 0), (3, 9), (4, 255), (6, 255), (9, 0), (2, 6), (5, 6), (99, 6)] {
        let exif = oriented(true, kind, value);
        let done = resize("--width 40 --to out.png a").file("a", png_with_exif(80, 60, &exif)).run().is_silent();
        shows_scene(&result(&done.succeeds(), "out.png"), 40, 30);
    }
}

const XMP: &str = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:Description tiff:Orientation=\"6\" tiff:ImageWidth=\"80\" \
                   exif:PixelYDimension='60'><tiff:Orientation>6</tiff:Orientation><exif:PixelXDimension>80\
                   </exif:PixelXDimension><tiff:ImageLength>60</tiff:ImageLength><dc:title>kept</dc:title>\
                   <xmp:Thumbnails>old picture</xmp:Thumbnails></rdf:Description></x:xmpmeta>";

const THUMBNAIL: &[u8] = b"\xff\xd8thumbnail as it lay\xff\xd9";

/// EXIF as a camera writes it: sizes in both directories, a density, a thumbnail with an orientation of its own.
fn full_exif(orientation: u8) -> Vec<u8> {
    let long = |number: u32| number.to_be_bytes();
    let short = |number: u16| [number.to_be_bytes()[0], number.to_be_bytes()[1], 0, 0];
    // Seven entries, then three, then three, then two densities.
    let (camera, second) = (8 + 2 + 7 * 12 + 4, 8 + 2 + 7 * 12 + 4 + 2 + 2 * 12 + 4);
    let densities = second + 2 + 3 * 12 + 4;
    let first = [
        (0x0100, 4, 1, long(80)),
        (0x0101, 3, 1, short(60)),
        (0x010f, 2, 4, *b"Cam\0"),
        (0x0112, 9, 1, long(orientation.into())),
        (0x011a, 5, 1, long(densities)),
        (0x011b, 5, 1, long(densities + 8)),
        (0x8769, 4, 1, long(camera)),
    ];
    let own = [(0xa002, 4, 1, long(80)), (0xa003, 3, 1, short(60))];
    let thumbnail = [
        (0x0112, 3, 1, short(orientation.into())),
        (0x0201, 4, 1, long(densities + 16)),
        (0x0202, 4, 1, long(THUMBNAIL.len() as u32)),
    ];
    let densities = [long(300), long(1), long(150), long(1)].concat();
    let parts = [directory(false, &first, second), directory(false, &own, 0), directory(false, &thumbnail, 0)];
    [head(false), &parts.concat(), &densities, THUMBNAIL].concat()
}

/// A number of a directory in EXIF of bytes with the higher first.
fn number(exif: &[u8], directory: usize, tag: u16) -> Option<u32> {
    let short = |at: usize| u16::from_be_bytes(exif[at..at + 2].try_into().unwrap());
    let long = |at: usize| u32::from_be_bytes(exif[at..at + 4].try_into().unwrap());
    let mut entries = (0..usize::from(short(directory))).map(|n| directory + 2 + n * 12);
    let at = entries.find(|at| short(*at) == tag)?;
    Some(if short(at + 2) == 3 { short(at + 8).into() } else { long(at + 8) })
}

/// The blocks of Photoshop with IPTC, and one with a thumbnail.
fn blocks() -> Vec<u8> {
    let block = |number: u16, body: &[u8]| {
        let size = (body.len() as u32).to_be_bytes();
        [b"8BIM", &number.to_be_bytes()[..], &[0, 0], &size, body].concat()
    };
    [block(0x040c, b"thumbnail as it lay!"), block(0x0404, b"\x1c\x02\x05\0\x08The city")].concat()
}

fn jpeg_with_all(orientation: u8) -> Vec<u8> {
    jpeg_with(80, 60, |encoder| {
        encoder.set_density(jpeg_encoder::PixelDensity {
            density: (300, 150),
            unit: jpeg_encoder::PixelDensityUnit::Inches,
        });
        encoder.add_exif_metadata(&full_exif(orientation)).unwrap();
        encoder.add_app_segment(1, [b"http://ns.adobe.com/xap/1.0/\0", XMP.as_bytes()].concat()).unwrap();
        encoder.add_app_segment(13, [b"Photoshop 3.0\0", &blocks()[..]].concat()).unwrap();
    })
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// EXIF in a file, of bytes with the higher first.
fn exif_of(bytes: &[u8]) -> &[u8] {
    let at = bytes.windows(8).position(|window| window == head(false)).expect("there is EXIF");
    &bytes[at..]
}

#[test]
fn v6_everything_says_of_a_turned_picture_that_it_stands() {
    for format in ["jpg", "png", "webp"] {
        for orientation in [6, 8, 5, 7, 3, 2] {
            let lay = orientation >= 5;
            let size = if lay { (30, 40) } else { (40, 30) };
            let options = if lay { "--width 30" } else { "--width 40" };
            let test = resize(&format!("{options} --keep-metadata --to out.{format} a"));
            let done = test.file("a", jpeg_with_all(orientation)).run().is_silent().succeeds();
            let bytes = file(done.dir(), &format!("out.{format}"));
            let Pixels { width, height, .. } = read(&bytes);
            assert_eq!((width, height), size);
            let exif = exif_of(&bytes);
            let camera = number(exif, 8, 0x8769).unwrap() as usize;
            assert_eq!(number(exif, 8, 0x0112), Some(1), "{format} {orientation}");
            assert_eq!((number(exif, 8, 0x0100), number(exif, 8, 0x0101)), (Some(width), Some(height)));
            assert_eq!((number(exif, camera, 0xa002), number(exif, camera, 0xa003)), (Some(width), Some(height)));
            // The density changes sides with the picture.
            let across = number(exif, 8, 0x011a).unwrap() as usize;
            assert_eq!(number_at(exif, across), if lay { 150 } else { 300 });
            // No thumbnail that lies, and nothing that leads to one.
            assert_eq!(number_at(exif, 8 + 2 + 7 * 12), 0, "a second directory");
            assert!(!has(&bytes, b"thumbnail as it lay") && !has(&bytes, b"old picture"));
            for part in [
                "tiff:Orientation=\"1\"".to_string(),
                "<tiff:Orientation>1</tiff:Orientation>".into(),
                format!("tiff:ImageWidth=\"{width}\""),
                format!("exif:PixelYDimension='{height}'"),
                format!("<exif:PixelXDimension>{width}<"),
                format!("<tiff:ImageLength>{height}<"),
                "<dc:title>kept<".into(),
            ] {
                assert!(has(&bytes, part.as_bytes()), "{format} {orientation}: {part}");
            }
            assert!(!has(&bytes, b">6<") && !has(&bytes, b"\"6\""));
        }
    }
}

fn number_at(exif: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(exif[at..at + 4].try_into().unwrap())
}

#[test]
fn v6_iptc_and_density_are_kept() {
    let made = |options: &str, name: &str, picture: Vec<u8>| {
        let done = resize(&format!("{options} --to {name} a")).file("a", picture).run().is_silent().succeeds();
        file(done.dir(), name)
    };
    let jpeg = made("--height 20 --keep-metadata", "out.jpg", jpeg_with_all(1));
    assert!(has(&jpeg, &[b"8BIM\x04\x04\0\0\0\0\0\x0d".as_slice(), b"\x1c\x02\x05\0\x08The city"].concat()));
    assert!(has(&jpeg, b"JFIF\0\x01\x02\x01\x01\x2c\0\x96"), "300 by 150 to the inch");
    let turned = made("--height 20 --keep-metadata", "out.jpg", jpeg_with_all(6));
    assert!(has(&turned, b"JFIF\0\x01\x02\x01\0\x96\x01\x2c"), "150 by 300 to the inch");
    // A PNG has both in its own ways, and gives them back.
    let png = made("--height 20 --keep-metadata", "out.png", jpeg_with_all(1));
    assert!(has(&png, b"zTXtRaw profile type iptc\0"));
    assert!(has(&png, &[b"pHYs".as_slice(), &11_811_u32.to_be_bytes(), &5_906_u32.to_be_bytes(), &[1]].concat()));
    let back = made("--height 10 --keep-metadata", "out.jpg", png);
    assert!(has(&back, b"The city") && has(&back, b"JFIF\0\x01\x02\x01\x01\x2c\0\x96"));
    // A picture that is neither turned nor cut keeps its thumbnail; one that is cut does not.
    assert!(has(&jpeg, THUMBNAIL));
    let cut = made("--width 20 --height 20 --fit cover --keep-metadata", "out.jpg", jpeg_with_all(1));
    assert!(!has(&cut, THUMBNAIL));
    // Without the option nothing is kept.
    for name in ["out.jpg", "out.png", "out.webp"] {
        let bare = made("--height 20", name, jpeg_with_all(1));
        assert!(
            !["The city", "kept", "Cam", "thumbnail", "pHYs"].iter().any(|part| has(&bare, part.as_bytes())),
            "{name}"
        );
    }
}

#[test]
fn v6_a_tiff_gives_its_iptc_and_density() {
    for little in [true, false] {
        let long = |number: u32| if little { number.to_le_bytes() } else { number.to_be_bytes() };
        let short = |number: u16| {
            let pair = if little { number.to_le_bytes() } else { number.to_be_bytes() };
            [pair[0], pair[1], 0, 0]
        };
        let at = 8 + 2 + 13 * 12 + 4;
        let iptc = b"\x1c\x02\x05\0\x08The city";
        let entries = [
            (256, 4, 1, long(40)),
            (257, 4, 1, long(30)),
            (258, 3, 1, short(8)),
            (259, 3, 1, short(1)),
            (262, 3, 1, short(1)),
            (273, 4, 1, long(at + 8 + 8 + 14)),
            (277, 3, 1, short(1)),
            (278, 4, 1, long(30)),
            (279, 4, 1, long(1200)),
            (282, 5, 1, long(at)),
            (283, 5, 1, long(at + 8)),
            (296, 3, 1, short(3)),
            (33_723, 7, 13, long(at + 16)),
        ];
        let values = [long(200), long(2), long(50), long(1)].concat();
        let tiff = [head(little), &directory(little, &entries, 0), &values, iptc, &[0], &[99; 1200]].concat();
        let done = resize("--width 20 --keep-metadata --to out.png a").file("a", tiff).run().is_silent().succeeds();
        let png = file(done.dir(), "out.png");
        let density = [b"pHYs".as_slice(), &10_000_u32.to_be_bytes(), &5_000_u32.to_be_bytes(), &[1]].concat();
        assert!(has(&png, &density) && has(&png, b"Raw profile type iptc"), "{little}");
    }
}
