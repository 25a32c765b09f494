#!/bin/sh
# Which process does which item?
#
#     process-ids.sh
#
# Prints the number of different processes that did a hundred items: no more than the workers.
set -eu
seq 100 | parjob --jobs 4 py --import os 'os.getpid()' | sort -u | wc -l
