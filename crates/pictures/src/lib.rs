//! Pictures, made smaller: decoded from JPEG, PNG, WebP, GIF, BMP or TIFF, resized, and encoded as JPEG, PNG or WebP.
//!
//! The way of a picture: [`probe()`] looks at the head of a file, [`Resizer::needed`] says what memory it takes at most,
//! [`Budget`] waits for that, `decode` gives rows, `shrink` resizes them as they come, `pixels` turns and pads the result,
//! and [`Resized::encode`] makes a file of it. A JPEG has a shorter way: `jpeg` decodes its planes at the size that is
//! needed, `planes` resizes each.
//!
//! No length that a file states is believed before it was held against the size of the file and the budget.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

mod beside;
mod budget;
mod decode;
mod encode;
mod exif;
mod few;
mod gif_parts;
mod jpeg;
mod jpeg_parts;
mod light;
mod pixels;
mod planes;
mod png_mended;
mod png_parts;
mod probe;
mod shape;
mod shrink;
mod tiff;
#[cfg(feature = "turbojpeg")]
mod turbo;
mod webp_parts;
#[cfg(any(test, fuzzing))]
mod weigh;
mod xmp;

use std::fmt;
use std::io::{self, BufRead, Seek};

pub use fast_image_resize::FilterType as Filter;

use self::beside::Beside;
pub use self::budget::{Budget, Share};
use self::decode::{How, Meta};
pub use self::encode::Written;
use self::exif::View;
use self::light::Light;
use self::pixels::Picture;
pub use self::pixels::room;
pub use self::probe::{Format, Probe};
pub use self::shape::{Fit, Side, Wanted};
use self::shape::{Shape, Want};
use self::shrink::Shrink;
#[cfg(fuzzing)]
pub use self::weigh::fuzz_picture;

/// Why a picture cannot be resized.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be read.
    Unreadable(io::Error),
    /// It is none of the formats.
    NoPicture,
    /// What is wrong with it, in the words of its decoder.
    Bad(String),
    /// It has more pixels than it may, or would have on its way.
    TooManyPixels {
        /// Pixels across, of the original, the result or what lies between.
        width: u32,
        /// Pixels down, of the same.
        height: u32,
        /// The most that there may be.
        limit: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unreadable(error) => error.fmt(f),
            Error::NoPicture => write!(f, "this is no picture"),
            Error::Bad(why) => f.write_str(why),
            Error::TooManyPixels { width, height, limit } => {
                write!(f, "{width} × {height} pixels are more than {limit}")
            }
        }
    }
}

impl std::error::Error for Error {}

/// What pictures are to become.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Maximum width and height, and how a picture is fitted into them.
    pub want: Wanted,
    /// The filter of the convolution.
    pub filter: Filter,
    /// Resize in linear light.
    pub linear: bool,
    /// Red, green and blue under transparent pixels and around padded pictures.
    pub background: [u8; 3],
    /// Keep EXIF, XMP, IPTC and the density.
    pub keep_metadata: bool,
    /// Take of a damaged picture what can be read.
    pub accepts_damage: bool,
    /// The most pixels of a picture, before, after and on its way.
    pub max_pixels: u64,
}

/// Resizes pictures of any number, on any number of threads.
pub struct Resizer {
    settings: Settings,
    light: Option<Light>,
    budget: Budget,
}

/// Looks at the head of a file.
///
/// # Errors
/// [`Error::Unreadable`], [`Error::NoPicture`], or a head that is broken.
pub fn probe<R: BufRead + Seek>(file: R) -> Result<Probe, Error> {
    probe::probe(file).map_err(|unknown| match unknown {
        probe::Unknown::Unreadable(error) => Error::Unreadable(error),
        probe::Unknown::NoPicture => Error::NoPicture,
        probe::Unknown::Broken(text) => Error::Bad(text),
    })
}

/// Number of pictures that the file holds one after the other, as TIFF may.
pub fn pages(bytes: &[u8], probe: &Probe) -> usize {
    if probe.format == Format::Tiff { tiff::pictures(bytes) } else { 1 }
}

impl Resizer {
    /// For pictures that are to become what the settings say, and may take what the budget has.
    pub fn new(settings: Settings, budget: Budget) -> Resizer {
        Resizer { light: settings.linear.then(Light::new), settings, budget }
    }

