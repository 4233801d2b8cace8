//! Every function of the hardware ABI, called once or more, with what it returned said in the log.

#![no_std]

use core::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{InputPin, OutputPin, StatefulOutputPin};
use embedded_hal::i2c::{self, I2c};
use embedded_hal::pwm::SetDutyCycle;
use embedded_hal::spi::{self, SpiDevice};
use embedded_io::{Read, Write};
use wasm2mcu_guest::clock::{self, Delay, Instant};
use wasm2mcu_guest::event::{self, Event, Subscription};
use wasm2mcu_guest::log::{Level, Line, log};
use wasm2mcu_guest::{
    Error, adc, gpio, handler, i2c as bus, manifest, pwm, random, sensor, spi as device, store,
    uart,
};

handler!(on_event);
manifest!("gpio 2 output", "gpio 3 input", "i2c 1 0x48", "spi 0");
manifest!(
    "spi 1",
    "uart 0",
    "adc 3",
    "pwm 0",
    "sensor 0",
    "keyvalue 256"
);

const MS: Duration = Duration::from_millis(1);

fn say(what: &str, number: i32) {
    Line::<64>::new()
        .text(what)
        .text(" ")
        .number(number)
        .log(Level::Info);
}

fn outcome<T>(what: &str, result: Result<T, Error>) {
    say(what, result.map_or_else(|error| -(error.0 as i32), |_| 0));
}

/// The first four bytes as a number, the first one first.
fn number(bytes: &[u8]) -> i32 {
    bytes
        .iter()
        .take(4)
        .fold(0, |number, byte| number << 8 | i32::from(*byte))
}

fn pins() -> Result<(), Error> {
    let mut output = gpio::Output::new(2)?;
    output.set_high()?;
    output.toggle()?;
    say("output", i32::from(output.is_set_high()?));
    let mut input = gpio::Input::new(3, gpio::Pull::Down)?;
    say("input", i32::from(input.is_high()?));
    outcome("edge", input.wait_for(gpio::Edge::Rising, 50 * MS));
    say("input", i32::from(input.is_high()?));
    outcome("no edge", input.wait_for(gpio::Edge::Both, MS));
    Ok(())
}

fn i2c() -> Result<(), Error> {
    let mut bus = bus::Bus::new(1);
    let mut bytes = [0; 2];
    bus.write(0x48, &[2, 0x12, 0x30])?;
    bus.read(0x48, &mut bytes)?;
    say("read", number(&bytes));
    bus.write_read(0x48, &[3], &mut bytes)?;
    say("write-read", number(&bytes));
    let mut operations = [
        i2c::Operation::Write(&[2]),
        i2c::Operation::Read(&mut bytes),
    ];
    bus.transaction(0x48, &mut operations)?;
    say("transaction", number(&bytes));
    outcome("nobody", bus.read(0x49, &mut bytes));
    Ok(())
}

fn spi() -> Result<(), Error> {
    let mut flash = device::Device::new(0);
    let mut bytes = [0; 4];
    flash.configure(device::Mode::Mode3, 1_000_000)?;
    let mut operations = [
        spi::Operation::Write(&[0x9f]),
        spi::Operation::Read(&mut bytes[..3]),
    ];
    flash.transaction(&mut operations)?;
    say("identifier", number(&bytes));
    let mut wire = device::Device::new(1);
    wire.write(&[1, 2, 3])?;
    wire.read(&mut bytes)?;
    say("read", number(&bytes));
    wire.transfer(&mut bytes, &[5, 6])?;
    say("transfer", number(&bytes));
    let mut both = [7, 8];
    let mut operations = [
        spi::Operation::TransferInPlace(&mut both),
        spi::Operation::Transfer(&mut bytes, &[9, 10]),
    ];
    wire.transaction(&mut operations)?;
    say("in place", number(&both));
    say("longer", number(&bytes));
    Ok(())
}

