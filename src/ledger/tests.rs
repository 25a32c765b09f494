//! A ledger as a run and the runs after it use it, on real files, and what may go wrong with it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use bstr::ByteSlice;
use proptest::prelude::*;

use super::*;
use crate::base::item::Attempt;
use crate::base::outcome::{End, Record};

const OK: End = End::Exited(0);
const FAILED: End = End::Exited(1);

/// A ledger in a folder of its own.
struct Book {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Book {
    fn new() -> Book {
        let folder = tempfile::tempdir().unwrap();
        Book { path: folder.path().join("run.ledger"), _folder: folder }
    }

    fn holding(bytes: &[u8]) -> Book {
        let book = Book::new();
        std::fs::write(&book.path, bytes).unwrap();
        book
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    fn open(&self, mode: Mode) -> Result<Opened, OpenError> {
        open(&self.path, mode, &work("run echo {}"), false)
    }

    /// A run over the items, each of which ends as is said; tells which of them it did.
    fn run<'a>(&self, mode: Mode, items: &[(&'a str, End)]) -> Vec<&'a str> {
        let mut run = self.open(mode).unwrap();
        let mut did = Vec::new();
        for (n, (item, end)) in items.iter().enumerate() {
            if !run.done.take(item.as_bytes()) {
                attempt(&run.ledger, n as u64 + 1, 1, item.as_bytes(), *end);
                did.push(*item);
            }
        }
        run.ledger.finish().unwrap();
        did
    }

    /// Which of the items a further run would do.
    fn left<'a>(&self, mode: Mode, items: &[&'a str]) -> Vec<&'a str> {
        let mut run = self.open(mode).unwrap();
        items.iter().copied().filter(|item| !run.done.take(item.as_bytes())).collect()
    }

    fn refused(&self, mode: Mode) -> OpenError {
        self.open(mode).err().unwrap()
    }
}

fn work(words: &str) -> Work {
    Work(words.split(' ').map(|word| word.as_bytes().to_vec()).collect())
}

fn record(attempt: u32, end: End) -> Record {
    let started = UNIX_EPOCH + Duration::from_micros(1_700_000_000_250_000);
    let took = Duration::from_millis(1500);
    Record { attempt: Attempt(attempt), worker: 2, pid: 4711, started, took, end, leaked: false }
}

fn attempt(ledger: &Ledger, seq: u64, attempt: u32, item: &[u8], end: End) {
    ledger.started(Attempt(attempt), [(Seq(seq), item)]).unwrap();
    ledger.ended([(Seq(seq), item)], &record(attempt, end), end.is_ok()).unwrap();
}

fn status(error: &OpenError) -> i32 {
    if error.is_usage() { 2 } else { 3 }
}

#[test]
fn the_lines_are_as_the_documentation_says() {
    let book = Book::new();
    let run = book.open(Mode::New).unwrap();
    run.ledger.started(Attempt(1), [(Seq(1), &b"a b"[..]), (Seq(2), b"c")]).unwrap();
    run.ledger.ended([(Seq(1), &b"a b"[..]), (Seq(2), b"c")], &record(1, End::Exited(0)), true).unwrap();
    for end in [
        End::Exited(3),
        End::Signaled { signal: 9, core: false },
        End::Signaled { signal: 11, core: true },
        End::TimedOut { after: Duration::from_millis(2500) },
        End::NotStarted(2),
        End::Cancelled,
    ] {
        run.ledger.ended([(Seq(3), &b"d"[..])], &Record { leaked: true, ..record(2, end) }, false).unwrap();
    }
    run.ledger.finish().unwrap();
    let text = String::from_utf8(book.bytes()).unwrap();
    let lines: Vec<_> = text.lines().map(|line| line.rsplit_once('\t').unwrap().0).collect();
    let (header, records) = lines.split_at(3);
    assert_eq!(header[..2], ["parjob-ledger\t1", "work\trun\techo\t{}"]);
    let run: Vec<_> = header[2].split('\t').collect();
    assert_eq!((run.len(), run[0], run[3]), (5, "run", &*std::process::id().to_string()));
    let (a, c, d) =
        ("c8687a08aa5d6ed2044328fa6a697ab8", "2e7d2c03a9507ae265ecf5b5356885a5", "18ac3e7343f016890c510e93f9352611");
    assert_eq!(
        records,
        [
            format!("start\t1\t1\t{a}\t3\ta b"),
            format!("start\t2\t1\t{c}\t1\tc"),
            format!("ok\t1\t1\t{a}\texit 0\t-\t2\t4711\t1700000000.250000\t1.500000\t3\ta b"),
            format!("ok\t2\t1\t{c}\texit 0\t-\t2\t4711\t1700000000.250000\t1.500000\t1\tc"),
        ]
        .into_iter()
        .chain(
            ["exit 3", "signal 9", "signal 11 core", "timeout 2.5", "errno 2"].map(|cause| {
                format!("failed\t3\t2\t{d}\t{cause}\tleaked\t2\t4711\t1700000000.250000\t1.500000\t1\td")
            })
        )
        .collect::<Vec<_>>()
    );
}

