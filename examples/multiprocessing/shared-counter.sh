#!/bin/sh
# Four workers, each of which counts to 100,000, and the sum of all:
#
#     shared-counter.sh
#
# The classic needs a Value and a Lock, or loses counts. Here each worker counts by itself, and the counts are added:
# nothing is shared, so nothing can be lost.
set -eu
parjob --jobs 4 --chunk 1 py --as int 'sum(1 for _ in range(x))' ::: 100000 100000 100000 100000 | parjob sum
