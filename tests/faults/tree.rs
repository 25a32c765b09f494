//! No process of a run outlives it, or what ended it; what has been left on purpose does.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::commands::script;
use super::process::{Process, wait_until};
use crate::harness::{Done, Test, parjob, shell};

/// A child, a grandchild in the group, one in a session of its own that was given to another parent, and all ignore TERM.
const FAMILY: &str = "
    trap '' TERM INT
    sh -c 'echo $$ >pid1; exec sleep 60' &
    setsid sh -c 'echo $$ >pid2; exec sleep 60' &
    (setsid sh -c 'echo $$ >pid3; exec sleep 60 >/dev/null 2>&1' &)
    until [ -s pid1 ] && [ -s pid2 ] && [ -s pid3 ]; do sleep 0.01; done
    touch up; sleep 60; sleep 60";

fn family(options: &str) -> Test {
    script(options, FAMILY).args([":::", "1"])
}

fn launch(test: Test) -> Process {
    let up = test.dir().join("up");
    let run = test.launch();
    wait_until("the family is there", || up.exists());
    run
}

fn has_gone(file: &Path) -> bool {
    let pid: i32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    test_kill_process(Pid::from_raw(pid).unwrap()).is_err()
}

// That nobody is left is what the harness looks for after each of these.

#[test]
fn s5_when_parjob_is_killed_everything_ends() {
    let run = launch(family(""));
    run.signal(Signal::KILL).end_killed();
}

#[test]
fn s5_when_parjob_is_killed_many_families_end_soon() {
    let text = FAMILY.replace("pid", "pid$PARJOB_SEQ.").replace("touch up", "touch up$PARJOB_SEQ");
    let test = script("--jobs 8", &text).args([":::", "1", "2", "3", "4", "5", "6", "7", "8"]);
    let dir = test.dir().to_path_buf();
    let run = test.launch();
    wait_until("the families are there", || (1..=8).all(|n| dir.join(format!("up{n}")).exists()));
    let killed = Instant::now();
    let run = run.signal(Signal::KILL);
    let all = || (1..=24).map(|n| dir.join(format!("pid{}.{}", (n - 1) / 3 + 1, (n - 1) % 3 + 1)));
    wait_until("all are gone", || all().all(|file| has_gone(&file)));
    // The guard does not wait for anything; a machine that is busy does.
    assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
    run.end_killed();
}

#[test]
fn s5_the_guard_is_replaced_when_it_is_killed_and_the_new_one_does_the_same() {
    let run = launch(family(""));
    let guard = guard_of(run.id());
    kill_process(guard, Signal::KILL).unwrap();
    wait_until("there is another guard", || find_guard(run.id()).is_some_and(|other| other != guard));
    run.signal(Signal::KILL).end_killed();
}

#[test]
fn s5_a_guard_that_is_killed_disturbs_nothing() {
    let test = script("", "touch up; until [ -e go ]; do sleep 0.01; done; echo $1").args([":::", "1"]);
    let go = test.dir().join("go");
    let run = launch(test);
    kill_process(guard_of(run.id()), Signal::KILL).unwrap();
    std::fs::write(go, "").unwrap();
    run.end().prints("1\n").is_silent().succeeds();
}

#[test]
fn s3_term_reaches_grandchildren_wherever_they_are() {
    launch(family("--grace 100ms")).signal(Signal::TERM).end().counts(1, 0, 0, 1).dies_by(Signal::TERM.as_raw());
}

#[test]
fn s2_a_second_int_reaches_grandchildren_wherever_they_are() {
    let run = launch(family("--grace 60s")).signal(Signal::INT).says_while_running("Ctrl-C again kills");
    run.signal(Signal::INT).end().counts(1, 0, 0, 1).dies_by(Signal::INT.as_raw());
}

#[test]
fn s9_a_timeout_reaches_grandchildren_wherever_they_are() {
    let run = family("--timeout 500ms --grace 100ms").run().says("was ended after 500ms: --timeout");
    run.counts(1, 0, 1, 0).status(1);
}

#[test]
fn s9_what_does_not_obey_ends_with_a_command_or_worker_that_does() {
    let text = "(trap '' TERM; exec setsid sleep 60 >/dev/null 2>&1) & (trap '' TERM; exec sleep 60 >/dev/null 2>&1) &
        touch up; wait";
    for command in ["run sh -c", "pool sh -c"] {
        let with = |options: &str| parjob(&format!("-j1 {options} {command}")).arg(format!("read x; {text}"));
        with("--timeout 1500ms").args([":::", "1"]).run().counts(1, 0, 1, 0).status(1);
        launch(with("").args([":::", "1"])).signal(Signal::TERM).end().dies_by(Signal::TERM.as_raw());
    }
}

#[test]
fn s9_a_timeout_reaches_grandchildren_that_multiply() {
    let text = "trap '' TERM; while :; do setsid sleep 60 & sleep 0.01; done";
    let run = script("--timeout 300ms --grace 100ms", text).args([":::", "1"]).run();
    run.counts(1, 0, 1, 0).status(1);
}

#[test]
fn a_daemon_that_was_left_on_purpose_lives_on_after_a_normal_end() {
    let daemon = "(setsid sh -c 'echo $$ >pid; until [ -e go ]; do sleep 0.01; done; touch gone' >/dev/null 2>&1 &)
        until [ -s pid ]; do sleep 0.01; done; echo $1";
    let text = "parjob run sh -c \"$DAEMON\" sh ::: 1 && kill -0 $(cat pid) && touch go
        until [ -e gone ]; do sleep 0.01; done";
    let run = shell(text).env("DAEMON", daemon).run().prints("1\n").is_silent().succeeds();
    wait_until("the daemon has ended", || has_gone(&run.dir().join("pid")));
}

