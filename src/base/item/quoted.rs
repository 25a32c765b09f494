//! How an item, and what others say, is shown in a message.

use std::fmt;

use bstr::ByteSlice;

/// Bytes for a person's eyes: quoted, cut when long, with control bytes escaped, so that no item can
/// drive the terminal.
pub struct Quoted<'a>(pub &'a [u8]);

impl Quoted<'_> {
    /// The most characters of an item that a message shows.
    const SHOWN: usize = 60;

    /// So many bytes of an item are enough for a message.
    pub const KEPT: usize = 4 * Self::SHOWN + 4;
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"")?;
        for (n, (start, end, c)) in self.0.char_indices().enumerate() {
            if n == Quoted::SHOWN {
                return write!(f, "…\" ({} bytes)", self.0.len());
            }
            match c {
                char::REPLACEMENT_CHARACTER => self.0[start..end].iter().try_for_each(|b| write!(f, "\\x{b:02x}"))?,
                '"' | '\\' => write!(f, "\\{c}")?,
                c => write_safe(f, c)?,
            }
        }
        write!(f, "\"")
    }
}

/// Bytes for a person's eyes, with control bytes escaped, so that they cannot drive the terminal.
pub struct Safe<'a>(pub &'a [u8]);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match str::from_utf8(self.0) {
            Ok(text) if self.0.iter().all(|byte| (b' '..=b'~').contains(byte)) => f.write_str(text),
            _ => self.0.chars().try_for_each(|c| write_safe(f, c)),
        }
    }
}

/// Writes a character, escaped when a terminal would not just show it.
fn write_safe(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '\n' | '\r' | '\t' => write!(f, "{}", c.escape_default()),
        c if is_unsafe(c) => write!(f, "{}", c.escape_unicode()),
        c => write!(f, "{c}"),
    }
}

/// Whether a character could move the cursor, start an escape sequence or turn the text around.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
