"""Compares parjob with other ways to do the same work, side by side.

    cargo build --release
    python3 benches/compare/compare.py

This prints the comparison table as Markdown. It needs Linux, Python 3.8 or
newer (3.9 for the rows of hash), cc, cmp and seq; rows against mawk, b3sum,
xxhsum, vipsthumbnail or gm are skipped, and say so, if those are missing. The rows of
resize fetch two packages of photographs by apt-get.

    --rows ROW,..    only these rows (--help lists them)
    --runs N         counted runs per row, default 7; slow rows take fewer
    --parjob PATH    the program to measure, default target/release/parjob
    --dir DIR        where inputs and built references go,
                     default target/compare (needs about 1.6 GB)

How it measures:

* First it checks that the output is right. A wrong program is not measured.
* parjob and its peer run in turn, A B A B. Each has one warm-up run first.
  A slow moment of the machine then hits both, not just one.
* Input is a file on stdin, or a pipe where the row says so. Output goes to
  /dev/null.
* Times are wall times, from the start of the process to its end.
* The C loop and the others always square ints.txt, whatever parjob reads.
* "ratio" is parjob's time divided by the peer's, per pair of runs. The table
  gives the median, the smallest and the largest. Rows with another unit show
  that value in the same column.
* "held?" compares the median with the target. For memory it takes the largest
  run, because a limit must hold every time.

Every run is printed to stderr with its cpu time. Run it on an idle machine.
The exit status is 0 even if a target is missed.

To add a row, add one entry to ROWS.
"""
import argparse
import math
import operator
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable, NamedTuple, Optional, Tuple, Union

HERE = Path(__file__).resolve().parent
ITEMS = 10_000_000  # lines in ints.txt and in floats.txt
POOL_ITEMS = 200_000  # Pool with chunksize 1 is too slow for all of them
MIB = 1024  # KiB


# What a program reads.

class File(NamedTuple):
    name: str


class Seq(NamedTuple):
    """The numbers 1..last through a pipe."""
    last: int


class Text(NamedTuple):
    """A few bytes through a pipe; they must fit the pipe's buffer."""
    data: bytes


Source = Union[File, Seq, Text]
INTS = File("ints.txt")
FLOATS = File("floats.txt")


# What is measured, and what it is measured against.

class Run(NamedTuple):
    wall: float
    cpu: float
    rss_kib: Optional[int]


class Peer(NamedTuple):
    label: str
    argv: Tuple[str, ...]  # {dir}, {here} and {python} are filled in
    items: int = ITEMS


C_LOOP = Peer("C loop", ("{dir}/square_loop",))
MAWK = Peer("mawk", ("mawk", "-f", "{here}/square.awk"))
POOL_1000 = Peer("Pool, chunksize 1000", ("{python}", "{here}/pool_square.py", "1000"))
POOL_1 = Peer(f"Pool, chunksize 1 ({POOL_ITEMS:,} items)",
              ("{python}", "{here}/pool_square.py", "1", str(POOL_ITEMS)), POOL_ITEMS)


B3SUM = Peer("b3sum", ("b3sum", "--num-threads", "2", "{dir}/big.bin"))
MD5SUM = Peer("md5sum", ("md5sum", "{dir}/big.bin"))
# Its lines are of another form.
XXHSUM = Peer("xxhsum -H3", ("sh", "-c", r"xxhsum -H3 {dir}/big.bin | sed 's/^XXH3 (\(.*\)) = \(.*\)/\2  \1/'"))
SHA256SUM = Peer("xargs -P2 -n64 sha256sum", ("sh", "-c",
                 "find {dir}/small -type f -print0 | xargs -0 -P2 -n64 sha256sum"))

# Eight pictures for each process: fewer cost more in starting, more leave one worker idle at the end.
BATCHES = "xargs -P2 -n8"
VIPS = "vipsthumbnail --size 800x800"