#[test]
fn a_ledger_of_version_1_is_read() {
    let book = Book::holding(include_bytes!("../../tests/data/ledger-1.ledger"));
    let items = ["a.jpg", "a.jpg", "b\t\\c.jpg", "d.jpg", "e.jpg"];
    let run = open(&book.path, Mode::Resume, &work("run convert {} {.}.png"), false).unwrap();
    let under_way: Vec<_> = run.interrupted.iter().map(Interrupted::to_string).collect();
    assert_eq!(under_way, ["item 4: \"d.jpg\""]);
    let mut done = run.done;
    assert_eq!(items.map(|item| done.take(item.as_bytes())), [true, false, true, false, false]);
    drop(run.ledger);
    let mut done = open(&book.path, Mode::RetryFailed, &work("run convert {} {.}.png"), false).unwrap().done;
    assert_eq!(items.map(|item| done.take(item.as_bytes())), [false, true, true, true, true]);
}

mod resumed {
    use super::*;

    #[test]
    fn only_what_is_not_ok_runs_wherever_it_stands_now() {
        let book = Book::new();
        book.run(Mode::New, &[("a", OK), ("b", FAILED), ("c", OK)]);
        // J5: an item was added in front.
        assert_eq!(book.left(Mode::RetryFailed, &["new", "a", "b", "c"]), ["b"]);
        assert_eq!(book.run(Mode::Resume, &[("new", OK), ("a", OK), ("b", OK), ("c", OK)]), ["new", "b"]);
        assert_eq!(book.left(Mode::Resume, &["new", "a", "b", "c"]), [""; 0]);
        assert_eq!(book.left(Mode::RetryFailed, &["new", "a", "b", "c"]), [""; 0]);
    }

    #[test]
    fn equal_items_are_counted() {
        let book = Book::new();
        book.run(Mode::New, &[("a", OK), ("a", FAILED), ("a", OK)]);
        assert_eq!(book.left(Mode::Resume, &["a", "b", "a", "a", "a"]), ["b", "a", "a"]);
        assert_eq!(book.left(Mode::RetryFailed, &["a", "b", "a", "a", "a"]), ["a"]);
    }

    #[test]
    fn an_item_that_failed_and_failed_again_failed_once() {
        let book = Book::new();
        book.run(Mode::New, &[("a", FAILED), ("a", OK), ("a", FAILED)]);
        assert_eq!(book.run(Mode::RetryFailed, &[("a", FAILED), ("a", OK), ("a", OK)]), ["a", "a"]);
        assert_eq!(book.left(Mode::RetryFailed, &["a", "a", "a"]), ["a"]);
        assert_eq!(book.left(Mode::Resume, &["a", "a", "a"]), ["a"]);
    }

