//! The hardware that a host grants to a module, for modules in Zig.
//!
//! A module names what it wants to use in its `manifest`, and takes each resource by its number:
//!
//! ```zig
//! const w2m = @import("wasm2mcu");
//!
//! comptime {
//!     asm (w2m.manifest(&.{"i2c 1 0x48"}));
//! }
//!
//! export fn run() i32 {
//!     var bytes: [2]u8 = undefined;
//!     const sensor: w2m.i2c.Device = .{ .bus = 1, .address = 0x48 };
//!     sensor.writeRead(&.{0}, &bytes) catch return -1;
//!     return bytes[0];
//! }
//! ```
//!
//! Everything is a call of the host, which checks every number and address (`HARDWARE.md`). Times are nanoseconds. Nothing
//! allocates. `raw.zig` has the imports as they are.

const std = @import("std");

pub const raw = @import("raw.zig");

/// Why a host did not do what it was asked for; `raw.ErrorCode` says more of each.
pub const Error = error{
    NotPermitted,
    NotFound,
    InvalidArgument,
    Unsupported,
    Busy,
    Timeout,
    NoAcknowledge,
    Bus,
    Overrun,
    NoSpace,
    Io,
};

/// What a function of the host returned: its value, or an error if it is negative.
fn value(returned: i32) Error!u32 {
    if (returned >= 0) return @intCast(returned);
    // A number that a later version of the ABI has appended is an error nonetheless.
    const number: u32 = @bitCast(-%returned);
    const code: raw.ErrorCode = if (number <= @backingInt(raw.ErrorCode.io)) @fromBackingInt(@intCast(number)) else .io;
    return switch (code) {
        .not_permitted => error.NotPermitted,
        .not_found => error.NotFound,
        .invalid_argument => error.InvalidArgument,
        .unsupported => error.Unsupported,
        .busy => error.Busy,
        .timeout => error.Timeout,
        .no_acknowledge => error.NoAcknowledge,
        .bus => error.Bus,
        .overrun => error.Overrun,
        .no_space => error.NoSpace,
        .io => error.Io,
    };
}

fn done(returned: i32) Error!void {
    _ = try value(returned);
}

/// Where a slice begins, as the host is told.
fn address(slice: anytype) u32 {
    return @intFromPtr(slice.ptr);
}

/// The assembly that makes the manifest, one resource in each line (`HARDWARE.md`, section 3), a custom section of the
/// module: `comptime { asm (manifest(…)); }`.
pub fn manifest(comptime lines: []const []const u8) []const u8 {
    comptime var text: []const u8 = ".section .custom_section.wasm2mcu.manifest,\"\",@\n";
    inline for (lines) |line| text = text ++ ".ascii \"" ++ line ++ "\\n\"\n";
    return text ++ ".text\n";
}

/// A part of a transaction, of which there are up to 8.
pub const Part = union(enum) {
    /// Bytes to fill.
    read: []u8,
    /// Bytes to send.
    write: []const u8,
    /// Bytes to send, which are replaced by what comes back. SPI only.
    transfer: []u8,

    fn segment(part: Part) raw.Segment {
        return switch (part) {
            .read => |bytes| .{ .direction = .read, .address = address(bytes), .length = bytes.len },
            .write => |bytes| .{ .direction = .write, .address = address(bytes), .length = bytes.len },
            .transfer => |bytes| .{ .direction = .transfer, .address = address(bytes), .length = bytes.len },
        };
    }
};

const Segments = struct {
    list: [8]raw.Segment = undefined,

    fn of(segments: *Segments, parts: []const Part) Error![]const raw.Segment {
        if (parts.len > segments.list.len) return error.NoSpace;
        for (parts, segments.list[0..parts.len]) |part, *segment| segment.* = part.segment();
        return segments.list[0..parts.len];
    }
};

