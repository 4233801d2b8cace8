/* The hardware ABI of wasm2mcu, version 1, for modules in C and C++.
 * Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.
 *
 * Functions that return int32_t return a negative error (-W2M_ERROR_TIMEOUT), or what their comment says.
 * Ranges of memory are a pointer and a length in bytes; text is UTF-8 without a zero at its end.
 *
 * Compiled for WebAssembly, the functions are imports of the module. Elsewhere they are ordinary ones,
 * for tests on the host to define.
 */
#ifndef WASM2MCU_H
#define WASM2MCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the module asks for, one resource in a line (HARDWARE.md, section 3), at file scope:
 *
 *     W2M_MANIFEST("gpio 5 output\n"
 *                  "i2c 1 0x48\n");
 */
#ifdef __wasm__
#define W2M_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define W2M_EXPORT(name) __attribute__((export_name(name)))
#define W2M_MANIFEST(text)                                             \
    __asm__(".section .custom_section.wasm2mcu.manifest,\"\",@\n"       \
            ".ascii " W2M_QUOTE(text) "\n.ascii \"\\n\"\n.text")
#define W2M_QUOTE(text) #text
#else
#define W2M_IMPORT(module, name)
#define W2M_EXPORT(name)
#define W2M_MANIFEST(text) struct w2m_manifest
#endif

/*
 * wasm2mcu:hardware/types
 *
 * What every interface of the hardware ABI shares.
 */

/** Why a host did not do what it was asked for. */
enum w2m_error {
    /** The module's manifest does not name the resource, or not with this right. */
    W2M_ERROR_NOT_PERMITTED = 1,
    W2M_ERROR_NOT_FOUND = 2, /**< The host has no such resource, key, subscription. */
    W2M_ERROR_INVALID_ARGUMENT = 3, /**< An argument is out of its range. */
    W2M_ERROR_UNSUPPORTED = 4, /**< The resource cannot do this. */
    W2M_ERROR_BUSY = 5, /**< The resource is in use by somebody else. */
    W2M_ERROR_TIMEOUT = 6, /**< The time was over. */
    W2M_ERROR_NO_ACKNOWLEDGE = 7, /**< Nobody answered at the address. */
    W2M_ERROR_BUS = 8, /**< The bus was disturbed: arbitration lost, a wrong level, framing or parity. */
    W2M_ERROR_OVERRUN = 9, /**< Data came faster than it was taken. */
    W2M_ERROR_NO_SPACE = 10, /**< The buffer, store or queue is too small. */
    W2M_ERROR_IO = 11, /**< Anything else; the device does not work. */
};

/** What a part of a transaction does. */
enum w2m_direction {
    W2M_DIRECTION_READ = 0, /**< The device's bytes fill the range. */
    W2M_DIRECTION_WRITE = 1, /**< The range is sent. */
    W2M_DIRECTION_TRANSFER = 2, /**< The range is sent, and what comes back meanwhile fills it. SPI only. */
};

/** A part of a transaction. */
struct w2m_segment {
    uint32_t direction; /**< What it does. */
    void *address; /**< Where in the module's memory the range begins. */
    uint32_t length; /**< Bytes of the range. */
};

/*
 * wasi:gpio/digital
 *
 * Pins, as levels.
 */

/** Which way a pin works. */
enum w2m_gpio_direction {
    W2M_GPIO_DIRECTION_INPUT = 0, /**< It is read. */
    W2M_GPIO_DIRECTION_OUTPUT = 1, /**< It drives its level. */
    W2M_GPIO_DIRECTION_OPEN_DRAIN = 2, /**< It drives low, and lets go of high. */
};

/** The resistor at an input. */
enum w2m_gpio_pull {
    W2M_GPIO_PULL_NONE = 0, /**< None. */
    W2M_GPIO_PULL_UP = 1, /**< To the supply. */
    W2M_GPIO_PULL_DOWN = 2, /**< To ground. */
};

/** A change of level. */
enum w2m_gpio_edge {
    W2M_GPIO_EDGE_RISING = 0, /**< From low to high. */
    W2M_GPIO_EDGE_FALLING = 1, /**< From high to low. */
    W2M_GPIO_EDGE_BOTH = 2, /**< Either. */
};