#[test]
fn a_parjob_within_a_parjob_ends_with_it() {
    let test = shell("exec parjob run sh -c 'exec parjob run sh -c \"$FAMILY\" sh ::: 1' ::: 1").env("FAMILY", FAMILY);
    launch(test).signal(Signal::KILL).end_killed();
}

#[test]
fn orphans_that_have_ended_do_not_pile_up_while_an_item_runs() {
    let text = "for n in $(seq 50); do (true &); done
        n=0; while [ $(ps -o stat= --ppid $PARJOB_PID | grep -c Z) -gt 1 ]; do
            n=$((n+1)); [ $n -lt 200 ] || exit 1; sleep 0.05
        done";
    if crate::harness::has("ps") {
        script("--jobs 1", text).args([":::", "1"]).run().is_silent().succeeds();
    }
}

#[test]
fn a_command_has_none_of_the_pipes_of_its_neighbours() {
    let list = "ls -l /proc/$$/fd | grep -o 'pipe:.*' | sort -u";
    let text = format!("{list} >pipes$1; until [ -e pipes1 ] && [ -e pipes2 ]; do sleep 0.01; done");
    let run = shell(&format!("{list} >pipes0; exec parjob --jobs 2 run sh -c \"$TEXT\" sh ::: 1 2"));
    let run = run.env("TEXT", text).run().succeeds();
    let pipes = |n: u32| std::fs::read_to_string(run.dir().join(format!("pipes{n}"))).unwrap();
    let (inherited, one, two) = (pipes(0), pipes(1), pipes(2));
    let shared: Vec<&str> = one.lines().filter(|pipe| two.contains(*pipe) && !inherited.contains(*pipe)).collect();
    assert!(one.lines().count() >= 2 && shared.is_empty(), "{shared:?}");
}

fn guard_of(parent: Pid) -> Pid {
    // It gives itself its name when it gets to run.
    wait_until("there is a guard", || find_guard(parent).is_some());
    find_guard(parent).unwrap()
}

/// The guard among the children of parjob.
fn find_guard(parent: Pid) -> Option<Pid> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", parent.as_raw_nonzero())).unwrap();
    let children = tasks.flat_map(|task| std::fs::read_to_string(task.unwrap().path().join("children")));
    let children: Vec<i32> = children
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<i32>>())
        .collect();
    let is_guard =
        |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "parjob-guard\n");
    children.into_iter().filter(is_guard).find_map(Pid::from_raw)
}

/// Notes each TERM and takes its time to clean up; once it is told to go it ends by itself.
const TIDY: &str = "trap 'echo term >>terms; sleep 0.3; echo clean >>terms; exit 0' TERM
    touch up; until [ -e go ]; do sleep 0.02; done";

/// The same in a session of its own, which only a search finds.
const TIDY_ASIDE: &str = "trap : TERM; setsid sh -c \"$TIDY\" & wait; until grep -qs clean terms; do sleep 0.02; done";

/// One TERM came, and what it began was ended.
#[track_caller]
fn cleaned_up(done: &Done) {
    let terms = std::fs::read_to_string(done.dir().join("terms")).unwrap();
    assert_eq!(terms, "term\nclean\n", "{}", done.story());
}

#[test]
fn z5_a_command_that_cleans_up_is_asked_to_end_once() {
    for text in [TIDY, TIDY_ASIDE] {
        let with = |options: &str| script(&format!("--grace 20s {options}"), text).env("TIDY", TIDY).args([":::", "1"]);
        cleaned_up(&with("--timeout 1500ms").run().counts(1, 0, 1, 0).status(1));
        cleaned_up(&with("--deadline 1500ms").run().counts(1, 0, 0, 1).status(124));
        cleaned_up(&launch(with("")).signal(Signal::TERM).end().dies_by(Signal::TERM.as_raw()));
        cleaned_up(&launch(with("")).signal(Signal::HUP).end().dies_by(Signal::HUP.as_raw()));
        // The run is to end while a command cleans up that had its time.
        let test = with("--timeout 1s");
        let terms = test.dir().join("terms");
        let run = test.launch();
        wait_until("it cleans up", || terms.exists());
        cleaned_up(&run.signal(Signal::TERM).end().dies_by(Signal::TERM.as_raw()));
    }
}

#[test]
fn z5_a_worker_that_cleans_up_is_asked_to_end_once() {
    for text in [TIDY, TIDY_ASIDE] {
        let with = |options: &str| {
            let test = parjob(&format!("--jobs 1 pool --grace 20s {options} sh -c")).arg(format!("read x; {text}"));
            test.env("TIDY", TIDY).args([":::", "1"])
        };
        cleaned_up(&with("--timeout 1500ms").run().counts(1, 0, 1, 0).status(1));
        cleaned_up(&launch(with("")).signal(Signal::TERM).end().dies_by(Signal::TERM.as_raw()));
    }
}

#[test]
fn z5_what_a_parjob_within_a_parjob_runs_is_asked_to_end_once() {
    for (outer, inner) in [("run", "run sh -c"), ("run", "pool sh -c"), ("pool", "run sh -c")] {
        for text in [TIDY, TIDY_ASIDE] {
            let reads = if inner.starts_with("pool") { "read x; " } else { "" };
            let within = format!("exec parjob --grace 20s {inner} \"{reads}$TEXT\" ::: 1");
            let test = shell(&format!("exec parjob -j1 --grace 20s {outer} sh -c \"$WITHIN\" ::: 1"));
            let run = launch(test.env("WITHIN", within).env("TEXT", text).env("TIDY", TIDY));
            cleaned_up(&run.signal(Signal::TERM).end().dies_by(Signal::TERM.as_raw()));
        }
    }
}
