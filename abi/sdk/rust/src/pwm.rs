//! Pulse width modulated outputs (`wasm2mcu:pwm/pwm`).
//!
//! The manifest names each by its number: `pwm 0`.

use embedded_hal::pwm::{ErrorType, SetDutyCycle};

use crate::error::{done, value};
use crate::{Error, raw};

/// A channel.
#[derive(Debug)]
pub struct Channel {
    number: u32,
    max_duty: u16,
}

/// The duty that is always on.
fn max_duty(number: u32) -> Result<u16, Error> {
    Ok(value(raw::pwm::max_duty(number))? as u16)
}

impl Channel {
    /// The channel of this number, with what it can do.
    ///
    /// # Errors
    ///
    /// If it is not granted.
    pub fn new(number: u32) -> Result<Self, Error> {
        let max_duty = max_duty(number)?;
        Ok(Channel { number, max_duty })
    }

    /// Sets the rate; [`max_duty_cycle`](SetDutyCycle::max_duty_cycle) may change.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](crate::ErrorCode::Unsupported) where the host does not let modules choose.
    pub fn set_frequency(&mut self, hertz: u32) -> Result<(), Error> {
        done(raw::pwm::set_frequency(self.number, hertz))?;
        self.max_duty = max_duty(self.number)?;
        Ok(())
    }
}

impl ErrorType for Channel {
    type Error = Error;
}

impl SetDutyCycle for Channel {
    fn max_duty_cycle(&self) -> u16 {
        self.max_duty
    }

    fn set_duty_cycle(&mut self, duty: u16) -> Result<(), Error> {
        done(raw::pwm::set_duty(self.number, duty.into()))
    }
}
