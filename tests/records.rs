//! Items with fields, from the file to the command: CSV, columns, headers, JSON lines, several sources.

use crate::harness::{parjob, shell};

#[test]
fn sources_are_crossed_and_the_last_one_is_the_fastest() {
    let run = parjob("run echo {1}-{2}-{-1}|{} ::: a b ::: 1 2").run();
    run.prints("a-1-1|a 1\na-2-2|a 2\nb-1-1|b 1\nb-2-2|b 2\n").is_silent().succeeds();
}

#[test]
fn sources_are_paired_to_the_shorter_and_the_pairs_are_crossed() {
    let run = parjob("run echo {1}{2}{3}{-3} ::: a b c :::+ 1 2 ::: x y").run();
    run.prints("a1xa\na1ya\nb2xb\nb2yb\n").is_silent().succeeds();
}

#[test]
fn a_source_may_be_a_file_and_standard_input() {
    let run = parjob("run echo {1}{2} ::: a b :::: - more").input("1\n2\n").file("more", "3\n").run();
    run.prints("a1\na2\na3\nb1\nb2\nb3\n").succeeds();
}

#[test]
fn several_sources_are_appended_as_a_word_each() {
    let run = parjob("run printf [%s] ::: a ::: ").arg("b c").run();
    run.prints("[a][b c]").succeeds();
    let run = parjob("sh").args(["printf '[%s]'", ":::", "a", ":::", "b c"]).run();
    run.prints("[a][b c]").succeeds();
}

#[test]
fn a_csv_field_may_hold_newlines_commas_and_quotes() {
    let csv = "name,note\n\"a\nb\",\"1,2\"\nc,\"say \"\"x\"\"\"\n";
    for (operation, command) in
        [("run", vec!["printf", "<%s|%s>", "{name}", "{note}"]), ("sh", vec!["printf '<%s|%s>' {name} \"{2}\""])]
    {
        let run =
            parjob("--csv --header").arg(operation).args(command).args(["::::", "s.csv"]).file("s.csv", csv).run();
        run.prints("<a\nb|1,2><c|say \"x\">").is_silent().succeeds();
    }
}

#[test]
fn without_a_header_the_first_record_is_an_item() {
    let run = parjob("--csv run printf <%s>").arg("{2}{1}").args([":::", "a,b", "c,\"d,e\""]).run();
    run.prints("<ba><d,ec>").succeeds();
}

#[test]
fn what_a_record_lacks_is_empty_and_what_it_has_too_much_is_its_failure() {
    let run = parjob("--csv --header run printf <%s|%s>").args(["{a}", "{b}"]).input("a,b\n1,2\n1,2,3\n4\n5,6\n").run();
    run.prints("<1|2><4|><5|6>")
        .says("item 2: \"1 2 3\" has 3 fields, but the header names 2")
        .status(1)
        .counts(4, 3, 1, 0);
    let run = parjob("--colsep , run printf <%s|%s>").args(["{2}", "{-1}"]).input("1\n1,2\n1,2,3\n").run();
    run.prints("<|1><2|2><2|3>").is_silent().succeeds();
}

#[test]
fn a_number_beyond_the_header_is_refused() {
    let run = parjob("--csv --header run echo {3} :::: s.csv").file("s.csv", "a,b\n1,2\n").run();
    run.prints("").says("there is no {3}: an item has 2 fields").status(2);
}

#[test]
fn a_quote_that_is_never_closed_is_that_records_failure() {
    let run = parjob("--csv run echo {1}").input("a,b\n\"c\nd\n").run();
    run.prints("a\n").says("never closed").status(1).counts(2, 1, 1, 0);
}

#[test]
fn columns_are_parted_by_an_expression_and_trimmed() {
    let run = parjob("--header --colsep").arg(r"\s*;\s*").args(["run", "printf", "<%s|%s|%s>", "{b}", "{a}", "{a.}"]);
    run.input("a;b\n x.tar.gz ;  2\n").run().prints("<2|x.tar.gz|x.tar>").is_silent().succeeds();
}