/** Sets up a pin. Right: `input` or `output`, by the direction.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:gpio/digital", "configure")
int32_t w2m_gpio_configure(uint32_t pin, enum w2m_gpio_direction direction, enum w2m_gpio_pull pull);

/** The level at the pin, true for high. Right: `input` or `output`.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasi:gpio/digital", "read")
int32_t w2m_gpio_read(uint32_t pin);

/** Drives the pin, true for high. Right: `output`.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:gpio/digital", "write")
int32_t w2m_gpio_write(uint32_t pin, bool level);

/** Drives the pin the other way. Right: `output`.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:gpio/digital", "toggle")
int32_t w2m_gpio_toggle(uint32_t pin);

/** Waits for a change of level for at most `timeout` nanoseconds. Right: `input`.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:gpio/digital", "wait-for-edge")
int32_t w2m_gpio_wait_for_edge(uint32_t pin, enum w2m_gpio_edge edge, uint64_t timeout);

/*
 * wasi:i2c/i2c
 *
 * Devices on I2C buses. The manifest names each by bus and address.
 */

/** Reads as many bytes as the buffer holds.
 *  Returns how many bytes of the buffer were filled, or a negative error.
 */
W2M_IMPORT("wasi:i2c/i2c", "read")
int32_t w2m_i2c_read(uint32_t bus, uint16_t address, void *buffer, size_t buffer_length);

/** Writes bytes.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:i2c/i2c", "write")
int32_t w2m_i2c_write(uint32_t bus, uint16_t address, const void *data, size_t data_length);

/** Writes bytes, then reads as many as the buffer holds, with a repeated start between. The ranges
 *  must not overlap.
 *  Returns how many bytes of the buffer were filled, or a negative error.
 */
W2M_IMPORT("wasi:i2c/i2c", "write-read")
int32_t w2m_i2c_write_read(
    uint32_t bus, uint16_t address, const void *data, size_t data_length, void *buffer, size_t buffer_length);

/** Carries out up to 8 segments as one transaction: a repeated start where the direction changes, one stop
 *  at the end. Ranges must not overlap.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:i2c/i2c", "transaction")
int32_t w2m_i2c_transaction(
    uint32_t bus, uint16_t address, const struct w2m_segment *segments, size_t segments_count);

/*
 * wasi:spi/spi
 *
 * Devices on SPI buses, each with its chip select.
 */

/** Clock polarity and phase. */
enum w2m_spi_mode {
    W2M_SPI_MODE_0 = 0, /**< Idle low, sampled on the first edge. */
    W2M_SPI_MODE_1 = 1, /**< Idle low, sampled on the second edge. */
    W2M_SPI_MODE_2 = 2, /**< Idle high, sampled on the first edge. */
    W2M_SPI_MODE_3 = 3, /**< Idle high, sampled on the second edge. */
};

/** Sets mode and the highest clock rate, where the host lets a module choose.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:spi/spi", "configure")
int32_t w2m_spi_configure(uint32_t device, enum w2m_spi_mode mode, uint32_t hertz);

/** Reads as many bytes as the buffer holds.
 *  Returns how many bytes of the buffer were filled, or a negative error.
 */
W2M_IMPORT("wasi:spi/spi", "read")
int32_t w2m_spi_read(uint32_t device, void *buffer, size_t buffer_length);

/** Writes bytes.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:spi/spi", "write")
int32_t w2m_spi_write(uint32_t device, const void *data, size_t data_length);

/** Writes bytes while it reads as many as the buffer holds: as many as the longer of the two. The
 *  ranges must not overlap.
 *  Returns how many bytes of the buffer were filled, or a negative error.
 */
W2M_IMPORT("wasi:spi/spi", "transfer")
int32_t w2m_spi_transfer(
    uint32_t device, const void *data, size_t data_length, void *buffer, size_t buffer_length);

/** Carries out up to 8 segments while the device stays selected. Ranges must not overlap.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:spi/spi", "transaction")
int32_t w2m_spi_transaction(uint32_t device, const struct w2m_segment *segments, size_t segments_count);

/*
 * wasm2mcu:uart/uart
 *
 * Serial ports.
 */

/** Sets the rate, where the host lets a module choose; 8 data bits, no parity, 1 stop bit.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:uart/uart", "configure")
int32_t w2m_uart_configure(uint32_t port, uint32_t baud);

/** What has come, up to what the buffer holds. Does not wait: 0 bytes if there are none.
 *  Returns how many bytes of the buffer were filled, or a negative error.
 */
W2M_IMPORT("wasm2mcu:uart/uart", "read")
int32_t w2m_uart_read(uint32_t port, void *buffer, size_t buffer_length);

/** Sends bytes; returns how many were taken, which may be fewer.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:uart/uart", "write")
int32_t w2m_uart_write(uint32_t port, const void *data, size_t data_length);

/** How many bytes can be read without waiting; 65535 stands for that many or more.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:uart/uart", "available")
int32_t w2m_uart_available(uint32_t port);

/*
 * wasm2mcu:adc/adc
 *
 * Analog inputs.
 */

