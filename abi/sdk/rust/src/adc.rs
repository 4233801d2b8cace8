//! Analog inputs (`wasm2mcu:adc/adc`).
//!
//! The manifest names each by its number: `adc 3`.

use crate::error::{done, value};
use crate::memory::output;
use crate::{Error, raw};

/// A channel.
#[derive(Debug)]
pub struct Channel(u32);

impl Channel {
    /// The channel of this number.
    pub const fn new(number: u32) -> Self {
        Channel(number)
    }

    /// A conversion, from 0 to 2^[`resolution`](Channel::resolution) - 1.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn read(&mut self) -> Result<u16, Error> {
        Ok(value(raw::adc::read(self.0))? as u16)
    }

    /// A conversion in microvolts.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn read_microvolts(&mut self) -> Result<u32, Error> {
        let mut result = [0];
        done(raw::adc::read_microvolts(self.0, output(&mut result)))?;
        Ok(result[0])
    }

    /// Bits of a conversion, 1 to 16.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn resolution(&self) -> Result<u8, Error> {
        Ok(value(raw::adc::resolution(self.0))? as u8)
    }
}
