/* Attitude of a quadcopter in f32, with host calls: a complementary filter
 * (Mahony 2008) joins gyroscope and accelerometer in a quaternion, a controller
 * levels the body, and each motor's duty goes out through an import. */
#include "app.h"

#define STEPS 50

/* The motor driver of the host. */
IMPORT(spectest, print_i32) void print_i32(int32_t value);

struct vector {
    float x, y, z;
};

struct attitude {
    float w, x, y, z;      /* quaternion */
    struct vector drift;   /* integral of the error, radians per second */
};

struct body {
    struct vector down;    /* gravity as the body sees it, a unit vector */
    struct vector rate;    /* radians per second */
};

static const float dt = 0.005f;
static struct attitude attitude;
static struct body body;

static float clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

/* 1/√x for x not far from 1, where three of Newton's steps do. */
static float inverse_root(float x)
{
    float y = 1.5f - 0.5f * clamp(x, 0.25f, 2.0f);
    for (int i = 0; i < 3; i++)
        y = y * (1.5f - 0.5f * x * y * y);
    return y;
}

static struct vector unit(struct vector v)
{
    float scale = inverse_root(v.x * v.x + v.y * v.y + v.z * v.z);
    return (struct vector){ v.x * scale, v.y * scale, v.z * scale };
}

static struct vector cross(struct vector a, struct vector b)
{
    return (struct vector){
        a.y * b.z - a.z * b.y,
        a.z * b.x - a.x * b.z,
        a.x * b.y - a.y * b.x,
    };
}

/* Gravity in the body's frame, according to the quaternion. */
static struct vector estimated_down(const struct attitude *q)
{
    return (struct vector){
        2.0f * (q->x * q->z - q->w * q->y),
        2.0f * (q->w * q->x + q->y * q->z),
        q->w * q->w - q->x * q->x - q->y * q->y + q->z * q->z,
    };
}

static void update(struct attitude *q, struct vector gyro, struct vector accel)
{
    const float proportional = 1.0f, integral = 0.1f;
    struct vector error = cross(unit(accel), estimated_down(q));
    q->drift.x += integral * dt * error.x;
    q->drift.y += integral * dt * error.y;
    q->drift.z += integral * dt * error.z;
    float x = 0.5f * dt * (gyro.x + proportional * error.x + q->drift.x);
    float y = 0.5f * dt * (gyro.y + proportional * error.y + q->drift.y);
    float z = 0.5f * dt * (gyro.z + proportional * error.z + q->drift.z);

    struct attitude old = *q;
    q->w -= old.x * x + old.y * y + old.z * z;
    q->x += old.w * x + old.y * z - old.z * y;
    q->y += old.w * y - old.x * z + old.z * x;
    q->z += old.w * z + old.x * y - old.y * x;
    float scale = inverse_root(q->w * q->w + q->x * q->x + q->y * q->y + q->z * q->z);
    q->w *= scale;
    q->x *= scale;
    q->y *= scale;
    q->z *= scale;
}

/* In [-1, 1). */
static float noise(uint32_t *state)
{
    return (float)((int32_t)next_random(state) >> 16) * (1.0f / 32768.0f);
}

/* Sets a motor; the duty that it has then, in [0, 1]. */
static float set_motor(float duty)
{
    duty = clamp(duty, 0.0f, 1.0f);
    print_i32((int32_t)(duty * 1000.0f));
    return duty;
}

/* What the motors do to the body until the next step. */
static void move(struct body *b, struct vector torque, uint32_t *state)
{
    b->rate.x += dt * (40.0f * torque.x - b->rate.x + 4.0f * noise(state));
    b->rate.y += dt * (40.0f * torque.y - b->rate.y + 4.0f * noise(state));
    b->rate.z += dt * (10.0f * torque.z - b->rate.z);
    struct vector turn = cross(b->down, b->rate);
    b->down.x += dt * turn.x;
    b->down.y += dt * turn.y;
    b->down.z += dt * turn.z;
    b->down = unit(b->down);
}

static void step(uint32_t *state)
{
    struct vector gyro = {
        body.rate.x + 0.02f + 0.01f * noise(state),
        body.rate.y - 0.01f + 0.01f * noise(state),
        body.rate.z + 0.01f * noise(state),
    };
    struct vector accel = {
        body.down.x + 0.05f * noise(state),
        body.down.y + 0.05f * noise(state),
        body.down.z + 0.05f * noise(state),
    };
    update(&attitude, gyro, accel);

    struct vector down = estimated_down(&attitude);
    float roll = -1.5f * down.y - 0.25f * gyro.x;
    float pitch = 1.5f * down.x - 0.25f * gyro.y;
    float yaw = -0.2f * gyro.z;
    float front_left = set_motor(0.5f + roll + pitch - yaw);
    float front_right = set_motor(0.5f - roll + pitch + yaw);
    float rear_left = set_motor(0.5f + roll - pitch + yaw);
    float rear_right = set_motor(0.5f - roll - pitch - yaw);
    struct vector torque = {
        0.25f * (front_left + rear_left - front_right - rear_right),
        0.25f * (front_left + front_right - rear_left - rear_right),
        0.25f * (front_right + rear_left - front_left - rear_right),
    };
    move(&body, torque, state);
}

int32_t run(int32_t n)
{
    uint32_t state = 30, sum = 0;
    attitude = (struct attitude){ 1.0f, 0, 0, 0, { 0, 0, 0 } };
    body = (struct body){ { 0, 0.6f, 0.8f }, { 0, 0, 0 } };
    for (int32_t round = 0; round < n; round++) {
        for (int i = 0; i < STEPS; i++)
            step(&state);
        sum = fold(sum, (uint32_t)(int32_t)(attitude.w * 16777216.0f));
        sum = fold(sum, (uint32_t)(int32_t)(body.down.y * 16777216.0f));
        sum = fold(sum, (uint32_t)(int32_t)(attitude.drift.x * 16777216.0f));
    }
    return (int32_t)sum;
}
