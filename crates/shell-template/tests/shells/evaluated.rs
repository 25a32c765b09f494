//! What shells evaluate, and the tables that say so: a script is refused, warned of, or harmless in each real shell, and
//! each row of the tables is about something.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use parjob_shell_template::quote::interpreters::{PROGRAMS, Takes};
use parjob_shell_template::quote::shells::{BUILTINS, Reads, Shell, Shells, VARIABLES};

use crate::has;
use crate::{compiled_for, item};

/// The shells, by the names of their programs.
pub(super) const SHELLS: [(&str, Shells); 7] = [
    ("dash", Shells::DASH),
    ("bash", Shells::BASH),
    ("busybox", Shells::ASH),
    ("mksh", Shells::MKSH),
    ("zsh", Shells::ZSH),
    ("ksh93", Shells::KSH93),
    ("yash", Shells::YASH),
];

/// What is run, or assigns to `pwned`, where it is evaluated.
const PAYLOADS: [&str; 7] =
    ["a[$(:>PWN)]", "PATH[$(:>PWN)]", "$(:>PWN)", ":>PWN", "-va[$(:>PWN)]", "($(:>PWN))", "PATH[pwned=7]"];

/// Whether a shell evaluates this value in a script.
fn evaluates(shell: &str, script: &[u8], arguments: &[Vec<u8>]) -> bool {
    let dir = tempfile::tempdir().unwrap();
    // With its whole group: a shell that forks again and again leaves nothing behind.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "5", shell]).args((shell == "busybox").then_some("ash")).arg("-c");
    command.arg(OsStr::from_bytes(&[script, b"\necho \"<$pwned>\""].concat())).arg("sh");
    command.args(arguments.iter().map(|argument| OsStr::from_bytes(argument)));
    let output = command.current_dir(dir.path()).env("HOME", dir.path()).stdin(Stdio::null()).output().unwrap();
    dir.path().join("PWN").exists() || String::from_utf8_lossy(&output.stdout).contains("<7>")
}

