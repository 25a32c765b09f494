//! The tests that run parjob as its users do: a file a feature, through one harness.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]
#![expect(clippy::wrong_self_convention, reason = "what a run is, is said in a chain that hands it on")]

mod golden;
mod harness;

// Where an operation is left out, so is what the whole program says of itself: the help and what is made from it.
mod architecture;
mod basics;
mod commands;
mod documented;
mod engine;
mod examples;
mod explained;
mod faults;
#[cfg(all(feature = "hash", feature = "resize"))]
mod generated;
mod halt;
#[cfg(feature = "hash")]
mod hash;
#[cfg(all(feature = "hash", feature = "resize"))]
mod help;
mod joblog;
mod multiprocessing;
mod numbers;
mod operations;
mod pool;
mod python;
mod readme;
mod records;
#[cfg(feature = "resize")]
mod resize;
mod results;
mod schedules;
mod sources;
mod streaming;
mod templates;
mod usage;
