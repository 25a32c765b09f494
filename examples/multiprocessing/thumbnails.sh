#!/bin/sh
# Writes a small copy of each picture into the folder thumbnails, on all CPUs:
#
#     thumbnails.sh photos/*.jpg
#
# A file that is no picture fails alone; the others are done. (`parjob resize` does it without Python.)
set -eu
parjob py "$(dirname "$0")/thumbnail.py:thumbnail" ::: "$@"
