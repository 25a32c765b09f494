//! The command line: what is refused and how, what is said on request.

use crate::harness::{has, parjob, shell};

mod refused {
    use super::*;

    /// Command lines that are wrong, with what the message must hold: the flag, and what to do about it.
    const WRONG: &[(&str, &[&str])] = &[
        ("--jobs x square 1", &["--jobs", "\"x\" is not a number of workers such as 4, 50%, +1, -1"]),
        ("--jobs 1.5 square 1", &["--jobs", "such as 4, 50%, +1, -1"]),
        ("--jobs 0 square 1", &["--jobs", "needs at least 1"]),
        ("--jobs -x square 1", &["--jobs", "such as 4, 50%, +1, -1"]),
        ("-j 100000000 square 1", &["--jobs 100000000", "at most"]),
        ("--chunk 0 square 1", &["--chunk \"0\"", "neither auto nor a number of items from 1 on"]),
        ("-c many square 1", &["--chunk \"many\"", "neither auto nor a number"]),
        ("--chunk 4294967296 square 1", &["--chunk \"4294967296\""]),
        ("--format xml square 1", &["'xml'", "--format", "text, jsonl, csv, tsv"]),
        ("--reduce average square 1", &["'average'", "--reduce", "sum, mean, stats, count, min, max"]),
        ("--progress fancy square 1", &["'fancy'", "--progress", "auto, bar, lines, json, none"]),
        ("--first x square 1", &["'x'", "--first"]),
        ("--first -1 square 1", &["'-1'", "--first"]),
        ("--chunk -1 square 1", &["--chunk \"-1\""]),
        ("--max-item -1 square 1", &["--max-item", "\"-1\" is not a size"]),
        ("--total x square 1", &["'x'", "--total"]),
        ("--max-item 1k square 1", &["--max-item", "\"1k\" is not a size such as 64K, 1M, 10MB"]),
        ("--delimiter ab square 1", &["--delimiter", "\"ab\" is not one byte", "\\t, \\0 or \\x1f"]),
        ("-d é square 1", &["--delimiter", "is not one byte"]),
        ("-d \\xzz square 1", &["--delimiter", "\"\\\\xzz\""]),
        ("-0 -d , square 1", &["--null", "--delimiter"]),
        ("-k --unordered square 1", &["--ordered", "--unordered"]),
        ("-q -v square 1", &["--quiet", "--verbose"]),
        ("square --max-digits x 1", &["--max-digits", "\"x\" is not a whole number"]),
        ("square --max-digits 0 1", &["--max-digits must be at least 1"]),
        ("pi --seed -1 1", &["--seed", "\"-1\" is not a whole number"]),
        ("pi --seed x 1", &["--seed", "\"x\" is not a whole number"]),
        ("len --max-digits 3 1", &["--max-digits"]),
        ("--nope square 1", &["'--nope'"]),
        ("square --nope 1", &["'--nope'"]),
        ("square --jobs", &["--jobs"]),
        ("triple 1", &["'triple'", "--help"]),
        ("squar 1", &["'squar'", "square"]),
        ("explain --jobs x square 1", &["--jobs", "such as 4, 50%, +1, -1"]),
        ("explain triple 1", &["'triple'"]),
        ("help triple", &["'triple'"]),
        ("--output out --jobs x square 1", &["--jobs"]),
    ];

    #[test]
    fn each_names_the_flag_and_what_to_do() {
        for (arguments, parts) in WRONG {
            let done = parjob(arguments).run().prints("").says("parjob: ").leaves_only(&[]).status(2);
            parts.iter().fold(done, |done, part| done.says(part));
        }
    }

    #[test]
    fn nothing_was_asked() {
        parjob("").run().prints("").says("Usage: parjob [OPTIONS] OPERATION").says("Examples:").status(2);
        parjob("--jobs 2").run().prints("").says("Usage: parjob").status(2);
        parjob("explain").run().prints("").says("Usage: parjob explain [OPTIONS] OPERATION").status(2);
    }

    #[test]
    fn nobody_waits_for_items_at_a_terminal() {
        if !has("script") {
            return;
        }
        // A terminal's lines end with a carriage return too.
        let short = "parjob: square needs items: on standard input, or as arguments\r\n\r\nFor example:\r\n  seq 3 | parjob square";
        let done = shell("script -qec 'parjob square' /dev/null < /dev/null").run();
        let text = String::from_utf8_lossy(done.stdout()).into_owned();
        assert!(text.contains(short) && text.contains("More: parjob help square"), "{text}");
        done.status(2);
        let done = shell("script -qec 'parjob square 3' /dev/null < /dev/null").run();
        assert!(String::from_utf8_lossy(done.stdout()).starts_with("9\r\n"));
        done.succeeds();
    }
}

