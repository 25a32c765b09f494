//! The guard over real processes. The runner that dies is a process of its own: one of these tests, started anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![expect(clippy::zombie_processes, reason = "these runners are to die before their jobs")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::{hunt, processes, tree};

/// The name of the marks of these tests.
const RUNS: &str = "RUNS_OF_THE_TESTS";

/// What the runner is to do, in a word of its environment.
const ROLE: &str = "PARJOB_TEST_ROLE";

/// A runner with a guard, in a process of its own.
struct Runner {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Runner {
    fn start(role: &str) -> Runner {
        let mut process = runner(role).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Runner { process, input, output: BufReader::new(output) }
    }

    /// What it tells next of this.
    fn line(&mut self, word: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "it tells {word} before it ends");
            // The test runner's own words stand before the first of ours.
            if let Some((_, told)) = line.split_once(&format!("{word}: ")) {
                return told.trim_end().to_string();
            }
        }
    }

    /// The ids that it tells next.
    fn tells(&mut self, word: &str) -> Vec<Pid> {
        let ids = self.line(word);
        ids.split_whitespace().map(|id| Pid::from_raw(id.parse().unwrap()).unwrap()).collect()
    }

    fn do_next(&mut self) {
        self.input.write_all(b"\n").unwrap();
    }

    /// Kills it. Nobody else holds its standard output then.
    fn dies(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.output.read_to_end(&mut Vec::new()).unwrap();
    }
}

fn runner(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let test = "guard::tests::a_runner_that_the_tests_start";
    command.args(["--exact", test, "--ignored", "--nocapture"]).env(ROLE, role).stderr(Stdio::null());
    command
}

fn is_alive(pid: Pid) -> bool {
    tree::process_state(pid).is_some_and(|state| state != b'Z')
}

