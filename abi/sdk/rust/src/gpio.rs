//! Pins (`wasi:gpio/digital`).
//!
//! The manifest names each with its rights: `gpio 5 output`.

use core::time::Duration;

use embedded_hal::digital::{ErrorType, InputPin, OutputPin, StatefulOutputPin};
pub use wasm2mcu_abi::hardware::gpio::{Edge, Pull};

use wasm2mcu_abi::hardware::gpio::Direction;

use crate::clock::nanoseconds;
use crate::error::{done, value};
use crate::{Error, raw};

fn configure(pin: u32, direction: Direction, pull: Pull) -> Result<(), Error> {
    done(raw::gpio::configure(pin, direction as u32, pull as u32))
}

fn level(pin: u32) -> Result<bool, Error> {
    Ok(value(raw::gpio::read(pin))? != 0)
}

/// A pin that is read.
#[derive(Debug)]
pub struct Input(u32);

impl Input {
    /// Sets up pin `number`. Right: `input`.
    ///
    /// # Errors
    ///
    /// If it is not granted, or cannot do this.
    pub fn new(number: u32, pull: Pull) -> Result<Self, Error> {
        configure(number, Direction::Input, pull)?;
        Ok(Input(number))
    }

    /// Waits for a change of level.
    ///
    /// # Errors
    ///
    /// [`Timeout`](crate::ErrorCode::Timeout) if there was none within `timeout`.
    pub fn wait_for(&mut self, edge: Edge, timeout: Duration) -> Result<(), Error> {
        let timeout = nanoseconds(timeout);
        done(raw::gpio::wait_for_edge(self.0, edge as u32, timeout))
    }

    /// The pin's number, for [`event::Subscription::pin`](crate::event::Subscription::pin).
    pub fn number(&self) -> u32 {
        self.0
    }
}

/// A pin that drives its level.
#[derive(Debug)]
pub struct Output(u32);

impl Output {
    /// Sets up pin `number`. Right: `output`.
    ///
    /// # Errors
    ///
    /// If it is not granted, or cannot do this.
    pub fn new(number: u32) -> Result<Self, Error> {
        configure(number, Direction::Output, Pull::None)?;
        Ok(Output(number))
    }

    /// Drives the level, true for high.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn set(&mut self, high: bool) -> Result<(), Error> {
        done(raw::gpio::write(self.0, u32::from(high)))
    }
}

/// A pin that drives low, and lets go of high, where others can pull it low.
#[derive(Debug)]
pub struct OpenDrain(u32);

impl OpenDrain {
    /// Sets up pin `number`. Right: `output`.
    ///
    /// # Errors
    ///
    /// If it is not granted, or cannot do this.
    pub fn new(number: u32, pull: Pull) -> Result<Self, Error> {
        configure(number, Direction::OpenDrain, pull)?;
        Ok(OpenDrain(number))
    }
}

impl ErrorType for Input {
    type Error = Error;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, Error> {
        level(self.0)
    }

    fn is_low(&mut self) -> Result<bool, Error> {
        Ok(!level(self.0)?)
    }
}

impl ErrorType for Output {
    type Error = Error;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Error> {
        self.set(false)
    }

    fn set_high(&mut self) -> Result<(), Error> {
        self.set(true)
    }
}

/// The level at a pin that drives it is what it was set to.
impl StatefulOutputPin for Output {
    fn is_set_high(&mut self) -> Result<bool, Error> {
        level(self.0)
    }

    fn is_set_low(&mut self) -> Result<bool, Error> {
        Ok(!level(self.0)?)
    }

    fn toggle(&mut self) -> Result<(), Error> {
        done(raw::gpio::toggle(self.0))
    }
}

impl ErrorType for OpenDrain {
    type Error = Error;
}

impl InputPin for OpenDrain {
    fn is_high(&mut self) -> Result<bool, Error> {
        level(self.0)
    }

    fn is_low(&mut self) -> Result<bool, Error> {
        Ok(!level(self.0)?)
    }
}

impl OutputPin for OpenDrain {
    fn set_low(&mut self) -> Result<(), Error> {
        done(raw::gpio::write(self.0, 0))
    }

    fn set_high(&mut self) -> Result<(), Error> {
        done(raw::gpio::write(self.0, 1))
    }
}
