//! The ledger, through kills, Ctrl-C, torn ends and second runs: each item is done once, counted by what the commands
//! themselves write down.
//!
//! Most of it is one script of shell each: a run, what happens to it, and the run that goes on. What is at work says so
//! on descriptor 3 and waits on descriptor 4, two FIFOs; nothing waits for time to pass.

use std::path::Path;

use crate::harness::{Done, Test, parjob, shell};

/// Opens the two FIFOs in a way that never waits. `up N` waits until N commands are at work.
const TALK: &str = "
    mkfifo up go; exec 3<>up 4<>go
    up() { n=0; while [ $n -lt $1 ]; do read -r x <&3; n=$((n + 1)); done; }
";

/// A script that may wait for what it starts.
fn script(text: &str) -> Test {
    shell(&[TALK, text].concat())
}

/// The lines of a file, sorted.
fn sorted(folder: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_by_key(|line| (line.parse::<u64>().unwrap_or(0), line.clone()));
    lines
}

impl Done {
    /// The commands have written exactly these lines, which bars part here, in some order.
    #[track_caller]
    fn has_done(self, name: &str, expected: &str) -> Done {
        let (got, expected) = (sorted(self.dir(), name), expected.split('|').filter(|line| !line.is_empty()));
        assert!(got.iter().eq(expected), "{}{name}: {got:?}", self.story());
        self
    }
}

#[test]
fn j1_a_ledger_on_a_full_disk_ends_the_run_before_anything_starts() {
    let run = parjob("--ledger /dev/full run sh -c").args(["echo $0 >> done", ":::", "a", "b", "c"]).run();
    run.says("/dev/full").says("No space left").status(3).leaves_only(&[]);
}

#[test]
fn j2_a_torn_end_is_cut_and_its_item_is_done_again() {
    let work = ["echo $0 >> done", ":::", "a", "b", "c", "d"];
    let first = parjob("--ledger l -j1 run sh -c").args(work).run().is_silent().has_done("done", "a|b|c|d");
    let whole = std::fs::read(first.dir().join("l")).unwrap();
    let ends: Vec<usize> = memchr::memchr_iter(b'\n', &whole).map(|end| end + 1).collect();
    // Everywhere in the last two records, at the ends of all, and in their middles.
    let last = ends[ends.len() - 3];
    let middles = ends.iter().zip(&ends[1..]).map(|(start, end)| (start + end) / 2);
    for cut in (last..whole.len()).step_by(5).chain(ends[2..].iter().copied()).chain(middles.skip(2)) {
        let left = &whole[..cut];
        let records: Vec<&[u8]> = left.split_inclusive(|byte| *byte == b'\n').collect();
        let is_ok = |letter: &&str| {
            let end = format!("\t1\t{letter}\t").into_bytes();
            let says = |line: &&[u8]| line.starts_with(b"ok\t") && line.windows(end.len()).any(|part| part == end);
            records.iter().filter(|line| line.ends_with(b"\n")).any(says)
        };
        let missing: Vec<&str> = ["a", "b", "c", "d"].into_iter().filter(|letter| !is_ok(letter)).collect();
        let run = parjob("--ledger l --resume -j1 run sh -c").args(work).file("l", left).run().succeeds();
        let run = run.has_done("done", &missing.join("|"));
        let run = if ends.contains(&cut) { run } else { run.says("was torn") };
        // What it left is whole: nothing is to be done any more.
        let file = std::fs::read(run.dir().join("l")).unwrap();
        parjob("--ledger l --resume run sh -c").args(work).file("l", file).run().is_silent().has_done("done", "");
    }
}

#[test]
fn j3_a_second_run_on_a_ledger_is_refused_and_names_the_first() {
    let text = "
        parjob --ledger l run sh -c 'echo up >&3; read x <&4; echo $0 >> done' ::: a & first=$!
        up 1
        cp l before
        parjob --ledger l --resume run sh -c 'echo up >&3; read x <&4; echo $0 >> done' ::: a 2> second
        echo $?
        cmp l before && grep -c \"process $first\\|pid $first\" second
        echo go >&4; wait $first; echo $?
    ";
    script(text).run().prints("3\n1\n0\n").has_done("done", "a");
}

