//! The documents tell the truth: each console block of README.md and docs/ is run, and prints what it shows.
//!
//! A block that begins with ```` ```console ```` is a transcript. A line that begins with `$ ` is a command, lines
//! that begin with `> ` go on with it, and the lines after are what a terminal shows: standard output and
//! standard error together. The commands of a block share one shell, in an empty folder of its own, with the
//! parjob under test on its PATH. `…` stands for anything within a line, or, alone on a line, for any lines.
//! ```` ```console needs=jq ```` is passed over where there is no `jq`, and `operation=hash` where parjob is built without
//! that operation; with `photos` the folder holds those of docs/photos. What is not to be run says so: `text`.

use std::path::PathBuf;

use crate::golden::project;
use crate::harness::{has, shell};

/// A fenced block.
struct Block {
    place: String,
    kind: String,
    lines: Vec<String>,
}

/// A command and what it shows.
#[derive(Debug, PartialEq)]
struct Step {
    command: String,
    shows: Vec<String>,
}

/// README.md and every document in docs/.
fn documents() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(project("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut documents: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    documents.push(project("README.md"));
    documents.sort();
    documents
}

fn blocks(path: &PathBuf) -> Vec<Block> {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let (mut blocks, mut open): (Vec<Block>, Option<Block>) = (Vec::new(), None);
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => {
                let place = format!("{name}:{}", number + 1);
                open = Some(Block { place, kind: kind.into(), lines: Vec::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => block.lines.push(line.into()),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{name} ends within a block");
    blocks
}

fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in &block.lines {
        match (line.strip_prefix("$ "), line.strip_prefix("> "), steps.last_mut()) {
            (Some(command), _, _) => steps.push(Step { command: command.into(), shows: Vec::new() }),
            (_, Some(more), Some(step)) if step.shows.is_empty() => step.command += &format!("\n{more}"),
            (_, _, Some(step)) => step.shows.push(line.clone()),
            _ => panic!("{}: output before the first command: {line}", block.place),
        }
    }
    steps
}

/// Whether a document's lines show what came. `…` alone stands for any lines.
fn shows(shown: &[String], got: &[&str]) -> bool {
    match (shown, got) {
        ([], []) => true,
        ([dots, rest @ ..], _) if dots == "…" => (0..=got.len()).any(|skip| shows(rest, &got[skip..])),
        ([line, rest @ ..], [first, more @ ..]) => shows_line(line, first) && shows(rest, more),
        _ => false,
    }
}

/// Whether a line shows what came. `…` stands for anything.
fn shows_line(shown: &str, got: &str) -> bool {
    match shown.split_once('…') {
        None => shown == got,
        Some((head, tail)) => got.strip_prefix(head).is_some_and(|got| {
            got.char_indices().map(|(at, _)| at).chain([got.len()]).any(|at| shows_line(tail, &got[at..]))
        }),
    }
}

/// Runs the steps of a block; what each command showed. They share a shell, and each sees the status of the last.
fn run(steps: &[Step], photos: bool) -> Vec<String> {
    const END: &str = "=== end of a step ===\n";
    let mut script = String::from("exec 2>&1 < /dev/null\n");
    for step in steps {
        let command = step.command.replace("cargo run --release --", "parjob");
        script += &format!("{command}\nstatus=$?\nprintf '{}'\n(exit $status)\n", END.replace('\n', "\\n"));
    }
    let test = shell(&script);
    let done = if photos { test.photos().run() } else { test.run() };
    let text = String::from_utf8_lossy(done.stdout()).into_owned();
    text.split(END).map(str::to_owned).collect()
}

/// Whether the programs that a block needs are on this machine, and its operation in parjob.
fn can_run(block: &Block) -> bool {
    block.kind.split_whitespace().skip(1).all(|word| match word.split_once('=') {
        Some(("needs", program)) => has(program),
        Some(("operation", name)) => parjob::op::find(name).is_some(),
        None if word == "photos" => true,
        _ => panic!("{}: what is {word}?", block.place),
    })
}

/// What a block shows that does not come, told for each command.
fn lies(block: &Block) -> Vec<String> {
    let steps = steps(block);
    let runs = run(&steps, block.kind.contains("photos"));
    let told = |(step, got): (&Step, &String)| {
        let lines: Vec<&str> = got.lines().collect();
        let (place, shown) = (&block.place, step.shows.join("\n"));
        let lie = !shows(&step.shows, &lines);
        lie.then(|| format!("{place}: $ {}\nshows:\n{shown}\nbut this comes:\n{got}", step.command))
    };
    steps.iter().zip(&runs).filter_map(told).collect()
}

#[test]
fn every_console_block_shows_what_comes() {
    let blocks: Vec<Block> = documents().iter().flat_map(blocks).collect();
    for block in &blocks {
        let kind = block.kind.split_whitespace().next();
        assert!(matches!(kind, Some("console" | "text")), "{}: a block is either console or text", block.place);
    }
    let transcripts: Vec<&Block> =
        blocks.iter().filter(|block| block.kind.starts_with("console") && can_run(block)).collect();
    assert!(transcripts.len() >= 30, "only {} blocks are run", transcripts.len());
    let lies: Vec<String> = transcripts.iter().flat_map(|block| lies(block)).collect();
    assert!(lies.is_empty(), "{}", lies.join("\n"));
}

#[test]
fn the_two_commands_for_a_fresh_machine_are_there() {
    let text = std::fs::read_to_string(project("README.md")).unwrap();
    assert!(text.contains("$ printf '%s\\n' 1 2 3 4 5 6 7 8 9 | cargo run --release -- --jobs 5 --chunk 3 square\n"));
    assert!(text.contains("\n```text\ncargo test\n```\n"));
}

#[test]
fn every_link_leads_to_a_file() {
    for path in documents() {
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap_or_default();
            let there = file.is_empty() || file.contains("://") || path.parent().unwrap().join(file).exists();
            assert!(there, "{}: no such file: {link}", path.display());
        }
    }
}

#[test]
fn a_block_that_lies_is_found() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(shows(&lines("a\n…\nz"), &["a", "b", "c", "z"]) && shows(&lines("a\n…"), &["a"]));
    assert!(shows_line("it took … s, …/s", "it took 0.001 s, 7/s"));
    for (shown, got) in [("a", vec!["b"]), ("a", vec!["a", "b"]), ("a\nb", vec!["a"]), ("… s", vec!["3 m"])] {
        assert!(!shows(&lines(shown), &got), "{shown}");
    }
    let block = Block {
        place: "here".into(),
        kind: "console".into(),
        lines: lines("$ echo a\n> echo b\na\nb\n$ false\n$ echo $?\n1"),
    };
    let steps = steps(&block);
    assert_eq!(steps.len(), 3);
    assert_eq!(run(&steps, false), ["a\nb\n", "", "1\n", ""]);
    let lie = Block { lines: lines("$ parjob square 2\n5"), ..block };
    assert_eq!(lies(&lie).len(), 1);
}
