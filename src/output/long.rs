//! A line that may be longer than memory: a result with all that a process printed in one of its cells.
//!
//! A [`Line`] is written into a [`Body`] of the same room as what it tells of, so it goes to a file without a name
//! as that did. Bodies are read piece by piece, and twice where the first look decides how they are written: JSON
//! has strings for text alone. What a cell looks like is known by the formats; this file only carries bytes, and
//! knows what UTF-8 is.

use std::io;

use super::body::Body;

/// So many bytes of a body are turned into a cell's at one time.
const STEP: usize = 16 << 10;

/// So many bytes are gathered before they go to the body.
const GATHERED: usize = 64 << 10;

/// A line in the making.
pub(super) struct Line {
    body: Body,
    gathered: Vec<u8>,
}

impl Line {
    /// An empty one, in the room of that body.
    pub(super) fn like(body: &Body) -> Line {
        Line { body: body.like(), gathered: Vec::new() }
    }

    /// Where short things are appended.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.gathered
    }

    /// Appends a body, as `turn` turns each of its parts into bytes.
    ///
    /// # Errors
    ///
    /// The body cannot be read, or the line has no room in memory and none in a file.
    pub(super) fn append(&mut self, body: &Body, mut turn: impl FnMut(&[u8], &mut Vec<u8>)) -> io::Result<()> {
        body.read(|piece| {
            for part in piece.chunks(STEP) {
                turn(part, &mut self.gathered);
                if self.gathered.len() >= GATHERED {
                    self.body.push(&self.gathered)?;
                    self.gathered.clear();
                }
            }
            Ok(())
        })
    }

    /// The whole line.
    ///
    /// # Errors
    ///
    /// It has no room in memory and none in a file.
    pub(super) fn finish(mut self) -> io::Result<Body> {
        self.body.push(&self.gathered)?;
        Ok(self.body)
    }
}

/// Whether some part of the body is such. Reads no further than it must.
///
/// # Errors
///
/// The body cannot be read.
pub(super) fn holds(body: &Body, mut is_such: impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
    let mut found = false;
    let read = body.read(|part| {
        found = is_such(part);
        // There is no other way to say that this is enough.
        if found { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    });
    if found { Ok(true) } else { read.map(|()| false) }
}

/// Whether the bytes of the body are text in UTF-8.
///
/// # Errors
///
/// The body cannot be read.
pub(super) fn is_utf8(body: &Body) -> io::Result<bool> {
    let mut open = Vec::new();
    Ok(!holds(body, |part| !goes_on(&mut open, part))? && open.is_empty())
}

/// Whether text can go on with these bytes. `open` are the bytes of a character whose end has not come, three at
/// the most.
fn goes_on(open: &mut Vec<u8>, mut part: &[u8]) -> bool {
    while let Some((byte, rest)) = part.split_first().filter(|_| !open.is_empty()) {
        open.push(*byte);
        part = rest;
        match std::str::from_utf8(open) {
            Ok(_) => open.clear(),
            Err(error) if error.error_len().is_some() => return false,
            Err(_) => {}
        }
    }
    match std::str::from_utf8(part) {
        Ok(_) => true,
        Err(error) if error.error_len().is_some() => false,
        Err(error) => {
            open.extend_from_slice(&part[error.valid_up_to()..]);
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes that are UTF-8 more often than chance would have it.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            any::<String>().prop_map(String::into_bytes),
            prop::collection::vec(prop_oneof![Just(0xf0), Just(0x9f), Just(0x80), Just(0xc3), Just(b'a')], 0..8),
            (any::<String>(), any::<u8>()).prop_map(|(text, byte)| [text.as_bytes(), &[byte]].concat()),
        ]
    }

    proptest! {
        #[test]
        fn text_is_text_wherever_it_is_cut(bytes in bytes(), step in 1usize..5) {
            let mut open = Vec::new();
            let goes_on = bytes.chunks(step).all(|part| goes_on(&mut open, part));
            prop_assert_eq!(goes_on && open.is_empty(), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
