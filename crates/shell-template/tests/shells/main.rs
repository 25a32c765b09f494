//! Values in shell scripts: through real shells, in every place where one is allowed, each arrives byte for byte and
//! runs nothing (X1).
//!
//! A property is tried with hundreds of scripts and values, so a shell is started once for all of them: it runs each
//! script in a subshell of its own, with the values as parameters.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use bstr::ByteSlice;
use parjob_shell_template::placeholder::Known;
use parjob_shell_template::quote::Script;
use parjob_shell_template::quote::shells::Shell;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use parjob_shell_template::Values;

mod evaluated;
mod hostile_scripts;
mod ordinary;
mod random;

const SHELLS: [&str; 7] = ["dash", "bash", "busybox", "mksh", "zsh", "ksh93", "yash"];

/// yash reads its arguments as text in the encoding of its locale, and has no others.
fn takes(shell: &str, value: &[u8]) -> bool {
    shell != "yash" || std::str::from_utf8(value).is_ok()
}

/// zsh reads both of two here-documents, one behind the other, where other shells read the last.
fn is_for(shell: &str, template: &str) -> bool {
    shell != "zsh" || !template.contains("<<A - <<")
}

/// The shell, killed with all that it has started if it does not end.
fn command(shell: &str) -> Command {
    let mut command = Command::new(program("timeout"));
    command.args(["--signal=KILL", "120"]).arg(program(shell)).args((shell == "busybox").then_some("ash"));
    command.env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// Stands between the outputs of two scripts.
const MARK: &[u8] = b"\0--parjob--\0";

/// What does harm where it is parsed.
const HOSTILE: &[&str] = &[
    "'; touch pwned; '",
    "\"; touch pwned; \"",
    "; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "${x:-$(touch pwned)}",
    "a\n touch pwned\n",
    "E\ntouch pwned",
    "EOF\ntouch pwned\n",
    "\nE\ntouch pwned\n",
    "\tE\n$(touch pwned)",
    "') touch pwned;;",
    "x) touch pwned;; esac",
    "}; touch pwned; {",
    ") touch pwned (",
    "|touch pwned",
    "&touch pwned&",
    "a[$(touch pwned)]",
    "\\",
    "\\\\'\\\"",
    "\\$(touch pwned)",
    "\\`touch pwned\\`",
    "'\"'\"'",
    "\"'\"'\"",
    "'",
    "\"",
    "*",
    "?",
    "[a-z]",
    "{a,b}",
    "~",
    "~root",
    "-n",
    "-e",
    "--",
    "#",
    "!",
    "=",
    "(",
    "",
    " ",
    "\t",
    "\n",
    "a  b",
    " a ",
    "$1",
    "${1}",
    "$@",
    "$$",
    "%s%n",
    "%",
    "\r\n",
    "é日本",
    "{}",
];

/// Whether the machine has this program. If not, says aloud that a test is skipped; `PARJOB_SKIP_NOTHING`, which
/// CI sets, makes that a failure.
fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        assert!(std::env::var_os("PARJOB_SKIP_NOTHING").is_none(), "this test needs {program}");
        let test = std::thread::current().name().unwrap_or_default().to_string();
        // Past the capture of the test runner.
        let _ = writeln!(std::io::stderr(), "skipped: no {program} ({test})");
    }
    found
}

fn item(fields: &[u8]) -> Values<'_> {
    Values { item: fields, names: &[], seq: 1, worker: 1 }
}

fn compiled(template: &str) -> Result<Script, String> {
    let known = Known { fields: Some(1), ..Known::default() };
    Script::compile(template.as_bytes(), &known, &Shell::default()).map_err(|error| format!("{error:#}"))
}

/// The script for this shell alone.
fn compiled_for(shell: &str, template: &str) -> Result<Script, String> {
    let known = Known { fields: Some(1), ..Known::default() };
    let shell = Shell::of(shell.as_bytes(), None);
    Script::compile(template.as_bytes(), &known, &shell).map_err(|error| format!("{error:#}"))
}

