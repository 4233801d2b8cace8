/* Quick sort of 512 words as a C library has it: median of three, an explicit
 * stack, the shorter part later, and insertion sort for what is short. */
#include "app.h"

#define COUNT 512
#define SHORT 12

static int32_t values[COUNT];

static void swap(int32_t *a, int32_t *b)
{
    int32_t value = *a;
    *a = *b;
    *b = value;
}

static void insertion_sort(int32_t *a, int32_t low, int32_t high)
{
    for (int32_t i = low + 1; i <= high; i++) {
        int32_t value = a[i], j = i;
        while (j > low && a[j - 1] > value) {
            a[j] = a[j - 1];
            j--;
        }
        a[j] = value;
    }
}

/* Moves the median of first, middle and last to the middle; it is the pivot. */
static int32_t median_of_three(int32_t *a, int32_t low, int32_t high)
{
    int32_t middle = low + (high - low) / 2;
    if (a[middle] < a[low])
        swap(&a[middle], &a[low]);
    if (a[high] < a[low])
        swap(&a[high], &a[low]);
    if (a[high] < a[middle])
        swap(&a[high], &a[middle]);
    return a[middle];
}

EXPORT(sort) void sort(int32_t *a, int32_t count)
{
    struct { int32_t low, high; } stack[32];
    int32_t depth = 0, low = 0, high = count - 1;
    for (;;) {
        if (high - low < SHORT) {
            insertion_sort(a, low, high);
            if (depth == 0)
                return;
            depth--;
            low = stack[depth].low;
            high = stack[depth].high;
            continue;
        }
        int32_t pivot = median_of_three(a, low, high);
        int32_t i = low, j = high;
        while (i <= j) {
            while (a[i] < pivot)
                i++;
            while (a[j] > pivot)
                j--;
            if (i <= j) {
                swap(&a[i], &a[j]);
                i++;
                j--;
            }
        }
        /* The longer part waits, so that the stack stays short. */
        if (j - low > high - i) {
            stack[depth].low = low;
            stack[depth].high = j;
            low = i;
        } else {
            stack[depth].low = i;
            stack[depth].high = high;
            high = j;
        }
        depth++;
    }
}

int32_t run(int32_t n)
{
    uint32_t state = 26, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        /* One in four rounds has many equal values. */
        uint32_t mask = (round & 3) == 3 ? 0xf : 0xffffffff;
        for (int32_t i = 0; i < COUNT; i++)
            values[i] = (int32_t)(next_random(&state) & mask);
        sort(values, COUNT);
        for (int32_t i = 1; i < COUNT; i++) {
            if (values[i - 1] > values[i])
                return -1;
            if ((i & 7) == 0)
                sum = fold(sum, (uint32_t)values[i]);
        }
    }
    return (int32_t)sum;
}
