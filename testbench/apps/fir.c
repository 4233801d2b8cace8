/* Integer FIR low-pass: 32 taps in Q12 over 16-bit samples, 32-bit accumulator. */
#include "app.h"

#define TAPS 32
#define SAMPLES 512

static const int16_t taps[TAPS] = {
    -8,   -13,  -19,  -22,  -17,  2,    37,   88,
    152,  223,  294,  357,  404,  430,  432,  409,
    409,  432,  430,  404,  357,  294,  223,  152,
    88,   37,   2,    -17,  -22,  -19,  -13,  -8,
};
static int16_t input[SAMPLES + TAPS - 1];
static int16_t output[SAMPLES];

static int16_t saturate(int32_t x)
{
    if (x > 32767)
        return 32767;
    if (x < -32768)
        return -32768;
    return (int16_t)x;
}

/* `count` outputs from `count + TAPS - 1` inputs. */
EXPORT(fir) void fir(int16_t *out, const int16_t *in, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        int32_t sum = 1 << 11;
        for (uint32_t k = 0; k < TAPS; k++)
            sum += taps[k] * in[i + k];
        out[i] = saturate(sum >> 12);
    }
}

int32_t run(int32_t n)
{
    uint32_t state = 2, sum = 0;
    for (uint32_t i = 0; i < SAMPLES + TAPS - 1; i++)
        input[i] = (int16_t)next_random(&state);
    for (int32_t round = 0; round < n; round++) {
        fir(output, input, SAMPLES);
        for (uint32_t i = 0; i < SAMPLES; i++)
            sum = fold(sum, (uint16_t)output[i]);
        input[round & (SAMPLES - 1)] = output[SAMPLES - 1];
    }
    return (int32_t)sum;
}
