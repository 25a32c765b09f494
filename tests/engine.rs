//! The seam of the engine: one that hands its claims to executors in other processes, as one on other machines would, does the work of
//! the engine of this machine.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use parjob::base::buffer::{BufferPool, Spares};
use parjob::base::chunk::{Block, Chunking, Content};
use parjob::base::event::Ended;
use parjob::base::failure::{Failed, Failure};
use parjob::base::item::{Attempt, Fields, Seq};
use parjob::base::result::Answer;
use parjob::engine::{Engine, Parcel, Piece, Report, RetryPolicy, Ring};
use parjob::output::{Room, Wrote};
use parjob::run::{self, Backoff, Channel, Doors, Limits, Message, Policy};
use serde_json::Value;

use crate::harness::program;

/// An engine whose executors are parjob's own, each in a process with the words of a command line. A claim goes over as its items, a report comes
/// back as lines of JSON.
struct Elsewhere {
    words: &'static [&'static str],
    retry: RetryPolicy,
    reports: Arc<Mutex<Vec<Report>>>,
    sender: Sender<Message>,
}

impl Engine for Elsewhere {
    fn capacity(&self) -> usize {
        3
    }

    fn start(&mut self, block: Block) {
        while let Some(chunk) = block.claim(7, 1) {
            let (first, attempt, items) = (chunk.first, block.attempt(), chunk.bytes.to_vec());
            let (words, retry) = (self.words, self.retry.clone());
            let (reports, sender) = (Arc::clone(&self.reports), self.sender.clone());
            std::thread::spawn(move || {
                let parcel = done_elsewhere(words, &items, first, attempt, &retry);
                reports.lock().unwrap().push(Report::Pieces(parcel));
                let _ = sender.send(Message::Ring(Ring::Now));
            });
        }
    }

    fn collect(&mut self) -> Vec<Report> {
        std::mem::take(&mut *self.reports.lock().unwrap())
    }

    fn revoke(&mut self) -> u64 {
        0
    }

    fn close(&mut self) -> Option<Answer> {
        None
    }
}

/// Has a process do the items, and makes a report of what it says.
fn done_elsewhere(words: &[&str], items: &[u8], first: Seq, attempt: Attempt, retry: &RetryPolicy) -> Parcel {
    let mut command = Command::new(program());
    command.args(["--jobs", "2", "--format", "jsonl"]).args(words).env("ATTEMPT", attempt.0.to_string());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(items).unwrap();
    let output = child.wait_with_output().unwrap();
    let mut parcel = Parcel::default();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let told: Value = serde_json::from_slice(line).unwrap();
        let seq = first.plus(told["seq"].as_u64().unwrap() - 1);
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        let (ok, mut again) = (told["ok"].as_bool().unwrap(), false);
        if ok {
            let result = text("result").map(|result| result + "\n").or_else(|| text("stdout")).unwrap();
            parcel.bytes.extend_from_slice(result.as_bytes());
        } else {
            let cause = Failure::item(text("error").unwrap()).transient();
            again = retry.may_follow(attempt, &cause);
            let item = text("item").unwrap().into_bytes().into();
            parcel.failed.push(Failed { seq, item, fields: Fields::One, cause, said: Box::default() });
        }
        let (failed, end) = (u64::from(!ok), parcel.bytes.len());
        parcel.pieces.push(Piece { first: seq, items: 1, failed, skipped: 0, attempt, again, end });
    }
    parcel
}

/// Runs the items, one a line, on the engine; what was written, and how the run ended.
fn run(words: &'static [&'static str], retries: u32, items: &[&str]) -> (String, Ended) {
    let (sender, receiver) = channel();
    let pool = BufferPool::new(1 << 20);
    let mut first = Seq::FIRST;
    for items in items.chunks(10) {
        let text: String = items.iter().map(|item| format!("{item}\n")).collect();
        let mut bytes = pool.borrow(text.len()).unwrap();
        bytes.copy_from_slice(text.as_bytes());
        let (count, len, faults) = (items.len() as u32, text.len() as u32, Vec::new());
        let content = Content { first, items: count, len, delimiter: b'\n', fields: Fields::One, faults };
        let block = Block::new(bytes, content, Chunking::Auto, Attempt::FIRST);
        sender.send(Message::Blocks(vec![block])).unwrap();
        first = first.plus(u64::from(count));
    }
    sender.send(Message::SourceEnded(Ok(()))).unwrap();
    let mut engine = Elsewhere {
        words,
        retry: RetryPolicy { retries, on: Vec::new() },
        reports: Arc::default(),
        sender: sender.clone(),
    };
    let mut written = Vec::new();
    let doors = Doors {
        engine: &mut engine,
        mailbox: &mut Channel(receiver),
        write: &mut |load| {
            let mut take = |part: &[u8]| {
                written.extend_from_slice(part);
                Ok(())
            };
            load.body.read(&mut take).unwrap();
            sender.send(Message::Wrote(Wrote::Bytes(load.body.len() as usize))).unwrap();
        },
        suspend: &mut || {},
        answer: None,
        observers: &mut [],
        pool: &pool,
        spares: &Spares::new(1 << 20),
        room: &Room::new(1 << 20, 1 << 30, std::env::temp_dir()),
        output: "standard output",
    };
    let policy = Policy { ordered: true, backoff: Backoff::default(), ..Policy::default() };
    let ended = run::run(doors, &policy, Limits { unwritten: 1 << 20, total: None }, Vec::new());
    (String::from_utf8(written).unwrap(), ended)
}

#[test]
fn claims_that_go_to_other_processes_give_the_results_of_this_machine() {
    let items: Vec<String> = (1..=100).map(|n| if n % 25 == 0 { "x".into() } else { n.to_string() }).collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let (written, ended) = run(&["square"], 0, &items);
    let squares = items.iter().filter_map(|item| item.parse::<u64>().ok()).map(|n| format!("{}\n", n * n));
    assert_eq!(written, squares.collect::<String>());
    assert_eq!((ended.counts.read, ended.counts.ok, ended.counts.failed), (100, 96, 4));
}

#[test]
fn an_attempt_that_failed_elsewhere_is_followed_by_another() {
    let words = &["run", "sh", "-c", "[ $1 != 5 ] || [ $ATTEMPT = 3 ] && echo $1.$ATTEMPT", "sh"];
    let (written, ended) = run(words, 2, &["3", "5", "7"]);
    assert_eq!((written.as_str(), ended.counts.ok), ("3.1\n5.3\n7.1\n", 3));
    let (written, ended) = run(words, 1, &["3", "5", "7"]);
    assert_eq!((written.as_str(), ended.counts.failed), ("3.1\n7.1\n", 1));
}
