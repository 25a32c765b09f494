//! The loop against an engine that does as it is told, in a time that passes only when the loop waits.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::base::chunk::{Chunking, Content};
use crate::base::event::Counts;
use crate::base::failure::{Failed, Failure};
use crate::base::item::{Attempt, Fields, Seq};
use crate::engine::{Parcel, Piece, Report};

/// What an item comes to at one attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Ok,
    /// Fails, and might pass at another try.
    Trip,
    /// As `Trip`, and has something printed.
    Loud,
    /// Fails, and always will.
    Wrong,
    /// Stays at work.
    Hang,
    /// Ends when nothing else happens any more.
    Late,
    /// Stays in the queue.
    Queue,
}

/// Everything that the loop is connected to.
struct World {
    now: Instant,
    messages: VecDeque<Message>,
    fate: Box<dyn FnMut(u64, u32) -> Fate>,
    retries: u32,
    /// Items that were started, with their attempts and the time.
    started: Vec<(u64, u32, Instant)>,
    queued: u64,
    ready: Vec<Parcel>,
    late: Vec<Parcel>,
    written: Vec<u8>,
    /// The reader of the results has gone to sleep.
    asleep: bool,
    /// A signal that comes at that time.
    later: Option<(Instant, i32)>,
    log: Vec<String>,
}

type Shared = Rc<RefCell<World>>;

struct Fake(Shared);

impl Engine for Fake {
    fn capacity(&self) -> usize {
        2
    }

    fn start(&mut self, block: Block) {
        let mut world = self.0.borrow_mut();
        while let Some(chunk) = block.claim(1, 1) {
            let (seq, attempt) = (chunk.first.0, block.attempt());
            let fate = (world.fate)(seq, attempt.0);
            if fate == Fate::Queue {
                world.queued += 1;
                continue;
            }
            let now = world.now;
            world.started.push((seq, attempt.0, now));
            match fate {
                Fate::Hang => {}
                Fate::Late => world.late.push(parcel(seq, attempt, Fate::Ok, 0)),
                _ => {
                    let parcel = parcel(seq, attempt, fate, world.retries);
                    world.ready.push(parcel);
                }
            }
        }
        world.messages.push_back(Message::Ring(Ring::Now));
    }

    fn collect(&mut self) -> Vec<Report> {
        let mut ready = std::mem::take(&mut self.0.borrow_mut().ready);
        ready.reverse();
        ready.into_iter().map(Report::Pieces).collect()
    }

    fn revoke(&mut self) -> u64 {
        std::mem::take(&mut self.0.borrow_mut().queued)
    }

    fn close(&mut self) -> Option<Answer> {
        None
    }
}

fn parcel(seq: u64, attempt: Attempt, fate: Fate, retries: u32) -> Parcel {
    let again = matches!(fate, Fate::Trip | Fate::Loud) && attempt.0 <= retries;
    let cause = if matches!(fate, Fate::Trip | Fate::Loud) {
        Failure::panic("tripped")
    } else {
        Failure::constant("is not a number")
    };
    let item = format!("i{seq}").into_bytes().into();
    let failed = Failed { seq: Seq(seq), item, fields: Fields::One, cause, said: Box::default() };
    let failed = if fate == Fate::Ok { Vec::new() } else { vec![failed] };
    let text = match fate {
        Fate::Ok => format!("{seq} "),
        Fate::Loud => format!("!{seq} "),
        _ => String::new(),
    };
    let bytes = text.into_bytes();
    let (items, failures) = (1, failed.len() as u64);
    let piece = Piece { first: Seq(seq), items, failed: failures, skipped: 0, attempt, again, end: bytes.len() };
    Parcel { bytes, pieces: vec![piece], failed }
}

struct Script(Shared);

impl Mailbox for Script {
    fn now(&self) -> Instant {
        self.0.borrow().now
    }

    fn next(&mut self, until: Option<Instant>) -> Option<Message> {
        let mut world = self.0.borrow_mut();
        if let Some(message) = world.messages.pop_front() {
            return Some(message);
        }
        if let Some((at, signal)) = world.later.filter(|(at, _)| until.is_none_or(|until| until >= *at)) {
            (world.now, world.later) = (at, None);
            return Some(Message::Signal(signal));
        }
        if !world.late.is_empty() {
            world.ready = std::mem::take(&mut world.late);
            return Some(Message::Ring(Ring::Now));
        }
        let Some(until) = until else { panic!("the loop would wait for ever: {:?}", world.log) };
        world.now = world.now.max(until);
        None
    }
}