def vips(kind, form):
    command = f"mkdir -p {{dir}}/peer; {BATCHES} {VIPS} -o {{dir}}/peer/%s.{form} < {{dir}}/photos/{kind}.list 2>/dev/null"
    return Peer(f"{BATCHES} vipsthumbnail", ("sh", "-c", command))


VIPS_JPEG, VIPS_PNG, VIPS_WIDE = vips("jpg", "jpg[Q=75]"), vips("png", "png"), vips("wide", "jpg[Q=75]")
GM_JPEG = Peer(f"{BATCHES} gm mogrify", ("sh", "-c", "mkdir -p {dir}/peer; " + BATCHES + " gm mogrify -filter Lanczos"
               " -resize 800x800 -quality 75 -create-directories -output-directory {dir}/peer < {dir}/photos/jpg.list"))
PILLOW_JPEG = Peer("Pillow in a Pool", ("/usr/bin/python3", "{here}/pool_resize.py", "{dir}/photos/jpg.list", "{dir}/peer"))


class Metric(NamedTuple):
    """One value per run, or per pair of runs, and how to show it."""
    value: Callable[["Row", Run, Optional[Run]], float]
    show: str = "{:.3f}"
    unit: str = ""
    judge: Callable = statistics.median


WALL_RATIO = Metric(lambda row, own, peer: own.wall / peer.wall)
RATE = Metric(lambda row, own, peer: ITEMS / own.wall / 1e6, "{:.2f}", " M items/s")
RATE_RATIO = Metric(lambda row, own, peer: (ITEMS / own.wall) / (row.peer.items / peer.wall),
                    "{:.0f}", "x items/s")
PEAK = Metric(lambda row, own, peer: own.rss_kib / MIB, "{:.1f}", " MiB", max)
# The peer's two processes, of which the larger is known.
PEAK_RATIO = Metric(lambda row, own, peer: own.rss_kib / (2 * peer.rss_kib), judge=max)
WALL_MS = Metric(lambda row, own, peer: own.wall * 1e3, "{:.2f}", " ms")


class Target(NamedTuple):
    sign: str
    bound: float

    def held(self, value):
        return {"<=": operator.le, ">=": operator.ge}[self.sign](value, self.bound)


class Row(NamedTuple):
    name: str
    what: str
    args: Tuple[str, ...]  # {dir} is filled in
    metric: Metric
    peer: Optional[Peer] = None
    target: Optional[Target] = None  # none: for information only
    stdin: Source = INTS
    check: Optional[str] = None  # a key of CHECKS
    max_runs: Optional[int] = None
    exact_runs: Optional[int] = None  # whatever --runs says
    needs: Tuple[str, ...] = ()  # further inputs


# --jobs 2 is fixed so that the numbers mean the same on every machine.
JOBS = ("--jobs", "2")
SQUARE = (*JOBS, "square")


def resize(kind):
    return (*JOBS, "resize", "--width", "800", "--height", "800", "--overwrite", "--to", "{dir}/own/{{/}}",
            "-a", "{dir}/photos/" + kind + ".list")


PHOTOS = {"stdin": Text(b""), "needs": ("photos",)}

