// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.

pub(crate) mod gpio {
    #[link(wasm_import_module = "wasi:gpio/digital")]
    unsafe extern "C" {
        /// Sets up a pin. Right: `input` or `output`, by the direction.
        #[link_name = "configure"]
        pub(crate) safe fn configure(pin: u32, direction: u32, pull: u32) -> i32;
        /// The level at the pin, true for high. Right: `input` or `output`.
        #[link_name = "read"]
        pub(crate) safe fn read(pin: u32) -> i32;
        /// Drives the pin, true for high. Right: `output`.
        #[link_name = "write"]
        pub(crate) safe fn write(pin: u32, level: u32) -> i32;
        /// Drives the pin the other way. Right: `output`.
        #[link_name = "toggle"]
        pub(crate) safe fn toggle(pin: u32) -> i32;
        /// Waits for a change of level for at most `timeout` nanoseconds. Right: `input`.
        #[link_name = "wait-for-edge"]
        pub(crate) safe fn wait_for_edge(pin: u32, edge: u32, timeout: u64) -> i32;
    }
}

pub(crate) mod i2c {
    #[link(wasm_import_module = "wasi:i2c/i2c")]
    unsafe extern "C" {
        /// Reads as many bytes as the buffer holds.
        #[link_name = "read"]
        pub(crate) safe fn read(bus: u32, address: u32, buffer: u32, buffer_length: u32) -> i32;
        /// Writes bytes.
        #[link_name = "write"]
        pub(crate) safe fn write(bus: u32, address: u32, data: u32, data_length: u32) -> i32;
        /// Writes bytes, then reads as many as the buffer holds, with a repeated start between. The ranges
        /// must not overlap.
        #[link_name = "write-read"]
        pub(crate) safe fn write_read(bus: u32, address: u32, data: u32, data_length: u32, buffer: u32, buffer_length: u32) -> i32;
        /// Carries out up to 8 segments as one transaction: a repeated start where the direction changes, one stop
        /// at the end. Ranges must not overlap.
        #[link_name = "transaction"]
        pub(crate) safe fn transaction(bus: u32, address: u32, segments: u32, segments_length: u32) -> i32;
    }
}

pub(crate) mod spi {
    #[link(wasm_import_module = "wasi:spi/spi")]
    unsafe extern "C" {
        /// Sets mode and the highest clock rate, where the host lets a module choose.
        #[link_name = "configure"]
        pub(crate) safe fn configure(device: u32, mode: u32, hertz: u32) -> i32;
        /// Reads as many bytes as the buffer holds.
        #[link_name = "read"]
        pub(crate) safe fn read(device: u32, buffer: u32, buffer_length: u32) -> i32;
        /// Writes bytes.
        #[link_name = "write"]
        pub(crate) safe fn write(device: u32, data: u32, data_length: u32) -> i32;
        /// Writes bytes while it reads as many as the buffer holds: as many as the longer of the two. The
        /// ranges must not overlap.
        #[link_name = "transfer"]
        pub(crate) safe fn transfer(device: u32, data: u32, data_length: u32, buffer: u32, buffer_length: u32) -> i32;
        /// Carries out up to 8 segments while the device stays selected. Ranges must not overlap.
        #[link_name = "transaction"]
        pub(crate) safe fn transaction(device: u32, segments: u32, segments_length: u32) -> i32;
    }
}

pub(crate) mod uart {
    #[link(wasm_import_module = "wasm2mcu:uart/uart")]
    unsafe extern "C" {
        /// Sets the rate, where the host lets a module choose; 8 data bits, no parity, 1 stop bit.
        #[link_name = "configure"]
        pub(crate) safe fn configure(port: u32, baud: u32) -> i32;
        /// What has come, up to what the buffer holds. Does not wait: 0 bytes if there are none.
        #[link_name = "read"]
        pub(crate) safe fn read(port: u32, buffer: u32, buffer_length: u32) -> i32;
        /// Sends bytes; returns how many were taken, which may be fewer.
        #[link_name = "write"]
        pub(crate) safe fn write(port: u32, data: u32, data_length: u32) -> i32;
        /// How many bytes can be read without waiting; 65535 stands for that many or more.
        #[link_name = "available"]
        pub(crate) safe fn available(port: u32) -> i32;
    }
}

pub(crate) mod adc {
    #[link(wasm_import_module = "wasm2mcu:adc/adc")]
    unsafe extern "C" {
        /// A conversion, from 0 to 2^resolution - 1.
        #[link_name = "read"]
        pub(crate) safe fn read(channel: u32) -> i32;
        /// A conversion in microvolts.
        #[link_name = "read-microvolts"]
        pub(crate) safe fn read_microvolts(channel: u32, result: u32) -> i32;
        /// Bits of a conversion, 1 to 16.
        #[link_name = "resolution"]
        pub(crate) safe fn resolution(channel: u32) -> i32;
    }
}

