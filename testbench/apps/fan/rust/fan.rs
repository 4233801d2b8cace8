//! A fan that follows a temperature: reads a TMP102 on I2C, filters, drives PWM and a status LED, and says once a
//! second how things are.

#![no_std]

use core::time::Duration;

use embedded_hal::i2c::I2c;
use embedded_hal::pwm::SetDutyCycle;
use wasm2mcu_guest::clock::{Instant, sleep};
use wasm2mcu_guest::log::{Level, Line, log};
use wasm2mcu_guest::{Error, gpio, i2c, manifest, pwm};

manifest!("gpio 5 output", "i2c 1 0x48", "pwm 0");

/// Thousandths of a degree: where the fan starts, where it is on all the time, where the LED stops blinking.
const COOL: i32 = 25_000;
const FULL: i32 = 45_000;
const HOT: i32 = 40_000;

const PAUSE: Duration = Duration::from_millis(100);
const SECOND: Duration = Duration::from_secs(1);

/// The sensor's register 0: a signed number of 12 bits, sixteenths of a degree, first byte first.
fn read_temperature(bus: &mut i2c::Bus) -> Result<i32, Error> {
    let mut bytes = [0; 2];
    bus.write_read(0x48, &[0], &mut bytes)?;
    let sixteenths = i32::from(i16::from_be_bytes(bytes) >> 4);
    Ok(sixteenths * 125 / 2)
}

fn duty(temperature: i32, max_duty: u16) -> u16 {
    let above = (temperature - COOL).clamp(0, FULL - COOL);
    (i32::from(max_duty) * above / (FULL - COOL)) as u16
}

fn control(readings: i32) -> Result<i32, Error> {
    let mut bus = i2c::Bus::new(1);
    let mut fan = pwm::Channel::new(0)?;
    let mut led = gpio::Output::new(5)?;
    let max_duty = fan.max_duty_cycle();

    let mut filtered = None;
    let mut lit = false;
    let mut next_report = Instant::now();
    for _ in 0..readings {
        if let Ok(temperature) = read_temperature(&mut bus) {
            let now = filtered.map_or(temperature, |last| last + (temperature - last) / 4);
            filtered = Some(now);
            let duty = duty(now, max_duty);
            lit = now >= HOT || !lit;
            fan.set_duty_cycle(duty)?;
            led.set(lit)?;
            if Instant::now() >= next_report {
                next_report = next_report + SECOND;
                let percent = i32::from(duty) * 100 / i32::from(max_duty);
                let mut line = Line::<40>::new();
                line.number(now)
                    .text(" m°C, fan ")
                    .number(percent)
                    .text(" %");
                line.log(Level::Info);
            }
        } else {
            // Who does not know how hot it is cools.
            log(Level::Warn, "", "no reading");
            fan.set_duty_cycle(max_duty)?;
        }
        sleep(PAUSE);
    }
    Ok(filtered.unwrap_or(0))
}

/// Takes `readings`, ten a second. Returns the temperature, or `i32::MIN` if pin or fan cannot be had.
#[unsafe(no_mangle)]
extern "C" fn run(readings: i32) -> i32 {
    control(readings).unwrap_or(i32::MIN)
}