ROWS = [
    Row("square", "`square`, ordered", SQUARE, WALL_RATIO,
        C_LOOP, Target("<=", 0.18), check="same as C"),
    Row("square-mawk", "`square`, ordered", SQUARE, WALL_RATIO,
        MAWK, check="same as C"),
    Row("square-pool", "`square`, ordered", SQUARE, WALL_RATIO,
        POOL_1000, check="same as C", max_runs=3),
    Row("jsonl", "`square --format jsonl`", (*JOBS, "--format", "jsonl", "square"), WALL_RATIO,
        C_LOOP, Target("<=", 0.6), check="one line each"),
    Row("sum-ints", "`sum` of integers", (*JOBS, "sum"), WALL_RATIO,
        C_LOOP, Target("<=", 0.12), check="sum"),
    # The peer squares integers here too, so that all rows share one yardstick.
    Row("sum-floats", "`sum` of floats", (*JOBS, "sum"), WALL_RATIO,
        C_LOOP, Target("<=", 0.4), stdin=FLOATS, check="sum"),
    Row("chunk-3", "`--chunk 3 square`", (*JOBS, "--chunk", "3", "square"), RATE,
        target=Target(">=", 3), check="same as C"),
    Row("chunk-1", "`--chunk 1 square`", (*JOBS, "--chunk", "1", "square"), RATE,
        target=Target(">=", 3), check="same as C"),
    Row("chunk-1-pool", "`--chunk 1 square`", (*JOBS, "--chunk", "1", "square"), RATE_RATIO,
        POOL_1, Target(">=", 30), check="same as C", max_runs=3),
    # Both through a pipe: a file could be mapped, and mapped pages count.
    Row("memory-100m", "peak memory, 100 million lines", SQUARE, PEAK,
        target=Target("<=", 32), stdin=Seq(100_000_000), max_runs=3),
    Row("memory-1m", "peak memory, 1 million lines", SQUARE, PEAK,
        target=Target("<=", 32), stdin=Seq(1_000_000), max_runs=3),
    Row("one-item", "`printf 4`, one item", ("square",), WALL_MS,
        target=Target("<=", 5), stdin=Text(b"4"), check="16", exact_runs=50),
    Row("hash-big", "`hash`, one file of 1 GiB", (*JOBS, "hash", "{dir}/big.bin"), WALL_RATIO,
        B3SUM, Target("<=", 1.03), stdin=Text(b""), check="same as peer", needs=("big.bin",)),
    Row("hash-md5", "`hash --algorithm md5`, one file of 1 GiB",
        (*JOBS, "hash", "--algorithm", "md5", "{dir}/big.bin"), WALL_RATIO,
        MD5SUM, Target("<=", 1.05), stdin=Text(b""), check="same as peer", needs=("big.bin",)),
    Row("hash-xxh3", "`hash --algorithm xxh3`, one file of 1 GiB",
        (*JOBS, "hash", "--algorithm", "xxh3", "{dir}/big.bin"), WALL_RATIO,
        XXHSUM, Target("<=", 1.05), stdin=Text(b""), check="same as peer", needs=("big.bin",)),
    Row("hash-small", "`hash --algorithm sha256`, 10,000 files of 4 KiB",
        (*JOBS, "hash", "--algorithm", "sha256", "--recursive", "{dir}/small"), WALL_RATIO,
        SHA256SUM, Target("<=", 0.5), stdin=Text(b""), check="same as peer", needs=("small",)),
    Row("resize-jpeg", "`resize`, 26 JPEGs", resize("jpg"), WALL_RATIO, VIPS_JPEG, Target("<=", 0.8), **PHOTOS),
    Row("resize-jpeg-pillow", "`resize`, 26 JPEGs", resize("jpg"), WALL_RATIO, PILLOW_JPEG, **PHOTOS),
    Row("resize-jpeg-gm", "`resize`, 26 JPEGs", resize("jpg"), WALL_RATIO, GM_JPEG, **PHOTOS),
    Row("resize-png", "`resize`, 28 PNGs", resize("png"), WALL_RATIO, VIPS_PNG, Target("<=", 0.4), **PHOTOS),
    Row("resize-memory", "peak memory, pictures of 5120 × 2880", resize("wide"), PEAK_RATIO, VIPS_WIDE,
        Target("<=", 1.2), **PHOTOS),
]


# Running programs.

