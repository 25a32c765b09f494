//! The numbers that progress shows, between the run loop that stores them and the thread that draws them.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::{HumanCount, HumanDuration};

use crate::base::event::{Counts, Event, Observer};
use crate::base::item::Seq;

/// A run that gives nothing for so long is said to wait.
const STALL: Duration = Duration::from_secs(3);

/// The rate is that of about so many seconds: older ones count ever less.
const MEMORY: f64 = 5.0;

/// The latest numbers. Each is stored by itself: a picture may mix two moments, which nobody can see.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) total: Option<u64>,
    started: Instant,
    read: AtomicU64,
    ok: AtomicU64,
    failed: AtomicU64,
    skipped: AtomicU64,
    not_run: AtomicU64,
    unwritten: AtomicUsize,
    head: AtomicU64,
    trend: Mutex<Trend>,
}

/// What the last looks saw.
#[derive(Debug)]
struct Trend {
    at: Instant,
    done: u64,
    /// Items a second, as if there had been none before the start.
    rate: f64,
    /// When the number of items done last changed.
    moved: Instant,
}

impl Meter {
    pub(super) fn new(total: Option<u64>) -> Meter {
        let now = Instant::now();
        Meter {
            total,
            started: now,
            read: AtomicU64::new(0),
            ok: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            not_run: AtomicU64::new(0),
            unwritten: AtomicUsize::new(0),
            head: AtomicU64::new(0),
            trend: Mutex::new(Trend { at: now, done: 0, rate: 0.0, moved: now }),
        }
    }

    fn store(&self, counts: &Counts) {
        self.read.store(counts.read, Ordering::Relaxed);
        self.ok.store(counts.ok, Ordering::Relaxed);
        self.failed.store(counts.failed, Ordering::Relaxed);
        self.skipped.store(counts.skipped, Ordering::Relaxed);
        self.not_run.store(counts.not_run, Ordering::Relaxed);
        self.unwritten.store(counts.unwritten, Ordering::Relaxed);
        self.head.store(counts.head.map_or(0, |head| head.0), Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        let head = self.head.load(Ordering::Relaxed);
        Counts {
            read: self.read.load(Ordering::Relaxed),
            ok: self.ok.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            skipped: self.skipped.load(Ordering::Relaxed),
            not_run: self.not_run.load(Ordering::Relaxed),
            unwritten: self.unwritten.load(Ordering::Relaxed),
            head: (head > 0).then_some(Seq(head)),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What a person wants to know, in a few words: the rate, the failures, the time left or the wait.
    pub(super) fn status(&self) -> String {
        let counts = self.counts();
        let (rate, still) = self.look(counts.done());
        let mut text = if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{}/s", HumanCount(rate as u64)) };
        // Writing to a string does not fail.
        if counts.failed > 0 {
            let _ = write!(text, ", {} failed", HumanCount(counts.failed));
        }
        if still >= STALL {
            let _ = write!(text, ", {} for {}", waiting(&counts), HumanDuration(still));
        } else if let Some(left) = self.left(counts.done(), rate) {
            let _ = write!(text, ", {} left", HumanDuration(left));
        }
        text
    }

    /// The rate, and how long it has given nothing.
    fn look(&self, done: u64) -> (f64, Duration) {
        let now = Instant::now();
        let mut trend = self.trend.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = (now - trend.at).as_secs_f64().max(1e-3);
        let rate = done.saturating_sub(trend.done) as f64 / passed;
        trend.rate += (1.0 - (-passed / MEMORY).exp()) * (rate - trend.rate);
        if done != trend.done {
            trend.moved = now;
        }
        (trend.at, trend.done) = (now, done);
        // What the memory holds of the time before the start is taken out again.
        let known = 1.0 - (-self.elapsed().as_secs_f64().max(1e-3) / MEMORY).exp();
        (trend.rate / known, now - trend.moved)
    }

    fn left(&self, done: u64, rate: f64) -> Option<Duration> {
        let left = self.total?.saturating_sub(done) as f64;
        Duration::try_from_secs_f64(left / rate).ok().filter(|_| done > 0)
    }
}

/// What a run that gives nothing waits for.
fn waiting(counts: &Counts) -> String {
    match (counts.under_way(), counts.unwritten, counts.head) {
        (0, 0, _) => "waiting for input".to_string(),
        (0, _, _) => "waiting for the reader of the results".to_string(),
        (_, _, Some(head)) => format!("waiting for item {head}"),
        (_, _, None) => "waiting for the items at work".to_string(),
    }
}

impl Observer for Arc<Meter> {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Counted(counts) => self.store(counts),
            Event::Ended(ended) => self.store(&ended.counts),
            _ => {}
        }
    }
}

/// Draws on a thread of its own until the run has ended.
pub(super) struct Ticker {
    meter: Arc<Meter>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Calls `draw` after each of the waits that `next_wait` gives, and `end` once at the end.
    pub(super) fn start(
        meter: Arc<Meter>,
        mut next_wait: impl FnMut() -> Duration + Send + 'static,
        mut draw: impl FnMut(&Meter) + Send + 'static,
        end: impl FnOnce(&Meter) + Send + 'static,
    ) -> Result<Ticker> {
        let (sender, receiver) = channel();
        let shared = Arc::clone(&meter);
        let body = move || {
            while !ended(&receiver, next_wait()) {
                draw(&shared);
            }
            end(&shared);
        };
        let thread = Builder::new().name("parjob-progress".into()).spawn(body);
        let thread = thread.context("cannot start the thread that shows progress")?;
        Ok(Ticker { meter, end: Some(sender), thread: Some(thread) })
    }
}

fn ended(end: &Receiver<()>, wait: Duration) -> bool {
    end.recv_timeout(wait) != Err(RecvTimeoutError::Timeout)
}

impl Observer for Ticker {
    fn on(&mut self, event: &Event<'_>) {
        self.meter.on(event);
        if let Event::Ended(_) = event {
            self.end = None;
            if let Some(thread) = self.thread.take() {
                // A panic there has been reported, and ends nothing but the drawing.
                let _ = thread.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_has_a_name() {
        let counts = Counts { read: 5, ok: 5, ..Counts::default() };
        assert_eq!(waiting(&counts), "waiting for input");
        assert_eq!(waiting(&Counts { unwritten: 9, ..counts }), "waiting for the reader of the results");
        assert_eq!(waiting(&Counts { ok: 3, head: Some(Seq(4)), ..counts }), "waiting for item 4");
        assert_eq!(waiting(&Counts { ok: 3, ..counts }), "waiting for the items at work");
    }

    #[test]
    fn the_time_left_needs_a_total_and_a_rate() {
        assert_eq!(Meter::new(Some(100)).left(50, 10.0), Some(Duration::from_secs(5)));
        assert_eq!(Meter::new(Some(100)).left(0, 0.0), None);
        assert_eq!(Meter::new(None).left(50, 10.0), None);
    }
}
