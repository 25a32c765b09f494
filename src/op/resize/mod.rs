//! `resize`: pictures, made to fit.
//!
//! An item is the path of a picture, its result the path of the new one. `parjob_pictures` decodes, resizes and encodes; this
//! file is the operation around it: [`params`] knows the options, [`input`] what is read, [`claims`] that no two items become
//! the same file, [`place`] where a path leads, and [`target`] puts the new file in place.

mod bad_target;
mod claims;
mod input;
mod notes;
mod params;
mod place;
mod target;

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use anyhow::Result;
use parjob_pictures::{Budget, Error, Probe, Resizer, Written};
use parjob_sys::memory;

use self::bad_target::BadTarget;
use self::claims::Claims;
use self::input::{Inputs, unreadable};
use self::notes::{Found, Notes};
use self::params::{Encode, Options};
use self::place::Place;
use self::target::Targets;
use super::{Blanks, Example, Kind, Map, Operation, Params, Remark, Setting, Words, Work};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq, Trees, walk};
use crate::base::result::{Detail, Results};

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
    blanks: Blanks::Kept,
    kind: Kind::InProcess { words, prepare },
};

/// The extensions by which pictures are known below a directory, where not each file is meant to be one.
const EXTENSIONS: &[&str] = &["jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "dib", "tif", "tiff"];

fn words(params: &Params) -> Words {
    if !params.flag("recursive") {
        return Words::Paths;
    }
    // Options that are wrong are told of when they are prepared.
    let targets = Options::of(params, 0).ok().map(|options| options.targets);
    let except = targets.and_then(|targets| targets.folder().map(<[u8]>::to_vec));
    Words::Trees(Trees { extensions: EXTENSIONS, except })
}

fn prepare(params: &Params, setting: &Setting) -> Result<Work> {
    let options = Options::of(params, setting.source.words().len())?;
    // Where the system does not tell, what the smallest machine has.
    let budget = options.memory.unwrap_or_else(|| memory::available().map_or(512 << 20, |bytes| bytes / 2));
    let trees = setting.source.walk.clone();
    let inputs = Inputs::new(setting.source.reads_stdin());
    Ok(Work::Map(Arc::new(Resize { trees, inputs, ..Resize::new(options, Budget::new(budget), setting) })))
}

struct Resize {
    options: Options,
    /// The items that are known before the run, and, once somebody asks, the places of their files.
    known: Vec<OsString>,
    /// Which files below them are meant, where they are directories.
    trees: Option<Trees>,
    originals: OnceLock<HashSet<Place>>,
    inputs: Inputs,
    resizer: Resizer,
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
            resizer: Resizer::new(options.picture.clone(), budget),
            options,
            known: setting.source.words().to_vec(),
            trees: None,
            originals: OnceLock::new(),
            inputs: Inputs::new(false),
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
            None => self.known.iter().filter_map(|item| Place::of(item.as_bytes())).collect(),
            Some(trees) => {
                let below = self.known.iter().flat_map(|item| walk(item.as_bytes().to_vec(), trees));
                below.filter_map(|item| Place::of(&item)).collect()
            }
        });
        Place::of(target).is_some_and(|place| originals.contains(&place) && Some(place) != Place::of(item))
    }

    /// Does an item. `None`: there was nothing to do.
    fn one(&self, seq: Seq, item: &[u8], target: &[u8], owner: Option<Seq>) -> Result<Option<Done>, Failure> {
        let started = Instant::now();
        let bad = |why: BadTarget| why.failure(target);
        let fault = owner.map(BadTarget::Taken).or_else(|| self.options.targets.fault(target));
        let fault = fault.or_else(|| self.is_original(item, target).then_some(BadTarget::Item));
        fault.map_or(Ok(()), |why| Err(bad(why)))?;
        let file = self.inputs.open(item)?;
        let changed = file.metadata().and_then(|meta| meta.modified());
        if self.options.targets.is_done(target, changed) {
            return Ok(None);
        }
        let (mut file, size) = self.inputs.settled(item, file, self.resizer.budget().most())?;
        let probe = self.look(&mut file)?;
        let format = self.format(target, &probe).map_err(bad)?;
        let mut share = self.resizer.budget().take(self.resizer.needed(&probe, size, format));
        let mut bytes = parjob_pictures::room(usize::try_from(size).unwrap_or(usize::MAX)).map_err(bad_picture)?;
        file.take(size).read_to_end(&mut bytes).map_err(unreadable)?;
        let from = (probe.width, probe.height);
        let pages = parjob_pictures::pages(&bytes, &probe);
        let fits = |to: (u32, u32)| match (format.name(), format.most()) {
            (name, most) if to.0.max(to.1) > most => {
                Err(bad_picture(format!("a {name} can have {most} pixels on a side")))
            }
            _ => Ok(to),
        };
        if self.options.dry_run {
            let to = fits(self.resizer.outlook(&bytes, &probe).map_err(failed)?)?;
            let (bytes, damage, is_animation) = (None, None, false);
            return Ok(Some(Done { from, from_bytes: size, to, bytes, damage, is_animation, pages, started }));
        }
        let resized = self.resizer.resize(&bytes, &probe, format, &mut share).map_err(failed)?;
        drop(bytes);
        let (damage, is_animation) = (resized.damage.clone(), resized.is_animation);
        let to = fits(resized.size())?;
        let bytes = resized.encode(format, self.options.quality, self.options.picture.background).map_err(failed)?;
        if format == Written::Webp && area(to) > TRIMMED {
            memory::trim();
        }
        Targets::make_folder(target).map_err(bad)?;
        let owner = self.claims.settle(seq, target);
        owner.map_or(Ok(()), |owner| Err(bad(BadTarget::Taken(owner))))?;
        let wrote = self.options.targets.write(target, &bytes).map_err(bad)?;
        let bytes = Some(bytes.len() as u64);
        Ok(wrote.then_some(Done { from, from_bytes: size, to, bytes, damage, is_animation, pages, started }))
    }

    /// What the file holds. It is read from its beginning afterwards.
    fn look(&self, file: &mut File) -> Result<Probe, Failure> {
        let probe = parjob_pictures::probe(BufReader::new(&mut *file)).map_err(failed)?;
        // Which way it lies is not known yet: here fails what is too large either way.
        self.resizer.check(&probe).map_err(failed)?;
        file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
        Ok(probe)
    }

    fn format(&self, target: &[u8], probe: &Probe) -> Result<Written, BadTarget> {
        let same = Written::same(probe.format);
        match self.options.encode {
            Encode::As(format) => Ok(format),
            Encode::Same => Ok(same),
            Encode::Named => Ok(target::format(target)?.unwrap_or(same)),
        }
    }
}

