//! Stopping early: `--halt` and `--deadline`.

use crate::harness::{Done, parjob, shell};

/// The numbers of the closing line: read, ok, failed, not run. They add up.
fn counts(done: &Done) -> [u64; 4] {
    let text = done.stderr();
    let line = text.lines().find(|line| line.contains(" read: ")).expect("a closing line");
    let numbers = |part: &str| part.split(|c: char| !c.is_ascii_digit()).find_map(|word| word.parse().ok());
    let [read, ok, failed, skipped, not_run]: [u64; 5] =
        line.split([':', ',', ';']).filter_map(numbers).take(5).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(read, ok + failed + skipped + not_run, "{line}");
    [read, ok, failed, not_run]
}

mod by_number {
    use super::*;

    #[test]
    fn the_first_failure_can_stop_the_run() {
        for when in ["now", "soon"] {
            let run = parjob(&format!("--jobs 1 --halt {when},fail=1 square 2 x 3 4")).run();
            run.prints("4\n").says("stopped early, as --halt says").counts(4, 1, 1, 2).status(1);
        }
    }

    #[test]
    fn so_many_failures_can_stop_the_run() {
        let run = parjob("--jobs 1 --halt soon,fail=2 square x 2 y 3").run();
        run.prints("4\n").counts(4, 1, 2, 1).status(1);
        let run = parjob("--jobs 1 --halt soon,fail=3 square x 2 y 3").run();
        run.prints("4\n9\n").never_says("stopped early").counts(4, 2, 2, 0).status(1);
    }

    #[test]
    fn enough_successes_are_what_was_asked_for() {
        for when in ["now", "soon"] {
            let run = parjob(&format!("--jobs 1 --halt {when},success=2 square x 2 3 4")).run();
            run.prints("4\n9\n").counts(4, 2, 1, 1).succeeds();
        }
    }

    #[test]
    fn enough_items_done_are_what_was_asked_for() {
        let run = parjob("--jobs 1 --halt soon,done=2 square x 2 3 4").run();
        run.prints("4\n").counts(4, 1, 1, 2).succeeds();
    }

    #[test]
    fn a_halt_that_is_never_due_changes_nothing() {
        for halt in ["never", "now,success=9", "soon,done=9", "now,fail=1"] {
            parjob(&format!("--halt {halt} square 2 3")).run().prints("4\n9\n").is_silent().succeeds();
        }
    }

    #[test]
    fn an_endless_input_ends() {
        for when in ["now", "soon"] {
            let done = shell(&format!("yes 4 | parjob --halt {when},done=5 square")).run();
            let [_, ok, failed, _] = counts(&done);
            assert!((5..100).contains(&ok) && failed == 0, "{}", done.stderr());
            assert_eq!(done.stdout(), "16\n".repeat(ok as usize).as_bytes());
            done.succeeds();
        }
    }

    #[test]
    fn several_workers_stop_soon_after() {
        let done = shell("yes x | parjob --jobs 4 --halt now,fail=10 square").run();
        let [_, ok, failed, _] = counts(&done);
        assert!((10..200).contains(&failed) && ok == 0, "{}", done.stderr());
        done.prints("").status(1);
    }

    #[test]
    fn it_stops_while_the_input_is_silent() {
        parjob("--halt now,success=1 square").start().give("4\n").answers("16").ends_by_itself().succeeds();
    }
}

mod by_share {
    use super::*;

    #[test]
    fn a_share_of_a_known_total() {
        let run = parjob("--jobs 1 --halt soon,success=50% square 1 2 3 4 5 6").run();
        run.prints("1\n4\n9\n").counts(6, 3, 0, 3).succeeds();
        let run = parjob("--jobs 1 --halt now,fail=50% square x y 3 4").run();
        run.prints("").counts(4, 0, 2, 2).status(1);
        let run = parjob("--jobs 1 --halt soon,done=100% square x 2").run();
        run.prints("4\n").counts(2, 1, 1, 0).says("\"x\"");
    }

    #[test]
    fn a_share_of_the_total_that_was_told() {
        let talk = parjob("--jobs 1 --total 4 --halt soon,success=50% square").start();
        talk.give("1\n2\n").answers("1").answers("4").ends_by_itself().succeeds();
    }

    #[test]
    fn without_a_total_failures_are_a_share_of_what_is_done() {
        let done = shell("yes x | parjob --halt now,fail=50% square").run();
        let [_, ok, failed, _] = counts(&done);
        assert!(failed >= 3 && ok == 0, "{}", done.stderr());
        done.says("stopped early").status(1);
    }
}

