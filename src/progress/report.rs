//! The closing report: the counts when there is something to say, then the first failures.
//!
//! A run where all went well is silent unless a person watches, so that cron sends no mail.

use std::collections::BTreeMap;
use std::io::Write;

use super::say;
use crate::base::event::{Ended, Event, Observer, Stop};
use crate::base::failure::{Failed, signal_name};
use crate::base::item::{Safe, Seq};
use crate::output::Aside;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// Only why the run could not be carried out (`-q`).
    Quiet,
    /// The counts when something failed or was not run, and the first failures.
    Brief,
    /// The counts in any case: a person watches.
    Counts,
    /// Also each failure as it happens, and each retry (`-v`).
    Verbose,
}

/// How many failures the report names, those with the lowest numbers.
pub(crate) const NAMED: usize = 10;

/// How many lines of what a process said are shown with its failure.
const SAID: usize = 3;

/// Gathers what the report needs and writes it at the end.
pub struct Report {
    talk: Talk,
    /// Keeps a bar out of the way.
    aside: Option<Aside>,
    /// The command that goes on with what was not done.
    resume: Option<String>,
    first: BTreeMap<Seq, String>,
}

impl Report {
    /// A report that says as much as told.
    pub fn new(talk: Talk, aside: Option<Aside>, resume: Option<String>) -> Report {
        Report { talk, aside, resume, first: BTreeMap::new() }
    }

    fn say(&self, text: &str) {
        match &self.aside {
            Some(aside) => aside(&mut || say(text), false),
            None => say(text),
        }
    }

    fn say_bytes(&self, line: &[u8]) {
        // That standard error may be closed is nobody's fault.
        let mut write = || drop(std::io::stderr().write_all(line));
        match &self.aside {
            Some(aside) => aside(&mut write, false),
            None => write(),
        }
    }

    fn write(&self, ended: &Ended) {
        let mut text = String::new();
        if let Some(reason) = ended.stop.as_ref().and_then(|stop| self.reason(stop, ended)) {
            text += &format!("parjob: {reason}\n");
        }
        let counts = &ended.counts;
        let trouble = counts.failed > 0 || counts.not_run > 0 || ended.no_answer;
        let asked = match self.talk {
            Talk::Quiet => false,
            Talk::Brief => trouble || ended.stop.is_some(),
            Talk::Counts | Talk::Verbose => true,
        };
        // Whoever closed the pipe has what was wanted.
        let welcome = !matches!(ended.stop, Some(Stop::PipeClosed)) || self.talk == Talk::Verbose;
        if asked && welcome {
            text += &summary(ended);
            if counts.unwritten > 0 {
                text += &format!("parjob: {} bytes of results were not written\n", counts.unwritten);
            }
            text += &self.failures(counts.failed);
        }
        let left = counts.failed > 0 || counts.not_run > 0 || ended.stop.is_some();
        if let Some(resume) = self.resume.as_ref().filter(|_| left) {
            text += &format!("parjob: to go on: {resume}\n");
        }
        self.say(&text);
    }

    fn reason(&self, stop: &Stop, ended: &Ended) -> Option<String> {
        let loud = self.talk != Talk::Quiet;
        let early = |asked_for: bool| ended.counts.not_run > 0 || !asked_for && !ended.all_read;
        match stop {
            Stop::Unwritable(error) | Stop::Unreadable(error) => Some(format!("{error:#}")),
            Stop::Deadline if loud => Some("stopped: the --deadline passed".into()),
            // What was asked for may come to be with the last item.
            Stop::Halted { asked_for } if loud && early(*asked_for) => Some("stopped early, as --halt says".into()),
            Stop::Signal(signal) if loud => Some(format!("stopped by {}", signal_name(*signal))),
            Stop::Deadline | Stop::Halted { .. } | Stop::Signal(_) | Stop::PipeClosed => None,
        }
    }

    fn failures(&self, failed: u64) -> String {
        if self.talk == Talk::Verbose {
            return String::new();
        }
        let mut text: String = self.first.values().map(|failure| format!("parjob: {failure}\n")).collect();
        let more = failed - self.first.len() as u64;
        if more > 0 {
            text += &format!("parjob: and {more} more; -v or --format jsonl names each one\n");
        }
        text
    }
}

