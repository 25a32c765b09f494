//! Processes that stay up and die, hang, or answer what is no answer.

use rustix::process::Signal;

use crate::harness::{Test, has, parjob};

/// A pool of shells that run this script, with these options of parjob.
fn pool(options: &str, script: &str) -> Test {
    parjob(&format!("{options} sh -c")).arg(script)
}

fn without(last: u64, missing: &[u64]) -> String {
    (1..=last).filter(|n| !missing.contains(n)).map(|n| format!("{n}\n")).collect()
}

fn numbers(last: u64) -> String {
    without(last, &[])
}

/// A worker of JSON lines: what it writes for `seq` and `item` stands in the body.
fn json(options: &str, body: &str) -> Test {
    let script = format!(
        "import json, os, sys\n\
         def say(**answer):\n    print(json.dumps(answer), flush=True)\n\
         for line in sys.stdin:\n    \
             given = json.loads(line)\n    seq, item = given['seq'], given['item']\n{}",
        body.lines().map(|line| format!("    {line}\n")).collect::<String>()
    );
    parjob(&format!("{options} --protocol json python3 -c")).arg(script)
}

#[test]
fn w1_a_worker_that_dies_charges_only_the_item_that_it_was_at() {
    for (end, cause) in [
        ("exit 3", "ended with status 3"),
        ("exit 0", "ended with status 0"),
        ("kill -9 $$", "was ended by SIGKILL"),
        ("kill -SEGV $$", "was ended by SIGSEGV"),
        ("exec >&-; sleep 0.1; exit 4", "ended with status 4"),
    ] {
        let script = format!("while read x; do if [ $x = 5 ]; then echo oh no >&2; {end}; fi; echo $x; done");
        for options in ["--jobs 1 pool", "--jobs 3 --chunk 4 pool"] {
            let run = pool(options, &script).input(numbers(200)).run();
            run.prints(without(200, &[5]))
                .says(&format!("item 5: \"5\" was at work when its worker {cause}\n"))
                .says("  oh no")
                .counts(200, 199, 1, 0)
                .status(1);
        }
    }
}

#[test]
fn w1_what_was_answered_before_is_kept_and_the_rest_is_done_by_a_fresh_process() {
    let script = "echo new >> starts; while read x; do [ $x = 700 ] && exit 1; echo $x; done";
    let done = pool("--jobs 1 pool", script).input(numbers(2000)).run();
    done.prints(without(2000, &[700])).counts(2000, 1999, 1, 0).leaves("starts", "new\nnew\n").status(1);
}

#[test]
fn w1_a_json_worker_may_say_which_item_it_is_at() {
    if !has("python3") {
        return;
    }
    // Takes three items, works on the last of them, and dies.
    let body = "held = globals().setdefault('held', [])\n\
                held.append(seq)\n\
                if seq == 3:\n    say(at=3); os._exit(7)\n\
                if seq > 3 or len(held) == 2 and held[0] == 1 and os.path.exists('again'):\n    \
                    while held: n = held.pop(0); say(seq=n, result=n)\n\
                if seq == 2: open('again', 'w')";
    let run = json("--jobs 1 --chunk 4 pool", body).input(numbers(4)).run();
    run.prints("1\n2\n4\n").says("item 3: \"3\" was at work when its worker ended with status 7").counts(4, 3, 1, 0);
}

#[test]
fn w1_another_attempt_goes_to_a_fresh_process() {
    let script = "while read x; do
        if [ $x = 5 ] && [ ! -e once ]; then : > once; kill -9 $$; fi
        echo $x
    done";
    let run = pool("--jobs 2 pool --retries 1", script).input(numbers(50)).run();
    run.prints(numbers(50)).is_silent().succeeds();
    let run = pool("--jobs 2 pool --retries 1 --retry-on timeout", script).input(numbers(50)).run();
    run.prints(without(50, &[5])).counts(50, 49, 1, 0).status(1);
}

#[test]
fn w2_an_item_that_always_kills_its_worker_fails_after_its_attempts() {
    let script = "while read x; do echo $x >> seen; case $x in 3|4|9) exit 1;; esac; echo $x; done";
    let done = pool("--jobs 1 --chunk 1 pool --retries 2", script).input(numbers(10)).run();
    let done = done.prints(without(10, &[3, 4, 9])).counts(10, 7, 3, 0).status(1);
    let seen = std::fs::read_to_string(done.dir().join("seen")).unwrap();
    for poison in ["3", "4", "9"] {
        assert_eq!(seen.lines().filter(|line| *line == poison).count(), 3, "{seen}");
    }
    // When each item does it, each fails.
    let run = pool("--jobs 2 pool", "read x; exit 1").input(numbers(20)).run();
    run.prints("").counts(20, 0, 20, 0).status(1);
}

