//! One search among the machine's processes for all who want one at the same time.
//!
//! A search reads the state and the environment of every process. When hundreds of jobs are ended at once, each of which may
//! have left something outside its group, a search for each of them would take the square of their number. So a thread
//! that comes while a search goes on waits for the next one, which is for all that wait by then: the first of them makes it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
#[cfg(target_os = "linux")]
use std::time::Instant;

use rustix::process::{Pid, Signal};

#[cfg(target_os = "linux")]
use super::descent::{self, Known};
use super::mark::Mark;
#[cfg(target_os = "linux")]
use super::{hunt, processes};

/// Sends signals to the jobs of a run.
#[derive(Debug)]
pub struct Search {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "elsewhere nothing can be searched"))]
    mark: Mark,
    state: Mutex<State>,
    ended: Condvar,
    #[cfg(target_os = "linux")]
    known: Mutex<Known>,
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

/// A job that is to be ended: the variables that its processes carry unless they dropped them, what they are sent, and the
/// child of this process that leads it.
#[derive(Clone, Debug)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "elsewhere nothing can be searched"))]
pub(super) struct Wanted {
    pub(super) variables: Vec<Vec<u8>>,
    pub(super) signal: Signal,
    pub(super) leader: Pid,
}

impl Search {
    /// Among the processes of this run.
    pub fn new(mark: Mark) -> Search {
        Search {
            mark,
            state: Mutex::default(),
            ended: Condvar::new(),
            #[cfg(target_os = "linux")]
            known: Mutex::default(),
        }
    }

    /// Sends the signal to each process of a job that is not in its leader's group: it carries these variables, as
    /// `NAME=value`, in its environment, or descends from the job. Returns when a search that began after the call has ended.
    ///
    /// The leader must not have been waited for. Its group is stopped from now on, and the caller is to send it the signal
    /// and SIGCONT: if it ended before the search, its children would be anybody's.
    pub fn signal(&self, variables: Vec<Vec<u8>>, signal: Signal, leader: Pid) {
        let mut state = self.lock();
        state.waiting.push(Wanted { variables, signal, leader });
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

    #[cfg(target_os = "linux")]
    fn search(&self, wanted: &[Wanted]) {
        descent::signal(&self.mark, wanted, &mut self.known());
    }

    #[cfg(not(target_os = "linux"))]
    fn search(&self, _: &[Wanted]) {}

    /// Ends what may belong to jobs that were signalled and was not found to be anybody's: asks it to end, and kills it
    /// after `patience`. To be called when no job is at work.
    #[cfg(target_os = "linux")]
    pub fn end_rest(&self, patience: Duration) {
        /// A process that is just replacing its program shows no environment.
        const QUIET: Duration = Duration::from_millis(20);
        /// What cannot be killed by then is stuck in the kernel.
        const DYING: Duration = Duration::from_secs(1);
        const PAUSE: Duration = Duration::from_millis(5);
        let known = self.known();
        let is_left = |pid| descent::may_be_left(pid, &self.mark, &known);
        let signal = |signals: &[Signal]| {
            let mut found = 0;
            processes::each(&mut |pid| {
                if is_left(pid) {
                    found += 1;
                    signals.iter().for_each(|signal| hunt::send(pid, &is_left, *signal));
                }
            });
            found
        };
        let until = Instant::now() + patience;
        if signal(&[Signal::TERM, Signal::CONT]) == 0 {
            return;
        }
        while signal(&[]) > 0 && Instant::now() < until {
            std::thread::sleep(PAUSE);
        }
        hunt::kill(&is_left, QUIET, DYING);
    }

    /// Nothing is known of them.
    #[cfg(not(target_os = "linux"))]
    pub fn end_rest(&self, _: Duration) {}

    #[cfg(target_os = "linux")]
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
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