/// A failure with its traceback, or else with the last that its process said, a little to the right. Where all is told,
/// the whole traceback, and nothing of what was shown when it was said; else the end.
fn described(failed: &Failed, whole: bool) -> String {
    let mut text = failed.to_string();
    let traceback = failed.cause.detail().trim_end();
    let (said, most) = match traceback.rsplit_once('\n') {
        _ if whole => (traceback.as_bytes(), usize::MAX),
        Some((place, last)) if text.ends_with(last) => (place.as_bytes(), SAID),
        Some(_) => (traceback.as_bytes(), SAID),
        None => (failed.said.trim_ascii_end(), SAID),
    };
    let lines: Vec<&[u8]> = said.rsplit(|byte| *byte == b'\n').take(most).collect();
    for line in lines.into_iter().rev() {
        if !line.trim_ascii().is_empty() {
            text += &format!("\n  {}", Safe(line));
        }
    }
    text
}

/// `read = ok + failed + skipped + not run`, the time and the rate.
fn summary(ended: &Ended) -> String {
    let counts = &ended.counts;
    let seconds = ended.took.as_secs_f64();
    let rate = counts.done() as f64 / seconds.max(1e-6);
    let nothing = if ended.no_answer { "; nothing to answer from" } else { "" };
    format!(
        "parjob: {} read: {} ok, {} failed, {} skipped, {} not run; {seconds:.3} s, {rate:.0}/s{nothing}\n",
        counts.read, counts.ok, counts.failed, counts.skipped, counts.not_run
    )
}

impl Observer for Report {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Failed(failed) if self.talk == Talk::Verbose => {
                self.say(&format!("parjob: {}\n", described(failed, true)))
            }
            Event::Failed(failed) => {
                let last = self.first.last_key_value().map(|(seq, _)| *seq);
                if self.first.len() < NAMED || last.is_some_and(|last| failed.seq < last) {
                    self.first.insert(failed.seq, described(failed, false));
                    if self.first.len() > NAMED {
                        self.first.pop_last();
                    }
                }
            }
            Event::Retrying { failed, attempt, delay } if self.talk == Talk::Verbose => {
                let seconds = delay.as_secs_f64();
                self.say(&format!("parjob: {failed}; attempt {} in {seconds:.3} s\n", attempt.0));
            }
            Event::Lingering { items, killable, again } if self.talk != Talk::Quiet => {
                let whom = match items {
                    0 => "the reader of the results".to_string(),
                    1 => "1 item at work".to_string(),
                    items => format!("{items} items at work"),
                };
                let press = match (*killable && *items > 0, again) {
                    (true, true) => "Ctrl-C again kills them",
                    (true, false) => "Ctrl-C kills them",
                    (false, _) => "Ctrl-C stops at once",
                };
                self.say(&format!("parjob: waiting for {whom}; {press}\n"));
            }
            Event::Warning(warning) if self.talk != Talk::Quiet => self.say(&format!("parjob: {warning}\n")),
            Event::Ended(ended) => self.write(ended),
            Event::Say(line) => self.say_bytes(line),
            Event::Started { .. } | Event::Counted(_) | Event::Retrying { .. } | Event::Ran { .. } => {}
            Event::Lingering { .. } | Event::Stopping(_) | Event::Warning(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::failure::{Failed, Failure};
    use crate::base::item::Fields;

    #[test]
    fn the_failures_with_the_lowest_numbers_are_named_in_their_order() {
        let mut report = Report::new(Talk::Brief, None, None);
        for seq in [30, 7, 12, 1, 25, 9, 40, 3, 18, 22, 5, 16] {
            let failed = Failed {
                seq: Seq(seq),
                item: b"x".as_slice().into(),
                fields: Fields::One,
                cause: Failure::constant("is not a number"),
                said: Box::default(),
            };
            report.on(&Event::Failed(&failed));
        }
        let text = report.failures(12);
        let seqs: Vec<&str> = text.lines().filter_map(|line| line.split([' ', ':']).nth(3)).collect();
        assert_eq!(seqs[..10], ["1", "3", "5", "7", "9", "12", "16", "18", "22", "25"], "{text}");
        assert!(text.contains("and 2 more"), "{text}");
    }
}
