/* peak_rss PROGRAM [ARG...]: runs the program, then writes its peak RSS in
 * KiB to descriptor 3.
 *
 * Linux counts the memory of the process that called exec as part of the new
 * program's peak. Started from Python, every program would show at least the
 * size of Python. This one is small enough not to matter. */
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status;
    struct rusage usage;
    pid_t pid;

    if (argc < 2)
        return 2;
    pid = fork();
    if (pid == 0) {
        close(3);
        execv(argv[1], argv + 1);
        _exit(127);
    }
    /* Our copy of stdin must go, or whoever feeds it never sees SIGPIPE. */
    close(0);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 2;
    dprintf(3, "%ld\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
