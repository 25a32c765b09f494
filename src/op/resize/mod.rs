//! `resize`: pictures, made to fit.
//!
//! An item is the path of a picture, its result the path of the new one. The way of a picture: [`probe`] looks at the
//! head of the file, [`budget`] waits for the memory that it will take, [`decode`] gives rows, [`shrink`] resizes them
//! as they come, [`pixels`] turns and pads the result, [`encode`] makes a file of it, and [`target`] puts that in place.
//! A JPEG has a shorter way: [`jpeg`] decodes its planes, [`planes`] resizes each.
//! This file is the operation and that way; [`params`] knows the options, [`shape`] how large a picture becomes,
//! [`claims`] that no two items become the same file, [`place`] where a path leads.

mod beside;
mod budget;
mod claims;
mod decode;
mod encode;
mod exif;
mod few;
mod gif_parts;
mod input;
mod jpeg;
mod jpeg_parts;
mod light;
mod notes;
mod params;
mod pixels;
mod place;
mod planes;
mod png_mended;
mod png_parts;
mod probe;
mod shape;
mod shrink;
mod target;
mod tiff;
#[cfg(feature = "turbojpeg")]
mod turbo;
mod webp_parts;
#[cfg(any(test, fuzzing))]
mod weigh;
mod xmp;

#[cfg(fuzzing)]
pub use self::weigh::fuzz_picture;

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Result;
use parjob_sys::memory;

use self::beside::Beside;
use self::budget::{Budget, Share};
use self::claims::Claims;
use self::decode::{How, Meta};
use self::encode::Written;
use self::exif::View;
use self::input::{Inputs, unreadable};
use self::light::Light;
use self::notes::{Found, Notes};
use self::params::{Encode, Options};
use self::pixels::Picture;
use self::place::Place;
use self::probe::{Format, Probe, Unknown};
use self::shape::{Fit, Shape, Want};
use self::shrink::Shrink;
use self::target::Targets;
use super::{Blanks, Detail, Example, Map, Operation, Params, Remark, Results, Setting, Words, Work};
use crate::item::{BadTarget, Chunk, Failure, Seq, Trees, walk};

/// The operation.
pub(super) static RESIZE: Operation = Operation {
    name: "resize",
    summary: "pictures, made to fit",
    about: "Reads pictures (JPEG, PNG, WebP, GIF, BMP, TIFF), makes each as large as fits into --width and --height, \
            writes it as JPEG, PNG or WebP to the file that --to says, and prints the name of that file. Items are \
            paths; - is standard input. A picture appears whole or not at all. In TEMPLATE {} is the item, {.} the item without its \
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
    words,
    blanks: Blanks::Kept,
    prepare,
};

/// The extensions by which pictures are known below a directory, where not each file is meant to be one.
const EXTENSIONS: &[&str] = &["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "dib", "tif", "tiff"];

fn words(params: &Params) -> Words {
    if !params.flag("recursive") {
        return Words::Paths;
    }
    // Options that are wrong are told of when they are prepared.
    let targets = Options::of(params).ok().map(|options| options.targets);
    let except = targets.and_then(|targets| targets.folder().map(<[u8]>::to_vec));
    Words::Trees(Trees { extensions: EXTENSIONS, except })
}

fn prepare(params: &Params) -> Result<Work> {
    let options = Options::of(params)?;
    // Where the system does not tell, what the smallest machine has.
    let budget = options.memory.unwrap_or_else(|| memory::available().map_or(512 << 20, |bytes| bytes / 2));
    let trees = if let Words::Trees(trees) = words(params) { Some(trees) } else { None };
    let inputs = Inputs::new(params.1.reads_stdin);
    Ok(Work::Map(Arc::new(Resize { trees, inputs, ..Resize::new(options, Budget::new(budget), &params.1) })))
}

struct Resize {
    options: Options,
    /// The items that are known before the run, and, once somebody asks, the places of their files.
    known: Arc<[Vec<u8>]>,
    /// Which files below them are meant, where they are directories.
    trees: Option<Trees>,
    originals: OnceLock<HashSet<Place>>,
    inputs: Inputs,
    light: Option<Light>,
    budget: Budget,
    claims: Claims,
    notes: Notes,
    is_quiet: bool,
}

impl Map for Resize {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        let numbered = || (chunk.first.0..).map(Seq).zip(chunk.items());
        let targets: Vec<Vec<u8>> = numbered().map(|(seq, item)| self.options.targets.of(item, seq)).collect();
        let owners = self.claims.claim(chunk.first, &targets);
        let mut found = Found::default();
        for (((seq, item), target), owner) in numbered().zip(targets).zip(owners) {
            match self.one(seq, item, &target, owner) {
                Ok(Some(done)) => {
                    results.push(&target);
                    results.tell(&done.details());
                    done.damage.iter().for_each(|why| found.damage(seq, item, why));
                    if done.is_animation {
                        found.animation(seq, item);
                    }
                    if done.pages > 1 {
                        found.pages(seq, item);
                    }
                }
                Ok(None) => results.skip(),
                Err(cause) => results.fail(cause),
            }
        }
        // Not before: a chunk of which an item panics is done again.
        self.notes.add(found);
    }

    fn remarks(&self) -> Vec<Remark> {
        if self.is_quiet { Vec::new() } else { self.notes.remarks() }
    }
}