class Bench:
    """Knows where things are, and runs them."""

    def __init__(self, parjob, directory):
        self.parjob = parjob
        self.dir = directory
        self.expected = directory / "squares.expected"

    def own_argv(self, row):
        return [self.parjob, *(part.format(dir=self.dir) for part in row.args)]

    def peer_argv(self, peer):
        names = {"dir": self.dir, "here": HERE, "python": sys.executable}
        argv = [part.format(**names) for part in peer.argv]
        return [shutil.which(argv[0]) or argv[0], *argv[1:]]

    def open_source(self, source):
        """A descriptor to read, and the process that feeds it, if any."""
        if isinstance(source, File):
            return os.open(self.dir / source.name, os.O_RDONLY), None
        read, write = os.pipe()
        try:
            if isinstance(source, Seq):
                return read, subprocess.Popen(["seq", str(source.last)], stdout=write)
            os.write(write, source.data)
            return read, None
        finally:
            os.close(write)

    def measure(self, argv, source, want_peak=False):
        """Runs argv once. The peak is exact only with want_peak; see peak_rss.c."""
        stdin, feeder = self.open_source(source)
        actions = [
            (os.POSIX_SPAWN_DUP2, stdin, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        ]
        if want_peak:
            argv = [str(self.dir / "peak_rss"), *argv]
            report, report_end = os.pipe()
            actions.append((os.POSIX_SPAWN_DUP2, report_end, 3))
        # Python ignores SIGPIPE; the program must not inherit that.
        start = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions,
                             setsigdef=[signal.SIGPIPE])
        os.close(stdin)
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
        if status != 0:
            sys.exit(f"failed with wait status {status:#x}: {' '.join(argv)}")
        if feeder and feeder.wait() != 0:
            sys.exit(f"did not read all of its input: {' '.join(argv)}")
        rss_kib = None
        if want_peak:
            os.close(report_end)
            with open(report) as file:
                rss_kib = int(file.read())
        return Run(wall, usage.ru_utime + usage.ru_stime, rss_kib)

    def capture(self, row):
        """Starts parjob with its output in a pipe, to look at it."""
        stdin, _ = self.open_source(row.stdin)
        process = subprocess.Popen(self.own_argv(row), stdin=stdin, stdout=subprocess.PIPE)
        os.close(stdin)
        return process


# Checks. Each takes the output of parjob as a file and says if it is right.
# They stream: the output is not kept in memory.

def same_as_c(bench, row, output):
    return subprocess.run(["cmp", "-", bench.expected], stdin=output).returncode == 0


def one_line_each(bench, row, output):
    blocks = iter(lambda: output.read(1 << 20), b"")
    return sum(block.count(b"\n") for block in blocks) == ITEMS


def right_sum(bench, row, output):
    fields = output.read().split()
    with open(bench.dir / row.stdin.name, "rb") as file:
        expected = math.fsum(map(float, file))
    return bool(fields) and math.isclose(float(fields[-1]), expected, rel_tol=1e-9)


def is_16(bench, row, output):
    return output.read() == b"16\n"


def same_as_peer(bench, row, output):
    """The same lines, in whatever order the peer has them."""
    peer = subprocess.run(bench.peer_argv(row.peer), stdout=subprocess.PIPE, check=True)
    return sorted(output.read().splitlines()) == sorted(peer.stdout.splitlines())


CHECKS = {"same as C": same_as_c, "one line each": one_line_each, "sum": right_sum, "16": is_16,
          "same as peer": same_as_peer}


def check(bench, row):
    print(f"checking {' '.join(row.args)} ({row.check})", file=sys.stderr)
    with bench.capture(row) as process:
        right = CHECKS[row.check](bench, row, process.stdout)
    if not right or process.returncode != 0:
        sys.exit(f"wrong output or failure: {' '.join(bench.own_argv(row))}")


def check_all(bench, rows):
    with open(bench.dir / INTS.name, "rb") as source, open(bench.expected, "wb") as target:
        subprocess.run(bench.peer_argv(C_LOOP), stdin=source, stdout=target, check=True)
    try:
        # The first row is always checked, also when it is not measured.
        todo = {(row.args, row.stdin, row.check): row for row in [ROWS[0], *rows] if row.check}
        for row in todo.values():
            check(bench, row)
    finally:
        bench.expected.unlink()


# Measuring and reporting.

def run_count(row, runs):
    return row.exact_runs or min(runs, row.max_runs or runs)


def describe(run):
    peak = "" if run.rss_kib is None else f", {run.rss_kib / MIB:.1f} MiB"
    return f"{run.wall:.4f} s (cpu {run.cpu:.3f}{peak})"


