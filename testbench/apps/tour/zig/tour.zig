//! Every function of the hardware ABI, called once or more, with what it returned said in the log.

const w2m = @import("wasm2mcu");

comptime {
    asm (w2m.manifest(&.{ "gpio 2 output", "gpio 3 input", "i2c 1 0x48", "spi 0" }));
    asm (w2m.manifest(&.{ "spi 1", "uart 0", "adc 3", "pwm 0", "sensor 0", "keyvalue 256" }));
}

const ms = w2m.clock.ms;

fn say(what: []const u8, of: anytype) void {
    var line: w2m.log.Line(64) = .{};
    line.text(what);
    line.text(" ");
    line.number(switch (@TypeOf(of)) {
        bool => @intFromBool(of),
        f32 => @trunc(of),
        else => @truncate(@as(i64, @intCast(of))),
    });
    line.say(.info);
}

fn outcome(what: []const u8, result: anytype) void {
    say(what, if (result) |_| @as(i32, 0) else |err| switch (err) {
        error.NotPermitted => @as(i32, -1),
        error.NotFound => -2,
        error.Timeout => -6,
        error.NoSpace => -10,
        else => -99,
    });
}

/// The first bytes, up to four, as a number, the first one first.
fn number(bytes: []const u8) i32 {
    var sum: u32 = 0;
    for (bytes) |byte| sum = sum << 8 | byte;
    return @bitCast(sum);
}

fn pins() !void {
    const output: w2m.gpio.Output = try .init(2);
    try output.set(true);
    try output.toggle();
    say("output", try output.isHigh());
    const input: w2m.gpio.Input = try .init(3, .down);
    say("input", try input.isHigh());
    outcome("edge", input.waitFor(.rising, 50 * ms));
    say("input", try input.isHigh());
    outcome("no edge", input.waitFor(.both, ms));
}

fn i2c() !void {
    const sensor_: w2m.i2c.Device = .{ .bus = 1, .address = 0x48 };
    const nobody: w2m.i2c.Device = .{ .bus = 1, .address = 0x49 };
    var bytes: [2]u8 = undefined;
    try sensor_.write(&.{ 2, 0x12, 0x30 });
    try sensor_.read(&bytes);
    say("read", number(&bytes));
    try sensor_.writeRead(&.{3}, &bytes);
    say("write-read", number(&bytes));
    try sensor_.transaction(&.{ .{ .write = &.{2} }, .{ .read = &bytes } });
    say("transaction", number(&bytes));
    outcome("nobody", nobody.read(&bytes));
}

fn spi() !void {
    const flash: w2m.spi.Device = .{ .number = 0 };
    const wire: w2m.spi.Device = .{ .number = 1 };
    var bytes: [4]u8 = @splat(0);
    var both = [_]u8{ 7, 8 };
    try flash.configure(.mode3, 1_000_000);
    try flash.transaction(&.{ .{ .write = &.{0x9f} }, .{ .read = bytes[0..3] } });
    say("identifier", number(&bytes));
    try wire.write(&.{ 1, 2, 3 });
    try wire.read(&bytes);
    say("read", number(&bytes));
    try wire.transfer(&.{ 5, 6 }, &bytes);
    say("transfer", number(&bytes));
    bytes[0..2].* = .{ 9, 10 };
    try wire.transaction(&.{ .{ .transfer = &both }, .{ .transfer = bytes[0..2] }, .{ .read = bytes[2..] } });
    say("in place", number(&both));
    say("longer", number(&bytes));
}

fn uart() !void {
    const port: w2m.uart.Port = .{ .number = 0 };
    var bytes: [4]u8 = @splat(0);
    try port.configure(9600);
    say("available", try port.available());
    say("read", (try port.read(&bytes)).len);
    say("bytes", number(&bytes));
    say("written", try port.write("pong"));
}

fn analog() !void {
    const input: w2m.adc.Channel = .{ .number = 3 };
    say("conversion", try input.read());
    say("microvolts", try input.readMicrovolts());
    say("bits", try input.resolution());
    const output: w2m.pwm.Channel = .{ .number = 0 };
    try output.setFrequency(2000);
    say("duty of", try output.maxDuty());
    try output.setDuty(250);
}

fn sensor() !void {
    const thermometer: w2m.sensor.Sensor = .{ .number = 0 };
    const description = try thermometer.describe();
    say("quantity", @backingInt(description.quantity));
    say("minimum", description.minimum);
    say("maximum", description.maximum);
    const reading = try thermometer.read();
    say("reading", reading.value * 1000);
    say("taken", reading.timestamp / ms);
}

fn time() void {
    say("resolution", w2m.clock.resolution());
    const begin = w2m.clock.now();
    w2m.clock.sleep(3 * ms);
    w2m.clock.sleepUntil(begin + 5 * ms);
    say("slept", (w2m.clock.now() - begin) / ms);
}

fn nextEvent(timeout: u64) !void {
    const event = try w2m.event.poll(timeout) orelse return say("no event", 0);
    say("subscription", event.subscription);
    say("kind", @backingInt(event.kind));
    say("value", event.value);
    say("lost", event.lost);
    say("at", event.timestamp / ms);
}

/// An event of a subscription, which is ended then.
fn oneEvent(subscription: w2m.event.Subscription, timeout: u64) !void {
    try nextEvent(timeout);
    try w2m.event.end(subscription);
}

fn events() !void {
    const timer = try w2m.event.timer(2 * ms, 20 * ms);
    try oneEvent(timer, 10 * ms);
    outcome("ended", w2m.event.end(timer));
    try oneEvent(try w2m.event.pin(3, .falling), 100 * ms);
    try oneEvent(try w2m.event.port(0), 100 * ms);
    try oneEvent(try w2m.event.readings(0), 100 * ms);
    try nextEvent(ms);
}

/// Called by the host between calls of `run`.
export fn on_event(subscription: u32, kind: w2m.event.Kind, value: u32, timestamp: u64) void {
    say("handled", subscription);
    say("kind", @intFromEnum(kind));
    say("value", value);
    say("at", timestamp / ms);
}

fn values() !void {
    var bytes: [8]u8 = undefined;
    try w2m.store.set("key", &.{ 1, 2, 3, 4 });
    say("exists", try w2m.store.exists("key"));
    say("length", (try w2m.store.length("key")).?);
    say("value", number((try w2m.store.get("key", &bytes)).?));
    outcome("no room", w2m.store.get("key", bytes[0..3]));
    try w2m.store.delete("key");
    if (try w2m.store.get("key", &bytes) == null) say("value", -1);
    say("exists", try w2m.store.exists("key"));
}

fn tour() !void {
    try pins();
    try i2c();
    try spi();
    try uart();
    try analog();
    try sensor();
    time();
    try events();
    try values();
    var bytes: [4]u8 = undefined;
    w2m.random.fill(&bytes);
    say("random", number(&bytes));
    say("random", @as(i64, @bitCast(w2m.random.next())));
    w2m.log.say(.debug, "", "done");
}

/// Returns 0, or -1 for an error that nobody expected.
export fn run() i32 {
    tour() catch return -1;
    return 0;
}
