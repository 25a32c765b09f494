#!/bin/sh
# Logging from workers:
#
#     logging.sh
#
# Log lines go to standard error, results to standard output. There is no queue and no listener to set up, and lines of
# different workers are never mixed.
set -eu
parjob --jobs 2 py "$(dirname "$0")/logs.py:work" ::: one three
