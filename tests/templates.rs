//! What stands in braces: the forms of an item, numbers, other placeholders, batches, and what stays as it is.

use proptest::prelude::*;

use crate::harness::{has, parjob, shell};

/// The words of the command, one a line.
#[track_caller]
fn words(template: &str, item: &str, expected: &str) {
    let run = parjob("run printf %s\\n").arg(template).args([":::", item]).run();
    run.prints(format!("{expected}\n")).is_silent().succeeds();
    if !template.contains(['\'', '$']) {
        let run = parjob("sh").arg(format!("printf '%s\\n' \"{template}\"")).args([":::", item]).run();
        run.prints(format!("{expected}\n")).is_silent().succeeds();
    }
}

#[test]
fn an_item_loses_its_last_extension() {
    words("{.}", "dir/foo.jpg", "dir/foo");
    words("{.}", "dir.d/bar", "dir.d/bar");
    words("{.}", "x.tar.gz", "x.tar");
    words("{.}", ".bashrc", ".bashrc");
    words("{.}_small.png", "a b.png", "a b_small.png");
}

#[test]
fn an_item_is_its_name_or_its_folder() {
    words("{/}", "dir/foo.jpg", "foo.jpg");
    words("[{/}]", "a/", "[]");
    words("[{/}]", "/", "[]");
    words("{//}", "dir/sub/foo", "dir/sub");
    words("{//}", "foo", ".");
    words("{//}", "/foo", "/");
    words("{//}", "a/", ".");
    words("{/.}", "dir.d/foo.tar.gz", "foo.tar");
    words("{/.}", "dir/.bashrc", ".bashrc");
}

#[test]
fn fields_have_the_same_forms() {
    let run = parjob("run echo {1.}|{1/}|{1//}|{1/.}|{-1.}|{2/} ::: a/b.c ::: d/e.f").run();
    run.prints("a/b|b.c|a|b|d/e|e.f\n").succeeds();
}

#[test]
fn items_and_workers_count_from_one() {
    parjob("-j1 run echo {#}.{%} ::: a b c").run().prints("1.1\n2.1\n3.1\n").is_silent().succeeds();
    parjob("-j1 sh").args(["echo {#}.{%}", ":::", "a", "b"]).run().prints("1.1\n2.1\n").succeeds();
    let run = parjob("-j2 run echo {%}").input("x\n".repeat(40)).run().succeeds();
    assert!(run.stdout().iter().all(|byte| matches!(byte, b'1' | b'2' | b'\n')), "{}", run.story());
}

#[test]
fn without_a_placeholder_the_item_is_appended() {
    parjob("run printf [%s] x ::: a b").run().prints("[x][a][x][b]").succeeds();
    parjob("sh").args(["printf '[%s]' x", ":::", "a b"]).run().prints("[x][a b]").succeeds();
    // Where there is one, in whatever word, nothing is appended.
    parjob("run printf [%s] x{#} ::: a b").run().prints("[x1][x2]").succeeds();
}

#[test]
fn unknown_braces_stay_as_they_are() {
    for text in
        ["{print $1}", "{}}", "{a,b}", "{ }", "{x}", "{0}", "{01}", "{+1}", "{.x}", "{///}", "{", "}{", "${HOME}"]
    {
        let expected = text.replace("{}", "item");
        let run = parjob("run printf %s\\n").arg(text).arg("{}").args([":::", "item"]).run();
        run.prints(format!("{expected}\nitem\n")).is_silent().succeeds();
    }
    parjob("run awk").args(["{print $1}", ":::", "f"]).file("f", "x y\n").run().prints("x\n").succeeds();
}

#[test]
fn a_number_beyond_the_fields_is_refused_with_advice() {
    for (command, number) in [("run grep -E a{2}", "{2}"), ("run echo {-2}", "{-2}"), ("run echo {2.}", "{2.}")] {
        let run = parjob(command).args([":::", "aa"]).run();
        run.prints("").says(&format!("there is no {number}")).says("-I").status(2);
    }
    parjob("sh").args(["echo {2}", ":::", "a"]).run().prints("").says("-I").status(2);
    parjob("run echo {3} ::: a ::: b").run().prints("").says("2 fields").status(2);
    parjob("run --tag-template {2} echo ::: a").run().prints("").says("there is no {2}").status(2);
}

#[test]
fn another_placeholder_leaves_braces_alone() {
    parjob("run -I @ echo a{2}{} x@y@ ::: i").run().prints("a{2}{} xiyi\n").is_silent().succeeds();
    parjob("-I ITEM run grep -E a{2} ITEM ::: f").file("f", "aa\nab\n").run().prints("aa\n").succeeds();
    parjob("sh -I @").args(["printf '%s\\n' {} @ '@'", ":::", "$x"]).run().prints("{}\n$x\n$x\n").succeeds();
    // Without it in the command, the item is appended.
    parjob("run -I @ echo {} ::: i").run().prints("{} i\n").succeeds();
    parjob("run -I").args(["", "echo", ":::", "i"]).run().prints("").says("-I").status(2);
}

