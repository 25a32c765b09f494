//! How a line of a list of checksums is written: the digest, two blanks, the name.
//!
//! A name that holds a newline, a carriage return or a backslash has them escaped, and its line begins with a
//! backslash. coreutils and b3sum have the same rules. Other bytes stay as they are, UTF-8 or not: b3sum would
//! print replacement characters, and no longer find the file by its own list.

/// Appends the line, without its newline.
pub(super) fn push_line(hex: &str, name: &[u8], out: &mut Vec<u8>) {
    let escaped = is_escaped(name);
    if escaped {
        out.push(b'\\');
    }
    out.extend_from_slice(hex.as_bytes());
    out.extend_from_slice(b"  ");
    push_name(name, escaped, out);
}

/// Whether the name holds what cannot stand in a line.
fn is_escaped(name: &[u8]) -> bool {
    memchr::memchr3(b'\\', b'\n', b'\r', name).is_some()
}

/// Appends the name, escaped or as it is.
pub(super) fn push_name(name: &[u8], escaped: bool, out: &mut Vec<u8>) {
    if !escaped {
        return out.extend_from_slice(name);
    }
    for byte in name {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte => out.push(*byte),
        }
    }
}