/// A script and its value, which is its only argument.
type Run = (Vec<u8>, Vec<u8>);

/// The script of a template with the value in its parameters.
fn run_of(script: &Script, value: &[u8]) -> Run {
    let mut words = Vec::new();
    script.arguments(&[item(value)], &mut words);
    assert!(words.len() <= 1);
    let value = words.pop().unwrap_or_default();
    (script.text(1), value)
}

/// What each of the scripts prints. Fails if any of them has made a file `pwned`.
fn outputs(shell: &str, path: &str, runs: &[Run]) -> Vec<Vec<u8>> {
    let driver = r#"while [ $# -gt 0 ]; do
        ( __script=$1; set -- "$2"; eval " $__script" ) </dev/null 2>/dev/null
        printf '\000--parjob--\000'
        shift 2
    done"#;
    let mut seen = Vec::new();
    for some in runs.chunks(400) {
        let dir = tempfile::tempdir().unwrap();
        let mut command = command(shell);
        command.args(["-c", driver, "sh"]).current_dir(dir.path()).env("PATH", path);
        for (script, value) in some {
            command.args([OsStr::from_bytes(script), OsStr::from_bytes(value)]);
        }
        let output = command.output().unwrap();
        seen.extend(output.stdout.split_str(MARK).map(<[u8]>::to_vec));
        assert_eq!(seen.pop().as_deref(), Some(&b""[..]), "{shell} did not come to its end");
        assert!(!dir.path().join("pwned").exists(), "{shell} ran a value, of one of {some:?}");
    }
    assert_eq!(seen.len(), runs.len());
    seen
}

/// Where a shell is, whatever PATH it is to be given.
fn program(shell: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&path).map(|folder| folder.join(shell)).find(|file| file.is_file()).unwrap()
}

fn path() -> String {
    std::env::var("PATH").unwrap()
}

