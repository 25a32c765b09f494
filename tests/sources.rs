//! Where items come from, and how bytes become items.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::harness::{Done, parjob, shell};

/// A run that was refused before anything was done.
fn is_refused(done: Done, message: &str) {
    done.prints("").says(message).status(2);
}

mod words {
    use super::*;

    #[test]
    fn arguments_are_items_and_so_are_negative_numbers() {
        parjob("square 3 -4 -0.5 1e1").run().prints("9\n16\n0.25\n100.0\n").succeeds();
    }

    #[test]
    fn after_two_dashes_anything_is_an_item() {
        parjob("len -- -x --jobs 7").run().prints("2\n6\n1\n").succeeds();
    }

    #[test]
    fn after_three_colons_anything_is_an_item() {
        parjob("len ::: -rf --help --jobs 7 -").run().prints("3\n6\n6\n1\n1\n").is_silent().succeeds();
        parjob("len :::").arg("a b").arg("").arg(" c ").run().prints("3\n0\n3\n").succeeds();
    }

    #[test]
    fn a_word_that_looks_like_an_option_is_refused_where_it_could_be_one() {
        is_refused(parjob("len -rf").run(), "'-r'");
    }

    #[test]
    fn words_that_are_not_utf8_are_whole() {
        let odd = OsStr::from_bytes(b"a\xff\xfe");
        parjob("len --bytes").arg("--").arg(odd).run().prints("3\n").succeeds();
        parjob("len --bytes :::").arg(odd).arg("é").run().prints("3\n2\n").succeeds();
    }

    #[test]
    fn no_word_after_the_colons_is_no_item() {
        parjob("square :::").input("4\n").run().prints("").is_silent().succeeds();
        parjob("sum :::").run().prints("0\n").succeeds();
    }

    #[test]
    fn a_word_may_hold_newlines() {
        parjob("len :::").arg("a\nb").arg("\n").run().prints("3\n1\n").succeeds();
    }

    #[test]
    fn options_for_reading_hold_for_words_too() {
        parjob("--no-empty len :::").args(["", "a", ""]).run().prints("1\n").succeeds();
        parjob("--eof stop len ::: a stop b").run().prints("1\n").succeeds();
        parjob("--first 2 len ::: a bb ccc").run().prints("1\n2\n").succeeds();
        parjob("--max-item 2 len ::: a bb ccc").run().prints("1\n2\n").says("item 3").counts(3, 2, 1, 0).status(1);
    }
}

mod records {
    use super::*;

    #[test]
    fn a_header_is_no_item() {
        parjob("--header sum").input("amount\n1\n2\n").run().prints("3\n").is_silent().succeeds();
        parjob("--header --crlf square :::: a b").file("a", "n\r\n3\r\n").file("b", "n\n4").run().prints("9\n16\n");
        parjob("--header --first 1 len ::: name abc de").run().prints("3\n").succeeds();
        parjob("--header --recursive hash ::: file no-such-file").run().counts(1, 0, 1, 0).status(1);
        parjob("--header sum").input("").run().prints("0\n").is_silent().succeeds();
        is_refused(parjob("--header --range 1:3 sum").run(), "--range has none");
    }

    #[test]
    fn a_header_that_cannot_be_read_breaks_the_run() {
        parjob("--header --max-item 2 sum").input("amount\n1\n").run().says("the header cannot be used").status(3);
    }

    #[test]
    fn operations_in_process_take_items_of_one_field() {
        is_refused(parjob("--csv sum 1").run(), "sum takes items of one field, but --csv gives them several");
        is_refused(parjob("square --colsep , 1").run(), "square takes items of one field, but --colsep gives");
        is_refused(parjob("--csv --header sum ::: 1 ::: 2").run(), "--csv gives them several");
        is_refused(parjob("--jsonl len {}").run(), "--jsonl is for commands");
    }

    #[test]
    fn what_gives_items_fields_goes_alone() {
        for options in ["--csv --jsonl", "--csv --colsep ,", "--colsep , --jsonl", "--jsonl --header", "--csv -0"] {
            is_refused(parjob(options).arg("len").arg("x").run(), "cannot be used with");
        }
        is_refused(parjob("--colsep ( len x").run(), "--colsep: \"(\" is not a regular expression");
        is_refused(parjob("--colsep , --colsep ; len x").run(), "--colsep");
        is_refused(parjob("--csv -d").arg("\"").arg("len").arg("x").run(), "no fields of CSV are parted by that");
    }
}

mod several {
    use super::*;

    const ADVICE: &str = "give one source";

