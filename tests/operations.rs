//! What each operation does, from its items to its result.

use parjob::op::{OPERATIONS, REDUCERS};

use crate::harness::{Done, parjob, shell};

/// Runs an operation on lines, with one chunk size and number of workers after the other: the answers agree.
fn on_any_schedule(arguments: &str, input: &str) -> Done {
    let run = |schedule: &str| parjob(&format!("{schedule} {arguments}")).input(input).run();
    let first = run("--jobs 1");
    for schedule in ["--jobs 2 --chunk 1", "--jobs 7 --chunk 3", "--jobs 3 --unordered --chunk auto"] {
        assert_eq!(run(schedule).stdout(), first.stdout(), "{arguments} with {schedule}");
    }
    first
}

mod registry {
    use super::*;

    #[test]
    fn every_example_prints_what_it_says() {
        for operation in OPERATIONS {
            for example in operation.examples {
                shell(example.command).photos().run().prints(example.output).is_silent().succeeds();
            }
        }
    }

    #[test]
    fn every_operation_is_in_the_help() {
        let help = parjob("--help").run().succeeds();
        let text = String::from_utf8_lossy(help.stdout()).into_owned();
        for operation in OPERATIONS {
            let line = text.lines().find(|line| line.split_whitespace().next() == Some(operation.name));
            let line = line.unwrap_or_else(|| panic!("{} is not in the help", operation.name));
            assert!(line.ends_with(operation.summary), "{line}");
        }
    }

    #[test]
    fn every_operation_has_help_of_its_own() {
        for operation in OPERATIONS {
            let help = parjob(&format!("help {}", operation.name)).run().is_silent().succeeds();
            let text = String::from_utf8_lossy(help.stdout()).into_owned();
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&text).starts_with(&words(operation.about)), "{text}");
            for example in operation.examples {
                assert!(text.contains(&format!("  $ {}\n", example.command)), "{text}");
            }
            for param in operation.params {
                assert!(text.contains(&format!("--{}", param.name)) && text.contains(param.help), "{text}");
            }
            let long = parjob(&format!("{} --help", operation.name)).run();
            assert_eq!(String::from_utf8_lossy(long.stdout()), text);
            parjob(&format!("{} -h", operation.name)).run().is_silent().succeeds();
        }
    }
}

mod square_and_double {
    use super::*;

    #[test]
    fn integers_are_exact_at_any_size() {
        let run = parjob("square -- 0 -0 007 +3 -3 4294967296 99999999999999999999").run();
        run.prints("0\n0\n49\n9\n9\n18446744073709551616\n9999999999999999999800000000000000000001\n").succeeds();
        let run =
            parjob("double 9223372036854775807 -9223372036854775808 170141183460469231731687303715884105728").run();
        run.prints("18446744073709551614\n-18446744073709551616\n340282366920938463463374607431768211456\n").succeeds();
        let nines = "9".repeat(5000);
        let square = format!("{}8{}1", "9".repeat(4999), "0".repeat(4999));
        parjob("square").arg(nines).run().prints(format!("{square}\n")).succeeds();
    }

    #[test]
    fn other_numbers_are_floats_as_python_prints_them() {
        let run = parjob("double 0.05 .5 5. -1.5 1e3 1E-7 5e15 1e22 1.7976931348623157e308 5e-324 -0.0").run();
        run.prints("0.1\n1.0\n10.0\n-3.0\n2000.0\n2e-07\n1e+16\n2e+22\ninf\n1e-323\n-0.0\n").succeeds();
        let run = parjob("square 1.1 1e200 1e-200 3.0").run();
        run.prints("1.2100000000000002\ninf\n0.0\n9.0\n").succeeds();
        let run = parjob("double").args(["inf", "+Infinity", "NaN", "--", "-INF"]).run();
        run.prints("inf\ninf\nnan\n-inf\n").succeeds();
    }

