//! What a result that replaces a file keeps of it; and everything else that replaces files.

use std::fs::{Permissions, metadata, set_permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use rustix::fs::{XattrFlags, getxattr, setxattr};

use super::pictures::png;
use super::{file, resize};
use crate::harness::{parjob, skip};

const MODES: [u32; 9] = [0o600, 0o640, 0o444, 0o400, 0o755, 0o666, 0o660, 0o2750, 0o1644];

#[track_caller]
fn has_mode(path: &Path, mode: u32) {
    let now = metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(now, mode, "{}: {now:o} instead of {mode:o}", path.display());
}

fn set_mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn v7_a_picture_that_is_replaced_keeps_its_mode() {
    for option in ["--overwrite", "--newer"] {
        let mut test = resize(&format!("{option} --width 8 --to out/{{/}}"));
        std::fs::create_dir(test.dir().join("out")).unwrap();
        for mode in MODES {
            let name = format!("{mode:o}.png");
            test = test.file(&name, png(16, 12)).file(&format!("out/{name}"), "old").arg(&name);
            let old = std::fs::File::options().write(true).open(test.dir().join("out").join(&name)).unwrap();
            old.set_modified(std::time::UNIX_EPOCH).unwrap();
            set_mode(&test.dir().join("out").join(&name), mode);
        }
        let done = test.run().is_silent().succeeds();
        for mode in MODES {
            let path = format!("out/{mode:o}.png");
            assert_ne!(file_of_any_mode(done.dir(), &path), b"old");
            has_mode(&done.dir().join(path), mode);
        }
    }
}

/// The content of a file that its mode may hide from its own reader.
fn file_of_any_mode(dir: &Path, path: &str) -> Vec<u8> {
    let mode = metadata(dir.join(path)).unwrap().permissions();
    set_mode(&dir.join(path), 0o600);
    let bytes = file(dir, path);
    set_permissions(dir.join(path), mode).unwrap();
    bytes
}

#[test]
fn v7_a_picture_that_replaces_itself_keeps_its_mode_and_attributes() {
    let test = resize("--overwrite --width 8 --to {} a.png").file("a.png", png(16, 12));
    let path = test.dir().join("a.png");
    set_mode(&path, 0o640);
    let has_attributes = setxattr(&path, "user.rating", b"5 stars", XattrFlags::empty()).is_ok();
    let done = test.run().is_silent().succeeds();
    has_mode(&path, 0o640);
    if !has_attributes {
        return skip("no extended attributes here");
    }
    let mut value = [0; 64];
    let n = getxattr(&path, "user.rating", &mut value).unwrap();
    assert_eq!(&value[..n], b"5 stars", "{}", done.story());
}

#[test]
fn v7_a_picture_that_is_replaced_keeps_its_owner_and_group_where_that_is_allowed() {
    let test = resize("--overwrite --width 8 --to {} a.png").file("a.png", png(16, 12));
    let path = test.dir().join("a.png");
    if std::os::unix::fs::chown(&path, Some(12_345), Some(54_321)).is_err() {
        return skip("only root can give files away");
    }
    set_mode(&path, 0o6750);
    let done = test.run().is_silent().succeeds();
    let now = metadata(&path).unwrap();
    assert_eq!((now.uid(), now.gid()), (12_345, 54_321));
    has_mode(&path, 0o6750);
    drop(done);
}

#[test]
fn v7_a_link_is_replaced_itself_and_what_it_leads_to_stays() {
    let test = resize("--overwrite --width 8 --to out/{/} a.png").file("a.png", png(16, 12)).file("kept", "kept");
    std::fs::create_dir(test.dir().join("out")).unwrap();
    set_mode(&test.dir().join("kept"), 0o600);
    symlink("../kept", test.dir().join("out/a.png")).unwrap();
    let done = test.run().is_silent().succeeds().leaves("kept", "kept");
    assert!(done.dir().join("out/a.png").symlink_metadata().unwrap().is_file());
    has_mode(&done.dir().join("out/a.png"), 0o600);
}

#[test]
fn v7_what_is_no_regular_file_is_never_replaced() {
    let test = resize("--overwrite --encode png --width 8 --to out.{/.} device.png fifo.png folder.png");
    let test = ["device.png", "fifo.png", "folder.png"].iter().fold(test, |test, name| test.file(name, png(16, 12)));
    symlink("/dev/null", test.dir().join("out.device")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        test.dir().join("out.fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    std::fs::create_dir(test.dir().join("out.folder")).unwrap();
    let done = test.run().prints("").says("is no regular file").counts(3, 0, 3, 0).status(1);
    let kind = |name: &str| metadata(done.dir().join(name)).unwrap().file_type();
    assert!(kind("out.device").is_char_device() && kind("out.fifo").is_fifo() && kind("out.folder").is_dir());
}

#[test]
fn v7_everything_else_that_replaces_a_file_keeps_its_mode() {
    for mode in [0o600, 0o640, 0o444, 0o755] {
        for options in ["--output FILE", "--joblog FILE run echo", "--output FILE run echo"] {
            let options = if options.contains("run") { options.to_string() } else { format!("{options} square") };
            let test = parjob(&options.replace("FILE", "file")).input("1\n2\n").file("file", "old\n");
            // The log is written to as it is, so that it must be writable.
            let mode = if options.contains("joblog") { mode | 0o200 } else { mode };
            set_mode(&test.dir().join("file"), mode);
            let done = test.run().succeeds();
            assert_ne!(file_of_any_mode(done.dir(), "file"), b"old\n", "{options}");
            has_mode(&done.dir().join("file"), mode);
        }
    }
}

#[test]
fn v7_results_of_another_run_keep_their_mode() {
    let kept = tempfile::tempdir().unwrap();
    let dir = kept.path().join("results");
    parjob("run --results").arg(&dir).args(["sh", "-c", "echo one", "{}"]).input("x\n").run().succeeds();
    let folder = std::fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    let names = ["stdout", "stderr", "outcome.json"];
    names.iter().zip([0o600, 0o640, 0o444]).for_each(|(name, mode)| set_mode(&folder.join(name), mode));
    parjob("run --results").arg(&dir).args(["sh", "-c", "echo two", "{}"]).input("x\n").run().succeeds();
    assert_eq!(std::fs::read(folder.join("stdout")).unwrap(), b"two\n");
    names.iter().zip([0o600, 0o640, 0o444]).for_each(|(name, mode)| has_mode(&folder.join(name), mode));
}