const NO_PICTURE: Failure = Failure::constant("is no picture that can be read: JPEG, PNG, WebP, GIF, BMP or TIFF");

/// A picture is broken, or of a kind that is not read or written. The text is of its reader.
fn bad_picture(why: String) -> Failure {
    Failure::item(format!("cannot be resized: {why}"))
}

/// Number of pixels of a WebP from which on what libwebp held is given back: by then it is some 20 MB for each worker, which no
/// budget counts any more.
const TRIMMED: u64 = 500_000;

fn area((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

/// What is wrong with a picture, as a failure of its item.
fn failed(error: Error) -> Failure {
    match error {
        Error::Unreadable(error) => unreadable(error),
        Error::NoPicture => NO_PICTURE,
        Error::Bad(why) => bad_picture(why),
        Error::TooManyPixels { width, height, limit } => {
            Failure::item(format!("has {width} \u{d7} {height} pixels; --max-pixels allows {limit}"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::base::item::Fields;
    use crate::op::Params;

    fn resize(given: &[(&'static str, &str)]) -> Resize {
        let mut params = Params::defaults(&RESIZE);
        params.0.extend(given.iter().map(|(name, value)| (*name, (*value).to_string())));
        Resize::new(Options::of(&params, 0).unwrap(), Budget::new(1), &Setting::default())
    }

    #[test]
    fn a_picture_asks_for_memory_and_waits_until_it_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        let mut encoder = png::Encoder::new(File::create(&path).unwrap(), 40, 30);
        encoder.set_color(png::ColorType::Rgb);
        encoder.write_header().unwrap().write_image_data(&[0; 40 * 30 * 3]).unwrap();
        let to = format!("{}/{{/.}}_small.png", dir.path().display());
        let resize = resize(&[("width", "20"), ("to", &to)]);
        let items = [path.as_os_str().as_encoded_bytes(), b"\n"].concat();
        let chunk = Chunk { bytes: &items, delimiter: b'\n', fields: Fields::One, first: Seq(1), count: 1 };
        let held = resize.resizer.budget().take(1);
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| {
                let mut results = Results::with_ends();
                resize.map(&chunk, &mut results);
                results.failures
            });
            while resize.resizer.budget().requests() < 2 && !worker.is_finished() {
                std::thread::yield_now();
            }
            assert_eq!(resize.resizer.budget().requests(), 2);
            assert!(!dir.path().join("a_small.png").exists() && !worker.is_finished());
            drop(held);
            assert_eq!(worker.join().unwrap(), []);
        });
        assert!(dir.path().join("a_small.png").exists());
    }
}
