// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.

/// Why a host did not do what it was asked for.
pub const ErrorCode = enum(u32) {
    /// The module's manifest does not name the resource, or not with this right.
    not_permitted = 1,
    /// The host has no such resource, key, subscription.
    not_found = 2,
    /// An argument is out of its range.
    invalid_argument = 3,
    /// The resource cannot do this.
    unsupported = 4,
    /// The resource is in use by somebody else.
    busy = 5,
    /// The time was over.
    timeout = 6,
    /// Nobody answered at the address.
    no_acknowledge = 7,
    /// The bus was disturbed: arbitration lost, a wrong level, framing or parity.
    bus = 8,
    /// Data came faster than it was taken.
    overrun = 9,
    /// The buffer, store or queue is too small.
    no_space = 10,
    /// Anything else; the device does not work.
    io = 11,
};

/// What a part of a transaction does.
pub const Direction = enum(u32) {
    /// The device's bytes fill the range.
    read = 0,
    /// The range is sent.
    write = 1,
    /// The range is sent, and what comes back meanwhile fills it. SPI only.
    transfer = 2,
};

/// A part of a transaction.
pub const Segment = extern struct {
    /// What it does.
    direction: Direction,
    /// Where in the module's memory the range begins.
    address: u32,
    /// Bytes of the range.
    length: u32,
};

/// Which way a pin works.
pub const GpioDirection = enum(u32) {
    /// It is read.
    input = 0,
    /// It drives its level.
    output = 1,
    /// It drives low, and lets go of high.
    open_drain = 2,
};

/// The resistor at an input.
pub const GpioPull = enum(u32) {
    /// None.
    none = 0,
    /// To the supply.
    up = 1,
    /// To ground.
    down = 2,
};

/// A change of level.
pub const GpioEdge = enum(u32) {
    /// From low to high.
    rising = 0,
    /// From high to low.
    falling = 1,
    /// Either.
    both = 2,
};

/// wasi:gpio/digital
pub const gpio = struct {
    /// Sets up a pin. Right: `input` or `output`, by the direction.
    pub extern "wasi:gpio/digital" fn configure(pin: u32, direction: u32, pull: u32) i32;
    /// The level at the pin, true for high. Right: `input` or `output`.
    pub extern "wasi:gpio/digital" fn read(pin: u32) i32;
    /// Drives the pin, true for high. Right: `output`.
    pub extern "wasi:gpio/digital" fn write(pin: u32, level: u32) i32;
    /// Drives the pin the other way. Right: `output`.
    pub extern "wasi:gpio/digital" fn toggle(pin: u32) i32;
    /// Waits for a change of level for at most `timeout` nanoseconds. Right: `input`.
    pub extern "wasi:gpio/digital" fn @"wait-for-edge"(pin: u32, edge: u32, timeout: u64) i32;
};

/// wasi:i2c/i2c
pub const i2c = struct {
    /// Reads as many bytes as the buffer holds.
    pub extern "wasi:i2c/i2c" fn read(bus: u32, address: u32, buffer: u32, buffer_length: u32) i32;
    /// Writes bytes.
    pub extern "wasi:i2c/i2c" fn write(bus: u32, address: u32, data: u32, data_length: u32) i32;
    /// Writes bytes, then reads as many as the buffer holds, with a repeated start between. The ranges
    /// must not overlap.
    pub extern "wasi:i2c/i2c" fn @"write-read"(bus: u32, address: u32, data: u32, data_length: u32, buffer: u32, buffer_length: u32) i32;
    /// Carries out up to 8 segments as one transaction: a repeated start where the direction changes, one stop
    /// at the end. Ranges must not overlap.
    pub extern "wasi:i2c/i2c" fn transaction(bus: u32, address: u32, segments: u32, segments_length: u32) i32;
};

/// Clock polarity and phase.
pub const SpiMode = enum(u32) {
    /// Idle low, sampled on the first edge.
    mode0 = 0,
    /// Idle low, sampled on the second edge.
    mode1 = 1,
    /// Idle high, sampled on the first edge.
    mode2 = 2,
    /// Idle high, sampled on the second edge.
    mode3 = 3,
};

