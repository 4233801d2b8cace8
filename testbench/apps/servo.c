/* A positioning axis in f32, every millisecond: a noisy encoder, a Kalman filter
 * of position and speed, a PID controller on the estimate, and the simulated axis. */
#include "app.h"

#define STEPS 200

struct kalman {
    float position, speed;
    float p00, p01, p11;   /* covariance, symmetric */
};

struct pid {
    float kp, ki, kd;
    float integral, limit;
};

struct axis {
    float position, speed, friction;
};

static const float dt = 0.001f;
static const float process_noise = 40.0f;    /* of the acceleration, squared */
static const float encoder_noise = 0.0004f;  /* of the position, squared */

static struct kalman filter;
static struct pid controller;
static struct axis axis;

static float clamp(float x, float limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

/* Advances the estimate under a known acceleration. */
static void predict(struct kalman *k, float acceleration)
{
    k->position += dt * (k->speed + 0.5f * dt * acceleration);
    k->speed += dt * acceleration;
    k->p00 += dt * (2.0f * k->p01 + dt * k->p11) + 0.25f * dt * dt * dt * dt * process_noise;
    k->p01 += dt * k->p11 + 0.5f * dt * dt * dt * process_noise;
    k->p11 += dt * dt * process_noise;
}

static void correct(struct kalman *k, float measured)
{
    float scale = 1.0f / (k->p00 + encoder_noise);
    float gain0 = k->p00 * scale, gain1 = k->p01 * scale;
    float error = measured - k->position;
    k->position += gain0 * error;
    k->speed += gain1 * error;
    k->p11 -= gain1 * k->p01;
    k->p01 -= gain0 * k->p01;
    k->p00 -= gain0 * k->p00;
}

/* The drive, an acceleration, that moves the axis to `target`. */
static float control(struct pid *c, const struct kalman *k, float target)
{
    float error = target - k->position;
    float drive = c->kp * error + c->ki * c->integral - c->kd * k->speed;
    if (drive < c->limit && drive > -c->limit)
        c->integral += error * dt;
    return clamp(drive, c->limit);
}

static float encoder(uint32_t *state)
{
    float noise = (float)((int32_t)next_random(state) >> 16) * (1.0f / 32768.0f);
    return axis.position + 0.02f * noise;
}

int32_t run(int32_t n)
{
    uint32_t state = 25, sum = 0;
    filter = (struct kalman){ 0, 0, 1.0f, 0, 1.0f };
    controller = (struct pid){ 900.0f, 400.0f, 50.0f, 0, 2000.0f };
    axis = (struct axis){ 0, 0, 4.0f };
    for (int32_t round = 0; round < n; round++) {
        float target = (float)(int32_t)(next_random(&state) % 200) * 0.01f - 1.0f;
        float drive = 0;
        for (int step = 0; step < STEPS; step++) {
            predict(&filter, drive);
            correct(&filter, encoder(&state));
            drive = control(&controller, &filter, target);
            axis.speed += dt * (drive - axis.friction * axis.speed);
            axis.position += dt * axis.speed;
        }
        sum = fold(sum, (uint32_t)(int32_t)(axis.position * 1048576.0f));
        sum = fold(sum, (uint32_t)(int32_t)(filter.speed * 65536.0f));
        sum = fold(sum, (uint32_t)(int32_t)(filter.p00 * 1073741824.0f));
    }
    return (int32_t)sum;
}