/// A picture that was written.
struct Done {
    from: (u32, u32),
    from_bytes: u64,
    to: (u32, u32),
    /// `None`: it would be written.
    bytes: Option<u64>,
    /// What is wrong with it, where it was taken nevertheless.
    damage: Option<String>,
    is_animation: bool,
    /// Number of pictures that the file holds one after the other.
    pages: usize,
    started: Instant,
}

impl Done {
    fn details(&self) -> Vec<Detail> {
        let mut details = vec![
            Detail::count("from_width", self.from.0.into()),
            Detail::count("from_height", self.from.1.into()),
            Detail::count("from_bytes", self.from_bytes),
            Detail::count("width", self.to.0.into()),
            Detail::count("height", self.to.1.into()),
        ];
        details.extend(self.bytes.map(|bytes| Detail::count("bytes", bytes)));
        details.push(Detail::seconds("seconds", self.started.elapsed()));
        details.extend(self.damage.iter().map(|why| Detail::text("damaged", why)));
        details.extend(self.is_animation.then(|| Detail::text("used", "the first picture of an animation")));
        let pages = (self.pages > 1).then(|| Detail::text("used", &format!("the first of {} pictures", self.pages)));
        details.extend(pages);
        details
    }
}

impl Resize {
    fn new(options: Options, budget: Budget, setting: &Setting) -> Resize {
        Resize {
            light: options.linear.then(Light::new),
            options,
            known: Arc::clone(&setting.known),
            trees: None,
            originals: OnceLock::new(),
            inputs: Inputs::new(false),
            budget,
            claims: Claims::default(),
            notes: Notes::default(),
            is_quiet: setting.quiet,
        }
    }

    /// Whether the target is the file of another item, which may still have to be read. Of items that come from elsewhere
    /// than arguments nobody knows that ahead.
    fn is_original(&self, item: &[u8], target: &[u8]) -> bool {
        if !self.options.targets.replaces(target) {
            return false;
        }
        let originals = self.originals.get_or_init(|| match &self.trees {
            None => self.known.iter().filter_map(|item| Place::of(item)).collect(),
            Some(trees) => {
                let below = self.known.iter().flat_map(|item| walk(item.clone(), trees));
                below.filter_map(|item| Place::of(&item)).collect()
            }
        });
        Place::of(target).is_some_and(|place| originals.contains(&place) && Some(place) != Place::of(item))
    }

