//! docs/operations.md against the registry: nothing that exists is missing, nothing is there that does not exist.
//! Its examples are run with those of the other documents ([`crate::readme`]).

use parjob::op::{OPERATIONS, REDUCERS, find};

use crate::golden::project;
use crate::harness::parjob;

/// The sections of the document: heading and text.
fn sections() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(project("docs/operations.md")).unwrap();
    let sections = text.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    sections.map(|(heading, text)| (heading.to_owned(), text.to_owned())).collect()
}

#[test]
fn each_operation_has_a_section_in_the_order_of_the_registry() {
    let documented: Vec<String> =
        sections().into_iter().map(|(heading, _)| heading).filter(|heading| find(heading).is_some()).collect();
    assert_eq!(documented, OPERATIONS.iter().map(|operation| operation.name).collect::<Vec<_>>());
}

#[test]
fn each_section_names_the_parameters_and_shows_the_examples() {
    for (name, text) in sections() {
        let Some(operation) = find(&name) else { continue };
        for param in operation.params {
            let row = text.lines().find(|line| line.starts_with(&format!("| `--{}", param.name)));
            let row = row.unwrap_or_else(|| panic!("{name}: no row for --{}", param.name));
            assert!(param.default.is_none_or(|default| row.ends_with(&format!("| {default} |"))), "{name}: {row}");
        }
        for example in operation.examples {
            let transcript = format!("\n$ {}\n{}", example.command, example.output);
            assert!(text.contains(&transcript), "{name}: no example {}", example.command);
        }
    }
}

#[test]
fn a_parameter_that_does_not_exist_is_not_described() {
    for (name, text) in sections() {
        let Some(operation) = find(&name) else { continue };
        for row in text.lines().filter_map(|line| line.strip_prefix("| `--")) {
            let param = row.split([' ', '`']).next().unwrap();
            assert!(operation.params.iter().any(|known| known.name == param), "{name}: --{param}");
        }
    }
}

#[test]
fn folds_and_reducers_are_named_as_such() {
    let text = std::fs::read_to_string(project("docs/operations.md")).unwrap();
    let intro = text.split("\n## ").next().unwrap();
    for operation in OPERATIONS {
        assert!(intro.contains(&format!("`{}`", operation.name)), "{}", operation.name);
        let reduces = REDUCERS.iter().any(|reducer| reducer.operation.name == operation.name);
        let status = if reduces { 0 } else { 2 };
        parjob(&format!("--range 1:3 square --reduce {}", operation.name)).run().status(status);
    }
}
