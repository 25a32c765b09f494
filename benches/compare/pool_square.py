"""Squares the numbers on stdin with two worker processes.

Usage: pool_square.py CHUNKSIZE [LIMIT]

LIMIT stops after that many lines. The forms tried were bytes or text lines,
formatting in the worker or in the parent, write() per item or writelines().
Bytes in, finished text back, write() per item: this was about 5 to 10 percent
faster than the rest with chunksize 1000. With chunksize 1 all were alike.
"""
import sys
from itertools import islice
from multiprocessing import Pool


def square(line):
    n = int(line)
    return f"{n * n}\n"


def main():
    chunksize = int(sys.argv[1])
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else None
    lines = sys.stdin.buffer if limit is None else islice(sys.stdin.buffer, limit)
    write = sys.stdout.write
    with Pool(2) as pool:
        for text in pool.imap(square, lines, chunksize=chunksize):
            write(text)


if __name__ == "__main__":
    main()
