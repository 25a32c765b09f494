//! Faults of the input and output of commands.

use super::{BOUND, FLAT, numbers};
use crate::harness::{Test, has, parjob, shell, skip};

/// A run of this script for each item, which is its `$1`.
pub(super) fn script(options: &str, script: &str) -> Test {
    parjob(&format!("{options} run sh -c")).args([script, "sh"])
}

#[test]
fn i1_a_nul_inside_an_item_is_that_items_failure() {
    let nul = "goes on with a NUL byte, which no argument can hold; -0 ends items at NUL";
    let run = parjob("run echo").input(b"a\0b\nc\n").run().prints("c\n");
    run.says(&format!("item 1: \"a\\u{{0}}b\" {nul}")).counts(2, 1, 1, 0).status(1);
    let run = parjob("--jobs 1 --batch 9 --chunk 9 run echo").input(b"a\nb\0\nc\nd\0\ne\n").run();
    run.says("item 2: ").says("item 4: ").counts(5, 3, 2, 0).status(1);
    parjob("-0 run echo").input(b"a\0b\0").run().prints("a\nb\n").is_silent().succeeds();
}

#[test]
fn i2_bytes_that_are_not_utf8_come_through_exactly() {
    parjob("run echo").input(b"ok\n\xffx\n").run().prints(b"ok\n\xffx\n").is_silent().succeeds();
    parjob("run printf %s. a\u{e9}").input(b"\xff\xfe\n").run().prints(b"a\xc3\xa9.\xff\xfe.").succeeds();
}

#[test]
fn i3_a_carriage_return_is_kept_with_one_warning_unless_crlf_strips_it() {
    let kept = parjob("run echo").input("a\r\nb\r\n").run().prints("a\r\nb\r\n").succeeds();
    assert_eq!(kept.says("--crlf strips it").stderr().lines().count(), 1);
    parjob("--crlf run echo").input("a\r\nb\r\n").run().prints("a\nb\n").is_silent().succeeds();
}

#[test]
fn i4_the_last_line_needs_no_newline() {
    shell("printf 0 | parjob run echo").run().prints("0\n").is_silent().succeeds();
}

#[test]
fn i5_a_huge_line_fails_alone_and_memory_stays_flat() {
    let run = parjob("--jobs 2 run echo").launch().feed("a\n").feed(vec![b'7'; 50_000_000]).feed("\nb\n");
    let run = run.gives("a\nb\n").stays_under(FLAT).end();
    run.says("is longer than 1048576 bytes").says("item 2: \"7777").counts(3, 2, 1, 0).status(1);
}

#[test]
fn i6_the_longest_argument_works_and_a_longer_one_is_that_items_failure() {
    let print = "printf '%s\\n' ${#1}";
    let long = |length| "x".repeat(length);
    script("", print).input(long(127_000)).run().prints("127000\n").is_silent().succeeds();
    // 32 pages, with the NUL byte.
    script("", print).input(long(131_071)).run().prints("131071\n").is_silent().succeeds();
    let run = script("", print).input(format!("a\n{}\nb\n{}\nc\n", long(131_072), long(131_080))).run();
    run.prints("1\n1\n1\n").says("makes a command line that is too long").counts(5, 3, 2, 0).status(1);
}

#[test]
fn i8_standard_input_that_was_closed_is_named() {
    shell("parjob run echo <&-").run().prints("").says("standard input is closed").status(3);
    shell("parjob run cat ::: /dev/null <&-").run().prints("").is_silent().succeeds();
}

#[test]
fn i10_endless_input_ends_when_halt_says_so() {
    let run = parjob("--halt now,done=5 run true").launch().feed_aside("y\n".repeat(10_000), u64::MAX);
    let done = run.end_with_open_input().prints("").succeeds();
    let [_, ok, failed, _, _] = done.told_counts();
    assert!((5..=7).contains(&ok) && failed == 0, "{}", done.story());
}

#[test]
fn i10_endless_input_takes_no_memory() {
    let run = parjob("--jobs 2 run echo").launch().feed_aside("y\n".repeat(10_000), u64::MAX).gives_lines(200);
    run.stays_under(FLAT).close_output().end_with_open_input().dies_by(13);
}

#[test]
fn i11_an_item_that_looks_like_an_option_is_one_of_the_command_alone() {
    let items = "-rf\n--jobs\n--help\n-\n--\n:::\n::::\n{}\n";
    let run = parjob("run printf").arg("%s\\n").arg("x").input(items).run();
    let expected: String = items.lines().map(|item| format!("x\n{item}\n")).collect();
    run.prints(expected).is_silent().succeeds();
    parjob("run printf %s. ::: -rf --jobs --help").run().prints("-rf.--jobs.--help.").is_silent().succeeds();
}