/** A conversion, from 0 to 2^resolution - 1.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:adc/adc", "read")
int32_t w2m_adc_read(uint32_t channel);

/** A conversion in microvolts.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:adc/adc", "read-microvolts")
int32_t w2m_adc_read_microvolts(uint32_t channel, uint32_t *result);

/** Bits of a conversion, 1 to 16.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:adc/adc", "resolution")
int32_t w2m_adc_resolution(uint32_t channel);

/*
 * wasm2mcu:pwm/pwm
 *
 * Pulse width modulated outputs.
 */

/** The duty that is always on; at least 1.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:pwm/pwm", "max-duty")
int32_t w2m_pwm_max_duty(uint32_t channel);

/** Sets the part of the period that is on: `duty` of `max-duty`.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:pwm/pwm", "set-duty")
int32_t w2m_pwm_set_duty(uint32_t channel, uint16_t duty);

/** Sets the rate, where the host lets a module choose. What `max-duty` is may change.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:pwm/pwm", "set-frequency")
int32_t w2m_pwm_set_frequency(uint32_t channel, uint32_t hertz);

/*
 * wasm2mcu:sensor/sensor
 *
 * Sensors whose driver the host has: readings with units.
 */

/** What is measured, and in what. */
enum w2m_sensor_quantity {
    W2M_SENSOR_QUANTITY_TEMPERATURE = 0, /**< °C. */
    W2M_SENSOR_QUANTITY_HUMIDITY = 1, /**< % of relative humidity. */
    W2M_SENSOR_QUANTITY_PRESSURE = 2, /**< Pa. */
    W2M_SENSOR_QUANTITY_ILLUMINANCE = 3, /**< lx. */
    W2M_SENSOR_QUANTITY_ACCELERATION = 4, /**< m/s². */
    W2M_SENSOR_QUANTITY_ANGULAR_VELOCITY = 5, /**< rad/s. */
    W2M_SENSOR_QUANTITY_MAGNETIC_FLUX_DENSITY = 6, /**< µT. */
    W2M_SENSOR_QUANTITY_DISTANCE = 7, /**< m. */
    W2M_SENSOR_QUANTITY_VOLTAGE = 8, /**< V. */
    W2M_SENSOR_QUANTITY_CURRENT = 9, /**< A. */
    W2M_SENSOR_QUANTITY_POWER = 10, /**< W. */
    W2M_SENSOR_QUANTITY_CONCENTRATION = 11, /**< ppm. */
    W2M_SENSOR_QUANTITY_NUMBER = 12, /**< A number without a unit. */
};

/** One measured value. */
struct w2m_sensor_reading {
    float value; /**< The value in the quantity's unit. */
    uint32_t quantity; /**< What it is. */
    uint64_t timestamp; /**< When it was taken, on the monotonic clock. */
};

/** What a sensor can tell. */
struct w2m_sensor_description {
    uint32_t quantity; /**< What it measures. */
    float minimum; /**< The lowest value. */
    float maximum; /**< The highest value. */
    float resolution; /**< The step between two values; 0 if it is not known. */
};

/** Takes a reading. A sensor of several quantities has as many numbers.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:sensor/sensor", "read")
int32_t w2m_sensor_read(uint32_t sensor, struct w2m_sensor_reading *result);

/** What the sensor is.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:sensor/sensor", "describe")
int32_t w2m_sensor_describe(uint32_t sensor, struct w2m_sensor_description *result);

/*
 * wasi:clocks/monotonic-clock
 *
 * Time. Needs no capability.
 */

/** Nanoseconds since some moment in the past; never less than before. */
W2M_IMPORT("wasi:clocks/monotonic-clock", "now")
uint64_t w2m_clock_now(void);

/** Nanoseconds between two values of the clock, at least 1. */
W2M_IMPORT("wasi:clocks/monotonic-clock", "resolution")
uint64_t w2m_clock_resolution(void);

/** Returns after so many nanoseconds. The host may sleep meanwhile. */
W2M_IMPORT("wasi:clocks/monotonic-clock", "wait-for")
void w2m_clock_wait_for(uint64_t duration);

/** Returns when the clock has reached this value. */
W2M_IMPORT("wasi:clocks/monotonic-clock", "wait-until")
void w2m_clock_wait_until(uint64_t when);

/*
 * wasm2mcu:events/events
 *
 * What happens without being asked for. A module subscribes; the host keeps what happens in a queue and hands it out
 * when the module polls, or calls the exported function `on_event` while the module is not running.
 */

/** What happened. */
enum w2m_event_kind {
    W2M_EVENT_KIND_PIN = 0, /**< The level of a pin changed; the value is 1 if it is high now. */
    /** A timer's time has come; the value counts the periods since the event before, 1 if none was missed. */
    W2M_EVENT_KIND_TIMER = 1,
    W2M_EVENT_KIND_UART = 2, /**< A serial port has bytes to read; the value is how many. */
    W2M_EVENT_KIND_SENSOR = 3, /**< A sensor has a new reading; the value is the sensor's number. */
};

