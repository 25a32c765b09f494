//! A process that left its group and dropped its environment is found by its descent: for the item that it belongs to, and no
//! other. The harness does not find such processes, so each has an argument that no other process of the machine has.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::process::{Process, wait_until};
use crate::harness::{Test, has, parjob};

/// Sleeps on as `sleep $TIME`, after it has left its group and dropped its environment, and makes the file `up`.
const HIDE: &str = "exec env -i PATH=\"$PATH\" setsid sh -c 'touch up; exec sleep $1 >/dev/null 2>&1' sh $TIME";

/// The same by other means: it begins a session, then overwrites its environment, as a program does that sets its title.
const OVERWRITE: &str = "import ctypes, os, sys, time
os.setsid()
with open('/proc/self/stat', 'rb') as stat:
    start, end = map(int, stat.read().rsplit(b')', 1)[1].split()[47:49])
ctypes.memset(start, 0, end - start)
os.dup2(os.open('/dev/null', os.O_RDWR), 1)
os.dup2(1, 2)
open('up', 'w').close()
time.sleep(60)";

/// Scripts that leave such a process in different places. None of these processes obeys TERM.
const PLACES: [(&str, &str); 5] = [
    ("below the command, which does not end", "trap '' TERM; (HIDE) & wait; wait"),
    ("below the command, which ends at once", "(trap '' TERM; HIDE) & wait"),
    ("below another hidden one", "(trap '' TERM; setsid env -i PATH=\"$PATH\" TIME=$TIME sh -c \"(HIDDEN) & wait\") & wait"),
    ("with an overwritten environment", "(trap '' TERM; exec python3 -c \"$OVERWRITE\" $TIME) & wait"),
    (
        "forked by a hidden one that is asked to end",
        "(env -i PATH=\"$PATH\" setsid sh -c 'trap \"(trap \\\"\\\" TERM; exec sleep $1 >/dev/null 2>&1) & exit\" TERM; touch up
            while :; do sleep 0.02; done' sh $TIME >/dev/null 2>&1) & wait",
    ),
];

/// A time to sleep that no other test has.
fn time() -> String {
    static TIMES: AtomicU32 = AtomicU32::new(0);
    format!("60.{}{:03}", std::process::id(), TIMES.fetch_add(1, Ordering::Relaxed))
}

/// The script with what its names stand for.
fn place(script: &str) -> String {
    // Within quotes of its own.
    let hidden = "exec env -i setsid sh -c 'touch up; exec sleep \\$1 >/dev/null 2>&1' sh \\$TIME";
    script.replace("HIDDEN", hidden).replace("HIDE", HIDE)
}

fn with(test: Test, script: &str, time: &str) -> Test {
    test.file("hide.sh", place(script)).env("TIME", time).env("OVERWRITE", OVERWRITE).args([":::", "1"])
}

/// The processes with this argument.
fn living(time: &str) -> Vec<Pid> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    let has_it = |pid: &Pid| {
        let words = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap_or_default();
        words.split(|byte| *byte == 0).any(|word| word == time.as_bytes())
    };
    pids.filter(has_it).collect()
}

#[track_caller]
fn none_lives(what: &str, time: &str) {
    let patient = Instant::now() + Duration::from_secs(5);
    while !living(time).is_empty() && Instant::now() < patient {
        std::thread::sleep(Duration::from_millis(20));
    }
    let left = living(time);
    left.iter().for_each(|pid| _ = kill_process(*pid, Signal::KILL));
    assert!(left.is_empty(), "{what}: {left:?} lived on");
}

fn launch(test: Test) -> Process {
    let up = test.dir().join("up");
    let run = test.launch();
    wait_until("the hidden process is there", || up.exists());
    run
}

#[test]
fn z11_a_timeout_reaches_hidden_processes_wherever_they_are() {
    for (what, script) in PLACES {
        if script.contains("python3") && !has("python3") {
            continue;
        }
        // On a busy machine it may not be there yet when its time is over.
        let is_there = ["500ms", "4s", "30s"].iter().any(|timeout| {
            let time = time();
            let options = format!("--timeout {timeout} --grace 300ms run sh hide.sh");
            let run = with(parjob(&options), script, &time).run().counts(1, 0, 1, 0).status(1);
            none_lives(what, &time);
            run.dir().join("up").exists()
        });
        assert!(is_there, "{what}");
    }
}

#[test]
fn z11_signals_reach_hidden_processes_wherever_they_are() {
    for (what, script) in PLACES {
        if script.contains("python3") && !has("python3") {
            continue;
        }
        let time = time();
        let run = launch(with(parjob("--grace 300ms run sh hide.sh"), script, &time));
        run.signal(Signal::TERM).end().counts(1, 0, 0, 1).dies_by(Signal::TERM.as_raw());
        none_lives(what, &time);
    }
}

/// Ways to run the script.
fn commands() -> Vec<(&'static str, Option<&'static str>)> {
    let mut commands =
        vec![("run sh hide.sh", None), ("sh", Some("sh ./hide.sh {}")), ("pool sh -c", Some("read x; . ./hide.sh"))];
    if has("python3") {
        commands.push(("py", Some("__import__('subprocess').call(['sh', 'hide.sh'])")));
    }
    commands
}

