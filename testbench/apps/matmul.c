/* Integer matrix product, 24 × 24, in the order of the definition. */
#include "app.h"

#define SIZE 24

static int32_t a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

EXPORT(multiply) void multiply(void)
{
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            uint32_t sum = 0;
            for (int k = 0; k < SIZE; k++)
                sum += (uint32_t)a[i][k] * (uint32_t)b[k][j];
            c[i][j] = (int32_t)sum;
        }
}

int32_t run(int32_t n)
{
    uint32_t state = 9, sum = 0;
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = (int32_t)(next_random(&state) & 0xffff) - 0x8000;
            b[i][j] = (int32_t)(next_random(&state) & 0xffff) - 0x8000;
        }
    for (int32_t round = 0; round < n; round++) {
        multiply();
        for (int i = 0; i < SIZE; i++) {
            sum = fold(sum, (uint32_t)c[i][SIZE - 1 - i]);
            a[round % SIZE][i] = c[i][round % SIZE] >> 16;
        }
    }
    return (int32_t)sum;
}
