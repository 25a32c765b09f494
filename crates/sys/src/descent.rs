//! Which processes come from which job, wherever they went and whatever they did to their environment.
//!
//! A process is a job's when it carries the job's variables, when its parent is a process of the job, when an earlier look
//! found it to be one, or when it is in a session or a group that a process of the job began. All descendants of the runner
//! are below it in the tree of processes, since it is their subreaper: one whose parent has ended is its child.
//!
//! What has left its session, has dropped its environment and has lost its parent before the first look tells nothing of
//! its job. Only its start does: it is none of a job that began later.
//!
//! Between a look and a signal a process may fork and end, and its child would be such an orphan. So what is to be
//! signalled is stopped first, until a further look finds nothing new; a stopped process cannot fork.

use std::collections::{HashMap, HashSet};

use rustix::process::{Pid, Signal, getpid, kill_process_group};

use super::mark::Mark;
use super::processes::Stat;
use super::search::Wanted;
use super::{hunt, processes};

/// Looks at most so often for what was forked since the last look. Each leaves fewer that may fork.
const LOOKS: usize = 20;

/// A process: its id, and when it started, since an id may go to another one.
type Id = (i32, u64);

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By the leader.
    jobs: HashMap<Id, Family>,
    /// When the oldest of the jobs that were signalled began.
    since: Option<u64>,
}

/// What belongs to a job.
#[derive(Debug, Default)]
struct Family {
    processes: HashSet<Id>,
    sessions: HashSet<i32>,
    groups: HashSet<i32>,
}

/// Signals the processes of these jobs, but for those in the group of the job's leader, which stay stopped until the caller
/// has signalled that group. Counts those that it signalled. Guards are spared; so is what a runner inside a job has
/// started, unless the signal is KILL: it passes others on by itself.
pub(super) fn signal(mark: &Mark, wanted: &[Wanted], known: &mut Known) -> usize {
    let own = getpid().as_raw_nonzero().get();
    for Wanted { leader, .. } in wanted {
        // Without a parent that waits for it the id might be another process's.
        if processes::stat(*leader).is_some_and(|stat| stat.parent == own) {
            let _ = kill_process_group(*leader, Signal::STOP);
        }
    }
    let (mut marked, mut stopped, mut found) = (Marked::new(mark, wanted), HashSet::new(), Vec::new());
    for _ in 0..LOOKS {
        let table = Table::now();
        marked.look(&table);
        found = table.members(wanted, &marked.found, known);
        let before = stopped.len();
        for (_, id) in &found {
            if stopped.insert(*id) {
                send(*id, Signal::STOP);
            }
        }
        if stopped.len() == before {
            break;
        }
    }
    for (job, id) in &found {
        send(*id, wanted[*job].signal);
    }
    // One that is stopped hears of other signals when it goes on.
    found.iter().filter(|(job, _)| wanted[*job].signal != Signal::KILL).for_each(|(_, id)| send(*id, Signal::CONT));
    found.len()
}

/// Whether the process may be of a job that was signalled, though nothing tells which: it descends from this one, neither it
/// nor one above it carries the run's mark, and it did not start before those jobs. What carries the mark is known to be
/// of a job that ended by itself, and was left on purpose.
pub(super) fn may_be_left(pid: Pid, mark: &Mark, known: &Known) -> bool {
    let (own, Some(since)) = (getpid(), known.since) else { return false };
    let mut at = pid;
    // So deep no tree is; but the ids may change while they are read.
    for _ in 0..1000 {
        let Some(stat) = processes::stat(at) else { return false };
        let is_out = stat.state == b'Z' && at == pid || stat.start < since || stat.is_named(hunt::GUARD.to_bytes());
        if at == own {
            return at != pid;
        }
        if is_out || carries_mark(at, mark) {
            return false;
        }
        let Some(parent) = Pid::from_raw(stat.parent) else { return false };
        at = parent;
    }
    false
}