    #[test]
    fn a_retry_undoes_the_failure_before_it() {
        let book = Book::new();
        let run = book.open(Mode::New).unwrap();
        attempt(&run.ledger, 1, 1, b"a", FAILED);
        attempt(&run.ledger, 2, 1, b"b", FAILED);
        attempt(&run.ledger, 3, 1, b"a", FAILED);
        attempt(&run.ledger, 1, 2, b"a", OK);
        attempt(&run.ledger, 2, 2, b"b", FAILED);
        drop(run);
        assert_eq!(book.left(Mode::RetryFailed, &["a", "b", "a", "b"]), ["a", "b"]);
        assert_eq!(book.left(Mode::Resume, &["a", "b", "a"]), ["b", "a"]);
    }

    #[test]
    fn what_parjob_ended_itself_is_left_to_do() {
        let book = Book::new();
        book.run(Mode::New, &[("a", OK), ("b", End::Cancelled)]);
        assert_eq!(book.left(Mode::Resume, &["a", "b"]), ["b"]);
        assert_eq!(book.left(Mode::RetryFailed, &["a", "b"]), [""; 0]);
    }

    #[test]
    fn what_was_under_way_is_listed_until_it_is_tried_again() {
        let book = Book::new();
        let listed = || -> Vec<String> {
            book.open(Mode::Resume).unwrap().interrupted.iter().map(Interrupted::to_string).collect()
        };
        let long = vec![b'x'; 5000];
        let run = book.open(Mode::New).unwrap();
        run.ledger.started(Attempt(1), [(Seq(1), &b"a"[..]), (Seq(2), b"\x1b[2J"), (Seq(3), &long)]).unwrap();
        attempt(&run.ledger, 4, 1, b"a", OK);
        drop(run);
        let cut = format!("item 3: \"{}…\" (5000 bytes)", "x".repeat(60));
        assert_eq!(listed(), ["item 1: \"a\"", "item 2: \"\\u{1b}[2J\"", &cut]);
        let run = book.open(Mode::Resume).unwrap();
        attempt(&run.ledger, 7, 1, b"a", FAILED);
        run.ledger.started(Attempt(1), [(Seq(8), &b"\x1b[2J"[..])]).unwrap();
        drop(run);
        assert_eq!(listed(), [&*cut, "item 8: \"\\u{1b}[2J\""]);
    }

    #[test]
    fn where_there_is_no_ledger_yet_one_is_begun() {
        for book in [Book::new(), Book::holding(b"")] {
            assert_eq!(book.run(Mode::Resume, &[("a", OK)]), ["a"]);
            assert_eq!(book.left(Mode::Resume, &["a"]), [""; 0]);
        }
    }

    #[test]
    fn where_nothing_is_recorded_nothing_can_have_failed() {
        let book = Book::new();
        let error = book.refused(Mode::RetryFailed);
        assert!(error.to_string().ends_with("records no run, so nothing has failed; check its name"), "{error}");
        assert_eq!(status(&error), 2);
        assert!(!book.path.exists());
        assert_eq!(status(&Book::holding(b"").refused(Mode::RetryFailed)), 2);
    }

    #[test]
    fn other_work_is_refused_unless_it_is_meant() {
        let book = Book::new();
        book.run(Mode::New, &[("a", OK)]);
        let before = book.bytes();
        // J4.
        let error = open(&book.path, Mode::Resume, &work("run gzip -9 {}"), false).err().unwrap();
        let expected = "it did `run echo {}`, this run would do `run gzip -9 {}`; --resume-anyway goes on";
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(status(&error), 2);
        assert_eq!(book.bytes(), before);
        let mut run = open(&book.path, Mode::Resume, &work("run gzip -9 {}"), true).unwrap();
        assert!(run.done.take(b"a"));
        drop(run);
        // From here on it is about that work.
        assert!(open(&book.path, Mode::Resume, &work("run gzip -9 {}"), false).is_ok());
        assert_eq!(status(&book.refused(Mode::Resume)), 2);
    }

    #[test]
    fn words_are_told_apart_in_a_message() {
        let work = Work([&b"sh"[..], b"echo \"$1\" > b", b"", b"\xff\n", b"-x"].map(<[u8]>::to_vec).to_vec());
        assert_eq!(work.to_string(), r#"sh "echo \"$1\" > b" "" "\xff\n" -x"#);
    }
}

mod damaged {
    use super::*;

