//! Too little of something, and operations that fall over.

use std::sync::Arc;

use parjob::base::chunk::Chunking;
use parjob::base::exit::Report;
use parjob::base::failure::Failures;
use parjob::base::item::Chunk;
use parjob::base::result::{Answer, Results, Value};
use parjob::executor::in_process::Job;
use parjob::op::{self, Fold, Kind, Map, Operation, REDUCERS, Words};
use parjob::plan::{Plan, Work};
use parjob::progress::{Style, Talk};
use parjob::run::Policy;
use parjob::source::{Column, Link, Options, Origin, Reading};

use super::{BOUND, FLAT, numbers, squares};
use crate::harness::{Done, has, itself, parjob, shell, skip};

/// What a script does in a group with a limit, as in a container: its controller and file by the first version of
/// cgroups, its file by the second, and the value. `None` where this user may not make such a group.
pub(super) fn in_a_group([controller, first, second, value]: [&str; 4], script: &str) -> Option<Done> {
    let groups = format!(
        r#"
        group=/sys/fs/cgroup/{controller}/parjob-test-$$ file={first}
        [ -d /sys/fs/cgroup/{controller} ] || group=/sys/fs/cgroup/parjob-test-$$ file={second}
        mkdir $group 2>/dev/null || exit 77
        echo {value} 2>/dev/null >$group/$file || {{ rmdir $group; exit 77; }}
        (sh -c 'echo $PPID' >$group/cgroup.procs && {script})
        status=$?
        # What the run left to end by itself may take a moment.
        for n in $(seq 100); do rmdir $group 2>/dev/null && break; sleep 0.1; done
        exit $status"#
    );
    let done = shell(&groups).run();
    if done.exit_code() == Some(77) {
        skip(&format!("this user may not make a cgroup that limits {controller}"));
        return None;
    }
    Some(done)
}

#[test]
fn r3_threads_that_cannot_be_started_make_fewer_workers_and_one_warning() {
    let script = "seq 10000 | parjob -j 200 square";
    let Some(run) = in_a_group(["pids", "pids.max", "pids.max", "30"], script) else { return };
    let warnings = run.stderr().matches("of 200 workers could be started; going on with them").count();
    assert_eq!((warnings, run.stderr().lines().count()), (1, 1), "{}", run.story());
    run.prints(squares(1, 10_000)).succeeds();
}

#[test]
fn r3_where_not_even_one_thread_can_be_started_it_says_so() {
    // The shell of the script and the thread that a process begins with.
    let script = "parjob square 3 4";
    let Some(run) = in_a_group(["pids", "pids.max", "pids.max", "2"], script) else { return };
    run.prints("").says("parjob: cannot start ").status(3);
}

#[test]
fn r3_with_too_little_memory_for_anything_it_never_succeeds_without_its_results() {
    // From too little for the loader to just enough. Where the program itself does not fit the kernel ends it: 139. Where
    // memory runs out, Rust's runtime aborts: 134.
    let script = "for limit in 8000 10000 12000 14000 16000 20000; do
        (ulimit -v $limit; parjob square 3 2>/dev/null; echo status $?)
    done 2>/dev/null";
    let run = shell(script).run().succeeds();
    let told = String::from_utf8_lossy(run.stdout()).into_owned().replace("9\nstatus 0", "all is well");
    let known = ["all is well", "status 3", "status 127", "status 134", "status 139", "9"];
    assert!(told.lines().all(|line| known.contains(&line)), "{}", run.story());
}

#[test]
fn r4_the_default_of_jobs_follows_the_processors_that_are_allowed() {
    if std::thread::available_parallelism().unwrap().get() == 1 {
        return skip("one processor is all that this machine has");
    }
    if !has("taskset") {
        return;
    }
    let cpu = "cpu=$(taskset -pc $$ | sed 's/.*: //; s/[-,].*//')";
    let run = shell(&format!("{cpu}; taskset -c $cpu parjob explain square 1")).run().succeeds();
    let plan = String::from_utf8_lossy(run.stdout()).into_owned();
    let jobs = plan.lines().find(|line| line.starts_with("jobs")).unwrap_or_else(|| panic!("{plan}"));
    assert!(jobs.contains(" 1 ") && jobs.contains("the CPUs that this process may run on"), "{jobs}");
}