fn carries_mark(pid: Pid, mark: &Mark) -> bool {
    let mut found = false;
    processes::environment(pid, &mut |variable| found |= mark.is_in(variable));
    found
}

/// Signals the process, unless its id has gone to another one.
fn send((pid, start): Id, signal: Signal) {
    let is_it = |pid| processes::stat(pid).is_some_and(|stat| stat.start == start);
    if let Some(pid) = Pid::from_raw(pid) {
        hunt::send(pid, &is_it, signal);
    }
}

/// What carries the variables of jobs.
struct Marked<'a> {
    mark: &'a Mark,
    wanted: &'a [Wanted],
    variables: HashSet<&'a [u8]>,
    looked: HashSet<Id>,
    /// The jobs by their places, and a process of each.
    found: Vec<(usize, Id)>,
}

impl<'a> Marked<'a> {
    fn new(mark: &'a Mark, wanted: &'a [Wanted]) -> Marked<'a> {
        let variables = wanted.iter().flat_map(|job| job.variables.iter().map(Vec::as_slice)).collect();
        Marked { mark, wanted, variables, looked: HashSet::new(), found: Vec::new() }
    }

    /// Looks at the processes that it has not looked at.
    fn look(&mut self, table: &Table) {
        for (pid, stat) in &table.stats {
            let Some(id) = Pid::from_raw(*pid).filter(|_| self.looked.insert((*pid, stat.start))) else { continue };
            let (mut is_of_run, mut carried) = (false, HashSet::<&[u8]>::new());
            processes::environment(id, &mut |variable| {
                is_of_run |= self.mark.is_in(variable);
                carried.extend(self.variables.get(variable));
            });
            if is_of_run {
                let carries = |job: &Wanted| job.variables.iter().all(|wanted| carried.contains(wanted.as_slice()));
                let jobs = self.wanted.iter().enumerate().filter(|(_, job)| carries(job));
                self.found.extend(jobs.map(|(job, _)| (job, (*pid, stat.start))));
            }
        }
    }
}

/// All processes but this one, at a moment.
struct Table {
    own: Stat,
    own_id: i32,
    stats: HashMap<i32, Stat>,
    children: HashMap<i32, Vec<i32>>,
    /// The sessions and the groups of those that descend from this process, but for its own.
    sessions: HashMap<i32, Vec<i32>>,
    groups: HashMap<i32, Vec<i32>>,
    /// Runners among those, each with a guard as its child.
    runners: HashSet<i32>,
    /// What descends from these runners.
    theirs: HashSet<i32>,
}

impl Table {
    fn now() -> Table {
        let (mut stats, mut children) = (HashMap::new(), HashMap::<i32, Vec<i32>>::new());
        processes::each(&mut |pid| {
            if let Some(stat) = processes::stat(pid) {
                stats.insert(pid.as_raw_nonzero().get(), stat);
                children.entry(stat.parent).or_default().push(pid.as_raw_nonzero().get());
            }
        });
        let own_id = getpid().as_raw_nonzero().get();
        let own = stats.remove(&own_id).unwrap_or_default();
        let (sessions, groups) = (HashMap::new(), HashMap::new());
        let (runners, theirs) = (HashSet::new(), HashSet::new());
        let mut table = Table { own, own_id, stats, children, sessions, groups, runners, theirs };
        table.sort();
        table
    }

    /// Sees what is below this process.
    fn sort(&mut self) {
        for pid in self.below(self.own_id) {
            let Some(stat) = self.stats.get(&pid) else { continue };
            if stat.is_named(hunt::GUARD.to_bytes()) {
                self.runners.insert(stat.parent);
            }
            if stat.session != self.own.session {
                self.sessions.entry(stat.session).or_default().push(pid);
            }
            // A group that a job leads is that job's alone, whoever else has joined it.
            if stat.group != self.own.group && !self.is_job(stat.group) {
                self.groups.entry(stat.group).or_default().push(pid);
            }
        }
        self.runners.remove(&self.own_id);
        self.theirs = self.runners.iter().flat_map(|runner| self.below(*runner)).collect();
    }

