//! A board made of devices with the traits of `embedded-hal` 1.0.
//!
//! ```text
//!   embedded-hal                        here (object safe)       under a number in Peripherals
//!   InputPin, OutputPin ─Input, Output─▶ Pin ────────────────────▶ pins
//!   I2c ────────────────────────────────▶ I2cBus ────────────────▶ i2c
//!   SpiDevice ──────────────────────────▶ Spi ───────────────────▶ spi
//!   SetDutyCycle ───────────────────────▶ Pwm ───────────────────▶ pwm
//!   embedded-io Read + Write + ReadReady ▶ Uart ─────────────────▶ uarts
//!   no trait there: Clock, Adc, Sensor, Store, Random
//! ```

use embedded_hal::digital::{InputPin, OutputPin, StatefulOutputPin};
use embedded_hal::i2c::{self, I2c};
use embedded_hal::pwm::SetDutyCycle;
use embedded_hal::spi::{self, SpiDevice};
use embedded_io::{Read, ReadReady, Write};
use wasm2mcu_abi::hardware::gpio::{Direction, Pull};
use wasm2mcu_abi::hardware::spi::Mode;
use wasm2mcu_abi::hardware::{Error, logging, sensor};

use crate::events::{Events, Source};
use crate::hardware::{Hardware, Stream};
use crate::{I2cOperation, SpiOperation};

/// Devices of one kind, each under the number that modules know it by.
pub type Numbered<'p, D> = &'p mut [(u32, &'p mut D)];

/// Takes a message: its level, its context, and what it says.
pub type Log<'p> = dyn FnMut(logging::Level, &str, &str) + 'p;
/// Takes what a WASI program prints; how many bytes.
pub type Printer<'p> = dyn FnMut(Stream, &[u8]) -> Result<usize, Error> + 'p;
/// Gives a WASI program its input; how many bytes, 0 at the end.
pub type Reader<'p> = dyn FnMut(&mut [u8]) -> Result<usize, Error> + 'p;

/// A board, put together from devices.
///
/// What is not given does not exist for modules. Waiting is polling: pins and ports that a module has subscribed
/// to are looked at each time the clock has [idled](Clock::idle).
#[derive(Default)]
pub struct Peripherals<'p> {
    /// The clock, which every board has; without one, time stands still and waits end at once.
    pub clock: Option<&'p mut dyn Clock>,
    /// Pins.
    pub pins: Numbered<'p, dyn Pin + 'p>,
    /// I2C buses.
    pub i2c: Numbered<'p, dyn I2cBus + 'p>,
    /// SPI devices.
    pub spi: Numbered<'p, dyn Spi + 'p>,
    /// Serial ports.
    pub uarts: Numbered<'p, dyn Uart + 'p>,
    /// Analog inputs.
    pub adc: Numbered<'p, dyn Adc + 'p>,
    /// Pulse width modulated outputs.
    pub pwm: Numbered<'p, dyn Pwm + 'p>,
    /// Sensors.
    pub sensors: Numbered<'p, dyn Sensor + 'p>,
    /// Keys and values.
    pub store: Option<&'p mut dyn Store>,
    /// Random numbers.
    pub random: Option<&'p mut dyn Random>,
    /// Where messages go.
    pub log: Option<&'p mut Log<'p>>,
    /// Arguments of a WASI program, its name first.
    pub arguments: &'p [&'p str],
    /// Environment of a WASI program, each `NAME=VALUE`.
    pub environment: &'p [&'p str],
    /// Where a WASI program prints; without it, what it prints is dropped.
    pub output: Option<&'p mut Printer<'p>>,
    /// Where a WASI program reads; without it, its input is empty.
    pub input: Option<&'p mut Reader<'p>>,
}

/// Time.
pub trait Clock {
    /// Nanoseconds since some moment in the past.
    fn now(&mut self) -> u64;

    /// Nanoseconds between two values, at least 1.
    fn resolution(&mut self) -> u64;

    /// Lets some time pass, for example until the next interrupt, but not beyond `until`.
    ///
    /// Inputs are polled after it returns, so this bounds how late their events are.
    fn idle(&mut self, until: u64);

    /// Nanoseconds since 1970, if it is known.
    fn realtime(&mut self) -> Option<u64> {
        None
    }
}

/// A pin.
pub trait Pin {
    /// Sets it up.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if it is not like that already, and cannot be made so.
    fn configure(&mut self, direction: Direction, pull: Pull) -> Result<(), Error>;

    /// Its level, true for high.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`], [`Error::Io`].
    fn level(&mut self) -> Result<bool, Error>;

    /// Drives it.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if it is an input, [`Error::Io`].
    fn drive(&mut self, level: bool) -> Result<(), Error>;
}

