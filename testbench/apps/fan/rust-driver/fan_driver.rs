//! The fan of `../rust`, with a driver from the registry in the place of `read_temperature`: `tmp1x2`, which knows
//! `embedded-hal` and nothing of WebAssembly.

#![no_std]

use core::time::Duration;

use embedded_hal::pwm::SetDutyCycle;
use tmp1x2::{SlaveAddr, Tmp1x2};
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

fn duty(temperature: i32, max_duty: u16) -> u16 {
    let above = (temperature - COOL).clamp(0, FULL - COOL);
    (i32::from(max_duty) * above / (FULL - COOL)) as u16
}

fn control(readings: i32) -> Result<i32, Error> {
    let mut sensor = Tmp1x2::new(i2c::Bus::new(1), SlaveAddr::default());
    let mut fan = pwm::Channel::new(0)?;
    let mut led = gpio::Output::new(5)?;
    let max_duty = fan.max_duty_cycle();

    let mut filtered = None;
    let mut lit = false;
    let mut next_report = Instant::now();
    for _ in 0..readings {
        if let Ok(degrees) = sensor.read_temperature() {
            let temperature = (degrees * 1000.0) as i32;
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
