#!/bin/sh
# Adds up the numbers from 1 to 1,000,000 in ten chunks, each on a worker, then the ten sums:
#
#     sum-of-chunks.sh
#
# An item is where a chunk begins. The second command is what sum(pool.map(...)) would be.
set -eu
parjob --range 1:1000000:100000 py --as int 'sum(range(x, x + 100000))' | parjob sum
