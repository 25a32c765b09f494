//! `hash --recursive`: which files, in which order.

use crate::harness::{parjob, shell};

const TREE: &str = "mkdir -p t/a/b t/z t/a0; printf 1 > t/a/b/c; printf 2 > t/a/x; printf 3 > t/a-b; printf 4 > t/a0/q; \
                    printf 5 > t/.hidden; printf 6 > t/B; ln -s a t/folder-link; ln -s B t/file-link; ";

const ORDER: &str = ".hidden\nB\na-b\na/b/c\na/x\na0/q\nfile-link\n";

#[test]
fn files_come_in_the_order_of_the_bytes_of_their_paths() {
    let names = |prefix: &str| ORDER.lines().map(|line| format!("{prefix}{line}\n")).collect::<String>();
    for jobs in [1, 4] {
        let hash =
            |folder| format!("{TREE} parjob --jobs {jobs} hash --algorithm md5 --recursive {folder} | cut -c 35-");
        shell(&hash("t")).run().prints(names("t/")).is_silent().succeeds();
        shell(&hash("t/")).run().prints(names("t/")).is_silent().succeeds();
        shell(&format!("{TREE} cd t; parjob hash --recursive . | cut -c 67-")).run().prints(names("./")).succeeds();
    }
    shell(&format!("{TREE} parjob hash --recursive t/B t/a t/B | cut -c 67-"))
        .run()
        .prints("t/B\nt/a/b/c\nt/a/x\nt/B\n");
    // What is named itself is followed.
    shell(&format!("{TREE} parjob hash --recursive t/folder-link | cut -c 67-"))
        .run()
        .prints("t/folder-link/b/c\nt/folder-link/x\n");
}

#[test]
fn directories_come_from_any_source() {
    for source in
        ["printf 't/a\\nt/B\\n' | parjob hash --recursive", "printf 't/a\\0t/B\\0' | parjob -0 hash --recursive"]
    {
        shell(&format!("{TREE} {source} | cut -c 67-")).run().prints("t/a/b/c\nt/a/x\nt/B\n").is_silent().succeeds();
    }
    shell(&format!("{TREE} parjob --first 2 hash --recursive ::: t | cut -c 67-")).run().prints("t/.hidden\nt/B\n");
}

#[test]
fn without_it_a_directory_fails() {
    shell(&format!("{TREE} parjob hash t t/a/x | cut -c 67-"))
        .run()
        .prints("t/a/x\n")
        .says("item 1: \"t\" is a directory");
}

#[test]
fn what_is_not_there_fails_alone_and_a_fifo_is_passed_over() {
    let script =
        format!("{TREE} mkfifo t/z/pipe; ln -s nowhere t/z/dead; parjob hash --recursive none t/z t/a | cut -c 67-");
    let done = shell(&script).run().prints("t/a/b/c\nt/a/x\n").counts(4, 2, 2, 0);
    done.says("item 1: \"none\" cannot be read: No such file")
        .says("item 2: \"t/z/dead\" cannot be read: No such file");
}

#[test]
fn a_path_that_is_too_long_leads_nowhere() {
    // What is kept of it for a message would be the way to the whole directory.
    let list = "./".repeat(200) + "list\n";
    let done = parjob("--max-item 300 hash --recursive").file("list", &list).input(list.as_str()).run();
    done.prints("").says("is longer than 300 bytes").counts(1, 0, 1, 0).status(1);
}

#[test]
fn an_empty_directory_has_no_files() {
    shell("mkdir t; parjob hash --recursive t").run().prints("").is_silent().succeeds();
}

#[test]
fn many_files_in_one_directory() {
    let script = "mkdir t; cd t; seq 5000 | xargs touch; cd ..; parjob hash --algorithm md5 --recursive t > got; \
                  find t -type f | LC_ALL=C sort > names; cut -c 35- got | cmp - names && wc -l < got";
    shell(script).run().prints("5000\n").is_silent().succeeds();
    parjob("explain hash --recursive .").run().succeeds();
}
