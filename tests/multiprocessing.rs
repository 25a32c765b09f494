//! The scripts in examples/multiprocessing/: the programs of tutorials on Python's multiprocessing, each run.

use std::collections::BTreeSet;

use crate::golden::project;
use crate::harness::{Test, has, shell, skip};

/// A script with these arguments; `None`, said aloud, where there is no Python.
fn example(name: &str, arguments: &str) -> Option<Test> {
    let path = project(&format!("examples/multiprocessing/{name}.sh"));
    has("python3").then(|| shell(&format!("sh '{}' {arguments}", path.display())))
}

#[test]
fn each_example_is_run_by_a_test() {
    let tests = std::fs::read_to_string(project("tests/multiprocessing.rs")).unwrap();
    let files = std::fs::read_dir(project("examples/multiprocessing")).unwrap();
    let names: BTreeSet<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    for name in names.iter().filter_map(|name| name.strip_suffix(".sh")) {
        assert!(tests.contains(&format!("example(\"{name}\"")), "{name}");
    }
    assert!(names.len() >= 10);
}

#[test]
fn a_list_is_squared_in_a_pool_of_five_with_chunks_of_three() {
    let Some(test) = example("square", "") else { return };
    let input = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    test.input(input).run().prints("1\n4\n9\n16\n25\n36\n49\n64\n81\n").is_silent().succeeds();
}

#[test]
fn a_million_numbers_are_doubled_in_segments_and_joined() {
    let Some(test) = example("double-segments", "") else { return };
    let doubles: String = (1..=1_000_000).map(|n| format!("{}\n", 2 * n)).collect();
    test.run().prints(doubles).is_silent().succeeds();
}

#[test]
fn chunks_are_summed_and_the_sums_added() {
    let Some(test) = example("sum-of-chunks", "") else { return };
    test.run().prints("500000500000\n").is_silent().succeeds();
}

#[test]
fn pi_is_estimated_with_the_same_digits_every_time() {
    let Some(test) = example("monte-carlo", "").filter(|_| has("bc")) else { return };
    let run = test.run().is_silent().succeeds();
    let digits = String::from_utf8_lossy(run.stdout()).into_owned();
    let pi: f64 = digits.trim().parse().unwrap();
    // Four standard errors.
    assert!((pi - std::f64::consts::PI).abs() < 0.0066, "{digits}");
}

#[test]
fn pictures_are_made_small_and_what_is_none_fails() {
    let script = "python3 -c 'import PIL' 2>/dev/null";
    if !has("python3") || shell(script).run().exit_code() != Some(0) {
        return skip("no Pillow");
    }
    let Some(test) = example("thumbnails", "wide.png none.png high.png") else { return };
    let make = "from PIL import Image; Image.new('RGB', (300, 150)).save('wide.png'); Image.new('L', (9, 256)).save('high.png')";
    let made = std::process::Command::new("python3").args(["-c", make]).current_dir(test.dir()).status().unwrap();
    assert!(made.success());
    test.file("none.png", "none")
        .run()
        .prints("thumbnails/wide.png\nthumbnails/high.png\n")
        .says("item 2: \"none.png\" failed: PIL.UnidentifiedImageError: cannot identify image file")
        .status(1);
}

#[test]
fn a_function_that_raises_fails_for_that_item() {
    let Some(test) = example("raises", "") else { return };
    test.run()
        .prints("2\n5\n")
        .says("item 2: \"0\" failed: ZeroDivisionError: integer division or modulo by zero\n")
        .says("item 4: \"two\" failed: ValueError: invalid literal for int() with base 10: 'two'\n")
        .counts(4, 2, 2, 0)
        .status(1);
}

#[test]
fn a_worker_that_exits_or_crashes_fails_for_that_item() {
    let Some(test) = example("exits", "") else { return };
    test.run()
        .prints("ONE\nTWO\nTHREE\n")
        .says("item 2: \"exit\" was at work when its worker ended with status 3\n")
        .says("item 4: \"crash\" was at work when its worker was ended by SIGABRT\n")
        .counts(5, 3, 2, 0)
        .status(1);
}

#[test]
fn a_hundred_items_are_done_by_few_processes() {
    let Some(test) = example("process-ids", "") else { return };
    let run = test.run().is_silent().succeeds();
    let processes: u32 = String::from_utf8_lossy(run.stdout()).trim().parse().unwrap();
    assert!((1..=4).contains(&processes), "{processes}");
}

#[test]
fn log_lines_go_to_standard_error() {
    let Some(test) = example("logging", "") else { return };
    test.run().prints("3\n5\n").says(": doing one\n").says(": doing three\n").succeeds();
}

#[test]
fn no_count_is_lost() {
    let Some(test) = example("shared-counter", "") else { return };
    test.run().prints("400000\n").is_silent().succeeds();
}