#[test]
fn j3_what_outlives_a_run_does_not_hold_its_ledger() {
    let text = "
        work='(setsid sh -c \"echo up >&3; read x <&4; echo up >&3\" > /dev/null 2>&1 &) ; echo $0 >> done'
        parjob --ledger l run sh -c \"$work\" ::: a; up 1
        parjob --ledger l --resume run sh -c \"$work\" ::: a; echo $?
        echo go >&4; up 1
    ";
    script(text).run().prints("0\n").has_done("done", "a");
}

#[test]
fn j4_another_command_is_refused_unless_it_is_meant() {
    let text = "
        parjob --ledger l run sh -c 'echo $0 >> one; test $0 != b' ::: a b c; cp l before
        parjob --ledger l --resume run sh -c 'echo $0 >> two' ::: a b c d; echo $?
        parjob --ledger l --retry-failed run sh -c 'echo $0 >> two' ::: a b c d; echo $?
        parjob --ledger l --resume --stdin item run sh -c 'echo $0 >> one; test $0 != b' ::: a b c; echo $?
        parjob --ledger l --resume -n 2 run sh -c 'echo $0 >> one; test $0 != b' ::: a b c; echo $?
        parjob --ledger l --resume sh 'echo {} >> one' ::: a b c; echo $?
        cmp l before && ! test -e two && echo untouched
        parjob --ledger l --resume --resume-anyway run sh -c 'echo $0 >> two' ::: a b c d; echo $?
        parjob --ledger l --resume run sh -c 'echo $0 >> two' ::: a b c d; echo $?
    ";
    let run = shell(text).run().prints("2\n2\n2\n2\n2\nuntouched\n0\n0\n").says("--resume-anyway");
    run.has_done("one", "a|b|c").has_done("two", "b|d");
}

#[test]
fn j4_an_existing_ledger_is_not_begun_anew() {
    let text =
        "parjob --ledger l run true ::: a; cp l before; parjob --ledger l run touch ::: b; echo $?; cmp l before";
    shell(text).run().prints("2\n").says("--resume").says("--retry-failed").leaves_only(&["before", "l"]);
}

#[test]
fn j5_an_item_added_in_front_runs_with_what_failed() {
    let text = "
        work='echo $0 >> done; test $0 != 3'
        seq 5 | parjob --ledger l run sh -c \"$work\"; mv done first
        (echo 0; seq 5) | parjob --ledger l --resume run sh -c \"$work\"; echo $?; mv done second
        (echo 9; seq 0 5) | parjob --ledger l --retry-failed run sh -c \"$work\"; echo $?; mv done third
    ";
    let run = shell(text).run().prints("1\n1\n").has_done("first", "1|2|3|4|5").has_done("second", "0|3");
    run.has_done("third", "3").says("6 read: 1 ok, 1 failed, 4 skipped").says("7 read: 0 ok, 1 failed, 6 skipped");
}

#[test]
fn j5_of_equal_items_as_many_run_as_are_missing() {
    let text = "
        parjob -j1 --ledger l --halt now,done=2 run sh -c 'echo $0 >> done' ::: a a a b a
        mv done first
        parjob -j1 --ledger l --resume run sh -c 'echo $0 >> done' ::: a a a b a
    ";
    shell(text).run().succeeds().has_done("first", "a|a").has_done("done", "a|a|b");
}

#[test]
fn j5_items_are_told_apart_by_all_their_bytes() {
    let items = [b"x".repeat(300), [&b"x".repeat(299)[..], b"y"].concat(), b"\xff\n\t\\".to_vec(), Vec::new()];
    let input: Vec<u8> = items.iter().flat_map(|item| [&item[..], b"\0"].concat()).collect();
    let text = "
        parjob -0 --first 1 --ledger l run sh -c 'printf 1 >> done' < items
        parjob -0 --ledger l --resume run sh -c 'printf 2 >> done' < items; echo $?
        parjob -0 --ledger l --resume --resume-anyway run sh -c 'printf 2 >> done' < items; echo $?
        parjob -0 --ledger l --resume run sh -c 'printf 2 >> done' < items; echo $?
    ";
    shell(text).file("items", input).run().prints("2\n0\n0\n").leaves("done", "1222");
}

