// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.

/// Why a host did not do what it was asked for.
export namespace Error {
  /// The module's manifest does not name the resource, or not with this right.
  export const NOT_PERMITTED: u32 = 1;
  /// The host has no such resource, key, subscription.
  export const NOT_FOUND: u32 = 2;
  /// An argument is out of its range.
  export const INVALID_ARGUMENT: u32 = 3;
  /// The resource cannot do this.
  export const UNSUPPORTED: u32 = 4;
  /// The resource is in use by somebody else.
  export const BUSY: u32 = 5;
  /// The time was over.
  export const TIMEOUT: u32 = 6;
  /// Nobody answered at the address.
  export const NO_ACKNOWLEDGE: u32 = 7;
  /// The bus was disturbed: arbitration lost, a wrong level, framing or parity.
  export const BUS: u32 = 8;
  /// Data came faster than it was taken.
  export const OVERRUN: u32 = 9;
  /// The buffer, store or queue is too small.
  export const NO_SPACE: u32 = 10;
  /// Anything else; the device does not work.
  export const IO: u32 = 11;
}

/// What a part of a transaction does.
export namespace Direction {
  /// The device's bytes fill the range.
  export const READ: u32 = 0;
  /// The range is sent.
  export const WRITE: u32 = 1;
  /// The range is sent, and what comes back meanwhile fills it. SPI only.
  export const TRANSFER: u32 = 2;
}

/// Which way a pin works.
export namespace GpioDirection {
  /// It is read.
  export const INPUT: u32 = 0;
  /// It drives its level.
  export const OUTPUT: u32 = 1;
  /// It drives low, and lets go of high.
  export const OPEN_DRAIN: u32 = 2;
}

/// The resistor at an input.
export namespace GpioPull {
  /// None.
  export const NONE: u32 = 0;
  /// To the supply.
  export const UP: u32 = 1;
  /// To ground.
  export const DOWN: u32 = 2;
}

/// A change of level.
export namespace GpioEdge {
  /// From low to high.
  export const RISING: u32 = 0;
  /// From high to low.
  export const FALLING: u32 = 1;
  /// Either.
  export const BOTH: u32 = 2;
}

/// Sets up a pin. Right: `input` or `output`, by the direction.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "configure")
export declare function gpio_configure(pin: i32, direction: i32, pull: i32): i32;

/// The level at the pin, true for high. Right: `input` or `output`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "read")
export declare function gpio_read(pin: i32): i32;

/// Drives the pin, true for high. Right: `output`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "write")
export declare function gpio_write(pin: i32, level: i32): i32;

/// Drives the pin the other way. Right: `output`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "toggle")
export declare function gpio_toggle(pin: i32): i32;

/// Waits for a change of level for at most `timeout` nanoseconds. Right: `input`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "wait-for-edge")
export declare function gpio_wait_for_edge(pin: i32, edge: i32, timeout: u64): i32;

/// Reads as many bytes as the buffer holds.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "read")
export declare function i2c_read(bus: i32, address: i32, buffer: i32, bufferLength: i32): i32;

/// Writes bytes.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "write")
export declare function i2c_write(bus: i32, address: i32, data: i32, dataLength: i32): i32;

/// Writes bytes, then reads as many as the buffer holds, with a repeated start between. The ranges
/// must not overlap.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "write-read")
export declare function i2c_write_read(bus: i32, address: i32, data: i32, dataLength: i32, buffer: i32, bufferLength: i32): i32;

/// Carries out up to 8 segments as one transaction: a repeated start where the direction changes, one stop
/// at the end. Ranges must not overlap.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "transaction")
export declare function i2c_transaction(bus: i32, address: i32, segments: i32, segmentsLength: i32): i32;

/// Clock polarity and phase.
export namespace SpiMode {
  /// Idle low, sampled on the first edge.
  export const MODE0: u32 = 0;
  /// Idle low, sampled on the second edge.
  export const MODE1: u32 = 1;
  /// Idle high, sampled on the first edge.
  export const MODE2: u32 = 2;
  /// Idle high, sampled on the second edge.
  export const MODE3: u32 = 3;
}

