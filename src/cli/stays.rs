//! The options of operations whose processes stay up, as clap sees them.

use std::ffi::OsString;
use std::num::{NonZeroU32, NonZeroU64};

use clap::{Arg, ArgAction, value_parser};

use super::args::{failure_args, own, own_flag, pace_args, rare, spill_arg};

/// The options of commands that stay up.
pub(super) fn pool_args() -> Vec<Arg> {
    const HEADING: &str = "The command";
    let mut args = vec![
        own("protocol", "WHAT", HEADING, "How items and answers go over: lines, json, frames")
            .value_parser(["lines", "json", "frames"])
            .hide_possible_values(true)
            .default_value("lines"),
        own("init", "TEXT", HEADING, "What each process is told first; it must answer")
            .value_parser(value_parser!(OsString)),
    ];
    args.extend(stay_args(HEADING));
    args
}

/// The options of `py`.
pub(super) fn python_args() -> Vec<Arg> {
    const HEADING: &str = "The function";
    let text = || value_parser!(OsString);
    let number = || value_parser!(NonZeroU32);
    let mut args = vec![
        own("as", "TYPE", HEADING, "What the function gets: str, int, float, json, csv (a list), bytes")
            .value_parser(["str", "int", "float", "json", "csv", "bytes"])
            .hide_possible_values(true)
            .default_value("str"),
        own_flag("json", HEADING, "Print results as JSON"),
        own("batch", "N", HEADING, "Give it lists of N items; it returns a list of N results")
            .short('n')
            .value_parser(number())
            .conflicts_with("concurrency"),
        own("concurrency", "N", HEADING, "N items at work at once in each process, for async functions")
            .value_parser(number()),
        own("import", "MODULE", HEADING, "Import MODULE before: re, 'numpy as np', 'from math import *'")
            .value_parser(text())
            .action(ArgAction::Append),
        own("init", "CODE", HEADING, "Run CODE once in each process before")
            .value_parser(text())
            .action(ArgAction::Append),
        own("python", "PATH", HEADING, "Which Python, 3.8 or later").value_parser(text()).default_value("python3"),
    ];
    args.extend(stay_args("Processes"));
    args
}

/// The options of all that stays up.
fn stay_args(heading: &'static str) -> Vec<Arg> {
    let mut args = vec![
        own("recycle", "N", heading, "A process does N items and the rest of its chunk, then a fresh one goes on")
            .value_parser(value_parser!(NonZeroU64)),
        rare(own("recycle-rss", "SIZE", heading, "A process that holds more memory than SIZE is replaced")),
    ];
    args.push(spill_arg(heading));
    args.extend(failure_args());
    args.extend(pace_args());
    args
}
