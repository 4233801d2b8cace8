/*
 * wasm2mcu_host.h: hardware for modules, from firmware in C. The contract with modules is abi/HARDWARE.md.
 *
 *   w2m_hardware (functions of the firmware) ─┐
 *   policy (w2m_capability) ── w2m_host_open ─▶ w2m_host ── w2m_host_instantiate ─▶ w2m_instance
 *   w2m_image with its manifest ──────────────┘    │
 *                                                  └─ w2m_host_deliver: events, to the module's `on_event`
 *
 *   static uint64_t clock_now(void *user) { ... }
 *   static int32_t led(void *user, uint32_t pin, uint32_t level) { ...; return 0; }
 *
 *   static const w2m_hardware board = {.size = sizeof board, .now = clock_now, .gpio_write = led};
 *   static const w2m_capability policy[] = {W2M_GPIO(5, W2M_OUTPUT), W2M_I2C(1, 0x48)};
 *   static w2m_host host;
 *
 *   if (w2m_host_open(&host, &image, policy, 2, &board, NULL, NULL) == W2M_OK
 *       && w2m_host_instantiate(&instance, &image, &grant, &host, NULL, 0, NULL) == W2M_OK) { ... }
 *
 * A host belongs to one instance and is used by the same task. It stays where it is while the instance lives. The
 * functions here are not called from functions of the w2m_hardware, but for w2m_events_... on the events that
 * `wait` is given. Nothing is allocated.
 */
#ifndef WASM2MCU_HOST_H
#define WASM2MCU_HOST_H

#include "wasm2mcu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Capabilities ------------------------------------------------------------------------------------- */

enum {
    W2M_KIND_GPIO = 1,
    W2M_KIND_I2C = 2,
    W2M_KIND_SPI = 3,
    W2M_KIND_UART = 4,
    W2M_KIND_ADC = 5,
    W2M_KIND_PWM = 6,
    W2M_KIND_SENSOR = 7,
    W2M_KIND_KEY_VALUE = 8
};

/* Rights to a pin. */
#define W2M_INPUT 1
#define W2M_OUTPUT 2

/* A resource that a module asks for, or a host grants. */
typedef struct w2m_capability {
    uint8_t kind;    /* W2M_KIND_... */
    uint8_t rights;  /* of a pin: W2M_INPUT, W2M_OUTPUT or both; else 0 */
    uint16_t number; /* pin, bus, device, port, channel, sensor; 0 for the store */
    uint32_t detail; /* of I2C the address, or W2M_ANY; of the store its bytes; else 0 */
} w2m_capability;

#define W2M_ANY UINT32_MAX
#define W2M_GPIO(pin, rights) {W2M_KIND_GPIO, rights, pin, 0}
#define W2M_I2C(bus, address) {W2M_KIND_I2C, 0, bus, address}
#define W2M_SPI(device) {W2M_KIND_SPI, 0, device, 0}
#define W2M_UART(port) {W2M_KIND_UART, 0, port, 0}
#define W2M_ADC(channel) {W2M_KIND_ADC, 0, channel, 0}
#define W2M_PWM(channel) {W2M_KIND_PWM, 0, channel, 0}
#define W2M_SENSOR(sensor) {W2M_KIND_SENSOR, 0, sensor, 0}
#define W2M_KEY_VALUE(bytes) {W2M_KIND_KEY_VALUE, 0, 0, bytes}

/* ---- The firmware's functions ------------------------------------------------------------------------- */

/* Errors, as functions return them: negative. */
enum {
    W2M_E_NOT_PERMITTED = -1,
    W2M_E_NOT_FOUND = -2,
    W2M_E_INVALID_ARGUMENT = -3,
    W2M_E_UNSUPPORTED = -4,
    W2M_E_BUSY = -5,
    W2M_E_TIMEOUT = -6,
    W2M_E_NO_ACKNOWLEDGE = -7,
    W2M_E_BUS = -8,
    W2M_E_OVERRUN = -9,
    W2M_E_NO_SPACE = -10,
    W2M_E_IO = -11
};

/* A part of a transaction: `write_bytes` are sent, while or before `read_bytes` are received. On I2C, one of
   the two is 0. On SPI, both may be there, in the same place too: a transfer of as many as the longer has. */