/// Sets mode and the highest clock rate, where the host lets a module choose.
// @ts-ignore: decorator
@external("wasi:spi/spi", "configure")
export declare function spi_configure(device: i32, mode: i32, hertz: i32): i32;

/// Reads as many bytes as the buffer holds.
// @ts-ignore: decorator
@external("wasi:spi/spi", "read")
export declare function spi_read(device: i32, buffer: i32, bufferLength: i32): i32;

/// Writes bytes.
// @ts-ignore: decorator
@external("wasi:spi/spi", "write")
export declare function spi_write(device: i32, data: i32, dataLength: i32): i32;

/// Writes bytes while it reads as many as the buffer holds: as many as the longer of the two. The
/// ranges must not overlap.
// @ts-ignore: decorator
@external("wasi:spi/spi", "transfer")
export declare function spi_transfer(device: i32, data: i32, dataLength: i32, buffer: i32, bufferLength: i32): i32;

/// Carries out up to 8 segments while the device stays selected. Ranges must not overlap.
// @ts-ignore: decorator
@external("wasi:spi/spi", "transaction")
export declare function spi_transaction(device: i32, segments: i32, segmentsLength: i32): i32;

/// Sets the rate, where the host lets a module choose; 8 data bits, no parity, 1 stop bit.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "configure")
export declare function uart_configure(port: i32, baud: i32): i32;

/// What has come, up to what the buffer holds. Does not wait: 0 bytes if there are none.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "read")
export declare function uart_read(port: i32, buffer: i32, bufferLength: i32): i32;

/// Sends bytes; returns how many were taken, which may be fewer.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "write")
export declare function uart_write(port: i32, data: i32, dataLength: i32): i32;

/// How many bytes can be read without waiting; 65535 stands for that many or more.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "available")
export declare function uart_available(port: i32): i32;

/// A conversion, from 0 to 2^resolution - 1.
// @ts-ignore: decorator
@external("wasm2mcu:adc/adc", "read")
export declare function adc_read(channel: i32): i32;

/// A conversion in microvolts.
// @ts-ignore: decorator
@external("wasm2mcu:adc/adc", "read-microvolts")
export declare function adc_read_microvolts(channel: i32, result: i32): i32;

/// Bits of a conversion, 1 to 16.
// @ts-ignore: decorator
@external("wasm2mcu:adc/adc", "resolution")
export declare function adc_resolution(channel: i32): i32;

/// The duty that is always on; at least 1.
// @ts-ignore: decorator
@external("wasm2mcu:pwm/pwm", "max-duty")
export declare function pwm_max_duty(channel: i32): i32;

/// Sets the part of the period that is on: `duty` of `max-duty`.
// @ts-ignore: decorator
@external("wasm2mcu:pwm/pwm", "set-duty")
export declare function pwm_set_duty(channel: i32, duty: i32): i32;

/// Sets the rate, where the host lets a module choose. What `max-duty` is may change.
// @ts-ignore: decorator
@external("wasm2mcu:pwm/pwm", "set-frequency")
export declare function pwm_set_frequency(channel: i32, hertz: i32): i32;

/// What is measured, and in what.
export namespace SensorQuantity {
  /// °C.
  export const TEMPERATURE: u32 = 0;
  /// % of relative humidity.
  export const HUMIDITY: u32 = 1;
  /// Pa.
  export const PRESSURE: u32 = 2;
  /// lx.
  export const ILLUMINANCE: u32 = 3;
  /// m/s².
  export const ACCELERATION: u32 = 4;
  /// rad/s.
  export const ANGULAR_VELOCITY: u32 = 5;
  /// µT.
  export const MAGNETIC_FLUX_DENSITY: u32 = 6;
  /// m.
  export const DISTANCE: u32 = 7;
  /// V.
  export const VOLTAGE: u32 = 8;
  /// A.
  export const CURRENT: u32 = 9;
  /// W.
  export const POWER: u32 = 10;
  /// ppm.
  export const CONCENTRATION: u32 = 11;
  /// A number without a unit.
  export const NUMBER: u32 = 12;
}

