/* FIR low-pass in f32: 32 taps over blocks of 256 samples, with the history of
 * the last block in front, as DSP libraries keep it. */
#include "app.h"

#define TAPS 32
#define BLOCK 256

static const float taps[TAPS] = {
    -0.000507f, 0.000606f,  0.002235f,  0.004132f,  0.004990f,  0.002776f,  -0.003933f, -0.014234f,
    -0.023880f, -0.025932f, -0.013265f, 0.017938f,  0.065338f,  0.119829f,  0.167867f,  0.196041f,
    0.196041f,  0.167867f,  0.119829f,  0.065338f,  0.017938f,  -0.013265f, -0.025932f, -0.023880f,
    -0.014234f, -0.003933f, 0.002776f,  0.004990f,  0.004132f,  0.002235f,  0.000606f,  -0.000507f,
};
static float history[TAPS - 1 + BLOCK];
static float output[BLOCK];

/* `count` outputs from `count + TAPS - 1` inputs. */
EXPORT(fir) void fir(float *out, const float *in, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        float sum = 0;
        for (uint32_t k = 0; k < TAPS; k++)
            sum += taps[k] * in[i + k];
        out[i] = sum;
    }
}

int32_t run(int32_t n)
{
    uint32_t state = 22, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < TAPS - 1; i++)
            history[i] = history[i + BLOCK];
        for (uint32_t i = 0; i < BLOCK; i++)
            history[TAPS - 1 + i] = (float)((int32_t)next_random(&state) >> 8) * (1.0f / 8388608.0f);
        fir(output, history, BLOCK);
        for (uint32_t i = 0; i < BLOCK; i += 4)
            sum = fold(sum, (uint32_t)(int32_t)(output[i] * 16777216.0f));
    }
    return (int32_t)sum;
}