mod folds {
    use super::*;

    #[test]
    fn what_was_asked_for_is_answered() {
        parjob("--jobs 1 --halt soon,success=2 sum 10 20 40").run().prints("30\n").counts(3, 2, 0, 1).succeeds();
    }

    #[test]
    fn it_stops_while_the_input_is_silent() {
        for fold in ["sum", "max", "mean", "stats", "square --reduce sum", "square --reduce count"] {
            let talk = parjob(&format!("--halt now,fail=1 {fold}")).start();
            talk.give("1\nx\n").ends_by_itself().prints("").says("item 2").status(1);
            let talk = parjob(&format!("--total 4 --halt soon,done=50% {fold}")).start();
            talk.give("1\n2\n").ends_by_itself().succeeds();
        }
    }

    #[test]
    fn a_fold_cut_short_by_failures_has_no_answer() {
        parjob("--jobs 1 --halt now,fail=1 sum 10 x 40").run().prints("").counts(3, 1, 1, 1).status(1);
    }
}

mod deadlines {
    use super::*;

    #[test]
    fn an_endless_input_ends_at_the_deadline() {
        let done = shell("yes 4 | parjob --deadline 300ms square | tail -n 1; exit $?").run();
        assert!([&b"16\n"[..], b""].contains(&done.stdout()), "{:?}", done.stdout());
        counts(&done);
        done.says("the --deadline passed");
        let done = shell("yes 4 | parjob --deadline 300ms square > out").run();
        counts(&done);
        done.status(124);
    }

    #[test]
    fn a_silent_input_ends_at_the_deadline() {
        let talk = parjob("--deadline 0.3 square").start();
        talk.ends_by_itself().prints("").says("the --deadline passed").counts(0, 0, 0, 0).status(124);
    }

    #[test]
    fn a_fold_that_is_cut_short_has_no_answer() {
        shell("yes 4 | parjob --deadline 200ms sum").run().prints("").status(124);
    }

    #[test]
    fn a_run_that_ends_before_its_deadline_does_not_wait_for_it() {
        parjob("--deadline 1d square 2").run().prints("4\n").is_silent().succeeds();
    }
}

mod refused {
    use super::*;

    #[test]
    fn forms_of_halt() {
        for form in [
            "",
            "now",
            "fail=1",
            "now,fail",
            "later,fail=1",
            "now,fails=1",
            "now,fail=0",
            "now,fail=x",
            "now,fail=-1",
            "now,fail=0%",
            "soon,done=101%",
            "soon,done=x%",
        ] {
            let run = parjob("square 1").args(["--halt", form]).run();
            run.prints("").says(&format!("--halt \"{form}\": ")).status(2);
        }
        let form = "expected never, or now|soon,fail|success|done=N|N%";
        parjob("--halt now,fail=x square 1").run().says(form).status(2);
        parjob("--halt now square 1").run().says(form).status(2);
    }

    #[test]
    fn forms_of_durations() {
        for form in ["", "x", "1x", "-1", "1s2", "nan", "inf", "1e400"] {
            let run = parjob("square 1").arg(format!("--deadline={form}")).run();
            run.prints("").says(&format!("--deadline: \"{form}\" is not a duration such as 500ms")).status(2);
        }
    }
}

mod shares_and_folds {
    use super::*;

    #[test]
    fn a_share_of_a_total_that_was_too_small_does_not_hang() {
        let done = shell("seq 100 | parjob --total 10 --halt soon,done=50% square").run().succeeds();
        let [_, ok, _, _] = counts_or(&done, [100, 100, 0, 0]);
        assert!(ok >= 5, "{ok}");
        shell("parjob --total 10 --halt soon,done=50% square $(seq 100) | tail -n 1").run().succeeds();
    }

    #[test]
    fn a_fold_that_is_halted_answers_for_what_it_counted() {
        for when in ["now", "soon"] {
            let done = parjob(&format!("-j2 --halt {when},done=1 sum 20 10 5")).run().succeeds();
            let [_, ok, _, _] = counts_or(&done, [3, 3, 0, 0]);
            let sum: u64 = String::from_utf8_lossy(done.stdout()).trim().parse().unwrap();
            let sums = [[20, 10, 5].as_slice(), &[30, 25, 15], &[35]][ok as usize - 1].to_vec();
            assert!(sums.contains(&sum), "{sum} of {ok}");
        }
    }

    /// The counts, or these where the run had nothing to say.
    fn counts_or(done: &Done, silent: [u64; 4]) -> [u64; 4] {
        if done.stderr().is_empty() { silent } else { counts(done) }
    }
}