#[test]
fn o1_a_full_disk_is_named_and_nothing_more_is_started() {
    let run = shell("seq 10000 | parjob run echo >/dev/full").run();
    let [_, ok, ..] = run.told_counts();
    assert!(ok < 5000, "{}", run.story());
    run.says("cannot write standard output: No space left on device").status(3);
}

#[test]
fn o3_a_reader_that_leaves_ends_the_run_quietly() {
    let run = shell("seq 3000 | { parjob run echo; echo status $? >&2; } | head -1").run().prints("1\n");
    assert_eq!(run.stderr(), "status 141\n");
    let run = shell("seq 3000 | parjob -v run sh -c 'echo $1; echo >>ran' sh | head -1").run().prints("1\n");
    let ran = std::fs::read(run.dir().join("ran")).unwrap().len();
    assert!(ran < 1500, "{ran} ran");
    run.never_says("panicked");
}

#[test]
fn o4_items_that_write_byte_by_byte_are_never_mixed() {
    let slowly = "for n in 1 2 3 4 5; do printf $1; printf $1 >&2; sleep 0.01; done; echo; echo >&2";
    let run = script("--jobs 4", slowly).input("a\nb\nc\nd\n").run();
    let run = run.prints("aaaaa\nbbbbb\nccccc\nddddd\n").succeeds();
    assert_eq!(run.stderr(), "aaaaa\nbbbbb\nccccc\nddddd\n");
    let run = script("--jobs 4 --unordered", slowly).input("a\nb\nc\nd\n").run().succeeds();
    for text in [String::from_utf8_lossy(run.stdout()).into_owned(), run.stderr()] {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["aaaaa", "bbbbb", "ccccc", "ddddd"]);
    }
}

