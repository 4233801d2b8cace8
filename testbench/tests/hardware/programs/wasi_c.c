/* An ordinary program in C: arguments, environment, time, sleep, input, output, exit status.
 *
 * clang --target=wasm32-wasi --sysroot=/usr -Os -Wall -Wextra -Werror -Wl,--stack-first -Wl,-z,stack-size=8192
 *     -Wl,--strip-all   (packages wasi-libc and libclang-rt-dev-wasm32)
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int count, char **arguments)
{
    const char *level = getenv("LEVEL");
    struct timespec begin, end, nap = {1, 500000000};
    char line[80], *words[32];
    size_t found = 0;

    printf("%d arguments, the last %s\n", count, arguments[count - 1]);
    fprintf(stderr, "level %s\n", level ? level : "none");

    clock_gettime(CLOCK_MONOTONIC, &begin);
    nanosleep(&nap, NULL);
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("slept for %ld ms\n",
           (long)(end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000);

    while (fgets(line, sizeof line, stdin))
        for (char *word = strtok(line, " \n"); word && found < 32; word = strtok(NULL, " \n"))
            words[found++] = strdup(word);
    qsort(words, found, sizeof *words, compare);
    for (size_t i = 0; i < found; i++)
        printf("%s%c", words[i], i + 1 < found ? ' ' : '\n');
    printf("%.6f\n", sqrt(2) * sin(1));

    if (!fopen("config.txt", "r"))
        printf("no file: %s\n", strerror(errno));
    return level ? atoi(level) + 40 : 40;
}
