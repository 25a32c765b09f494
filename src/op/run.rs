//! `run`: a command for each item, without a shell.

use super::{Blanks, Example, Operation, Process, Words, Work};

/// The operation.
pub(super) static RUN: Operation = Operation {
    name: "run",
    summary: "run a command for each item, without a shell",
    about: "\
Runs a command for each item, several at a time. The words of the command go to the program as they are: no shell
looks at them, so nothing in an item needs quoting and nothing in it is ever executed.

{} stands for the item. {.} is the item without its last extension, {/} what follows its last slash, {//} its folder,
{/.} both of the first two; {#} its number, {%} the number of the worker; {1}, {2}, {-1} are fields, {name} a field by
its name. Without any of these the item is appended. -I STR makes STR stand for the item instead. What looks like none
of these, such as {print $1}, stays as it is.

What a command prints appears item by item, in the order of the items; what it prints on standard error too. The
command's own options follow its name; parjob's stand before it.",
    examples: &[
        Example {
            command: "printf 'a.txt\\nb.txt\\n' | parjob run echo {.} is {}",
            output: "a is a.txt\nb is b.txt\n",
        },
        Example { command: "parjob run printf '%s-%s\\n' ::: 1 2 ::: x y", output: "1-x\n1-y\n2-x\n2-y\n" },
        Example { command: "seq 6 | parjob run --batch 3 echo", output: "1 2 3\n4 5 6\n" },
    ],
    params: &[],
    blanks: Blanks::Kept,
    words: |_| Words::Command,
    prepare: |_| Ok(Work::Process(Process::Run)),
};
