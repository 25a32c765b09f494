//! Any bytes as a picture: probed, decoded in each way there is, resized. Nothing may panic or run away.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| parjob::op::fuzz_picture(bytes));
