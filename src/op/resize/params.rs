//! The options of `resize`, from text.

use anyhow::{Context, Result, bail, ensure};
use parjob_pictures::{Filter, Fit, Settings, Side, Wanted, Written};

use super::target::{Existing, Targets};
use crate::base::units::size;
use crate::op::{Param, Params};

/// The most that a side of a picture can be asked to be: that of a JPEG.
const MOST_SIDE: u32 = 65_535;

pub(super) const PARAMS: &[Param] = &[
    Param::option("width", "W", None, "The width that results have at most; 50%: of that of the original"),
    Param::option("height", "H", None, "The height that results have at most; 50%: of that of the original"),
    Param::option("to", "TEMPLATE", None, "The file that an item becomes: 'thumbs/{/.}_small.jpg', or thumbs/"),
    Param::option("fit", "HOW", Some("inside"), "inside, cover, exact or pad"),
    Param::flag("enlarge", "Enlarge what is smaller"),
    Param::flag("no-enlarge", "Leave what is smaller as small as it is; this is the default"),
    Param::option("filter", "NAME", Some("lanczos3"), "lanczos3, catmull-rom, bilinear or box"),
    Param::flag("linear", "Resize in linear light: fine bright lines stay bright"),
    Param::option(
        "background",
        "RRGGBB",
        Some("ffffff"),
        "The colour under transparent pixels, and around padded results",
    ),
    Param::option("encode", "FORMAT", Some("auto"), "jpeg, png, webp, same; auto: by the extension of the result"),
    Param::option("quality", "N", Some("75"), "1 to 100, of JPEG and WebP; a WebP of 100 is lossless"),
    Param::flag("keep-metadata", "Keep EXIF, XMP, IPTC and the density; of a TIFF not its EXIF"),
    Param::flag("recursive", "Resize all pictures below a directory, known by their extensions"),
    Param::flag("dry-run", "Print what would be written, and write nothing"),
    Param::flag("skip-existing", "Pass over an item whose result exists"),
    Param::flag("newer", "Replace only results that are older than their originals"),
    Param::flag("overwrite", "Replace results that exist, even such as are items still to be read"),
    Param::flag("allow-outside", "Let items lead results out of the folder that the template names"),
    Param::option("damaged", "HOW", Some("fail"), "accept: take of a damaged picture what can be read; fail: it fails"),
    Param::option("max-pixels", "N", Some("256000000"), "A picture that is larger, or would become so, fails"),
    Param::option("memory", "SIZE", Some("auto"), "What all workers may take; auto: half of what is available"),
];

/// The options.
pub(super) struct Options {
    pub(super) picture: Settings,
    pub(super) encode: Encode,
    pub(super) quality: u8,
    pub(super) dry_run: bool,
    pub(super) targets: Targets,
    /// `None`: as the machine has it.
    pub(super) memory: Option<u64>,
}

/// In which format results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encode {
    /// In that of the result's name.
    Named,
    /// In that of the original.
    Same,
    /// In this.
    As(Written),
}

impl Options {
    /// The options, or what is wrong with one.
    pub(super) fn of(params: &Params, items: usize) -> Result<Options> {
        let quality = u8::try_from(params.number("quality")?).ok().filter(|quality| (1..=100).contains(quality));
        Ok(Options {
            picture: Settings {
                want: want(params)?,
                filter: filter(params.text("filter"))?,
                linear: params.flag("linear"),
                background: colour(params.text("background"))?,
                keep_metadata: params.flag("keep-metadata"),
                accepts_damage: damaged(params.text("damaged"))?,
                max_pixels: size(params.text("max-pixels")).context("--max-pixels")?,
            },
            encode: encode(params.text("encode"))?,
            quality: quality.context("--quality is a number from 1 to 100")?,
            dry_run: params.flag("dry-run"),
            targets: targets(params, items)?,
            memory: memory(params.text("memory"))?,
        })
    }
}

/// Where results go. Without a placeholder it is the one result of one item.
fn targets(params: &Params, items: usize) -> Result<Targets> {
    let to = params.text("to");
    ensure!(!to.is_empty(), "resize needs --to TEMPLATE, the file that an item becomes: --to 'small/{{/}}'");
    let recursive = params.flag("recursive");
    let targets = Targets::new(to, recursive, existing(params)?, params.flag("allow-outside"))?;
    if targets.is_one && (items > 1 || recursive) {
        bail!(
            "--to {to:?} gives all items one target; {{/.}} stands for the name of an item without its extension, and \
             a slash at the end says that it is a folder"
        );
    }
    Ok(targets)
}

