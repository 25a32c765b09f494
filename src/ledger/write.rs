//! Writes the ledger of a run: what starts and what ends, appended from any thread, on the disk a second later.
//!
//! A record costs its worker the formatting and one write, about 2 µs. The sync is for a power cut only (what is
//! written outlives a KILL), and takes milliseconds, so a thread of its own does it: each second in which something
//! was written, and at the end.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::append::Appender;
use super::line::{write_end, write_start};
use crate::base::item::{Attempt, Seq};
use crate::base::outcome::Record;

/// The longest time for which something is written and not synced.
const SYNC: Duration = Duration::from_secs(1);

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The ledger of the run that goes on. Any thread may write to it. It is locked as long as it lives.
pub struct Ledger {
    shared: Arc<Shared>,
    syncer: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    appender: Appender,
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    unsynced: bool,
    closing: bool,
}

impl Ledger {
    /// Starts the thread that syncs.
    pub(super) fn new(appender: Appender) -> io::Result<Ledger> {
        // The header is written.
        let state = Mutex::new(State { unsynced: true, closing: false });
        let shared = Arc::new(Shared { appender, state, wake: Condvar::new() });
        let own = Arc::clone(&shared);
        let syncer = std::thread::Builder::new().name("parjob-ledger".into()).spawn(move || own.sync_when_due())?;
        Ok(Ledger { shared, syncer: Mutex::new(Some(syncer)) })
    }

    /// An attempt at these items begins: several when one process does them all.
    ///
    /// # Errors
    ///
    /// The record could not be written, or one before it could not: the file is named. Nothing more is written.
    pub fn started<'a>(&self, attempt: Attempt, items: impl IntoIterator<Item = (Seq, &'a [u8])>) -> io::Result<()> {
        self.append(|lines| items.into_iter().for_each(|(seq, item)| write_start(lines, seq, attempt, item)))
    }

    /// An attempt at these items is over. Whether they are `ok` is not told by its status alone: what it printed may
    /// be of no use. One that parjob ended itself (`End::Cancelled`) leaves no record, so that a resumed run does its
    /// items.
    ///
    /// # Errors
    ///
    /// As of [`Ledger::started`].
    pub fn ended<'a>(
        &self,
        items: impl IntoIterator<Item = (Seq, &'a [u8])>,
        record: &Record,
        ok: bool,
    ) -> io::Result<()> {
        self.append(|lines| items.into_iter().for_each(|(seq, item)| write_end(lines, seq, item, record, ok)))
    }

    /// Everything is on the disk, and nothing more comes.
    ///
    /// # Errors
    ///
    /// The ledger could not be written or synced whole, now or before.
    pub fn finish(&self) -> io::Result<()> {
        self.close();
        self.shared.appender.append(&[])
    }

    fn append(&self, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        LINES.with_borrow_mut(|lines| {
            lines.clear();
            write(lines);
            if lines.is_empty() {
                return Ok(());
            }
            self.shared.appender.append(lines)?;
            self.shared.written();
            Ok(())
        })
    }

    fn close(&self) {
        self.shared.state().closing = true;
        self.shared.wake.notify_one();
        let syncer = self.syncer.lock().unwrap_or_else(PoisonError::into_inner).take();
        // It does not panic; and what could not be synced is known to the appender.
        syncer.map(JoinHandle::join);
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    fn written(&self) {
        if !std::mem::replace(&mut self.state().unsynced, true) {
            self.wake.notify_one();
        }
    }

    fn sync_when_due(&self) {
        let mut state = self.state();
        loop {
            let idle = |state: &mut State| !state.unsynced && !state.closing;
            state = self.wake.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
            let open = |state: &mut State| !state.closing;
            state = self.wake.wait_timeout_while(state, SYNC, open).unwrap_or_else(PoisonError::into_inner).0;
            let closing = state.closing;
            if std::mem::take(&mut state.unsynced) || closing {
                drop(state);
                // Whoever writes next, or finishes, is told.
                let _ = self.appender.sync();
                state = self.state();
            }
            if closing {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