/// An input, with the resistor that the firmware gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<P>(pub P);

/// An output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output<P>(pub P);

/// A pin that is both, such as one with an open drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bidirectional<P>(pub P);

impl<P: InputPin> Pin for Input<P> {
    fn configure(&mut self, direction: Direction, _: Pull) -> Result<(), Error> {
        match direction {
            Direction::Input => Ok(()),
            _ => Err(Error::Unsupported),
        }
    }

    fn level(&mut self) -> Result<bool, Error> {
        self.0.is_high().map_err(|_| Error::Io)
    }

    fn drive(&mut self, _: bool) -> Result<(), Error> {
        Err(Error::Unsupported)
    }
}

impl<P: StatefulOutputPin> Pin for Output<P> {
    fn configure(&mut self, direction: Direction, _: Pull) -> Result<(), Error> {
        match direction {
            Direction::Output => Ok(()),
            _ => Err(Error::Unsupported),
        }
    }

    fn level(&mut self) -> Result<bool, Error> {
        self.0.is_set_high().map_err(|_| Error::Io)
    }

    fn drive(&mut self, level: bool) -> Result<(), Error> {
        self.0.set_state(level.into()).map_err(|_| Error::Io)
    }
}

impl<P: InputPin + OutputPin> Pin for Bidirectional<P> {
    fn configure(&mut self, direction: Direction, _: Pull) -> Result<(), Error> {
        // As an input, it lets go of its line.
        match direction {
            Direction::Input => self.drive(true),
            Direction::Output => Err(Error::Unsupported),
            Direction::OpenDrain => Ok(()),
        }
    }

    fn level(&mut self) -> Result<bool, Error> {
        self.0.is_high().map_err(|_| Error::Io)
    }

    fn drive(&mut self, level: bool) -> Result<(), Error> {
        self.0.set_state(level.into()).map_err(|_| Error::Io)
    }
}