    fn is_job(&self, pid: i32) -> bool {
        self.stats.get(&pid).is_some_and(|stat| stat.parent == self.own_id && stat.session == self.own.session)
    }

    fn children(&self, pid: i32) -> impl Iterator<Item = i32> {
        self.children.get(&pid).into_iter().flatten().copied()
    }

    /// What descends from a process.
    fn below(&self, pid: i32) -> HashSet<i32> {
        let (mut found, mut rest) = (HashSet::new(), vec![pid]);
        while let Some(pid) = rest.pop() {
            rest.extend(self.children(pid).filter(|child| found.insert(*child)));
        }
        found
    }

    fn has(&self, id: Id) -> bool {
        self.stats.get(&id.0).is_some_and(|stat| stat.start == id.1)
    }

    /// The processes of each of these jobs, by their places, that are to be signalled; notes what is found.
    fn members(&self, wanted: &[Wanted], marked: &[(usize, Id)], known: &mut Known) -> Vec<(usize, Id)> {
        // A job that has been waited for may have given its id away.
        known.jobs.retain(|leader, _| self.has(*leader));
        let mut found = Vec::new();
        for (job, Wanted { leader, signal, .. }) in wanted.iter().enumerate() {
            let leader = leader.as_raw_nonzero().get();
            let mut family = Family::default();
            let mut seeds: Vec<i32> = marked.iter().filter(|(of, _)| *of == job).map(|(_, id)| id.0).collect();
            let start = self.stats.get(&leader).filter(|stat| stat.parent == self.own_id).map(|stat| stat.start);
            if let Some(start) = start {
                known.since = Some(known.since.map_or(start, |since| since.min(start)));
                family = known.jobs.remove(&(leader, start)).unwrap_or_default();
                let living = family.processes.iter().filter(|id| self.has(**id)).map(|id| id.0);
                let alike = |of: &HashMap<i32, Vec<i32>>, keys: &HashSet<i32>| -> Vec<i32> {
                    keys.iter().filter_map(|key| of.get(key)).flatten().copied().collect()
                };
                seeds.extend(living.chain([leader]));
                seeds.extend(alike(&self.sessions, &family.sessions));
                seeds.extend(alike(&self.groups, &family.groups));
            }
            let passes_on = *signal != Signal::KILL;
            let members = self.family(seeds, passes_on, &mut family);
            // Its own group gets the signal from elsewhere.
            let others = members.into_iter().filter(|pid| self.stats[pid].group != leader);
            found.extend(others.map(|pid| (job, (pid, self.stats[&pid].start))));
            if let Some(start) = start {
                known.jobs.insert((leader, start), family);
            }
        }
        found
    }

