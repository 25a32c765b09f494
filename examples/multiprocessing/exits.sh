#!/bin/sh
# Workers that end with an error code, or crash, in the middle of their work:
#
#     exits.sh
#
# Only the item that the worker was at fails, and its cause names the code or the signal. A fresh worker does the rest.
# A Pool would wait for ever.
set -eu
parjob py "$(dirname "$0")/exits.py:work" ::: one exit two crash three
