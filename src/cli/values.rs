//! The form of option values that are bytes.

use anyhow::{Context, Result, bail};

/// One byte: itself, or `\n \t \r \0 \\`, or `\xHH`.
pub(super) fn byte(text: &str) -> Result<u8> {
    match text.as_bytes() {
        [byte] => Ok(*byte),
        b"\\n" => Ok(b'\n'),
        b"\\t" => Ok(b'\t'),
        b"\\r" => Ok(b'\r'),
        b"\\0" => Ok(0),
        b"\\\\" => Ok(b'\\'),
        [b'\\', b'x', hex @ ..] if hex.len() == 2 => {
            u8::from_str_radix(&text[2..], 16).with_context(|| format!("{text:?} is not a byte such as \\x1f"))
        }
        _ => bail!("{text:?} is not one byte; write it as itself, or as \\t, \\0 or \\x1f"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn bytes() {
        for (text, expected) in
            [(",", b','), ("\\t", b'\t'), ("\\0", 0), ("\\x1f", 0x1f), ("\\\\", b'\\'), ("\\", b'\\')]
        {
            assert_eq!(byte(text).unwrap(), expected, "{text}");
        }
        for text in ["", "ab", "é", "\\q", "\\x1", "\\xzz"] {
            assert!(byte(text).is_err(), "{text}");
        }
    }
}
