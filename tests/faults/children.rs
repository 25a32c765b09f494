//! Signals to a run of commands, and what can become of the commands themselves.

use std::path::Path;

use rustix::process::Signal;

use super::commands::script;
use super::process::{Process, wait_until};
use super::resources::in_a_group;
use crate::harness::{Test, has, parjob, shell, skip};

const INT: i32 = Signal::INT.as_raw();
const TERM: i32 = Signal::TERM.as_raw();

/// Starts it, and waits until there are these files.
fn launch_until(test: Test, files: &[&str]) -> Process {
    let dir = test.dir().to_path_buf();
    let run = test.launch();
    appear(&dir, files);
    run
}

fn appear(dir: &Path, files: &[&str]) {
    wait_until("the commands run", || files.iter().all(|file| dir.join(file).exists()));
}

/// Ends when the file `go` is there.
const UNTIL_GO: &str = "touch up$1; until [ -e go ]; do sleep 0.01; done; echo $1";

/// Two at work for a minute, and two that wait.
const FOR_LONG: &str = "touch up$1; sleep 60";

fn two_at_work(options: &str, text: &str) -> Process {
    let test = script(&format!("--jobs 2 {options}"), text).args([":::", "1", "2", "3", "4"]);
    launch_until(test, &["up1", "up2"])
}

#[test]
fn s1_one_int_lets_what_runs_finish_and_starts_nothing_more() {
    let test = script("--jobs 2", UNTIL_GO).args([":::", "1", "2", "3", "4"]);
    let go = test.dir().join("go");
    let run = launch_until(test, &["up1", "up2"]).signal(Signal::INT);
    let run = run.says_while_running("waiting for 2 items at work; Ctrl-C again kills them");
    std::fs::write(go, "").unwrap();
    let run = run.end().prints("1\n2\n").counts(4, 2, 0, 2).dies_by(INT);
    run.leaves_only(&["go", "up1", "up2"]);
}

#[test]
fn s1_ctrl_c_at_the_terminal_reaches_parjob_alone() {
    let text = format!("exec setsid --ctty parjob --jobs 2 run sh -c '{UNTIL_GO}' sh ::: 1 2 3 <&1");
    let test = shell(&text).env("TERM", "dumb");
    let (dir, go) = (test.dir().to_path_buf(), test.dir().join("go"));
    let run = test.launch_on_terminal();
    appear(&dir, &["up1", "up2"]);
    let run = run.types("\x03").shows("waiting for 2 items at work");
    std::fs::write(go, "").unwrap();
    run.shows("3 read: 2 ok, 0 failed, 0 skipped, 1 not run").end().dies_by(INT);
}

#[test]
fn s2_a_second_int_kills_the_groups() {
    let text = "trap '' INT TERM; touch up$1; sleep 60; sleep 60";
    let run = two_at_work("", text).signal(Signal::INT).says_while_running("Ctrl-C again kills");
    run.signal(Signal::INT).end().prints("").counts(4, 0, 0, 4).dies_by(INT);
}

#[test]
fn s3_term_and_quit_end_what_runs() {
    for (signal, options) in [(Signal::TERM, ""), (Signal::QUIT, "--retries 3")] {
        let run = two_at_work(options, FOR_LONG).signal(signal).end().prints("").counts(4, 0, 0, 4);
        run.dies_by(signal.as_raw()).without_a_core();
    }
}

#[test]
fn s3_a_command_has_its_grace_after_term() {
    let text = "trap 'echo bye >last$1; exit' TERM; touch up$1; while :; do sleep 0.01; done";
    let run = two_at_work("--grace 30s", text).signal(Signal::TERM).end().counts(4, 0, 0, 4).dies_by(TERM);
    run.leaves("last1", "bye\n").leaves("last2", "bye\n");
}