#[test]
fn r4_the_default_of_jobs_follows_the_groups_quota() {
    if std::thread::available_parallelism().unwrap().get() == 1 {
        return skip("one processor is all that this machine has");
    }
    let quota = ["cpu", "cpu.cfs_quota_us", "cpu.max", "100000"];
    let Some(run) = in_a_group(quota, "parjob explain square 1") else { return };
    let plan = String::from_utf8_lossy(run.stdout()).into_owned();
    let jobs = plan.lines().find(|line| line.starts_with("jobs")).unwrap_or_else(|| panic!("{}", run.story()));
    assert!(jobs.contains(" 1 ") && jobs.contains("the cgroup's CPU quota"), "{jobs}");
    run.succeeds();
}

#[test]
fn r6_a_map_that_panics_fails_that_item_alone() {
    let done = itself("faults::resources::a_run_of_an_operation_that_panics").env("PARJOB_RUN", "map").run();
    assert_eq!(result(&done), "0\n1\n2\n4\n");
    done.says("item 4: \"3\" made the operation panic: three \\u{1b}[31m").counts(5, 4, 1, 0).status(1);
}

#[test]
fn r6_a_fold_that_panics_leaves_that_item_out_alone() {
    let done = itself("faults::resources::a_run_of_an_operation_that_panics").env("PARJOB_RUN", "fold").run();
    assert_eq!(result(&done), "0124\n");
    done.says("item 4: \"3\" made the operation panic: three \\u{1b}[31m").counts(5, 4, 1, 0).status(1);
}

#[test]
fn r6_what_panics_on_the_way_to_a_reduction_is_left_out_of_it() {
    let done = itself("faults::resources::a_run_of_an_operation_that_panics").env("PARJOB_RUN", "reduce").run();
    assert_eq!(result(&done), "7\n");
    done.says("item 4: \"3\" made the operation panic: three \\u{1b}[31m").counts(5, 4, 1, 0).status(1);
}

fn result(done: &Done) -> String {
    let path = done.dir().join("out");
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}\n{}", done.story()))
}

/// The process of the tests above: parjob with an operation that the program does not have.
#[test]
#[ignore = "started by the tests of R6, in a process of its own"]
fn a_run_of_an_operation_that_panics() {
    let sum = REDUCERS.iter().find(|reducer| reducer.operation.name == "sum").unwrap();
    let job = match &*std::env::var("PARJOB_RUN").unwrap_or_default() {
        "map" => Job::Map(Arc::new(Through)),
        "fold" => Job::Fold(Arc::new(Join)),
        "reduce" => Job::Reduce(Arc::new(Through), (sum.fold)()),
        _ => return,
    };
    let origin = Origin::Words(["0", "1", "2", "3", "4"].map(Into::into).into());
    let plan = Plan {
        source: Options {
            columns: vec![Column { origin, link: Link::Cross }],
            reading: Reading::default(),
            walk: None,
        },
        operation: &THROUGH,
        answering: &THROUGH,
        work: Work::InProcess(job),
        report: Report::Any,
        jobs: 2,
        chunking: Chunking::Auto,
        policy: Policy { ordered: true, ..Policy::default() },
        processes: parjob::plan::Processes::default(),
        jobs_file: None,
        output: parjob::output::Options { format: "text", tag: false, file: Some("out".into()) },
        progress: parjob::progress::Options { style: Style::None, total: None, shares_output: false },
        talk: Talk::Brief,
        items_are_typed: false,
        decisions: Vec::new(),
    };
    parjob::start::start(plan).unwrap().leave()
}

static THROUGH: Operation = Operation {
    name: "through",
    summary: "each item as it is, but panics on 3",
    about: "Each item as it is, but panics on 3.",
    examples: &[],
    params: &[],
    blanks: op::Blanks::Trimmed,
    kind: Kind::InProcess { words: |_| Words::Values, prepare: |_, _| Ok(op::Work::Map(Arc::new(Through))) },
};

struct Through;

impl Map for Through {
    fn map(&self, chunk: &Chunk<'_>, results: &mut Results) {
        for item in chunk.items() {
            assert!(item != b"3", "three \x1b[31m");
            results.push(item);
        }
    }
}

struct Join;

impl Fold for Join {
    type State = Vec<Vec<u8>>;

