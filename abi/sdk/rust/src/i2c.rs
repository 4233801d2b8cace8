//! Devices on I2C buses (`wasi:i2c/i2c`).
//!
//! The manifest names each by bus and address: `i2c 1 0x48`.

use embedded_hal::i2c::{ErrorType, I2c, Operation};

use crate::error::done;
use crate::memory::{Segments, input, length, output};
use crate::{Error, raw};

/// A bus.
///
/// Every value is as good as another: drivers that share a bus take one each.
#[derive(Clone, Debug)]
pub struct Bus(u32);

impl Bus {
    /// The bus of this number.
    pub const fn new(number: u32) -> Self {
        Bus(number)
    }
}

impl ErrorType for Bus {
    type Error = Error;
}

/// A transaction has up to 8 operations; of more, [`NoSpace`](crate::ErrorCode::NoSpace) is the error.
impl I2c for Bus {
    fn read(&mut self, address: u8, read: &mut [u8]) -> Result<(), Error> {
        let (buffer, size) = (output(read), length(read));
        done(raw::i2c::read(self.0, address.into(), buffer, size))
    }

    fn write(&mut self, address: u8, write: &[u8]) -> Result<(), Error> {
        let (data, size) = (input(write), length(write));
        done(raw::i2c::write(self.0, address.into(), data, size))
    }

    fn write_read(&mut self, address: u8, write: &[u8], read: &mut [u8]) -> Result<(), Error> {
        done(raw::i2c::write_read(
            self.0,
            address.into(),
            input(write),
            length(write),
            output(read),
            length(read),
        ))
    }

    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        let mut segments = Segments::NONE;
        for operation in operations {
            match operation {
                Operation::Read(bytes) => segments.read(bytes)?,
                Operation::Write(bytes) => segments.write(bytes)?,
            }
        }
        let (records, count) = segments.records();
        done(raw::i2c::transaction(
            self.0,
            address.into(),
            records,
            count,
        ))
    }
}
