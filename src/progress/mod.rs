//! What a person sees of a run: a bar, lines, events as JSON, and the closing report. Standard error only.
//!
//! The run loop's thread only stores numbers ([`Meter`]); a thread of its own reads and draws them, ten times
//! a second at the most. So the speed of drawing is nothing to the run, and a stuck terminal cannot hold it up.

mod bar;
mod json;
mod lines;
mod meter;
mod report;
mod terminal;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;

use crate::base::event::Observer;
use crate::output::Aside;

use meter::Meter;
pub(crate) use report::NAMED;
pub use report::{Report, Talk};

/// How progress is shown, and what it counts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How.
    pub style: Style,
    /// The number of items to come, where somebody knows it.
    pub total: Option<u64>,
    /// Results go where messages go: to one terminal, file or pipe.
    pub shares_output: bool,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A bar that is drawn again and again.
    Bar,
    /// A line now and then.
    Lines,
    /// A JSON object a second.
    Json,
    /// Not at all.
    None,
}

/// Progress under way.
#[derive(Default)]
pub struct Shown {
    /// Is to be told of the run's events.
    pub observer: Option<Box<dyn Observer>>,
    /// Keeps the bar out of the way of results on the same terminal.
    pub results: Option<Aside>,
    /// Keeps the bar out of the way of messages.
    pub messages: Option<Aside>,
}

/// Starts to show progress; nothing when the style is none.
///
/// # Errors
///
/// The drawing thread cannot be started.
pub fn show(options: Options) -> Result<Shown> {
    let meter = Arc::new(Meter::new(options.total));
    let plain = |observer: Option<Box<dyn Observer>>| {
        let line_is_open = Arc::new(AtomicBool::new(false));
        let lines = |begins_a_line| {
            let line_is_open = Arc::clone(&line_is_open);
            Box::new(move |write: &mut dyn FnMut(), leaves_open| {
                in_turn(&line_is_open, begins_a_line, write, leaves_open)
            })
        };
        let [results, messages] = [false, true].map(|begins| options.shares_output.then(|| lines(begins) as Aside));
        Shown { observer, results, messages }
    };
    Ok(match options.style {
        Style::None => plain(None),
        Style::Bar => bar::show(meter, options.shares_output)?,
        Style::Lines => plain(Some(Box::new(lines::show(meter)?))),
        Style::Json => plain(Some(Box::new(json::show(meter)?))),
    })
}

/// Writes to an output that results and messages share. What `begins_a_line` does not go on with one that is open.
fn in_turn(line_is_open: &AtomicBool, begins_a_line: bool, write: &mut dyn FnMut(), leaves_open: bool) {
    if begins_a_line && line_is_open.load(Ordering::Relaxed) {
        say("\n");
    }
    write();
    line_is_open.store(leaves_open, Ordering::Relaxed);
}

/// Writes to standard error in one piece. That it may be closed is nobody's fault.
pub(crate) fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
