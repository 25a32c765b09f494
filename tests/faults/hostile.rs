//! Items that mean harm: in shell scripts, in names of folders, on a terminal; and what a run leaves for others to find.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::Signal;

use crate::harness::{has, parjob, shell};

/// What does harm where it is parsed, and bytes that a shell may lose.
fn hostile() -> Vec<Vec<u8>> {
    let every_byte: Vec<u8> = (1..=255).collect();
    let texts: [&[u8]; 36] = [
        b"'; touch pwned; '",
        b"\"; touch pwned; \"",
        b"; touch pwned",
        b"$(touch pwned)",
        b"`touch pwned`",
        b"${x:-$(touch pwned)}",
        b"a\n touch pwned\n",
        b"E\ntouch pwned",
        b"\nE\ntouch pwned\n",
        b"\tE\n$(touch pwned)",
        b"') touch pwned;;",
        b"}; touch pwned; {",
        b") touch pwned (",
        b"|touch pwned",
        b"&touch pwned&",
        b"a[$(touch pwned)]",
        b"\\",
        b"\\\\'\\\"",
        b"\\$(touch pwned)",
        b"\\`touch pwned\\`",
        b"'\"'\"'",
        b"*",
        b"?",
        b"~",
        b"-n",
        b"--",
        b"#",
        b"!",
        b"",
        b" a  b ",
        b"\t",
        b"\n\n",
        b"$1",
        b"%s\\n",
        b"\r\n",
        b"{}",
    ];
    texts.into_iter().map(<[u8]>::to_vec).chain([every_byte]).collect()
}

/// Scripts that print the item between two brackets, whatever it is, and nothing else.
const PLACES: [&str; 15] = [
    "printf '[%s]' {}",
    "printf '[%s]'",
    "printf '[%s]' \"{}\"",
    "printf '[%s]' '{}'",
    "printf %s [{}]",
    "printf '%s' '['{}\"]\"",
    "x={}; printf '[%s]' \"$x\"",
    "x='{}' y=\"$x\"; printf '[%s]' \"$y\"",
    "x=$(printf '[%s]' {}); printf %s \"$x\"",
    "printf %s \"$(printf '[%s]' \"{}\")\"",
    "printf %s \"`printf '[%s]' {}`\"",
    "(printf %s \"$(printf '[%s]' \"$(printf %s. '{}')\")\") | sed '$s/[.]]$/]/'",
    "if :; then { printf '[%s]' {}; }; fi",
    "case {} in {}) printf '[%s]' {};; *) echo other;; esac",
    "f() { printf '[%s]' \"$1\"; }; f {}",
];

/// Here-documents end with a newline.
const DOCUMENTS: [&str; 2] = ["cat <<E\n[{}]\nE\n", "cat <<-E\n[{}]\n\tE\n"];

/// Each item arrives byte for byte in this place, and none is run.
#[track_caller]
fn arrives(shell: &str, script: &str, end: &[u8]) {
    let items = hostile();
    let input: Vec<u8> = items.iter().flat_map(|item| [&item[..], b"\0"].concat()).collect();
    let expected: Vec<u8> = items.iter().flat_map(|item| [b"[", &item[..], b"]", end].concat()).collect();
    let run = parjob("-0 -j4 sh --shell").arg(shell).arg(script).input(input).run();
    if run.stdout() != expected || run.exit_code() != Some(0) {
        panic!(
            "{}{script}\nexpected: {:?}\ngot: {:?}",
            run.story(),
            bstr::BStr::new(&expected),
            bstr::BStr::new(run.stdout())
        );
    }
    run.leaves_only(&[]);
}

#[test]
fn x1_no_item_becomes_code_in_any_place_of_a_script() {
    for shell in ["dash", "bash"].into_iter().filter(|shell| has(shell)) {
        PLACES.iter().for_each(|script| arrives(shell, script, b""));
        DOCUMENTS.iter().for_each(|script| arrives(shell, script, b"\n"));
    }
}

#[test]
fn x1_where_an_item_could_become_code_nothing_runs() {
    for script in ["echo $(( {} ))", "echo \\{}", "echo a # {}", "cat <<'E'\n{}\nE\n", "echo ${x:{}}", "echo $'{}'"] {
        let run = parjob("sh").arg(script).args([":::", "a", "$(touch pwned)"]).run();
        run.prints("").says("{}").status(2).leaves_only(&[]);
    }
}