    /// Does an item. `None`: there was nothing to do.
    fn one(&self, seq: Seq, item: &[u8], target: &[u8], owner: Option<Seq>) -> Result<Option<Done>, Failure> {
        let started = Instant::now();
        let bad = |why| Failure::BadTarget { path: target.into(), why };
        let fault = owner.map(BadTarget::Taken).or_else(|| self.options.targets.fault(target));
        let fault = fault.or_else(|| self.is_original(item, target).then_some(BadTarget::Item));
        fault.map_or(Ok(()), |why| Err(bad(why)))?;
        let file = self.inputs.open(item)?;
        let changed = file.metadata().and_then(|meta| meta.modified());
        if self.options.targets.is_done(target, changed) {
            return Ok(None);
        }
        let (mut file, size) = self.inputs.settled(item, file, self.budget.most())?;
        let probe = self.look(&mut file)?;
        let format = self.format(target, &probe).map_err(bad)?;
        let mut share = self.budget.take(self.needed(&probe, size));
        let mut bytes = pixels::room(usize::try_from(size).unwrap_or(usize::MAX)).map_err(Failure::BadPicture)?;
        file.take(size).read_to_end(&mut bytes).map_err(unreadable)?;
        let from = (probe.width, probe.height);
        let pages = if probe.format == Format::Tiff { tiff::pictures(&bytes) } else { 1 };
        let fits = |to: (u32, u32)| match (format.name(), format.most()) {
            (name, most) if to.0.max(to.1) > most => {
                Err(Failure::BadPicture(format!("a {name} can have {most} pixels on a side")))
            }
            _ => Ok(to),
        };
        if self.options.dry_run {
            let to = fits(self.outlook(&bytes, &probe)?)?;
            let (bytes, damage, is_animation) = (None, None, false);
            return Ok(Some(Done { from, from_bytes: size, to, bytes, damage, is_animation, pages, started }));
        }
        let Taken { picture, meta, damage, is_animation } = self.picture(&bytes, &probe, &mut share)?;
        drop(bytes);
        let to = fits((picture.width, picture.height))?;
        let Options { quality, background, .. } = self.options;
        // Encoders take what they need without asking.
        pixels::room(picture.data.len().saturating_mul(2)).map_err(Failure::BadPicture)?;
        let bytes = encode::encode(picture, meta, format, quality, background).map_err(Failure::BadPicture)?;
        Targets::make_folder(target).map_err(bad)?;
        let owner = self.claims.settle(seq, target);
        owner.map_or(Ok(()), |owner| Err(bad(BadTarget::Taken(owner))))?;
        let wrote = self.options.targets.write(target, &bytes).map_err(bad)?;
        let bytes = Some(bytes.len() as u64);
        Ok(wrote.then_some(Done { from, from_bytes: size, to, bytes, damage, is_animation, pages, started }))
    }

    /// What the file holds. It is read from its beginning afterwards.
    fn look(&self, file: &mut File) -> Result<Probe, Failure> {
        let probe = probe::probe(BufReader::new(&mut *file)).map_err(|unknown| match unknown {
            Unknown::Unreadable(error) => unreadable(error),
            Unknown::NoPicture => Failure::NoPicture,
            Unknown::Broken(text) => Failure::BadPicture(text),
        })?;
        // Which way it lies is not known yet: here fails what is too large either way.
        let ways = probe.format.ways();
        if !ways.iter().any(|lies| self.shape(&probe, *lies).is_ok()) {
            self.shape(&probe, false)?;
        }
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok(probe)
    }

    /// The size of the result, without making it.
    fn outlook(&self, bytes: &[u8], probe: &Probe) -> Result<(u32, u32), Failure> {
        let meta = match probe.format {
            Format::Jpeg => jpeg_parts::meta(bytes),
            _ => decode::open(bytes, probe, self.how(self.options.accepts_damage)).map_err(Failure::BadPicture)?.meta,
        };
        let lies = meta.orientation() >= 5;
        let (width, height) = self.shape(probe, lies)?.size;
        let upright = if lies { (height, width) } else { (width, height) };
        Ok(self.want(probe, lies).canvas().unwrap_or(upright))
    }

    fn how(&self, is_lenient: bool) -> How {
        How { is_lenient, keeps_xmp: self.options.keep_metadata, most_unpacked: self.most_unpacked() }
    }

    /// What is asked for of a picture that lies on its side or not.
    fn want(&self, probe: &Probe, lies: bool) -> Want {
        self.options.want.of((probe.width, probe.height), lies)
    }

