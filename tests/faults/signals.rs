//! Signals to parjob.
//!
//! What is at work for long is an item of `pi` with 10^13 points, which takes hours, or the square of a number
//! of a million digits, which takes a second or so. That it is at work shows in the processor time.

use rustix::process::Signal;

use super::process::{Process, wait_until};
use super::{numbers, squares};
use crate::harness::{parjob, shell};

const INT: i32 = Signal::INT.as_raw();
const TERM: i32 = Signal::TERM.as_raw();
const QUIT: i32 = Signal::QUIT.as_raw();
const HUP: i32 = Signal::HUP.as_raw();

/// Something that takes hours, at work.
fn at_work_for_hours() -> Process {
    parjob("pi").launch().feed("1e13\n").gets_to_work()
}

#[test]
fn s1_one_int_lets_what_is_at_work_finish_and_starts_nothing_more() {
    // (10^n - 1)^2 is n-1 nines, an 8, n-1 zeros and a 1.
    let digits = 1_500_000;
    let squared = ["9".repeat(digits - 1), "8".into(), "0".repeat(digits - 1), "1\n".into()].concat();
    parjob("--jobs 1 --chunk 1 --max-item 2M square --max-digits 2000000")
        .launch()
        .feed(["3\n", &"9".repeat(digits), "\n5\n6\n"].concat())
        .gives("9\n")
        .gets_to_work()
        .signal(Signal::INT)
        .says_while_running("waiting for 1 item at work; Ctrl-C stops at once")
        .gives(squared)
        .end_with_open_input()
        .counts(4, 2, 0, 2)
        .dies_by(INT);
}

#[test]
fn s1_one_int_while_the_source_is_silent_ends_at_once() {
    let run = parjob("square").launch().feed("3\n").gives("9\n").signal(Signal::INT);
    run.end_with_open_input().prints("9\n").counts(1, 1, 0, 0).dies_by(INT);
}

#[test]
fn s1_one_int_in_an_endless_run_leaves_a_whole_beginning() {
    let run = parjob("square --jobs 2").launch().feed_aside("3\n".repeat(10_000), u64::MAX).gives_lines(1000);
    let done = run.signal(Signal::INT).end_with_open_input().dies_by(INT);
    let rest = done.stdout();
    assert!(rest.is_empty() || rest.ends_with(b"\n"), "{}", done.story());
    let [read, ok, failed, skipped, not_run] = done.told_counts();
    assert!(ok >= 1000 && failed == 0 && skipped == 0 && read == ok + not_run, "{}", done.story());
}

#[test]
fn s1_a_sum_that_was_cut_short_is_not_printed() {
    let run = parjob("sum --progress json").launch().feed("1\n2\n").says_while_running("started");
    run.signal(Signal::INT).end_with_open_input().prints("").dies_by(INT);
}

#[test]
fn s1_no_result_file_is_left_by_a_run_that_was_cut_short() {
    let run = parjob("square --output out --progress json").launch().feed("1\n2\n").says_while_running("started");
    let done = run.signal(Signal::INT).end_with_open_input().dies_by(INT);
    assert!(!done.dir().join("out").exists());
}

#[test]
fn s2_a_second_int_ends_at_once() {
    let run = at_work_for_hours().signal(Signal::INT).says_while_running("Ctrl-C stops");
    run.signal(Signal::INT).end_with_open_input().prints("").counts(1, 0, 0, 1).dies_by(INT);
}

#[test]
fn s3_term_and_quit_end_at_once() {
    let run = at_work_for_hours().signal(Signal::TERM).end_with_open_input();
    run.prints("").says("stopped by SIGTERM").counts(1, 0, 0, 1).dies_by(TERM);
    let run = shell("ulimit -c unlimited; exec parjob pi").launch().feed("1e13\n").gets_to_work();
    run.signal(Signal::QUIT).end_with_open_input().prints("").counts(1, 0, 0, 1).dies_by(QUIT).without_a_core();
}

#[test]
fn s3_what_was_done_before_the_end_is_printed() {
    let run = parjob("square").launch().feed("3\n").gives("9\n").signal(Signal::TERM);
    run.end_with_open_input().prints("9\n").counts(1, 1, 0, 0).dies_by(TERM);
}

#[test]
fn s4_hup_is_as_term() {
    at_work_for_hours().signal(Signal::HUP).end_with_open_input().counts(1, 0, 0, 1).dies_by(HUP);
}