#[test]
fn x1_fields_names_and_batches_are_no_code_either() {
    let harm = "$(touch pwned)'`touch pwned`\"";
    let csv = "a,b\n\"$(touch pwned)'`touch pwned`\"\"\",\"$(touch pwned)'`touch pwned`\"\"\"\n";
    let run = parjob("--csv --header sh").arg("printf '%s\n' {a} \"{2}\" '{b}'").args(["::::", "csv"]).file("csv", csv);
    run.run().prints(format!("{harm}\n{harm}\n{harm}\n")).succeeds().leaves_only(&["csv"]);
    let run = parjob("-n 2 sh").arg("printf '%s\n' x{} \"{}\" '{}y'").args([":::", harm, "b"]).run();
    run.prints(format!("x{harm}\nxb\n{harm} b\n{harm} by\n")).succeeds().leaves_only(&[]);
    let json = format!("{{\"a\":{{\"b\":{}}}}}\n", serde_json::to_string(harm).unwrap());
    let run = parjob("--jsonl sh").arg("printf '%s\n' {a.b} '{a.b}'").input(json).run();
    run.prints(format!("{harm}\n{harm}\n")).succeeds().leaves_only(&[]);
}

#[test]
fn x1_an_item_of_run_is_a_word_and_never_an_option_of_parjob() {
    let items = ["-rf", "--help", "--jobs=0", ":::", "$(touch pwned)", "; touch pwned", "-I", "--"];
    let input = items.map(|item| format!("{item}\n")).concat();
    let run = parjob("run printf [%s]").input(input).run();
    run.prints(items.map(|item| format!("[{item}]")).concat()).succeeds().leaves_only(&[]);
}

#[test]
fn x2_what_waits_for_its_turn_is_in_no_file_that_has_a_name() {
    // Item 1 waits, item 2 prints more than memory may hold, item 3 looks.
    let text = r#"
        mkfifo up go; exec 3<>up 4<>go
        parjob -j2 run sh -c '
            case $0 in
                1) read x <&4;;
                2) head -c 100000000 /dev/zero;;
                3) ls -A "$TMPDIR" >&2
                   for file in /proc/$PARJOB_PID/fd/*; do
                       case $(readlink $file) in "$TMPDIR"*) stat -L -c "mode %a" $file >&2;; esac
                   done
                   echo go >&4;;
            esac' ::: 1 2 3 | wc -c
    "#;
    let run = shell(text).run().prints("100000000\n").succeeds();
    let said = run.stderr();
    assert!(said.starts_with("mode 600\n"), "{}", run.story());
    assert!(said.lines().all(|line| line == "mode 600"), "{}", run.story());
}

/// The files of a folder and what is under it.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn x3_each_item_has_its_own_folder_inside_the_one_of_the_results() {
    let items: [&[u8]; 16] = [
        b"..",
        b".",
        b"",
        b"a/b",
        b"a/../../b",
        b"/etc/passwd",
        b"../../x",
        b"new\nline",
        b"\x1b[2J",
        b"\xff",
        b"a%2Fb",
        b"A",
        b"a",
        b"~",
        b"-rf",
        b"a ",
    ];
    let long = [b"x".repeat(300), [&b"x".repeat(299)[..], b"y"].concat()];
    let all: Vec<&[u8]> = items.into_iter().chain(long.iter().map(|item| &item[..])).collect();
    let input: Vec<u8> = all.iter().flat_map(|item| [item, &b"\0"[..]].concat()).collect();
    let run = parjob("-0 --results out/r run printf %s").input(input).run().succeeds().leaves_only(&["out"]);
    let out = run.dir().join("out");
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 1, "nothing climbed out");
    let found = files(&out);
    assert_eq!(found.len(), 3 * all.len());
    let mut printed: Vec<Vec<u8>> = Vec::new();
    for file in &found {
        let parts = file.strip_prefix(out.join("r")).unwrap().as_os_str().as_bytes();
        assert_eq!(parts.iter().filter(|byte| **byte == b'/').count(), 1, "{file:?}");
        assert!(parts.iter().all(|byte| (b' '..=b'~').contains(byte)) && parts.len() < 200, "{file:?}");
        if file.ends_with("stdout") {
            printed.push(std::fs::read(file).unwrap());
        }
    }
    let mut expected: Vec<Vec<u8>> = all.iter().map(|item| item.to_vec()).collect();
    printed.sort();
    expected.sort();
    assert_eq!(printed, expected);
}

#[test]
fn x3_equal_items_do_not_share_a_folder() {
    let run = parjob("--results r run sh -c").args(["echo $PARJOB_SEQ", ":::", "a", "b", "a", "a"]).run().succeeds();
    let mut printed: Vec<String> = files(&run.dir().join("r"))
        .into_iter()
        .filter(|file| file.ends_with("stdout"))
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    printed.sort();
    assert_eq!(printed, ["1\n", "2\n", "3\n", "4\n"]);
}

#[test]
fn x3_a_link_does_not_lead_out() {
    let text = "
        parjob --results r run echo ::: a > /dev/null; folder=$(ls r)
        mkdir away; rm -r r/$folder; ln -s ../away r/$folder
        parjob --results r run echo ::: a; ls -A away
        rm r/$folder; mkdir r/$folder; echo mine > precious; ln -s ../../precious r/$folder/stdout
        parjob --results r run echo ::: a; cat precious
    ";
    let run = shell(text).run();
    assert!(!run.dir().join("away/stdout").exists(), "{}", run.story());
    run.leaves("precious", "mine\n");
}

#[test]
fn x3_the_files_of_an_item_are_what_its_last_attempt_printed() {
    let script = "echo out $PARJOB_ATTEMPT; echo err $PARJOB_ATTEMPT >&2; exit $((3 - PARJOB_ATTEMPT))";
    let run = parjob("--results r --retries 1 --backoff 1ms run sh -c").args([script, ":::", "a"]).run();
    let run = run.status(1).prints("out 2\n");
    let mut found = files(&run.dir().join("r"));
    found.sort();
    let texts: Vec<String> = found.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    assert_eq!(texts[1..], ["err 2\n", "out 2\n"]);
    let outcome: serde_json::Value = serde_json::from_str(&texts[0]).unwrap();
    assert_eq!((&outcome["attempts"], &outcome["exit"], &outcome["ok"]), (&2.into(), &1.into(), &false.into()));
    assert_eq!((&outcome["stdout_bytes"], &outcome["item"]), (&6.into(), &"a".into()));
}

/// Whichever of its files cannot be written: the first, the second, or `outcome.json`, which holds the item.
#[test]
fn x3_a_folder_that_is_not_whole_does_not_appear() {
    let large = "x".repeat(4000);
    for (script, item) in [("head -c 4000 /dev/zero", "a"), ("head -c 4000 /dev/zero >&2", "a"), (":", &large)] {
        let run = format!("ulimit -f 4; exec parjob --results r run sh -c '{script}' ::: {item} >/dev/null");
        let run = shell(&format!("({run}); echo $?; ls -A r")).run();
        run.says("cannot write --results").says("File too large").prints("3\n");
    }
}

/// Files that are not of parjob stay, and what is missing comes again.
#[test]
fn x3_a_folder_that_stood_there_is_filled_again() {
    let text = "
        parjob --results r run echo first ::: a b > /dev/null
        for one in r/*; do echo mine > $one/notes; done; rm r/a~*/stderr
        parjob --results r run echo again ::: a b c > /dev/null; ls -A r/*; cat r/*/stdout
    ";
    let printed = "\
        r/a~ca978112ca1bbdca:\nnotes\noutcome.json\nstderr\nstdout\n\n\
        r/b~3e23e8160039594a:\nnotes\noutcome.json\nstderr\nstdout\n\n\
        r/c~2e7d2c03a9507ae2:\noutcome.json\nstderr\nstdout\n\
        again a\nagain b\nagain c\n";
    shell(text).run().prints(printed);
}