    /// What a picture becomes that lies on its side or not, before it is turned upright; unless it is too large
    /// now, when it is as narrow as the result, then, or on its canvas.
    fn shape(&self, probe: &Probe, lies: bool) -> Result<Shape, Failure> {
        let want = self.want(probe, lies);
        let shape = want.turned(lies).of((probe.width, probe.height));
        let upright = if lies { (shape.size.1, shape.size.0) } else { shape.size };
        let between = (shape.size.0, probe.height);
        let limit = self.options.max_pixels;
        let sizes = [Some((probe.width, probe.height)), Some(upright), want.canvas(), Some(between)];
        match sizes.into_iter().flatten().find(|size| area(*size) > limit) {
            Some((width, height)) => Err(Failure::TooManyPixels { width, height, limit }),
            None => Ok(shape),
        }
    }

    /// The memory that a picture takes at most, whichever way it lies.
    fn needed(&self, probe: &Probe, size: u64) -> u64 {
        let ways = probe.format.ways().iter();
        let shapes = ways.filter_map(|lies| Some((self.shape(probe, *lies).ok()?, *lies)));
        let unpacked = if probe.format == Format::Png { 3 * self.most_unpacked() as u64 } else { 0 };
        let besides = probe.besides.min(size.saturating_add(unpacked));
        shapes.map(|(shape, lies)| self.needed_for(&shape, lies, probe, size, besides)).max().unwrap_or(0)
    }

    /// The memory that a picture takes at most while it is at work: the file, what its decoder holds, a strip of rows
    /// and what it becomes, the picture when it is as narrow as the result, the result, its canvas and its own file, and
    /// so many bytes of metadata: as they were found, as an encoder takes them, and in the new file.
    fn needed_for(&self, shape: &Shape, lies: bool, probe: &Probe, size: u64, besides: u64) -> u64 {
        let between = area((shape.size.0, probe.height)).saturating_mul(8);
        let canvas = self.want(probe, lies).canvas().map_or(0, area);
        let result = area(shape.size).saturating_add(canvas).saturating_mul(16);
        let decoder = probe.pixels().saturating_mul(probe.bytes_per_pixel);
        // In linear light a strip is twice as large; the rest is for tables of decoders. A strip is a row at least.
        let strip =
            (shrink::STRIP as u64).max(u64::from(probe.width.max(probe.height)).saturating_mul(8)).saturating_mul(4);
        // Filters have up to six weights for each pixel of a line, first as f64 and then as integers.
        let sides = [probe.width, probe.height, shape.size.0, shape.size.1].map(u64::from).into_iter().sum::<u64>();
        let weights = sides.saturating_mul(6 * 12);
        // The decoder of WebP believes how long a part says it is, up to 24 bits, before it has read it.
        let part = if probe.format == Format::Webp { 1 << 24 } else { 0 };
        let padded = if probe.format == Format::Webp && self.options.accepts_damage {
            2 * webp_parts::most_padded(probe.pixels())
        } else {
            0
        };
        // IPTC becomes digits in a PNG, two for a byte.
        let times = if self.options.keep_metadata { 6 } else { 3 };
        let besides = besides.saturating_mul(times);
        [size, decoder, strip, weights, part, padded, between, result, besides].into_iter().fold(0, u64::saturating_add)
    }

    /// The most bytes to which a profile, XMP or IPTC may unpack: what all pictures may take, but no more than any of them has.
    fn most_unpacked(&self) -> usize {
        self.budget.most().clamp(1 << 20, 16 << 20) as usize
    }

    fn format(&self, target: &[u8], probe: &Probe) -> Result<Written, BadTarget> {
        let same = Written::same(probe.format);
        match self.options.encode {
            Encode::As(format) => Ok(format),
            Encode::Same => Ok(same),
            Encode::Named => Ok(target::format(target)?.unwrap_or(same)),
        }
    }

    /// The new picture, and what goes with it. Of the share is kept what it takes. A damaged one is decoded once more,
    /// leniently; what was wrong the first time is what is said of it.
    fn picture(&self, bytes: &[u8], probe: &Probe, share: &mut Share<'_>) -> Result<Taken, Failure> {
        match self.decoded(bytes, probe, share, false) {
            Err(Failure::BadPicture(why)) if self.options.accepts_damage => {
                let taken = self.decoded(bytes, probe, share, true);
                let damage = Some(why.clone());
                taken.map(|taken| Taken { damage, ..taken }).map_err(|_| Failure::BadPicture(why))
            }
            decoded => decoded,
        }
    }

