/* The reference: one thread, one number per line, stdin to stdout.
 * This is the loop one would write by hand, not the fastest possible one.
 * Squares wrap at 2^64; the inputs stay far below that. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char line[64];

    while (fgets_unlocked(line, sizeof line, stdin)) {
        unsigned long long n = strtoull(line, NULL, 10);
        printf("%llu\n", n * n);
    }
    /* A full disk shows up only when the last buffer is flushed. */
    return ferror(stdin) || fflush(stdout) || ferror(stdout);
}
