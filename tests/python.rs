//! `py`: Python functions called with items. What the worker does by itself is tested in tests/py/test_worker.py.

use std::process::Command;

use crate::golden::project;
use crate::harness::{Test, has, parjob, shell, skip};

/// `py` with these options and this expression or function; `None`, said aloud, where there is no Python.
fn py(options: &str, what: &str) -> Option<Test> {
    has("python3").then(|| parjob(&format!("{options} --")).arg(what))
}

/// A file with functions for the tests.
const WORK: &str = r#"
import asyncio, os, sys, time

def square(x):
    return int(x) ** 2

def fatal(x):
    if x == "5":
        os._exit(1)
    return x

def arguments(*args, **named):
    return "%s %s" % (args, sorted(named.items()))

def batch(xs):
    return ["%d of %d" % (n + 1, len(xs)) for n in range(len(xs))]

def fatal_batch(xs):
    if "5" in xs:
        os.kill(os.getpid(), 9)
    return xs

def talk(x):
    print("print")
    os.system("echo system")
    os.write(1, b"write\n")
    return x

def words(x):
    yield from x.split()

met = None
here = 0

async def meet(x):
    """Comes back when four are here."""
    global here, met
    met = met or asyncio.Event()
    here += 1
    if here == 4:
        met.set()
    await met.wait()
    return x

async def fatal_async(x):
    await asyncio.sleep(0)
    if x == "5":
        os._exit(3)
    await asyncio.sleep(0)
    return x

async def leaving_async(x):
    await asyncio.sleep(0)
    if x == "5":
        sys.exit(3)
    await asyncio.sleep(0.1)
    return x
"#;

fn numbers(first: u64, last: u64) -> String {
    (first..=last).map(|n| format!("{n}\n")).collect()
}

fn numbers_without(last: u64, missing: u64) -> String {
    numbers(1, last).replace(&format!("\n{missing}\n"), "\n")
}

/// A Python of this version, on the PATH or among those that pyenv has installed.
fn python(version: &str) -> Option<String> {
    let home = std::env::var("HOME").unwrap_or_default();
    let installed = std::fs::read_dir(format!("{home}/.pyenv/versions")).into_iter().flatten().flatten();
    let installed = installed.filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{version}.")));
    let installed = installed.map(|entry| entry.path().join("bin/python3").to_string_lossy().into_owned());
    let mut all = installed.chain([format!("python{version}")]);
    let found = all.find(|python| Command::new(python).arg("-V").output().is_ok_and(|run| run.status.success()));
    if found.is_none() {
        skip(&format!("no Python {version}"));
    }
    found
}

