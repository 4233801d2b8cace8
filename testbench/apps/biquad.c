/* Low-pass of order eight as a cascade of four second-order sections in f32,
 * direct form 2 transposed, block by block as an audio or vibration node runs it. */
#include "app.h"

#define SECTIONS 4
#define BLOCK 256

struct section {
    float b0, b1, b2, a1, a2;
    float s1, s2;
};

/* Butterworth, cut-off at a tenth of the sampling rate. */
static struct section cascade[SECTIONS] = {
    { 0.060572f, 0.121144f, 0.060572f, -1.026351f, 0.268640f, 0, 0 },
    { 0.064143f, 0.128286f, 0.064143f, -1.086858f, 0.343431f, 0, 0 },
    { 0.071985f, 0.143969f, 0.071985f, -1.219725f, 0.507663f, 0, 0 },
    { 0.085668f, 0.171336f, 0.085668f, -1.451580f, 0.794251f, 0, 0 },
};
static float samples[BLOCK];

static float filter_one(struct section *s, float x)
{
    float y = s->b0 * x + s->s1;
    s->s1 = s->b1 * x - s->a1 * y + s->s2;
    s->s2 = s->b2 * x - s->a2 * y;
    return y;
}

/* Filters `count` samples in place, section by section. */
EXPORT(filter) void filter(float *block, uint32_t count)
{
    for (int k = 0; k < SECTIONS; k++)
        for (uint32_t i = 0; i < count; i++)
            block[i] = filter_one(&cascade[k], block[i]);
}

int32_t run(int32_t n)
{
    uint32_t state = 21, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < BLOCK; i++)
            samples[i] = (float)((int32_t)next_random(&state) >> 8) * (1.0f / 8388608.0f);
        filter(samples, BLOCK);
        for (uint32_t i = 0; i < BLOCK; i += 4)
            sum = fold(sum, (uint32_t)(int32_t)(samples[i] * 16777216.0f));
    }
    return (int32_t)sum;
}