    #[test]
    fn blanks_around_a_number_do_not_matter() {
        parjob("double").input(" 1\n2 \n\t3\t\r\n").run().prints("2\n4\n6\n").succeeds();
    }

    #[test]
    fn what_is_no_number_is_named_and_left_out() {
        let items = ["", " ", "1_000", "٣", "0x10", "1e", "e5", "+", "--1", "1 2", "1,5", "infin", "½", "."];
        for item in items {
            let run = parjob("--format jsonl double 1 :::").args([item]).run();
            run.prints("").says("give one source").status(2);
            let run = parjob("double :::").args(["1", item, "2"]).run();
            run.prints("2\n4\n").says("item 2: \"").says("\" is not a number").counts(3, 2, 1, 0).status(1);
        }
        parjob("square").input("4\nx\n9\n").run().prints("16\n81\n").says("item 2: \"x\" is not a number").status(1);
    }

    #[test]
    fn only_the_first_failures_are_named_and_all_are_counted() {
        let input = "x\n".repeat(1000) + "3\n";
        let run = on_any_schedule("square", &input);
        run.prints("9\n").says("item 10: ").never_says("item 11: ").says("and 990 more").counts(1001, 1, 1000, 0);
    }

    #[test]
    fn the_digits_of_an_integer_are_bounded() {
        let long = "1".repeat(10_001);
        let run = parjob("double 1").arg(&long).run();
        run.prints("2\n").says("has 10001 digits; --max-digits allows 10000").status(1);
        let doubled = format!("{}\n", "2".repeat(10_001));
        parjob("double --max-digits 10001").arg(&long).run().prints(doubled).succeeds();
        let run = parjob("double --max-digits 3 999 1000 0001 1.2345").run();
        run.prints("1998\n2\n2.469\n").says("item 2: \"1000\" has 4 digits; --max-digits allows 3").status(1);
    }

    #[test]
    fn any_schedule_gives_the_same_results() {
        let input: String = (0..5000).map(|n| format!("{}\n", n * n - 1_000_000)).collect();
        let expected: String = (0..5000_i64).map(|n| format!("{}\n", 2 * (n * n - 1_000_000))).collect();
        for schedule in ["--jobs 1", "--jobs 2 --chunk 1", "--jobs 7 --chunk 3", "--jobs 3 --chunk 1000"] {
            parjob(&format!("{schedule} double")).input(&*input).run().prints(&expected).succeeds();
        }
    }
}

mod len {
    use super::*;

    #[test]
    fn characters_or_bytes() {
        let items = ["", "abc", " a ", "naïve", "日本語", "e\u{301}", "🦀"];
        parjob("len :::").args(items).run().prints("0\n3\n3\n5\n3\n2\n1\n").succeeds();
        parjob("len --bytes :::").args(items).run().prints("0\n3\n3\n6\n9\n3\n4\n").succeeds();
    }

    #[test]
    fn bytes_that_are_not_utf8_count_as_they_are_shown() {
        let input = b"a\xff\xfeb\n\xe2\x82\nok\n";
        parjob("len").input(input).run().prints("4\n1\n2\n").is_silent().succeeds();
        parjob("len --bytes").input(input).run().prints("4\n2\n2\n").succeeds();
    }
}

mod sums {
    use super::*;

    #[test]
    fn integers_make_an_integer() {
        on_any_schedule("sum", "1\n-2\n4\n").prints("3\n").succeeds();
        let input = "9223372036854775807\n".repeat(3) + "-1\n";
        on_any_schedule("sum", &input).prints("27670116110564327420\n").succeeds();
        let input = format!("1{}\n-1{}\n7\n", "0".repeat(400), "0".repeat(400));
        on_any_schedule("sum", &input).prints("7\n").succeeds();
    }

