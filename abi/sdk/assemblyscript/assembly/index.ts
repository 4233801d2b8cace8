// The hardware that a host grants to a module, for modules in AssemblyScript.
//
//   import { I2cDevice, failed } from "wasm2mcu-guest";
//
//   const bytes = new StaticArray<u8>(2);
//
//   export function run(): i32 {
//     const sensor = I2cDevice.at(1, 0x48);
//     return failed(sensor.read(bytes)) ? -1 : bytes[0];
//   }
//
// Functions that can fail return an i32: a negative error (-ErrorCode.TIMEOUT), or what their comment says. Times are
// nanoseconds. Resources are values without memory of their own: `at` makes one from its number, and allocates nothing. What the
// module may use is named in its manifest, a file that `wasm2mcu compile --manifest` takes. The contract: HARDWARE.md.

import * as raw from "./raw";
import { ErrorCode, GpioDirection, GpioEdge, GpioPull, LogLevel, SpiMode } from "./raw";
import { Event, Segment, SensorDescription, SensorReading } from "./raw";

export {
  Direction,
  ErrorCode,
  Event,
  EventKind,
  GpioDirection,
  GpioEdge,
  GpioPull,
  LogLevel,
  SensorDescription,
  SensorQuantity,
  SensorReading,
  SpiMode,
} from "./raw";

export const MILLISECOND: u64 = 1_000_000;
export const SECOND: u64 = 1_000_000_000;

/// Whether what a function returned is an error.
// @ts-ignore: decorator
@inline
export function failed(returned: i32): bool {
  return returned < 0;
}

/// The error that a function returned.
export function errorOf(returned: i32): ErrorCode {
  return <ErrorCode>-returned;
}

// @ts-ignore: decorator
@inline
function start(bytes: StaticArray<u8>): u32 {
  return <u32>changetype<usize>(bytes);
}

/// A pin. The manifest names it with its rights: `gpio 5 output`.
@unmanaged
export class Pin {
  // @ts-ignore: decorator
  @inline
  static at(number: u32): Pin {
    return changetype<Pin>(<usize>number);
  }

  get number(): u32 {
    return <u32>changetype<usize>(this);
  }

  /// Sets it up; returns 0. Right: `input` or `output`, by the direction.
  configure(direction: GpioDirection, pull: GpioPull = GpioPull.NONE): i32 {
    return raw.gpioConfigure(this.number, direction, pull);
  }

  /// Returns the level, 1 for high.
  read(): i32 {
    return raw.gpioRead(this.number);
  }

  /// Drives the level, true for high; returns 0.
  write(high: bool): i32 {
    return raw.gpioWrite(this.number, u32(high));
  }

  /// Drives the other level; returns 0.
  toggle(): i32 {
    return raw.gpioToggle(this.number);
  }

  /// Waits for a change of level; returns 0, or -ErrorCode.TIMEOUT.
  waitFor(edge: GpioEdge, timeout: u64): i32 {
    return raw.gpioWaitForEdge(this.number, edge, timeout);
  }

  /// Subscribes to changes of level; returns the subscription.
  subscribe(edge: GpioEdge): i32 {
    return raw.eventSubscribePin(this.number, edge);
  }
}

/// Up to 8 parts that a device gets without a stop between.
export class Transaction {
  private segments: StaticArray<u32> = new StaticArray<u32>(24);
  private count: u32 = 0;

  /// Begins anew.
  clear(): Transaction {
    this.count = 0;
    return this;
  }

  /// Bytes to fill.
  read(buffer: StaticArray<u8>): Transaction {
    return this.add(raw.Direction.READ, buffer);
  }

  /// Bytes to send.
  write(data: StaticArray<u8>): Transaction {
    return this.add(raw.Direction.WRITE, data);
  }

  /// Bytes to send, which are replaced by what comes back. SPI only.
  transfer(bytes: StaticArray<u8>): Transaction {
    return this.add(raw.Direction.TRANSFER, bytes);
  }

