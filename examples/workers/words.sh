#!/bin/sh
# How many words each line has. A worker of `--protocol lines`:
#
#     parjob pool sh words.sh
set -f
while IFS= read -r line; do
    set -- $line
    echo $#
done
