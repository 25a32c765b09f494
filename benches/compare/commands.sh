#!/bin/sh
# Commands: parjob beside a C loop of posix_spawn and xargs, in turn, on an idle machine.
#
#     cargo build --release && sh benches/compare/commands.sh [RUNS]
#
# Prints milliseconds, a line for each round. coreutils' true sets up a locale when it gets exactly one argument, a
# third of its time; so every program here gets two, or none.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
parjob=${PARJOB:-$here/../../target/release/parjob}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v script >/dev/null || { echo 'this needs script(1), of bsdutils' >&2; exit 1; }
cc -O2 -o loop "$here/spawn_loop.c"
seq 5000 >items
yes 0 | head -1000 >naps

ms() {
    begin=$(date +%s%N)
    "$@" >/dev/null
    printf '%s\t' $((($(date +%s%N) - begin) / 1000000))
}

# A terminal of its own, so that there is a bar.
with_bar() {
    rm -f ledger joblog
    script -qec "$parjob -j2 --ledger ledger --joblog joblog run true x <items >/dev/null" /dev/null
}

printf 'loop\trun\tledger\tbar\txargs\tsh\txargs-sh\tloop1000\tsleep200\n'
for _ in $(seq "${1:-5}"); do
    rm -f ledger joblog
    ms ./loop 5000 2
    ms "$parjob" -j2 run true x <items
    ms "$parjob" -j2 --ledger ledger --joblog joblog run true x <items
    ms with_bar
    ms xargs -P2 -n1 true x <items
    ms "$parjob" -j2 sh 'true {}' <items
    ms xargs -P2 -I{} sh -c 'true {}' <items
    ms ./loop 1000 2
    ms "$parjob" --jobs 200 run sleep 0.1 <naps
    echo
done
