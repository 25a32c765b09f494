//! The scripts in examples/, each run as its first comment says.

use std::collections::BTreeSet;

use crate::golden::project;
use crate::harness::{Test, shell};

/// A script of examples/ with these arguments.
fn example(name: &str, arguments: &str) -> Test {
    shell(&format!("sh '{}' {arguments}", project(&format!("examples/{name}.sh")).display()))
}

#[test]
fn each_example_is_run_by_a_test() {
    let files = std::fs::read_dir(project("examples")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, ["mean-of-squares.sh", "multiprocessing", "pi.sh", "sum-column.sh"].map(str::to_owned).into());
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