/// Each place where a value may stand, as a script that prints it with something before it and something behind.
const PLACES: &[(&str, &str, &str)] = &[
    ("printf '%s.' {}", "", "."),
    ("printf '%s.' a{}b", "a", "b."),
    ("printf '%s.'", "", "."),
    ("printf '%s.' 'a{}b'", "a", "b."),
    ("printf '%s.' \"a{}b\"", "a", "b."),
    ("printf '%s.' \"a 'b{}c' d\"", "a 'b", "c' d."),
    ("printf '%s.' 'a \"b{}c\" d'", "a \"b", "c\" d."),
    ("printf '%s.' \\'{}\\\\\"\\\\{}\"", "'", "\\\\V."),
    ("printf '%s.' '$'{}'\\'\"$x{}$$\" | head -c 0; printf '%s.' '${}'", "$", "."),
    ("x={}; printf '%s.' \"$x\"", "", "."),
    ("x=a{}b y=\"$x{}\"; printf '%s.' \"$y\"", "a", "bV."),
    ("x={} sh -c 'printf \"%s.\" \"$x\"'", "", "."),
    ("export x={}; sh -c 'printf \"%s.\" \"$x\"'", "", "."),
    ("sh -c 'printf \"%s.\" \"$@\"' sh {}", "", "."),
    ("printf '%s.' \"$(printf '%s,' {})\"", "", ",."),
    ("printf '%s.' \"$(printf '%s,' \"$(printf '%s;' \"a{}b\")\")\"", "a", "b;,."),
    ("x=$(printf '%s,' 'a{}b'); printf '%s.' \"$x\"", "a", "b,."),
    ("x=`printf '%s,' {}`; printf '%s.' \"$x\"", "", ",."),
    ("printf '%s.' \"`printf '%s,' {}`\"", "", ",."),
    ("printf '%s.' \"`printf '%s,' \"{}\"`\"", "", ",."),
    ("printf '%s.' \"`printf '%s,' \\\"a {}\\\"`\"", "a ", ",."),
    ("printf '%s.' \"`printf '%s,' 'a{}b'`\"", "a", "b,."),
    ("x=`y=\\`printf '%s;' {}\\`; printf '%s,' \"$y\"`; printf '%s.' \"$x\"", "", ";,."),
    ("x=`y=\\`printf '%s;' \"{}\"\\`; printf '%s,' \"$y\"`; printf '%s.' \"$x\"", "", ";,."),
    ("x=$(y=`printf '%s;' \"$(printf '%s:' {})\"`; printf '%s,' \"$y\"); printf '%s.' \"$x\"", "", ":;,."),
    ("cat <<E\na{}b\nE\nprintf .", "a", "b\n."),
    ("cat <<-E\n\ta '{}' \"\n\tE\nprintf .", "a '", "' \"\n."),
    ("cat <<E\n$(printf '%s,' {}) `printf '%s;' {}` ${x:-{}}\nE", "", ", V; V\n"),
    ("cat <<A - <<'B'\n{}\nA\n$( ` '\nB\nprintf '%s.' {}", "$( ` '\n", "."),
    ("{ cat; printf .; } <<E\n\\\\{} \\$x\nE", "\\", " $x\n."),
    ("case {} in a) printf no;; {}) printf '%s.' {};; esac", "", "."),
    ("case x{} in (\"x{}\") printf '%s.' {};; esac", "", "."),
    ("case 'x{}' in x'{}'|a) printf '%s.' {}; esac", "", "."),
    ("x=$(case {} in ({}) printf '%s,' {};; esac); printf '%s.' \"$x\"", "", ",."),
    ("for x in {} b; do printf '%s.' \"$x\"; done", "", ".b."),
    ("for x in b; do for y in a{}; do printf '%s.' \"$y\"; done; done", "a", "."),
    ("x={}; [ \"$x\" = {} ] && printf '%s.' {}", "", "."),
    ("if test a = a{} -o b = b; then printf '%s.' {}; fi", "", "."),
    ("x={}; [[ $x == {} ]] && printf '%s.' {} || printf '%s.' {}", "", "."),
    ("printf '%s.' ${x:-{}} ${x+{}}", "", "."),
    ("printf '%s.' ${x:-a{}'{}'\"{}\"}", "a", "VV."),
    ("printf '%s.' \"${x:-a{}}\"", "a", "."),
    ("x=1; printf '%s.' ${x:+a{}} \"${x+{}}\"", "a", ".V."),
    ("f() { printf '%s.' {} \"$1\"; }; f a", "", ".a."),
    ("set -- a b; shift; printf '%s.' {} \"$@\"", "", ".b."),
    ("for x do printf no; done; printf '%s.' {} $# \"$@\"", "", ".0."),
    ("set -u; while :; do printf '%s.' {}; break; done", "", "."),
    ("true && ( printf '%s.' {} ) | cat", "", "."),
    ("{ printf '%s.' {}; } 2>&1 # it's a comment", "", "."),
    ("printf '%s.' \\\n {}", "", "."),
    ("IFS=tpe; printf '%s.' {}", "", "."),
    ("set -f; printf '%s.' {} \"{}\"", "", ".V."),
    ("printf '%s.' {}1 \"{}2\"", "", "1.V2."),
    ("printf '%s.' $((1 + 2)){}", "3", "."),
];

/// What a script of [`PLACES`] prints for a value. V stands for it once more.
fn expected(value: &[u8], before: &str, behind: &str) -> Vec<u8> {
    let behind = behind.as_bytes().replace("V", value);
    [before.as_bytes(), value, &behind].concat()
}

/// Every byte that an argument can hold, parted so that no byte is missed beside its neighbour.
fn every_byte() -> Vec<u8> {
    (1..=255).chain((1..=255).rev()).collect()
}

/// All values, each by itself.
fn values() -> Vec<Vec<u8>> {
    let each = HOSTILE.iter().map(|value| value.as_bytes().to_vec());
    each.chain([every_byte(), HOSTILE.concat().into_bytes()]).collect()
}

