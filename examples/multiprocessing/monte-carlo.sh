#!/bin/sh
# Estimates pi with a million points on many processes:
#
#     monte-carlo.sh
#
# Each item is a number of samples and a seed, and so are the arguments of the function. (`parjob pi` does the same in
# a hundredth of the time, without Python.)
set -eu
folder=$(dirname "$0")
inside=$(parjob py --as int "$folder/monte_carlo.py:inside" ::: 100000 ::: 1 2 3 4 5 6 7 8 9 10 | parjob sum)
echo "4 * $inside / 1000000" | bc -l
