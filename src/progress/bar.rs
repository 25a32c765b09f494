//! A bar on a terminal, drawn with indicatif.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::Result;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::meter::{Meter, Ticker};
use super::terminal::{Terminal, columns};
use super::{Shown, in_turn};
use crate::output::Aside;

/// The wait between two pictures.
const TICK: Duration = Duration::from_millis(100);

/// The width of the bar itself; on a narrow terminal there is room for the numbers only.
const BAR: usize = 24;

/// A terminal of fewer columns is narrow.
const NARROW: usize = 70;

/// Columns that stay free at the end of the line: a terminal that echoes `^C` there would begin a new line, and
/// what is to be erased would be one line further up.
const FREE: usize = 4;

/// Draws a bar. Messages appear above it, and with `shares_output` results too.
pub(super) fn show(meter: Arc<Meter>, shares_output: bool) -> Result<Shown> {
    let terminal = Terminal::default();
    let line_is_open = Arc::clone(&terminal.line_is_open);
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(terminal), 10);
    let style = ProgressStyle::with_template(if meter.total.is_some() { "{msg}" } else { "{spinner} {msg}" })?;
    let bar = ProgressBar::with_draw_target(meter.total, target).with_style(style);
    let drawn = bar.clone();
    let draw = move |meter: &Meter| {
        drawn.set_message(line(meter.total, meter.counts().done(), &meter.status(), usize::from(columns())));
        drawn.tick();
    };
    let cleared = bar.clone();
    let ticker = Ticker::start(meter, || TICK, draw, move |_| cleared.finish_and_clear())?;
    let results = shares_output.then(|| aside(bar.clone(), Arc::clone(&line_is_open), false));
    Ok(Shown { observer: Some(Box::new(ticker)), results, messages: Some(aside(bar, line_is_open, true)) })
}

/// Runs a write while the bar is off the screen.
fn aside(bar: ProgressBar, line_is_open: Arc<AtomicBool>, begins_a_line: bool) -> Aside {
    Box::new(move |write, leaves_open| {
        bar.suspend(|| in_turn(&line_is_open, begins_a_line, write, leaves_open));
    })
}

/// What stands on the line, cut so that it never reaches the end of it.
fn line(total: Option<u64>, done: u64, status: &str, columns: usize) -> String {
    // A `--total` that was too small grows with the truth.
    let text = match total.map(|total| total.max(done)) {
        Some(total) if columns >= NARROW => {
            let full = (u128::from(done) * BAR as u128 / u128::from(total.max(1))) as usize;
            let tip = if full < BAR { ">" } else { "" };
            let bar = format!("{}{tip}", "=".repeat(full));
            format!("[{bar:BAR$}] {} of {}, {status}", HumanCount(done), HumanCount(total))
        }
        Some(total) => format!("{} of {}, {status}", HumanCount(done), HumanCount(total)),
        None => format!("{} done, {status}", HumanCount(done)),
    };
    text.chars().take(columns.saturating_sub(FREE)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_grows_with_what_is_done() {
        assert_eq!(line(Some(4), 0, "0.0/s", 80), format!("[>{}] 0 of 4, 0.0/s", " ".repeat(23)));
        assert_eq!(line(Some(4), 2, "1.0/s", 80), format!("[{}>{}] 2 of 4, 1.0/s", "=".repeat(12), " ".repeat(11)));
        assert_eq!(line(Some(4), 4, "1.0/s", 80), format!("[{}] 4 of 4, 1.0/s", "=".repeat(24)));
        assert_eq!(line(None, 1234, "1.0/s", 80), "1,234 done, 1.0/s");
    }

    #[test]
    fn a_total_that_was_too_small_grows() {
        assert!(line(Some(3), 5, "", 80).ends_with("5 of 5, "));
        assert!(line(Some(0), 0, "", 80).ends_with("0 of 0, "));
    }

    #[test]
    fn a_narrow_terminal_has_no_bar_and_the_end_of_the_line_stays_free() {
        assert_eq!(line(Some(400), 20, "1.0/s", 60), "20 of 400, 1.0/s");
        assert_eq!(line(Some(400), 20, "1.0/s", 12), "20 of 40");
        assert_eq!(line(Some(400), 20, &"x".repeat(200), 100).chars().count(), 96);
    }
}