/// Pins. The manifest names each with its rights: `gpio 5 output`.
pub const gpio = struct {
    pub const Pull = raw.GpioPull;
    pub const Edge = raw.GpioEdge;

    fn configure(pin: u32, direction: raw.GpioDirection, pull: Pull) Error!void {
        return done(raw.gpio.configure(pin, @backingInt(direction), @backingInt(pull)));
    }

    /// A pin that is read.
    pub const Input = struct {
        pin: u32,

        pub fn init(pin: u32, pull: Pull) Error!Input {
            try configure(pin, .input, pull);
            return .{ .pin = pin };
        }

        /// Whether the level is high.
        pub fn isHigh(self: Input) Error!bool {
            return try value(raw.gpio.read(self.pin)) != 0;
        }

        /// Waits for a change of level; `error.Timeout` if there was none within `timeout` nanoseconds.
        pub fn waitFor(self: Input, edge: Edge, timeout: u64) Error!void {
            return done(raw.gpio.@"wait-for-edge"(self.pin, @backingInt(edge), timeout));
        }
    };

    /// A pin that drives its level.
    pub const Output = struct {
        pin: u32,

        pub fn init(pin: u32) Error!Output {
            try configure(pin, .output, .none);
            return .{ .pin = pin };
        }

        /// A pin that drives low and lets go of high.
        pub fn initOpenDrain(pin: u32, pull: Pull) Error!Output {
            try configure(pin, .open_drain, pull);
            return .{ .pin = pin };
        }

        pub fn set(self: Output, high: bool) Error!void {
            return done(raw.gpio.write(self.pin, @intFromBool(high)));
        }

        pub fn toggle(self: Output) Error!void {
            return done(raw.gpio.toggle(self.pin));
        }

        /// Whether the level at the pin is high.
        pub fn isHigh(self: Output) Error!bool {
            return try value(raw.gpio.read(self.pin)) != 0;
        }
    };
};

/// Devices on I2C buses. The manifest names each: `i2c 1 0x48`.
pub const i2c = struct {
    pub const Device = struct {
        bus: u32,
        address: u16,

        pub fn read(self: Device, buffer: []u8) Error!void {
            return done(raw.i2c.read(self.bus, self.address, address(buffer), buffer.len));
        }

        pub fn write(self: Device, data: []const u8) Error!void {
            return done(raw.i2c.write(self.bus, self.address, address(data), data.len));
        }

        /// Writes, then fills the buffer, with a repeated start between.
        pub fn writeRead(self: Device, data: []const u8, buffer: []u8) Error!void {
            return done(raw.i2c.@"write-read"(
                self.bus,
                self.address,
                address(data),
                data.len,
                address(buffer),
                buffer.len,
            ));
        }

        pub fn transaction(self: Device, parts: []const Part) Error!void {
            var segments: Segments = .{};
            const list = try segments.of(parts);
            return done(raw.i2c.transaction(self.bus, self.address, address(list), list.len));
        }
    };
};

/// Devices on SPI buses, each with its chip select. The manifest names each: `spi 0`.
pub const spi = struct {
    pub const Mode = raw.SpiMode;

    pub const Device = struct {
        number: u32,

        /// Sets mode and the highest clock rate, where the host lets a module choose.
        pub fn configure(self: Device, mode: Mode, hertz: u32) Error!void {
            return done(raw.spi.configure(self.number, @backingInt(mode), hertz));
        }

        pub fn read(self: Device, buffer: []u8) Error!void {
            return done(raw.spi.read(self.number, address(buffer), buffer.len));
        }

        pub fn write(self: Device, data: []const u8) Error!void {
            return done(raw.spi.write(self.number, address(data), data.len));
        }

        /// Writes while it reads: as many bytes as the longer of the two has.
        pub fn transfer(self: Device, data: []const u8, buffer: []u8) Error!void {
            return done(raw.spi.transfer(self.number, address(data), data.len, address(buffer), buffer.len));
        }

        pub fn transaction(self: Device, parts: []const Part) Error!void {
            var segments: Segments = .{};
            const list = try segments.of(parts);
            return done(raw.spi.transaction(self.number, address(list), list.len));
        }
    };
};

/// Serial ports. The manifest names each: `uart 2`.
pub const uart = struct {
    pub const Port = struct {
        number: u32,

        /// Sets the rate, where the host lets a module choose; 8 data bits, no parity, 1 stop bit.
        pub fn configure(self: Port, baud: u32) Error!void {
            return done(raw.uart.configure(self.number, baud));
        }

        /// What has come, in the beginning of the buffer. Does not wait.
        pub fn read(self: Port, buffer: []u8) Error![]u8 {
            return buffer[0..try value(raw.uart.read(self.number, address(buffer), buffer.len))];
        }

        /// Sends what there is room for; returns how many bytes that was. Does not wait.
        pub fn write(self: Port, data: []const u8) Error!usize {
            return value(raw.uart.write(self.number, address(data), data.len));
        }

        /// How many bytes can be read; 65535 stands for that many or more.
        pub fn available(self: Port) Error!usize {
            return value(raw.uart.available(self.number));
        }
    };
};