#[test]
fn j5_a_failed_item_that_has_succeeded_is_no_longer_failed() {
    let text = "
        work='echo $0 >> done; test -e mended || test $0 != b'
        parjob --ledger l run sh -c \"$work\" ::: a b c; touch mended
        parjob --ledger l --retry-failed run sh -c \"$work\" ::: a b c; echo $?
        parjob --ledger l --retry-failed run sh -c \"$work\" ::: a b c; echo $?
        parjob --ledger l --resume run sh -c \"$work\" ::: a b c; echo $?
    ";
    shell(text).run().prints("0\n0\n0\n").has_done("done", "a|b|b|c");
}

#[test]
fn j6_what_is_no_ledger_is_refused_and_stays_as_it_is() {
    let noise: Vec<u8> = (0..=255).collect();
    let newer = b"parjob-ledger\t2\t00000000\n";
    for content in [&b"garbage\n"[..], b"garbage", b"\n", &noise, newer, b"Seq\tHost\tStarttime\n1\t:\t0\n"] {
        for mode in ["--resume", "--retry-failed", "--resume --resume-anyway"] {
            let run = parjob(&format!("--ledger l {mode} run touch ::: a")).file("l", content).run();
            run.says("\"l\"").status(2).leaves("l", content).leaves_only(&["l"]);
        }
    }
}

#[test]
fn j6_damage_in_the_middle_is_refused_with_its_line() {
    let work = "run true ::: a b c";
    let first = parjob(&format!("--ledger l -j1 {work}")).run().succeeds();
    let mut content = std::fs::read(first.dir().join("l")).unwrap();
    let fifth = memchr::memchr_iter(b'\n', &content).nth(3).unwrap() + 4;
    content[fifth] ^= 1;
    let run = parjob(&format!("--ledger l --resume {work}")).file("l", &content).run();
    run.says("line 5").status(2).leaves("l", &content);
}

#[test]
fn j7_after_a_kill_only_what_was_at_work_runs_again_and_it_is_listed() {
    // Items 7 and 8 are at work when parjob is killed: the six before them have ended, and are recorded.
    let text = "
        work='echo $0 >> begun
              if [ $0 -ge 7 ] && ! [ -e again ]; then echo up >&3; read x <&4; fi
              echo $0 >> done'
        seq 20 | parjob -j2 --ledger l run sh -c \"$work\" & pid=$!
        up 2; kill -9 $pid; wait $pid; echo $?; touch again
        seq 20 | parjob -j2 --ledger l --resume run sh -c \"$work\"; echo $?
        seq 20 | parjob -j2 --ledger l --resume run sh -c \"$work\"; echo $?
    ";
    let all: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
    let run = script(text).run().prints("137\n0\n0\n").has_done("done", &all.join("|"));
    let twice = [&all[..8], &["7".into(), "8".into()], &all[8..]].concat();
    let mut begun: Vec<u64> = twice.iter().map(|n| n.parse().unwrap()).collect();
    begun.sort_unstable();
    let begun: Vec<String> = begun.iter().map(u64::to_string).collect();
    run.has_done("begun", &begun.join("|")).says("2 items were at work").says("\"7\"").says("\"8\"");
}

#[test]
fn j7_kills_at_any_moment_lose_nothing_and_do_nothing_twice_that_was_done() {
    // Killed again and again wherever it is; an item that was done and recorded is never begun again.
    let text = "
        tries=0
        while [ $tries -lt 6 ]; do
            tries=$((tries + 1))
            seq 60 | parjob -j3 --ledger l --resume run sh -c 'echo $0 >> done; echo up >&3' 2>> err & pid=$!
            up $((tries * 2)); kill -9 $pid; wait $pid
        done
        seq 60 | parjob -j3 --ledger l --resume run sh -c 'echo $0 >> done; echo up >&3' 2>> err; echo $?
        grep ^ok l | cut -f4 | sort | uniq -d | wc -l
        grep ^start l | cut -f4 | sort | uniq -c | awk '$1 > 1' | wc -l
        sort -u done | wc -l
        cat err >&2
    ";
    let run = script(text).run();
    let numbers: Vec<u64> = String::from_utf8_lossy(run.stdout()).lines().map(|line| line.parse().unwrap()).collect();
    let [status, ok_twice, begun_twice, done] = numbers[..] else { panic!("{}", run.story()) };
    assert_eq!((status, ok_twice, done), (0, 0, 60), "{}", run.story());
    // Three at work at each of six kills.
    assert!(begun_twice <= 18, "{}", run.story());
}

