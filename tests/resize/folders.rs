//! `--to` a folder or a single file, shares of a size, trees of pictures, and what would be written.

use super::pictures::{Pixels, jpeg_with, png, still_gif};
use super::{file, resize, result, shows_scene};
use crate::harness::{Test, parjob, shell};

#[test]
fn v8_one_item_may_have_a_target_without_a_placeholder() {
    for to in ["one.png", "./one.png", "new/folder/one.png"] {
        let done = resize("--width 20 --to").args([to, "a.png"]).file("a.png", png(40, 30)).run();
        shows_scene(&result(&done.prints(format!("{to}\n")).is_silent().succeeds(), to), 20, 15);
    }
    // Items that come from elsewhere are not counted ahead: the first is done, the others fail.
    let one = |input: &str| {
        let test = parjob("--jobs 1 resize --width 20 --to one.png").input(input);
        test.file("a.png", png(40, 30)).file("b.png", png(10, 30)).run()
    };
    shows_scene(&result(&one("a.png\n").prints("one.png\n").is_silent().succeeds(), "one.png"), 20, 15);
    let done = one("a.png\nb.png\n").prints("one.png\n").says("as item 1 is already").counts(2, 1, 1, 0).status(1);
    shows_scene(&result(&done, "one.png"), 20, 15);
}

#[test]
fn v8_a_slash_at_the_end_means_a_folder() {
    for (to, expected) in [("out/", "out/a.png\nout/b.png\n"), ("./out/{#}/", "./out/1/a.png\n./out/2/b.png\n")] {
        let test = resize("--width 20 --to").args([to, "x/a.png", "x/y/b.png"]);
        std::fs::create_dir_all(test.dir().join("x/y")).unwrap();
        let done = test.file("x/a.png", png(40, 30)).file("x/y/b.png", png(40, 30)).run();
        shows_scene(&result(&done.prints(expected).is_silent().succeeds(), expected.lines().next().unwrap()), 20, 15);
    }
    // With the format of the original, where the name does not say it.
    let done = resize("--width 20 --to out/ a").file("a", png(40, 30)).run().prints("out/a\n").succeeds();
    shows_scene(&result(&done, "out/a"), 20, 15);
}

#[test]
fn v8_sides_may_be_shares_of_the_original() {
    let made = |options: &str, picture: Vec<u8>| -> Pixels {
        let done = resize(&format!("{options} --to out.png a")).file("a", picture).run();
        result(&done.is_silent().succeeds(), "out.png")
    };
    let lying = || jpeg_with(120, 80, |encoder| encoder.add_exif_metadata(&super::pictures::exif(6)).unwrap());
    for (options, stands, lies) in [
        ("--width 50%", (60, 40), (40, 60)),
        ("--height 25%", (30, 20), (20, 30)),
        ("--width 50% --height 25%", (30, 20), (20, 30)),
        ("--width 50% --height 25% --fit exact", (60, 20), (40, 30)),
        ("--width 50% --height 25% --fit cover", (60, 20), (40, 30)),
        ("--width 50% --height 100% --fit pad", (60, 80), (40, 120)),
        ("--width 12.5%", (15, 10), (10, 15)),
        ("--width 100%", (120, 80), (80, 120)),
        ("--width 0.1%", (1, 1), (1, 2)),
        ("--width 150% --enlarge", (180, 120), (120, 180)),
        ("--width 50% --height 30", (45, 30), (20, 30)),
    ] {
        let size = |pixels: Pixels| (pixels.width, pixels.height);
        assert_eq!(size(made(options, png(120, 80))), stands, "{options}");
        assert_eq!(size(made(options, lying())), lies, "{options}, of a picture on its side");
    }
}

/// A tree of pictures and other things.
fn tree(test: Test) -> Test {
    std::fs::create_dir_all(test.dir().join("in/sub/deep")).unwrap();
    let test = test
        .file("in/a.png", png(40, 30))
        .file("in/sub/B.PNG", png(40, 30))
        .file("in/sub/deep/c.gif", still_gif(40, 30));
    test.file("in/note.txt", "text").file("in/sub/png", png(40, 30)).file("in/sub/raw.cr2", "raw")
}

