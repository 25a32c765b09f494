//! `pool`: commands that stay up and are fed items. Its faults are in tests/faults/workers.rs.

mod life;
mod protocols;

use std::collections::BTreeSet;

use crate::harness::{Done, Test, parjob, shell};

/// A pool of shells that run this script, with these options of parjob.
fn pool(options: &str, script: &str) -> Test {
    parjob(&format!("{options} sh -c")).arg(script)
}

/// A filter that answers each line with itself and this.
fn with(text: &str) -> String {
    format!("while IFS= read -r x; do printf '%s{text}\\n' \"$x\"; done")
}

fn numbers(last: u64) -> String {
    (1..=last).map(|n| format!("{n}\n")).collect()
}

/// The distinct lines that it printed.
fn distinct(done: &Done) -> BTreeSet<String> {
    String::from_utf8_lossy(done.stdout()).lines().map(str::to_owned).collect()
}

#[test]
fn answers_come_in_the_order_of_the_items_whatever_the_jobs_and_the_chunk() {
    let expected: String = (1..=500).map(|n| format!("{n}x\n")).collect();
    for jobs in [1, 2, 5] {
        for chunk in ["auto", "1", "3", "64"] {
            let run = pool(&format!("--jobs {jobs} --chunk {chunk} pool"), &with("x")).input(numbers(500)).run();
            run.prints(&expected).is_silent().succeeds();
        }
    }
}

#[test]
fn without_order_each_answer_comes_once() {
    let done = pool("--jobs 3 --unordered pool", &with("")).input(numbers(300)).run().is_silent().succeeds();
    assert_eq!(done.stdout().len(), numbers(300).len());
    assert_eq!(distinct(&done), numbers(300).lines().map(str::to_owned).collect());
}

#[test]
fn a_process_is_started_once_for_each_worker() {
    let done = pool("--jobs 3 pool", "while read x; do echo $$; done").input(numbers(1000)).run().succeeds();
    assert!((1..=3).contains(&distinct(&done).len()), "{}", done.story());
}

#[test]
fn a_filter_that_holds_its_answers_back_is_given_more_until_they_come() {
    let last = 60_000;
    let expected: String = (1..=last).map(|n| format!("{n}\n").replace('1', "a")).collect();
    parjob("--jobs 2 pool tr 1 a").input(numbers(last)).run().prints(expected).is_silent().succeeds();
}

#[test]
fn an_answer_appears_before_the_next_item_is_there() {
    let run = pool("--jobs 2 pool", &with("!")).start();
    run.give("a\n")
        .answers("a!")
        .give("b\n")
        .answers("b!")
        .give("c")
        .ends()
        .prints("a!\nb!\nc!\n")
        .is_silent()
        .succeeds();
}

#[test]
fn no_item_queues_behind_a_slow_one_while_another_worker_idles() {
    // The first item takes until the last one is done.
    let script = "while read x; do
        if [ $x = 1 ]; then while [ ! -e done ]; do sleep 0.01; done; fi
        if [ $x = 40 ]; then : > done; fi
        echo $x
    done";
    pool("--jobs 2 pool", script).input(numbers(40)).run().prints(numbers(40)).is_silent().succeeds();
}

#[test]
fn items_without_fields_and_with() {
    pool("pool", &with("!")).args([":::", " a  b ", "", "-x", "\u{1}"]).run().prints(" a  b !\n!\n-x!\n\u{1}!\n");
    pool("--csv pool", &with("!")).input("a,\"b c\"\n1,2\n").run().prints("a b c!\n1 2!\n").succeeds();
    pool("pool", &with("!")).args([":::", "1", "2", ":::", "x"]).run().prints("1 x!\n2 x!\n").succeeds();
}

#[test]
fn results_in_every_format() {
    let run = |options: &str| pool(&format!("{options} pool"), &with("x")).args([":::", "a", "b,c"]).run().succeeds();
    run("--format jsonl").prints(
        "{\"v\":1,\"seq\":1,\"item\":\"a\",\"ok\":true,\"result\":\"ax\"}\n\
         {\"v\":1,\"seq\":2,\"item\":\"b,c\",\"ok\":true,\"result\":\"b,cx\"}\n",
    );
    let csv = run("--format csv");
    assert!(String::from_utf8_lossy(csv.stdout()).contains("\"b,cx\""), "{}", csv.story());
    run("--tag").prints("a\tax\nb,c\tb,cx\n");
    run("--output results").leaves("results", "ax\nb,cx\n");
}

