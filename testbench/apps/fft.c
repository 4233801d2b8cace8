/* Spectrum of 256 samples in f32: Hann window, radix-2 complex FFT in place,
 * power of every bin and the strongest one, as a vibration monitor does it. */
#include "app.h"

#define POINTS 256
#define LOG_POINTS 8

struct complex {
    float re, im;
};

static struct complex data[POINTS];
static struct complex twiddles[POINTS / 2];
static float window[POINTS];
static float power[POINTS / 2];

/* Sine of an angle in [-π/2, π/2]: the series up to the ninth power. */
static float sine(float x)
{
    float square = x * x;
    float sum = 1.0f / 362880.0f;
    sum = sum * square - 1.0f / 5040.0f;
    sum = sum * square + 1.0f / 120.0f;
    sum = sum * square - 1.0f / 6.0f;
    sum = sum * square + 1.0f;
    return x * sum;
}

static void make_tables(void)
{
    const float step = 6.283185f / POINTS;
    const float quarter = 1.570796f;
    for (int i = 0; i < POINTS / 2; i++) {
        float angle = step * (float)i;
        twiddles[i].re = sine(quarter - angle);
        twiddles[i].im = -(i <= POINTS / 4 ? sine(angle) : sine(2.0f * quarter - angle));
        window[i] = 0.5f - 0.5f * twiddles[i].re;
        window[POINTS - 1 - i] = window[i];
    }
}

static void reorder(struct complex *x)
{
    for (uint32_t i = 0, j = 0; i < POINTS; i++) {
        if (i < j) {
            struct complex swapped = x[i];
            x[i] = x[j];
            x[j] = swapped;
        }
        uint32_t bit = POINTS / 2;
        while (j & bit) {
            j ^= bit;
            bit >>= 1;
        }
        j |= bit;
    }
}

EXPORT(transform) void transform(struct complex *x)
{
    reorder(x);
    for (uint32_t half = 1; half < POINTS; half *= 2) {
        uint32_t stride = POINTS / (2 * half);
        for (uint32_t start = 0; start < POINTS; start += 2 * half) {
            for (uint32_t k = 0; k < half; k++) {
                struct complex w = twiddles[k * stride];
                struct complex *upper = &x[start + k], *lower = &x[start + k + half];
                float re = lower->re * w.re - lower->im * w.im;
                float im = lower->re * w.im + lower->im * w.re;
                lower->re = upper->re - re;
                lower->im = upper->im - im;
                upper->re += re;
                upper->im += im;
            }
        }
    }
}

/* A square wave of `period` samples in noise. */
static void sample(uint32_t *state, uint32_t period)
{
    for (uint32_t i = 0; i < POINTS; i++) {
        float noise = (float)((int32_t)next_random(state) >> 16) * (1.0f / 65536.0f);
        float wave = i % period < period / 2 ? 1.0f : -1.0f;
        data[i].re = (wave + noise) * window[i];
        data[i].im = 0;
    }
}

int32_t run(int32_t n)
{
    uint32_t state = 24, sum = 0;
    make_tables();
    for (int32_t round = 0; round < n; round++) {
        sample(&state, 8 + (uint32_t)round % 24);
        transform(data);
        uint32_t strongest = 0;
        for (uint32_t i = 0; i < POINTS / 2; i++) {
            power[i] = data[i].re * data[i].re + data[i].im * data[i].im;
            if (power[i] > power[strongest])
                strongest = i;
        }
        sum = fold(sum, strongest);
        for (uint32_t i = 0; i < POINTS / 2; i += 8)
            sum = fold(sum, (uint32_t)(int32_t)(power[i] * 1024.0f));
    }
    return (int32_t)sum;
}