pub(crate) mod pwm {
    #[link(wasm_import_module = "wasm2mcu:pwm/pwm")]
    unsafe extern "C" {
        /// The duty that is always on; at least 1.
        #[link_name = "max-duty"]
        pub(crate) safe fn max_duty(channel: u32) -> i32;
        /// Sets the part of the period that is on: `duty` of `max-duty`.
        #[link_name = "set-duty"]
        pub(crate) safe fn set_duty(channel: u32, duty: u32) -> i32;
        /// Sets the rate, where the host lets a module choose. What `max-duty` is may change.
        #[link_name = "set-frequency"]
        pub(crate) safe fn set_frequency(channel: u32, hertz: u32) -> i32;
    }
}

pub(crate) mod sensor {
    #[link(wasm_import_module = "wasm2mcu:sensor/sensor")]
    unsafe extern "C" {
        /// Takes a reading. A sensor of several quantities has as many numbers.
        #[link_name = "read"]
        pub(crate) safe fn read(sensor: u32, result: u32) -> i32;
        /// What the sensor is.
        #[link_name = "describe"]
        pub(crate) safe fn describe(sensor: u32, result: u32) -> i32;
    }
}

pub(crate) mod clock {
    #[link(wasm_import_module = "wasi:clocks/monotonic-clock")]
    unsafe extern "C" {
        /// Nanoseconds since some moment in the past; never less than before.
        #[link_name = "now"]
        pub(crate) safe fn now() -> u64;
        /// Nanoseconds between two values of the clock, at least 1.
        #[link_name = "resolution"]
        pub(crate) safe fn resolution() -> u64;
        /// Returns after so many nanoseconds. The host may sleep meanwhile.
        #[link_name = "wait-for"]
        pub(crate) safe fn wait_for(duration: u64);
        /// Returns when the clock has reached this value.
        #[link_name = "wait-until"]
        pub(crate) safe fn wait_until(when: u64);
    }
}

pub(crate) mod event {
    #[link(wasm_import_module = "wasm2mcu:events/events")]
    unsafe extern "C" {
        /// Events of a pin. Right: `input`.
        #[link_name = "subscribe-pin"]
        pub(crate) safe fn subscribe_pin(pin: u32, edge: u32) -> i32;
        /// Events of a timer: the first after `first` nanoseconds, then every `period`; once if that is 0.
        #[link_name = "subscribe-timer"]
        pub(crate) safe fn subscribe_timer(first: u64, period: u64) -> i32;
        /// Events of a serial port, whenever bytes have come.
        #[link_name = "subscribe-uart"]
        pub(crate) safe fn subscribe_uart(port: u32) -> i32;
        /// Events of a sensor with new readings.
        #[link_name = "subscribe-sensor"]
        pub(crate) safe fn subscribe_sensor(sensor: u32) -> i32;
        /// Ends a subscription; its events that are in the queue go.
        #[link_name = "unsubscribe"]
        pub(crate) safe fn unsubscribe(subscription: u32) -> i32;
        /// The oldest event, for which it waits up to `timeout` nanoseconds; `timeout` if there is none then.
        #[link_name = "poll"]
        pub(crate) safe fn poll(timeout: u64, result: u32) -> i32;
    }
}

pub(crate) mod store {
    #[link(wasm_import_module = "wasi:keyvalue/store")]
    unsafe extern "C" {
        /// The value of a key. `no-space` if the buffer is too small; it is unchanged then.
        #[link_name = "get"]
        pub(crate) safe fn get(key: u32, key_length: u32, buffer: u32, buffer_length: u32) -> i32;
        /// Bytes of the value of a key.
        #[link_name = "length"]
        pub(crate) safe fn length(key: u32, key_length: u32) -> i32;
        /// Stores a value. A power cut leaves the old one or the new one. Keys of 1 to 32 bytes; values of up to
        /// 65535.
        #[link_name = "set"]
        pub(crate) safe fn set(key: u32, key_length: u32, value: u32, value_length: u32) -> i32;
        /// Removes a key; it is no error if there is none.
        #[link_name = "delete"]
        pub(crate) safe fn delete(key: u32, key_length: u32) -> i32;
        /// Whether there is a value for the key.
        #[link_name = "exists"]
        pub(crate) safe fn exists(key: u32, key_length: u32) -> i32;
    }
}

pub(crate) mod log {
    #[link(wasm_import_module = "wasi:logging/logging")]
    unsafe extern "C" {
        /// Says a message. `context` names the part of the module that says it; it may be empty.
        #[link_name = "log"]
        pub(crate) safe fn log(level: u32, context: u32, context_length: u32, message: u32, message_length: u32);
    }
}

pub(crate) mod random {
    #[link(wasm_import_module = "wasi:random/random")]
    unsafe extern "C" {
        /// Fills the buffer.
        #[link_name = "get-random-bytes"]
        pub(crate) safe fn get_random_bytes(buffer: u32, buffer_length: u32);
        /// 64 random bits.
        #[link_name = "get-random-u64"]
        pub(crate) safe fn get_random_u64() -> u64;
    }
}