struct Log(Shared);

impl Observer for Log {
    fn on(&mut self, event: &Event<'_>) {
        let mut world = self.0.borrow_mut();
        match event {
            Event::Failed(failed) => world.log.push(format!("failed {}", failed.seq)),
            Event::Retrying { failed, attempt, .. } => world.log.push(format!("retry {} {}", failed.seq, attempt.0)),
            Event::Stopping(stop) => world.log.push(format!("stop {stop:?}")),
            Event::Warning(warning) => world.log.push(format!("warning {warning}")),
            Event::Lingering { items, .. } => world.log.push(format!("waiting for {items}")),
            Event::Started { .. } | Event::Counted(_) | Event::Ran { .. } | Event::Say(_) | Event::Ended(_) => {}
        }
    }
}

/// A test of the loop: blocks of items, their fates, and what else happens.
struct Test {
    policy: Policy,
    limits: Limits,
    blocks: Vec<u32>,
    fate: Box<dyn FnMut(u64, u32) -> Fate>,
    /// Further attempts that the engine lets follow.
    retries: u32,
    /// Messages after the blocks; the end of the source comes last.
    then: Vec<Message>,
    /// A signal so long after the start.
    later: Option<(Duration, i32)>,
    asleep: bool,
    is_fold: bool,
}

/// What became of it.
struct Outcome {
    ended: Ended,
    written: String,
    started: Vec<(u64, u32, Instant)>,
    log: Vec<String>,
    began: Instant,
}

impl Test {
    fn new(blocks: &[u32]) -> Test {
        let policy = Policy { ordered: true, ..Policy::default() };
        let limits = Limits { unwritten: 1 << 20, total: None };
        Test {
            policy,
            limits,
            blocks: blocks.to_vec(),
            fate: Box::new(|_, _| Fate::Ok),
            retries: 0,
            then: Vec::new(),
            later: None,
            asleep: false,
            is_fold: false,
        }
    }

    fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Test {
        change(&mut self.policy);
        self
    }

    fn fate(mut self, fate: impl FnMut(u64, u32) -> Fate + 'static) -> Test {
        self.fate = Box::new(fate);
        self
    }

    fn retries(mut self, retries: u32) -> Test {
        self.retries = retries;
        self
    }

    fn then(mut self, message: Message) -> Test {
        self.then.push(message);
        self
    }

    fn run(self) -> Outcome {
        let pool = BufferPool::new(1 << 20);
        let began = Instant::now();
        let mut first = Seq::FIRST;
        let blocks = self.blocks.iter().map(|items| {
            let block = block(&pool, first, *items);
            first = first.plus(u64::from(*items));
            Message::Blocks(vec![block])
        });
        let end = Message::SourceEnded(Ok(()));
        let world = Rc::new(RefCell::new(World {
            now: began,
            messages: blocks.chain(self.then).chain([end]).collect(),
            fate: self.fate,
            retries: self.retries,
            started: Vec::new(),
            queued: 0,
            ready: Vec::new(),
            late: Vec::new(),
            written: Vec::new(),
            asleep: self.asleep,
            later: self.later.map(|(after, signal)| (began + after, signal)),
            log: Vec::new(),
        }));
        let doors = Doors {
            engine: &mut Fake(Rc::clone(&world)),
            mailbox: &mut Script(Rc::clone(&world)),
            write: &mut |load| {
                let mut world = world.borrow_mut();
                if !world.asleep {
                    world.messages.push_back(Message::Wrote(Wrote::Bytes(load.body.len() as usize)));
                }
                world.written.extend(load.body.last(usize::MAX));
            },
            suspend: &mut || {},
            answer: if self.is_fold { Some(&|_| Vec::new()) } else { None },
            observers: &mut [Box::new(Log(Rc::clone(&world)))],
            pool: &pool,
            spares: &Spares::new(1 << 20),
            room: &Room::new(1 << 20, 1 << 30, std::env::temp_dir()),
            output: "standard output",
        };
        let ended = run(doors, &self.policy, self.limits, Vec::new());
        let world = world.borrow();
        let counts = ended.counts;
        assert_eq!(counts.read, counts.ok + counts.failed + counts.not_run, "the counts add up");
        let written = String::from_utf8(world.written.clone()).unwrap();
        Outcome { ended, written, started: world.started.clone(), log: world.log.clone(), began }
    }
}