    fn decoded(&self, bytes: &[u8], probe: &Probe, share: &mut Share<'_>, is_lenient: bool) -> Result<Taken, Failure> {
        let options = &self.options;
        let how = self.how(is_lenient);
        let mut settle = |meta: &Meta| {
            let lies = meta.orientation() >= 5;
            let shape = self.shape(probe, lies)?;
            share.keep(self.needed_for(&shape, lies, probe, bytes.len() as u64, meta.size()));
            Ok(shape)
        };
        let made = match self.of_planes(bytes, probe, how, &mut settle) {
            Some(made) => made?,
            None => self.of_rows(bytes, probe, how, &mut settle)?,
        };
        let Taken { picture, mut meta, .. } = made;
        let orientation = meta.orientation();
        let lay = orientation >= 5;
        let mut picture = picture.upright(orientation).map_err(Failure::BadPicture)?;
        if let Some(canvas) = self.want(probe, lay).canvas() {
            picture = picture.on_canvas(canvas, options.background).map_err(Failure::BadPicture)?;
        }
        meta.had_few = few::came_with_few(bytes, probe.format);
        let (exif, xmp) = (meta.exif.take(), meta.xmp.take());
        if options.keep_metadata {
            let is_same = orientation == 1 && options.want.fit == Fit::Inside;
            let view = View { width: picture.width, height: picture.height, lay, is_same };
            meta.exif = exif.map(|exif| exif::fitted(exif, view));
            meta.xmp = xmp.map(|xmp| xmp::fitted(xmp, view));
            meta.beside = meta.beside.turned(lay);
        }
        Ok(Taken { picture, meta, ..made })
    }

    /// What stands beside the pixels, where it is to be kept.
    fn beside(&self, bytes: &[u8], probe: &Probe, how: How) -> Result<Beside, Failure> {
        if !self.options.keep_metadata {
            return Ok(Beside::default());
        }
        Beside::of(bytes, probe.format, how).map_err(Failure::BadPicture)
    }

    /// Of a JPEG, by its planes; `None`: this is not the way for it.
    fn of_planes(&self, bytes: &[u8], probe: &Probe, how: How, settle: Settle<'_>) -> Option<Made> {
        // Light is not the mean of numbers.
        if probe.format != Format::Jpeg || self.options.linear {
            return None;
        }
        let mut meta = jpeg_parts::meta(bytes);
        let beside = self.beside(bytes, probe, how);
        let shape = match beside.and_then(|beside| {
            meta.beside = beside;
            settle(&meta)
        }) {
            Ok(shape) => shape,
            Err(cause) => return Some(Err(cause)),
        };
        #[cfg(feature = "turbojpeg")]
        if let Some(Ok(picture)) = turbo::resized(bytes, &shape, self.options.filter) {
            return Some(Ok(Taken { picture, meta, damage: None, is_animation: false }));
        }
        let jpeg = jpeg::open(bytes, how.is_lenient);
        if jpeg.as_ref().is_ok_and(|jpeg| jpeg.colours.are_inks()) {
            return None;
        }
        let made = jpeg.and_then(|jpeg| {
            decode::agrees((jpeg.width, jpeg.height), probe)?;
            planes::resized(jpeg, &shape, self.options.filter)
        });
        let taken = |picture| Taken { picture, meta, damage: None, is_animation: false };
        Some(made.map(taken).map_err(Failure::BadPicture))
    }

