/* Navigation in f64: distance (haversine) and bearing from one way point to the
 * next, and the position after a part of the leg. Sine, arc tangent and square
 * root are here, since a guest has no library. */
#include "app.h"

#define POINTS 5
#define PI 3.141592653589793
#define EARTH_RADIUS 6371008.8  /* metres */

struct position {
    double latitude, longitude;  /* radians */
};

static struct position track[POINTS];

/* Newton's method from a guess that halves the exponent; `x` is not negative. */
static double square_root(double x)
{
    if (x == 0)
        return 0;
    union { double value; uint64_t bits; } guess = { x };
    guess.bits = (guess.bits >> 1) + 0x1ff7a3bea91d9b1bu;
    double root = guess.value;
    for (int i = 0; i < 4; i++)
        root = 0.5 * (root + x / root);
    return root;
}

/* Series of sine and cosine in [-π/4, π/4]. */
static double sine_series(double x)
{
    double s = x * x;
    return x * (1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0
        + s * (1.0 / 362880.0 + s * (-1.0 / 39916800.0))))));
}

static double cosine_series(double x)
{
    double s = x * x;
    return 1.0 + s * (-1.0 / 2.0 + s * (1.0 / 24.0 + s * (-1.0 / 720.0
        + s * (1.0 / 40320.0 + s * (-1.0 / 3628800.0)))));
}

/* Both, of any angle of some turns. */
static void sine_cosine(double x, double *sine, double *cosine)
{
    double turns = x * (2.0 / PI);
    int32_t quarter = (int32_t)(turns < 0 ? turns - 0.5 : turns + 0.5);
    double rest = x - (double)quarter * (PI / 2.0);
    double s = sine_series(rest), c = cosine_series(rest);
    switch (quarter & 3) {
    case 0: *sine = s; *cosine = c; break;
    case 1: *sine = c; *cosine = -s; break;
    case 2: *sine = -s; *cosine = -c; break;
    default: *sine = -c; *cosine = s; break;
    }
}

/* In [0, 1]: above tan(π/8) by the identity of the difference, then the series. */
static double arc_tangent_series(double x)
{
    double base = 0;
    if (x > 0.41421356237309503) {
        base = PI / 4.0;
        x = (x - 1.0) / (x + 1.0);
    }
    double s = x * x, sum = 0;
    for (int k = 23; k >= 1; k -= 2)
        sum = 1.0 / (double)k - s * sum;
    return base + x * sum;
}

static double arc_tangent2(double y, double x)
{
    double ay = y < 0 ? -y : y, ax = x < 0 ? -x : x;
    if (ax == 0 && ay == 0)
        return 0;
    double angle = ay > ax ? PI / 2.0 - arc_tangent_series(ax / ay) : arc_tangent_series(ay / ax);
    if (x < 0)
        angle = PI - angle;
    return y < 0 ? -angle : angle;
}

/* Metres from `a` to `b` over the great circle. */
static double distance(struct position a, struct position b)
{
    double s1, c1, s2, c2, sa, ca, sb, cb;
    sine_cosine(a.latitude, &sa, &ca);
    sine_cosine(b.latitude, &sb, &cb);
    sine_cosine((b.latitude - a.latitude) * 0.5, &s1, &c1);
    sine_cosine((b.longitude - a.longitude) * 0.5, &s2, &c2);
    double h = s1 * s1 + ca * cb * s2 * s2;
    return 2.0 * EARTH_RADIUS * arc_tangent2(square_root(h), square_root(1.0 - h));
}

/* Initial course from `a` to `b`, radians clockwise from north. */
static double bearing(struct position a, struct position b)
{
    double sa, ca, sb, cb, sd, cd;
    sine_cosine(a.latitude, &sa, &ca);
    sine_cosine(b.latitude, &sb, &cb);
    sine_cosine(b.longitude - a.longitude, &sd, &cd);
    return arc_tangent2(sd * cb, ca * sb - sa * cb * cd);
}

/* Where one is after `metres` on `course`. */
static struct position destination(struct position from, double course, double metres)
{
    double sa, ca, sc, cc, sd, cd;
    sine_cosine(from.latitude, &sa, &ca);
    sine_cosine(course, &sc, &cc);
    sine_cosine(metres / EARTH_RADIUS, &sd, &cd);
    double sine = sa * cd + ca * sd * cc;
    double cosine = square_root(1.0 - sine * sine);
    return (struct position){
        arc_tangent2(sine, cosine),
        from.longitude + arc_tangent2(sc * sd * ca, cd - sa * sine),
    };
}

/* Around 47° north, 8° east, within about 30 km. */
static struct position next_point(uint32_t *state)
{
    double north = (double)((int32_t)next_random(state) >> 8) / 8388608.0;
    double east = (double)((int32_t)next_random(state) >> 8) / 8388608.0;
    return (struct position){ (47.0 + 0.3 * north) * (PI / 180.0), (8.0 + 0.4 * east) * (PI / 180.0) };
}

int32_t run(int32_t n)
{
    uint32_t state = 31, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        for (int i = 0; i < POINTS; i++)
            track[i] = next_point(&state);
        for (int i = 0; i + 1 < POINTS; i++) {
            double metres = distance(track[i], track[i + 1]);
            double course = bearing(track[i], track[i + 1]);
            struct position way = destination(track[i], course, 0.25 * metres);
            sum = fold(sum, (uint32_t)(int32_t)(metres * 1000.0));
            sum = fold(sum, (uint32_t)(int32_t)(course * 1e8));
            sum = fold(sum, (uint32_t)(int32_t)(way.latitude * 1e9));
            sum = fold(sum, (uint32_t)(int32_t)(way.longitude * 1e9));
        }
    }
    return (int32_t)sum;
}