/// wasi:spi/spi
pub const spi = struct {
    /// Sets mode and the highest clock rate, where the host lets a module choose.
    pub extern "wasi:spi/spi" fn configure(device: u32, mode: u32, hertz: u32) i32;
    /// Reads as many bytes as the buffer holds.
    pub extern "wasi:spi/spi" fn read(device: u32, buffer: u32, buffer_length: u32) i32;
    /// Writes bytes.
    pub extern "wasi:spi/spi" fn write(device: u32, data: u32, data_length: u32) i32;
    /// Writes bytes while it reads as many as the buffer holds: as many as the longer of the two. The
    /// ranges must not overlap.
    pub extern "wasi:spi/spi" fn transfer(device: u32, data: u32, data_length: u32, buffer: u32, buffer_length: u32) i32;
    /// Carries out up to 8 segments while the device stays selected. Ranges must not overlap.
    pub extern "wasi:spi/spi" fn transaction(device: u32, segments: u32, segments_length: u32) i32;
};

/// wasm2mcu:uart/uart
pub const uart = struct {
    /// Sets the rate, where the host lets a module choose; 8 data bits, no parity, 1 stop bit.
    pub extern "wasm2mcu:uart/uart" fn configure(port: u32, baud: u32) i32;
    /// What has come, up to what the buffer holds. Does not wait: 0 bytes if there are none.
    pub extern "wasm2mcu:uart/uart" fn read(port: u32, buffer: u32, buffer_length: u32) i32;
    /// Sends bytes; returns how many were taken, which may be fewer.
    pub extern "wasm2mcu:uart/uart" fn write(port: u32, data: u32, data_length: u32) i32;
    /// How many bytes can be read without waiting; 65535 stands for that many or more.
    pub extern "wasm2mcu:uart/uart" fn available(port: u32) i32;
};

/// wasm2mcu:adc/adc
pub const adc = struct {
    /// A conversion, from 0 to 2^resolution - 1.
    pub extern "wasm2mcu:adc/adc" fn read(channel: u32) i32;
    /// A conversion in microvolts.
    pub extern "wasm2mcu:adc/adc" fn @"read-microvolts"(channel: u32, result: u32) i32;
    /// Bits of a conversion, 1 to 16.
    pub extern "wasm2mcu:adc/adc" fn resolution(channel: u32) i32;
};

/// wasm2mcu:pwm/pwm
pub const pwm = struct {
    /// The duty that is always on; at least 1.
    pub extern "wasm2mcu:pwm/pwm" fn @"max-duty"(channel: u32) i32;
    /// Sets the part of the period that is on: `duty` of `max-duty`.
    pub extern "wasm2mcu:pwm/pwm" fn @"set-duty"(channel: u32, duty: u32) i32;
    /// Sets the rate, where the host lets a module choose. What `max-duty` is may change.
    pub extern "wasm2mcu:pwm/pwm" fn @"set-frequency"(channel: u32, hertz: u32) i32;
};

/// What is measured, and in what.
pub const SensorQuantity = enum(u32) {
    /// °C.
    temperature = 0,
    /// % of relative humidity.
    humidity = 1,
    /// Pa.
    pressure = 2,
    /// lx.
    illuminance = 3,
    /// m/s².
    acceleration = 4,
    /// rad/s.
    angular_velocity = 5,
    /// µT.
    magnetic_flux_density = 6,
    /// m.
    distance = 7,
    /// V.
    voltage = 8,
    /// A.
    current = 9,
    /// W.
    power = 10,
    /// ppm.
    concentration = 11,
    /// A number without a unit.
    number = 12,
};

/// One measured value.
pub const SensorReading = extern struct {
    /// The value in the quantity's unit.
    value: f32,
    /// What it is.
    quantity: SensorQuantity,
    /// When it was taken, on the monotonic clock.
    timestamp: u64,
};

/// What a sensor can tell.
pub const SensorDescription = extern struct {
    /// What it measures.
    quantity: SensorQuantity,
    /// The lowest value.
    minimum: f32,
    /// The highest value.
    maximum: f32,
    /// The step between two values; 0 if it is not known.
    resolution: f32,
};

/// wasm2mcu:sensor/sensor
pub const sensor = struct {
    /// Takes a reading. A sensor of several quantities has as many numbers.
    pub extern "wasm2mcu:sensor/sensor" fn read(sensor: u32, result: u32) i32;
    /// What the sensor is.
    pub extern "wasm2mcu:sensor/sensor" fn describe(sensor: u32, result: u32) i32;
};

