"""Persistent workers: parjob beside Pool, joblib, mpire and filters run by hand, in turn, on an idle machine.

    cargo build --release && python3 benches/compare/workers.py [--runs N] [--rows ROW,..] [--parjob PATH]

Each row runs parjob and its peer in turn, A B A B, after a warm-up of both, and prints the median, the smallest and
the largest of the ratios of neighbours, as Markdown. A ratio is of speeds, parjob's over the peer's, but where the
row says otherwise. What parjob prints is checked once. A peer that is not installed is
left out, aloud (`pip install joblib mpire`). Needs cc, split, and about 1 GB in target/compare.
"""
import argparse
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple, Optional

HERE = Path(__file__).resolve().parent
PYTHON = sys.executable
SQUARE = ("py", "--python", PYTHON, "int(x)**2")
DIES = ("py", "--python", PYTHON, "--import", "os", "os._exit(1) if x == '500000' else int(x)**2")


class Row(NamedTuple):
    name: str
    what: str
    own: tuple
    label: str
    peer: tuple
    items: Optional[int]
    target: str
    held: object
    module: Optional[str] = None
    # How a pair of times becomes the number of the row.
    value: object = lambda own, peer: peer / own
    unit: str = ""
    status: int = 0


def pool(chunksize, items=None):
    return (PYTHON, str(HERE / "pool_square.py"), chunksize, *([str(items)] if items else []))


def library(name):
    return (PYTHON, str(HERE / "pool_libraries.py"), name)


MILLION = 1_000_000
J2 = ("{parjob}", "--jobs", "2")
SPLIT = "split -n r/2 --filter={filter} {items}"
HALVES = "{filter} <{items}.aa & {filter} <{items}.ab; wait"
ROWS = [
    Row("py", "`py 'int(x)**2'`", J2 + SQUARE, "Pool, chunksize 1000", pool("1000"), MILLION, ">= 1.5", lambda v: v >= 1.5),
    Row("py-1", "the same, `--chunk 1`", J2 + ("--chunk", "1") + SQUARE, "Pool, chunksize 1", pool("1"), MILLION // 5,
        ">= 4", lambda v: v >= 4),
    Row("joblib", "`py 'int(x)**2'`", J2 + SQUARE, "joblib, batch_size 1000", library("joblib"), MILLION, ">= 3",
        lambda v: v >= 3, "joblib"),
    Row("mpire", "`py 'int(x)**2'`", J2 + SQUARE, "mpire, chunk_size 1000", library("mpire"), MILLION, ">= 5",
        lambda v: v >= 5, "mpire"),
    Row("filter", "`pool` over a filter that writes each line", J2 + ("pool", "{filter}"), "split -n r/2 into two",
        ("sh", "-c", SPLIT), 10 * MILLION, ">= 0.7", lambda v: v >= 0.7),
    Row("filter-piped", "the same", J2 + ("pool", "{filter}"), "the same, collected through a pipe",
        ("sh", "-c", SPLIT + " | cat"), 10 * MILLION, ">= 0.7", lambda v: v >= 0.7),
    Row("filter-halves", "the same", J2 + ("pool", "{filter}"), "two such filters on two halves in files",
        ("sh", "-c", HALVES), 10 * MILLION, "–", None),
    Row("filter-reads", "`pool` over a filter that writes before it waits", J2 + ("pool", "{filter}", "reads"),
        "split -n r/2 into two", ("sh", "-c", SPLIT.replace("={filter}", "='{filter} reads'")), 10 * MILLION, "–", None),
    Row("dead", "`py`, a worker dies at one of a million items", J2 + DIES, "none dies", J2 + SQUARE, MILLION,
        "< 100 ms more", lambda v: v < 100, value=lambda own, peer: (own - peer) * 1e3, unit=" ms", status=1),
    Row("start", "`echo 5 | parjob py 'int(x)**2'`", ("{parjob}",) + SQUARE, "python3 -c 0", (PYTHON, "-c", "0"), 1,
        "<= 1.3 x its time", lambda v: v <= 1.3, value=lambda own, peer: own / peer),
]


def main():
    parser = argparse.ArgumentParser(epilog="rows: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", default="")
    parser.add_argument("--parjob", default="target/release/parjob")
    parser.add_argument("--dir", type=Path, default=Path("target/compare"))
    given = parser.parse_args()
    folder = given.dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O2", "-o", folder / "line_filter", HERE / "line_filter.c"], check=True)
    names = {"parjob": shutil.which(given.parjob), "filter": str(folder / "line_filter")}
    wanted = given.rows.split(",") if given.rows else [row.name for row in ROWS]
    print("| what | parjob s | peer | peer s | ratio (median, min–max) | target | held? |")
    print("|---|---:|---|---:|---:|---:|---|")
    for row in ROWS:
        if row.name in wanted:
            print(line(row, folder, names, given.runs), flush=True)


def line(row, folder, names, runs):
    if row.module and subprocess.run([PYTHON, "-c", "import " + row.module], stderr=subprocess.DEVNULL).returncode:
        return f"| {row.what} | – | {row.label} | – | not installed | {row.target} | – |"
    items = inputs(folder, row.items)
    names = dict(names, items=items)
    own, peer = ([word.format(**names) if "{" in word else word for word in words] for words in (row.own, row.peer))
    if row.name != "dead":
        check(own, items)
    pairs = [(timed(own, items, row.status), timed(peer, items, 0)) for _ in range(runs * (10 if row.name == "start" else 1) + 1)]
    values = [row.value(*pair) for pair in pairs[1:]]
    middle, low, high = statistics.median(values), min(values), max(values)
    owns, peers = (statistics.median(times) for times in zip(*pairs[1:]))
    held = "–" if row.held is None else "yes" if row.held(middle) else "no"
    shown = f"{middle:.2f} ({low:.2f}–{high:.2f}){row.unit}"
    return f"| {row.what} | {owns:.3g} | {row.label} | {peers:.3g} | {shown} | {row.target} | {held} |"


def inputs(folder, count):
    """The numbers from 1, and their two halves in files beside."""
    path = folder / f"to-{count}.txt"
    if not path.exists():
        with open(path, "w") as file:
            file.writelines(f"{n}\n" for n in range(1, count + 1))
        if count > 1:
            subprocess.run(["split", "-n", "l/2", path, f"{path}."], check=True)
    return str(path)


def timed(argv, items, status):
    with open(items) as stdin:
        start = time.perf_counter()
        run = subprocess.run(argv, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall = time.perf_counter() - start
    if run.returncode != status:
        sys.exit(f"ended with status {run.returncode}: {' '.join(argv)}")
    return wall


def check(own, items):
    """All rows square their numbers. (What two filters write into one pipe need not be whole lines, so it is not asked.)"""
    with open(items) as stdin:
        run = subprocess.run(own, stdin=stdin, stdout=subprocess.PIPE, check=True)
    with open(items) as file:
        if run.stdout != "".join(f"{int(n) ** 2}\n" for n in file).encode():
            sys.exit(f"wrong output: {' '.join(own)}")


if __name__ == "__main__":
    main()
