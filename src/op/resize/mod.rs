//! `resize`: pictures, made to fit.
//!
//! An item is the path of a picture, its result the path of the new one. The way of a picture: [`probe`] looks at the
//! head of the file, [`budget`] waits for the memory that it will take, [`decode`] gives rows, [`shrink`] resizes them
//! as they come, [`pixels`] turns and pads the result, [`encode`] makes a file of it, and [`target`] puts that in place.
//! A JPEG has a shorter way: [`jpeg`] decodes its planes, [`planes`] resizes each.
//! This file is the operation and that way; [`params`] knows the options, [`shape`] how large a picture becomes,
//! [`claims`] that no two items become the same file.

mod budget;
mod claims;
mod decode;
mod encode;
mod exif;
mod jpeg;
mod jpeg_parts;
mod light;
mod params;
mod pixels;
mod planes;
mod probe;
mod shape;
mod shrink;
mod target;
mod tiff_palette;
#[cfg(feature = "turbojpeg")]
mod turbo;
#[cfg(any(test, fuzzing))]
mod weigh;

#[cfg(fuzzing)]
pub use self::weigh::fuzz_picture;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use self::budget::Budget;
use self::claims::Claims;
use self::decode::Meta;
use self::encode::Written;
use self::light::Light;
use self::params::{Encode, Options};
use self::pixels::Picture;
use self::probe::{Format, Probe, Unknown};
use self::shape::Shape;
use self::shrink::Shrink;
use super::{Blanks, Detail, Example, Map, Operation, Params, Results, Words, Work};
use crate::item::{BadTarget, Chunk, Failure, Seq};
use crate::sys::memory;

/// The operation.
pub(super) static RESIZE: Operation = Operation {
    name: "resize",
    summary: "pictures, made to fit",
    about: "Reads pictures (JPEG, PNG, WebP, GIF, BMP, TIFF), makes each as large as fits into --width and --height, \
            writes it as JPEG, PNG or WebP to the file that --to says, and prints the name of that file. Items are \
            paths. A picture appears whole or not at all. In TEMPLATE {} is the item, {.} the item without its \
            extension, {/} its name, {/.} its name without extension, {//} its folder, {#} its number.",
    examples: &[
        Example {
            command: "parjob resize --width 40 --to 'thumbs/{/.}_small.jpg' photos/*.jpg",
            output: "thumbs/harbour_small.jpg\nthumbs/hills_small.jpg\n",
        },
        Example {
            command: "find photos -name 'b*' -print0 | parjob resize -0 --height 40 --to '{.}.webp'",
            output: "photos/badge.webp\n",
        },
    ],
    params: params::PARAMS,
    words: |_| Words::Paths,
    blanks: Blanks::Kept,
    prepare,
};

fn prepare(params: &Params) -> Result<Work> {
    let options = Options::of(params)?;
    // Where the system does not tell, what the smallest machine has.
    let budget = options.memory.unwrap_or_else(|| memory::available().map_or(512 << 20, |bytes| bytes / 2));
    let light = options.linear.then(Light::new);
    Ok(Work::Map(Arc::new(Resize { options, light, budget: Budget::new(budget), claims: Claims::default() })))
}

struct Resize {
    options: Options,
    light: Option<Light>,
    budget: Budget,
    claims: Claims,
}

impl Map for Resize {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        let numbered = || (chunk.first.0..).map(Seq).zip(chunk.items());
        let targets: Vec<Vec<u8>> = numbered().map(|(seq, item)| self.options.targets.of(item, seq)).collect();
        let owners = self.claims.claim(chunk.first, &targets);
        for ((item, target), owner) in chunk.items().zip(targets).zip(owners) {
            match self.one(item, &target, owner) {
                Ok(Some(done)) => {
                    results.push(&target);
                    results.tell(&done.details());
                }
                Ok(None) => results.pass(),
                Err(cause) => results.fail(cause),
            }
        }
    }
}

/// A picture that was written.
struct Done {
    from: (u32, u32),
    from_bytes: u64,
    to: (u32, u32),
    bytes: u64,
    started: Instant,
}

impl Done {
    fn details(&self) -> [Detail; 7] {
        [
            Detail::count("from_width", self.from.0.into()),
            Detail::count("from_height", self.from.1.into()),
            Detail::count("from_bytes", self.from_bytes),
            Detail::count("width", self.to.0.into()),
            Detail::count("height", self.to.1.into()),
            Detail::count("bytes", self.bytes),
            Detail::seconds("seconds", self.started.elapsed()),
        ]
    }
}

impl Resize {
    /// Does an item. `None`: there was nothing to do.
    fn one(&self, item: &[u8], target: &[u8], owner: Option<Seq>) -> Result<Option<Done>, Failure> {
        let started = Instant::now();
        let bad = |why| Failure::BadTarget { path: target.into(), why };
        let fault = owner.map(BadTarget::Taken).or_else(|| self.options.targets.fault(target));
        fault.map_or(Ok(()), |why| Err(bad(why)))?;
        let mut file = open(item)?;
        let changed = file.metadata().and_then(|meta| meta.modified());
        if self.options.targets.is_done(target, changed) {
            return Ok(None);
        }
        let (probe, size) = self.look(&mut file)?;
        let format = self.format(target, &probe).map_err(bad)?;
        let _share = self.budget.take(self.needed(&probe, size));
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        file.take(size).read_to_end(&mut bytes).map_err(unreadable)?;
        let (picture, meta) = self.picture(&bytes, &probe).map_err(Failure::BadPicture)?;
        drop(bytes);
        let to = (picture.width, picture.height);
        if to.0.max(to.1) > format.most() {
            let (name, most) = (format.name(), format.most());
            return Err(Failure::BadPicture(format!("a {name} can have {most} pixels on a side")));
        }
        let Options { quality, background, .. } = self.options;
        let bytes = encode::encode(picture, meta, format, quality, background).map_err(Failure::BadPicture)?;
        let wrote = self.options.targets.write(target, &bytes).map_err(bad)?;
        let from = (probe.width, probe.height);
        Ok(wrote.then_some(Done { from, from_bytes: size, to, bytes: bytes.len() as u64, started }))
    }

