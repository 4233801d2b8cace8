/* Heap sort of signed words, in place. */
#include "app.h"

#define COUNT 1000

static int32_t values[COUNT];

static void sift_down(int32_t *a, uint32_t root, uint32_t end)
{
    int32_t value = a[root];
    for (;;) {
        uint32_t child = 2 * root + 1;
        if (child >= end)
            break;
        if (child + 1 < end && a[child] < a[child + 1])
            child++;
        if (value >= a[child])
            break;
        a[root] = a[child];
        root = child;
    }
    a[root] = value;
}

EXPORT(heapsort) void heapsort(int32_t *a, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(a, i, count);
    for (uint32_t end = count; end-- > 1;) {
        int32_t largest = a[0];
        a[0] = a[end];
        a[end] = largest;
        sift_down(a, 0, end);
    }
}

int32_t run(int32_t n)
{
    uint32_t state = 3, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < COUNT; i++)
            values[i] = (int32_t)next_random(&state);
        heapsort(values, COUNT);
        for (uint32_t i = 1; i < COUNT; i++) {
            if (values[i - 1] > values[i])
                return -1;
            sum = fold(sum, (uint32_t)values[i]);
        }
    }
    return (int32_t)sum;
}