    /// The memory that all pictures may take together.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Errors if the picture is too large whichever way it lies, which only its decoder will tell.
    ///
    /// # Errors
    /// [`Error::TooManyPixels`].
    pub fn check(&self, probe: &Probe) -> Result<(), Error> {
        let ways = probe.format.ways();
        if !ways.iter().any(|lies| self.shape(probe, *lies).is_ok()) {
            self.shape(probe, false)?;
        }
        Ok(())
    }

    /// The size of the result, without making it.
    ///
    /// # Errors
    /// Those of [`Resizer::resize`].
    pub fn outlook(&self, bytes: &[u8], probe: &Probe) -> Result<(u32, u32), Error> {
        let meta = match probe.format {
            Format::Jpeg => jpeg_parts::meta(bytes),
            _ => decode::open(bytes, probe, self.how(self.settings.accepts_damage)).map_err(Error::Bad)?.meta,
        };
        let lies = meta.orientation() >= 5;
        let (width, height) = self.shape(probe, lies)?.size;
        let upright = if lies { (height, width) } else { (width, height) };
        Ok(self.want(probe, lies).canvas().unwrap_or(upright))
    }

    fn how(&self, is_lenient: bool) -> How {
        How { is_lenient, keeps_xmp: self.settings.keep_metadata, most_unpacked: self.most_unpacked() }
    }

    /// What is asked for of a picture that lies on its side or not.
    fn want(&self, probe: &Probe, lies: bool) -> Want {
        self.settings.want.of((probe.width, probe.height), lies)
    }

    /// What a picture becomes that lies on its side or not, before it is turned upright; unless it is too large
    /// now, when it is as narrow as the result, then, or on its canvas.
    fn shape(&self, probe: &Probe, lies: bool) -> Result<Shape, Error> {
        let want = self.want(probe, lies);
        let shape = want.turned(lies).of((probe.width, probe.height));
        let upright = if lies { (shape.size.1, shape.size.0) } else { shape.size };
        let between = (shape.size.0, probe.height);
        let limit = self.settings.max_pixels;
        let sizes = [Some((probe.width, probe.height)), Some(upright), want.canvas(), Some(between)];
        match sizes.into_iter().flatten().find(|size| area(*size) > limit) {
            Some((width, height)) => Err(Error::TooManyPixels { width, height, limit }),
            None => Ok(shape),
        }
    }

    /// The memory in bytes that a picture, of a file of `size` bytes, takes at most until it is encoded, whichever way it lies.
    pub fn needed(&self, probe: &Probe, size: u64, becomes: Written) -> u64 {
        let ways = probe.format.ways().iter();
        let shapes = ways.filter_map(|lies| Some((self.shape(probe, *lies).ok()?, *lies)));
        let unpacked = if probe.format == Format::Png { 3 * self.most_unpacked() as u64 } else { 0 };
        let besides = probe.besides.min(size.saturating_add(unpacked));
        shapes.map(|(shape, lies)| self.needed_for((&shape, becomes), lies, probe, size, besides)).max().unwrap_or(0)
    }

    /// The memory that a picture takes at most while it is at work: the file, what its decoder holds, a strip of rows
    /// and what it becomes, the picture when it is as narrow as the result, the result, its canvas and its own file, and
    /// `besides` bytes of metadata: as they were found, as an encoder takes them, and in the new file.
    fn needed_for(
        &self,
        (shape, becomes): (&Shape, Written),
        lies: bool,
        probe: &Probe,
        size: u64,
        besides: u64,
    ) -> u64 {
        let between = area((shape.size.0, probe.height)).saturating_mul(8);
        let canvas = self.want(probe, lies).canvas().map_or(0, area);
        let result = area(shape.size).saturating_add(canvas).saturating_mul(match becomes {
            Written::Jpeg | Written::Png => 16,
            // libwebp holds pixels as it is given them, its planes, and up to 14 bytes for what it has coded.
            Written::Webp => 32,
        });
        let decoder = probe.pixels().saturating_mul(probe.bytes_per_pixel);
        // In linear light a strip is twice as large; the rest is for tables of decoders. A strip is a row at least.
        let strip =
            (shrink::STRIP as u64).max(u64::from(probe.width.max(probe.height)).saturating_mul(8)).saturating_mul(4);
        // Filters have up to six weights for each pixel of a line, first as f64 and then as integers.
        let sides = [probe.width, probe.height, shape.size.0, shape.size.1].map(u64::from).into_iter().sum::<u64>();
        let weights = sides.saturating_mul(6 * 12);
        // The decoder of WebP believes how long a part says it is, up to 24 bits, before it has read it.
        let part = if probe.format == Format::Webp { 1 << 24 } else { 0 };
        let padded = if probe.format == Format::Webp && self.settings.accepts_damage {
            2 * webp_parts::most_padded(probe.pixels())
        } else {
            0
        };
        // IPTC becomes digits in a PNG, two for a byte.
        let times = if self.settings.keep_metadata { 6 } else { 3 };
        let besides = besides.saturating_mul(times);
        [size, decoder, strip, weights, part, padded, between, result, besides].into_iter().fold(0, u64::saturating_add)
    }