def measure_row(bench, row, runs):
    """Pairs (parjob's run, the peer's run or None), without the warm-up."""
    pairs = []
    for number in range(run_count(row, runs) + 1):
        own = bench.measure(bench.own_argv(row), row.stdin, row.metric in (PEAK, PEAK_RATIO))
        peer = row.peer and bench.measure(bench.peer_argv(row.peer), INTS, row.metric is PEAK_RATIO)
        label = number or "warm-up"
        versus = f", {row.peer.label} {describe(peer)}" if peer else ""
        print(f"{row.name} {label}: parjob {describe(own)}{versus}", file=sys.stderr)
        pairs.append((own, peer))
    return pairs[1:]


def median_wall(runs):
    return f"{statistics.median(run.wall for run in runs):.3g}"


def table_line(row, pairs):
    metric, target = row.metric, row.target
    values = [metric.value(row, own, peer) for own, peer in pairs]
    shown = (statistics.median(values), min(values), max(values))
    middle, low, high = map(metric.show.format, shown)
    cells = [
        row.what,
        median_wall(own for own, _ in pairs),
        row.peer.label if row.peer else "–",
        median_wall(peer for _, peer in pairs) if row.peer else "–",
        f"{middle} ({low}–{high}){metric.unit}",
        f"{target.sign} {target.bound:g}{metric.unit}" if target else "–",
        ("yes" if target.held(metric.judge(values)) else "no") if target else "–",
    ]
    return f"| {' | '.join(cells)} |"


def print_table(lines):
    print("| what | parjob s | peer | peer s | ratio (median, min–max) | target | held? |")
    print("|---|---:|---|---:|---:|---:|---|")
    print("\n".join(lines))


# Setting up.

def build(directory):
    for name in ("square_loop", "peak_rss"):
        subprocess.run(["cc", "-O2", "-o", directory / name, HERE / f"{name}.c"], check=True)


def make_inputs(directory, rows):
    names = {INTS.name, *(row.stdin.name for row in rows if isinstance(row.stdin, File))}
    names.update(name for row in rows for name in row.needs)
    subprocess.run([sys.executable, HERE / "make_inputs.py", directory, *sorted(names)], check=True)


def choose_rows(names):
    known = {row.name: row for row in ROWS}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"unknown row {unknown[0]}; known: {', '.join(known)}")
    return [known[name] for name in names] or ROWS


NEEDED = {MAWK: "mawk", B3SUM: "b3sum", XXHSUM: "xxhsum", GM_JPEG: "gm",
          VIPS_JPEG: "vipsthumbnail", VIPS_PNG: "vipsthumbnail", VIPS_WIDE: "vipsthumbnail"}


def without_missing_peers(rows):
    kept = []
    for row in rows:
        program = NEEDED.get(row.peer)
        if program and not shutil.which(program):
            print(f"skipping {row.name}: {program} is not installed", file=sys.stderr)
        else:
            kept.append(row)
    return kept


def parse_arguments():
    parser = argparse.ArgumentParser(
        description="Compares parjob with other ways to do the same work.",
        epilog="rows: " + ", ".join(row.name for row in ROWS))
    parser.add_argument("--rows", default="", metavar="ROW,..", help="only these rows")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="counted runs per row")
    parser.add_argument("--parjob", default="target/release/parjob", metavar="PATH")
    parser.add_argument("--dir", type=Path, default=Path("target/compare"))
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs must be at least 1")
    return arguments


def main():
    arguments = parse_arguments()
    rows = without_missing_peers(choose_rows([name for name in arguments.rows.split(",") if name]))
    parjob = shutil.which(arguments.parjob)
    if not parjob:
        sys.exit(f"{arguments.parjob} not found; build it, or give --parjob PATH")
    directory = arguments.dir.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    build(directory)
    make_inputs(directory, rows)
    bench = Bench(os.path.abspath(parjob), directory)
    check_all(bench, rows)
    print_table([table_line(row, measure_row(bench, row, arguments.runs)) for row in rows])


if __name__ == "__main__":
    main()