fn block(pool: &Arc<BufferPool>, first: Seq, items: u32) -> Block {
    let text: String = (0..items).map(|n| format!("i{}\n", first.0 + u64::from(n))).collect();
    let mut bytes = pool.borrow(text.len()).unwrap();
    bytes.copy_from_slice(text.as_bytes());
    let (len, faults) = (text.len() as u32, Vec::new());
    let content = Content { first, items, len, delimiter: b'\n', fields: Fields::One, faults };
    Block::new(bytes, content, Chunking::Auto, Attempt::FIRST)
}

fn counts(outcome: &Outcome) -> (u64, u64, u64) {
    let Counts { ok, failed, not_run, .. } = outcome.ended.counts;
    (ok, failed, not_run)
}

#[test]
fn results_come_in_input_order() {
    let outcome = Test::new(&[3, 2]).run();
    assert_eq!(outcome.written, "1 2 3 4 5 ");
    assert!(outcome.ended.stop.is_none());
}

#[test]
fn unordered_results_come_as_they_end() {
    let outcome = Test::new(&[3]).policy(|p| p.ordered = false).run();
    assert_eq!(outcome.written, "3 2 1 ");
}

#[test]
fn an_item_that_fails_stops_no_other() {
    let outcome = Test::new(&[3]).fate(|seq, _| if seq == 2 { Fate::Wrong } else { Fate::Ok }).run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("1 3 ", (2, 1, 0)));
    assert_eq!(outcome.log, ["failed 2"]);
}

#[test]
fn a_retry_keeps_its_place_and_waits_its_time() {
    let backoff = Backoff { first: Duration::from_secs(8), most: Duration::from_secs(60) };
    let outcome = Test::new(&[3])
        .retries(2)
        .policy(|p| p.backoff = backoff)
        .fate(|seq, attempt| if seq == 2 && attempt < 3 { Fate::Trip } else { Fate::Ok })
        .run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("1 2 3 ", (3, 0, 0)));
    assert_eq!(outcome.log, ["retry 2 2", "retry 2 3"]);
    let waits: Vec<f64> = outcome.started.windows(2).map(|pair| (pair[1].2 - pair[0].2).as_secs_f64()).collect();
    assert!(waits[2] >= 4.0 && waits[2] <= 8.0 && waits[3] >= 8.0 && waits[3] <= 16.0, "{waits:?}");
}

#[test]
fn only_the_last_attempt_is_a_result() {
    let outcome = Test::new(&[2])
        .retries(2)
        .fate(|seq, attempt| if seq == 1 && attempt < 3 { Fate::Loud } else { Fate::Ok })
        .run();
    assert_eq!((outcome.written.as_str(), outcome.ended.counts.unwritten), ("1 2 ", 0));
    let outcome = Test::new(&[2]).retries(1).fate(|_, _| Fate::Loud).run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("!1 !2 ", (0, 2, 0)));
    let backoff = Backoff { first: Duration::from_secs(60), most: Duration::from_secs(60) };
    let outcome = Test::new(&[1])
        .retries(5)
        .policy(|p| p.backoff = backoff)
        .fate(|_, _| Fate::Loud)
        .then(Message::Ring(Ring::Now))
        .then(Message::Signal(signal_hook::consts::SIGTERM))
        .run();
    assert_eq!((outcome.written.as_str(), outcome.ended.counts.unwritten), ("!1 ", 0));
}

#[test]
fn a_fold_waits_for_what_is_at_work_even_when_it_halts_now() {
    let mut test = Test::new(&[2])
        .policy(|p| p.halt = Some("now,done=1".parse().unwrap()))
        .fate(|seq, _| if seq == 2 { Fate::Hang } else { Fate::Ok });
    test.is_fold = true;
    test.later = Some((Duration::from_secs(9), signal_hook::consts::SIGTERM));
    // Item 2 is at work until the signal comes; without the wait the run would be over at once.
    let outcome = test.run();
    assert_eq!((counts(&outcome), outcome.ended.took >= Duration::from_secs(9)), ((1, 0, 1), true));
}

