//! The job log as a file among others: what is added to it, and what it must never take the place of.

use crate::harness::{parjob, shell};

#[test]
fn a_run_that_goes_on_adds_its_rows() {
    let text = "
        work='test -e mended || test $0 != b'
        parjob --ledger l --joblog j run sh -c \"$work\" ::: a b c; touch mended
        parjob --ledger l --joblog j --resume run sh -c \"$work\" ::: a b c
        parjob --ledger l --joblog new --resume run sh -c \"$work\" ::: a b c d
        cut -f1,7 j | sort; cut -f1 new
    ";
    shell(text).run().prints("1\t0\n2\t0\n2\t1\n3\t0\nSeq\tExitval\nSeq\n4\n").succeeds();
}

#[test]
fn a_new_run_begins_it_anew() {
    let text = "parjob --joblog j run true ::: a b; parjob --joblog j run true ::: a; cut -f1 j";
    shell(text).run().prints("Seq\n1\n").is_silent().succeeds();
}

#[test]
fn it_is_never_another_file_of_the_run() {
    for (arguments, what) in [
        ("--joblog in run touch :::: in", "an input"),
        ("--joblog ./in -a in run touch", "an input"),
        ("--joblog in --jobs @in run touch ::: a", "the file of --jobs"),
        ("--ledger s --joblog s run touch ::: a", "the --ledger"),
        ("--ledger in --resume --joblog in run touch ::: a", "the --ledger"),
        ("--output s --joblog ./s run touch ::: a", "the --output"),
        ("--output s --ledger s run touch ::: a", "the --output"),
    ] {
        let run = parjob(arguments).file("in", "1\n").run().prints("").says(what).says("name another file").status(2);
        run.leaves("in", "1\n").leaves_only(&["in"]);
    }
    let run = shell("parjob --joblog in run touch < in").file("in", "1\n").run().says("an input").status(2);
    run.leaves_only(&["in"]);
    parjob("--joblog /dev/null --output /dev/null run echo ::: a").run().is_silent().succeeds();
}

#[test]
fn a_standard_stream_is_not_emptied() {
    let text = "
        echo before > log; parjob --joblog /dev/stderr run true ::: a 2>> log
        (echo before >&2; parjob --joblog /dev/stderr run true ::: a; echo behind >&2) 2> other
        cut -f1 log other
    ";
    shell(text).run().prints("before\nSeq\n1\nbefore\nSeq\n1\nbehind\n").succeeds();
}

#[test]
fn a_wrong_name_is_a_wrong_command_line_as_with_the_ledger() {
    for option in ["--ledger", "--joblog"] {
        for name in ["nowhere/x", "/"] {
            parjob(&format!("{option} {name} run touch ::: a")).run().says(option).status(2).leaves_only(&[]);
        }
    }
    parjob("--joblog /dev/full run touch ::: a").run().says("No space left").status(3).leaves_only(&[]);
}
