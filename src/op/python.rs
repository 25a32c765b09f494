//! `py`: a function of Python, called with items.

use super::{Blanks, Example, Kind, Operation};

/// The operation.
pub(super) static PY: Operation = Operation {
    name: "py",
    summary: "call a Python function with items",
    about: "\
Calls a function of Python with each item, in processes that stay up: multiprocessing.Pool as one command. EXPRESSION is
Python in which x stands for the item; FILE.py:FUNCTION and MODULE:FUNCTION name a function, of a file or of what can be
imported. x is the text of the item, unless --as says what to make of it. Results are printed as str shows them, or
with --json as JSON. A generator gives a line for each value; an async function has --concurrency items at work at once.

Items with fields (several sources, --colsep, --csv) give the function as many arguments, and an expression a list; with
names (--header, --jsonl) keyword arguments, and a dict.

An exception is that item's failure, told with its traceback. When a process dies, the item that it was at fails, and a
fresh one goes on; what was not answered is done again. What the function prints goes to standard error. Python is the
python3 on PATH, that of an active virtual environment too; --python names another, 3.8 or later.",
    examples: &[
        Example { command: "seq 3 | parjob py 'int(x)**2'", output: "1\n4\n9\n" },
        Example { command: "parjob py os.path:basename ::: a/b.txt c.d", output: "b.txt\nc.d\n" },
        Example {
            command: "printf '1,2\\n3,4\\n' | parjob py --csv --as int --import math 'math.hypot(*x)'",
            output: "2.23606797749979\n5.0\n",
        },
        Example { command: "seq 4 | parjob py --as int --batch 2 '[sum(x)] * 2'", output: "3\n3\n7\n7\n" },
    ],
    params: &[],
    blanks: Blanks::Kept,
    kind: Kind::Python,
};
