//! Small files of every kind that is read, to begin fuzzing with (docs/fuzzing.md).

use std::path::Path;

use jpeg_encoder::ColorType;

use super::made::{Stored, interlaced_gif, jpeg_of, moving_webp, tiff_of};
use super::pictures::{bmp, cmyk_jpeg, grey_jpeg, jpeg, jpeg_with, pngs, tiffs, webp};

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scans = Stored { planes: &[(2, 2), (1, 1), (1, 1)], scans: &[&[0], &[1], &[2]], restart: 2, adobe: None };
    let palette: &[(u16, &[u16])] = &[(258, &[1]), (262, &[3]), (277, &[1]), (320, &[0, 1, 2, 3, 4, 5])];
    let seeds = vec![
        ("jpeg", jpeg(20, 15)),
        ("progressive", jpeg_with(20, 15, |encoder| encoder.set_progressive(true))),
        ("scans", jpeg_of(20, 15, scans, |_, x, _| (255.0 * x) as u8)),
        ("grey", grey_jpeg(20, 15)),
        ("cmyk", cmyk_jpeg(20, 15, ColorType::Cmyk)),
        ("ycck", cmyk_jpeg(20, 15, ColorType::CmykAsYcck)),
        ("bmp", bmp(21, 15)),
        ("gif", interlaced_gif((1, 2), (20, 15), (24, 18))),
        ("webp", webp(20, 15, false)),
        ("lossy.webp", webp(20, 15, true)),
        ("moving.webp", moving_webp(20, 15)),
        ("palette.tiff", tiff_of(8, 2, palette, &[0x5a, 0xa5])),
    ];
    let named = |kind: &'static str| move |(name, bytes): (&str, Vec<u8>)| (format!("{name}.{kind}"), bytes);
    let seeds = seeds.into_iter().map(named("seed"));
    seeds
        .chain(tiffs(20, 15).into_iter().map(named("tiff")))
        .chain(super::tiff::seeds().into_iter().map(|(name, bytes)| (format!("{name}.tiff"), bytes)))
        .chain(pngs(20, 15).into_iter().map(named("png")))
        .collect()
}

#[test]
#[ignore = "writes fuzz/corpus/picture"]
fn seeds_of_the_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/picture");
    std::fs::create_dir_all(&folder).unwrap();
    seeds().iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
}
