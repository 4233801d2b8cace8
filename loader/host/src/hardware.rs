//! What a board does for modules.

use wasm2mcu_abi::hardware::{Error, gpio, logging, sensor, spi};

use crate::events::Events;
use crate::{I2cOperation, SpiOperation};

/// A board, as modules see it.
///
/// Numbers are the board's own. What a method is asked for, the module's manifest names and the host's policy grants:
/// that is checked before. A method that a board does not implement says that the resource does not exist.
///
/// Everything is called while the module runs, from the task that runs it. Methods may block that task.
#[allow(
    unused_variables,
    reason = "the names of parameters document what they are"
)]
pub trait Hardware {
    /// Nanoseconds of the monotonic clock.
    fn now(&mut self) -> u64;

    /// Nanoseconds between two values of [`now`](Hardware::now), at least 1.
    fn resolution(&mut self) -> u64 {
        1
    }

    /// Waits until the clock reads `until`, or less.
    ///
    /// What the subscriptions of `events` ask for and what happens meanwhile goes to `events`, and then it may return
    /// early: it is called again if there is more to wait for. A board that only polls looks at its inputs once, and returns.
    fn wait(&mut self, events: &mut Events, until: u64);

    /// Whether to end every wait now, because the module is to be interrupted.
    fn interrupted(&mut self) -> bool {
        false
    }

    /// Nanoseconds since 1970, if the board knows.
    fn realtime(&mut self) -> Option<u64> {
        None
    }

    /// Fills `bytes` with random numbers, good enough for keys.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]: then the functions for random numbers are not offered to modules.
    fn random(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Says a message of a module.
    fn log(&mut self, level: logging::Level, context: &str, message: &str) {}

    /// Sets up a pin.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if it cannot work so.
    fn gpio_configure(
        &mut self,
        pin: u32,
        direction: gpio::Direction,
        pull: gpio::Pull,
    ) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// The level at a pin, true for high.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Io`].
    fn gpio_read(&mut self, pin: u32) -> Result<bool, Error> {
        Err(Error::NotFound)
    }

    /// Drives a pin.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Unsupported`] if it is an input, [`Error::Io`].
    fn gpio_write(&mut self, pin: u32, level: bool) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Drives a pin the other way.
    ///
    /// # Errors
    ///
    /// As [`gpio_write`](Hardware::gpio_write).
    fn gpio_toggle(&mut self, pin: u32) -> Result<(), Error> {
        let level = self.gpio_read(pin)?;
        self.gpio_write(pin, !level)
    }

    /// A transaction with a device on an I2C bus.
    ///
    /// # Errors
    ///
    /// [`Error::NoAcknowledge`], [`Error::Bus`] and what else the bus reports.
    fn i2c_transaction(
        &mut self,
        bus: u32,
        address: u16,
        operations: &mut [I2cOperation<'_>],
    ) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Sets mode and highest clock rate of an SPI device.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host does not let modules choose.
    fn spi_configure(&mut self, device: u32, mode: spi::Mode, hertz: u32) -> Result<(), Error> {
        Err(Error::Unsupported)
    }

    /// A transaction with an SPI device, which stays selected meanwhile.
    ///
    /// # Errors
    ///
    /// What the bus reports.
    fn spi_transaction(
        &mut self,
        device: u32,
        operations: &mut [SpiOperation<'_, u8>],
    ) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Sets the rate of a serial port.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host does not let modules choose.
    fn uart_configure(&mut self, port: u32, baud: u32) -> Result<(), Error> {
        Err(Error::Unsupported)
    }

    /// Takes what has come to a serial port, without waiting; how many bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Overrun`], [`Error::Bus`] for framing and parity.
    fn uart_read(&mut self, port: u32, buffer: &mut [u8]) -> Result<usize, Error> {
        Err(Error::NotFound)
    }

    /// Sends bytes; how many were taken.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn uart_write(&mut self, port: u32, data: &[u8]) -> Result<usize, Error> {
        Err(Error::NotFound)
    }

    /// How many bytes can be read without waiting.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if that cannot be told.
    fn uart_available(&mut self, port: u32) -> Result<usize, Error> {
        Err(Error::NotFound)
    }

    /// A conversion of an analog input.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], [`Error::Io`].
    fn adc_read(&mut self, channel: u32) -> Result<u16, Error> {
        Err(Error::NotFound)
    }

    /// A conversion in microvolts.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the reference is not known.
    fn adc_read_microvolts(&mut self, channel: u32) -> Result<u32, Error> {
        Err(Error::NotFound)
    }

    /// Bits of a conversion.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    fn adc_resolution(&mut self, channel: u32) -> Result<u8, Error> {
        Err(Error::NotFound)
    }

    /// The duty of a channel that is always on.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    fn pwm_max_duty(&mut self, channel: u32) -> Result<u16, Error> {
        Err(Error::NotFound)
    }

    /// Sets the duty of a channel, of [`pwm_max_duty`](Hardware::pwm_max_duty) at most.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if it is more.
    fn pwm_set_duty(&mut self, channel: u32, duty: u16) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Sets the rate of a channel.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the host does not let modules choose.
    fn pwm_set_frequency(&mut self, channel: u32, hertz: u32) -> Result<(), Error> {
        Err(Error::Unsupported)
    }

    /// Takes a reading.
    ///
    /// # Errors
    ///
    /// What the sensor's driver reports.
    fn sensor_read(&mut self, sensor: u32) -> Result<sensor::Reading, Error> {
        Err(Error::NotFound)
    }

    /// What a sensor is.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    fn sensor_describe(&mut self, sensor: u32) -> Result<sensor::Description, Error> {
        Err(Error::NotFound)
    }

    /// Copies a key's value to the beginning of `buffer`; its bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::NoSpace`] if it is longer, and then nothing is copied.
    fn store_get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Error> {
        Err(Error::NotFound)
    }

    /// Bytes of a key's value.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    fn store_length(&mut self, key: &str) -> Result<u16, Error> {
        Err(Error::NotFound)
    }

    /// Stores a value; a power cut leaves the old one or this.
    ///
    /// # Errors
    ///
    /// [`Error::NoSpace`] if all keys and values together then had more bytes than `quota`.
    fn store_set(&mut self, key: &str, value: &[u8], quota: u32) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Removes a key.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn store_delete(&mut self, key: &str) -> Result<(), Error> {
        Err(Error::NotFound)
    }

    /// Arguments of a WASI program, its name first.
    fn arguments(&self) -> &[&str] {
        &[]
    }

    /// Environment of a WASI program, each `NAME=VALUE`.
    fn environment(&self) -> &[&str] {
        &[]
    }

    /// Writes what a WASI program prints; how many bytes were taken.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn stream_write(&mut self, stream: Stream, bytes: &[u8]) -> Result<usize, Error> {
        Ok(bytes.len())
    }

    /// Reads a WASI program's input; 0 bytes at its end.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    fn stream_read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        Ok(0)
    }
}

/// Where a WASI program prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Descriptor 1.
    Output,
    /// Descriptor 2.
    Error,
}
