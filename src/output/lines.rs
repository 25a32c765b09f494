//! Text as it comes: each line with a tag, or held back until it is whole.
//!
//! The head of the line is written while its process prints, so nothing here waits for the end of an item. One
//! [`Tagger`] or [`LineSplitter`] serves one attempt: it keeps how the bytes of each stream ended so far. Where both
//! are asked for, the splitter comes first. Bytes are never changed; where lines of several items stand among each other, a last
//! line without a newline gets one.

use std::borrow::Cow;

use bstr::ByteSlice;

use crate::base::stream::Stream;

/// A line that is longer than this is not held back: it goes on in parts.
const LONGEST: usize = 1 << 20;

/// Begins each line with a tag and a TAB.
#[derive(Clone, Debug)]
pub struct Tagger {
    /// With its TAB.
    tag: Vec<u8>,
    at_line_start: [bool; 2],
}

impl Tagger {
    /// Lines will begin with `tag` and a TAB.
    pub fn new(tag: &[u8]) -> Tagger {
        let mut tag = one_line(tag).into_owned();
        tag.push(b'\t');
        Tagger { tag, at_line_start: [true; 2] }
    }

    /// Appends what a stream went on with to `out`, tagged.
    pub fn push(&mut self, stream: Stream, bytes: &[u8], out: &mut Vec<u8>) {
        let at_line_start = &mut self.at_line_start[place(stream)];
        for line in bytes.lines_with_terminator() {
            if *at_line_start {
                out.extend_from_slice(&self.tag);
            }
            out.extend_from_slice(line);
            *at_line_start = line.ends_with(b"\n");
        }
    }
}

/// A tag without what would end its line or its column: newlines, carriage returns and TABs as in a string of C.
pub(super) fn one_line(tag: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr3(b'\n', b'\r', b'\t', tag).is_none() {
        return Cow::Borrowed(tag);
    }
    let mut escaped = Vec::with_capacity(tag.len() + 8);
    for byte in tag {
        match byte {
            b'\n' => escaped.extend_from_slice(b"\\n"),
            b'\r' => escaped.extend_from_slice(b"\\r"),
            b'\t' => escaped.extend_from_slice(b"\\t"),
            byte => escaped.push(*byte),
        }
    }
    Cow::Owned(escaped)
}

/// Passes on whole lines, so that those of several items can stand among each other.
#[derive(Clone, Debug, Default)]
pub struct LineSplitter {
    /// The line of each stream that has not ended.
    held: [Vec<u8>; 2],
    /// A part of it was passed on.
    is_open: [bool; 2],
}

impl LineSplitter {
    /// Appends the lines that are now whole to `out`.
    pub fn push(&mut self, stream: Stream, bytes: &[u8], out: &mut Vec<u8>) {
        let held = &mut self.held[place(stream)];
        let end = memchr::memrchr(b'\n', bytes).map_or(0, |newline| newline + 1);
        let (lines, rest) = bytes.split_at(end);
        if !lines.is_empty() {
            out.append(held);
            out.extend_from_slice(lines);
            self.is_open[place(stream)] = false;
        }
        held.extend_from_slice(rest);
        if held.len() > LONGEST {
            out.append(held);
            self.is_open[place(stream)] = true;
        }
    }

    /// Appends what is left when the stream has ended: a line without a newline, or nothing. It gets its newline, since the
    /// line of another item may follow.
    pub fn finish(&mut self, stream: Stream, out: &mut Vec<u8>) {
        let held = &mut self.held[place(stream)];
        if !held.is_empty() || self.is_open[place(stream)] {
            out.append(held);
            out.push(b'\n');
        }
    }
}

fn place(stream: Stream) -> usize {
    match stream {
        Stream::Out => 0,
        Stream::Err => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tagged(tag: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let (mut tagger, mut out) = (Tagger::new(tag), Vec::new());
        parts.iter().for_each(|part| tagger.push(Stream::Out, part, &mut out));
        out
    }

    #[test]
    fn each_line_begins_with_the_tag_once() {
        assert_eq!(tagged(b"x", &[b"a\nb\n"]), b"x\ta\nx\tb\n");
        assert_eq!(tagged(b"x", &[b"a", b"b\n", b"c"]), b"x\tab\nx\tc");
        assert_eq!(tagged(b"x", &[b"a\n", b"", b"\n\nb"]), b"x\ta\nx\t\nx\t\nx\tb");
        assert_eq!(tagged(b"x", &[b""]), b"");
        assert_eq!(tagged(b"\xff\x1b", &[b"\0\r\n"]), b"\xff\x1b\t\0\r\n");
    }

    #[test]
    fn a_tag_stays_on_one_line_and_in_its_column() {
        assert_eq!(tagged(b"a\nb\tc\r", &[b"1\n2\n"]), b"a\\nb\\tc\\r\t1\na\\nb\\tc\\r\t2\n");
    }

    #[test]
    fn the_streams_do_not_end_each_others_lines() {
        let (mut tagger, mut out) = (Tagger::new(b"x"), Vec::new());
        for (stream, part) in
            [(Stream::Out, b"a"), (Stream::Err, b"b"), (Stream::Out, b"\n"), (Stream::Err, b"c"), (Stream::Out, b"d")]
        {
            tagger.push(stream, part, &mut out);
            out.push(b'|');
        }
        assert_eq!(out, b"x\ta|x\tb|\n|c|x\td|");
    }

    #[test]
    fn only_whole_lines_pass() {
        let (mut splitter, mut out) = (LineSplitter::default(), Vec::new());
        let mut passed = |stream, part: &[u8]| {
            out.clear();
            splitter.push(stream, part, &mut out);
            out.clone()
        };
        assert_eq!(passed(Stream::Out, b"a\nb"), b"a\n");
        assert_eq!(passed(Stream::Err, b"x"), b"");
        assert_eq!(passed(Stream::Out, b"c"), b"");
        assert_eq!(passed(Stream::Out, b"\nd"), b"bc\n");
        assert_eq!(passed(Stream::Err, b"\n"), b"x\n");
        out.clear();
        splitter.finish(Stream::Out, &mut out);
        splitter.finish(Stream::Err, &mut out);
        assert_eq!(out, b"d\n");
    }

    #[test]
    fn a_line_without_end_is_not_held_for_ever() {
        let (mut splitter, mut out, part) = (LineSplitter::default(), Vec::new(), vec![b'a'; 1000]);
        for n in 1..3000 {
            splitter.push(Stream::Out, &part, &mut out);
            assert!(n * part.len() - out.len() <= LONGEST);
        }
        splitter.finish(Stream::Out, &mut out);
        assert!(out.ends_with(b"a\n"));
    }

    proptest! {
        #[test]
        fn parts_make_no_difference(bytes in "[a\n]{0,40}", cut in 0usize..40) {
            let bytes = bytes.as_bytes();
            let (head, tail) = bytes.split_at(cut.min(bytes.len()));
            prop_assert_eq!(tagged(b"t", &[head, tail]), tagged(b"t", &[bytes]));
            let lines = tagged(b"t", &[bytes]).replace("t\t", "");
            prop_assert_eq!(&lines, bytes);

            let (mut splitter, mut out) = (LineSplitter::default(), Vec::new());
            for part in [head, tail] {
                splitter.push(Stream::Out, part, &mut out);
                prop_assert!(out.is_empty() || out.ends_with(b"\n"));
            }
            splitter.finish(Stream::Out, &mut out);
            let end = if bytes.is_empty() || bytes.ends_with(b"\n") { &b""[..] } else { b"\n" };
            prop_assert_eq!(out, [bytes, end].concat());
        }
    }
}
