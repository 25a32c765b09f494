//! Results do not wait: each comes before the next item is read.

use crate::harness::{parjob, shell};

#[test]
fn each_result_comes_before_the_next_item() {
    for options in ["", "--unordered", "--jobs 1", "--chunk 1", "--jobs 7 --chunk 1 --unordered"] {
        let mut talk = parjob(&format!("{options} square")).start();
        for n in 1..=20_u32 {
            talk = talk.give(&format!("{n}\n")).answers(&(n * n).to_string());
        }
        talk.ends().is_silent().succeeds();
    }
}

#[test]
fn each_object_and_each_row_comes_before_the_next_item() {
    let object = |seq: u32| format!(r#"{{"v":1,"seq":{seq},"item":"x","ok":true,"result":"1"}}"#);
    for order in ["--ordered", "--unordered"] {
        let talk = parjob(&format!("{order} --format jsonl len")).start();
        talk.give("x\n").answers(&object(1)).give("x\n").answers(&object(2)).ends().succeeds();
        let talk = parjob(&format!("{order} --format csv len")).start();
        talk.give("x\n")
            .answers("v,seq,item,ok,result,error")
            .answers("1,1,x,true,1,")
            .give("x\n")
            .answers("1,2,x,true,1,")
            .ends()
            .succeeds();
    }
}

#[test]
fn a_failed_item_holds_nothing_up() {
    let talk = parjob("-v square").start();
    talk.give("x\n")
        .tells("item 1: \"x\" is not a number")
        .give("2\n")
        .answers("4")
        .ends()
        .counts(2, 1, 1, 0)
        .status(1);
}

#[test]
fn a_chunk_of_three_is_done_with_its_third_item() {
    for order in ["--ordered", "--unordered"] {
        let talk = parjob(&format!("{order} --chunk 3 square")).start();
        talk.give("1\n2\n")
            .does_not_answer_yet()
            .give("3\n4\n")
            .answers("1")
            .answers("4")
            .answers("9")
            .does_not_answer_yet()
            .give("5\n6\n")
            .answers("16")
            .answers("25")
            .answers("36")
            .give("7\n")
            .does_not_answer_yet()
            .ends()
            .prints("1\n4\n9\n16\n25\n36\n49\n")
            .succeeds();
    }
}

#[test]
fn an_item_is_whole_when_its_newline_comes() {
    let talk = parjob("square").start();
    talk.give("1").does_not_answer_yet().give("2\n").answers("144").give("3").ends().prints("144\n9\n").succeeds();
}

#[test]
fn a_burst_of_any_size_does_not_wait_for_the_next_item() {
    let line = format!("{}\n", "x".repeat(999));
    for options in ["", "--jobs 1", "--chunk 10"] {
        let mut talk = parjob(&format!("{options} len")).start();
        // Some fill a few buffers, some end just before or behind the end of one.
        for lines in [100, 130, 140, 260, 270, 390, 520, 530, 700] {
            talk = talk.give(&line.repeat(lines));
            talk = (0..lines).fold(talk, |talk, _| talk.answers("999"));
        }
        talk.ends().is_silent().succeeds();
    }
}

#[test]
fn a_fold_answers_when_the_input_ends() {
    for operation in ["sum", "double --reduce sum"] {
        let factor = if operation == "sum" { 1 } else { 2 };
        let talk = parjob(operation).start();
        talk.give("1\n2\n")
            .does_not_answer_yet()
            .give("3\n")
            .does_not_answer_yet()
            .ends()
            .prints(format!("{}\n", 6 * factor))
            .succeeds();
    }
}

#[test]
fn the_first_n_items_need_no_end_of_input() {
    parjob("--first 2 square").start().give("4\n5\n").answers("16").answers("25").ends_by_itself().succeeds();
}

#[test]
fn what_one_input_gave_does_not_wait_for_the_next() {
    let talk =
        parjob("square :::: good empty - more").file("good", "2\n3").file("empty", "").file("more", "6\n").start();
    talk.answers("4").answers("9").give("5\n").answers("25").ends().prints("4\n9\n25\n36\n").succeeds();
    // A FIFO is not even open before somebody writes to it.
    let script = "mkfifo pipe; parjob square :::: good pipe & read line; echo 5 > pipe; wait";
    let talk = shell(script).file("good", "3\n").start();
    talk.answers("9").give("\n").answers("25").ends().succeeds();
}

#[test]
fn a_chunk_of_three_waits_for_the_next_input() {
    let talk = parjob("--chunk 3 square :::: good -").file("good", "1\n2\n3\n4\n").start();
    let talk = talk.answers("1").answers("4").answers("9").does_not_answer_yet().give("5\n6\n");
    talk.answers("16").answers("25").answers("36").ends().succeeds();
}
