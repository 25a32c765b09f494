//! What the program says of itself, held against files in tests/snapshots.

use std::collections::BTreeSet;

use crate::golden::{project, same};
use crate::harness::{Done, parjob, shell};

/// Each snapshot: its file, the command line, the status.
const SNAPSHOTS: &[(&str, &str, i32)] = &[
    ("help", "--help", 0),
    ("help-brief", "-h", 0),
    ("help-run", "help run", 0),
    ("help-run-brief", "run -h", 0),
    ("help-sh", "help sh", 0),
    ("help-sh-brief", "sh -h", 0),
    ("help-square", "help square", 0),
    ("help-pi", "help pi", 0),
    ("help-count", "help count", 0),
    ("help-pool", "help pool", 0),
    ("help-hash", "help hash", 0),
    ("help-resize", "help resize", 0),
    ("help-explain", "help explain", 0),
    ("no-arguments", "", 2),
    ("error-operation", "sqare 3", 2),
    ("error-no-operation", "3 4", 2),
    ("error-option", "square --job 3 4", 2),
    ("error-option-of-another", "--ledger l py x ::: 1", 2),
    ("error-dash", "square -5 -x", 2),
    ("error-value", "--format xml square 3", 2),
    ("error-parameter", "square --max-digits many 3", 2),
    ("error-jobs", "--jobs 0 square 3", 2),
    ("error-chunk", "--chunk 0 square 3", 2),
    ("error-halt", "--halt fail=1 square 3", 2),
    ("error-deadline", "--deadline soon square 3", 2),
    ("error-range", "--range 1:x square", 2),
    ("error-sources", "square ::: 1 2 ::: 3", 2),
    ("error-file", "square -a no-such-file", 2),
    ("error-conflict", "--quiet --verbose square 3", 2),
    ("error-reduce", "sum --reduce mean 3", 2),
    ("error-line-buffer", "run --line-buffer --format jsonl echo ::: 1", 2),
    ("error-ungroup", "run --ungroup --results made echo ::: 1", 2),
    ("error-no-command", "run", 2),
    ("error-script-words", "sh echo {} ::: 1", 2),
];

/// What was printed; help goes to standard output, and what is wrong to standard error.
fn text(done: &Done, status: i32) -> String {
    if status == 0 { String::from_utf8_lossy(done.stdout()).into_owned() } else { done.stderr() }
}

#[test]
fn the_program_says_what_it_said_before() {
    for (name, arguments, status) in SNAPSHOTS {
        let done = parjob(arguments).env("COLUMNS", "80").run().status(*status);
        same(&format!("tests/snapshots/{name}.txt"), &text(&done, *status));
    }
}

#[test]
fn each_snapshot_belongs_to_a_command_line() {
    let files = std::fs::read_dir(project("tests/snapshots")).unwrap();
    let files: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, SNAPSHOTS.iter().map(|(name, ..)| format!("{name}.txt")).collect());
}

#[test]
fn help_is_the_same_in_whatever_way_it_is_asked_for() {
    let pi = parjob("help pi").run().succeeds().stdout().to_vec();
    for arguments in ["pi --help", "pi -h", "--help pi", "explain pi --help", "pi 1000 --help"] {
        parjob(arguments).run().prints(&pi).is_silent().succeeds();
    }
    let all = parjob("--help").run().succeeds().stdout().to_vec();
    parjob("help").run().prints(&all).is_silent().succeeds();
}

#[test]
fn commands_have_help_on_one_screen() {
    for name in ["run", "sh"] {
        let all = parjob(&format!("help {name}")).run().succeeds().stdout().to_vec();
        parjob(&format!("{name} --help")).run().prints(&all).succeeds();
        let brief = String::from_utf8_lossy(parjob(&format!("{name} -h")).run().succeeds().stdout()).into_owned();
        assert!(brief.contains("--retries") && !brief.contains("--retry-on"), "{brief}");
        assert!(brief.lines().count() <= 60, "{brief}");
    }
}

#[test]
fn the_first_help_is_one_screen() {
    let done = parjob("-h").env("COLUMNS", "80").run().succeeds();
    let page = String::from_utf8_lossy(done.stdout()).into_owned();
    assert!(page.lines().count() <= 40, "{}:\n{page}", page.lines().count());
    for part in ["Examples:", "Usage:", "run", "--jobs", "parjob --help"] {
        assert!(page.contains(part), "{part}:\n{page}");
    }
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for (name, arguments, status) in SNAPSHOTS.iter().filter(|(name, ..)| name.starts_with("help")) {
        let page = text(&parjob(arguments).env("COLUMNS", "80").run(), *status);
        let widest = page.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(widest.chars().count() <= 85, "{name}: {widest}");
        assert!(page.lines().all(|line| line.trim_end() == line), "{name}: blanks at the end of a line");
    }
}

#[test]
fn explain_may_stand_anywhere_before_the_operation_and_does_nothing() {
    let plan = parjob("explain --jobs 3 square --output made 7").run().succeeds();
    assert!(!plan.dir().join("made").exists());
    let text = String::from_utf8_lossy(plan.stdout()).into_owned();
    assert!(text.contains("jobs       3 ") && text.contains("complete or absent"), "{text}");
    parjob("--jobs 3 explain square --output made 7").run().prints(&text).succeeds();
    parjob("explain").run().prints("").says("Usage: parjob explain").status(2);
}

#[test]
fn with_a_terminal_and_no_items_the_operation_is_explained() {
    // `script` gives a command a terminal; not every machine has it.
    let done =
        shell("command -v script > /dev/null || exit 0; script -qec 'parjob square' /dev/null < /dev/null").run();
    let page = String::from_utf8_lossy(done.stdout()).into_owned();
    assert!(page.is_empty() || page.contains("parjob: square needs items"), "{page}");
}
