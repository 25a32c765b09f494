"""A worker that ends in the middle of its work."""

import os
import sys


def work(x):
    if x == "exit":
        # As sys.exit(3) in the target of a Process.
        sys.exit(3)
    if x == "crash":
        # As a fault in a library of C's would.
        os.abort()
    return x.upper()
