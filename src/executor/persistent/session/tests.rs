//! The rules of a worker, each by itself: what happens is told with a time, and nothing is started, read or waited for.
#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::num::NonZeroU32;

use super::*;
use crate::base::buffer::BufferPool;
use crate::base::chunk::{Block, Chunking, Content};
use crate::base::failure::{Failure, FailureKind};
use crate::base::item::{Attempt, Chunk, Fields};
use crate::executor::persistent::options::Refused;
use crate::executor::persistent::{Json, Lines};

const MS: Duration = Duration::from_millis(1);

/// A language of single bytes that does as it is told: an item is sent as its text, and answered by the letter `a` + its number.
#[derive(Default)]
struct Told {
    at: Option<Seq>,
    at_once: u64,
    begun: Option<Seq>,
    greets: bool,
}

impl Protocol for Told {
    fn begin(&mut self, in_flight: &mut InFlight, _out: &mut Vec<u8>) {
        if self.greets {
            in_flight.expect_greeting();
        }
    }

    fn encode(&mut self, chunk: &Chunk<'_>, _in_flight: &mut InFlight, out: &mut Vec<u8>) {
        out.extend_from_slice(chunk.bytes);
    }

    /// `+` is a greeting, `!` a refusal, `s` a stop before item 3, `?` nonsense.
    fn decode(&mut self, bytes: &[u8], in_flight: &mut InFlight) -> Result<usize, Mismatch> {
        for byte in bytes {
            match byte {
                b'+' => in_flight.greeted(),
                b'!' => in_flight.refused(2, "no such function".into()),
                b'3' => in_flight.refused(3, "no memory".into()),
                b's' => in_flight.note_stopped(Seq(3)),
                b'a'..=b'z' => in_flight.answer(Seq(u64::from(byte - b'a') + 1), Ok(b"done"))?,
                _ => return Err(Mismatch("wrote nonsense".into())),
            }
        }
        Ok(bytes.len())
    }

    fn at(&mut self) -> Option<Seq> {
        self.at
    }

    fn at_once(&mut self) -> u64 {
        self.at_once.max(1)
    }

    fn holds_back(&self) -> bool {
        false
    }

    fn encodes_singly(&self) -> bool {
        false
    }

    fn can_stop(&self) -> bool {
        self.begun.is_some()
    }

    fn stop(&mut self) -> Option<Seq> {
        self.begun
    }

    fn go_on(&mut self, out: &mut Vec<u8>) {
        out.push(b'#');
    }
}

/// A session, what it is connected with, and what has come of it.
struct Run {
    session: Session,
    now: Duration,
    queue: Queue,
    /// What waits to be claimed.
    waiting: Vec<Part>,
    done: Vec<u64>,
    failed: Vec<(u64, Failure, String)>,
    not_run: Vec<u64>,
    back: Vec<u64>,
    warnings: Vec<String>,
    broken: Option<String>,
    /// Starts, ends of input, signals, looks: what else was to be done, in short.
    log: Vec<&'static str>,
    memory: u64,
    starts: Result<(), Errno>,
    /// What the pipe takes in all.
    takes: usize,
}

fn rules() -> Rules {
    Rules {
        number: 1,
        one_by_one: false,
        unit: 1,
        timeout: None,
        patience: None,
        start_limit: None,
        grace: 100 * MS,
        recycle: None,
        recycle_rss: None,
        results: Box::new(Results::with_ends),
        failed_starts: Arc::default(),
    }
}

/// As many items as the numbers say, each its number and a newline.
fn items(count: u64) -> Vec<Part> {
    let text: String = (1..=count).map(|number| format!("{number}\n")).collect();
    let mut bytes = BufferPool::new(1 << 20).borrow(text.len()).unwrap();
    bytes.copy_from_slice(text.as_bytes());
    let content = Content {
        first: Seq(1),
        items: count as u32,
        len: text.len() as u32,
        delimiter: b'\n',
        fields: Fields::One,
        faults: Vec::new(),
    };
    let block = Arc::new(Block::new(bytes, content, Chunking::Items(NonZeroU32::MAX), Attempt::FIRST));
    let claim = block.reserve_up_to(u32::MAX, 1, 1).unwrap();
    vec![(block, claim)]
}