    /// Three records: `a` ok, `b` failed, `c` under way.
    fn whole() -> Vec<u8> {
        let book = Book::new();
        let run = book.open(Mode::New).unwrap();
        attempt(&run.ledger, 1, 1, b"a", OK);
        attempt(&run.ledger, 2, 1, b"b", FAILED);
        run.ledger.started(Attempt(1), [(Seq(3), &b"c"[..])]).unwrap();
        drop(run);
        book.bytes()
    }

    #[test]
    fn a_torn_record_is_cut_off_and_what_it_said_is_done_again() {
        let book = Book::new();
        book.run(Mode::New, &[("a", OK), ("b", OK)]);
        let bytes = book.bytes();
        let last = bytes[..bytes.len() - 1].rfind(b"\n").unwrap() + 1;
        let number = last + bytes[last..].find(b"4711").unwrap();
        // J2: without its newline, in its text, inside a number, with bytes that never reached the disk.
        let unwritten = [&bytes[..last + 9], &[0; 700]].concat();
        for torn in [&bytes[..bytes.len() - 1], &bytes[..last + 2], &bytes[..number + 2], &unwritten] {
            let book = Book::holding(torn);
            let run = book.open(Mode::Resume).unwrap();
            let size = torn.len() - last;
            let expected = format!("its last record was torn, and was cut off ({size} bytes)");
            assert!(run.warnings.len() == 1 && run.warnings[0].ends_with(&expected), "{:?}", run.warnings);
            drop(run);
            assert!(book.bytes().starts_with(&bytes[..last]));
            assert_eq!(book.bytes()[last..].find(b"run\t"), Some(0));
            assert!(book.open(Mode::Resume).unwrap().warnings.is_empty());
            assert_eq!(book.left(Mode::Resume, &["a", "b"]), ["b"]);
        }
    }

    #[test]
    fn half_of_a_header_is_no_header() {
        let whole = whole();
        let header = whole.find(b"\nrun").unwrap() + 1;
        for end in 1..header {
            let book = Book::holding(&whole[..end]);
            assert_eq!(book.run(Mode::Resume, &[("a", OK), ("b", OK)]), ["a", "b"], "cut at {end}");
            assert_eq!(book.left(Mode::Resume, &["a", "b"]), [""; 0]);
        }
    }

    #[test]
    fn a_record_that_was_altered_is_refused_and_named() {
        let whole = whole();
        let text = whole.to_str().unwrap();
        let at = text.find("failed").unwrap();
        let mut altered = whole.clone();
        altered[at + 10] ^= 1;
        // A line less in the middle is not noticed; half of one is.
        for bytes in
            [altered, [&whole[..at + 5], &whole[at + 9..]].concat(), [&whole[..at], b"\n", &whole[at..]].concat()]
        {
            let book = Book::holding(&bytes);
            let error = book.refused(Mode::Resume);
            let expected = "is damaged: line 7 is not as it was written; `head -n 6` into another file keeps what stands before it";
            assert!(error.to_string().ends_with(expected), "{error}");
            assert_eq!(status(&error), 2);
            assert_eq!(book.bytes(), bytes);
        }
    }

    #[test]
    fn what_is_no_ledger_is_refused_and_stays_as_it_is() {
        // J6.
        let noise: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let table = b"Seq\tHost\tStarttime\n1\t:\t1.000\n";
        for bytes in [
            &noise[..],
            b"a\nb\n",
            b"\n",
            table,
            b"parjob-ledger 1\n",
            b"parjob-ledger\tx\t\n",
            b"parjob-ledger\t0\t\n",
        ] {
            for mode in [Mode::Resume, Mode::RetryFailed] {
                let book = Book::holding(bytes);
                let error = book.refused(mode);
                assert!(error.to_string().ends_with("is not a ledger; give another file"), "{error}");
                assert_eq!(status(&error), 2);
                assert_eq!(book.bytes(), bytes);
            }
        }
    }

