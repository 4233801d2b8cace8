/* What an actuator node does every millisecond: median filter, ramp, PID in
 * fixed point with anti-windup, and a simulated motor to close the loop. */
#include "app.h"

#define SCALE 256

struct pid {
    int32_t kp, ki, kd;    /* gains, 1/256 */
    int32_t integral, last, limit;
};

struct motor {
    int32_t speed, load;   /* 1/256 turns per second */
};

static struct pid controller = { 600, 40, 90, 0, 0, 12000 };
static struct motor motor;
static int32_t window[3];

static int32_t clamp(int32_t x, int32_t limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

static int32_t median(int32_t a, int32_t b, int32_t c)
{
    int32_t low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

/* One step: the drive for an error of `target - measured`. */
EXPORT(pid_step) int32_t pid_step(int32_t target, int32_t measured)
{
    struct pid *p = &controller;
    int32_t error = clamp(target - measured, 100 * SCALE);
    int32_t slope = measured - p->last;
    int32_t drive = (p->kp * error + p->ki * p->integral - p->kd * slope) / SCALE;
    if (drive < p->limit && drive > -p->limit)
        p->integral = clamp(p->integral + error, 1 << 20);
    p->last = measured;
    return clamp(drive, p->limit);
}

static int32_t measure(uint32_t *state)
{
    int32_t noise = (int32_t)(next_random(state) & 31) - 16;
    /* Now and then the encoder glitches, which the median removes. */
    if ((next_random(state) & 63) == 0)
        noise += 9000;
    window[0] = window[1];
    window[1] = window[2];
    window[2] = motor.speed + noise;
    return median(window[0], window[1], window[2]);
}

int32_t run(int32_t n)
{
    uint32_t state = 11, sum = 0;
    int32_t target = 0;
    for (int32_t round = 0; round < n; round++) {
        int32_t wanted = (int32_t)(next_random(&state) % 12000) - 6000;
        for (int tick = 0; tick < 200; tick++) {
            target += clamp(wanted - target, 50);
            int32_t drive = pid_step(target, measure(&state));
            motor.speed += (drive - motor.speed - motor.load) / 16;
            sum = fold(sum, (uint32_t)motor.speed);
        }
        motor.load = wanted / 7;
    }
    return (int32_t)sum;
}
