//! The tests that run parjob as its users do: a file a feature, through one harness.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]
#![expect(clippy::wrong_self_convention, reason = "what a run is, is said in a chain that hands it on")]

mod golden;
mod harness;

mod architecture;
mod basics;
mod documented;
mod examples;
mod faults;
mod generated;
mod halt;
mod help;
mod numbers;
mod operations;
mod readme;
mod results;
mod schedules;
mod sources;
mod streaming;
mod usage;