    /// What the file holds, and how many bytes.
    fn look(&self, file: &mut File) -> Result<(Probe, u64), Failure> {
        let meta = file.metadata().map_err(unreadable)?;
        if meta.is_dir() {
            return Err(Failure::Unreadable(libc::EISDIR));
        }
        if !meta.is_file() {
            return Err(Failure::NoPicture);
        }
        let probe = probe::probe(BufReader::new(&mut *file)).map_err(|unknown| match unknown {
            Unknown::Unreadable(error) => unreadable(error),
            Unknown::NoPicture => Failure::NoPicture,
            Unknown::Broken(text) => Failure::BadPicture(text),
        })?;
        let limit = self.options.max_pixels;
        let too_many = |width, height| Failure::TooManyPixels { width, height, limit };
        if probe.pixels() > limit {
            return Err(too_many(probe.width, probe.height));
        }
        // With --enlarge the result may be the larger one.
        let (width, height) = self.options.want.of((probe.width, probe.height)).size;
        if u64::from(width) * u64::from(height) > limit {
            return Err(too_many(width, height));
        }
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok((probe, meta.len()))
    }

    /// The memory that a picture takes at most while it is at work: the file, what its decoder holds, a strip of rows
    /// and what it becomes, the picture when it is as narrow as the result, the result and its own file.
    fn needed(&self, probe: &Probe, size: u64) -> u64 {
        let (width, height) = self.options.want.of((probe.width, probe.height)).size;
        let between = u64::from(width) * u64::from(probe.height) * 8;
        let result = u64::from(width) * u64::from(height) * 16;
        let decoder = probe.pixels().saturating_mul(probe.bytes_per_pixel);
        // In linear light a strip is twice as large; the rest is for tables of decoders.
        let strip = 4 * shrink::STRIP as u64;
        [size, decoder, strip, between, result].into_iter().fold(0, u64::saturating_add)
    }

    fn format(&self, target: &[u8], probe: &Probe) -> Result<Written, BadTarget> {
        let same = Written::same(probe.format);
        match self.options.encode {
            Encode::As(format) => Ok(format),
            Encode::Same => Ok(same),
            Encode::Named => Ok(target::format(target)?.unwrap_or(same)),
        }
    }

    /// The new picture, and what goes with it.
    fn picture(&self, bytes: &[u8], probe: &Probe) -> Result<(Picture, Meta), String> {
        let options = &self.options;
        let (picture, mut meta) = match self.of_planes(bytes, probe) {
            Some(made) => made?,
            None => self.of_rows(bytes, probe)?,
        };
        let mut picture = picture.upright(meta.orientation());
        if let Some(canvas) = options.want.canvas() {
            picture = picture.on_canvas(canvas, options.background);
        }
        if !options.keep_metadata {
            (meta.exif, meta.xmp) = (None, None);
        }
        Ok((picture, meta))
    }

    /// What a picture becomes before it is turned upright.
    fn shape(&self, meta: &Meta, probe: &Probe) -> Shape {
        let want = self.options.want;
        let want = if meta.orientation() >= 5 { want.turned() } else { want };
        want.of((probe.width, probe.height))
    }

    /// Of a JPEG, by its planes; `None`: this is not the way for it.
    fn of_planes(&self, bytes: &[u8], probe: &Probe) -> Option<Result<(Picture, Meta), String>> {
        // Light is not the mean of numbers.
        if probe.format != Format::Jpeg || self.options.linear {
            return None;
        }
        let meta = jpeg_parts::meta(bytes);
        let shape = self.shape(&meta, probe);
        #[cfg(feature = "turbojpeg")]
        if let Some(made) = turbo::resized(bytes, &shape, self.options.filter) {
            return Some(made.map(|picture| (picture, meta)));
        }
        let jpeg = jpeg::open(bytes);
        if jpeg.as_ref().is_ok_and(|jpeg| jpeg.colours.are_inks()) {
            return None;
        }
        let made = jpeg.and_then(|jpeg| {
            decode::agrees((jpeg.width, jpeg.height), probe)?;
            planes::resized(jpeg, &shape, self.options.filter)
        });
        Some(made.map(|picture| (picture, meta)))
    }

    /// Of any picture, by its rows.
    fn of_rows(&self, bytes: &[u8], probe: &Probe) -> Result<(Picture, Meta), String> {
        let opened = decode::open(bytes, probe)?;
        let shape = self.shape(&opened.meta, probe);
        let size = (probe.width, probe.height);
        let mut shrink = Shrink::new(size, opened.layout, shape, self.options.filter, self.light.as_ref());
        (opened.rows)(&mut |rows| shrink.push(rows))?;
        Ok((shrink.finish()?, opened.meta))
    }
}

fn open(item: &[u8]) -> Result<File, Failure> {
    File::open(OsStr::from_bytes(item)).map_err(unreadable)
}

fn unreadable(error: io::Error) -> Failure {
    Failure::Unreadable(error.raw_os_error().unwrap_or(libc::EIO))
}
