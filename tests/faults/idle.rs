//! A run whose items take long takes nothing of the machine meanwhile: whatever it waits for wakes it.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::faults::process::Process;
use crate::harness::shell;

/// A worker of `pool` that says that it has an item and never answers.
const POOL: &str = "pool sh -c 'while read -r x; do echo at $x >&2; sleep 600; done'";

/// How often its threads wake in each second of two, at the most. A machine that is busy makes it less.
fn wakes(run: &Process) -> f64 {
    // The first look at children, which comes soon after the start, is over.
    std::thread::sleep(Duration::from_millis(300));
    let (before, start) = (run.sleeps(), Instant::now());
    std::thread::sleep(Duration::from_secs(2));
    (run.sleeps() - before) as f64 / start.elapsed().as_secs_f64()
}

#[test]
fn who_waits_for_processes_sleeps() {
    let items: Vec<String> = (1..=40).map(|n| n.to_string()).collect();
    for (command, jobs) in [
        ("run sh -c 'echo at $1 >&2; exec sleep 600' sh", 1),
        ("run sh -c 'echo at $1 >&2; exec sleep 600' sh", 40),
        ("--timeout 1h --retries 1 sh 'echo at {} >&2; sleep 600'", 8),
        (POOL, 8),
    ] {
        let text = format!("exec parjob --line-buffer --jobs {jobs} {command} ::: {}", items[..jobs].join(" "));
        let text = if command == POOL { text.replace("--line-buffer ", "") } else { text };
        let mut run = shell(&text).launch();
        for item in &items[..jobs] {
            run = run.says_while_running(&format!("at {item}\n"));
        }
        let wakes = wakes(&run);
        run.signal(Signal::KILL).end_killed();
        assert!(wakes <= 2.0, "{wakes} times a second: {text}");
    }
}

#[test]
fn a_bar_alone_wakes_a_run_that_waits() {
    for (command, jobs) in [("run sh -c 'echo at $1; exec sleep 600' sh", 8), (POOL, 8)] {
        let text = format!("exec parjob --progress bar --jobs {jobs} {command} ::: 1 2 3 4 5 6 7 8");
        let run = shell(&text).launch_on_terminal().shows("0 of 8");
        let wakes = wakes(&run);
        run.signal(Signal::KILL).end_killed();
        assert!(wakes <= 12.0, "{wakes} times a second: {text}");
    }
}

#[test]
fn for_one_command_there_is_one_worker_and_nobody_to_read_its_item() {
    for options in ["", "--jobs 8", "--jobs 8 --batch 2"] {
        let text = format!("exec parjob {options} --line-buffer run sh -c 'echo here >&2; exec sleep 600' ::: 1");
        let run = shell(&text).launch().says_while_running("here");
        let mut threads = run.threads();
        threads.sort();
        run.signal(Signal::KILL).end_killed();
        assert_eq!(threads, ["parjob", "parjob-place", "parjob-signals", "parjob-worker", "parjob-writer"], "{text}");
    }
}
