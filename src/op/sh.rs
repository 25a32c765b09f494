//! `sh`: a line of shell for each item.

use super::{Blanks, Example, Kind, Operation};

/// The operation.
pub(super) static SH: Operation = Operation {
    name: "sh",
    summary: "run a line of shell for each item",
    about: "\
Runs a script with sh for each item, several at a time: for pipes, redirections, && and variables. The script is one \
word, so put it in quotes. {} stands for the item, appended where there is no placeholder. Without a script each item \
is a command line. What commands print comes item by item, in the order of the items.

An item is never pasted into the script: it is handed over as a parameter, quoted for the place where the placeholder \
stands. So whatever it holds, quotes, $(…), newlines, it stays text and is not executed. Where that cannot be done, \
as in arithmetic, the script is refused before anything runs. That protects from one shell. What the script itself \
gives to another (eval, ssh, sh -c) is read by that one; there is a warning for such scripts.",
    examples: &[
        Example { command: "parjob sh 'echo {} | tr a-z A-Z' ::: one 'two; three'", output: "ONE\nTWO; THREE\n" },
        Example { command: "printf 'echo one\\necho two | wc -c\\n' | parjob sh", output: "one\n4\n" },
    ],
    params: &[],
    blanks: Blanks::Kept,
    kind: Kind::Shell,
};
