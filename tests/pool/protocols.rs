//! The protocols in which answers say which item they belong to.

use crate::harness::{Test, has, parjob};

/// Reads JSON lines; what it does with `item` of `seq` stands in the body. `say` answers.
fn python(options: &str, body: &str) -> Test {
    let script = format!(
        "import json, os, sys, traceback\n\
         def say(**answer):\n    print(json.dumps(answer), flush=True)\n\
         for line in sys.stdin:\n    \
             given = json.loads(line)\n    seq, item, init = given['seq'], given.get('item'), given.get('init')\n{}",
        body.lines().map(|line| format!("    {line}\n")).collect::<String>()
    );
    parjob(&format!("{options} pool --protocol json python3 -c")).arg(script)
}

#[test]
fn json_items_are_text_bytes_and_fields() {
    if !has("python3") {
        return;
    }
    let body = "say(seq=seq, result=json.dumps(item))";
    let run = python("-0 --jobs 1", body).input(b"a \"b\"\nc\0\xc3\xa9\0\xff\0\0".as_slice()).run();
    run.prints("\"a \\\"b\\\"\\nc\"\n\"\\u00e9\"\n{\"b64\": \"/w==\"}\n\"\"\n").is_silent().succeeds();
    python("--csv --jobs 1", body).input("a,b c\n1,\n").run().prints("[\"a\", \"b c\"]\n[\"1\", \"\"]\n").succeeds();
    let run =
        python("--jsonl --jobs 1", "say(seq=seq, result=item['n'] + 1)").input("{\"n\": 1}\n{ \"n\":2.5 }\n").run();
    run.prints("2\n3.5\n").succeeds();
}

#[test]
fn json_results_are_any_value() {
    if !has("python3") {
        return;
    }
    let body = "say(seq=seq, result=[None, 'two\\nlines', 1.5, {'b64': '/wA='}, [1, 'x']][seq - 1])";
    let run = python("--jobs 1", body).input("1\n2\n3\n4\n5\n").run();
    run.prints(b"null\ntwo\nlines\n1.5\n\xff\0\n[1, \"x\"]\n").is_silent().succeeds();
}

#[test]
fn json_answers_may_come_in_any_order() {
    if !has("python3") {
        return;
    }
    // Answers six at a time, the last first.
    let body = "held = globals().setdefault('held', [])\n\
                held.append(seq)\n\
                if len(held) == 6:\n    while held: say(seq=held[-1], result=held.pop() * 2)";
    let input = "1\n2\n3\n4\n5\n6\n7\n8\n9\na\nb\nc\n";
    let expected = "2\n4\n6\n8\n10\n12\n14\n16\n18\n20\n22\n24\n";
    python("--jobs 1 --chunk 3", body).input(input).run().prints(expected).is_silent().succeeds();
    let done = python("--jobs 1 --chunk 3 --unordered", body).input(input).run().is_silent().succeeds();
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    let mut answers: Vec<u64> = text.lines().map(|line| line.parse().unwrap()).collect();
    answers.sort_unstable();
    assert_eq!(answers, (1..=12).map(|n| 2 * n).collect::<Vec<_>>());
}

/// Answers all but the first item at once, and that at the end of the input.
const FIRST_LAST: &str = "
import json, sys, time
for line in sys.stdin:
    seq = json.loads(line)['seq']
    if seq > 1:
        print(json.dumps({'seq': seq, 'result': seq}), flush=True)
        time.sleep(0.1)
        print('answered', seq, file=sys.stderr, flush=True)
print('{\"seq\":1,\"result\":1}')
";

#[test]
fn without_order_an_answer_does_not_wait_for_the_items_before_it() {
    if has("python3") {
        let test = parjob("--jobs 1 --chunk 3 --unordered pool --protocol json python3 -c").arg(FIRST_LAST);
        test.start().give("a\nb\nc\n").answers("2").answers("3").ends().prints("2\n3\n1\n").succeeds();
    }
}

