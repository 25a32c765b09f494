//! `resize`: every format and option, on pictures that the tests make themselves.

mod damaged;
mod decoding;
mod faults;
mod folders;
mod formats;
mod limits;
mod made;
mod metadata;
mod modes;
mod options;
mod pictures;
mod places;
mod seeds;
mod streams;
mod targets;
mod tiff;
mod types;

use std::path::Path;

use self::pictures::{Pixels, read, scene};
use crate::harness::{Done, Test, parjob};

/// The words of a command line of resize, which writes `out/NAME.png` for each item.
fn resize(options: &str) -> Test {
    parjob(&format!("resize {options}"))
}

/// The picture at this path in the folder of a run.
#[track_caller]
fn result(done: &Done, path: &str) -> Pixels {
    read(&file(done.dir(), path))
}

#[track_caller]
fn file(dir: &Path, path: &str) -> Vec<u8> {
    std::fs::read(dir.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The picture shows the scene, as well as its format can.
#[track_caller]
fn shows_scene(pixels: &Pixels, width: u32, height: u32) {
    assert_eq!((pixels.width, pixels.height), (width, height));
    let off = pixels.distance(&scene(width, height));
    assert!(off < 3.0, "the picture is {off} off");
}
