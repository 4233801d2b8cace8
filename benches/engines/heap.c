/* What a C library asks of the system below it: a heap between the program's variables and the
   stack, and an end. */
#include <errno.h>
#include <stddef.h>

extern char end[], heap_end[];

static char *top = end;
/* The most heap that was in use, in bytes; read by the benches. */
size_t heap_used;

void *sbrk(ptrdiff_t bytes)
{
    char *start = top;
    if (bytes > heap_end - top) {
        errno = ENOMEM;
        return (void *)-1;
    }
    top += bytes;
    if ((size_t)(top - end) > heap_used)
        heap_used = top - end;
    return start;
}

void *_sbrk(ptrdiff_t bytes)
{
    return sbrk(bytes);
}

/* A store where no memory is: the emulator says where that was. */
__attribute__((noreturn)) void _exit(int status)
{
    for (;;)
        *(volatile int *)0xfffffff0 = status;
}

__attribute__((noreturn)) void abort(void)
{
    _exit(1);
}
