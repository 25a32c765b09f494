//! `pool`: commands that stay up and are fed items.

use super::{Blanks, Example, Kind, Operation};

/// The operation.
pub(super) static POOL: Operation = Operation {
    name: "pool",
    summary: "feed items to commands that stay up",
    about: "\
Starts the command once for each worker and feeds it items: what takes a while to start, such as an interpreter or a
program that loads a model, is started --jobs times and not once an item. By default an item is a line on its standard
input, and it must answer each with one line on its standard output: any filter does that keeps lines apart and does
not hold them back, such as sed -u. With --protocol json or frames the answers say which item they belong to, may come
in any order, and may say that an item failed; docs/workers.md describes both.

When a process dies, the item that it was at fails, and a fresh process goes on with the others. What was answered is
kept. Items that were done but not answered are done again. What the processes print on standard error appears with
the number of the worker.

The words of the command go to the program as they are. Its own options follow its name; parjob's stand before it.",
    examples: &[
        Example { command: "seq 3 | parjob pool sed -u 's/$/ bottles/'", output: "1 bottles\n2 bottles\n3 bottles\n" },
        Example { command: "seq 4 | parjob pool --jobs 2 awk '{ print $1 * $1; fflush() }'", output: "1\n4\n9\n16\n" },
    ],
    params: &[],
    blanks: Blanks::Kept,
    kind: Kind::Pool,
};