/// Analog inputs. The manifest names each: `adc 3`.
pub const adc = struct {
    pub const Channel = struct {
        number: u32,

        /// A conversion, from 0 to 2^resolution - 1.
        pub fn read(self: Channel) Error!u16 {
            return @intCast(try value(raw.adc.read(self.number)));
        }

        pub fn readMicrovolts(self: Channel) Error!u32 {
            var result: u32 = undefined;
            try done(raw.adc.@"read-microvolts"(self.number, @intFromPtr(&result)));
            return result;
        }

        /// Bits of a conversion, 1 to 16.
        pub fn resolution(self: Channel) Error!u32 {
            return value(raw.adc.resolution(self.number));
        }
    };
};

/// Pulse width modulated outputs. The manifest names each: `pwm 0`.
pub const pwm = struct {
    pub const Channel = struct {
        number: u32,

        /// The duty that is always on; at least 1.
        pub fn maxDuty(self: Channel) Error!u16 {
            return @intCast(try value(raw.pwm.@"max-duty"(self.number)));
        }

        /// Sets the part of the period that is on: `duty` of `maxDuty`.
        pub fn setDuty(self: Channel, duty: u16) Error!void {
            return done(raw.pwm.@"set-duty"(self.number, duty));
        }

        /// Sets the rate, where the host lets a module choose. What `maxDuty` is may change.
        pub fn setFrequency(self: Channel, hertz: u32) Error!void {
            return done(raw.pwm.@"set-frequency"(self.number, hertz));
        }
    };
};

/// Sensors whose driver the host has. The manifest names each: `sensor 0`.
pub const sensor = struct {
    pub const Reading = raw.SensorReading;
    pub const Description = raw.SensorDescription;

    /// A sensor of one quantity.
    pub const Sensor = struct {
        number: u32,

        pub fn read(self: Sensor) Error!Reading {
            var result: Reading = undefined;
            try done(raw.sensor.read(self.number, @intFromPtr(&result)));
            return result;
        }

        pub fn describe(self: Sensor) Error!Description {
            var result: Description = undefined;
            try done(raw.sensor.describe(self.number, @intFromPtr(&result)));
            return result;
        }
    };
};

/// Time and waiting, in nanoseconds on the monotonic clock.
pub const clock = struct {
    pub const ms: u64 = 1_000_000;
    pub const s: u64 = 1_000_000_000;

    pub fn now() u64 {
        return raw.clock.now();
    }

    /// Between two values of the clock.
    pub fn resolution() u64 {
        return raw.clock.resolution();
    }

    /// Waits so long. The host may sleep meanwhile.
    pub fn sleep(duration: u64) void {
        raw.clock.@"wait-for"(duration);
    }

    /// Waits until the clock has reached this value.
    pub fn sleepUntil(when: u64) void {
        raw.clock.@"wait-until"(when);
    }
};

/// What happens without being asked for: a module subscribes, and takes events out by `poll`, or exports a function
/// `on_event`: `export fn on_event(subscription: u32, kind: Kind, value: u32, timestamp: u64) void`.
pub const event = struct {
    pub const Event = raw.Event;
    pub const Kind = raw.EventKind;

    /// The number that events of a subscription carry.
    pub const Subscription = u32;

    /// Events of a pin, which is granted as input.
    pub fn pin(number: u32, edge: gpio.Edge) Error!Subscription {
        return value(raw.event.@"subscribe-pin"(number, @backingInt(edge)));
    }

    /// Events of a timer: the first after `first`, then every `period`; once if that is 0.
    pub fn timer(first: u64, period: u64) Error!Subscription {
        return value(raw.event.@"subscribe-timer"(first, period));
    }

    /// Events of a serial port, whenever bytes have come.
    pub fn port(number: u32) Error!Subscription {
        return value(raw.event.@"subscribe-uart"(number));
    }

    /// Events of a sensor with new readings.
    pub fn readings(number: u32) Error!Subscription {
        return value(raw.event.@"subscribe-sensor"(number));
    }

    /// Ends a subscription; its events that are in the queue go.
    pub fn end(subscription: Subscription) Error!void {
        return done(raw.event.unsubscribe(subscription));
    }

    /// The oldest event, for which it waits up to `timeout`; null if there is none then.
    pub fn poll(timeout: u64) Error!?Event {
        var result: Event = undefined;
        done(raw.event.poll(timeout, @intFromPtr(&result))) catch |err| switch (err) {
            error.Timeout => return null,
            else => return err,
        };
        return result;
    }
};