#[test]
fn s4_hup_is_as_term_unless_it_was_ignored() {
    two_at_work("", FOR_LONG).signal(Signal::HUP).end().counts(4, 0, 0, 4).dies_by(Signal::HUP.as_raw());
    let test = shell(&format!("exec nohup parjob run sh -c '{UNTIL_GO}' sh ::: 1"));
    let go = test.dir().join("go");
    let run = launch_until(test, &["up1"]).signal(Signal::HUP);
    std::fs::write(go, "").unwrap();
    run.end().prints("1\n").succeeds();
}

#[test]
fn s6_ctrl_z_stops_the_commands_and_their_time() {
    let text = "until [ -e go ]; do sleep 0.01; echo >>ticks; done; echo $1";
    let test = script("--timeout 2s", text).args([":::", "1"]);
    let (ticks, go) = (test.dir().join("ticks"), test.dir().join("go"));
    let run = launch_until(test, &["ticks"]).signal(Signal::TSTP).is_stopped();
    // A tick that was on its way is written.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let before = std::fs::metadata(&ticks).unwrap().len();
    // The timeout, and more.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    assert_eq!(std::fs::metadata(&ticks).unwrap().len(), before, "it ran on");
    std::fs::write(go, "").unwrap();
    run.signal(Signal::CONT).end().prints("1\n").is_silent().succeeds();
}

#[test]
fn s7_an_int_during_a_backoff_starts_no_retry() {
    let test = script("-v --retries 5 --backoff 1h", "echo >>ran; exit 1").args([":::", "1"]);
    let run = test.launch().says_while_running("attempt 2").signal(Signal::INT).end();
    run.counts(1, 0, 1, 0).leaves("ran", "\n").dies_by(INT);
}

#[test]
fn s8_a_command_that_ignores_term_is_killed_after_the_grace() {
    let text = "trap '' TERM; touch up$1; sleep 60; sleep 60";
    two_at_work("--grace 100ms", text).signal(Signal::TERM).end().counts(4, 0, 0, 4).dies_by(TERM);
    let run = script("--timeout 100ms --grace 100ms", text).args([":::", "1"]).run();
    run.says("was ended after 100ms: --timeout").counts(1, 0, 1, 0).status(1);
    let run = script("--deadline 100ms --grace 100ms --jobs 2", text).args([":::", "1", "2", "3"]).run();
    run.says("the --deadline passed").counts(3, 0, 0, 3).status(124);
}

#[test]
fn s10_a_command_that_dies_by_a_signal_failed_and_the_signal_is_named() {
    let text = "ulimit -c 0; kill -$1 $$; sleep 60";
    let run = script("", text).args([":::", "KILL", "SEGV", "USR1"]).run();
    let run = run.says("item 1: \"KILL\" was ended by SIGKILL").says("item 2: \"SEGV\" was ended by SIGSEGV");
    run.says("item 3: \"USR1\" was ended by SIGUSR1").counts(3, 0, 3, 0).status(1);
}

#[test]
fn s10_where_memory_ran_out_the_cause_says_so() {
    let limit = ["memory", "memory.limit_in_bytes", "memory.max", "50000000"];
    let text = r#"parjob run sh -c 'x=$(head -c 300000000 /dev/zero | tr "\0" x); echo ${#x}' ::: 1"#;
    let Some(run) = in_a_group(limit, text) else { return };
    if !run.stderr().contains("SIGKILL") {
        return skip("the kernel did not kill for want of memory");
    }
    run.says("was ended by SIGKILL").says("memory").status(1);
}

#[test]
fn s11_a_command_that_reads_the_terminal_is_stopped_reported_and_killed() {
    let text = "exec setsid --ctty parjob --grace 300ms run sh -c 'read x </dev/tty; echo got' ::: 1 <&1";
    let run =
        shell(text).env("TERM", "dumb").launch_on_terminal().shows("was stopped by SIGTTIN; it is killed in 300ms");
    run.shows("was stopped by SIGTTIN, as a job that wants the terminal is, and killed").end().status(1);
}

#[test]
fn s11_standard_input_is_empty() {
    shell("echo mine | parjob run sh -c 'cat; readlink /proc/self/fd/0' ::: 1").run().prints("/dev/null\n").succeeds();
}