#[test]
fn each_source_has_a_header() {
    let run = parjob("--header run echo {size}-{colour}-{1} ::: size S M ::: colour red").run();
    run.prints("S-red-S\nM-red-M\n").is_silent().succeeds();
    parjob("--header --csv run echo {a}").input("").run().prints("").is_silent().succeeds();
}

#[test]
fn a_name_that_is_not_in_the_header_stays_text() {
    let run = parjob("--csv --header run echo").arg("{a} {b} {print $1}").input("a\n1\n").run();
    let run = run.prints("1 {b} {print $1}\n").succeeds();
    run.says("no field is called {b}, and it stays as it is: the header has a\n");
    let run = parjob("--csv run echo {nam/}").input("a\n").run().prints("{nam/} a\n");
    run.says("no field is called {nam/}, and it stays as it is: without --header fields have numbers");
    // Nobody is bothered where there are no names, where braces are literal, or by the variables of a shell.
    parjob("run echo {nam}").input("1\n").run().prints("{nam} 1\n").is_silent();
    parjob("--csv -I @ run echo {nam} @").input("1\n").run().prints("{nam} 1\n").is_silent();
    parjob("--csv --header sh").arg("nam={a}; echo ${nam} {a,b}").input("a\n1\n").run().prints("1 {a,b}\n").is_silent();
}

#[test]
fn json_values_are_found_by_name_and_by_path() {
    let objects = concat!(
        r#"{"a":{"b":"x/y.z"},"n":1.50,"t":true}"#,
        "\n",
        r#"{"a":{"b":"two words"},"n":null}"#,
        "\n",
        r#"{"n":"\u00e9\n"}"#,
        "\n",
    );
    for (operation, command) in [
        ("run", vec!["printf", "<%s|%s|%s|%s>", "{a.b}", "{a.b/.}", "{n}", "{t}"]),
        ("sh", vec!["printf '<%s|%s|%s|%s>' {a.b} '{a.b/.}' \"{n}\" {t}"]),
    ] {
        let run = parjob("--jsonl").arg(operation).args(command).input(objects).run();
        run.prints("<x/y.z|y|1.50|true><two words|two words||><||é\n|>").is_silent().succeeds();
    }
}

#[test]
fn what_is_no_json_object_is_that_items_failure() {
    let run = parjob("--jsonl run echo {a}").input("{\"a\":1}\n[1]\n1\n{\"a\":\n\n{\"a\":2}\n").run();
    let run = run.prints("1\n2\n").status(1);
    let [read, ok, failed, ..] = run.told_counts();
    assert_eq!((read, ok, failed), (6, 2, 4), "{}", run.story());
    run.says("item 2: \"[1]\" is JSON, but not an object").says("item 4").says("not JSON");
}

#[test]
fn results_hold_the_fields_of_their_item() {
    let run = parjob("--csv --format jsonl run echo {1}").args([":::", "a,b c", "d"]).run().succeeds();
    let items: Vec<serde_json::Value> = run
        .stdout()
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice::<serde_json::Value>(line).unwrap()["item"].clone())
        .collect();
    assert_eq!(items, [serde_json::json!(["a", "b c"]), serde_json::json!(["d"])]);
}

#[test]
fn the_tasks_of_the_readme_with_names() {
    // In the place of a program that would fetch them.
    let text = "
        printf 'name,url\\nhome,http://a/?x=1&y=2\\n\"the shop\",http://b/\\n' > sites.csv
        parjob --csv --header run sh -c 'printf %s \"$2\" > \"$1\"' - {name}.html {url} :::: sites.csv
        cat home.html 'the shop.html'
    ";
    shell(text).run().prints("http://a/?x=1&y=2http://b/").is_silent().succeeds();
}

#[test]
fn in_process_operations_refuse_items_of_several_fields() {
    parjob("square ::: 1 ::: 2").run().prints("").status(2);
    parjob("--csv square ::: 1,2").run().prints("").status(2);
}
