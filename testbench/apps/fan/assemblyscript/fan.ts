// A fan that follows a temperature: reads a TMP102 on I2C, filters, drives PWM and a status LED, and says once a
// second how things are. What it may use is in fan.manifest.

import { clock, failed, log, GpioDirection, I2cDevice, LogLevel, Pin, PwmChannel, MILLISECOND, SECOND } from "wasm2mcu-guest";

// Thousandths of a degree: where the fan starts, where it is on all the time, where the LED stops blinking.
const COOL: i32 = 25_000;
const FULL: i32 = 45_000;
const HOT: i32 = 40_000;

const REGISTER: StaticArray<u8> = [0];
const bytes: StaticArray<u8> = [0, 0];

const NO_READING: i32 = i32.MAX_VALUE;

// The sensor's register 0: a signed number of 12 bits, sixteenths of a degree, first byte first.
function readTemperature(): i32 {
  if (failed(I2cDevice.at(1, 0x48).writeRead(REGISTER, bytes))) return NO_READING;
  const sixteenths = <i32>(<i16>((<i32>bytes[0] << 8) | bytes[1])) >> 4;
  return (sixteenths * 125) / 2;
}

function dutyAt(temperature: i32, maxDuty: i32): i32 {
  const above = max(0, min(temperature - COOL, FULL - COOL));
  return (maxDuty * above) / (FULL - COOL);
}

function report(temperature: i32, percent: i32): void {
  log.number(temperature);
  log.text(" m°C, fan ");
  log.number(percent);
  log.text(" %");
  log.say(LogLevel.INFO);
}

// Takes `readings`, ten a second. Returns the temperature, or i32.MIN_VALUE if pin or fan cannot be had.
export function run(readings: i32): i32 {
  const fan = PwmChannel.at(0);
  const led = Pin.at(5);
  const maxDuty = fan.maxDuty();
  if (failed(maxDuty) || failed(led.configure(GpioDirection.OUTPUT))) return i32.MIN_VALUE;

  let filtered = 0;
  let settled = false;
  let lit = false;
  let nextReport = clock.now();
  for (; readings > 0; readings--) {
    const temperature = readTemperature();
    if (temperature != NO_READING) {
      filtered += settled ? (temperature - filtered) / 4 : temperature;
      settled = true;
      const duty = dutyAt(filtered, maxDuty);
      lit = filtered >= HOT || !lit;
      if (failed(fan.setDuty(duty)) || failed(led.write(lit))) return i32.MIN_VALUE;
      if (clock.now() >= nextReport) {
        nextReport += SECOND;
        report(filtered, (duty * 100) / maxDuty);
      }
    } else {
      // Who does not know how hot it is cools.
      log.text("no reading");
      log.say(LogLevel.WARN);
      if (failed(fan.setDuty(maxDuty))) return i32.MIN_VALUE;
    }
    clock.sleep(100 * MILLISECOND);
  }
  return filtered;
}