#[test]
fn a_command_that_was_stopped_and_goes_on_is_as_any_other() {
    for (end, prints, status) in [("echo fine", "fine\n", 0), ("exit 3", "", 1)] {
        let text = format!("(sleep 0.7; kill -CONT $$) & kill -STOP $$; sleep 0.9; {end}");
        let run = script("--grace 1s", &text).args([":::", "1"]).run().prints(prints);
        run.says("was stopped by SIGSTOP; it is killed in 1s unless it goes on")
            .never_says("and killed")
            .status(status);
    }
}

#[test]
fn a_command_that_stays_stopped_is_killed() {
    // One that stops as it starts, one that has run for a while, several at once, and beside others that end.
    for (text, items) in [
        ("kill -STOP $$", "1"),
        ("sleep 0.5; kill -STOP $$", "1"),
        ("sleep 0.3; kill -STOP $$", "1 2 3"),
        ("sleep 0.0$1; [ $1 -gt 7 ] || exit 0; sleep 0.1; kill -STOP $$", "0 1 2 3 4 5 6 8 9"),
    ] {
        let run = script("--grace 100ms --jobs 4", text).args([":::"]).args(items.split(' ')).run();
        let stopped =
            items.split(' ').filter(|item| !items.contains('0') || item.parse::<u32>().unwrap() > 7).count() as u64;
        let all = items.split(' ').count() as u64;
        let run = run.says("was stopped by SIGSTOP, as a job that wants the terminal is, and killed");
        run.counts(all, all - stopped, stopped, 0).status(1);
    }
}

/// What a process knows of its state: signals, files, limits and the like.
const STATE: &str = "
    grep -E '^(Sig(Blk|Ign)|Umask|NoNewPrivs|Seccomp):' /proc/self/status
    for file in 0 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        echo $file; readlink /proc/$$/fd/$file
    done
    cat /proc/$$/limits /proc/$$/oom_score_adj /proc/$$/timerslack_ns
    pwd; nice; cut -d ' ' -f 6,7 /proc/$$/stat
    env | grep -v -e ^PARJOB -e ^_= | sort";

#[test]
fn s12_a_command_finds_everything_as_without_parjob() {
    for (before, with) in [
        ("exec 7</dev/null 9<state; trap '' USR2", ""),
        ("exec 7</dev/null; trap '' INT PIPE HUP QUIT TSTP XFSZ", ""),
        ("ulimit -n 100; umask 027", "env --block-signal=USR1,WINCH"),
        ("true", "env --block-signal=CHLD,TERM"),
    ] {
        let text = format!(
            "{before}; {with} sh ./state </dev/null >direct 2>&1
            {with} parjob --jobs 3 run sh ./state 2>&1 ::: '' >under
            {with} parjob --jobs 3 -u run sh ./state 2>&1 ::: '' >beside"
        );
        let run = shell(&text).file("state", STATE).run().succeeds();
        let read = |name: &str| std::fs::read_to_string(run.dir().join(name)).unwrap();
        let direct = without_internal_signals(&read("direct"));
        assert!(direct.contains("SigIgn") && direct.contains("Max open files"), "{direct}");
        for under in ["under", "beside"] {
            assert_eq!(without_internal_signals(&read(under)), direct, "{before} {under}");
        }
    }
}

/// The C library ignores its two signals, 32 and 33, in whatever `posix_spawn` starts: a program of that library
/// never notices.
fn without_internal_signals(state: &str) -> String {
    let line = |line: &str| match line.strip_prefix("SigIgn:") {
        Some(mask) => format!("SigIgn: {:x}\n", u64::from_str_radix(mask.trim(), 16).unwrap() & !(3 << 31)),
        None => format!("{line}\n"),
    };
    state.lines().map(line).collect()
}

#[test]
fn sigchld_that_was_ignored_at_the_start_makes_nothing_hang() {
    let run = shell("exec env --ignore-signal=CHLD parjob run sh -c 'exit $1' sh ::: 0 3").run();
    run.says("item 2: \"3\" ended with status 3").counts(2, 1, 1, 0).status(1);
}