#[test]
fn what_is_answered_counts_although_an_item_before_it_is_not_run() {
    if has("python3") {
        let test = parjob("--jobs 1 --chunk 3 pool --protocol json python3 -c").arg(FIRST_LAST);
        let run = test.start().give("a\nb\nc\n").tells("answered 3").gets(rustix::process::Signal::TERM);
        run.ends_by_itself().prints("2\n3\n").counts(3, 2, 0, 1).dies_by(15);
    }
}

#[test]
fn null_beside_a_result_or_an_error_is_none() {
    if !has("python3") {
        return;
    }
    let body = "if item == 'b': say(seq=seq, result=None, error='bad')\nelse: say(seq=seq, result=item, error=None)";
    let run = python("--jobs 1", body).input("a\nb\nc\n").run();
    run.prints("a\nc\n").says("item 2: \"b\" failed: bad\n").never_says("worker").counts(3, 2, 1, 0);
}

/// Reads as fast as it can, and does the items one after the other.
const EAGER: &str = r#"
const { existsSync, statSync, appendFileSync } = require("fs");
const wait = (time) => new Promise((go) => setTimeout(go, time));
const held = () => !existsSync("done") || statSync("done").size < 45;
let last = Promise.resolve();
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const { seq, item } = JSON.parse(line);
    last = last.then(async () => {
        while (seq === 1 && held()) await wait(10);
        await wait(50);
        appendFileSync("done", "x");
        process.stdout.write(JSON.stringify({ seq, result: item }) + "\n");
    });
});
"#;

#[test]
fn items_do_not_queue_behind_a_slow_one_because_its_worker_reads_eagerly() {
    // The first item takes until three quarters of the others are done.
    if has("node") {
        let expected = super::numbers(60);
        let test = parjob("--jobs 2 pool --protocol json node -e").arg(EAGER);
        test.input(expected.as_str()).run().prints(&expected).is_silent().succeeds();
    }
}

#[test]
fn a_process_that_does_many_items_at_a_time_is_not_taken_for_one_that_does_not_flush() {
    if !has("python3") {
        return;
    }
    let script = "
import json, sys, threading, time
def work(given):
    time.sleep(1.5)
    sys.stdout.write(json.dumps({'seq': given['seq'], 'result': len(given['item'])}) + '\\n')
    sys.stdout.flush()
for line in sys.stdin: threading.Thread(target=work, args=(json.loads(line),)).start()
";
    let test = parjob("--jobs 1 --chunk 60 pool --protocol json python3 -c").arg(script);
    // There may be more, so that the process is not about to see the end of its input anyway.
    let run = test.start().give(&format!("{}\n", "x".repeat(1000)).repeat(60)).answers("1000");
    run.ends().prints("1000\n".repeat(60)).is_silent().succeeds();
}

#[test]
fn the_time_is_for_an_item_though_others_are_answered_meanwhile() {
    if !has("python3") {
        return;
    }
    let body = "if init: open('starts', 'a').write('x\\n'); say(seq=0, result=None); continue\n\
                if item == 'stuck': continue\n\
                import time; time.sleep(0.05); say(seq=seq, result=item)";
    let script = python("", body);
    let script = script.command().get_args().last().unwrap().to_owned();
    let options = "--jobs 1 --chunk 60 pool --timeout 1 --protocol json --init x python3 -c";
    let input = super::numbers(59);
    let run = parjob(options).arg(script).input(format!("stuck\n{input}")).run();
    let run = run.prints(input).says("item 1: \"stuck\" was ended after 1s: --timeout").counts(60, 59, 1, 0);
    run.leaves("starts", "x\nx\n");
}

#[test]
fn an_item_may_fail_and_its_worker_live_on() {
    if !has("python3") {
        return;
    }
    let body = "try: say(seq=seq, result=f'{12 // int(item)} {os.getpid()}')\n\
                except Exception as e: say(seq=seq, error=repr(e), traceback=traceback.format_exc())";
    let done = python("--jobs 1", body).input("3\n0\n4\n").run().counts(3, 2, 1, 0).status(1);
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    let pids: Vec<&str> = text.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!((pids.len(), pids[0]), (2, pids[1]), "{}", done.story());
    done.says("item 2: \"0\" failed: ZeroDivisionError(").says("ZeroDivisionError: ");
    let done = python("--jobs 1 --format jsonl", body).input("0\n").run().status(1);
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    assert!(text.contains("\"ok\":false,\"error\":\"\\\"0\\\" failed: ZeroDivisionError("), "{text}");
    assert!(text.contains(",\"traceback\":\"Traceback (most recent call last):\\n"), "{text}");
}