    #[test]
    fn a_version_to_come_is_refused_by_its_number() {
        let book = Book::holding(b"parjob-ledger\t2\tin whatever form\nwhatever follows");
        let error = book.refused(Mode::Resume);
        assert!(error.to_string().ends_with("is of version 2, which this parjob does not know; use a newer parjob"));
        assert_eq!(status(&error), 2);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Wherever the ledger of two runs was torn off, a run that goes on from it does each item that no whole
        /// record says is done, once; and the run after that does nothing.
        #[test]
        fn resume_after_any_truncation_does_each_missing_item_once(
            items in proptest::collection::vec((0_u8..6, any::<bool>(), any::<bool>()), 1..20),
            cut in any::<prop::sample::Index>(),
        ) {
            let names: Vec<String> = items.iter().map(|item| format!("item\n{}", item.0)).collect();
            let ends = |second: bool| -> Vec<(&str, End)> {
                let ok = |item: &(u8, bool, bool)| if second { item.2 } else { item.1 };
                let end = items.iter().map(|item| if ok(item) { OK } else { FAILED });
                names.iter().map(String::as_str).zip(end).collect()
            };
            let book = Book::new();
            book.run(Mode::New, &ends(false));
            book.run(Mode::Resume, &ends(true));
            let whole = book.bytes();
            let torn = &whole[..cut.index(whole.len() + 1)];
            // Counted apart from the code: the lines that say ok, as far as they end.
            let mut missing: BTreeMap<&str, i64> = BTreeMap::new();
            names.iter().for_each(|name| *missing.entry(name).or_default() += 1);
            for line in torn.lines_with_terminator().filter(|line| line.starts_with(b"ok\t") && line.ends_with(b"\n")) {
                let name = names.iter().find(|name| line.find(name.replace('\n', "\\n")).is_some()).unwrap();
                *missing.get_mut(name.as_str()).unwrap() -= 1;
            }
            let book = Book::holding(torn);
            let all: Vec<_> = names.iter().map(|name| (name.as_str(), OK)).collect();
            let mut did: BTreeMap<&str, i64> = names.iter().map(|name| (name.as_str(), 0)).collect();
            book.run(Mode::Resume, &all).into_iter().for_each(|name| *did.get_mut(name).unwrap() += 1);
            prop_assert_eq!(did, missing);
            prop_assert_eq!(book.run(Mode::Resume, &all), [""; 0]);
        }
    }
}

mod written {
    use super::*;

    #[test]
    fn a_new_run_leaves_an_old_ledger_alone() {
        let book = Book::new();
        book.run(Mode::New, &[("a", OK)]);
        let before = book.bytes();
        let error = book.refused(Mode::New);
        assert!(error.to_string().contains("exists already; --resume goes on with it"), "{error}");
        assert_eq!((status(&error), book.bytes()), (2, before));
    }