    fn zero(&self) -> Self::State {
        Vec::new()
    }

    fn step(&self, state: &mut Self::State, chunk: &Chunk<'_>, _failures: &mut Failures) {
        for item in chunk.items() {
            // A part of the work is done before the fall: it must not stay.
            state.push(item.to_vec());
            assert!(item != b"3", "three \x1b[31m");
        }
    }

    fn merge(&self, into: &mut Self::State, from: &mut Self::State) {
        into.append(from);
    }

    fn finish(&self, mut state: Self::State) -> Option<Answer> {
        state.sort();
        let value = Value::One(String::from_utf8_lossy(&state.concat()).into_owned());
        Some(Answer { n: state.len() as u64, value })
    }
}

/// The most memory that squaring so many lines takes, in KiB.
fn peak_of_squares(lines: u64) -> u64 {
    let thousand = numbers(1_000_000, 1_000_999);
    let run = parjob("square --jobs 2 --output /dev/null").launch().feed_aside(thousand, lines / 1000).has_read_all();
    let run = run.stays_under(FLAT);
    let peak = run.peak_memory();
    run.end().is_silent().succeeds();
    peak
}

#[test]
fn memory_does_not_grow_with_the_number_of_lines() {
    let (few, many) = (peak_of_squares(500_000), peak_of_squares(5_000_000));
    assert!(many < few + 8 * 1024, "{few} KiB for 500 thousand lines, {many} KiB for 5 million");
}

#[test]
fn memory_does_not_grow_with_the_number_of_failures() {
    let run = parjob("square --jobs 2").launch().feed_aside("word\n".repeat(1000), 1000).has_read_all();
    let done = run.stays_under(FLAT).feed("3\n").gives("9\n").stays_under(FLAT).end();
    let done = done.says("item 10: \"word\"").never_says("item 11:").says("and 999990 more");
    done.counts(1_000_001, 1, 1_000_000, 0).status(1);
}

#[test]
fn memory_does_not_grow_with_failures_that_are_all_named_to_a_slow_reader() {
    let run = parjob("-v square --jobs 2").launch().feed_aside("x\n".repeat(1000), 1000).fills_errors();
    let done = run.stays_under(BOUND).end().counts(1_000_000, 0, 1_000_000, 0).status(1);
    assert_eq!(done.stderr().matches("\"x\" is not a number").count(), 1_000_000);
}

#[test]
fn z13_limits_that_are_too_low_are_said_at_once() {
    for command in ["square 3", "run echo ::: 3", "pool cat ::: 3", "hash a"] {
        for stack in ["32", "48"] {
            let run = shell(&format!("ulimit -s {stack}; parjob {command}")).file("a", "x").run().prints("");
            run.says("the stack is too small to start; ulimit -s 64 is enough").status(3);
        }
        let run = shell(&format!("ulimit -v 40000; parjob {command}")).file("a", "x").run().prints("");
        run.says("parjob: 40000 KiB of memory are too little; ulimit -v 65536 is the least").status(3);
    }
    // What is inherited lies on the stack as well.
    for length in [30_000, 40_000, 45_000] {
        let inherited = format!("E=$(head -c {length} /dev/zero | tr '\\0' y)");
        for command in ["square 3", "run echo ::: 3", "square $E"] {
            let export = if command.contains("$E") { "" } else { "export " };
            let text = format!("{export}{inherited}; ulimit -s 64; exec parjob {command}");
            let run = shell(&text).run().prints("");
            run.says("arguments and environment leave too little of the stack to start").status(3);
        }
    }
    shell("ulimit -s 64; parjob square 3; parjob run echo ::: 3").run().prints("9\n3\n").is_silent().succeeds();
}

#[test]
fn z13_with_little_memory_fewer_workers_do_it_and_nothing_is_aborted() {
    for limit in [65_536, 70_000, 100_000, 250_000] {
        for command in ["--jobs 40 square", "--jobs 500 square", "--jobs 40 --format jsonl sum", "--jobs 40 pool cat"] {
            let run = shell(&format!("ulimit -v {limit}; parjob {command} >out")).input(numbers(1, 20_000)).run();
            assert!(matches!(run.exit_code(), Some(0 | 3)), "{limit}: {}", run.story());
        }
    }
}