#[test]
fn an_item_that_failed_is_tried_again_as_often_as_asked() {
    if !has("python3") {
        return;
    }
    let body = "open('tries', 'a').write(item)\n\
                count = open('tries').read().count(item)\n\
                if count < 3 and item == 'b': say(seq=seq, error='not yet')\n\
                else: say(seq=seq, result=item + str(count))";
    let input = "a\nb\nc\n";
    python("--jobs 1 --retries 2", body).input(input).run().prints("a1\nb3\nc1\n").is_silent().succeeds();
    let run = python("--jobs 1 --retries 1", body).input(input).run();
    run.prints("a1\nc1\n").says("item 2: \"b\" failed: not yet").counts(3, 2, 1, 0).status(1);
}

#[test]
fn the_init_of_json_is_answered_as_item_0_and_may_fail() {
    if !has("python3") {
        return;
    }
    let body = "if init is not None:\n    factor = int(init); say(seq=0, result=None); continue\n\
                say(seq=seq, result=factor * int(item))";
    let pool = |init: &str| {
        let script = python("", body);
        let mut words: Vec<_> = script.command().get_args().map(ToOwned::to_owned).collect();
        let script = words.pop().unwrap();
        parjob(&format!("--jobs 2 pool --protocol json --init {init} python3 -c")).arg(script)
    };
    pool("5").input("1\n2\n").run().prints("5\n10\n").is_silent().succeeds();
    let done =
        pool("five").input("1\n2\n").run().prints("").says("workers cannot start: 3 in a row").counts(2, 0, 0, 2);
    done.says("ValueError").status(3);
}

/// A worker of frames that answers each item with what the expression gives.
fn frames(options: &str, expression: &str) -> Test {
    let script = format!(
        "import struct, sys\n\
         def read(n):\n    return sys.stdin.buffer.read(n)\n\
         while head := read(4):\n    \
             frame = read(int.from_bytes(head, 'big'))\n    \
             letter, seq, item = frame[:1], int.from_bytes(frame[1:9], 'big'), frame[9:]\n    \
             kind, body = {expression}\n    \
             out = kind + frame[1:9] + body\n    \
             sys.stdout.buffer.write(len(out).to_bytes(4, 'big') + out)\n    sys.stdout.buffer.flush()"
    );
    parjob(&format!("{options} pool --protocol frames python3 -c")).arg(script)
}

#[test]
fn frames_carry_any_bytes_both_ways() {
    if !has("python3") {
        return;
    }
    let run = frames("-0 --jobs 1", "b'r', item[::-1]").input(b"a\nb\0\xff\xfe\0\0".as_slice()).run();
    run.prints(b"b\na\n\xfe\xff\n\n").is_silent().succeeds();
    let run = frames("--jobs 2 --chunk 7", "b'r', item + item").input(super::numbers(200)).run();
    run.prints((1..=200).map(|n| format!("{n}{n}\n")).collect::<String>()).is_silent().succeeds();
    let run = frames("--jobs 1 --format jsonl", "b'r', item + b'\\xff'").input("a\n").run();
    run.prints("{\"v\":1,\"seq\":1,\"item\":\"a\",\"ok\":true,\"result\":{\"b64\":\"Yf8=\"}}\n").succeeds();
}

#[test]
fn an_error_in_a_frame_is_its_first_line_and_then_the_traceback() {
    if !has("python3") {
        return;
    }
    let run = frames("--jobs 1", "(b'e', b'bad item\\nin line 7') if item == b'x' else (b'r', item)");
    let run = run.input("a\nx\nb\n").run().prints("a\nb\n").says("item 2: \"x\" failed: bad item\n").says("in line 7");
    run.counts(3, 2, 1, 0).status(1);
}