#[test]
fn s13_a_command_that_is_missing_is_found_out_before_any_item_is_charged() {
    parjob("run no-such-command ::: 1 2")
        .run()
        .prints("")
        .says("\"no-such-command\" was not found in PATH")
        .status(127);
    parjob("run ./no/such ::: 1").run().prints("").says("\"./no/such\" was not found").status(127);
    parjob("run ./plain ::: 1").file("plain", "").run().says("cannot be executed").status(126);
    parjob("run . ::: 1").run().says("cannot be executed").status(126);
    shell("yes | parjob run no-such-command").run().status(127);
}

#[test]
fn s13_a_command_that_hangs_on_the_item_is_that_items_failure() {
    let run = parjob("run {} ::: true no-such-command false").run();
    let run = run.says("item 2: \"no-such-command\" could not be started: No such file or directory");
    run.counts(3, 1, 2, 0).status(1);
}

#[test]
fn a_script_without_a_first_line_for_it_is_one_for_the_shell() {
    let run = shell("chmod +x greet; PATH=:$PATH parjob run greet ::: a; parjob run ./greet ::: b");
    run.file("greet", "echo $0 $1\n").run().prints("./greet a\n./greet b\n").is_silent().succeeds();
    let run = shell(
        "chmod +x greet; for path in :/bin /bin: /bin::/usr/bin ''; do
        PATH=$path $PARJOB run greet ::: a
    done",
    );
    let run = run.env("PARJOB", crate::harness::program()).file("greet", "echo $1\n").run();
    run.prints("a\n".repeat(4)).is_silent().succeeds();
}

#[test]
fn a_status_of_255_is_a_failure_like_any_other() {
    let run = script("--jobs 1", "exit $1").args([":::", "255", "1", "0"]).run();
    run.says("item 1: \"255\" ended with status 255").counts(3, 1, 2, 0).status(1);
}

#[test]
fn a_failure_can_end_what_runs_beside_it() {
    let text = "touch up$1; [ $1 = 1 ] || sleep 60; until [ -e up2 ] && [ -e up3 ]; do sleep 0.01; done; exit 1";
    let run = script("--jobs 3 --halt now,fail=1", text).args([":::", "1", "2", "3", "4"]).run();
    run.says("stopped early, as --halt says").counts(4, 0, 1, 3).status(1);
}

#[test]
fn where_nobody_pressed_a_key_it_is_not_said_to_press_it_again() {
    let text = "trap '' TERM; touch up$1; until [ -e up1 ] && [ -e up2 ]; do sleep 0.01; done
        [ $1 = 2 ] || exit 1; sleep 60; sleep 60";
    let run = script("--jobs 2 --halt now,fail=1 --grace 30s", text).args([":::", "1", "2"]).launch();
    let run = run.says_while_running("waiting for 1 item at work; Ctrl-C kills them").signal(Signal::INT).end();
    run.says("stopped early, as --halt says").counts(2, 0, 1, 1).status(1);
}

#[test]
fn sigusr1_asks_what_runs() {
    // What it prints comes out when its worker attends to it.
    let test = script("", &format!("echo up; {UNTIL_GO}")).args([":::", "1"]);
    let go = test.dir().join("go");
    let run =
        test.launch().gives("up\n").signal(Signal::USR1).says_while_running("1 of 2 workers at work\n  item 1 \"1\": ");
    std::fs::write(go, "").unwrap();
    run.end().prints("up\n1\n").succeeds();
}

#[test]
fn niceness_is_added() {
    let now = shell("nice").run();
    let now: i32 = String::from_utf8_lossy(now.stdout()).trim().parse().unwrap();
    let raised = (now + 3).min(19);
    parjob("--nice 3 run sh -c nice ::: 1 2").run().prints(format!("{raised}\n{raised}\n")).succeeds();
}

