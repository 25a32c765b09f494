//! How the process of a worker is brought to its end: by itself, asked to, or killed, with a grace for each step.

use std::time::Duration;

/// How long a killed process has to be gone.
const DYING: Duration = Duration::from_secs(1);

/// What is done to a process that is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// Its input is closed.
    Wait,
    /// It is asked to end.
    Term,
    /// It is killed.
    Kill,
}

/// A process that is to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shutdown {
    step: Step,
    grace: Duration,
    /// When the next step is due.
    pub(super) until: Duration,
}

impl Shutdown {
    pub(super) fn begin(step: Step, grace: Duration, now: Duration) -> Shutdown {
        let mut shutdown = Shutdown { step, grace, until: now };
        shutdown.enter(step, now);
        shutdown
    }

    /// The step that is to be taken now, where there is one; no less is done than `least`.
    pub(super) fn next(&mut self, least: Step, now: Duration) -> Option<Step> {
        let due = match self.step {
            Step::Wait if now >= self.until => Step::Term,
            Step::Term if now >= self.until => Step::Kill,
            step => step,
        };
        let next = due.max(least);
        let is_new = next > self.step;
        if is_new {
            self.enter(next, now);
        }
        is_new.then_some(next)
    }

    /// Whether it was asked to end, or killed.
    pub(super) fn was_asked(&self) -> bool {
        self.step > Step::Wait
    }

    /// Whether it would not even be killed.
    pub(super) fn is_hopeless(&self, now: Duration) -> bool {
        self.step == Step::Kill && now >= self.until
    }

    fn enter(&mut self, step: Step, now: Duration) {
        self.step = step;
        self.until = now.saturating_add(if step == Step::Kill { DYING } else { self.grace });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(2);

    fn second(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn each_step_has_its_grace() {
        let mut shutdown = Shutdown::begin(Step::Wait, GRACE, second(10));
        assert_eq!(shutdown.next(Step::Wait, second(11)), None);
        assert!(!shutdown.was_asked());
        assert_eq!(shutdown.next(Step::Wait, second(12)), Some(Step::Term));
        assert_eq!(shutdown.next(Step::Wait, second(13)), None);
        assert_eq!(shutdown.next(Step::Wait, second(14)), Some(Step::Kill));
        assert!(!shutdown.is_hopeless(second(14)) && shutdown.is_hopeless(second(15)));
        assert_eq!(shutdown.next(Step::Wait, second(20)), None);
    }

    #[test]
    fn the_end_of_the_run_hastens_it() {
        let mut shutdown = Shutdown::begin(Step::Wait, GRACE, second(10));
        assert_eq!(shutdown.next(Step::Term, second(10)), Some(Step::Term));
        assert_eq!(shutdown.next(Step::Term, second(10)), None);
        assert_eq!(shutdown.next(Step::Kill, second(10)), Some(Step::Kill));
        let mut shutdown = Shutdown::begin(Step::Term, Duration::MAX / 4, second(10));
        assert_eq!(shutdown.next(Step::Wait, second(1_000_000)), None);
    }
}