/// Fails if a shell evaluates a value in one of these scripts that is neither refused nor warned of.
#[track_caller]
pub(super) fn holds(scripts: &[String]) {
    let shells: Vec<_> = SHELLS.into_iter().filter(|(shell, _)| has(shell)).collect();
    let silent = |(shell, script): (&'static str, &String)| {
        let compiled = compiled_for(shell, script).ok().filter(|compiled| compiled.warnings().is_empty())?;
        let found = PAYLOADS.into_iter().find(|payload| {
            let mut words = Vec::new();
            compiled.arguments(&[item(payload.as_bytes())], &mut words);
            evaluates(shell, &compiled.text(1), &words)
        })?;
        Some(format!("{shell}: {script:?} of {found}"))
    };
    let found: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = shells
            .iter()
            .map(|(shell, _)| {
                scope.spawn(move || scripts.iter().filter_map(|script| silent((shell, script))).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn y1_each_variable_of_the_table_is_refused_or_warned_of_by_name() {
    let mut silent = Vec::new();
    for row in VARIABLES {
        for (shell, _) in SHELLS.into_iter().filter(|(_, kind)| row.shells == (row.shells | *kind)) {
            for name in row.names {
                // What the message names: the variable, or what would be given its name.
                for (script, names) in [
                    (format!("{name}={{}}"), *name),
                    (format!("{name}+={{}}"), name),
                    (format!("export {name}={{}}"), name),
                    (format!("export \"{name}={{}}\""), name),
                    (format!("for {name} in {{}}; do :; done"), name),
                    (format!("read {name} <<E\n{{}}\nE"), name),
                    (format!("x={{}}; {name}=$x"), name),
                    (format!("set -- {{}}; {name}=$1"), name),
                    (format!("v={name}; export \"$v={{}}\""), "`export`"),
                ] {
                    let told = match compiled_for(shell, &script) {
                        Ok(script) => script.warnings().join("|"),
                        Err(refused) => refused.replace(&script, ""),
                    };
                    if !told.contains(names) {
                        silent.push(format!("{shell}: {script}: {told:?}"));
                    }
                }
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn y1_integers_of_the_table_are_evaluated_by_the_real_shells() {
    let mut unused = Vec::new();
    for row in VARIABLES.iter().filter(|row| row.reads == Reads::Integer) {
        for (shell, _) in SHELLS.into_iter().filter(|(shell, kind)| row.shells == (row.shells | *kind) && has(shell)) {
            for name in row.names {
                let ways = [
                    format!("{name}=$1; : ${name}"),
                    // bash evaluates SECONDS only where another name stands for it.
                    format!("typeset -n r={name}; r=$1"),
                    format!("{name}=$1 && {name}=3"),
                    format!("{name}+=$1"),
                    // zsh evaluates these only when it looks at them: at a stack of folders, behind a program.
                    format!("{name}=$1; pushd .; pushd .; command sleep 0"),
                ];
                let is = ways.iter().any(|way| {
                    PAYLOADS.iter().any(|value| evaluates(shell, way.as_bytes(), &[value.as_bytes().to_vec()]))
                });
                if !is {
                    unused.push(format!("{shell} does not evaluate {name}: take it out of the table"));
                }
            }
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn y5_builtins_of_the_table_are_refused_or_warned_of_where_they_evaluate() {
    for (script, name) in [
        ("[ {} -eq 5 ]", "["),
        ("test 5 -lt {}", "test"),
        ("x={}; [ $x -gt 1 ]", "["),
        ("shift {}", "shift"),
        ("exit {}", "exit"),
        ("f() { return {}; }; f", "return"),
        ("while :; do break {}; done", "break"),
        ("ulimit -n {}", "ulimit"),
        ("printf %d {}", "printf"),
        ("repeat {} :", "repeat"),
        ("let {}", "let"),
        ("unset {}", "unset"),
        ("export {}", "export"),
    ] {
        let row = BUILTINS.iter().find(|row| row.names.contains(&name)).unwrap();
        for (shell, _) in SHELLS.into_iter().filter(|(_, kind)| row.shells == (row.shells | *kind)) {
            let compiled = compiled_for(shell, script);
            assert!(compiled.is_err() || !compiled.unwrap().warnings().is_empty(), "{shell}: {script}");
        }
    }
    for script in ["[ {} -eq 5 ]", "shift {}", "exit {}", "[ -t {} ]", "printf %d {}"] {
        for shell in ["dash", "bash", "busybox", "yash"] {
            assert_eq!(compiled_for(shell, script).unwrap().warnings(), [""; 0], "{shell}: {script}");
        }
    }
}

/// A command in which the program is given a value there.
fn example(name: &str, takes: Takes) -> Option<String> {
    let words = |n: usize| "w ".repeat(n);
    Some(match takes {
        Takes::Option(options) | Takes::Leading(options) => format!("{name} {} {{}}", options[0]),
        Takes::Operand(n) if name == "parjob" => format!("{name} sh {{}} {}", words(n - 1)),
        Takes::Operand(n) | Takes::From(n) => format!("{name} {}{{}}", words(n)),
        Takes::Beginning([]) => format!("{name} NAME={{}}"),
        Takes::Beginning(with) => format!("{name} {}{{}}", with[0]),
        Takes::File(options) => format!("echo {{}} > f; {name} {} f", options[0]),
        Takes::Script(n) => format!("echo {{}} > f; {name} {}f", words(n)),
        Takes::Input(n) => format!("{name} {}<<E\n{{}}\nE", words(n.min(1))),
        Takes::Runs(n) => format!("{name} {}sh -c {{}}", words(n)),
        Takes::RunsBehind(options) => format!("{name} w {} sh -c {{}}", options[0]),
        Takes::Fills if name == "parjob" => return None,
        Takes::Fills => format!("echo {{}} | {name} sh -c"),
    })
}

#[test]
fn y4_each_place_of_the_table_of_programs_is_warned_of_by_the_name_of_the_program() {
    let mut silent = Vec::new();
    for program in PROGRAMS {
        for name in program.names.iter().filter(|name| !name.contains(' ')) {
            for script in program.takes.iter().filter_map(|takes| example(name, *takes)) {
                let compiled = compiled_for("bash", &script);
                let told = compiled.map_or_else(|refused| refused, |compiled| compiled.warnings().join("|"));
                let named = if *name == "." { "source" } else { name };
                if !told.contains(&format!("`{named}`")) && !told.contains("`sh`") {
                    silent.push(format!("{script}: {told:?}"));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn y5_an_unknown_shell_is_told_once_and_taken_for_all() {
    let known = parjob_shell_template::placeholder::Known { fields: Some(1), ..Default::default() };
    let shell = Shell::of(b"/opt/newsh", None);
    let script = parjob_shell_template::quote::Script::compile(b"echo {}", &known, &shell).unwrap();
    assert_eq!(script.warnings().len(), 1);
    assert!(script.warnings()[0].starts_with("newsh is not among the shells"), "{:?}", script.warnings());
    assert!(parjob_shell_template::quote::Script::compile(b"RANDOM={}", &known, &shell).is_err());
    for (name, _) in SHELLS {
        assert!(Shell::of(name.as_bytes(), None).unknown.is_none(), "{name}");
    }
    assert_eq!(Shell::of(b"sh", None).kinds, Shells::ALL);
}
