#!/bin/sh
# A function that raises for some of its items:
#
#     raises.sh
#
# The others have their results. The failures are named at the end, and the exit status is 1. In a Pool, the first one
# would have ended the loop over the results.
set -eu
parjob py '10 // int(x)' ::: 5 0 2 two
