//! How results look, and where they go.

use serde_json::{Value, json};

use crate::harness::{Done, parjob, shell};

fn objects(done: &Done) -> Vec<Value> {
    let text = std::str::from_utf8(done.stdout()).expect("JSON is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

mod text {
    use super::*;

    #[test]
    fn a_result_a_line_and_nothing_else() {
        parjob("square 2 3").run().prints("4\n9\n").is_silent().succeeds();
        parjob("--format text square 2 x 3").run().prints("4\n9\n").status(1);
        parjob("--format text square :::").run().prints("").succeeds();
    }

    #[test]
    fn a_tag_is_the_item_as_it_is() {
        parjob("--tag len :::").args(["a", "b c", ""]).run().prints("a\t1\nb c\t3\n\t0\n").succeeds();
        parjob("--tag square").input("2\nx\n 3\n").run().prints("2\t4\n 3\t9\n").status(1);
        parjob("--tag len").input(b"\xff\x1b\n").run().prints(b"\xff\x1b\t2\n").succeeds();
    }

    #[test]
    fn other_formats_hold_the_item_already() {
        for format in ["jsonl", "csv", "tsv"] {
            let run = parjob(&format!("--tag --format {format} square 1")).run();
            run.prints("").says(&format!("--tag is for text; {format} holds each item already")).status(2);
        }
    }
}

mod jsonl {
    use super::*;

    #[test]
    fn an_object_for_each_item_with_its_keys_in_order() {
        let run = parjob("--format jsonl square 2 x").run();
        let expected = "{\"v\":1,\"seq\":1,\"item\":\"2\",\"ok\":true,\"result\":\"4\"}\n\
                        {\"v\":1,\"seq\":2,\"item\":\"x\",\"ok\":false,\"error\":\"\\\"x\\\" is not a number\"}\n";
        run.prints(expected).status(1);
    }

    #[test]
    fn every_object_can_be_read() {
        let items = ["\"", "\\", "a\nb", "\u{1}\u{7f}", "é", "日本", "\u{2028}", "{\"a\":1}", ""];
        let done = parjob("--format jsonl len :::").args(items).run();
        let expected: Vec<Value> = (1..)
            .zip(items)
            .map(|(seq, item)| json!({"v": 1, "seq": seq, "item": item, "ok": true, "result": item.chars().count().to_string()}))
            .collect();
        assert_eq!(objects(&done), expected);
        assert_eq!(done.stdout().iter().filter(|byte| **byte == b'\n').count(), items.len());
        done.succeeds();
    }

    #[test]
    fn bytes_that_are_not_utf8_are_in_base64() {
        let done = parjob("--format jsonl len").input(b"\xff\x00\nok\n").run();
        let objects = objects(&done);
        assert_eq!(objects[0]["item"], json!({"b64": "/wA="}));
        assert_eq!(objects[1]["item"], json!("ok"));
    }

    #[test]
    fn an_error_is_text_even_if_the_item_is_not() {
        let done = parjob("--format jsonl square").input(b"\xff\x1b[2J\n").run();
        let [object] = &objects(&done)[..] else { panic!("one object") };
        let expected = json!({"v": 1, "seq": 1, "item": {"b64": "/xtbMko="}, "ok": false,
                              "error": "\"\\xff\\u{1b}[2J\" is not a number"});
        assert_eq!(*object, expected);
    }

    #[test]
    fn numbers_are_strings() {
        let done = parjob("--format jsonl square 99999999999999999999 0.5 nan").run();
        let results: Vec<Value> = objects(&done).into_iter().map(|object| object["result"].clone()).collect();
        assert_eq!(results, ["9999999999999999999800000000000000000001", "0.25", "nan"]);
    }

    #[test]
    fn a_fold_is_one_object() {
        parjob("--format jsonl sum 1 2").run().prints("{\"v\":1,\"op\":\"sum\",\"n\":2,\"result\":\"3\"}\n").succeeds();
        let run = parjob("--format jsonl square --reduce max 1 -2").run();
        run.prints("{\"v\":1,\"op\":\"max\",\"n\":2,\"result\":\"4\"}\n").succeeds();
        let run = parjob("--format jsonl mean 1 x").run();
        run.prints("{\"v\":1,\"op\":\"mean\",\"n\":1,\"result\":\"1.0\"}\n").status(1);
        parjob("--format jsonl mean").run().prints("").status(1);
    }

    #[test]
    fn a_fold_of_several_values_holds_an_object() {
        let run = parjob("--format jsonl stats 1 2").run();
        let expected = "{\"v\":1,\"op\":\"stats\",\"n\":2,\"result\":{\"n\":\"2\",\"sum\":\"3\",\"mean\":\"1.5\",\
                        \"sd\":\"0.7071067811865476\",\"min\":\"1\",\"max\":\"2\",\"p50\":\"1\",\"p90\":\"2\",\"p99\":\"2\"}}\n";
        run.prints(expected).succeeds();
        let done = parjob("--format jsonl pi 100 100").run();
        let [object] = &objects(&done)[..] else { panic!("one object") };
        assert_eq!(
            (&object["op"], &object["n"], &object["result"]["samples"]),
            (&json!("pi"), &json!(2), &json!("200"))
        );
    }
}

mod tables {
    use super::*;

    #[test]
    fn csv_is_quoted_where_it_must_be() {
        let items = ["a b", "a,b", "q\"q", "x\ny", "r\rr", ""];
        let run = parjob("--format csv len :::").args(items).run();
        let expected = "v,seq,item,ok,result,error\n\
                        1,1,a b,true,3,\n\
                        1,2,\"a,b\",true,3,\n\
                        1,3,\"q\"\"q\",true,3,\n\
                        1,4,\"x\ny\",true,3,\n\
                        1,5,\"r\rr\",true,3,\n\
                        1,6,,true,0,\n";
        run.prints(expected).succeeds();
        let run = parjob("--format csv square x 3").run();
        run.prints("v,seq,item,ok,result,error\n1,1,x,false,,\"\"\"x\"\" is not a number\"\n1,2,3,true,9,\n").status(1);
    }

    #[test]
    fn tsv_is_escaped() {
        let items = ["a\tb", "x\ny", "back\\slash", "r\rr", "q\"q,"];
        let run = parjob("--format tsv len :::").args(items).run();
        let expected = "v\tseq\titem\tok\tresult\terror\n\
                        1\t1\ta\\tb\ttrue\t3\t\n\
                        1\t2\tx\\ny\ttrue\t3\t\n\
                        1\t3\tback\\\\slash\ttrue\t10\t\n\
                        1\t4\tr\\rr\ttrue\t3\t\n\
                        1\t5\tq\"q,\ttrue\t4\t\n";
        run.prints(expected).succeeds();
    }

    #[test]
    fn bytes_are_kept() {
        parjob("--format csv len").input(b"\xff\n").run().prints(b"v,seq,item,ok,result,error\n1,1,\xff,true,1,\n");
    }

    #[test]
    fn the_header_comes_exactly_once() {
        for (format, separator) in [("csv", ","), ("tsv", "\t")] {
            let header = ["v", "seq", "item", "ok", "result", "error"].join(separator) + "\n";
            parjob(&format!("--format {format} square :::")).run().prints(&header).succeeds();
            let done =
                shell(&format!("seq 20000 | parjob --jobs 3 --chunk 7 --format {format} square")).run().succeeds();
            let text = String::from_utf8_lossy(done.stdout()).into_owned();
            assert!(text.starts_with(&header));
            assert_eq!((text.matches("seq").count(), text.lines().count()), (1, 20_001));
        }
    }

    #[test]
    fn a_fold_is_a_header_and_a_row() {
        parjob("--format csv sum 1 2").run().prints("v,op,n,result\n1,sum,2,3\n").succeeds();
        let expected = "v\top\tn\tsum\tmean\tsd\tmin\tmax\tp50\tp90\tp99\n\
                        1\tstats\t2\t3\t1.5\t0.7071067811865476\t1\t2\t1\t2\t2\n";
        parjob("--format tsv stats 1 2").run().prints(expected).succeeds();
        parjob("--format csv mean").run().prints("").status(1);
    }
}

mod files {
    use super::*;
    use rustix::process::Signal;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn a_file_takes_the_results() {
        parjob("--output out square 2 3").run().prints("").leaves("out", "4\n9\n").leaves_only(&["out"]).succeeds();
        parjob("--output out sum 2 3").run().leaves("out", "5\n").succeeds();
        parjob("--output out square :::").run().leaves("out", "").succeeds();
        parjob("--output out --format csv square :::").run().leaves("out", "v,seq,item,ok,result,error\n").succeeds();
    }

    #[test]
    fn items_that_failed_do_not_make_it_incomplete() {
        parjob("--output out square 2 x").run().leaves("out", "4\n").leaves_only(&["out"]).status(1);
    }

    #[test]
    fn a_run_that_is_cut_short_leaves_no_file() {
        let run = parjob("--jobs 1 --output out --halt now,fail=1 square 2 x 3").run();
        run.leaves_only(&[]).status(1);
        shell("yes 4 | parjob --output out --deadline 200ms square").run().leaves_only(&[]).status(124);
        shell("parjob --output out square < .").run().leaves_only(&[]).status(3);
        parjob("--output out square :::: /proc/self/mem").run().says("cannot read").leaves_only(&[]).status(3);
    }

    #[test]
    fn a_run_that_is_cut_short_leaves_the_old_file() {
        let test = || parjob("--jobs 1 --output out --halt now,fail=1 square 2 x 3").file("out", "old\n");
        test().run().leaves("out", "old\n").leaves_only(&["out"]).status(1);
        let talk = parjob("-v --output out square").file("out", "old\n").start().give("4\nx\n").tells("item 2");
        talk.gets(Signal::TERM).ends_by_itself().leaves("out", "old\n").leaves_only(&["out"]).dies_by(15);
    }

    #[test]
    fn what_a_halt_asked_for_is_complete() {
        let run = parjob("--jobs 1 --output out --halt soon,success=1 square 2 3").run();
        run.leaves("out", "4\n").leaves_only(&["out"]).succeeds();
    }

    #[test]
    fn a_signal_leaves_no_file() {
        for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2), (Signal::QUIT, 3), (Signal::HUP, 1)] {
            let talk = parjob("-v --output out square").start().give("4\nx\n").tells("item 2: \"x\"");
            talk.gets(signal).ends_by_itself().leaves_only(&[]).dies_by(number);
        }
    }

    #[test]
    fn not_even_a_kill_leaves_half_a_file() {
        let test = parjob("-v --output out square");
        if !has_unnamed_files(test.dir()) {
            return crate::harness::skip("the file system has no O_TMPFILE");
        }
        let lines = "4\n".repeat(100_000) + "x\n";
        let talk = test.start().give(&lines).tells("item 100001");
        talk.gets(Signal::KILL).ends_by_itself().leaves_only(&[]).dies_by(9);
    }

    fn has_unnamed_files(folder: &std::path::Path) -> bool {
        use rustix::fs::{Mode, OFlags, open};
        open(folder, OFlags::TMPFILE | OFlags::WRONLY, Mode::RUSR).is_ok()
    }

    #[test]
    fn a_file_is_replaced_in_one_step() {
        let test = parjob("--output out square 3").file("out", "old\n");
        let old = std::fs::File::open(test.dir().join("out")).unwrap();
        let done = test.run().leaves("out", "9\n").leaves_only(&["out"]).succeeds();
        let new = std::fs::metadata(done.dir().join("out")).unwrap();
        assert_ne!(old.metadata().unwrap().ino(), new.ino());
        assert_eq!(std::io::read_to_string(old).unwrap(), "old\n", "whoever reads the old file reads it whole");
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions() {
        for mode in [0o600, 0o640, 0o755] {
            let test = parjob("--output out square 3").file("out", "old\n");
            let path = test.dir().join("out");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let done = test.run().leaves("out", "9\n").succeeds();
            assert_eq!(done.dir().join("out").metadata().unwrap().mode() & 0o7777, mode);
        }
    }

    #[test]
    fn a_new_file_has_the_permissions_that_the_umask_leaves() {
        shell("umask 027; parjob --output out square 3; stat -c %a out").run().prints("640\n").succeeds();
    }

    #[test]
    fn through_a_symbolic_link_its_target_is_replaced() {
        let script = "mkdir deep; echo old > deep/target; ln -s deep/target out; parjob --output out square 3";
        let done = shell(script).run().leaves("deep/target", "9\n").leaves_only(&["deep", "out"]).succeeds();
        assert!(done.dir().join("out").is_symlink());
    }

    #[test]
    fn through_a_link_to_nothing_its_target_is_made() {
        let script = "mkdir deep; ln -s ../made deep/second; ln -s deep/second out; parjob --output out square 3";
        let done = shell(script).run().leaves("made", "9\n").leaves_only(&["deep", "made", "out"]).succeeds();
        assert!(done.dir().join("out").is_symlink() && done.dir().join("deep/second").is_symlink());
        let run = shell("ln -s missing/made out; parjob --output out square 3").run();
        run.says("cannot write --output \"out\": there is no folder \"./missing\"").leaves_only(&["out"]).status(2);
        let run = shell("ln -s out out; parjob --output out square 3").run();
        run.says("cannot write --output \"out\": Too many levels").leaves_only(&["out"]).status(2);
    }

    #[test]
    fn what_a_standard_stream_writes_to_is_not_replaced() {
        let commands = [
            "parjob square 1 --output /dev/stdout",
            "parjob square 1 --output /dev/fd/1",
            "parjob square 1 --output /proc/self/fd/1",
            "parjob square 1 --output log",
            "parjob square 1 --output /dev/stderr 2>&1",
            "parjob square 1 --output log 2>&1 >/dev/null",
        ];
        for command in commands {
            for redirection in ["> log", ">> log"] {
                let run = shell(&format!("(echo before; {command}; echo after) {redirection}")).run();
                run.leaves("log", "before\n1\nafter\n").leaves_only(&["log"]).is_silent().succeeds();
            }
        }
        shell("parjob square 1 --output /dev/stdout | cat").run().prints("1\n").is_silent().succeeds();
        let script = "rm log; parjob square 1 --output /dev/fd/3; cat /proc/self/fd/3";
        shell(&format!("{{ {script}; }} 3<>log")).run().prints("1\n").leaves_only(&[]).succeeds();
        // Whoever only reads it does not keep it from being replaced.
        shell("parjob square 1 --output log 2<log").file("log", "old\n").run().leaves("log", "1\n").succeeds();
    }

    #[test]
    fn a_name_that_no_file_can_have_is_refused() {
        let run = parjob("square 3 --output").arg("x".repeat(256)).run();
        run.says("File name too long").leaves_only(&[]).status(2);
    }

    #[test]
    fn a_file_with_a_long_name_can_be_replaced() {
        let name = "x".repeat(255);
        parjob(&format!("--output {name} square 3"))
            .file(&name, "old\n")
            .run()
            .leaves(&name, "9\n")
            .leaves_only(&[&name])
            .succeeds();
    }

    #[test]
    fn a_folder_that_is_not_the_working_one() {
        shell("mkdir deep; parjob --output deep/out square 3; ls -A deep").run().prints("out\n").succeeds();
        shell("mkdir deep; parjob --output \"$PWD/deep/out\" square 3; ls -A deep").run().prints("out\n").succeeds();
    }

    #[test]
    fn what_cannot_be_written_is_said_before_anything_runs() {
        let run = parjob("--output . square 3").run();
        run.prints("").says("cannot write --output \".\": it is a directory").leaves_only(&[]).status(2);
        let run = parjob("--output missing/out square 3").run();
        run.prints("").says("cannot write --output \"missing/out\": there is no folder \"missing\"").status(2);
    }

    #[test]
    fn a_full_device_is_noticed() {
        parjob("--output /dev/full square 3")
            .run()
            .says("cannot write \"/dev/full\": No space left on device")
            .status(3);
        shell("parjob square 3 > /dev/full").run().says("cannot write standard output: No space left").status(3);
        shell("seq 300000 | parjob square > /dev/full").run().says("No space left").status(3);
    }

    #[test]
    fn a_device_or_a_fifo_is_written_to() {
        parjob("--output /dev/null square 3").run().prints("").is_silent().succeeds();
        let script = "mkfifo pipe; cat pipe & parjob --output pipe square 3; wait; test -p pipe";
        shell(script).run().prints("9\n").succeeds();
    }
}

mod faults_and_failures_in_one_chunk {
    use super::*;

    const ITEMS: &str = "toolonggggg\n1\nx\n3\n";

    #[test]
    fn each_row_is_about_its_own_item() {
        for chunk in ["1", "2", "4", "auto"] {
            let options = format!("--max-item 5 --chunk {chunk}");
            let text = parjob(&format!("{options} square")).input(ITEMS).run();
            text.prints("1\n9\n").says("item 3: \"x\" is not a number").counts(4, 2, 2, 0).status(1);
            let tagged = parjob(&format!("{options} --tag square")).input(ITEMS).run();
            tagged.prints("1\t1\n3\t9\n").status(1);
            let rows = parjob(&format!("{options} --format tsv square")).input(ITEMS).run();
            let rows = String::from_utf8_lossy(rows.stdout()).into_owned();
            let ok: Vec<&str> = rows.lines().skip(1).map(|row| row.split('\t').nth(3).unwrap()).collect();
            assert_eq!(ok, ["false", "true", "false", "true"], "{rows}");
            let sum = parjob(&format!("{options} sum")).input(ITEMS).run();
            sum.prints("4\n").says("item 3: \"x\"").counts(4, 2, 2, 0).status(1);
            let reduced = parjob(&format!("{options} square --reduce sum")).input(ITEMS).run();
            reduced.prints("10\n").says("item 3: \"x\"").counts(4, 2, 2, 0).status(1);
        }
    }

    #[test]
    fn many_faults_take_time_in_their_number() {
        // In its square this would take minutes.
        let run = shell("yes xx | head -n 200000 | parjob --max-item 1 --chunk 100000 square").run();
        run.prints("").counts(200_000, 0, 200_000, 0).status(1);
    }

    #[test]
    fn a_reduction_has_no_limit_of_digits_of_its_own() {
        let run = parjob("--max-digits 20000 square --reduce count").input("9".repeat(12_000)).run();
        run.prints("1\n").succeeds();
        let run = parjob("--max-digits 6000 square --reduce sum").input("9".repeat(6000)).run().succeeds();
        assert_eq!(run.stdout().len(), 12_001);
    }
}