#[test]
fn retries_run_out() {
    let outcome = Test::new(&[2]).retries(2).fate(|seq, _| if seq == 1 { Fate::Trip } else { Fate::Ok }).run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("2 ", (1, 1, 0)));
    assert_eq!(outcome.log, ["retry 1 2", "retry 1 3", "failed 1"]);
}

#[test]
fn what_cannot_pass_is_not_tried_again() {
    let outcome = Test::new(&[1]).retries(2).fate(|_, _| Fate::Wrong).run();
    assert_eq!((outcome.log.as_slice(), outcome.started.len()), (&["failed 1".to_string()][..], 1));
}

#[test]
fn an_interrupt_during_a_backoff_starts_no_retry() {
    let backoff = Backoff { first: Duration::from_secs(60), most: Duration::from_secs(60) };
    let outcome = Test::new(&[1, 1])
        .retries(5)
        .policy(|p| p.backoff = backoff)
        .fate(|seq, _| if seq == 1 { Fate::Trip } else { Fate::Ok })
        .then(Message::Ring(Ring::Now))
        .then(Message::Signal(signal_hook::consts::SIGINT))
        .run();
    assert_eq!(counts(&outcome), (1, 1, 0));
    assert_eq!(outcome.started.len(), 2);
    assert!(matches!(outcome.ended.stop, Some(Stop::Signal(2))));
}

#[test]
fn an_interrupt_lets_what_runs_end_and_starts_nothing_more() {
    // Item 2 waits in the queue.
    let outcome = Test::new(&[2])
        .fate(|seq, _| if seq == 2 { Fate::Queue } else { Fate::Ok })
        .then(Message::Signal(signal_hook::consts::SIGINT))
        .run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("1 ", (1, 0, 1)));
}

#[test]
fn a_second_interrupt_waits_for_nothing() {
    let outcome = Test::new(&[2])
        .fate(|seq, _| if seq == 2 { Fate::Hang } else { Fate::Ok })
        .then(Message::Ring(Ring::Now))
        .then(Message::Signal(signal_hook::consts::SIGINT))
        .then(Message::Signal(signal_hook::consts::SIGINT))
        .run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("1 ", (1, 0, 1)));
    assert!(!outcome.log.iter().any(|line| line.starts_with("waiting")), "{:?}", outcome.log);
}

#[test]
fn who_interrupts_is_told_what_is_waited_for() {
    let mut interrupted = Test::new(&[2])
        .fate(|seq, _| if seq == 2 { Fate::Hang } else { Fate::Ok })
        .then(Message::Ring(Ring::Now))
        .then(Message::Signal(signal_hook::consts::SIGINT));
    interrupted.later = Some((Duration::from_secs(9), signal_hook::consts::SIGINT));
    let outcome = interrupted.run();
    assert!(outcome.log.contains(&"waiting for 1".to_string()), "{:?}", outcome.log);
    assert_eq!(counts(&outcome), (1, 0, 1));
}

#[test]
fn a_halt_takes_back_what_has_not_started() {
    for (halt, when) in [("soon,fail=1", "later"), ("now,fail=1", "at once")] {
        let outcome = Test::new(&[2, 3])
            .policy(|p| p.halt = Some(halt.parse().unwrap()))
            .fate(|seq, _| [Fate::Ok, Fate::Wrong, Fate::Queue][seq.min(3) as usize - 1])
            .run();
        assert_eq!(counts(&outcome), (1, 1, 3), "{when}");
        assert!(matches!(outcome.ended.stop, Some(Stop::Halted { asked_for: false })));
    }
}

#[test]
fn a_halt_on_a_share_of_the_items_waits_for_their_number() {
    let outcome = Test::new(&[4, 4]).policy(|p| p.halt = Some("now,done=50%".parse().unwrap())).run();
    // The number is known only when the source has ended; by then all are done.
    assert_eq!(counts(&outcome).0, 8);
}

