//! Trees of real processes.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

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
