//! Where results go, and what becomes of what is there already.

use std::time::{Duration, SystemTime};

use super::pictures::{png, scene};
use super::{file, resize, result};

#[test]
fn results_are_printed_in_order_and_their_folders_made() {
    let mut test = resize("--jobs 4 --chunk 1 --width 8 --to thumbs/{#}/{/.}_small.png");
    for n in 0..40 {
        let name = format!("p{n}.png");
        test = test.file(&name, png(16 + n, 12)).arg(name);
    }
    let expected: String = (0..40).map(|n| format!("thumbs/{}/p{n}_small.png\n", n + 1)).collect();
    let done = test.run().prints(expected).is_silent().succeeds();
    assert_eq!(result(&done, "thumbs/40/p39_small.png").width, 8);
}

#[test]
fn a_result_that_exists_is_a_failure_unless_it_is_said_what_to_do() {
    let test = |option: &str| {
        resize(&format!("--width 8 {option} --to b.{{/.}} --encode png a.png")).file("a.png", png(16, 12))
    };
    let old = |option: &str| test(option).file("b.a", "old");
    let done = old("").run().prints("").leaves("b.a", "old").status(1);
    done.says("\"a.png\" is to become \"b.a\", which exists; see --skip-existing, --newer and --overwrite");
    old("--skip-existing").run().prints("").leaves("b.a", "old").is_silent().succeeds();
    test("--skip-existing").run().prints("b.a\n").is_silent().succeeds();
    let done = old("--overwrite").run().prints("b.a\n").is_silent().succeeds();
    assert_eq!(result(&done, "b.a").width, 8);
    done.leaves_only(&["a.png", "b.a"]);
    test("--newer").run().prints("b.a\n").is_silent().succeeds();
}

#[test]
fn newer_goes_by_the_time_of_the_last_change() {
    for (age, written) in [(3600, true), (0, false)] {
        let test = resize("--width 8 --newer --to b.png{#} --encode png a.png")
            .file("a.png", png(16, 12))
            .file("b.png1", "old");
        let old = std::fs::File::options().write(true).open(test.dir().join("b.png1")).unwrap();
        old.set_modified(SystemTime::now() + Duration::from_secs(10) - Duration::from_secs(age)).unwrap();
        let done = test.run().prints(if written { "b.png1\n" } else { "" }).is_silent().succeeds();
        assert_eq!(file(done.dir(), "b.png1") == b"old", !written);
    }
}

#[test]
fn a_picture_may_replace_itself() {
    let done = resize("--width 8 --overwrite --to {} a.png").file("a.png", png(16, 12)).run();
    let done = done.prints("a.png\n").is_silent().succeeds().leaves_only(&["a.png"]);
    assert!(result(&done, "a.png").distance(&scene(8, 6)) < 3.0);
}

#[test]
fn of_two_items_with_one_target_the_second_fails_and_names_both() {
    for schedule in ["--jobs 1", "--jobs 4 --chunk 1", "--jobs 3 --chunk 2"] {
        let mut test = resize(&format!("{schedule} --overwrite --width 8 --to ./out/{{/.}}.png"));
        for folder in ["x", "y", "z"] {
            std::fs::create_dir(test.dir().join(folder)).unwrap();
            for n in 0..5 {
                let name = format!("{folder}/{n}.png");
                test = test.file(&name, png(if folder == "x" { 16 } else { 40 }, 12)).arg(name);
            }
        }
        let done = test.run().prints("./out/0.png\n./out/1.png\n./out/2.png\n./out/3.png\n./out/4.png\n");
        let done = done.says("item 6: \"y/0.png\" is to become \"./out/0.png\", as item 1 is already");
        let done = done.says("item 15: \"z/4.png\" is to become \"./out/4.png\", as item 5 is already");
        let done = done.counts(15, 5, 10, 0).status(1);
        assert_eq!(result(&done, "out/0.png").height, 6, "the first is the one that is written");
    }
}
