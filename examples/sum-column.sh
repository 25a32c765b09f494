#!/bin/sh
# The exact sum of a column of a CSV file with a header line:
#
#     sum-column.sh FILE COLUMN
#
# Columns count from 1. It cuts at every comma, so it is not for files with commas inside quotes. A cell that
# is not a number is left out, named on standard error, and makes the exit status 1.
set -eu
tail -n +2 "$1" | cut -d , -f "$2" | parjob sum
