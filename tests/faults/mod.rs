//! What goes wrong, and what parjob does: real faults on real processes.
//!
//! Each test has its fault's letter and number in its name: I for input, O for output, S for signals, R for
//! resources, J for the ledger, X for what must not reach a terminal. The harness looks after each of them that the counts add up,
//! that no process is left, and no temporary file.

mod batches;
mod children;
mod commands;
mod descent;
mod flow;
mod hostile;
mod idle;
mod init;
mod input;
mod ledger;
mod memory;
mod output;
mod process;
mod resources;
mod screen;
mod shortage;
mod signals;
mod tree;
mod workers;

/// The most memory in MiB that a run of two workers may hold, however much goes through it.
const FLAT: u64 = 32;

/// And when the reader of its results is slower than it: what waits is bounded too.
const BOUND: u64 = 64;

/// The numbers of `seq first last`.
fn numbers(first: u64, last: u64) -> Vec<u8> {
    (first..=last).flat_map(|n| format!("{n}\n").into_bytes()).collect()
}

/// Their squares.
fn squares(first: u64, last: u64) -> Vec<u8> {
    (first..=last).flat_map(|n| format!("{}\n", n * n).into_bytes()).collect()
}
