// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.

/// Why a host did not do what it was asked for.
export enum ErrorCode {
  /// The module's manifest does not name the resource, or not with this right.
  NOT_PERMITTED = 1,
  /// The host has no such resource, key, subscription.
  NOT_FOUND = 2,
  /// An argument is out of its range.
  INVALID_ARGUMENT = 3,
  /// The resource cannot do this.
  UNSUPPORTED = 4,
  /// The resource is in use by somebody else.
  BUSY = 5,
  /// The time was over.
  TIMEOUT = 6,
  /// Nobody answered at the address.
  NO_ACKNOWLEDGE = 7,
  /// The bus was disturbed: arbitration lost, a wrong level, framing or parity.
  BUS = 8,
  /// Data came faster than it was taken.
  OVERRUN = 9,
  /// The buffer, store or queue is too small.
  NO_SPACE = 10,
  /// Anything else; the device does not work.
  IO = 11,
}

/// What a part of a transaction does.
export enum Direction {
  /// The device's bytes fill the range.
  READ = 0,
  /// The range is sent.
  WRITE = 1,
  /// The range is sent, and what comes back meanwhile fills it. SPI only.
  TRANSFER = 2,
}

/// A part of a transaction.
export class Segment {
  /// What it does.
  direction: i32 = 0;
  /// Where in the module's memory the range begins.
  address: u32 = 0;
  /// Bytes of the range.
  length: u32 = 0;
}

/// Which way a pin works.
export enum GpioDirection {
  /// It is read.
  INPUT = 0,
  /// It drives its level.
  OUTPUT = 1,
  /// It drives low, and lets go of high.
  OPEN_DRAIN = 2,
}

/// The resistor at an input.
export enum GpioPull {
  /// None.
  NONE = 0,
  /// To the supply.
  UP = 1,
  /// To ground.
  DOWN = 2,
}

/// A change of level.
export enum GpioEdge {
  /// From low to high.
  RISING = 0,
  /// From high to low.
  FALLING = 1,
  /// Either.
  BOTH = 2,
}

/// Sets up a pin. Right: `input` or `output`, by the direction.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "configure")
export declare function gpioConfigure(pin: u32, direction: u32, pull: u32): i32;

/// The level at the pin, true for high. Right: `input` or `output`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "read")
export declare function gpioRead(pin: u32): i32;

/// Drives the pin, true for high. Right: `output`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "write")
export declare function gpioWrite(pin: u32, level: u32): i32;

/// Drives the pin the other way. Right: `output`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "toggle")
export declare function gpioToggle(pin: u32): i32;

/// Waits for a change of level for at most `timeout` nanoseconds. Right: `input`.
// @ts-ignore: decorator
@external("wasi:gpio/digital", "wait-for-edge")
export declare function gpioWaitForEdge(pin: u32, edge: u32, timeout: u64): i32;

/// Reads as many bytes as the buffer holds.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "read")
export declare function i2cRead(bus: u32, address: u32, buffer: u32, bufferLength: u32): i32;

/// Writes bytes.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "write")
export declare function i2cWrite(bus: u32, address: u32, data: u32, dataLength: u32): i32;

/// Writes bytes, then reads as many as the buffer holds, with a repeated start between. The ranges
/// must not overlap.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "write-read")
export declare function i2cWriteRead(bus: u32, address: u32, data: u32, dataLength: u32, buffer: u32, bufferLength: u32): i32;

/// Carries out up to 8 segments as one transaction: a repeated start where the direction changes, one stop
/// at the end. Ranges must not overlap.
// @ts-ignore: decorator
@external("wasi:i2c/i2c", "transaction")
export declare function i2cTransaction(bus: u32, address: u32, segments: u32, segmentsLength: u32): i32;

/// Clock polarity and phase.
export enum SpiMode {
  /// Idle low, sampled on the first edge.
  MODE0 = 0,
  /// Idle low, sampled on the second edge.
  MODE1 = 1,
  /// Idle high, sampled on the first edge.
  MODE2 = 2,
  /// Idle high, sampled on the second edge.
  MODE3 = 3,
}

/// Sets mode and the highest clock rate, where the host lets a module choose.
// @ts-ignore: decorator
@external("wasi:spi/spi", "configure")
export declare function spiConfigure(device: u32, mode: u32, hertz: u32): i32;

