// Every function of the hardware ABI, called once or more, with what it returned said in the log.

import { AdcChannel, clock, Event, EventKind, events, ErrorCode, failed, GpioDirection, GpioEdge, GpioPull } from "wasm2mcu-guest";
import { I2cDevice, keyvalue, log, LogLevel, MILLISECOND, Pin, PwmChannel, random, Sensor } from "wasm2mcu-guest";
import { SensorDescription, SensorReading, SpiDevice, SpiMode, Transaction, UartPort } from "wasm2mcu-guest";

const two: StaticArray<u8> = [0, 0];
const four: StaticArray<u8> = [0, 0, 0, 0];
const eight: StaticArray<u8> = [0, 0, 0, 0, 0, 0, 0, 0];

function say(what: string, number: i32): i32 {
  log.text(what);
  log.text(" ");
  log.number(number);
  log.say(LogLevel.INFO);
  return number;
}

function outcome(what: string, returned: i32): void {
  say(what, min(returned, 0));
}

// Ends the tour on an error that nobody expects.
function check(returned: i32): i32 {
  if (failed(returned)) unreachable();
  return returned;
}

// The first bytes, up to four, as a number, the first one first.
function number(bytes: StaticArray<u8>): i32 {
  let sum: i32 = 0;
  for (let i = 0; i < min(bytes.length, 4); i++) sum = (sum << 8) | bytes[i];
  return sum;
}

function pins(): void {
  const output = Pin.at(2);
  check(output.configure(GpioDirection.OUTPUT));
  check(output.write(true));
  check(output.toggle());
  say("output", output.read());
  const input = Pin.at(3);
  check(input.configure(GpioDirection.INPUT, GpioPull.DOWN));
  say("input", input.read());
  outcome("edge", input.waitFor(GpioEdge.RISING, 50 * MILLISECOND));
  say("input", input.read());
  outcome("no edge", input.waitFor(GpioEdge.BOTH, MILLISECOND));
}

const SET: StaticArray<u8> = [2, 0x12, 0x30];
const HIGH: StaticArray<u8> = [2];
const LOW: StaticArray<u8> = [3];
const transaction = new Transaction();

function i2c(): void {
  const sensor = I2cDevice.at(1, 0x48);
  check(sensor.write(SET));
  check(sensor.read(two));
  say("read", number(two));
  check(sensor.writeRead(LOW, two));
  say("write-read", number(two));
  check(sensor.transaction(transaction.clear().write(HIGH).read(two)));
  say("transaction", number(two));
  outcome("nobody", I2cDevice.at(1, 0x49).read(two));
}

const IDENTIFY: StaticArray<u8> = [0x9f];
const identifier: StaticArray<u8> = [0, 0, 0];
const SENT: StaticArray<u8> = [1, 2, 3];
const PAIR: StaticArray<u8> = [5, 6];
const both: StaticArray<u8> = [7, 8];
const longer: StaticArray<u8> = [9, 10];

function spi(): void {
  const flash = SpiDevice.at(0);
  check(flash.configure(SpiMode.MODE3, 1_000_000));
  check(flash.transaction(transaction.clear().write(IDENTIFY).read(identifier)));
  say("identifier", number(identifier) << 8);
  const wire = SpiDevice.at(1);
  check(wire.write(SENT));
  check(wire.read(four));
  say("read", number(four));
  check(wire.transfer(PAIR, four));
  say("transfer", number(four));
  check(wire.transaction(transaction.clear().transfer(both).transfer(longer).read(two)));
  say("in place", number(both));
  say("longer", (number(longer) << 16) | number(two));
}

const PONG: StaticArray<u8> = [0x70, 0x6f, 0x6e, 0x67];

function uart(): void {
  const port = UartPort.at(0);
  check(port.configure(9600));
  say("available", port.available());
  say("read", port.read(four));
  say("bytes", number(four));
  say("written", port.write(PONG));
}

const microvolts: StaticArray<u32> = [0];

function analog(): void {
  const input = AdcChannel.at(3);
  say("conversion", input.read());
  check(input.readMicrovolts(microvolts));
  say("microvolts", microvolts[0]);
  say("bits", input.resolution());
  const output = PwmChannel.at(0);
  check(output.setFrequency(2000));
  say("duty of", output.maxDuty());
  check(output.setDuty(250));
}

const description = new SensorDescription();
const reading = new SensorReading();

function sensor(): void {
  const thermometer = Sensor.at(0);
  check(thermometer.describe(description));
  say("quantity", description.quantity);
  say("minimum", <i32>description.minimum);
  say("maximum", <i32>description.maximum);
  check(thermometer.read(reading));
  say("reading", <i32>(reading.value * 1000));
  say("taken", <i32>(reading.timestamp / MILLISECOND));
}

function time(): void {
  say("resolution", <i32>clock.resolution());
  const begin = clock.now();
  clock.sleep(3 * MILLISECOND);
  clock.sleepUntil(begin + 5 * MILLISECOND);
  say("slept", <i32>((clock.now() - begin) / MILLISECOND));
}

const event = new Event();

function nextEvent(timeout: u64): void {
  const polled = events.poll(timeout, event);
  if (polled == -ErrorCode.TIMEOUT) {
    say("no event", 0);
    return;
  }
  check(polled);
  say("subscription", event.subscription);
  say("kind", event.kind);
  say("value", event.value);
  say("lost", event.lost);
  say("at", <i32>(event.timestamp / MILLISECOND));
}

// An event of a subscription, which is ended then.
function oneEvent(subscription: i32, timeout: u64): void {
  check(subscription);
  nextEvent(timeout);
  check(events.unsubscribe(subscription));
}

function happenings(): void {
  const timer = events.timer(2 * MILLISECOND, 20 * MILLISECOND);
  oneEvent(timer, 10 * MILLISECOND);
  outcome("ended", events.unsubscribe(timer));
  oneEvent(Pin.at(3).subscribe(GpioEdge.FALLING), 100 * MILLISECOND);
  oneEvent(UartPort.at(0).subscribe(), 100 * MILLISECOND);
  oneEvent(Sensor.at(0).subscribe(), 100 * MILLISECOND);
  nextEvent(MILLISECOND);
}

// Called by the host between calls of `run`.
export function on_event(subscription: u32, kind: EventKind, value: u32, timestamp: u64): void {
  say("handled", subscription);
  say("kind", kind);
  say("value", value);
  say("at", <i32>(timestamp / MILLISECOND));
}

const VALUE: StaticArray<u8> = [1, 2, 3, 4];

function values(): void {
  check(keyvalue.set("key", VALUE));
  say("exists", keyvalue.exists("key"));
  say("length", keyvalue.length("key"));
  check(keyvalue.get("key", eight));
  say("value", number(eight));
  outcome("no room", keyvalue.get("key", identifier));
  check(keyvalue.remove("key"));
  if (keyvalue.get("key", eight) == -ErrorCode.NOT_FOUND) say("value", -1);
  say("exists", keyvalue.exists("key"));
}

// Returns 0; an error that nobody expected is a trap.
export function run(): i32 {
  pins();
  i2c();
  spi();
  uart();
  analog();
  sensor();
  time();
  happenings();
  values();
  random.fill(four);
  say("random", number(four));
  say("random", <i32>random.next());
  log.text("done");
  log.say(LogLevel.DEBUG);
  return 0;
}