/// Some of the values for the place with that number: starting a shell for all of them would take too long, and each
/// comes to many places. Those in which all are together come to all places.
fn values_of(place: usize) -> impl Iterator<Item = Vec<u8>> {
    let values = values();
    let together = values.len() - 2;
    let is_for = move |n: usize| n >= together || n % 7 == place % 7;
    values.into_iter().enumerate().filter(move |(n, _)| is_for(*n)).map(|(_, value)| value)
}

#[test]
fn hostile_values_arrive_in_every_place() {
    let cases = PLACES.iter().enumerate().flat_map(|(n, place)| values_of(n).map(move |value| (place, value)));
    let all: Vec<_> = cases.collect();
    let mut wrong = Vec::new();
    for shell in SHELLS.into_iter().filter(|shell| has(shell)) {
        let cases: Vec<_> =
            all.iter().filter(|((template, ..), value)| is_for(shell, template) && takes(shell, value)).collect();
        let run =
            |((template, ..), value): &&(&(&str, &str, &str), Vec<u8>)| run_of(&compiled(template).unwrap(), value);
        let seen = outputs(shell, &path(), &cases.iter().map(run).collect::<Vec<_>>());
        for (((template, before, behind), value), seen) in cases.into_iter().zip(seen) {
            if seen != expected(value, before, behind) {
                wrong.push(format!("{template} of {:?} in {shell}: {:?}", value.as_bstr(), seen.as_bstr()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn scripts_are_given_to_the_shell_as_they_are() {
    let value = HOSTILE.concat().into_bytes();
    for shell in SHELLS.into_iter().filter(|shell| has(shell)) {
        for (template, before, behind) in PLACES.iter().filter(|(template, ..)| is_for(shell, template)) {
            let (script, value) = run_of(&compiled(template).unwrap(), &value);
            let dir = tempfile::tempdir().unwrap();
            let words = ["-c".as_bytes(), &script, b"sh", &value].map(OsStr::from_bytes);
            let output = command(shell).args(words).current_dir(dir.path()).output().unwrap();
            assert_eq!(output.stdout.as_bstr(), expected(&value, before, behind).as_bstr(), "{template} in {shell}");
            assert!(!dir.path().join("pwned").exists());
        }
    }
}

#[test]
fn a_batch_of_hostile_values_arrives_too() {
    let script = compiled("printf '<%s>' x{}y \"{}\" $(printf '%s' a >&2) 'q{}'").unwrap();
    for shell in SHELLS.into_iter().filter(|shell| has(shell)) {
        let values: Vec<_> = values().into_iter().filter(|value| takes(shell, value)).collect();
        let items: Vec<_> = values.iter().map(|value| item(value)).collect();
        let mut words = Vec::new();
        script.arguments(&items, &mut words);
        let repeated = values.iter().map(|value| [b"<x", &value[..], b"y>"].concat()).collect::<Vec<_>>().concat();
        let joined = values.join(&b' ');
        let expected = [&repeated[..], b"<", &joined, b"><q", &joined, b">"].concat();
        let mut command = command(shell);
        command.arg("-c").arg(OsStr::from_bytes(&script.text(items.len()))).arg("sh");
        let output = command.args(words.iter().map(|word| OsStr::from_bytes(word))).output().unwrap();
        assert_eq!(output.stdout.as_bstr(), expected.as_bstr(), "in {shell}");
    }
}

#[test]
fn a_file_is_opened_by_its_exact_name() {
    let names = values().into_iter().filter(|value| !value.is_empty() && value.len() < 200 && !value.contains(&b'/'));
    let names: Vec<_> = names.collect();
    let template = "printf x >./{}; for f in ./* ./.[!.]*; do [ -f \"$f\" ] && printf '%s.' \"$f\"; done; rm -f ./{}";
    let script = compiled(template).unwrap();
    // zsh fails where a pattern of the script matches nothing.
    for shell in SHELLS.into_iter().filter(|shell| *shell != "zsh" && has(shell)) {
        let runs: Vec<_> = names.iter().map(|name| run_of(&script, name)).collect();
        for (name, seen) in names.iter().zip(outputs(shell, &path(), &runs)) {
            assert_eq!(seen.as_bstr(), [b"./", &name[..], b"."].concat().as_bstr(), "in {shell}");
        }
    }
}

/// Scripts made of pieces that print. What stands in them for a value is `{}`.
fn script_of_pieces() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("{}".to_owned()),
        Just("a{}b".to_owned()),
        Just("'{}'".to_owned()),
        Just("'a\"{}'".to_owned()),
        Just("\"{}\"".to_owned()),
        Just("\"a'{}\"".to_owned()),
        Just("\\'{}".to_owned()),
        Just("x".to_owned()),
        Just("\"${u-{}}\"".to_owned()),
        Just("${u-'{}'}".to_owned()),
    ];
    let word = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}{b}")),
            inner.clone().prop_map(|word| format!("\"$(printf '%s,' {word})\"")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("\"a$(x={a}; printf '%s;' \"$x\" {b})'\"")),
            inner.clone().prop_map(|word| backquoted(&format!("printf '%s:' {word}"))),
            inner.clone().prop_map(|word| format!("\"$( (printf '%s' {word}; printf '!') )\"")),
            inner.clone().prop_map(|word| format!("\"$(case {word} in (a) ;; (*) printf '%s-' {word};; esac)\"")),
            inner.prop_map(|word| format!("${{u:-{word}}}")),
        ]
    });
    let command = prop_oneof![
        word.clone().prop_map(|word| format!("printf '%s.' {word}")),
        word.clone().prop_map(|word| format!("x={word}; printf '%s.' \"$x\"")),
        word.clone().prop_map(|word| format!("for i in {word} {word}; do printf '%s.' \"$i\"; done")),
        word.clone().prop_map(|word| format!("case {word} in {word}) printf '%s.' {word};; *) printf no;; esac")),
        word.clone().prop_map(|word| format!("f() {{ printf '%s.' {word} \"$1\"; }}; f {word}")),
        word.clone().prop_map(|word| format!("set -- {word}; printf '%s.' \"$1\" {word}")),
        word.prop_map(|word| format!("if [ x = x{word} ]; then :; else printf '%s.' {word}; fi # {{it's")),
        Just("cat <<E\na{}'$(printf '%s,' {} \"{}\")`printf '%s;' '{}'`\nE\n:".to_owned()),
    ];
    proptest::collection::vec(command, 1..4).prop_map(|commands| commands.join("\n"))
}

