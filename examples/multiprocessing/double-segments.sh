#!/bin/sh
# Doubles a million numbers in segments of 250,000 and prints them joined again, in order:
#
#     double-segments.sh
#
# The function gets a list and gives one back, as a worker of its own would get its segment of the list; there is
# nothing to cut up and nothing to join. With numpy it would be `numpy.array(x) * 2`.
set -eu
seq 1000000 | parjob --jobs 4 py --as int --batch 250000 '[2 * number for number in x]'
