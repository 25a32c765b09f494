//! A bar on a terminal, drawn with indicatif.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Shown;
use super::meter::{Meter, Ticker};
use crate::output::Aside;

/// The wait between two pictures.
const TICK: Duration = Duration::from_millis(100);

/// With a total: how far it is. The bar takes what the line leaves.
const KNOWN: &str = "{bar:24} {human_pos} of {human_len}, {wide_msg}";

/// Without: how much there was.
const OPEN: &str = "{spinner} {human_pos} done, {wide_msg}";

/// Draws a bar. Messages appear above it, and with `shares_terminal` results too.
pub(super) fn show(meter: Arc<Meter>, shares_terminal: bool) -> Result<Shown> {
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let bar = ProgressBar::with_draw_target(meter.total, target).with_style(style(meter.total)?);
    let drawn = bar.clone();
    let draw = move |meter: &Meter| {
        let done = meter.counts().done();
        // A `--total` that was too small grows with the truth.
        if meter.total.is_some_and(|total| total < done) {
            drawn.set_length(done);
        }
        drawn.set_position(done);
        drawn.set_message(meter.status());
        drawn.tick();
    };
    let cleared = bar.clone();
    let ticker = Ticker::start(meter, || TICK, draw, move |_| cleared.finish_and_clear())?;
    let aside = |bar: ProgressBar| Box::new(move |write: &mut dyn FnMut()| bar.suspend(write)) as Aside;
    let results = shares_terminal.then(|| aside(bar.clone()));
    Ok(Shown { observer: Some(Box::new(ticker)), results, messages: Some(aside(bar)) })
}

fn style(total: Option<u64>) -> Result<ProgressStyle> {
    Ok(ProgressStyle::with_template(if total.is_some() { KNOWN } else { OPEN })?.progress_chars("=> "))
}
