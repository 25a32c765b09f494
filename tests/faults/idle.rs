//! A run whose items take long takes nothing of the machine meanwhile: whatever it waits for wakes it.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::faults::process::{Process, wait_until};
use crate::harness::{Test, shell};

/// A command that notes that it has its item, and never ends.
const RUN: &str = "run sh -c 'touch at-$1; exec sleep 600' sh";

/// A worker of `pool` that notes that it has an item, and never answers.
const POOL: &str = "pool sh -c 'while read -r x; do touch at-$x; sleep 600; done'";

/// Starts it by `launch` and waits until items 1 to `items` are at work.
fn at_work(test: Test, items: usize, launch: impl Fn(Test) -> Process) -> Process {
    let dir = test.dir().to_path_buf();
    let run = launch(test);
    wait_until("all are at work", || (1..=items).all(|item| dir.join(format!("at-{item}")).exists()));
    run
}

/// How often its threads wake in each second of two, at the most. A machine that is busy makes it less.
fn wakes(run: &Process) -> f64 {
    // What follows a start is over: the first look at processes that have run for a while, and that at orphans.
    std::thread::sleep(Duration::from_millis(500));
    let (before, start) = (run.sleeps(), Instant::now());
    std::thread::sleep(Duration::from_secs(2));
    (run.sleeps() - before) as f64 / start.elapsed().as_secs_f64()
}

fn words(items: usize) -> String {
    (1..=items).map(|n| n.to_string()).collect::<Vec<_>>().join(" ")
}

#[test]
fn who_waits_for_processes_sleeps() {
    for (command, jobs) in [
        (RUN, 1),
        (RUN, 40),
        ("--timeout 1h --retries 1 sh 'touch at-{}; sleep 600'", 8),
        ("--line-buffer --joblog log sh 'touch at-{}; sleep 600'", 8),
        (POOL, 8),
    ] {
        let text = format!("exec parjob --jobs {jobs} {command} ::: {}", words(jobs));
        let run = at_work(shell(&text), jobs, Test::launch);
        let wakes = wakes(&run);
        run.signal(Signal::KILL).end_killed();
        assert!(wakes <= 2.0, "{wakes} times a second: {text}");
    }
}

#[test]
fn a_bar_alone_wakes_a_run_that_waits() {
    for command in [RUN, POOL] {
        let text = format!("exec parjob --progress bar --jobs 8 {command} ::: {}", words(8));
        let run = at_work(shell(&text), 8, Test::launch_on_terminal).shows("0 of 8");
        let wakes = wakes(&run);
        run.signal(Signal::KILL).end_killed();
        assert!(wakes <= 12.0, "{wakes} times a second: {text}");
    }
}

#[test]
fn for_one_command_there_is_one_worker_and_nobody_to_read_its_item() {
    for options in ["", "--jobs 8", "--jobs 8 --batch 2", "--jobs 8 --results out", "--colsep ,"] {
        let run = at_work(shell(&format!("exec parjob {options} {RUN} ::: 1")), 1, Test::launch);
        let mut threads = run.threads();
        threads.sort();
        run.signal(Signal::KILL).end_killed();
        assert_eq!(
            threads,
            ["parjob", "parjob-place", "parjob-signals", "parjob-worker", "parjob-writer"],
            "{options}"
        );
    }
}