    /// The most bytes to which a profile, XMP or IPTC may unpack: what all pictures may take, but no more than any of them has.
    fn most_unpacked(&self) -> usize {
        self.budget.most().clamp(1 << 20, 16 << 20) as usize
    }

    /// The new picture, and what goes with it. Of the share is kept what it takes. A damaged one is decoded once more,
    /// leniently; what was wrong the first time is what is said of it.
    ///
    /// # Errors
    /// A picture that is broken, or too large.
    pub fn resize(
        &self,
        bytes: &[u8],
        probe: &Probe,
        becomes: Written,
        share: &mut Share<'_>,
    ) -> Result<Resized, Error> {
        match self.decoded(bytes, probe, becomes, share, false) {
            Err(Error::Bad(why)) if self.settings.accepts_damage => {
                let taken = self.decoded(bytes, probe, becomes, share, true);
                let damage = Some(why.clone());
                taken.map(|taken| Resized { damage, ..taken }).map_err(|_| Error::Bad(why))
            }
            decoded => decoded,
        }
    }

    fn decoded(
        &self,
        bytes: &[u8],
        probe: &Probe,
        becomes: Written,
        share: &mut Share<'_>,
        is_lenient: bool,
    ) -> Result<Resized, Error> {
        let settings = &self.settings;
        let how = self.how(is_lenient);
        let mut settle = |meta: &Meta| {
            let lies = meta.orientation() >= 5;
            let shape = self.shape(probe, lies)?;
            share.keep(self.needed_for((&shape, becomes), lies, probe, bytes.len() as u64, meta.size()));
            Ok(shape)
        };
        let made = match self.of_planes(bytes, probe, how, &mut settle) {
            Some(made) => made?,
            None => self.of_rows(bytes, probe, how, &mut settle)?,
        };
        let Resized { picture, mut meta, .. } = made;
        let orientation = meta.orientation();
        let lay = orientation >= 5;
        let mut picture = picture.upright(orientation).map_err(Error::Bad)?;
        if let Some(canvas) = self.want(probe, lay).canvas() {
            picture = picture.on_canvas(canvas, settings.background).map_err(Error::Bad)?;
        }
        meta.had_few = few::came_with_few(bytes, probe.format);
        let (exif, xmp) = (meta.exif.take(), meta.xmp.take());
        if settings.keep_metadata {
            let is_same = orientation == 1 && settings.want.fit == Fit::Inside;
            let view = View { width: picture.width, height: picture.height, lay, is_same };
            meta.exif = exif.map(|exif| exif::fitted(exif, view));
            meta.xmp = xmp.map(|xmp| xmp::fitted(xmp, view));
            meta.beside = meta.beside.turned(lay);
        }
        Ok(Resized { picture, meta, ..made })
    }

    /// What stands beside the pixels, where it is to be kept.
    fn beside(&self, bytes: &[u8], probe: &Probe, how: How) -> Result<Beside, Error> {
        if !self.settings.keep_metadata {
            return Ok(Beside::default());
        }
        Beside::of(bytes, probe.format, how).map_err(Error::Bad)
    }

