//! What `parjob explain` tells: every option that is given, so that none is forgotten.

use clap::Arg;

use crate::harness::parjob;

/// For each option of commands: what goes with it, and what it is given.
const GIVEN: &[(&str, &str, &str)] = &[
    ("arg-file", "", "in"),
    ("backoff", "", "1s..1m"),
    ("batch", "", "2"),
    ("chunk", "", "3"),
    ("colsep", "", ","),
    ("deadline", "", "1h"),
    ("delay", "", "1s"),
    ("delimiter", "", ","),
    ("eof", "", "end"),
    ("exit-status", "", "count"),
    ("first", "", "3"),
    ("format", "", "jsonl"),
    ("grace", "", "5s"),
    ("halt", "", "now,fail=1"),
    ("jobs", "", "7"),
    ("joblog", "", "j"),
    ("ledger", "", "l"),
    ("load", "", "8"),
    ("max-item", "", "2M"),
    ("memfree", "", "1G"),
    ("nice", "", "5"),
    ("output", "", "o"),
    ("placeholder", "", "@"),
    ("progress", "", "none"),
    ("range", "", "1:2"),
    ("rate", "", "5/s"),
    ("reduce", "", "sum"),
    ("results", "", "r"),
    ("resume", "--ledger l", ""),
    ("resume-anyway", "--ledger l --resume", ""),
    ("retries", "", "2"),
    ("retry-failed", "--ledger l", ""),
    ("retry-on", "--retries 2", "exit=75"),
    ("shell", "", "bash"),
    ("spill-max", "", "2G"),
    ("stdin", "", "item"),
    ("tag-template", "", "{#}"),
    ("threads-per-job", "", "2"),
    ("timeout", "", "5s"),
    ("total", "", "5"),
];

/// They ask for a page, and no command line is left to be explained.
const PAGES: [&str; 2] = ["help", "version"];

/// The explained command line, with these options.
fn explained(operation: &str, options: &str) -> String {
    let run = parjob(&format!("explain {operation} {options} echo ::: a")).file("in", "1\n").run();
    let run = run.is_silent().succeeds().leaves_only(&["in"]);
    String::from_utf8_lossy(run.stdout()).into_owned()
}

#[test]
fn every_option_of_a_command_changes_what_is_explained() {
    let all = parjob::cli::command();
    let mut seen = 0;
    for operation in ["run", "sh"] {
        let own = all.find_subcommand(operation).unwrap().get_arguments();
        let names = own.chain(all.get_arguments()).filter_map(Arg::get_long).filter(|name| !PAGES.contains(name));
        for name in names {
            let (_, with, value) = GIVEN.iter().find(|(option, ..)| *option == name).unwrap_or(&("", "", ""));
            let without = explained(operation, with);
            let explained = explained(operation, &format!("{with} --{name} {value}"));
            assert_ne!(without, explained, "{operation} --{name}");
            let told = explained.lines().any(|line| line.contains(&format!("--{name}")));
            assert!(told, "no row names --{name}:\n{explained}");
            seen += 1;
        }
    }
    assert!(seen > 100, "these are not the options: {seen}");
}

#[test]
fn a_row_says_what_was_given() {
    let text = explained("run", "--ledger l --resume --results r --load 8 --tag");
    for row in [["ledger", "l", "--ledger"], ["resume", "yes", "--resume"], ["folders", "r", "--results"]] {
        let columns = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(text.lines().any(|line| columns(line) == row), "{row:?}:\n{text}");
    }
}