/// A side, from text: pixels, or a share of the original's.
fn side(params: &Params, name: &str) -> Result<Side> {
    let text = params.text(name);
    if text.is_empty() {
        return Ok(Side::Any);
    }
    let form = || format!("--{name} {text:?} is neither a number from 1 to {MOST_SIDE} nor a share such as 50%");
    if let Some(share) = text.strip_suffix('%') {
        let is_plain = share.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let share = share.parse::<f64>().ok().filter(|share| is_plain && *share > 0.0).with_context(form)?;
        ensure!(
            share <= 100.0 || params.flag("enlarge"),
            "--{name} {text} is more than the original has; --enlarge permits it"
        );
        return Ok(Side::Share(share / 100.0));
    }
    let pixels = text.parse().ok().filter(|pixels| (1..=MOST_SIDE).contains(pixels));
    pixels.map(Side::Pixels).with_context(form)
}

fn want(params: &Params) -> Result<Wanted> {
    let name = params.text("fit");
    let fit = match name {
        "inside" => Fit::Inside,
        "cover" => Fit::Cover,
        "exact" => Fit::Exact,
        "pad" => Fit::Pad,
        _ => bail!("--fit {name:?} is none of inside, cover, exact, pad"),
    };
    let (width, height) = (side(params, "width")?, side(params, "height")?);
    let given = [width, height].into_iter().filter(|side| *side != Side::Any).count();
    ensure!(given > 0, "resize needs --width W or --height H, or both");
    ensure!(fit == Fit::Inside || given == 2, "--fit {name} needs both --width and --height");
    let (enlarge, keep) = (params.flag("enlarge"), params.flag("no-enlarge"));
    ensure!(!(enlarge && keep), "--enlarge and --no-enlarge contradict each other");
    Ok(Wanted { width, height, fit, enlarge })
}

fn damaged(name: &str) -> Result<bool> {
    match name {
        "accept" => Ok(true),
        "fail" => Ok(false),
        _ => bail!("--damaged {name:?} is none of accept, fail"),
    }
}

fn filter(name: &str) -> Result<Filter> {
    Ok(match name {
        "lanczos3" => Filter::Lanczos3,
        "catmull-rom" => Filter::CatmullRom,
        "bilinear" => Filter::Bilinear,
        "box" => Filter::Box,
        _ => bail!("--filter {name:?} is none of lanczos3, catmull-rom, bilinear, box"),
    })
}

fn encode(name: &str) -> Result<Encode> {
    match name {
        "auto" => Ok(Encode::Named),
        "same" => Ok(Encode::Same),
        _ => {
            let format = Written::find(name);
            format.map(Encode::As).with_context(|| format!("--encode {name:?} is none of jpeg, png, webp, same, auto"))
        }
    }
}

fn existing(params: &Params) -> Result<Existing> {
    let all = [("skip-existing", Existing::Skipped), ("newer", Existing::Newer), ("overwrite", Existing::Replaced)];
    let given: Vec<_> = all.into_iter().filter(|(name, _)| params.flag(name)).collect();
    match given[..] {
        [] => Ok(Existing::Fails),
        [(_, existing)] => Ok(existing),
        [(one, _), (other, _), ..] => bail!("--{one} and --{other} contradict each other"),
    }
}

/// A colour as in CSS, with or without `#`.
fn colour(text: &str) -> Result<[u8; 3]> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let number = u32::from_str_radix(digits, 16).ok();
    let number = number.filter(|_| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    let [_, red, green, blue] =
        number.with_context(|| format!("--background {text:?} is no colour such as ffffff or 204060"))?.to_be_bytes();
    Ok([red, green, blue])
}

fn memory(text: &str) -> Result<Option<u64>> {
    if text == "auto" {
        return Ok(None);
    }
    size(text).map(Some).context("--memory")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn colours() {
        assert_eq!(colour("#20a0fF").unwrap(), [0x20, 0xa0, 0xff]);
        for text in ["", "fff", "gggggg", "+fffff", "0fffffff"] {
            assert!(colour(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_of_memory() {
        assert_eq!(memory("auto").unwrap(), None);
        for (text, bytes) in [("2M", 2 << 20), ("1T", 1 << 40), ("500MB", 500_000_000)] {
            assert_eq!(memory(text).unwrap(), Some(bytes), "{text}");
        }
        for text in ["", "M", "-1", "99999999999G", "1T2"] {
            assert!(memory(text).is_err(), "{text}");
        }
    }

    #[test]
    fn v8_sides_are_pixels_or_shares() {
        let read = |text: &str| side(&Params([("width", text.to_string())].into()), "width");
        for (text, expected) in [
            ("1", Side::Pixels(1)),
            ("65535", Side::Pixels(65_535)),
            ("50%", Side::Share(0.5)),
            ("100%", Side::Share(1.0)),
            ("12.5%", Side::Share(0.125)),
            (".5%", Side::Share(0.005)),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for text in ["0", "65536", "-1", "0%", "%", "-5%", "+5%", "1e1%", "inf%", "nan%", "101%", "50 %", "50%%", "x"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