    #[test]
    fn floats_are_added_exactly_and_rounded_once() {
        on_any_schedule("sum", &"0.1\n".repeat(10)).prints("1.0\n").succeeds();
        on_any_schedule("sum", "1e308\n1e308\n-1e308\n").prints("1e+308\n").succeeds();
        on_any_schedule("sum", "1e16\n1.0\n1.0\n-1e16\n").prints("2.0\n").succeeds();
        on_any_schedule("sum", "1e300\n1\n-1e300\n").prints("1.0\n").succeeds();
        on_any_schedule("sum", "5e-324\n5e-324\n1e300\n-1e300\n").prints("1e-323\n").succeeds();
    }

    #[test]
    fn one_float_makes_it_a_float() {
        on_any_schedule("sum", "1\n2.0\n3\n").prints("6.0\n").succeeds();
        // 2^53 and two halves: rounding at each step would lose them.
        on_any_schedule("sum", "9007199254740992\n0.5\n0.5\n0.5\n0.5\n").prints("9007199254740994.0\n").succeeds();
    }

    #[test]
    fn beyond_a_float_it_is_infinite() {
        on_any_schedule("sum", "1e308\n1e308\n").prints("inf\n").succeeds();
        on_any_schedule("sum", "-1e308\n-1e308\n").prints("-inf\n").succeeds();
        on_any_schedule("sum", "inf\n1\n").prints("inf\n").succeeds();
        on_any_schedule("sum", "-inf\n1e308\n1e308\n").prints("-inf\n").succeeds();
        on_any_schedule("sum", "inf\n1\n-inf\n").prints("nan\n").succeeds();
        on_any_schedule("sum", "nan\ninf\n").prints("nan\n").succeeds();
        // An integer as long as that alone stays an integer.
        let huge = format!("1{}", "0".repeat(400));
        on_any_schedule("sum", &format!("{huge}\n")).prints(format!("{huge}\n")).succeeds();
        on_any_schedule("sum", &format!("{huge}\n0.5\n")).prints("inf\n").succeeds();
    }

    #[test]
    fn the_sum_of_nothing_is_nothing() {
        parjob("sum").input("").run().prints("0\n").is_silent().succeeds();
        parjob("sum").input("x\n").run().prints("0\n").says("item 1: \"x\" is not a number").status(1);
    }

    #[test]
    fn what_is_no_number_is_left_out_and_named() {
        let run = on_any_schedule("sum", "1\nx\n2\n\n4\n");
        run.prints("7\n").says("item 2: \"x\"").says("item 4: \"\"").counts(5, 3, 2, 0).status(1);
    }
}

mod means {
    use super::*;

    #[test]
    fn a_mean_is_rounded_once_and_always_a_float() {
        on_any_schedule("mean", "1\n2\n3\n").prints("2.0\n").succeeds();
        on_any_schedule("mean", "1\n2\n").prints("1.5\n").succeeds();
        on_any_schedule("mean", "0.1\n0.2\n0.3\n").prints("0.2\n").succeeds();
        on_any_schedule("mean", "1e308\n1e308\n1e308\n").prints("1e+308\n").succeeds();
        let huge = format!("1{}\n", "0".repeat(400));
        on_any_schedule("mean", &format!("{huge}-{huge}3\n")).prints("1.0\n").succeeds();
        on_any_schedule("mean", &huge).prints("inf\n").succeeds();
        on_any_schedule("mean", "inf\n-inf\n").prints("nan\n").succeeds();
    }

    #[test]
    fn what_is_no_number_does_not_count() {
        on_any_schedule("mean", "1\nx\n3\n").prints("2.0\n").counts(3, 2, 1, 0).status(1);
    }
}

mod without_items {
    use super::*;

    #[test]
    fn sum_and_count_answer_and_the_others_do_not() {
        parjob("sum").run().prints("0\n").is_silent().succeeds();
        parjob("count").run().prints("0\n").is_silent().succeeds();
        for name in ["mean", "stats", "min", "max", "pi"] {
            parjob(name).run().prints("").says("nothing to answer from").counts(0, 0, 0, 0).status(1);
            parjob(name).input("x\n").run().prints("").says("item 1: \"x\" is not a").counts(1, 0, 1, 0).status(1);
        }
        parjob("square --reduce mean").run().prints("").says("nothing to answer from").status(1);
        parjob("square --reduce sum").run().prints("0\n").succeeds();
    }
}

