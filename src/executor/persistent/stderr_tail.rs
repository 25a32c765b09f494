//! What a worker's process says on standard error: shown line by line with the worker's number, and its end kept for the
//! item at which it was said.

/// How much is kept.
const KEPT: usize = 512;

/// A line may be so long before a part of it is shown alone.
const LINE: usize = 8 << 10;

/// The standard error of one worker.
#[derive(Default)]
pub(super) struct StderrTail {
    prefix: Vec<u8>,
    /// What is not shown: the beginning of a line.
    line: Vec<u8>,
    /// The end of what was said since the last answer.
    said: Vec<u8>,
    /// So much of it was said before the last mark.
    before: usize,
}

impl StderrTail {
    pub(super) fn new(worker: usize) -> StderrTail {
        StderrTail { prefix: format!("[{worker}] ").into_bytes(), ..StderrTail::default() }
    }

    /// What is to be shown now that this was said, and, at the end, will not go on.
    pub(super) fn take(&mut self, bytes: &[u8], at_end: bool) -> Vec<u8> {
        self.line.extend_from_slice(bytes);
        let whole = memchr::memrchr(b'\n', &self.line).map_or(0, |end| end + 1);
        let end = if at_end || self.line.len() - whole > LINE { self.line.len() } else { whole };
        let mut shown = Vec::new();
        for line in self.line[..end].split_inclusive(|byte| *byte == b'\n') {
            shown.extend_from_slice(&self.prefix);
            shown.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                shown.push(b'\n');
            }
        }
        self.line.drain(..end);
        shown
    }

    /// Keeps the end of what was said.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let end = end_of(bytes);
        let over = (self.said.len() + end.len()).saturating_sub(KEPT);
        self.said.drain(..over);
        self.before = self.before.saturating_sub(over);
        self.said.extend_from_slice(end);
    }

    /// The end of what was said since the last answer.
    pub(super) fn said(&self) -> &[u8] {
        &self.said
    }

    /// What is said from here on may belong to an item after the answers that come meanwhile.
    pub(super) fn mark(&mut self) {
        self.before = self.said.len();
    }

    /// Answers came: what was said before the mark has had its time.
    pub(super) fn forget(&mut self) {
        self.said.drain(..std::mem::take(&mut self.before));
    }

    /// The process is gone.
    pub(super) fn clear(&mut self) {
        self.said.clear();
        self.before = 0;
    }
}

/// As much of the end as is kept.
pub(super) fn end_of(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.len().saturating_sub(KEPT)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_whole_with_the_number_and_their_end_is_kept() {
        let mut tail = StderrTail::new(2);
        assert_eq!(tail.take(b"one\ntw", false), b"[2] one\n");
        assert_eq!(tail.take(b"o\nthree", false), b"[2] two\n");
        assert_eq!(tail.take(b"", true), b"[2] three\n");
        assert_eq!(tail.take(&[b'x'; LINE], false), b"");
        assert_eq!(tail.take(b"x", false).len(), 4 + LINE + 2);
    }

    #[test]
    fn the_end_is_kept_until_answers_come() {
        let mut tail = StderrTail::new(2);
        tail.keep(b"before");
        tail.mark();
        tail.keep(b"after");
        assert_eq!(tail.said(), b"beforeafter");
        tail.forget();
        assert_eq!(tail.said(), b"after");
        tail.keep(&[b'x'; 3 * KEPT]);
        assert_eq!(tail.said().len(), KEPT);
    }
}
