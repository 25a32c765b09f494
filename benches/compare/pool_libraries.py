"""Squares the numbers on standard input with two processes of joblib or mpire, a thousand at a time.

Usage: pool_libraries.py joblib|mpire
"""
import sys


def square(line):
    n = int(line)
    return f"{n * n}\n"


def joblib(lines):
    from joblib import Parallel, delayed

    return Parallel(n_jobs=2, batch_size=1000, return_as="generator")(map(delayed(square), lines))


def mpire(lines):
    from mpire import WorkerPool

    # It wants to know how many there are.
    lines = list(lines)
    with WorkerPool(n_jobs=2) as pool:
        yield from pool.imap(square, lines, chunk_size=1000)


if __name__ == "__main__":
    for text in {"joblib": joblib, "mpire": mpire}[sys.argv[1]](sys.stdin.buffer):
        sys.stdout.write(text)
