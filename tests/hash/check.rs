//! `hash --check` beside `sha256sum --check`: standard output, the warnings and the status.

use std::process::Command;

use super::{hostile_names, noise, output, with_files};
use crate::harness::{Test, has, parjob, shell};

/// The files that the lists name.
fn with_abc(test: Test) -> Test {
    test.file("a", "a").file("b", "b").file("c d", noise(300_000))
}

/// The lines about the whole list, without the name of the program and of the list.
fn warnings(stderr: &str) -> Vec<&str> {
    let about_all = |line: &&str| ["WARNING: ", "no properly", "no file was"].iter().any(|part| line.contains(part));
    stderr.lines().filter(about_all).filter_map(|line| line.rsplit_once(": ")).map(|(_, text)| text).collect()
}

/// Both programs give the same on this list, made by a script in which `ok` is a good list of a, b and "c d".
#[track_caller]
fn same_as_sha256sum(make: &str, options: &str, ours: &str) {
    if !has("sha256sum") {
        return;
    }
    let list = with_abc(shell(&format!("sha256sum a b 'c d' > ok; {make}"))).run().stdout().to_vec();
    let test = with_abc(parjob(&format!("--jobs 3 hash --algorithm sha256 --check {ours} list"))).file("list", &list);
    let mut peer = Command::new("sha256sum");
    peer.arg("--check").args(options.split_whitespace()).arg("list").current_dir(test.dir());
    let peer = peer.env("LC_ALL", "C").output().unwrap();
    let done = test.run();
    assert_eq!(warnings(&done.stderr()), warnings(&String::from_utf8_lossy(&peer.stderr)), "{}", done.story());
    done.prints(&peer.stdout).status(peer.status.code().unwrap());
}

const BAD: &str = "cat ok; sed '1s/^./x/; 2s/^./0/; 2s/^00/01/' ok; sed 's/  a$/  none/; s/  b$/  nor/' ok";

#[test]
fn all_is_well() {
    same_as_sha256sum("cat ok", "", "");
    same_as_sha256sum("sha256sum --tag a b 'c d'", "", "");
    same_as_sha256sum("sha256sum --binary a b 'c d'", "", "");
    same_as_sha256sum("sed 's/  / /' ok", "", "");
    same_as_sha256sum("sed 's/$/\\r/' ok", "", "");
    same_as_sha256sum("tr a-f A-F < ok | sed 's/A$/a/; s/B$/b/; s/C D$/c d/'", "", "");
    same_as_sha256sum("echo '# comment'; cat ok; echo", "", "");
}

#[test]
fn what_is_wrong_is_told_as_they_tell_it() {
    same_as_sha256sum("sed 's/^.../123/' ok", "", "");
    same_as_sha256sum("sed '1s/^.../123/' ok", "", "");
    same_as_sha256sum("sed 's/  a$/  none/' ok", "", "");
    same_as_sha256sum(BAD, "", "");
    same_as_sha256sum("cat ok; echo bad; echo bad; sha1sum a", "", "");
    same_as_sha256sum("cat ok; echo bad", "", "");
    same_as_sha256sum("echo bad", "", "");
    same_as_sha256sum(":", "", "");
    same_as_sha256sum("mkdir d; sed 's/  a$/  ./' ok", "", "");
}

#[test]
fn quiet_drops_what_is_well() {
    same_as_sha256sum("cat ok", "--quiet", "--quiet");
    same_as_sha256sum(BAD, "--quiet", "-q");
}

#[test]
fn missing_files_can_be_passed_over() {
    same_as_sha256sum("cat ok; sed 's/  a$/  none/' ok", "--ignore-missing", "--ignore-missing");
    same_as_sha256sum("sed 's/  .*$/  none/' ok", "--ignore-missing", "--ignore-missing");
    same_as_sha256sum(BAD, "--ignore-missing", "--ignore-missing");
}

