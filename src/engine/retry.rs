//! Which failed attempts at an item are followed by another.

use std::str::FromStr;

use anyhow::{Result, bail};

use crate::base::failure::{Failure, FailureKind};
use crate::base::item::Attempt;

/// Which attempts are followed by another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Further attempts at an item that failed and might pass.
    pub retries: u32,
    /// The failures for which they are made; any where there are none.
    pub on: Vec<Kind>,
}

/// A kind of failure, as `--retry-on` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The process ended with a status, of any number or of this one.
    Exit(Option<i32>),
    /// A signal ended or stopped it.
    Signal,
    /// It took too long.
    Timeout,
    /// It could not be started.
    Start,
}

impl RetryPolicy {
    /// Whether another attempt may be made.
    pub fn may_follow(&self, attempt: Attempt, cause: &Failure) -> bool {
        let wanted = self.on.is_empty() || self.on.iter().any(|kind| kind.is_of(cause.kind()));
        attempt.0 <= self.retries && cause.is_transient() && wanted
    }
}

impl Kind {
    fn is_of(self, cause: FailureKind) -> bool {
        match (self, cause) {
            (kind, FailureKind::Lost(Some(end))) => kind.is_of(end.into()),
            (Kind::Exit(wanted), FailureKind::Exit(status)) => wanted.is_none_or(|wanted| wanted == status),
            (Kind::Signal, FailureKind::Signal(_) | FailureKind::Stopped(_)) => true,
            (Kind::Timeout, FailureKind::Timeout) => true,
            (Kind::Start, FailureKind::NotStarted(_)) => true,
            _ => false,
        }
    }
}

impl FromStr for Kind {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Kind> {
        Ok(match text {
            "exit" => Kind::Exit(None),
            "signal" => Kind::Signal,
            "timeout" => Kind::Timeout,
            "start" => Kind::Start,
            _ => match text.strip_prefix("exit=").map(str::parse) {
                Some(Ok(status @ 1..=255)) => Kind::Exit(Some(status)),
                Some(_) => bail!("{text:?}: a status is from 1 to 255"),
                None => bail!("{text:?} is none of exit, exit=N, signal, timeout, start"),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::base::failure::ProcessEnd;

    #[test]
    fn only_the_failures_that_are_named_are_tried_again() {
        let on =
            |text: &str| RetryPolicy { retries: 1, on: text.split(',').map(|kind| kind.parse().unwrap()).collect() };
        let first = Attempt::FIRST;
        let failure = |kind| Failure::new(kind, "").transient();
        assert!(on("exit=75,timeout").may_follow(first, &failure(FailureKind::Exit(75))));
        assert!(!on("exit=75,timeout").may_follow(first, &failure(FailureKind::Exit(1))));
        assert!(on("exit=75,timeout").may_follow(first, &failure(FailureKind::Timeout)));
        assert!(on("signal").may_follow(first, &failure(FailureKind::Stopped(21))));
        assert!(on("exit").may_follow(first, &failure(FailureKind::Exit(9))));
        assert!(on("exit").may_follow(first, &failure(FailureKind::Lost(Some(ProcessEnd::Exit(9))))));
        assert!(!on("exit").may_follow(first, &failure(FailureKind::Lost(None))));
        assert!(!on("exit").may_follow(Attempt(2), &failure(FailureKind::Exit(9))));
        assert!(!RetryPolicy { retries: 1, on: Vec::new() }.may_follow(first, &Failure::constant("is not a number")));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "exits", "exit=", "exit=0", "exit=256", "exit=x", "signal=9"] {
            assert!(text.parse::<Kind>().is_err(), "{text}");
        }
    }
}
