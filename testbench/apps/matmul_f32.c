/* Matrix product in f32, 24 × 24, in the order of the definition. */
#include "app.h"

#define SIZE 24

static float a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

EXPORT(multiply) void multiply(void)
{
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            float sum = 0;
            for (int k = 0; k < SIZE; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

/* In [-1, 1). */
static float next_element(uint32_t *state)
{
    return (float)((int32_t)next_random(state) >> 8) * (1.0f / 8388608.0f);
}

int32_t run(int32_t n)
{
    uint32_t state = 23, sum = 0;
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            a[i][j] = next_element(&state);
            b[i][j] = next_element(&state);
        }
    for (int32_t round = 0; round < n; round++) {
        multiply();
        for (int i = 0; i < SIZE; i++) {
            sum = fold(sum, (uint32_t)(int32_t)(c[i][SIZE - 1 - i] * 1048576.0f));
            a[round % SIZE][i] = c[i][round % SIZE] * 0.125f;
        }
    }
    return (int32_t)sum;
}