/// wasi:clocks/monotonic-clock
pub const clock = struct {
    /// Nanoseconds since some moment in the past; never less than before.
    pub extern "wasi:clocks/monotonic-clock" fn now() u64;
    /// Nanoseconds between two values of the clock, at least 1.
    pub extern "wasi:clocks/monotonic-clock" fn resolution() u64;
    /// Returns after so many nanoseconds. The host may sleep meanwhile.
    pub extern "wasi:clocks/monotonic-clock" fn @"wait-for"(duration: u64) void;
    /// Returns when the clock has reached this value.
    pub extern "wasi:clocks/monotonic-clock" fn @"wait-until"(when: u64) void;
};

/// What happened.
pub const EventKind = enum(u32) {
    /// The level of a pin changed; the value is 1 if it is high now.
    pin = 0,
    /// A timer's time has come; the value counts the periods since the event before, 1 if none was missed.
    timer = 1,
    /// A serial port has bytes to read; the value is how many.
    uart = 2,
    /// A sensor has a new reading; the value is the sensor's number.
    sensor = 3,
};

/// Something that happened.
pub const Event = extern struct {
    /// The subscription that it belongs to.
    subscription: u32,
    /// What happened.
    kind: EventKind,
    /// More of it, by kind.
    value: u32,
    /// Events that were dropped before this one, because the queue was full.
    lost: u32,
    /// When, on the monotonic clock.
    timestamp: u64,
};

/// wasm2mcu:events/events
pub const event = struct {
    /// Events of a pin. Right: `input`.
    pub extern "wasm2mcu:events/events" fn @"subscribe-pin"(pin: u32, edge: u32) i32;
    /// Events of a timer: the first after `first` nanoseconds, then every `period`; once if that is 0.
    pub extern "wasm2mcu:events/events" fn @"subscribe-timer"(first: u64, period: u64) i32;
    /// Events of a serial port, whenever bytes have come.
    pub extern "wasm2mcu:events/events" fn @"subscribe-uart"(port: u32) i32;
    /// Events of a sensor with new readings.
    pub extern "wasm2mcu:events/events" fn @"subscribe-sensor"(sensor: u32) i32;
    /// Ends a subscription; its events that are in the queue go.
    pub extern "wasm2mcu:events/events" fn unsubscribe(subscription: u32) i32;
    /// The oldest event, for which it waits up to `timeout` nanoseconds; `timeout` if there is none then.
    pub extern "wasm2mcu:events/events" fn poll(timeout: u64, result: u32) i32;
};

/// wasi:keyvalue/store
pub const store = struct {
    /// The value of a key. `no-space` if the buffer is too small; it is unchanged then.
    pub extern "wasi:keyvalue/store" fn get(key: u32, key_length: u32, buffer: u32, buffer_length: u32) i32;
    /// Bytes of the value of a key.
    pub extern "wasi:keyvalue/store" fn length(key: u32, key_length: u32) i32;
    /// Stores a value. A power cut leaves the old one or the new one. Keys of 1 to 32 bytes; values of up to
    /// 65535.
    pub extern "wasi:keyvalue/store" fn set(key: u32, key_length: u32, value: u32, value_length: u32) i32;
    /// Removes a key; it is no error if there is none.
    pub extern "wasi:keyvalue/store" fn delete(key: u32, key_length: u32) i32;
    /// Whether there is a value for the key.
    pub extern "wasi:keyvalue/store" fn exists(key: u32, key_length: u32) i32;
};

/// How much a message matters.
pub const LogLevel = enum(u32) {
    /// Of interest to the module's developers only.
    trace = 0,
    /// For debugging.
    debug = 1,
    /// What goes on.
    info = 2,
    /// What should not be.
    warn = 3,
    /// What failed.
    @"error" = 4,
    /// What cannot go on.
    critical = 5,
};

/// wasi:logging/logging
pub const log = struct {
    /// Says a message. `context` names the part of the module that says it; it may be empty.
    pub extern "wasi:logging/logging" fn log(level: u32, context: u32, context_length: u32, message: u32, message_length: u32) void;
};

/// wasi:random/random
pub const random = struct {
    /// Fills the buffer.
    pub extern "wasi:random/random" fn @"get-random-bytes"(buffer: u32, buffer_length: u32) void;
    /// 64 random bits.
    pub extern "wasi:random/random" fn @"get-random-u64"() u64;
};
