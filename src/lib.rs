//! parjob: a parallel job runner for the shell.
//!
//! The way of the data:
//!
//! ```text
//! source -> blocks -> engine: workers claim chunks, do them, format them -> run: order -> output -> stdout
//!             |                                                                |
//!             +------------------ run: the one loop, its state ---------- events -> progress
//! ```
//!
//! - [`cli`]: the command line to a plan
//! - [`plan`]: what is to be run, and how
//! - [`start`]: a plan to a run: makes the rooms and connects them
//! - [`source`]: items to blocks
//! - [`run`]: the one loop: order, retries, halts, events
//! - [`engine`]: carries blocks to workers and reports back
//! - [`executor`]: what workers do: items in this process, a process for each item, processes that stay up
//! - [`op`]: what is done to items in this process
//! - [`process`]: a child process from its start to its end
//! - [`command`]: the words of a command
//! - [`output`]: formats, and the one writer
//! - [`ledger`]: what is done, so that a later run can go on
//! - [`progress`]: what people see of a run
//! - [`base`]: what every room may use
//!
//! docs/design.md tells the rest.

#[cfg(not(unix))]
compile_error!("parjob runs on Linux, and builds on other Unix systems; Windows is not supported yet");

pub mod base;
pub mod cli;
pub mod command;
pub mod engine;
pub mod executor;
pub mod ledger;
pub mod op;
pub mod output;
pub mod plan;
pub mod process;
pub mod progress;
pub mod run;
pub mod source;
pub mod start;