#[test]
fn j8_a_dry_run_touches_nothing() {
    let records = "--ledger l --joblog j --results r --output o";
    let run = parjob(&format!("{records} run --dry-run touch ::: a b")).run();
    run.prints("touch a\ntouch b\n").succeeds().leaves_only(&[]);
    let run = parjob("--output o run --dry-run touch ::: a").file("o", "of an earlier run").run();
    run.prints("touch a\n").succeeds().leaves("o", "of an earlier run").leaves_only(&["o"]);
    let text = "
        parjob --ledger l --joblog j --results r run touch ::: a
        find . -type f -exec cksum {} + | sort > ../before; find . | sort >> ../before
        parjob --ledger l --resume --joblog j --results r run --dry-run touch ::: a b > ../said; echo $?
        find . -type f -exec cksum {} + | sort > ../after; find . | sort >> ../after
        cmp ../before ../after
    ";
    shell(&format!("mkdir x; cd x; {text}")).run().prints("0\n").is_silent().succeeds();
}

#[test]
fn j8_a_dry_run_shows_only_what_is_not_done() {
    let text = "
        parjob --ledger l run sh -c 'test $0 != b' ::: a b c; cp l before
        parjob --ledger l --resume --dry-run run sh -c 'test $0 != b' ::: a b c d
        parjob --ledger l --retry-failed --dry-run run sh -c 'test $0 != b' ::: a b c d
        parjob --ledger l --resume --dry-run run sh -c 'test $0 != c' ::: a b c d; echo $?
        parjob --ledger none --resume --dry-run run echo ::: a
        parjob --ledger none --retry-failed --dry-run run echo ::: a; echo $?
        cmp l before
    ";
    let shown = |item: &str| format!("sh -c 'test $0 != b' {item}\n");
    let run = shell(text).run().prints([shown("b"), shown("d"), shown("b"), "2\necho a\n2\n".into()].concat());
    run.says("is a record of other work").says("records no run").succeeds().leaves_only(&["before", "l"]);
}

#[test]
fn a_batch_is_done_or_not_item_by_item() {
    let text = "
        work='echo \"$@\" >> done; case \" $* \" in *\" 3 \"*) test -e mended;; esac'
        seq 5 | parjob --ledger l -n 2 run sh -c \"$work\" -; echo $?; mv done first
        seq 0 5 | parjob --ledger l --resume -n 2 run sh -c \"$work\" -; echo $?; mv done second; touch mended
        seq 0 5 | parjob --ledger l --retry-failed -n 2 run sh -c \"$work\" -; echo $?
    ";
    let run = shell(text).run().prints("1\n1\n0\n");
    // What is skipped parts the items, so that 3 and 4 are a command each the second time.
    let run = run.has_done("first", "1 2|3 4|5").has_done("second", "0|3|4").has_done("done", "3");
    run.says("6 read: 2 ok, 1 failed, 3 skipped");
}

#[test]
fn each_attempt_is_in_the_ledger_and_only_the_last_one_counts() {
    let text = "
        parjob --ledger l --retries 2 --backoff 1ms run sh -c 'test $PARJOB_ATTEMPT = $0' ::: 1 2 3 4
        cut -f1-3 l | grep '^ok\\|^failed\\|^start' | sort | cut -f1 | uniq -c | tr -s ' '
        parjob --ledger l --retry-failed run sh -c 'test $PARJOB_ATTEMPT = $0' ::: 1 2 3 4 2> again
        cat again >&2; grep -c 'item 4' again
    ";
    // One attempt, two, three, and three in vain.
    let run = shell(text).run().prints(" 6 failed\n 3 ok\n 9 start\n1\n");
    run.says("4 read: 3 ok, 1 failed, 0 skipped").says("4 read: 0 ok, 1 failed, 3 skipped");
}