typedef struct w2m_operation {
    const uint8_t *write;
    size_t write_bytes;
    uint8_t *read;
    size_t read_bytes;
} w2m_operation;

/* What a sensor can tell; numbers of quantities are in abi/FUNCTIONS.md. */
typedef struct w2m_description {
    uint32_t quantity;
    float minimum;
    float maximum;
    float resolution;
} w2m_description;

/* Subscriptions and queue of a host. */
typedef struct w2m_events w2m_events;

/*
 * What the firmware does for modules. `user` is what w2m_host_open got. Functions return 0 or what their comment
 * says, or an error; one that is null is a resource that does not exist. Pointers are good until the function
 * returns, at no particular alignment. What a module passes was checked before: its manifest names
 * the resource and the policy grants it, and ranges lie in its memory.
 */
typedef struct w2m_hardware {
    uint32_t size; /* sizeof(w2m_hardware) */

    /* Nanoseconds of a clock that never goes back. Must be there. */
    uint64_t (*now)(void *user);
    /* Nanoseconds between two values of it, at least 1. */
    uint64_t (*resolution)(void *user);
    /* Waits until the clock reads `until`, or less, and says to `events` what happened meanwhile. Null: it is polled. */
    void (*wait)(void *user, w2m_events *events, uint64_t until);
    /* 1: end every wait, because the module is to be interrupted. */
    int32_t (*interrupted)(void *user);
    /* Nanoseconds since 1970. Null: unknown. */
    uint64_t (*realtime)(void *user);
    /* Fills `bytes` with random numbers, good enough for keys. Null: modules that import them are refused. */
    int32_t (*random)(void *user, uint8_t *bytes, size_t length);
    /* Says a message; levels 0 trace, 1 debug, 2 info, 3 warn, 4 error, 5 critical. No zero at the end of texts. */
    void (*log)(void *user, uint32_t level, const char *context, size_t context_bytes,
                const char *message, size_t message_bytes);

    /* Directions 0 input, 1 output, 2 open drain; pulls 0 none, 1 up, 2 down. */
    int32_t (*gpio_configure)(void *user, uint32_t pin, uint32_t direction, uint32_t pull);
    /* Returns 1 for high, 0 for low. */
    int32_t (*gpio_read)(void *user, uint32_t pin);
    int32_t (*gpio_write)(void *user, uint32_t pin, uint32_t level);

    int32_t (*i2c_transaction)(void *user, uint32_t bus, uint16_t address,
                               const w2m_operation *operations, size_t count);

    /* Modes 0 to 3. */
    int32_t (*spi_configure)(void *user, uint32_t device, uint32_t mode, uint32_t hertz);
    int32_t (*spi_transaction)(void *user, uint32_t device, const w2m_operation *operations,
                               size_t count);

    int32_t (*uart_configure)(void *user, uint32_t port, uint32_t baud);
    /* Does not wait. Returns the bytes that were read. */
    int32_t (*uart_read)(void *user, uint32_t port, uint8_t *bytes, size_t length);
    /* Returns the bytes that were taken. */
    int32_t (*uart_write)(void *user, uint32_t port, const uint8_t *bytes, size_t length);
    /* Returns the bytes that can be read. */
    int32_t (*uart_available)(void *user, uint32_t port);

    /* Returns the conversion. */
    int32_t (*adc_read)(void *user, uint32_t channel);
    int32_t (*adc_read_microvolts)(void *user, uint32_t channel, uint32_t *microvolts);
    /* Returns the bits of a conversion. */
    int32_t (*adc_resolution)(void *user, uint32_t channel);

    /* Returns the duty that is always on, up to 65535. */
    int32_t (*pwm_max_duty)(void *user, uint32_t channel);
    int32_t (*pwm_set_duty)(void *user, uint32_t channel, uint16_t duty);
    int32_t (*pwm_set_frequency)(void *user, uint32_t channel, uint32_t hertz);

    int32_t (*sensor_read)(void *user, uint32_t sensor, float *value);
    int32_t (*sensor_describe)(void *user, uint32_t sensor, w2m_description *description);

    /* Keys are of 1 to 32 bytes, without a zero at the end. store_get returns the value's bytes, or W2M_E_NO_SPACE
       if they do not fit and then writes none; store_length returns them. store_set keeps all keys and
       values within `quota` bytes, or returns W2M_E_NO_SPACE; a power cut leaves the old value or the new one. */
    int32_t (*store_get)(void *user, const char *key, size_t key_bytes, uint8_t *value, size_t length);
    int32_t (*store_length)(void *user, const char *key, size_t key_bytes);
    int32_t (*store_set)(void *user, const char *key, size_t key_bytes, const uint8_t *value,
                         size_t length, uint32_t quota);
    int32_t (*store_delete)(void *user, const char *key, size_t key_bytes);

    /* What a WASI program prints; streams 1 output, 2 errors. Returns the bytes that were taken. Null: dropped. */
    int32_t (*stream_write)(void *user, uint32_t stream, const uint8_t *bytes, size_t length);
    /* What a WASI program reads. Returns the bytes; 0: the end. */
    int32_t (*stream_read)(void *user, uint8_t *bytes, size_t length);
} w2m_hardware;