fn numbers(parts: &[Part]) -> Vec<u64> {
    let chunks = parts.iter().map(|(block, claim)| block.chunk(claim));
    chunks.flat_map(|chunk| chunk.first.0..chunk.first.0 + chunk.count as u64).collect()
}

fn worker(protocol: impl Protocol + 'static, rules: Rules, count: u64) -> Run {
    Run {
        session: Session::new(rules, Box::new(protocol)),
        now: Duration::ZERO,
        queue: Queue::default(),
        waiting: items(count),
        done: Vec::new(),
        failed: Vec::new(),
        not_run: Vec::new(),
        back: Vec::new(),
        warnings: Vec::new(),
        broken: None,
        log: Vec::new(),
        memory: 0,
        starts: Ok(()),
        takes: usize::MAX,
    }
}

impl Run {
    /// Something happens; then all that is to be done is done.
    fn on(&mut self, event: Event<'_>) -> &mut Run {
        self.session.on(event, self.now);
        while let Some(action) = self.session.action() {
            self.carry_out(action);
        }
        let bytes = self.session.outgoing.unwritten().len().min(self.takes);
        if bytes > 0 {
            self.takes -= bytes;
            self.session.on(Event::Wrote(bytes), self.now);
        }
        self
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Start => {
                self.log.push("start");
                let event = self.starts.map_or_else(Event::CannotStart, |()| Event::Started);
                self.session.on(event, self.now);
            }
            Action::Claim(want) => {
                let event = self.claim(want).map_or(Event::NothingToClaim, Event::Claimed);
                self.session.on(event, self.now);
            }
            Action::MeasureMemory => self.session.on(Event::Memory(Some(self.memory)), self.now),
            Action::ReadOutput => self.session.on(Event::Tick, self.now),
            Action::Look(true) => self.log.push("look"),
            Action::Look(false) => self.log.push("look at pipe"),
            Action::CloseInput => self.log.push("close"),
            Action::Signal(Signal::TERM) => self.log.push("TERM"),
            Action::Signal(_) => self.log.push("KILL"),
            Action::KillGroup => self.log.push("kill group"),
            Action::Reap => self.log.push("reap"),
            Action::GiveBack(parts) => self.back.extend(numbers(&parts)),
            Action::NotRun(parts) => self.not_run.extend(numbers(&parts)),
            Action::Post(answered) => self.note(&answered),
            Action::Show(_) => {}
            Action::Warn(text) => self.warnings.push(text),
            Action::OutOfProcesses(_) => self.log.push("out of processes"),
            Action::BreakOff(error) => self.broken = Some(error.to_string()),
        }
    }

    fn claim(&mut self, want: usize) -> Option<Part> {
        let (block, claim) = self.waiting.pop()?;
        let want = want.min(claim.items());
        let first = claim.first(want, block.chunk(&claim).split(want).0.bytes.len());
        let mut rest = claim;
        rest.advance(want, first.len());
        if !rest.is_empty() {
            self.waiting.push((block.clone(), rest));
        }
        Some((block, first))
    }

    fn note(&mut self, answered: &Answered) {
        let first = answered.block.chunk(&answered.claim).first.0;
        for place in 0..answered.claim.items() {
            let seq = first + place as u64;
            match answered.results.failures.iter().find(|(at, _)| *at == place) {
                Some((_, cause)) => {
                    let said = answered.said.iter().rfind(|(at, _)| at.0 == seq);
                    let said = said.map(|(_, said)| String::from_utf8_lossy(said).into_owned()).unwrap_or_default();
                    self.failed.push((seq, cause.clone(), said));
                }
                None => self.done.push(seq),
            }
        }
    }

    /// Time passes, and the worker looks at the queue.
    fn after(&mut self, time: Duration) -> &mut Run {
        self.now += time;
        self.queue.work = !self.waiting.is_empty();
        self.on(Event::Queue(self.queue))
    }

    fn writes(&mut self, bytes: &[u8]) -> &mut Run {
        self.session.inbox.extend_from_slice(bytes);
        self.on(Event::Output)
    }

    fn exits(&mut self, end: ProcessEnd, unread: u64) -> &mut Run {
        self.on(Event::Exited(Some(end), unread)).after(Duration::ZERO)
    }

    fn failed(&self) -> Vec<u64> {
        self.failed.iter().map(|(seq, ..)| *seq).collect()
    }

    /// All items are sent at once.
    fn all_in_flight(mut self) -> Run {
        self.session.prefetch.assume(1000);
        self.after(Duration::ZERO);
        self
    }

    fn in_flight(&self) -> usize {
        self.session.in_flight.items()
    }
}