  get address(): u32 {
    return <u32>changetype<usize>(this.segments);
  }

  get length(): u32 {
    return this.count;
  }

  private add(direction: raw.Direction, bytes: StaticArray<u8>): Transaction {
    const at = this.count * 3;
    this.segments[at] = direction;
    this.segments[at + 1] = start(bytes);
    this.segments[at + 2] = bytes.length;
    this.count++;
    return this;
  }
}

/// A device on an I2C bus. The manifest names it: `i2c 1 0x48`.
@unmanaged
export class I2cDevice {
  // @ts-ignore: decorator
  @inline
  static at(bus: u32, address: u16): I2cDevice {
    return changetype<I2cDevice>(<usize>((bus << 16) | address));
  }

  get bus(): u32 {
    return <u32>changetype<usize>(this) >> 16;
  }

  get address(): u32 {
    return <u32>changetype<usize>(this) & 0xffff;
  }

  /// Fills the buffer; returns how many bytes.
  read(buffer: StaticArray<u8>): i32 {
    return raw.i2cRead(this.bus, this.address, start(buffer), buffer.length);
  }

  /// Sends bytes; returns 0.
  write(data: StaticArray<u8>): i32 {
    return raw.i2cWrite(this.bus, this.address, start(data), data.length);
  }

  /// Sends bytes, then fills the buffer, with a repeated start between; returns how many bytes.
  writeRead(data: StaticArray<u8>, buffer: StaticArray<u8>): i32 {
    return raw.i2cWriteRead(this.bus, this.address, start(data), data.length, start(buffer), buffer.length);
  }

  /// Carries out all parts; returns 0.
  transaction(parts: Transaction): i32 {
    return raw.i2cTransaction(this.bus, this.address, parts.address, parts.length);
  }
}

/// A device on an SPI bus with its chip select. The manifest names it: `spi 0`.
@unmanaged
export class SpiDevice {
  // @ts-ignore: decorator
  @inline
  static at(number: u32): SpiDevice {
    return changetype<SpiDevice>(<usize>number);
  }

  get number(): u32 {
    return <u32>changetype<usize>(this);
  }

  /// Sets mode and the highest clock rate, where the host lets a module choose; returns 0.
  configure(mode: SpiMode, hertz: u32): i32 {
    return raw.spiConfigure(this.number, mode, hertz);
  }

  /// Fills the buffer; returns how many bytes.
  read(buffer: StaticArray<u8>): i32 {
    return raw.spiRead(this.number, start(buffer), buffer.length);
  }

  /// Sends bytes; returns 0.
  write(data: StaticArray<u8>): i32 {
    return raw.spiWrite(this.number, start(data), data.length);
  }

  /// Sends bytes while it fills the buffer, as many as the longer of the two; returns how many were filled.
  transfer(data: StaticArray<u8>, buffer: StaticArray<u8>): i32 {
    return raw.spiTransfer(this.number, start(data), data.length, start(buffer), buffer.length);
  }

  /// Carries out all parts while the device stays selected; returns 0.
  transaction(parts: Transaction): i32 {
    return raw.spiTransaction(this.number, parts.address, parts.length);
  }
}

/// A serial port. The manifest names it: `uart 2`.
@unmanaged
export class UartPort {
  // @ts-ignore: decorator
  @inline
  static at(number: u32): UartPort {
    return changetype<UartPort>(<usize>number);
  }

  get number(): u32 {
    return <u32>changetype<usize>(this);
  }

  /// Sets the rate, where the host lets a module choose; returns 0.
  configure(baud: u32): i32 {
    return raw.uartConfigure(this.number, baud);
  }

  /// Takes what has come, without waiting; returns how many bytes that was.
  read(buffer: StaticArray<u8>): i32 {
    return raw.uartRead(this.number, start(buffer), buffer.length);
  }

  /// Sends what there is room for, without waiting; returns how many bytes that was.
  write(data: StaticArray<u8>): i32 {
    return raw.uartWrite(this.number, start(data), data.length);
  }

