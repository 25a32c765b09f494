//! Faults of the input.

use super::process::line_that_breaks;
use super::{BOUND, FLAT};
use crate::harness::{parjob, shell};

#[test]
fn i1_a_nul_inside_a_line_is_that_items_failure() {
    parjob("square")
        .input(b"4\n5\x006\n7\n")
        .run()
        .prints("16\n49\n")
        .says(r#"item 2: "5\u{0}6" is not a number"#)
        .counts(3, 2, 1, 0)
        .status(1);
}

#[test]
fn i1_a_nul_is_a_character_to_len() {
    parjob("len").input(b"a\0b\nc\n").run().prints("3\n1\n").is_silent().succeeds();
    parjob("--format jsonl len")
        .input(b"a\0b\n")
        .run()
        .prints("{\"v\":1,\"seq\":1,\"item\":\"a\\u0000b\",\"ok\":true,\"result\":\"3\"}\n");
}

#[test]
fn i1_items_may_end_with_a_nul() {
    parjob("-0 len").input(b"a\nb\0c\0").run().prints("3\n1\n").is_silent().succeeds();
}

#[test]
fn i2_bytes_that_are_not_utf8_come_through_exactly() {
    let items = b"ok\n\xffx\n\xc3\xa9\n";
    parjob("len").input(items).run().prints("2\n2\n1\n").is_silent().succeeds();
    parjob("len --bytes --tag").input(items).run().prints(b"ok\t2\n\xffx\t2\n\xc3\xa9\t2\n").succeeds();
    // `/3g=` is \xff x in base 64.
    parjob("len --format jsonl").input(items).run().succeeds().prints(concat!(
        "{\"v\":1,\"seq\":1,\"item\":\"ok\",\"ok\":true,\"result\":\"2\"}\n",
        "{\"v\":1,\"seq\":2,\"item\":{\"b64\":\"/3g=\"},\"ok\":true,\"result\":\"2\"}\n",
        "{\"v\":1,\"seq\":3,\"item\":\"é\",\"ok\":true,\"result\":\"1\"}\n",
    ));
    parjob("square").input(b"2\n\xff\n3\n").run().prints("4\n9\n").says(r#"item 2: "\xff" is not a number"#).status(1);
}

#[test]
fn i3_a_carriage_return_is_a_blank_around_a_number() {
    parjob("square").input("4\r\n5\r\n").run().prints("16\n25\n").is_silent().succeeds();
    parjob("sum").input("4\r\n5\r\n").run().prints("9\n").is_silent().succeeds();
}

#[test]
fn i3_a_carriage_return_is_kept_unless_crlf_strips_it() {
    let kept = parjob("len").input("ab\r\nc\r\n").run().prints("3\n2\n").succeeds();
    assert_eq!(kept.says("--crlf strips it").stderr().lines().count(), 1);
    parjob("len -q").input("ab\r\n").run().prints("3\n").is_silent().succeeds();
    parjob("len").input("ab\nc\r\n").run().prints("2\n2\n").is_silent().succeeds();
    parjob("len --crlf").input("ab\r\nc\r\n\r\nd\re\n").run().prints("2\n1\n0\n3\n").succeeds();
}

#[test]
fn i4_the_last_line_needs_no_newline() {
    parjob("square").input("3\n0").run().prints("9\n0\n").is_silent().succeeds();
    parjob("square :::: a b").file("a", "2").file("b", "3").run().prints("4\n9\n").is_silent().succeeds();
}

#[test]
fn i5_a_huge_line_fails_alone_and_memory_stays_flat() {
    parjob("square --jobs 2")
        .launch()
        .feed("3\n")
        .feed(vec![b'7'; 50_000_000])
        .feed("\n4\n")
        .gives("9\n16\n")
        .stays_under(FLAT)
        .end()
        .says("is longer than 1048576 bytes; --max-item raises the limit")
        .says("item 2: \"7777")
        .counts(3, 2, 1, 0)
        .status(1);
}

#[test]
fn i5_a_huge_last_line_without_a_newline_fails_alone() {
    let huge = vec![b'7'; 5_000_000];
    parjob("square --max-item 1kB")
        .input([b"3\n", &huge[..]].concat())
        .run()
        .prints("9\n")
        .says("is longer than 1000 bytes")
        .counts(2, 1, 1, 0)
        .status(1);
}

#[test]
fn i5_what_is_too_long_does_not_depend_on_how_it_comes() {
    let run = shell("(printf '12345\\r'; sleep .2; printf '\\n3\\n') | parjob --crlf --max-item 5 square").run();
    run.prints("152399025\n9\n").is_silent().succeeds();
    let run = shell("(printf abcd; sleep .2; printf 'efgh\\nx\\n') | parjob --max-item 3 -E abc len").run();
    run.prints("1\n").says("item 1: \"abc\" is longer than 3 bytes").counts(2, 1, 1, 0).status(1);
}

#[test]
fn i8_standard_input_that_was_closed_is_named() {
    shell("parjob square <&-").run().prints("").says("standard input is closed").status(3);
    shell("parjob square -a - <&-").run().prints("").status(3);
    shell("parjob square 3 <&-").run().prints("9\n").is_silent().succeeds();
}

#[test]
fn i9_a_file_that_is_missing_is_found_out_before_anything_runs() {
    parjob("square :::: good missing")
        .file("good", "1\n2\n")
        .run()
        .prints("")
        .says("cannot read \"missing\": No such file or directory")
        .status(2);
    parjob("square -a missing").run().prints("").says("\"missing\"").status(2);
    parjob("square -a .").run().prints("").says("it is a directory").status(2);
}

#[test]
fn i10_endless_input_ends_when_halt_says_so() {
    shell("yes 4 | parjob --jobs 1 --halt now,done=5 square").run().prints("16\n".repeat(5)).succeeds();
    // The other worker may be just done with a sixth.
    let run = shell("yes 4 | parjob --jobs 2 --halt now,done=5 square").run().succeeds();
    assert!([5, 6].map(|n| "16\n".repeat(n).into_bytes()).contains(&run.stdout().to_vec()), "{}", run.story());
    shell("yes x | parjob --halt soon,fail=3 square").run().prints("").says("item 1: \"x\" is not a number").status(1);
}

#[test]
fn i10_endless_input_takes_no_memory() {
    let run = parjob("square --jobs 2").launch().feed_aside("4\n".repeat(10_000), u64::MAX);
    run.gives_lines(2_000_000).stays_under(BOUND).close_output().end_with_open_input().is_silent().dies_by(13);
}

#[test]
fn i12_what_is_no_number_stops_no_other_item() {
    shell("printf '4\\nx\\n9\\n' | parjob square")
        .run()
        .prints("16\n81\n")
        .says("item 2: \"x\" is not a number")
        .counts(3, 2, 1, 0)
        .status(1);
}

#[test]
fn i12_a_fold_leaves_out_what_is_no_number_and_says_so() {
    parjob("sum 4 x 9").run().prints("13\n").says("item 2: \"x\" is not a number").counts(3, 2, 1, 0).status(1);
    let run = parjob("square --reduce sum 4 x 9").run();
    run.prints("97\n").says("item 2: \"x\" is not a number").counts(3, 2, 1, 0).status(1);
}

/// The first page of a process's memory is never mapped: reading it is an input error.
#[test]
fn a_file_that_cannot_be_read_in_the_middle_leaves_what_was_read_done() {
    parjob("square :::: good /proc/self/mem never")
        .file("good", "2\n3\n")
        .file("never", "4\n")
        .run()
        .prints("4\n9\n")
        .says("cannot read \"/proc/self/mem\": Input/output error")
        .counts(2, 2, 0, 0)
        .status(3);
    let run = shell("{ parjob square; } </proc/self/mem").run();
    run.prints("").says("cannot read standard input: Input/output error").status(3);
}

#[test]
fn half_an_item_before_an_input_error_is_no_item() {
    let run = parjob("square -a -").launch_reading(line_that_breaks("2\n3\n45")).end_with_open_input();
    run.prints("4\n9\n").says("cannot read standard input: Input/output error").counts(2, 2, 0, 0).status(3);
}

#[test]
fn an_input_that_breaks_off_leaves_no_result_file_and_no_sum() {
    let run = parjob("square --output out :::: good /proc/self/mem").file("good", "2\n").run();
    assert!(!run.dir().join("out").exists());
    run.prints("").status(3);
    parjob("sum :::: good /proc/self/mem").file("good", "2\n").run().prints("").status(3);
}

#[test]
fn standard_input_that_is_a_directory_is_said_to_be_one() {
    shell("parjob square </").run().prints("").says("cannot read standard input: Is a directory").status(3);
}

#[test]
fn streams_that_were_left_nonblocking_are_waited_for() {
    let count = 300_000;
    let run = parjob("square").launch_nonblocking().feed("3\n").gives("9\n");
    let run = run.feed_aside(super::numbers(1, count), 1).fills_output().gives(super::squares(1, count));
    run.end().is_silent().succeeds();
}
