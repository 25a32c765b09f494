//! The bytes of each item in reverse. A worker of `--protocol frames`, for items and results of any bytes:
//!
//!     rustc -O reverse.rs && parjob -0 pool --protocol frames ./reverse
use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut length = [0; 4];
    while input.read_exact(&mut length).is_ok() {
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        input.read_exact(&mut frame)?;
        // A letter, the number of the item in 8 bytes, the item. The result goes back under the same number.
        frame[0] = b'r';
        frame[9..].reverse();
        output.write_all(&[&length[..], &frame].concat())?;
        output.flush()?;
    }
    Ok(())
}
