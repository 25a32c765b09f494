//! What the loop does with what has ended: counts it, puts it in order, tries it again.

use std::rc::Rc;

use super::Run;
use super::reorder::{Ready, Results};
use super::retry::Waiting;
use super::state::{Change, Phase};
use crate::base::event::{Event, Stop};
use crate::base::failure::Failed;
use crate::base::item::{Attempt, Seq};
use crate::base::outcome::{Account, Record};
use crate::engine::{Fate, Parcel, Piece, Ran, Report};

impl Run<'_> {
    pub(super) fn collect(&mut self) {
        self.collect_at = None;
        // What ends now has been counted as not run.
        if self.state.is_over {
            return;
        }
        for report in self.engine.collect() {
            match report {
                Report::Pieces(parcel) => self.take_parcel(parcel),
                Report::Attempt(ran) => self.take_ran(*ran),
            }
        }
        self.halt_if_due();
    }

    pub(super) fn take_parcel(&mut self, parcel: Parcel) {
        let Parcel { bytes, pieces, failed } = parcel;
        self.out.collected(bytes.len());
        self.collected += bytes.len() as u64;
        let mut failed = failed.into_iter().peekable();
        let (bytes, mut start) = (Rc::new(bytes), 0);
        let last = pieces.len().saturating_sub(1);
        let mut bytes = Some(bytes);
        for (n, piece) in pieces.into_iter().enumerate() {
            let range = start..piece.end;
            start = piece.end;
            let items = piece.first..piece.first.plus(piece.items);
            let failed: Vec<Failed> =
                std::iter::from_fn(|| failed.next_if(|failed| items.contains(&failed.seq))).collect();
            // The last piece takes the bytes themselves, so that a parcel of one piece is never copied.
            let shared = if n == last { bytes.take() } else { bytes.clone() };
            let results = Results::Part { bytes: shared.unwrap_or_default(), range };
            if piece.again && self.state.phase == Phase::Running {
                self.retry(piece.attempt, failed, results, None);
                continue;
            }
            self.end_piece(&piece, &failed, Ready { items: piece.items, results });
        }
    }

    /// Takes what became of the items of one process.
    pub(super) fn take_ran(&mut self, ran: Ran) {
        let Ran { first, items, attempt, fate, again, output, record, account } = ran;
        let results = Results::Output(output);
        self.out.collected(results.len());
        self.collected += results.len() as u64;
        let ready = Ready { items, results };
        let told = record.map(|record| (record, account));
        let fate = match fate {
            Fate::Failed(failed) if again && self.state.phase == Phase::Running => {
                return self.retry(attempt, failed, ready.results, told);
            }
            fate => fate,
        };
        if let Some((record, account)) = &told {
            self.emit(&Event::Ran { first, record, account: account.as_deref() });
        }
        match fate {
            // Of the item whose turn it is, or where there is no order to keep.
            Fate::AtWork => self.out.pass_on(ready),
            Fate::OwnsStream => {
                self.owner = Some(first);
                self.out.pass_on(ready);
            }
            Fate::Ok => self.end(first, Change::Ended { ok: items, failed: 0 }, ready),
            Fate::Failed(failed) => {
                self.tell_failures(&failed);
                self.end(first, Change::Ended { ok: 0, failed: items }, ready);
            }
            Fate::Some(failed, told) => {
                self.tell_failures(&told);
                self.end(first, Change::Ended { ok: items - failed, failed }, ready);
            }
            Fate::Skipped => self.end(first, Change::Skipped(items), ready),
            Fate::NotRun => self.end(first, Change::Revoked(items), ready),
            Fate::Partial => {
                // A reader that has gone does not want to know.
                if !matches!(self.state.stop, Some(Stop::PipeClosed)) {
                    let text = format!("item {first}: what it printed is a part only; it was ended before it was done");
                    self.emit(&Event::Warning(&text));
                }
                self.end(first, Change::Revoked(items), ready);
            }
        }
    }

    /// The items of a piece have ended for good.
    pub(super) fn end_piece(&mut self, piece: &Piece, failed: &[Failed], ready: Ready) {
        self.tell_failures(failed);
        let Piece { first, items, failed, skipped, .. } = *piece;
        if skipped > 0 {
            self.state.apply(Change::Skipped(skipped));
        }
        self.end(first, Change::Ended { ok: items - failed - skipped, failed }, ready);
    }

    /// Items are over, in whatever way.
    pub(super) fn end(&mut self, first: Seq, change: Change, ready: Ready) {
        self.state.apply(change);
        if self.policy.ordered {
            self.reorder.insert(first, ready, |ready| self.out.pass_on(ready));
        } else if self.owner.is_some_and(|owner| owner != first) {
            self.behind.push(ready);
        } else {
            self.out.pass_on(ready);
            self.owner = None;
            self.behind.drain(..).for_each(|ready| self.out.pass_on(ready));
        }
    }

    pub(super) fn tell_failures(&mut self, failed: &[Failed]) {
        for failed in failed {
            if self.first_failed.as_ref().is_none_or(|(seq, _)| failed.seq < *seq) {
                self.first_failed = Some((failed.seq, failed.cause.clone()));
            }
            self.emit(&Event::Failed(failed));
        }
    }

    /// Puts items aside for another try. What was printed is withheld: it counts only if it is the last.
    pub(super) fn retry(
        &mut self,
        attempt: Attempt,
        failed: Vec<Failed>,
        withheld: Results,
        record: Option<(Record, Option<Box<Account>>)>,
    ) {
        self.out.withheld(withheld.len());
        let Some(first) = failed.first() else { return };
        let delay = self.policy.backoff.after(attempt, first.seq);
        let attempt = attempt.next();
        self.emit(&Event::Retrying { failed: first, attempt, delay });
        self.retries.add(self.mailbox.now() + delay, Waiting { attempt, failed, withheld, record });
    }

    /// What waits for another try has none: it has failed, with the cause that it had.
    pub(super) fn give_up_on_retries(&mut self) {
        for Waiting { failed, withheld, record, .. } in self.retries.drain() {
            self.out.collected(withheld.len());
            let items = failed.len() as u64;
            let first = failed.first().map_or(Seq::FIRST, |failed| failed.seq);
            if let Some((record, account)) = &record {
                self.emit(&Event::Ran { first, record, account: account.as_deref() });
            }
            self.tell_failures(&failed);
            self.end(first, Change::Ended { ok: 0, failed: items }, Ready { items, results: withheld });
        }
    }
}