mod values {
    use super::*;

    #[test]
    fn workers() {
        for jobs in ["1", "7", "+1", "-1", "-1000", "50%", "1%", "300%", "64"] {
            parjob(&format!("--jobs {jobs} square 2 3")).run().prints("4\n9\n").is_silent().succeeds();
            parjob(&format!("square -j{jobs} 2 3")).run().prints("4\n9\n").is_silent().succeeds();
        }
    }

    #[test]
    fn chunks() {
        for chunk in ["1", "3", "auto", "4294967295"] {
            parjob(&format!("--chunk {chunk} square 2 3")).run().prints("4\n9\n").is_silent().succeeds();
        }
    }

    #[test]
    fn order() {
        for order in ["--ordered", "-k", ""] {
            parjob(&format!("{order} square 2 3")).run().prints("4\n9\n").succeeds();
        }
    }
}

mod on_request {
    use super::*;
    use crate::harness::Done;

    fn prints_help(done: Done, parts: &[&str]) {
        let text = String::from_utf8_lossy(done.stdout()).into_owned();
        parts.iter().for_each(|part| assert!(text.contains(part), "{part} is missing in\n{text}"));
        done.is_silent().succeeds();
    }

    #[test]
    fn help_shows_examples_before_options() {
        for word in ["--help", "help"] {
            let done = parjob(word).run();
            let text = String::from_utf8_lossy(done.stdout()).into_owned();
            let places =
                ["Examples:", "Usage: parjob", "Operations:", "-j, --jobs", "Exit status:"].map(|part| text.find(part));
            assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}");
            done.is_silent().succeeds();
        }
    }

    #[test]
    fn help_needs_no_items_and_runs_nothing() {
        prints_help(parjob("square --help").input("3\n").run(), &["Examples:\n  $ seq 3 | parjob square\n  1\n"]);
        prints_help(parjob("--output out help sum").run().leaves_only(&[]), &["The sum of\nnothing is 0."]);
        prints_help(parjob("help explain").run(), &["Usage: parjob explain [OPTIONS] OPERATION"]);
    }

    #[test]
    fn the_version() {
        for flag in ["--version", "-V"] {
            parjob(flag).run().prints(format!("parjob {}\n", env!("CARGO_PKG_VERSION"))).is_silent().succeeds();
        }
    }

    #[test]
    fn a_full_device_cannot_take_the_help() {
        shell("parjob --help > /dev/full").run().says("cannot write standard output").status(3);
    }
}

mod talk {
    use super::*;

    #[test]
    fn quiet_says_only_why_the_run_broke() {
        parjob("-q square 2 x").run().prints("4\n").is_silent().status(1);
        parjob("--quiet --halt now,fail=1 square x").run().is_silent().status(1);
        parjob("-q mean").run().is_silent().status(1);
        shell("yes 3 | parjob -q --deadline 100ms square > out").run().is_silent().status(124);
        shell("parjob -q square 2 > /dev/full").run().says("cannot write standard output").status(3);
        parjob("-q --jobs x square").run().says("--jobs").status(2);
    }

    #[test]
    fn verbose_tells_decisions_and_each_failure() {
        let items = "x\n".repeat(30);
        let done = parjob("-v --jobs 3 --chunk 2 square").input(items).run().status(1);
        let done = done
            .says("parjob: operation: square (named on the command line)\n")
            .says("parjob: items: standard input (no other source was given)\n")
            .says("parjob: jobs: 3 (--jobs 3)\n")
            .says("parjob: chunk: 2 (--chunk 2)\n")
            .says("parjob: order: input order (the default)\n")
            .counts(30, 0, 30, 0)
            .never_says("more; -v");
        for seq in 1..=30 {
            let line = format!("parjob: item {seq}: \"x\" is not a number\n");
            assert_eq!(done.stderr().matches(&line).count(), 1, "{}", done.stderr());
        }
    }

    #[test]
    fn verbose_counts_though_all_went_well() {
        parjob("-v square 2").run().prints("4\n").counts(1, 1, 0, 0).succeeds();
    }

    #[test]
    fn a_run_where_all_went_well_is_silent() {
        parjob("square 2").run().is_silent().succeeds();
        parjob("square 2").env("TERM", "xterm").run().is_silent().succeeds();
    }

    #[test]
    fn nothing_that_an_item_holds_reaches_the_terminal_raw() {
        let run = parjob("-v square :::").arg("\u{1b}[2J\u{202e}\r\"\\").run();
        run.says(r#"item 1: "\u{1b}[2J\u{202e}\r\"\\" is not a number"#).never_says("\u{1b}").status(1);
    }
}

mod explain {
    use super::*;

