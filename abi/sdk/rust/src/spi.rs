//! Devices on SPI buses, each with its chip select (`wasi:spi/spi`).
//!
//! The manifest names each by its number: `spi 0`.

use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
pub use wasm2mcu_abi::hardware::spi::Mode;

use crate::error::done;
use crate::memory::{Segments, input, length, output};
use crate::{Error, ErrorCode, raw};

/// A device.
#[derive(Debug)]
pub struct Device(u32);

impl Device {
    /// The device of this number.
    pub const fn new(number: u32) -> Self {
        Device(number)
    }

    /// Sets mode and the highest clock rate.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](ErrorCode::Unsupported) where the host does not let modules choose.
    pub fn configure(&mut self, mode: Mode, hertz: u32) -> Result<(), Error> {
        done(raw::spi::configure(self.0, mode as u32, hertz))
    }
}

impl ErrorType for Device {
    type Error = Error;
}

/// A transaction is up to 8 parts: one for an operation, two for a [`Transfer`](Operation::Transfer) of slices that differ in
/// length. Of more, [`NoSpace`](ErrorCode::NoSpace) is the error. A delay between operations is
/// [`Unsupported`](ErrorCode::Unsupported).
impl SpiDevice for Device {
    fn read(&mut self, read: &mut [u8]) -> Result<(), Error> {
        let (buffer, size) = (output(read), length(read));
        done(raw::spi::read(self.0, buffer, size))
    }

    fn write(&mut self, write: &[u8]) -> Result<(), Error> {
        done(raw::spi::write(self.0, input(write), length(write)))
    }

    fn transfer(&mut self, read: &mut [u8], write: &[u8]) -> Result<(), Error> {
        let (data, data_length) = (input(write), length(write));
        let (buffer, size) = (output(read), length(read));
        done(raw::spi::transfer(self.0, data, data_length, buffer, size))
    }

    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Error> {
        let mut segments = Segments::NONE;
        for operation in operations {
            match operation {
                Operation::Read(bytes) => segments.read(bytes)?,
                Operation::Write(bytes) => segments.write(bytes)?,
                Operation::TransferInPlace(bytes) => segments.transfer(bytes)?,
                Operation::Transfer(read, write) => transfer(&mut segments, read, write)?,
                Operation::DelayNs(_) => return Err(Error(ErrorCode::Unsupported)),
            }
        }
        let (records, count) = segments.records();
        done(raw::spi::transaction(self.0, records, count))
    }
}

/// As a transfer in place of what both slices have, in the one that is filled, and the rest of the longer.
fn transfer(segments: &mut Segments, read: &mut [u8], write: &[u8]) -> Result<(), Error> {
    let both = read.len().min(write.len());
    let (start, rest) = read.split_at_mut(both);
    let (sent, more) = write.split_at(both);
    start.copy_from_slice(sent);
    segments.transfer(start)?;
    if !more.is_empty() {
        segments.write(more)?;
    }
    if !rest.is_empty() {
        segments.read(rest)?;
    }
    Ok(())
}
