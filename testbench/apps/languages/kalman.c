// A Kalman filter of position and speed in double precision, with float sensors and 64-bit sums.

#include <stdint.h>

typedef struct {
    double position, speed;
    double p[2][2];
} Filter;

static void predict(Filter *f, double dt, double noise) {
    f->position += f->speed * dt;
    double p00 = f->p[0][0] + dt * (f->p[1][0] + f->p[0][1]) + dt * dt * f->p[1][1] + noise;
    double p01 = f->p[0][1] + dt * f->p[1][1];
    double p10 = f->p[1][0] + dt * f->p[1][1];
    f->p[1][1] += noise;
    f->p[0][0] = p00;
    f->p[0][1] = p01;
    f->p[1][0] = p10;
}

static void correct(Filter *f, float measured, double variance) {
    double s = f->p[0][0] + variance;
    double k0 = f->p[0][0] / s, k1 = f->p[1][0] / s;
    double y = (double)measured - f->position;
    f->position += k0 * y;
    f->speed += k1 * y;
    double p00 = f->p[0][0], p01 = f->p[0][1];
    f->p[0][0] -= k0 * p00;
    f->p[0][1] -= k0 * p01;
    f->p[1][0] -= k1 * p00;
    f->p[1][1] -= k1 * p01;
}

static uint64_t state;

static float noise(void) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    int32_t high = (int32_t)(state >> 32);
    return (float)high / 4294967296.0f;
}

__attribute__((export_name("run"))) int64_t run(int32_t steps) {
    Filter f = {0, 0, {{1, 0}, {0, 1}}};
    uint64_t sum = 14695981039346656037ull;
    state = 42;
    for (int32_t step = 1; step <= steps; step++) {
        float truth = 0.5f * (float)step + __builtin_sqrtf((float)step);
        predict(&f, 1.0, 1e-3);
        correct(&f, truth + noise(), 0.25);
        union {
            double value;
            uint64_t bits;
        } bits = {f.position};
        sum = (sum ^ bits.bits) * 1099511628211ull;
        sum ^= (uint64_t)(int64_t)(f.speed * 1e6);
    }
    return (int64_t)sum;
}