fn passes_its_own_tests(python: &str) {
    let run = Command::new(python).arg(project("tests/py/test_worker.py")).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn the_worker_passes_its_own_tests() {
    if has("python3") {
        passes_its_own_tests("python3");
    }
}

#[test]
fn the_worker_passes_them_with_the_oldest_python_too() {
    let Some(python) = python("3.8") else { return };
    passes_its_own_tests(&python);
}

#[test]
fn an_older_python_is_refused() {
    let Some(python) = python("3.7") else { return };
    let run = parjob("py --python").arg(python).args(["x", ":::", "1", "2"]).run();
    run.says("Python 3.7 is too old, 3.8 is needed").counts(2, 0, 0, 2).status(3);
}

#[test]
fn results_come_in_order_whatever_the_chunks() {
    for options in ["py", "--jobs 5 --chunk 3 py", "--jobs 1 --chunk 1 py", "--jobs 3 --chunk 1000 py"] {
        let Some(test) = py(options, "int(x)**2") else { return };
        let squares: String = (1..=5000u64).map(|n| format!("{}\n", n * n)).collect();
        test.input(numbers(1, 5000)).run().prints(squares).is_silent().succeeds();
    }
}

#[test]
fn functions_are_found_in_files_and_modules() {
    for what in ["work.py:square", "./work.py:square", "work:square"] {
        let Some(test) = py("py", what) else { return };
        test.file("work.py", WORK).input("3\n4\n").run().prints("9\n16\n").is_silent().succeeds();
    }
}

#[test]
fn fields_become_arguments() {
    for (options, input, expected) in [
        ("--csv py", "1,\"a\nb\"\n", "('1', 'a\\nb') []\n"),
        ("--csv py --as int", "1,2\n", "(1, 2) []\n"),
        ("--colsep : py", "1:2\n3\n", "('1', '2') []\n('3',) []\n"),
        ("--csv --header py", "a,b c\n1,2\n", "() [('a', '1'), ('b c', '2')]\n"),
        ("--jsonl py", "{\"b\": [1], \"a\": null}\n", "() [('a', None), ('b', [1])]\n"),
        ("py --as csv", "1,2\n", "(['1', '2'],) []\n"),
    ] {
        let Some(test) = py(options, "work.py:arguments") else { return };
        test.file("work.py", WORK).input(input).run().prints(expected).is_silent().succeeds();
    }
    let Some(test) = py("py", "work.py:arguments") else { return };
    test.file("work.py", WORK)
        .args([":::", "1", "2", ":::", "a"])
        .run()
        .prints("('1', 'a') []\n('2', 'a') []\n")
        .succeeds();
    let Some(test) = py("--csv --header py", "x['b'] + x['a']") else { return };
    test.input("a,b\n1,2\n").run().prints("21\n").succeeds();
}

#[test]
fn bytes_and_newlines_come_back_as_they_were() {
    let Some(test) = py("-0 py", "x") else { return };
    test.input(b"a\nb\0\xff\0\0".as_slice()).run().prints(b"a\nb\n\xff\n\n".as_slice()).is_silent().succeeds();
}

#[test]
fn a_result_may_be_several_lines_or_none() {
    let Some(test) = py("py", "work.py:words") else { return };
    test.file("work.py", WORK).input("a b\n\nc\n").run().prints("a\nb\nc\n").is_silent().succeeds();
    let Some(test) = py("--tag py", "(w for w in x.split())") else { return };
    test.input("a\n\nc\n").run().prints("a\ta\nc\tc\n").is_silent().succeeds();
    let Some(test) = py("--format csv py", "[x] * 2") else { return };
    test.input("a\n").run().prints("v,seq,item,ok,result,error\n1,1,a,true,\"['a', 'a']\",\n").succeeds();
    let Some(test) = py("py --json", "[x, 1.5, None]") else { return };
    test.input("é\n").run().prints("[\"é\", 1.5, null]\n").succeeds();
}

#[test]
fn a_batch_is_a_list_of_exactly_so_many_items() {
    for options in ["--jobs 2 py --batch 3", "--jobs 3 --chunk 2 py --batch 3"] {
        let Some(test) = py(options, "work.py:batch") else { return };
        let whole = "1 of 3\n2 of 3\n3 of 3\n".repeat(20);
        test.file("work.py", WORK).input(numbers(1, 61)).run().prints(whole + "1 of 1\n").succeeds();
    }
}

#[test]
fn an_exception_is_the_failure_of_its_item() {
    let Some(test) = py("--jobs 2 --chunk 4 py", "10 // int(x)") else { return };
    test.args([":::", "5", "0", "2", "a", "1"])
        .run()
        .prints("2\n5\n10\n")
        .says("item 2: \"0\" failed: ZeroDivisionError: integer division or modulo by zero\n")
        .says("  File \"<expression>\", line 1")
        .says("item 4: \"a\" failed: ValueError: invalid literal for int() with base 10: 'a'\n")
        .counts(5, 3, 2, 0)
        .status(1);
    let Some(test) = py("-v py", "work.py:square") else { return };
    let run = test.file("work.py", WORK).input("x\n").run().status(1);
    assert!(run.stderr().contains("\n  Traceback (most recent call last):\n    File \""), "{}", run.stderr());
    let Some(test) = py("--quiet --format jsonl py", "int(x)") else { return };
    let run = test.input("x\n").run().status(1);
    let line = String::from_utf8_lossy(run.stdout()).into_owned();
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(value["error"], "\"x\" failed: ValueError: invalid literal for int() with base 10: 'x'");
    assert!(value["traceback"].as_str().unwrap().starts_with("Traceback (most recent call last):\n"), "{line}");
}

#[test]
fn w1_a_worker_that_dies_loses_the_item_that_it_was_at_alone() {
    for (what, cause) in [
        ("os._exit(1) if x == '2500' else x", "ended with status 1"),
        ("os._exit(0) if x == '2500' else x", "ended with status 0"),
        ("os.kill(os.getpid(), 9) if x == '2500' else x", "was ended by SIGKILL"),
        ("sys.exit(4) if x == '2500' else x", "ended with status 4"),
    ] {
        for options in ["--jobs 2 --chunk 1000 py", "--jobs 5 --chunk 3 py"] {
            let Some(test) = py(&format!("{options} --import os --import sys"), what) else { return };
            test.input(numbers(1, 4000))
                .run()
                .prints(numbers_without(4000, 2500))
                .says(&format!("item 2500: \"2500\" was at work when its worker {cause}\n"))
                .counts(4000, 3999, 1, 0)
                .status(1);
        }
    }
}

#[test]
fn w1_of_many_items_of_an_async_function_only_one_is_charged() {
    for function in ["work.py:fatal_async", "work.py:leaving_async"] {
        let Some(test) = py("--jobs 1 py --concurrency 10", function) else { return };
        test.file("work.py", WORK)
            .input(numbers(1, 20))
            .run()
            .prints(numbers_without(20, 5))
            .says("item 5: \"5\" was at work when its worker ended with status 3")
            .counts(20, 19, 1, 0);
    }
}

#[test]
fn w1_a_batch_is_charged_together() {
    let Some(test) = py("--jobs 1 py --batch 3", "work.py:fatal_batch") else { return };
    test.file("work.py", WORK).input(numbers(1, 9)).run().prints("1\n2\n3\n7\n8\n9\n").counts(9, 6, 3, 0).status(1);
}

#[test]
fn w2_an_item_that_always_kills_its_worker_fails_after_its_attempts() {
    let what = "os.system('printf 5 >> tries') or os._exit(1) if x == '5' else x";
    let Some(test) = py("--jobs 2 py --retries 2 --import os", what) else { return };
    test.input(numbers(1, 20))
        .run()
        .prints(numbers_without(20, 5))
        .counts(20, 19, 1, 0)
        .leaves("tries", "555")
        .status(1);
}

#[test]
fn w4_a_python_that_cannot_start_charges_no_item() {
    if !has("python3") {
        return;
    }
    shell("chmod +x broken; parjob py --python ./broken x ::: 1 2")
        .file("broken", "#!/bin/sh\necho 'no license' >&2\nexit 7\n")
        .run()
        .says("workers cannot start")
        .says("no license")
        .counts(2, 0, 0, 2)
        .status(3);
    let script = "parjob=$(command -v parjob); PATH=/nonexistent \"$parjob\" py x ::: 1 2";
    shell(script).run().says("\"python3\" was not found in PATH").status(127);
}

#[test]
fn w6_what_a_function_prints_goes_to_standard_error() {
    let Some(test) = py("--jobs 1 py", "work.py:talk") else { return };
    test.file("work.py", WORK)
        .input("1\n2\n")
        .run()
        .prints("1\n2\n")
        .says("[1] print\n")
        .says("[1] system\n")
        .succeeds();
}

#[test]
fn what_was_typed_wrong_is_told_before_any_item_is_charged() {
    for (options, what, says) in [
        ("py", "int(x)**", "SyntaxError"),
        ("py", "x = 1", "SyntaxError"),
        ("py", "no_such_module:f", "No module named 'no_such_module'"),
        ("py", "no_such_file.py:f", "No such file"),
        ("py", "work.py:no_such", "work.py has no no_such"),
        ("py --import no_such_module", "x", "No module named 'no_such_module'"),
        ("py --init 1+", "x", "SyntaxError"),
        ("py --concurrency 2", "work.py:square", "--concurrency is for async functions"),
    ] {
        let Some(test) = py(options, what) else { return };
        let run = test.file("work.py", WORK).input("1\n2\n").run();
        run.prints("").says(says).counts(2, 0, 0, 2).status(2);
    }
    for (arguments, says) in [
        ("py", "py needs an expression of x, or a function"),
        ("py x 1 2", "py takes one expression or function; quote it: parjob py 'x 1 2'"),
        ("--jsonl py --as int x", "--jsonl says what items are"),
        ("--reduce sum --tag py x", "--reduce gives one answer"),
        ("py --as integer x", "invalid value 'integer'"),
        ("py --batch 0 x", "invalid value '0'"),
        ("py --batch 2 --concurrency 2 x", "cannot be used with"),
        ("py --timeout 200% x", "is a duration"),
    ] {
        parjob(arguments).input("1\n").run().prints("").says(says).status(2);
    }
}

#[test]
fn what_was_found_and_fails_is_no_wrong_command_line() {
    for (options, what) in [("py", "work.py:f"), ("py --init 1/0", "x")] {
        let Some(test) = py(options, what) else { return };
        let run = test.file("work.py", "1 / 0\n").input("1\n2\n").run();
        run.prints("").says("ZeroDivisionError").counts(2, 0, 0, 2).status(3);
    }
}

#[test]
fn items_of_an_async_function_are_at_work_side_by_side() {
    for what in ["work.py:meet", "await work.meet(x)"] {
        let Some(test) = py("--jobs 1 py --concurrency 4 --import work", what) else { return };
        test.file("work.py", WORK).input("1\n2\n3\n4\n").run().prints("1\n2\n3\n4\n").is_silent().succeeds();
    }
}

#[test]
fn an_item_that_hangs_is_ended_and_charged_alone() {
    let what = "time.sleep(600) if x == '5' else x";
    let Some(test) = py("--jobs 1 --chunk 10 py --timeout 1s --import time", what) else { return };
    test.input(numbers(1, 20))
        .run()
        .prints(numbers_without(20, 5))
        .says("item 5: \"5\" was ended after 1s: --timeout\n")
        .counts(20, 19, 1, 0)
        .status(1);
    let what = "asyncio.sleep(600 if x == '5' else 0, x)";
    let Some(test) = py("--jobs 1 py --concurrency 4 --timeout 1s --import asyncio", what) else { return };
    let late = "item 5: \"5\" was ended after 1s: --timeout\n";
    test.input(numbers(1, 20)).run().prints(numbers_without(20, 5)).says(late).counts(20, 19, 1, 0);
}

#[test]
fn an_async_item_that_was_late_is_tried_again_as_one_and_one_that_raises_a_timeout_is_not() {
    let what = "asyncio.sleep(0 if os.path.exists(x) else open(x, 'w') and 600, x)";
    let options =
        "--jobs 1 --retries 1 --retry-on timeout py --concurrency 4 --timeout 1s --import asyncio --import os";
    let Some(test) = py(options, what) else { return };
    test.input("a\n").run().prints("a\n").is_silent().succeeds();
    let own = "async def f(x):\n    open('tries', 'a').write(x)\n    raise TimeoutError('its own')\n";
    let options = "--jobs 1 --retries 1 --retry-on timeout py --concurrency 4 --timeout 60s";
    let Some(test) = py(options, "own.py:f") else { return };
    test.file("own.py", own).input("a\n").run().says("TimeoutError: its own").leaves("tries", "a").counts(1, 0, 1, 0);
}

#[test]
fn a_process_that_is_deaf_to_the_time_of_its_async_items_is_ended_with_the_time_that_was_given() {
    let what = "time.sleep(600)";
    let Some(test) = py("--jobs 1 py --concurrency 2 --timeout 0.2s --grace 0.1s --import time", what) else { return };
    test.input("a\n").run().says("\"a\" was ended after 200ms: --timeout\n").counts(1, 0, 1, 0).status(1);
}

#[test]
fn the_time_is_for_an_item_and_not_for_its_chunk() {
    let Some(test) = py("--jobs 1 --chunk 12 py --timeout 2s --import time", "time.sleep(0.2) or x") else { return };
    test.input(numbers(1, 12)).run().prints(numbers(1, 12)).is_silent().succeeds();
}

#[test]
fn a_process_that_has_done_its_items_is_replaced() {
    let Some(test) = py("--jobs 1 --chunk 1 py --recycle 5 --import os", "os.getpid()") else { return };
    let run = test.input(numbers(1, 20)).run().succeeds();
    let lines: Vec<&[u8]> = run.stdout().split(|byte| *byte == b'\n').collect();
    let starts = lines[..20].chunk_by(|a, b| a == b).map(<[&[u8]]>::len).collect::<Vec<_>>();
    assert_eq!(starts, [5, 5, 5, 5]);
}

#[test]
fn a_process_that_holds_much_memory_is_replaced() {
    // Each item takes longer than the time between two looks.
    let options = "--jobs 1 --chunk 1 py --recycle-rss 1 --import os --import time";
    let Some(test) = py(options, "time.sleep(0.5) or os.getpid()") else { return };
    let run = test.input(numbers(1, 2)).run().is_silent().succeeds();
    let lines: Vec<&[u8]> = run.stdout().split(|byte| *byte == b'\n').collect();
    assert_ne!(lines[0], lines[1]);
}

#[test]
fn without_order_a_result_does_not_wait_for_the_items_before_it() {
    let Some(test) = py("--jobs 1 --unordered py --concurrency 3", "wait.py:f") else { return };
    let function = "import asyncio, os\nasync def f(x):\n    \
                    while x == '1' and not os.path.exists('go'): await asyncio.sleep(0.01)\n    return x\n";
    let test = test.file("wait.py", function);
    let go = test.dir().join("go");
    let run = test.start().give("1\n2\n3\n").answers("2").answers("3");
    std::fs::write(go, "").unwrap();
    run.answers("1").ends().is_silent().succeeds();
}

#[test]
fn a_process_that_fails_to_start_once_is_followed_by_another() {
    let init = "import os\nif not os.path.exists('here'):\n    open('here', 'w')\n    1 / 0";
    let Some(test) = has("python3").then(|| parjob("--jobs 1 py --init").args([init, "x"])) else { return };
    test.input("1\n2\n").run().prints("1\n2\n").is_silent().succeeds();
    let init = "open('starts', 'a').write('x'); 1 / 0";
    let run = parjob("--jobs 1 py --init").args([init, "x"]).input("1\n2\n").run();
    run.says("3 in a row").says("ZeroDivisionError").leaves("starts", "xxx").counts(2, 0, 0, 2).status(3);
}

#[test]
fn a_halt_stops_at_once() {
    for when in ["now", "soon"] {
        let options = format!("--jobs 1 --halt {when},fail=1 py");
        let Some(test) = py(&options, "1 / 0 if x == '100' else open('ran', 'a').write(x + ' ') and x") else { return };
        let run = test.input(numbers(1, 1000)).run().prints(numbers(1, 99)).status(1);
        let ran: String = (1..100).map(|n| format!("{n} ")).collect();
        run.leaves("ran", ran);
    }
}

#[test]
fn each_line_of_a_result_begins_with_the_tag() {
    let Some(test) = py("--jobs 1 --tag py", "(w for w in x.split())") else { return };
    test.input("a b\nc d\n").run().prints("a b\ta\na b\tb\nc d\tc\nc d\td\n").is_silent().succeeds();
}

#[test]
fn the_python_of_a_virtual_environment_is_used() {
    if !has("python3") {
        return;
    }
    for run in ["PATH=$PWD/place/bin:$PATH; parjob py", "parjob py --python place/bin/python3"] {
        let test = shell(&format!("python3 -m venv --without-pip place && {run} --import sys sys.prefix ::: 1"));
        let place = format!("{}\n", test.dir().canonicalize().unwrap().join("place").display());
        test.run().prints(place).is_silent().succeeds();
    }
}

#[test]
fn a_dash_needs_two_before_it() {
    let Some(test) = py("py", "-int(x)") else { return };
    test.input("3\n").run().prints("-3\n").succeeds();
}

#[test]
fn explain_tells_what_is_called_and_how() {
    for (what, described) in [
        ("work.py:square", "a function of a file"),
        ("os.path:basename", "a function of a module"),
        ("x+1", "an expression of x"),
    ] {
        let run = parjob(&format!("explain --jobs 2 py --as int {what} ::: 1")).run().succeeds();
        let text = String::from_utf8_lossy(run.stdout()).into_owned();
        let line = text.lines().find(|line| line.starts_with("function ")).unwrap();
        assert_eq!(line.split_whitespace().collect::<Vec<_>>().join(" "), format!("function {what} {described}"));
    }
}

#[test]
fn results_are_folded() {
    for (options, printed) in [
        ("", "10\n"),
        ("--jobs 2 --chunk 3", "10\n"),
        ("--unordered --retries 1", "10\n"),
        ("--halt soon,fail=9", "10\n"),
    ] {
        let Some(test) = py(&format!("--reduce sum {options} py"), "int(x) * 2") else { return };
        test.input("1\n2\n2\n").run().prints(printed).is_silent().succeeds();
    }
    let Some(test) = py("--reduce count --format jsonl py", "x") else { return };
    test.input("a\nb\n").run().prints("{\"v\":1,\"op\":\"count\",\"n\":2,\"result\":\"2\"}\n").succeeds();
    // What an iterator yields is a line each; what is no number fails its item, and the others count.
    let Some(test) = py("--reduce sum py", "iter([1, int(x)])") else { return };
    test.input("1\n2\n").run().prints("5\n").succeeds();
    let Some(test) = py("--reduce sum py", "x") else { return };
    let run = test.input("1\nx\n2\n").run().prints("3\n");
    run.says("item 2: \"x\" printed \"x\", which is not a number").counts(3, 2, 1, 0).status(1);
}
