//! Faults of the output.

use super::{BOUND, numbers, squares};
use crate::harness::{Done, parjob, shell};

/// Nobody has all day: of an endless input only a little was read.
#[track_caller]
fn few_ran(done: &Done) {
    let [read, ok, ..] = done.told_counts();
    assert!(ok <= read && read < 5_000_000, "{}", done.story());
}

#[test]
fn o1_a_full_disk_is_named_and_nothing_more_is_started() {
    let run = shell("seq 9 | parjob square >/dev/full").run();
    run.says("cannot write standard output: No space left on device").status(3);
    let run = shell("parjob --range 1:1000000000000 square >/dev/full").run();
    few_ran(&run);
    run.says("No space left on device").status(3);
}

#[test]
fn o1_a_full_disk_beats_a_failed_item() {
    shell("printf 'x\\n1\\n' | parjob square >/dev/full").run().says("No space left").counts(2, 1, 1, 0).status(3);
}

#[test]
fn o1_a_sum_that_cannot_be_written_is_no_success() {
    shell("seq 9 | parjob sum >/dev/full").run().says("No space left on device").status(3);
    shell("parjob sum --output /dev/full 1 2").run().says("\"/dev/full\": No space left on device").status(3);
}

#[test]
fn o2_standard_output_that_was_closed_is_named() {
    shell("seq 9 | parjob square >&-").run().says("standard output is closed").status(3);
    shell("parjob --help >&-").run().says("standard output is closed").status(3);
    let run = shell("parjob square 3 --output out >&-").run().is_silent().succeeds();
    assert_eq!(std::fs::read(run.dir().join("out")).unwrap(), b"9\n");
}

#[test]
fn o3_a_reader_that_leaves_ends_the_run_quietly() {
    let run = shell("{ parjob --range 1:1000000000000 square; echo status $? >&2; } | head -1").run();
    assert_eq!(run.stderr(), "status 141\n");
    run.prints("1\n").succeeds();
}

#[test]
fn o3_few_items_ran_when_the_reader_left() {
    let run = shell("parjob -v --range 1:1000000000000 square | head -1").run().prints("1\n").never_says("panicked");
    few_ran(&run);
    let run = parjob("-v square").launch().feed_aside("4\n".repeat(10_000), u64::MAX).gives("16\n").close_output();
    let run = run.end_with_open_input().dies_by(13);
    few_ran(&run);
}

#[test]
fn o3_with_sigpipe_ignored_it_is_an_error_like_any_other() {
    let run = shell("trap '' PIPE; { parjob --range 1:1000000000000 square; echo status $? >&2; } | head -1").run();
    few_ran(&run);
    run.prints("1\n").says("cannot write standard output: Broken pipe").says("status 3").succeeds();
}

#[test]
fn o3_help_may_be_cut_short_too() {
    let run = shell("{ parjob --help; echo status $? >&2; } | true").run();
    // Whether the reader leaves before the help is written is up to chance.
    assert!(["status 141\n", "status 0\n"].contains(&&*run.stderr()), "{}", run.story());
}

#[test]
fn o10_a_slow_reader_is_waited_for_with_flat_memory_and_gets_every_byte() {
    let count = 8_000_000;
    let run = parjob("square --jobs 2").launch().feed_aside(numbers(1, count), 1).fills_output();
    run.gives(squares(1, count)).stays_under(BOUND / 2).end().is_silent().succeeds();
}

#[test]
fn standard_error_that_is_closed_or_full_does_no_harm() {
    for stream in ["2>&-", "2>/dev/full"] {
        shell(&format!("parjob -v square 3 x 4 {stream}")).run().prints("9\n16\n").status(1);
        shell(&format!("seq 3 | parjob --progress json square {stream}")).run().prints("1\n4\n9\n").succeeds();
        shell(&format!("parjob square --no-such-option {stream}")).run().prints("").status(2);
    }
}

/// The limit counts blocks of 512 bytes. Past it the kernel sends SIGXFSZ, which kills.
#[test]
fn a_file_size_limit_is_an_error_and_not_death_by_sigxfsz() {
    let run = shell("ulimit -f 1; seq 100000 | parjob square >out").run();
    let size = std::fs::metadata(run.dir().join("out")).unwrap().len();
    assert!((512..=1024).contains(&size), "{size}");
    run.says("cannot write standard output: File too large").status(3);
}

#[test]
fn a_file_size_limit_leaves_no_half_of_a_result_file() {
    let run = shell("ulimit -f 1; seq 100000 | parjob square --output out").run();
    assert!(!run.dir().join("out").exists());
    run.says("out\": File too large").status(3);
}

#[test]
fn a_result_file_stays_as_it_was_when_the_run_breaks_off() {
    let run = shell("ulimit -f 1; seq 100000 | parjob square --output out").file("out", "old\n").run().status(3);
    assert_eq!(std::fs::read(run.dir().join("out")).unwrap(), b"old\n");
}

#[test]
fn a_result_file_that_cannot_be_made_is_named_before_anything_runs() {
    let run = parjob("square 3 --output no/such/folder").run();
    run.prints("").says("cannot write --output \"no/such/folder\": there is no folder").status(2);
    parjob("square 3 --output .").run().prints("").says("it is a directory").status(2);
}