const FAILED: ProcessEnd = ProcessEnd::Exit(3);

#[test]
fn the_item_that_was_named_is_charged_and_the_others_go_to_a_fresh_process() {
    let mut run = worker(Told { at: Some(Seq(3)), ..Told::default() }, rules(), 5).all_in_flight();
    run.writes(b"a").exits(FAILED, 0);
    assert_eq!((run.failed(), run.done.clone()), (vec![3], vec![1]));
    assert!(matches!(run.failed[0].1.kind(), FailureKind::Lost(Some(end)) if end == FAILED));
    assert_eq!(run.log, ["start", "kill group", "reap", "start"]);
    run.writes(b"bde");
    assert_eq!(run.done, [1, 2, 4, 5]);
}

#[test]
fn else_the_first_without_an_answer_is_charged() {
    let mut run = worker(Told::default(), rules(), 4).all_in_flight();
    run.writes(b"ac").exits(ProcessEnd::Signal(9), 0);
    assert_eq!((run.failed(), run.in_flight()), (vec![2], 1));
    // A name that it cannot have been at counts for nothing.
    let mut run = worker(Told { at: Some(Seq(9)), ..Told::default() }, rules(), 4).all_in_flight();
    run.writes(b"a").exits(FAILED, 0);
    assert_eq!(run.failed(), [2]);
}

#[test]
fn what_was_at_work_together_is_charged_together_and_no_more_than_it_had() {
    let mut run = worker(Told { at: Some(Seq(2)), at_once: 2, ..Told::default() }, rules(), 5).all_in_flight();
    run.exits(FAILED, 0);
    assert_eq!(run.failed(), [2, 3]);
    let mut run = worker(Told { at: Some(Seq(4)), at_once: 1 << 60, ..Told::default() }, rules(), 5);
    run.session.prefetch.assume(1000);
    run.after(MS).exits(FAILED, 0);
    assert_eq!(run.failed(), [4, 5]);
}

#[test]
fn an_item_that_no_process_has_read_is_not_charged() {
    let mut run = worker(Told::default(), rules(), 3).all_in_flight();
    run.writes(b"a").exits(FAILED, 4);
    assert_eq!((run.failed(), run.in_flight()), (vec![], 2));
    assert_eq!(run.warnings, ["worker 1 ended with status 3 while it had no item"]);
    // Nor one that did not fit into the pipe.
    let mut run = worker(Told::default(), rules(), 3);
    run.takes = 2;
    run.session.prefetch.assume(1000);
    run.after(MS).writes(b"a").exits(FAILED, 0);
    assert_eq!((run.failed(), run.in_flight()), (vec![], 2));
}

