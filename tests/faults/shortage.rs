//! Too few files or processes for all that could be at work, for a while or for ever; and memory behind a slow item.

use super::numbers;
use super::process::wait_until;
use crate::harness::{has, parjob, shell};

#[test]
fn r1_where_one_command_can_run_several_workers_do_no_harm() {
    let text = "for limit in 12 13 14 15 16 20; do
        (ulimit -n $limit; seq 3 | parjob -j1 run echo >one 2>/dev/null) || continue
        (ulimit -n $limit; seq 30 | parjob -j4 run echo >several 2>said) || { echo $limit; cat said; }
        seq 30 | cmp - several
    done";
    shell(text).run().prints("").is_silent().succeeds();
}

#[test]
fn r1_when_there_are_files_again_more_run_at_a_time() {
    if !has("prlimit") {
        return;
    }
    // The first waits until files have run out, and sees to it that there are more. Then all wait for each other.
    let script = "
        if [ $1 = 1 ]; then
            until grep -q 'fewer at a time' said; do sleep 0.02; done
            prlimit --pid $PARJOB_PID --nofile=500:
        fi
        touch at$1; until [ -e at1 ] && [ -e at2 ] && [ -e at3 ] && [ -e at4 ] && [ -e at5 ]; do sleep 0.02; done";
    let text = "ulimit -Sn 18; parjob -j8 run sh -c \"$TEXT\" sh ::: 1 2 3 4 5 2>said; echo $?; grep -c . said";
    shell(text).env("TEXT", script).run().prints("0\n1\n").is_silent().succeeds();
}

#[test]
fn o6_very_many_items_that_print_nothing_wait_in_little_memory() {
    let commands = "mkdir c; printf '#!/bin/sh\nuntil [ -e go ]; do sleep 0.02; done; echo first' >c/1
        printf '#!/bin/sh\ntouch last; echo last' >c/200000; chmod +x c/*; exec parjob -j2 run ./c/{}";
    let test = shell(commands);
    let (last, go) = (test.dir().join("last"), test.dir().join("go"));
    let run = test.launch().feed_aside(numbers(1, 200_000), 1).has_read_all();
    wait_until("the last one runs", || last.exists());
    let run = run.stays_under(24);
    std::fs::write(go, "").unwrap();
    run.end().prints("first\nlast\n").counts(200_000, 2, 199_998, 0).status(1);
}

#[test]
fn memory_does_not_grow_with_the_number_of_items_that_cannot_be_started() {
    let run = parjob("-j2 run ./no{}").launch().feed_aside(numbers(1, 100_000), 1).has_read_all();
    run.stays_under(16).end().prints("").counts(100_000, 0, 100_000, 0).status(1);
}