/// What moves the cursor, sets the title, and ends as C1 control in UTF-8.
const ESCAPES: &str = "\x1b[2J\x1b]0;pwned\x07\r\u{9b}31mitem";

/// Nothing that a terminal would obey.
#[track_caller]
fn obeys_nothing(said: &str) {
    let obeyed = |char: &char| char.is_control() && !matches!(char, '\n' | '\t');
    assert_eq!(said.chars().find(obeyed), None, "{said:?}");
}

#[test]
fn x5_messages_about_an_item_hold_no_escape_sequences() {
    for options in ["", "-v", "-t", "--ledger l", "--retries 1 --backoff 1ms -v", "--progress lines"] {
        let run = parjob(options).args(["run", "sh", "-c", "exit 3", "--", ":::", ESCAPES]).run().status(1);
        obeys_nothing(&run.says("item").stderr());
    }
    let run = parjob("run").args([&format!("./{ESCAPES}"), ":::", "a"]).run().status(127);
    obeys_nothing(&run.stderr());
    let run = parjob("--ledger l run false").args([":::", ESCAPES]).run().status(1);
    let file = std::fs::read(run.dir().join("l")).unwrap();
    obeys_nothing(&String::from_utf8_lossy(&file));
}

#[test]
fn x5_the_report_of_what_runs_holds_no_escape_sequences() {
    let text = "mkfifo go; exec 4<>go; exec parjob run sh -c 'echo up; read x <&4' -";
    let run = shell(&format!("{text} ::: \"$ITEM\"")).env("ITEM", ESCAPES).launch();
    // The head of the line streams: it is at work.
    let run = run.gives("up\n").signal(Signal::USR1).says_while_running("item 1");
    let done = run.signal(Signal::TERM).end().dies_by(Signal::TERM.as_raw());
    obeys_nothing(&done.stderr());
}

#[test]
fn x6_no_configuration_in_the_working_directory_is_read() {
    let text = "
        for name in .parjobrc parjob.toml .parjob.toml parjob.conf .parjob parjob.yaml .parallel config; do
            mkfifo $name
        done
        mkdir -p .config/parjob; mkfifo .config/parjob/config .config/parjob/config.toml .config/parjob/parjob.toml
        HOME=$PWD XDG_CONFIG_HOME=$PWD/.config parjob run echo ::: a
        HOME=$PWD XDG_CONFIG_HOME=$PWD/.config parjob sh 'echo {}' ::: b
    ";
    // Whoever opened one of them would wait for ever.
    shell(text).run().prints("a\nb\n").is_silent().succeeds();
}
