//! Where a result goes: the template, filled with the item, and how the file gets there.

use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::time::SystemTime;

use anyhow::{Result, bail};
use parjob_pictures::Written;
use parjob_shell_template::Template;
use parjob_shell_template::placeholder::Known;

use super::bad_target::BadTarget;
use super::place::{leaves, path};
use crate::base::atomic_file::{Fresh, Old, folder};
use crate::base::item::{Fields, Item, Seq};
use crate::base::template::{Values, unusable};

/// What becomes of a file that stands at the target already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// It stays, and the item fails.
    Fails,
    /// It stays, and the item is passed over.
    Skipped,
    /// It is replaced if the original is newer, else the item is passed over.
    Newer,
    /// It is replaced.
    Replaced,
}

/// From items to targets.
pub(super) struct Targets {
    template: Template,
    /// The folder that the template names before its first placeholder, with its slash.
    base: Vec<u8>,
    /// How often the template itself says `..` behind that folder.
    steps_up: usize,
    /// All items have the same.
    pub(super) is_one: bool,
    /// It names a folder, below which items stand as their paths say.
    keeps_tree: bool,
    allow_outside: bool,
    pub(super) existing: Existing,
}

impl Targets {
    /// Targets by that template. One that ends with a slash names a folder, in which items keep their names, and with
    /// `recursive` their folders too.
    pub(super) fn new(text: &str, recursive: bool, existing: Existing, allow_outside: bool) -> Result<Targets> {
        let known = Known { fields: Some(1), apart: true, ..Known::default() };
        let is_folder = text.ends_with('/');
        let rest = if recursive { "{}" } else { "{/}" };
        let whole = if is_folder { format!("{text}{rest}") } else { text.to_string() };
        let template = Template::parse(&[whole.into()], &known).map_err(unusable)?;
        let fill = |item: &[u8], seq, worker| {
            let mut out = Vec::new();
            let values = Values { item: Item::new(item, Fields::One), names: &[], seq, worker };
            template.bytes(&values, &mut out);
            out
        };
        if fill(b"a/a", 1, 1) != fill(b"a/a", 1, 2) {
            bail!("--to {text:?}: {{%}} is another worker from run to run; {{#}} is the number of the item");
        }
        // What two items of nothing in common have in common is of the template.
        let (one, other) = (fill(b"a/a.a", 1, 1), fill(b"b/b.b", 2, 1));
        let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
        let base = memchr::memrchr(b'/', &one[..same]).map_or(0, |slash| slash + 1);
        let (base, rest) = one.split_at(base);
        let (is_one, base, steps_up) = (one == other, base.to_vec(), steps_up(rest));
        let keeps_tree = is_folder && recursive;
        Ok(Targets { template, base, steps_up, is_one, keeps_tree, allow_outside, existing })
    }

    /// The target of an item.
    pub(super) fn of(&self, item: &[u8], seq: Seq) -> Vec<u8> {
        let mut out = Vec::new();
        let item = if self.keeps_tree { downward(item) } else { item };
        let values = Values { item: Item::new(item, Fields::One), names: &[], seq: seq.0, worker: 0 };
        self.template.bytes(&values, &mut out);
        out
    }

    /// The folder that the template names, where it names one.
    pub(super) fn folder(&self) -> Option<&[u8]> {
        Some(&self.base[..]).filter(|base| !base.is_empty())
    }

    /// Whether an item leads its target out of the folder that the template names: by its words, or by a link. A `..`
    /// of the item's is refused wherever it stands, since what it leads to hangs on what stands before it.
    fn is_outside(&self, target: &[u8]) -> bool {
        let Some(rest) = target.strip_prefix(&self.base[..]) else { return true };
        if self.base.is_empty() && rest.starts_with(b"/") {
            return true;
        }
        if steps_up(rest) > self.steps_up {
            return true;
        }
        let mut depth = 0_i64;
        let words = rest.split(|byte| *byte == b'/').any(|part| {
            depth += match part {
                b"" | b"." => 0,
                b".." => -1,
                _ => 1,
            };
            depth < 0
        });
        // What lies in that folder itself is not led anywhere by a link.
        words || (rest.contains(&b'/') && leaves(&self.base, target))
    }

    /// What is wrong with a target before anything is done; `None`: nothing.
    pub(super) fn fault(&self, target: &[u8]) -> Option<BadTarget> {
        if !self.allow_outside && self.is_outside(target) {
            return Some(BadTarget::Outside);
        }
        let exists = path(target).symlink_metadata().is_ok();
        (exists && self.existing == Existing::Fails).then_some(BadTarget::Exists)
    }

    /// Whether a file stands at the target that would be replaced.
    pub(super) fn replaces(&self, target: &[u8]) -> bool {
        matches!(self.existing, Existing::Newer | Existing::Replaced) && path(target).symlink_metadata().is_ok()
    }

    /// Whether there is nothing to do for an original that was changed at that time.
    pub(super) fn is_done(&self, target: &[u8], changed: io::Result<SystemTime>) -> bool {
        let there = path(target).metadata();
        match self.existing {
            Existing::Fails | Existing::Replaced => false,
            Existing::Skipped => path(target).symlink_metadata().is_ok(),
            Existing::Newer => match (changed, there.and_then(|there| there.modified())) {
                (Ok(original), Ok(result)) => original <= result,
                _ => false,
            },
        }
    }

    /// Makes the folder of the target.
    pub(super) fn make_folder(target: &[u8]) -> Result<(), BadTarget> {
        std::fs::create_dir_all(folder(path(target))).map_err(unwritable)
    }

