//! `--protocol frames`: bytes with their length before them, both ways, for items with newlines and binary results.
//!
//! A frame is a length (4 bytes, the most significant first) and so many bytes: a letter, the number of the item
//! (8 bytes, likewise), and the rest. `i` goes over with an item; `r` comes back with its result, or `e` with what went
//! wrong: its first line is the error, what follows the traceback. `a` says which item the process is at.

use super::super::in_flight::InFlight;
use super::{MOST, Mismatch, Protocol, answered};
use crate::base::failure::Failure;
use crate::base::item::{Chunk, Seq};

/// The letter and the number of an item.
const HEAD: usize = 9;

/// The length before it.
const LENGTH: usize = 4;

/// Frames.
#[derive(Debug, Default)]
pub struct Frames {
    init: Option<Vec<u8>>,
}

impl Frames {
    /// With what each process is told first.
    pub fn new(init: Option<Vec<u8>>) -> Frames {
        Frames { init }
    }
}

impl Protocol for Frames {
    fn begin(&mut self, in_flight: &mut InFlight, out: &mut Vec<u8>) {
        if let Some(init) = &self.init {
            push(b's', 0, init, out);
            in_flight.expect_greeting();
        }
    }

    fn encode(&mut self, chunk: &Chunk<'_>, _in_flight: &mut InFlight, out: &mut Vec<u8>) {
        for (item, seq) in chunk.with_fields().zip(chunk.first.0..) {
            push(b'i', seq, item.text(), out);
        }
    }

    fn decode(&mut self, bytes: &[u8], in_flight: &mut InFlight) -> Result<usize, Mismatch> {
        let mut used = 0;
        while let Some((length, rest)) = bytes[used..].split_first_chunk::<LENGTH>() {
            let length = u32::from_be_bytes(*length) as usize;
            if !(HEAD..=MOST).contains(&length) {
                return Err(Mismatch(format!("wrote a frame of {length} bytes, which is no answer")));
            }
            let Some(frame) = rest.get(..length) else { break };
            take(frame, in_flight)?;
            used += LENGTH + length;
        }
        Ok(used)
    }
}

fn push(letter: u8, seq: u64, bytes: &[u8], out: &mut Vec<u8>) {
    // Items are not so long: --max-item is below.
    out.extend_from_slice(&((HEAD + bytes.len()) as u32).to_be_bytes());
    out.push(letter);
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(bytes);
}

fn take(frame: &[u8], in_flight: &mut InFlight) -> Result<(), Mismatch> {
    let (letter, rest) = frame.split_at(1);
    let Some((seq, bytes)) = rest.split_first_chunk::<8>() else { return Ok(()) };
    let seq = Seq(u64::from_be_bytes(*seq));
    if seq.0 == 0 && in_flight.awaits_greeting() && letter != b"a" {
        if letter == b"e" {
            return Err(Mismatch(format!("could not be initialized: {}", String::from_utf8_lossy(bytes))));
        }
        in_flight.greeted();
        return Ok(());
    }
    match letter {
        b"r" => in_flight.answer(seq, Ok(bytes)),
        b"e" => in_flight.answer(seq, Err(failure(bytes))),
        b"a" => {
            in_flight.note_at(seq);
            Ok(())
        }
        _ => Err(Mismatch("wrote a frame that begins with none of r, e, a".into())),
    }
}

fn failure(bytes: &[u8]) -> Failure {
    let text = String::from_utf8_lossy(bytes);
    let (error, traceback) = text.split_once('\n').unwrap_or((&text, ""));
    answered(error, traceback)
}
