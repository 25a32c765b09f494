//! Batches with items that cannot be used, and with more than a command line holds.

use super::commands::script;
use super::numbers;
use crate::harness::{parjob, shell};

#[test]
fn i1_bad_items_of_a_batch_fail_however_many_they_are() {
    let run = parjob("--batch 20000 run echo").input("a\0b\n".repeat(20_000)).run().prints("");
    run.counts(20_000, 0, 20_000, 0).status(1);
    let run = parjob("--batch 400 run echo").input("a\0b\nc\nd\n".repeat(100)).run();
    run.prints("c d\n".repeat(100)).counts(300, 200, 100, 0).status(1);
}

#[test]
fn i1_a_nul_that_the_command_does_not_ask_for_is_no_fault() {
    let run = parjob("--batch 3 run echo {/}").input(b"a\0b/c\nd\0e\nf\n").run().prints("c\nf\n");
    run.says("item 2: ").never_says("item 1: ").counts(3, 2, 1, 0).status(1);
}

#[test]
fn items_without_the_values_that_are_asked_for_fail_alone() {
    let items = "{\"a\":\"x\"}\nnonsense\n{\"a\":\"y\"}\n{\"a\":\"\\u0000\"}\n{\"a\":\"z\"}\n";
    let run = parjob("-j1 --chunk 5 --jsonl --batch 5 run echo {a}").input(items).run().prints("x\ny\nz\n");
    run.says("item 2: ").says("item 4: ").counts(5, 3, 2, 0).status(1);
}

#[test]
fn i6_an_item_that_is_too_long_fails_alone() {
    let items = format!("a\n{}\nb\n", "y".repeat(131_080));
    for batch in ["3", "max"] {
        let run = parjob(&format!("-j1 --chunk 3 --batch {batch} run echo")).input(items.clone()).run();
        run.prints("a\nb\n").says("item 2: ").counts(3, 2, 1, 0).status(1);
    }
}

#[test]
fn i7_too_many_items_for_a_command_line_take_several_and_each_item_runs_once() {
    let text = "seq 30000 >in
        parjob --batch 30000 --chunk 30000 --ledger l sh 'echo {}' <in | tr ' ' '\\n' | cmp - in && echo same
        grep -c ^ok l";
    shell(text).run().prints("same\n30000\n").is_silent().succeeds();
    // They are too many for the kernel, not for a shell's script.
    let long = "yes $(head -c 1000 /dev/zero | tr '\\0' y) | head -6000 >in
        parjob --batch 6000 --chunk 6000 run printf '%s\\n' <in | cmp - in && echo same";
    shell(long).run().prints("same\n").is_silent().succeeds();
}

#[test]
fn what_failed_is_the_batch() {
    let run = parjob("--format jsonl --batch 3 --chunk 3 -j1 run false ::: 1 2 3").run().status(1);
    let result: serde_json::Value = serde_json::from_slice(run.stdout()).unwrap();
    assert_eq!(result["error"], "the batch of 3 from \"1\" ended with status 1");
    let run = script("--format jsonl --batch 3", "exit 4").args([":::", "1"]).run().status(1);
    let result: serde_json::Value = serde_json::from_slice(run.stdout()).unwrap();
    assert_eq!(result["error"], "\"1\" ended with status 4");
}

#[test]
fn what_is_refused_stands_in_all_books() {
    let text = "printf 'a\\0b\\nc\\n' >in
        parjob -q --joblog j --results r --ledger l run echo <in
        sed 1d j | sort | cut -f 1,5,7; ls r | wc -l; grep -c ^failed l
        parjob --ledger l --resume run echo <in; echo status $?
        parjob -q --ledger l --retry-failed run echo <in; echo status $?";
    let run = shell(text).run().prints("c\n1\t0\t126\n2\t0\t0\n2\n1\nstatus 1\nstatus 1\n");
    run.says("2 read: 0 ok, 1 failed, 1 skipped, 0 not run").succeeds();
}

#[test]
fn the_log_of_jobs_counts_what_was_sent() {
    let text = "parjob --stdin item --joblog j run cat ::: abc; cut -f 5,6 j | tail -1
        parjob --stdin item --batch 2 -j1 --chunk 2 --joblog j run cat ::: a b; cut -f 5,6 j | tail -1";
    shell(text).run().prints("abc3\t3\na\0b3\t3\n").is_silent().succeeds();
}

#[test]
fn a_list_without_its_last_newline_is_one_batch_too() {
    parjob("-j1 --batch 9 --chunk 9 run echo").input("1\n2\n3").run().prints("1 2 3\n").is_silent().succeeds();
    parjob("-j1 --batch 9 --chunk 9 run echo").input(numbers(1, 3)).run().prints("1 2 3\n").succeeds();
}

#[test]
fn z8_command_lines_leave_a_program_its_stack() {
    for stack in [64, 96, 128, 192, 256, 1024] {
        for (options, environment) in [("--batch max", 0), ("--batch 60000 --chunk 60000", 0), ("--batch max", 10_000)]
        {
            let text = format!(
                "seq 60000 >in; export E=$(head -c {environment} /dev/zero | tr '\\0' y)
                ulimit -s {stack}; parjob {options} run echo <in | tr ' ' '\\n' | cmp - in && echo same"
            );
            shell(&text).run().prints("same\n").is_silent().succeeds();
        }
    }
}

#[test]
fn z8_an_argument_that_fills_the_stack_of_its_program_is_named() {
    for stack in [64, 96] {
        // Of more than the stack the kernel says so itself.
        let long = "y".repeat((stack << 10) - 8000);
        let text = format!("ulimit -s {stack}; parjob -j1 --batch max run echo <in | cut -c 1-3");
        let run = shell(&text).file("in", format!("a\n{long}\nb\n")).run().prints("a\nb\n");
        run.says(&format!("was ended by SIGSEGV; its arguments may be too long for a stack of {stack} KiB: ulimit -s"))
            .counts(3, 2, 1, 0);
    }
    // On its own account it may die of SIGSEGV as before.
    for stack in ["64", "8192"] {
        let run = shell(&format!("ulimit -s {stack}; parjob run sh -c 'kill -SEGV $$' ::: 1")).run().status(1);
        run.says("was ended by SIGSEGV").never_says("ulimit");
    }
}