fn uart() -> Result<(), Error> {
    let mut port = uart::Port::new(0);
    let mut bytes = [0; 4];
    port.configure(9600)?;
    say("available", port.available()? as i32);
    say("read", port.read(&mut bytes)? as i32);
    say("bytes", number(&bytes));
    say("written", port.write(b"pong")? as i32);
    Ok(())
}

fn analog() -> Result<(), Error> {
    let mut input = adc::Channel::new(3);
    say("conversion", input.read()?.into());
    say("microvolts", input.read_microvolts()? as i32);
    say("bits", input.resolution()?.into());
    let mut output = pwm::Channel::new(0)?;
    output.set_frequency(2000)?;
    say("duty of", output.max_duty_cycle().into());
    output.set_duty_cycle(250)?;
    Ok(())
}

fn sensor() -> Result<(), Error> {
    let mut sensor = sensor::Sensor::new(0);
    let description = sensor.describe()?;
    say("quantity", description.quantity as i32);
    say("minimum", description.minimum as i32);
    say("maximum", description.maximum as i32);
    let reading = sensor.read()?;
    say("reading", (reading.value * 1000.0) as i32);
    say("taken", (reading.timestamp / 1_000_000) as i32);
    Ok(())
}

fn time() {
    say("resolution", clock::resolution().subsec_nanos() as i32);
    let begin = Instant::now();
    Delay.delay_ms(3);
    clock::sleep_until(begin + 5 * MS);
    say("slept", begin.elapsed().subsec_millis() as i32);
}

fn next_event(timeout: Duration) -> Result<(), Error> {
    match event::poll(timeout)? {
        Some(event) => {
            say("subscription", event.subscription as i32);
            say("kind", event.kind as i32);
            say("value", event.value as i32);
            say("lost", event.lost as i32);
            say("at", (event.timestamp / 1_000_000) as i32);
        }
        None => say("no event", 0),
    }
    Ok(())
}

fn events() -> Result<(), Error> {
    let timer = Subscription::timer(2 * MS, 20 * MS)?;
    next_event(10 * MS)?;
    timer.end()?;
    outcome("ended", timer.end());
    let pin = Subscription::pin(3, gpio::Edge::Falling)?;
    next_event(100 * MS)?;
    pin.end()?;
    let port = Subscription::uart(0)?;
    next_event(100 * MS)?;
    port.end()?;
    let sensor = Subscription::sensor(0)?;
    next_event(100 * MS)?;
    sensor.end()?;
    next_event(MS)
}

/// Called by the host between calls of `run`.
fn on_event(event: Event) {
    say("handled", event.subscription as i32);
    say("kind", event.kind as i32);
    say("value", event.value as i32);
    say("at", (event.timestamp / 1_000_000) as i32);
}

fn values() -> Result<(), Error> {
    let mut bytes = [0; 8];
    store::set("key", &[1, 2, 3, 4])?;
    say("exists", i32::from(store::exists("key")?));
    say(
        "length",
        store::len("key")?.map_or(-1, |length| length as i32),
    );
    say("value", store::get("key", &mut bytes)?.map_or(-1, number));
    outcome("no room", store::get("key", &mut bytes[..3]));
    store::delete("key")?;
    say("value", store::get("key", &mut bytes)?.map_or(-1, number));
    say("exists", i32::from(store::exists("key")?));
    Ok(())
}

fn tour() -> Result<(), Error> {
    pins()?;
    i2c()?;
    spi()?;
    uart()?;
    analog()?;
    sensor()?;
    time();
    events()?;
    values()?;
    let mut bytes = [0; 4];
    random::fill(&mut bytes);
    say("random", number(&bytes));
    say("random", random::next_u64() as i32);
    log(Level::Debug, "", "done");
    Ok(())
}

/// Returns 0, or the first error that nobody expected.
#[unsafe(no_mangle)]
extern "C" fn run() -> i32 {
    tour().map_or_else(|error| -(error.0 as i32), |()| 0)
}
