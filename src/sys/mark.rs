//! The mark by which the processes of a run are known, wherever they went: a variable of their environment.
//!
//! It is a list, so that runs may be nested: a parjob that runs in a job of another adds its own id to the ids that
//! it inherits, and what it starts belongs to both.

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The name of the variable.
pub const RUNS: &str = "PARJOB_RUNS";

/// How much of the ids that were inherited is kept, the last ones: a hundred nested runs. A longer variable
/// would not be looked at by those who search for it.
const KEPT: usize = 3000;

/// The mark of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    id: String,
    value: OsString,
}

impl Mark {
    /// A new one, within those of the runs to which this process belongs itself.
    #[expect(clippy::new_without_default, reason = "no two are equal: nothing here is a default")]
    pub fn new() -> Mark {
        // The standard library seeds its hashers with the system's random numbers.
        let random = RandomState::new().build_hasher().finish();
        let id = format!("{}-{random:016x}", std::process::id());
        Mark::within(std::env::var_os(RUNS).unwrap_or_default().as_bytes(), id)
    }

    fn within(outer: &[u8], id: String) -> Mark {
        let mut outer = outer;
        while outer.len() > KEPT {
            outer = memchr::memchr(b':', outer).map_or(&[], |end| &outer[end + 1..]);
        }
        let separator: &[u8] = if outer.is_empty() { b"" } else { b":" };
        let value = OsString::from_vec([outer, separator, id.as_bytes()].concat());
        Mark { id, value }
    }

    /// What tells this run from all others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The value of [`RUNS`] for what the run starts.
    pub fn value(&self) -> &OsStr {
        &self.value
    }
}

/// Whether this variable, `NAME=value`, tells the runs to which its process belongs.
#[cfg(target_os = "linux")]
pub(super) fn is_mark(variable: &[u8]) -> bool {
    variable.strip_prefix(RUNS.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
}

/// Whether this variable, `NAME=value`, says that its process belongs to the run with this id.
#[cfg(any(target_os = "linux", test))]
pub(super) fn names(variable: &[u8], id: &[u8]) -> bool {
    let value = variable.strip_prefix(RUNS.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
    value.is_some_and(|value| value.split(|byte| *byte == b':').any(|run| run == id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_added_to_those_around_it() {
        assert_eq!(Mark::within(b"", "7-a".into()).value(), "7-a");
        assert_eq!(Mark::within(b"1-b:2-c", "7-a".into()).value(), "1-b:2-c:7-a");
        let (one, other) = (Mark::new(), Mark::new());
        assert_ne!(one.id(), other.id());
        assert!(one.value().as_bytes().ends_with(one.id().as_bytes()));
    }

    #[test]
    fn of_very_many_runs_the_outermost_are_forgotten() {
        let outer = "12345-0123456789abcdef:".repeat(1000);
        let value = Mark::within(outer.as_bytes(), "7-a".into()).value;
        assert!(value.len() < 3100 && value.len() > 2900);
        assert!(value.as_bytes().starts_with(b"12345-") && value.as_bytes().ends_with(b":7-a"));
        assert_eq!(Mark::within(&[b'x'; 5000], "7-a".into()).value(), "7-a");
    }

    #[test]
    fn only_whole_ids_count() {
        for variable in ["PARJOB_RUNS=7-a", "PARJOB_RUNS=1-b:7-a", "PARJOB_RUNS=7-a:1-b", "PARJOB_RUNS=1:7-a:2"] {
            assert!(names(variable.as_bytes(), b"7-a"), "{variable}");
        }
        for variable in ["PARJOB_RUNS=7-ab", "PARJOB_RUNS=17-a", "PARJOB_RUNS", "PARJOB_RUNS=", "XPARJOB_RUNS=7-a"] {
            assert!(!names(variable.as_bytes(), b"7-a"), "{variable}");
        }
    }
}
