//! What reaches a terminal: nothing that an item's bytes could do to it, a bar that leaves no trace, results whole.

use rustix::process::Signal;

use crate::harness::{parjob, shell};

/// Sets the window's title, clears the screen, turns the text red, goes up a line, and a C1 control.
const EVIL: &str = "\x1b]0;evil\x07\x1b[2J\x1b[31m\x1b[A\u{9b}2J\r";

#[test]
fn x5_escape_sequences_in_items_are_shown_and_not_sent() {
    for options in ["square", "-v square", "--progress json square"] {
        let done = parjob(options).input(format!("2\n{EVIL}\n3\n")).run().prints("4\n9\n").status(1);
        let said = done.stderr();
        assert!(said.contains("evil"), "{said}");
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
}

#[test]
fn x5_escape_sequences_in_words_are_shown_and_not_sent() {
    let done = parjob("square --").args(["2", EVIL, "3"]).run().prints("4\n9\n").status(1);
    assert!(!done.stderr().chars().any(|c| c.is_control() && c != '\n'), "{:?}", done.stderr());
}

#[test]
fn x5_escape_sequences_in_names_of_files_are_shown_and_not_sent() {
    let tries = [
        parjob("square -a").arg(EVIL),
        parjob("square 3 --output").arg("no-such-folder/\x1b[31m"),
        parjob("square 3 -v --output").arg("\x1b[31m"),
        parjob("square").arg("--\x1b[31m"),
        parjob("square --format").arg("\x1b[31m"),
        parjob("square --jobs").arg("\x1b[31m"),
        parjob("\x1b[31m"),
    ];
    for words in tries {
        let done = words.run();
        assert!(!done.stderr().chars().any(|c| c.is_control() && c != '\n'), "{:?}", done.stderr());
    }
}

#[test]
fn x5_a_terminal_gets_nothing_of_an_item_but_what_can_be_seen() {
    let run = parjob("square").env("TERM", "xterm").launch_on_terminal().feed(format!("2\n{EVIL}\n")).shows("1 failed");
    let screen = String::from_utf8_lossy(run.end().status(1).stdout()).into_owned();
    assert!(screen.contains("evil"), "{screen:?}");
    for sequence in ["\x1b]0", "\x07", "\x1b[31m", "\u{9b}"] {
        assert!(!screen.contains(sequence), "{screen:?}");
    }
}

/// The lines that are on a screen of 80 columns in the end, for the few sequences that a bar needs: carriage
/// return, newline, go up, erase the line.
fn screen(typescript: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(typescript).into_owned();
    let (mut lines, mut row, mut column) = (vec![Vec::new()], 0_usize, 0_usize);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                let sequence: String = rest.by_ref().take_while(|c| *c != '[').collect();
                assert_eq!(sequence, "", "{text:?}");
                let mut number = String::new();
                let what = rest.by_ref().find(|c| {
                    if c.is_ascii_digit() {
                        number.push(*c);
                        false
                    } else {
                        true
                    }
                });
                let number = number.parse().unwrap_or(0_usize);
                match what {
                    Some('A') => row = row.saturating_sub(number.max(1)),
                    Some('B') => row += number.max(1),
                    Some('K') if number == 2 => lines[row].clear(),
                    Some('K') if number == 0 => lines[row].truncate(column),
                    Some('J') if number == 0 => {
                        lines[row].truncate(column);
                        lines.truncate(row + 1);
                    }
                    Some('m') => {}
                    other => panic!("{other:?} in {text:?}"),
                }
            }
            c => {
                let line: &mut Vec<char> = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = c;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_string()).collect()
}

#[test]
fn a_bar_is_drawn_shares_the_terminal_with_results_and_is_cleared_at_the_end() {
    let mut run = parjob("--total 12 square").env("TERM", "xterm").launch_on_terminal();
    for n in 1..=12 {
        run = run.feed(format!("{n}\n")).shows(&format!(" {n} of 12, "));
    }
    let done = run.end().succeeds();
    let lines = screen(done.stdout());
    let (results, rest) = lines.split_at(12);
    let squares: Vec<String> = (1..=12).map(|n: u32| (n * n).to_string()).collect();
    assert_eq!(results, squares, "{:?}", String::from_utf8_lossy(done.stdout()));
    assert!(rest[0].starts_with("parjob: 12 read: 12 ok"), "{rest:?}");
    assert!(rest[1..].iter().all(String::is_empty), "{rest:?}");
}

#[test]
fn a_line_that_is_not_ended_yet_is_not_erased_by_the_bar() {
    let script = "printf '%s: ' {}; read x < go; echo done";
    let run = parjob("-j1 --progress bar sh").args([script, ":::", "alpha", "beta"]).env("TERM", "xterm");
    let go = run.dir().join("go");
    assert!(std::process::Command::new("mkfifo").arg(&go).status().unwrap().success());
    let mut run = run.launch_on_terminal();
    for item in ["alpha: ", "beta: "] {
        run = run.shows(item);
        // Some pictures of the bar would have been drawn meanwhile.
        std::thread::sleep(std::time::Duration::from_millis(250));
        std::fs::write(&go, "go\n").unwrap();
    }
    let done = run.end().succeeds();
    let lines = screen(done.stdout());
    assert_eq!(lines[..2], ["alpha: done", "beta: done"], "{lines:?}");
    assert!(lines[2].starts_with("parjob: 2 read: 2 ok"), "{lines:?}");
}

