//! Text as it comes: each line with a tag, or held back until it is whole.
//!
//! The head of the line is written while its process prints, so nothing here waits for the end of an item. One
//! [`Tagger`] or [`LineSplitter`] serves one attempt: it keeps how the bytes of each stream ended so far. Where both
//! are asked for, the splitter comes first. Bytes are never changed; a last line without a newline stays without.

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
    pub fn new(mut tag: Vec<u8>) -> Tagger {
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

/// Passes on whole lines, so that those of several items can stand among each other.
#[derive(Clone, Debug, Default)]
pub struct LineSplitter {
    /// The line of each stream that has not ended.
    held: [Vec<u8>; 2],
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
        }
        held.extend_from_slice(rest);
        if held.len() > LONGEST {
            out.append(held);
        }
    }

    /// Appends what is left when the stream has ended: a line without a newline, or nothing.
    pub fn finish(&mut self, stream: Stream, out: &mut Vec<u8>) {
        out.append(&mut self.held[place(stream)]);
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
        let (mut tagger, mut out) = (Tagger::new(tag.to_vec()), Vec::new());
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
    fn the_streams_do_not_end_each_others_lines() {
        let (mut tagger, mut out) = (Tagger::new(b"x".to_vec()), Vec::new());
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
        assert_eq!(out, b"d");
    }

    #[test]
    fn a_line_without_end_is_not_held_for_ever() {
        let (mut splitter, mut out, part) = (LineSplitter::default(), Vec::new(), vec![b'a'; 1000]);
        for n in 1..3000 {
            splitter.push(Stream::Out, &part, &mut out);
            assert!(n * part.len() - out.len() <= LONGEST);
        }
        assert!(!out.is_empty());
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
            prop_assert_eq!(&out, bytes);
        }
    }
}
