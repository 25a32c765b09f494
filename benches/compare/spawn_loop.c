/* The limit for work by processes: posix_spawn of /bin/true, JOBS at a time, nothing captured.
 * Usage: spawn_loop COUNT JOBS */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: spawn_loop COUNT JOBS\n");
        return 2;
    }
    int count = atoi(argv[1]), jobs = atoi(argv[2]), running = 0;
    char *words[] = {"true", NULL};
    for (int i = 0; i < count; i++) {
        pid_t pid;
        if (running == jobs) {
            wait(NULL);
            running--;
        }
        if (posix_spawn(&pid, "/bin/true", NULL, NULL, words, environ) != 0)
            return 1;
        running++;
    }
    while (running-- > 0)
        wait(NULL);
    return 0;
}
