#!/bin/sh
# The mean of the squares of the numbers on standard input, one a line:
#
#     mean-of-squares.sh < numbers
#
# Each number is squared on one of the workers and folded there: the squares are never printed.
set -eu
parjob square --reduce mean
