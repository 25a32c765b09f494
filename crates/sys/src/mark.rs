//! The mark by which the processes of a run are known, wherever they went: a variable of their environment.
//!
//! It is a list, so that runs may be nested: a runner in a job of another adds its own id to the ids that
//! it inherits, and what it starts belongs to both.

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// How much of the ids that were inherited is kept, the last ones: a hundred nested runs. A longer variable
/// would not be looked at by those who search for it.
const KEPT: usize = 3000;

/// The mark of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name of the variable.
    variable: &'static str,
    id: String,
    value: OsString,
}

impl Mark {
    /// A new one in the variable of this name, within those of the runs to which this process belongs itself.
    pub fn new(variable: &'static str) -> Mark {
        // The standard library seeds its hashers with the system's random numbers.
        let random = RandomState::new().build_hasher().finish();
        let id = format!("{}-{random:016x}", std::process::id());
        Mark::within(variable, std::env::var_os(variable).unwrap_or_default().as_bytes(), id)
    }

    fn within(variable: &'static str, outer: &[u8], id: String) -> Mark {
        let mut outer = outer;
        while outer.len() > KEPT {
            outer = memchr::memchr(b':', outer).map_or(&[], |end| &outer[end + 1..]);
        }
        let separator: &[u8] = if outer.is_empty() { b"" } else { b":" };
        let value = OsString::from_vec([outer, separator, id.as_bytes()].concat());
        Mark { variable, id, value }
    }

    /// What tells this run from all others.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name of the variable.
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// The value of the variable for what the run starts.
    pub fn value(&self) -> &OsStr {
        &self.value
    }

    /// The runs to which a process with this variable, `NAME=value`, belongs; `None` of another variable.
    #[cfg(any(target_os = "linux", test))]
    fn runs<'v>(&self, variable: &'v [u8]) -> Option<&'v [u8]> {
        variable.strip_prefix(self.variable.as_bytes())?.strip_prefix(b"=")
    }

    /// Whether this variable, `NAME=value`, says that its process belongs to the run.
    #[cfg(any(target_os = "linux", test))]
    pub(crate) fn is_in(&self, variable: &[u8]) -> bool {
        let mut runs = self.runs(variable).into_iter().flat_map(|runs| runs.split(|byte| *byte == b':'));
        runs.any(|run| run == self.id.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_added_to_those_around_it() {
        assert_eq!(Mark::within("RUNS", b"", "7-a".into()).value(), "7-a");
        assert_eq!(Mark::within("RUNS", b"1-b:2-c", "7-a".into()).value(), "1-b:2-c:7-a");
        let (one, other) = (Mark::new("RUNS"), Mark::new("RUNS"));
        assert_ne!(one.id(), other.id());
        assert!(one.value().as_bytes().ends_with(one.id().as_bytes()));
    }

    #[test]
    fn of_very_many_runs_the_outermost_are_forgotten() {
        let outer = "12345-0123456789abcdef:".repeat(1000);
        let value = Mark::within("RUNS", outer.as_bytes(), "7-a".into()).value;
        assert!(value.len() < 3100 && value.len() > 2900);
        assert!(value.as_bytes().starts_with(b"12345-") && value.as_bytes().ends_with(b":7-a"));
        assert_eq!(Mark::within("RUNS", &[b'x'; 5000], "7-a".into()).value(), "7-a");
    }

    #[test]
    fn only_whole_ids_count() {
        let mark = Mark::within("RUNS", b"", "7-a".into());
        for variable in ["RUNS=7-a", "RUNS=1-b:7-a", "RUNS=7-a:1-b", "RUNS=1:7-a:2"] {
            assert!(mark.is_in(variable.as_bytes()), "{variable}");
        }
        for variable in ["RUNS=7-ab", "RUNS=17-a", "RUNS", "RUNS=", "XRUNS=7-a"] {
            assert!(!mark.is_in(variable.as_bytes()), "{variable}");
        }
    }
}
