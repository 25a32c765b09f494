//! What holds after every run, whatever it was about; and that every run has an end.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Test;

/// The name of a variable by which the processes of a run are found.
pub(super) const MARK: &str = "PARJOB_TEST_RUN";

/// What is wrong after this run: counts that it told do not add up, a process of it is alive, a temporary file
/// is left.
pub(super) fn wrong(test: &Test, stderr: &str) -> Option<String> {
    let adds_up = |[read, ended @ ..]: [u64; 5]| read == ended.iter().sum::<u64>();
    if !stderr.lines().filter_map(told_counts).all(adds_up) {
        return Some("the counts do not add up".to_string());
    }
    let alive = left_alive(&test.mark);
    if !alive.is_empty() {
        return Some(format!("still alive: {alive:?}"));
    }
    let beside = names(test.dir()).into_iter().filter(|name| name.contains("parjob-"));
    let left: Vec<_> = names(test.temporary.path()).into_iter().chain(beside).collect();
    (!left.is_empty()).then(|| format!("temporary files are left: {left:?}"))
}

/// The numbers of a closing line, when this is one: read, ok, failed, skipped, not run.
pub(super) fn told_counts(line: &str) -> Option<[u64; 5]> {
    let (counts, _) = line.strip_prefix("parjob: ")?.split_once(';')?;
    let mut rest = counts;
    let mut number = |after: &str| {
        let (digits, tail) = rest.split_once(after)?;
        rest = tail;
        digits.parse().ok()
    };
    Some([
        number(" read: ")?,
        number(" ok, ")?,
        number(" failed, ")?,
        number(" skipped, ")?,
        counts.strip_suffix(" not run")?.rsplit(' ').next()?.parse().ok()?,
    ])
}

/// The runs under way, each by its mark, and when it is to be over.
static RUNS: LazyLock<Mutex<HashMap<String, Instant>>> = LazyLock::new(|| {
    std::thread::spawn(|| {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let now = Instant::now();
            let late: Vec<_> = {
                let mut runs = RUNS.lock().unwrap();
                let late = runs.iter().filter(|(_, until)| **until < now).map(|(mark, _)| mark.clone()).collect();
                runs.retain(|_, until| *until >= now);
                late
            };
            late.iter().for_each(|mark| end(mark));
        }
    });
    Mutex::default()
});

/// A run begins: should it hang, all its processes are killed, so that the test fails instead of waiting for ever.
pub(super) fn begin(mark: &str, patience: Duration) {
    RUNS.lock().unwrap().insert(mark.to_owned(), Instant::now() + patience);
}

/// A test is over. One that failed may have left something.
pub(super) fn over(mark: &str) {
    RUNS.lock().unwrap().remove(mark);
    if std::thread::panicking() {
        end(mark);
    }
}

fn end(mark: &str) {
    let pids = marked(mark).into_iter().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    // It may have ended in this moment.
    pids.for_each(|pid| _ = kill_process(pid, Signal::KILL));
}

/// The processes that carry the mark. One that has just been told to end is given the time for it.
fn left_alive(mark: &str) -> Vec<String> {
    let patient = Instant::now() + Duration::from_secs(5);
    loop {
        let name = |pid: String| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or(pid);
        let alive: Vec<_> = marked(mark).into_iter().map(name).collect();
        if alive.is_empty() || Instant::now() > patient {
            return alive;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Their numbers.
fn marked(mark: &str) -> Vec<String> {
    let mark = format!("{MARK}={mark}").into_bytes();
    let is_ours = |pid: &String| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == mark)
    };
    let pids = names(Path::new("/proc")).into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    pids.filter(is_ours).collect()
}

/// The names in a folder; none where there is no such folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
