//! Standard error as the terminal on which indicatif draws the bar.
//!
//! indicatif fills the rest of the bar's line with blanks, so that the cursor stands at its very end. There the
//! terminal's echo of `^C` begins a new line, and what is erased afterwards is not the bar. Here the blanks are left
//! out. Each picture is written in one piece; none is while somebody's line is open.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

/// What is not written yet.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    text: Mutex<String>,
    /// A result has written to the line on which the cursor is, and has not ended it.
    pub(super) line_is_open: Arc<AtomicBool>,
}

impl Terminal {
    fn text(&self) -> MutexGuard<'_, String> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A control sequence with a number, for a number that is not 0.
    fn control(&self, n: usize, letter: char) -> io::Result<()> {
        if n > 0 {
            // Writing to a string does not fail.
            let _ = write!(self.text(), "\x1b[{n}{letter}");
        }
        Ok(())
    }
}

/// The columns of the terminal, which may change at any time.
pub(super) fn columns() -> u16 {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stderr());
    size.ok().map(|size| size.ws_col).filter(|columns| *columns > 0).unwrap_or(80)
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        columns()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.control(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.control(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.control(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.control(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.text().push_str(text);
        self.text().push('\n');
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if !text.bytes().all(|byte| byte == b' ') {
            self.text().push_str(text);
        }
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.text().push_str("\r\x1b[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let text = std::mem::take(&mut *self.text());
        if self.line_is_open.load(Ordering::Relaxed) {
            // No bar is on the screen either, to be erased.
            return Ok(());
        }
        io::stderr().write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn the_cursor_stays_behind_the_text() {
        let terminal = Terminal::default();
        terminal.clear_line().unwrap();
        terminal.write_str("3 of 4").unwrap();
        terminal.write_str("      ").unwrap();
        terminal.move_cursor_up(0).unwrap();
        terminal.move_cursor_up(2).unwrap();
        assert_eq!(*terminal.text(), "\r\x1b[2K3 of 4\x1b[2A");
    }
}