/// The two seconds that are promised, and a long time more: how fast a machine is, is not what is tested.
#[track_caller]
fn are_gone(pids: &[Pid]) {
    let start = Instant::now();
    while pids.iter().any(|pid| is_alive(*pid)) {
        assert!(start.elapsed() < Duration::from_secs(20), "still alive: {pids:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[ignore = "a process that the tests of the guard start"]
fn a_runner_that_the_tests_start() {
    let mark = Mark::new(RUNS);
    let guard = Guard::start(&mark).unwrap();
    let role = std::env::var(ROLE).unwrap();
    println!("guard: {}", guard_id());
    match role.as_str() {
        "outer" => {
            let mut inner = runner("jobs");
            let mut inner = inner.env(RUNS, mark.value()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
            let mut heard = BufReader::new(inner.stdout.take().unwrap());
            let mut all = format!("{} ", inner.id());
            for word in ["guard: ", "jobs: "] {
                let lines = heard.by_ref().lines().map(Result::unwrap);
                let ids = lines.filter_map(|line| Some(line.split_once(word)?.1.to_string())).next().unwrap();
                all.extend([ids.as_str(), " "]);
            }
            println!("jobs: {all}");
            wait_for_a_word();
        }
        "spawns" => {
            println!("run: {}", mark.id());
            loop {
                // Each leaves a process in a session of its own.
                Command::new("sh").args(["-c", "setsid sleep 600 &"]).env(RUNS, mark.value()).job().wait().unwrap();
            }
        }
        _ => {
            println!("jobs: {}", jobs(&mark, &guard));
            wait_for_a_word();
        }
    }
    match role.as_str() {
        "watches" => {
            let first = guard_id();
            let mut keeper = guard.keeper().telling(|error| panic!("{error}"));
            std::thread::spawn(move || replace_guards(&mut keeper));
            let start = Instant::now();
            while [0, first].contains(&guard_id()) {
                assert!(start.elapsed() < Duration::from_secs(20), "the guard is not replaced");
                std::thread::sleep(Duration::from_millis(1));
            }
            println!("guard: {}", guard_id());
            wait_for_a_word();
        }
        "dismisses" => drop(guard.dismiss()),
        _ => {}
    }
    // Without a farewell, as a runner that fails.
    std::process::exit(0);
}

/// Replaces guards that die.
fn replace_guards(keeper: &mut Keeper) {
    loop {
        match keeper.wait() {
            // Returns when the guard has died.
            (Some(_), _) => keeper.see_to(true),
            (None, Some(wait)) => {
                std::thread::sleep(wait);
                keeper.see_to(false);
            }
            (None, None) => return,
        }
    }
}

fn guard_id() -> i32 {
    CURRENT.load(Ordering::Relaxed)
}

fn wait_for_a_word() {
    io::stdin().read_line(&mut String::new()).unwrap();
}

/// Starts four processes in two groups, and tells their ids: one with the mark, two of them in sessions of their own,
/// and one without an environment, whose group the guard is told of.
fn jobs(mark: &Mark, guard: &Guard) -> String {
    let script = "echo $$; setsid sh -c 'echo $$; setsid sh -c \"echo \\$\\$; exec sleep 600 >&-\" & exec sleep 600 >&-' & \
                  exec sleep 600 >&-";
    let mut marked = Command::new("sh").args(["-c", script]).env(RUNS, mark.value()).job();
    let mut ids: Vec<String> = BufReader::new(marked.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    let mut bare = Command::new("env").args(["-i", "sh", "-c", "sleep 600 & echo $!; exec sleep 600 >&-"]).job();
    guard.slots().set(1, Pid::from_child(&bare));
    let mut line = String::new();
    BufReader::new(bare.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    ids.extend([line.trim().to_string(), bare.id().to_string()]);
    assert_eq!(ids.len(), 5);
    ids.join(" ")
}

trait Job {
    fn job(&mut self) -> Child;
}

impl Job for Command {
    /// Started as a job is.
    fn job(&mut self) -> Child {
        self.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn().unwrap()
    }
}

#[test]
fn s5_when_the_runner_is_killed_all_that_it_started_is_gone() {
    let mut stranger = Command::new("sleep").arg("600").env(RUNS, "1-not-this-run").process_group(0).spawn().unwrap();
    let mut runner = Runner::start("jobs");
    let (guard, jobs) = (runner.tells("guard"), runner.tells("jobs"));
    assert!(jobs.iter().chain(&guard).all(|pid| is_alive(*pid)));
    runner.dies();
    are_gone(&jobs);
    are_gone(&guard);
    assert!(is_alive(Pid::from_child(&stranger)));
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

#[test]
fn s5_a_job_that_is_just_being_started_is_found_too() {
    for pause in [0, 1, 2, 5, 10, 20] {
        let mut runner = Runner::start("spawns");
        let guard = runner.tells("guard");
        let run = runner.line("run");
        // At whichever moment of a start this is.
        std::thread::sleep(Duration::from_millis(pause));
        runner.dies();
        are_gone(&guard);
        let mut left = Vec::new();
        processes::each(&mut |pid| {
            processes::environment(pid, &mut |variable| {
                if variable.starts_with(RUNS.as_bytes()) && variable.ends_with(run.as_bytes()) {
                    left.push(pid);
                }
            });
        });
        assert_eq!(left, [], "after {pause} ms");
    }
}

#[test]
fn s5_a_guard_that_is_killed_is_replaced() {
    let mut runner = Runner::start("watches");
    let (first, jobs) = (runner.tells("guard"), runner.tells("jobs"));
    kill_process(first[0], Signal::KILL).unwrap();
    runner.do_next();
    let second = runner.tells("guard");
    assert_ne!(first, second);
    kill_process(second[0], Signal::KILL).unwrap();
    // Others follow, but only the runner knows them; this one is the runner's child.
    let start = Instant::now();
    let third = loop {
        let guards = guards_of(runner.process.id());
        match guards.iter().find(|pid| **pid != second[0] && is_alive(**pid)) {
            Some(third) => break *third,
            None => assert!(start.elapsed() < Duration::from_secs(20), "no third guard"),
        }
    };
    assert!(jobs.iter().all(|pid| is_alive(*pid)));
    runner.dies();
    are_gone(&jobs);
    are_gone(&[third]);
}

fn guards_of(runner: u32) -> Vec<Pid> {
    let mut found = Vec::new();
    processes::each(&mut |pid| {
        let is_it = |stat: processes::Stat| stat.parent == runner as i32 && stat.is_named(hunt::GUARD.to_bytes());
        if processes::stat(pid).is_some_and(is_it) {
            found.push(pid);
        }
    });
    found
}

#[test]
fn a_guard_that_is_dismissed_leaves_daemons_alone() {
    let mut runner = Runner::start("dismisses");
    let (guard, jobs) = (runner.tells("guard"), runner.tells("jobs"));
    runner.do_next();
    assert!(runner.process.wait().unwrap().success());
    assert_eq!(tree::process_state(guard[0]), None, "it was waited for");
    assert!(jobs.iter().all(|pid| is_alive(*pid)));
    jobs.iter().for_each(|pid| kill_process(*pid, Signal::KILL).unwrap());
    are_gone(&jobs);
}

#[test]
fn a_runner_that_ends_without_a_farewell_leaves_nothing() {
    let mut runner = Runner::start("fails");
    let (_, jobs) = (runner.tells("guard"), runner.tells("jobs"));
    runner.do_next();
    runner.process.wait().unwrap();
    are_gone(&jobs);
}

#[test]
fn a_run_inside_a_run_ends_with_it() {
    let mut outer = Runner::start("outer");
    let (guard, all) = (outer.tells("guard"), outer.tells("jobs"));
    assert_eq!(all.len(), 7, "the inner runner, its guard, its jobs");
    assert!(all.iter().all(|pid| is_alive(*pid)));
    outer.dies();
    are_gone(&all);
    are_gone(&guard);
}

#[test]
fn a_guard_holds_nothing_that_belongs_to_others() {
    let mut runner = Runner::start("jobs");
    let (guard, jobs) = (runner.tells("guard")[0], runner.tells("jobs"));
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", guard.as_raw_nonzero())).unwrap();
    let files = std::fs::read_dir(format!("/proc/{}/fd", guard.as_raw_nonzero())).unwrap();
    let mut files: Vec<_> =
        files.map(|f| (f.as_ref().unwrap().file_name(), std::fs::read_link(f.unwrap().path()).unwrap())).collect();
    files.sort();
    assert_eq!(files.iter().map(|(name, _)| name.to_str().unwrap()).collect::<Vec<_>>(), ["0", "1", "2"]);
    assert!(files.iter().all(|(_, to)| to.to_string_lossy().starts_with("socket:")), "{files:?}");
    assert_eq!(processes::stat(guard).unwrap().session, guard.as_raw_nonzero().get());
    assert_eq!(read("comm"), "parjob-guard\n");
    let signals = [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::TSTP, Signal::PIPE, Signal::USR1];
    signals.iter().for_each(|signal| kill_process(guard, *signal).unwrap());
    let rollup = read("smaps_rollup");
    let private: u64 = rollup
        .lines()
        .filter(|line| line.starts_with("Private_"))
        .map(|line| line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap())
        .sum();
    assert!(private < 1024, "{private} KiB of its own:\n{rollup}");
    runner.dies();
    are_gone(&jobs);
}