#[test]
fn hostile_names_go_there_and_back() {
    if !has("sha256sum") {
        return;
    }
    let names = hostile_names();
    let script = "mkdir in; mv -- * in 2>/dev/null; cd in; \
                  find . -type f -print0 | sort -z > ../items; \
                  parjob -0 hash --algorithm sha256 < ../items > ../ours; xargs -0 sha256sum --tag < ../items > ../tagged; \
                  sha256sum --check ../ours > ../expected && \
                  parjob hash --algorithm sha256 --check ../ours | cmp - ../expected && \
                  parjob hash --check ../tagged | cmp - ../expected && wc -l < ../expected";
    with_files(shell(script), &names).run().prints("12\n").is_silent().succeeds();
}

#[test]
fn lists_come_from_several_files_and_from_standard_input() {
    let script = "parjob hash a > one; parjob hash --algorithm md5 b > two; parjob hash 'c d' > three; \
                  parjob hash --check one - < three; parjob hash --check < one; parjob hash --check :::: one three; \
                  parjob hash --algorithm md5 --check two";
    let expected = "a: OK\nc d: OK\na: OK\na: OK\nc d: OK\nb: OK\n";
    with_abc(shell(script)).run().prints(expected).is_silent().succeeds();
}

#[test]
fn standard_input_is_an_item_where_the_list_is_a_file() {
    let script = "printf abc | parjob hash - > list; printf abc | parjob hash --check list; \
                  parjob hash --check < list; echo $?";
    let done = shell(script).run().prints("-: OK\n1\n");
    done.says("parjob: standard input: no properly formatted checksum lines found");
}

#[test]
fn failures_name_the_file() {
    let list = "d41d8cd98f00b204e9800998ecf8427e  a\nd41d8cd98f00b204e9800998ecf8427e  none\n";
    let done = with_abc(parjob("hash --algorithm md5 --check list")).file("list", list).run();
    done.prints("a: FAILED\nnone: FAILED open or read\n")
        .says("names \"a\", which has another checksum")
        .says("names \"none\", which cannot be read: No such file or directory")
        .says("parjob: WARNING: 1 listed file could not be read\nparjob: WARNING: 1 computed checksum did NOT match\n")
        .counts(2, 0, 2, 0)
        .status(1);
}

