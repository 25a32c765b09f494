//! parjob as the first process of a PID namespace, as a container's entry point is.

use rustix::process::Signal;

use super::process::wait_until;
use crate::harness::{Test, has, shell, skip};

/// Runs the script as process 1 of a namespace of its own; the script is to `exec` parjob.
const CONTAINED: &str = "unshare --pid --fork --mount-proc --kill-child sh -c \"$SCRIPT\"";

/// Whether namespaces can be made here.
fn may_contain() -> bool {
    has("unshare") && {
        let may = shell("unshare --pid --fork --mount-proc true").run().exit_code() == Some(0);
        if !may {
            skip("this user may not make a PID namespace");
        }
        may
    }
}

fn contained(script: &str) -> Test {
    shell(&format!("exec {CONTAINED}")).env("SCRIPT", script)
}

/// Sends the signal when the script has made the file `up`, and again as long as it was not heard: process 1 does not
/// hear one for which it has no handler yet. Tells the status.
fn signalled(script: &str, signal: Signal) -> Option<i32> {
    let test = contained(script);
    let dir = test.dir().to_path_buf();
    let run = test.launch();
    wait_until("it runs", || dir.join("up").exists());
    run.signal_children_until_it_ends(signal).end_with_open_input().exit_code()
}

#[test]
fn z1_every_signal_ends_commands_with_the_status_of_a_shell() {
    if !may_contain() {
        return;
    }
    for command in ["run sh -c 'touch up; sleep 60'", "sh 'touch up; sleep 60; echo {}'", "pool sh -c 'touch up; cat'"]
    {
        for signal in [Signal::INT, Signal::TERM, Signal::QUIT, Signal::HUP] {
            let status = signalled(&format!("exec parjob --grace 1s {command} ::: 30"), signal);
            assert!(status == Some(128 + signal.as_raw()) || status == Some(0), "{command}: {status:?}");
            assert!(status != Some(0) || command.starts_with("pool"), "{command}: {status:?}");
        }
    }
}

#[test]
fn z1_a_signal_ends_every_operation_and_what_does_not_run_yet() {
    if !may_contain() {
        return;
    }
    let waiting_for_items =
        ["square", "hash", "sum", "py 'x'", "run echo", "--header sh 'echo {name}'", "-a pipe pool cat"];
    for (command, signal) in waiting_for_items.iter().zip([Signal::TERM, Signal::INT, Signal::HUP].iter().cycle()) {
        let status = signalled(&format!("mkfifo pipe; touch up; exec parjob {command}"), *signal);
        assert_eq!(status, Some(128 + signal.as_raw()), "{command}");
    }
}

#[test]
fn z1_other_ends_have_their_statuses() {
    if !may_contain() {
        return;
    }
    let statuses = [
        ("square <numbers", "| head -1 >first", 141),
        ("run echo <numbers", "| head -1 >first", 141),
        ("--unordered pool cat <numbers", "| head -1 >first", 141),
        ("run false ::: 1", "", 1),
        ("square ::: x", "", 1),
        ("run no-such-program ::: 1", "", 127),
        ("--no-such-option", "", 2),
        ("--deadline 0.2s run sleep ::: 30", "", 124),
        ("square ::: 3 >/dev/full", "", 3),
        ("run echo ::: 3", "", 0),
    ];
    for (command, reader, expected) in statuses {
        let outer = format!("{{ {CONTAINED}; echo $? >status; }} {reader}");
        let script = format!("exec parjob {command}");
        let test = shell(&outer).env("SCRIPT", script).file("numbers", super::numbers(1, 100_000));
        test.run().leaves("status", format!("{expected}\n"));
    }
}

/// Counts the processes that have ended and are not waited for.
const ZOMBIES: &str = "cat /proc/[0-9]*/stat 2>/dev/null | grep -c ') Z '";

#[test]
fn z1_orphans_of_jobs_are_reaped_while_others_run() {
    if !may_contain() {
        return;
    }
    let text = format!(
        "for i in 1 2 3 4 5; do (sleep 0.01 & sleep 0.02 &); done
        until [ $({ZOMBIES}) = 0 ]; do sleep 0.02; done; echo none"
    );
    contained("exec parjob run sh -c \"$TEXT\" ::: 1").env("TEXT", text).run().prints("none\n").succeeds();
}

#[test]
fn z1_orphans_of_others_are_reaped_by_operations_in_process_too() {
    if !may_contain() {
        return;
    }
    // The script's own processes become parjob's with `exec`.
    let count = format!("sleep 0.1; until [ $({ZOMBIES}) = 0 ]; do sleep 0.02; done; touch none");
    for command in ["square", "len", "py 'int(x) ** 2'", "pool --protocol lines sed s/3/9/"] {
        let script = format!("(sleep 0.01 & sleep 0.02 & sleep 0.03 &); (sh -c \"$COUNT\" &); exec parjob {command}");
        let test = contained(&script).env("COUNT", &count);
        let none = test.dir().join("none");
        let run = test.launch();
        wait_until("none is left", || none.exists());
        run.feed("3\n").end().prints(if command == "len" { "1\n" } else { "9\n" }).succeeds();
    }
}

/// Makes a file `up`, and becomes a command once there is a file `one`; unlike a shell it waits for no child.
const WHEN_ONE_HAS_ENDED: &str = "import os, sys, time
open('up', 'w').close()
while not os.path.exists('one'): time.sleep(0.01)
os.execvp(sys.argv[1], sys.argv[1:])";

#[test]
fn z1_orphans_that_ended_before_parjob_began_are_reaped() {
    if !may_contain() {
        return;
    }
    let count = format!(
        "until [ $({ZOMBIES}) != 0 ]; do sleep 0.02; done; touch one
        until [ $({ZOMBIES}) = 0 ]; do sleep 0.02; done; touch none"
    );
    for command in ["square", "len"] {
        let script = format!(
            "(sh -c \"$COUNT\" &); (sh -c 'until [ -e up ]; do sleep 0.01; done' &); exec python3 -c \"$WHEN\" parjob {command}"
        );
        let test = contained(&script).env("COUNT", &count).env("WHEN", WHEN_ONE_HAS_ENDED);
        let none = test.dir().join("none");
        let run = test.launch();
        wait_until("none is left", || none.exists());
        run.feed("3\n").end().prints(if command == "len" { "1\n" } else { "9\n" }).succeeds();
    }
}

#[test]
fn z1_with_the_proc_of_another_namespace_nothing_there_is_touched() {
    if !may_contain() {
        return;
    }
    let late = "unshare --pid --fork parjob --timeout 0.2s run sh -c 'sleep 60 & sleep 60' ::: 1";
    shell(late).run().says("/proc shows another PID namespace").status(1);
    shell("unshare --pid --fork parjob -j2 pool cat ::: 1 2 3").run().prints("1\n2\n3\n").succeeds();
}