    /// Of any picture, by its rows.
    fn of_rows(&self, bytes: &[u8], probe: &Probe, how: How, settle: Settle<'_>) -> Made {
        // Decoders take what they need without asking.
        let decoder = probe.pixels().saturating_mul(probe.bytes_per_pixel);
        pixels::room(usize::try_from(decoder).unwrap_or(usize::MAX)).map_err(Failure::BadPicture)?;
        let mut opened = decode::open(bytes, probe, how).map_err(Failure::BadPicture)?;
        opened.meta.beside = self.beside(bytes, probe, how)?;
        let shape = settle(&opened.meta)?;
        let size = (probe.width, probe.height);
        let shrunk = || {
            let mut shrink = Shrink::new(size, opened.layout, shape, self.options.filter, self.light.as_ref())?;
            let pushed = (opened.rows)(&mut |rows| shrink.push(rows));
            if pushed.is_err() && !(how.is_lenient && shrink.fill()) {
                pushed?;
            }
            shrink.finish()
        };
        let picture = shrunk().map_err(Failure::BadPicture)?;
        Ok(Taken { picture, meta: opened.meta, damage: None, is_animation: opened.is_animation })
    }
}

/// A new picture and what goes with it.
struct Taken {
    picture: Picture,
    meta: Meta,
    /// What is wrong with the original.
    damage: Option<String>,
    is_animation: bool,
}

type Made = Result<Taken, Failure>;

/// Says what a picture becomes, when its metadata is known.
type Settle<'a> = &'a mut dyn FnMut(&Meta) -> Result<Shape, Failure>;

fn area((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::item::Fields;
    use crate::op::Params;

    fn resize(given: &[(&'static str, &str)]) -> Resize {
        let mut params = Params::defaults(&RESIZE);
        params.0.extend(given.iter().map(|(name, value)| (*name, (*value).to_string())));
        Resize::new(Options::of(&params).unwrap(), Budget::new(1), &Setting::default())
    }

    #[test]
    fn a_picture_asks_for_memory_and_waits_until_it_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        let picture = Picture::new(40, 30, pixels::Layout::RGB);
        let bytes = encode::encode(picture, Meta::default(), Written::Png, 75, [0; 3]).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let to = format!("{}/{{/.}}_small.png", dir.path().display());
        let resize = resize(&[("width", "20"), ("to", &to)]);
        let items = [path.as_os_str().as_encoded_bytes(), b"\n"].concat();
        let chunk = Chunk { bytes: &items, delimiter: b'\n', fields: Fields::One, first: Seq(1), count: 1 };
        let held = resize.budget.take(1);
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let mut results = Results::with_ends();
                resize.map(&chunk, &mut results);
                results.failures
            });
            while resize.budget.comers() < 2 && !worker.is_finished() {
                std::thread::yield_now();
            }
            assert_eq!(resize.budget.comers(), 2);
            assert!(!dir.path().join("a_small.png").exists() && !worker.is_finished());
            drop(held);
            assert_eq!(worker.join().unwrap(), []);
        });
        assert!(dir.path().join("a_small.png").exists());
    }

    #[test]
    fn what_a_picture_needs_hangs_on_what_it_becomes() {
        let probe = |width, height| Probe { format: Format::Png, width, height, bytes_per_pixel: 0, besides: 0 };
        let needed = |given: &[(&'static str, &str)], probe| {
            let mut all = vec![("to", "{}.png")];
            all.extend_from_slice(given);
            resize(&all).needed(&probe, 0) - 4 * shrink::STRIP as u64
        };
        let small = needed(&[("width", "100"), ("height", "100")], probe(1000, 1000));
        let weights = |sides: [u64; 4]| sides.iter().sum::<u64>() * 6 * 12;
        assert_eq!(small, 100 * 1000 * 8 + 100 * 100 * 16 + weights([1000, 1000, 100, 100]));
        // A canvas is a picture too.
        let padded = needed(&[("width", "100"), ("height", "100"), ("fit", "pad")], probe(1000, 1000));
        assert_eq!(padded, small + 100 * 100 * 16);
        // It may lie on its side, and then becomes larger.
        assert_eq!(
            needed(&[("width", "100")], probe(1000, 200)),
            500 * 200 * 8 + 500 * 100 * 16 + weights([1000, 200, 500, 100])
        );
        let mut gif = probe(1000, 200);
        gif.format = Format::Gif;
        assert_eq!(needed(&[("width", "100")], gif), 100 * 200 * 8 + 100 * 20 * 16 + weights([1000, 200, 100, 20]));
    }
}