mod stats {
    use super::*;

    #[test]
    fn a_line_for_each_value() {
        let expected = "n\t4\nsum\t16\nmean\t4.0\nsd\t4.08248290463863\nmin\t1\nmax\t10\np50\t2\np90\t10\np99\t10\n";
        on_any_schedule("stats", "3\n1\n2\n10\n").prints(expected).succeeds();
        let expected = "n\t1\nsum\t7.5\nmean\t7.5\nsd\tnan\nmin\t7.5\nmax\t7.5\np50\t7.5\np90\t7.5\np99\t7.5\n";
        on_any_schedule("stats", "7.5\n").prints(expected).succeeds();
    }

    #[test]
    fn the_deviation_does_not_cancel() {
        let run = on_any_schedule("stats", "1000000000000001\n1000000000000002\n1000000000000003\n");
        assert!(String::from_utf8_lossy(run.stdout()).contains("\nsd\t1.0\n"));
        run.succeeds();
    }

    #[test]
    fn infinities_and_nan_have_their_places() {
        let expected = "n\t3\nsum\tinf\nmean\tinf\nsd\tnan\nmin\t1\nmax\tinf\np50\t2\np90\tinf\np99\tinf\n";
        on_any_schedule("stats", "2\ninf\n1\n").prints(expected).succeeds();
        let expected = "n\t2\nsum\tnan\nmean\tnan\nsd\tnan\nmin\tnan\nmax\tnan\np50\tnan\np90\tnan\np99\tnan\n";
        on_any_schedule("stats", "nan\n1\n").prints(expected).succeeds();
    }
}

mod count_min_max {
    use super::*;

    #[test]
    fn anything_counts() {
        on_any_schedule("count", "a\n\n1\n").prints("3\n").is_silent().succeeds();
        parjob("count").input(b"\xff\n").run().prints("1\n").succeeds();
    }

    #[test]
    fn an_item_that_is_too_long_does_not_count() {
        parjob("--max-item 2 count ::: a bbb").run().prints("1\n").counts(2, 1, 1, 0).status(1);
    }

    #[test]
    fn the_least_and_the_greatest() {
        on_any_schedule("min", "3\n-2\n10\n").prints("-2\n").succeeds();
        on_any_schedule("max", "3\n-2\n10\n").prints("10\n").succeeds();
        on_any_schedule("max", "1\n2.5\n2\n").prints("2.5\n").succeeds();
        // As floats these two would be equal.
        on_any_schedule("max", "9007199254740992.0\n9007199254740993\n").prints("9007199254740993\n").succeeds();
        on_any_schedule("min", "9007199254740993\n9007199254740992.0\n").prints("9007199254740992.0\n").succeeds();
        let huge = format!("1{}", "0".repeat(400));
        on_any_schedule("max", &format!("1e308\n{huge}\n")).prints(format!("{huge}\n")).succeeds();
        on_any_schedule("min", "inf\n-inf\n0\n").prints("-inf\n").succeeds();
        on_any_schedule("max", "nan\n1\n").prints("nan\n").succeeds();
    }

    #[test]
    fn of_equal_numbers_the_integer_is_printed() {
        on_any_schedule("min", "2.5\n2.0\n2\n").prints("2\n").succeeds();
        on_any_schedule("max", "2\n2.0\n1.5\n").prints("2\n").succeeds();
    }
}

mod pi {
    use super::*;

