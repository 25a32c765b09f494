//! Holds the house: which room may know which, where unsafe code may stand, how long a function may be. It reads the sources as text; rustfmt makes them regular enough for that.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A function of more lines, tests left out, must be named by docs/design.md. A file is one idea, however long: a limit
/// on its lines cut types where it was reached, not at a seam.
const LONG: usize = 60;

fn design() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/design.md")).unwrap()
}

/// The rows of the table of docs/design.md that begins with this head, each as its cells.
fn table(head: &str) -> Vec<Vec<String>> {
    let text = design();
    let rows: Vec<Vec<String>> = text
        .lines()
        .skip_while(|line| *line != head)
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect();
    assert!(!rows.is_empty(), "docs/design.md has no table {head}");
    rows
}

/// The rooms of the house, from the ground up, each with the rooms that it may import. They all stand above it in the
/// table, so nothing imports upwards and no two rooms need each other.
fn rooms() -> Vec<(String, Vec<String>)> {
    let list = |cell: &str| cell.split(", ").filter(|room| !room.is_empty()).map(str::to_owned).collect();
    table("| room | what it does | may import |").iter().map(|row| (row[0].clone(), list(&row[2]))).collect()
}

/// A source file.
struct Source {
    /// From the package's folder.
    path: PathBuf,
    lines: Vec<String>,
    /// Where its inline tests begin; its length where there are none.
    tests: usize,
}

impl Source {
    fn read(path: PathBuf) -> Source {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path)).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let tests = lines.iter().position(|line| line.starts_with("mod tests {")).unwrap_or(lines.len());
        // The attributes above belong to them.
        let head = lines[..tests].iter().rev().take_while(|line| line.starts_with("#[")).count();
        Source { path, tests: tests - head, lines }
    }

    /// The top-level module to which the file belongs.
    fn room(&self) -> &str {
        let first = self.path.components().nth(1).unwrap().as_os_str().to_str().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many modules the file is in: a room's own file in one, a file inside it in two.
    fn depth(&self) -> usize {
        let inside = self.path.components().count() - 1;
        if self.path.ends_with("mod.rs") { inside - 1 } else { inside }
    }

    /// The lines with their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        self.lines
            .iter()
            .map(String::as_str)
            .enumerate()
            .map(|(n, line)| (n + 1, line))
            .filter(move |(_, l)| is_code(l))
    }

    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

fn sources() -> Vec<Source> {
    files(vec![PathBuf::from("src")])
}

/// Those of the crates as well.
fn all_sources() -> Vec<Source> {
    files(vec![PathBuf::from("src"), PathBuf::from("crates")])
}

fn files(mut folders: Vec<PathBuf>) -> Vec<Source> {
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if Path::new(env!("CARGO_MANIFEST_DIR")).join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(Source::read(path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 30, "these are not the sources");
    found
}

/// The rooms that a line names: `crate::run::Policy`, `crate::{output, source}`, `parjob::cli::main`.
fn named(line: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for (at, root) in line.match_indices("crate::").chain(line.match_indices("parjob::")) {
        // `$crate` and `subcrate` are other words.
        if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &line[at + root.len()..];
        let words = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        let first = |word: &str| word.trim_start().len() - word.trim_start().trim_start_matches(is_word).len();
        rooms.extend(words.into_iter().map(|word| &word.trim_start()[..first(word)]).filter(|word| !word.is_empty()));
    }
    rooms
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Fails with the whole list, so that one run of the test shows all there is to mend.
#[track_caller]
fn none(what: &str, found: &[String]) {
    let list = found.iter().fold(String::new(), |mut list, line| {
        writeln!(list, "  {line}").unwrap();
        list
    });
    assert!(found.is_empty(), "{what}:\n{list}");
}

#[test]
fn the_table_of_rooms_leads_downwards() {
    let rooms = rooms();
    for (place, (room, may)) in rooms.iter().enumerate() {
        for lower in may {
            let stands = rooms.iter().position(|(name, _)| name == lower);
            assert!(stands.is_some_and(|stands| stands < place), "{lower} does not stand above {room} in the table");
        }
    }
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut wrong = Vec::new();
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let rooms = rooms();
    for source in sources().iter().filter(|source| source.room() != "lib") {
        let Some((room, may)) = rooms.iter().find(|(room, _)| room == source.room()) else {
            wrong.push(format!("{}: the room {:?} is not in the table", source.at(1), source.room()));
            continue;
        };
        for (line, text) in source.code() {
            for other in named(text).into_iter().filter(|other| other != room) {
                if !may.iter().any(|room| room == other) {
                    wrong.push(format!("{}: {room} may not import {other}: {}", source.at(line), text.trim()));
                }
                used.entry(room.to_string()).or_default().insert(other.to_owned());
            }
        }
    }
    none("rooms that know too much (the table is in docs/design.md)", &wrong);
    for (room, may) in &rooms {
        let used = used.remove(room).unwrap_or_default();
        let unused: Vec<_> = may.iter().filter(|other| !used.contains(*other)).collect();
        assert!(unused.is_empty(), "{room} may import {unused:?} and does not: take them out of the table");
    }
}

#[test]
fn the_way_to_another_room_begins_with_crate() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (line, text) in source.code() {
            let inline = usize::from(line > source.tests);
            let climbs = (1..8).take_while(|n| text.contains(&"super::".repeat(*n))).count();
            // As many steps as there are modules lead to the root of the crate.
            if climbs >= source.depth() + inline {
                wrong.push(format!("{}: {}", source.at(line), text.trim()));
            }
        }
    }
    none("write crate:: to leave a room", &wrong);
}

