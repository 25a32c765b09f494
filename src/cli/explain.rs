//! `parjob explain …`: the decisions of a plan, each with its reason.

use crate::plan::{Decision, Plan};

/// A table: what, the value, why.
pub(super) fn explain(plan: &Plan) -> String {
    let width = |of: fn(&Decision) -> &str| plan.decisions.iter().map(|d| of(d).chars().count()).max().unwrap_or(0);
    let (what, value) = (width(|d| d.what), width(|d| &d.value));
    let row = |d: &Decision| format!("{:what$}  {:value$}  {}\n", d.what, d.value, d.why);
    plan.decisions.iter().map(row).collect()
}