/// An I2C bus.
pub trait I2cBus {
    /// A transaction with a device.
    ///
    /// # Errors
    ///
    /// What the bus reports.
    fn transaction(
        &mut self,
        address: u16,
        operations: &mut [I2cOperation<'_>],
    ) -> Result<(), Error>;
}

impl<B: I2c> I2cBus for B {
    fn transaction(
        &mut self,
        address: u16,
        operations: &mut [I2cOperation<'_>],
    ) -> Result<(), Error> {
        let address = u8::try_from(address).ok().filter(|&address| address < 0x80);
        let address = address.ok_or(Error::Unsupported)?;
        I2c::transaction(self, address, operations).map_err(|error| {
            match i2c::Error::kind(&error) {
                i2c::ErrorKind::NoAcknowledge(_) => Error::NoAcknowledge,
                i2c::ErrorKind::Bus | i2c::ErrorKind::ArbitrationLoss => Error::Bus,
                i2c::ErrorKind::Overrun => Error::Overrun,
                _ => Error::Io,
            }
        })
    }
}

/// A device on an SPI bus.
pub trait Spi {
    /// A transaction, while the device stays selected.
    ///
    /// # Errors
    ///
    /// What the bus reports.
    fn transaction(&mut self, operations: &mut [SpiOperation<'_, u8>]) -> Result<(), Error>;

    /// Sets mode and highest clock rate.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if modules cannot choose them: `embedded-hal` has no trait for it.
    fn configure(&mut self, _mode: Mode, _hertz: u32) -> Result<(), Error> {
        Err(Error::Unsupported)
    }
}

impl<D: SpiDevice> Spi for D {
    fn transaction(&mut self, operations: &mut [SpiOperation<'_, u8>]) -> Result<(), Error> {
        SpiDevice::transaction(self, operations).map_err(|error| match spi::Error::kind(&error) {
            spi::ErrorKind::Overrun => Error::Overrun,
            spi::ErrorKind::ModeFault => Error::Bus,
            _ => Error::Io,
        })
    }
}

/// A pulse width modulated output.
pub trait Pwm {
    /// The duty that is always on.
    fn max_duty(&mut self) -> u16;

    /// Sets the duty, up to that.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn set_duty(&mut self, duty: u16) -> Result<(), Error>;

    /// Sets the rate.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if modules cannot choose it: `embedded-hal` has no trait for it.
    fn set_frequency(&mut self, _hertz: u32) -> Result<(), Error> {
        Err(Error::Unsupported)
    }
}

impl<C: SetDutyCycle> Pwm for C {
    fn max_duty(&mut self) -> u16 {
        self.max_duty_cycle()
    }

    fn set_duty(&mut self, duty: u16) -> Result<(), Error> {
        self.set_duty_cycle(duty).map_err(|_| Error::Io)
    }
}

/// A serial port.
pub trait Uart {
    /// Takes what has come, without waiting; how many bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error>;

    /// Sends bytes; how many were taken.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn write(&mut self, data: &[u8]) -> Result<usize, Error>;

    /// How many bytes can be read without waiting, or 1 for some that nobody counted.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn available(&mut self) -> Result<usize, Error>;

    /// Sets the rate.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if modules cannot choose it: `embedded-io` has no trait for it.
    fn configure(&mut self, _baud: u32) -> Result<(), Error> {
        Err(Error::Unsupported)
    }
}

impl<U: Read + Write + ReadReady> Uart for U {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match self.read_ready() {
            Ok(true) if !buffer.is_empty() => Read::read(self, buffer).map_err(|_| Error::Io),
            Ok(_) => Ok(0),
            Err(_) => Err(Error::Io),
        }
    }

    fn write(&mut self, data: &[u8]) -> Result<usize, Error> {
        match data {
            [] => Ok(0),
            data => Write::write(self, data).map_err(|_| Error::Io),
        }
    }

    fn available(&mut self) -> Result<usize, Error> {
        self.read_ready().map(usize::from).map_err(|_| Error::Io)
    }
}

/// An analog input.
pub trait Adc {
    /// A conversion, of [`resolution`](Adc::resolution) bits.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn read(&mut self) -> Result<u16, Error>;

    /// Bits of a conversion, 1 to 16.
    fn resolution(&mut self) -> u8;

    /// What the largest conversion stands for, in microvolts; `None` if it is not known.
    fn reference_microvolts(&mut self) -> Option<u32>;
}

/// A sensor with its driver.
pub trait Sensor {
    /// What it is.
    fn describe(&mut self) -> sensor::Description;

    /// Its value now, in the unit of its quantity.
    ///
    /// # Errors
    ///
    /// What the driver reports.
    fn read(&mut self) -> Result<f32, Error>;

    /// Whether there is a new reading since this was asked the last time, for sensors that tell.
    fn has_changed(&mut self) -> bool {
        false
    }
}

/// Keys and values that stay; see [`Hardware`] for what each method does.
#[allow(missing_docs, reason = "documented where modules' calls are")]
#[allow(
    clippy::missing_errors_doc,
    reason = "documented where modules' calls are"
)]
pub trait Store {
    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Error>;
    fn length(&mut self, key: &str) -> Result<u16, Error>;
    fn set(&mut self, key: &str, value: &[u8], quota: u32) -> Result<(), Error>;
    fn delete(&mut self, key: &str) -> Result<(), Error>;
}

/// Random numbers.
pub trait Random {
    /// Fills `bytes` with numbers that are good enough for keys.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// The device with this number.
fn device<'d, D: ?Sized>(
    devices: &'d mut [(u32, &mut D)],
    number: u32,
) -> Result<&'d mut D, Error> {
    let found = devices.iter_mut().find(|(of, _)| *of == number);
    found
        .map(|(_, device)| &mut **device)
        .ok_or(Error::NotFound)
}

impl Hardware for Peripherals<'_> {
    fn now(&mut self) -> u64 {
        self.clock.as_mut().map_or(u64::MAX, |clock| clock.now())
    }

    fn resolution(&mut self) -> u64 {
        self.clock.as_mut().map_or(1, |clock| clock.resolution())
    }

    fn realtime(&mut self) -> Option<u64> {
        self.clock.as_mut()?.realtime()
    }