/// Takes a reading. A sensor of several quantities has as many numbers.
// @ts-ignore: decorator
@external("wasm2mcu:sensor/sensor", "read")
export declare function sensor_read(sensor: i32, result: i32): i32;

/// What the sensor is.
// @ts-ignore: decorator
@external("wasm2mcu:sensor/sensor", "describe")
export declare function sensor_describe(sensor: i32, result: i32): i32;

/// Nanoseconds since some moment in the past; never less than before.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "now")
export declare function clocks_now(): u64;

/// Nanoseconds between two values of the clock, at least 1.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "resolution")
export declare function clocks_resolution(): u64;

/// Returns after so many nanoseconds. The host may sleep meanwhile.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "wait-for")
export declare function clocks_wait_for(duration: u64): void;

/// Returns when the clock has reached this value.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "wait-until")
export declare function clocks_wait_until(when: u64): void;

/// What happened.
export namespace EventsKind {
  /// The level of a pin changed; the value is 1 if it is high now.
  export const PIN: u32 = 0;
  /// A timer's time has come; the value counts the periods since the event before, 1 if none was missed.
  export const TIMER: u32 = 1;
  /// A serial port has bytes to read; the value is how many.
  export const UART: u32 = 2;
  /// A sensor has a new reading; the value is the sensor's number.
  export const SENSOR: u32 = 3;
}

/// Events of a pin. Right: `input`.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-pin")
export declare function events_subscribe_pin(pin: i32, edge: i32): i32;

/// Events of a timer: the first after `first` nanoseconds, then every `period`; once if that is 0.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-timer")
export declare function events_subscribe_timer(first: u64, period: u64): i32;

/// Events of a serial port, whenever bytes have come.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-uart")
export declare function events_subscribe_uart(port: i32): i32;

/// Events of a sensor with new readings.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-sensor")
export declare function events_subscribe_sensor(sensor: i32): i32;

/// Ends a subscription; its events that are in the queue go.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "unsubscribe")
export declare function events_unsubscribe(subscription: i32): i32;

/// The oldest event, for which it waits up to `timeout` nanoseconds; `timeout` if there is none then.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "poll")
export declare function events_poll(timeout: u64, result: i32): i32;

/// The value of a key. `no-space` if the buffer is too small; it is unchanged then.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "get")
export declare function keyvalue_get(key: i32, keyLength: i32, buffer: i32, bufferLength: i32): i32;

/// Bytes of the value of a key.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "length")
export declare function keyvalue_length(key: i32, keyLength: i32): i32;

/// Stores a value. A power cut leaves the old one or the new one. Keys of 1 to 32 bytes; values of up to
/// 65535.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "set")
export declare function keyvalue_set(key: i32, keyLength: i32, value: i32, valueLength: i32): i32;

/// Removes a key; it is no error if there is none.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "delete")
export declare function keyvalue_delete(key: i32, keyLength: i32): i32;

/// Whether there is a value for the key.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "exists")
export declare function keyvalue_exists(key: i32, keyLength: i32): i32;

/// How much a message matters.
export namespace LoggingLevel {
  /// Of interest to the module's developers only.
  export const TRACE: u32 = 0;
  /// For debugging.
  export const DEBUG: u32 = 1;
  /// What goes on.
  export const INFO: u32 = 2;
  /// What should not be.
  export const WARN: u32 = 3;
  /// What failed.
  export const ERROR: u32 = 4;
  /// What cannot go on.
  export const CRITICAL: u32 = 5;
}

/// Says a message. `context` names the part of the module that says it; it may be empty.
// @ts-ignore: decorator
@external("wasi:logging/logging", "log")
export declare function logging_log(level: i32, context: i32, contextLength: i32, message: i32, messageLength: i32): void;

/// Fills the buffer.
// @ts-ignore: decorator
@external("wasi:random/random", "get-random-bytes")
export declare function random_get_random_bytes(buffer: i32, bufferLength: i32): void;

/// 64 random bits.
// @ts-ignore: decorator
@external("wasi:random/random", "get-random-u64")
export declare function random_get_random_u64(): u64;