#[test]
fn z11_whatever_ends_a_run_ends_hidden_processes_of_every_kind_of_command() {
    let (_, script) = PLACES[1];
    for (command, word) in commands() {
        let test = |options: &str, time: &str| {
            let test = parjob(&format!("--grace 200ms {options} {command}"));
            with(word.into_iter().fold(test, Test::arg), script, time)
        };
        let ends = |run: Process, signals: &[Signal]| {
            let run = signals.iter().fold(run, |run, signal| run.signal(*signal));
            run.end()
        };
        let at = time();
        test("--timeout 1s", &at).run().counts(1, 0, 1, 0).status(1);
        none_lives(&format!("{command}: a timeout"), &at);
        let at = time();
        test("--deadline 1s", &at).run().counts(1, 0, 0, 1).status(124);
        none_lives(&format!("{command}: a deadline"), &at);
        let at = time();
        ends(launch(test("", &at)), &[Signal::HUP]).dies_by(Signal::HUP.as_raw());
        none_lives(&format!("{command}: HUP"), &at);
        let at = time();
        let run = launch(test("", &at)).signal(Signal::INT).says_while_running("Ctrl-C again kills");
        ends(run, &[Signal::INT]).dies_by(Signal::INT.as_raw());
        none_lives(&format!("{command}: Ctrl-C twice"), &at);
    }
}

#[test]
fn z11_hidden_processes_that_multiply_are_all_found() {
    let script = "trap '' TERM; while :; do env -i setsid sleep $TIME >/dev/null 2>&1 & sleep 0.01; done";
    for _ in 0..3 {
        let time = time();
        let run = with(parjob("--timeout 300ms --grace 100ms run sh hide.sh"), script, &time).run();
        none_lives("those that multiply", &time);
        run.counts(1, 0, 1, 0).status(1);
    }
}

/// Nothing tells whose it is: its parents ended, one after the other, before anybody looked.
const LOST: &str = "env -i PATH=\"$PATH\" TIME=$TIME setsid sh -c '
    (setsid sh -c \"trap \\\"\\\" TERM; touch up; exec sleep $TIME\" >/dev/null 2>&1 &)' & wait $!; sleep 60";

#[test]
fn z11_what_nobody_owns_ends_with_a_run_that_is_cut_short() {
    let ended: [(&str, &[Signal]); 3] =
        [("", &[Signal::TERM]), ("", &[Signal::INT, Signal::INT]), ("--deadline 1s", &[])];
    for (options, signals) in ended {
        let time = time();
        let test = with(parjob(&format!("--grace 200ms {options} run sh hide.sh")), LOST, &time);
        let mut run = launch(test);
        for (n, signal) in signals.iter().enumerate() {
            run = run.signal(*signal);
            if n + 1 < signals.len() {
                run = run.says_while_running("Ctrl-C again kills");
            }
        }
        run.end().counts(1, 0, 0, 1);
        none_lives("one without parents", &time);
    }
}

#[test]
fn z11_the_end_of_one_item_leaves_the_hidden_processes_of_others_alone() {
    // The first stops itself, for which it is killed. What is left after a failure ends with its folder.
    let script = "
        (exec env -i PATH=\"$PATH\" setsid sh -c 'echo $$ >pid$1; until [ -e go ] || [ ! -e hide.sh ]; do sleep 0.02; done; echo mine >done$1' sh $1) &
        (exec env -i PATH=\"$PATH\" setsid sh -c '(until [ -e go ] || [ ! -e hide.sh ]; do sleep 0.02; done; touch lost$1) &' sh $1)
        until [ -s pid$1 ]; do sleep 0.01; done
        [ $1 = 1 ] && { until [ -s pid2 ] && [ -s pid3 ]; do sleep 0.01; done; kill -STOP $$; }
        wait; until [ -e lost$1 ]; do sleep 0.02; done; cat done$1";
    let test = parjob("--jobs 3 --grace 100ms run sh hide.sh").file("hide.sh", script).args([":::", "1", "2", "3"]);
    let dir = test.dir().to_path_buf();
    let run = test.launch();
    let pid = |n: u32| {
        let text = std::fs::read_to_string(dir.join(format!("pid{n}"))).unwrap_or_default();
        Pid::from_raw(text.trim().parse().ok()?)
    };
    wait_until("all are there", || (1..=3).all(|n| pid(n).is_some()));
    let first = pid(1).unwrap();
    wait_until("the first is ended", || test_kill_process(first).is_err());
    std::fs::write(dir.join("go"), "").unwrap();
    run.end().prints("mine\nmine\n").counts(3, 2, 1, 0).status(1);
}

#[test]
fn z11_what_was_left_on_purpose_before_lives_on_when_a_run_is_cut_short() {
    let script = "
        if [ $1 = 1 ]; then
            env -i PATH=\"$PATH\" setsid sh -c '(exec sleep $1 >/dev/null 2>&1 &)' sh $TIME; sleep 0.1
        else touch up; sleep 60; fi";
    let time = time();
    let test = with(parjob("--jobs 1 --grace 200ms run sh hide.sh"), script, &time).arg("2");
    launch(test).signal(Signal::TERM).end().counts(2, 1, 0, 1).dies_by(Signal::TERM.as_raw());
    assert_eq!(living(&time).len(), 1);
    living(&time).into_iter().for_each(|pid| kill_process(pid, Signal::KILL).unwrap());
}