/// Reads as many bytes as the buffer holds.
// @ts-ignore: decorator
@external("wasi:spi/spi", "read")
export declare function spiRead(device: u32, buffer: u32, bufferLength: u32): i32;

/// Writes bytes.
// @ts-ignore: decorator
@external("wasi:spi/spi", "write")
export declare function spiWrite(device: u32, data: u32, dataLength: u32): i32;

/// Writes bytes while it reads as many as the buffer holds: as many as the longer of the two. The
/// ranges must not overlap.
// @ts-ignore: decorator
@external("wasi:spi/spi", "transfer")
export declare function spiTransfer(device: u32, data: u32, dataLength: u32, buffer: u32, bufferLength: u32): i32;

/// Carries out up to 8 segments while the device stays selected. Ranges must not overlap.
// @ts-ignore: decorator
@external("wasi:spi/spi", "transaction")
export declare function spiTransaction(device: u32, segments: u32, segmentsLength: u32): i32;

/// Sets the rate, where the host lets a module choose; 8 data bits, no parity, 1 stop bit.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "configure")
export declare function uartConfigure(port: u32, baud: u32): i32;

/// What has come, up to what the buffer holds. Does not wait: 0 bytes if there are none.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "read")
export declare function uartRead(port: u32, buffer: u32, bufferLength: u32): i32;

/// Sends bytes; returns how many were taken, which may be fewer.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "write")
export declare function uartWrite(port: u32, data: u32, dataLength: u32): i32;

/// How many bytes can be read without waiting; 65535 stands for that many or more.
// @ts-ignore: decorator
@external("wasm2mcu:uart/uart", "available")
export declare function uartAvailable(port: u32): i32;

/// A conversion, from 0 to 2^resolution - 1.
// @ts-ignore: decorator
@external("wasm2mcu:adc/adc", "read")
export declare function adcRead(channel: u32): i32;

/// A conversion in microvolts.
// @ts-ignore: decorator
@external("wasm2mcu:adc/adc", "read-microvolts")
export declare function adcReadMicrovolts(channel: u32, result: u32): i32;

/// Bits of a conversion, 1 to 16.
// @ts-ignore: decorator
@external("wasm2mcu:adc/adc", "resolution")
export declare function adcResolution(channel: u32): i32;

/// The duty that is always on; at least 1.
// @ts-ignore: decorator
@external("wasm2mcu:pwm/pwm", "max-duty")
export declare function pwmMaxDuty(channel: u32): i32;

/// Sets the part of the period that is on: `duty` of `max-duty`.
// @ts-ignore: decorator
@external("wasm2mcu:pwm/pwm", "set-duty")
export declare function pwmSetDuty(channel: u32, duty: u32): i32;

/// Sets the rate, where the host lets a module choose. What `max-duty` is may change.
// @ts-ignore: decorator
@external("wasm2mcu:pwm/pwm", "set-frequency")
export declare function pwmSetFrequency(channel: u32, hertz: u32): i32;

/// What is measured, and in what.
export enum SensorQuantity {
  /// °C.
  TEMPERATURE = 0,
  /// % of relative humidity.
  HUMIDITY = 1,
  /// Pa.
  PRESSURE = 2,
  /// lx.
  ILLUMINANCE = 3,
  /// m/s².
  ACCELERATION = 4,
  /// rad/s.
  ANGULAR_VELOCITY = 5,
  /// µT.
  MAGNETIC_FLUX_DENSITY = 6,
  /// m.
  DISTANCE = 7,
  /// V.
  VOLTAGE = 8,
  /// A.
  CURRENT = 9,
  /// W.
  POWER = 10,
  /// ppm.
  CONCENTRATION = 11,
  /// A number without a unit.
  NUMBER = 12,
}

/// One measured value.
export class SensorReading {
  /// The value in the quantity's unit.
  value: f32 = 0;
  /// What it is.
  quantity: i32 = 0;
  /// When it was taken, on the monotonic clock.
  timestamp: u64 = 0;
}

/// What a sensor can tell.
export class SensorDescription {
  /// What it measures.
  quantity: i32 = 0;
  /// The lowest value.
  minimum: f32 = 0;
  /// The highest value.
  maximum: f32 = 0;
  /// The step between two values; 0 if it is not known.
  resolution: f32 = 0;
}

