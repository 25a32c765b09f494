//! `sh`: a line of shell for each item.

use super::{Blanks, Example, Operation, Process, Words, Work};

/// The operation.
pub(super) static SH: Operation = Operation {
    name: "sh",
    summary: "run a line of shell for each item",
    about: "\
Runs a script with sh for each item, several at a time: for pipes, redirections, && and variables. The script has the
placeholders of run. An item is never pasted into the script: it is handed over as a parameter, quoted for the place
where the placeholder stands. So whatever an item holds, quotes, $(…), newlines, it stays text and is not executed.
That protects from one shell. What the script itself gives to another one (eval, ssh, sh -c) is that shell's to read;
there is a warning for such scripts.

Without a script each item is one: a list of command lines is run line by line.",
    examples: &[
        Example { command: "parjob sh 'echo {} | tr a-z A-Z' ::: one 'two; three'", output: "ONE\nTWO; THREE\n" },
        Example { command: "printf 'echo one\\necho two | wc -c\\n' | parjob sh", output: "one\n4\n" },
    ],
    params: &[],
    blanks: Blanks::Kept,
    words: |_| Words::Command,
    prepare: |_| Ok(Work::Process(Process::Shell)),
};
