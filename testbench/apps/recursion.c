/* Recursion in three shapes: N queens (backtracking), Ackermann (deep) and
 * quicksort (divide and conquer). */
#include "app.h"

#define COUNT 256

static int32_t values[COUNT];

static uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right)
{
    if (columns == all)
        return 1;
    uint32_t solutions = 0;
    uint32_t free = all & ~(columns | left | right);
    while (free) {
        uint32_t bit = free & -free;
        free ^= bit;
        solutions += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return solutions;
}

/* Number of ways to place `n` queens, `n` at most 16. */
EXPORT(queens) uint32_t queens(uint32_t n)
{
    return place((1u << n) - 1, 0, 0, 0);
}

EXPORT(ackermann) uint32_t ackermann(uint32_t m, uint32_t n)
{
    if (m == 0)
        return n + 1;
    if (n == 0)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

EXPORT(quicksort) void quicksort(int32_t *a, int32_t low, int32_t high)
{
    if (low >= high)
        return;
    int32_t pivot = a[low + (high - low) / 2];
    int32_t i = low, j = high;
    while (i <= j) {
        while (a[i] < pivot)
            i++;
        while (a[j] > pivot)
            j--;
        if (i <= j) {
            int32_t value = a[i];
            a[i++] = a[j];
            a[j--] = value;
        }
    }
    quicksort(a, low, j);
    quicksort(a, i, high);
}

int32_t run(int32_t n)
{
    uint32_t state = 5, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        sum = fold(sum, queens(6));
        sum = fold(sum, ackermann(2, (uint32_t)round & 7));
        for (uint32_t i = 0; i < COUNT; i++)
            values[i] = (int32_t)next_random(&state);
        quicksort(values, 0, COUNT - 1);
        for (uint32_t i = 1; i < COUNT; i++) {
            if (values[i - 1] > values[i])
                return -1;
            sum = fold(sum, (uint32_t)values[i]);
        }
    }
    return (int32_t)sum;
}