/// Values that stay when the power goes. The manifest says how large the store is: `keyvalue 256`.
pub const store = struct {
    fn found(returned: i32) Error!?u32 {
        return value(returned) catch |err| switch (err) {
            error.NotFound => null,
            else => err,
        };
    }

    /// The value of a key, in the beginning of the buffer; null if the key has none.
    pub fn get(key: []const u8, buffer: []u8) Error!?[]u8 {
        const got = raw.store.get(address(key), key.len, address(buffer), buffer.len);
        return buffer[0..(try found(got) orelse return null)];
    }

    /// Bytes of the value of a key; null if the key has none.
    pub fn length(key: []const u8) Error!?usize {
        return found(raw.store.length(address(key), key.len));
    }

    /// Stores a value. A power cut leaves the old one or the new one.
    pub fn set(key: []const u8, bytes: []const u8) Error!void {
        return done(raw.store.set(address(key), key.len, address(bytes), bytes.len));
    }

    /// Removes a key; it is no error if there is none.
    pub fn delete(key: []const u8) Error!void {
        return done(raw.store.delete(address(key), key.len));
    }

    pub fn exists(key: []const u8) Error!bool {
        return try value(raw.store.exists(address(key), key.len)) != 0;
    }
};

/// Messages for people.
pub const log = struct {
    pub const Level = raw.LogLevel;

    /// Bytes of a formatted message; what is longer is cut off.
    pub const line = 128;

    /// Says a message. `context` names the part of the module that says it; it may be empty.
    pub fn say(level: Level, context: []const u8, message: []const u8) void {
        raw.log.log(@backingInt(level), address(context), context.len, address(message), message.len);
    }

    /// A message of up to `size` bytes; what is longer is cut off. Smaller than `print`.
    pub fn Line(comptime size: usize) type {
        return struct {
            bytes: [size]u8 = undefined,
            end: usize = 0,

            const Self = @This();

            /// Appends text.
            pub fn text(self: *Self, from: []const u8) void {
                for (from) |byte| self.put(byte);
            }

            /// Appends a number, decimal.
            pub fn number(self: *Self, of: i32) void {
                if (of < 0) self.put('-');
                const rest = @abs(of);
                var scale: u32 = 1;
                while (rest / scale >= 10) scale *= 10;
                while (scale > 0) : (scale /= 10) self.put('0' + @as(u8, @intCast(rest / scale % 10)));
            }

            /// Says it.
            pub fn say(self: *const Self, level: Level) void {
                log.say(level, "", self.bytes[0..self.end]);
            }

            fn put(self: *Self, byte: u8) void {
                if (self.end == size) return;
                self.bytes[self.end] = byte;
                self.end += 1;
            }
        };
    }

    /// Says a message, formatted as by `std.fmt`.
    pub fn print(level: Level, comptime format: []const u8, arguments: anytype) void {
        var buffer: [line]u8 = undefined;
        var writer: std.Io.Writer = .fixed(&buffer);
        writer.print(format, arguments) catch {};
        say(level, "", writer.buffered());
    }
};

/// For `std.log`: `pub const std_options: std.Options = .{ .logFn = w2m.logFn };`
pub fn logFn(
    comptime level: std.log.Level,
    comptime scope: @TypeOf(.enum_literal),
    comptime format: []const u8,
    arguments: anytype,
) void {
    var buffer: [log.line]u8 = undefined;
    var writer: std.Io.Writer = .fixed(&buffer);
    writer.print(format, arguments) catch {};
    log.say(switch (level) {
        .err => .@"error",
        .warn => .warn,
        .info => .info,
        .debug => .debug,
    }, if (scope == .default) "" else @tagName(scope), writer.buffered());
}

/// Random numbers, good enough for keys.
pub const random = struct {
    pub fn fill(buffer: []u8) void {
        raw.random.@"get-random-bytes"(address(buffer), buffer.len);
    }

    pub fn next() u64 {
        return raw.random.@"get-random-u64"();
    }
};