#[test]
fn w3_a_line_too_many_makes_the_answers_unsure() {
    let run = pool("--jobs 1 pool", "while read x; do echo $x; echo $x; done").input(numbers(100)).run();
    run.says("worker 1 gave more answers than it got items; the result").says("unsure").status(3);
    // Found at the worker's end at the latest.
    let run = pool("--jobs 1 pool", "while read x; do echo $x; done; echo and more").input(numbers(100)).run();
    run.says("worker 1 gave more answers than it got items; the results of items 1 to 100 are unsure").status(3);
    let run = pool("--jobs 1 pool", "while read x; do echo $x; done; printf more").input(numbers(100)).run();
    run.says("worker 1 gave more").says("the results of items 1 to 100 are unsure").status(3);
}

#[test]
fn w3_a_line_too_few_is_found_at_the_end_of_the_worker() {
    let run = pool("--jobs 1 pool", "while read x; do [ $x = 50 ] || echo $x; done").input(numbers(100)).run();
    let run = run.says("worker 1 ended with fewer answers than it got items");
    run.says("the results of items 1 to 100 are unsure").status(3);
    let run = pool("--jobs 1 pool", "while read x; do printf $x; done").input(numbers(1)).run();
    run.prints("").says("fewer answers than it got items; the result of item 1 is unsure").status(3);
}

#[test]
fn w3_json_that_answers_twice_or_what_was_not_asked_is_found_by_seq() {
    if !has("python3") {
        return;
    }
    for body in [
        "say(seq=seq, result=item)\nif item == '5': say(seq=seq, result='again')",
        "say(seq=seq, result=item)\nif item == '5': say(seq=999, result='no such')",
        "say(seq=seq, result=item)\nif item == '5': print('what is this', flush=True)",
    ] {
        let run = json("--jobs 1 --chunk 3 pool", body).input(numbers(30)).run();
        run.prints(numbers(30)).says("worker 1").says("a fresh one takes its place").succeeds();
    }
}

#[test]
fn w3_json_that_gives_no_sound_answer_charges_the_item() {
    if !has("python3") {
        return;
    }
    for (bad, why) in [
        ("print('{\"seq\":', flush=True)", "wrote a line that is no answer"),
        ("say(result=1)", "it has no seq"),
        ("say(seq=seq)", "neither a result nor an error"),
    ] {
        let body = format!("if item == '1': {bad}\nelse: say(seq=seq, result=item)");
        let run = json("--jobs 1 --chunk 1 pool", &body).input(numbers(5)).run();
        run.prints(without(5, &[1])).says("item 1: \"1\" was at work when its worker").says(why).counts(5, 4, 1, 0);
    }
    // Not at all: at the end of its input the process ends, and lacks an answer.
    let run = json("--jobs 1 pool", "if item != '3': say(seq=seq, result=item)").input(numbers(5)).run();
    run.prints(without(5, &[3])).says("item 3: \"3\" was at work when its worker ended with status 0").status(1);
}

#[test]
fn w3_frames_that_are_none_are_found() {
    let run = pool(
        "--jobs 1 pool --protocol frames",
        "dd bs=1 count=5 of=/dev/null 2>/dev/null; echo no frame at all; cat >/dev/null",
    );
    let run = run.input("a\nb\n").run().prints("").says("item 1: \"a\" was at work when its worker wrote a frame of");
    run.counts(2, 0, 2, 0).status(1);
}

#[test]
fn w3_a_filter_that_does_not_flush_is_told_so_and_loses_nothing() {
    // Says nothing before the end of its input.
    let done = parjob("--jobs 1 pool sort -n").input(numbers(30_000)).run();
    done.prints(numbers(30_000)).says("items, answered none: does it flush its output?").succeeds();
}

