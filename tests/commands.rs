//! Commands: what each is given, what becomes of its output, when it starts, and what its failure means.
//!
//! Where it matters when something happens, commands and test talk through FIFOs, on descriptors 3 and 4.

use crate::harness::{Test, parjob, shell};

/// parjob with these arguments, whose commands can say something on descriptor 3 and hear something on descriptor 4.
fn talking(arguments: &str) -> Test {
    shell(&format!("mkfifo up go; exec 3<>up 4<>go; exec parjob {arguments}"))
}

/// The numbers that a run printed, one a line.
fn numbers(text: &[u8]) -> Vec<u64> {
    String::from_utf8_lossy(text).lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn what_stands_on_standard_input_is_not_appended_too() {
    parjob("--stdin item run wc -c ::: abc defgh").run().prints("3\n5\n").is_silent().succeeds();
    parjob("--stdin item sh").args(["wc -c"]).args([":::", "abc"]).run().prints("3\n").is_silent().succeeds();
    parjob("--stdin item run --dry-run cat ::: a").run().prints("cat\n").succeeds();
}

#[test]
fn the_tasks_of_the_issue_work_as_typed() {
    let text = "
        printf x > a.log; printf y > b.log
        ls *.log | parjob run gzip -9 {}; ls
        parjob --jobs 4 sh 'cat {} > {.}_small.png' ::: *.gz; ls *.png
    ";
    shell(text).run().prints("a.log.gz\nb.log.gz\na.log_small.png\nb.log_small.png\n").is_silent().succeeds();
}

#[test]
fn nothing_to_do_is_no_failure() {
    parjob("run echo :::").run().prints("").is_silent().succeeds();
    parjob("run echo").input("").run().prints("").is_silent().succeeds();
    parjob("sh").input("").run().prints("").is_silent().succeeds();
    parjob("--format jsonl run echo :::").run().prints("").is_silent().succeeds();
    parjob("run").run().says("run needs a command").status(2);
}

#[test]
fn sh_alone_runs_each_item_as_a_command_line() {
    let run = parjob("-j2 sh").input("echo a\nx='b c'; echo \"$x\"\nexit 3\n\n").run();
    run.prints("a\nb c\n").counts(4, 3, 1, 0).says("item 3: \"exit 3\" ended with status 3").status(1);
    parjob("sh --shell bash").args([":::", "echo ${BASH_VERSION:+bash}"]).run().prints("bash\n").succeeds();
}

#[test]
fn a_command_reads_nothing_unless_it_is_to_read_the_item() {
    parjob("run sh -c").args(["cat; echo $0"]).input("a\nb\n").run().prints("a\nb\n").is_silent().succeeds();
    let item: Vec<u8> = (1..=255).cycle().take(300_000).collect();
    let run = parjob("-0 run --stdin item sh -c").args(["cat", "{#}"]).input(item.clone()).run();
    run.prints(&item).is_silent().succeeds();
    // Who does not read it has not failed.
    parjob("-0 run --stdin item sh -c").args(["exec true", "{#}"]).input(item).run().prints("").is_silent().succeeds();
}

#[test]
fn outputs_are_in_order_and_never_mixed() {
    let script = "for n in 1 2 3; do printf o$0; printf e$0 >&2; done; echo; echo >&2";
    for options in ["-j8", "-j8 --unordered"] {
        let run = parjob(options).args(["run", "sh", "-c", script]).input("1\n2\n3\n4\n5\n6\n").run().succeeds();
        for (stream, letter) in [(run.stdout().to_vec(), 'o'), (run.stderr().into_bytes(), 'e')] {
            let text = String::from_utf8(stream).unwrap();
            let mut lines: Vec<&str> = text.lines().collect();
            if options.contains("--unordered") {
                lines.sort_unstable();
            }
            let expected: Vec<String> = (1..=6).map(|n| format!("{letter}{n}").repeat(3)).collect();
            assert_eq!(lines, expected, "{}", run.story());
        }
    }
}

#[test]
fn binary_output_is_exact() {
    let bytes: Vec<u8> = (0..=255).cycle().take(1_000_000).collect();
    let run = parjob("-j2 run cat ::: f f f").file("f", &bytes).run();
    run.prints(bytes.repeat(3)).is_silent().succeeds();
}

#[test]
fn the_head_of_the_line_is_seen_while_it_runs() {
    let command = r#"-j2 run sh -c 'echo first; read x <&4; echo last' ::: a"#;
    let run = talking(command).launch().gives("first\n");
    run.hears("go\n").gives("last\n").end().is_silent().succeeds();
}

#[test]
fn the_next_one_streams_as_soon_as_it_is_the_head() {
    // Item 2 has printed before item 1 has; what it prints later comes at once, too.
    let command = r#"-j2 run sh -c '
        case $0 in
            1) read x <&3; echo one;;
            2) echo two; echo up >&3; read x <&4; echo end;;
        esac' ::: 1 2"#;
    let run = talking(command).launch().gives("one\ntwo\n");
    run.hears("go\n").gives("end\n").end().is_silent().succeeds();
}

