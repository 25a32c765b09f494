#!/bin/sh
# Estimates pi on all cores with so many million random points:
#
#     pi.sh MILLIONS [SEED]
#
# The items are the work: each is a million points, so there is something for every core. The digits depend on
# the number of items and on the seed, not on how many cores there are.
set -eu
yes 1000000 | parjob pi --first "$1" --seed "${2:-0}"
