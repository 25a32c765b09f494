//! What a worker's process says on standard error: shown line by line with the worker's number, and kept for the item
//! at which it was said.

/// How much is kept.
const SAID: usize = 512;

/// A line may be so long before a part of it is shown alone.
const LINE: usize = 8 << 10;

/// The standard error of one worker.
#[derive(Default)]
pub(super) struct Voice {
    prefix: Vec<u8>,
    /// What was read and is not shown: at the end a line that is not whole.
    pub(super) heard: Vec<u8>,
    /// Up to here it has been seen to.
    seen: usize,
    /// The end of what was said since the last answer.
    said: Vec<u8>,
    /// So much of it was said before the last mark.
    before: usize,
}

impl Voice {
    pub(super) fn new(worker: usize) -> Voice {
        Voice { prefix: format!("[{worker}] ").into_bytes(), ..Voice::default() }
    }

    /// More was put into `heard`: what is to be shown of it now.
    pub(super) fn take(&mut self, at_end: bool) -> Vec<u8> {
        self.keep();
        let whole = memchr::memrchr(b'\n', &self.heard).map_or(0, |end| end + 1);
        let end = if at_end || self.heard.len() - whole > LINE { self.heard.len() } else { whole };
        let mut shown = Vec::new();
        for line in self.heard[..end].split_inclusive(|byte| *byte == b'\n') {
            shown.extend_from_slice(&self.prefix);
            shown.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                shown.push(b'\n');
            }
        }
        self.heard.drain(..end);
        self.seen = self.heard.len();
        shown
    }

    fn keep(&mut self) {
        let new = &self.heard[self.seen.min(self.heard.len())..];
        let end = &new[new.len().saturating_sub(SAID)..];
        let over = (self.said.len() + end.len()).saturating_sub(SAID);
        let over = over.min(self.said.len());
        self.said.drain(..over);
        self.before = self.before.saturating_sub(over);
        self.said.extend_from_slice(end);
        self.seen = self.heard.len();
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_whole_with_the_number_and_their_end_is_kept() {
        let mut voice = Voice::new(2);
        voice.heard.extend_from_slice(b"one\ntw");
        assert_eq!(voice.take(false), b"[2] one\n");
        voice.heard.extend_from_slice(b"o\nthree");
        assert_eq!(voice.take(false), b"[2] two\n");
        assert_eq!(voice.take(true), b"[2] three\n");
        assert_eq!(voice.said(), b"one\ntwo\nthree");
        voice.mark();
        voice.forget();
        voice.heard.extend_from_slice(&[b'x'; 3 * SAID]);
        assert_eq!(voice.take(false), b"");
        assert_eq!(voice.said().len(), SAID);
    }
}