#[test]
fn unordered_does_not_wait_for_the_first() {
    let command = "-j2 --unordered run sh -c '[ $0 = 1 ] && read x <&4; echo $0' ::: 1 2 3";
    let run = talking(command).launch().gives("2\n3\n");
    run.hears("go\n").gives("1\n").end().is_silent().succeeds();
}

#[test]
fn lines_come_at_once_when_they_may_interleave() {
    // Item 2 speaks while item 1, which spoke before, still runs; a line is never broken.
    let command = r#"-j2 --tag run --line-buffer sh -c '
        case $0 in
            1) printf ha; echo up >&3; read x <&4; echo lf; read x <&4;;
            2) read x <&3; echo whole; read x <&4;;
        esac' ::: 1 2"#;
    let run = talking(command).launch().gives("2\twhole\n");
    run.hears("go\ngo\ngo\n").gives("1\thalf\n").end().is_silent().succeeds();
}

#[test]
fn ungrouped_commands_write_for_themselves() {
    let command = "-j1 run --ungroup sh -c 'printf a; read x <&4; echo b' ::: 1";
    let run = talking(command).launch().gives("a");
    run.hears("go\n").gives("b\n").end().is_silent().succeeds();
}

#[test]
fn a_tag_stands_before_each_line_of_both_streams() {
    let script = "printf 'one\\ntwo'; printf 'bad\\n' >&2";
    let run = parjob("--tag run sh -c").args([script, ":::", "a b", "c"]).run();
    run.prints("a b\tone\na b\ttwoc\tone\nc\ttwo").says("a b\tbad\nc\tbad\n").succeeds();
    let run = parjob("-j1 run --tag-template {#}/{.} sh -c").args(["echo x; echo", "--", ":::", "a.b", "c"]).run();
    run.prints("1/a\tx\n1/a\t\n2/c\tx\n2/c\t\n").succeeds();
    parjob("--tag run true ::: a").run().prints("").is_silent().succeeds();
    parjob("--tag run --ungroup echo ::: a").run().says("--ungroup").status(2);
    parjob("--tag --format jsonl run echo ::: a").run().says("tag").status(2);
}