/// A command in backquotes inside double quotes.
fn backquoted(command: &str) -> String {
    format!("\"`{}`\"", command.replace('\\', "\\\\").replace('`', "\\`").replace('$', "\\$").replace('"', "\\\""))
}

/// A word that means the same inside and outside any quotes.
const HARMLESS: &str = ",Qv0";

/// Checks accepted templates against two oracles: with a harmless value a script prints what the template prints with
/// that value pasted into it; and a hostile value comes out wherever the harmless one did.
fn check(shell: &str, path: &str, templates: &[String], hostile: &[u8]) {
    let compiled: Vec<_> = templates.iter().map(|template| compiled(template).unwrap()).collect();
    let with = |value: &[u8]| compiled.iter().map(|script| run_of(script, value)).collect::<Vec<_>>();
    // Whoever pastes gives no parameters.
    let paste = |text: &String| (["set --\n", &text.replace("{}", HARMLESS)].concat().into_bytes(), Vec::new());
    let pasted: Vec<_> = templates.iter().map(paste).collect();
    let pasted = outputs(shell, path, &pasted);
    let harmless = outputs(shell, path, &with(HARMLESS.as_bytes()));
    let hostiles = outputs(shell, path, &with(hostile));
    for (n, template) in templates.iter().enumerate() {
        assert_eq!(harmless[n].as_bstr(), pasted[n].as_bstr(), "{template}\nin {shell}");
        let expected = harmless[n].replace(HARMLESS, hostile);
        assert_eq!(hostiles[n].as_bstr(), expected.as_bstr(), "{template}\nin {shell}");
    }
}