#[test]
fn o4_with_line_buffer_lines_stay_whole() {
    let slowly = "for n in 1 2 3 4 5; do printf $1; sleep 0.01; echo $1; done";
    let run = script("--jobs 4 --line-buffer", slowly).input("a\nb\nc\nd\n").run().is_silent().succeeds();
    let mut lines: Vec<&[u8]> = run.stdout().split_inclusive(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    let expected: Vec<&[u8]> =
        [&b"aa\n"[..], b"bb\n", b"cc\n", b"dd\n"].into_iter().flat_map(|line| [line; 5]).collect();
    assert_eq!(lines, expected, "{}", run.story());
}

#[test]
fn o5_much_on_both_streams_in_either_order_makes_no_deadlock() {
    for first_second in ["", ">&2"] {
        let other = if first_second.is_empty() { ">&2" } else { "" };
        let text = format!("head -c 300000 /dev/zero {first_second}; head -c 300000 /dev/zero {other}");
        let run = script("--jobs 2", &text).input("1\n2\n").run().prints(vec![0; 600_000]).succeeds();
        assert_eq!(run.stderr().len(), 600_000);
    }
    let both = "head -c 10000000 /dev/zero & head -c 10000000 /dev/zero >&2; wait";
    let run = script("--jobs 2", both).input("1\n2\n").run().prints(vec![0; 20_000_000]).succeeds();
    assert_eq!(run.stderr().len(), 20_000_000);
}

#[test]
fn o6_what_waits_for_a_slow_first_item_is_kept_out_of_memory() {
    // 200 × 1 MB behind the first item, which ends when the last of them has.
    let text = "if [ $1 = 1 ]; then until [ -e 201 ]; do sleep 0.02; done; fi; head -c 1000000 /dev/zero; touch $1";
    let run = script("--jobs 2", text).launch().feed(numbers(1, 201)).gives(vec![0; 201_000_000]);
    run.stays_under(128).end().is_silent().succeeds();
}

#[test]
fn o7_a_grandchild_that_keeps_the_output_open_is_not_waited_for() {
    let text = "(until [ -e go ]; do sleep 0.02; done; echo late) & echo now";
    let test = script("--format jsonl", text).args([":::", "1"]);
    let go = test.dir().join("go");
    let run = test.launch().shows("\"leaked\":true").says_while_running("still holds its output");
    std::fs::write(go, "").unwrap();
    let run = run.end().succeeds();
    let result = String::from_utf8_lossy(run.stdout()).into_owned();
    assert!(result.contains("\"stdout\":\"now\\n\""), "{result}");
    let run = script("", "(sleep 0.3; echo late >&2) & echo now").input("1\n").run().prints("now\n").succeeds();
    assert!(!run.stderr().contains("late"));
}

#[test]
fn o7_nothing_is_said_of_items_that_leave_nothing_behind() {
    shell("seq 1000 | parjob --jobs 64 run echo >out").run().leaves("out", numbers(1, 1000)).is_silent().succeeds();
}

#[test]
fn o8_a_full_temporary_directory_is_that_items_failure_and_breaks_the_run_off() {
    let text = "
        mkdir small && mount -t tmpfs -o size=64k tmpfs small 2>/dev/null || exit 77
        export TMPDIR=$PWD/small
        parjob --jobs 2 run sh -c '
            [ $1 = 1 ] && until [ -e done ]; do sleep 0.02; done
            [ $1 = 2 ] && head -c 20000000 /dev/zero && touch done
            echo $1' sh ::: 1 2 3 | tail -c 20
        umount small";
    if !has("unshare") {
        return;
    }
    let run = shell("unshare --mount bash -o pipefail -c \"$SCRIPT\"").env("SCRIPT", text).run();
    if run.exit_code() == Some(77) || run.stderr().contains("unshare") {
        return skip("this user may not mount a file system");
    }
    run.says("cannot keep output in a temporary file: No space left on device").says("item 2: ");
}

#[test]
fn o9_a_temporary_directory_that_is_missing_is_found_out_before_any_job() {
    let run = parjob("run touch").env("TMPDIR", "/no/such/folder").input("a\n").run();
    run.says("TMPDIR \"/no/such/folder\" is no folder").leaves_only(&[]).status(3);
    parjob("square 3").env("TMPDIR", "/no/such/folder").run().prints("9\n").is_silent().succeeds();
    parjob("-u run echo").env("TMPDIR", "/no/such/folder").input("a\n").run().prints("a\n").succeeds();
}

#[test]
fn o10_a_slow_reader_is_waited_for_with_flat_memory_and_gets_every_byte() {
    // 1000 × 60 kB, which go out together, or 300 × 200 kB, which go out alone.
    for (items, size) in [(1000, 60_000), (300, 200_000)] {
        let text = format!("head -c {size} /dev/zero; echo >>ran");
        let test = script("--jobs 2", &text).args(["::::", "items"]).file("items", numbers(1, items));
        let ran = test.dir().join("ran");
        let run = test.launch().fills_output().stays_under(BOUND);
        let ran = std::fs::metadata(ran).unwrap().len();
        assert!(ran < items * 2 / 3, "{ran} of {items} ran though nobody reads");
        let rest = 200_000;
        let run = run.gives(vec![0; (items * size) as usize - rest]).stays_under(BOUND);
        run.gives(vec![0; rest]).end().is_silent().succeeds();
    }
}

#[test]
fn o10_little_that_waits_in_the_file_for_its_turn_comes_through_too() {
    // While the first item waits there is more behind it than there is room for, in little pieces.
    let text = "if [ $1 = 1 ]; then until [ -e 1500 ]; do sleep 0.02; done; fi; head -c 60000 /dev/zero; touch $1";
    let test = script("--jobs 4", text).args(["::::", "items"]).file("items", numbers(1, 1500));
    test.launch().gives(vec![0; 90_000_000]).end().is_silent().succeeds();
}

#[test]
fn ordered_output_is_that_of_a_serial_run_whatever_the_jobs_chunks_batches_and_delays() {
    // The delay of an item hangs on its number alone, and looks as if it hung on nothing.
    let text = "for item; do sleep 0.0$((item * 7919 % 5)); echo $item; echo $item >&2; done";
    let items = numbers(1, 40);
    for (jobs, chunk, batch) in [(1, "auto", 1), (2, "1", 3), (7, "auto", 1), (16, "5", 2), (40, "3", 7)] {
        let options = format!("--jobs {jobs} --chunk {chunk} --batch {batch}");
        let run = script(&options, text).input(items.clone()).run().prints(&items).succeeds();
        assert_eq!(run.stderr().as_bytes(), items, "{options}");
    }
}

#[test]
fn ordered_output_waits_for_retries() {
    let text = "if [ $PARJOB_ATTEMPT -le $(($1 % 3)) ]; then echo wrong; exit 1; fi; echo $1";
    let items = numbers(1, 30);
    let run = script("--jobs 8 --retries 2 --backoff 10ms", text).input(items.clone()).run();
    run.prints(items).is_silent().succeeds();
}

#[test]
fn x2_temporary_files_have_no_name() {
    // 20 MB wait in a file for the first item.
    let text = "
        if [ $1 = 1 ]; then
            until [ -e done ]; do sleep 0.02; done
            ls -A $TMPDIR; ls -l /proc/$PARJOB_PID/fd | grep -c 'deleted'
        else head -c 20000000 /dev/zero; touch done; fi";
    let run = script("--jobs 2", text).input("1\n2\n").run().succeeds();
    let (listed, zeros) = run.stdout().split_at(run.stdout().len() - 20_000_000);
    assert!(zeros.iter().all(|byte| *byte == 0));
    assert_eq!(listed, b"1\n");
}

#[test]
fn x5_escape_sequences_in_items_are_shown_and_not_sent() {
    let evil = "\x1b]0;evil\x07\x1b[2J\u{9b}2J\r";
    for options in ["", "-v", "--progress json", "--trace-commands"] {
        let done = script(options, "exit 3").input(format!("1\n{evil}\n")).run().prints("").status(1);
        let said = done.stderr();
        assert!(said.contains("evil"), "{said}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{options}: {said:?}");
    }
    let run = script("--grace 100ms", "kill -STOP $$").input(evil).run().status(1);
    assert!(!run.stderr().chars().any(|c| c.is_control() && c != '\n'), "{:?}", run.stderr());
    let run = parjob("run {}").input(evil).run().says("could not be started").status(1);
    assert!(!run.stderr().chars().any(|c| c.is_control() && c != '\n'), "{:?}", run.stderr());
}

#[test]
fn a_command_that_closes_a_stream_and_goes_on_is_listened_to_on_the_other() {
    let text = "echo a; exec >&-; echo b >&2; sleep 0.05; echo c >&2";
    let run = script("", text).input("1\n").run().prints("a\n").succeeds();
    assert_eq!(run.stderr(), "b\nc\n");
    let run = script("", "echo a >&2; exec 2>&-; sleep 0.05; echo b").input("1\n").run().prints("b\n").succeeds();
    assert_eq!(run.stderr(), "a\n");
    let text = "exec >&- 2>&-; sleep 0.1; exit 3";
    script("", text).input("1\n").run().prints("").says("ended with status 3").status(1);
}

#[test]
fn a_command_that_closes_both_streams_and_sleeps_is_timed_out() {
    let run = script("--timeout 100ms", "exec >&- 2>&-; sleep 60").input("1\n").run();
    run.prints("").says("was ended after 100ms: --timeout").counts(1, 0, 1, 0).status(1);
}

#[test]
fn what_each_item_reads_is_nothing_or_itself() {
    shell("printf 'a\\nb\\n' | parjob run sh -c 'cat; echo $1' sh").run().prints("a\nb\n").succeeds();
    let run = shell("printf 'a\\nb' | parjob --jobs 1 --stdin item run sh -c 'cat; echo .'").run();
    run.prints("a.\nb.\n").is_silent().succeeds();
}

#[test]
fn i7_full_command_lines_lose_nothing_and_each_worker_gets_some() {
    let paths = "seq 60000 | sed 's|^|/a/long/way/down/to/a/file/whose/name/is/number/|' > paths";
    for jobs in [1, 2, 5] {
        let text =
            format!("{paths}; parjob --jobs {jobs} --batch max run printf '%s\\n' < paths | cmp - paths && echo same");
        shell(&text).run().prints("same\n").is_silent().succeeds();
    }
    let text =
        format!("{paths}; parjob --jobs 2 --batch max sh 'printf \"%s\\n\" {{}}' < paths | cmp - paths && echo same");
    shell(&text).run().prints("same\n").is_silent().succeeds();
    // As few as fit: under 2 MiB at the most, and far more than one.
    let text = format!(
        "{paths}; parjob --jobs 4 --batch max run sh -c 'echo $#' sh < paths | awk '{{n++; s+=$1}} END {{print s, (n >= 4), (n < 100)}}'"
    );
    shell(&text).run().prints("60000 1 1\n").is_silent().succeeds();
    parjob("--jobs 3 --batch max run echo ::: a b c d e").run().prints("a b\nc d\ne\n").succeeds();
}

#[test]
fn z15_full_command_lines_share_the_end_of_a_list_evenly() {
    // A command line holds some 140,000 of these.
    for (items, jobs, most) in [(200_000, 2, 100_000), (100_000, 3, 33_334), (20, 4, 5), (300_000, 4, 75_000)] {
        let script = format!("seq {items} | parjob -j{jobs} --batch max run sh -c 'echo $#' sh | sort -n | tail -1");
        let run = shell(&script).run();
        let largest: u32 = String::from_utf8_lossy(run.stdout()).trim().parse().unwrap();
        assert!(largest <= most, "{largest} of {items} to one of {jobs}: {}", run.story());
    }
}