#[test]
fn json_lines_say_how_each_command_ended() {
    let script = "printf o$0; printf e$0 >&2; case $0 in k) kill -9 $$;; x) exit 7;; esac";
    let run = parjob("--format jsonl run sh -c").args([script, ":::", "a", "x", "k"]).run().status(1);
    let lines: Vec<serde_json::Value> =
        run.stdout().split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect();
    let said = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    let json = |text: &str| serde_json::from_str::<Vec<serde_json::Value>>(text).unwrap();
    assert_eq!(said("seq"), json("[1, 2, 3]"));
    assert_eq!(said("item"), json(r#"["a", "x", "k"]"#));
    assert_eq!(said("ok"), json("[true, false, false]"));
    assert_eq!(said("exit"), json("[0, 7, null]"));
    assert_eq!(said("signal"), json("[null, null, 9]"));
    assert_eq!(said("attempts"), json("[1, 1, 1]"));
    assert_eq!(said("stdout"), json(r#"["oa", "ox", "ok"]"#));
    assert_eq!(said("stderr"), json(r#"["ea", "ex", "ek"]"#));
    assert!(said("pid").iter().all(serde_json::Value::is_u64) && said("v").iter().all(|v| v == 1), "{}", run.story());
    // What the commands print on standard error is in the results, and nowhere else.
    run.never_says("\neaex").never_says("eaexek");
}

#[test]
fn bytes_that_are_no_text_are_in_base_64() {
    let run = parjob("--format jsonl run printf").args([r"\377\000a", ":::", "x"]).run();
    assert!(String::from_utf8_lossy(run.stdout()).contains(r#""stdout":{"b64":"/wBh"}"#), "{}", run.story());
}

#[test]
fn rows_hold_what_was_printed() {
    let run = parjob("--format csv run printf").args(["a\\n\"%s\"", ":::", "x,y"]).run().succeeds();
    let text = String::from_utf8_lossy(run.stdout()).into_owned();
    assert!(text.starts_with("v,seq,item,ok,exit,signal,error,attempts,worker,pid,start,seconds,stdout,stderr\n"));
    assert!(text.contains("\n1,1,\"x,y\",true,0,,,1,") && text.ends_with(",\"a\n\"\"x,y\"\"\",\n"), "{text}");
    let run = parjob("--format tsv run printf").args(["a\\t%s\\n", ":::", "x"]).run().succeeds();
    assert!(String::from_utf8_lossy(run.stdout()).ends_with("\ta\\tx\\n\t\n"), "{}", run.story());
}

#[test]
fn only_the_last_attempt_is_a_result() {
    let script = "echo out $PARJOB_ATTEMPT; echo err $PARJOB_ATTEMPT >&2; test $PARJOB_ATTEMPT = $0";
    let retries = "--retries 2 --backoff 1ms";
    let run = parjob(&format!("{retries} run sh -c")).args([script, ":::", "1", "3"]).run();
    run.prints("out 1\nout 3\n").says("err 1\nerr 3\n").never_says("err 2").succeeds();
    let run = parjob(&format!("{retries} run sh -c")).args([script, ":::", "9"]).run();
    run.prints("out 3\n").says("err 3").never_says("err 2").counts(1, 0, 1, 0).status(1);
    let run = parjob(&format!("{retries} --unordered --format jsonl run sh -c")).args([script, ":::", "2"]).run();
    assert!(String::from_utf8_lossy(run.stdout()).contains(r#""attempts":2,"#), "{}", run.succeeds().story());
}

#[test]
fn only_what_is_worth_it_is_tried_again() {
    let script = "echo $0 >> tries; case $0 in kill) kill -9 $$;; slow) exec sleep 60;; *) exit $0;; esac";
    for (on, expected) in [
        ("exit=75", "3\n75\n75\nkill\nslow\n"),
        ("exit=3,signal", "3\n3\n75\nkill\nkill\nslow\n"),
        ("timeout", "3\n75\nkill\nslow\nslow\n"),
    ] {
        let options = format!("-j1 --retries 1 --backoff 1ms --retry-on {on} --timeout 2s run sh -c");
        let run = parjob(&options).args([script, ":::", "3", "75", "kill", "slow"]).run().status(1).counts(4, 0, 4, 0);
        let mut tries: Vec<String> =
            std::fs::read_to_string(run.dir().join("tries")).unwrap().lines().map(str::to_owned).collect();
        tries.sort();
        assert_eq!(tries.join("\n") + "\n", expected, "{on}");
    }
    parjob("--retry-on exit=75 run true ::: a").run().says("--retries").status(2);
    parjob("--retries 1 --retry-on luck run true ::: a").run().says("--retry-on").status(2);
}

#[test]
fn an_attempt_waits_at_least_half_of_its_backoff() {
    let text = "parjob --retries 3 --backoff 100ms..200ms run sh -c 'date +%s%N; false' ::: a";
    let run = shell(&text.replace("date +%s%N", "date +%s%N >> times")).run().status(1);
    let times = numbers(&std::fs::read(run.dir().join("times")).unwrap());
    // Doubling from 100 ms to 200 ms; jitter takes half at most.
    let gaps: Vec<u64> = times.windows(2).map(|pair| (pair[1] - pair[0]) / 1_000_000).collect();
    assert!(gaps.len() == 3 && gaps.iter().zip([49, 99, 99]).all(|(gap, least)| *gap >= least), "{gaps:?}");
}

#[test]
fn what_takes_too_long_is_ended() {
    let run = parjob("--timeout 200ms run sleep ::: 60").run();
    run.says("item 1: \"60\" was ended after 200ms: --timeout").counts(1, 0, 1, 0).status(1);
    // A hundred times the median, which is some 20 milliseconds here, and more on a busy machine.
    let run = parjob("-j1 --timeout 10000% run sleep ::: 0.02 0.02 0.02 0.02 0.02 0.02 3600").run();
    run.says("item 7: \"3600\" was ended after").counts(7, 6, 1, 0).status(1);
    parjob("--timeout 100% run true ::: a").run().says("above 100%").status(2);
    parjob("--timeout 0 run true ::: a").run().says("--timeout").status(2);
}

#[test]
fn what_the_deadline_ends_has_not_failed() {
    let run = parjob("--deadline 200ms --ledger l run sleep ::: 3600 3600").run();
    let run = run.says("--deadline").status(124);
    // How many were read by then does not matter.
    let [read, ok, failed, _, not_run] = run.told_counts();
    assert!((ok, failed) == (0, 0) && read == not_run, "{}", run.story());
    let ledger = std::fs::read_to_string(run.dir().join("l")).unwrap();
    assert!(!ledger.contains("\nfailed") && !ledger.contains("\nok"), "{ledger}");
}

#[test]
fn the_exit_status_tells_what_was_asked_for() {
    for (asked, items, status) in [
        ("any", "0 3 0 5", 1),
        ("any", "0 0", 0),
        ("count", "0 3 0 5", 2),
        ("count", "0", 0),
        ("first", "0 5 3", 5),
        ("first", "0 0", 0),
    ] {
        let run = parjob(&format!("-j4 --exit-status {asked} run sh -c")).arg("exit $0").arg(":::");
        run.args(items.split(' ')).run().status(status);
    }
    // The lowest number counts, not who fails first.
    let command = "-j2 run --exit-status first sh -c '
        case $0 in 1) read x <&3; exit 4;; 2) echo up >&3; exit 5;; esac' ::: 1 2";
    talking(command).run().status(4);
    let run = parjob("-j2 --exit-status count run false").input("x\n".repeat(120)).run();
    run.counts(120, 0, 120, 0).status(101);
}

#[test]
fn halt_stops_starting_and_may_end_what_runs() {
    let script = "exit $0";
    let run = parjob("-j1 --halt soon,fail=2 run sh -c").args([script, ":::", "0", "1", "0", "1", "0", "0"]).run();
    run.counts(6, 2, 2, 2).status(1);
    let run = parjob("-j1 --halt now,success=1 run sh -c").args([script, ":::", "1", "0", "1", "0"]).run();
    run.counts(4, 1, 1, 2).status(0);
    let run = parjob("-j1 --halt soon,fail=50% run sh -c").args([script, ":::", "0", "1", "1", "0"]).run();
    let [_, ok, failed, _, not_run] = run.told_counts();
    assert!(failed == 2 && ok + not_run == 2, "{}", run.status(1).story());
    // soon lets item 1 finish, now ends it.
    let command = |when: &str| {
        format!(
            "-j2 --halt {when},fail=1 run sh -c '
                case $0 in 1) echo up >&3; read x <&4; echo end;; 2) read x <&3; exit 9;; esac' ::: 1 2 3"
        )
    };
    talking(&command("now")).run().prints("").counts(3, 0, 1, 2).status(1);
    let run = talking(&format!("-v {}", command("soon"))).launch().says_while_running("item 2");
    run.hears("go\n").end().prints("end\n").status(1);
}

#[test]
fn starts_are_so_far_apart() {
    for pace in ["--delay 50ms", "--rate 20/s", "--rate 1200/m"] {
        let options = format!("-j8 {pace} --unordered --format jsonl run true");
        let begun = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64().rem_euclid(3600.0);
        let run = parjob(&options).input("1\n2\n3\n4\n5\n").run().succeeds();
        let after = |line: &[u8]| {
            let line: serde_json::Value = serde_json::from_slice(line).unwrap();
            let (clock, seconds) = line["start"].as_str().unwrap().trim_end_matches('Z').rsplit_once(':').unwrap();
            let minute: f64 = clock.rsplit_once(':').unwrap().1.parse().unwrap();
            // The hour may end meanwhile.
            (minute * 60.0 + seconds.parse::<f64>().unwrap() - begun).rem_euclid(3600.0)
        };
        let mut starts: Vec<f64> = run.stdout().split_inclusive(|byte| *byte == b'\n').map(after).collect();
        starts.sort_by(f64::total_cmp);
        // A busy machine may hold a process up between its turn and its start, but never starts it before its turn.
        // The times are told in whole milliseconds.
        let least = (0_u32..).map(|n| f64::from(n) * 0.05 - 0.002);
        assert!(
            starts.len() == 5 && starts.iter().skip(1).zip(least.skip(1)).all(|(at, least)| *at >= least),
            "{pace}: {starts:?}"
        );
    }
    parjob("--rate 0/s run true ::: a").run().says("--rate").status(2);
}

#[test]
fn a_command_knows_its_number_its_worker_its_attempt_and_parjob() {
    let script = "echo $PARJOB_SEQ $PARJOB_WORKER $PARJOB_ATTEMPT; [ $PARJOB_PID = $PPID ]";
    parjob("-j1 run sh -c").args([script, ":::", "a", "b"]).run().prints("1 1 1\n2 1 1\n").succeeds();
    let run = parjob("-j1 -n 2 run sh -c").args(["echo $PARJOB_SEQ", "--", ":::", "a", "b", "c"]).run();
    run.prints("1\n3\n").succeeds();
}

#[test]
fn threads_and_niceness_are_the_commands() {
    let script = "echo $OMP_NUM_THREADS $OPENBLAS_NUM_THREADS $MKL_NUM_THREADS $BLIS_NUM_THREADS \
                  $NUMEXPR_NUM_THREADS $VECLIB_MAXIMUM_THREADS $RAYON_NUM_THREADS $GOMAXPROCS";
    let run = parjob("run --threads-per-job 3 sh -c").args([script, ":::", "a"]).run();
    run.prints("3 3 3 3 3 3 3 3\n").succeeds();
    let run = parjob("-j 64 run --threads-per-job auto sh -c").args(["echo $OMP_NUM_THREADS", ":::", "a"]).run();
    assert!(numbers(run.stdout())[0] >= 1, "{}", run.succeeds().story());
    let run = parjob("run sh -c").args(["echo ${OMP_NUM_THREADS-unset}", ":::", "a"]).env("OMP_NUM_THREADS", "7").run();
    run.prints("7\n").succeeds();
    shell("before=$(nice); parjob run --nice 5 sh -c nice ::: a; echo $((before + 5))").run().succeeds();
    let run = shell("parjob run --nice 5 sh -c nice ::: a; nice -n 5 nice").run().succeeds();
    let nice = numbers(run.stdout());
    assert_eq!(nice[0], nice[1]);
}

#[test]
fn the_number_of_workers_can_be_raised_while_they_work() {
    // The first worker waits for the second, which comes when the file says so.
    let text = "
        mkfifo up go; exec 3<>up 4<>go; echo 1 > jobs
        parjob --jobs @jobs run sh -c '
            case $0 in
                1) echo 2 > jobs.new; mv jobs.new jobs; read x <&4; echo one;;
                2) echo two; echo go >&4;;
            esac' ::: 1 2
    ";
    shell(text).run().prints("one\ntwo\n").is_silent().succeeds();
    parjob("--jobs @missing run true ::: a").run().says("missing").status(2);
}

#[test]
fn the_number_of_workers_can_be_lowered_while_they_work() {
    // Of four that come together each counts those that are at work beside it, itself included.
    let text = "touch at$1; sleep 0.05; ls at* | wc -l; rm at$1";
    let test = parjob("--jobs @jobs --unordered run sh -c").args([text, "sh"]).file("jobs", "4");
    let jobs = test.dir().join("jobs");
    let mut run = test.start();
    let mut seen = Vec::new();
    for (until, ends) in [("four run side by side", false), ("each runs alone", true)] {
        for n in 0.. {
            assert!(n < 100, "in vain until {until}");
            run = run.give("1\n2\n3\n4\n".replace('\n', &format!("{n}\n")).as_str());
            seen = (0..4).map(|_| run.next_line()).collect();
            if seen.iter().all(|seen| seen == "1") == ends {
                break;
            }
        }
        std::fs::write(&jobs, "1").unwrap();
    }
    assert_eq!(seen, ["1"; 4]);
    run.ends().succeeds();
}

#[test]
fn while_the_machine_is_busy_or_full_only_one_runs() {
    // The first computes, so that the load is one at least; the second would come meanwhile.
    let text = "
        if [ $1 = 1 ]; then n=0; until [ $n = 200000 ]; do n=$((n+1)); done; [ ! -e second ] || echo early; touch first
        else [ -e first ] || echo early; touch second; fi; echo $1";
    for options in ["--load 0.0001", "--memfree 1000000G"] {
        let run = parjob(&format!("-j2 {options} run sh -c")).args([text, "sh", ":::", "1", "2"]).run();
        run.prints("1\n2\n").is_silent().succeeds();
    }
}

#[test]
fn a_timeout_by_the_median_ends_those_who_were_at_work_before_there_was_one() {
    let text = "[ $1 != 1 ] || exec sleep 60; sleep 0.1; echo $1";
    let run = parjob("-j4 --timeout 300% run sh -c").args([text, "sh"]).input("1\n2\n3\n4\n5\n").run();
    run.prints("2\n3\n4\n5\n").says("item 1: \"1\" was ended after").counts(5, 4, 1, 0).status(1);
}

#[test]
fn several_items_may_go_to_a_worker_at_a_time() {
    let run = parjob("-j2 --chunk 3 run echo").input("1\n2\n3\n4\n5\n6\n7\n").run();
    run.prints("1\n2\n3\n4\n5\n6\n7\n").is_silent().succeeds();
}

#[test]
fn what_cannot_be_run_is_found_out_before_anything_runs() {
    parjob("--ledger l run no-such-command ::: a b")
        .run()
        .prints("")
        .says("no-such-command")
        .status(127)
        .leaves_only(&[]);
    parjob("--results r run ./f ::: a").file("f", "#!/bin/sh\n").run().says("./f").status(126).leaves_only(&["f"]);
    parjob("run / ::: a").run().status(126);
    parjob("sh --shell no-such-shell").args(["echo", ":::", "a"]).run().says("no-such-shell").status(127);
    // Where the item names the program, it is the item's failure.
    parjob("run {} ::: no-such-command true").run().counts(2, 1, 1, 0).status(1);
}

#[test]
fn commands_are_shown_as_they_start() {
    let run = parjob("-t -j1 run sh -c").args(["echo $0; false", ":::", "a b"]).run();
    run.prints("a b\n").says("sh -c 'echo $0; false' 'a b'\n").status(1);
    let run = parjob("-t -j1 --retries 1 --backoff 1ms run false ::: x").run().status(1);
    assert_eq!(run.stderr().matches("false x\n").count(), 2, "{}", run.story());
}

#[test]
fn a_command_line_is_explained_and_not_run() {
    let run = parjob("explain run --retries 3 --timeout 5s touch ::: a b").run().succeeds().leaves_only(&[]);
    let text = String::from_utf8_lossy(run.stdout()).into_owned();
    for word in ["run", "touch", "2 words", "retries", "3", "timeout", "5s", "jobs"] {
        assert!(text.contains(word), "{word}:\n{text}");
    }
    let run = parjob("explain --jobs 7 sh").args(["touch {}", ":::", "a"]).run().succeeds().leaves_only(&[]);
    let text = String::from_utf8_lossy(run.stdout()).into_owned();
    assert!(text.contains("touch {}") && text.contains("7"), "{text}");
}

#[test]
fn each_operation_has_its_help() {
    for operation in ["run", "sh"] {
        let run = parjob(&format!("help {operation}")).run().is_silent().succeeds();
        let text = String::from_utf8_lossy(run.stdout()).into_owned();
        for option in ["--retries", "--timeout", "--ledger", "--batch", "--tag-template", "--dry-run"] {
            assert!(text.contains(option), "{option}:\n{text}");
        }
    }
}

#[test]
fn the_log_of_jobs_has_nine_columns_and_a_row_for_each_item() {
    let script = "case $0 in k) kill -9 $$;; *) exit $PARJOB_ATTEMPT;; esac";
    let run = parjob("-j1 --retries 1 --backoff 1ms --joblog j run sh -c").args([script, ":::", "x\ty\nz", "k"]).run();
    let run = run.status(1);
    let text = std::fs::read_to_string(run.dir().join("j")).unwrap();
    let mut rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    // They come as items end, and which of two ends first when both wait for another attempt is open.
    rows[1..].sort();
    assert_eq!(rows[0].join(" "), "Seq Host Starttime JobRuntime Send Receive Exitval Signal Command");
    assert!(rows.len() == 3 && rows.iter().all(|row| row.len() == 9), "{text}");
    assert_eq!((rows[1][0], rows[1][1], rows[1][6], rows[1][7]), ("1", ":", "2", "0"), "{text}");
    assert_eq!((rows[2][0], rows[2][6], rows[2][7]), ("2", "0", "9"), "{text}");
}

#[test]
fn under_a_fold_only_its_answer_comes_out() {
    for (format, answer) in [("text", "5\n"), ("jsonl", "{\"v\":1,\"op\":\"sum\",\"n\":1,\"result\":\"5\"}\n")] {
        let run = parjob(&format!("--reduce sum --format {format} run echo ::: 5")).run();
        run.prints(answer).is_silent().succeeds();
        // Nor what a failed item printed, or one that could not be tried.
        let run = parjob(&format!("--reduce max --format {format} sh")).arg("echo 5 {}; exit {}").args([":::", "7"]);
        run.run().prints("").says("nothing to answer from").status(1);
        let run = parjob(&format!("--reduce count -0 --format {format} run echo")).input(b"a\nb\0").run();
        assert_eq!(run.stdout().iter().filter(|byte| **byte == b'\n').count(), 1, "{}", run.story());
    }
    let run = parjob("--reduce sum --results r run echo ::: 5").run().prints("5\n").succeeds();
    let folder = std::fs::read_dir(run.dir().join("r")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read(folder.join("stdout")).unwrap(), b"5\n");
}

#[test]
fn what_is_shown_at_once_is_that_of_all_attempts() {
    let script = "echo $PARJOB_ATTEMPT; test $PARJOB_ATTEMPT = 2";
    for (options, printed) in [("", "2\n"), ("--line-buffer", "1\n2\n"), ("--ungroup", "1\n2\n")] {
        let run = parjob(&format!("--retries 1 {options} run sh -c")).args([script, ":::", "a"]).run();
        run.prints(printed).succeeds();
    }
}

#[test]
fn a_tag_and_a_fold_exclude_each_other() {
    for tag in ["--tag", "--tag-template {#}"] {
        let run = parjob(&format!("--reduce sum {tag} run touch ::: 1")).run();
        run.prints("").says("--reduce gives one answer").status(2).leaves_only(&[]);
    }
}

#[test]
fn a_line_that_looks_like_an_option_of_the_shell_is_a_command() {
    let run = parjob("sh").input("-e\n+x\necho fine\n").run().prints("fine\n");
    run.says("item 1: \"-e\" ended with status 127").says("item 2: \"+x\" ended with status 127").status(1);
}

#[test]
fn n12_what_is_said_begins_a_line_of_its_own() {
    // Results and messages go to one file, pipe or terminal.
    for script in [
        "parjob run sh -c 'printf a; exit 1' ::: x 2>&1 | cat",
        "parjob run sh -c 'printf a; exit 1' ::: x >out 2>&1; cat out",
    ] {
        let run = shell(script).run();
        let told = String::from_utf8_lossy(run.stdout()).into_owned();
        let begun = told.lines().filter(|line| line.contains("parjob:")).all(|line| line.starts_with("parjob:"));
        assert!(begun && told.starts_with("a\n") && told.contains("parjob: 1 read"), "{told}");
    }
    shell("parjob run sh -c 'printf a; exit 1' ::: x 2>/dev/null").run().prints("a");
}

#[test]
fn n12_lines_among_others_are_whole_and_a_tag_stays_on_its_line() {
    let run = parjob("-j1 --line-buffer run printf ::: a b").run();
    run.prints("a\nb\n").succeeds();
    let run = parjob("-j1 --line-buffer --tag run printf").args(["x\\ny", ":::", "1"]).run();
    run.prints("1\tx\n1\ty\n").succeeds();
    parjob("--tag -0 run echo x")
        .input(b"a\nb\0c\td\0")
        .run()
        .prints("a\\nb\tx a\na\\nb\tb\nc\\td\tx c\td\n")
        .succeeds();
    parjob("--tag -0 len").input(b"a\nb\0").run().prints("a\\nb\t3\n").succeeds();
}

#[test]
fn n15_merged_streams_keep_the_order_of_time() {
    let script = "echo 1; echo 2 >&2; echo 3; echo 4 >&2";
    for options in ["", "--unordered", "--line-buffer", "--retries 1", "--results kept"] {
        let run = parjob(&format!("-j2 --merge {options} run sh -c")).args([script, "sh", ":::", "a"]).run();
        run.prints("1\n2\n3\n4\n").is_silent().succeeds();
    }
    let run = parjob("--merge --format jsonl run sh -c").args([script, "sh", ":::", "a"]).run().succeeds();
    let told = String::from_utf8_lossy(run.stdout()).into_owned();
    assert!(told.contains(r#""stdout":"1\n2\n3\n4\n","stderr":"""#), "{told}");
    let run = parjob("--merge run sh -c").args(["echo why >&2; exit 1", "sh", ":::", "a"]).run();
    run.prints("why\n").says("ended with status 1").says("  why").status(1);
    parjob("--merge --ungroup run echo ::: 1").run().prints("").says("2>&1 in the command merges them").status(2);
}

#[test]
fn n17_what_an_item_printed_before_it_was_ended_is_kept_and_marked() {
    let script = "echo part; [ $1 = 2 ] && exit 1; sleep 60";
    for options in ["--halt now,fail=1", "--deadline 1s"] {
        let test = |more: &str| {
            let items = if options.starts_with("--halt") { ["1", "2"] } else { ["1", "3"] };
            parjob(&format!("-j2 {options} {more} run sh -c")).args([script, "sh", ":::"]).args(items)
        };
        let run = test("").run();
        assert!(run.stdout().starts_with(b"part\n"), "{}", run.story());
        let run = run.says("item 1: what it printed is a part only; it was ended before it was done");
        assert!(run.told_counts()[4] >= 1, "{}", run.story());
        let run = test("--format jsonl").run();
        let told = String::from_utf8_lossy(run.stdout()).into_owned();
        let first = told.lines().find(|line| line.contains(r#""seq":1,"#)).unwrap_or_default();
        assert!(
            first.contains(r#""ok":false"#) && first.ends_with(r#""stdout":"part\n","stderr":"","partial":true}"#),
            "{told}"
        );
        let run = test("--results kept").run();
        let folders = std::fs::read_dir(run.dir().join("kept")).unwrap();
        let outcome = |folder: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(folder.unwrap().path().join("outcome.json")).unwrap()
        };
        let outcomes: Vec<String> = folders.map(outcome).collect();
        assert!(
            outcomes.iter().any(|outcome| outcome.contains(r#""seq":1,"#) && outcome.contains(r#""partial":true"#)),
            "{outcomes:?}"
        );
    }
}