#[test]
fn three_that_end_before_their_first_answer_in_a_row_cannot_start() {
    let mut run = worker(Told { greets: true, ..Told::default() }, rules(), 3);
    run.after(MS).on(Event::Stderr(b"no model\n")).exits(FAILED, 0).exits(FAILED, 0);
    assert_eq!((run.broken.clone(), run.failed()), (None, vec![]));
    // One that answers makes it none in a row.
    run.writes(b"+a").exits(FAILED, 0).exits(FAILED, 0).exits(FAILED, 0);
    assert_eq!((run.broken.clone(), run.failed()), (None, vec![2]));
    run.on(Event::Stderr(b"no model\n")).exits(FAILED, 0);
    let why = "workers cannot start: 3 in a row ended before their first answer; the last ended with status 3 and said \
               \"no model\"";
    assert_eq!((run.broken.as_deref(), run.not_run.clone()), (Some(why), vec![3]));
    let starts = run.log.iter().filter(|what| **what == "start").count();
    run.after(10 * MS);
    assert_eq!(run.log.iter().filter(|what| **what == "start").count(), starts);
}

#[test]
fn what_the_system_cannot_start_is_tried_again_later_or_cannot_start() {
    let mut run = worker(Told::default(), rules(), 3);
    run.starts = Err(Errno::MFILE);
    run.after(MS).after(49 * MS);
    assert_eq!(run.log, ["start", "out of processes"]);
    run.starts = Ok(());
    run.after(MS);
    assert_eq!((run.log.last(), run.in_flight()), (Some(&"start"), 1));
    let mut run = worker(Told::default(), rules(), 3);
    run.starts = Err(Errno::ACCESS);
    run.after(MS).after(50 * MS).after(50 * MS);
    assert!(run.broken.unwrap().contains("could not be started"));
}

#[test]
fn too_many_or_too_few_answers_in_order_are_unsure() {
    let mut run = worker(Lines::default(), rules(), 2).all_in_flight();
    run.writes(b"1\n2\n3\n");
    assert_eq!(run.log, ["start", "close", "KILL"]);
    run.exits(ProcessEnd::Signal(9), 0);
    let unsure = "the results of items 1 to 2 are unsure; with --protocol lines each line must be answered by one line";
    assert_eq!(run.broken.unwrap(), format!("worker 1 gave more answers than it got items; {unsure}"));
    let mut run = worker(Lines::default(), rules(), 2).all_in_flight();
    run.queue.over = true;
    run.after(MS).on(Event::Looked(0, Waits::Unknown, false)).writes(b"1\n").exits(ProcessEnd::Exit(0), 0);
    assert_eq!(run.broken.unwrap(), format!("worker 1 ended with fewer answers than it got items; {unsure}"));
    let mut run = worker(Lines::default(), rules(), 2).all_in_flight();
    run.queue.over = true;
    run.writes(b"1\n2\n").after(MS).writes(b"and more").exits(ProcessEnd::Exit(0), 0);
    assert!(run.broken.unwrap().contains("gave more"));
}

#[test]
fn nonsense_charges_an_item_only_where_no_answer_was_sound() {
    let mut run = worker(Told::default(), rules(), 3).all_in_flight();
    run.writes(b"a?").exits(ProcessEnd::Signal(9), 0);
    assert_eq!(run.warnings, ["worker 1 wrote nonsense; a fresh one takes its place"]);
    assert_eq!((run.done.clone(), run.in_flight()), (vec![1], 2));
    run.writes(b"?").exits(ProcessEnd::Signal(9), 0);
    assert_eq!((run.failed(), run.in_flight()), (vec![2], 1));
    // An answer that comes twice is nonsense too.
    run.writes(b"cc").exits(ProcessEnd::Signal(9), 0);
    assert_eq!(run.done, [1, 3]);
}

#[test]
fn a_process_does_no_more_items_than_it_may() {
    let mut run = worker(Told::default(), Rules { recycle: Some(2), ..rules() }, 5).all_in_flight();
    assert_eq!(run.in_flight(), 2);
    run.writes(b"a");
    assert_eq!(run.in_flight(), 1);
    run.writes(b"b").after(MS);
    assert_eq!(run.log, ["start", "close"]);
    run.exits(ProcessEnd::Exit(0), 0).writes(b"cd").exits(ProcessEnd::Exit(0), 0).writes(b"e");
    assert_eq!((run.done.len(), run.failed(), run.warnings.len()), (5, vec![], 0));
}

