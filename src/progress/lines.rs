//! A plain line now and then, for logs: the first after ten seconds, then ever more rarely, so that a short
//! run says nothing and a night's run does not fill the log.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use indicatif::{HumanCount, HumanDuration};

use super::meter::{Meter, Ticker};
use super::say;

/// Before the first line.
const FIRST: Duration = Duration::from_secs(10);

/// The longest between two lines.
const MOST: Duration = Duration::from_secs(600);

/// Writes lines.
pub(super) fn show(meter: Arc<Meter>) -> Result<Ticker> {
    let mut waits = waits();
    Ticker::start(meter, move || waits.next().unwrap_or(MOST), |meter| say(&line(meter)), |_| {})
}

/// The waits before the first line, the second, and so on.
fn waits() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(FIRST), |wait| Some((*wait * 2).min(MOST)))
}

fn line(meter: &Meter) -> String {
    let of = meter.total.map_or(String::new(), |total| format!(" of {}", HumanCount(total)));
    let done = HumanCount(meter.counts().done());
    format!("parjob: {done}{of} done after {}: {}\n", HumanDuration(meter.elapsed()), meter.status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_ever_more_rarely() {
        let seconds: Vec<u64> = waits().take(8).map(|wait| wait.as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 600, 600]);
    }

    #[test]
    fn a_line_says_how_far_it_is() {
        let text = line(&Meter::new(Some(2000)));
        assert!(text.starts_with("parjob: 0 of 2,000 done after 0 seconds: 0.0/s") && text.ends_with('\n'), "{text}");
    }
}