#[test]
fn w4_workers_that_cannot_start_are_an_error_and_charge_nothing() {
    for jobs in [1, 4] {
        let run =
            pool(&format!("--jobs {jobs} pool"), "echo cannot open the model >&2; exit 1").input(numbers(100)).run();
        let done = run.prints("").says("] cannot open the model\n").status(3);
        let done = done.says("workers cannot start: 3 in a row ended before their first answer");
        let [read, ok, failed, _, not_run] = done.told_counts();
        assert_eq!((ok, failed, not_run), (0, 0, read));
    }
    parjob("pool true").input(numbers(10)).run().says("the last ended with status 0").status(3);
    let run = parjob("pool ./script").file("script", "#!/no/such/interpreter\n").input("1\n");
    std::fs::set_permissions(run.dir().join("script"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    run.run().says("workers cannot start").says("could not be started").status(3);
}

#[test]
fn w4_two_bad_starts_are_none() {
    let script = "echo x >> starts; [ $(wc -l < starts) -lt 3 ] && exit 1; while read x; do echo $x; done";
    pool("--jobs 1 pool", script).input(numbers(10)).run().prints(numbers(10)).succeeds();
}

#[test]
fn w5_an_item_with_a_newline_is_refused_by_lines_and_only_that() {
    let script = "while IFS= read -r x; do printf '%s!\\n' \"$x\"; done";
    let run = pool("-0 --jobs 1 pool", script).input("a\0b\nc\0\0d\n\0e\0").run();
    run.prints("a!\n!\ne!\n")
        .says("item 2: \"b\\nc\" holds a newline, which ends a line; --protocol frames takes it")
        .counts(5, 3, 2, 0)
        .status(1);
    for _ in 0..10 {
        let run = pool("-0 pool", script).input("b\nc\0").run();
        run.prints("").counts(1, 0, 1, 0).status(1);
    }
}

#[test]
fn a_timeout_charges_its_item_and_replaces_the_worker_and_what_it_started() {
    // The harness finds the sleeping child, should it live on.
    let script = "while read x; do [ $x = 3 ] && setsid sleep 1000; echo $x; done";
    let run = pool("--jobs 1 pool --timeout 0.3 --grace 0.1", script).input(numbers(6)).run();
    run.prints(without(6, &[3])).says("item 3: \"3\" was ended after 300ms: --timeout").counts(6, 5, 1, 0).status(1);
}

#[test]
fn a_worker_that_dies_while_it_has_no_item_is_replaced() {
    let script = "echo $$ > pid; while read x; do echo $x; done";
    let test = pool("--jobs 1 pool", script);
    let file = test.dir().join("pid");
    let run = test.start().give("1\n").answers("1");
    let pid: i32 = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    let run = run.tells("worker 1 was ended by SIGKILL while it had no item");
    run.give("2\n").answers("2").ends().succeeds();
}

#[test]
fn a_process_that_reads_no_more_is_replaced() {
    let script = "read x; echo $x; exec <&-; sleep 1000";
    for options in ["--jobs 1 --chunk 1 pool --grace 0.1", "--jobs 2 --chunk 2 pool --grace 0.1"] {
        let run = pool(options, script).input(numbers(5)).run();
        run.prints(numbers(5)).says("reads no more; a fresh one takes its place").succeeds();
    }
}

#[test]
fn a_process_that_reads_no_more_and_is_at_no_item_is_not_waited_for() {
    let script = "read x; echo $x; [ $x = 3 ] && exit; exec <&-; sleep 2000";
    let run = pool("--jobs 1 --chunk 1 pool --grace 1000", script).input(numbers(3)).run();
    run.prints(numbers(3)).says("reads no more; a fresh one takes its place").succeeds();
}

#[test]
fn what_parjob_ends_is_not_told_as_the_death_of_a_worker() {
    let run = pool("--jobs 1 pool --grace 0.1", "while read x; do echo $x; done; sleep 1000").input(numbers(3)).run();
    run.prints(numbers(3)).says("worker 1 did not end within --grace and was ended").never_says("SIGTERM").succeeds();
    let run = pool("--jobs 1 pool --grace 0.1", "read x; exec >&-; sleep 1000").input(numbers(1)).run();
    run.says("item 1: \"1\" was at work when its worker closed its output\n").counts(1, 0, 1, 0).status(1);
}

#[test]
fn o6_answers_that_wait_for_a_slow_item_before_them_are_kept_out_of_memory() {
    if !has("python3") {
        return;
    }
    let body = "if seq > 1: say(seq=seq, result='x' * 1000000)\nif seq == 201: say(seq=1, result='')";
    let expected = format!("\n{}", format!("{}\n", "x".repeat(1_000_000)).repeat(200));
    let run = json("--jobs 1 --chunk 201 pool", body).launch().feed(numbers(201)).gives(expected);
    run.stays_under(128).end().is_silent().succeeds();
}

#[test]
fn what_a_process_said_at_an_item_that_fails_stands_in_its_row() {
    let script = "while read x; do if [ $x = 2 ]; then echo dying >&2; exit 5; fi; echo $x; done";
    for options in ["", "--retries 1"] {
        let run = pool(&format!("--jobs 1 --format jsonl {options} pool"), script).input(numbers(2)).run();
        run.prints(
            "{\"v\":1,\"seq\":1,\"item\":\"1\",\"ok\":true,\"result\":\"1\"}\n\
             {\"v\":1,\"seq\":2,\"item\":\"2\",\"ok\":false,\"error\":\"\\\"2\\\" was at work when its worker ended with \
             status 5\",\"stderr\":\"dying\\n\"}\n",
        );
    }
}

#[test]
fn what_a_process_does_when_it_reads_no_more_may_take_its_time() {
    let script = "read x; exec <&-; sleep 0.3; echo $x; sleep 1000";
    let run = pool("--jobs 1 --chunk 2 pool --grace 0.1", script).input(numbers(3)).run();
    run.prints(numbers(3)).succeeds();
}

#[test]
fn an_item_that_no_process_has_read_is_not_charged() {
    let script = "read x; while ! [ -e more ]; do sleep 0.01; done; echo $x; [ $x = 3 ] || exit 1";
    let test = pool("--jobs 1 --chunk 3 pool", script);
    let more = test.dir().join("more");
    let run = test.start().give(&numbers(3));
    std::fs::write(more, "").unwrap();
    run.ends().prints(numbers(3)).says("ended with status 1 while it had no item").succeeds();
}

#[test]
fn a_process_that_reads_nothing_could_not_start() {
    let run = pool("--jobs 1 pool --grace 0.1", "exec <&-; sleep 1000").input(numbers(3)).run();
    run.prints("").says("workers cannot start: 3 in a row ended before their first answer; the last reads nothing");
}

#[test]
fn when_files_run_out_fewer_workers_go_on() {
    let run = crate::harness::shell(
        "ulimit -n 24; seq 200 | parjob --jobs 20 --chunk 1 pool sh -c 'while read x; do sleep 0.01; echo $x; done'",
    );
    run.run().prints(numbers(200)).says("workers could be started; going on with them").succeeds();
}

/// Writes to files that it did not open, at each item that is named.
const CARELESS: &str = "
import os
def scribble(x, what):
    for fd in range(3, 20):
        try: os.write(fd, what)
        except OSError: pass
    return x
def some(x): return scribble(x, b'what nobody wants to read\\n') if x == '3' else x
def little(x): return scribble(x, b'x')
def four(x): return scribble(x, b'four')
def noise(x): return scribble(x, os.urandom(16))
";

#[test]
fn z12_what_a_program_writes_to_a_file_that_it_did_not_open_is_no_answer() {
    for chunk in ["1", "auto"] {
        let test = parjob(&format!("--jobs 2 --chunk {chunk} py careless.py:some ::: 1 2 3 4 5 6"));
        let run = test.file("careless.py", CARELESS).run().prints("1\n2\n4\n5\n6\n").counts(6, 5, 1, 0).status(1);
        run.says("item 3: \"3\" was at work when its worker wrote what is no answer");
        for function in ["little", "four", "noise"] {
            let test = parjob(&format!("--jobs 2 --chunk {chunk} py careless.py:{function} ::: 1 2 3"));
            test.file("careless.py", CARELESS).run().prints("").counts(3, 0, 3, 0).status(1);
        }
    }
}

#[test]
fn z12_a_worker_that_greets_and_answers_nonsense_costs_each_item_once() {
    let script = "read -r init; echo '{\"seq\":0,\"result\":null}'; while read -r x; do echo nonsense; done";
    let test = parjob("--jobs 1 pool --protocol json --init ready sh -c").arg(script).args([":::", "1", "2", "3"]);
    test.run()
        .prints("")
        .says("was at work when its worker wrote a line that is no answer")
        .counts(3, 0, 3, 0)
        .status(1);
}

#[test]
fn z2_a_reader_behind_other_programs_gets_all_that_it_waits_for() {
    // Each holds its answers back until its input ends, and none is the process that parjob started.
    for script in [
        "sed s/x/y/; true",
        "timeout 100 sed s/x/y/; true",
        "sed s/x/y/ | cat",
        "tac | tac",
        "(sed s/x/y/); true",
        "setsid -w sed s/x/y/; true",
        "timeout 100 sh -c 'sed s/x/y/; true'; true",
    ] {
        for (jobs, items) in [(1, 5), (2, 300)] {
            let test = parjob(&format!("--jobs {jobs} pool sh -c")).arg(script).input(without(items, &[]));
            test.run().prints(without(items, &[])).is_silent().succeeds();
        }
    }
}

/// Readers that cannot be seen to wait for input, and hold back what they have until there are 50 items.
const UNSEEN: [(&str, &str); 3] = [
    (
        "another thread reads",
        "import sys, threading
def read():
    held = []
    for line in sys.stdin:
        held.append(line)
        if len(held) == 50: print(''.join(held), end='', flush=True); held = []
    print(''.join(held), end='')
thread = threading.Thread(target=read); thread.start(); thread.join()",
    ),
    (
        "it waits for other files too",
        "import os, select, sys
held, rest = [], b''
while True:
    select.select([0], [], [])
    data = os.read(0, 65536)
    *lines, rest = (rest + data).split(b'\\n')
    held += lines
    if len(held) >= 50 or not data:
        os.write(1, b''.join(line + b'\\n' for line in held)); held = []
    if not data: break",
    ),
    (
        "it reads what another one passes on",
        "import subprocess, sys
child = subprocess.Popen(['cat'], stdout=subprocess.PIPE)
held = []
for line in child.stdout:
    held.append(line)
    if len(held) == 50: sys.stdout.buffer.write(b''.join(held)); sys.stdout.flush(); held = []
sys.stdout.buffer.write(b''.join(held))",
    ),
];

#[test]
fn z2_a_reader_that_cannot_be_seen_gets_more_until_it_answers() {
    if !has("python3") {
        return;
    }
    for (_, script) in UNSEEN {
        for options in ["--jobs 1", "--jobs 1 --chunk 1", "--jobs 1 --chunk 7", "--jobs 1 --halt now,fail=1"] {
            let test = parjob(&format!("{options} pool python3 -c")).arg(script);
            // There may be more to come, so that nothing but more items makes it answer.
            let run = test.start().give(&numbers(120)).answers("1").answers("2");
            run.ends().prints(numbers(120)).is_silent().succeeds();
        }
    }
}

#[test]
fn z15_a_process_that_grows_with_each_item_is_replaced_in_time() {
    if !has("python3") {
        return;
    }
    let module = "
import resource
held = []
def grow(x):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    held.append(bytearray(10 << 20))
    for place in range(0, 10 << 20, 4096): held[-1][place] = 1
    return before
";
    for options in ["--jobs 1 --chunk 1", "--jobs 2", "--jobs 1 --chunk 100"] {
        let test = parjob(&format!("{options} py --recycle-rss 60M grow.py:grow")).file("grow.py", module);
        let run = test.input(numbers(30)).run().is_silent().succeeds();
        let text = String::from_utf8_lossy(run.stdout()).into_owned();
        assert!(text.lines().all(|line| line.parse::<u64>().unwrap() <= 62_000), "{text}");
    }
}

/// All items are quick but for one, which takes until the last one is done.
const ONE_SLOW: &str = "
import os, time
def one(x):
    if x == '19990':
        while not os.path.exists('last'): time.sleep(0.01)
    if x == '20000': open('last', 'w')
    return x
def some(xs):
    return [one(x) for x in xs]
async def later(x):
    return one(x)
";

#[test]
fn z4_what_queues_behind_a_slow_item_is_done_by_a_worker_that_idles() {
    if !has("python3") {
        return;
    }
    for options in ["--chunk 1 py slow.py:one", "py slow.py:one", "py --batch 5 slow.py:some", "py slow.py:later"] {
        for jobs in [2, 5] {
            let test = parjob(&format!("--jobs {jobs} {options}")).file("slow.py", ONE_SLOW);
            test.input(numbers(20_000)).run().prints(numbers(20_000)).is_silent().succeeds();
        }
    }
}

#[test]
fn z4_a_worker_that_dies_after_items_were_taken_back_charges_its_item_alone() {
    if !has("python3") {
        return;
    }
    let what = "x if x != '19990' else time.sleep(0.3) or os._exit(1)";
    for options in ["--chunk 1 py", "py", "py --retries 1"] {
        let test = parjob(&format!("--jobs 2 {options} --import os --import time")).arg(what);
        let run = test.input(numbers(20_000)).run().prints(without(20_000, &[19_990]));
        run.says("item 19990: \"19990\" was at work when its worker ended with status 1").counts(20_000, 19_999, 1, 0);
    }
}