#[test]
fn a_process_that_holds_much_is_replaced_before_it_is_given_another_item() {
    let mut run = worker(Told::default(), Rules { recycle_rss: Some(60), ..rules() }, 3);
    // Its first item is due to it.
    run.memory = 100;
    run.after(MS);
    assert_eq!(run.in_flight(), 1);
    run.now += 5 * MS;
    run.writes(b"a");
    assert_eq!((run.in_flight(), run.log.last()), (0, Some(&"close")));
    run.exits(ProcessEnd::Exit(0), 0);
    run.memory = 60;
    run.now += 5 * MS;
    run.writes(b"b");
    assert_eq!((run.in_flight(), run.done.clone()), (1, vec![1, 2]));
}

#[test]
fn an_item_that_is_late_is_asked_to_end_then_killed_and_charged() {
    let timeout = Some(Duration::from_secs(1));
    let mut run = worker(Told::default(), Rules { timeout, patience: timeout, ..rules() }, 3).all_in_flight();
    // Its time begins with the answer before it.
    run.after(900 * MS).writes(b"a").after(Duration::ZERO).after(999 * MS);
    assert_eq!(run.log, ["start"]);
    run.after(MS);
    assert_eq!(run.log, ["start", "close", "TERM"]);
    run.after(99 * MS);
    assert_eq!(run.log.len(), 3);
    run.after(MS);
    assert_eq!(run.log[3..], ["KILL"]);
    run.exits(ProcessEnd::Signal(9), 0);
    assert_eq!((run.failed(), run.in_flight()), (vec![2], 1));
    assert_eq!(run.failed[0].1.kind(), FailureKind::Timeout);
}

#[test]
fn the_time_of_an_item_that_is_named_begins_anew() {
    let timeout = Some(Duration::from_secs(1));
    let rules = Rules { timeout, patience: timeout, ..rules() };
    let mut run = worker(Told { at: Some(Seq(1)), ..Told::default() }, rules, 3).all_in_flight();
    run.after(900 * MS);
    run.session.protocol = Box::new(Told { at: Some(Seq(2)), ..Told::default() });
    run.after(MS).after(900 * MS);
    assert_eq!(run.log, ["start"]);
    run.after(100 * MS).exits(ProcessEnd::Signal(15), 0);
    assert_eq!(run.failed(), [2]);
}

#[test]
fn a_process_that_is_not_ready_in_time_could_not_start() {
    let rules = Rules { start_limit: Some(60 * MS), ..rules() };
    let mut run = worker(Told { greets: true, ..Told::default() }, rules, 1);
    for _ in 0..3 {
        run.after(Duration::ZERO).after(59 * MS);
        assert_ne!(run.log.last(), Some(&"TERM"));
        run.after(MS);
        assert_eq!(run.log.last(), Some(&"TERM"));
        run.exits(ProcessEnd::Signal(15), 0);
    }
    assert!(run.broken.unwrap().ends_with("the last was not ready within 60ms"));
}

#[test]
fn a_process_that_reads_no_more_is_replaced_once_it_is_at_no_item() {
    let mut run = worker(Told::default(), rules(), 3).all_in_flight();
    run.on(Event::InputClosed);
    assert_eq!(run.log, ["start", "look at pipe"]);
    // It is at the first item.
    run.on(Event::Looked(4, Waits::Unknown, false)).after(MS);
    assert_eq!(run.log.len(), 2);
    run.writes(b"a").on(Event::Looked(4, Waits::Unknown, false));
    assert_eq!(run.log[2..], ["look at pipe", "close", "TERM"]);
    run.exits(ProcessEnd::Signal(15), 4);
    assert_eq!(run.warnings, ["worker 1 reads no more; a fresh one takes its place"]);
    assert_eq!((run.failed(), run.in_flight()), (vec![], 2));
}

