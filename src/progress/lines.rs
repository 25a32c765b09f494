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
    let mut following = FIRST;
    let next_wait = move || {
        let wait = following;
        following = (wait * 2).min(MOST);
        wait
    };
    Ticker::start(meter, next_wait, |meter| say(&line(meter)), |_| {})
}

fn line(meter: &Meter) -> String {
    let of = meter.total.map_or(String::new(), |total| format!(" of {}", HumanCount(total)));
    let done = HumanCount(meter.counts().done());
    format!("parjob: {done}{of} done after {}: {}\n", HumanDuration(meter.elapsed()), meter.status())
}