    #[test]
    fn operations_in_process_take_one_source() {
        is_refused(
            parjob("square ::: 1 2 ::: 3").run(),
            "square takes items of one field, but 2 sources make several; give one source",
        );
        is_refused(parjob("sum ::: 1 :::+ 2").run(), ADVICE);
        is_refused(parjob("len :::: a :::: b").file("a", "1\n").file("b", "2\n").run(), ADVICE);
        is_refused(parjob("len ::: a ::::+ a").file("a", "1\n").run(), ADVICE);
        is_refused(parjob("square 1 ::: 2").run(), ADVICE);
        is_refused(parjob("--range 1:2 square 1").run(), ADVICE);
        is_refused(parjob("-a a -a a square").file("a", "1\n").run(), ADVICE);
    }
}

mod files {
    use super::*;

    #[test]
    fn files_after_one_separator_are_read_one_after_the_other() {
        let files = parjob("square :::: a b empty c").file("a", "1\n2\n").file("b", "3").file("empty", "");
        files.file("c", "4\n5").run().prints("1\n4\n9\n16\n25\n").is_silent().succeeds();
    }

    #[test]
    fn a_dash_among_files_is_standard_input() {
        let files = || parjob("square :::: a - b").file("a", "1").file("b", "3\n");
        files().input("2").run().prints("1\n4\n9\n").succeeds();
        files().input("").run().prints("1\n9\n").succeeds();
        parjob("square -a -").input("2\n").run().prints("4\n").succeeds();
    }

    #[test]
    fn a_file_of_items_by_option() {
        parjob("-a items square").file("items", "2\n3\n").input("9\n").run().prints("4\n9\n").succeeds();
        parjob("square --arg-file items").file("items", "2\n3\n").run().prints("4\n9\n").succeeds();
    }

    #[test]
    fn file_names_may_look_like_options() {
        parjob("square :::: -x").file("-x", "2\n").run().prints("4\n").succeeds();
    }

    #[test]
    fn an_empty_file_is_no_item() {
        parjob("square :::: empty").file("empty", "").run().prints("").is_silent().succeeds();
        parjob("square ::::").run().prints("").is_silent().succeeds();
    }

    #[test]
    fn a_fifo_is_read_to_its_end() {
        shell("mkfifo pipe; seq 3 > pipe & parjob square :::: pipe").run().prints("1\n4\n9\n").succeeds();
        shell("mkfifo pipe; seq 3 > pipe & parjob square < pipe").run().prints("1\n4\n9\n").succeeds();
    }

    #[test]
    fn a_missing_file_is_found_out_before_anything_runs() {
        let test = |arguments| parjob(arguments).file("a", "1\n").run();
        is_refused(test("square :::: a missing"), "cannot read \"missing\": No such file or directory");
        is_refused(test("-a missing square"), "cannot read \"missing\"");
        is_refused(test("--output out square :::: a missing"), "cannot read \"missing\"");
    }

    #[test]
    fn a_directory_is_not_read() {
        is_refused(parjob("square :::: .").run(), "cannot read \".\": it is a directory");
        is_refused(parjob("-a / square").run(), "cannot read \"/\": it is a directory");
        shell("parjob square < .").run().prints("").says("cannot read standard input: Is a directory").status(3);
    }

    #[test]
    fn what_is_read_may_be_what_is_replaced() {
        parjob("--output a square :::: a").file("a", "2\n3\n").run().leaves("a", "4\n9\n").succeeds();
    }
}

mod lines {
    use super::*;

    #[test]
    fn the_last_newline_is_optional() {
        parjob("square").input("2\n3").run().prints("4\n9\n").succeeds();
        shell("printf 0 | parjob double").run().prints("0\n").succeeds();
    }

    #[test]
    fn blanks_and_empty_lines_belong_to_items() {
        parjob("len").input(" a \n\n\tb\n").run().prints("3\n0\n2\n").succeeds();
        parjob("square").input(" 3 \n\t4\r\n").run().prints("9\n16\n").succeeds();
    }

    #[test]
    fn no_input_is_no_item() {
        parjob("len").input("").run().prints("").is_silent().succeeds();
        shell("parjob len < /dev/null").run().prints("").is_silent().succeeds();
    }

    #[test]
    fn lines_that_look_like_options_are_items() {
        parjob("len").input("--help\n-rf\n:::\n").run().prints("6\n3\n3\n").is_silent().succeeds();
    }

    #[test]
    fn bytes_that_are_not_utf8_are_whole() {
        parjob("--tag len --bytes").input(b"ok\n\xffx\n").run().prints(b"ok\t2\n\xffx\t2\n").succeeds();
    }

    #[test]
    fn items_may_end_with_nul() {
        for option in ["-0", "--null", "-d \\0", "-d \\x00"] {
            parjob(&format!("{option} len")).input("a\0b\n\0\0c").run().prints("1\n2\n0\n1\n").succeeds();
        }
    }