#[test]
fn a_wait_for_another_attempt_that_is_cut_short_leaves_every_record() {
    // Item 1 fails and waits for an hour; item 2 ends the run.
    let text = "
        parjob -j1 --retries 3 --backoff 1h --halt soon,success=1 --results d --joblog j --ledger l \\
            run sh -c 'echo out $0; echo err $0 >&2; test $0 = b' ::: a b 2> err; echo $?
        cut -f1,7 j; cut -f1,2 l | grep '^ok\\|^failed'; cat d/a~*/stdout d/a~*/stderr
        grep -o '\"ok\":[a-z]*\\|\"attempts\":[0-9]*' d/a~*/outcome.json
    ";
    let expected =
        "out a\nout b\n0\nSeq\tExitval\n2\t0\n1\t1\nfailed\t1\nok\t2\nout a\nerr a\n\"ok\":false\n\"attempts\":1\n";
    shell(text).run().prints(expected);
}

#[test]
fn an_attempt_that_goes_well_replaces_what_was_kept_of_the_one_before() {
    let text = "
        parjob --retries 2 --results d run sh -c 'echo $0 $PARJOB_ATTEMPT; test $PARJOB_ATTEMPT = 2' ::: a a
        ls d | wc -l; cat d/*/stdout
    ";
    shell(text).run().prints("a 2\na 2\n2\na 2\na 2\n").is_silent().succeeds();
}

#[test]
fn a_reader_who_pauses_gets_what_the_ledger_calls_done() {
    // Both items are done, and much of what they printed waits for a reader who begins only after TERM.
    let text = "
        mkfifo results
        parjob --ledger l -j1 run sh -c 'head -c 300000 /dev/zero' ::: a b > results 2> err & pid=$!
        exec 5< results
        until [ \"$(grep -c ^ok l)\" = 2 ]; do sleep 0.01; done
        kill -TERM $pid; until grep -q 'waiting for the reader\\|to go on' err; do sleep 0.01; done
        wc -c <&5; wait $pid; echo $?
    ";
    shell(text).run().prints("600000\n143\n");
}

#[test]
fn one_more_signal_does_not_wait_for_the_reader() {
    let text = "
        mkfifo results
        parjob --ledger l -j1 --grace 1h run sh -c 'head -c 300000 /dev/zero' ::: a b > results 2> err & pid=$!
        exec 5< results
        until [ \"$(grep -c ^ok l)\" = 2 ]; do sleep 0.01; done
        kill -TERM $pid; until grep -q 'waiting for the reader' err; do sleep 0.01; done
        kill -TERM $pid; wait $pid; echo $?; grep -c 'were not written' err
    ";
    shell(text).run().prints("143\n1\n");
}

#[test]
fn the_work_is_told_in_the_words_of_the_command_line() {
    let text = "
        printf 'a b\\n1 2\\n' > in; printf 'a;b\\n1;2\\n' > csv
        parjob --colsep ' +' --header --ledger l run echo {a} :::: in; grep ^work l | cut -f2-6
        parjob --colsep ';' --header --ledger l --resume run echo {a} :::: in; echo $?
        parjob --colsep ' +' --ledger l --resume run echo {a} :::: in; echo $?
        parjob --csv -d ';' --ledger c run echo {1} :::: csv; grep ^work c | cut -f2-6
        echo '{\"a\":1}' | parjob --jsonl --ledger j run echo {a}; grep ^work j | cut -f2-5
    ";
    let run = shell(text).run();
    let run = run.prints(concat!(
        "1\nrun\t--colsep= +\t--header\techo\t{a}\n2\n2\n",
        "a\n1\nrun\t--csv\t--delimiter=;\techo\t{1}\n",
        "1\nrun\t--jsonl\techo\t{a}\n",
    ));
    run.says("it did `run \"--colsep= +\" --header echo {a}`, this run would do `run \"--colsep=;\"").succeeds();
}

#[test]
fn what_cannot_be_folded_is_not_done() {
    let text = "
        parjob --reduce sum --ledger l run sh -c 'echo $0' ::: 1 x 3; echo $?
        cut -f1,2,5 l | grep '^ok\\|^failed' | sort
        parjob --ledger l --retry-failed run sh -c 'echo $0' ::: 1 x 3
    ";
    let run = shell(text).run().prints("4\n1\nfailed\t2\texit 0\nok\t1\texit 0\nok\t3\texit 0\nx\n");
    run.says("item 2: \"x\" printed \"x\", which is not a number").succeeds();
}

#[test]
fn records_are_kept_apart_by_their_fields() {
    let text = "
        printf 'a,b c\\n\"a,b\",c\\n' > csv
        parjob --csv --ledger l --first 1 run sh -c 'echo \"$1|$2\" >> done' - {1} {2} :::: csv
        parjob --csv --ledger l --resume run sh -c 'echo \"$1|$2\" >> done' - {1} {2} :::: csv
        parjob --csv --ledger l --resume run sh -c 'echo \"$1|$2\" >> done' - {1} {2} :::: csv
    ";
    shell(text).run().succeeds().leaves("done", "a|b c\na,b|c\n");
}

/// Ctrl-C while two are at work, then the command that was printed.
fn interrupted(start: &str) -> Test {
    let text = format!(
        "
        {start} 2> err & pid=$!
        up 2
        kill -INT $pid; until grep -q 'waiting for 2 ' err; do sleep 0.01; done
        echo go >&4; echo go >&4; wait $pid; echo $?
        cat err >&2; sed -n '/^parjob: to go on: /,$p' err | sed '1s/^parjob: to go on: //' > again
        sh again; echo $?
        "
    );
    script(&text)
}

/// What it does to item 2 and 3 waits for the test.
const WORK: &str = "echo up >&3; read x <&4";

#[test]
fn the_command_that_resumes_goes_on_from_a_file() {
    let lines =
        format!("echo 1 >> done\n{WORK}; echo 2 >> done\n{WORK}; echo 3 >> done\necho 4 >> done\necho '5' >> done\n");
    let start = "env --default-signal=INT parjob --ledger run.ledger -j2 --retries 2 --timeout 30s sh < 'the commands'";
    let run = interrupted(start).file("the commands", lines).run();
    run.says("< 'the commands'").prints("130\n0\n").has_done("done", "1|2|3|4|5");
}

#[test]
fn the_command_that_resumes_goes_on_with_arguments() {
    let start = "
        set -- 1 2 3 '4 $x' \"it's\" --resume '*'
        env --default-signal=INT parjob -j2 --ledger 'a ledger' run sh -c '
            case $1 in 2|3) echo up >&3; read x <&4;; esac; echo \"$1\" >> done' --resume {} ::: \"$@\"";
    let run = interrupted(start).run().prints("130\n0\n");
    let mut done = sorted(run.dir(), "done");
    done.sort();
    assert_eq!(done, ["*", "--resume", "1", "2", "3", "4 $x", "it's"], "{}", run.story());
}

#[test]
fn the_command_that_resumes_says_that_a_pipe_is_to_be_given_again() {
    let text = "
        mkfifo items; seq 5 > items &
        env --default-signal=INT parjob -j2 --ledger l run sh -c '
            case $0 in 2|3) echo up >&3; read x <&4;; esac; echo $0 >> done' < items 2> err & pid=$!
        up 2; kill -INT $pid; until grep -q 'waiting for 2 ' err; do sleep 0.01; done
        echo go >&4; echo go >&4; wait $pid; echo $?
        cat err >&2; sed -n '/^parjob: to go on: /,$p' err | sed '1s/^parjob: to go on: [.][.][.] | //' > again
        seq 5 | sh again; echo $?
    ";
    script(text).run().prints("130\n0\n").has_done("done", "1|2|3|4|5");
}

#[test]
fn the_command_that_resumes_holds_bytes_that_no_terminal_may_see() {
    let item = b"\x1b[31m\xff\r\n'$(touch pwned)\n";
    let text = "
        parjob --ledger l run sh -c 'printf %s \"$0\" >> done; test -e again' ::: \"$(cat item)\" 'é' 2> err
        tr -d '[:print:]\\n\\t\\200-\\377' < err | wc -c
        sed -n '/^parjob: to go on: /,$p' err | sed '1s/^parjob: to go on: //' > again
        sh again; echo $?
    ";
    let run = shell(text).file("item", [&item[..], b"x"].concat()).run().prints("0\n0\n");
    let once = [&item[..], b"x", "é".as_bytes()].concat();
    let done = std::fs::read(run.dir().join("done")).unwrap();
    assert_eq!(done.len(), 2 * once.len(), "{}", run.story());
    assert!(!run.dir().join("pwned").exists());
    assert_eq!(bstr::ByteSlice::find_iter(&done[..], &item[..]).count(), 2, "{}", run.story());
}

#[test]
fn ended_by_halt_is_not_done() {
    let text = "
        parjob -j2 --ledger l --halt now,fail=1 run sh -c '
            echo $0 >> begun
            [ $0 = a ] && ! [ -e again ] && { echo up >&3; read x <&4; }
            [ $0 = b ] && ! [ -e again ] && { read x <&3; exit 1; }
            echo $0 >> done' ::: a b c; echo $?
        touch again
        parjob -j2 --ledger l --resume run sh -c 'echo $0 >> done' ::: a b c; echo $?
        parjob -j2 --ledger l --resume --resume-anyway run sh -c 'echo $0 >> done' ::: a b c; echo $?
    ";
    script(text)
        .run()
        .prints("1\n2\n0\n")
        .has_done("done", "a|b|c")
        .says("3 read: 0 ok, 1 failed, 0 skipped, 2 not run");
}

#[test]
fn r5_a_limit_on_file_sizes_stops_the_run_and_nothing_is_lost() {
    let text = "
        (ulimit -f 4; exec parjob --ledger l run sh -c 'echo $0 >> done') < items; echo $?
        mv done first
        parjob --ledger l --resume run sh -c 'echo $0 >> done' < items; echo $?
    ";
    let items: String = (1..=200).map(|n| format!("{n}\n")).collect();
    let run =
        shell(text).file("items", items).run().prints("3\n0\n").says("cannot write --ledger \"l\": File too large");
    assert_eq!(run.stderr().matches("cannot write --ledger").count(), 1, "told once: {}", run.story());
    let (first, second) = (sorted(run.dir(), "first"), sorted(run.dir(), "done"));
    assert!(first.len() < 40, "few had started: {}", run.story());
    // At most what was at work is done again.
    let twice = first.iter().filter(|item| second.contains(item)).count();
    assert!(twice <= 4 && first.len() + second.len() - twice == 200, "{twice} twice: {}", run.story());
}

#[test]
fn z10_a_ledger_that_is_a_standard_stream_is_refused() {
    for redirected in [
        "--ledger /dev/stdout run echo ::: 1 >out",
        "--ledger /dev/stdout run echo ::: 1 | cat >out",
        "--ledger out run echo ::: 1 >out",
        "--ledger out run echo ::: 1 >>out",
        "--ledger /dev/stderr run echo ::: 1 2>err; s=$?; cat err >&2; (exit $s)",
        "--ledger link run echo ::: 1 >out",
    ] {
        let script = format!("ln -s out link; parjob {redirected}");
        let run = shell(&script).run();
        run.says("is standard output or standard error as well");
    }
    shell("parjob --ledger /dev/null run echo ::: 1 >/dev/null").run().is_silent().succeeds();
}

#[test]
fn z10_a_ledger_that_is_removed_replaced_or_cut_is_not_whole() {
    for (what, said) in
        [("rm l", "it was removed"), (": >l", "it was cut"), ("cp l other; mv other l", "another file took its place")]
    {
        let text = format!(
            "parjob --jobs 1 --ledger l run sh -c 'echo up >&3; read -r x <&4' ::: 1 2 & up 1; {what}; echo >&4; up 1
            echo >&4; wait $!"
        );
        let run = script(&text).run().says(&format!("cannot write --ledger \"l\": {said}"));
        run.status(3);
    }
    // One that is put elsewhere goes on to be written.
    let text =
        "parjob --jobs 1 --ledger l run sh -c 'echo up >&3; read -r x <&4' ::: 1 & up 1; mv l moved; echo >&4; wait $!
        grep -c ^ok moved";
    script(text).run().prints("1\n").succeeds();
}
