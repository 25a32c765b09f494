//! parjob: a parallel job runner for the shell.
//!
//! The rooms, in the order in which the data meets them:
//!
//! ```text
//! source -> blocks -> engine: workers claim chunks, do them, format them -> run: order -> output -> stdout
//!             |                                                                |
//!             +------------------ run: the one loop, its state ---------- events -> progress
//! ```
//!
//! `cli` makes a [`plan::Plan`] of the command line, [`start::start`] builds the rooms and connects them, and
//! [`exit`] says what the end means. docs/design.md tells the rest.

#[cfg(not(unix))]
compile_error!("parjob runs on Linux, and builds on other Unix systems; Windows is not supported yet");

pub mod cli;
pub mod plan;
pub mod start;

pub mod source;

pub mod buffer;
pub mod chunk;
pub mod failure;
pub mod item;
pub mod outcome;

pub mod run;

pub mod engine;

pub mod fresh;
pub mod template;

pub mod op;

pub mod command;

pub mod output;

pub mod event;
pub mod ledger;
pub mod progress;

pub mod exit;