    #[test]
    fn items_may_end_with_any_byte() {
        parjob("-d , square").input("1,2,3").run().prints("1\n4\n9\n").succeeds();
        parjob("-d \\t len").input("a\tb\n\tc").run().prints("1\n2\n1\n").succeeds();
        parjob("-d \\xff len --bytes").input(b"a\xffbc\xff").run().prints("1\n2\n").succeeds();
        parjob("-d 1 square").input("213141").run().prints("4\n9\n16\n").succeeds();
        parjob("-d - square").input("2-3-4").run().prints("4\n9\n16\n").succeeds();
        // The newline at the end is no delimiter, but numbers are trimmed.
        parjob("-d , square").input("1,2\n").run().prints("1\n4\n").succeeds();
        parjob("-d , len").input("1,2\n").run().prints("1\n2\n").succeeds();
    }

    #[test]
    fn carriage_returns_stay_unless_they_are_not_wanted() {
        let input = "a\r\n\r\nb\rc\r\n";
        parjob("len").input(input).run().prints("2\n1\n4\n").succeeds();
        parjob("--crlf len").input(input).run().prints("1\n0\n3\n").succeeds();
        parjob("--crlf --no-empty len").input(input).run().prints("1\n3\n").succeeds();
    }

    #[test]
    fn empty_items_can_be_dropped() {
        let run = parjob("--no-empty --format jsonl len").input("\n\na\n\nb\n").run();
        let expected = "{\"v\":1,\"seq\":1,\"item\":\"a\",\"ok\":true,\"result\":\"1\"}\n\
                        {\"v\":1,\"seq\":2,\"item\":\"b\",\"ok\":true,\"result\":\"1\"}\n";
        run.prints(expected).succeeds();
    }

    #[test]
    fn reading_can_stop_at_an_item() {
        parjob("-E END len").input("a\nENDS\nEND\nbbb\n").run().prints("1\n4\n").succeeds();
        parjob("--eof END len").input("END\n").run().prints("").succeeds();
        parjob("-E END square :::: a b").file("a", "1\nEND\n2\n").file("b", "3\n").run().prints("1\n").succeeds();
    }

    #[test]
    fn reading_can_stop_after_some_items() {
        parjob("--first 2 square").input("1\n2\n3\n").run().prints("1\n4\n").succeeds();
        parjob("--first 0 square").input("1\n").run().prints("").succeeds();
        parjob("--first 9 square").input("1\n").run().prints("1\n").succeeds();
        parjob("--first 2 --no-empty len").input("\na\n\nbb\nccc\n").run().prints("1\n2\n").succeeds();
        shell("yes 3 | parjob --first 2 square").run().prints("9\n9\n").succeeds();
    }

    #[test]
    fn an_item_that_is_too_long_fails_alone() {
        let run = parjob("--max-item 5 len").input("aaaaa\nbbbbbb\nc\n").run();
        run.prints("5\n1\n").says("is longer than 5 bytes; --max-item raises the limit").counts(3, 2, 1, 0).status(1);
        let long = "7".repeat(1_100_000);
        let run = parjob("len").input(format!("a\n{long}\nbb\n")).run();
        run.prints("1\n2\n").says("item 2").says("longer than 1048576 bytes").counts(3, 2, 1, 0).status(1);
        parjob("--max-item 2M len").input(long).run().prints("1100000\n").succeeds();
    }
}

mod ranges {
    use super::*;

    #[test]
    fn both_ends_belong_to_a_range() {
        parjob("--range 1:3 square").run().prints("1\n4\n9\n").succeeds();
        parjob("--range -2:1 double").run().prints("-4\n-2\n0\n2\n").succeeds();
        parjob("double --range=5:5").run().prints("10\n").succeeds();
        parjob("--range 1:100000 sum").run().prints("5000050000\n").succeeds();
    }

    #[test]
    fn a_range_has_steps() {
        parjob("--range 1:10:4 double").run().prints("2\n10\n18\n").succeeds();
        parjob("--range 3:-4:-3 double").run().prints("6\n0\n-6\n").succeeds();
        parjob("--range 3:1 double").run().prints("").is_silent().succeeds();
        parjob("--range 1:3:-1 double").run().prints("").is_silent().succeeds();
    }

    #[test]
    fn a_huge_range_is_counted_off_as_it_is_needed() {
        parjob("--range 1:9223372036854775807 --first 3 double").run().prints("2\n4\n6\n").succeeds();
        let widest = "--range -9223372036854775808:9223372036854775807 --first 1 double";
        parjob(widest).run().prints("-18446744073709551616\n").succeeds();
        let last = "--range 9223372036854775806:9223372036854775807 double";
        parjob(last).run().prints("18446744073709551612\n18446744073709551614\n").succeeds();
    }

    #[test]
    fn a_range_stops_at_an_item_too() {
        parjob("--range 1:20 -E 3 double").run().prints("2\n4\n").succeeds();
        parjob("--range 1:3 --no-empty double").run().prints("2\n4\n6\n").succeeds();
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for range in ["1", "1:x", "1:2:0", "1:2:3:4", "", ":", "1.5:2", "1:9223372036854775808"] {
            let run = parjob("square").args(["--range", range]).run();
            is_refused(run, &format!("--range \"{range}\""));
        }
    }
}
