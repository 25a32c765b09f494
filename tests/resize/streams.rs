//! Pictures that can be read only once: standard input, FIFOs, `<(…)`.

use super::pictures::{bmp, jpeg, png, still_gif, tiffs, webp_with};
use super::{file, result, shows_scene};
use crate::harness::{Test, has, parjob, shell};

/// A picture of each format, with its name.
fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let tiff = tiffs(40, 30).remove(0).1;
    let webp = webp_with(40, 30, b"");
    vec![
        ("jpeg", jpeg(40, 30)),
        ("png", png(40, 30)),
        ("gif", still_gif(40, 30)),
        ("bmp", bmp(40, 30)),
        ("tiff", tiff),
        ("webp", webp),
    ]
}

#[test]
fn z14_a_picture_comes_from_standard_input() {
    for (name, bytes) in pictures() {
        for item in ["-", "/dev/stdin", "/proc/self/fd/0"] {
            let test = parjob("resize --width 20 --to out.png").arg(item).input(bytes.clone());
            let done = test.run().prints("out.png\n").is_silent().succeeds();
            let got = result(&done, "out.png");
            assert_eq!((got.width, got.height), (20, 15), "{name} by {item}");
        }
    }
    // In the middle of a file, where somebody else has read what is before.
    let script = "{ head -c 7 > /dev/null; parjob resize --width 20 --to out.png -; } < a";
    let done = shell(script).file("a", [b"garbage".to_vec(), png(40, 30)].concat()).run().is_silent().succeeds();
    shows_scene(&result(&done, "out.png"), 20, 15);
}

#[test]
fn z14_pictures_come_from_fifos() {
    let script = "mkfifo a b; cat p1 > a & cat p2 > b & parjob --jobs 2 resize --width 20 --to {}.png a b";
    let test = shell(script).file("p1", jpeg(40, 30)).file("p2", png(40, 30));
    let done = test.run().prints("a.png\nb.png\n").is_silent().succeeds();
    shows_scene(&result(&done, "a.png"), 20, 15);
    shows_scene(&result(&done, "b.png"), 20, 15);
    // Both from one writer, which waits for each of its readers.
    let big = png(900, 700);
    let script = "mkfifo a b; tee a < p > b & parjob --jobs 2 --chunk 1 resize --memory 4M --width 20 --to {}.png a b";
    let done = shell(script).file("p", big).run().prints("a.png\nb.png\n").is_silent().succeeds();
    assert_eq!(file(done.dir(), "a.png"), file(done.dir(), "b.png"));
}

/// A script for bash; `None`: there is none.
fn bash(script: &str) -> Option<Test> {
    has("bash").then(|| shell("exec bash -c \"$SCRIPT\"").env("SCRIPT", script))
}

#[test]
fn z14_substituted_processes_are_read() {
    let Some(test) = bash("parjob resize --width 20 --to '{#}.png' <(cat a) <(cat b)") else { return };
    let done = test.file("a", jpeg(40, 30)).file("b", still_gif(40, 30)).run();
    let done = done.prints("1.png\n2.png\n").is_silent().succeeds();
    shows_scene(&result(&done, "1.png"), 20, 15);
    for (script, prints) in [
        ("parjob hash --algorithm md5 <(printf abc) | cut -c 1-32", "900150983cd24fb0d6963f7d28e17f72\n"),
        ("parjob square -a <(seq 3)", "1\n4\n9\n"),
        ("parjob square :::: <(seq 3) <(seq 4 5)", "1\n4\n9\n16\n25\n"),
        ("printf abc > f; parjob hash --check <(parjob hash f)", "f: OK\n"),
        ("printf abc > f; parjob hash --check <(sha256sum f) 2> /dev/null", "f: OK\n"),
        ("parjob --jobs @<(echo 2) run echo {} ::: 1 2", "1\n2\n"),
        ("parjob --total 3 square < <(seq 3)", "1\n4\n9\n"),
        ("parjob --header run echo {a} :::: <(printf 'a\\n1\\n2\\n')", "1\n2\n"),
    ] {
        bash(script).unwrap().run().prints(prints).succeeds();
    }
    // What is read twice while it is checked by trying can be read only once.
    let both = "printf abc > f; mkfifo p; printf abc > p & parjob hash -c <(sha256sum f | sed 's/f$/p/')";
    bash(both).unwrap().run().prints("p: OK\n").says("sha256").succeeds();
}

#[test]
fn z14_what_is_no_picture_is_not_copied_and_the_memory_is_a_bound() {
    let run = |script: &str| shell(script).file("p", png(900, 700));
    let done = run("parjob resize --width 20 --to {#}.png /dev/zero /dev/urandom /dev/null - < /dev/null").run();
    done.prints("").says("is no picture").counts(4, 0, 4, 0).status(1);
    let endless = "{ cat p; cat /dev/zero; } | parjob resize --memory 1M --width 20 --to out.png -";
    run(endless).run().prints("").says("it is a stream of more than 1048576 bytes, which is --memory").status(1);
    let cut = "head -c 500 p | parjob resize --width 20 --to out.png -";
    run(cut).run().prints("").says("\"-\" cannot be resized").status(1);
}

#[test]
fn z14_standard_input_has_one_use() {
    let done = parjob("resize --width 20 --to {#}.png").input("-\na.png\n").file("a.png", png(40, 30)).run();
    done.prints("2.png\n").says("is standard input, from which the items are read").counts(2, 1, 1, 0).status(1);
    let done = parjob("resize --jobs 1 --width 20 --to {#}.png - -").input(png(40, 30)).run();
    done.prints("1.png\n").says("item 2: \"-\" is no picture").counts(2, 1, 1, 0).status(1);
    let done = shell("parjob resize --width 20 --to {#}.png - <&-").run();
    done.prints("").says("\"-\" cannot be read").status(1);
    // A file of that name is one all the same.
    let done = parjob("resize --width 20 --to out.png ./-").file("-", png(40, 30)).run().is_silent().succeeds();
    shows_scene(&result(&done, "out.png"), 20, 15);
}