    /// What comes from these processes, themselves among it, that lives; `passes_on`: without what runners see to.
    fn family(&self, seeds: Vec<i32>, passes_on: bool, family: &mut Family) -> Vec<i32> {
        let (mut rest, mut seen, mut members) = (seeds, HashSet::new(), Vec::new());
        while let Some(pid) = rest.pop() {
            let Some(stat) = self.stats.get(&pid) else { continue };
            let spared = passes_on && self.theirs.contains(&pid) || stat.is_named(hunt::GUARD.to_bytes());
            if spared || !seen.insert(pid) {
                continue;
            }
            if stat.state != b'Z' {
                members.push(pid);
            }
            family.processes.insert((pid, stat.start));
            rest.extend(self.children(pid));
            if let Some(alike) = self.sessions.get(&stat.session) {
                family.sessions.insert(stat.session);
                rest.extend(alike);
            }
            if let Some(alike) = self.groups.get(&stat.group) {
                family.groups.insert(stat.group);
                rest.extend(alike);
            }
        }
        members
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use rustix::process::test_kill_process;

    use super::*;

    /// The name of the marks of these tests.
    const RUNS: &str = "RUNS_OF_THE_TESTS";

    /// A job of the run whose script tells the id of a process that left its group.
    fn job(mark: &Mark, seq: u32, script: &str) -> (Child, Pid) {
        let mut command = Command::new("sh");
        command.args(["-c", script]).env(RUNS, mark.value()).env("PARJOB_SEQ", seq.to_string());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (child, Pid::from_raw(line.trim().parse().unwrap()).unwrap())
    }

    fn wanted(job: &Child, seq: u32, signal: Signal) -> Wanted {
        Wanted { variables: vec![format!("PARJOB_SEQ={seq}").into_bytes()], signal, leader: Pid::from_child(job) }
    }

    fn is_alive(pid: Pid) -> bool {
        processes::stat(pid).is_some_and(|stat| stat.state != b'Z') && test_kill_process(pid).is_ok()
    }

    #[track_caller]
    fn wait_until(what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    const MARKED: &str = "setsid sh -c 'echo $$; exec sleep 600 >&-' & exec sleep 600 >&-";
    const HIDDEN: &str = "env -i setsid sh -c 'echo $$; exec sleep 600 >&-' & exec sleep 600 >&-";

    #[test]
    fn s9_z11_of_a_run_one_job_is_found_wherever_its_processes_went() {
        let (mark, other) = (Mark::new(RUNS), Mark::new(RUNS));
        for script in [MARKED, HIDDEN] {
            let mut jobs = [job(&mark, 7, script), job(&mark, 8, script), job(&other, 7, script)];
            let mut known = Known::default();
            for (place, seq, mark) in [(0, 7, &mark), (1, 8, &mark), (2, 7, &other)] {
                assert!(jobs[place..].iter().all(|(_, stray)| is_alive(*stray)), "{script}");
                let (child, stray) = &mut jobs[place];
                assert_eq!(signal(mark, &[wanted(child, seq, Signal::KILL)], &mut known), 1, "{script}");
                wait_until("it is gone", || !is_alive(*stray));
                child.kill().unwrap();
                child.wait().unwrap();
            }
        }
    }

    #[test]
    fn z11_a_job_that_is_asked_to_end_goes_on_when_it_does_not_obey() {
        let mark = Mark::new(RUNS);
        let (mut child, stray) = job(&mark, 7, &format!("trap '' TERM; {HIDDEN}"));
        assert_eq!(signal(&mark, &[wanted(&child, 7, Signal::TERM)], &mut Known::default()), 1);
        // Its group waits for the caller's signal.
        let leader = Pid::from_child(&child);
        let state = |pid| processes::stat(pid).map(|stat| stat.state);
        wait_until("the leader is stopped", || state(leader) == Some(b'T'));
        wait_until("the other one sleeps on", || state(stray) == Some(b'S'));
        assert_eq!(signal(&mark, &[wanted(&child, 7, Signal::KILL)], &mut Known::default()), 1);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn z11_the_rest_of_a_run_is_what_is_no_older_and_carries_no_mark() {
        let (mark, other) = (Mark::new(RUNS), Mark::new(RUNS));
        let since = |since| Known { since, ..Known::default() };
        let (mut child, stray) = job(&mark, 7, HIDDEN);
        let start = processes::stat(stray).unwrap().start;
        let found = [
            // No other run's mark matters.
            may_be_left(stray, &other, &since(Some(0))),
            // Its parent carries the mark.
            may_be_left(stray, &mark, &since(Some(0))),
            may_be_left(stray, &other, &since(Some(start + 1))),
            may_be_left(stray, &other, &since(None)),
            may_be_left(getpid(), &other, &since(Some(0))),
            may_be_left(Pid::INIT, &other, &since(Some(0))),
        ];
        signal(&mark, &[wanted(&child, 7, Signal::KILL)], &mut since(None));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [true, false, false, false, false, false]);
    }
}
