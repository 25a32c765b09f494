//! Where a result really goes: through links and `..`, over other results, over originals.

use std::os::unix::fs::symlink;

use super::pictures::{png, scene};
use super::{resize, result};
use crate::harness::Test;

const OUT: &str = "to which the item leads out of the folder; --allow-outside permits it";

/// A folder `in` with a link `ln` to a folder beside it, and a picture in each of them.
fn with_link(options: &str) -> Test {
    let test = resize(options);
    for folder in ["in", "elsewhere/dir"] {
        std::fs::create_dir_all(test.dir().join(folder)).unwrap();
    }
    symlink("../elsewhere/dir", test.dir().join("in/ln")).unwrap();
    test.file("elsewhere/pic.png", png(40, 30)).file("elsewhere/dir/q.png", png(40, 30)).file("in/p.png", png(40, 30))
}

#[test]
fn x4_a_link_does_not_lead_a_result_out_of_the_folder() {
    let script = |items: &str, options: &str| {
        let test = with_link(&format!("--width 20 --to in/{{.}}_s.png {options} {items}"));
        symlink("in/ln", test.dir().join("ln")).unwrap();
        symlink("in/p.png", test.dir().join("p.png")).unwrap();
        test.run()
    };
    for item in ["ln/q.png", "ln/../pic.png"] {
        let done = script(item, "").prints("").says(OUT).status(1);
        assert!(!done.dir().join("elsewhere/pic_s.png").exists());
        assert!(!done.dir().join("elsewhere/dir/q_s.png").exists());
    }
    let done = script("ln/q.png", "--allow-outside").prints("in/ln/q_s.png\n").is_silent().succeeds();
    assert!(done.dir().join("elsewhere/dir/q_s.png").exists());
    script("p.png", "").prints("in/p_s.png\n").is_silent().succeeds();
    // The template may say the link itself.
    let done = with_link("--width 20 --to in/ln/{/.}_s.png in/p.png").run().is_silent().succeeds();
    assert!(done.dir().join("elsewhere/dir/p_s.png").exists());
}

#[test]
fn of_two_items_with_one_file_the_second_fails_by_whatever_way_it_comes() {
    for schedule in ["--jobs 1", "--jobs 4 --chunk 1"] {
        let test = resize(&format!("{schedule} --width 5 --overwrite --to {{//}}/o_{{/}} a/x.png b/x.png"));
        std::fs::create_dir(test.dir().join("a")).unwrap();
        symlink("a", test.dir().join("b")).unwrap();
        let done = test.file("a/x.png", png(40, 30)).run().prints("a/o_x.png\n").counts(2, 1, 1, 0).status(1);
        done.says("item 2: \"b/x.png\" is to become \"b/o_x.png\", as item 1 is already");
    }
    let test = resize("--jobs 1 --width 5 --overwrite --to {//}/../o/{/} a/x.png b/x.png");
    for folder in ["a", "b"] {
        std::fs::create_dir(test.dir().join(folder)).unwrap();
    }
    let done = test.file("a/x.png", png(40, 30)).file("b/x.png", png(30, 40)).run().prints("a/../o/x.png\n").status(1);
    let done = done.says("item 2: \"b/x.png\" is to become \"b/../o/x.png\", as item 1 is already");
    assert_eq!(result(&done, "o/x.png").height, 4);
}

#[test]
fn an_original_that_is_given_as_an_item_is_not_replaced_by_another() {
    let bytes = png(30, 40);
    let test = |items: &str| {
        let test = resize(&format!("--jobs 1 --width 5 --overwrite --to {{.}}.jpg {items}"));
        test.file("p.png", png(40, 30)).file("p.jpg", &bytes)
    };
    let done = test("p.png ./p.jpg").run().prints("").leaves("p.jpg", &bytes).counts(2, 0, 2, 0).status(1);
    done.says("item 1: \"p.png\" is to become \"p.jpg\", which is an item itself");
    test("p.png").run().prints("p.jpg\n").is_silent().succeeds();
    // Its own place an item may take.
    let done = test("./p.jpg").run().prints("./p.jpg\n").is_silent().succeeds();
    assert!(result(&done, "p.jpg").distance(&scene(5, 7)) < 8.0);
}

#[test]
fn what_is_passed_over_is_counted_so() {
    let run = |options: &str, names: &str| {
        let test = resize(&format!("{options} --jobs 1 --width 20 --skip-existing --to out/{{/}} {names}"));
        std::fs::create_dir(test.dir().join("out")).unwrap();
        test.file("a.png", png(40, 30)).file("b.png", png(40, 30)).file("out/a.png", "old").run()
    };
    let done = run("", "a.png b.png none.png").prints("out/b.png\n").status(1);
    assert_eq!(done.told_counts(), [3, 1, 1, 1, 0], "read, ok, failed, skipped, not run");
    let done = run("--format jsonl", "a.png b.png").is_silent().succeeds();
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["ok"], &lines[0]["result"], &lines[0]["skipped"]), (&true.into(), &"".into(), &true.into()));
    assert!(lines[1].get("skipped").is_none() && lines[1]["result"] == "out/b.png");
}
