#!/bin/sh
# Squares a list in a pool of five workers, three numbers at a time, and prints the squares in order:
#
#     printf '%s\n' 1 2 3 4 5 6 7 8 9 | square.sh
#
# Python's  Pool(5).map(square, numbers, chunksize=3).
set -eu
parjob --jobs 5 --chunk 3 py --as int 'x * x'
