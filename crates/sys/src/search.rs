//! One search among the machine's processes for all who want one at the same time.
//!
//! A search reads the environment of every process. When hundreds of jobs are ended at once, each of which may have left
//! something outside its group, a search for each of them would take the square of their number. So whoever comes
//! while a search goes on waits for the next one, and that is for all who wait by then: the first of them makes it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal};

use super::mark::Mark;
use super::tree::{Marked, signal_marked};

/// Sends signals to the jobs of a run.
#[derive(Debug)]
pub struct Search {
    mark: Mark,
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Wanted>,
    /// A search goes on.
    searching: bool,
    /// How many searches have begun, and ended.
    begun: u64,
    ended: u64,
}

/// What is looked for, by variables as in [`Marked`], what it is sent, and the group that has it already.
#[derive(Clone, Debug)]
struct Wanted {
    variables: Vec<Vec<u8>>,
    signal: Signal,
    group: Pid,
}

impl Search {
    /// Among the processes of this run.
    pub fn new(mark: Mark) -> Search {
        Search { mark, state: Mutex::default(), ended: Condvar::new() }
    }

    /// Sends the signal to each process of the run that has these variables, as `NAME=value`, in its environment, and is not
    /// in this group, which got it already: one that cleans up must not be asked to end twice. Returns when a search that
    /// began after the call has ended.
    pub fn signal(&self, variables: Vec<Vec<u8>>, signal: Signal, group: Pid) {
        let mut state = self.lock();
        state.waiting.push(Wanted { variables, signal, group });
        let next = state.begun + 1;
        while state.ended < next {
            if state.searching {
                state = self.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.searching = true;
            state.begun += 1;
            let wanted = std::mem::take(&mut state.waiting);
            drop(state);
            self.search(&wanted);
            state = self.lock();
            state.searching = false;
            state.ended = state.begun;
            self.ended.notify_all();
        }
    }

    fn search(&self, wanted: &[Wanted]) {
        let variables: Vec<Vec<&[u8]>> =
            wanted.iter().map(|wanted| wanted.variables.iter().map(Vec::as_slice).collect()).collect();
        let jobs = variables.iter().zip(wanted);
        let marked = |variables| Marked { mark: &self.mark, variables };
        let jobs = jobs.map(|(variables, wanted)| (marked(variables), wanted.signal, Some(wanted.group)));
        signal_marked(&jobs.collect::<Vec<_>>());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use std::sync::Arc;

    use super::*;

    #[test]
    fn those_who_come_together_share_a_search() {
        let search = Arc::new(Search::new(Mark::new("RUNS")));
        // As if one went on: all of these must wait for the next.
        search.lock().searching = true;
        search.lock().begun = 1;
        let ask = |n: u32| {
            let search = Arc::clone(&search);
            std::thread::spawn(move || {
                search.signal(vec![format!("PARJOB_SEQ={n}").into_bytes()], Signal::CONT, Pid::INIT)
            })
        };
        let asking: Vec<_> = (0..50).map(ask).collect();
        while search.lock().waiting.len() < 50 {
            std::thread::yield_now();
        }
        search.lock().searching = false;
        search.lock().ended = 1;
        search.ended.notify_all();
        asking.into_iter().for_each(|asking| asking.join().unwrap());
        let state = search.lock();
        assert_eq!((state.begun, state.ended, state.waiting.len()), (2, 2, 0));
    }
}