    #[test]
    fn every_schedule_gives_the_same_digits() {
        let input: String = (1..60).map(|n| format!("{}\n", n * 100)).collect();
        let done = on_any_schedule("pi", &input).succeeds();
        let text = String::from_utf8_lossy(done.stdout()).into_owned();
        let values: Vec<(&str, f64)> =
            text.lines().filter_map(|line| line.split_once('\t')).map(|(name, v)| (name, v.parse().unwrap())).collect();
        let [("pi", pi), ("se", error), ("samples", samples)] = values[..] else { panic!("{text}") };
        assert_eq!(samples, 177_000.0);
        assert!((pi - std::f64::consts::PI).abs() < 4.0 * error, "{text}");
        assert!((error - 1.642 / samples.sqrt()).abs() < error / 50.0, "{text}");
    }

    #[test]
    fn the_seed_decides() {
        let with = |seed: &str| parjob(&format!("pi --seed {seed} 10000 10000")).run().succeeds().stdout().to_vec();
        assert_eq!(with("1"), with("1"));
        assert_ne!(with("1"), with("2"));
        assert_eq!(with("0"), parjob("pi 10000 10000").run().stdout());
    }

    #[test]
    fn equal_items_are_samples_of_their_own() {
        let one = parjob("pi 10000").run();
        let two = parjob("pi 10000 10000").run();
        let digits = |done: &Done| String::from_utf8_lossy(done.stdout()).lines().next().unwrap_or_default().to_owned();
        assert_ne!(digits(&one), digits(&two));
    }

    #[test]
    fn an_item_is_a_whole_number_of_samples() {
        let run = parjob("pi 1e3 -5 1.5 many 1000").run();
        assert!(run.stdout().ends_with(b"\nsamples\t2000\n"));
        run.says("item 2: \"-5\" is not a whole number of samples").counts(5, 2, 3, 0).status(1);
    }

    #[test]
    fn no_points_give_no_answer() {
        parjob("pi 0 0").run().prints("").says("nothing to answer from").counts(2, 2, 0, 0).status(1);
        assert!(parjob("pi 0 1").run().is_silent().succeeds().stdout().ends_with(b"\nsamples\t1\n"));
    }
}

mod reduce {
    use super::*;

    #[test]
    fn each_reducer_folds_the_results_of_a_map() {
        let expected = [
            ("sum", "30\n"),
            ("mean", "7.5\n"),
            ("stats", "n\t4\nsum\t30\nmean\t7.5\nsd\t6.557438524302\nmin\t1\nmax\t16\np50\t4\np90\t16\np99\t16\n"),
            ("count", "4\n"),
            ("min", "1\n"),
            ("max", "16\n"),
        ];
        assert_eq!(
            expected.map(|(name, _)| name).to_vec(),
            REDUCERS.iter().map(|r| r.operation.name).collect::<Vec<_>>()
        );
        for (name, answer) in expected {
            on_any_schedule(&format!("square --reduce {name}"), "1\n2\n3\n-4\n").prints(answer).succeeds();
        }
        on_any_schedule("--reduce max len", "one\nthree\n").prints("5\n").succeeds();
        on_any_schedule("--reduce sum double", "0.25\n1\n").prints("2.5\n").succeeds();
    }

    #[test]
    fn an_item_that_failed_is_left_out_and_named() {
        let run = on_any_schedule("--reduce sum square", "1\nx\n3\n");
        run.prints("10\n").says("item 2: \"x\" is not a number").counts(3, 2, 1, 0).status(1);
    }

    #[test]
    fn a_fold_cannot_be_folded_again() {
        for fold in REDUCERS.iter().map(|fold| fold.operation.name).chain(["pi"]) {
            let message = format!("--reduce folds the results of an operation, but {fold} has a single one already");
            parjob(&format!("--reduce sum {fold} 1")).run().prints("").says(&message).status(2);
        }
    }

    #[test]
    fn a_map_is_no_reducer() {
        let run = parjob("--reduce square double 1").run();
        run.prints("").says("--reduce").says("sum, mean, stats, count, min, max").status(2);
    }
}
