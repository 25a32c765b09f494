//! Trees of real processes.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

/// The name of the marks of these tests.
const RUNS: &str = "RUNS_OF_THE_TESTS";

#[track_caller]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn is_alive(pid: Pid) -> bool {
    process_state(pid).is_some_and(|state| state != b'Z')
}

/// A job of the run, with a grandchild in a session of its own; their ids.
fn job(mark: &Mark, seq: u32) -> (Child, Pid) {
    let script = "setsid sh -c 'echo $$; exec sleep 600 >&-' & exec sleep 600 >&-";
    let mut command = Command::new("sh");
    command.args(["-c", script]).env(RUNS, mark.value()).env("PARJOB_SEQ", seq.to_string());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn();
    let mut child = child.unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, Pid::from_raw(line.trim().parse().unwrap()).unwrap())
}

#[test]
fn s9_of_a_run_one_job_is_found_wherever_its_processes_went() {
    let (mark, other) = (Mark::new(RUNS), Mark::new(RUNS));
    let mut jobs = [job(&mark, 7), job(&mark, 8), job(&other, 7)];
    let marked = Marked { mark: &mark, variables: &[b"PARJOB_SEQ=7"] };
    assert_eq!(signal_marked(&[(marked, Signal::CONT, None)]), 2);
    // The job's own group has it already.
    let group = Some(Pid::from_child(&jobs[0].0));
    assert_eq!(signal_marked(&[(marked, Signal::CONT, group)]), 1);
    assert!(kill_marked(&marked));
    jobs[0].0.wait().unwrap();
    wait_until("the grandchild is gone", || !is_alive(jobs[0].1));
    assert!(jobs[1..].iter().all(|(child, grandchild)| is_alive(Pid::from_child(child)) && is_alive(*grandchild)));
    assert!(kill_marked(&Marked { mark: &mark, variables: &[] }));
    assert!(!is_alive(jobs[1].1) && is_alive(jobs[2].1));
    assert!(kill_marked(&Marked { mark: &other, variables: &[] }));
    for (child, _) in &mut jobs {
        child.wait().unwrap();
    }
}

#[test]
fn a_group_is_signalled_whole_and_may_be_gone() {
    let mut command = Command::new("sh");
    command.args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped()).process_group(0);
    let mut child = command.spawn().unwrap();
    let leader = Pid::from_child(&child);
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let member = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
    signal_group(leader, Signal::STOP).unwrap();
    wait_until("both are stopped", || [leader, member].iter().all(|pid| process_state(*pid) == Some(b'T')));
    signal_group(leader, Signal::KILL).unwrap();
    child.wait().unwrap();
    wait_until("the member is gone", || !is_alive(member));
    signal_group(leader, Signal::KILL).unwrap();
}

/// Orphans are of the whole process, so this looks at a process of its own.
#[test]
#[ignore = "a process that the test of orphans starts"]
fn a_process_with_orphans() {
    become_subreaper().unwrap();
    // A worker's child, which ends and is not an orphan, and leaves one. For what it waits itself, nobody else need.
    let script = "setsid sh -c 'echo $$; exec sleep 600 >&-' & setsid sh -c 'echo $$' & wait $!";
    let mut command = Command::new("sh");
    let mut child = command.args(["-c", script]).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
    let own = Pid::from_child(&child);
    let ids = BufReader::new(child.stdout.take().unwrap()).lines().map(|id| id.unwrap().parse().unwrap());
    let ids: Vec<_> = ids.map(|id| Pid::from_raw(id).unwrap()).collect();
    assert_eq!(ids.len(), 2);
    wait_until("the child has ended", || process_state(own) == Some(b'Z'));
    let living: Vec<_> = ids.into_iter().filter(|pid| process_state(*pid).is_some()).collect();
    assert!(!living.is_empty());
    wait_until("the living orphan is here", || living.iter().any(|pid| orphans().contains(pid)));
    assert!(!orphans().contains(&own) && !linux::searched_orphans().contains(&own));
    let mut reaped = 0;
    for pid in orphans() {
        rustix::process::kill_process(pid, Signal::KILL).unwrap();
        wait_until("it has ended", || process_state(pid) == Some(b'Z'));
        assert_eq!(linux::searched_orphans(), [pid]);
        assert_eq!(reap_orphans(&[pid]), 0);
        reaped += reap_orphans(&[]);
    }
    assert_eq!((reaped, orphans()), (1, vec![]));
    assert!(child.wait().unwrap().success());
}

#[test]
fn orphans_that_have_ended_are_waited_for_and_nobody_else() {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "tree::tests::a_process_with_orphans", "--ignored"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}
