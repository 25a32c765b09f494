//! Any bytes as a picture: probed, decoded in each way there is, resized. Nothing may panic, run away, or hold more memory than
//! was set aside.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| parjob::op::fuzz_picture(bytes));