    /// Of a JPEG, by its planes; `None`: this is not the way for it.
    fn of_planes(&self, bytes: &[u8], probe: &Probe, how: How, settle: Settle<'_>) -> Option<Made> {
        // Light is not the mean of numbers.
        if probe.format != Format::Jpeg || self.settings.linear {
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
        if let Some(Ok(picture)) = turbo::resized(bytes, &shape, self.settings.filter) {
            return Some(Ok(Resized { picture, meta, damage: None, is_animation: false }));
        }
        let jpeg = jpeg::open(bytes, how.is_lenient);
        if jpeg.as_ref().is_ok_and(|jpeg| jpeg.colours.are_inks()) {
            return None;
        }
        let made = jpeg.and_then(|jpeg| {
            decode::agrees((jpeg.width, jpeg.height), probe)?;
            planes::resized(jpeg, &shape, self.settings.filter)
        });
        let taken = |picture| Resized { picture, meta, damage: None, is_animation: false };
        Some(made.map(taken).map_err(Error::Bad))
    }

    /// Of any picture, by its rows.
    fn of_rows(&self, bytes: &[u8], probe: &Probe, how: How, settle: Settle<'_>) -> Made {
        // Decoders take what they need without asking.
        let decoder = probe.pixels().saturating_mul(probe.bytes_per_pixel);
        room(usize::try_from(decoder).unwrap_or(usize::MAX)).map_err(Error::Bad)?;
        let mut opened = decode::open(bytes, probe, how).map_err(Error::Bad)?;
        opened.meta.beside = self.beside(bytes, probe, how)?;
        let shape = settle(&opened.meta)?;
        let size = (probe.width, probe.height);
        let shrunk = || {
            let mut shrink = Shrink::new(size, opened.layout, shape, self.settings.filter, self.light.as_ref())?;
            let pushed = (opened.rows)(&mut |rows| shrink.push(rows));
            if pushed.is_err() && !(how.is_lenient && shrink.fill()) {
                pushed?;
            }
            shrink.finish()
        };
        let picture = shrunk().map_err(Error::Bad)?;
        Ok(Resized { picture, meta: opened.meta, damage: None, is_animation: opened.is_animation })
    }
}

/// A new picture and what goes with it.
pub struct Resized {
    picture: Picture,
    meta: Meta,
    /// What is wrong with the original.
    pub damage: Option<String>,
    /// It is the first picture of several that are shown one after the other.
    pub is_animation: bool,
}

impl Resized {
    /// Its width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.picture.width, self.picture.height)
    }

    /// The bytes of a file in that format; quality is 1 to 100, of JPEG and WebP.
    ///
    /// # Errors
    /// No memory, or what the encoder says.
    pub fn encode(self, format: Written, quality: u8, background: [u8; 3]) -> Result<Vec<u8>, Error> {
        // Encoders take what they need without asking.
        room(self.picture.data.len().saturating_mul(2)).map_err(Error::Bad)?;
        encode::encode(self.picture, self.meta, format, quality, background).map_err(Error::Bad)
    }
}

type Made = Result<Resized, Error>;

/// Says what a picture becomes, when its metadata is known.
type Settle<'a> = &'a mut dyn FnMut(&Meta) -> Result<Shape, Error>;

fn area((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            want: Wanted { width: Side::Any, height: Side::Any, fit: Fit::Inside, enlarge: false },
            filter: Filter::Lanczos3,
            linear: false,
            background: [255; 3],
            keep_metadata: false,
            accepts_damage: false,
            max_pixels: 256_000_000,
        }
    }

    #[test]
    fn what_a_picture_needs_hangs_on_what_it_becomes() {
        let probe = |width, height| Probe { format: Format::Png, width, height, bytes_per_pixel: 0, besides: 0 };
        let needed = |width, height, fit, probe| {
            let want = Wanted { width: Side::Pixels(width), height, fit, enlarge: false };
            let resizer = Resizer::new(Settings { want, ..settings() }, Budget::new(1));
            resizer.needed(&probe, 0, Written::Png) - 4 * shrink::STRIP as u64
        };
        let small = needed(100, Side::Pixels(100), Fit::Inside, probe(1000, 1000));
        let weights = |sides: [u64; 4]| sides.iter().sum::<u64>() * 6 * 12;
        assert_eq!(small, 100 * 1000 * 8 + 100 * 100 * 16 + weights([1000, 1000, 100, 100]));
        // A canvas is a picture too.
        let padded = needed(100, Side::Pixels(100), Fit::Pad, probe(1000, 1000));
        assert_eq!(padded, small + 100 * 100 * 16);
        // It may lie on its side, and then becomes larger.
        assert_eq!(
            needed(100, Side::Any, Fit::Inside, probe(1000, 200)),
            500 * 200 * 8 + 500 * 100 * 16 + weights([1000, 200, 500, 100])
        );
        let mut gif = probe(1000, 200);
        gif.format = Format::Gif;
        assert_eq!(
            needed(100, Side::Any, Fit::Inside, gif),
            100 * 200 * 8 + 100 * 20 * 16 + weights([1000, 200, 100, 20])
        );
    }
}
