//! Scripts made at random of what gives values to variables and what evaluates them (Y1 to Y5). They are the same ones each
//! time, unless `PARJOB_TEMPLATES` says how many others are to be tried; some thousands take minutes.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::evaluated::holds;

/// How a variable V is given a word W.
const GIVES: &[&str] = &[
    "V=W",
    "V+=W",
    "export V=W",
    "readonly V=W",
    "typeset V=W",
    "declare V=W",
    "f() { local V=W; }; f W",
    "for V in W W; do U; done",
    "echo W | { read V; U; }",
    "read V <<E\nW\nE",
    "read -r V <<< W",
    "printf -v V %s W",
    "set -- W; V=$1",
    "set -- W",
    "v=V; export \"$v=\"W",
    "v=V; read $v <<E\nW\nE",
    ": ${V:=W}",
    "unset V; : ${V:=W}",
    "typeset -i V; V=W",
    "typeset -n r=V; r=W",
    "getopts a V W",
    "mapfile -t V <<E\nW\nE",
    "V=(W)",
    "V=(W b)",
    "echo W > f; read V < f",
    "echo W > f; V=$(cat f)",
    "typeset -a V=W",
    "x=W; V=$x",
    "x=W; eval V=\\$x",
    "select V in W; do break; done <<E\n1\nE",
    "while read V; do U; done <<E\nW\nE",
    "set -A V W",
    "integer V=W",
    "V=$(echo W)",
    "V=`echo W`",
    "echo W | tee g; read V < g",
    "export V=W",
    "V=V",
    "y=x; V=$y",
    "n='echo $((V))'; V=W",
];

/// What may evaluate a variable V or a word W.
const USES: &[&str] = &[
    "echo $((V))",
    "echo $(( $V + 1 ))",
    "set -x; :; set +x",
    "echo ${V@P}",
    "echo \"${!V}\"",
    "((V > 1))",
    "let V",
    "let \"y=$V\"",
    "[ $V -eq 5 ]",
    "[ W -lt 5 ]",
    "[[ $V -eq 5 ]]",
    "[[ V -eq 5 ]]",
    "[[ W == a ]]",
    "[[ W =~ a ]]",
    "[ -t W ]",
    "test -v $V",
    "shift W",
    "(exit W)",
    "f() { return W; }; f",
    "eval W",
    "e=eval; $e W",
    "sh -c W",
    "bash -c \"echo $V\"",
    "printf W",
    "printf \"%s\" W",
    "printf \"%d\" W",
    "printf \"%*d\" W 1",
    "printf \"$x\" W",
    "printf -- W",
    "print W",
    "print -r -- W",
    "a=(1 2); echo ${a[V]}",
    "s=abc; echo ${s:V}",
    "s=abc; echo ${s:0:2}",
    "echo W | sh",
    "sh <<E\nW\nE",
    "bash <<< W",
    "echo W > f; . ./f",
    "{ echo W; } | sh",
    "for i in W; do echo $i; done | sh",
    "perl -e 1 -e W",
    "sed -e p -e W f",
    "awk W f",
    "echo W | xargs sh -c",
    "xargs -I@ sh -c \"@\" <<E\nW\nE",
    "timeout 2 sh -c W",
    "env -S W",
    "trap W EXIT",
    "compgen -W W",
    "ulimit -n W",
    "unset W",
    "export W",
    "declare W",
    "read W",
    "typeset -i q=W",
    "declare -a q=W",
    "q[W]=1",
    "q[V]=1",
    "q=([V]=1)",
    "case W in W) echo;; esac",
    "cat <<E\nW\nE",
    "PS4=W bash -xc :",
    "BASH_ENV=W bash -c :",
    "echo ${V#a} ${#V}",
    ": > ./W",
    "echo W >&W",
    "repeat W :",
    "echo $~V",
    "mapfile -C W -c 1 q < f",
    ". ./f",
    "source /dev/stdin <<E\nW\nE",
    "python3 <<E\nprint(1)\nW\nE",
    "echo $((_))",
    "$(echo eval) W",
    "echo $(( $(echo W) ))",
    "f() { echo $(( $1 )); }; f W",
    "echo $x[1]",
    "eval \"$V\"",
    "eval \"$n\"",
    "bash -c 'echo $((V))'",
    "sh -c 'eval $V'",
    "bash -c \"$n\"",
    "bash -c 'echo $(($1))' _ W",
    "bash -c 'RANDOM=$1' _ W",
    "mksh -c 'typeset -i q=$V'",
    "bash -s W <<'E'\necho $(($1))\nE",
    "sh <<'E'\neval $V\nE",
    "echo 'RANDOM=V' > f; . ./f",
    "unset 'q[V]'",
    "printf %d V",
    "trap 'echo $((V))' EXIT",
];

const VARIABLES: &[&str] =
    &["RANDOM", "OPTIND", "SECONDS", "PS4", "HISTCMD", "COLUMNS", "UID", "LINENO", "SHLVL", "x", "x", "y", "n"];

fn word() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "{}", "\"{}\"", "'{}'", "a{}", "$x", "\"$x\"", "\"$1\"", "$1", "x", "3", "\"${y}\"", "\"a {}\"",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(2, 4, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|word| format!("$(echo {word})")),
            inner.clone().prop_map(|word| format!("\"$(printf %s {word})\"")),
            inner.prop_map(|word| format!("${{u:-{word}}}")),
        ]
    })
}

fn piece(of: &'static [&'static str]) -> impl Strategy<Value = String> {
    let uses = proptest::sample::select(USES);
    (proptest::sample::select(of), proptest::sample::select(VARIABLES), word(), uses)
        .prop_map(|(piece, variable, word, uses)| fill(&piece.replace('U', uses), variable, &word))
}

/// Puts them in where V and W stand by themselves.
fn fill(piece: &str, variable: &str, word: &str) -> String {
    let piece = piece.replace("-W W", "-\u{1} W").replace("W", "\u{2}").replace('\u{1}', "W");
    let piece = piece.replace("BASH_EN\u{3}", "").replace("BASH_ENV", "\u{3}").replace('V', variable);
    piece.replace('\u{3}', "BASH_ENV").replace('\u{2}', word)
}

#[test]
fn y1_to_y5_no_script_made_at_random_evaluates_a_value_without_a_word() {
    let asked = std::env::var("PARJOB_TEMPLATES").ok().and_then(|count| count.parse().ok());
    let count = asked.unwrap_or(100);
    let mut runner = if asked.is_some() { TestRunner::default() } else { TestRunner::deterministic() };
    let gives = proptest::collection::vec(piece(GIVES), 0..3);
    let strategy = (gives, piece(USES)).prop_map(|(gives, uses)| [&gives[..], &[uses]].concat().join("\n"));
    let mut scripts = Vec::new();
    while scripts.len() < count {
        let script = strategy.new_tree(&mut runner).unwrap().current();
        if script.contains("{}") {
            scripts.push(script);
        }
    }
    holds(&scripts);
}
