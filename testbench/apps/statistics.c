/* Statistics of raw readings with 64-bit integers: a generator of 64 bits of
 * state (PCG), sums, variance, trend line, histogram and quantiles. */
#include "app.h"

#define COUNT 256
#define BINS 64

struct summary {
    int64_t mean;       /* 1/65536 */
    uint64_t variance;  /* of the reading, squared */
    int64_t slope;      /* 1/65536 per reading */
    int32_t lowest, highest, median;
};

static uint64_t generator;
static int32_t readings[COUNT];
static uint32_t histogram[BINS];

/* PCG-XSH-RR (O'Neill 2014). */
static uint32_t next_pcg(void)
{
    uint64_t old = generator;
    generator = old * 6364136223846793005u + 1442695040888963407u;
    uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    uint32_t rotation = (uint32_t)(old >> 59);
    return shifted >> rotation | shifted << (-rotation & 31);
}

/* Rounded down. */
static uint32_t square_root(uint64_t x)
{
    uint64_t root = 0, bit = (uint64_t)1 << 62;
    while (bit > x)
        bit >>= 2;
    while (bit) {
        if (x >= root + bit) {
            x -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
        bit >>= 2;
    }
    return (uint32_t)root;
}

static void summarize(const int32_t *values, struct summary *s)
{
    int64_t total = 0, weighted = 0;
    s->lowest = s->highest = values[0];
    for (int32_t i = 0; i < COUNT; i++) {
        total += values[i];
        weighted += (int64_t)values[i] * (2 * i - (COUNT - 1));
        if (values[i] < s->lowest)
            s->lowest = values[i];
        if (values[i] > s->highest)
            s->highest = values[i];
    }
    s->mean = total * 65536 / COUNT;
    /* Least squares over x = 2i - (COUNT - 1), whose squares add up to COUNT (COUNT² - 1) / 3. */
    s->slope = weighted * 65536 * 2 / ((int64_t)COUNT * ((int64_t)COUNT * COUNT - 1) / 3);

    uint64_t squares = 0;
    int32_t middle = (int32_t)(total / COUNT);
    for (int32_t i = 0; i < COUNT; i++) {
        int64_t off = (int64_t)values[i] - middle;
        squares += (uint64_t)(off * off);
    }
    s->variance = squares / (COUNT - 1);
}

/* The reading below which half of them are, to the width of a bin. */
static int32_t median(const int32_t *values, int32_t lowest, int32_t highest)
{
    uint64_t span = (uint64_t)((int64_t)highest - lowest) + 1;
    for (int i = 0; i < BINS; i++)
        histogram[i] = 0;
    for (int32_t i = 0; i < COUNT; i++) {
        uint64_t off = (uint64_t)((int64_t)values[i] - lowest);
        histogram[off * BINS / span]++;
    }
    uint32_t below = 0;
    int bin = 0;
    while (below + histogram[bin] < COUNT / 2)
        below += histogram[bin++];
    return (int32_t)((int64_t)lowest + (int64_t)(span * (uint32_t)bin / BINS));
}

static uint32_t fold_wide(uint32_t sum, uint64_t value)
{
    return fold(fold(sum, (uint32_t)value), (uint32_t)(value >> 32));
}

int32_t run(int32_t n)
{
    uint32_t sum = 0;
    generator = 29;
    for (int32_t round = 0; round < n; round++) {
        /* A drifting signal: each reading is a sum of four draws. */
        for (int32_t i = 0; i < COUNT; i++) {
            int64_t noise = 0;
            for (int draw = 0; draw < 4; draw++)
                noise += (int32_t)next_pcg() >> 4;
            readings[i] = (int32_t)(noise / 4 + (int64_t)i * round * 4096);
        }
        struct summary s;
        summarize(readings, &s);
        s.median = median(readings, s.lowest, s.highest);
        sum = fold_wide(sum, (uint64_t)s.mean);
        sum = fold_wide(sum, (uint64_t)s.slope);
        sum = fold_wide(sum, s.variance);
        sum = fold(sum, square_root(s.variance));
        sum = fold(sum, (uint32_t)s.median);
    }
    return (int32_t)sum;
}