#[test]
fn a_silent_process_that_has_read_all_gets_more_whatever_it_seems_to_do() {
    for (waits, alone, within) in
        [(Waits::Yes, true, 2), (Waits::Unknown, true, 10), (Waits::Unknown, false, 10), (Waits::Yes, false, 2)]
    {
        let mut run = worker(Lines::default(), rules(), 1000);
        run.after(MS);
        assert_eq!(run.in_flight(), 1);
        let mut given = 1;
        for _ in 0..5 {
            for _ in 0..within {
                run.after(MS);
                while run.log.last() == Some(&"look") {
                    run.log.pop();
                    run.on(Event::Looked(0, waits, alone)).after(Duration::ZERO);
                }
            }
            assert!(run.in_flight() >= 2 * given, "{waits:?}: {given} to {}", run.in_flight());
            given = run.in_flight();
        }
    }
    // One that seems busy gets more in the end, too.
    let mut run = worker(Lines::default(), rules(), 1000);
    run.after(MS);
    for _ in 0..8000 {
        run.after(MS);
        if run.log.pop() == Some("look") {
            run.on(Event::Looked(0, Waits::No, true));
        }
    }
    assert!((2..5).contains(&run.in_flight()), "{}", run.in_flight());
}

#[test]
fn a_process_that_has_not_read_all_gets_no_more() {
    let mut run = worker(Lines::default(), rules(), 1000);
    run.after(MS);
    for _ in 0..3000 {
        run.after(MS);
        if run.log.pop() == Some("look") {
            run.on(Event::Looked(2, Waits::Unknown, false));
        }
    }
    assert_eq!(run.in_flight(), 1);
}

#[test]
fn nothing_queues_behind_an_item_that_took_long_until_items_are_fast_again() {
    let mut run = worker(Lines::default(), rules(), 10_000);
    run.after(Duration::ZERO);
    for _ in 0..6 {
        let count = run.in_flight();
        run.now += Duration::from_micros(2 * count as u64);
        run.writes(&b"x\n".repeat(count)).after(Duration::ZERO);
    }
    assert!((200..=500).contains(&run.in_flight()), "{}", run.in_flight());
    let count = run.in_flight();
    run.now += 2 * MS * count as u32;
    run.writes(&b"x\n".repeat(count)).after(Duration::ZERO);
    assert_eq!(run.in_flight(), 1);
    for _ in 0..5 {
        run.now += Duration::from_micros(2 * run.in_flight() as u64);
        let lines = b"x\n".repeat(run.in_flight());
        run.writes(&lines).after(Duration::ZERO);
    }
    assert!(run.in_flight() > 100, "{}", run.in_flight());
}

#[test]
fn a_long_silence_is_said_once() {
    let mut run = worker(Json::default(), rules(), 3).all_in_flight();
    for _ in 0..20 {
        run.after(1000 * MS);
        if run.log.pop() == Some("look") {
            run.on(Event::Looked(0, Waits::Yes, true));
        }
    }
    assert_eq!(run.warnings, ["worker 1 read 3 items, answered none: does it flush its output?"]);
}

#[test]
fn one_that_holds_a_full_window_sees_the_end_of_its_input() {
    let mut run = worker(Lines::default(), rules(), 20_000);
    run.session.prefetch.assume(20_000);
    run.after(MS).after(2 * MS).on(Event::Looked(0, Waits::Yes, true)).after(1000 * MS);
    run.on(Event::Looked(0, Waits::Yes, true));
    assert_eq!(run.log.last(), Some(&"close"));
    let count = run.in_flight();
    assert_eq!(run.warnings, [format!("worker 1 read {count} items, answered none: does it flush its output?")]);
    run.writes(&b"x\n".repeat(count)).exits(ProcessEnd::Exit(0), 0);
    assert_eq!((run.done.len(), run.log.last()), (count, Some(&"start")));
}

