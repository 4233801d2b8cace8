//! Sensors whose driver the host has: readings with units (`wasm2mcu:sensor/sensor`).
//!
//! The manifest names each by its number: `sensor 0`.

pub use wasm2mcu_abi::hardware::sensor::{Description, Quantity, Reading};

use crate::error::done;
use crate::memory::output;
use crate::{Error, ErrorCode, raw};

/// A quantity that a later version of the ABI has appended.
const UNKNOWN: Error = Error(ErrorCode::Unsupported);

/// A sensor of one quantity.
#[derive(Debug)]
pub struct Sensor(u32);

impl Sensor {
    /// The sensor of this number.
    pub const fn new(number: u32) -> Self {
        Sensor(number)
    }

    /// Takes a reading.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn read(&mut self) -> Result<Reading, Error> {
        let mut bytes = [0; Reading::BYTES];
        done(raw::sensor::read(self.0, output(&mut bytes)))?;
        Reading::from_bytes(&bytes).ok_or(UNKNOWN)
    }

    /// What it measures, in which range.
    ///
    /// # Errors
    ///
    /// What the host says.
    pub fn describe(&self) -> Result<Description, Error> {
        let mut bytes = [0; Description::BYTES];
        done(raw::sensor::describe(self.0, output(&mut bytes)))?;
        Description::from_bytes(&bytes).ok_or(UNKNOWN)
    }
}