    /// Writes the file; whether it did, and did not pass over one that had come meanwhile. Its folder is there.
    pub(super) fn write(&self, target: &[u8], bytes: &[u8]) -> Result<bool, BadTarget> {
        let path = path(target);
        let old = match self.existing {
            Existing::Fails | Existing::Skipped => Old::Stays,
            Existing::Newer | Existing::Replaced => Old::Goes,
        };
        let fresh = Fresh::create(path, old).map_err(unwritable)?;
        fresh.file().write_all(bytes).map_err(unwritable)?;
        match fresh.name() {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match self.existing {
                Existing::Skipped => Ok(false),
                _ => Err(BadTarget::Exists),
            },
            Err(error) => Err(unwritable(error)),
        }
    }
}

fn unwritable(error: io::Error) -> BadTarget {
    if error.kind() == io::ErrorKind::InvalidInput && error.raw_os_error().is_none() {
        return BadTarget::NoFile;
    }
    BadTarget::Unwritable(error.raw_os_error().unwrap_or(libc::EIO))
}

/// A path without what leads up or to the root at its beginning, as `tar` keeps it.
fn downward(mut path: &[u8]) -> &[u8] {
    while let Some(rest) = [&b"/"[..], b"./", b"../"].iter().find_map(|up| path.strip_prefix(*up)) {
        path = rest;
    }
    path
}

/// How often a path says `..`.
fn steps_up(path: &[u8]) -> usize {
    path.split(|byte| *byte == b'/').filter(|part| *part == b"..").count()
}

/// The format that the name of a target says. Without any extension it says nothing, which is `Ok(None)`.
pub(super) fn format(target: &[u8]) -> Result<Option<Written>, BadTarget> {
    match path(target).extension() {
        None => Ok(None),
        Some(extension) => Written::of_extension(extension.as_bytes()).map(Some).ok_or(BadTarget::NoFormat),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn outside(template: &str, item: &str) -> bool {
        let targets = Targets::new(template, false, Existing::Fails, false).unwrap();
        let target = targets.of(item.as_bytes(), Seq(7));
        targets.fault(&target) == Some(BadTarget::Outside)
    }

    #[test]
    fn an_item_cannot_lead_out_of_the_folder() {
        for (template, item) in [
            ("{}.png", "../../x"),
            ("{}.png", "/etc/x"),
            ("{}/x.png", ""),
            ("thumbs/{}", "../x"),
            ("thumbs/{}", "a/../../x"),
            ("../thumbs/{}", "../x"),
            ("/srv/{}", "../x"),
            ("thumbs/{//}/{/}", "../x"),
            ("{//}/small/{/}", "/home/x.png"),
            ("{#}/{}", "../../x"),
            ("{#}/{}", "../x"),
            ("../../thumbs/{}", "a/b/../x"),
            ("{.}_small.png", "a/../x.png"),
            ("{//}/../thumbs/{/}", "a/../b/x"),
        ] {
            assert!(outside(template, item), "{template} with {item}");
        }
    }

    #[test]
    fn a_template_may_lead_anywhere() {
        for (template, item) in [
            ("../{/}", "x"),
            ("/tmp/none/{/}", "/etc/x"),
            ("../../thumbs/{}", "a/b/x"),
            ("thumbs/{/}", "a/../x"),
            ("thumbs/{}", "/etc/x"),
            ("thumbs_{}", "../x"),
            ("{//}/../thumbs/{/}", "a/x"),
        ] {
            assert!(!outside(template, item), "{template} with {item}");
        }
    }

    #[test]
    fn a_template_that_cannot_serve_is_refused() {
        for template in ["thumbs/{%}", "{2}"] {
            assert!(Targets::new(template, false, Existing::Fails, false).is_err(), "{template}");
        }
    }

    #[test]
    fn v8_a_folder_takes_items_by_their_names_or_as_a_tree() {
        let target = |text: &str, recursive, item: &str| {
            let targets = Targets::new(text, recursive, Existing::Fails, false).unwrap();
            let target = targets.of(item.as_bytes(), Seq(3));
            assert_eq!(targets.fault(&target), None, "{text} with {item}");
            String::from_utf8(target).unwrap()
        };
        for (text, recursive, item, expected) in [
            ("no-such/", false, "a/b.png", "no-such/b.png"),
            ("/no-such/x/", false, "/a/b.png", "/no-such/x/b.png"),
            ("./no-such/", false, "../b.png", "./no-such/b.png"),
            ("no-such/{//}/", false, "a/b.png", "no-such/a/b.png"),
            ("no-such/{#}/", false, "a/b.png", "no-such/3/b.png"),
            ("no-such/", true, "a/c/b.png", "no-such/a/c/b.png"),
            ("no-such/", true, "/a/c/b.png", "no-such/a/c/b.png"),
            ("no-such/", true, ".././../c/b.png", "no-such/c/b.png"),
            ("no-such/{/}", true, "a/b.png", "no-such/b.png"),
            ("no-such.png", false, "a/b.jpg", "no-such.png"),
        ] {
            assert_eq!(target(text, recursive, item), expected, "{text} with {item}");
        }
        let one = |text: &str| Targets::new(text, false, Existing::Fails, false).unwrap().is_one;
        assert!(one("a.png") && one("/x/a.png") && !one("a/") && !one("{#}.png") && !one("{}"));
    }

    #[test]
    fn the_name_says_the_format() {
        assert_eq!(format(b"a/b.JPG"), Ok(Some(Written::Jpeg)));
        assert_eq!(format(b"a.b/c"), Ok(None));
        assert_eq!(format(b"a.tiff"), Err(BadTarget::NoFormat));
    }
}
