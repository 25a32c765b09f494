# The first two columns of each line, the second first. A worker of `--protocol lines`, which flushes each answer:
#
#     parjob pool awk -f swap.awk
{ print $2, $1; fflush() }