/// Takes a reading. A sensor of several quantities has as many numbers.
// @ts-ignore: decorator
@external("wasm2mcu:sensor/sensor", "read")
export declare function sensorRead(sensor: u32, result: u32): i32;

/// What the sensor is.
// @ts-ignore: decorator
@external("wasm2mcu:sensor/sensor", "describe")
export declare function sensorDescribe(sensor: u32, result: u32): i32;

/// Nanoseconds since some moment in the past; never less than before.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "now")
export declare function clockNow(): u64;

/// Nanoseconds between two values of the clock, at least 1.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "resolution")
export declare function clockResolution(): u64;

/// Returns after so many nanoseconds. The host may sleep meanwhile.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "wait-for")
export declare function clockWaitFor(duration: u64): void;

/// Returns when the clock has reached this value.
// @ts-ignore: decorator
@external("wasi:clocks/monotonic-clock", "wait-until")
export declare function clockWaitUntil(when: u64): void;

/// What happened.
export enum EventKind {
  /// The level of a pin changed; the value is 1 if it is high now.
  PIN = 0,
  /// A timer's time has come; the value counts the periods since the event before, 1 if none was missed.
  TIMER = 1,
  /// A serial port has bytes to read; the value is how many.
  UART = 2,
  /// A sensor has a new reading; the value is the sensor's number.
  SENSOR = 3,
}

/// Something that happened.
export class Event {
  /// The subscription that it belongs to.
  subscription: u32 = 0;
  /// What happened.
  kind: i32 = 0;
  /// More of it, by kind.
  value: u32 = 0;
  /// Events that were dropped before this one, because the queue was full.
  lost: u32 = 0;
  /// When, on the monotonic clock.
  timestamp: u64 = 0;
}

/// Events of a pin. Right: `input`.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-pin")
export declare function eventSubscribePin(pin: u32, edge: u32): i32;

/// Events of a timer: the first after `first` nanoseconds, then every `period`; once if that is 0.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-timer")
export declare function eventSubscribeTimer(first: u64, period: u64): i32;

/// Events of a serial port, whenever bytes have come.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-uart")
export declare function eventSubscribeUart(port: u32): i32;

/// Events of a sensor with new readings.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "subscribe-sensor")
export declare function eventSubscribeSensor(sensor: u32): i32;

/// Ends a subscription; its events that are in the queue go.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "unsubscribe")
export declare function eventUnsubscribe(subscription: u32): i32;

/// The oldest event, for which it waits up to `timeout` nanoseconds; `timeout` if there is none then.
// @ts-ignore: decorator
@external("wasm2mcu:events/events", "poll")
export declare function eventPoll(timeout: u64, result: u32): i32;

/// The value of a key. `no-space` if the buffer is too small; it is unchanged then.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "get")
export declare function storeGet(key: u32, keyLength: u32, buffer: u32, bufferLength: u32): i32;

/// Bytes of the value of a key.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "length")
export declare function storeLength(key: u32, keyLength: u32): i32;

/// Stores a value. A power cut leaves the old one or the new one. Keys of 1 to 32 bytes; values of up to
/// 65535.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "set")
export declare function storeSet(key: u32, keyLength: u32, value: u32, valueLength: u32): i32;

/// Removes a key; it is no error if there is none.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "delete")
export declare function storeDelete(key: u32, keyLength: u32): i32;

/// Whether there is a value for the key.
// @ts-ignore: decorator
@external("wasi:keyvalue/store", "exists")
export declare function storeExists(key: u32, keyLength: u32): i32;

/// How much a message matters.
export enum LogLevel {
  /// Of interest to the module's developers only.
  TRACE = 0,
  /// For debugging.
  DEBUG = 1,
  /// What goes on.
  INFO = 2,
  /// What should not be.
  WARN = 3,
  /// What failed.
  ERROR = 4,
  /// What cannot go on.
  CRITICAL = 5,
}

/// Says a message. `context` names the part of the module that says it; it may be empty.
// @ts-ignore: decorator
@external("wasi:logging/logging", "log")
export declare function log(level: u32, context: u32, contextLength: u32, message: u32, messageLength: u32): void;

/// Fills the buffer.
// @ts-ignore: decorator
@external("wasi:random/random", "get-random-bytes")
export declare function randomBytes(buffer: u32, bufferLength: u32): void;

/// 64 random bits.
// @ts-ignore: decorator
@external("wasi:random/random", "get-random-u64")
export declare function randomU64(): u64;