#[test]
fn v8_a_tree_of_pictures_is_kept_below_the_target() {
    for folder in ["in", "in/", "./in"] {
        let test = tree(resize("--recursive --width 20 --encode png --to out/").arg(folder));
        let done = test.run().prints("out/in/a.png\nout/in/sub/B.PNG\nout/in/sub/deep/c.gif\n").is_silent().succeeds();
        shows_scene(&result(&done, "out/in/sub/B.PNG"), 20, 15);
        assert_eq!(result(&done, "out/in/sub/deep/c.gif").width, 20);
    }
    let test = resize("--recursive --width 20 --encode png --to out/");
    let folder = test.dir().join("in");
    let done = tree(test.arg(&folder)).run().is_silent().succeeds();
    let below = format!("out{}/sub/B.PNG", folder.display());
    shows_scene(&result(&done, &below), 20, 15);
    // From standard input, and with a template that says something else.
    let test =
        tree(parjob("resize --recursive --width 20 --encode png --to out/{#}.png")).input("in/sub\nin/note.txt\n");
    let done = test.run().prints("out/1.png\nout/2.png\n").counts(3, 2, 1, 0).status(1);
    done.says("\"in/note.txt\" is no picture");
}

#[test]
fn v8_results_are_no_pictures_of_a_later_run() {
    let script = "for n in 1 2 3; do parjob resize --recursive --overwrite --width 20 --encode png --to in/thumbs/ in || exit; done; \
                  find in/thumbs -type f | sort";
    let done = tree(shell(script)).run().succeeds();
    let each = "in/thumbs/in/a.png\nin/thumbs/in/sub/B.PNG\nin/thumbs/in/sub/deep/c.gif\n";
    done.prints(each.repeat(4));
    // Nor of the same, beside their originals.
    let done = tree(resize("--recursive --jobs 1 --chunk 1 --width 20 --to {//}/new/{/.}.png in")).run().succeeds();
    done.prints("in/new/a.png\nin/sub/new/B.png\nin/sub/deep/new/c.png\n");
}

#[test]
fn v8_a_dry_run_tells_what_would_be_written_and_writes_nothing() {
    let run = |options: &str| {
        let test = tree(resize(&format!("--dry-run --recursive {options} in")));
        test.file("old.png", "old").run()
    };
    let each = "out/in/a.png\nout/in/sub/B.PNG\nout/in/sub/deep/c.png\n";
    let done = run("--width 20 --to out/{.}.png --allow-outside").prints(each.replace("B.PNG", "B.png"));
    done.is_silent().succeeds().leaves_only(&["in", "old.png"]);
    let done = run("--width 20 --to out/ --encode png --output list").succeeds();
    done.leaves_only(&["in", "old.png"]);
    let done = resize("--dry-run --format jsonl --width 50% --height 90% --fit pad --to old.png a.jpg")
        .file("a.jpg", jpeg_with(120, 80, |encoder| encoder.add_exif_metadata(&super::pictures::exif(6)).unwrap()));
    let done = done.run().is_silent().succeeds().leaves_only(&["a.jpg"]);
    let line: serde_json::Value = serde_json::from_slice(done.stdout()).unwrap();
    assert_eq!((&line["width"], &line["height"], &line["from_width"]), (&40.into(), &108.into(), &120.into()));
    assert!(line["result"] == "old.png" && line.get("bytes").is_none());
    // What would fail or be passed over does.
    let test = || resize("--dry-run --width 20 --to old.png a.png").file("a.png", png(40, 30)).file("old.png", "old");
    test().run().prints("").says("which exists").status(1).leaves("old.png", "old");
    test().arg("--overwrite").run().prints("old.png\n").succeeds().leaves("old.png", "old");
    let done = test().arg("--skip-existing").run().prints("").succeeds();
    assert_eq!(file(done.dir(), "old.png"), b"old");
    let done =
        resize("--dry-run --width 20 --to out/ a.png b.png").file("a.png", "no").file("b.png", png(40, 30)).run();
    done.prints("out/b.png\n").says("\"a.png\" is no picture").leaves_only(&["a.png", "b.png"]).status(1);
}