#[test]
fn a_batch_repeats_the_word_that_holds_the_item() {
    parjob("-j1 -n 2 run echo x{}y z ::: a b c").run().prints("xay xby z\nxcy z\n").is_silent().succeeds();
    parjob("-j1 --batch 2 run echo ::: a b c").run().prints("a b\nc\n").succeeds();
    parjob("-j1 -n 3 run echo {.} {/} ::: d/a.x d/b.y").run().prints("d/a d/b a.x b.y\n").succeeds();
    parjob("-j1 -n 2 run echo {1}{2} ::: a b ::: 1 2").run().prints("a1 a2\nb1 b2\n").succeeds();
    parjob("-n 2 sh").args(["printf '[%s]' x{}y", ":::", "a b", "c"]).run().prints("[xa by][xcy]").succeeds();
    parjob("run -n 0 echo ::: a").run().says("--batch").status(2);
}

#[test]
fn the_words_of_a_command_are_not_options_of_parjob() {
    parjob("run echo -n --jobs 0 --help {} ::: a").run().prints("--jobs 0 --help a").succeeds();
    parjob("run -- echo --version ::: a").run().prints("--version a\n").succeeds();
}

#[test]
fn a_dry_run_prints_what_can_be_pasted() {
    let run = parjob("run --dry-run echo").args(["x y", ":::", "a", "b'c", "", "\n"]).run();
    run.prints("echo 'x y' a\necho 'x y' \"b'c\"\necho 'x y' ''\necho 'x y' '\n'\n").is_silent().succeeds();
    let run = parjob("sh --dry-run").args(["echo {} > /nonexistent/file", ":::", "a b"]).run();
    run.prints("sh -c 'echo \"${1}\" > /nonexistent/file' sh 'a b'\n").is_silent().succeeds();
    let run = parjob("-t run echo").args([":::", "a b"]).run();
    run.prints("a b\n").says("echo 'a b'\n").succeeds();
}

/// Words of a command and items, of bytes that matter to shells and terminals.
fn word() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![prop::sample::select(b"'\"\\$`!*?~#&|;<>()[] \n\t\r=%-a".to_vec()), 1..=255_u8];
    prop::collection::vec(byte, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_dry_run_prints_does_in_a_shell_what_the_run_does(
        fixed in prop::collection::vec(word(), 0..3),
        items in prop::collection::vec(word(), 1..6),
    ) {
        use std::os::unix::ffi::OsStringExt;
        let fixed: Vec<std::ffi::OsString> = fixed.into_iter().map(std::ffi::OsString::from_vec).collect();
        let input: Vec<u8> = items.iter().flat_map(|item| [&item[..], b"\0"].concat()).collect();
        for way in ["run", "sh"] {
            // Braces of the words stay, since -I names another placeholder.
            let line = |dry: &str| parjob(&format!("-0 -j1 {way} -I {{ITEM}} {dry}")).input(input.clone());
            let command = |test: crate::harness::Test| match way {
                "run" => test.args(["printf", "[%s]"]).args(&fixed).arg("<{ITEM}>"),
                _ => test.arg("printf '[%s]' \"{ITEM}\" '{ITEM}' {ITEM}"),
            };
            let script = command(line("--dry-run")).run().succeeds().stdout().to_vec();
            let ran = command(line("")).run().succeeds().stdout().to_vec();
            for shell in ["dash", "bash"].into_iter().filter(|shell| has(shell)) {
                let mut pasted = self::shell(&format!("{shell} pasted")).file("pasted", &script);
                pasted = pasted.env("LC_ALL", "C.UTF-8");
                pasted.run().prints(&ran).is_silent().succeeds();
            }
        }
    }
}

#[test]
fn a_warning_is_told_even_to_who_wants_only_errors() {
    let run = parjob("-q --dry-run sh").args(["x={}; echo $((x))", ":::", "1"]).run().succeeds();
    run.says("parjob: the value of {} is given to a variable or parameter, or may be, and there is arithmetic");
}

#[test]
fn what_bash_would_run_in_arithmetic_is_warned_of() {
    if !has("bash") {
        return;
    }
    // Shows that the warning is about something: bash does run it.
    for script in ["set -- {}; echo $(( $1 ))", "while read x; do echo $((x+1)); done <<< {}", "x={}; test -v \"$x\""] {
        let run = parjob("-q sh --shell bash").args([script, ":::", "a[$(touch ran)0]"]).run().says("arithmetic");
        assert!(run.dir().join("ran").exists(), "{}", run.story());
    }
}
