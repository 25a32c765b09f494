//! The scripts in examples/, each run as its first comment says.

use std::collections::BTreeSet;

use crate::golden::project;
use crate::harness::{Test, has, parjob, shell};

/// A script of examples/ with these arguments.
fn example(name: &str, arguments: &str) -> Test {
    shell(&format!("sh '{}' {arguments}", project(&format!("examples/{name}.sh")).display()))
}

#[test]
fn each_example_is_run_by_a_test() {
    let files = std::fs::read_dir(project("examples")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(
        files,
        ["mean-of-squares.sh", "multiprocessing", "pi.sh", "sum-column.sh", "workers"].map(str::to_owned).into()
    );
}

#[test]
fn sum_column() {
    let sales = "day,amount,note\nmon,10.25,\ntue,-3,refund\nwed,7,\n";
    example("sum-column", "sales.csv 2").file("sales.csv", sales).run().prints("14.25\n").is_silent().succeeds();
    example("sum-column", "sales.csv 3")
        .file("sales.csv", sales)
        .run()
        .prints("0\n")
        .says("item 2: \"refund\" is not a number")
        .status(1);
}

#[test]
fn mean_of_squares() {
    example("mean-of-squares", "").input("1\n2\n3\n4\n").run().prints("7.5\n").is_silent().succeeds();
}

#[test]
fn pi() {
    example("pi", "3").run().prints("pi\t3.142696\nse\t0.0009476718580437007\nsamples\t3000000\n").succeeds();
    example("pi", "1 7").run().prints("pi\t3.139804\nse\t0.001643425338001091\nsamples\t1000000\n").succeeds();
}

/// A pool that runs a worker of examples/workers with this program.
fn worker(options: &str, program: &str, name: &str) -> Test {
    let file = project(&format!("examples/workers/{name}"));
    program.split(' ').fold(parjob(&format!("{options} --jobs 2 pool")), Test::arg).arg(file)
}

#[test]
fn each_worker_is_run_by_a_test() {
    let files = std::fs::read_dir(project("examples/workers")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let known = ["divide.py", "reverse.rs", "swap.awk", "wait.js", "words.sh"];
    assert_eq!(files, known.map(str::to_owned).into());
}

#[test]
fn workers_of_lines() {
    worker("", "sh", "words.sh").input("a b\n\n * c  d\n").run().prints("2\n0\n3\n").is_silent().succeeds();
    if has("awk") {
        worker("", "awk -f", "swap.awk").input("1 a\n2 b\n").run().prints("a 1\nb 2\n").is_silent().succeeds();
    }
}

#[test]
fn workers_of_json() {
    if has("python3") {
        let run = worker("", "--protocol json python3", "divide.py").input("8\n0\n3\n").run();
        run.prints("125.0\n333.3333333333333\n").says("item 2: \"0\" failed: ZeroDivisionError(").status(1);
    }
    if has("node") {
        let run = worker("--chunk 3", "--protocol json node", "wait.js").input("90\n1\nx\n40\n").run();
        run.prints("waited 90\nwaited 1\nwaited 40\n").says("item 3: \"x\" failed: not a number").status(1);
    }
}

#[test]
fn a_worker_of_frames() {
    if !has("rustc") {
        return;
    }
    let file = project("examples/workers/reverse.rs");
    let script =
        format!("rustc -O '{}' && printf 'ab\\0c\\nd\\0' | parjob -0 pool --protocol frames ./reverse", file.display());
    shell(&script).run().prints("ba\nd\nc\n").is_silent().succeeds();
}