#[test]
fn s4_hup_under_nohup_is_ignored() {
    let run = shell("exec nohup parjob square").launch().feed("3\n").gives("9\n").signal(Signal::HUP);
    run.feed("4\n").gives("16\n").end().prints("9\n16\n").succeeds();
}

/// So a shell starts what runs in the background.
#[test]
fn int_that_was_ignored_at_the_start_stays_ignored() {
    let run = shell("trap '' INT QUIT; exec parjob square").launch().feed("3\n").gives("9\n");
    let run = run.signal(Signal::INT).signal(Signal::QUIT).feed("4\n").gives("16\n");
    run.signal(Signal::TERM).end_with_open_input().prints("9\n16\n").dies_by(TERM);
}

/// More than a pipe holds, and nobody reads it.
fn blocked() -> Process {
    parjob("square").launch().feed_aside(numbers(1, 1_000_000), 1).fills_output()
}

#[test]
fn term_ends_a_run_whose_reader_does_not_read() {
    blocked().signal(Signal::TERM).end_unread().dies_by(TERM);
}

#[test]
fn more_ints_end_a_run_whose_reader_does_not_read() {
    blocked().signal_until_it_ends(Signal::INT).end_unread().dies_by(INT);
}

#[test]
fn one_int_waits_for_a_slow_reader_and_the_results_are_whole_and_in_order() {
    let done = blocked().signal(Signal::INT).end_with_open_input().dies_by(INT);
    let [read, ok, failed, _, not_run] = done.told_counts();
    assert!(failed == 0 && read == ok + not_run && read <= 1_000_000, "{}", done.story());
    assert!(done.stdout() == squares(1, ok), "the first {ok} squares");
}

#[test]
fn term_ends_a_run_whose_messages_nobody_reads() {
    let run = parjob("-v square").launch().feed_aside("x\n".repeat(10_000), u64::MAX).fills_errors();
    run.signal(Signal::TERM).end_unread().dies_by(TERM);
}

#[test]
fn term_ends_a_run_whose_terminal_is_stuck() {
    let run = parjob("square").launch_on_terminal().feed_aside(numbers(1, 1_000_000), 1).fills_output();
    run.signal(Signal::TERM).end_unread().dies_by(TERM);
}

#[test]
fn z9_usr1_asks_any_operation_what_it_is_at() {
    for (arguments, at) in [
        ("--jobs 2 pi 1000000000000", "1 of 2 workers at work\n  item 1: worker "),
        ("--jobs 1 run sleep ::: 60", "1 of 1 workers at work\n  item 1 \"60\""),
        ("--jobs 1 pool sh -c 'read x; sleep 60' ::: a", "worker 1"),
        ("--jobs 1 hash wait", "1 of 1 workers at work\n  item 1: worker 1"),
        ("--jobs 1 square :::: wait", "0 of 1 workers at work"),
    ] {
        let run = shell(&format!("mkfifo wait; exec parjob {arguments}")).launch().tells_when_asked(at);
        run.signal(Signal::TERM).end().dies_by(TERM);
    }
}

#[test]
fn z9_usr1_before_the_run_listens_does_not_kill() {
    // The names of fields are read before anything else; here they are long in coming.
    let script =
        "mkfifo items; (parjob --header run echo {a} :::: items >out & echo $! >pid; wait $!; echo $? >status) &
        until [ -s pid ] && grep -q parjob /proc/$(cat pid)/cmdline; do sleep 0.01; done; sleep 0.3
        kill -USR1 $(cat pid); sleep 0.1; printf 'a\n1\n2\n' >items; wait; exit $(cat status)";
    shell(script).run().leaves("out", "1\n2\n").succeeds();
    let script = "env --block-signal=USR1 sh -c 'kill -USR1 $$; exec parjob square ::: 3'";
    shell(script).run().prints("9\n").says("parjob: ").succeeds();
}

#[test]
fn z9_signals_that_the_parent_has_blocked_are_heard() {
    for signal in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        for arguments in
            ["run sh -c 'touch up; sleep 60' ::: 1", "pool sh -c 'touch up; sleep 60' ::: 1", "pi 1000000000000"]
        {
            let test =
                shell(&format!("exec env --block-signal=TERM,HUP,INT,QUIT,USR1 parjob --grace 100ms {arguments}"));
            let test = if arguments.starts_with("pi") {
                shell(&format!("touch up; exec env --block-signal=TERM,HUP,INT,QUIT,USR1 parjob {arguments}"))
            } else {
                test
            };
            let up = test.dir().join("up");
            let run = test.launch();
            wait_until("it is at work", || up.exists());
            run.signal(signal).end().dies_by(signal.as_raw());
        }
    }
}