#[test]
fn nothing_is_started_for_no_items() {
    pool("pool", "echo started >&2").input("").run().prints("").is_silent().succeeds();
    pool("pool", "echo started >&2").arg(":::").run().prints("").is_silent().succeeds();
}

#[test]
fn an_item_that_the_source_refuses_fails_and_is_not_sent() {
    let run = pool("--jobs 1 --max-item 3 pool", &with("!")).input("a\nlonger\nb\n").run();
    run.prints("a!\nb!\n").says("item 2: \"lon\" is longer than 3 bytes").counts(3, 2, 1, 0).status(1);
    let run = pool("--max-item 3 pool", &with("!")).input("longer\n").run();
    run.prints("").counts(1, 0, 1, 0).status(1);
}

#[test]
fn a_program_that_is_not_there_or_cannot_run_is_told_before_any_item() {
    parjob("pool no-such-program").input("1\n").run().prints("").says("was not found in PATH").status(127);
    parjob("pool ./plain").file("plain", "").input("1\n").run().says("cannot be executed").status(126);
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (arguments, part) in [
        ("pool", "pool needs a command that stays up"),
        ("--batch 2 pool cat", "--batch is an option of"),
        ("--dry-run pool cat", "--dry-run is an option of run, sh and resize"),
        ("pool --protocol xml cat", "lines, json, frames"),
        ("pool --recycle 0 cat", "--recycle"),
        ("pool --recycle-rss much cat", "--recycle-rss"),
        ("pool --timeout 200% cat", "--timeout of a pool is a duration"),
        ("--reduce sum --tag pool cat", "--reduce gives one answer"),
    ] {
        parjob(arguments).file("file", "2").input("1\n").run().prints("").says(part).status(2);
    }
    parjob("pool --init").args(["a\nb", "cat"]).input("1\n").run().says("--init holds a newline").status(2);
}

#[test]
fn a_halt_stops_before_the_rest_is_sent() {
    let script = "while read x; do [ $x = 3 ] && exit 9; echo $x; done";
    let done = pool("--jobs 1 --halt now,fail=1 pool", script).input(numbers(1000)).run().prints("1\n2\n").status(1);
    let [read, ok, failed, _, not_run] = done.told_counts();
    assert_eq!((ok, failed), (2, 1));
    assert_eq!(not_run, read - 3);
}

#[test]
fn whoever_has_seen_enough_ends_the_run() {
    shell("yes | parjob --jobs 2 pool sed -u s/y/n/ | head -n 2; echo $?").run().prints("n\nn\n0\n").is_silent();
}

#[test]
fn an_answer_may_be_long_or_empty() {
    let long = "x".repeat(300_000);
    pool("pool", &with("")).input(format!("{long}\n\n{long}\n")).run().prints(format!("{long}\n\n{long}\n")).succeeds();
}

#[test]
fn answers_are_folded_and_starts_are_apart() {
    for options in ["", "--jobs 2 --chunk 3", "--unordered"] {
        let run = parjob(&format!("--reduce sum {options} pool cat")).input("1\n2\n3\n").run();
        run.prints("6\n").is_silent().succeeds();
    }
    let run = parjob("--reduce max pool cat").input("1\nx\n3\n").run().prints("3\n");
    run.says("item 2: ").counts(3, 2, 1, 0).status(1);
    let began = std::time::Instant::now();
    parjob("--delay 50ms --jobs 4 pool cat").input("1\n2\n3\n4\n").run().prints("1\n2\n3\n4\n").succeeds();
    assert!(began.elapsed() >= std::time::Duration::from_millis(150), "a delay is waited for");
    parjob("--jobs @file pool cat").file("file", "2").input("1\n").run().prints("1\n").succeeds();
}