#[test]
fn messages_take_lines_of_their_own_beside_a_bar() {
    let run = parjob("-v --jobs 1 --total 3 square").env("TERM", "xterm").launch_on_terminal();
    let run = run.feed("1\n").shows(" 1 of 3, ").feed("x\n").shows(" 2 of 3, ").feed("y\n").shows(" 3 of 3, ");
    let done = run.end().status(1);
    let lines = screen(done.stdout());
    let start = lines.iter().position(|line| line == "1").unwrap_or_else(|| panic!("{lines:?}"));
    let expected = ["1", "parjob: item 2: \"x\" is not a number", "parjob: item 3: \"y\" is not a number"];
    assert_eq!(lines[start..start + 3], expected, "{lines:?}");
    assert!(lines[start + 3].starts_with("parjob: 3 read: 1 ok, 2 failed"), "{lines:?}");
}

#[test]
fn what_an_interrupted_run_waits_for_is_said_beside_the_bar() {
    let run = parjob("--total 2 pi").env("TERM", "xterm").launch_on_terminal().feed("1e13\n").shows(" 0 of 2, ");
    let run = run.gets_to_work().signal(Signal::INT).shows("waiting for 1 item at work; Ctrl-C stops at once");
    let done = run.signal(Signal::INT).end_with_open_input().dies_by(Signal::INT.as_raw());
    let lines = screen(done.stdout());
    assert_eq!(lines[0], "parjob: waiting for 1 item at work; Ctrl-C stops at once", "{lines:?}");
    assert!(lines[1].starts_with("parjob: stopped by SIGINT"), "{lines:?}");
}

#[test]
fn results_of_a_fast_run_stay_whole_beside_a_bar() {
    let count = 20_000;
    let run = parjob("square").env("TERM", "xterm").launch_on_terminal().feed_aside(super::numbers(1, count), 1);
    let done = run.shows(&format!("{}\r\n", count * count)).shows(" 20,000 done, ").end().succeeds();
    let expected: Vec<String> = (1..=count).map(|n| (n * n).to_string()).collect();
    let lines = screen(done.stdout());
    let (results, rest) = lines.split_at(expected.len());
    assert!(results == expected, "{:?}", results.iter().zip(&expected).find(|(got, wanted)| got != wanted));
    assert!(rest[0].starts_with("parjob: 20000 read: 20000 ok"), "{rest:?}");
}

#[test]
fn no_bar_where_none_is_wanted() {
    for (term, options) in [("dumb", "square"), ("xterm", "-q square"), ("xterm", "--progress none square")] {
        let run = parjob(options).env("TERM", term).launch_on_terminal().feed("3\n").shows("9\r\n");
        assert!(!run.threads().contains(&"parjob-progress".to_string()), "{:?}", run.threads());
        let done = run.feed("4\n").shows("16\r\n").end().succeeds();
        let shown = String::from_utf8_lossy(done.stdout()).into_owned();
        assert!(!shown.contains('\x1b') && shown.starts_with("9\r\n16\r\n"), "{shown:?}");
        assert_eq!(shown.contains("2 read"), options != "-q square", "{shown:?}");
    }
}

#[test]
fn progress_as_json_is_json() {
    let done = parjob("--progress json square --total 3").input("1\nx\n3\n").run().prints("1\n9\n").status(1);
    let said = done.stderr();
    let objects: Vec<serde_json::Value> =
        said.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<&str> = objects.iter().map(|object| object["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["started", "failed", "ended"], "{said}");
    assert!(objects.iter().all(|object| object["v"] == 1));
    assert_eq!((&objects[0]["total"], &objects[1]["seq"]), (&3.into(), &2.into()));
    let ended = &objects[2];
    for (key, value) in [("read", 3), ("ok", 2), ("failed", 1), ("not_run", 0)] {
        assert_eq!(ended[key], value, "{ended}");
    }
}

#[test]
fn in_ci_a_short_run_says_nothing() {
    parjob("square 3").env("CI", "1").run().prints("9\n").is_silent().succeeds();
    shell("seq 100000 | parjob --progress lines square >/dev/null").run().is_silent().succeeds();
}

#[test]
fn json_tells_of_the_progress_of_a_long_run() {
    let run = shell("(echo 2; sleep 1.5; echo 3) | parjob --progress json square").run().prints("4\n9\n").succeeds();
    let said = run.stderr();
    let progress = said.lines().filter(|line| line.contains("\"event\":\"progress\"")).count();
    assert!(progress >= 1 && said.contains("\"read\":1"), "{said}");
}
