//! The tests that run parjob as its users do: a file a feature, through one harness.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod golden;
mod harness;

mod basics;
mod documented;
mod examples;
mod generated;
mod help;
mod readme;
