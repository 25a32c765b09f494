//! From the start of a worker's process to its end.

use rustix::process::Signal;

use super::{distinct, numbers, pool, with};
use crate::harness::has;

/// Answers with the number of the process.
const PID: &str = "while read x; do echo $$; done";

#[test]
fn a_process_does_no_more_items_than_recycle_says() {
    let done = pool("--jobs 1 pool --recycle 2", PID).input(numbers(7)).run().is_silent().succeeds();
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    let pids: Vec<&str> = text.lines().collect();
    let alike: Vec<usize> = pids.chunk_by(|a, b| a == b).map(<[&str]>::len).collect();
    assert_eq!(alike, [2, 2, 2, 1], "{}", done.story());
    let done = pool("--jobs 2 --chunk 5 pool --recycle 5", PID).input(numbers(20)).run().is_silent().succeeds();
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    let most = distinct(&done).iter().map(|pid| text.lines().filter(|line| line == pid).count()).max();
    assert!(most <= Some(5) && distinct(&done).len() >= 4, "{}", done.story());
}

#[test]
fn a_process_that_holds_much_memory_is_replaced() {
    // Each item takes longer than the time between two looks.
    let script = "while read x; do sleep 0.5; echo $$; done";
    let done = pool("--jobs 1 pool --recycle-rss 1", script).input(numbers(2)).run().is_silent().succeeds();
    assert_eq!(distinct(&done).len(), 2, "{}", done.story());
    let done = pool("--jobs 1 pool --recycle-rss 1G", PID).input(numbers(9)).run().is_silent().succeeds();
    assert_eq!(distinct(&done).len(), 1, "{}", done.story());
}

#[test]
fn each_process_is_told_the_init_first_and_its_answer_is_no_result() {
    let script = "read factor; echo ready; while read x; do echo $((x * factor)); done";
    for options in ["--jobs 1 pool", "--jobs 3 --chunk 1 pool --recycle 2"] {
        let run = pool(&format!("{options} --init 7"), script).input(numbers(9)).run();
        run.prints("7\n14\n21\n28\n35\n42\n49\n56\n63\n").is_silent().succeeds();
    }
}

#[test]
fn a_process_finds_its_worker_and_the_run_in_its_environment() {
    let script =
        "while read x; do echo $PARJOB_WORKER $OMP_NUM_THREADS ${PARJOB_RUNS:+run} $((PARJOB_PID == PPID)); done";
    let run = pool("--jobs 1 pool --threads-per-job 3", script).input("1\n").run();
    run.prints("1 3 run 1\n").is_silent().succeeds();
}

#[test]
fn what_processes_say_appears_line_by_line_with_the_number_of_the_worker() {
    let script = "printf 'hello\\n' >&2; while read x; do printf 'at ' >&2; echo $x >&2; echo $x; done; printf bye >&2";
    let done = pool("--jobs 1 pool", script).input("1\n2\n").run().prints("1\n2\n").succeeds();
    assert_eq!(done.stderr(), "[1] hello\n[1] at 1\n[1] at 2\n[1] bye\n");
}

#[test]
fn a_process_may_finish_what_it_does_after_its_last_answer() {
    let script = "while read x; do echo $x; done; sleep 0.2; echo end > file";
    pool("--jobs 1 pool", script).input("1\n").run().prints("1\n").is_silent().leaves("file", "end\n").succeeds();
}

#[test]
fn a_process_that_does_not_end_is_told_to_and_then_killed() {
    let script = "while read x; do echo $x; done; trap 'exit 0' TERM; while :; do sleep 0.01; done";
    pool("pool --grace 0.1", script).input("1\n").run().prints("1\n").succeeds();
    let script = "trap '' TERM; while read x; do echo $x; done; while :; do sleep 0.01; done";
    pool("pool --grace 0.1", script).input("1\n").run().prints("1\n").succeeds();
}

#[test]
fn a_process_that_fails_after_its_last_answer_is_told_of_and_charges_nothing() {
    let run = pool("--jobs 1 pool", "while read x; do echo $x; done; exit 3").input("1\n2\n").run();
    run.prints("1\n2\n").says("worker 1 ended with status 3 while it had no item").succeeds();
}

/// Says which item it is at, and stays there until there is a file of that name.
const GATED: &str = "while read x; do echo at $x >&2; while [ ! -e $x ]; do sleep 0.01; done; echo $x; done";

#[test]
fn one_interrupt_lets_items_at_work_finish_and_sends_no_more() {
    let test = pool("--jobs 1 pool", GATED);
    let gate = test.dir().join("1");
    let run = test.start().give("1\n2\n3\n").tells("[1] at 1").gets(Signal::INT).tells("waiting for 1 item at work");
    std::fs::write(gate, "").unwrap();
    run.answers("1").ends_by_itself().counts(3, 1, 0, 2).dies_by(2);
}

#[test]
fn a_second_interrupt_kills_and_so_does_terminate_after_the_grace() {
    let run = pool("--jobs 1 pool", GATED).start().give("1\n2\n").tells("[1] at 1");
    let run = run.gets(Signal::INT).tells("waiting for 1 item at work").gets(Signal::INT);
    run.ends_by_itself().prints("").counts(2, 0, 0, 2).dies_by(2);
    let run = pool("--jobs 2 pool --grace 0.1", &format!("trap '' TERM; {GATED}")).start().give("1\n").tells("] at 1");
    run.gets(Signal::TERM).ends_by_itself().prints("").counts(1, 0, 0, 1).dies_by(15);
}

#[test]
fn when_parjob_is_killed_its_processes_are_gone_soon() {
    let test = pool("--jobs 1 pool", GATED);
    // The harness looks whether anything is alive.
    test.start().give("1\n").tells("[1] at 1").gets(Signal::KILL).ends_by_itself().dies_by(9);
}

#[test]
fn sigusr1_tells_which_items_are_at_work() {
    let test = pool("--jobs 1 pool", GATED);
    let gate = test.dir().join("1");
    let run = test.start().give("1\n").tells("[1] at 1").gets(Signal::USR1).tells("worker 1, process");
    std::fs::write(gate, "").unwrap();
    run.answers("1").ends().succeeds();
}

#[test]
fn time_stands_still_for_a_run_that_is_suspended() {
    if !has("setsid") {
        return;
    }
    let test = pool("--jobs 1 pool --timeout 1", GATED);
    let gate = test.dir().join("1");
    let run = test.start().give("1\n").tells("[1] at 1").gets(Signal::TSTP);
    // Longer than the timeout: it is this time that must not count.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    std::fs::write(gate, "").unwrap();
    run.gets(Signal::CONT).answers("1").ends().succeeds();
}

#[test]
fn niceness_is_added() {
    let script = "while read x; do ps -o ni= -p $$ | tr -d ' '; done";
    if has("ps") {
        let base =
            String::from_utf8_lossy(pool("pool", script).input("1\n").run().stdout()).trim().parse::<i32>().unwrap();
        pool("pool --nice 3", script).input("1\n").run().prints(format!("{}\n", (base + 3).min(19))).succeeds();
    }
}

#[test]
fn a_process_is_started_only_when_there_is_something_for_it() {
    let done = pool("--jobs 8 pool", &with("")).input("1\n").run().prints("1\n").is_silent();
    assert_eq!(done.exit_code(), Some(0));
}