    fn wait(&mut self, events: &mut Events, until: u64) {
        if let Some(clock) = &mut self.clock {
            clock.idle(until);
        }
        let now = self.now();
        // A source that is looked at twice is not seen twice.
        let mut sources = [None; 16];
        for (place, source) in sources.iter_mut().zip(events.sources()) {
            *place = Some(source);
        }
        for source in sources.into_iter().flatten() {
            match source {
                Source::Pin { pin, .. } => {
                    if let Ok(level) = self.gpio_read(pin) {
                        events.pin(pin, level, now);
                    }
                }
                Source::Uart { port } => {
                    if let Ok(available) = self.uart_available(port) {
                        events.uart(port, available as u32, now);
                    }
                }
                Source::Sensor { sensor } => {
                    if device(self.sensors, sensor).is_ok_and(|sensor| sensor.has_changed()) {
                        events.sensor(sensor, now);
                    }
                }
                Source::Timer { .. } => {}
            }
        }
    }

    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.random.as_mut().ok_or(Error::NotFound)?.fill(bytes);
        Ok(())
    }

    fn log(&mut self, level: logging::Level, context: &str, message: &str) {
        if let Some(log) = &mut self.log {
            log(level, context, message);
        }
    }

    fn gpio_configure(&mut self, pin: u32, direction: Direction, pull: Pull) -> Result<(), Error> {
        device(self.pins, pin)?.configure(direction, pull)
    }

    fn gpio_read(&mut self, pin: u32) -> Result<bool, Error> {
        device(self.pins, pin)?.level()
    }

    fn gpio_write(&mut self, pin: u32, level: bool) -> Result<(), Error> {
        device(self.pins, pin)?.drive(level)
    }

    fn i2c_transaction(
        &mut self,
        bus: u32,
        address: u16,
        operations: &mut [I2cOperation<'_>],
    ) -> Result<(), Error> {
        device(self.i2c, bus)?.transaction(address, operations)
    }

    fn spi_transaction(
        &mut self,
        number: u32,
        operations: &mut [SpiOperation<'_, u8>],
    ) -> Result<(), Error> {
        device(self.spi, number)?.transaction(operations)
    }

    fn spi_configure(&mut self, number: u32, mode: Mode, hertz: u32) -> Result<(), Error> {
        device(self.spi, number)?.configure(mode, hertz)
    }

    fn uart_configure(&mut self, port: u32, baud: u32) -> Result<(), Error> {
        device(self.uarts, port)?.configure(baud)
    }

    fn uart_read(&mut self, port: u32, buffer: &mut [u8]) -> Result<usize, Error> {
        device(self.uarts, port)?.read(buffer)
    }

    fn uart_write(&mut self, port: u32, data: &[u8]) -> Result<usize, Error> {
        device(self.uarts, port)?.write(data)
    }

    fn uart_available(&mut self, port: u32) -> Result<usize, Error> {
        device(self.uarts, port)?.available()
    }

    fn adc_read(&mut self, channel: u32) -> Result<u16, Error> {
        device(self.adc, channel)?.read()
    }

    fn adc_read_microvolts(&mut self, channel: u32) -> Result<u32, Error> {
        let adc = device(self.adc, channel)?;
        let reference = adc.reference_microvolts().ok_or(Error::Unsupported)?;
        let most = (1_u64 << adc.resolution().clamp(1, 16)) - 1;
        let value = u64::from(adc.read()?).min(most);
        Ok((u64::from(reference) * value / most) as u32)
    }

    fn adc_resolution(&mut self, channel: u32) -> Result<u8, Error> {
        Ok(device(self.adc, channel)?.resolution())
    }

    fn pwm_max_duty(&mut self, channel: u32) -> Result<u16, Error> {
        Ok(device(self.pwm, channel)?.max_duty())
    }

    fn pwm_set_duty(&mut self, channel: u32, duty: u16) -> Result<(), Error> {
        device(self.pwm, channel)?.set_duty(duty)
    }

    fn pwm_set_frequency(&mut self, channel: u32, hertz: u32) -> Result<(), Error> {
        device(self.pwm, channel)?.set_frequency(hertz)
    }

    fn sensor_read(&mut self, number: u32) -> Result<sensor::Reading, Error> {
        let sensor = device(self.sensors, number)?;
        let (value, quantity) = (sensor.read()?, sensor.describe().quantity);
        Ok(sensor::Reading {
            value,
            quantity,
            timestamp: self.now(),
        })
    }

    fn sensor_describe(&mut self, number: u32) -> Result<sensor::Description, Error> {
        Ok(device(self.sensors, number)?.describe())
    }

    fn store_get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Error> {
        self.store.as_mut().ok_or(Error::NotFound)?.get(key, buffer)
    }

    fn store_length(&mut self, key: &str) -> Result<u16, Error> {
        self.store.as_mut().ok_or(Error::NotFound)?.length(key)
    }

    fn store_set(&mut self, key: &str, value: &[u8], quota: u32) -> Result<(), Error> {
        let store = self.store.as_mut().ok_or(Error::NotFound)?;
        store.set(key, value, quota)
    }

    fn store_delete(&mut self, key: &str) -> Result<(), Error> {
        self.store.as_mut().ok_or(Error::NotFound)?.delete(key)
    }

    fn arguments(&self) -> &[&str] {
        self.arguments
    }

    fn environment(&self) -> &[&str] {
        self.environment
    }

    fn stream_write(&mut self, stream: Stream, bytes: &[u8]) -> Result<usize, Error> {
        match &mut self.output {
            Some(output) => output(stream, bytes),
            None => Ok(bytes.len()),
        }
    }

    fn stream_read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match &mut self.input {
            Some(input) => input(buffer),
            None => Ok(0),
        }
    }
}

impl core::fmt::Debug for Peripherals<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Peripherals").finish_non_exhaustive()
    }
}