#[test]
fn when_nothing_more_comes_the_input_ends_as_soon_as_all_is_read() {
    let mut run = worker(Lines::default(), rules(), 3).all_in_flight();
    run.queue.over = true;
    run.after(MS);
    assert_eq!(run.log, ["start", "look at pipe"]);
    run.on(Event::Looked(2, Waits::Unknown, false)).after(4 * MS);
    assert_eq!(run.log[2..], ["look at pipe"]);
    run.on(Event::Looked(0, Waits::Unknown, false));
    assert_eq!(run.log[3..], ["close"]);
    run.writes(b"1\n2\n3\n").exits(ProcessEnd::Exit(0), 0);
    assert_eq!((run.done.len(), run.failed(), run.warnings.len()), (3, vec![], 0));
    assert_eq!(run.log[4..], ["reap"]);
}

#[test]
fn a_process_that_will_not_end_is_ended_step_by_step() {
    let mut run = worker(Told::default(), rules(), 1);
    run.after(MS).writes(b"a");
    run.queue.over = true;
    run.after(MS).after(100 * MS).after(100 * MS);
    assert_eq!(run.log, ["start", "close", "TERM", "KILL"]);
    run.exits(ProcessEnd::Signal(9), 0);
    assert_eq!(run.warnings, ["worker 1 did not end within --grace and was ended"]);
    // One that is not even killed is let go.
    let mut run = worker(Told::default(), rules(), 1);
    run.after(MS).writes(b"a");
    run.queue.over = true;
    run.after(MS).after(100 * MS).after(100 * MS).after(999 * MS);
    assert_eq!(run.log.last(), Some(&"KILL"));
    run.after(MS);
    assert_eq!(run.log.last(), Some(&"reap"));
}

#[test]
fn when_the_run_ends_what_is_in_flight_is_not_run() {
    for (ending, signal) in [(Step::Term, "TERM"), (Step::Kill, "KILL")] {
        let mut run = worker(Told::default(), rules(), 3).all_in_flight();
        run.writes(b"b");
        run.queue.ending = Some(ending);
        run.after(MS);
        assert_eq!((run.not_run.clone(), run.log.last()), (vec![1, 3], Some(&signal)));
        run.writes(b"ac?").exits(FAILED, 0);
        assert_eq!((run.done.clone(), run.failed(), run.warnings.len()), (vec![2], vec![], 0));
        assert!(run.session.is_over());
    }
}

#[test]
fn a_refusal_ends_the_run_or_is_a_start_that_failed() {
    let mut run = worker(Told { greets: true, ..Told::default() }, rules(), 3);
    run.after(MS).writes(b"!");
    assert_eq!((run.broken.as_deref(), run.not_run.len()), (Some("no such function"), 1));
    let mut run = worker(Told { greets: true, ..Told::default() }, rules(), 3);
    for _ in 0..3 {
        run.after(MS).writes(b"3");
        assert_eq!(run.log.last(), Some(&"TERM"));
        run.exits(ProcessEnd::Signal(15), 0);
    }
    assert!(run.broken.unwrap().contains("no memory"));
    assert_eq!(Refused { status: 2, why: "x\n".into() }.to_string(), "x");
}

#[test]
fn what_has_not_begun_is_taken_back_when_another_worker_idles() {
    let mut run = worker(Told { begun: Some(Seq(2)), ..Told::default() }, rules(), 5).all_in_flight();
    run.queue.others_idle = true;
    // Not what should be done in a moment.
    run.after(MS);
    assert!(run.back.is_empty());
    assert!(run.session.has_spare() && run.session.wake_at(run.now) <= Some(2 * MS));
    run.after(MS);
    assert_eq!((run.back.clone(), run.in_flight()), (vec![3, 4, 5], 2));
    assert!(!run.session.has_spare());
    // Until it goes on it is given nothing.
    run.waiting = items(9).into_iter().map(|(block, mut claim)| (claim.advance(5, 10), (block, claim)).1).collect();
    run.queue.others_idle = false;
    run.writes(b"a").after(MS).writes(b"b").after(MS);
    assert_eq!((run.in_flight(), run.done.clone()), (0, vec![1, 2]));
    run.writes(b"s").after(MS);
    assert!(run.in_flight() > 0);
}