  /// Returns how many bytes can be read; 65535 stands for that many or more.
  available(): i32 {
    return raw.uartAvailable(this.number);
  }

  /// Subscribes to bytes that come; returns the subscription.
  subscribe(): i32 {
    return raw.eventSubscribeUart(this.number);
  }
}

/// An analog input. The manifest names it: `adc 3`.
@unmanaged
export class AdcChannel {
  // @ts-ignore: decorator
  @inline
  static at(number: u32): AdcChannel {
    return changetype<AdcChannel>(<usize>number);
  }

  get number(): u32 {
    return <u32>changetype<usize>(this);
  }

  /// Returns a conversion, from 0 to 2^resolution - 1.
  read(): i32 {
    return raw.adcRead(this.number);
  }

  /// Stores a conversion in microvolts in the first element; returns 0.
  readMicrovolts(into: StaticArray<u32>): i32 {
    return raw.adcReadMicrovolts(this.number, <u32>changetype<usize>(into));
  }

  /// Returns the bits of a conversion, 1 to 16.
  resolution(): i32 {
    return raw.adcResolution(this.number);
  }
}

/// A pulse width modulated output. The manifest names it: `pwm 0`.
@unmanaged
export class PwmChannel {
  // @ts-ignore: decorator
  @inline
  static at(number: u32): PwmChannel {
    return changetype<PwmChannel>(<usize>number);
  }

  get number(): u32 {
    return <u32>changetype<usize>(this);
  }

  /// Returns the duty that is always on; at least 1.
  maxDuty(): i32 {
    return raw.pwmMaxDuty(this.number);
  }

  /// Sets the part of the period that is on, `duty` of `maxDuty`; returns 0.
  setDuty(duty: u32): i32 {
    return raw.pwmSetDuty(this.number, duty);
  }

  /// Sets the rate, where the host lets a module choose; returns 0. What `maxDuty` is may change.
  setFrequency(hertz: u32): i32 {
    return raw.pwmSetFrequency(this.number, hertz);
  }
}

/// A sensor of one quantity whose driver the host has. The manifest names it: `sensor 0`.
@unmanaged
export class Sensor {
  // @ts-ignore: decorator
  @inline
  static at(number: u32): Sensor {
    return changetype<Sensor>(<usize>number);
  }

  get number(): u32 {
    return <u32>changetype<usize>(this);
  }

  /// Takes a reading; returns 0.
  read(into: SensorReading): i32 {
    return raw.sensorRead(this.number, <u32>changetype<usize>(into));
  }

  /// Says what it measures; returns 0.
  describe(into: SensorDescription): i32 {
    return raw.sensorDescribe(this.number, <u32>changetype<usize>(into));
  }

  /// Subscribes to new readings; returns the subscription.
  subscribe(): i32 {
    return raw.eventSubscribeSensor(this.number);
  }
}

/// Time and waiting, in nanoseconds on the monotonic clock.
export namespace clock {
  export function now(): u64 {
    return raw.clockNow();
  }

  /// Between two values of the clock.
  export function resolution(): u64 {
    return raw.clockResolution();
  }

  /// Waits so long. The host may sleep meanwhile.
  export function sleep(duration: u64): void {
    raw.clockWaitFor(duration);
  }

  /// Waits until the clock has reached this value.
  export function sleepUntil(when: u64): void {
    raw.clockWaitUntil(when);
  }
}

/// What happens without being asked for: subscribe to it, and take events out by `poll`. Or the program exports
/// `on_event(subscription: u32, kind: EventKind, value: u32, timestamp: u64): void`, which the host calls between its calls.
export namespace events {
  /// Subscribes to a timer: the first event after `first`, then every `period`; once if that is 0. Returns the subscription.
  export function timer(first: u64, period: u64): i32 {
    return raw.eventSubscribeTimer(first, period);
  }

  /// Ends a subscription; returns 0. Its events that are in the queue go.
  export function unsubscribe(subscription: i32): i32 {
    return raw.eventUnsubscribe(subscription);
  }