/* ---- Hosts -------------------------------------------------------------------------------------------- */

#define W2M_HOST_BYTES 1024u

/* The host's side of one instance. */
typedef struct w2m_host {
    uint64_t opaque[W2M_HOST_BYTES / 8];
} w2m_host;

/*
 * Compares what the image's manifest asks for with the policy, all of which has to be granted. `hardware` and
 * `user` are used as long as the host is. `refused` may be null; after W2M_NOT_GRANTED, it is what was asked for in vain.
 *
 * W2M_OK, W2M_MANIFEST, W2M_NOT_GRANTED, W2M_NOT_LIVE, W2M_ARGUMENT (also: no `now`, a policy that is none).
 */
w2m_result w2m_host_open(w2m_host *host, const w2m_image *image, const w2m_capability *policy,
                         size_t policy_count, const w2m_hardware *hardware, void *user,
                         w2m_capability *refused);

/*
 * As w2m_instantiate, with the functions of the hardware ABI and of WASI behind `hosts`, for the image that the
 * host was opened with. The instance's data word is the host's: w2m_set_host_data is not for such instances.
 */
w2m_result w2m_host_instantiate(w2m_instance *instance, const w2m_image *image,
                                const w2m_grant *grant, w2m_host *host,
                                const w2m_host_function *hosts, size_t host_count,
                                w2m_detail *detail);

/*
 * Hands the events that wait to the module's `on_event`, each by a call; no more than the queue holds, so that it
 * ends. `delivered` may be null. W2M_OK, W2M_NO_EXPORT, W2M_EXPORT_SIGNATURE, and what w2m_call returns.
 */
w2m_result w2m_host_deliver(w2m_instance *instance, w2m_host *host, size_t *delivered);

/* w2m_reset, without subscriptions and events. */
w2m_result w2m_host_reset(w2m_instance *instance, w2m_host *host);

/* W2M_OK if a WASI program has ended itself, with its status: then the trap of its call is none. Else W2M_NOT_LIVE. */
w2m_result w2m_host_exit_status(const w2m_host *host, uint32_t *status);

/* Subscriptions and queue, for what happens while the module does not run. Null if there is no host. */
w2m_events *w2m_host_events(w2m_host *host);

/* What is subscribed to and may change at any time. */
typedef struct w2m_source {
    uint32_t kind;   /* W2M_KIND_GPIO, W2M_KIND_UART or W2M_KIND_SENSOR */
    uint32_t number; /* pin, port, sensor */
} w2m_source;

/* Writes up to `count` sources; returns how many there are. */
size_t w2m_events_sources(const w2m_events *events, w2m_source *sources, size_t count);

/* The level of a pin is this; a change is an event. What nobody subscribed to is passed over. */
void w2m_events_pin(w2m_events *events, uint32_t pin, uint32_t level, uint64_t now);
/* So many bytes can be read from a port; more than before are an event. */
void w2m_events_uart(w2m_events *events, uint32_t port, uint32_t available, uint64_t now);
/* A sensor has a new reading. */
void w2m_events_sensor(w2m_events *events, uint32_t sensor, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
