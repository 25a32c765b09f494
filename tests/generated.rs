//! The manual pages and completions in the repository are those that the program's description makes.
//!
//! `PARJOB_BLESS=1 cargo test generated` writes them anew.

use std::collections::BTreeSet;

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use parjob::op::{OPERATIONS, Operation};

use crate::golden::{project, same};
use crate::harness::{program, shell};

const SHELLS: [(Shell, &str); 5] = [
    (Shell::Bash, "parjob.bash"),
    (Shell::Zsh, "_parjob"),
    (Shell::Fish, "parjob.fish"),
    (Shell::Elvish, "parjob.elv"),
    (Shell::PowerShell, "_parjob.ps1"),
];

/// A page under way.
#[derive(Default)]
struct Page(Vec<u8>);

impl Page {
    /// The title, the name and the synopsis.
    fn head(man: &Man, name: &str, summary: &str) -> Page {
        let mut page = Page::default();
        man.render_title(&mut page.0).unwrap();
        page.text("NAME", &format!("{name} - {summary}"));
        man.render_synopsis_section(&mut page.0).unwrap();
        page
    }

    /// A section of running text.
    fn text(&mut self, heading: &str, text: &str) {
        self.write(Roff::new().control("SH", [heading]).text([roman(text)]));
    }

    /// Lines as they are, indented.
    fn verbatim(&mut self, text: &str) {
        let mut roff = Roff::new();
        roff.control("RS", ["4"]).control("nf", []);
        text.lines().for_each(|line| _ = roff.text([roman(line)]));
        self.write(roff.control("fi", []).control("RE", []));
    }

    /// A section of lines as they are.
    fn listing(&mut self, heading: &str, text: &str) {
        self.write(Roff::new().control("SH", [heading]));
        self.verbatim(text);
    }

    fn write(&mut self, roff: &Roff) {
        roff.to_writer(&mut self.0).unwrap();
    }

    fn finish(self) -> String {
        // What the generators leave at the ends of lines.
        String::from_utf8(self.0).unwrap().lines().map(|line| format!("{}\n", line.trim_end())).collect()
    }
}

/// Without the two blanks that lines of help begin with.
fn outdented(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect()
}

/// `parjob(1)`.
fn main_page() -> String {
    let command = parjob::cli::command();
    let help = |text: Option<&clap::builder::StyledStr>| text.unwrap().to_string();
    let (about, before, after) =
        (help(command.get_about()), help(command.get_before_help()), help(command.get_after_help()));
    let (examples, items) = before.split_once("\n\n").unwrap();
    let (items, ways) = items.split_once('\n').unwrap();
    // The options that the help on one screen leaves out too.
    let man = Man::new(command.mut_args(|arg| arg.hide_short_help(false)));
    let mut page = Page::head(&man, "parjob", &about);
    page.text("DESCRIPTION", &format!("{about}, and prints the results in order. {items}"));
    page.verbatim(&outdented(ways));
    page.write(Roff::new().control("SH", ["OPERATIONS"]));
    for operation in OPERATIONS {
        let name = bold(format!("parjob-{}", operation.name));
        page.write(Roff::new().control("TP", []).text([name, roman("(1)")]).text([roman(operation.summary)]));
    }
    man.render_options_section(&mut page.0).unwrap();
    page.listing("EXAMPLES", &outdented(examples.split_once('\n').unwrap().1));
    page.listing("EXIT STATUS", &outdented(after.split_once('\n').unwrap().1));
    page.text("NOTES", "parjob explain, before any command line, shows what it would do, and why, without doing it.");
    page.finish()
}

/// The page of an operation.
fn operation_page(operation: &Operation) -> String {
    let name = format!("parjob-{}", operation.name);
    // Not built as a part of parjob, so it has not inherited the options of every run.
    let command: Command = parjob::cli::command().find_subcommand(operation.name).unwrap().clone();
    let placeholders = command.get_after_help().map(ToString::to_string);
    let command = command.mut_args(|arg| arg.hide_short_help(false));
    let man = Man::new(command.bin_name(format!("parjob {}", operation.name)))
        .title(&name)
        .source(format!("parjob {}", env!("CARGO_PKG_VERSION")));
    let mut page = Page::head(&man, &name, operation.summary);
    page.text("DESCRIPTION", operation.about);
    if let Some(placeholders) = placeholders {
        page.listing("PLACEHOLDERS", &outdented(placeholders.split_once('\n').unwrap().1));
    }
    man.render_options_section(&mut page.0).unwrap();
    page.write(Roff::new().control("PP", []).text([
        roman("The options of every run, such as --jobs, --range, --format and --output, go here too: see "),
        bold("parjob"),
        roman("(1)."),
    ]));
    let examples = operation.examples.iter().map(|example| format!("$ {}\n{}", example.command, example.output));
    page.listing("EXAMPLES", &examples.collect::<String>());
    page.write(Roff::new().control("SH", ["SEE ALSO"]).text([bold("parjob"), roman("(1)")]));
    page.finish()
}

fn completions(shell: Shell) -> String {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut parjob::cli::command(), "parjob", &mut bytes);
    String::from_utf8(bytes).unwrap()
}

fn files(folder: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(project(folder)).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn manual_pages_are_up_to_date() {
    same("man/parjob.1", &main_page());
    for operation in OPERATIONS {
        same(&format!("man/parjob-{}.1", operation.name), &operation_page(operation));
    }
    let names = OPERATIONS.iter().map(|operation| format!("parjob-{}.1", operation.name));
    assert_eq!(files("man"), names.chain(["parjob.1".into()]).collect());
}

#[test]
fn completions_are_up_to_date() {
    for (shell, name) in SHELLS {
        same(&format!("completions/{name}"), &completions(shell));
    }
    assert_eq!(files("completions"), SHELLS.iter().map(|(_, name)| (*name).into()).collect());
}

/// What bash offers for the last of these words.
fn bash_offers(words: &str) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    let script = format!(
        "bash -c '. {}; COMP_WORDS=({}); COMP_CWORD={}; _parjob parjob {} {}; printf \"%s\\n\" \"${{COMPREPLY[@]}}\"'",
        project("completions/parjob.bash").display(),
        words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
        words.last().map(|word| format!("\"{word}\"")).unwrap(),
        words.get(words.len() - 2).map(|word| format!("\"{word}\"")).unwrap(),
    );
    let done = shell(&script).run().succeeds();
    String::from_utf8_lossy(done.stdout()).into_owned()
}

#[test]
fn bash_completes() {
    assert!(program().exists());
    if shell("command -v bash").run().stdout().is_empty() {
        return;
    }
    assert_eq!(bash_offers("parjob --ra"), "--range\n");
    assert_eq!(bash_offers("parjob squ"), "square\n");
    assert_eq!(bash_offers("parjob pi --se"), "--seed\n");
    assert_eq!(bash_offers("parjob square --unor"), "--unordered\n");
    assert_eq!(bash_offers("parjob square --format j"), "jsonl\n");
    assert!(bash_offers("parjob help m").contains("mean\n"));
}
