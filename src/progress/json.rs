//! Events as JSON objects on standard error, one a line, for programs that show progress themselves:
//! `started`, `progress` each second, `failed` for each of the first failures, `ended`.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::meter::{Meter, Ticker};
use super::say;
use crate::base::event::{Counts, Event, Observer};

/// The wait between two objects.
const TICK: Duration = Duration::from_secs(1);

/// Writes events.
pub(super) struct Json {
    ticker: Ticker,
}

pub(super) fn show(meter: Arc<Meter>) -> Result<Json> {
    let draw = |meter: &Meter| put(&counts("progress", &meter.counts(), meter.elapsed()));
    Ok(Json { ticker: Ticker::start(meter, || TICK, draw, |_| {})? })
}

impl Observer for Json {
    fn on(&mut self, event: &Event<'_>) {
        self.ticker.on(event);
        match event {
            Event::Started { workers, total } => {
                put(&json!({"v": 1, "event": "started", "workers": workers, "total": total}));
            }
            Event::Failed(failed) => {
                put(&json!({"v": 1, "event": "failed", "seq": failed.seq.0, "error": failed.error()}));
            }
            Event::Ended(ended) => put(&counts("ended", &ended.counts, ended.took)),
            Event::Counted(_)
            | Event::Retrying { .. }
            | Event::Stopping(_)
            | Event::Lingering { .. }
            | Event::Ran { .. }
            | Event::Say(_)
            | Event::Warning(_) => {}
        }
    }
}

fn counts(event: &str, counts: &Counts, took: Duration) -> Value {
    let Counts { read, ok, failed, skipped, not_run, .. } = counts;
    let seconds = took.as_secs_f64();
    json!({"v": 1, "event": event, "read": read, "ok": ok, "failed": failed, "skipped": skipped, "not_run": not_run,
        "seconds": seconds})
}

fn put(value: &Value) {
    say(&format!("{value}\n"));
}