#[test]
fn scripts_made_at_random_print_what_their_values_say() {
    let mut runner = TestRunner::default();
    let strategy = script_of_pieces();
    let templates = (0..80).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    // A few are refused: they are nested too deeply, or hold what shells read differently.
    let (kept, refused): (Vec<_>, Vec<_>) =
        templates.partition(|template| template.contains("{}") && compiled(template).is_ok());
    assert!(kept.len() > 40, "only {} were accepted; refused were {:#?}", kept.len(), &refused[..10]);
    let bytes = [HOSTILE.concat().as_bytes(), &every_byte(), b"$(touch pwned)'\"`touch pwned`."].concat();
    for shell in SHELLS.into_iter().filter(|shell| has(shell)) {
        let text = HOSTILE.concat();
        check(shell, &path(), &kept, if takes(shell, &bytes) { &bytes } else { text.as_bytes() });
    }
}

/// What shells look at, in any order. Nothing here can wait, or go on for ever, or print in another order each time.
const SOUP: &[&str] = &[
    "{}",
    "{}",
    "{}",
    "'",
    "'",
    "\"",
    "\"",
    "`",
    "\\",
    "$",
    "$(",
    ")",
    "(",
    "${u-",
    "${",
    "}",
    "{ ",
    "; ",
    "\n",
    " ",
    " ",
    "#",
    " # ",
    "<<E\n",
    "<<-E\n",
    "\nE\n",
    "<<'E'\n",
    ">f",
    "<f",
    "|",
    "&&",
    "||",
    "case ",
    " in ",
    ";;",
    " esac ",
    "if ",
    "then ",
    "fi ",
    "for ",
    "do ",
    "done ",
    "x=",
    "x",
    "printf '<%s>' ",
    "\nprintf '<%s>' ",
    "$(printf '<%s>' ",
    ":",
    "=",
    "$((",
    "))",
    "-",
    "!",
    "\t",
    "E",
    "u:-",
    "a",
    "\\\n",
    "$'",
    "[",
    "]",
    "\"$(",
    ")\"",
    "\\`",
    "\\\"",
    "\\\\",
    "f() ",
    "[[ ",
    " ]]",
];

#[test]
fn whatever_is_accepted_of_a_soup_keeps_its_values_whole() {
    let mut runner = TestRunner::default();
    let strategy = proptest::collection::vec(proptest::sample::select(SOUP), 1..16);
    let soups = (0..20_000).map(|_| strategy.new_tree(&mut runner).unwrap().current().concat());
    let accepted = soups.filter(|soup| soup.contains("{}") && compiled(soup).is_ok());
    // Only those that print tell something, and not those that print the number of a process, or in the background.
    let tells = |soup: &String| soup.contains("printf") && !["$$", "$!", "\\&"].iter().any(|odd| soup.contains(odd));
    let kept: Vec<_> = accepted.filter(tells).take(150).collect();
    assert!(kept.len() > 50, "only {} were accepted", kept.len());
    // Without blanks and patterns, since a script may well split and match what it expands itself.
    let hostile = b"';:>pwned;\"$(:>pwned)`:>pwned`|:>pwned&\xff)};;#";
    // The empty PATH leaves builtins, so that whatever comes out of it, no program is started. mksh has no `printf` then.
    for shell in SHELLS.into_iter().filter(|shell| *shell != "mksh" && takes(shell, hostile) && has(shell)) {
        check(shell, "/nowhere", &kept, hostile);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let known = Known { fields: None, ..Known::default() };
        let _ = Script::compile(&bytes, &known, &Shell::default()).map(|script| (script.text(1), script.text(3)));
    }

    #[test]
    fn no_soup_makes_the_parser_panic(words in proptest::collection::vec(proptest::sample::select(SOUP), 0..40)) {
        let _ = compiled(&words.concat()).map(|script| (script.text(1), script.text(3)));
    }
}