#[test]
fn the_deadline_ends_what_hangs() {
    let outcome = Test::new(&[2])
        .policy(|p| p.deadline = Some(Duration::from_secs(30)))
        .fate(|seq, _| if seq == 1 { Fate::Hang } else { Fate::Ok })
        .run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("2 ", (1, 0, 1)));
    assert!(matches!(outcome.ended.stop, Some(Stop::Deadline)));
    assert_eq!(outcome.ended.took, Duration::from_secs(30));
    assert!(outcome.began <= outcome.started[0].2);
}

#[test]
fn what_ends_after_the_end_is_neither_counted_nor_written() {
    let mut stopped = Test::new(&[2])
        .fate(|seq, _| if seq == 2 { Fate::Late } else { Fate::Ok })
        .then(Message::Ring(Ring::Now))
        .then(Message::Signal(signal_hook::consts::SIGTERM));
    // The writer keeps the loop waiting.
    stopped.asleep = true;
    let outcome = stopped.run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("1 ", (1, 0, 1)));
}

#[test]
fn no_block_starts_while_too_much_is_unwritten() {
    let mut test =
        Test::new(&[2, 2]).policy(|p| p.deadline = Some(Duration::from_secs(5))).then(Message::Ring(Ring::Now));
    test.limits.unwritten = 1;
    test.asleep = true;
    // The first block goes; its results are never written, so the second waits until the deadline.
    test.blocks = vec![2];
    let first = Message::Blocks(vec![block(&BufferPool::new(1 << 20), Seq(3), 2)]);
    let outcome = test.then(first).run();
    assert_eq!(outcome.started.len(), 2);
    assert_eq!(counts(&outcome), (2, 0, 2));
}

#[test]
fn a_broken_output_stops_the_run() {
    let full = || Wrote::Failed(std::io::Error::from_raw_os_error(libc::ENOSPC));
    let outcome = Test::new(&[1]).fate(|_, _| Fate::Hang).then(Message::Wrote(full())).run();
    assert!(matches!(outcome.ended.stop, Some(Stop::Unwritable(_))));
    let pipe = || Wrote::Failed(std::io::Error::from_raw_os_error(libc::EPIPE));
    let outcome = Test::new(&[1]).fate(|_, _| Fate::Hang).then(Message::Wrote(pipe())).run();
    assert!(matches!(outcome.ended.stop, Some(Stop::PipeClosed)));
    let outcome =
        Test::new(&[1]).policy(|p| p.sigpipe_ignored = true).fate(|_, _| Fate::Hang).then(Message::Wrote(pipe())).run();
    assert!(matches!(outcome.ended.stop, Some(Stop::Unwritable(_))));
}

#[test]
fn an_input_that_breaks_off_loses_nothing_that_was_read() {
    let outcome = Test::new(&[3]).then(Message::SourceEnded(Err(anyhow::anyhow!("gone")))).run();
    assert_eq!((outcome.written.as_str(), counts(&outcome)), ("1 2 3 ", (3, 0, 0)));
    assert!(matches!(outcome.ended.stop, Some(Stop::Unreadable(_))));
}

proptest! {
    #[test]
    fn every_item_is_done_once_whatever_fails(
        blocks in prop::collection::vec(1u32..6, 1..8),
        trips in prop::collection::vec(0u32..5, 40),
        retries in 0u32..4,
        ordered in any::<bool>(),
    ) {
        let total: u32 = blocks.iter().sum();
        let needed = trips.clone();
        let outcome = Test::new(&blocks)
            .retries(retries)
            .policy(|p| p.ordered = ordered)
            .fate(move |seq, attempt| if attempt <= needed[seq as usize] { Fate::Trip } else { Fate::Ok })
            .run();
        let expected: Vec<u64> = (1..=u64::from(total)).filter(|seq| trips[*seq as usize] <= retries).collect();
        let mut got: Vec<u64> = outcome.written.split_whitespace().map(|seq| seq.parse().unwrap()).collect();
        if !ordered {
            got.sort();
        }
        prop_assert_eq!(&got, &expected);
        prop_assert_eq!(counts(&outcome), (expected.len() as u64, u64::from(total) - expected.len() as u64, 0));
    }
}
