//! When a next process may start: what is looked at beside the number of those at work.

use std::time::{Duration, Instant};

use parjob_sys::limits;

/// What is looked at before a process is started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Throttle {
    /// Between two starts.
    pub delay: Duration,
    /// Not while the machine's load is this or more.
    pub load: Option<f64>,
    /// Not while less memory is free, in bytes.
    pub memory: Option<u64>,
}

/// How often the machine, and the file, are looked at.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// A throttle with what it last saw.
#[derive(Debug)]
pub(super) struct ThrottleState {
    config: Throttle,
    not_before: Option<Instant>,
    looked: Option<Instant>,
    /// How many more the last look lets start.
    allowance: usize,
}

impl ThrottleState {
    pub(super) fn new(config: Throttle) -> ThrottleState {
        ThrottleState { config, not_before: None, looked: None, allowance: 0 }
    }

    /// Whether a process may start now, of which `active` are at work; if not, until when to wait. One may always
    /// be at work, whatever the machine is doing: the load may be that of others, who never end.
    pub(super) fn ask(&mut self, active: usize) -> Result<(), Instant> {
        let now = Instant::now();
        if let Some(at) = self.not_before.filter(|at| *at > now) {
            return Err(at);
        }
        if (self.config.load.is_some() || self.config.memory.is_some()) && active > 0 {
            if self.looked.is_none_or(|looked| now - looked >= LOOK) {
                self.looked = Some(now);
                self.allowance = self.look(active);
            }
            if self.allowance == 0 {
                return Err(self.looked.unwrap_or(now) + LOOK);
            }
            self.allowance -= 1;
        }
        if !self.config.delay.is_zero() {
            // Those who are late do not make up for it: a burst is what the delay is to prevent.
            self.not_before = Some(now + self.config.delay);
        }
        Ok(())
    }

    /// How many may start before the next look: what was just started is not in the numbers yet.
    fn look(&self, active: usize) -> usize {
        if self.config.memory.zip(limits::memory_free()).is_some_and(|(least, free)| free < least) {
            return 0;
        }
        let Some((most, load)) = self.config.load.zip(limits::load()) else { return usize::MAX };
        // The average follows slowly: what was started lately is hardly in it.
        let running = load.running.map_or(0.0, |running| running as f64);
        // Rounded up, and never below 0, which the conversion sees to.
        (most - load.average.max(running.min(active as f64))).ceil() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_may_always_start() {
        let mut throttle = ThrottleState::new(Throttle { memory: Some(u64::MAX), ..Throttle::default() });
        assert!(throttle.ask(0).is_ok());
        assert!(throttle.ask(1).is_err() || limits::memory_free().is_none());
        assert!(throttle.ask(0).is_ok());
    }

    #[test]
    fn a_delay_is_kept_between_two_starts() {
        let mut throttle = ThrottleState::new(Throttle { delay: Duration::from_secs(60), ..Throttle::default() });
        assert!(throttle.ask(0).is_ok());
        let until = throttle.ask(0).map_or_else(|until| until, |()| Instant::now());
        assert!(until > Instant::now() + Duration::from_secs(50));
    }
}