    #[test]
    fn by_many_threads_each_record_is_whole() {
        let book = Book::new();
        let run = book.open(Mode::New).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let ledger = &run.ledger;
                scope.spawn(move || {
                    (0..500)
                        .for_each(|n| attempt(ledger, thread * 500 + n + 1, 1, format!("{thread} {n}").as_bytes(), OK));
                });
            }
        });
        run.ledger.finish().unwrap();
        drop(run);
        let text = String::from_utf8(book.bytes()).unwrap();
        assert_eq!(text.lines().count(), 3 + 2 * 2000);
        let mut run = book.open(Mode::Resume).unwrap();
        assert!((0..4).all(|thread| (0..500).all(|n| run.done.take(format!("{thread} {n}").as_bytes()))));
    }

    #[test]
    fn a_full_disk_is_noticed_before_anything_runs() {
        // J1.
        let error = open(Path::new("/dev/full"), Mode::New, &work("run true"), false).err().unwrap();
        assert!(error.to_string().starts_with("cannot write --ledger \"/dev/full\": No space left"), "{error}");
        assert_eq!(status(&error), 3);
    }

    #[test]
    fn only_a_file_can_be_resumed() {
        for path in ["/dev/full", "/dev/null"] {
            let error = open(Path::new(path), Mode::Resume, &work("run true"), false).err().unwrap();
            assert_eq!((status(&error), error.to_string().contains("is not a regular file")), (2, true));
        }
        for (path, cause) in [("/", "Is a directory"), ("/nowhere/x", "No such file")] {
            let error = open(Path::new(path), Mode::New, &work("run true"), false).err().unwrap();
            assert!(error.to_string().starts_with(&format!("cannot open --ledger {path:?}: {cause}")), "{error}");
            assert_eq!(status(&error), 2);
        }
    }

    /// This very program, doing one of the tests below.
    fn itself(test: &str, book: &Book, limit: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{limit} exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--ignored", "--nocapture"]).env("BOOK", &book.path);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    #[test]
    #[ignore = "run by the tests of the lock"]
    fn holds_a_ledger() {
        let Some(path) = std::env::var_os("BOOK") else { return };
        let run = open(Path::new(&path), Mode::Resume, &work("run echo {}"), false).unwrap();
        attempt(&run.ledger, 1, 1, b"a", OK);
        println!("\nholding");
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    }

    #[test]
    fn a_second_run_is_refused_as_long_as_the_first_lives() {
        // J3.
        let book = Book::new();
        // Of an earlier run, whose number must not be told.
        book.run(Mode::New, &[("b", OK)]);
        let mut other = itself("ledger::tests::written::holds_a_ledger", &book, "").spawn().unwrap();
        let lines = BufReader::new(other.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "holding"), "the other did not come so far");
        let before = book.bytes();
        for mode in [Mode::New, Mode::Resume, Mode::RetryFailed] {
            let error = book.refused(mode);
            let expected = format!("is in use by process {}; wait for it, or give another file", other.id());
            assert!(error.to_string().ends_with(&expected), "{error}");
            assert_eq!((status(&error), book.bytes()), (3, before.clone()));
        }
        other.kill().unwrap();
        assert_eq!(other.wait().unwrap().signal(), Some(9));
        // J7: what it wrote is there, though it was killed.
        assert_eq!(book.left(Mode::Resume, &["a", "b", "c"]), ["c"]);
    }

    #[test]
    #[ignore = "run by the test of the limit"]
    fn writes_until_it_cannot() {
        let Some(path) = std::env::var_os("BOOK") else { return };
        let run = open(Path::new(&path), Mode::New, &work("run echo {}"), false).unwrap();
        let item = b"an item of some length, so that it takes a while".as_slice();
        let error = (1..).find_map(|n| run.ledger.started(Attempt(1), [(Seq(n), item)]).err()).unwrap();
        let size = std::fs::metadata(&path).unwrap().len();
        let next = run.ledger.ended([(Seq(1), &b"short"[..])], &record(1, OK), true).err().unwrap();
        let end = run.ledger.finish().err().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), size, "it went on after the error");
        println!("\n{error}\n{next}\n{end}");
    }

    #[test]
    fn after_a_limit_is_met_nothing_more_is_written() {
        // R5. The signal is ignored here, and by parjob handled; the error is the same.
        let book = Book::new();
        let limit = "trap '' XFSZ; ulimit -f 2;";
        let output = itself("ledger::tests::written::writes_until_it_cannot", &book, limit).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let message = format!("cannot write --ledger {:?}: File too large (os error 27)", book.path);
        assert_eq!(text.lines().filter(|line| *line == message).count(), 3, "{text}");
        // What was written before is whole, up to the last record.
        let run = book.open(Mode::Resume).unwrap();
        assert_eq!(run.warnings.len(), 1);
        assert!(!run.interrupted.is_empty());
    }

    #[test]
    fn a_pipe_can_be_written_and_needs_no_sync() {
        let (mut read, write) = std::io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&write));
        let run = open(Path::new(&path), Mode::New, &work("run true"), false).unwrap();
        attempt(&run.ledger, 1, 1, b"a", OK);
        run.ledger.finish().unwrap();
        drop((run, write));
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 5);
    }
}