  /// The oldest event, for which it waits up to `timeout`; returns 0, or -ErrorCode.TIMEOUT if there is none then.
  export function poll(timeout: u64, into: Event): i32 {
    return raw.eventPoll(timeout, <u32>changetype<usize>(into));
  }
}

// Bytes of a key, and where one stands in UTF-8 during a call.
const KEY: i32 = 32;
const KEY_BYTES = memory.data(32);

function keyLength(key: string): i32 {
  const length = String.UTF8.byteLength(key);
  if (length < 1 || length > KEY) return -ErrorCode.INVALID_ARGUMENT;
  String.UTF8.encodeUnsafe(changetype<usize>(key), key.length, KEY_BYTES);
  return length;
}

/// Values that stay when the power goes. The manifest says how large the store is: `keyvalue 256`.
export namespace keyvalue {
  /// Fills the buffer with the value of a key; returns how many bytes it has.
  export function get(key: string, buffer: StaticArray<u8>): i32 {
    const length = keyLength(key);
    if (length < 0) return length;
    return raw.storeGet(<u32>KEY_BYTES, length, start(buffer), buffer.length);
  }

  /// Returns the bytes of the value of a key.
  export function length(key: string): i32 {
    const length = keyLength(key);
    if (length < 0) return length;
    return raw.storeLength(<u32>KEY_BYTES, length);
  }

  /// Stores a value; returns 0. A power cut leaves the old one or the new one.
  export function set(key: string, value: StaticArray<u8>): i32 {
    const length = keyLength(key);
    if (length < 0) return length;
    return raw.storeSet(<u32>KEY_BYTES, length, start(value), value.length);
  }

  /// Removes a key; returns 0, also if there is none.
  export function remove(key: string): i32 {
    const length = keyLength(key);
    if (length < 0) return length;
    return raw.storeDelete(<u32>KEY_BYTES, length);
  }

  /// Returns 1 if there is a value for the key, else 0.
  export function exists(key: string): i32 {
    const length = keyLength(key);
    if (length < 0) return length;
    return raw.storeExists(<u32>KEY_BYTES, length);
  }
}

// The one message that is being written; a module has one task.
const LINE: i32 = 128;
const LINE_BYTES = memory.data(128);
let lineEnd: i32 = 0;

function put(byte: u32): void {
  if (lineEnd < LINE) store<u8>(LINE_BYTES + lineEnd++, byte);
}

/// Messages for people, of up to 128 bytes; what is longer is cut off.
///
///   log.text("duty ");
///   log.number(duty);
///   log.say(LogLevel.INFO);
///
/// Template strings would allocate.
export namespace log {
  export function text(words: string): void {
    for (let i = 0; i < words.length; i++) {
      const unit = <u32>words.charCodeAt(i);
      if (unit < 0x80) {
        put(unit);
      } else if (unit < 0x800) {
        put(0xc0 | (unit >> 6));
        put(0x80 | (unit & 0x3f));
      } else {
        put(0xe0 | (unit >> 12));
        put(0x80 | ((unit >> 6) & 0x3f));
        put(0x80 | (unit & 0x3f));
      }
    }
  }

  export function number(value: i32): void {
    if (value < 0) put(0x2d);
    const rest: u32 = value < 0 ? -value : value;
    let scale: u32 = 1;
    while (rest / scale >= 10) scale *= 10;
    for (; scale > 0; scale /= 10) put(0x30 + ((rest / scale) % 10));
  }

  /// Says what was written, and begins anew.
  export function say(level: LogLevel): void {
    raw.log(level, 0, 0, <u32>LINE_BYTES, lineEnd);
    lineEnd = 0;
  }
}

/// Random numbers, good enough for keys.
export namespace random {
  export function fill(buffer: StaticArray<u8>): void {
    raw.randomBytes(start(buffer), buffer.length);
  }

  export function next(): u64 {
    return raw.randomU64();
  }
}
