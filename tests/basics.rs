//! The smallest case, and what every run has in common.

use crate::harness::{parjob, shell};

#[test]
fn five_workers_square_nine_numbers_three_at_a_time() {
    parjob("--jobs 5 --chunk 3 square")
        .input("1\n2\n3\n4\n5\n6\n7\n8\n9\n")
        .run()
        .prints("1\n4\n9\n16\n25\n36\n49\n64\n81\n")
        .is_silent()
        .succeeds();
}

#[test]
fn options_may_stand_before_or_after_the_operation() {
    parjob("square --jobs 2 --chunk 1 3 -4").run().prints("9\n16\n").succeeds();
}

#[test]
fn no_items_are_no_work() {
    parjob("square").run().prints("").is_silent().succeeds();
    parjob("square :::").run().prints("").is_silent().succeeds();
}

#[test]
fn an_item_that_fails_stops_no_other() {
    shell("printf '4\\nx\\n9\\n' | parjob square")
        .run()
        .prints("16\n81\n")
        .says("item 2: \"x\" is not a number")
        .counts(3, 2, 1, 0)
        .status(1);
}

#[test]
fn negative_numbers_are_items_and_minus_zero_is_the_option() {
    parjob("double -5 -.5 -1e-3 -inf").run().prints("-10\n-1.0\n-0.002\n-inf\n").succeeds();
    parjob("square -0").input("3\x004\0").run().prints("9\n16\n").succeeds();
    parjob("double --jobs -1 -3 -- -0").run().prints("-6\n0\n").succeeds();
    parjob("--tag len -1_0").run().prints("-1_0\t4\n").succeeds();
    parjob("-5 square").run().says("no operation is called '-5'").status(2);
}
