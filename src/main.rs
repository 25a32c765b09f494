//! parjob.

fn main() {}