/** Something that happened. */
struct w2m_event {
    uint32_t subscription; /**< The subscription that it belongs to. */
    uint32_t kind; /**< What happened. */
    uint32_t value; /**< More of it, by kind. */
    uint32_t lost; /**< Events that were dropped before this one, because the queue was full. */
    uint64_t timestamp; /**< When, on the monotonic clock. */
};

/** Events of a pin. Right: `input`.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:events/events", "subscribe-pin")
int32_t w2m_event_subscribe_pin(uint32_t pin, enum w2m_gpio_edge edge);

/** Events of a timer: the first after `first` nanoseconds, then every `period`; once if that is 0.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:events/events", "subscribe-timer")
int32_t w2m_event_subscribe_timer(uint64_t first, uint64_t period);

/** Events of a serial port, whenever bytes have come.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:events/events", "subscribe-uart")
int32_t w2m_event_subscribe_uart(uint32_t port);

/** Events of a sensor with new readings.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasm2mcu:events/events", "subscribe-sensor")
int32_t w2m_event_subscribe_sensor(uint32_t sensor);

/** Ends a subscription; its events that are in the queue go.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:events/events", "unsubscribe")
int32_t w2m_event_unsubscribe(uint32_t subscription);

/** The oldest event, for which it waits up to `timeout` nanoseconds; `timeout` if there is none then.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasm2mcu:events/events", "poll")
int32_t w2m_event_poll(uint64_t timeout, struct w2m_event *result);

/*
 * wasm2mcu:events/handler
 *
 * What a module may export.
 */

/** Called by the host with each event while the module is not running. */
W2M_EXPORT("on_event")
void w2m_on_event(uint32_t subscription, enum w2m_event_kind kind, uint32_t value, uint64_t timestamp);

/*
 * wasi:keyvalue/store
 *
 * Values that stay when the power goes. Each module has a store of its own, as large as its manifest
 * asks for.
 */

/** The value of a key. `no-space` if the buffer is too small; it is unchanged then.
 *  Returns how many bytes of the buffer were filled, or a negative error.
 */
W2M_IMPORT("wasi:keyvalue/store", "get")
int32_t w2m_store_get(const char *key, size_t key_length, void *buffer, size_t buffer_length);

/** Bytes of the value of a key.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasi:keyvalue/store", "length")
int32_t w2m_store_length(const char *key, size_t key_length);

/** Stores a value. A power cut leaves the old one or the new one. Keys of 1 to 32 bytes; values of up to
 *  65535.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:keyvalue/store", "set")
int32_t w2m_store_set(const char *key, size_t key_length, const void *value, size_t value_length);

/** Removes a key; it is no error if there is none.
 *  Returns 0, or a negative error.
 */
W2M_IMPORT("wasi:keyvalue/store", "delete")
int32_t w2m_store_delete(const char *key, size_t key_length);

/** Whether there is a value for the key.
 *  Returns that, or a negative error.
 */
W2M_IMPORT("wasi:keyvalue/store", "exists")
int32_t w2m_store_exists(const char *key, size_t key_length);

/*
 * wasi:logging/logging
 *
 * Messages for people. Needs no capability.
 */

/** How much a message matters. */
enum w2m_log_level {
    W2M_LOG_LEVEL_TRACE = 0, /**< Of interest to the module's developers only. */
    W2M_LOG_LEVEL_DEBUG = 1, /**< For debugging. */
    W2M_LOG_LEVEL_INFO = 2, /**< What goes on. */
    W2M_LOG_LEVEL_WARN = 3, /**< What should not be. */
    W2M_LOG_LEVEL_ERROR = 4, /**< What failed. */
    W2M_LOG_LEVEL_CRITICAL = 5, /**< What cannot go on. */
};

/** Says a message. `context` names the part of the module that says it; it may be empty. */
W2M_IMPORT("wasi:logging/logging", "log")
void w2m_log(
    enum w2m_log_level level, const char *context, size_t context_length, const char *message, size_t message_length);

/*
 * wasi:random/random
 *
 * Random numbers, good enough for keys. Needs no capability.
 */

/** Fills the buffer. */
W2M_IMPORT("wasi:random/random", "get-random-bytes")
void w2m_random_bytes(void *buffer, size_t buffer_length);

/** 64 random bits. */
W2M_IMPORT("wasi:random/random", "get-random-u64")
uint64_t w2m_random_u64(void);

#ifdef __cplusplus
}
#endif

#endif