    /// The lines of an explained plan: what, the value, why.
    fn decisions(arguments: &str) -> Vec<[String; 3]> {
        let done = parjob(&format!("explain {arguments}")).run().is_silent().succeeds();
        let text = String::from_utf8_lossy(done.stdout()).into_owned();
        let columns = |line: &str| {
            let cells: Vec<String> =
                line.split("  ").map(str::trim).filter(|c| !c.is_empty()).map(str::to_owned).collect();
            cells.try_into().unwrap_or_else(|cells| panic!("three columns: {cells:?}"))
        };
        text.lines().map(columns).collect()
    }

    #[track_caller]
    fn decides(arguments: &str, what: &str, value: &str, why: &str) {
        let decisions = decisions(arguments);
        let found = decisions.iter().find(|decision| decision[0] == what);
        assert_eq!(found.map(|[_, value, why]| (&**value, &**why)), Some((value, why)), "{decisions:?}");
    }

    #[test]
    fn each_decision_has_its_reason() {
        decides("square 1", "operation", "square", "named on the command line");
        decides("--jobs 3 square 1", "jobs", "3", "--jobs 3");
        decides("square 1", "chunk", "auto", "the default: about a millisecond of work, by measurement");
        decides("--chunk 3 square 1", "chunk", "3", "--chunk 3");
        decides("--halt now,fail=1 square 1", "chunk", "1", "--halt counts items one by one");
        decides("--halt now,fail=1 square 1", "halt", "now,fail=1", "--halt");
        decides("--unordered square 1", "order", "as they finish", "--unordered");
        decides("square 1", "format", "text", "the default");
        decides("--format csv square 1", "format", "csv", "--format");
        decides("--output out square 1", "results", "out", "--output: complete or absent");
        decides("square", "items", "standard input", "no other source was given");
        decides("--range 1:9 square", "total", "9", "counted before the run");
        decides("--total 7 square", "total", "7", "--total");
        decides("--deadline 90s square", "deadline", "90s", "--deadline");
        decides("--reduce mean square", "reduce", "mean", "--reduce");
        decides("square", "progress", "none", "standard error is no terminal, and CI is not set");
        decides("-q square", "report", "errors only", "--quiet");
    }

    #[test]
    fn nothing_is_run_read_or_written() {
        let test = parjob("explain --output out square").input("x\n");
        test.run().is_silent().leaves_only(&[]).succeeds();
        parjob("explain square").start().ends_by_itself().succeeds();
        parjob("explain square :::: missing").run().prints("").says("cannot read \"missing\"").status(2);
    }

    #[test]
    fn in_ci_progress_comes_in_lines() {
        let done = parjob("explain square").env("CI", "true").run();
        assert!(String::from_utf8_lossy(done.stdout()).contains("CI is set"));
    }

    #[test]
    fn one_allowed_cpu_is_one_worker() {
        if !has("taskset") {
            return;
        }
        let done = shell("taskset -c 0 parjob explain square").run().succeeds();
        let text = String::from_utf8_lossy(done.stdout()).into_owned();
        let jobs = text.lines().find(|line| line.starts_with("jobs ")).unwrap_or_default();
        let words: Vec<&str> = jobs.split_whitespace().collect();
        assert_eq!(words[1], "1", "{text}");
        // On a machine with a single CPU that is the reason.
        let alone = std::fs::read_dir("/sys/devices/system/cpu")
            .is_ok_and(|mut cpus| !cpus.any(|cpu| cpu.is_ok_and(|cpu| cpu.file_name() == "cpu1")));
        assert!(alone || jobs.ends_with("the default: the CPUs that this process may run on"), "{text}");
    }
}

mod on_both_sides {
    use super::*;

    #[test]
    fn an_option_given_twice_is_never_half_forgotten() {
        parjob("--range 1:2 square --range 5:6").run().prints("").says("give one source").status(2);
        parjob("--first 1 square --first 2 4 5").run().prints("").says("--first").status(2);
        parjob("-k square --unordered 1").run().prints("").says("cannot be used with").status(2);
        parjob("-0 square -d , 1").run().prints("").says("cannot be used with").status(2);
    }

    #[test]
    fn an_operations_own_option_may_stand_before_it() {
        parjob("--max-digits 2 square 99").run().prints("9801\n").succeeds();
        parjob("--bytes len é").run().prints("2\n").succeeds();
    }

    #[test]
    fn minus_zero_among_items_is_not_lost() {
        parjob("square 1 -0 2").run().prints("").says("-0 after an item").status(2);
        parjob("square -- 1 -0 2").run().prints("1\n0\n4\n").succeeds();
    }
}
