//! From the options of `py` to the part of a plan that is about processes.
//!
//! What is to be done goes to worker.py as words name=value, which this makes; what items look like is added when they
//! are opened.

use std::ffi::{OsStr, OsString};
use std::num::NonZeroU32;

use anyhow::{Result, bail};
use clap::ArgMatches;
use clap::parser::ValueSource;

use super::commands::{Workers, as_one_word, shown, text};
use super::pool::{recycling, stay_up};
use super::resolve::Decide;
use crate::executor::persistent::{Keep, Language};
use crate::op::Reducer;
use crate::plan::Persistent;
use crate::source::{self, Records};

/// What is particular to processes of Python.
pub(super) fn python(
    (words, source): (&[OsString], &source::Options),
    reducer: Option<&Reducer>,
    given: &ArgMatches,
    workers: Workers,
    decide: Decide<'_>,
) -> Result<Persistent> {
    let [what] = words else { bail!("{}", not_one(words)) };
    let by_user = |name: &str| given.value_source(name) == Some(ValueSource::CommandLine);
    if source.reading.records == Records::Json && by_user("as") {
        bail!("--jsonl says what items are, and --as something else; give one of them");
    }
    let number = |name: &str| given.get_one::<NonZeroU32>(name).copied();
    let (batch, concurrency) = (number("batch"), number("concurrency"));
    let (kind, described) = kind(what);
    decide("function", shown(words), described.into());
    let python = given.get_one::<OsString>("python").cloned().unwrap_or_else(|| "python3".into());
    let why = if by_user("python") { "--python" } else { "the default: from PATH" };
    decide("python", python.to_string_lossy().escape_debug().to_string(), why.into());
    let mut words = vec![option("kind", kind.as_ref()), option("text", what)];
    if let Some(name) = text(given, "as").filter(|name| *name != "str") {
        words.push(option("as", name.as_ref()));
    }
    if given.get_flag("json") {
        words.push("json=1".into());
    }
    words.extend(batch.map(|batch| format!("batch={batch}").into()));
    words.extend(concurrency.map(|concurrency| format!("concurrency={concurrency}").into()));
    for name in ["import", "init"] {
        let given = given.get_many::<OsString>(name).into_iter().flatten();
        words.extend(given.map(|value| option(name, value)));
    }
    for (what, name) in [("items are", "as"), ("batch", "batch"), ("concurrency", "concurrency")] {
        if let Some(value) = text_of(given, name).filter(|_| by_user(name)) {
            decide(what, value, format!("--{name}"));
        }
    }
    let (recycle, recycle_rss) = recycling(given)?;
    let language = Language::Python { batch: batch.unwrap_or(NonZeroU32::MIN), concurrency };
    let keep = Keep { language, recycle, recycle_rss };
    let mut persistent = stay_up(python, words, keep, reducer, given, workers)?;
    if let (Some(_), Some(timeout)) = (concurrency, persistent.timeout) {
        persistent.arguments.push(format!("timeout={}", timeout.as_secs_f64()).into());
    }
    Ok(persistent)
}

fn not_one(words: &[OsString]) -> String {
    if words.is_empty() {
        return "py needs an expression of x, or a function, such as: parjob py 'int(x)**2', parjob py FILE.py:FUNCTION"
            .into();
    }
    format!("py takes one expression or function; quote it: parjob py {}, and give items after :::", as_one_word(words))
}

fn option(name: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(format!("{name}="));
    word.push(value);
    word
}

fn text_of(given: &ArgMatches, name: &str) -> Option<String> {
    match name {
        "as" => text(given, name).map(str::to_owned),
        name => given.get_one::<NonZeroU32>(name).map(|number| number.to_string()),
    }
}

/// What was named: the word of worker.py for it, and what to call it.
fn kind(what: &OsStr) -> (&'static str, &'static str) {
    let Some((owner, name)) = what.to_str().and_then(|text| text.rsplit_once(':')) else { return EXPRESSION };
    // Nothing that looks like either is an expression.
    match () {
        () if !is_dotted_name(name) => EXPRESSION,
        () if owner.len() > 3 && owner.ends_with(".py") => ("file", "a function of a file"),
        () if is_dotted_name(owner) => ("module", "a function of a module"),
        () => EXPRESSION,
    }
}

const EXPRESSION: (&str, &str) = ("expr", "an expression of x");

/// Whether it is names with dots between them.
fn is_dotted_name(text: &str) -> bool {
    let is_name = |part: &str| {
        part.chars().all(|c| c == '_' || c.is_alphanumeric()) && part.starts_with(|c: char| !c.is_numeric())
    };
    text.split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_from_expressions() {
        for (text, expected) in [
            ("int(x)**2", "expr"),
            ("x[1:3]", "expr"),
            ("{'a': x}", "expr"),
            ("lambda:0", "expr"),
            ("'a.py:b'", "expr"),
            ("x[y:z]", "expr"),
            ("", "expr"),
            ("os.path:basename", "module"),
            ("math:sqrt", "module"),
            ("m:Class.method", "module"),
            ("./my work-2.py:f", "file"),
            ("/a:b/c.py:naïve", "file"),
            (".py:f", "expr"),
            ("a.py:", "expr"),
        ] {
            assert_eq!(kind(text.as_ref()).0, expected, "{text}");
        }
    }
}
