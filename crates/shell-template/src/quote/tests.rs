//! What a value may meet in a script: the places one by one, then real shells with hostile values.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use super::*;

const LINES: Known = Known { fields: Some(1), names: &[], token: None, any_name: false, apart: false };

/// Fields are parted by NUL.
fn item(fields: &[u8]) -> Values<'static, &'static [&'static [u8]]> {
    let fields: Vec<&[u8]> = fields.split(|byte| *byte == 0).map(|field| &*field.to_vec().leak()).collect();
    Values { item: fields.leak(), names: &[], seq: 7, worker: 2 }
}

fn compiled(template: &str) -> Script {
    Script::compile(template.as_bytes(), &LINES, &Shell::default())
        .unwrap_or_else(|error| panic!("{template}: {error:#}"))
}

fn text(template: &str) -> String {
    String::from_utf8(compiled(template).text(1)).unwrap()
}

fn arguments(script: &Script, items: &[Values<'static, &'static [&'static [u8]]>]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    script.arguments(items, &mut words);
    words
}

#[track_caller]
fn refused(template: &str, why: &str) {
    match Script::compile(template.as_bytes(), &LINES, &Shell::default()) {
        Ok(script) => panic!("{template} became {}", script.text(1).as_bstr()),
        Err(error) => assert!(format!("{error:#}").contains(why), "{template}: {error:#}"),
    }
}

mod places {
    use super::*;

    #[test]
    fn a_value_is_quoted_for_its_place() {
        for (template, script) in [
            ("echo {}", r#"echo "${1}""#),
            ("echo a{}b", r#"echo a"${1}"b"#),
            ("x={} y=a{.} cmd", r#"x="${1}" y=a"${2}" cmd"#),
            ("echo 'a{}b'", r#"echo 'a'"${1}"'b'"#),
            (r#"echo "a{}b""#, r#"echo "a${1}b""#),
            ("echo $(cat {})", r#"echo $(cat "${1}")"#),
            (r#"echo "$(cat {})""#, r#"echo "$(cat "${1}")""#),
            (r#"echo "$(cat "{}" '{}')""#, r#"echo "$(cat "${1}" ''"${1}"'')""#),
            ("echo `cat {}`", r#"echo `cat "${1}"`"#),
            (r#"echo "`cat {} \"{}\"`""#, r#"echo "`cat "${1}" \"${1}\"`""#),
            (r"echo `a \`b {}\``", r#"echo `a \`b "${1}"\``"#),
            ("cat <<E\na{}b\nE", "cat <<E\na${1}b\nE"),
            ("cat <<-E\n\t\"{}\" $(cat {})\n\tE\necho {}", "cat <<-E\n\t\"${1}\" $(cat \"${1}\")\n\tE\necho \"${1}\""),
            (
                "cat <<A <<'B'; echo {}\n{}\nA\n$((\nB\na {}",
                "cat <<A <<'B'; echo \"${1}\"\n${1}\nA\n$((\nB\na \"${1}\"",
            ),
            ("echo ${x:-{}} \"${x+{}}\"", "echo ${x:-\"${1}\"} \"${x+${1}}\""),
            ("case {} in a|{}) b;; (*) c {};; esac", r#"case "${1}" in a|"${1}") b;; (*) c "${1}";; esac"#),
            ("for x in {} b; do c {}; done", r#"for x in "${1}" b; do c "${1}"; done"#),
            ("a > {} 2>>{} < {.}.x", r#"a > "${1}" 2>>"${1}" < "${2}".x"#),
            ("if [ -f {} ]; then a; fi", r#"if [ -f "${1}" ]; then a; fi"#),
            ("diff <(sort {}) >(a {})", r#"diff <(sort "${1}") >(a "${1}")"#),
            ("a # it's\necho {}", "a # it's\necho \"${1}\""),
            ("a && \\\n b {} | (c {})", "a && \\\n b \"${1}\" | (c \"${1}\")"),
            (r"echo \\{} \'{}", r#"echo \\"${1}" \'"${1}""#),
            (r#"echo "\\{} $x{} $${}" '${}'"#, r#"echo "\\${1} $x${1} $$${1}" '$'"${1}"''"#),
            ("echo {}1 \"{}2\"", r#"echo "${1}"1 "${1}2""#),
            ("awk '{print $1}' {}", r#"awk '{print $1}' "${1}""#),
            ("echo $((1 + (2 * x))) {}", r#"echo $((1 + (2 * x))) "${1}""#),
            ("find . -name {} -exec a {} \\;", r#"find . -name "${1}" -exec a "${1}" \;"#),
        ] {
            assert_eq!(text(template), script, "{template}");
        }
    }

    #[test]
    fn a_script_is_never_an_option_of_the_shell() {
        assert_eq!(text("-x {}"), r#" -x "${1}""#);
        assert_eq!(text("+e"), r#" +e "${1}""#);
    }

    #[test]
    fn equal_placeholders_share_a_parameter() {
        let script = compiled("a {} {.} {} {#} {%} {/}");
        assert_eq!(script.text(1).as_bstr(), r#"a "${2}" "${3}" "${2}" "${4}" "${1}" "${5}""#);
        assert_eq!(arguments(&script, &[item(b"d/x.y")]), [&b"2"[..], b"d/x.y", b"d/x", b"7", b"x.y"]);
    }

    #[test]
    fn parameters_beyond_nine_have_braces_too() {
        let template: String = (1..=11).map(|n| format!(" {{{n}}}")).collect();
        let script =
            Script::compile(format!("a{template}").as_bytes(), &Known { fields: None, ..LINES }, &Shell::default())
                .unwrap();
        assert!(script.text(1).ends_with(br#" "${10}" "${11}""#));
    }

    #[test]
    fn a_batch_repeats_words_and_joins_what_is_quoted() {
        let script = compiled(r#"c x{}y "{} {%}" '{}' {%} {/} z={} >{} "$(d {})""#);
        assert_eq!(
            script.text(2).as_bstr(),
            concat!(
                r#"c x"${2}"y x"${4}"y "${2} ${4} ${1}" ''"${2} ${4}"'' "${1}" "${3}" "${5}" z="${2}" z="${4}""#,
                r#" >"${2} ${4}" "$(d "${2}" "${4}")""#
            )
        );
        assert_eq!(arguments(&script, &[item(b"/a"), item(b"/b")]), [&b"2"[..], b"/a", b"a", b"/b", b"b"]);
        assert_eq!(compiled("x={}").text(2).as_bstr(), r#"x="${1} ${2}""#);
        assert_eq!(compiled("a {}$(b {})").text(2).as_bstr(), r#"a "${1}"$(b "${1}") "${2}"$(b "${2}")"#);
    }

    #[test]
    fn without_a_placeholder_the_item_is_appended() {
        assert_eq!(text("echo a"), r#"echo a "${1}""#);
        assert_eq!(compiled("a | b >c").text(2).as_bstr(), r#"a | b >c "${1}" "${2}""#);
        let two = Known { fields: Some(2), ..LINES };
        let script = Script::compile(b"echo", &two, &Shell::default()).unwrap();
        assert_eq!(script.text(2).as_bstr(), r#"echo "${1}" "${2}" "${3}" "${4}""#);
        let items = [item(b"a\0b"), item(b"c\0d")];
        assert_eq!(arguments(&script, &items), [b"a", b"b", b"c", b"d"]);
        let script = Script::compile(b"echo", &Known { fields: None, ..LINES }, &Shell::default()).unwrap();
        assert_eq!(script.text(2).as_bstr(), r#"echo "$@""#);
        assert_eq!(arguments(&script, &[item(b"a\0b"), item(b"c")]), [b"a", b"b", b"c"]);
    }

    #[test]
    fn nothing_is_appended_where_no_word_can_stand() {
        for end in [
            "",
            "a;",
            "a &",
            "a |",
            "a &&",
            "a\n",
            "a # b",
            "x=1",
            "(a)",
            "{ a; }",
            "if a; then b; fi",
            ">x",
            "if",
            "for x in a; do b; done",
            "case a in b) c;; esac",
            "cat <<E\nE",
            "cat <<E\nE\n",
            "for x in a",
            "f() { a; }",
        ] {
            refused(end, "write {} where it belongs");
        }
        for open in ["a 'b", "a \"b", "a \\", "a $(b", "a `b", "a ${b", "(a", "a <<E", "a <<E\nb"] {
            refused(open, "column");
        }
        let vary = Known { fields: None, ..LINES };
        assert!(Script::compile(b"set -- a; b", &vary, &Shell::default()).is_err());
    }

    #[test]
    fn scripts_with_parameters_of_their_own_get_variables() {
        for template in [
            "set -- a; b {}",
            "shift; b {}",
            "f() { b {}; }; f x",
            "function f { b {}; }",
            "eval x; b {}",
            ". x; b {}",
            "b $1 {}",
            "b \"$@\" {}",
            "b ${1-} {}",
            "b $# {}",
            "for x do b {}; done",
            "for x; do b {}; done",
            "$c {}",
            "command shift; b {}",
            "\\shift; b {}",
            "s\"hift\"; b {}",
            "b $((1 + $1)) {}",
            "{} {}",
        ] {
            let script = text(template);
            assert!(script.starts_with("_parjob_1=${1};set --;"), "{script}");
            assert!(script.contains("${_parjob_1}"), "{script}");
        }
        assert!(text("echo 'a $1' {}").starts_with("echo"));
    }

    #[test]
    fn another_placeholder_leaves_braces_alone() {
        let known = Known { token: Some(b"%%"), ..LINES };
        let script = Script::compile(b"a {} '%%' {2}", &known, &Shell::default()).unwrap();
        assert_eq!(script.text(1).as_bstr(), r#"a {} ''"${1}"'' {2}"#);
    }
}

mod refusals {
    use super::*;

    #[test]
    fn what_a_parameter_cannot_stand_for_is_refused() {
        for (template, why) in [
            ("a $(({}))", "stands in arithmetic"),
            ("a \"$((1 + {}))\"", "stands in arithmetic"),
            ("(( {} ))", "not every shell has (("),
            ("a $[{}]", "shells differ on $["),
            (r"a \{}", "behind a backslash"),
            (r#"a "\{}""#, "behind a backslash"),
            (r"a `b \\{}`", "behind a backslash"),
            ("cat <<E\n\\{}\nE", "before a placeholder"),
            ("a # {}", "in a comment"),
            ("a; # b\n#{}", "in a comment"),
            ("cat <<'E'\n{}\nE", "whose word is quoted"),
            ("cat <<\\E\n{}\nE", "whose word is quoted"),
            ("cat <<\"E\"\n{}\nE", "whose word is quoted"),
            ("cat <<{}\n{}\n", "plain letters"),
            ("a ${}", "right behind $"),
            ("a \"${}\"", "right behind $"),
            ("a ${{}}", "name of a variable"),
            ("a ${x%{}}", "this kind of ${"),
            ("a \"${x#{}}\"", "this kind of ${"),
            ("a ${x/{}}", "this kind of ${"),
            ("a ${x:{}}", "stands in arithmetic"),
            ("a $'{}'", "inside $'"),
            ("a $\"{}\"", "shells differ on $\""),
            ("{}() { a; }", "parenthesis"),
            ("for {} in a; do b; done", "name of a variable"),
            ("function {} { a; }", "name of a function"),
            ("a >&{}", "number of a descriptor"),
            ("a[{}]=1", "subscript"),
            ("a=({})", "parenthesis"),
            ("a @({})", "parenthesis"),
            ("[[ {} -eq 1 ]]", "evaluates arithmetic"),
            ("[[ 1 -lt 2 && -v {} ]]", "evaluates arithmetic"),
            ("[ -v {} ]", "name of a variable or arithmetic"),
            ("let x={}", "name of a variable or arithmetic"),
            ("unset {}", "name of a variable or arithmetic"),
            ("command read {}", "name of a variable or arithmetic"),
            ("export {}", "name of a variable or arithmetic"),
            ("printf -v {} a", "name of a variable or arithmetic"),
            ("printf {}", "format or an option"),
            ("printf", "format or an option"),
            ("unset", "name of a variable or arithmetic"),
            ("f() { unset {}; }", "name of a variable or arithmetic"),
            ("[ {} {.} ]", "name of a variable or arithmetic"),
            ("alias a=b; a {}", "an alias changes"),
            ("typeset -i n; n={}", "in which shells evaluate arithmetic"),
            ("_parjob_1=2; a {}", "name is taken"),
            ("a {2}", "there is no {2}"),
        ] {
            refused(template, why);
        }
    }

    #[test]
    fn what_shells_read_in_different_ways_is_refused() {
        for template in [
            r"a $'\'' {}",
            "a\\\nb {}",
            "a $\\\n(b) {}",
            "x=`a # b\n` {}",
            "a \"${x:-'}'}\" {}",
            "a \"${x:-\"b\"}\" {}",
            "cat <<E \"\n\" {}\nE\n",
            "cat <<E\nEND {}\nE",
            "cat <<E\na\\\nE\n{}",
            "cat <<E\n$(a\n)\nE\n{}",
            "a $(( (1) ) ) {}",
            "a $((b) | c) {}",
            "cat <<E $(a\nb) {}\nE",
            "cat <<E `a\nb` {}\nE",
            "cat <<a$b\n{}\na",
            "a $x[ $[1] {}",
            "a ${ b;} {}",
            "select x in {}; do a; done",
            "a\0 {}",
            "{} )",
            "a ;; {}",
            "cat <<E\n`\\$x` {}\nE",
            "a `b \\\n{}`",
        ] {
            refused(template, "column");
        }
        // The parenthesis before a pattern makes it one that all shells read.
        assert_eq!(text("x=$(case a in (b) c {};; esac)"), "x=$(case a in (b) c \"${1}\";; esac)");
    }

    #[test]
    fn depth_has_an_end() {
        for (open, close) in [("$(", ")"), ("(", ")"), ("${x:-", "}"), ("\"$(", ")\""), ("( ", ")")] {
            let template = format!("a {}{{}}{}", open.repeat(20_000), close.repeat(20_000));
            refused(&template, "column");
        }
    }

    #[test]
    fn an_error_says_where() {
        let error = Script::compile(b"echo one\ntwo $(( {} ))", &LINES, &Shell::default()).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "values cannot be put into this script safely: at column 18 of the script, near \
             \"cho one\\ntwo $(( {} ))\": {} stands in arithmetic, where a shell evaluates it: test that it is a \
             number, then use a variable"
        );
    }
}

mod warnings {
    use super::*;

    #[test]
    fn a_further_shell_is_named() {
        for (template, by) in [
            ("eval {}", "`eval`"),
            ("a; eval \"b {}\"", "`eval`"),
            ("sh -c 'a {}'", "`sh`"),
            ("/bin/bash -ec \"a {}\"", "`bash`"),
            ("ssh host rm {}", "`ssh`"),
            ("ssh host rm", "`ssh`"),
            ("sh -c", "`sh`"),
            ("n={}; [[ $n -gt 1 ]]", "arithmetic"),
            ("su -c 'a {}' root", "`su`"),
            ("a | xargs sh -c 'b {}'", "`sh`"),
            ("env A=b sh -c \"a {}\"", "`sh`"),
            ("find . -exec sh -c 'a {}' \\;", "`sh`"),
            ("a $(sh -c \"{}\")", "`sh`"),
            ("$SHELL -c {}", "a program"),
            ("trap 'rm {}' EXIT", "`trap`"),
            ("echo {} | sh", "the input of `sh`"),
            ("ssh host <<E\na {}\nE", "the input of `ssh`"),
            ("bash <<<{}", "the input of `bash`"),
            ("python3 -c 'print(\"{}\")'", "`python3`"),
            ("awk '/{}/' f", "`awk`"),
            ("sed -n 's/{}/x/p' f", "`sed`"),
            ("n={}; a $((n + 1))", "arithmetic"),
            ("n={}; a \"${x:$n}\"", "arithmetic"),
            ("n={}; a[$n]=1", "arithmetic"),
        ] {
            let script = compiled(template);
            let warning = script.warnings().first().unwrap_or_else(|| panic!("{template} has no warning"));
            assert!(warning.starts_with("the value of {} is given ") && warning.contains(by), "{template}: {warning}");
            assert!(warning.ends_with("which this quoting does not protect"), "{warning}");
        }
    }

    #[test]
    fn a_value_that_comes_to_arithmetic_in_whatever_way_is_named() {
        for template in [
            "set -- {}; echo $(( $1 ))",
            "f() { echo $(( $1 )); }; f {}",
            "function f { echo $(($1)); }; f {}",
            "f() { [[ $1 -eq 5 ]]; }; f {}",
            "echo {} | { read x; echo $((x)); }",
            "while read x; do echo $((x+1)); done <<< {}",
            "while read x; do echo $((x+1)); done <<E\n{}\nE",
            "x={}; echo $((x))",
            "x={}; echo $(( $x ))",
            "x={}; echo $(( ${x} ))",
            "x={}; echo ${!x}",
            "x={}; test -v \"$x\"",
            "x={}; [ -v \"$x\" ]",
            "x={}; [[ -v $x ]]",
            "x={}; printf -v \"$x\" a",
            "x={}; declare \"$x=1\"",
            "x={}; export \"$x\"",
            "x={}; unset \"$x\"",
            "x={}; read \"$x\"",
            "f() { local \"$1=2\"; }; f {}",
            "for i in {}; do let i; done",
            "export x={}; echo $((x))",
            "printf -v x %s {}; echo $((x))",
            ": {}; echo $((_))",
            ": {}; echo $(( $_ ))",
            "x=$(echo {}); echo $((x))",
            "$f x={}; echo $((x))",
        ] {
            let warned = compiled(template).warnings().join("|");
            assert!(
                warned.contains("arithmetic") && warned.starts_with("the value of {} is given "),
                "{template}: {warned}"
            );
        }
    }

    #[test]
    fn a_value_that_comes_to_another_shell_in_whatever_way_is_named() {
        for (template, by) in [
            ("echo {} | xargs -I@ sh -c \"echo @\"", "the input of `xargs`"),
            ("echo {} | sudo xargs -n1 bash -c", "the input of `xargs`"),
            ("echo {} | parallel echo", "the input of `parallel`"),
            ("echo {} | sh -c 'read x; eval \"$x\"'", "the input of `sh`"),
            ("sh -c 'read x; eval \"$x\"' <<< {}", "the input of `sh`"),
            ("x={}; echo \"$x\" | sh", "the input of `sh`"),
            ("echo {} | ssh host", "the input of `ssh`"),
            ("x={}; eval \"$x\"", "`eval` evaluates"),
            ("x={}; sh -c \"echo $x\"", "`sh` evaluates"),
            ("x={}; ssh host \"rm $x\"", "`ssh` evaluates"),
            ("x={}; awk \"/$x/\" f", "`awk` evaluates"),
            ("PS4={}; set -x; :", "the variable PS4"),
            ("export BASH_ENV={}; bash -c true", "the variable BASH_ENV"),
            ("ENV={} sh script", "the variable ENV"),
            ("env BASH_ENV={} bash script", "the variable BASH_ENV"),
            ("x={}; PS4=$x; set -x", "`PS4` evaluates"),
            (". <(echo {})", "`source`"),
            ("bash <(echo {})", "`bash`"),
            ("source /dev/stdin <<< {}", "the input of `source`"),
        ] {
            let warned = compiled(template).warnings().join("|");
            assert!(warned.contains(by) && warned.starts_with("the value of {} is given "), "{template}: {warned}");
        }
    }

    #[test]
    fn who_is_given_only_words_is_not() {
        for template in [
            "echo {}",
            "sh script {}",
            "sh -c 'a \"$1\"' sh {}",
            "awk '{print $1}' {}",
            "awk -v n={} '{print n}' f",
            "sed 's/a/b/' {}",
            "find . -name {} -exec a {} \\;",
            "cat {} | wc -c",
            "convert {} -resize 50% {.}_small.png",
            "echo {} $((1+2))",
            "x={}; echo \"$x\" $((1 + 2 * 3)) $((0x1F))",
            "i=0; while [ $i -lt 3 ]; do a {} $i; i=$(( i + 1 )); done",
            "n=3; a {} $(( $n + 1 )) $(( ${n} * 2 ))",
            "if [[ $n -gt 1 ]]; then a {}; fi",
            "a {}; let n",
            "x={}; b \"$x\" ${x%.*} ${#x}",
            "x={}; if [ -f \"$x\" ] && [ \"$x\" = a ]; then b; fi",
            "export NAME={}; a",
            "PS4='+ '; set -x; a {}",
            "ENV=test a {}",
            "echo {} | xargs rm",
            "echo {} | grep parallel",
            "sh -c 'a \"$1\"' sh {} | wc",
            "dir=$(a); trap 'rm -r \"$dir\"' EXIT; b {}",
        ] {
            assert_eq!(compiled(template).warnings(), [""; 0], "{template}");
        }
    }
}
