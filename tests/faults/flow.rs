//! Where the reader of the results stands still everything before it comes to rest: memory, the temporary file, and what is read. Nothing
//! is lost of that, and a process that waits for the reader does not run out of its time.

use std::fs::read_to_string;

use crate::harness::{has, shell};

/// Runs parjob for some seconds into a pipe that nobody reads, prints the peak of its memory in KiB and the bytes in its temporary files.
const STALLED: &str = r#"
import os, subprocess, sys, time
run = subprocess.Popen(sys.argv[1:], stdin=open('items'), stdout=subprocess.PIPE)
# It has come to rest when it has read no more for a while.
last, quiet = None, 0
for _ in range(400):
    time.sleep(0.05)
    now = (open(f'/proc/{run.pid}/io').read(), run.poll())
    quiet = quiet + 1 if now == last else 0
    last = now
    if quiet == 20 or run.poll() is not None: break
peak = next(line.split()[1] for line in open(f'/proc/{run.pid}/status') if line.startswith('VmHWM'))
spilled = 0
for fd in os.listdir(f'/proc/{run.pid}/fd'):
    path = f'/proc/{run.pid}/fd/{fd}'
    try:
        if os.readlink(path).endswith('(deleted)'): spilled += os.stat(path).st_blocks * 512
    except OSError: pass
print(peak, spilled)
run.kill()
"#;

/// At most so many MiB of memory and of temporary files while nobody reads.
#[track_caller]
fn comes_to_rest(arguments: &str, items: u64, memory: u64, spilled: u64) {
    if !has("python3") {
        return;
    }
    let test =
        shell(&format!("python3 -c \"$STALLED\" parjob {arguments} >figures; sleep 0.3")).env("STALLED", STALLED);
    let run = test.file("items", super::numbers(1, items)).run().succeeds();
    let figures = read_to_string(run.dir().join("figures")).unwrap();
    let figures: Vec<u64> = figures.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    let (peak, disk) = (figures[0] >> 10, figures[1] >> 20);
    assert!(peak <= memory && disk <= spilled, "{peak} MiB, {disk} MiB in files: {}", run.story());
}

const PY: &str = "py '\"z\" * 100000'";
const POOL: &str = "pool awk '{ printf \"%s%100000s\\n\", $0, \"\"; fflush() }'";

#[test]
fn z3_memory_is_bounded_whatever_stands_still() {
    for (work, order) in [(PY, ""), (PY, "--unordered "), (POOL, ""), (POOL, "--unordered ")] {
        comes_to_rest(&format!("-j2 {order}{work}"), 100_000, 128, 1100);
        comes_to_rest(&format!("-j8 {order}--chunk 100 {work}"), 100_000, 128, 1100);
    }
}

#[test]
fn z3_memory_is_bounded_for_results_of_this_process() {
    for options in ["", "--unordered ", "--format jsonl ", "--format csv --unordered "] {
        comes_to_rest(&format!("-j4 {options}square"), 3_000_000, 64, 0);
    }
}

#[test]
fn z3_the_temporary_file_is_bounded() {
    // Behind a first item that does not end all others wait for their turn.
    let slow = "sh '[ {} = 1 ] && sleep 300; head -c 1000000 /dev/zero'";
    comes_to_rest(&format!("-j4 --spill-max 50M {slow}"), 10_000, 128, 64);
    comes_to_rest("-j4 --spill-max 50M --unordered run sh -c 'head -c 1000000 /dev/zero' sh", 10_000, 128, 64);
    comes_to_rest(&format!("-j4 --spill-max 50M --format jsonl {slow}"), 10_000, 128, 64);
}

#[test]
fn z3_what_waited_comes_whole_and_nothing_hangs() {
    // Each output is larger than the file may be, and so is what waits for the first.
    let script = |options: &str| {
        let lines = "for n in $(seq 1000); do echo $1 $n 0123456789012345678901234567890123456789; done";
        format!(
            "seq 40 | parjob -j4 --spill-max 20K {options} run sh -c '[ $1 = 1 ] && sleep 1; {lines}' sh | sort | uniq | wc -l"
        )
    };
    for options in ["", "--unordered", "--retries 1", "--results kept", "--format jsonl"] {
        let lines = if options.contains("jsonl") { "40\n" } else { "40000\n" };
        shell(&script(options)).run().prints(lines).succeeds();
    }
}

#[test]
fn z3_a_process_that_waits_for_the_reader_keeps_its_time() {
    for work in [
        "--timeout 2s -j2 run sh -c 'head -c 30000000 /dev/zero' sh",
        "--timeout 2s -j2 --unordered run sh -c 'head -c 30000000 /dev/zero' sh",
        "--timeout 2s -j2 py 'str(x) * 3000000'",
    ] {
        shell(&format!("seq 4 | parjob {work} | (sleep 4; wc -c)")).run().never_says("failed").succeeds();
    }
}
