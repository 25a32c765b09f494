//! What a run keeps to be used again has a bound: memory does not grow with what commands print, whatever its size.

use std::fs::read_to_string;

use crate::harness::{Test, shell};

/// Sizes of outputs in bytes, and how many items print as much. Below 64 KiB outputs are gathered, above it each goes
/// out alone, and what is larger than 4 MiB waits in a file.
const OUTPUTS: [(usize, usize); 5] = [(60_000, 500), (70_000, 500), (300_000, 200), (3_000_000, 100), (50_000_000, 10)];

/// Prints the most memory, in KiB, that the command or one of its processes held; the command prints to descriptor 3.
const PEAK: &str = "import resource, subprocess, sys
assert subprocess.run(sys.argv[1:], stdout=open(3, 'wb', closefd=False)).returncode == 0
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";

/// A run of parjob whose results go to a file, or to a reader (`| cat`).
fn measured(arguments: &str, to: &str) -> Test {
    let (to, reader) = if to.starts_with('|') { ("&1", to) } else { (to, "") };
    shell(&format!("python3 -c \"$PEAK\" parjob {arguments} :::: items 3>{to} >peak {reader}")).env("PEAK", PEAK)
}

/// The run holds `most` MiB at most.
#[track_caller]
fn holds(test: Test, most: u64) {
    let run = test.run().succeeds();
    let peak: u64 = read_to_string(run.dir().join("peak")).unwrap().trim().parse().unwrap();
    assert!(peak / 1024 <= most, "{} MiB: {}", peak / 1024, run.story());
}

#[track_caller]
fn cat(options: &str, to: &str, outputs: &[(usize, usize)]) {
    let line = [&[b'x'; 79][..], b"\n"].concat();
    for (size, items) in outputs {
        let test = measured(&format!("--jobs 2 {options} run cat"), to);
        holds(test.file("f", line.repeat(size / 80)).file("items", "f\n".repeat(*items)), super::BOUND);
    }
}

#[test]
fn z16_memory_is_flat_in_order() {
    cat("", "/dev/null", &OUTPUTS);
}

#[test]
fn z16_memory_is_flat_as_items_finish() {
    cat("--unordered", "out", &OUTPUTS);
}

#[test]
fn z16_memory_is_flat_line_by_line() {
    cat("--line-buffer", "| cat >/dev/null", &OUTPUTS);
}

#[test]
fn z16_memory_is_flat_where_outputs_are_kept_in_files() {
    cat("--results kept", "/dev/null", &OUTPUTS);
}

#[test]
fn z16_memory_is_flat_for_jsonl() {
    cat("--format jsonl", "/dev/null", &OUTPUTS[..3]);
    cat("--format jsonl --unordered", "/dev/null", &[(3_000_000, 30), (50_000_000, 2)]);
}

#[test]
fn z16_memory_is_flat_for_tables() {
    cat("--format csv", "| cat >/dev/null", &OUTPUTS[..4]);
    cat("--format tsv --unordered", "out", &OUTPUTS[2..4]);
}

#[test]
fn z16_memory_is_flat_where_the_reader_is_slow() {
    for options in ["", "--unordered", "--format jsonl", "--results kept", "--line-buffer"] {
        cat(options, "| (sleep 1; cat) >/dev/null", &[(70_000, 500), (3_000_000, 40)]);
    }
}

#[test]
fn z16_memory_is_flat_for_a_reduction() {
    let test = measured("--jobs 2 --reduce sum run cat", "/dev/null");
    holds(test.file("f", "1\n".repeat(1_500_000)).file("items", "f\n".repeat(40)), super::BOUND);
}

#[test]
fn z16_what_many_workers_keep_is_bounded_together() {
    for (jobs, order) in [(16, "--unordered"), (64, "--unordered"), (64, "")] {
        let test = measured(&format!("--jobs {jobs} {order} run sh -c 'head -c 2500000 /dev/zero' sh"), "/dev/null");
        holds(test.file("items", super::numbers(1, 300)), 2 * super::BOUND);
    }
}

#[test]
fn z16_memory_is_flat_for_standard_error_and_for_what_is_tried_again() {
    let line = [&[b'x'; 79][..], b"\n"].concat();
    for script in ["cat $1 >&2", "cat $1; [ -e again$2 ] || { touch again$2; exit 1; }"] {
        let command = format!("--jobs 2 --retries 1 run sh -c '{script}' sh {{}} {{#}}");
        let test = measured(&command, "/dev/null 2>err").file("f", line.repeat(3_000_000 / 80));
        holds(test.file("items", "f\n".repeat(100)), super::BOUND);
    }
}

#[test]
fn z16_persistent_workers_keep_no_large_answers() {
    let test = measured("--jobs 4 --chunk 1 py '\"z\" * 3000000'", "/dev/null");
    holds(test.file("items", super::numbers(1, 300)), 2 * super::BOUND);
}