#[test]
fn very_many_short_commands_take_little_memory() {
    let run = parjob("--jobs 2 run true").launch().feed_aside(super::numbers(1, 3000), 1).has_read_all();
    run.stays_under(super::FLAT).end().is_silent().succeeds();
}

#[test]
fn r1_a_low_limit_on_open_files_makes_fewer_at_a_time_and_one_warning() {
    let run = shell("ulimit -n 20; seq 30 | parjob -j40 run echo").run().prints(super::numbers(1, 30));
    assert_eq!(run.stderr().matches("Too many open files").count(), 1, "{}", run.story());
    run.says("going on with").succeeds();
}

#[test]
fn r1_a_limit_that_is_too_low_for_one_command_is_an_error() {
    let run = shell("ulimit -n 9; seq 3 | parjob -j40 run echo").run().prints("");
    run.says("too few files may be open for a single command; ulimit -n raises the limit").counts(3, 0, 0, 3).status(3);
}

#[test]
fn r2_a_low_limit_on_processes_makes_fewer_at_a_time_and_fails_nothing() {
    // parjob has half a dozen threads of its own.
    let script = "seq 30 | parjob -j20 run echo >out";
    let Some(run) = in_a_group(["pids", "pids.max", "pids.max", "14"], script) else { return };
    assert!(run.stderr().lines().count() <= 2, "{}", run.story());
    run.leaves("out", super::numbers(1, 30)).says("going on with").succeeds();
}

#[test]
fn r2_workers_never_take_the_last_place_of_a_process() {
    for limit in ["6", "7", "8", "9", "10", "11"] {
        let Some(run) = in_a_group(["pids", "pids.max", "pids.max", limit], "seq 20 | parjob -j5 run echo") else {
            return;
        };
        // With too little for a single worker it says so.
        let done = run.exit_code() == Some(0) && run.stdout() == super::numbers(1, 20);
        assert!(done || run.exit_code() == Some(3), "{limit}: {}", run.story());
    }
}

#[test]
fn r2_a_limit_on_a_users_processes_is_waited_out() {
    // The limit does not bind root.
    if !rustix::process::geteuid().is_root() || !has("setpriv") {
        return skip("there is no other user for the limit");
    }
    let text = "cp $PARJOB . && chmod 755 . && chmod 1777 $TMPDIR
        seq 30 | setpriv --reuid 54321 --clear-groups prlimit --nproc=12 ./parjob -j40 run echo >out";
    let run = shell(text).env("PARJOB", crate::harness::program()).run();
    run.leaves("out", super::numbers(1, 30)).says("going on with").succeeds();
}

#[test]
fn z6_what_jobs_leave_behind_is_waited_for_as_it_ends() {
    // Each leaves eight that end at once: a hundred places would be full of them within a moment.
    let left = "for n in 1 2 3 4 5 6 7 8; do (exec sleep 0 >/dev/null 2>&1 &) ; done; echo $1";
    let pool =
        "while read -r x; do for n in 1 2 3 4 5 6 7 8; do (exec sleep 0 >/dev/null 2>&1 &) ; done; echo $x; done";
    for command in
        [format!("run sh -c '{left}' sh"), format!("pool sh -c '{pool}'"), format!("sh '{}'", left.replace("$1", "{}"))]
    {
        let script = format!("seq 200 | parjob --jobs 2 --chunk 1 {command}");
        let Some(run) = in_a_group(["pids", "pids.max", "pids.max", "100"], &script) else { return };
        run.prints(super::numbers(1, 200)).is_silent().succeeds();
    }
}

#[test]
fn z7_jobs_have_the_places_that_they_need_themselves() {
    // Each starts a process of its own.
    for (limit, command) in
        [("30", "sh 'sleep 0.3; echo {}'"), ("30", "run sh -c 'sleep 0.1; echo $1' sh"), ("24", "sh 'echo {} | cat'")]
    {
        let script = format!("seq 60 | parjob -j40 {command}");
        let Some(run) = in_a_group(["pids", "pids.max", "pids.max", limit], &script) else { return };
        run.prints(super::numbers(1, 60)).says("going on with").succeeds();
    }
}