#[test]
fn no_crate_but_sys_may_hold_unsafe_code() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &Path| std::fs::read_to_string(path.join("Cargo.toml")).unwrap();
    assert!(read(top).contains("[workspace.lints.rust]\nunsafe_code = \"forbid\""));
    let members = std::fs::read_dir(top.join("crates")).unwrap().map(|entry| entry.unwrap().path());
    for member in members.chain([top.to_path_buf()]).filter(|member| !member.ends_with("sys")) {
        assert!(read(&member).contains("[lints]\nworkspace = true"), "{} has lints of its own", member.display());
    }
}

#[test]
fn every_file_says_first_what_it_is() {
    let silent =
        all_sources().into_iter().filter(|source| !source.lines.first().is_some_and(|line| line.starts_with("//! ")));
    none("files without a header (//! …)", &silent.map(|source| source.at(1)).collect::<Vec<_>>());
}

/// Functions of more than [`LONG`] lines, as `name in file`.
fn long_functions() -> BTreeMap<String, usize> {
    let mut long = BTreeMap::new();
    for source in all_sources() {
        for (line, text) in source.code().filter(|(line, text)| *line <= source.tests && is_function(text)) {
            let indent = text.len() - text.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let rest = &source.lines[line - 1..];
            // A function without a body, or on a single line, has no such end of its own.
            let has_body =
                rest.iter().find(|line| line.ends_with([';', '{', '}'])).is_some_and(|line| line.ends_with('{'));
            let length = rest.iter().position(|line| *line == end).map_or(0, |end| end + 1);
            if has_body && length > LONG {
                let name = text.split("fn ").nth(1).unwrap().split(|c| !is_word(c)).next().unwrap();
                long.insert(format!("{name} in {}", source.path.display()), length);
            }
        }
    }
    long
}

#[test]
fn long_functions_are_those_that_the_design_names() {
    let named: BTreeSet<String> = table("| function | why |").into_iter().map(|row| row[0].clone()).collect();
    let found: BTreeSet<String> = long_functions().into_keys().collect();
    assert_eq!(found, named, "functions of more than {LONG} lines, and those that docs/design.md names");
}

#[test]
fn paths_that_the_design_names_exist() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let roots: Vec<PathBuf> = [".", "src", "crates/pictures/src"].iter().map(|root| top.join(root)).collect();
    let is_path = |word: &&str| word.contains('/') && word.chars().all(|c| is_word(c) || "/.-".contains(c));
    let text = design();
    let paths: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_path).collect();
    assert!(paths.len() > 30, "these are not all paths");
    let exists = |path: &&&str| roots.iter().any(|root| root.join(path).exists());
    let missing: Vec<String> = paths.iter().filter(|path| !exists(path)).map(|path| (*path).to_owned()).collect();
    none("paths in docs/design.md that do not exist", &missing);
}

fn is_function(line: &str) -> bool {
    let words = line.split_whitespace();
    let mut rest = words.skip_while(|word| {
        word.starts_with("pub")
            || word.starts_with("in")
            || ["const", "async", "unsafe", "extern", "\"C\""].contains(word)
    });
    rest.next() == Some("fn")
}

mod of_the_scan {
    use super::*;

    #[test]
    fn imports_are_found_in_every_form() {
        assert_eq!(named("use crate::run::{self, Policy};"), ["run"]);
        assert_eq!(named("use crate::{output, source};"), ["output", "source"]);
        assert_eq!(
            named("    crate::start::start(*plan).unwrap_or_else(|e| crate::start::fail(&e))"),
            ["start", "start"]
        );
        assert_eq!(named("    parjob::cli::main(args)"), ["cli"]);
        assert_eq!(named("$crate::x, subcrate::y"), [""; 0]);
    }

    #[test]
    fn functions_are_found_in_every_form() {
        for line in ["fn f() {", "    pub(crate) fn f(", "pub const fn f() {", "extern \"C\" fn look() {"] {
            assert!(is_function(line), "{line}");
        }
        for line in ["let f = fn_of(x);", "    f: fn(u8) -> u8,", "type F = fn();"] {
            assert!(!is_function(line), "{line}");
        }
    }
}

/// The files of the package with the lines of their code, inline tests left out.
fn lines_of_code() -> Vec<(String, String)> {
    let code = |source: Source| {
        let path = source.path.display().to_string();
        let lines =
            source.code().filter(|(line, _)| *line <= source.tests).map(|(_, text)| (path.clone(), text.to_owned()));
        lines.collect::<Vec<_>>()
    };
    let is_test = |source: &Source| source.path.ends_with("tests.rs") || source.path.ends_with("testing.rs");
    sources().into_iter().filter(|source| !is_test(source)).flat_map(code).collect()
}

fn holding(text: &str) -> Vec<String> {
    lines_of_code().into_iter().filter(|(_, line)| line.contains(text)).map(|(path, _)| path).collect()
}

#[test]
fn what_all_workers_share_is_there_once() {
    assert_eq!(holding("Engine for "), ["src/engine/local.rs"]);
    let threads: Vec<String> = holding("WORKER.into()");
    assert!(threads.len() <= 2 && threads.iter().all(|path| path == "src/engine/threads.rs"), "{threads:?}");
    assert_eq!(holding("retry.may_follow(").len(), 1, "another attempt is decided in one place");
}

#[test]
fn an_item_passes_few_files() {
    let rows = table("| `square` | `run` | `py` |");
    let column = |at: usize| rows.iter().map(move |row| row[at].as_str()).filter(|path| !path.is_empty());
    for (at, most) in [(0, 14), (1, 16), (2, 18)] {
        let files: BTreeSet<&str> = column(at).collect();
        assert!((10..=most).contains(&files.len()), "{files:?}");
    }
}