#[test]
fn what_was_thought_to_have_begun_and_had_not_is_sent_again() {
    let mut run = worker(Told { begun: Some(Seq(3)), ..Told::default() }, rules(), 5).all_in_flight();
    run.queue.others_idle = true;
    run.after(2 * MS).writes(b"ab");
    assert_eq!((run.back.clone(), run.in_flight()), (vec![4, 5], 1));
    let written = run.session.process.as_ref().unwrap().written;
    run.writes(b"s");
    assert_eq!(run.session.process.as_ref().unwrap().written, written + 2);
    run.writes(b"c");
    assert_eq!(run.done, [1, 2, 3]);
}

#[test]
fn of_what_cannot_be_stopped_only_what_is_not_written_is_taken_back() {
    let mut run = worker(Lines::default(), rules(), 5);
    // In the middle of the third item, `3\n`.
    run.takes = 5;
    run.session.prefetch.assume(1000);
    run.after(Duration::ZERO);
    run.queue.others_idle = true;
    run.after(2 * MS);
    assert_eq!((run.back.clone(), run.in_flight()), (vec![4, 5], 3));
    assert_eq!(run.session.outgoing.unwritten(), b"\n");
    run.takes = 100;
    run.writes(b"1\n2\n3\n").after(MS);
    assert_eq!(run.done, [1, 2, 3]);
}

#[test]
fn what_is_said_belongs_to_the_item_that_is_named_or_to_the_first_without_an_answer() {
    let mut run = worker(Told { at: Some(Seq(2)), ..Told::default() }, rules(), 3).all_in_flight();
    run.on(Event::Stderr(b"at two\n"));
    run.session.protocol = Box::new(Told { at: Some(Seq(3)), ..Told::default() });
    run.on(Event::Stderr(b"at ")).on(Event::Stderr(b"three\n")).exits(FAILED, 0);
    assert_eq!(run.failed[0].2, "at three\n");
    let mut run = worker(Told::default(), rules(), 3).all_in_flight();
    run.on(Event::Stderr(b"at one\n")).writes(b"a").after(MS).on(Event::Stderr(b"at two\n")).exits(FAILED, 0);
    assert!(run.failed[0].2.ends_with("at two\n"));
}

#[test]
fn items_that_were_sent_out_of_order_are_taken_back_by_the_place_at_which_they_were_sent() {
    let mut run = worker(Told { begun: Some(Seq(2)), ..Told::default() }, rules(), 9);
    let (block, claim) = run.waiting.pop().unwrap();
    let part = |from: usize, count: usize| {
        let mut rest = claim;
        rest.advance(from - 1, 2 * (from - 1));
        (block.clone(), rest.first(count, 2 * count))
    };
    // The last is claimed first.
    run.waiting = vec![part(5, 2), part(1, 3), part(8, 2)];
    let mut run = run.all_in_flight();
    run.queue.others_idle = true;
    run.after(2 * MS);
    assert_eq!((run.back.clone(), run.in_flight()), (vec![3, 5, 6], 4));
}

#[test]
fn nothing_more_is_queued_behind_an_item_that_takes_longer_than_what_is_written_ahead() {
    for count in [1, 5, 20] {
        let mut run = worker(Told::default(), rules(), count);
        run.session.prefetch.assume(1000);
        run.after(Duration::ZERO).waiting = items(count + 20);
        run.after(2 * MS).after(1000 * MS);
        assert_eq!(run.in_flight(), count as usize);
    }
}

#[test]
fn lists_are_taken_back_whole_whatever_was_noted_of_them() {
    // The first of a list, its last, one of the next list, and none.
    for (begun, back) in [(1, 4..10), (3, 4..10), (5, 7..10), (0, 4..10)] {
        let rules = Rules { unit: 3, ..rules() };
        let mut run = worker(Told { begun: Some(Seq(begun)), ..Told::default() }, rules, 9).all_in_flight();
        run.queue.others_idle = true;
        run.after(2 * MS);
        assert_eq!(run.back, back.collect::<Vec<u64>>());
    }
}
