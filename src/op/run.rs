//! `run`: a command for each item, without a shell.

use super::{Blanks, Example, Kind, Operation};

/// The operation.
pub(super) static RUN: Operation = Operation {
    name: "run",
    summary: "run a command for each item, without a shell",
    about: "\
Runs a command for each item, several at a time, without a shell: the words go to the program as they are. So nothing \
in an item needs quoting, and nothing in it is ever executed. {} stands for the item; where the command has no \
placeholder the item is appended. What commands print comes item by item, in the order of the items.

Options of parjob stand before the command. Whatever follows the command's name belongs to the command, up to ::: or \
::::. With -I STR, STR stands for the item and braces for themselves.",
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
    kind: Kind::Run,
};
