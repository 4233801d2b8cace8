//! A fan that follows a temperature: reads a TMP102 on I2C, filters, drives PWM and a status LED, and says once a
//! second how things are.

const std = @import("std");
const w2m = @import("wasm2mcu");

comptime {
    asm (w2m.manifest(&.{ "gpio 5 output", "i2c 1 0x48", "pwm 0" }));
}

/// Thousandths of a degree: where the fan starts, where it is on all the time, where the LED stops blinking.
const cool: i32 = 25_000;
const full: i32 = 45_000;
const hot: i32 = 40_000;

const sensor: w2m.i2c.Device = .{ .bus = 1, .address = 0x48 };
const fan: w2m.pwm.Channel = .{ .number = 0 };

/// The sensor's register 0: a signed number of 12 bits, sixteenths of a degree, first byte first.
fn readTemperature() w2m.Error!i32 {
    var bytes: [2]u8 = undefined;
    try sensor.writeRead(&.{0}, &bytes);
    const sixteenths: i32 = std.mem.readInt(i16, &bytes, .big) >> 4;
    return @divTrunc(sixteenths * 125, 2);
}

fn dutyAt(temperature: i32, max_duty: u16) u16 {
    const above = std.math.clamp(temperature - cool, 0, full - cool);
    return @intCast(@divTrunc(max_duty * above, full - cool));
}

fn control(readings: i32) w2m.Error!i32 {
    const max_duty = try fan.maxDuty();
    const led: w2m.gpio.Output = try .init(5);

    var filtered: ?i32 = null;
    var lit = false;
    var next_report = w2m.clock.now();
    var left = readings;
    while (left > 0) : (left -= 1) {
        if (readTemperature()) |temperature| {
            const now = if (filtered) |last| last + @divTrunc(temperature - last, 4) else temperature;
            filtered = now;
            const duty = dutyAt(now, max_duty);
            lit = now >= hot or !lit;
            try fan.setDuty(duty);
            try led.set(lit);
            if (w2m.clock.now() >= next_report) {
                next_report += w2m.clock.s;
                const percent = @as(u32, duty) * 100 / max_duty;
                var line: w2m.log.Line(40) = .{};
                line.number(now);
                line.text(" m°C, fan ");
                line.number(@intCast(percent));
                line.text(" %");
                line.say(.info);
            }
        } else |_| {
            // Who does not know how hot it is cools.
            w2m.log.say(.warn, "", "no reading");
            try fan.setDuty(max_duty);
        }
        w2m.clock.sleep(100 * w2m.clock.ms);
    }
    return filtered orelse 0;
}

/// Takes `readings`, ten a second. Returns the temperature, or the smallest i32 if pin or fan cannot be had.
export fn run(readings: i32) i32 {
    return control(readings) catch std.math.minInt(i32);
}
