//! `parjob explain …`: the decisions of a plan, each with its reason.
//!
//! What is derived is decided, and told, where it is resolved. An option that says what it says has its row here, so that
//! none is left out.

use std::ffi::OsStr;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::args::{BRIEF, HELP, ITEMS};
use crate::plan::{Decision, Plan};

/// Options that are called otherwise here, since their name means something else among the decisions.
const CALLED: [(&str, &str); 1] = [("results", "folders")];

/// A row for each option that was given and is no decision's reason.
pub(super) fn rest(given: &ArgMatches, decisions: &mut Vec<Decision>) {
    for id in given.ids().map(clap::Id::as_str).filter(|id| ![BRIEF, HELP, ITEMS].contains(id)) {
        if given.value_source(id) != Some(ValueSource::CommandLine) {
            continue;
        }
        let option = format!("--{id}");
        if decisions.iter().any(|decision| names(&decision.why, &option)) {
            continue;
        }
        let what = CALLED.iter().find(|(name, _)| *name == id).map_or(id, |(_, what)| what);
        decisions.push(Decision { what: what.into(), value: value(given, id), why: option });
    }
}

/// What an option was given; a flag is on.
fn value(given: &ArgMatches, id: &str) -> String {
    if given.try_get_one::<bool>(id).is_ok() {
        return "yes".to_owned();
    }
    let raw = given.get_raw(id).into_iter().flatten();
    raw.map(|value: &OsStr| value.to_string_lossy().escape_debug().to_string()).collect::<Vec<_>>().join(", ")
}

/// Whether a reason names an option, and not one whose name begins with its name.
fn names(why: &str, option: &str) -> bool {
    why.match_indices(option).any(|(at, _)| {
        let next = why[at + option.len()..].chars().next();
        next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '-')
    })
}

/// A table: what, the value, why.
pub(super) fn explain(plan: &Plan) -> String {
    let width = |of: fn(&Decision) -> &str| plan.decisions.iter().map(|d| of(d).chars().count()).max().unwrap_or(0);
    let (what, value) = (width(|d| &d.what), width(|d| &d.value));
    let row = |d: &Decision| format!("{:what$}  {:value$}  {}\n", d.what, d.value, d.why);
    plan.decisions.iter().map(row).collect()
}