#[test]
fn formats_that_hold_the_item_tell_of_all() {
    let list = "d41d8cd98f00b204e9800998ecf8427e  empty\nd41d8cd98f00b204e9800998ecf8427e  a\n# c\n";
    let run = |options: &str| {
        let test = with_abc(parjob(&format!("{options} hash --algorithm md5 --check list"))).file("empty", "");
        test.file("list", list).run().status(1).stdout().to_vec()
    };
    let text = String::from_utf8(run("--format jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with(r#""ok":true,"result":"empty: OK"}"#), "{text}");
    assert!(lines[1].contains(r#""ok":false,"error":""#), "{text}");
    assert!(lines[2].ends_with(r##""item":"# c","ok":true,"result":""}"##), "{text}");
    let text = String::from_utf8(run("--tag")).unwrap();
    assert_eq!(text, list.replace("empty\n", "empty\tempty: OK\n").replace("  a\n# c", "  a\ta: FAILED"));
    assert_eq!(run("--reduce count"), b"2\n");
}

#[test]
fn what_contradicts_itself_is_refused() {
    parjob("hash --ignore-missing a").run().prints("").says("--ignore-missing is for --check").status(2);
    parjob("hash --check --recursive a").run().prints("").says("--recursive").status(2);
}

/// Both programs give the same on several lists, which a script makes beside `ok`, a good list of a, b and "c d".
#[track_caller]
fn same_on_lists(make: &str, options: &str) {
    if !has("sha256sum") {
        return;
    }
    for quiet in ["", " --quiet"] {
        let script = format!(
            "sha256sum a b 'c d' > ok; {make}; export LC_ALL=C; \
             sha256sum --check{quiet} {options} > theirs 2> said; echo $? >> theirs; sed 's/^sha256sum: //' said > theirs2; \
             parjob --jobs 3 hash{quiet} --algorithm sha256 --check {options} > ours 2> said; echo $? >> ours; \
             sed 's/^parjob: //' said > ours2; cat theirs theirs2 ours ours2 >&2; cmp theirs ours"
        );
        let done = with_abc(shell(&script)).run().succeeds();
        let said = |name| String::from_utf8(std::fs::read(done.dir().join(name)).unwrap()).unwrap();
        let about_lists = |text: String| -> Vec<String> {
            let kept = ["WARNING: ", "no properly", "no file was"];
            text.lines().filter(|line| kept.iter().any(|part| line.contains(part))).map(String::from).collect()
        };
        assert_eq!(about_lists(said("ours2")), about_lists(said("theirs2")), "{}", done.story());
    }
}

#[test]
fn each_list_is_judged_by_itself() {
    same_on_lists("printf 'x\\nx\\n' > junk", "junk ok");
    same_on_lists("printf 'x\\n' > junk", "ok junk");
    same_on_lists(": > empty", "ok empty");
    same_on_lists(": > empty", "empty ok");
    same_on_lists("sed 's/  .*/  none/' ok > missing", "--ignore-missing missing ok");
    same_on_lists("(cat ok; echo x) > one; (echo x; cat ok; echo x) > two", "one two");
    same_on_lists("sed 's/^.../123/' ok > bad; sed 's/  a$/  none/' ok > missing", "bad missing ok");
    same_on_lists("printf x > tail; cat ok >> tail", "tail ok");
}

#[test]
fn a_list_that_cannot_be_read_fails_and_the_next_is_checked() {
    same_on_lists(":", "none ok");
    same_on_lists("mkdir d", "ok d ok");
    same_on_lists(":", "none");
    let done = with_abc(shell("parjob hash a > ok; parjob hash --check none ok")).run();
    done.prints("a: OK\n").says("parjob: none: No such file or directory").status(1);
}

#[test]
fn forms_and_tags_do_not_mix() {
    same_on_lists("sed 's/  / /' ok > one", "one ok");
    same_on_lists("sed 's/  / /' ok > one", "ok one");
    same_on_lists("sed 's/  / /' ok > one; cat ok one > mixed", "mixed");
    same_on_lists("md5sum --tag a > other; sha256sum --tag a >> other", "other");
    same_on_lists("md5sum --tag a b > other", "other ok");
    // Without --algorithm the tag says it.
    let script =
        "parjob hash --algorithm md5 a | sed 's/\\(.*\\)  a/MD5 (a) = \\1/' > tagged; parjob hash --check tagged";
    with_abc(shell(script)).run().prints("a: OK\n").is_silent().succeeds();
}

#[test]
fn lines_of_other_systems_are_read_without_a_warning() {
    let script = "parjob hash a | sed 's/$/\\r/' > list; parjob hash --check list";
    with_abc(shell(script)).run().prints("a: OK\n").is_silent().succeeds();
}

#[test]
fn quiet_still_says_why_a_file_could_not_be_read() {
    let script = "parjob hash a | sed 's/  a/  none/' > list; parjob -q hash --check list";
    let done = with_abc(shell(script)).run().prints("none: FAILED open or read\n").status(1);
    done.says("parjob: \"none\" cannot be read: No such file or directory").never_says("item 1");
}

#[test]
fn b3sum_and_hash_read_each_others_lists() {
    if !has("b3sum") {
        return;
    }
    let script = "b3sum a b 'c d' > theirs; parjob hash a b 'c d' > ours; cmp ours theirs; \
                  echo \"BLAKE3 (a) = $(cut -d' ' -f1 < theirs | head -n 1)\" > tagged; \
                  b3sum --check ours; parjob hash --check theirs tagged";
    with_abc(shell(script)).run().prints("a: OK\nb: OK\nc d: OK\n".repeat(2) + "a: OK\n").succeeds();
}

#[test]
fn what_the_peer_prints_is_what_it_prints() {
    // Guards the comparison itself: the lists above hold what they are meant to.
    if has("sha256sum") {
        let test = with_abc(shell(&format!("sha256sum a b 'c d' > ok; ({BAD}) > list")));
        let dir = test.dir().to_path_buf();
        let done = test.run().succeeds();
        let text = output("sha256sum", &["--check".as_ref(), "list".as_ref()], &dir);
        assert!(text.ends_with(b"c d: OK\n") && String::from_utf8_lossy(&text).contains("FAILED open or read"));
        drop(done);
    }
}
