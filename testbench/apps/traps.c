/* Mistakes on demand: every export but `run` can trap. For tests of the trap
 * road; a native build of it is meaningless beyond `run`. */
#include "app.h"

typedef int32_t unary(int32_t);
typedef int32_t binary(int32_t, int32_t);

static int32_t negate(int32_t x)
{
    return -x;
}

static int32_t add(int32_t x, int32_t y)
{
    return x + y;
}

static void *volatile entries[4] = { 0, (void *)negate, (void *)add, (void *)0xffff };

EXPORT(divide) int32_t divide(int32_t a, int32_t b)
{
    return a / b;
}

EXPORT(modulo) int32_t modulo(int32_t a, int32_t b)
{
    return a % b;
}

EXPORT(peek) int32_t peek(uint32_t address)
{
    return *(volatile int32_t *)(uintptr_t)address;
}

EXPORT(poke) void poke(uint32_t address, int32_t value)
{
    *(volatile uint8_t *)(uintptr_t)address = (uint8_t)value;
}

/* entry 0: null, 1: right signature, 2: another signature, 3: beyond the table */
EXPORT(call) int32_t call(uint32_t entry, int32_t x)
{
    return ((unary *)entries[entry & 3])(x);
}

EXPORT(stop) void stop(void)
{
    __builtin_trap();
}

/* Recurses `depth` deep with a frame that cannot be optimised away. */
EXPORT(recurse) int32_t recurse(int32_t depth)
{
    volatile int32_t here = depth;
    if (depth <= 0)
        return 0;
    return recurse(depth - 1) + (here & 1);
}

int32_t run(int32_t n)
{
    uint32_t sum = 0;
    for (int32_t i = 1; i <= n; i++) {
        sum = fold(sum, (uint32_t)divide(1000003, i));
        sum = fold(sum, (uint32_t)modulo(1000003, i));
        sum = fold(sum, (uint32_t)((unary *)entries[1])(i));
        sum = fold(sum, (uint32_t)((binary *)entries[2])(i, i));
        sum = fold(sum, (uint32_t)recurse(i & 15));
    }
    return (int32_t)sum;
}
