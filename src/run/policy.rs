//! What the run loop is told: order, retries, halts, the deadline.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::base::item::{Attempt, Seq};

/// How the run loop decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// A closed pipe is an error like any other, since SIGPIPE was ignored when parjob was started.
    pub sigpipe_ignored: bool,
    /// Results come in input order.
    pub ordered: bool,
    /// The wait before a further attempt.
    pub backoff: Backoff,
    /// When to stop early.
    pub halt: Option<Halt>,
    /// How long the whole run may take.
    pub deadline: Option<Duration>,
    /// What is at work can be ended.
    pub killable: bool,
    /// How long it has for that.
    pub grace: Duration,
    /// How long results that are ready may take to be written once the run is to stop, where that is longer than a
    /// moment: what a ledger calls done is not done again.
    pub patience: Duration,
}

/// The wait before a further attempt: doubles each time up to `most`, and is shortened by a jitter of up to
/// a half so that items that failed together do not come back together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    /// Before the second attempt.
    pub first: Duration,
    /// Never longer than this.
    pub most: Duration,
}

impl Backoff {
    /// The wait after this attempt at this item. The jitter follows from both, so a run can be repeated.
    pub fn after(&self, attempt: Attempt, seq: Seq) -> Duration {
        let doublings = (attempt.0 - 1).min(31);
        let full = self.first.saturating_mul(1 << doublings).min(self.most.max(self.first));
        full.mul_f64(1.0 - 0.5 * fraction(seq.0 ^ u64::from(attempt.0) << 48))
    }
}

/// A number from 0 up to 1 that looks random: SplitMix64's finalizer (Steele, Lea and Flood, 2014).
fn fraction(x: u64) -> f64 {
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((x ^ x >> 31) >> 11) as f64 / (1u64 << 53) as f64
}

/// `--halt`: stop when so many items ended in such a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Do not wait for what is at work.
    pub now: bool,
    /// Which items count.
    pub on: On,
    /// How many.
    pub limit: Limit,
}

/// Which items `--halt` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Those that failed.
    Fail,
    /// Those that went well.
    Success,
    /// Both.
    Done,
}

/// How many items `--halt` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// So many.
    Items(u64),
    /// So many percent of all items, 1 to 100.
    Percent(u64),
}

impl On {
    /// How many of these items count.
    pub fn count(self, ok: u64, failed: u64) -> u64 {
        match self {
            On::Fail => failed,
            On::Success => ok,
            On::Done => ok + failed,
        }
    }
}

impl Halt {
    /// The number of items at which to stop, where the limit or the total tells it.
    pub fn items(&self, total: Option<u64>) -> Option<u64> {
        let share = |total: u64, percent| (u128::from(total) * u128::from(percent)).div_ceil(100).max(1);
        match self.limit {
            Limit::Items(items) => Some(items),
            Limit::Percent(percent) => total.map(|total| u64::try_from(share(total, percent)).unwrap_or(u64::MAX)),
        }
    }

    /// Whether it is time to stop. Without a total, a share of failures is taken of the items done so far,
    /// three at least, as GNU parallel does; other shares wait for the total.
    pub fn is_due(&self, ok: u64, failed: u64, total: Option<u64>) -> bool {
        let counted = self.on.count(ok, failed);
        match (self.items(total), self.limit, self.on) {
            (Some(items), _, _) => counted >= items,
            (None, Limit::Percent(percent), On::Fail) => {
                let done = ok + failed;
                done >= 3 && failed * 100 >= done * percent
            }
            _ => false,
        }
    }
}

impl FromStr for Halt {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Halt> {
        let form = "expected never, or now|soon,fail|success|done=N|N%";
        let Some((when, what)) = text.split_once(',') else { bail!("{form}") };
        let Some((on, limit)) = what.split_once('=') else { bail!("{form}") };
        let now = match when {
            "now" => true,
            "soon" => false,
            _ => bail!("{form}"),
        };
        let on = match on {
            "fail" => On::Fail,
            "success" => On::Success,
            "done" => On::Done,
            _ => bail!("{form}"),
        };
        let limit = match limit.strip_suffix('%') {
            Some(percent) => Limit::Percent(percent.parse().context(form)?),
            None => Limit::Items(limit.parse().context(form)?),
        };
        match limit {
            Limit::Items(0) => bail!("a halt after 0 items would run nothing"),
            Limit::Percent(percent) if !(1..=100).contains(&percent) => bail!("a percentage is from 1 to 100"),
            _ => Ok(Halt { now, on, limit }),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn halt(text: &str) -> Halt {
        text.parse().unwrap()
    }

    #[test]
    fn a_halt_counts_what_it_is_told_to() {
        assert!(halt("now,fail=2").is_due(10, 2, None));
        assert!(!halt("now,fail=2").is_due(10, 1, None));
        assert!(halt("soon,success=3").is_due(3, 0, None));
        assert!(halt("soon,done=3").is_due(1, 2, None));
    }

    #[test]
    fn a_share_is_of_the_total_where_there_is_one() {
        assert!(!halt("now,fail=50%").is_due(1, 4, Some(10)));
        assert!(halt("now,fail=50%").is_due(1, 5, Some(10)));
        assert!(!halt("now,fail=50%").is_due(0, 2, None));
        assert!(halt("now,fail=50%").is_due(1, 2, None));
        assert!(!halt("now,done=50%").is_due(90, 9, None));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "now", "now,fail", "later,fail=1", "now,fail=0", "now,fail=0%", "soon,done=101%", "now,x=1"] {
            assert!(text.parse::<Halt>().is_err(), "{text}");
        }
    }

    #[test]
    fn backoff_doubles_up_to_its_most_with_a_jitter_of_a_half() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(5) };
        for (attempt, full) in [(1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (40, 5.0)] {
            let wait = backoff.after(Attempt(attempt), Seq(7)).as_secs_f64();
            assert!(wait > full / 2.0 - 1e-9 && wait <= full, "{attempt}: {wait}");
        }
        assert_eq!(Backoff::default().after(Attempt(3), Seq(1)), Duration::ZERO);
    }
}
